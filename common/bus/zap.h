#pragma once

#include "common/bus/roster.h"

/*
 * The ZAP handler: says of each client key whose handshake is under way whether
 * the roster knows it, and which node it is (User-Id). Its own thread, because
 * libzmq asks in the middle of a handshake.
 *
 * Source: ZeroMQ RFC 27/ZAP.
 */
struct wu_zap;

/* Start it before any server socket is bound. */
WU_CHECKED enum wu_status wu_zap_start(struct wu_zap **ret_zap, void *zmq, struct wu_error *reterr);

/* After zmq_ctx_shutdown, which wakes it. */
void wu_zap_stop(struct wu_zap **zap_p);

/* Copies what it needs. From now on only active keys of this roster get in. */
WU_CHECKED enum wu_status wu_zap_set_roster(struct wu_zap *zap, const struct wu_roster *roster);

/* Handshakes refused since start. */
uint64_t wu_zap_refused_count(const struct wu_zap *zap);

/*
 * Tries to get in with a key that nobody has. WU_OK: it was refused, as it must
 * be. WU_DENIED with a sentence otherwise: do not serve.
 */
WU_CHECKED enum wu_status wu_zap_probe(struct wu_zap *zap, void *zmq, const char *endpoint,
                                       const char *server_key, struct wu_error *reterr);
