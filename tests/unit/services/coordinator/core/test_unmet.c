#include "tests/support/linking.h"

static void set_up(void)
{
    linking_set_up();
    adopt_kinds();
}

TestSuite(unmet, .init = set_up, .fini = linking_tear_down);

static size_t register_count(void)
{
    struct unmet_key key = {INT64_MIN, {{0}}};
    const UnmetRow *row = NULL;
    size_t count = 0;
    struct wu_txn *txn = world_txn(linking_world());
    for (bool found = unmet_from(txn, &key, 0, &row); found;
         found = unmet_after(txn, &key, 0, &row)) {
        count++;
    }
    return count;
}

/* The only one. */
static const UnmetRow *the_row(void)
{
    struct unmet_key key = {INT64_MIN, {{0}}};
    const UnmetRow *row = NULL;
    cr_assert_eq(register_count(), 1);
    cr_assert(unmet_from(world_txn(linking_world()), &key, 0, &row));
    return row;
}

static void join_three(void)
{
    join("a", ROLE_SOCIALORG, "visiting", STREET);
    join("b", ROLE_SOCIALORG, "visiting", STREET);
    join("c", ROLE_SOCIALORG, "visiting", STREET);
}

static void decline_as(const char *who, uint32_t attempt, DeclineReason reason)
{
    decline(BY(.who = who, .attempt = attempt, .reason = reason));
}

Test(unmet, what_where_how_long_and_why)
{
    join("a", ROLE_SOCIALORG, "visiting", STREET);
    raise_plain(1, "visit");
    wait_ms(10 * WU_MINUTE_MS);
    decline_as("a", 1, DECLINE_NO_CAPACITY);
    const UnmetRow *row = the_row();
    cr_assert_str_eq(row->kind, "visit");
    cr_assert_str_eq(row->missing_service, "visiting");
    cr_assert_eq(row->role, ROLE_SOCIALORG);
    cr_assert_eq(row->division, COMMUNITY);
    cr_assert_eq(row->open_ms, 10 * WU_MINUTE_MS);
    cr_assert_eq(row->outcome, OUTCOME_UNMET);
    cr_assert_eq(row->reason, UNMET_ALL_DECLINED);
    cr_assert_eq(row->decline_reason, DECLINE_NO_CAPACITY);
}

/* Everybody said no: that nobody could is another thing than that nobody would. */
Test(unmet, no_room_is_told_from_no)
{
    join_three();
    raise_plain(1, "visit");
    decline_as("a", 1, DECLINE_BY_HAND);
    decline_as("b", 2, DECLINE_NO_CAPACITY);
    decline_as("c", 3, DECLINE_NO_CAPACITY);
    cr_assert_eq(the_row()->decline_reason, DECLINE_NO_CAPACITY, "said twice");
}

Test(unmet, of_reasons_said_as_often_the_last_stands)
{
    join_three();
    raise_plain(1, "visit");
    decline_as("a", 1, DECLINE_NO_CAPACITY);
    decline_as("b", 2, DECLINE_NO_FUNDS);
    wait_ms(REPLY_MS); /* c is silent */
    cr_assert_eq(the_row()->reason, UNMET_NO_ANSWER);
    cr_assert_eq(the_row()->decline_reason, DECLINE_NO_FUNDS);
}

Test(unmet, nobody_there_has_no_reason_of_anybody)
{
    raise_plain(1, "visit");
    cr_assert_eq(the_row()->reason, UNMET_NO_PROVIDER);
    cr_assert_eq(the_row()->decline_reason, DECLINE_UNSPECIFIED);
}

Test(unmet, a_refused_need_is_in_it)
{
    raise_plain(1, "moon");
    cr_assert_eq(the_row()->outcome, 0);
    cr_assert_eq(the_row()->refusal, REFUSAL_KIND_UNKNOWN);
    cr_assert_eq(the_row()->open_ms, 0);
    cr_assert_str_eq(the_row()->missing_service, "");
}

static void visit(uint64_t need, Community__Verdict verdict)
{
    raise_plain(need, "visit");
    reserve(BY(.need = need, .who = "a"));
    deliver(BY(.need = need, .who = "a"));
    confirm_need(need, verdict, COMMUNITY_NODE);
}

Test(unmet, what_did_not_help_wholly_is_in_it_and_nothing_else)
{
    join("a", ROLE_SOCIALORG, "visiting", STREET);
    visit(1, VERDICT_MET);
    visit(2, COMMUNITY__VERDICT__VERDICT_UNSPECIFIED);
    cr_assert_eq(register_count(), 0, "met, and silence");
    visit(3, VERDICT_NOT_MET);
    cr_assert_eq(the_row()->outcome, OUTCOME_NOT_MET);
    visit(4, VERDICT_PARTLY);
    cr_assert_eq(register_count(), 2);
}

Test(unmet, of_a_partly_met_need_it_says_what_was_left_out)
{
    join("kitchen", ROLE_SOCIALORG, "kitchen", STREET);
    join("carriers", ROLE_VOLUNTEER, "carrying", STREET);
    raise_plain(1, "meals");
    reserve(BY(.who = "kitchen"));
    reserve(BY(.who = "carriers", .step_no = 2));
    deliver(BY(.who = "kitchen"));
    deliver(BY(.who = "carriers", .step_no = 2));
    confirm_need(1, VERDICT_PARTLY, COMMUNITY_NODE);
    cr_assert_eq(the_row()->outcome, OUTCOME_PARTLY);
    cr_assert_str_eq(the_row()->missing_service, "rice");
    cr_assert_eq(the_row()->role, ROLE_CHARITY);
}
