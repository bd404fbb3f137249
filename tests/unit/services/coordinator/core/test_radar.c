#include "common/base/date.h"
#include "services/coordinator/core/radar.h"
#include "tests/support/linking.h"

/*
 * Each figure computed by hand. Of a case with `visit` one provider is asked,
 * and 30 minutes are given unless a test says otherwise.
 */
static void set_up(void)
{
    linking_set_up();
    adopt_kinds();
}

TestSuite(radar, .init = set_up, .fini = linking_tear_down);

static uint32_t this_month(void)
{
    return radar_month(world_now_ms(linking_world()), 8 * 60);
}

static const MonthRow *month_row(uint64_t division)
{
    const struct month_key key = {this_month(), division, MODE_FIVE};
    const MonthRow *row = months_get(world_txn(linking_world()), &key);
    cr_assert_not_null(row);
    return row;
}

static int64_t permille(Indicator indicator)
{
    return radar_permille(radar_figure(month_row(COMMUNITY), indicator));
}

static uint64_t part(Indicator indicator)
{
    return radar_figure(month_row(COMMUNITY), indicator).part;
}

static uint64_t whole(Indicator indicator)
{
    return radar_figure(month_row(COMMUNITY), indicator).whole;
}

static const PairRow *pair_row(const char *who)
{
    const struct pair_key key = {COMMUNITY, party_id(who), this_month()};
    return pairs_get(world_txn(linking_world()), &key);
}

/* What the figures open into: their sum is the part. */
static uint64_t case_sum(Indicator indicator)
{
    struct deviation_key key = {.month = this_month(), .division = COMMUNITY};
    const DeviationRow *row = NULL;
    uint64_t sum = 0;
    struct wu_txn *txn = world_txn(linking_world());
    for (bool found = deviations_from(txn, &key, 2, &row); found;
         found = deviations_after(txn, &key, 2, &row)) {
        sum += radar_indicator((Deviation)key.deviation) == indicator ? row->amount : 0;
    }
    return sum;
}

#define assert_figure(indicator, expected_part, expected_whole, expected_permille) \
    do {                                                                           \
        cr_assert_eq(part(indicator), expected_part);                              \
        cr_assert_eq(whole(indicator), expected_whole);                            \
        cr_assert_eq(permille(indicator), expected_permille);                      \
        cr_assert_eq(case_sum(indicator), expected_part);                          \
    } while (0)

static void visit(uint64_t need, const char *who, Community__Verdict verdict)
{
    raise_plain(need, "visit");
    reserve(BY(.need = need, .who = who));
    deliver(BY(.need = need, .who = who));
    confirm_need(need, verdict, COMMUNITY_NODE);
}

static void join_a(void)
{
    join("a", ROLE_SOCIALORG, "visiting", STREET);
}

/* ---- nothing wrong ----------------------------------------------------------------- */

Test(radar, a_plain_month_has_no_deviation)
{
    join_a();
    for (uint64_t need = 1; need <= 3; need++) {
        visit(need, "a", VERDICT_MET);
    }
    assert_figure(INDICATOR_MISINTERPRETATION, 0, 3, 0);
    assert_figure(INDICATOR_SUBSTITUTION, 0, 90, 0); /* 3 * 30 minutes */
    assert_figure(INDICATOR_FORM, 0, 3, 0);
    assert_figure(INDICATOR_RESISTANCE, 0, 3, 0);
    cr_assert_eq(month_row(COMMUNITY)->met, 3);
    cr_assert_eq(month_row(COMMUNITY)->steps_delivered, 3);
}

Test(radar, nothing_of_nothing_has_no_figure)
{
    cr_assert_eq(radar_permille((struct figure){0, 0}), -1);
    cr_assert_eq(radar_permille((struct figure){1, 3}), 333, "rounded down");
}

/* ---- misinterpretation ---------------------------------------------------------------- */

