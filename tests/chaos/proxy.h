#pragma once

#include "tests/support/city.h"

/*
 * The wires between the societies and their hub: a thread that listens for each
 * of them at an address of its own, 127.0.0.<node>, at the hub's two ports, and
 * passes on what it hears. Daemons have to dial there, see city_dial.
 */
struct proxy;
struct proxy *proxy_open(const struct city *city);
void proxy_close(struct proxy **proxy_p);

struct proxy_address {
    char text[16];
};
struct proxy_address proxy_address(int node);

/* All connections of that node end now: by a reset, or as if both ends had closed. */
void proxy_cut(struct proxy *proxy, int node, bool reset);

/* From now on: new connections are turned away; bytes stand still on their way. */
struct proxy_state {
    bool refuses;
    bool stalls_up;   /* to the hub */
    bool stalls_down; /* from the hub */
};
void proxy_set(struct proxy *proxy, int node, struct proxy_state state);

/* Connections made so far. */
uint64_t proxy_connection_count(struct proxy *proxy);
