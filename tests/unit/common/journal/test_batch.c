/* One batch of many inputs: bad ones, big ones, the same one twice. */
#include "common/base/time.h"
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
static struct wu_arena *arena;
static struct wu_arena looking;

static void open_with(const struct wu_node_config *config)
{
    node = toy_node_open(path, &TOY_CORE, config);
    arena = wu_node_begin(node);
}

static void set_up(void)
{
    folder = scratch_make();
    (void)snprintf(path, sizeof path, "%s/state", folder);
    cr_assert_eq(wu_arena_open(&looking, (size_t)16 << 20), WU_OK);
    open_with(&(struct wu_node_config){0});
}

static void tear_down(void)
{
    wu_node_close(&node);
    wu_arena_close(&looking);
    scratch_remove(&folder);
}

TestSuite(batch, .init = set_up, .fini = tear_down);

static void open_again(const struct wu_node_config *config)
{
    wu_node_close(&node);
    open_with(config);
}

static struct wu_input *add(struct wu_bytes record)
{
    struct wu_input *input = wu_node_add(node);
    cr_assert_not_null(input);
    cr_assert_not_null(record.data);
    input->origin = WU_ORIGIN_COMMAND;
    input->record = record;
    return input;
}

static struct wu_input *add_command(uint64_t number, uint32_t n)
{
    return add(toy_submit(arena, number, n, 0));
}

static void run(void)
{
    cr_assert_eq(wu_node_run(node, NOW_MS), WU_OK);
}

static void begin(void)
{
    arena = wu_node_begin(node);
}

static uint64_t rows(const struct wu_table *table)
{
    struct wu_txn *txn = NULL;
    wu_arena_reset(&looking, 0);
    cr_assert_eq(wu_txn_begin_read(wu_node_store(node), &looking, &txn), WU_OK);
    uint64_t count = wu_table_count(txn, table);
    wu_txn_abort(&txn);
    return count;
}

static void expect_status(const struct wu_input *input, Bus__AnswerStatus status, const char *code)
{
    cr_assert_not_null(input->answer);
    cr_expect_eq(input->answer->status, status, "%d: %s", (int)input->answer->status,
                 input->answer->text);
    cr_expect_str_eq(input->answer->code, code);
}

static void expect_accepted(const struct wu_input *input)
{
    expect_status(input, BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED, "");
}

static void expect_failed(const struct wu_input *input, const char *why)
{
    expect_status(input, BUS__ANSWER_STATUS__ANSWER_STATUS_FAILED, "DEAD_LETTER");
    cr_expect_not_null(strstr(input->answer->text, why), "%s", input->answer->text);
    cr_expect(input->dead);
    cr_expect_not_null(strstr(input->why_dead, why), "%s", input->why_dead);
}

Test(batch, inputs_get_dense_numbers_in_their_order)
{
    for (uint64_t i = 1; i <= 300; i++) {
        (void)add_command(i, (uint32_t)i);
    }
    run();
    for (size_t i = 0; i < 300; i++) {
        cr_expect_eq(wu_node_input(node, i)->seq, i + 1);
        expect_accepted(wu_node_input(node, i));
    }
    cr_expect_eq(wu_node_info(node).journal_seq, 300);
    size_t count = 0;
    const struct wu_output *outputs = wu_node_outputs(node, &count);
    cr_assert_eq(count, 300);
    for (size_t i = 0; i < count; i++) {
        cr_expect_eq(outputs[i].number, i + 1);
        cr_expect_eq(outputs[i].stream, TOY_PEER);
    }
}

Test(batch, an_empty_batch_changes_nothing)
{
    run();
    cr_expect_eq(wu_node_info(node).journal_seq, 0);
    cr_expect_eq(wu_node_info(node).time_ms, 0);
}

Test(batch, no_more_inputs_than_there_is_room_for)
{
    open_again(&(struct wu_node_config){.batch_count_max = 3});
    for (uint64_t i = 1; i <= 3; i++) {
        (void)add_command(i, 1);
    }
    cr_expect_null(wu_node_add(node));
    cr_expect_eq(wu_node_input_count(node), 3);
    run();
    cr_expect_eq(rows(&TOYS), 3);
}

