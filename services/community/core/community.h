#pragma once

#include "common/fold/core.h"

/* Communities that join, and the catalogue they are told of. */
extern const struct wu_route COMMUNITY_COMMUNITY_ROUTES[];
