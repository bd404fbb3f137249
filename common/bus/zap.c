#include "common/bus/zap.h"

#include "common/bus/socket.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

struct wu_zap {
    void *socket;
    pthread_t thread;
    pthread_mutex_t lock; /* over roster */
    struct wu_roster roster;
    atomic_uint_fast64_t refused_count;
};

enum { PARTS = 7, PART_BYTES = 256 };

/* version, request id, domain, address, identity, mechanism, credentials */
struct request {
    char part[PARTS][PART_BYTES];
    size_t size[PARTS];
    size_t count;
};

/* False when the context is going down. */
static bool receive_request(struct wu_zap *zap, struct request *request)
{
    int more = 1;
    size_t more_size = sizeof more;
    memset(request, 0, sizeof *request);
    for (size_t part = 0; more; part++) {
        char buffer[PART_BYTES];
        int size = zmq_recv(zap->socket, buffer, sizeof buffer, 0);
        if (size < 0) {
            return false;
        }
        if (part < PARTS && (size_t)size < PART_BYTES) {
            memcpy(request->part[part], buffer, (size_t)size);
            request->size[part] = (size_t)size;
        }
        request->count = part + 1;
        if (zmq_getsockopt(zap->socket, ZMQ_RCVMORE, &more, &more_size) != 0) {
            return false;
        }
    }
    return true;
}

/* The node that this request's key belongs to; 0: refused. */
static uint32_t judge(struct wu_zap *zap, const struct request *request)
{
    char key[WU_KEY_TEXT_BYTES];
    if (request->count != PARTS || strcmp(request->part[0], "1.0") != 0 ||
        strcmp(request->part[2], WU_ZAP_DOMAIN) != 0 || strcmp(request->part[5], "CURVE") != 0 ||
        request->size[6] != 32 ||
        zmq_z85_encode(key, (const uint8_t *)request->part[6], 32) == NULL) {
        return 0;
    }
    (void)pthread_mutex_lock(&zap->lock);
    const struct wu_roster_entry *entry = wu_roster_by_key(&zap->roster, key);
    uint32_t node = entry != NULL && entry->active ? entry->node : 0;
    (void)pthread_mutex_unlock(&zap->lock);
    return node;
}

static void reply(struct wu_zap *zap, const struct request *request, uint32_t node)
{
    char user_id[16] = "";
    if (node != 0) {
        (void)snprintf(user_id, sizeof user_id, "%u", node);
    }
    const char *status = node != 0 ? "200" : "400";
    const char *text = node != 0 ? "OK" : "this key is not in the roster";
    (void)zmq_send(zap->socket, "1.0", 3, ZMQ_SNDMORE);
    (void)zmq_send(zap->socket, request->part[1], request->size[1], ZMQ_SNDMORE);
    (void)zmq_send(zap->socket, status, 3, ZMQ_SNDMORE);
    (void)zmq_send(zap->socket, text, strlen(text), ZMQ_SNDMORE);
    (void)zmq_send(zap->socket, user_id, strlen(user_id), ZMQ_SNDMORE);
    (void)zmq_send(zap->socket, "", 0, 0);
}

static void *serve(void *argument)
{
    struct wu_zap *zap = argument;
    struct request request;
    while (receive_request(zap, &request)) {
        uint32_t node = judge(zap, &request);
        if (node == 0) {
            atomic_fetch_add(&zap->refused_count, 1);
        }
        reply(zap, &request, node);
    }
    (void)zmq_close(zap->socket);
    return NULL;
}

enum wu_status wu_zap_start(struct wu_zap **ret_zap, void *zmq, struct wu_error *reterr)
{
    struct wu_zap *zap = calloc(1, sizeof *zap);
    if (zap == NULL) {
        return wu_error_set(reterr, WU_NO_MEMORY, "no memory for the ZAP handler");
    }
    int linger = 0;
    (void)pthread_mutex_init(&zap->lock, NULL);
    zap->socket = zmq_socket(zmq, ZMQ_REP);
    if (zap->socket == NULL ||
        zmq_setsockopt(zap->socket, ZMQ_LINGER, &linger, sizeof linger) != 0 ||
        zmq_bind(zap->socket, "inproc://zeromq.zap.01") != 0 ||
        pthread_create(&zap->thread, NULL, serve, zap) != 0) {
        wu_error_set(reterr, WU_IO, "the ZAP handler does not start: %s", zmq_strerror(errno));
        if (zap->socket != NULL) {
            (void)zmq_close(zap->socket);
        }
        free(zap);
        return WU_IO;
    }
    *ret_zap = zap;
    return WU_OK;
}

