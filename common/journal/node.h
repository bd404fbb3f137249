#pragma once

#include "common/base/arena.h"
#include "common/base/bytes.h"
#include "common/fold/core.h"
#include "common/journal/tables.h"
#include "common/store/store.h"

/*
 * A node without its sockets: store, journal, streams, cursors, timers and the
 * core that folds. Whoever drives it (the daemon's loop, a test, the simulator)
 * brings inputs and the time, and carries the outputs away after the commit.
 *
 *   wu_node_begin -> wu_node_add ... -> wu_node_run -> answers, outputs -> wu_node_begin ...
 *
 * wu_node_run puts everything of the batch into one transaction: journal
 * entries, rows, cursors, output streams, answers. When it returns WU_OK all of
 * that is on disk; before, nothing may be told to anybody.
 */
struct wu_node;

enum { WU_HASH_BYTES = 32 };
#define WU_NO_WAY UINT32_MAX

struct wu_node_config {
    const char *store_path;
    const struct wu_core *core;
    uint32_t node; /* 1 ... */
    uint32_t hub;  /* 0: none (a hub at the top) */
    uint64_t division;
    int64_t utc_offset_min;
    size_t map_bytes;
    size_t map_bytes_max;
    size_t arena_bytes;
    size_t batch_count_max;
    uint64_t stream_keep_count; /* acknowledged mail kept */
    uint64_t public_keep_count; /* of a public topic, before a slow follower is parked */
    bool scratch;               /* see struct wu_store_config */
};

/* WU_INVALID when the store belongs to another node or role. */
WU_CHECKED enum wu_status wu_node_open(struct wu_node **ret_node,
                                       const struct wu_node_config *config,
                                       struct wu_error *reterr);
void wu_node_close(struct wu_node **node_p);

/* What a node knows of itself; as of the last commit. */
struct wu_node_info {
    uint32_t node;
    uint32_t hub;
    uint64_t division;
    uint32_t generation;
    uint64_t journal_seq;
    int64_t time_ms;       /* of the last event */
    int64_t next_due_ms;   /* first timer; WU_TIME_NEVER */
    uint64_t dead_count;   /* events put with the dead letters since start */
    uint64_t repeat_count; /* commands answered from the record since start */
    uint64_t door_duties;  /* rises when a core destroys a key: the door has to (common/seal) */
};
struct wu_node_info wu_node_info(const struct wu_node *node);
const struct wu_core *wu_node_core(const struct wu_node *node);
struct wu_store *wu_node_store(struct wu_node *node);
/* Of the running batch: what wu_node_begin gave. */
struct wu_arena *wu_node_arena(struct wu_node *node);

/* ---- inputs ---------------------------------------------------------------- */

struct wu_input {
    enum wu_origin origin;
    struct wu_bytes record; /* command: packed Submit; mail, public: packed Envelope; timer: packed
                               TimerFired */
    uint32_t from_node;     /* mail, public */
    const char *stream;     /* mail, public: "to/<this node>" or "pub/<topic>" */
    uint32_t generation;    /* mail, public: of the stream */
    uint64_t number;        /* mail, public: in the stream */
    bool snapshot;          /* public: record is a packed Snapshot, number its upto.next */
    const uint8_t *hash; /* mail, public: chain hash of the record if the driver has it, or NULL */
    const struct wu_timer_key *timer;
    uint32_t via; /* a command for another node, or one forwarded: where it goes next; 0: to its
                     target; WU_NO_WAY: nobody knows the target */
    const uint64_t *kept_from; /* replay of a new generation: see JournalRow */
    size_t kept_count;
    uint64_t tag; /* the driver's own: whom to answer */

    /* Filled in by wu_node_run. */
    uint64_t seq;              /* 0: a repeat, or a timer cancelled meanwhile; nothing was folded */
    const Bus__Answer *answer; /* command */
    bool dead;
    const char *why_dead;
};

/* Starts a batch: what the last one made is gone. Its arena is for decoding inputs. */
struct wu_arena *wu_node_begin(struct wu_node *node);

/* A copy of the bytes that lives as long as the batch; data is NULL when there is no room. */
struct wu_bytes wu_node_keep(struct wu_node *node, const void *bytes, size_t size);

/* Room for one more input, or NULL: the batch is full. */
struct wu_input *wu_node_add(struct wu_node *node);

size_t wu_node_input_count(const struct wu_node *node);
struct wu_input *wu_node_input(struct wu_node *node, size_t index);

/* Adds the timers that are due, soonest first, as far as the batch has room. */
WU_CHECKED enum wu_status wu_node_add_due_timers(struct wu_node *node, int64_t now_ms);