Test(batch, poison_in_the_middle_of_a_big_batch_harms_nobody)
{
    for (uint64_t i = 1; i <= 1000; i++) {
        uint32_t n = i == 1     ? TOY_FAIL
                     : i == 500 ? TOY_ASSERT
                     : i == 501 ? TOY_FAIL
                     : i == 999 ? TOY_ASSERT
                                : (uint32_t)(i % 999);
        (void)add_command(i, n);
    }
    run();
    cr_expect_eq(rows(&TOYS), 996);
    cr_expect_eq(rows(&WU_DEAD_LETTERS), 4);
    cr_expect_eq(wu_node_info(node).dead_count, 4);
    cr_expect_eq(wu_node_info(node).journal_seq, 1000);
    expect_failed(wu_node_input(node, 0), "asked to fail");
    expect_accepted(wu_node_input(node, 1));
    expect_accepted(wu_node_input(node, 498));
    expect_failed(wu_node_input(node, 499), "assertion");
    expect_failed(wu_node_input(node, 500), "asked to fail");
    expect_failed(wu_node_input(node, 998), "assertion");
    size_t count = 0;
    (void)wu_node_outputs(node, &count);
    cr_expect_eq(count, 996);
    cr_expect_eq(wu_node_mail_stream(node, TOY_PEER).head, 996);
}

Test(batch, a_batch_of_nothing_but_poison_commits)
{
    for (uint64_t i = 1; i <= 50; i++) {
        (void)add_command(i, TOY_FAIL);
    }
    run();
    cr_expect_eq(rows(&WU_DEAD_LETTERS), 50);
    cr_expect_eq(rows(&TOYS), 0);
    cr_expect_eq(wu_node_mail_stream(node, TOY_PEER).head, 0);
}

Test(batch, a_small_arena_halves_the_transaction_and_everything_is_done)
{
    open_again(&(struct wu_node_config){.arena_bytes = (size_t)512 << 10});
    for (uint64_t i = 1; i <= 100; i++) {
        (void)add_command(i, TOY_BYTES + 20); /* 2,000 KiB in all */
    }
    uint64_t done = 0;
    while (done < 100) {
        run();
        uint64_t now = wu_node_info(node).journal_seq;
        cr_assert_gt(now, done); /* what is left comes again with the next batch */
        for (uint64_t i = done; i < now; i++) {
            expect_accepted(wu_node_input(node, i - done));
        }
        cr_expect_eq(wu_node_input_count(node), now - done);
        done = now;
        begin();
        for (uint64_t i = done + 1; i <= 100; i++) {
            (void)add_command(i, TOY_BYTES + 20);
        }
    }
    cr_expect_eq(rows(&WU_DEAD_LETTERS), 0);
}

Test(batch, poison_and_a_small_arena_together)
{
    open_again(&(struct wu_node_config){.arena_bytes = (size_t)512 << 10});
    for (uint64_t i = 1; i <= 64; i++) {
        (void)add_command(i, i % 8 == 0 ? TOY_FAIL : TOY_BYTES + 10);
    }
    run();
    size_t count = wu_node_input_count(node);
    cr_assert_gt(count, 8);
    for (size_t i = 0; i < count; i++) {
        if ((i + 1) % 8 == 0) {
            expect_failed(wu_node_input(node, i), "asked to fail");
        } else {
            expect_accepted(wu_node_input(node, i));
        }
    }
}

Test(batch, an_input_that_needs_more_than_there_is_goes_to_the_dead_letters_alone)
{
    open_again(&(struct wu_node_config){.arena_bytes = (size_t)512 << 10});
    (void)add_command(1, 1);
    (void)add_command(2, TOY_BYTES + 600);
    (void)add_command(3, 3);
    run();
    uint64_t number = 1 + wu_node_info(node).journal_seq;
    expect_accepted(wu_node_input(node, 0));
    begin();
    for (uint64_t i = number; i <= 3; i++) {
        (void)add_command(i, i == 2 ? TOY_BYTES + 600 : 3);
    }
    run();
    cr_expect_eq(wu_node_info(node).journal_seq, 3);
    cr_expect_eq(rows(&WU_DEAD_LETTERS), 1);
    cr_expect_eq(rows(&TOYS), 2);
    begin();
    struct wu_input *again = add_command(2, TOY_BYTES + 600);
    run();
    expect_status(again, BUS__ANSWER_STATUS__ANSWER_STATUS_FAILED, "DEAD_LETTER");
    cr_expect_not_null(strstr(again->answer->text, "arena_bytes"), "%s", again->answer->text);
}