Test(radar, what_is_not_in_the_catalogue_is_misinterpretation)
{
    join_a();
    visit(1, "a", VERDICT_MET);
    visit(2, "a", VERDICT_MET);
    raise_plain(3, "moon");
    assert_figure(INDICATOR_MISINTERPRETATION, 1, 3, 333); /* 1000 * 1 / 3 */
    raise_plain(4, "moon");
    assert_figure(INDICATOR_MISINTERPRETATION, 2, 4, 500); /* one more of each: 1000 * 2 / 4 */
    raise_need(NEED(.n = 5, .kind = "visit", .until_ms = 1));
    assert_figure(INDICATOR_MISINTERPRETATION, 2, 5, 400); /* a wrong time is no misreading */
}

/* A kind for counselling that volunteers must not do, assessed, with that plan. */
static void assessed(uint64_t need, PlanStep **plan)
{
    raise_plain(need, "confide");
    reserve(BY(.need = need, .who = "counsellor"));
    deliver(BY(.need = need, .who = "counsellor", .plan = plan));
}

static void adopt_confide(void)
{
    PlanStep visiting = plan_step(ROLE_SOCIALORG, "visiting", true);
    Coordinator__RoleDuty none = COORDINATOR__ROLE_DUTY__INIT;
    none.role = ROLE_VOLUNTEER;
    none.duty = DUTY_MUST_NOT;
    Coordinator__RoleDuty *duties[] = {&none};
    AdoptKind kind = kind_of("confide", (PlanStep *[]){&visiting, NULL});
    kind.assess = true;
    kind.assess_field = "counselling";
    kind.duties = duties;
    kind.n_duties = 1;
    assert_accepted(adopt(&kind));
    join("counsellor", ROLE_SOCIALWORKER, "counselling", STREET);
    join_a();
}

static void finish_visit(uint64_t need, uint32_t step_no)
{
    reserve(BY(.need = need, .who = "a", .step_no = step_no));
    deliver(BY(.need = need, .who = "a", .step_no = step_no));
    confirm_need(need, VERDICT_MET, COMMUNITY_NODE);
}

Test(radar, a_plan_against_the_catalogue_is_misinterpretation)
{
    adopt_confide();
    PlanStep visiting = plan_step(ROLE_SOCIALORG, "visiting", true);
    PlanStep carrying = plan_step(ROLE_VOLUNTEER, "carrying", false);
    PlanStep unusable = plan_step(ROLE_SOCIALORG, "", true);
    assessed(1, (PlanStep *[]){&visiting, NULL});
    finish_visit(1, 2);
    assert_figure(INDICATOR_MISINTERPRETATION, 0, 1, 0);
    assessed(2, (PlanStep *[]){&unusable, NULL});
    finish_visit(2, 2);
    assert_figure(INDICATOR_MISINTERPRETATION, 1, 2, 500);
    assessed(3, (PlanStep *[]){&visiting, &carrying, NULL}); /* refused: the recipe holds */
    finish_visit(3, 2);
    assert_figure(INDICATOR_MISINTERPRETATION, 2, 3, 666); /* 2000 / 3 */
    cr_assert_eq(radar_deviation_count(month_row(COMMUNITY), DEVIATION(PLAN_UNUSABLE)), 1);
    cr_assert_eq(radar_deviation_count(month_row(COMMUNITY), DEVIATION(PLAN_FORBIDDEN)), 1);
    /* 3 assessments and 3 visits of 30 minutes, none forbidden */
    assert_figure(INDICATOR_SUBSTITUTION, 0, 180, 0);
}

Test(radar, one_society_where_more_were_to_is_misinterpretation)
{
    PlanStep visiting = plan_step(ROLE_SOCIALORG, "visiting", true);
    PlanStep rice = plan_step(ROLE_CHARITY, "rice", false);
    AdoptKind kind = kind_of("support", (PlanStep *[]){&visiting, &rice, NULL});
    assert_accepted(adopt(&kind));
    join_a();
    visit(1, "a", VERDICT_MET); /* one society by the catalogue: no deviation */
    raise_plain(2, "support");  /* nobody has rice */
    reserve(BY(.need = 2, .who = "a"));
    deliver(BY(.need = 2, .who = "a"));
    confirm_need(2, VERDICT_MET, COMMUNITY_NODE);
    assert_figure(INDICATOR_MISINTERPRETATION, 1, 2, 500);
}

