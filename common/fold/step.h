#pragma once

#include "common/base/arena.h"
#include "common/fold/event.h"
#include "common/fold/table.h"
#include "wushe/seal/v1/sealed.pb-c.h"

/*
 * All that a handler may touch while it folds one event. Handlers return
 * nothing: what they decide is in tables, mail, timers and the answer, and all
 * of it is in one transaction with the event itself.
 */
struct wu_step;

const struct wu_event *wu_step_event(const struct wu_step *step);
struct wu_txn *wu_step_txn(struct wu_step *step);

/* Memory of the batch, for what a handler builds. Out of memory fails the batch, not the event. */
struct wu_arena *wu_step_arena(struct wu_step *step);

/* Constants of this node: its number, its coordinator's (its own for a hub), its local time. */
uint32_t wu_step_node(const struct wu_step *step);
uint32_t wu_step_hub(const struct wu_step *step);
int64_t wu_step_utc_offset_min(const struct wu_step *step);
uint64_t wu_step_division(const struct wu_step *step);

/* The coordinator that a hub dials itself; 0 at the top of the tree, and for any other node. */
uint32_t wu_step_parent(const struct wu_step *step);

/* `extra` of the core being folded. */
const void *wu_step_extra(const struct wu_step *step);

/* A new id, ascending; the first of event 1042 on node 6 reads "6-1042". */
struct wu_id wu_step_new_id(struct wu_step *step);

/* Where an output goes and what it is about. The cause is filled in. */
struct wu_mail {
    uint32_t to_node;
    wu_event_type type;
    struct wu_id subject;
    struct wu_id correlation; /* none: that of the event; in public: none */
    uint64_t division;        /* 0: that of the event */
};

/* Packs before it returns: the message may live on the stack. */
void wu_emit_mail(struct wu_step *step, const struct wu_mail *mail, const ProtobufCMessage *body);

/*
 * To everybody who follows "<division of the hub>.<topic>"; topic is
 * "<role>.<noun>". A society's public event goes through its hub. No personal
 * data, ever. mail->to_node is not looked at.
 */
void wu_emit_public(struct wu_step *step, const char *topic, const struct wu_mail *mail,
                    const ProtobufCMessage *body);

/* The answer to a command: last one wins; none given means accepted without an id. */
void wu_answer_accept(struct wu_step *step, struct wu_id made);

/* code is stable and upper case; the sentence says what, why and what to do. */
void wu_answer_refuse(struct wu_step *step, const char *code, const char *format, ...)
    WU_PRINTF(3, 4);

/*
 * Personal data: common/README.md, "The door".
 *
 * The answer brings these fields. The door opens them for whoever asked, once,
 * after the commit: what is journaled and kept is sealed.
 */
void wu_answer_sealed(struct wu_step *step, Seal__Sealed *const *fields, size_t count);

/*
 * That key of the keystore is destroyed with this event: nothing sealed under it
 * is ever read again. It is gone before the event is answered.
 */
void wu_key_destroy(struct wu_step *step, const struct wu_id *key_id);

/*
 * A durable timer: fires as an event of that type with that subject and n, at
 * due_at_ms or later. (due_at_ms, type, subject, n) names it; setting it twice
 * sets it once; cancelling one that is not there is fine.
 */
struct wu_timer {
    int64_t due_at_ms;
    wu_event_type type;
    struct wu_id subject;
    uint32_t n;
};
void wu_timer_set(struct wu_step *step, const struct wu_timer *timer);
void wu_timer_cancel(struct wu_step *step, const struct wu_timer *timer);

/*
 * This event cannot be folded, though nothing is wrong with the world: it goes
 * to the dead letters with this reason and has no other effect.
 */
void wu_step_fail(struct wu_step *step, const char *format, ...) WU_PRINTF(2, 3);
