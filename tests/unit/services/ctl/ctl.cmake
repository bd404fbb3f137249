# What wushectl reads from files.

foreach(test IN ITEMS csv rows mapping)
  wushe_test(test_ctl_${test} tests/unit/services/ctl/test_${test}.c wushe_ctl_rows)
endforeach()
