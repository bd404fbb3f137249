# What wushectl reads from files, and how it fills a terminal.

foreach(test IN ITEMS csv rows mapping measure catalogue)
  wushe_test(test_ctl_${test} tests/unit/services/ctl/test_${test}.c wushe_ctl_rows)
endforeach()
wushe_test(test_ctl_wrap tests/unit/services/ctl/test_wrap.c)
target_sources(test_ctl_wrap PRIVATE services/ctl/wrap.c)
wushe_test(test_ctl_roles tests/unit/services/ctl/test_roles.c wushe_ctl_rows)
target_sources(test_ctl_roles PRIVATE services/ctl/roles.c)
foreach(role IN LISTS WUSHE_ROLES)
  target_link_libraries(test_ctl_roles PRIVATE wushe_core_${role})
endforeach()
