#pragma once

#include "common/fold/step.h"

/*
 * A core: what one role does with its events. Pure: no clock, file, socket,
 * random number, float or pointer order. All of it is data but the handlers.
 */
struct wu_route {
    wu_event_type type;
    enum wu_origin origin;                  /* refused from anywhere else */
    const ProtobufCMessageDescriptor *body; /* of the payload; NULL for a timer */
    void (*handle)(struct wu_step *step, const void *body);
};

/* Defines route_<name>, which calls handle_<name> with its own type. */
#define WU_HANDLER(name, body_type)                                  \
    static void route_##name(struct wu_step *step, const void *body) \
    {                                                                \
        handle_##name(step, (const body_type *)body);                \
    }

/* The same for a timer: handle_<name>(step). */
#define WU_TIMER_HANDLER(name)                                       \
    static void route_##name(struct wu_step *step, const void *body) \
    {                                                                \
        (void)body;                                                  \
        handle_##name(step);                                         \
    }

struct wu_core {
    const char *role;                     /* "community" */
    const struct wu_table *const *tables; /* ends with NULL */
    const struct wu_route *const
        *routes;                /* arrays, one per noun file, each ending with type 0; NULL ends */
    const char *const *follows; /* public topics "<role>.<noun>" of the hub; ends with NULL */
    const void *extra;          /* for code shared by several cores */
    bool is_hub;
};

/* The route of that type, or NULL. */
const struct wu_route *wu_core_route(const struct wu_core *core, wu_event_type type);
