# Checks on the text and on what was built, each with the test that it can fail.

function(wushe_tidy name script)
  add_test(NAME tidy_${name} COMMAND ${CMAKE_SOURCE_DIR}/tests/tidy/${script} ${ARGN})
  add_test(NAME tidy_${name}_can_fail
           COMMAND ${CMAKE_SOURCE_DIR}/tests/tidy/${script} ${WUSHE_TIDY_SUBJECT} --self-test)
endfunction()

wushe_tidy(layers layers.py)
wushe_tidy(functions functions.py)
wushe_tidy(events events.py)
wushe_tidy(proto proto.py)
wushe_tidy(schema_compat schema_compat.py)
wushe_tidy(purity purity.sh ${CMAKE_BINARY_DIR})
set(WUSHE_TIDY_SUBJECT $<TARGET_FILE:wushe-demo-city>)
wushe_tidy(demo_city demo_city.py ${WUSHE_TIDY_SUBJECT})
set(WUSHE_TIDY_SUBJECT $<TARGET_FILE:wushectl>)
wushe_tidy(catalogue catalogue.py ${WUSHE_TIDY_SUBJECT})
