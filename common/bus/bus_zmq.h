#pragma once

#include "common/base/bytes.h"
#include "common/bus/roster.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The sockets of a node: its front door (ROUTER on ipc), for a hub the two
 * bound ones (ROUTER for mail, PUB for public topics), and towards the hub it
 * dials a DEALER and a SUB. One thread owns them all. Frames are single parts;
 * what has more, or comes from nobody the roster knows, is dropped and counted.
 */
struct wu_bus;

struct wu_bus_config {
    const char *front_door;
    unsigned front_door_mode;
    const struct wu_keys *keys;
    uint32_t hub_node; /* 0: dials nobody */
    const char *hub_mail;
    const char *hub_public;
    const char *hub_key;
    const char *listen_mail; /* "": not a hub */
    const char *listen_public;
    const struct wu_roster *roster;
};

WU_CHECKED enum wu_status wu_bus_open(struct wu_bus **ret_bus, const struct wu_bus_config *config,
                                      struct wu_error *reterr);
void wu_bus_close(struct wu_bus **bus_p);

/* Sleeps until a frame waits, signal_fd is readable (*ret_signal) or the time is up. */
void wu_bus_wait(struct wu_bus *bus, int64_t timeout_ms, int signal_fd, bool *ret_signal);

enum wu_received_kind {
    WU_RECEIVED_FRAME,        /* from an authenticated peer: peer, bytes, route */
    WU_RECEIVED_DOOR,         /* from the front door: bytes, route */
    WU_RECEIVED_CONNECTED,    /* to the hub we dial: peer */
    WU_RECEIVED_DISCONNECTED, /* from it */
    WU_RECEIVED_REFUSED,      /* the hub does not know our key */
};

struct wu_received {
    enum wu_received_kind kind;
    uint32_t peer;
    uint64_t route;        /* for wu_bus_reply */
    struct wu_bytes bytes; /* until the next wu_bus_receive */
};

/* The next thing that waits; false when nothing does. Doors and peers take turns. */
bool wu_bus_receive(struct wu_bus *bus, struct wu_received *ret_received);

/* False: no way to that peer now. */
bool wu_bus_send(struct wu_bus *bus, uint32_t peer, struct wu_bytes frame);
bool wu_bus_reply(struct wu_bus *bus, uint64_t route, struct wu_bytes frame);
void wu_bus_publish(struct wu_bus *bus, const char *topic, struct wu_bytes frame);
void wu_bus_subscribe(struct wu_bus *bus, const char *topic);

/* The peer's connection is the one that its Hello came over. */
void wu_bus_adopt(struct wu_bus *bus, uint32_t peer, uint64_t route);

/* Each second: a SUB that has heard nothing for 5 s is made anew. */
void wu_bus_tick(struct wu_bus *bus, int64_t now_ms);

/* New roster: live sessions are cut, so that every key is judged again. */
WU_CHECKED enum wu_status wu_bus_set_roster(struct wu_bus *bus, const struct wu_roster *roster,
                                            struct wu_error *reterr);

/* Frames dropped and handshakes refused since start. */
uint64_t wu_bus_refused_count(const struct wu_bus *bus);
