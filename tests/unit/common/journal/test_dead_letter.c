/* What a handler failed on: it lies there until it is tried again or dropped. */
#include "tests/support/answers.h"
#include "tests/support/toy.h"

#include "common/fold/pb.h"

#include <criterion/criterion.h>
#include <string.h>

static struct world *world;

static void open_world(const struct wu_core *core)
{
    world = world_open(core);
}

static void set_up(void)
{
    open_world(&TOY_CORE);
}

static void tear_down(void)
{
    world_verify(world);
    world_close(&world);
}

TestSuite(dead_letter, .init = set_up, .fini = tear_down);

static const Bus__Answer *doit(uint32_t n, int64_t due_at_ms)
{
    Toy toy = ENVELOPE__TIMER_FIRED__INIT;
    toy.n = n;
    toy.due_at_ms = due_at_ms;
    return world_command(world, TOY_DO, &toy.base);
}

static void expect_failed(const Bus__Answer *answer, const char *why)
{
    cr_expect_eq(answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_FAILED);
    cr_expect_str_eq(answer->code, "DEAD_LETTER");
    cr_expect_not_null(strstr(answer->text, why), "%s", answer->text);
}

static void cure(void)
{
    Toy toy = ENVELOPE__TIMER_FIRED__INIT;
    toy.n = 1;
    assert_accepted(world_command(world, TOY_CURE, &toy.base));
}

static const Bus__Answer *retry(uint64_t seq)
{
    Node__RetryDeadLetter body = NODE__RETRY_DEAD_LETTER__INIT;
    body.seq = seq;
    return world_command(world, WU_TYPE(NODE_RETRY_DEAD_LETTER), &body.base);
}

static uint64_t letters(void)
{
    return wu_table_count(world_txn(world), &WU_DEAD_LETTERS);
}

static const Node__DeadLetterRow *letter(uint64_t seq)
{
    return wu_dead_letters_get(world_txn(world), &(struct wu_dead_letter_key){seq});
}

/* A letter from a peer that may be poison, which world_mail does not allow. */
static struct wu_input *bring(enum wu_origin origin, uint32_t from, const char *stream,
                              uint64_t number, struct wu_bytes record)
{
    struct wu_node *node = world_node(world);
    struct wu_input *input = wu_node_add(node);
    *input = (struct wu_input){.origin = origin,
                               .record = record,
                               .from_node = from,
                               .stream = stream,
                               .generation = 1,
                               .number = number};
    cr_assert_eq(wu_node_run(node, world_now_ms(world)), WU_OK);
    return input;
}

static struct wu_arena *begin(void)
{
    (void)world_txn(world);
    return wu_node_begin(world_node(world));
}

static struct wu_bytes letter_of(struct wu_arena *arena, uint32_t n)
{
    Toy toy = ENVELOPE__TIMER_FIRED__INIT;
    toy.n = n;
    return toy_envelope(arena, TOY_LETTER, (struct wu_id){{0}}, &toy.base);
}

Test(dead_letter, it_says_what_it_was_and_why)
{
    (void)doit(1, 0);
    expect_failed(doit(TOY_FAIL, 0), "asked to fail");
    const Node__DeadLetterRow *row = letter(2);
    cr_assert_not_null(row);
    cr_expect_eq(row->seq, 2);
    cr_expect_eq(row->time_ms, world_now_ms(world));
    cr_expect_eq(row->origin, NODE__ORIGIN__ORIGIN_COMMAND);
    cr_expect_eq(row->type, TOY_DO);
    cr_expect_str_eq(row->why, "asked to fail");
    cr_expect_eq(row->retried, 0);
}

Test(dead_letter, a_command_tried_again_gets_a_new_answer)
{
    expect_failed(doit(TOY_FAIL, 0), "asked to fail");
    expect_failed(retry(1), "asked to fail");
    cr_expect_eq(letter(1)->retried, 1);
    cr_expect_eq(letters(), 1); /* the retry makes none of its own */
    cure();
    assert_accepted(retry(1));
    cr_expect_eq(letters(), 0);
    cr_expect_eq(wu_table_count(world_txn(world), &TOYS), 1);
    cr_expect_eq(world_count(world, TOY_LETTER), 1);
    assert_refused(retry(1), "DEAD_LETTER_UNKNOWN");
}

