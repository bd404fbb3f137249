#include "common/bus/frame.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct wu_arena arena;

static void set_up(void)
{
    cr_assert_eq(wu_arena_open(&arena, (size_t)32 << 20), WU_OK);
}

static void tear_down(void)
{
    wu_arena_close(&arena);
}

TestSuite(frame, .init = set_up, .fini = tear_down);

static uint8_t producer[16] = "a producer";

static void expect_taken(Bus__Frame__BodyCase body_case, ProtobufCMessage *body)
{
    const Bus__Frame *frame = NULL;
    const char *why = "";
    struct wu_bytes bytes = wu_frame_encode(body_case, body, &arena);
    cr_assert_not_null(bytes.data);
    cr_expect_eq(wu_frame_decode(bytes, &arena, &frame, &why), WU_OK, "%d: %s", (int)body_case,
                 why);
    cr_expect_eq(frame->body_case, body_case);
}

static void expect_refused(Bus__Frame__BodyCase body_case, ProtobufCMessage *body,
                           const char *reason)
{
    const Bus__Frame *frame = NULL;
    const char *why = "";
    struct wu_bytes bytes = wu_frame_encode(body_case, body, &arena);
    size_t mark = arena.used_bytes;
    cr_expect_eq(wu_frame_decode(bytes, &arena, &frame, &why), WU_CORRUPT);
    cr_expect_not_null(strstr(why, reason), "said '%s', expected '%s'", why, reason);
    cr_expect_eq(arena.used_bytes, mark); /* what it had taken is given back */
    cr_expect(!arena.exhausted);
}

Test(frame, each_kind_goes_there_and_back)
{
    Bus__Position position = BUS__POSITION__INIT;
    Bus__Hello hello = BUS__HELLO__INIT;
    hello.mine = &position;
    hello.yours = &position;
    expect_taken(BUS__FRAME__BODY_HELLO, &hello.base);
    uint8_t record[] = {1, 2, 3};
    ProtobufCBinaryData records[] = {{sizeof record, record}};
    Bus__Batch batch = BUS__BATCH__INIT;
    batch.first = 1;
    batch.n_records = 1;
    batch.records = records;
    expect_taken(BUS__FRAME__BODY_BATCH, &batch.base);
    Bus__Ack ack = BUS__ACK__INIT;
    ack.position = &position;
    expect_taken(BUS__FRAME__BODY_ACK, &ack.base);
    Bus__Fetch fetch = BUS__FETCH__INIT;
    fetch.from = &position;
    expect_taken(BUS__FRAME__BODY_FETCH, &fetch.base);
    Bus__Heads heads = BUS__HEADS__INIT;
    expect_taken(BUS__FRAME__BODY_HEADS, &heads.base);
    Bus__Snapshot snapshot = BUS__SNAPSHOT__INIT;
    snapshot.upto = &position;
    expect_taken(BUS__FRAME__BODY_SNAPSHOT, &snapshot.base);
    Bus__Halt halt = BUS__HALT__INIT;
    expect_taken(BUS__FRAME__BODY_HALT, &halt.base);
    Bus__Submit submit = BUS__SUBMIT__INIT;
    submit.producer = (ProtobufCBinaryData){sizeof producer, producer};
    submit.number = 1;
    expect_taken(BUS__FRAME__BODY_SUBMIT, &submit.base);
    Bus__Answer answer = BUS__ANSWER__INIT;
    expect_taken(BUS__FRAME__BODY_ANSWER, &answer.base);
    Bus__Ping ping = BUS__PING__INIT;
    expect_taken(BUS__FRAME__BODY_PING, &ping.base);
    Bus__Pong pong = BUS__PONG__INIT;
    expect_taken(BUS__FRAME__BODY_PONG, &pong.base);
}

Test(frame, an_empty_one_is_refused)
{
    const Bus__Frame *frame = NULL;
    const char *why = "";
    cr_expect_eq(wu_frame_decode(wu_bytes(NULL, 0), &arena, &frame, &why), WU_CORRUPT);
    cr_expect_str_eq(why, "the frame is empty");
}

Test(frame, a_batch_has_1_to_512_records_numbered_from_1)
{
    static ProtobufCBinaryData records[WU_FRAME_RECORDS_MAX + 1];
    Bus__Batch batch = BUS__BATCH__INIT;
    batch.first = 1;
    expect_refused(BUS__FRAME__BODY_BATCH, &batch.base, "1 to 512 records");
    batch.records = records;
    batch.n_records = WU_FRAME_RECORDS_MAX;
    expect_taken(BUS__FRAME__BODY_BATCH, &batch.base);
    batch.n_records = WU_FRAME_RECORDS_MAX + 1;
    expect_refused(BUS__FRAME__BODY_BATCH, &batch.base, "1 to 512 records");
    batch.n_records = 1;
    batch.first = 0;
    expect_refused(BUS__FRAME__BODY_BATCH, &batch.base, "begin at 1");
    batch.first = UINT64_MAX - WU_FRAME_RECORDS_MAX;
    expect_taken(BUS__FRAME__BODY_BATCH, &batch.base);
    batch.first = UINT64_MAX - WU_FRAME_RECORDS_MAX + 1;
    expect_refused(BUS__FRAME__BODY_BATCH, &batch.base, "begin at 1");
}

