#include "common/bus/bus_zmq.h"

#include "common/bus/frame.h"
#include "common/bus/socket.h"
#include "common/bus/zap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zmq.h>

/* Where frames come from; also the upper byte of a route. */
enum source { DOOR, HUB_MAIL, DIAL_MAIL, DIAL_PUBLIC, MONITOR, SOURCES };

enum { ROUTE_BYTES = 5, TOPICS_MAX = 32, SUB_SILENCE_MS = 5000, REDIAL_MS = 3000 };

struct peer_route {
    uint32_t peer;
    uint64_t route;
};

struct wu_bus {
    void *zmq;
    struct wu_zap *zap;
    struct wu_keys keys;
    uint32_t hub_node;
    char hub_mail[256];
    char hub_public[256];
    char hub_key[WU_KEY_TEXT_BYTES];
    char listen_mail[256];
    char listen_public[256];
    void *sockets[SOURCES]; /* what is read */
    void *publisher;
    int turn; /* source that is asked first next time */
    zmq_msg_t held;
    bool holding;
    struct peer_route *routes;
    size_t route_count;
    char topics[TOPICS_MAX][128];
    size_t topic_count;
    int64_t public_heard_ms; /* 0: not since it was made */
    bool public_heard;
    bool dial_refused;
    int64_t dial_refused_ms; /* 0: the tick has not seen it yet */
    uint64_t refused_count;
    uint64_t probe_count; /* refusals of our own probes */
};

/* ---- opening --------------------------------------------------------------------------- */

static enum wu_status open_door(struct wu_bus *bus, const struct wu_bus_config *config,
                                struct wu_error *reterr)
{
    struct wu_socket_config door = {
        .type = ZMQ_ROUTER, .binds = true, .endpoint = config->front_door};
    if (strncmp(config->front_door, "ipc://", 6) != 0) {
        return wu_error_set(reterr, WU_INVALID,
                            "front_door '%s' must be ipc://PATH: the file's rights guard it",
                            config->front_door);
    }
    mode_t before = umask(0177); /* nobody else may knock before the mode is set */
    bus->sockets[DOOR] = wu_socket_open(bus->zmq, &door, reterr);
    (void)umask(before);
    if (bus->sockets[DOOR] == NULL) {
        return WU_IO;
    }
    if (chmod(config->front_door + 6, config->front_door_mode) != 0) {
        return wu_error_set(reterr, WU_IO, "cannot set the rights of front door '%s': %s",
                            config->front_door + 6, strerror(errno));
    }
    return WU_OK;
}

static enum wu_status open_hub(struct wu_bus *bus, const struct wu_bus_config *config,
                               struct wu_error *reterr)
{
    enum wu_status status = wu_zap_set_roster(bus->zap, config->roster);
    struct wu_socket_config mail = {
        .type = ZMQ_ROUTER, .binds = true, .endpoint = config->listen_mail, .keys = &bus->keys};
    struct wu_socket_config public = {
        .type = ZMQ_PUB, .binds = true, .endpoint = config->listen_public, .keys = &bus->keys};
    bus->sockets[HUB_MAIL] = status == WU_OK ? wu_socket_open(bus->zmq, &mail, reterr) : NULL;
    bus->publisher =
        bus->sockets[HUB_MAIL] != NULL ? wu_socket_open(bus->zmq, &public, reterr) : NULL;
    if (bus->publisher == NULL) {
        return status != WU_OK ? status : WU_IO;
    }
    status = wu_zap_probe(bus->zap, bus->zmq, config->listen_mail, bus->keys.public_key, reterr);
    if (status == WU_OK) {
        status =
            wu_zap_probe(bus->zap, bus->zmq, config->listen_public, bus->keys.public_key, reterr);
    }
    bus->probe_count = wu_zap_refused_count(bus->zap);
    return status;
}

static void *open_subscriber(struct wu_bus *bus, struct wu_error *reterr)
{
    struct wu_socket_config config = {.type = ZMQ_SUB,
                                      .endpoint = bus->hub_public,
                                      .keys = &bus->keys,
                                      .server_key = bus->hub_key};
    void *socket = wu_socket_open(bus->zmq, &config, reterr);
    if (socket != NULL) {
        (void)zmq_setsockopt(socket, ZMQ_SUBSCRIBE, WU_TOPIC_HEADS, sizeof WU_TOPIC_HEADS);
    }
    for (size_t index = 0; socket != NULL && index < bus->topic_count; index++) {
        (void)zmq_setsockopt(socket, ZMQ_SUBSCRIBE, bus->topics[index],
                             strlen(bus->topics[index]) + 1);
    }
    return socket;
}