void wu_zap_stop(struct wu_zap **zap_p)
{
    struct wu_zap *zap = *zap_p;
    if (zap == NULL) {
        return;
    }
    (void)pthread_join(zap->thread, NULL);
    (void)pthread_mutex_destroy(&zap->lock);
    wu_roster_free(&zap->roster);
    free(zap);
    *zap_p = NULL;
}

enum wu_status wu_zap_set_roster(struct wu_zap *zap, const struct wu_roster *roster)
{
    struct wu_roster copy = {.count = roster->count};
    copy.entries = calloc(roster->count + 1, sizeof *copy.entries);
    if (copy.entries == NULL) {
        return WU_NO_MEMORY;
    }
    for (size_t index = 0; index < roster->count; index++) {
        copy.entries[index] = roster->entries[index];
    }
    (void)pthread_mutex_lock(&zap->lock);
    struct wu_roster old = zap->roster;
    zap->roster = copy;
    (void)pthread_mutex_unlock(&zap->lock);
    wu_roster_free(&old);
    return WU_OK;
}

uint64_t wu_zap_refused_count(const struct wu_zap *zap)
{
    return atomic_load(&zap->refused_count);
}

/* ---- probing ---------------------------------------------------------------------------- */

/* The next end of a handshake: an event of zmq_socket_monitor(3), 0 when none came. */
static int handshake_result(void *monitor)
{
    const int ends = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;
    for (;;) {
        uint8_t frame[8] = {0};
        char address[256];
        uint16_t event = 0;
        if (zmq_recv(monitor, frame, sizeof frame, 0) < 0 ||
            zmq_recv(monitor, address, sizeof address, 0) < 0) {
            return 0;
        }
        memcpy(&event, frame, sizeof event);
        if ((event & ends) != 0) {
            return event;
        }
    }
}

/*
 * Refused means: our handler turned the key away, and no handshake succeeded.
 * The refusal itself sometimes dies with the connection, so several handshakes
 * are looked at; libzmq makes them by itself.
 */
static bool is_refused(struct wu_zap *zap, void *monitor, uint64_t refused_before)
{
    enum { TRIES = 5, TRY_MS = 3000 };
    int timeout_ms = TRY_MS;
    (void)zmq_setsockopt(monitor, ZMQ_RCVTIMEO, &timeout_ms, sizeof timeout_ms);
    for (int tries = 0; tries < TRIES; tries++) {
        int event = handshake_result(monitor);
        if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) {
            return true;
        }
        if (event == 0 || event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
            return false;
        }
        if (wu_zap_refused_count(zap) > refused_before) {
            return true;
        }
    }
    return false;
}

enum wu_status wu_zap_probe(struct wu_zap *zap, void *zmq, const char *endpoint,
                            const char *server_key, struct wu_error *reterr)
{
    struct wu_keys nobody;
    if (wu_keys_make(&nobody) != WU_OK) {
        return wu_error_set(reterr, WU_IO, "cannot make a key for probing");
    }
    char reachable[300];
    char events[320]; /* a name of its own: an earlier probe's goes away in its own time */
    const char *any = strstr(endpoint, "//*:");
    (void)snprintf(reachable, sizeof reachable, "%s", endpoint);
    if (any != NULL) {
        (void)snprintf(reachable, sizeof reachable, "tcp://127.0.0.1:%s", any + 4);
    }
    (void)snprintf(events, sizeof events, "inproc://wushe.probe/%s", endpoint);
    void *monitor = zmq_socket(zmq, ZMQ_PAIR);
    void *probe = zmq_socket(zmq, ZMQ_DEALER);
    bool refused = false;
    uint64_t refused_before = wu_zap_refused_count(zap);
    int linger = 0;
    if (probe != NULL && monitor != NULL &&
        zmq_setsockopt(probe, ZMQ_LINGER, &linger, sizeof linger) == 0 &&
        zmq_setsockopt(probe, ZMQ_CURVE_SERVERKEY, server_key, 40) == 0 &&
        zmq_setsockopt(probe, ZMQ_CURVE_PUBLICKEY, nobody.public_key, 40) == 0 &&
        zmq_setsockopt(probe, ZMQ_CURVE_SECRETKEY, nobody.secret_key, 40) == 0 &&
        zmq_socket_monitor(probe, events, ZMQ_EVENT_ALL) == 0 &&
        zmq_connect(monitor, events) == 0 && zmq_connect(probe, reachable) == 0) {
        refused = is_refused(zap, monitor, refused_before);
    }
    if (probe != NULL) {
        (void)zmq_socket_monitor(probe, NULL, 0);
        (void)zmq_close(probe);
    }
    if (monitor != NULL) {
        (void)zmq_close(monitor);
    }
    if (refused) {
        return WU_OK;
    }
    return wu_error_set(reterr, WU_DENIED,
                        "'%s' did not refuse a key that nobody has: it would let anyone in, so it "
                        "is not opened",
                        endpoint);
}
