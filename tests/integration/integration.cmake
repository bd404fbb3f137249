# Whole programs.

if(TARGET wushectl)
  add_test(NAME ctl_operate
           COMMAND ${CMAKE_SOURCE_DIR}/tests/integration/ctl_operate.sh $<TARGET_FILE:wushectl>)
endif()