static enum wu_status open_dial(struct wu_bus *bus, const struct wu_bus_config *config,
                                struct wu_error *reterr)
{
    enum {
        EVENTS =
            ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
    };
    bus->hub_node = config->hub_node;
    (void)snprintf(bus->hub_mail, sizeof bus->hub_mail, "%s", config->hub_mail);
    (void)snprintf(bus->hub_public, sizeof bus->hub_public, "%s", config->hub_public);
    (void)snprintf(bus->hub_key, sizeof bus->hub_key, "%s", config->hub_key);
    /* the monitor must be there before the first handshake, so: socket, monitor, connect */
    struct wu_socket_config mail = {.type = ZMQ_DEALER,
                                    .endpoint = config->hub_mail,
                                    .keys = &bus->keys,
                                    .server_key = bus->hub_key};
    void *dealer = wu_socket_open(bus->zmq, &mail, reterr);
    bus->sockets[DIAL_MAIL] = dealer;
    if (dealer == NULL) {
        return WU_IO;
    }
    bus->sockets[MONITOR] = zmq_socket(bus->zmq, ZMQ_PAIR);
    if (bus->sockets[MONITOR] == NULL ||
        zmq_socket_monitor(dealer, "inproc://wushe.dial", EVENTS) != 0 ||
        zmq_connect(bus->sockets[MONITOR], "inproc://wushe.dial") != 0 ||
        zmq_disconnect(dealer, config->hub_mail) != 0 ||
        zmq_connect(dealer, config->hub_mail) != 0) {
        return wu_error_set(reterr, WU_IO, "cannot watch the connection to '%s': %s",
                            config->hub_mail, zmq_strerror(errno));
    }
    bus->sockets[DIAL_PUBLIC] = open_subscriber(bus, reterr);
    return bus->sockets[DIAL_PUBLIC] != NULL ? WU_OK : WU_IO;
}

enum wu_status wu_bus_open(struct wu_bus **ret_bus, const struct wu_bus_config *config,
                           struct wu_error *reterr)
{
    struct wu_bus *bus = calloc(1, sizeof *bus);
    if (bus == NULL) {
        return wu_error_set(reterr, WU_NO_MEMORY, "no memory for the bus");
    }
    bus->keys = *config->keys;
    bus->zmq = zmq_ctx_new();
    (void)snprintf(bus->listen_mail, sizeof bus->listen_mail, "%s", config->listen_mail);
    (void)snprintf(bus->listen_public, sizeof bus->listen_public, "%s", config->listen_public);
    enum wu_status status = bus->zmq != NULL ? wu_zap_start(&bus->zap, bus->zmq, reterr)
                                             : wu_error_set(reterr, WU_IO, "ZeroMQ does not start");
    if (status == WU_OK && config->listen_mail[0] != '\0') {
        status = open_hub(bus, config, reterr);
    }
    if (status == WU_OK && config->hub_node != 0) {
        status = open_dial(bus, config, reterr);
    }
    if (status == WU_OK) {
        status = open_door(bus, config, reterr); /* last: who finds it open finds all of it */
    }
    if (status != WU_OK) {
        wu_bus_close(&bus);
        return status;
    }
    *ret_bus = bus;
    return WU_OK;
}

static void close_socket(void **socket_p)
{
    if (*socket_p != NULL) {
        (void)zmq_close(*socket_p);
        *socket_p = NULL;
    }
}

void wu_bus_close(struct wu_bus **bus_p)
{
    struct wu_bus *bus = *bus_p;
    if (bus == NULL) {
        return;
    }
    if (bus->holding) {
        (void)zmq_msg_close(&bus->held);
    }
    if (bus->sockets[DIAL_MAIL] != NULL) {
        (void)zmq_socket_monitor(bus->sockets[DIAL_MAIL], NULL, 0);
    }
    for (int source = 0; source < SOURCES; source++) {
        close_socket(&bus->sockets[source]);
    }
    close_socket(&bus->publisher);
    if (bus->zmq != NULL) {
        (void)zmq_ctx_shutdown(bus->zmq);
        wu_zap_stop(&bus->zap);
        (void)zmq_ctx_term(bus->zmq);
    }
    free(bus->routes);
    free(bus);
    *bus_p = NULL;
}

