#pragma once

#include "services/ctl/ctl.h"
#include "services/ctl/parse.h"

/*
 * Which node, and its store as a reader sees it.
 */

/* Now, and the city's local time. */
struct ctl_clock ctl_clock_now(struct ctl *ctl);

/*
 * The node of that role that is responsible for the division: of several the
 * one with the smallest area, of none the first. NULL with a sentence.
 */
const struct ctl_node *ctl_node_for(struct ctl *ctl, const char *role, uint64_t division);

/* Role and number, "volunteer#5". From the arena. */
const char *ctl_node_text(struct ctl *ctl, const struct ctl_node *node);

/*
 * A snapshot of one node's store. Rows are unpacked into ctl->arena: a loop
 * marks and resets it. `txn` is NULL when it is not open.
 */
struct ctl_reader {
    const struct ctl_node *node;
    struct wu_store *store;
    struct wu_txn *txn;
};

/* CTL_OK, or a ctl_exit with a sentence on stderr. */
int ctl_reader_open(struct ctl *ctl, const struct ctl_node *node, struct ctl_reader *ret_reader);
void ctl_reader_close(struct ctl_reader *reader);

/* Ends the snapshot and begins a fresh one: for loops longer than a second. */
int ctl_reader_renew(struct ctl *ctl, struct ctl_reader *reader);

/*
 * The stores of all nodes, opened as they are asked for. A store that cannot be
 * opened is told of once and then NULL.
 */
struct ctl_city {
    struct ctl *ctl;
    struct ctl_reader readers[64]; /* as ctl->nodes */
    bool tried[64];
};

void ctl_city_open(struct ctl *ctl, struct ctl_city *ret_city);
void ctl_city_close(struct ctl_city *city);
struct wu_txn *ctl_city_txn(struct ctl_city *city, const struct ctl_node *node);
struct wu_txn *ctl_city_txn_of_number(struct ctl_city *city, uint64_t node);

/* Nodes whose role offers and delivers steps: all but community and coordinator. */
bool ctl_node_provides(const struct ctl_node *node);

/*
 * A folder for a store that a journal is folded into again. It is in the node's
 * own folder: the copy may become as large as the store, /tmp may be small.
 */
WU_CHECKED enum wu_status ctl_make_scratch(const struct ctl_node *node, char *path,
                                           size_t path_size, struct wu_error *reterr);
void ctl_remove_scratch(const char *path);

/* False with a sentence on stderr unless the text is one number like "2-1042". */
bool ctl_parse_id(const char *text, const char *what, struct wu_id *ret_id);
