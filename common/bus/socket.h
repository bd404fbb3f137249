#pragma once

#include "common/base/status.h"
#include "common/bus/keys.h"

#include <stdbool.h>

/*
 * The only way to bind or connect a socket. It sets every limit and interval
 * that libzmq leaves open, refuses tcp without CURVE, and on a server socket
 * enforces a ZAP domain: libzmq lets everybody in otherwise.
 *
 * Source: zmq_setsockopt(3), zmq_curve(7); ZMQ_ZAP_ENFORCE_DOMAIN is declared
 * as a draft but works in the stable library (libzmq 4.3.4, src/options.cpp).
 */
struct wu_socket_config {
    int type; /* ZMQ_ROUTER, ZMQ_DEALER, ZMQ_PUB, ZMQ_SUB */
    bool binds;
    const char *endpoint;
    const struct wu_keys *keys; /* tcp: ours */
    const char *server_key;     /* tcp, connecting: the hub's public key */
};

#define WU_ZAP_DOMAIN "wushe"

/* The socket, or NULL with a sentence. The caller closes it with zmq_close. */
void *wu_socket_open(void *zmq, const struct wu_socket_config *config, struct wu_error *reterr);

/* Port below 32768 (an ephemeral one may connect to itself), or an ipc path that fits. */
WU_CHECKED enum wu_status wu_endpoint_check(const char *endpoint, struct wu_error *reterr);
