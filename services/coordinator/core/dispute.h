#pragma once

#include "common/fold/core.h"
#include "services/coordinator/core/record.h"

/*
 * Pass-backs and their end. A provider may say that a step is not its to do.
 * The second time that happens to a step it is offered to nobody: an office
 * rules on it within working days, and each time it does not, the case goes one
 * level up. What was ruled is the precedent for the same service of the same
 * kind in the same district: the next such step is not passed round at all.
 *
 * Source: R35, N4.
 */
extern const struct wu_route COORDINATOR_DISPUTE_ROUTES[];

enum {
    PASS_BACKS_MAX = 2,
    ADJUDICATE_DAYS = 3,        /* working days to rule */
    ADJUDICATE_DAYS_URGENT = 1, /* on an urgent need */
};

/*
 * That provider, which no longer holds the step, said it is not its to do. The
 * step waits to be offered again, or for a ruling, or a precedent has ruled; the
 * linkage may be over.
 */
void dispute_pass_back(struct linkage *linkage, LinkageStep *step, const struct wu_id *provider_id,
                       const char *provider, const char *text);

/*
 * Nobody is left to ask, and somebody said it is not theirs: true, and the step
 * waits for a ruling now.
 */
bool dispute_last(struct linkage *linkage, LinkageStep *step);

/* The step ends without a ruling. */
void dispute_drop(struct linkage *linkage, LinkageStep *step);
