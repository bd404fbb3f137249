# Every test by name; no globbing.

pkg_check_modules(CRITERION REQUIRED IMPORTED_TARGET criterion)

add_library(wushe_scratch STATIC tests/support/scratch.c)
target_link_libraries(wushe_scratch PRIVATE wushe_posix)
target_include_directories(wushe_scratch PUBLIC ${CMAKE_SOURCE_DIR})
add_library(wushe_test_support STATIC tests/support/world.c)
target_link_libraries(wushe_test_support PUBLIC wushe_scratch wushe_seal PkgConfig::CRITERION
                      PRIVATE wushe_posix)

# A Criterion program. It forks per test and exits 0 on a leak report, hence the pattern.
function(wushe_test name source)
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE wushe_test_support ${ARGN} wushe_posix)
  add_test(NAME ${name} COMMAND ${name} --jobs=1)
  set_tests_properties(${name} PROPERTIES FAIL_REGULAR_EXPRESSION "Sanitizer: " TIMEOUT 300)
endfunction()

include(tests/unit/common/common.cmake)
include(tests/unit/services/providers.cmake)
include(tests/unit/services/cores.cmake)
include(tests/unit/services/ctl/ctl.cmake)
include(tests/unit/common/daemon/daemon.cmake)
include(tests/integration/integration.cmake)
include(tests/chaos/chaos.cmake)
include(tests/fuzz/fuzz.cmake)
include(tests/bench/bench.cmake)
include(tests/sim/sim.cmake)
include(tests/model/model.cmake)
include(tests/tidy/tidy.cmake)
