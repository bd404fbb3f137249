#pragma once

#include "common/base/status.h"
#include "common/bus/keys.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Who may connect to a hub, and what each may do: a file of one line per node,
 * like authorized_keys. A line that begins with '#' is a comment.
 *
 *   node=2 role=community key=<40 characters> state=active follow=coordinator.kind submit=yes
 *
 * state is active, also when it is not said, or revoked; follow lists the public topics it may
 * follow by
 * "<role>.<noun>", separated by commas, or "*"; submit says whether it may send
 * commands through the hub. What is not said is not allowed. below is for a coordinator that
 * dials this one: the numbers of the nodes that dial it, or hubs under it, "20-29,40".
 */
struct wu_roster_entry {
    uint32_t node;
    char role[32];
    char key[WU_KEY_TEXT_BYTES];
    bool active;
    bool submit;
    char follow[256];
    char below[128];
};

struct wu_roster {
    struct wu_roster_entry *entries;
    size_t count;
};

/* WU_INVALID with file, line, what is wrong and the remedy; *ret_roster is empty then. */
WU_CHECKED enum wu_status wu_roster_load(const char *path, struct wu_roster *ret_roster,
                                         struct wu_error *reterr);
WU_CHECKED enum wu_status wu_roster_parse(const char *name, const char *text, size_t size_bytes,
                                          struct wu_roster *ret_roster, struct wu_error *reterr);
void wu_roster_free(struct wu_roster *roster);

/* NULL when there is none. */
const struct wu_roster_entry *wu_roster_by_key(const struct wu_roster *roster, const char *key);
const struct wu_roster_entry *wu_roster_by_node(const struct wu_roster *roster, uint32_t node);

/*
 * The node that a command for `target` goes to next: itself, or the coordinator
 * it is below; 0 when no active line says.
 */
uint32_t wu_roster_next_hop(const struct wu_roster *roster, uint32_t target);

/* topic is "<role>.<noun>". */
bool wu_roster_may_follow(const struct wu_roster_entry *entry, const char *topic);
