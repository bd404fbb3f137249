#pragma once

#include "common/fold/core.h"
#include "services/coordinator/core/record.h"

/*
 * A step that another coordinator has nobody for.
 *
 * Between coordinators the protocol is that of any step: offered, reserved or
 * declined, confirmed, taken, delivered, lapsed, released. The one that is asked
 * keeps a linkage of its own with that one step, looks for somebody among its
 * providers, its other coordinators and the one above, and reports. The case
 * stays its home's: when to begin, by when it must be done and when to let go
 * comes from there. A newer offer of the same step ends an older one.
 */
extern const struct wu_route COORDINATOR_REFERRAL_ROUTES[];

enum { REFERRAL_HOPS_MAX = 6 }; /* coordinators passed; four levels up and down are six */

/* Coordinators passed so far: 0 for a case of our own. */
size_t referral_hops(const struct linkage *linkage);

/* "coordinator 7"; from the arena. */
const char *coordinator_name(struct wu_step *fold, uint32_t node);

/* The case a linkage belongs to: its own number, or its home's. */
struct wu_id linkage_case(const struct linkage *linkage);

/* What a coordinator that is asked for the step must know besides. Lists live in the arena. */
void referral_fill(struct linkage *linkage, const LinkageStep *step, Referral *ret_referral);

/* When silence is a no: coordinators ask one after the other, so they get more time. */
int64_t referral_reply_by_ms(const struct linkage *linkage, const LinkageStep *step);

/*
 * Somebody for the step, wherever in this coordinator's area: for a referral
 * of a place that lies outside of it. Else as candidate_choose.
 */
bool referral_choose(struct linkage *linkage, const LinkageStep *step, struct choice *ret_choice);

/* linkage_advance of a referral. */
void referral_advance(struct linkage *linkage);

/* To the asking coordinator; nothing for a case of our own. */
void referral_tell_taken(struct linkage *linkage);
void referral_tell_delivered(struct linkage *linkage, const StepDelivered *delivered);
