#pragma once

#include "services/ctl/catalogue.h"
#include "services/ctl/ctl.h"

/* One thing that is wrong in the files of a catalogue. */
struct ctl_catalogue_fault {
    const char *file;
    unsigned line;
    const char *sentence;
    struct ctl_catalogue_fault *next; /* in the order they were found */
};

struct ctl_catalogue_files {
    struct ctl_catalogue catalogue;
    size_t file_count;
    struct ctl_catalogue_fault *first_fault;
    struct ctl_catalogue_fault *last_fault;
    struct wu_arena *arena;
};

/*
 * Reads one file, or every *.yaml of a folder by name; all of it lives in
 * ctl->arena. The clock must outlive it. CTL_OK, faults or not; else a ctl_exit
 * with a sentence on stderr.
 */
int ctl_catalogue_load(struct ctl *ctl, const char *path, const struct ctl_clock *clock,
                       struct ctl_catalogue_files **ret_files);

/* The same; when there are faults they are told on stderr and it is CTL_USAGE. */
int ctl_catalogue_load_good(struct ctl *ctl, const char *path, const struct ctl_clock *clock,
                            struct ctl_catalogue_files **ret_files);

/* By what --node says, else the first there is; NULL with a sentence on stderr. */
const struct ctl_node *ctl_coordinator(struct ctl *ctl, const char *number);
