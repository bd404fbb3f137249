#pragma once

#include "common/fold/core.h"

/* The steps of a linkage: what providers answer, and what becomes of their silence. */
extern const struct wu_route COORDINATOR_STEP_ROUTES[];
