/* What a node has said: chained, numbered, kept while somebody needs it. */
#include "common/fold/pb.h"
#include "tests/support/scratch.h"
#include "tests/support/toy.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOW_MS = 5000 };

static char *folder;
static char path[512];
static struct wu_node *node;
static struct wu_arena arena;
static uint64_t command_number;
static struct wu_node_config config;
static const struct wu_core *core;

static void open_node(void)
{
    node = toy_node_open(path, core, &config);
}

static void set_up(void)
{
    folder = scratch_make();
    (void)snprintf(path, sizeof path, "%s/state", folder);
    cr_assert_eq(wu_arena_open(&arena, (size_t)16 << 20), WU_OK);
    core = &TOY_HUB_CORE;
    config = (struct wu_node_config){.stream_keep_count = 10, .public_keep_count = 20};
    open_node();
}

static void tear_down(void)
{
    wu_node_close(&node);
    wu_arena_close(&arena);
    scratch_remove(&folder);
}

TestSuite(stream, .init = set_up, .fini = tear_down);

static void restart(void)
{
    wu_node_close(&node);
    open_node();
}

static void run(void)
{
    cr_assert_eq(wu_node_run(node, NOW_MS), WU_OK);
}

/* That many commands of one kind in one batch. */
static void say(uint32_t count, uint32_t n)
{
    struct wu_arena *batch = wu_node_begin(node);
    for (uint32_t i = 0; i < count; i++) {
        struct wu_input *input = wu_node_add(node);
        input->origin = WU_ORIGIN_COMMAND;
        input->record = toy_submit(batch, ++command_number, n, 0);
    }
    run();
}

static void tell(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        say(1, TOY_NEWS + i % 5);
    }
}

/* What followers said is written down with the next batch, also an empty one. */
static void settle(void)
{
    (void)wu_node_begin(node);
    run();
}

static struct wu_stream mail(void)
{
    return wu_node_mail_stream(node, TOY_PEER);
}

static struct wu_stream news(void)
{
    struct wu_stream stream;
    cr_assert(wu_node_find_public(node, "pub/wushe.v1.42.01.00.000.000.toy.news", &stream));
    return stream;
}

static Node__FollowerRow follower(uint32_t stream, uint32_t peer)
{
    struct wu_txn *txn = NULL;
    wu_arena_reset(&arena, 0);
    cr_assert_eq(wu_txn_begin_read(wu_node_store(node), &arena, &txn), WU_OK);
    const Node__FollowerRow *row = wu_followers_get(txn, &(struct wu_follower_key){stream, peer});
    cr_assert_not_null(row);
    wu_txn_abort(&txn);
    return *row;
}

/* Every held record: numbers without a gap, each hash that of the one before and it. */
static void expect_chain(const struct wu_stream *stream)
{
    struct wu_output *records = NULL;
    size_t count = 0;
    wu_arena_reset(&arena, 0);
    cr_assert_eq(wu_node_read_records(node, stream->stream, stream->first, 4096, SIZE_MAX, &arena,
                                      &records, &count),
                 WU_OK);
    cr_assert_eq(count, stream->head - stream->first + 1);
    uint8_t hash[WU_HASH_BYTES];
    if (stream->first == 1) {
        memset(hash, 0, sizeof hash);
        wu_chain_hash(hash, records[0].record, hash);
    } else {
        memcpy(hash, records[0].hash, sizeof hash);
    }
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            wu_chain_hash(hash, records[i].record, hash);
        }
        cr_expect_eq(records[i].number, stream->first + i);
        cr_expect_eq(memcmp(hash, records[i].hash, sizeof hash), 0, "record %zu", i);
    }
    cr_expect_eq(memcmp(hash, stream->hash, sizeof hash), 0);
}

/* ---- numbers and hashes --------------------------------------------------------- */

Test(stream, one_that_nobody_wrote_to_is_empty)
{
    cr_expect_eq(mail().head, 0);
    cr_expect_eq(mail().first, 1);
    cr_expect_eq(mail().generation, 1);
    cr_expect_str_eq(mail().name, "to/7");
    cr_expect_eq(wu_node_public_count(node), 0);
    uint8_t hash[WU_HASH_BYTES];
    cr_expect_eq(wu_node_hash_at(node, TOY_PEER, 0, hash), WU_OK);
    cr_expect_eq(wu_node_hash_at(node, TOY_PEER, 1, hash), WU_NOT_FOUND);
}

