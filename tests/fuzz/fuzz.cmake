# Fuzz targets: plain programs that take their corpus once, as a test. With
# WUSHE_FUZZ (clang) each is a libFuzzer program instead, with a short run from
# that corpus as a test labelled "fuzz".

set(WUSHE_FUZZ_SECONDS 20 CACHE STRING "How long each fuzz target runs as a test")

if(WUSHE_FUZZ)
  # what is fuzzed tells the fuzzer which way it went
  foreach(library IN ITEMS wushe_proto wushe_base wushe_fold wushe_store wushe_journal wushe_bus
                           wushe_daemon wushe_ctl_rows)
    target_compile_options(${library} PRIVATE -fsanitize=fuzzer-no-link,address,undefined
                                              -fno-sanitize-recover=all)
    target_link_options(${library} INTERFACE -fsanitize=address,undefined)
  endforeach()
endif()

function(wushe_fuzz name corpus)
  add_executable(${name} tests/fuzz/${name}.c)
  target_link_libraries(${name} PRIVATE ${ARGN} wushe_posix)
  if(WUSHE_FUZZ)
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer,address,undefined)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer,address,undefined)
    set(found ${CMAKE_BINARY_DIR}/corpus/${name})
    file(MAKE_DIRECTORY ${found})
    add_test(NAME ${name}
             COMMAND ${name} -max_total_time=${WUSHE_FUZZ_SECONDS} -timeout=10 -rss_limit_mb=2048
                     -artifact_prefix=${CMAKE_BINARY_DIR}/${name}- ${found}
                     ${CMAKE_SOURCE_DIR}/seeds/fuzz/${corpus})
    set_tests_properties(${name} PROPERTIES LABELS fuzz)
    return()
  endif()
  target_sources(${name} PRIVATE tests/fuzz/standalone_main.c)
  file(GLOB inputs CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/seeds/fuzz/${corpus}/*)
  add_test(NAME ${name} COMMAND ${name} ${inputs})
  set_tests_properties(${name} PROPERTIES FAIL_REGULAR_EXPRESSION "Sanitizer: ")
endfunction()

wushe_fuzz(fuzz_config config wushe_daemon)
wushe_fuzz(fuzz_mapping mapping wushe_ctl_rows)
wushe_fuzz(fuzz_envelope envelope wushe_fold)
wushe_fuzz(fuzz_roster roster wushe_bus)
wushe_fuzz(fuzz_command command wushe_bus)
target_sources(fuzz_command PRIVATE tests/support/scratch.c)
wushe_fuzz(fuzz_key key wushe_core_community wushe_core_socialorg wushe_core_socialworker
           wushe_core_volunteer wushe_core_charity wushe_core_coordinator wushe_journal)
