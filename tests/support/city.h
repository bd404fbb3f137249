#pragma once

#include "common/base/arena.h"
#include "common/bus/client.h"
#include "common/fold/core.h"
#include "common/store/store.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A real city for integration tests: `wushectl init` in a folder of its own, the
 * real daemons on real sockets and files. Each city has a pair of ports that no
 * other test has, so tests may run beside each other. Nothing sleeps: what is
 * waited for is looked at until it is there or the time is up, and a test whose
 * time is up fails with the end of every daemon's log.
 */
struct city;

/* Also their numbers on the bus. */
enum city_node {
    CITY_COORDINATOR = 1,
    CITY_COMMUNITY = 2,
    CITY_SOCIALORG = 3,
    CITY_SOCIALWORKER = 4,
    CITY_VOLUNTEER = 5,
    CITY_CHARITY = 6,
    CITY_END = 7,
};

/* Under sanitizers everything takes longer. */
enum { CITY_WAIT_MS = 30000 };

extern const struct wu_core *const CITY_CORES[CITY_END];

/*
 * A city in three levels: a city, a district with a street below it, and a
 * second district, its sibling. Who dials whom: city.c. Numbers on the bus too.
 */
enum tree_node {
    TREE_CITY = 1,
    TREE_DISTRICT = 2,
    TREE_STREET = 3,
    TREE_COMMUNITY = 4, /* of the street */
    TREE_NEAR_ORG = 5,  /* of the street */
    TREE_SIBLING = 6,
    TREE_FAR_ORG = 7, /* of the sibling */
    TREE_END = 8,
};

/* Nothing runs yet. */
struct city *city_make(void);
struct city *city_make_tree(void);

/* Kills what runs; fails the test when a daemon's log holds a sanitizer's report. */
void city_remove(struct city **city_p);

struct city_path {
    char text[256];
};
/* A path in the city's folder; in that node's folder unless node is 0. */
struct city_path city_path(const struct city *city, int node, const char *name);
unsigned city_port(const struct city *city); /* mail; public is the next */

/* Lines for the end of node.yaml. */
void city_configure(struct city *city, int node, const char *lines);

/* That node finds its hub at another address of this machine, at the same ports. */
void city_dial(struct city *city, int node, const char *address);

/* "NAME=value", for that daemon's environment from its next start; at most CITY_VARIABLES. */
enum { CITY_VARIABLES = 4 };
void city_environment(struct city *city, int node, const char *variable);

/* ---- daemons ---------------------------------------------------------------- */

void city_start(struct city *city, int node);
void city_start_all(struct city *city); /* and waits until all are linked */
bool city_runs(const struct city *city, int node);
void city_signal(struct city *city, int node, int signal);
int city_pid(const struct city *city, int node);

/* Whether it has ended by itself, and how: as city_wait_exit. It does not run any more then. */
bool city_has_ended(struct city *city, int node, int *ret_status);

/* A second daemon with the same files; its end. */
void city_start_twin(struct city *city, int node);
int city_wait_twin(struct city *city);

/* Exit status, or 128 + the signal that ended it. */
int city_wait_exit(struct city *city, int node, int timeout_ms);
void city_kill(struct city *city, int node); /* SIGKILL */
void city_stop(struct city *city, int node); /* SIGTERM, expects 0 */
void city_stop_all(struct city *city);

void city_wait_ready(struct city *city, int node);  /* its door answers */
void city_wait_linked(struct city *city, int node); /* its hub and it greeted each other */
int city_hub(const struct city *city, int node);    /* 0: it dials nobody */

/* Whether the daemon's log, since the city was made, has that text. */
bool city_log_has(const struct city *city, int node, const char *text);

/* ---- waiting ------------------------------------------------------------------ */

int64_t city_now_ms(void); /* steady */
int64_t city_clock_ms(void);

/* One look's distance to the next. */
void city_pause(void);

/* Fails the test, with the end of all logs. */
_Noreturn void city_fail(const struct city *city, const char *format, ...) WU_PRINTF(2, 3);

#define CITY_WAIT(city, condition)                                                               \
    do {                                                                                         \
        int64_t until_ms_ = city_now_ms() + CITY_WAIT_MS;                                        \
        while (!(condition)) {                                                                   \
            if (city_now_ms() > until_ms_) {                                                     \
                city_fail(city, "%s:%d: waited in vain for %s", __FILE__, __LINE__, #condition); \
            }                                                                                    \
            city_pause();                                                                        \
        }                                                                                        \
    } while (false)

/* ---- doors -------------------------------------------------------------------- */

/* A client of that node's door. The caller closes it. */
struct wu_client *city_client(const struct city *city, int node);

/* NULL when it does not answer in time. Lives until the next call of this kind. */
const Bus__Pong *city_ping(struct city *city, int node, int timeout_ms);
bool city_state_is(struct city *city, int node, const char *state);
const Bus__PeerStatus *city_peer(struct city *city, int node, uint32_t peer); /* by a ping */

/* One command, one answer, which lives until the next call of this kind. */
const Bus__Answer *city_call(struct city *city, int node, wu_event_type type,
                             const ProtobufCMessage *body);
/* The same for node `target`, through the door of a coordinator above it. */
const Bus__Answer *city_call_below(struct city *city, int door, int target, wu_event_type type,
                                   const ProtobufCMessage *body);
const Bus__Answer *city_accept(struct city *city, int node, wu_event_type type,
                               const ProtobufCMessage *body); /* must be accepted */

/* Runs `wushectl --home DIR word ...`, NULL ends; returns its exit status, *ret_said what it said.
 */
int city_ctl(struct city *city, const char **ret_said, ...) __attribute__((sentinel));

/* ---- stores -------------------------------------------------------------------- */

/* A snapshot of a node's store, running or not. */
struct city_view {
    struct wu_store *store;
    struct wu_arena arena;
    struct wu_txn *txn;
};
bool city_view_open(const struct city *city, int node,
                    struct city_view *view); /* false: no store */
void city_view_close(struct city_view *view);

/* Copies a stopped node's store aside, or puts the copy back. */
void city_store_save(struct city *city, int node);
void city_store_restore(struct city *city, int node);

/* Folds every stopped node's journal again: all rows and streams must come out the same. */
void city_verify_all(struct city *city);

/*
 * True when nothing is on its way: every mail stream's head is acknowledged and
 * the receiver's cursor is behind it, with the same hash and generation; the
 * same for what the community follows. Says why not otherwise.
 */
bool city_is_settled(const struct city *city, char *why, size_t why_size);
void city_wait_settled(struct city *city);
