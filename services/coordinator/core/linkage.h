#pragma once

#include "common/fold/core.h"
#include "services/coordinator/core/record.h"

/* The beginning and the end of a linkage: what its community says. */
extern const struct wu_route COORDINATOR_LINKAGE_ROUTES[];

/* Nothing stands before it any more: its first steps, offered as far as they can be. */
void linkage_plan(struct linkage *linkage, const AdoptKind *kind);
