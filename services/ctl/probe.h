#pragma once

#include "services/ctl/ctl.h"

/*
 * How a node is: what it says at its door, and what lies in its store whether
 * it runs or not. Nothing is complained of; what could not be seen is zero.
 */
struct ctl_probe {
    const Bus__Pong *pong; /* NULL: the door does not answer. In ctl->arena. */

    bool has_store;
    uint32_t generation;
    uint64_t journal_seq; /* last folded */
    int64_t time_ms;      /* of the last event */
    uint64_t dead_count;
    uint64_t open_count;      /* linkages, needs or steps that are not at their end */
    bool open_count_is_least; /* counting was cut short */
    size_t used_bytes;
    size_t map_bytes;
};

void ctl_probe_node(struct ctl *ctl, const struct ctl_node *node, struct ctl_probe *ret_probe);

/* A node makes its store when it first starts. */
bool ctl_probe_has_store(const struct ctl_node *node);

/* "serving", "draining", "full" or "down". */
const char *ctl_probe_state(const struct ctl_probe *probe);

/* A link stands still. */
bool ctl_probe_is_halted(const struct ctl_probe *probe);
