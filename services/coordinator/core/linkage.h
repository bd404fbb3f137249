#pragma once

#include "common/fold/core.h"

/* The beginning and the end of a linkage: what its community says. */
extern const struct wu_route COORDINATOR_LINKAGE_ROUTES[];