/* ---- substitution ------------------------------------------------------------------------ */

/* A permit is administrative; the social worker runs an errand for it, as two people let her. */
static void add_errand(void)
{
    const struct wu_id linkage_id = need_id(1);
    PlanStep step = plan_step(ROLE_SOCIALWORKER, "errand", false);
    AddStep add = COORDINATOR__ADD_STEP__INIT;
    add.linkage_id = wu_id_to_pb(&linkage_id);
    add.step = &step;
    add.by = "p-1";
    add.reason = COORDINATOR__OVERRIDE_REASON__OVERRIDE_REASON_NOBODY_ELSE;
    const Bus__Answer *answer =
        world_command(linking_world(), WU_TYPE(COORDINATOR_ADD_STEP), &add.base);
    assert_accepted(answer);
    struct wu_id id;
    cr_assert(wu_id_from_pb(answer->id, &id));
    ConfirmOverride confirm = COORDINATOR__CONFIRM_OVERRIDE__INIT;
    confirm.override_id = wu_id_to_pb(&id);
    confirm.by = "p-2";
    assert_accepted(
        world_command(linking_world(), WU_TYPE(COORDINATOR_CONFIRM_OVERRIDE), &confirm.base));
}

Test(radar, minutes_that_a_rule_forbids_are_substitution)
{
    PlanStep desk = plan_step(ROLE_SOCIALORG, "desk", true);
    AdoptKind kind = kind_of("permit", (PlanStep *[]){&desk, NULL});
    kind.service_class = KIND_CLASS_ADMINISTRATIVE;
    assert_accepted(adopt(&kind));
    join("office", ROLE_SOCIALORG, "desk", STREET);
    join("station", ROLE_SOCIALWORKER, "errand", STREET);
    raise_plain(1, "permit");
    add_errand();
    reserve(BY(.who = "office"));
    reserve(BY(.who = "station", .step_no = 2));
    deliver(BY(.who = "office", .minutes = 60));
    deliver(BY(.who = "station", .step_no = 2, .minutes = 20));
    confirm_need(1, VERDICT_MET, COMMUNITY_NODE);
    assert_figure(INDICATOR_SUBSTITUTION, 20, 80, 250); /* 20000 / 80 */
    cr_assert_eq(radar_deviation_count(month_row(COMMUNITY), DEVIATION(WORKER_FOR_OTHERS)), 20);
    cr_assert_eq(permille(INDICATOR_MISINTERPRETATION), 0);
}

/* ---- form ----------------------------------------------------------------------------------- */

Test(radar, silence_and_nothing_given_are_form)
{
    join_a();
    visit(1, "a", VERDICT_MET);
    visit(2, "a", COMMUNITY__VERDICT__VERDICT_UNSPECIFIED);
    assert_figure(INDICATOR_FORM, 1, 2, 500);
    raise_plain(3, "visit");
    reserve(BY(.need = 3, .who = "a"));
    deliver(BY(.need = 3, .who = "a", .nothing = true));
    confirm_need(3, VERDICT_MET, COMMUNITY_NODE);
    assert_figure(INDICATOR_FORM, 2, 3, 666); /* 2000 / 3 */
    raise_plain(4, "moon");                   /* never delivered: not looked at */
    assert_figure(INDICATOR_FORM, 2, 3, 666);
}

/* ---- resistance -------------------------------------------------------------------------------
 */

Test(radar, ten_refusals_with_a_rule_leave_it_at_zero)
{
    join_a();
    for (uint64_t need = 1; need <= 10; need++) {
        raise_plain(need, "visit");
        decline(BY(.need = need, .who = "a"));
    }
    assert_figure(INDICATOR_RESISTANCE, 0, 10, 0);
    raise_plain(11, "visit");
    decline(BY(.need = 11, .who = "a", .reason = DECLINE_BY_HAND));
    assert_figure(INDICATOR_RESISTANCE, 1, 11, 90); /* 1000 / 11 */
    cr_assert_eq(pair_row("a")->no_rule, 1);
    cr_assert_eq(radar_permille(radar_pair_figure(pair_row("a"))), 90);
}

