# What the daemon reads and says.

wushe_test(test_config tests/unit/common/daemon/test_config.c wushe_daemon)