Test(stream, records_are_chained_across_batches_and_restarts)
{
    say(3, 1);
    say(4, 2);
    restart();
    say(5, 3);
    cr_expect_eq(mail().head, 12);
    struct wu_stream stream = mail();
    expect_chain(&stream);
    uint8_t hash[WU_HASH_BYTES];
    cr_expect_eq(wu_node_hash_at(node, TOY_PEER, 12, hash), WU_OK);
    cr_expect_eq(memcmp(hash, stream.hash, sizeof hash), 0);
}

Test(stream, outputs_of_a_batch_carry_their_hashes)
{
    say(3, 1);
    say(3, 1);
    size_t count = 0;
    const struct wu_output *outputs = wu_node_outputs(node, &count);
    cr_assert_eq(count, 3);
    for (size_t i = 0; i < count; i++) {
        uint8_t hash[WU_HASH_BYTES];
        cr_expect_eq(outputs[i].number, 4 + i);
        cr_assert_eq(wu_node_hash_at(node, TOY_PEER, 4 + i, hash), WU_OK);
        cr_expect_eq(memcmp(hash, outputs[i].hash, sizeof hash), 0);
    }
}

Test(stream, a_chain_begins_with_an_empty_hash_and_depends_on_every_byte)
{
    static const uint8_t zero[WU_HASH_BYTES];
    uint8_t one[WU_HASH_BYTES];
    uint8_t two[WU_HASH_BYTES];
    wu_chain_hash(zero, wu_bytes("a", 1), one);
    wu_chain_hash(zero, wu_bytes("b", 1), two);
    cr_expect_neq(memcmp(one, two, sizeof one), 0);
    wu_chain_hash(one, wu_bytes("a", 1), two);
    cr_expect_neq(memcmp(one, two, sizeof one), 0);
    wu_chain_hash(zero, wu_bytes(NULL, 0), two);
    cr_expect_neq(memcmp(zero, two, sizeof two), 0);
}

Test(stream, reading_stops_at_the_count_and_at_the_bytes)
{
    say(50, 1);
    struct wu_output *records = NULL;
    size_t count = 0;
    cr_expect_eq(wu_node_read_records(node, TOY_PEER, 10, 7, SIZE_MAX, &arena, &records, &count),
                 WU_OK);
    cr_expect_eq(count, 7);
    cr_expect_eq(records[0].number, 10);
    cr_expect_eq(wu_node_read_records(node, TOY_PEER, 10, 50, 1, &arena, &records, &count), WU_OK);
    cr_expect_eq(count, 1);
    cr_expect_eq(wu_node_read_records(node, TOY_PEER, 51, 50, 1, &arena, &records, &count),
                 WU_NOT_FOUND);
    cr_expect_eq(count, 0);
}

Test(stream, reading_without_memory_says_so_and_gives_what_fits)
{
    say(50, 1);
    struct wu_arena small;
    struct wu_output *records = NULL;
    size_t count = 0;
    cr_assert_eq(wu_arena_open(&small, 2000), WU_OK);
    cr_expect_eq(wu_node_read_records(node, TOY_PEER, 1, 10, SIZE_MAX, &small, &records, &count),
                 WU_OK);
    cr_expect_gt(count, 0);
    cr_expect_lt(count, 10);
    wu_arena_reset(&small, 0);
    cr_expect_eq(wu_node_read_records(node, TOY_PEER, 1, 50, SIZE_MAX, &small, &records, &count),
                 WU_NO_MEMORY);
    wu_arena_close(&small);
}

/* ---- mail is kept ----------------------------------------------------------------- */

Test(stream, mail_to_a_node_that_never_came_is_kept_for_ever)
{
    say(300, 1);
    say(300, 1);
    cr_expect_eq(mail().first, 1);
    restart();
    say(1, 1);
    cr_expect_eq(mail().first, 1);
    cr_expect_eq(wu_node_acked_next(node, TOY_PEER, TOY_PEER), 1);
}

