#pragma once

#include "common/fold/core.h"
#include "services/coordinator/core/record.h"

/*
 * Scarce resources: a provider that says no because what it has is promised to
 * others names them, and the record of that resource then holds every claimant,
 * who got it, the rule, and what those say who do not agree.
 *
 * Source: R34.
 */
extern const struct wu_route COORDINATOR_CONTENTION_ROUTES[];

enum {
    CONTENTION_CLAIMS_MAX = 16,   /* the latest; the rest is counted */
    CONTENTION_HOLDERS_MAX = 4,   /* named by one provider at a time */
    CONTENTION_DISSENTS_MAX = 16, /* then the record is full */
};

/* True, and the claim is on the record, when the no means that others have it. */
bool contention_claim(struct linkage *linkage, const LinkageStep *step,
                      const StepDeclined *declined);
