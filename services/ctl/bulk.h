#pragma once

#include "services/ctl/pump.h"

/* One command for each of many things: which, sending, and the totals. */
struct ctl_target {
    const struct ctl_node *node;
    struct wu_id id;
    uint32_t step_no;
    struct wu_id provider_id; /* of a step */
};

struct ctl_targets {
    struct ctl_target *list; /* the caller frees it */
    size_t count;
    size_t room;
};

/* False when there is no memory. */
bool ctl_targets_add(struct ctl_targets *targets, const struct ctl_target *target);

struct ctl_bulk;

/* Sends the command for one target; returns what ctl_pump_send does. */
typedef int (*ctl_bulk_sender)(struct ctl_bulk *bulk, const struct ctl_target *target,
                               const void *context);
int ctl_bulk_send(struct ctl_bulk *bulk, const struct ctl_target *target,
                  const struct wu_command *command);

/*
 * Sends to all and prints "120 needs: 118 confirmed, 2 refused", each refusal
 * on stderr with its number. what and done: "needs", "confirmed".
 */
int ctl_bulk_run(struct ctl *ctl, const char *what, const char *done,
                 const struct ctl_targets *targets, ctl_bulk_sender send, const void *context);

/* What lists share: --limit N, and a word on stderr when there is more. */
bool ctl_read_limit(const char *text, int64_t *limit);
void ctl_tell_cut(const struct ctl *ctl);
