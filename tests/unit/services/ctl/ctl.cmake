# What wushectl reads from files, and how it fills a terminal.

foreach(test IN ITEMS csv rows mapping measure catalogue)
  wushe_test(test_ctl_${test} tests/unit/services/ctl/test_${test}.c wushe_ctl_rows)
endforeach()
wushe_test(test_ctl_wrap tests/unit/services/ctl/test_wrap.c)
target_sources(test_ctl_wrap PRIVATE services/ctl/wrap.c)