Test(batch, the_same_command_twice_in_one_batch_is_done_once)
{
    struct wu_input *first = add_command(5, 17);
    struct wu_input *second = add_command(5, 17);
    run();
    expect_accepted(first);
    expect_accepted(second);
    cr_expect(!first->answer->repeated);
    cr_expect(second->answer->repeated);
    cr_expect_eq(second->seq, 0);
    cr_expect_eq(memcmp(first->answer->id.data, second->answer->id.data, 16), 0);
    cr_expect_eq(rows(&TOYS), 1);
    cr_expect_eq(wu_node_info(node).journal_seq, 1);
    cr_expect_eq(wu_node_info(node).repeat_count, 1);
}

Test(batch, a_number_used_for_another_command_is_refused)
{
    (void)add_command(5, 17);
    struct wu_input *other = add_command(5, 18);
    run();
    expect_status(other, BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED, "KEY_REUSED");
    begin();
    other = add_command(5, 19);
    struct wu_input *same = add_command(5, 17);
    run();
    expect_status(other, BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED, "KEY_REUSED");
    expect_accepted(same);
    cr_expect_eq(rows(&TOYS), 1);
}

Test(batch, a_repeat_of_a_refusal_and_of_a_failure_gets_the_same_answer)
{
    (void)add_command(1, TOY_REFUSE);
    (void)add_command(2, TOY_FAIL);
    run();
    begin();
    struct wu_input *refused = add_command(1, TOY_REFUSE);
    struct wu_input *failed = add_command(2, TOY_FAIL);
    run();
    expect_status(refused, BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED, "TOY_REFUSED");
    expect_status(failed, BUS__ANSWER_STATUS__ANSWER_STATUS_FAILED, "DEAD_LETTER");
    cr_expect(refused->answer->repeated);
    cr_expect_eq(wu_node_info(node).journal_seq, 2);
}

Test(batch, bytes_that_are_no_command_become_a_dead_letter)
{
    static const uint8_t nonsense[] = {0xff, 0xff, 0x01};
    struct wu_input *bad = add(wu_bytes(nonsense, sizeof nonsense));
    struct wu_input *good = add_command(2, 2);
    run();
    expect_failed(bad, "does not decode");
    expect_accepted(good);
}

Test(batch, commands_that_nobody_handles_say_so)
{
    static uint8_t producer[16] = "other";
    static const wu_event_type types[] = {TOY_LETTER, TOY_FIRED, WU_TYPE(NODE_PUBLISH),
                                          WU_TYPE(CHARITY_GIVE), WU_TYPE(UNSPECIFIED)};
    enum { COUNT = sizeof types / sizeof types[0] };
    for (size_t i = 0; i < COUNT; i++) {
        Bus__Submit submit = BUS__SUBMIT__INIT;
        submit.producer = (ProtobufCBinaryData){sizeof producer, producer};
        submit.number = i + 1;
        submit.type = types[i];
        (void)add(wu_pb_pack(&submit.base, arena));
    }
    run();
    for (size_t i = 0; i < COUNT; i++) {
        expect_failed(wu_node_input(node, i), "no ");
    }
}

