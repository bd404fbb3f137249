#pragma once

#include "services/ctl/case.h"

/*
 * The story of one linkage: who did what, when and why, in plain words. It is
 * made from what the stores hold, in the order of time; what is still waited
 * for comes last.
 */
struct ctl_trace_entry {
    int64_t time_ms;             /* 0: not yet, it is waited for */
    int order;                   /* among entries of one millisecond: causes first */
    const char *who;             /* the body */
    const struct ctl_node *node; /* its node; NULL when it is not in this home */
    uint32_t step_no;            /* 0: the linkage as a whole */
    const char *what;
    const char *why;
};

enum { CTL_TRACE_ENTRIES_MAX = 640 };

struct ctl_trace {
    struct ctl_case *the_case;
    struct ctl_trace_entry entries[CTL_TRACE_ENTRIES_MAX];
    size_t count;
    uint32_t dropped_count; /* older ones that the coordinator no longer holds */
};

/* Texts live in the arena. */
void ctl_trace_make(struct ctl_case *the_case, struct ctl_trace *ret_trace);