/* ---- waiting and receiving --------------------------------------------------------------- */

void wu_bus_wait(struct wu_bus *bus, int64_t timeout_ms, int signal_fd, bool *ret_signal)
{
    zmq_pollitem_t items[SOURCES + 1];
    int count = 0;
    items[count++] = (zmq_pollitem_t){.fd = signal_fd, .events = ZMQ_POLLIN};
    for (int source = 0; source < SOURCES; source++) {
        if (bus->sockets[source] != NULL) {
            items[count++] = (zmq_pollitem_t){.socket = bus->sockets[source], .events = ZMQ_POLLIN};
        }
    }
    (void)zmq_poll(items, count, (long)timeout_ms);
    *ret_signal = (items[0].revents & ZMQ_POLLIN) != 0;
}

static bool has_more(zmq_msg_t *message)
{
    return zmq_msg_more(message) != 0;
}

/* The rest of a message with too many parts. */
static void drop_parts(struct wu_bus *bus, void *socket)
{
    int more = 1;
    size_t size = sizeof more;
    bus->refused_count++;
    while (more != 0) {
        char nothing[1];
        if (zmq_recv(socket, nothing, sizeof nothing, ZMQ_DONTWAIT) < 0 ||
            zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) != 0) {
            return;
        }
    }
}

/* One single-part body into bus->held. False when nothing fit to use came. */
static bool receive_body(struct wu_bus *bus, void *socket)
{
    (void)zmq_msg_init(&bus->held);
    bus->holding = true;
    if (zmq_msg_recv(&bus->held, socket, ZMQ_DONTWAIT) < 0) {
        return false;
    }
    if (has_more(&bus->held)) {
        drop_parts(bus, socket);
        return false;
    }
    return true;
}

/* A routing id made by libzmq has 5 bytes; a peer that chose its own is not served. */
static bool receive_routed(struct wu_bus *bus, enum source source, uint64_t *ret_route, bool *any)
{
    uint8_t id[256];
    int more = 0;
    size_t more_size = sizeof more;
    void *socket = bus->sockets[source];
    int size = zmq_recv(socket, id, sizeof id, ZMQ_DONTWAIT);
    *any = size >= 0;
    if (size < 0) {
        return false;
    }
    (void)zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &more_size);
    if (more == 0) {
        bus->refused_count++;
        return false;
    }
    if (!receive_body(bus, socket)) {
        return false;
    }
    if (size != ROUTE_BYTES) {
        bus->refused_count++;
        return false;
    }
    uint64_t route = (uint64_t)source;
    for (int index = 0; index < ROUTE_BYTES; index++) {
        route = (route << 8) | id[index];
    }
    *ret_route = route;
    return true;
}

/* Which node libzmq and the ZAP handler say this frame comes from; 0: nobody. */
static uint32_t sender_of(zmq_msg_t *message)
{
    const char *user_id = zmq_msg_gets(message, "User-Id");
    return user_id != NULL ? (uint32_t)strtoul(user_id, NULL, 10) : 0;
}

static bool receive_door(struct wu_bus *bus, struct wu_received *received, bool *any)
{
    received->kind = WU_RECEIVED_DOOR;
    return receive_routed(bus, DOOR, &received->route, any);
}

static bool receive_hub_mail(struct wu_bus *bus, struct wu_received *received, bool *any)
{
    if (!receive_routed(bus, HUB_MAIL, &received->route, any)) {
        return false;
    }
    received->kind = WU_RECEIVED_FRAME;
    received->peer = sender_of(&bus->held);
    if (received->peer == 0 || received->peer == bus->hub_node) { /* that one does not dial us */
        bus->refused_count++;
        return false;
    }
    return true;
}

static bool receive_dial(struct wu_bus *bus, struct wu_received *received, bool *any)
{
    bool got = receive_body(bus, bus->sockets[DIAL_MAIL]);
    *any = got;
    received->kind = WU_RECEIVED_FRAME;
    received->peer = bus->hub_node;
    return got;
}

/* "topic\0frame" */
static bool receive_public(struct wu_bus *bus, struct wu_received *received, bool *any)
{
    bool got = receive_body(bus, bus->sockets[DIAL_PUBLIC]);
    *any = got;
    if (!got) {
        return false;
    }
    bus->public_heard = true;
    const uint8_t *data = zmq_msg_data(&bus->held);
    size_t size = zmq_msg_size(&bus->held);
    const uint8_t *end = memchr(data, '\0', size);
    if (end == NULL) {
        bus->refused_count++;
        return false;
    }
    received->kind = WU_RECEIVED_FRAME;
    received->peer = bus->hub_node;
    received->bytes = wu_bytes(end + 1, size - (size_t)(end + 1 - data));
    return true;
}

