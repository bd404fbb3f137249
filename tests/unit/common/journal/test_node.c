/*
 * The engine with a toy core: commands set a timer and send mail, or fail on
 * purpose. Payloads borrow TimerFired (subject, n, due_at_ms) as their schema.
 */
#include "common/base/assert.h"
#include "tests/support/world.h"

#include <criterion/criterion.h>

typedef Envelope__TimerFired Toy;

/* Numbers that exist, because a strict decoder knows no others. */
#define DOIT WU_TYPE(COMMUNITY_RAISE_NEED)
#define FIRED WU_TYPE(COMMUNITY_CONFIRM_OVERDUE)
#define TOLD WU_TYPE(COMMUNITY_NEED_RAISED)

enum { N_FAIL = 66, N_ASSERT = 67, N_REFUSE = 68 };

struct toy_key {
    struct wu_id id;
};
WU_TABLE_OF(toys, TOYS, struct toy_key, Toy);
const struct wu_table TOYS = {
    .name = "toy.toys",
    .key_size = sizeof(struct toy_key),
    .key = {WU_KEY(struct toy_key, id)},
    .row = &envelope__timer_fired__descriptor,
};

static void handle_doit(struct wu_step *step, const Toy *toy)
{
    struct toy_key key = {wu_step_new_id(step)};
    toys_put(wu_step_txn(step), &key, toy);
    wu_emit_mail(step, &(struct wu_mail){.to_node = 1, .type = TOLD, .subject = key.id},
                 &toy->base);
    if (toy->n == N_FAIL) {
        wu_step_fail(step, "asked to fail");
    }
    WU_ASSERT(toy->n != N_ASSERT);
    if (toy->n == N_REFUSE) {
        wu_answer_refuse(step, "TOY_REFUSED", "no toys today");
        return;
    }
    if (toy->due_at_ms != 0) {
        wu_timer_set(
            step, &(struct wu_timer){
                      .due_at_ms = toy->due_at_ms, .type = FIRED, .subject = key.id, .n = toy->n});
    }
    wu_answer_accept(step, key.id);
}
WU_HANDLER(doit, Toy)

static void handle_fired(struct wu_step *step)
{
    const struct wu_event *event = wu_step_event(step);
    Toy told = ENVELOPE__TIMER_FIRED__INIT;
    told.n = event->n + 1000;
    wu_emit_mail(step, &(struct wu_mail){.to_node = 1, .type = TOLD, .subject = event->subject},
                 &told.base);
}
WU_TIMER_HANDLER(fired)

static const struct wu_route ROUTES[] = {
    {DOIT, WU_ORIGIN_COMMAND, &envelope__timer_fired__descriptor, route_doit},
    {TOLD, WU_ORIGIN_MAIL, &envelope__timer_fired__descriptor, route_doit},
    {FIRED, WU_ORIGIN_TIMER, NULL, route_fired},
    {0},
};
static const struct wu_table *const TABLES[] = {&TOYS, NULL};
static const struct wu_route *const ALL_ROUTES[] = {ROUTES, NULL};
static const char *const FOLLOWS[] = {NULL};
static const struct wu_core TOY_CORE = {
    .role = "toy", .tables = TABLES, .routes = ALL_ROUTES, .follows = FOLLOWS};

static const Bus__Answer *doit(struct world *world, uint32_t n, int64_t due_at_ms)
{
    Toy toy = ENVELOPE__TIMER_FIRED__INIT;
    toy.n = n;
    toy.due_at_ms = due_at_ms;
    return world_command(world, DOIT, &toy.base);
}

Test(node, a_command_is_answered_once_and_a_repeat_gets_the_same_answer)
{
    struct world *world = world_open(&TOY_CORE);
    const Bus__Answer *answer = doit(world, 1, 0);
    struct wu_id first;
    cr_assert_eq(answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED);
    cr_assert(wu_id_from_pb(answer->id, &first));
    cr_assert_eq(wu_node_info(world_node(world)).journal_seq, 1);

    world_restart(world);
    answer = world_repeat(world);
    struct wu_id again;
    cr_assert(answer->repeated);
    cr_assert(wu_id_from_pb(answer->id, &again));
    cr_assert(wu_id_equal(&first, &again));
    cr_assert_eq(wu_node_info(world_node(world)).journal_seq, 1);
    cr_assert_eq(world_count(world, TOLD), 1);
    world_verify(world);
    world_close(&world);
}

Test(node, a_refusal_is_an_answer_too)
{
    struct world *world = world_open(&TOY_CORE);
    const Bus__Answer *answer = doit(world, N_REFUSE, 0);
    cr_assert_eq(answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED);
    cr_assert_str_eq(answer->code, "TOY_REFUSED");
    world_close(&world);
}

