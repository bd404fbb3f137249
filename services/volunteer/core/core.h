#pragma once

#include "common/fold/core.h"

/*
 * Volunteers: a provider is a team, a step asks for a number of its people at a
 * time, and each place is given to a person by name or the step is not taken.
 */
extern const struct wu_core VOLUNTEER_CORE;