Test(stream, acknowledged_mail_goes_but_for_the_last_few)
{
    say(100, 1);
    uint64_t bytes = mail().bytes;
    wu_node_acked(node, TOY_PEER, TOY_PEER, 51);
    cr_expect(wu_node_has_news(node));
    settle();
    cr_expect(!wu_node_has_news(node));
    cr_expect_eq(mail().head, 100);
    cr_expect_eq(mail().first, 40); /* 51 - 10 kept, and the one before for its hash */
    cr_expect_lt(mail().bytes, bytes);
    struct wu_stream stream = mail();
    expect_chain(&stream);
    restart();
    cr_expect_eq(mail().first, 40);
    cr_expect_eq(wu_node_acked_next(node, TOY_PEER, TOY_PEER), 51);
}

Test(stream, an_acknowledgement_twice_is_no_news)
{
    say(10, 1);
    wu_node_acked(node, TOY_PEER, TOY_PEER, 5);
    settle();
    wu_node_acked(node, TOY_PEER, TOY_PEER, 5);
    cr_expect(!wu_node_has_news(node));
}

Test(stream, trimming_does_not_make_one_batch_huge)
{
    say(4000, 1);
    say(4000, 1);
    say(4000, 1);
    wu_node_acked(node, TOY_PEER, TOY_PEER, 12001);
    settle();
    cr_expect_gt(mail().first, 1);
    cr_expect_lt(mail().first, 11900);
    say(1, 1);
    cr_expect_gt(mail().first, 11900);
}

Test(stream, a_dropped_batch_leaves_no_trace_in_streams)
{
    say(3, 1);
    struct wu_stream before = mail();
    say(1, TOY_FAIL); /* folded once, dropped, and buried */
    struct wu_stream after = mail();
    cr_expect_eq(memcmp(&before, &after, sizeof before), 0);
    say(1, TOY_NEWS);
    cr_expect_eq(wu_node_public_count(node), 1);
}

/* ---- public topics ------------------------------------------------------------------ */

Test(stream, topics_carry_the_division_of_the_hub)
{
    tell(3);
    cr_expect_eq(wu_node_public_count(node), 1);
    struct wu_stream stream = wu_node_public_stream(node, 0);
    cr_expect_str_eq(stream.name, "pub/wushe.v1.42.01.00.000.000.toy.news");
    cr_expect_eq(stream.stream, WU_STREAM_PUBLIC + 1);
    cr_expect_eq(stream.head, 3);
    expect_chain(&stream);
    cr_expect(!wu_node_find_public(node, "pub/wushe.v1.42.01.00.000.000.toy.olds", &stream));
}

Test(stream, nobody_follows_so_only_the_last_are_kept)
{
    tell(60);
    cr_expect_eq(news().head, 60);
    cr_expect_eq(news().first, 40);
}

Test(stream, a_slow_follower_is_waited_for_and_then_parked)
{
    tell(10);
    uint32_t stream = news().stream;
    wu_node_acked(node, stream, 2, 6);
    wu_node_acked(node, stream, 3, 11);
    tell(15);
    cr_expect_leq(news().first, 5); /* 2 still needs record 6 */
    cr_expect(!follower(stream, 2).parked);
    tell(1);
    cr_expect(follower(stream, 2).parked);
    cr_expect_eq(follower(stream, 2).since_ms, NOW_MS);
    tell(3);
    cr_expect(!follower(stream, 3).parked);
    cr_expect_gt(news().first, 6);
    wu_node_acked(node, stream, 2, 30); /* it took the snapshot */
    settle();
    cr_expect(!follower(stream, 2).parked);
}

static const Bus__Snapshot *read_snapshot(void)
{
    struct wu_bytes packed;
    ProtobufCMessage *message = NULL;
    const char *why = "";
    wu_arena_reset(&arena, 0);
    struct wu_snapshot_place place = {.more = true};
    cr_assert_eq(wu_node_read_snapshot(node, news().stream, &place, &arena, &packed), WU_OK);
    cr_assert_not(place.more);
    cr_assert_eq(
        wu_pb_decode(&bus__snapshot__descriptor, WU_PB_STRICT, packed, &arena, &message, &why),
        WU_OK, "%s", why);
    return (const Bus__Snapshot *)(const void *)message;
}

