/*
 * Why every hub is probed before it serves: a CURVE server of libzmq lets
 * everybody in as long as nobody answers for it.
 */
#include "common/bus/zap.h"
#include "tests/support/city.h"
#include "tests/support/raw.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

enum { LET_IN_MS = 10000, STAYS_OUT_MS = 1500 };

struct server {
    struct city *city; /* for its ports */
    void *zmq;
    void *socket;
    struct wu_keys keys;
    char endpoint[64];
};

/* As one would write it after reading zmq_curve(7). */
static void open_server(struct server *server, void *zmq)
{
    int yes = 1;
    int linger = 0;
    server->city = city_make();
    server->zmq = zmq;
    (void)snprintf(server->endpoint, sizeof server->endpoint, "tcp://127.0.0.1:%u",
                   city_port(server->city));
    cr_assert_eq(wu_keys_make(&server->keys), WU_OK);
    server->socket = zmq_socket(zmq, ZMQ_ROUTER);
    cr_assert_eq(zmq_setsockopt(server->socket, ZMQ_LINGER, &linger, sizeof linger), 0);
    cr_assert_eq(zmq_setsockopt(server->socket, ZMQ_CURVE_SERVER, &yes, sizeof yes), 0);
    cr_assert_eq(zmq_setsockopt(server->socket, ZMQ_CURVE_SECRETKEY, server->keys.secret_key, 40),
                 0);
    cr_assert_eq(zmq_bind(server->socket, server->endpoint), 0);
}

static void close_server(struct server *server)
{
    (void)zmq_close(server->socket);
    city_remove(&server->city);
}

static bool lets_stranger_in(const struct server *server, int timeout_ms)
{
    struct wu_keys stranger;
    cr_assert_eq(wu_keys_make(&stranger), WU_OK);
    struct raw *raw = raw_open(server->endpoint, &stranger, server->keys.public_key);
    bool in = raw_is_let_in(raw, timeout_ms);
    raw_close(&raw);
    return in;
}

Test(zap, a_server_without_a_handler_lets_anybody_in_and_the_probe_says_so)
{
    struct server server;
    struct wu_error error = {{0}};
    open_server(&server, zmq_ctx_new());
    cr_assert(lets_stranger_in(&server, LET_IN_MS),
              "libzmq has become safe by default: drop the rule?");

    void *zmq = zmq_ctx_new(); /* a handler somewhere else does not help */
    struct wu_zap *zap = NULL;
    cr_assert_eq(wu_zap_start(&zap, zmq, &error), WU_OK);
    enum wu_status status = wu_zap_probe(zap, zmq, server.endpoint, server.keys.public_key, &error);
    cr_assert_eq(status, WU_DENIED);
    cr_assert_not_null(strstr(error.text, "let anyone in"), "%s", error.text);
    (void)zmq_ctx_shutdown(zmq);
    wu_zap_stop(&zap);
    (void)zmq_ctx_term(zmq);
    void *server_zmq = server.zmq;
    close_server(&server);
    (void)zmq_ctx_term(server_zmq);
}

/* zmq.h hides it behind ZMQ_BUILD_DRAFT_API */
enum { ZAP_ENFORCE_DOMAIN = 93 };

Test(zap, enforcing_a_domain_and_setting_none_lets_anybody_in_past_a_handler)
{
    int yes = 1;
    struct server server;
    struct wu_error error = {{0}};
    struct wu_zap *zap = NULL;
    void *zmq = zmq_ctx_new();
    cr_assert_eq(wu_zap_start(&zap, zmq, &error), WU_OK);
    open_server(&server, zmq);
    cr_assert_not(lets_stranger_in(&server, STAYS_OUT_MS));
    (void)zmq_unbind(server.socket, server.endpoint);
    cr_assert_eq(zmq_setsockopt(server.socket, ZAP_ENFORCE_DOMAIN, &yes, sizeof yes), 0);
    CITY_WAIT(server.city, zmq_bind(server.socket, server.endpoint) == 0);
    uint64_t refused = wu_zap_refused_count(zap);
    cr_assert(lets_stranger_in(&server, LET_IN_MS));
    cr_assert_eq(wu_zap_refused_count(zap), refused);
    cr_assert_eq(wu_zap_probe(zap, zmq, server.endpoint, server.keys.public_key, &error),
                 WU_DENIED);
    close_server(&server);
    (void)zmq_ctx_shutdown(zmq);
    wu_zap_stop(&zap);
    (void)zmq_ctx_term(zmq);
}
