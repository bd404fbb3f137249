#pragma once

#include "tests/sim/sim.h"

/* One run in a child: a process that dies is a failure of the checker "died". */
void shrink_run(const struct sim_options *options, struct sim_report *ret_report);

/*
 * Fewer needs, fewer kinds of faults, fewer faults, as long as the same checker
 * fails; then the story that is left, on standard output. Exit status.
 */
int shrink(const struct sim_options *options);