Test(stream, a_snapshot_is_the_last_record_of_each_subject)
{
    tell(63);
    const Bus__Snapshot *snapshot = read_snapshot();
    struct wu_stream stream = news();
    cr_expect_eq(snapshot->node, 1);
    cr_expect_str_eq(snapshot->upto->stream, stream.name);
    cr_expect_eq(snapshot->upto->next, 64);
    cr_expect_eq(snapshot->upto->generation, 1);
    cr_expect_eq(memcmp(snapshot->upto->hash.data, stream.hash, WU_HASH_BYTES), 0);
    cr_assert_eq(snapshot->n_records, 5);
    uint64_t seen = 0;
    for (size_t i = 0; i < 5; i++) {
        const Envelope__Envelope *envelope = envelope__envelope__unpack(
            &arena.pb, snapshot->records[i].len, snapshot->records[i].data);
        struct wu_id subject;
        struct wu_id id;
        cr_assert_not_null(envelope);
        cr_assert(wu_id_from_pb(envelope->subject, &subject));
        cr_assert(wu_id_from_pb(envelope->id, &id));
        cr_expect_gt(wu_id_seq(&id), 58); /* one of the last five events */
        seen |= UINT64_C(1) << wu_id_seq(&subject);
    }
    cr_expect_eq(seen, 0x3e);
}

Test(stream, a_snapshot_of_nothing_is_not_found)
{
    struct wu_bytes packed;
    struct wu_snapshot_place place = {.more = true};
    cr_expect_eq(wu_node_read_snapshot(node, WU_STREAM_PUBLIC + 9, &place, &arena, &packed),
                 WU_NOT_FOUND);
}

static struct wu_input *bring(enum wu_origin origin, const char *stream, uint32_t generation,
                              uint64_t number, struct wu_bytes record, bool snapshot)
{
    struct wu_input *input = wu_node_add(node);
    *input = (struct wu_input){.origin = origin,
                               .record = record,
                               .from_node = 1,
                               .stream = stream,
                               .generation = generation,
                               .number = number,
                               .snapshot = snapshot};
    run();
    return input;
}

Test(stream, a_snapshot_moves_the_cursor_and_folds_each_record)
{
    tell(13);
    const Bus__Snapshot *snapshot = read_snapshot();
    size_t size = bus__snapshot__get_packed_size(snapshot);
    uint8_t *bytes = malloc(size);
    cr_assert_not_null(bytes);
    (void)bus__snapshot__pack(snapshot, bytes);
    struct wu_stream told = news();
    wu_node_close(&node);
    (void)snprintf(path, sizeof path, "%s/follower", folder);
    core = &TOY_CORE;
    open_node();
    (void)wu_node_begin(node);
    struct wu_input *input = bring(WU_ORIGIN_PUBLIC, told.name, 1, 14, wu_bytes(bytes, size), true);
    cr_expect(!input->dead, "%s", input->why_dead);
    free(bytes);
    struct wu_cursor cursor = wu_node_cursor(node, 1, told.name);
    cr_expect_eq(cursor.next, 14);
    cr_expect_eq(cursor.generation, 1);
    cr_expect_eq(memcmp(cursor.hash, told.hash, WU_HASH_BYTES), 0);
    struct wu_txn *txn = NULL;
    cr_assert_eq(wu_txn_begin_read(wu_node_store(node), &arena, &txn), WU_OK);
    cr_expect_eq(wu_table_count(txn, &TOY_NAMED), 5);
    wu_txn_abort(&txn);
}

/* ---- cursors --------------------------------------------------------------------------- */

static struct wu_bytes letter(struct wu_arena *batch, uint32_t n)
{
    Toy toy = ENVELOPE__TIMER_FIRED__INIT;
    toy.n = n;
    return toy_envelope(batch, TOY_LETTER, (struct wu_id){{0}}, &toy.base);
}