Test(dead_letter, whoever_sent_the_command_hears_the_new_answer)
{
    struct wu_arena *arena = begin();
    struct wu_node *node = world_node(world);
    struct wu_bytes record = toy_submit(arena, 1, TOY_FAIL, 0);
    struct wu_input *input = wu_node_add(node);
    *input = (struct wu_input){.origin = WU_ORIGIN_COMMAND, .record = record};
    cr_assert_eq(wu_node_run(node, world_now_ms(world)), WU_OK);
    expect_failed(input->answer, "asked to fail");
    cure();
    assert_accepted(retry(1));

    arena = begin();
    record = toy_submit(arena, 1, TOY_FAIL, 0);
    input = wu_node_add(node);
    *input = (struct wu_input){.origin = WU_ORIGIN_COMMAND, .record = record};
    cr_assert_eq(wu_node_run(node, world_now_ms(world)), WU_OK);
    cr_expect_eq(input->answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED);
    cr_expect(input->answer->repeated);
    cr_expect_eq(input->answer->id.len, 16);
}

Test(dead_letter, mail_is_tried_again_from_whom_it_came)
{
    struct wu_arena *arena = begin();
    struct wu_input *input = bring(WU_ORIGIN_MAIL, 1, "to/9", 1, letter_of(arena, TOY_FAIL));
    cr_assert(input->dead);
    cr_expect_eq(wu_node_cursor(world_node(world), 1, "to/9").next, 2); /* the stream goes on */
    cr_expect_eq(letter(1)->origin, NODE__ORIGIN__ORIGIN_MAIL);
    cr_expect_eq(letter(1)->from_node, 1);
    expect_failed(retry(1), "asked to fail");
    cure();
    assert_accepted(retry(1));
    cr_expect_eq(letters(), 0);
    cr_expect_eq(wu_table_count(world_txn(world), &TOYS), 1);
}

Test(dead_letter, a_public_record_is_tried_again)
{
    static const char stream[] = "pub/wushe.v1.42.01.00.000.000.toy.news";
    struct wu_arena *arena = begin();
    Toy toy = ENVELOPE__TIMER_FIRED__INIT;
    toy.n = TOY_FAIL;
    struct wu_input *input =
        bring(WU_ORIGIN_PUBLIC, 1, stream, 1,
              toy_envelope(arena, TOY_NEWS_TYPE, wu_id_make(1, 1, 3, 0), &toy.base));
    cr_assert(input->dead);
    cure();
    assert_accepted(retry(1));
    cr_expect_not_null(toy_named_get(world_txn(world), &(struct toy_named_key){3, "heard"}));
}

Test(dead_letter, a_timer_that_failed_does_not_fire_again_by_itself)
{
    assert_accepted(doit(TOY_FAIL_LATER, world_now_ms(world) + 1000));
    world_advance(world, 5000);
    cr_assert_eq(letters(), 1);
    uint64_t seq = wu_node_info(world_node(world)).journal_seq;
    cr_expect_eq(letter(seq)->origin, NODE__ORIGIN__ORIGIN_TIMER);
    cr_expect_eq(letter(seq)->type, TOY_FIRED);
    world_advance(world, 5000);
    cr_expect_eq(wu_node_info(world_node(world)).journal_seq, seq);
    expect_failed(retry(seq), "asked to fail");
    cr_expect_eq(letter(seq)->retried, 1);
    cure();
    assert_accepted(retry(seq));
    cr_expect_eq(letters(), 0);
    cr_expect_not_null(
        toy_named_get(world_txn(world), &(struct toy_named_key){TOY_FAIL_LATER, "fired"}));
}

