# What every node has in common, from the bottom up.

add_library(wushe_test_toy STATIC tests/support/toy.c)
target_link_libraries(wushe_test_toy PUBLIC wushe_test_support PRIVATE wushe_posix)

foreach(test IN ITEMS
    base/test_id base/test_arena base/test_division base/test_time base/test_status
    fold/test_pb fold/test_core
    store/test_key store/test_json store/test_store
    journal/test_node journal/test_batch journal/test_dead_letter journal/test_stream
    journal/test_replay)
  get_filename_component(name ${test} NAME)
  wushe_test(${name} tests/unit/common/${test}.c wushe_test_toy)
endforeach()

foreach(name IN ITEMS test_keystore test_box)
  wushe_test(${name} tests/unit/common/seal/${name}.c)
endforeach()

add_library(wushe_test_wire STATIC tests/support/wire.c)
target_link_libraries(wushe_test_wire PUBLIC wushe_test_support wushe_bus PRIVATE wushe_posix)

wushe_test(test_exchange tests/unit/common/bus/test_exchange.c wushe_test_wire)
foreach(name IN ITEMS test_frame test_roster test_keys test_client)
  wushe_test(${name} tests/unit/common/bus/${name}.c wushe_bus)
endforeach()
