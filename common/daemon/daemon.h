#pragma once

#include "common/fold/core.h"

/*
 * The one main loop: take what waits on sockets and timers, number it, journal
 * it, fold it, commit once, and only then answer, acknowledge and publish.
 *
 *   wushe-<role> --config FILE | --check-config FILE | --print-config FILE | --help | --version
 *
 * SIGTERM and SIGINT drain and exit 0 within `drain_ms`; SIGHUP reads
 * configuration and roster again. Exit status: 0 fine, 64 wrong command line,
 * 78 wrong configuration, 74 disk or system failed, 75 the store is in use.
 */
int wu_daemon_main(const struct wu_core *core, int argc, char **argv);
