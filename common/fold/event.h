#pragma once

#include "common/base/id.h"
#include "wushe/envelope/v1/envelope.pb-c.h"

#include <stdbool.h>
#include <stdint.h>

typedef Envelope__EventType wu_event_type;

/* WU_TYPE(COMMUNITY_NEED_RAISED): schemas say it at length. */
#define WU_TYPE(name) ENVELOPE__EVENT_TYPE__EVENT_TYPE_##name

/* "COMMUNITY_NEED_RAISED"; "UNKNOWN" for a number this build does not know. */
const char *wu_event_type_name(wu_event_type type);

/*
 * Commands that carry personal data (a field of type Sealed): the node's door
 * seals it, and no hub forwards it, for a hub would journal it open.
 */
bool wu_event_is_personal(wu_event_type type);

enum wu_origin { /* the same numbers as node.Origin */
                 WU_ORIGIN_COMMAND = 1,
                 WU_ORIGIN_MAIL = 2,
                 WU_ORIGIN_PUBLIC = 3,
                 WU_ORIGIN_TIMER = 4,
};

/*
 * One numbered input as a core sees it. Lives in the batch's arena.
 *
 * A command: subject, correlation and causation are none; from_node is 0.
 * A timer: subject and n are what the core set; correlation as when it was set.
 */
struct wu_event {
    uint64_t seq;           /* of this node's journal: 1, 2, 3 ... */
    int64_t time_ms;        /* never runs backwards */
    int64_t happened_at_ms; /* true time of a command entered late, else time_ms */
    enum wu_origin origin;
    wu_event_type type;
    uint32_t from_node;
    uint32_t n; /* timer */
    struct wu_id id;
    struct wu_id subject;
    struct wu_id correlation; /* the linkage */
    struct wu_id causation;
    uint64_t division; /* 12 digits or 0 */
    ProtobufCBinaryData traceparent;
};
