#pragma once

#include "common/fold/core.h"

/*
 * Steps by hand, and overrides: what a rule forbids for one step of one linkage
 * passes when one person asks, with a coded reason, and another says yes. Each
 * is counted by month and rule. Nothing else can be overridden.
 */
extern const struct wu_route COORDINATOR_OVERRIDE_ROUTES[];