Test(stream, a_cursor_carries_the_hash_of_what_was_folded)
{
    struct wu_arena *batch = wu_node_begin(node);
    struct wu_bytes record = letter(batch, 1);
    uint8_t hash[WU_HASH_BYTES] = {0};
    wu_chain_hash(hash, record, hash);
    (void)bring(WU_ORIGIN_MAIL, "to/1", 1, 1, record, false);
    struct wu_cursor cursor = wu_node_cursor(node, 1, "to/1");
    cr_expect_eq(cursor.next, 2);
    cr_expect_eq(cursor.generation, 1);
    cr_expect_eq(memcmp(cursor.hash, hash, sizeof hash), 0);
    restart();
    cursor = wu_node_cursor(node, 1, "to/1");
    cr_expect_eq(cursor.next, 2);
    cr_expect_eq(memcmp(cursor.hash, hash, sizeof hash), 0);
    cr_expect_eq(wu_node_cursor(node, 2, "to/1").next, 1);
    cr_expect_eq(wu_node_cursor(node, 2, "to/1").generation, 0);
}

Test(stream, a_peer_that_begins_a_generation_begins_at_one)
{
    struct wu_arena *batch = wu_node_begin(node);
    (void)bring(WU_ORIGIN_MAIL, "to/1", 1, 1, letter(batch, 1), false);
    batch = wu_node_begin(node);
    (void)bring(WU_ORIGIN_MAIL, "to/1", 1, 2, letter(batch, 2), false);
    batch = wu_node_begin(node);
    struct wu_input *input = bring(WU_ORIGIN_MAIL, "to/1", 2, 1, letter(batch, 3), false);
    cr_expect_neq(input->seq, 0);
    struct wu_cursor cursor = wu_node_cursor(node, 1, "to/1");
    cr_expect_eq(cursor.generation, 2);
    cr_expect_eq(cursor.next, 2);
    uint8_t hash[WU_HASH_BYTES] = {0};
    batch = wu_node_begin(node);
    wu_chain_hash(hash, letter(batch, 3), hash);
    cr_expect_eq(memcmp(cursor.hash, hash, sizeof hash), 0);
}

/* ---- generations ------------------------------------------------------------------------ */

static const Bus__Answer *begin_generation(uint32_t stream, uint64_t keep_from)
{
    static uint8_t producer[16] = "operator";
    struct wu_arena *batch = wu_node_begin(node);
    Node__RestartStream restarted = NODE__RESTART_STREAM__INIT;
    Node__RestartStream *list[] = {&restarted};
    Node__BeginGeneration body = NODE__BEGIN_GENERATION__INIT;
    restarted.stream = stream;
    restarted.keep_from = keep_from;
    body.n_streams = stream != 0 ? 1 : 0;
    body.streams = list;
    struct wu_bytes data = wu_pb_pack(&body.base, batch);
    Bus__Submit submit = BUS__SUBMIT__INIT;
    submit.producer = (ProtobufCBinaryData){sizeof producer, producer};
    submit.number = ++command_number;
    submit.type = WU_TYPE(NODE_BEGIN_GENERATION);
    submit.data = (ProtobufCBinaryData){data.size, (uint8_t *)(uintptr_t)data.data};
    struct wu_input *input = wu_node_add(node);
    input->origin = WU_ORIGIN_COMMAND;
    input->record = wu_pb_pack(&submit.base, batch);
    run();
    return input->answer;
}

Test(stream, a_new_generation_carries_over_what_the_follower_cannot_have)
{
    say(10, 1);
    wu_node_acked(node, TOY_PEER, TOY_PEER, 8);
    settle();
    struct wu_output *records = NULL;
    size_t count = 0;
    cr_assert_eq(wu_node_read_records(node, TOY_PEER, 8, 10, SIZE_MAX, &arena, &records, &count),
                 WU_OK);
    cr_assert_eq(count, 3);
    (void)begin_generation(TOY_PEER, 8);
    cr_expect_eq(mail().generation, 2);
    cr_expect_eq(mail().head, 3);
    cr_expect_eq(mail().first, 1);
    cr_expect_eq(wu_node_info(node).generation, 2);
    cr_expect_eq(wu_node_acked_next(node, TOY_PEER, TOY_PEER), 1);
    struct wu_output *carried = NULL;
    size_t carried_count = 0;
    cr_assert_eq(
        wu_node_read_records(node, TOY_PEER, 1, 10, SIZE_MAX, &arena, &carried, &carried_count),
        WU_OK);
    cr_assert_eq(carried_count, 3);
    for (size_t i = 0; i < 3; i++) {
        cr_expect_eq(carried[i].record.size, records[i].record.size);
        cr_expect_eq(memcmp(carried[i].record.data, records[i].record.data, records[i].record.size),
                     0);
    }
    say(2, 1);
    struct wu_stream stream = mail();
    cr_expect_eq(stream.head, 5);
    restart();
    stream = mail();
    cr_expect_eq(stream.generation, 2);
    expect_chain(&stream);
}

