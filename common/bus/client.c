#include "common/bus/client.h"

#include "common/bus/frame.h"
#include "common/bus/socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <zmq.h>

enum { WINDOW = 1024, RESEND_MS = 2000 };

/* A command on its way; its frame is kept until it is answered. */
struct pending {
    uint64_t number; /* 0: free */
    int64_t sent_ms;
    uint8_t *frame;
    size_t size;
};

struct wu_client {
    void *zmq;
    void *socket;
    struct wu_id producer;
    uint64_t number;
    uint64_t ping_number;
    struct pending pending[WINDOW]; /* at number % WINDOW when free, else searched */
    size_t pending_count;
};

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

enum wu_status wu_client_open(struct wu_client **ret_client, const char *endpoint,
                              const struct wu_id *producer, struct wu_error *reterr)
{
    struct wu_client *client = calloc(1, sizeof *client);
    if (client == NULL) {
        return wu_error_set(reterr, WU_NO_MEMORY, "no memory for a client");
    }
    struct wu_socket_config config = {.type = ZMQ_DEALER, .endpoint = endpoint};
    client->zmq = zmq_ctx_new();
    client->socket = client->zmq != NULL ? wu_socket_open(client->zmq, &config, reterr) : NULL;
    if (producer != NULL) {
        client->producer = *producer;
    } else if (getrandom(&client->producer, sizeof client->producer, 0) !=
               (ssize_t)sizeof client->producer) {
        wu_client_close(&client);
        return wu_error_set(reterr, WU_IO, "the system gives no random bytes");
    }
    if (client->socket == NULL) {
        wu_client_close(&client);
        return WU_IO;
    }
    /* a door that is open is through in a millisecond; one that is not is tried again later */
    enum { OPEN_MS = 100 };
    zmq_pollitem_t item = {.socket = client->socket, .events = ZMQ_POLLOUT};
    (void)zmq_poll(&item, 1, OPEN_MS);
    *ret_client = client;
    return WU_OK;
}

void wu_client_close(struct wu_client **client_p)
{
    struct wu_client *client = *client_p;
    if (client == NULL) {
        return;
    }
    for (size_t index = 0; index < WINDOW; index++) {
        free(client->pending[index].frame);
    }
    if (client->socket != NULL) {
        (void)zmq_close(client->socket);
    }
    if (client->zmq != NULL) {
        (void)zmq_ctx_term(client->zmq);
    }
    free(client);
    *client_p = NULL;
}

/* ---- sending ------------------------------------------------------------------------------- */

static struct pending *find_pending(struct wu_client *client, uint64_t number)
{
    for (size_t index = 0; index < WINDOW; index++) {
        struct pending *pending = &client->pending[(number + index) % WINDOW];
        if (pending->number == number) {
            return pending;
        }
    }
    return NULL;
}

static struct pending *free_pending(struct wu_client *client, uint64_t number)
{
    for (size_t index = 0; index < WINDOW; index++) {
        struct pending *pending = &client->pending[(number + index) % WINDOW];
        if (pending->number == 0) {
            return pending;
        }
    }
    return NULL;
}

/* A door that is not open yet, or full, is tried again with the resends. */
static void send_pending(struct wu_client *client, struct pending *pending)
{
    bool sent = zmq_send(client->socket, pending->frame, pending->size, ZMQ_DONTWAIT) >= 0;
    pending->sent_ms = sent ? now_ms() : now_ms() - RESEND_MS + 20;
}

static bool keep_frame(struct pending *pending, const Bus__Submit *submit)
{
    Bus__Frame frame = BUS__FRAME__INIT;
    frame.body_case = BUS__FRAME__BODY_SUBMIT;
    frame.submit = (Bus__Submit *)(uintptr_t)submit; /* only read */
    pending->size = bus__frame__get_packed_size(&frame);
    pending->frame = malloc(pending->size);
    if (pending->frame == NULL) {
        return false;
    }
    (void)bus__frame__pack(&frame, pending->frame);
    return true;
}

enum wu_status wu_client_send(struct wu_client *client, const struct wu_command *command,
                              uint64_t *ret_number)
{
    if (client->pending_count == WINDOW) {
        return WU_BUSY;
    }
    uint64_t number = client->number + 1;
    struct pending *pending = free_pending(client, number);
    size_t size = protobuf_c_message_get_packed_size(command->body);
    uint8_t *data = malloc(size + 1);
    if (data == NULL || pending == NULL) {
        free(data);
        return WU_NO_MEMORY;
    }
    Bus__Submit submit = BUS__SUBMIT__INIT;
    submit.producer = wu_id_to_pb(&client->producer);
    submit.number = number;
    submit.type = command->type;
    submit.data = (ProtobufCBinaryData){protobuf_c_message_pack(command->body, data), data};
    submit.target = command->target;
    submit.happened_at_ms = command->happened_at_ms;
    bool kept = keep_frame(pending, &submit);
    free(data);
    if (!kept) {
        return WU_NO_MEMORY;
    }
    pending->number = number;
    client->number = number;
    client->pending_count++;
    send_pending(client, pending);
    *ret_number = number;
    return WU_OK;
}

size_t wu_client_unanswered(const struct wu_client *client)
{
    return client->pending_count;
}

/* ---- answers --------------------------------------------------------------------------------- */

static void resend(struct wu_client *client)
{
    int64_t now = now_ms();
    for (size_t index = 0; index < WINDOW && client->pending_count > 0; index++) {
        struct pending *pending = &client->pending[index];
        if (pending->number != 0 && now - pending->sent_ms >= RESEND_MS) {
            send_pending(client, pending);
        }
    }
}