Test(batch, a_full_map_that_may_not_grow_tells_so_and_loses_nothing)
{
    wu_node_close(&node);
    scratch_remove(&folder);
    folder = scratch_make();
    (void)snprintf(path, sizeof path, "%s/state", folder);
    struct wu_node_config small = {.map_bytes = 512 << 10, .map_bytes_max = 512 << 10};
    open_with(&small);
    enum wu_status status = WU_OK;
    uint64_t done = 0;
    for (uint64_t i = 1; status == WU_OK && i < 100; i++) {
        begin();
        for (uint64_t j = 0; j < 100; j++) {
            (void)add_command(i * 1000 + j, 1);
        }
        status = wu_node_run(node, NOW_MS);
        done += status == WU_OK ? 100 : 0;
    }
    cr_assert_eq(status, WU_FULL);
    cr_expect_eq(wu_node_info(node).journal_seq, done);
    cr_expect_eq(rows(&TOYS), done);
    cr_expect_eq(wu_node_mail_stream(node, TOY_PEER).head, done);

    open_again(&(struct wu_node_config){.map_bytes = 512 << 10});
    cr_expect_eq(wu_node_info(node).journal_seq, done);
    (void)add_command(1000000, 1);
    run();
    cr_expect_eq(rows(&TOYS), done + 1);
}

Test(batch, time_moves_with_events_and_never_back)
{
    (void)add_command(1, 1);
    cr_assert_eq(wu_node_run(node, 9000), WU_OK);
    begin();
    (void)add_command(2, 1);
    cr_assert_eq(wu_node_run(node, 4000), WU_OK);
    cr_expect_eq(wu_node_info(node).time_ms, 9000);
    open_again(&(struct wu_node_config){0});
    cr_expect_eq(wu_node_info(node).time_ms, 9000);
}

/* ---- timers ------------------------------------------------------------------- */

static void run_due(int64_t now_ms)
{
    begin();
    cr_assert_eq(wu_node_add_due_timers(node, now_ms), WU_OK);
    cr_assert_eq(wu_node_run(node, now_ms), WU_OK);
}

Test(batch, due_timers_come_soonest_first_as_far_as_there_is_room)
{
    open_again(&(struct wu_node_config){.batch_count_max = 8});
    for (uint32_t i = 0; i < 8; i++) {
        (void)add(toy_submit(arena, i + 1, 100 + i, 9000 - (int64_t)i));
    }
    run();
    begin();
    for (uint32_t i = 8; i < 12; i++) {
        (void)add(toy_submit(arena, i + 1, 100 + i, 9000 - (int64_t)i));
    }
    run();
    cr_expect_eq(wu_node_info(node).next_due_ms, 8989);
    begin();
    cr_assert_eq(wu_node_add_due_timers(node, 10000), WU_OK);
    cr_assert_eq(wu_node_input_count(node), 8);
    for (size_t i = 0; i < 8; i++) {
        cr_expect_eq(wu_node_input(node, i)->timer->due_at_ms, 8989 + (int64_t)i);
    }
    cr_assert_eq(wu_node_run(node, 10000), WU_OK);
    run_due(10000);
    cr_expect_eq(wu_node_info(node).next_due_ms, WU_TIME_NEVER);
    cr_expect_eq(rows(&WU_TIMERS), 0);
    cr_expect_eq(rows(&TOY_NAMED), 12);
}

Test(batch, a_timer_that_an_earlier_input_of_the_batch_cancels_does_not_fire)
{
    (void)add(toy_submit(arena, 1, 40, 6000));
    run();
    begin();
    (void)add(toy_submit(arena, 2, TOY_CANCEL + 40, 6000));
    cr_assert_eq(wu_node_add_due_timers(node, 7000), WU_OK);
    cr_assert_eq(wu_node_input_count(node), 2);
    cr_assert_eq(wu_node_run(node, 7000), WU_OK);
    cr_expect_eq(wu_node_input(node, 1)->seq, 0);
    cr_expect_eq(rows(&TOY_NAMED), 0);
    cr_expect_eq(wu_node_info(node).journal_seq, 2);
    cr_expect_eq(wu_node_info(node).next_due_ms, WU_TIME_NEVER);
}

Test(batch, a_timer_that_is_poison_fires_no_more)
{
    (void)add(toy_submit(arena, 1, 40, 6000));
    (void)add(toy_submit(arena, 2, TOY_REFUSE, 6000));
    run();
    begin();
    (void)add(toy_submit(arena, 3, 41, 6000));
    run();
    run_due(6000);
    cr_expect_eq(rows(&WU_DEAD_LETTERS), 0);
    cr_expect_eq(rows(&TOY_NAMED), 3);
    run_due(6000);
    cr_expect_eq(wu_node_info(node).journal_seq, 6);
}