static bool receive_monitor(struct wu_bus *bus, struct wu_received *received, bool *any)
{
    uint8_t frame[8] = {0};
    char address[256];
    uint16_t event = 0;
    int size = zmq_recv(bus->sockets[MONITOR], frame, sizeof frame, ZMQ_DONTWAIT);
    *any = size >= 0;
    if (size < 0) {
        return false;
    }
    (void)zmq_recv(bus->sockets[MONITOR], address, sizeof address, ZMQ_DONTWAIT);
    memcpy(&event, frame, sizeof event);
    received->peer = bus->hub_node;
    received->kind = event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED ? WU_RECEIVED_CONNECTED
                     : event == ZMQ_EVENT_DISCONNECTED      ? WU_RECEIVED_DISCONNECTED
                                                            : WU_RECEIVED_REFUSED;
    bus->dial_refused = bus->dial_refused || received->kind == WU_RECEIVED_REFUSED;
    return true;
}

static bool receive_from(struct wu_bus *bus, enum source source, struct wu_received *received,
                         bool *any)
{
    switch (source) {
    case DOOR:
        return receive_door(bus, received, any);
    case HUB_MAIL:
        return receive_hub_mail(bus, received, any);
    case DIAL_MAIL:
        return receive_dial(bus, received, any);
    case DIAL_PUBLIC:
        return receive_public(bus, received, any);
    default:
        return receive_monitor(bus, received, any);
    }
}

bool wu_bus_receive(struct wu_bus *bus, struct wu_received *ret_received)
{
    for (int tries = 0; tries < SOURCES; tries++) {
        enum source source = (enum source)((bus->turn + tries) % SOURCES);
        bool any = bus->sockets[source] != NULL;
        while (any) {
            if (bus->holding) {
                (void)zmq_msg_close(&bus->held);
                bus->holding = false;
            }
            *ret_received = (struct wu_received){0};
            if (receive_from(bus, source, ret_received, &any)) {
                if (ret_received->bytes.data == NULL && bus->holding) {
                    ret_received->bytes =
                        wu_bytes(zmq_msg_data(&bus->held), zmq_msg_size(&bus->held));
                }
                bus->turn = ((int)source + 1) % SOURCES;
                return true;
            }
        }
    }
    return false;
}

/* ---- sending ------------------------------------------------------------------------------- */

static struct peer_route *find_route(const struct wu_bus *bus, uint32_t peer)
{
    for (size_t index = 0; index < bus->route_count; index++) {
        if (bus->routes[index].peer == peer) {
            return &bus->routes[index];
        }
    }
    return NULL;
}

void wu_bus_adopt(struct wu_bus *bus, uint32_t peer, uint64_t route)
{
    if (peer == bus->hub_node) {
        return;
    }
    struct peer_route *known = find_route(bus, peer);
    if (known == NULL) {
        struct peer_route *grown =
            realloc(bus->routes, (bus->route_count + 1) * sizeof *bus->routes);
        if (grown == NULL) {
            return;
        }
        bus->routes = grown;
        known = &grown[bus->route_count++];
        known->peer = peer;
    }
    known->route = route;
}