/* The soonest resend, for the length of a wait. */
static int64_t next_resend_ms(const struct wu_client *client)
{
    int64_t soonest = INT64_MAX;
    for (size_t index = 0; index < WINDOW; index++) {
        const struct pending *pending = &client->pending[index];
        if (pending->number != 0 && pending->sent_ms + RESEND_MS < soonest) {
            soonest = pending->sent_ms + RESEND_MS;
        }
    }
    return soonest;
}

/* Waits for one frame until `until_ms`, resending; NULL when none came. */
static const Bus__Frame *wait_frame(struct wu_client *client, int64_t until_ms,
                                    struct wu_arena *arena)
{
    for (;;) {
        zmq_msg_t message;
        (void)zmq_msg_init(&message);
        if (zmq_msg_recv(&message, client->socket, ZMQ_DONTWAIT) >= 0) {
            const Bus__Frame *frame = NULL;
            const char *why = "";
            enum wu_status status = wu_frame_decode(
                wu_bytes(zmq_msg_data(&message), zmq_msg_size(&message)), arena, &frame, &why);
            (void)zmq_msg_close(&message);
            if (status == WU_OK) {
                return frame;
            }
            continue;
        }
        (void)zmq_msg_close(&message);
        int64_t now = now_ms();
        resend(client); /* also for a caller that only looks and never waits */
        if (now >= until_ms) {
            return NULL;
        }
        int64_t wake_ms = next_resend_ms(client);
        wake_ms = wake_ms < until_ms ? wake_ms : until_ms;
        zmq_pollitem_t item = {.socket = client->socket, .events = ZMQ_POLLIN};
        (void)zmq_poll(&item, 1, (long)(wake_ms > now ? wake_ms - now : 1));
    }
}

/* Busy and forwarded are not the last word: the same command is sent again later. */
static bool is_final(const Bus__Answer *answer)
{
    return answer->status != BUS__ANSWER_STATUS__ANSWER_STATUS_BUSY &&
           answer->status != BUS__ANSWER_STATUS__ANSWER_STATUS_FORWARDED;
}

static struct pending *match(struct wu_client *client, const Bus__Answer *answer)
{
    struct wu_id producer;
    if (!wu_id_from_pb(answer->producer, &producer) || !wu_id_equal(&producer, &client->producer) ||
        answer->number == 0) {
        return NULL;
    }
    struct pending *pending = find_pending(client, answer->number);
    if (pending != NULL && !is_final(answer)) {
        pending->sent_ms = now_ms() - RESEND_MS + 200;
        return NULL;
    }
    return pending;
}

enum wu_status wu_client_answer(struct wu_client *client, int timeout_ms, struct wu_arena *arena,
                                const Bus__Answer **ret_answer)
{
    int64_t until_ms = now_ms() + timeout_ms;
    for (;;) {
        const Bus__Frame *frame = wait_frame(client, until_ms, arena);
        if (frame == NULL) {
            return WU_BUSY;
        }
        struct pending *pending =
            frame->body_case == BUS__FRAME__BODY_ANSWER ? match(client, frame->answer) : NULL;
        if (pending != NULL) {
            free(pending->frame);
            *pending = (struct pending){0};
            client->pending_count--;
            *ret_answer = frame->answer;
            return WU_OK;
        }
    }
}

enum wu_status wu_client_call(struct wu_client *client, const struct wu_command *command,
                              int timeout_ms, struct wu_arena *arena,
                              const Bus__Answer **ret_answer, struct wu_error *reterr)
{
    uint64_t number = 0;
    int64_t until_ms = now_ms() + timeout_ms;
    enum wu_status status = wu_client_send(client, command, &number);
    while (status == WU_OK) {
        int64_t left_ms = until_ms - now_ms();
        status = wu_client_answer(client, left_ms > 0 ? (int)left_ms : 0, arena, ret_answer);
        if (status == WU_OK && (*ret_answer)->number == number) {
            return WU_OK;
        }
    }
    return wu_error_set(reterr, status,
                        "no answer within %d ms; is the daemon running? (wushectl doctor looks)",
                        timeout_ms);
}

/* Waits until something may be sent, at most until then: the door may open while we wait. */
static bool wait_writable(struct wu_client *client, int64_t until_ms)
{
    zmq_pollitem_t item = {.socket = client->socket, .events = ZMQ_POLLOUT};
    int64_t left_ms = until_ms - now_ms();
    (void)zmq_poll(&item, 1, (long)(left_ms > 0 ? left_ms : 0));
    return (item.revents & ZMQ_POLLOUT) != 0;
}

enum wu_status wu_client_ping(struct wu_client *client, int timeout_ms, struct wu_arena *arena,
                              const Bus__Pong **ret_pong)
{
    enum { AGAIN_MS = 200 };
    Bus__Ping ping = BUS__PING__INIT;
    ping.number = ++client->ping_number;
    int64_t until_ms = now_ms() + timeout_ms;
    while (wait_writable(client, until_ms)) {
        struct wu_bytes packed = wu_frame_encode(BUS__FRAME__BODY_PING, &ping.base, arena);
        if (packed.data == NULL) {
            return WU_NO_MEMORY;
        }
        (void)zmq_send(client->socket, packed.data, packed.size, ZMQ_DONTWAIT);
        int64_t again_ms = now_ms() + AGAIN_MS;
        const Bus__Frame *frame =
            wait_frame(client, again_ms < until_ms ? again_ms : until_ms, arena);
        if (frame != NULL && frame->body_case == BUS__FRAME__BODY_PONG &&
            frame->pong->number == ping.number) {
            *ret_pong = frame->pong;
            return WU_OK;
        }
        if (frame == NULL && now_ms() >= until_ms) {
            break;
        }
    }
    return WU_BUSY;
}
