#pragma once

#include "services/ctl/nodes.h"

/*
 * A command out of its options, by its schema: an option is a field's name with
 * '-' for '_' and without its unit, "--registered-until" for
 * registered_until_ms. Times, yuan, divisions and words are read as everywhere;
 * of a day, a time that ends something is its last millisecond. A list is given
 * by "a;b;c". The first `word_count` fields are plain words, in order.
 */
struct ctl_form {
    const char *role; /* of the node that takes it */
    wu_event_type type;
    const ProtobufCMessageDescriptor *schema;
    int word_count;
    const char *done; /* "registered" */
};

/* Reads argv, sends, and says "<first word> <done>". A ctl_exit. */
int ctl_form_run(struct ctl *ctl, int argc, char **argv, const struct ctl_form *form);

/* Defines cmd_<name>. */
#define CTL_FORM(name, ...)                                \
    int cmd_##name(struct ctl *ctl, int argc, char **argv) \
    {                                                      \
        static const struct ctl_form FORM = {__VA_ARGS__}; \
        return ctl_form_run(ctl, argc, argv, &FORM);       \
    }
