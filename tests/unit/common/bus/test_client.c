/* A client against a door of the test's own, which answers as told. */
#include "common/bus/client.h"

#include "common/bus/frame.h"
#include "common/bus/socket.h"
#include "tests/support/scratch.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <zmq.h>

enum { PATIENCE_MS = 20000, WINDOW = 1024 };

static char *folder;
static char endpoint[600];
static void *zmq;
static void *door;
static struct wu_client *client;
static struct wu_arena arena;
static struct wu_error error;
static uint8_t route[16]; /* who knocked last */
static size_t route_size;

static void open_door(void)
{
    int patience_ms = PATIENCE_MS;
    struct wu_socket_config config = {.type = ZMQ_ROUTER, .binds = true, .endpoint = endpoint};
    door = wu_socket_open(zmq, &config, &error);
    cr_assert_not_null(door, "%s", error.text);
    cr_assert_eq(zmq_setsockopt(door, ZMQ_RCVTIMEO, &patience_ms, sizeof patience_ms), 0);
}

static void open_client(void)
{
    static const struct wu_id producer = {"the test"};
    cr_assert_eq(wu_client_open(&client, endpoint, &producer, &error), WU_OK, "%s", error.text);
}

static void set_up(void)
{
    folder = scratch_make();
    (void)snprintf(endpoint, sizeof endpoint, "ipc://%s/door", folder);
    zmq = zmq_ctx_new();
    cr_assert_eq(wu_arena_open(&arena, (size_t)16 << 20), WU_OK);
    open_door();
    open_client();
}

static void tear_down(void)
{
    wu_client_close(&client);
    if (door != NULL) {
        (void)zmq_close(door);
    }
    (void)zmq_ctx_term(zmq);
    wu_arena_close(&arena);
    scratch_remove(&folder);
}

TestSuite(client, .init = set_up, .fini = tear_down, .timeout = 60);

/* The next frame at the door. */
static const Bus__Frame *knock(void)
{
    static uint8_t bytes[WU_FRAME_BYTES_MAX];
    const Bus__Frame *frame = NULL;
    const char *why = "";
    int size = zmq_recv(door, route, sizeof route, 0);
    cr_assert_geq(size, 1, "nobody knocked");
    route_size = (size_t)size;
    size = zmq_recv(door, bytes, sizeof bytes, 0);
    cr_assert_geq(size, 0);
    cr_assert_eq(wu_frame_decode(wu_bytes(bytes, (size_t)size), &arena, &frame, &why), WU_OK, "%s",
                 why);
    return frame;
}

static const Bus__Submit *knock_command(void)
{
    const Bus__Frame *frame = knock();
    cr_assert_eq(frame->body_case, BUS__FRAME__BODY_SUBMIT);
    return frame->submit;
}

static bool is_quiet(void)
{
    zmq_pollitem_t item = {.socket = door, .events = ZMQ_POLLIN};
    return zmq_poll(&item, 1, 0) == 0;
}

static void reply(Bus__Frame__BodyCase body_case, ProtobufCMessage *body)
{
    struct wu_bytes frame = wu_frame_encode(body_case, body, &arena);
    cr_assert_geq(zmq_send(door, route, route_size, ZMQ_SNDMORE), 0);
    cr_assert_geq(zmq_send(door, frame.data, frame.size, 0), 0);
}

static void answer(const Bus__Submit *submit, uint64_t number, Bus__AnswerStatus status)
{
    Bus__Answer body = BUS__ANSWER__INIT;
    body.producer = submit->producer;
    body.number = number;
    body.status = status;
    reply(BUS__FRAME__BODY_ANSWER, &body.base);
}

#define ACCEPTED BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED
#define BUSY BUS__ANSWER_STATUS__ANSWER_STATUS_BUSY
#define FORWARDED BUS__ANSWER_STATUS__ANSWER_STATUS_FORWARDED

static uint64_t send_one(void)
{
    static const Envelope__TimerFired body = ENVELOPE__TIMER_FIRED__INIT;
    uint64_t number = 0;
    struct wu_command command = {.type = WU_TYPE(COMMUNITY_RAISE_NEED),
                                 .body = &body.base,
                                 .happened_at_ms = 5,
                                 .target = 7};
    cr_assert_eq(wu_client_send(client, &command, &number), WU_OK);
    return number;
}