bool wu_bus_reply(struct wu_bus *bus, uint64_t route, struct wu_bytes frame)
{
    uint8_t id[ROUTE_BYTES];
    void *socket = bus->sockets[route >> (8 * ROUTE_BYTES)];
    for (int index = ROUTE_BYTES; index-- > 0; route >>= 8) {
        id[index] = (uint8_t)route;
    }
    /* with ROUTER_MANDATORY a peer that is gone or full says so at its id */
    return zmq_send(socket, id, sizeof id, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0 &&
           zmq_send(socket, frame.data, frame.size, ZMQ_DONTWAIT) >= 0;
}

bool wu_bus_send(struct wu_bus *bus, uint32_t peer, struct wu_bytes frame)
{
    if (peer == bus->hub_node && bus->sockets[DIAL_MAIL] != NULL) {
        return zmq_send(bus->sockets[DIAL_MAIL], frame.data, frame.size, ZMQ_DONTWAIT) >= 0;
    }
    const struct peer_route *route = find_route(bus, peer);
    return route != NULL && wu_bus_reply(bus, route->route, frame);
}

void wu_bus_publish(struct wu_bus *bus, const char *topic, struct wu_bytes frame)
{
    size_t topic_size = strlen(topic) + 1; /* its zero ends it: no topic is another's prefix */
    zmq_msg_t message;
    if (bus->publisher == NULL || zmq_msg_init_size(&message, topic_size + frame.size) != 0) {
        return;
    }
    uint8_t *data = zmq_msg_data(&message);
    memcpy(data, topic, topic_size);
    memcpy(data + topic_size, frame.data, frame.size);
    if (zmq_msg_send(&message, bus->publisher, ZMQ_DONTWAIT) < 0) {
        (void)zmq_msg_close(&message);
    }
}

void wu_bus_subscribe(struct wu_bus *bus, const char *topic)
{
    if (bus->topic_count == TOPICS_MAX || strlen(topic) >= sizeof bus->topics[0] ||
        bus->sockets[DIAL_PUBLIC] == NULL) {
        return;
    }
    char *kept = bus->topics[bus->topic_count++];
    (void)snprintf(kept, sizeof bus->topics[0], "%s", topic);
    (void)zmq_setsockopt(bus->sockets[DIAL_PUBLIC], ZMQ_SUBSCRIBE, kept, strlen(kept) + 1);
}

/* ---- upkeep --------------------------------------------------------------------------------- */

/* libzmq never dials again after a refusal; a roster may change its mind. */
static void redial(struct wu_bus *bus, int64_t now_ms)
{
    if (!bus->dial_refused) {
        return;
    }
    if (bus->dial_refused_ms == 0) {
        bus->dial_refused_ms = now_ms;
    } else if (now_ms - bus->dial_refused_ms > REDIAL_MS) {
        (void)zmq_disconnect(bus->sockets[DIAL_MAIL], bus->hub_mail); /* mostly gone by itself */
        (void)zmq_connect(bus->sockets[DIAL_MAIL], bus->hub_mail);
        bus->dial_refused = false;
        bus->dial_refused_ms = 0;
    }
}

void wu_bus_tick(struct wu_bus *bus, int64_t now_ms)
{
    redial(bus, now_ms);
    if (bus->sockets[DIAL_PUBLIC] == NULL) {
        return;
    }
    if (bus->public_heard || bus->public_heard_ms == 0) {
        bus->public_heard = false;
        bus->public_heard_ms = now_ms;
    } else if (now_ms - bus->public_heard_ms > SUB_SILENCE_MS) {
        /* a subscription can be lost with a reconnect and never come back: make it anew */
        void *fresh = open_subscriber(bus, NULL);
        if (fresh != NULL) {
            close_socket(&bus->sockets[DIAL_PUBLIC]);
            bus->sockets[DIAL_PUBLIC] = fresh;
        }
        bus->public_heard_ms = now_ms;
    }
}

/* libzmq closes the old listener in its own thread, a moment after zmq_unbind has come back. */
static bool rebind(void *socket, const char *endpoint)
{
    enum { TRIES = 500, PAUSE_MS = 10 };
    char bound[256];
    size_t size = sizeof bound;
    if (zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, bound, &size) != 0 ||
        zmq_unbind(socket, bound) != 0) {
        return false;
    }
    int rc = zmq_bind(socket, endpoint);
    for (int tries = 0; rc != 0 && errno == EADDRINUSE && tries < TRIES; tries++) {
        (void)zmq_poll(NULL, 0, PAUSE_MS);
        rc = zmq_bind(socket, endpoint);
    }
    return rc == 0;
}

enum wu_status wu_bus_set_roster(struct wu_bus *bus, const struct wu_roster *roster,
                                 struct wu_error *reterr)
{
    enum wu_status status = wu_zap_set_roster(bus->zap, roster);
    if (status != WU_OK || bus->publisher == NULL) {
        return status;
    }
    if (!rebind(bus->sockets[HUB_MAIL], bus->listen_mail) ||
        !rebind(bus->publisher, bus->listen_public)) {
        return wu_error_set(reterr, WU_IO, "cannot listen again at '%s': %s", bus->listen_mail,
                            zmq_strerror(errno));
    }
    return WU_OK;
}

uint64_t wu_bus_refused_count(const struct wu_bus *bus)
{
    return bus->refused_count + wu_zap_refused_count(bus->zap) - bus->probe_count;
}
