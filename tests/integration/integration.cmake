# Whole programs.

if(TARGET wushectl)
  add_test(NAME ctl_operate
           COMMAND ${CMAKE_SOURCE_DIR}/tests/integration/ctl_operate.sh $<TARGET_FILE:wushectl>)
  add_test(NAME ctl_city
           COMMAND ${CMAKE_SOURCE_DIR}/tests/integration/ctl_city.sh ${CMAKE_BINARY_DIR})
  set_tests_properties(ctl_city PROPERTIES TIMEOUT 120)
endif()