Test(stream, a_new_generation_may_carry_all_or_nothing)
{
    say(10, 1);
    (void)begin_generation(TOY_PEER, 1);
    cr_expect_eq(mail().head, 10);
    struct wu_stream stream = mail();
    expect_chain(&stream);
    (void)begin_generation(TOY_PEER, 11);
    cr_expect_eq(mail().head, 0);
    cr_expect_eq(mail().generation, 3);
    cr_expect_eq(mail().bytes, 0);
    say(1, 1);
    stream = mail();
    expect_chain(&stream);
}

Test(stream, a_generation_moves_on_without_streams_and_not_for_unknown_ones)
{
    say(2, 1);
    (void)begin_generation(0, 0);
    cr_expect_eq(wu_node_info(node).generation, 2);
    cr_expect_eq(mail().generation, 1); /* not named: goes on as it was */
    const Bus__Answer *answer = begin_generation(WU_STREAM_PUBLIC + 99, 1);
    cr_expect_eq(answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED);
    cr_expect_str_eq(answer->code, "STREAM_UNKNOWN");
    cr_expect_eq(wu_node_info(node).generation, 2);
}

Test(stream, a_node_that_lost_its_store_begins_the_mail_a_peer_remembers)
{
    const Bus__Answer *answer = begin_generation(99, 1);
    cr_expect_eq(answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED);
    struct wu_stream stream = wu_node_mail_stream(node, 99);
    cr_expect_eq(stream.generation, 2);
    cr_expect_eq(stream.head, 0);
}

Test(stream, ids_of_a_new_generation_are_new)
{
    say(1, 1);
    (void)begin_generation(0, 0);
    say(1, 1);
    struct wu_txn *txn = NULL;
    wu_arena_reset(&arena, 0);
    cr_assert_eq(wu_txn_begin_read(wu_node_store(node), &arena, &txn), WU_OK);
    cr_expect_not_null(toys_get(txn, &(struct toy_key){wu_id_make(1, 1, 1, 0)}));
    cr_expect_not_null(toys_get(txn, &(struct toy_key){wu_id_make(1, 2, 3, 0)}));
    wu_txn_abort(&txn);
}

/* ---- halted ----------------------------------------------------------------------------- */

Test(stream, the_first_mark_of_a_halted_stream_stands)
{
    say(10, 1);
    wu_node_set_halted(node, TOY_PEER, TOY_PEER, "first", 4);
    wu_node_set_halted(node, TOY_PEER, TOY_PEER, "second", 9);
    settle();
    restart();
    cr_expect_str_eq(follower(TOY_PEER, TOY_PEER).halted, "first");
    cr_expect_eq(follower(TOY_PEER, TOY_PEER).halted_head, 3);
    wu_node_set_halted(node, TOY_PEER, TOY_PEER, NULL, 0);
    settle();
    cr_expect_str_eq(follower(TOY_PEER, TOY_PEER).halted, "");
}

/* ---- forwarded commands ------------------------------------------------------------------- */

static struct wu_input *forward(uint32_t from, uint64_t number, uint32_t n)
{
    struct wu_arena *batch = wu_node_begin(node);
    struct wu_bytes submit = toy_submit(batch, number, n, 0);
    const Bus__Submit *body = bus__submit__unpack(&batch->pb, submit.size, submit.data);
    struct wu_bytes record =
        toy_envelope(batch, WU_TYPE(NODE_FORWARDED_COMMAND), (struct wu_id){{0}}, &body->base);
    static uint64_t next;
    struct wu_input *input = wu_node_add(node);
    *input = (struct wu_input){.origin = WU_ORIGIN_MAIL,
                               .record = record,
                               .from_node = from,
                               .stream = "to/9",
                               .generation = 1,
                               .number = ++next};
    run();
    return input;
}

