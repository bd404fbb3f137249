#pragma once

#include "common/fold/core.h"
#include "services/coordinator/core/names.h"

/*
 * The whistle: a community summons a department, which has so long to arrive as
 * the grade says. When it does not, the grade is raised by one and the clock
 * starts again; the community rates it, once. Both sides are counted: whoever
 * is summoned in vain, and whoever summons too often or never.
 *
 * Source: R13, R57, N5. The times are a department's own; the defaults are ours.
 */
extern const struct wu_route COORDINATOR_WHISTLE_ROUTES[];