/*
 * Numbers, journals, folds and commits. An input whose handler fails is put
 * with the dead letters and the rest is folded without it. Retries by itself
 * after growing the map or with smaller transactions. Anything but WU_OK:
 * publish nothing, exit, start again; WU_FULL means the map may not grow.
 */
WU_CHECKED enum wu_status wu_node_run(struct wu_node *node, int64_t now_ms);

/* ---- outputs --------------------------------------------------------------- */

/* One record appended by the last batch; lives until wu_node_begin. */
struct wu_output {
    uint32_t stream;
    uint64_t number;
    struct wu_bytes record;
    uint8_t hash[WU_HASH_BYTES]; /* of this record */
};
const struct wu_output *wu_node_outputs(const struct wu_node *node, size_t *ret_count);

/* ---- streams, as of the last commit ---------------------------------------- */

struct wu_stream {
    uint32_t stream; /* see struct wu_stream_key */
    char name[96];
    uint32_t generation;
    uint64_t head;  /* last number; 0: none yet */
    uint64_t first; /* oldest held */
    uint64_t bytes;
    uint8_t hash[WU_HASH_BYTES]; /* of record head */
};

/* The mail stream to a peer; an empty one of the node's generation when there is none yet. */
struct wu_stream wu_node_mail_stream(const struct wu_node *node, uint32_t peer);
size_t wu_node_public_count(const struct wu_node *node);
struct wu_stream wu_node_public_stream(const struct wu_node *node, size_t index);
/* By name, "pub/<topic>"; false when this node has none of that name. */
bool wu_node_find_public(const struct wu_node *node, const char *name,
                         struct wu_stream *ret_stream);

/* Hash of one held record. number 0, and first - 1 when that is 0, is the empty hash (all zero). */
WU_CHECKED enum wu_status wu_node_hash_at(struct wu_node *node, uint32_t stream, uint64_t number,
                                          uint8_t ret_hash[WU_HASH_BYTES]);

/*
 * Consecutive records from a number on, at most count_max and about bytes_max,
 * copied into the arena. WU_NOT_FOUND when `from` is no longer held.
 */
WU_CHECKED enum wu_status wu_node_read_records(struct wu_node *node, uint32_t stream, uint64_t from,
                                               size_t count_max, size_t bytes_max,
                                               struct wu_arena *arena,
                                               struct wu_output **ret_records, size_t *ret_count);

/*
 * The last record of each subject of a public stream, packed as a Snapshot, in
 * pieces that fit a frame. Begin with {.more = true}; while `more` is true the
 * next call brings the next piece. Between two calls no batch may run.
 */
struct wu_snapshot_place {
    struct wu_latest_key last;
    uint32_t piece;
    bool more;
};
WU_CHECKED enum wu_status wu_node_read_snapshot(struct wu_node *node, uint32_t stream,
                                                struct wu_snapshot_place *place,
                                                struct wu_arena *arena,
                                                struct wu_bytes *ret_snapshot);

/* How far this node has folded a peer's stream. next is 1 and the hash zero at the start. */
struct wu_cursor {
    uint32_t generation; /* 0: nothing seen yet */
    uint64_t next;
    uint8_t hash[WU_HASH_BYTES]; /* of record next - 1 */
};
struct wu_cursor wu_node_cursor(const struct wu_node *node, uint32_t peer, const char *stream);

/* H(previous || record): BLAKE2b-256. */
void wu_chain_hash(const uint8_t previous[WU_HASH_BYTES], struct wu_bytes record,
                   uint8_t ret_hash[WU_HASH_BYTES]);

/* ---- followers ------------------------------------------------------------- */

/*
 * A follower has everything before `next` on its disk. Written down, and the
 * stream trimmed behind it, with the next batch.
 */
void wu_node_acked(struct wu_node *node, uint32_t stream, uint32_t peer, uint64_t next);

/* Whether something that followers said is not written down yet. */
bool wu_node_has_news(const struct wu_node *node);

/* Last acknowledged `next` of that follower; 1 when it never said. */
uint64_t wu_node_acked_next(const struct wu_node *node, uint32_t stream, uint32_t peer);

/*
 * That stream cannot go on to that follower (diverged, or trimmed past it).
 * keep_from is the first record that the follower cannot have: `generation
 * begin` takes it and what follows along. The first mark stands; NULL takes it
 * away.
 */
void wu_node_set_halted(struct wu_node *node, uint32_t stream, uint32_t peer, const char *why,
                        uint64_t keep_from);
