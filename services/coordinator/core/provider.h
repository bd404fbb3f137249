#pragma once

#include "common/fold/core.h"

/* Who can be offered steps: announced by their own nodes. */
extern const struct wu_route COORDINATOR_PROVIDER_ROUTES[];
