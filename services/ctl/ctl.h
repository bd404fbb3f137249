#pragma once

#include "common/base/arena.h"
#include "common/bus/client.h"
#include "common/daemon/config.h"
#include "common/fold/core.h"
#include "common/store/store.h"

#include <stdbool.h>
#include <stdio.h>

/*
 * wushectl: what every command shares. A home is a folder with one folder per
 * node, each holding node.yaml, node.key, door (the socket) and state/ (the
 * store). Commands go through a node's front door; lists and traces are read
 * from the stores with short read transactions, so they work on a stopped node
 * too.
 *
 * Exit status: 0 done; 1 refused by the domain (each refusal printed with its
 * code); 2 wrong command line or file; 3 a node does not answer; 4 the system
 * failed (disk, memory); 5 something was found wrong (doctor, store verify).
 */
enum ctl_exit {
    CTL_OK = 0,
    CTL_REFUSED = 1,
    CTL_USAGE = 2,
    CTL_NO_ANSWER = 3,
    CTL_FAILED = 4,
    CTL_FOUND = 5,
};

extern const struct wu_core
    *const CTL_CORES[]; /* the six, NULL ends: the one list of roles in ctl */

struct ctl_node {
    char folder[256];
    struct wu_config config;
};

struct ctl_command;

#define CTL_GLOBAL_OPTIONS "--home --json --quiet --timeout --help --version"

struct ctl {
    const struct ctl_command *command; /* the one that runs */
    const char
        *home; /* --home, else $WUSHE_HOME, else the first of ./city and <build>/city that exists */
    bool json; /* --json: one JSON value or one per line, nothing else on stdout */
    bool quiet;     /* --quiet: no progress */
    bool colour;    /* stdout is a terminal, NO_COLOR is not set and TERM is not "dumb" */
    int timeout_ms; /* --timeout SECONDS, default 10 s: for one answer */
    struct ctl_node nodes[64];
    size_t node_count;
    size_t broken_count;   /* nodes whose node.yaml is wrong: told of, and left out */
    bool folder_is_closed; /* a folder of the home may not be looked into by this user */
    struct wu_arena arena; /* of one command; a loop marks and resets it */
};

/* One command, or with `run` NULL a heading whose `help` is its text. */
struct ctl_command {
    const char *name;  /* "linkage trace" */
    const char *usage; /* "NUMBER" */
    const char *help;  /* first line: one sentence; further lines: the rest of --help */
    int (*run)(struct ctl *ctl, int argc,
               char **argv); /* argv[0] is the first word after the name */
};
extern const struct ctl_command CTL_COMMANDS[]; /* name NULL ends */

/* Reads the home's nodes; a sentence on stderr and false when there is no home. */
bool ctl_load_home(struct ctl *ctl);

/* The node of that role, or NULL with a sentence on stderr. */
const struct ctl_node *ctl_node_of_role(struct ctl *ctl, const char *role);
const struct ctl_node *ctl_node_of_number(struct ctl *ctl, uint64_t node);

/* By role or by number, as a person writes it. */
const struct ctl_node *ctl_node_named(struct ctl *ctl, const char *name);

/* The core of a node's role, or NULL with a sentence on stderr. */
const struct wu_core *ctl_core_of(const struct ctl_node *node);

/* NULL with a sentence on stderr. The caller closes. */
struct wu_client *ctl_open_door(struct ctl *ctl, const struct ctl_node *node);

/* A reader of the node's store with its core's tables and the framework's. NULL with a sentence. */
struct wu_store *ctl_open_store(struct ctl *ctl, const struct ctl_node *node);

/* Sends one command, prints a refusal (code and sentence) on stderr. CTL_OK, CTL_REFUSED ... */
int ctl_call(struct ctl *ctl, const struct ctl_node *node, const struct wu_command *command,
             const Bus__Answer **ret_answer);

/* "ctl: <sentence>" on stderr; returns status. */
int ctl_complain(int status, const char *format, ...) WU_PRINTF(2, 3);

/*
 * Tables for people by libsmartcols (widths right for Chinese), the same rows
 * as one JSON array with --json. Values are copied.
 */
struct ctl_table;
struct ctl_table *ctl_table_new(struct ctl *ctl, const char *name, const char *const *columns);
void ctl_table_row(struct ctl_table *table,
                   const char *const *values);    /* as many as columns; NULL: empty */
void ctl_table_print(struct ctl_table **table_p); /* prints and frees */

/* On a terminal, long cells are broken into lines so that the table fits its width. */
void ctl_table_wrap(struct ctl_table *table);

/* "2026-11-24 22:15" in the city's local time; "-" for 0 and never. From the arena. */
const char *ctl_time_text(struct ctl *ctl, int64_t time_ms);

/*
 * Value of an option "--name VALUE" or "--name=VALUE" taken out of argv, or
 * NULL; name may come with its dashes or without.
 */
const char *ctl_option(int *argc, char **argv, const char *name);
bool ctl_flag(int *argc, char **argv, const char *name);

/*
 * After every option was taken out: true when min to max words are left and
 * none of them is an option. Else a sentence about the first that is wrong,
 * with the nearest option of this command, on stderr.
 */
bool ctl_arguments(struct ctl *ctl, int argc, char **argv, int min, int max);
