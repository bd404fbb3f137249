#pragma once

#include "common/fold/core.h"
#include "services/volunteer/core/tables.h"

/* Commands about people. */
extern const struct wu_route VOLUNTEER_VOLUNTEER_ROUTES[];

/* The person with that number, or NULL. Any text may be asked for. */
const VolunteerRow *volunteer_by_number(struct wu_step *step, const char *number,
                                        struct volunteer_key *ret_key);

/* True when the person is in that team now. */
bool volunteer_is_in(const VolunteerRow *volunteer, const struct wu_id *team_id);

/* Writes the row and its entries in the index in place of those of `known` (NULL: none). */
void volunteer_put(struct wu_step *step, const struct volunteer_key *key, const VolunteerRow *known,
                   const VolunteerRow *row);

/* This person is called now, and goes to the end of the queue for every skill. */
void volunteer_called(struct wu_step *step, const struct volunteer_key *key,
                      const VolunteerRow *known);
