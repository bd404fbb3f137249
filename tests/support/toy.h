#pragma once

#include "common/journal/node.h"

/*
 * A core for tests of the engine, a society's and a hub's. Payloads borrow
 * TimerFired as their schema; the types are some that exist, because a strict
 * decoder knows no others. What a command does is in its n:
 *
 *   below 1000      a row, and a letter {n} to node TOY_PEER; with a due_at_ms a
 *                   timer for then
 *   TOY_FAIL ...    the same and then what the name says; LATER: when its timer fires
 *   TOY_BYTES + k   takes k KiB of the batch's memory
 *   TOY_NEWS + k    a public record about subject k
 *   TOY_CANCEL + k  takes the timer of n = k at due_at_ms away
 *
 * A letter does what a command does. A cure makes the FAILs harmless from then on.
 */
typedef Envelope__TimerFired Toy;

#define TOY_DO WU_TYPE(COMMUNITY_RAISE_NEED)
#define TOY_CURE WU_TYPE(COMMUNITY_CONFIRM_NEED)
#define TOY_FIRED WU_TYPE(COMMUNITY_CONFIRM_OVERDUE)
#define TOY_LETTER WU_TYPE(COMMUNITY_NEED_RAISED)
#define TOY_NEWS_TYPE WU_TYPE(COORDINATOR_KIND_ADOPTED)

enum {
    TOY_PEER = 7,
    TOY_FAIL = 1000,
    TOY_ASSERT = 1001,
    TOY_REFUSE = 1002,
    TOY_FAIL_LATER = 1003,
    TOY_DESTROY_KEY = 1004, /* and destroys a key */
    TOY_BYTES = 1000000,
    TOY_NEWS = 2000000,
    TOY_CANCEL = 3000000,
};

struct toy_key {
    struct wu_id id;
};
struct toy_named_key {
    uint32_t number;
    char name[24];
};
WU_TABLE_OF(toys, TOYS, struct toy_key, Toy);
/* Heard and cured things, by what and who. */
WU_TABLE_OF(toy_named, TOY_NAMED, struct toy_named_key, Toy);
WU_INDEX_OF(toy_index, TOY_INDEX, struct toy_named_key);

extern const struct wu_core TOY_CORE;     /* node 9, hub 1 */
extern const struct wu_core TOY_HUB_CORE; /* node 1 */

/* Opens a node of that core with real files; fields of config that are 0 get a usual value. */
struct wu_node *toy_node_open(const char *path, const struct wu_core *core,
                              const struct wu_node_config *config);

/* A packed Submit of producer 1, in the arena. */
struct wu_bytes toy_submit(struct wu_arena *arena, uint64_t number, uint32_t n, int64_t due_at_ms);
/* A packed Envelope, in the arena. */
struct wu_bytes toy_envelope(struct wu_arena *arena, wu_event_type type, struct wu_id subject,
                             const ProtobufCMessage *body);
