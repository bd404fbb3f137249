#pragma once

#include "common/fold/core.h"

/* Needs: raised, followed through their linkage, confirmed by the resident. */
extern const struct wu_route COMMUNITY_NEED_ROUTES[];
