#pragma once

#include "common/fold/core.h"
#include "services/volunteer/core/tables.h"

/* Commands about people. */
extern const struct wu_route VOLUNTEER_VOLUNTEER_ROUTES[];

/* This person is called now, and goes to the end of the queue for every skill. */
void volunteer_called(struct wu_step *step, const struct volunteer_key *key,
                      const VolunteerRow *known);
