#pragma once

#include "common/bus/exchange.h"

/*
 * A hub (node 1) and societies (2, 3 ...) in one process: real nodes over
 * temporary stores, the real exchange, and between them frames in memory that a
 * seeded generator drops, doubles, delays and cuts. Time moves only when told.
 *
 * The core is a toy. A letter carries a count that rises by one per pair of
 * nodes; whoever gets one that is not next notes it as odd. News are public
 * records about one of a few subjects; the last one of each counts.
 */
struct wire;

struct wire_config {
    uint64_t seed;
    uint32_t leaf_count; /* 0: 1 */
    /* of a thousand frames, while the weather is bad */
    uint64_t drop;
    uint64_t duplicate;
    uint64_t delay;
    uint64_t window_count;      /* 0: 600 */
    uint64_t stream_keep_count; /* as they are: 0 keeps nothing */
    uint64_t public_keep_count; /* 0: 1000 */
    uint32_t subject_count;     /* of the news; 0: 7 */
    const char *follow;         /* of every line of the roster; NULL: "*" */
};

struct wire *wire_open(const struct wire_config *config);
void wire_close(struct wire **wire_p);

struct wu_node *wire_node(struct wire *wire, uint32_t node);
struct wu_exchange *wire_exchange(struct wire *wire, uint32_t node);

/* Fair weather is without loss, in order, at once. It begins fair. */
void wire_weather(struct wire *wire, bool bad);

/* A connection between a society and the hub begins or ends; frames under way are lost with it. */
void wire_connect(struct wire *wire, uint32_t leaf);
void wire_cut(struct wire *wire, uint32_t leaf);

/* As after kill -9: what was not committed is gone, and so are its connections. */
void wire_restart(struct wire *wire, uint32_t node);

/* The store as it is now, and back to it. One copy per node. */
void wire_backup(struct wire *wire, uint32_t node);
void wire_restore(struct wire *wire, uint32_t node);

/* One command each, committed at once. */
void wire_letters(struct wire *wire, uint32_t from, uint32_t to, uint32_t count);
void wire_news(struct wire *wire, uint32_t count);
void wire_publish(struct wire *wire, uint32_t leaf, bool own_topic);

/*
 * `halted` streams of that node start again under a new generation, as
 * `wushectl generation begin` does it: with what the follower cannot have.
 */
void wire_begin_generation(struct wire *wire, uint32_t node, uint32_t peer, uint64_t keep_from);

/* One batch of one node out of the frames that have arrived. True when it did anything. */
bool wire_turn(struct wire *wire, uint32_t node);
/* Frames come in as in wire_turn, but the batch stays open: nothing of it is on disk. */
void wire_turn_open(struct wire *wire, uint32_t node);
/* The same, and then the batch is dropped, as when the disk is full. */
void wire_turn_dropped(struct wire *wire, uint32_t node);
/* The same, and then the node dies. */
void wire_turn_lost(struct wire *wire, uint32_t node);

/* Time passes; nodes take turns, ticks fall each second. */
void wire_run(struct wire *wire, int64_t span_ms);

/* Fair weather until every stream is at its followers. False after a minute of their time. */
bool wire_settle(struct wire *wire);

/* ---- looking ---------------------------------------------------------------- */

int64_t wire_now_ms(const struct wire *wire);
uint64_t wire_letter_count(struct wire *wire, uint32_t from, uint32_t at);
uint64_t wire_odd_count(struct wire *wire, uint32_t at);
bool wire_news_are_equal(struct wire *wire, uint32_t leaf);

/* The newest report of that word at that node, or NULL; and how many. */
const char *wire_report(const struct wire *wire, uint32_t node, const char *event);
size_t wire_report_count(const struct wire *wire, uint32_t node, const char *event);

/* Frames of that kind that were handed to the transport since the start. */
uint64_t wire_sent_count(const struct wire *wire, Bus__Frame__BodyCase body_case);

/* The most records that were on their way to a peer without its word for them. */
uint64_t wire_in_flight_max(const struct wire *wire);

/* A frame by hand, as if the peer had sent it. The body is packed before it returns. */
void wire_forge(struct wire *wire, uint32_t from, uint32_t to, Bus__Frame__BodyCase body_case,
                ProtobufCMessage *body);
