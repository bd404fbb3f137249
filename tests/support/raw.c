#include "tests/support/raw.h"

#include "common/bus/frame.h"
#include "common/journal/node.h"
#include "tests/support/city.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum { SEND_MS = 5000 };

struct raw {
    void *zmq;
    void *socket;
    void *monitor; /* of handshakes */
    struct wu_arena arena;
    uint8_t hash[WU_HASH_BYTES]; /* of the last record that was mailed */
};

static void set_int(void *socket, int name, int value)
{
    cr_assert_eq(zmq_setsockopt(socket, name, &value, sizeof value), 0);
}

struct raw *raw_open(const char *endpoint, const struct wu_keys *keys, const char *server_key)
{
    struct raw *raw = calloc(1, sizeof *raw);
    cr_assert_not_null(raw);
    raw->zmq = zmq_ctx_new();
    const int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                       ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                       ZMQ_EVENT_DISCONNECTED;
    raw->socket = zmq_socket(raw->zmq, ZMQ_DEALER);
    raw->monitor = zmq_socket(raw->zmq, ZMQ_PAIR);
    cr_assert(raw->socket != NULL && raw->monitor != NULL);
    cr_assert_eq(wu_arena_open(&raw->arena, (size_t)8 << 20), WU_OK);
    set_int(raw->socket, ZMQ_LINGER, 0);
    set_int(raw->socket, ZMQ_IMMEDIATE, 1);
    set_int(raw->socket, ZMQ_SNDTIMEO, SEND_MS);
    if (keys != NULL) {
        cr_assert_eq(zmq_setsockopt(raw->socket, ZMQ_CURVE_SERVERKEY, server_key, 40), 0);
        cr_assert_eq(zmq_setsockopt(raw->socket, ZMQ_CURVE_PUBLICKEY, keys->public_key, 40), 0);
        cr_assert_eq(zmq_setsockopt(raw->socket, ZMQ_CURVE_SECRETKEY, keys->secret_key, 40), 0);
    }
    cr_assert_eq(zmq_socket_monitor(raw->socket, "inproc://raw", events), 0);
    cr_assert_eq(zmq_connect(raw->monitor, "inproc://raw"), 0);
    cr_assert_eq(zmq_connect(raw->socket, endpoint), 0);
    return raw;
}

void raw_close(struct raw **raw_p)
{
    struct raw *raw = *raw_p;
    (void)zmq_socket_monitor(raw->socket, NULL, 0);
    (void)zmq_close(raw->socket);
    (void)zmq_close(raw->monitor);
    (void)zmq_ctx_term(raw->zmq);
    wu_arena_close(&raw->arena);
    free(raw);
    *raw_p = NULL;
}

bool raw_send(struct raw *raw, struct wu_bytes bytes)
{
    return zmq_send(raw->socket, bytes.data, bytes.size, 0) >= 0;
}

bool raw_send_parts(struct raw *raw, size_t count, size_t size)
{
    static const uint8_t zeros[4096];
    cr_assert_leq(size, sizeof zeros);
    bool sent = true;
    for (size_t part = 0; part < count && sent; part++) {
        sent = zmq_send(raw->socket, zeros, size, part + 1 < count ? ZMQ_SNDMORE : 0) >= 0;
    }
    return sent;
}

bool raw_say(struct raw *raw, Bus__Frame__BodyCase body_case, ProtobufCMessage *body)
{
    struct wu_bytes frame = wu_frame_encode(body_case, body, &raw->arena);
    cr_assert_not_null(frame.data);
    return raw_send(raw, frame);
}

const Bus__Frame *raw_hear(struct raw *raw, Bus__Frame__BodyCase body_case, int timeout_ms)
{
    int64_t until_ms = city_now_ms() + timeout_ms;
    for (;;) {
        int64_t left_ms = until_ms - city_now_ms();
        zmq_msg_t message;
        (void)zmq_msg_init(&message);
        set_int(raw->socket, ZMQ_RCVTIMEO, left_ms > 0 ? (int)left_ms : 0);
        if (zmq_msg_recv(&message, raw->socket, 0) < 0) {
            (void)zmq_msg_close(&message);
            return NULL;
        }
        const Bus__Frame *frame = NULL;
        const char *why = NULL;
        struct wu_bytes bytes = wu_bytes(zmq_msg_data(&message), zmq_msg_size(&message));
        enum wu_status status = wu_frame_decode(bytes, &raw->arena, &frame, &why);
        (void)zmq_msg_close(&message);
        cr_assert_eq(status, WU_OK, "a daemon sent a frame that does not decode: %s", why);
        if (frame->body_case == body_case) {
            return frame;
        }
    }
}