static Bus__Answer last_answer(void)
{
    size_t count = 0;
    const struct wu_output *outputs = wu_node_outputs(node, &count);
    cr_assert_gt(count, 0);
    const Envelope__Envelope *envelope = envelope__envelope__unpack(
        &arena.pb, outputs[count - 1].record.size, outputs[count - 1].record.data);
    cr_assert_eq(envelope->type, WU_TYPE(NODE_COMMAND_ANSWERED));
    cr_assert_eq(outputs[count - 1].stream, 1);
    const Bus__Answer *answer =
        bus__answer__unpack(&arena.pb, envelope->data.len, envelope->data.data);
    cr_assert_not_null(answer);
    return *answer;
}

static void become_society(void)
{
    wu_node_close(&node);
    (void)snprintf(path, sizeof path, "%s/society", folder);
    core = &TOY_CORE;
    open_node();
}

Test(stream, a_forwarded_command_is_answered_by_mail_and_once)
{
    become_society();
    struct wu_input *input = forward(1, 3, 5);
    cr_assert(!input->dead, "%s", input->why_dead);
    Bus__Answer first = last_answer();
    cr_expect_eq(first.status, BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED);
    cr_expect_eq(first.number, 3);
    input = forward(1, 3, 5);
    Bus__Answer second = last_answer();
    cr_expect_eq(memcmp(first.id.data, second.id.data, 16), 0);
    struct wu_txn *txn = NULL;
    cr_assert_eq(wu_txn_begin_read(wu_node_store(node), &arena, &txn), WU_OK);
    cr_expect_eq(wu_table_count(txn, &TOYS), 1);
    wu_txn_abort(&txn);
}

Test(stream, a_forwarded_command_that_is_poison_is_answered_too)
{
    become_society();
    struct wu_input *input = forward(1, 3, TOY_FAIL);
    cr_expect(input->dead);
    Bus__Answer answer = last_answer();
    cr_expect_eq(answer.status, BUS__ANSWER_STATUS__ANSWER_STATUS_FAILED);
    cr_expect_str_eq(answer.text, "asked to fail");
}

Test(stream, only_the_hub_may_forward_a_command)
{
    become_society();
    struct wu_input *input = forward(4, 3, 5);
    cr_expect(input->dead);
    cr_expect_not_null(strstr(input->why_dead, "only the hub may"), "%s", input->why_dead);
    size_t count = 0;
    (void)wu_node_outputs(node, &count);
    cr_expect_eq(count, 0);
}

static struct wu_input *answer_from(uint32_t from, uint64_t number, Bus__AnswerStatus status)
{
    static uint8_t producer[16] = "toy";
    static uint64_t next;
    Bus__Answer answer = BUS__ANSWER__INIT;
    answer.producer = (ProtobufCBinaryData){sizeof producer, producer};
    answer.number = number;
    answer.status = status;
    struct wu_arena *batch = wu_node_begin(node);
    struct wu_bytes record =
        toy_envelope(batch, WU_TYPE(NODE_COMMAND_ANSWERED), (struct wu_id){{0}}, &answer.base);
    struct wu_input *input = wu_node_add(node);
    *input = (struct wu_input){.origin = WU_ORIGIN_MAIL,
                               .record = record,
                               .from_node = from,
                               .stream = "to/1",
                               .generation = 1,
                               .number = ++next};
    run();
    return input;
}

static struct wu_input *submit_via(uint32_t target, uint32_t via)
{
    struct wu_arena *batch = wu_node_begin(node);
    struct wu_bytes record = toy_submit(batch, 900, 5, 0);
    Bus__Submit *submit = bus__submit__unpack(&batch->pb, record.size, record.data);
    submit->target = target;
    struct wu_input *input = wu_node_add(node);
    *input = (struct wu_input){
        .origin = WU_ORIGIN_COMMAND, .record = wu_pb_pack(&submit->base, batch), .via = via};
    run();
    return input;
}

static struct wu_input *submit_to(uint32_t target)
{
    return submit_via(target, 0);
}

