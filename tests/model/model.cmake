# The models, checked with spin; where there is none, the tests are skipped and say so.
# They look at no code of ours that is compiled, so a sanitized build has nothing to add.
if(NOT WUSHE_SANITIZE)
  add_test(NAME model COMMAND ${CMAKE_SOURCE_DIR}/tests/model/run --quick)
  add_test(NAME model_can_fail COMMAND ${CMAKE_SOURCE_DIR}/tests/model/run --self-test)
  set_tests_properties(model model_can_fail PROPERTIES LABELS model SKIP_RETURN_CODE 77 TIMEOUT 1200)
endif()