static void bind_to_a(uint64_t need)
{
    struct wu_id id = need_id(need);
    struct wu_id provider_id = party_id("a");
    Adjudicate adjudicate = COORDINATOR__ADJUDICATE__INIT;
    adjudicate.linkage_id = wu_id_to_pb(&id);
    adjudicate.step_no = 1;
    adjudicate.ruling = RULING_BINDING;
    adjudicate.provider_id = wu_id_to_pb(&provider_id);
    adjudicate.by = "STREET-42";
    adjudicate.reason = "it is in its contract";
    assert_accepted(
        world_command(linking_world(), WU_TYPE(COORDINATOR_ADJUDICATE), &adjudicate.base));
}

Test(radar, silence_lateness_passing_back_and_a_slow_yes_are_resistance)
{
    join_a();
    raise_plain(1, "visit");
    wait_ms(REPLY_MS); /* nobody answers */
    assert_figure(INDICATOR_RESISTANCE, 1, 1, 1000);
    raise_plain(2, "visit");
    decline(BY(.need = 2, .who = "a", .reason = DECLINE_TOO_LATE));
    assert_figure(INDICATOR_RESISTANCE, 2, 2, 1000);
    raise_plain(3, "visit");
    decline(BY(.need = 3, .who = "a", .not_ours = true)); /* the only one: an office rules */
    bind_to_a(3);
    reserve(BY(.need = 3, .who = "a", .attempt = 2));
    deliver(BY(.need = 3, .who = "a", .attempt = 2));
    confirm_need(3, VERDICT_MET, COMMUNITY_NODE);
    assert_figure(INDICATOR_RESISTANCE, 3, 3, 1000);
    raise_plain(4, "visit");
    wait_ms(REPLY_MS * 9 / 10 + 1);
    reserve(BY(.need = 4, .who = "a"));
    deliver(BY(.need = 4, .who = "a"));
    confirm_need(4, VERDICT_MET, COMMUNITY_NODE);
    assert_figure(INDICATOR_RESISTANCE, 4, 4, 1000);
    raise_plain(5, "visit");
    wait_ms(REPLY_MS * 9 / 10); /* not in the last tenth yet */
    reserve(BY(.need = 5, .who = "a"));
    deliver(BY(.need = 5, .who = "a"));
    confirm_need(5, VERDICT_MET, COMMUNITY_NODE);
    assert_figure(INDICATOR_RESISTANCE, 4, 5, 800);
    const PairRow *pair = pair_row("a");
    cr_assert_eq(pair->asked, 5);
    cr_assert_eq(pair->delivered, 3);
    cr_assert_eq(pair->minutes, 90);
    cr_assert_eq(pair->no_answer, 2);
    cr_assert_eq(pair->passed_back, 1);
    cr_assert_eq(pair->slow_yes, 1);
}

/* Who said yes and was let go, as somebody else was missing, was asked and did not resist. */
Test(radar, whoever_was_let_go_counts_as_asked)
{
    join("kitchen", ROLE_SOCIALORG, "kitchen", STREET);
    raise_plain(1, "meals"); /* nobody carries */
    reserve(BY(.who = "kitchen"));
    cr_assert_eq(linkage_row(1)->reason, UNMET_NO_PROVIDER);
    assert_figure(INDICATOR_RESISTANCE, 0, 1, 0);
    cr_assert_eq(pair_row("kitchen")->asked, 1);
    cr_assert_eq(pair_row("kitchen")->delivered, 0);
}

