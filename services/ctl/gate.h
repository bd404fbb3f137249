#pragma once

#include "services/coordinator/core/rule.h"
#include "services/ctl/nodes.h"

/* What the commands about gates, emergencies and rules share. */

/* "100 admin-not-to-socialworker". From the arena. */
const char *ctl_rule_text(struct ctl *ctl, Rule rule);

/* The store of the home's coordinator. CTL_OK, or a ctl_exit with a sentence on stderr. */
int ctl_open_hub(struct ctl *ctl, struct ctl_reader *ret_reader);

/* Sends a command to the home's coordinator; "<what> <its id> <done>" when it is accepted. */
struct ctl_said {
    const char *what;
    const char *done;
};
int ctl_call_hub(struct ctl *ctl, wu_event_type type, const ProtobufCMessage *body,
                 const struct ctl_said *said);

/* The table of overrides by month and rule. */
int ctl_print_override_counts(struct ctl *ctl);
