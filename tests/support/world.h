#pragma once

#include "common/journal/node.h"

/*
 * A little world for one core: a node over a temporary store, fed by hand. Time
 * stands still unless moved. Every call that folds is one batch, committed to
 * real LMDB files. Failures of the world itself end the test.
 */
struct world;

struct world *
world_open(const struct wu_core *core); /* node 9, hub 1 (a hub core: node 1), 420100000000 */
/* The same for a hub core with that coordinator above it. */
struct world *world_open_below(const struct wu_core *core, uint32_t hub);
void world_close(struct world **world_p);

/* From now on commands come through a door, with its keystore beside the store, and answers too. */
void world_open_door(struct world *world);
/* The door is gone when the next command commits: as if the daemon died right after. */
void world_crash_before_settling(struct world *world);

/* Closes and opens the store again, as after a crash between batches. */
void world_restart(struct world *world);

/* From now on what was acknowledged is trimmed. */
void world_keep_nothing(struct world *world);

/* Closes the store for good: others may look at it. Only world_close comes after. */
void world_stop(struct world *world);

int64_t world_now_ms(const struct world *world);
/* Moves time and fires every timer that comes due on the way, in order. */
void world_advance(struct world *world, int64_t span_ms);
/* Moves time only: what is folded next comes before the timers that are due by then. */
void world_oversleep(struct world *world, int64_t span_ms);

/* One command; the answer lives until the next call. Each call is a command of its own. */
const Bus__Answer *world_command(struct world *world, wu_event_type type,
                                 const ProtobufCMessage *body);
/* The last command again, byte for byte, under the same key. */
const Bus__Answer *world_repeat(struct world *world);

struct world_mail {
    uint32_t from_node; /* 0: the hub */
    wu_event_type type;
    struct wu_id subject;
    struct wu_id correlation;
    uint64_t division;
};
void world_mail(struct world *world, const struct world_mail *mail, const ProtobufCMessage *body);
/* A record of a public topic of the hub, e.g. "coordinator.kind". */
void world_public(struct world *world, const char *topic, const struct world_mail *mail,
                  const ProtobufCMessage *body);

/* Outputs since the last world_clear, oldest first. Bodies live until world_clear. */
struct world_output {
    uint32_t to_node; /* mail */
    const char
        *topic; /* public: the stream's name, or "<role>.<noun>" when it goes through the hub */
    wu_event_type type;
    const Envelope__Envelope *envelope;
    struct wu_bytes data; /* the packed body */
};
size_t world_output_count(const struct world *world);
const struct world_output *world_output(const struct world *world, size_t index);
/* The n-th (from 0) output of that type, unpacked; NULL when there is none. */
const void *world_find(struct world *world, wu_event_type type, size_t n,
                       const ProtobufCMessageDescriptor *descriptor);
size_t world_count(const struct world *world, wu_event_type type);
void world_clear(struct world *world);

/* For looking at tables: a fresh snapshot, good until the next call that folds. */
struct wu_txn *world_txn(struct world *world);
struct wu_node *world_node(struct world *world);
const char *world_store_path(const struct world *world);

/* Folds the journal again and fails the test when a byte differs. Every story may end with it. */
void world_verify(struct world *world);

/* Gives a failing assertion message: "<code>: <text>". */
const char *world_answer_text(const Bus__Answer *answer);
