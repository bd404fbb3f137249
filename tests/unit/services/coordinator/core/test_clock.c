#include "services/coordinator/core/calendar.h"
#include "services/coordinator/core/clock.h"
#include "tests/support/linking.h"

static void set_up(void)
{
    linking_set_up();
    adopt_kinds();
}

TestSuite(clock, .init = set_up, .fini = linking_tear_down);

#define GATHER_MS (GATHER_REPLIES * REPLY_MS)

static void join_silent(int count)
{
    static char name_text[40][8];
    for (int i = 0; i < count; i++) {
        (void)snprintf(name_text[i], sizeof name_text[i], "p%d", i);
        join(name_text[i], ROLE_SOCIALORG, "visiting", STREET);
    }
}

static size_t escalation_count(uint64_t division)
{
    struct escalation_key key = {.division = division};
    const EscalationRow *row = NULL;
    size_t count = 0;
    struct wu_txn *txn = world_txn(linking_world());
    for (bool found = escalations_from(txn, &key, 1, &row); found;
         found = escalations_after(txn, &key, 1, &row)) {
        count++;
    }
    return count;
}

/* Nobody ever answers: each span takes the case one level up, and never past the city. */
Test(clock, a_case_nobody_takes_climbs_level_by_level)
{
    join_silent(40);
    raise_plain(1, "visit");
    wait_ms(GATHER_MS - 1);
    cr_assert_eq(linkage_row(1)->escalated_count, 0);
    wait_ms(1);
    cr_assert_eq(linkage_row(1)->escalated_to, STREET);
    cr_assert_eq(escalation_count(STREET), 1);
    const HistoryEntry *note = last_note(1, WU_TYPE(COORDINATOR_LINKAGE_ESCALATED));
    cr_assert_eq(note->n_rules, 2);
    cr_assert_eq(note->rules[0], RULE(FOUND_IN_TIME));
    cr_assert_eq(note->rules[1], RULE(ONE_LEVEL_UP));
    cr_assert_eq(note->division, STREET);
    wait_ms(GATHER_MS);
    cr_assert_eq(linkage_row(1)->escalated_to, DISTRICT);
    wait_ms(GATHER_MS);
    cr_assert_eq(linkage_row(1)->escalated_to, CITY);
    cr_assert_eq(linkage_row(1)->escalated_count, 3);
    cr_assert_eq(escalation_count(STREET) + escalation_count(DISTRICT), 0, "it is in one place");
    wait_ms(3 * GATHER_MS);
    cr_assert_eq(linkage_row(1)->escalated_count, 3);
    wait_ms(40 * REPLY_MS);
    cr_assert_not(is_open(1));
    cr_assert_eq(escalation_count(CITY), 0, "an ended case is nobody's task");
    cr_assert_eq(timer_count(), 0);
}

Test(clock, one_case_that_is_late_takes_no_other_with_it)
{
    join_silent(40);
    raise_plain(1, "visit");
    wait_ms(GATHER_MS / 2);
    raise_plain(2, "visit");
    reserve(BY(.need = 2, .who = "p4"));
    wait_ms(GATHER_MS / 2);
    cr_assert_eq(linkage_row(1)->escalated_count, 1);
    cr_assert_eq(linkage_row(2)->escalated_count, 0);
}

/* An assessment takes the time a delivery may take: only then does the search begin. */
Test(clock, the_search_begins_when_the_assessment_is_in)
{
    join("station", ROLE_SOCIALWORKER, "counselling", STREET);
    join_silent(40);
    raise_plain(1, "grief");
    reserve(BY(.who = "station"));
    wait_ms(DELIVER_MS - 1);
    cr_assert_eq(linkage_row(1)->escalated_count, 0);
    deliver(BY(.who = "station"));
    wait_ms(GATHER_MS - 1);
    cr_assert_eq(linkage_row(1)->escalated_count, 0);
    wait_ms(1);
    cr_assert_eq(linkage_row(1)->escalated_count, 1);
}

/* The community's own clock asks the resident; ours asks why it never told us. */
Test(clock, a_delivered_case_nobody_closes_is_escalated)
{
    join("home", ROLE_SOCIALORG, "visiting", STREET);
    raise_plain(1, "visit");
    reserve(BY(.who = "home"));
    deliver(BY(.who = "home"));
    world_clear(linking_world());
    wait_ms(3 * WU_DAY_MS);
    assert_nothing_said();
    wait_ms(WU_DAY_MS);
    assert_said("escalated to 420106012000: closed-in-time");
    wait_ms(WU_DAY_MS);
    assert_said("escalated to 420106000000: closed-in-time");
    confirm_need(1, VERDICT_MET, COMMUNITY_NODE);
    cr_assert_eq(timer_count(), 0);
}

