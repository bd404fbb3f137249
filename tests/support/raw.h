#pragma once

#include "common/base/arena.h"
#include "common/base/bytes.h"
#include "common/base/id.h"
#include "common/bus/keys.h"
#include "wushe/bus/v1/bus.pb-c.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A peer without manners: one DEALER that says whatever bytes a test wants to a
 * front door or a hub, and hears what comes back. Failures of the world itself
 * end the test.
 */
struct raw;

/* keys and server_key NULL: without CURVE. */
struct raw *raw_open(const char *endpoint, const struct wu_keys *keys, const char *server_key);
void raw_close(struct raw **raw_p);

/* False when the socket takes nothing within 5 s: nobody let us in. */
bool raw_send(struct raw *raw, struct wu_bytes bytes);
bool raw_send_parts(struct raw *raw, size_t count, size_t size);
bool raw_say(struct raw *raw, Bus__Frame__BodyCase body_case, ProtobufCMessage *body);

/* The next frame of that kind, others are passed over; NULL when none came in time. */
const Bus__Frame *raw_hear(struct raw *raw, Bus__Frame__BodyCase body_case, int timeout_ms);

/* The next end of a handshake, ZMQ_EVENT_HANDSHAKE_..., or 0; also ZMQ_EVENT_DISCONNECTED. */
int raw_handshake(struct raw *raw, int timeout_ms);
bool raw_is_let_in(struct raw *raw, int timeout_ms);

/*
 * What a dialling node says first; it claims to be `claims`, and to have sent
 * and received nothing yet.
 */
bool raw_hello(struct raw *raw, uint32_t claims, uint32_t hub);

/* One record of mail to the hub, the n-th (1, 2 ...) of this peer; body NULL: no payload. */
bool raw_mail(struct raw *raw, uint64_t number, uint32_t claims, Envelope__EventType type,
              const ProtobufCMessage *body);

/* A command as bytes of a frame, in the arena of raw. */
struct wu_bytes raw_submit(struct raw *raw, const struct wu_id *producer, uint64_t number,
                           Envelope__EventType type, const ProtobufCMessage *body);
struct wu_bytes raw_submit_to(struct raw *raw, uint32_t target, const struct wu_id *producer,
                              uint64_t number, Envelope__EventType type,
                              const ProtobufCMessage *body);
