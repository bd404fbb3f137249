#pragma once

#include "common/fold/core.h"
#include "services/coordinator/core/record.h"

/*
 * Kinds that need it wait for the lead body of the community before anything is
 * offered. It has as long as a provider would have to answer; silence is no yes.
 */
extern const struct wu_route COORDINATOR_APPROVAL_ROUTES[];

/* The linkage waits from now on; planned and advanced when the answer is yes. */
void approval_ask(struct linkage *linkage);
