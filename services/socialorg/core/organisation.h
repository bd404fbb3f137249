#pragma once

#include "common/fold/core.h"
#include "services/socialorg/core/names.h"

/*
 * An organisation: a body that was registered or filed.
 *
 *   (none) -> REGISTERED | FILED -> EXPIRED -> REGISTERED | FILED
 *                  `-> SUSPENDED (until lifted, or until its day) -> as before
 *
 * Only a registered or filed one is offered work. One whose time is over
 * finishes what it holds; one that is suspended gives it back.
 */
extern const struct wu_route SOCIALORG_ORGANISATION_ROUTES[];

enum { BY_BYTES_MAX = 31 }; /* code of a person or an office */

/* For provider_hooks: why it may take nothing, or not this offer. */
DeclineReason organisation_bar(struct wu_step *step, const struct wu_id *provider_id,
                               const StepOffered *offer);

/* Founders who live where it works are fewer than the city's policy asks for. */
bool organisation_is_resident_led(const RegisterOrganisation *registered, const SetPolicy *policy);

/* The registered body of that code, in good standing or not; NULL if there is none. */
const OrganisationRow *organisation_by_code(struct wu_step *step, const char *code,
                                            struct wu_id *ret_provider_id);

/* True when it is registered or filed now and may work there; division 0: anywhere. */
bool organisation_may_work(struct wu_step *step, const OrganisationRow *row, uint64_t division);