int raw_handshake(struct raw *raw, int timeout_ms)
{
    uint8_t frame[8] = {0};
    char address[256];
    uint16_t event = 0;
    set_int(raw->monitor, ZMQ_RCVTIMEO, timeout_ms);
    if (zmq_recv(raw->monitor, frame, sizeof frame, 0) < 0 ||
        zmq_recv(raw->monitor, address, sizeof address, 0) < 0) {
        return 0;
    }
    memcpy(&event, frame, sizeof event);
    return event;
}

bool raw_is_let_in(struct raw *raw, int timeout_ms)
{
    int64_t until_ms = city_now_ms() + timeout_ms;
    while (city_now_ms() < until_ms) {
        if (raw_handshake(raw, 100) == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
            return true;
        }
    }
    return false;
}

bool raw_hello(struct raw *raw, uint32_t claims, uint32_t hub)
{
    Bus__Hello hello = BUS__HELLO__INIT;
    Bus__Position mine = BUS__POSITION__INIT;
    Bus__Position yours = BUS__POSITION__INIT;
    char to_hub[16];
    char to_us[16];
    (void)snprintf(to_hub, sizeof to_hub, "to/%u", hub);
    (void)snprintf(to_us, sizeof to_us, "to/%u", claims);
    mine.stream = to_hub;
    mine.generation = 1;
    mine.next = 1;
    yours.stream = to_us;
    yours.next = 1;
    hello.protocol = WU_PROTOCOL;
    hello.node = claims;
    hello.generation = 1;
    hello.mine = &mine;
    hello.yours = &yours;
    hello.answer_wanted = true;
    return raw_say(raw, BUS__FRAME__BODY_HELLO, &hello.base);
}

bool raw_mail(struct raw *raw, uint64_t number, uint32_t claims, Envelope__EventType type,
              const ProtobufCMessage *body)
{
    Envelope__Envelope envelope = ENVELOPE__ENVELOPE__INIT;
    Bus__Batch batch = BUS__BATCH__INIT;
    struct wu_id id = wu_id_make(claims, 1, number, 0);
    if (body != NULL) {
        uint8_t *data = wu_arena_take(&raw->arena, protobuf_c_message_get_packed_size(body) + 1);
        cr_assert_not_null(data);
        envelope.data = (ProtobufCBinaryData){protobuf_c_message_pack(body, data), data};
    }
    envelope.id = wu_id_to_pb(&id);
    envelope.type = type;
    envelope.time_ms = city_clock_ms();
    uint8_t packed[2048];
    cr_assert_leq(envelope__envelope__get_packed_size(&envelope), sizeof packed);
    ProtobufCBinaryData record = {envelope__envelope__pack(&envelope, packed), packed};
    uint8_t previous[WU_HASH_BYTES];
    memcpy(previous, raw->hash, sizeof previous);
    char stream[] = "to/1";
    batch.stream = stream;
    batch.generation = 1;
    batch.first = number;
    if (number > 1) {
        batch.previous_hash = (ProtobufCBinaryData){sizeof previous, previous};
    }
    batch.n_records = 1;
    batch.records = &record;
    batch.node = claims;
    wu_chain_hash(previous, wu_bytes(record.data, record.len), raw->hash);
    return raw_say(raw, BUS__FRAME__BODY_BATCH, &batch.base);
}

struct wu_bytes raw_submit_to(struct raw *raw, uint32_t target, const struct wu_id *producer,
                              uint64_t number, Envelope__EventType type,
                              const ProtobufCMessage *body)
{
    Bus__Submit submit = BUS__SUBMIT__INIT;
    size_t size = protobuf_c_message_get_packed_size(body);
    uint8_t *data = wu_arena_take(&raw->arena, size + 1);
    cr_assert_not_null(data);
    submit.producer = wu_id_to_pb(producer);
    submit.number = number;
    submit.type = type;
    submit.data = (ProtobufCBinaryData){protobuf_c_message_pack(body, data), data};
    submit.target = target;
    return wu_frame_encode(BUS__FRAME__BODY_SUBMIT, &submit.base, &raw->arena);
}

struct wu_bytes raw_submit(struct raw *raw, const struct wu_id *producer, uint64_t number,
                           Envelope__EventType type, const ProtobufCMessage *body)
{
    return raw_submit_to(raw, 0, producer, number, type, body);
}
