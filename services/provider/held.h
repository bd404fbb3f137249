#pragma once

#include "services/provider/provider.h"

/*
 * The moves of a step, shared by those who make them: the coordinator's mail
 * (offer.c) and the people of the society (hand.c).
 */

/* A step at hand. `row` is a copy to be changed; each move writes it. */
struct held_step {
    struct step_key key;
    StepRow row;
};

/* False unless both ids are there and the step has a number. */
bool held_from_ref(const StepRef *ref, struct held_step *ret_held);

/* Finds the step by its key and fills the row in. */
bool held_find(struct wu_step *step, struct held_step *held);

/*
 * The bodies of this node that were offered a step, in the order of their ids:
 * the first with this or a greater provider id, and the one after. False: none.
 */
bool held_first_of(struct wu_step *step, struct held_step *held);
bool held_next_of(struct wu_step *step, struct held_step *held);

/* Waiting, reserved or confirmed. */
bool held_is_open(const struct held_step *held);

/* True when the ref, of the same step and body, names the same offer. */
bool held_is_ref(const struct held_step *held, const StepRef *ref);

/*
 * Why this offer cannot be taken now, as far as the body itself goes, in the
 * order of the enum. *ret_provider is its row, NULL if there is none.
 */
DeclineReason held_refusal(struct wu_step *step, const struct held_step *held,
                           const ProviderRow **ret_provider);

/* To WAITING. */
void held_wait(struct wu_step *step, struct held_step *held);

/* To RESERVED with its answer and timer; or the hook's reason, and nothing is changed. */
DeclineReason held_reserve(struct wu_step *step, struct held_step *held,
                           const ProviderRow *provider);

/* To DECLINED with its answer; what was held is given back. */
void held_decline(struct wu_step *step, struct held_step *held, DeclineReason reason,
                  const char *text);

/* From RESERVED to CONFIRMED with its answer. */
void held_confirm(struct wu_step *step, struct held_step *held, int64_t deliver_by_ms);

/* From RESERVED to LAPSED with its answer. */
void held_lapse(struct wu_step *step, struct held_step *held);

/* From any open state to RELEASED; nobody is told, for the coordinator asked. */
void held_release(struct wu_step *step, struct held_step *held);

/* From CONFIRMED to DELIVERED with its answer. */
void held_deliver(struct wu_step *step, struct held_step *held, StepDelivered *delivered);

/* The plan of a delivered assessment is not followed, by that rule of the coordinator. */
void held_refuse_plan(struct wu_step *step, struct held_step *held, uint32_t rule);

/* Says again what this step's offer, or its confirmation, was answered with. */
void held_answer_offer(struct wu_step *step, const struct held_step *held);
void held_answer_confirm(struct wu_step *step, const struct held_step *held);

/* That ref holds nothing here. */
void held_emit_lapsed(struct wu_step *step, StepRef *ref);
