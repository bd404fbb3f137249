#pragma once

#include "common/base/assert.h"
#include "common/journal/node.h"

/* What the files of this folder share, and nobody else sees. */

/* A follower of one stream: what it told us, and whether that is written down. */
struct follower {
    struct wu_follower_key key;
    uint64_t next;
    bool parked;
    int64_t since_ms;
    char halted[96];
    uint64_t halted_head;
    bool dirty;
};

/* Values as of the last commit, and as the running batch has them. */
struct stream_state {
    struct wu_stream committed;
    struct wu_stream working;
    bool dirty;
    bool stored; /* has a row */
};

struct cursor_state {
    struct wu_cursor_key key;
    struct wu_cursor committed;
    struct wu_cursor working;
    bool dirty;
};

struct meta_state {
    uint32_t generation;
    uint64_t generation_seq;
    uint64_t journal_seq;
    int64_t time_ms;
};

struct wu_node {
    struct wu_node_config config;
    struct wu_store *store;
    struct wu_arena arena; /* of the batch */

    struct meta_state committed;
    struct meta_state working;
    int64_t now_ms; /* of the running batch */
    int64_t next_due_ms;
    uint64_t dead_count;
    uint64_t repeat_count;
    uint64_t door_duties; /* see struct wu_node_info */

    struct stream_state *streams; /* sorted by stream number */
    size_t stream_count;
    struct cursor_state *cursors; /* sorted by node, then stream */
    size_t cursor_count;
    struct follower *followers; /* sorted by stream, then node */
    size_t follower_count;
    bool followers_dirty;

    struct wu_input *inputs;
    size_t input_count;
    struct wu_timer_key *timer_keys; /* as many as inputs */
    size_t decoded_bytes;            /* arena mark behind the decoded inputs */
    struct wu_output *outputs;
    size_t output_count;
    size_t output_max;
};

struct wu_step {
    struct wu_node *node;
    struct wu_txn *txn;
    struct wu_event event;
    const struct wu_core *core;
    uint16_t next_n;
    uint32_t via; /* see struct wu_input */
    const uint64_t *kept_from;
    size_t kept_count;
    bool is_command;
    Bus__Answer *answer; /* of a command */
    bool failed;
    char why[256];
};

/* ---- stream.c -------------------------------------------------------------- */

/* Loads streams, cursors and followers from the store. */
enum wu_status wu_streams_load(struct wu_node *node, struct wu_txn *txn);

/* NULL when there is none of that number. */
struct stream_state *wu_stream_find(const struct wu_node *node, uint32_t stream);

/* The stream, made if it is not there; NULL when there is no memory. name NULL: mail to `stream`.
 */
struct stream_state *wu_stream_of(struct wu_node *node, uint32_t stream, const char *name);
struct stream_state *wu_public_stream_of(struct wu_node *node, const char *topic);

/* Chains and stores one record. */
void wu_stream_append(struct wu_node *node, struct wu_txn *txn, struct stream_state *stream,
                      const Envelope__Envelope *envelope);

struct cursor_state *wu_cursor_of(struct wu_node *node, uint32_t peer, const char *stream);
void wu_cursor_advance(struct cursor_state *cursor, const struct wu_input *input);

/* The stream starts again at 1 under that generation; records from keep_from on go along. */
void wu_streams_begin_generation(struct wu_node *node, struct wu_txn *txn,
                                 struct stream_state *stream, uint64_t keep_from,
                                 uint32_t generation);

/* Rows of what changed, once per batch; then trimming. */
void wu_streams_flush(struct wu_node *node, struct wu_txn *txn);
void wu_streams_committed(struct wu_node *node);
void wu_streams_aborted(struct wu_node *node);

/* ---- step.c ---------------------------------------------------------------- */

/*
 * Folds one input that is not dead: decodes it, gives it to its handler. True
 * unless it is poison, then step->why says why.
 */
bool wu_step_fold(struct wu_step *step, const struct wu_input *input);

/* What must still be said when the input is dead. */
void wu_step_dead(struct wu_step *step, const struct wu_input *input);

/* ---- batch.c --------------------------------------------------------------- */

/*
 * Journals and folds one input inside the transaction. Also the heart of
 * replay. False: it is poison, the transaction must be dropped; input->dead and
 * why_dead are set for the next try.
 */
bool wu_fold_input(struct wu_node *node, struct wu_txn *txn, struct wu_input *input);
void wu_node_flush(struct wu_node *node, struct wu_txn *txn);
void wu_node_committed(struct wu_node *node);
void wu_node_aborted(struct wu_node *node);
