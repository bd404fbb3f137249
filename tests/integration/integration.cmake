# Whole programs.

if(TARGET wushectl)
  add_test(NAME ctl_operate
           COMMAND ${CMAKE_SOURCE_DIR}/tests/integration/ctl_operate.sh $<TARGET_FILE:wushectl>)
  add_test(NAME ctl_city
           COMMAND ${CMAKE_SOURCE_DIR}/tests/integration/ctl_city.sh ${CMAKE_BINARY_DIR})
  add_test(NAME ctl_catalogue
           COMMAND ${CMAKE_SOURCE_DIR}/tests/integration/ctl_catalogue.sh ${CMAKE_BINARY_DIR})
  add_test(NAME ctl_gates
           COMMAND ${CMAKE_SOURCE_DIR}/tests/integration/ctl_gates.sh ${CMAKE_BINARY_DIR})
  add_test(NAME ctl_organisations
           COMMAND ${CMAKE_SOURCE_DIR}/tests/integration/ctl_organisations.sh ${CMAKE_BINARY_DIR})
  add_test(NAME ctl_residents
           COMMAND ${CMAKE_SOURCE_DIR}/tests/integration/ctl_residents.sh ${CMAKE_BINARY_DIR})
  set_tests_properties(ctl_residents PROPERTIES TIMEOUT 120)
  set_tests_properties(ctl_city ctl_catalogue ctl_gates ctl_organisations PROPERTIES TIMEOUT 120)
endif()

# A city of real daemons in a temporary folder. Linked with every core: the tests
# read the stores, and fold the journals again.
add_library(wushe_test_city STATIC
  tests/support/city.c tests/support/demo.c tests/support/crowd.c tests/support/judge.c
  tests/support/judge_journal.c tests/support/raw.c
  tests/support/look_charity.c tests/support/look_community.c tests/support/look_coordinator.c
  tests/support/look_provider.c tests/support/look_volunteer.c)
target_compile_definitions(wushe_test_city PRIVATE
  WUSHE_PROGRAMS="${CMAKE_BINARY_DIR}" WUSHE_SEEDS="${CMAKE_SOURCE_DIR}/seeds")
target_link_libraries(wushe_test_city PUBLIC wushe_test_support wushe_bus PkgConfig::ZMQ
                      PRIVATE wushe_posix)
foreach(role IN LISTS WUSHE_ROLES)
  target_link_libraries(wushe_test_city PUBLIC wushe_core_${role})
endforeach()

# wushe_city_test(NAME [long]): long ones say so by their label.
function(wushe_city_test name)
  wushe_test(${name} tests/integration/${name}.c wushe_test_city)
  foreach(role IN LISTS WUSHE_ROLES)
    add_dependencies(${name} wushe-${role})
  endforeach()
  add_dependencies(${name} wushectl wushe-demo-city)
  set_tests_properties(${name} PROPERTIES LABELS "integration;${ARGN}" TIMEOUT 600)
endfunction()

foreach(test IN ITEMS test_kill test_hub test_restore test_follow)
  wushe_city_test(${test} long)
endforeach()
foreach(test IN ITEMS test_repeat test_curve test_zap test_forward test_tree test_run test_poison
                      test_malformed)
  wushe_city_test(${test})
endforeach()