Test(dead_letter, a_timer_tried_again_still_knows_its_case)
{
    struct wu_id linkage = wu_id_make(4, 1, 77, 0);
    struct wu_arena *arena = begin();
    Toy toy = ENVELOPE__TIMER_FIRED__INIT;
    toy.n = TOY_FAIL_LATER;
    toy.due_at_ms = world_now_ms(world) + 1000;
    struct wu_bytes data = wu_pb_pack(&toy.base, arena);
    struct wu_id id = wu_id_make(1, 1, 1, 0);
    Envelope__Envelope envelope = ENVELOPE__ENVELOPE__INIT;
    envelope.id = wu_id_to_pb(&id);
    envelope.type = TOY_LETTER;
    envelope.correlation = wu_id_to_pb(&linkage);
    envelope.data = (ProtobufCBinaryData){data.size, (uint8_t *)(uintptr_t)data.data};
    (void)bring(WU_ORIGIN_MAIL, 1, "to/9", 1, wu_pb_pack(&envelope.base, arena));
    world_advance(world, 1000);
    cr_assert_eq(letters(), 1);
    cure();
    assert_accepted(retry(wu_node_info(world_node(world)).journal_seq - 1));
    const Toy *fired =
        toy_named_get(world_txn(world), &(struct toy_named_key){TOY_FAIL_LATER, "fired"});
    struct wu_id correlation;
    cr_assert(wu_id_from_pb(fired->subject, &correlation));
    cr_expect(wu_id_equal(&correlation, &linkage));
}

Test(dead_letter, one_that_never_was_cannot_be_tried_or_dropped)
{
    (void)doit(1, 0);
    assert_refused(retry(1), "DEAD_LETTER_UNKNOWN");
    assert_refused(retry(0), "DEAD_LETTER_UNKNOWN");
    assert_refused(retry(UINT64_MAX), "DEAD_LETTER_UNKNOWN");
    Node__DropDeadLetter drop = NODE__DROP_DEAD_LETTER__INIT;
    drop.seq = 1;
    assert_refused(world_command(world, WU_TYPE(NODE_DROP_DEAD_LETTER), &drop.base),
                   "DEAD_LETTER_UNKNOWN");
}

Test(dead_letter, a_retry_that_does_not_decode_is_a_letter_of_its_own)
{
    Toy toy = ENVELOPE__TIMER_FIRED__INIT; /* field 1 is bytes there, a number here */
    toy.subject = (ProtobufCBinaryData){1, (uint8_t[]){1}};
    expect_failed(world_command(world, WU_TYPE(NODE_RETRY_DEAD_LETTER), &toy.base),
                  "does not decode");
    cr_expect_eq(letters(), 1);
    expect_failed(retry(1), "does not decode");
    cr_expect_eq(letter(1)->retried, 1);
    cr_expect_eq(letters(), 1);
}

Test(dead_letter, a_record_that_is_no_envelope_lies_there_too)
{
    static const uint8_t nonsense[] = {0xff, 0x01, 0x02};
    (void)begin();
    struct wu_input *input =
        bring(WU_ORIGIN_MAIL, 1, "to/9", 1, wu_bytes(nonsense, sizeof nonsense));
    cr_assert(input->dead);
    cr_expect_not_null(strstr(input->why_dead, "no envelope"), "%s", input->why_dead);
    cr_expect_eq(letter(1)->from_node, 1);
    expect_failed(retry(1), "no envelope");
}

Test(dead_letter, mail_of_a_kind_this_node_does_not_take_lies_there)
{
    struct wu_arena *arena = begin();
    Toy toy = ENVELOPE__TIMER_FIRED__INIT;
    struct wu_input *input =
        bring(WU_ORIGIN_MAIL, 1, "to/9", 1,
              toy_envelope(arena, TOY_NEWS_TYPE, (struct wu_id){{0}}, &toy.base));
    cr_expect(input->dead);
    arena = begin();
    input = bring(WU_ORIGIN_MAIL, 1, "to/9", 2,
                  toy_envelope(arena, (wu_event_type)9999, (struct wu_id){{0}}, &toy.base));
    cr_expect(input->dead);
    cr_expect_not_null(strstr(input->why_dead, "9999"), "%s", input->why_dead);
    cr_expect_eq(letters(), 2);
}