Test(client, commands_are_numbered_and_carry_what_was_said)
{
    cr_expect_eq(send_one(), 1);
    cr_expect_eq(send_one(), 2);
    cr_expect_eq(wu_client_unanswered(client), 2);
    const Bus__Submit *submit = knock_command();
    cr_expect_eq(submit->number, 1);
    cr_expect_eq(submit->type, WU_TYPE(COMMUNITY_RAISE_NEED));
    cr_expect_eq(submit->target, 7);
    cr_expect_eq(submit->happened_at_ms, 5);
    cr_expect_eq(submit->producer.len, 16);
    cr_expect_eq(memcmp(submit->producer.data, "the test", 8), 0);
    cr_expect_eq(knock_command()->number, 2);
}

Test(client, answers_come_in_any_order)
{
    const Bus__Answer *got = NULL;
    for (int i = 0; i < 3; i++) {
        (void)send_one();
    }
    const Bus__Submit *submit = knock_command();
    (void)knock_command();
    (void)knock_command();
    static const uint64_t order[] = {2, 3, 1};
    for (size_t i = 0; i < 3; i++) {
        answer(submit, order[i], ACCEPTED);
        cr_assert_eq(wu_client_answer(client, PATIENCE_MS, &arena, &got), WU_OK);
        cr_expect_eq(got->number, order[i]);
        cr_expect_eq(wu_client_unanswered(client), 2 - i);
    }
}

Test(client, a_command_without_an_answer_is_sent_again_under_its_key)
{
    const Bus__Answer *got = NULL;
    uint64_t number = send_one();
    cr_expect_eq(knock_command()->number, number);
    cr_expect(is_quiet());
    cr_expect_eq(wu_client_answer(client, 2500, &arena, &got), WU_BUSY);
    const Bus__Submit *again = knock_command();
    cr_expect_eq(again->number, number);
    answer(again, number, ACCEPTED);
    cr_expect_eq(wu_client_answer(client, PATIENCE_MS, &arena, &got), WU_OK);
    cr_expect_eq(got->number, number);
}

static void expect_not_final(Bus__AnswerStatus status)
{
    const Bus__Answer *got = NULL;
    uint64_t number = send_one();
    answer(knock_command(), number, status);
    cr_expect_eq(wu_client_answer(client, 1000, &arena, &got), WU_BUSY);
    cr_expect_eq(wu_client_unanswered(client), 1);
    const Bus__Submit *again = knock_command(); /* soon, not after two seconds */
    cr_expect_eq(again->number, number);
    answer(again, number, ACCEPTED);
    cr_expect_eq(wu_client_answer(client, PATIENCE_MS, &arena, &got), WU_OK);
    cr_expect_eq(got->status, ACCEPTED);
}

Test(client, busy_is_not_the_last_word)
{
    expect_not_final(BUSY);
}

Test(client, forwarded_is_not_the_last_word)
{
    expect_not_final(FORWARDED);
}

Test(client, every_other_status_is)
{
    static const Bus__AnswerStatus statuses[] = {
        ACCEPTED,
        BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED,
        BUS__ANSWER_STATUS__ANSWER_STATUS_FAILED,
        BUS__ANSWER_STATUS__ANSWER_STATUS_DENIED,
        BUS__ANSWER_STATUS__ANSWER_STATUS_MALFORMED,
    };
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        const Bus__Answer *got = NULL;
        uint64_t number = send_one();
        answer(knock_command(), number, statuses[i]);
        cr_assert_eq(wu_client_answer(client, PATIENCE_MS, &arena, &got), WU_OK);
        cr_expect_eq(got->status, statuses[i]);
    }
    cr_expect(is_quiet());
}

