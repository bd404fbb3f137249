#pragma once

#include "common/fold/core.h"

/* What is given to a fund or a store. */
extern const struct wu_route CHARITY_GIFT_ROUTES[];
