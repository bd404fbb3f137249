#pragma once

#include "common/fold/core.h"
#include "services/community/core/tables.h"

/* Who reads what of a resident, and the record of it that the resident may ask for. */
extern const struct wu_route COMMUNITY_ACCESS_ROUTES[];

enum { ACCESS_WHO_BYTES_MAX = 40 };

/* A line in the resident's access log. */
void access_note(struct wu_step *step, const struct resident_key *key, const AccessRow *access);
