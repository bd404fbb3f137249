#pragma once

#include "common/fold/core.h"
#include "common/store/store.h"
#include "tests/fuzz/fuzz_rule.h"

/*
 * One core, whatever events come. An input is a story: commands, mail, public
 * records, time that passes, repeats, restarts, words of strangers, bytes that
 * are no message. It is folded by a real node over real LMDB files, and the rules
 * are checked after each commit: those that hold for every core in fuzz_core.c,
 * those of one core in fuzz_core_<role>.c.
 */

/* A committed input, or what it made; inputs come before what they made, in the order of the fold.
 */
struct fuzz_seen {
    bool is_output;
    bool is_dead;
    wu_event_type type;
    uint64_t seq;
    int64_t time_ms;
    uint32_t peer;                /* from, or to; 0: nobody in particular */
    const ProtobufCMessage *body; /* NULL: it has none, or it does not decode */
};

struct fuzz_core {
    const struct wu_core *core;
    void (*begin)(void);                       /* a new story: nothing is known. NULL: no model */
    void (*saw)(const struct fuzz_seen *seen); /* NULL: tables tell all there is to know */
    void (*check)(struct wu_txn *txn);         /* after each commit */
};

extern const struct fuzz_core FUZZ_CORE; /* of fuzz_core_<role>.c */

/* How many timers of that type there are; all of them are due at or after the last event. */
uint64_t fuzz_timer_count(struct wu_txn *txn, wu_event_type type);
bool fuzz_has_timer(struct wu_txn *txn, wu_event_type type, int64_t due_at_ms,
                    const struct wu_id *subject, uint32_t n);

/* Memory of rows looked at, one after the other. */
size_t fuzz_mark(struct wu_txn *txn);
void fuzz_forget(struct wu_txn *txn, size_t mark);
