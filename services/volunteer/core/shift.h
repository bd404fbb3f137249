#pragma once

#include "services/provider/provider.h"

/*
 * The people of a step. Among those of the team who have the skill, the longest
 * rested are asked first (by their last call, then by who joined first); whoever
 * has a slot in the offered window (slot.h) gets a place by name. All places are
 * filled or none is. At most 512 people are looked at who have free time at about
 * then, and at most 2048 in all.
 *
 * Being called puts a person at the end of the queue, also when it comes to
 * nothing. Nobody with the skill who has given free times: SERVICE_UNKNOWN;
 * otherwise NOT_FREE_THEN.
 *
 * When fewer were there than were promised, the places at the end are taken as
 * the empty ones: their time is given back. Minutes are shared evenly, the odd
 * ones to the first places, so that their sum is what was reported.
 */
DeclineReason shift_reserve(struct wu_step *step, const struct wu_id *team_id,
                            const ProviderRow *team, const StepOffered *offer);
void shift_release(struct wu_step *step, const struct wu_id *team_id, const StepRow *held);
void shift_deliver(struct wu_step *step, const struct wu_id *team_id, const StepRow *held,
                   const StepDelivered *delivered);
