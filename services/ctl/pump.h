#pragma once

#include "services/ctl/ctl.h"

/*
 * Many commands at once: each goes to its node's door as fast as the window
 * allows, and each ends exactly once, answered or given up. A node that stops
 * and starts again meanwhile is waited for; the client sends again what it had
 * not answered, under the same key.
 */
struct ctl_pump_result {
    bool accepted;
    bool known_before; /* accepted, and what it names was there before the pump opened the door */
    struct wu_id id;   /* of what was made, or none */
    const char *code;  /* why not, stable: the node's own, or NO_ANSWER, NOT_SENT */
    const char *text;  /* a sentence, "" when accepted */
};

/* Called once for each command that was sent; the result is good until it returns. */
typedef void (*ctl_pump_done)(void *context, void *item, const struct ctl_pump_result *result);

struct ctl_pump;

/*
 * what: plural, for the progress line ("needs"), which is shown on a terminal
 * only. NULL with a sentence on stderr.
 */
struct ctl_pump *ctl_pump_open(struct ctl *ctl, const char *what, ctl_pump_done done,
                               void *context);

/*
 * Sends, waiting for room in the window if need be; `done` may be called for
 * earlier items meanwhile, and for this one when its node has been given up.
 * CTL_OK; another ctl_exit, with a sentence on stderr, when the door could not
 * be opened: the item is then still the caller's.
 */
int ctl_pump_send(struct ctl_pump *pump, const struct ctl_node *node,
                  const struct wu_command *command, void *item);

/* Waits until everything that was sent has ended. */
void ctl_pump_wait(struct ctl_pump *pump);

/* True once a node has been given up: it did not answer for a minute, or longer if --timeout says
 * so. */
bool ctl_pump_gave_up(const struct ctl_pump *pump);

/* How long the pump has been open. */
int64_t ctl_pump_age_ms(const struct ctl_pump *pump);

/* Everything must have ended. Clears the progress line. */
void ctl_pump_close(struct ctl_pump **pump_p);
