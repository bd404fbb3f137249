#pragma once

#include "services/coordinator/core/record.h"

/*
 * The coordinator above and those below, as one sees them that stands between.
 *
 * To the one above, a coordinator is a provider: of each role, it offers what
 * its own providers offer, anywhere in the area of the one above. To those
 * below, the one above is a provider of everything, asked when nobody is left.
 * Both go by a number that needs no announcement.
 */

/* Number of a coordinator as a provider of that role; no body's number looks like it. */
struct wu_id coordinator_id(uint32_t node, Role role);
bool is_coordinator(const struct wu_id *provider_id);

/*
 * A provider is there, changed (both given) or gone. When a service is offered
 * here for the first time, or no longer, the coordinator above hears it.
 */
void above_announce(struct wu_step *fold, const ProviderRow *before, const ProviderRow *after);

/*
 * Nobody is left here: the choice becomes the coordinator above. False when
 * there is none, it was asked already, the kind stays local or the referral has
 * come far enough; *ret_rule is then the rule that keeps it, 0 at the top.
 */
bool above_choose(struct linkage *linkage, const LinkageStep *step, struct choice *choice,
                  Rule *ret_rule);