Test(frame, a_command_has_its_key)
{
    Bus__Submit submit = BUS__SUBMIT__INIT;
    submit.number = 1;
    expect_refused(BUS__FRAME__BODY_SUBMIT, &submit.base, "not 16 bytes");
    submit.producer = (ProtobufCBinaryData){15, producer};
    expect_refused(BUS__FRAME__BODY_SUBMIT, &submit.base, "not 16 bytes");
    submit.producer = (ProtobufCBinaryData){16, producer};
    submit.number = 0;
    expect_refused(BUS__FRAME__BODY_SUBMIT, &submit.base, "begin at 1");
}

Test(frame, positions_that_are_needed_are_there)
{
    Bus__Ack ack = BUS__ACK__INIT;
    Bus__Fetch fetch = BUS__FETCH__INIT;
    Bus__Snapshot snapshot = BUS__SNAPSHOT__INIT;
    Bus__Hello hello = BUS__HELLO__INIT;
    Bus__Position position = BUS__POSITION__INIT;
    expect_refused(BUS__FRAME__BODY_ACK, &ack.base, "position is missing");
    expect_refused(BUS__FRAME__BODY_FETCH, &fetch.base, "position is missing");
    expect_refused(BUS__FRAME__BODY_SNAPSHOT, &snapshot.base, "position is missing");
    expect_refused(BUS__FRAME__BODY_HELLO, &hello.base, "position is missing");
    hello.mine = &position;
    expect_refused(BUS__FRAME__BODY_HELLO, &hello.base, "position is missing");
    hello.mine = NULL;
    hello.yours = &position;
    expect_refused(BUS__FRAME__BODY_HELLO, &hello.base, "position is missing");
}

Test(frame, one_of_a_mebibyte_is_taken_and_a_larger_one_is_not)
{
    size_t size = WU_FRAME_BYTES_MAX;
    uint8_t *record = calloc(1, size);
    cr_assert_not_null(record);
    ProtobufCBinaryData records[] = {{size - 14, record}};
    Bus__Batch batch = BUS__BATCH__INIT;
    batch.first = 1;
    batch.n_records = 1;
    batch.records = records;
    struct wu_bytes bytes = wu_frame_encode(BUS__FRAME__BODY_BATCH, &batch.base, &arena);
    while (bytes.size != size) { /* the lengths of its lengths */
        records[0].len += size - bytes.size;
        bytes = wu_frame_encode(BUS__FRAME__BODY_BATCH, &batch.base, &arena);
    }
    const Bus__Frame *frame = NULL;
    const char *why = "";
    cr_expect_eq(wu_frame_decode(bytes, &arena, &frame, &why), WU_OK, "%s", why);
    records[0].len++;
    expect_refused(BUS__FRAME__BODY_BATCH, &batch.base, "larger than 1 MiB");
    free(record);
}

Test(frame, what_grows_too_much_in_memory_is_refused)
{
    /* each empty message of Heads costs two bytes on the wire and a Position in memory */
    enum { COUNT = 100000 };
    static uint8_t bytes[COUNT * 2 + 8];
    size_t size = COUNT * 2;
    uint8_t *at = bytes;
    *at++ = 0x2a; /* Frame.heads */
    for (size_t rest = size; rest > 0; rest >>= 7) {
        *at++ = (uint8_t)((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    }
    for (int i = 0; i < COUNT; i++) {
        *at++ = 0x12;
        *at++ = 0x00;
    }
    const Bus__Frame *frame = NULL;
    const char *why = "";
    size_t mark = arena.used_bytes;
    size_t arena_bytes = arena.size_bytes;
    cr_expect_eq(wu_frame_decode(wu_bytes(bytes, (size_t)(at - bytes)), &arena, &frame, &why),
                 WU_CORRUPT);
    cr_expect_eq(arena.used_bytes, mark);
    cr_expect_eq(arena.size_bytes, arena_bytes);
}

Test(frame, a_good_one_is_not_called_bad_for_want_of_memory)
{
    uint8_t record[100] = {0};
    ProtobufCBinaryData records[] = {{sizeof record, record}};
    Bus__Batch batch = BUS__BATCH__INIT;
    batch.first = 1;
    batch.n_records = 1;
    batch.records = records;
    struct wu_bytes bytes = wu_frame_encode(BUS__FRAME__BODY_BATCH, &batch.base, &arena);
    struct wu_arena small;
    const Bus__Frame *frame = NULL;
    const char *why = "";
    cr_assert_eq(wu_arena_open(&small, 128), WU_OK);
    cr_expect_eq(wu_frame_decode(bytes, &small, &frame, &why), WU_NO_MEMORY);
    cr_expect_eq(small.used_bytes, 0);
    wu_arena_close(&small);
}

Test(frame, records_inside_stay_as_they_are)
{
    uint8_t odd[] = {0x80, 0x80, 0x00}; /* no canonical anything: not this layer's business */
    ProtobufCBinaryData records[] = {{sizeof odd, odd}};
    Bus__Batch batch = BUS__BATCH__INIT;
    batch.first = 1;
    batch.n_records = 1;
    batch.records = records;
    const Bus__Frame *frame = NULL;
    const char *why = "";
    struct wu_bytes bytes = wu_frame_encode(BUS__FRAME__BODY_BATCH, &batch.base, &arena);
    cr_assert_eq(wu_frame_decode(bytes, &arena, &frame, &why), WU_OK);
    cr_expect_eq(frame->batch->records[0].len, sizeof odd);
    cr_expect_eq(memcmp(frame->batch->records[0].data, odd, sizeof odd), 0);
}
