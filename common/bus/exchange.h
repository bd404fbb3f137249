#pragma once

#include "common/bus/frame.h"
#include "common/bus/roster.h"
#include "common/journal/node.h"

/*
 * What a node says to its peers and when: the protocol of the bus without any
 * socket or clock, so that the simulator drives the very same code.
 *
 * Mail goes both ways over one link per peer. Each side says where it stands
 * (Hello), the sender goes on from there (Batch) within a window, the receiver
 * answers with its cursor once it is on disk (Ack). Public topics are published
 * as they come and repaired by number: a hole, or a head we have not reached,
 * means Fetch; too far behind means Snapshot. Two pasts that differ stop the
 * link loudly (Halt): nothing is skipped, no number is used twice.
 *
 * Source: common/bus/README.md.
 */
struct wu_exchange;

struct wu_exchange_ops {
    /* One frame to a peer. False: it cannot go now; the next Hello or tick makes up for it. */
    bool (*send)(void *context, uint32_t peer, struct wu_bytes frame);
    /* One frame to everybody who subscribed to the topic. */
    void (*publish)(void *context, const char *topic, struct wu_bytes frame);
    /* From now on this topic of the hub is wanted. Called once per topic. */
    void (*subscribe)(void *context, const char *topic);
    /* Something an operator should see; event is a stable word. */
    void (*report)(void *context, bool bad, const char *event, uint32_t peer, const char *text);
};

struct wu_exchange_config {
    struct wu_node *node;
    const struct wu_roster *roster; /* of a hub; NULL: this node only dials */
    uint64_t window_count;
    struct wu_exchange_ops ops;
    void *context;
};

WU_CHECKED enum wu_status wu_exchange_open(struct wu_exchange **ret_exchange,
                                           const struct wu_exchange_config *config);
void wu_exchange_close(struct wu_exchange **exchange_p);

/* The roster was read again: links of nodes that are no longer in it end. */
void wu_exchange_set_roster(struct wu_exchange *exchange, const struct wu_roster *roster);

/* The dialling side has a fresh connection to its hub: say Hello. */
void wu_exchange_connected(struct wu_exchange *exchange, uint32_t peer, int64_t now_ms);
void wu_exchange_disconnected(struct wu_exchange *exchange, uint32_t peer);

/*
 * A frame from an authenticated peer, decoded into the arena of the running
 * batch. Records become inputs of that batch. Never for Submit, Answer, Ping
 * and Pong, which are not between nodes. WU_CORRUPT: it breaks the protocol.
 */
WU_CHECKED enum wu_status wu_exchange_receive(struct wu_exchange *exchange, uint32_t peer,
                                              const Bus__Frame *frame, int64_t now_ms);

/* After wu_node_run came back with WU_OK: acknowledge, push, publish. */
void wu_exchange_committed(struct wu_exchange *exchange);

/* The batch was dropped instead: what was taken for it comes again. */
void wu_exchange_dropped(struct wu_exchange *exchange);

/* Each second, between two batches: heads, positions, silent links. */
void wu_exchange_tick(struct wu_exchange *exchange, int64_t now_ms);

/*
 * True while this node's own past is not what a peer remembers of it (restored
 * from a backup): no input may be taken until an operator has looked. Only
 * BeginGeneration is let through.
 */
bool wu_exchange_is_diverged(const struct wu_exchange *exchange);

/*
 * False from the start until the hub has agreed with this node's past, unless
 * the hub never had anything of it. Until then this store may be an older copy
 * without knowing it, and every number it gave out might be one that the hub
 * knows with another meaning: take nothing in. A hub is proven from the start: it
 * has nobody to ask, or goes on alone while the hub it dials is away.
 */
bool wu_exchange_is_proven(const struct wu_exchange *exchange);

/* True when every record for every connected peer is on that peer's disk. */
bool wu_exchange_is_drained(const struct wu_exchange *exchange);

size_t wu_exchange_peer_count(const struct wu_exchange *exchange);
/* Fills a PeerStatus whose texts live as long as the exchange, until it changes. */
void wu_exchange_peer_status(const struct wu_exchange *exchange, size_t index,
                             Bus__PeerStatus *ret_status);