Test(stream, the_answer_to_a_forwarded_command_comes_from_the_node_that_got_it)
{
    cr_expect_eq(submit_to(7)->answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_FORWARDED);
    cr_expect_eq(submit_to(7)->answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_FORWARDED);
    struct wu_input *input = answer_from(8, 900, BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED);
    cr_expect(input->dead);
    input = answer_from(7, 901, BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED);
    cr_expect(input->dead);
    cr_expect_eq(submit_to(7)->answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_FORWARDED);
    input = answer_from(7, 900, BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED);
    cr_expect(!input->dead, "%s", input->why_dead);
    cr_expect_eq(submit_to(7)->answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED);
}

Test(stream, a_command_for_a_node_below_goes_to_the_coordinator_above_it_and_comes_back_by_it)
{
    cr_expect_eq(submit_via(70, 7)->answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_FORWARDED);
    cr_expect_eq(wu_node_mail_stream(node, 7).head, 1);
    cr_expect_eq(wu_node_mail_stream(node, 70).head, 0);
    cr_expect(answer_from(70, 900, BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED)->dead);
    struct wu_input *input = answer_from(7, 900, BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED);
    cr_expect(!input->dead, "%s", input->why_dead);
    cr_expect_eq(submit_via(70, 7)->answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED);
}

Test(stream, a_command_for_a_node_that_nobody_knows_is_refused_in_the_fold)
{
    const Bus__Answer *answer = submit_via(70, WU_NO_WAY)->answer;
    cr_expect_eq(answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED);
    cr_expect_str_eq(answer->code, "NODE_UNKNOWN");
}

Test(stream, a_record_without_an_id_is_not_folded)
{
    Toy toy = ENVELOPE__TIMER_FIRED__INIT;
    struct wu_arena *batch = wu_node_begin(node);
    struct wu_bytes data = wu_pb_pack(&toy.base, batch);
    Envelope__Envelope envelope = ENVELOPE__ENVELOPE__INIT;
    envelope.type = TOY_LETTER;
    envelope.data = (ProtobufCBinaryData){data.size, (uint8_t *)(uintptr_t)data.data};
    struct wu_input *input =
        bring(WU_ORIGIN_MAIL, "to/1", 1, 1, wu_pb_pack(&envelope.base, batch), false);
    cr_expect(input->dead);
    cr_expect_not_null(strstr(input->why_dead, "no id"), "%s", input->why_dead);
}

Test(stream, a_node_number_that_cannot_be_is_refused)
{
    const Bus__Answer *answer = submit_to(WU_STREAM_PUBLIC + 1)->answer;
    cr_expect_eq(answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED);
    cr_expect_str_eq(answer->code, "NODE_UNKNOWN");
    cr_expect_eq(wu_node_public_count(node), 0);
}

/* ---- publishing for others ---------------------------------------------------------------- */

static struct wu_input *publish(const char *topic)
{
    static uint64_t next;
    struct wu_arena *batch = wu_node_begin(node);
    Envelope__Publish body = ENVELOPE__PUBLISH__INIT;
    body.topic = (char *)(uintptr_t)topic;
    body.type = TOY_NEWS_TYPE;
    return bring(WU_ORIGIN_MAIL, "to/1", 1, ++next,
                 toy_envelope(batch, WU_TYPE(NODE_PUBLISH), (struct wu_id){{0}}, &body.base),
                 false);
}

Test(stream, a_hub_publishes_for_its_societies_on_topics_only)
{
    static const char *const topics[] = {
        "",
        ".",
        "toy",
        "toy.",
        ".news",
        "toy.news.more",
        "Toy.news",
        "toy.ne ws",
        "toy.\xe4\xba\x94",
        "toy.a_name_that_is_far_too_long_for_the_name_of_a_stream_to_hold_it"};
    cr_expect(!publish("toy.news_2")->dead);
    cr_expect_eq(wu_node_public_count(node), 1);
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        cr_expect(publish(topics[i])->dead, "published on '%s'", topics[i]);
    }
    cr_expect_eq(wu_node_public_count(node), 1);
}

Test(stream, a_society_publishes_for_nobody)
{
    become_society();
    cr_expect(publish("toy.news")->dead);
}
