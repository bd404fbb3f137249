#include "common/bus/socket.h"

#include "common/bus/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <zmq.h>

enum { ZAP_ENFORCE_DOMAIN = 93 }; /* zmq.h hides it behind ZMQ_BUILD_DRAFT_API */

struct option {
    int name;
    int value;
};

/* Set on every socket; the comments say what the default would do. */
static const struct option ALWAYS[] = {
    {ZMQ_LINGER, 0},               /* hang at exit; what matters is in the store */
    {ZMQ_SNDHWM, 8192},            /* 1000 */
    {ZMQ_RCVHWM, 512},             /* 1000; it counts frames, each up to 1 MiB */
    {ZMQ_HANDSHAKE_IVL, 3000},     /* 30 s: slow handshakes pile up */
    {ZMQ_RECONNECT_IVL, 100},      /* the same, but without a back-off */
    {ZMQ_RECONNECT_IVL_MAX, 2000}, /* none */
    {ZMQ_HEARTBEAT_IVL, 2000},     /* off: dead peers are never noticed */
    {ZMQ_HEARTBEAT_TIMEOUT, 6000}, /* as the interval */
    {ZMQ_HEARTBEAT_TTL, 6000},     /* none */
    {ZMQ_BACKLOG, 4096},           /* 100 */
    {ZMQ_TCP_KEEPALIVE, 1},        /* the system's default */
};

static bool set_int(void *socket, int name, int value)
{
    return zmq_setsockopt(socket, name, &value, sizeof value) == 0;
}

static bool set_all(void *socket, int type)
{
    bool fine = true;
    for (size_t index = 0; index < sizeof ALWAYS / sizeof ALWAYS[0]; index++) {
        fine = fine && set_int(socket, ALWAYS[index].name, ALWAYS[index].value);
    }
    int64_t size_max = WU_FRAME_BYTES_MAX + 4096; /* a topic stands in front of public frames */
    fine = fine && zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &size_max, sizeof size_max) == 0;
    if (type == ZMQ_ROUTER) {
        fine = fine && set_int(socket, ZMQ_ROUTER_MANDATORY, 1);
    }
    if (type == ZMQ_PUB) {
        fine = fine && set_int(socket, ZMQ_SNDHWM, 256); /* PUB is a hint, fetch is the truth */
    }
    if (type == ZMQ_DEALER) {
        fine = fine && set_int(socket, ZMQ_IMMEDIATE, 1); /* nothing queues up for an absent peer */
    }
    return fine;
}

static bool set_server_curve(void *socket, const struct wu_keys *keys)
{
    int enforced = 0;
    size_t size = sizeof enforced;
    char domain[32] = {0};
    size_t domain_size = sizeof domain;
    return set_int(socket, ZMQ_CURVE_SERVER, 1) &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, keys->secret_key, 40) == 0 &&
           zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, WU_ZAP_DOMAIN, strlen(WU_ZAP_DOMAIN)) == 0 &&
           set_int(socket, ZAP_ENFORCE_DOMAIN, 1) &&
           zmq_getsockopt(socket, ZAP_ENFORCE_DOMAIN, &enforced, &size) == 0 && enforced == 1 &&
           zmq_getsockopt(socket, ZMQ_ZAP_DOMAIN, domain, &domain_size) == 0 &&
           strcmp(domain, WU_ZAP_DOMAIN) == 0;
}

static bool set_client_curve(void *socket, const struct wu_socket_config *config)
{
    return zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, config->server_key, 40) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, config->keys->public_key, 40) == 0 &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, config->keys->secret_key, 40) == 0;
}

static bool is_tcp(const char *endpoint)
{
    return strncmp(endpoint, "tcp://", 6) == 0;
}

enum wu_status wu_endpoint_check(const char *endpoint, struct wu_error *reterr)
{
    struct sockaddr_un address;
    if (is_tcp(endpoint)) {
        const char *colon = strrchr(endpoint + 6, ':');
        long port = colon != NULL ? strtol(colon + 1, NULL, 10) : 0;
        return port >= 1024 && port < 32768
                   ? WU_OK
                   : wu_error_set(reterr, WU_INVALID,
                                  "'%s' has no usable port; write tcp://HOST:PORT with a port from "
                                  "1024 to 32767",
                                  endpoint);
    }
    if (strncmp(endpoint, "ipc://", 6) != 0) {
        return wu_error_set(reterr, WU_INVALID,
                            "'%s' is no address; write tcp://HOST:PORT or ipc:///PATH", endpoint);
    }
    if (strlen(endpoint + 6) >= sizeof address.sun_path) {
        return wu_error_set(reterr, WU_INVALID,
                            "the path in '%s' is longer than %zu bytes, the system's limit for "
                            "sockets; choose a shorter folder",
                            endpoint, sizeof address.sun_path - 1);
    }
    return WU_OK;
}

void *wu_socket_open(void *zmq, const struct wu_socket_config *config, struct wu_error *reterr)
{
    if (wu_endpoint_check(config->endpoint, reterr) != WU_OK) {
        return NULL;
    }
    bool secure = !is_tcp(config->endpoint) || config->keys != NULL;
    void *socket = secure ? zmq_socket(zmq, config->type) : NULL;
    if (socket == NULL) {
        wu_error_set(reterr, secure ? WU_IO : WU_DENIED, "cannot open a socket for '%s': %s",
                     config->endpoint, secure ? zmq_strerror(errno) : "tcp needs keys");
        return NULL;
    }
    bool fine = set_all(socket, config->type);
    if (is_tcp(config->endpoint)) {
        fine = fine && (config->binds ? set_server_curve(socket, config->keys)
                                      : set_client_curve(socket, config));
    }
    if (!fine) {
        wu_error_set(reterr, WU_IO,
                     "this libzmq refuses an option for '%s': %s; wushe needs 4.3.4 "
                     "or newer with CURVE",
                     config->endpoint, zmq_strerror(errno));
    } else if ((config->binds ? zmq_bind(socket, config->endpoint)
                              : zmq_connect(socket, config->endpoint)) != 0) {
        fine = false;
        wu_error_set(reterr, WU_IO, "cannot %s '%s': %s%s", config->binds ? "listen at" : "dial",
                     config->endpoint, zmq_strerror(errno),
                     errno == EADDRINUSE ? "; another program uses it, stop that one or change the "
                                           "configuration"
                                         : "");
    }
    if (!fine) {
        (void)zmq_close(socket);
        return NULL;
    }
    return socket;
}
