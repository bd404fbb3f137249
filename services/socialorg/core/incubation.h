#pragma once

#include "common/fold/core.h"

/*
 * A new organisation grows up: SEED, NURSED, TRIAL, GRADUATED, one stage after
 * the other. Who has graduated is registered or filed and stands alone.
 */
extern const struct wu_route SOCIALORG_INCUBATION_ROUTES[];