static void expect_dead(struct world *world, uint32_t n, const char *why)
{
    const Bus__Answer *answer = doit(world, n, 0);
    cr_assert_eq(answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_FAILED);
    cr_assert_not_null(strstr(answer->text, why), "%s", answer->text);
}

Test(node, poison_has_no_effect_but_a_dead_letter_and_the_rest_goes_on)
{
    struct world *world = world_open(&TOY_CORE);
    (void)doit(world, 1, 0);
    expect_dead(world, N_FAIL, "asked to fail");
    expect_dead(world, N_ASSERT, "assertion");
    (void)doit(world, 2, 0);
    struct wu_txn *txn = world_txn(world);
    cr_assert_eq(wu_table_count(txn, &WU_DEAD_LETTERS), 2);
    cr_assert_eq(wu_table_count(txn, &TOYS), 2);
    cr_assert_eq(world_count(world, TOLD), 2);
    world_verify(world);
    world_close(&world);
}

Test(node, a_dead_letter_can_be_retried_and_dropped)
{
    struct world *world = world_open(&TOY_CORE);
    expect_dead(world, N_FAIL, "asked to fail");
    Node__RetryDeadLetter retry = NODE__RETRY_DEAD_LETTER__INIT;
    retry.seq = 1;
    const Bus__Answer *answer = world_command(world, WU_TYPE(NODE_RETRY_DEAD_LETTER), &retry.base);
    cr_assert_eq(answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_FAILED);
    const Node__DeadLetterRow *row =
        wu_dead_letters_get(world_txn(world), &(struct wu_dead_letter_key){1});
    cr_assert_eq(row->retried, 1);
    Node__DropDeadLetter drop = NODE__DROP_DEAD_LETTER__INIT;
    drop.seq = 1;
    answer = world_command(world, WU_TYPE(NODE_DROP_DEAD_LETTER), &drop.base);
    cr_assert_str_eq(answer->code, "REASON_MISSING");
    drop.reason = (char *)(uintptr_t) "a test";
    answer = world_command(world, WU_TYPE(NODE_DROP_DEAD_LETTER), &drop.base);
    cr_assert_eq(answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED);
    cr_assert_eq(wu_table_count(world_txn(world), &WU_DEAD_LETTERS), 0);
    world_verify(world);
    world_close(&world);
}

Test(node, a_timer_fires_once_also_after_a_restart)
{
    struct world *world = world_open(&TOY_CORE);
    (void)doit(world, 5, world_now_ms(world) + 1000);
    world_advance(world, 999);
    cr_assert_eq(world_count(world, TOLD), 1);
    world_restart(world);
    world_advance(world, 1);
    world_advance(world, 5000);
    cr_assert_eq(world_count(world, TOLD), 2);
    const Toy *told = world_find(world, TOLD, 1, &envelope__timer_fired__descriptor);
    cr_assert_eq(told->n, 1005);
    world_verify(world);
    world_close(&world);
}

Test(node, a_full_map_grows_and_loses_nothing)
{
    struct world *world = world_open(&TOY_CORE);
    for (uint32_t n = 1000; n < 9000; n++) {
        (void)doit(world, n, 0);
        world_clear(world);
    }
    cr_assert_eq(wu_table_count(world_txn(world), &TOYS), 8000);
    world_verify(world);
    world_close(&world);
}

Test(node, mail_that_was_folded_before_is_not_folded_again)
{
    struct world *world = world_open(&TOY_CORE);
    Toy toy = ENVELOPE__TIMER_FIRED__INIT;
    toy.n = 3;
    world_mail(world, &(struct world_mail){.type = TOLD}, &toy.base);
    world_mail(world, &(struct world_mail){.type = TOLD}, &toy.base);
    cr_assert_eq(wu_table_count(world_txn(world), &TOYS), 2);
    struct wu_cursor cursor = wu_node_cursor(world_node(world), 1, "to/9");
    cr_assert_eq(cursor.next, 3);

    struct wu_node *node = world_node(world);
    (void)world_txn(world);
    (void)wu_node_begin(node);
    struct wu_input *input = wu_node_add(node);
    static const uint8_t stale[] = {1};
    *input = (struct wu_input){.origin = WU_ORIGIN_MAIL,
                               .record = wu_bytes(stale, sizeof stale),
                               .from_node = 1,
                               .stream = "to/9",
                               .generation = 1,
                               .number = 2};
    cr_assert_eq(wu_node_run(node, world_now_ms(world)), WU_OK);
    cr_assert_eq(input->seq, 0);
    world_verify(world);
    world_close(&world);
}