Test(clock, an_urgency_has_its_own_spans)
{
    PlanStep visiting = plan_step(ROLE_SOCIALORG, "visiting", true);
    AdoptKind kind = kind_of("ward", (PlanStep *[]){&visiting, NULL});
    UrgencyClock urgent = COORDINATOR__URGENCY_CLOCK__INIT;
    urgent.urgency = COMMUNITY__NEED_URGENCY__NEED_URGENCY_URGENT;
    urgent.reply_within_ms = 10 * WU_MINUTE_MS;
    urgent.deliver_within_ms = 2 * WU_HOUR_MS;
    urgent.gather_within_ms = WU_HOUR_MS;
    kind.clocks = (UrgencyClock *[]){&urgent};
    kind.n_clocks = 1;
    assert_accepted(adopt(&kind));
    join("home", ROLE_SOCIALORG, "visiting", STREET);
    raise_need(NEED(.n = 1, .kind = "ward", .urgency = urgent.urgency));
    raise_need(NEED(.n = 2, .kind = "ward"));
    cr_assert_eq(linkage_row(1)->reply_within_ms, 10 * WU_MINUTE_MS);
    cr_assert_eq(linkage_row(1)->deliver_within_ms, 2 * WU_HOUR_MS);
    cr_assert_eq(linkage_row(1)->due_at_ms, world_now_ms(linking_world()) + WU_HOUR_MS);
    cr_assert_eq(linkage_row(2)->reply_within_ms, REPLY_MS);
    cr_assert_eq(linkage_row(2)->due_at_ms, world_now_ms(linking_world()) + GATHER_MS);
}

Test(clock, a_delivery_in_working_days_skips_the_weekend)
{
    PlanStep visiting = plan_step(ROLE_SOCIALORG, "visiting", true);
    AdoptKind kind = kind_of("ward", (PlanStep *[]){&visiting, NULL});
    UrgencyClock longing = COORDINATOR__URGENCY_CLOCK__INIT;
    longing.urgency = COMMUNITY__NEED_URGENCY__NEED_URGENCY_LONGING;
    longing.reply_within_ms = REPLY_MS;
    longing.deliver_within_ms = DELIVER_MS;
    longing.deliver_working_days = 7;
    kind.clocks = (UrgencyClock *[]){&longing};
    kind.n_clocks = 1;
    assert_accepted(adopt(&kind));
    join("home", ROLE_SOCIALORG, "visiting", STREET);
    raise_need(NEED(.n = 1, .kind = "ward", .urgency = longing.urgency));
    reserve(BY(.who = "home"));
    int64_t due_ms = linkage_row(1)->steps[0]->deliver_by_ms;
    cr_assert_geq(due_ms, world_now_ms(linking_world()) + 8 * WU_DAY_MS);
    cr_assert_leq(due_ms, world_now_ms(linking_world()) + 12 * WU_DAY_MS);
}

Test(clock, every_open_case_is_in_somebodys_hand)
{
    join("home", ROLE_SOCIALORG, "visiting", STREET);
    raise_plain(1, "visit");
    struct in_hand in_hand = linkage_in_hand(linkage_row(1));
    cr_assert_eq(in_hand.role, ROLE_SOCIALORG);
    cr_assert_eq(in_hand.next_due_ms, world_now_ms(linking_world()) + REPLY_MS);
    reserve(BY(.who = "home"));
    in_hand = linkage_in_hand(linkage_row(1));
    cr_assert_eq(in_hand.role, ROLE_SOCIALORG);
    cr_assert_eq(in_hand.next_due_ms, linkage_row(1)->steps[0]->deliver_by_ms);
    deliver(BY(.who = "home"));
    in_hand = linkage_in_hand(linkage_row(1));
    cr_assert_eq(in_hand.role, ROLE_COMMUNITY);
    cr_assert_eq(in_hand.node, COMMUNITY_NODE);
    cr_assert_eq(in_hand.next_due_ms, world_now_ms(linking_world()) + 4 * WU_DAY_MS);
    confirm_need(1, VERDICT_MET, COMMUNITY_NODE);
    cr_assert_eq(linkage_in_hand(linkage_row(1)).next_due_ms, WU_TIME_NEVER);
}