/* Late, then done all the same: one asked, one delivery, and no resistance. */
Test(radar, who_delivers_late_is_counted_once)
{
    join_a();
    join("b", ROLE_SOCIALORG, "visiting", STREET);
    raise_plain(1, "visit");
    reserve(BY(.who = "a"));
    wait_ms(DELIVER_MS + WU_MINUTE_MS); /* taken back: b is asked */
    deliver(BY(.who = "a"));
    confirm_need(1, VERDICT_MET, COMMUNITY_NODE);
    assert_figure(INDICATOR_RESISTANCE, 0, 1, 0);
    cr_assert_eq(pair_row("a")->asked, 1);
    cr_assert_eq(pair_row("a")->delivered, 1);
    cr_assert_null(pair_row("b"), "it had not been given its time to answer");
}

Test(radar, an_office_that_says_it_is_nobodys_clears_who_passed_it_back)
{
    join_a();
    join("b", ROLE_SOCIALORG, "visiting", STREET);
    raise_plain(1, "visit");
    decline(BY(.who = "a", .not_ours = true));
    decline(BY(.who = "b", .attempt = 2, .not_ours = true));
    struct wu_id id = need_id(1);
    Adjudicate adjudicate = COORDINATOR__ADJUDICATE__INIT;
    adjudicate.linkage_id = wu_id_to_pb(&id);
    adjudicate.step_no = 1;
    adjudicate.ruling = RULING_OUT_OF_REMIT;
    adjudicate.by = "STREET-42";
    adjudicate.reason = "no contract covers it";
    assert_accepted(
        world_command(linking_world(), WU_TYPE(COORDINATOR_ADJUDICATE), &adjudicate.base));
    assert_figure(INDICATOR_RESISTANCE, 0, 2, 0);
}

/* ---- where and when ----------------------------------------------------------------------------
 */

Test(radar, each_community_has_its_own)
{
    join_a();
    visit(1, "a", VERDICT_MET);
    raise_need(NEED(.n = 2, .kind = "moon", .division = COMMUNITY + 1));
    cr_assert_eq(month_row(COMMUNITY)->cases, 1);
    cr_assert_eq(month_row(COMMUNITY + 1)->refused, 1);
    cr_assert_eq(permille(INDICATOR_MISINTERPRETATION), 0);
}

Test(radar, a_month_is_one_of_local_time)
{
    int64_t midnight_ms = wu_time_of_day(wu_day_of_date(20261201), 8 * 60);
    cr_assert_eq(radar_month(midnight_ms - 1, 8 * 60), 202611);
    cr_assert_eq(radar_month(midnight_ms, 8 * 60), 202612);
}

/* a is bound by a ruling after it passed back, and passes back again: one that was asked, once. */
Test(radar, who_is_asked_twice_for_a_step_is_counted_once)
{
    join_a();
    join("b", ROLE_SOCIALORG, "visiting", STREET);
    join("c", ROLE_SOCIALORG, "visiting", STREET);
    raise_plain(1, "visit");
    decline(BY(.who = "a", .not_ours = true));
    decline(BY(.who = "b", .attempt = 2, .not_ours = true));
    struct wu_id id = need_id(1);
    struct wu_id bound = party_id("a");
    Adjudicate adjudicate = COORDINATOR__ADJUDICATE__INIT;
    adjudicate.linkage_id = wu_id_to_pb(&id);
    adjudicate.step_no = 1;
    adjudicate.ruling = RULING_BINDING;
    adjudicate.provider_id = wu_id_to_pb(&bound);
    adjudicate.by = "STREET-42";
    adjudicate.reason = "it is in its contract";
    assert_accepted(
        world_command(linking_world(), WU_TYPE(COORDINATOR_ADJUDICATE), &adjudicate.base));
    decline(BY(.who = "a", .attempt = 3, .not_ours = true));
    reserve(BY(.who = "c", .attempt = 4));
    deliver(BY(.who = "c", .attempt = 4));
    confirm_need(1, VERDICT_MET, COMMUNITY_NODE);
    assert_figure(INDICATOR_RESISTANCE, 2, 3, 666);
    cr_assert_eq(pair_row("a")->asked, 1);
}
