#include "services/coordinator/core/radar.h"
#include "tests/support/linking.h"

static void set_up(void)
{
    linking_set_up();
    adopt_kinds();
}

TestSuite(mode, .init = set_up, .fini = linking_tear_down);

#define NEIGHBOUR (COMMUNITY + 1)

static const Bus__Answer *set_mode(uint64_t division, LinkageMode mode, const char *reason)
{
    SetMode set = COORDINATOR__SET_MODE__INIT;
    set.division = division;
    set.mode = mode;
    set.reason = reason;
    return world_command(linking_world(), WU_TYPE(COORDINATOR_SET_MODE), &set.base);
}

static void join_all(void)
{
    join("visitors", ROLE_SOCIALORG, "visiting", STREET);
    join("kitchen", ROLE_SOCIALORG, "kitchen", STREET);
    join("carriers", ROLE_VOLUNTEER, "carrying", STREET);
    join("store", ROLE_CHARITY, "rice", STREET);
}

Test(mode, a_required_volunteer_is_not_called_and_nobody_else_is_kept_waiting)
{
    join_all();
    assert_accepted(set_mode(COMMUNITY, MODE_THREE, "the volunteers' station is closed"));
    raise_plain(1, "meals");
    assert_said("opened under 1", "closed UNMET NOT_CALLED carrying",
                "counted meals UNMET NOT_CALLED");
    cr_assert_eq(last_note(1, WU_TYPE(LINKAGE_STEP_OFFERED))->rules[0], RULE(THREE_SOCIETIES));
}

/* An optional one is left out: the three meet the need. */
static void adopt_support(void)
{
    PlanStep visiting = plan_step(ROLE_SOCIALORG, "visiting", true);
    PlanStep rice = plan_step(ROLE_CHARITY, "rice", false);
    AdoptKind kind = kind_of("support", (PlanStep *[]){&visiting, &rice, NULL});
    assert_accepted(adopt(&kind));
}

Test(mode, an_optional_one_is_left_out)
{
    join_all();
    adopt_support();
    assert_accepted(set_mode(COMMUNITY, MODE_THREE, "before the five"));
    world_clear(linking_world());
    raise_plain(1, "support");
    assert_said("opened under 1", "offer 1.1 to visitors");
    cr_assert_eq(step_state(1, 2), STEP_SKIPPED);
    reserve(BY(.who = "visitors"));
    deliver(BY(.who = "visitors"));
    confirm_need(1, VERDICT_MET, COMMUNITY_NODE);
    cr_assert_eq(outcome_count(OUTCOME_MET, 0), 1);
}

Test(mode, an_open_case_keeps_its_mode)
{
    join_all();
    adopt_support();
    world_clear(linking_world());
    raise_plain(1, "support");
    assert_accepted(set_mode(COMMUNITY, MODE_THREE, "from now on"));
    reserve(BY(.who = "visitors"));
    assert_said("opened under 1", "offer 1.1 to visitors", "offer 2.1 to store");
    assert_accepted(set_mode(COMMUNITY, MODE_FIVE, "and back"));
    raise_plain(2, "support");
    cr_assert_eq(linkage_row(2)->mode, MODE_FIVE);
}

Test(mode, no_other_community_is_touched)
{
    join_all();
    assert_accepted(set_mode(NEIGHBOUR, MODE_THREE, "theirs"));
    raise_plain(1, "meals");
    cr_assert(is_open(1));
}

Test(mode, is_of_a_community_one_of_two_and_has_a_reason)
{
    assert_refused(set_mode(STREET, MODE_THREE, "why"), "MODE_DIVISION_INVALID");
    assert_refused(set_mode(12, MODE_THREE, "why"), "MODE_DIVISION_INVALID");
    assert_refused(set_mode(COMMUNITY, 0, "why"), "MODE_INVALID");
    assert_refused(set_mode(COMMUNITY, MODE_THREE, ""), "MODE_REASON_INVALID");
}

/* ---- the same month in both modes ------------------------------------------------ */

static void support(uint64_t need, uint64_t division, bool with_rice)
{
    raise_need(NEED(.n = need, .kind = "support", .division = division));
    reserve(BY(.need = need, .who = "visitors"));
    if (with_rice) {
        reserve(BY(.need = need, .who = "store", .step_no = 2));
    }
    deliver(BY(.need = need, .who = "visitors"));
    if (with_rice) {
        deliver(BY(.need = need, .who = "store", .step_no = 2));
    }
    confirm_need(need, VERDICT_MET, COMMUNITY_NODE);
}

/* One at a time: the next look takes its memory. */
static const MonthRow *month_row(uint64_t division, LinkageMode mode)
{
    const struct month_key key = {radar_month(world_now_ms(linking_world()), 8 * 60), division,
                                  (uint32_t)mode};
    return months_get(world_txn(linking_world()), &key);
}

static void assert_month(const MonthRow *row, uint64_t steps, int64_t misinterpretation)
{
    cr_assert_not_null(row);
    cr_assert_eq(row->cases, 2);
    cr_assert_eq(row->met, 2);
    cr_assert_eq(row->open_ms, 0);
    cr_assert_eq(row->steps_delivered, steps);
    cr_assert_eq(row->minutes, (int64_t)steps * 30);
    cr_assert_eq(radar_permille(radar_figure(row, INDICATOR_MISINTERPRETATION)), misinterpretation);
}

/* The same two needs of each: of the three the charity's part is missing, and nothing else. */
Test(mode, the_same_events_in_both_differ_by_the_mode_only)
{
    join_all();
    adopt_support();
    assert_accepted(set_mode(NEIGHBOUR, MODE_THREE, "to compare"));
    support(1, COMMUNITY, true);
    support(2, COMMUNITY, true);
    support(3, NEIGHBOUR, false);
    support(4, NEIGHBOUR, false);
    cr_assert_null(month_row(NEIGHBOUR, MODE_FIVE));
    assert_month(month_row(COMMUNITY, MODE_FIVE), 2 * 2, 0);
    assert_month(month_row(NEIGHBOUR, MODE_THREE), 2 * 1, 1000); /* one society of two: 2 of 2 */
}
