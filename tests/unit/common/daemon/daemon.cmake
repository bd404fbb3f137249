# What the daemon reads and says.

wushe_test(test_config tests/unit/common/daemon/test_config.c wushe_daemon)
wushe_test(test_log tests/unit/common/daemon/test_log.c wushe_daemon)

wushe_test(test_witness tests/unit/common/daemon/test_witness.c wushe_daemon)
wushe_test(test_notify tests/unit/common/daemon/test_notify.c wushe_daemon)
