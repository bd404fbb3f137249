#pragma once

#include "services/coordinator/core/record.h"

/* What a coordinator does to one step: offer it, confirm it, take it back. */

/* Offers the step to the provider whose turn it is; false when nobody is left. */
bool offer_step(struct linkage *linkage, LinkageStep *step);

/* Offers it to that provider, by that rule; false when it left, is closed or was asked too often.
 */
bool offer_step_to(struct linkage *linkage, LinkageStep *step, const struct wu_id *provider_id,
                   Rule rule);

/* Tells the provider that holds the step to go ahead, and until when. */
void confirm_step(struct linkage *linkage, LinkageStep *step);

/* Tells the provider that its offer, reservation or confirmation is over. */
void release_step(struct linkage *linkage, LinkageStep *step, ReleaseReason reason, HistoryWhy why);

/* The same for an answer to an offer that no longer stands. */
void release_stale(struct wu_step *fold, const StepRef *ref, ReleaseReason reason);

/* The provider is out of it, by its own word or ours: the step waits to be offered again. */
void take_back(struct linkage *linkage, LinkageStep *step, AttemptEnd end);

/* The provider that holds the confirmed step has done it. */
void complete_step(struct linkage *linkage, LinkageStep *step);

/* The offer of that name, if it was confirmed and then taken back; NULL if not. */
TakenBack *find_taken_back(const LinkageStep *step, const StepRef *ref);
void forget_taken_back(LinkageStep *step, const TakenBack *past);

/*
 * One whose step was taken back has done it all the same, and first: whoever
 * has it now is let go, and the step is that one's again.
 */
void complete_late(struct linkage *linkage, LinkageStep *step, const TakenBack *past);

/* The provider is not to be asked for this step again; reason: of one that declined, else 0. */
void exclude_provider(struct linkage *linkage, LinkageStep *step, AttemptEnd end,
                      DeclineReason reason);

/* The answer has come: its timer is not needed any more. */
void cancel_reply_timer(struct linkage *linkage, const LinkageStep *step);
void cancel_delivery_timer(struct linkage *linkage, const LinkageStep *step);

/* True while a provider has the step in hand: it must be told when that ends. */
bool step_is_out(const LinkageStep *step);

/* A timer's n: which step, which attempt. */
static inline uint32_t timer_n(const LinkageStep *step)
{
    return step->step_no << 16 | step->attempt;
}