Test(client, an_answer_twice_or_to_somebody_else_is_passed_over)
{
    static uint8_t other[16] = "somebody else";
    const Bus__Answer *got = NULL;
    uint64_t number = send_one();
    const Bus__Submit *submit = knock_command();
    Bus__Submit strange = *submit;
    strange.producer = (ProtobufCBinaryData){sizeof other, other};
    answer(&strange, number, ACCEPTED);
    answer(submit, number + 1, ACCEPTED);
    answer(submit, 0, ACCEPTED);
    strange.producer.len = 3;
    answer(&strange, number, ACCEPTED);
    answer(submit, number, ACCEPTED);
    answer(submit, number, ACCEPTED);
    cr_assert_eq(wu_client_answer(client, PATIENCE_MS, &arena, &got), WU_OK);
    cr_expect_eq(got->number, number);
    cr_expect_eq(wu_client_unanswered(client), 0);
    cr_expect_eq(wu_client_answer(client, 100, &arena, &got), WU_BUSY);
}

Test(client, a_full_window_takes_no_more_until_an_answer_comes)
{
    static const Envelope__TimerFired body = ENVELOPE__TIMER_FIRED__INIT;
    struct wu_command command = {.type = WU_TYPE(COMMUNITY_RAISE_NEED), .body = &body.base};
    const Bus__Answer *got = NULL;
    uint64_t number = 0;
    for (int i = 0; i < WINDOW; i++) {
        (void)send_one();
    }
    cr_expect_eq(wu_client_send(client, &command, &number), WU_BUSY);
    cr_expect_eq(wu_client_unanswered(client), WINDOW);
    const Bus__Submit *submit = knock_command();
    answer(submit, 700, ACCEPTED);
    cr_assert_eq(wu_client_answer(client, PATIENCE_MS, &arena, &got), WU_OK);
    cr_expect_eq(wu_client_send(client, &command, &number), WU_OK);
    cr_expect_eq(number, WINDOW + 1);
    cr_expect_eq(wu_client_send(client, &command, &number), WU_BUSY);
    answer(submit, WINDOW + 1, ACCEPTED); /* one that does not stand at its own place */
    cr_assert_eq(wu_client_answer(client, PATIENCE_MS, &arena, &got), WU_OK);
    cr_expect_eq(got->number, WINDOW + 1);
}

Test(client, a_door_that_opens_late_is_knocked_at_again)
{
    const Bus__Answer *got = NULL;
    wu_client_close(&client);
    (void)zmq_close(door);
    door = NULL;
    open_client();
    uint64_t number = send_one(); /* nowhere to go yet */
    open_door();
    for (int i = 0; i < 100 && is_quiet(); i++) { /* libzmq dials less and less often */
        cr_expect_eq(wu_client_answer(client, 200, &arena, &got), WU_BUSY);
    }
    const Bus__Submit *submit = knock_command();
    cr_expect_eq(submit->number, number);
    answer(submit, number, ACCEPTED);
    cr_expect_eq(wu_client_answer(client, PATIENCE_MS, &arena, &got), WU_OK);
}

Test(client, a_call_without_an_answer_says_so)
{
    static const Envelope__TimerFired body = ENVELOPE__TIMER_FIRED__INIT;
    struct wu_command command = {.type = WU_TYPE(COMMUNITY_RAISE_NEED), .body = &body.base};
    const Bus__Answer *got = NULL;
    cr_expect_eq(wu_client_call(client, &command, 50, &arena, &got, &error), WU_BUSY);
    cr_expect_not_null(strstr(error.text, "no answer within 50 ms"), "%s", error.text);
}

Test(client, a_ping_without_a_pong_gives_up)
{
    const Bus__Pong *pong = NULL;
    cr_expect_eq(wu_client_ping(client, 300, &arena, &pong), WU_BUSY);
    const Bus__Frame *frame = knock();
    cr_expect_eq(frame->body_case, BUS__FRAME__BODY_PING);
}

Test(client, an_endpoint_that_is_none_is_refused)
{
    struct wu_client *none = NULL;
    cr_expect_eq(wu_client_open(&none, "http://door", NULL, &error), WU_IO);
    cr_expect_not_null(strstr(error.text, "is no address"), "%s", error.text);
    cr_expect_eq(wu_client_open(&none, "tcp://127.0.0.1:7601", NULL, &error), WU_IO);
    cr_expect_not_null(strstr(error.text, "tcp needs keys"), "%s", error.text);
    cr_expect_null(none);
}
