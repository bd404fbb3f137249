#include "tests/support/linking.h"

static void set_up(void)
{
    linking_set_up();
    adopt_kinds();
}

TestSuite(step, .init = set_up, .fini = linking_tear_down);

static void announce_visitors(void)
{
    join("a", ROLE_SOCIALORG, "visiting", STREET);
    join("b", ROLE_SOCIALORG, "visiting", STREET);
}

/* Kitchen, carriers and rice, all reserved and confirmed. */
static void confirm_meals(void)
{
    join("home", ROLE_SOCIALORG, "kitchen", STREET);
    join("team", ROLE_VOLUNTEER, "carrying", STREET);
    join("store", ROLE_CHARITY, "rice", STREET);
    raise_plain(1, "meals");
    reserve(BY(.who = "home"));
    reserve(BY(.who = "team", .step_no = 2));
    reserve(BY(.who = "store", .step_no = 3));
    world_clear(linking_world());
}

/* ---- the next in line ------------------------------------------------------ */

Test(step, a_decline_goes_to_the_next)
{
    announce_visitors();
    raise_plain(1, "visit");
    decline(BY(.who = "a"));
    assert_said("opened under 1", "offer 1.1 to a", "offer 1.2 to b");
    cr_assert_eq(timer_count(), 2, "the first offer's is gone");
}

Test(step, silence_goes_to_the_next_and_is_told)
{
    announce_visitors();
    raise_plain(1, "visit");
    world_clear(linking_world());
    wait_ms(REPLY_MS - 1);
    assert_nothing_said();
    wait_ms(1);
    assert_said("release 1.1 at a: REPLY_OVERDUE", "offer 1.2 to b");
    wait_ms(REPLY_MS);
    assert_said("release 1.2 at b: REPLY_OVERDUE", "closed UNMET NO_ANSWER visiting",
                "counted visit UNMET NO_ANSWER");
    cr_assert_eq(outcome_count(OUTCOME_UNMET, UNMET_NO_ANSWER), 1);
}

Test(step, an_answer_stops_the_clock)
{
    announce_visitors();
    raise_plain(1, "visit");
    cr_assert_eq(timer_count(), 2);
    reserve(BY(.who = "a"));
    cr_assert_eq(timer_count(), 2, "of the delivery now");
    deliver(BY(.who = "a"));
    cr_assert_eq(timer_count(), 1);
}

Test(step, nobody_left_for_a_required_step_releases_everybody)
{
    join("home", ROLE_SOCIALORG, "kitchen", STREET);
    join("team", ROLE_VOLUNTEER, "carrying", STREET);
    join("store", ROLE_CHARITY, "rice", STREET);
    raise_plain(1, "meals");
    reserve(BY(.who = "home"));
    world_clear(linking_world());
    decline(BY(.who = "team", .step_no = 2)); /* the store has not answered yet */
    assert_said("release 1.1 at home: LINKAGE_UNMET", "release 3.1 at store: LINKAGE_UNMET",
                "closed UNMET ALL_DECLINED carrying", "counted meals UNMET ALL_DECLINED");
    cr_assert_eq(step_state(1, 1), STEP_RELEASED);
    cr_assert_eq(step_state(1, 2), STEP_UNMET);
    cr_assert_not(is_open(1));
    cr_assert_eq(timer_count(), 0);
}

Test(step, nobody_at_all_ends_it_before_the_second_wave_is_called)
{
    join("team", ROLE_VOLUNTEER, "carrying", STREET);
    raise_plain(1, "meals");
    assert_said("opened under 1", "closed UNMET NO_PROVIDER kitchen",
                "counted meals UNMET NO_PROVIDER");
    cr_assert_eq(linkage_row(1)->state, LINKAGE_CLOSED);
    cr_assert_str_eq(linkage_row(1)->missing_service, "kitchen");
    cr_assert_eq(step_state(1, 2), STEP_RELEASED);
}

Test(step, an_optional_step_declined_by_all_is_skipped)
{
    join("home", ROLE_SOCIALORG, "kitchen", STREET);
    join("team", ROLE_VOLUNTEER, "carrying", STREET);
    join("store", ROLE_CHARITY, "rice", STREET);
    raise_plain(1, "meals");
    reserve(BY(.who = "home"));
    reserve(BY(.who = "team", .step_no = 2));
    world_clear(linking_world());
    decline(BY(.who = "store", .step_no = 3));
    assert_said("confirm 1.1 at home", "confirm 2.1 at team");
    cr_assert_eq(step_state(1, 3), STEP_SKIPPED);
}

/* ---- answers that come too late, or from others ---------------------------- */

Test(step, a_reservation_of_an_old_offer_is_released)
{
    announce_visitors();
    raise_plain(1, "visit");
    wait_ms(REPLY_MS);
    world_clear(linking_world());
    reserve(BY(.who = "a", .attempt = 1));
    assert_said("release 1.1 at a: NOT_CHOSEN");
    cr_assert_eq(step_state(1, 1), STEP_OFFERED);
    reserve(BY(.who = "b", .attempt = 2));
    assert_said("confirm 1.2 at b");
}

Test(step, an_old_offer_to_the_same_provider_is_another_offer)
{
    join("home", ROLE_SOCIALORG, "kitchen", STREET);
    join("team", ROLE_VOLUNTEER, "carrying", STREET);
    raise_plain(1, "meals");
    reserve(BY(.who = "home"));
    lapse(BY(.who = "home"));
    world_clear(linking_world());
    decline(BY(.who = "home", .attempt = 1));
    assert_nothing_said();
    reserve(BY(.who = "home", .attempt = 1));
    assert_said("release 1.1 at home: NOT_CHOSEN");
    cr_assert_eq(step_state(1, 1), STEP_OFFERED);
}

Test(step, a_reservation_of_an_ended_linkage_is_released)
{
    join("a", ROLE_SOCIALORG, "visiting", STREET);
    raise_plain(1, "visit");
    wait_ms(REPLY_MS);
    world_clear(linking_world());
    reserve(BY(.who = "a"));
    assert_said("release 1.1 at a: NOT_CHOSEN");
    cr_assert_eq(linkage_row(1)->state, LINKAGE_CLOSED);
}

Test(step, a_reservation_of_a_linkage_nobody_knows_is_released)
{
    join("a", ROLE_SOCIALORG, "visiting", STREET);
    reserve(BY(.need = 99, .who = "a"));
    assert_said("release 1.1 at a: NOT_CHOSEN");
}

Test(step, a_second_reservation_of_the_same_offer_changes_nothing)
{
    join("home", ROLE_SOCIALORG, "kitchen", STREET);
    join("team", ROLE_VOLUNTEER, "carrying", STREET);
    raise_plain(1, "meals");
    reserve(BY(.who = "home"));
    world_clear(linking_world());
    reserve(BY(.who = "home"));
    assert_nothing_said();
    cr_assert_eq(step_state(1, 1), STEP_RESERVED);
}

Test(step, other_stale_answers_are_not_heard)
{
    announce_visitors();
    raise_plain(1, "visit");
    decline(BY(.who = "a"));
    world_clear(linking_world());
    decline(BY(.who = "a"));
    lapse(BY(.who = "a"));
    deliver(BY(.who = "a"));
    deliver(BY(.who = "b", .attempt = 2)); /* offered, not confirmed */
    take(BY(.who = "b", .attempt = 2));
    decline(BY(.who = "b", .step_no = 9, .attempt = 2)); /* there is no such step */
    assert_nothing_said();
    cr_assert_eq(step_state(1, 1), STEP_OFFERED);
}

/* An older copy of the store was put back: what it confirmed since then it does not know. */
Test(step, who_took_what_was_never_confirmed_is_let_go)
{
    announce_visitors();
    raise_plain(1, "visit");
    decline(BY(.who = "a"));
    world_clear(linking_world());
    take(BY(.who = "a", .attempt = 7));
    cr_assert_str_eq(said(), "release 1.7 at a: NOT_CHOSEN\n");
    cr_assert_eq(step_state(1, 1), STEP_OFFERED);
}

/* What an outsider sends is word for word what the provider would. */
Test(step, an_outsider_does_not_move_a_linkage)
{
    announce_visitors();
    raise_plain(1, "visit");
    world_clear(linking_world());
    reserve(BY(.who = "a", .from_node = STRANGER_NODE));
    decline(BY(.who = "a", .from_node = STRANGER_NODE));
    cr_assert_eq(step_state(1, 1), STEP_OFFERED);
    reserve(BY(.who = "a"));
    world_clear(linking_world());
    lapse(BY(.who = "a", .from_node = STRANGER_NODE));
    take(BY(.who = "a", .from_node = STRANGER_NODE));
    deliver(BY(.who = "a", .from_node = STRANGER_NODE));
    cr_assert_eq(step_state(1, 1), STEP_CONFIRMED);
    assert_nothing_said();
}

/* ---- reservations that do not last ----------------------------------------- */

Test(step, a_lapse_while_others_are_asked_is_nobodys_fault)
{
    join("home", ROLE_SOCIALORG, "kitchen", STREET);
    join("team", ROLE_VOLUNTEER, "carrying", STREET);
    raise_plain(1, "meals");
    reserve(BY(.who = "home"));
    world_clear(linking_world());
    lapse(BY(.who = "home"));
    assert_said("offer 1.2 to home"); /* there is no other */
    reserve(BY(.who = "team", .step_no = 2));
    assert_nothing_said();
    reserve(BY(.who = "home", .attempt = 2));
    assert_said("confirm 1.2 at home", "confirm 2.1 at team");
}

Test(step, a_lapse_calls_the_others_of_the_line_first)
{
    join("home", ROLE_SOCIALORG, "kitchen", STREET);
    join("canteen", ROLE_SOCIALORG, "kitchen", STREET);
    join("team", ROLE_VOLUNTEER, "carrying", STREET);
    raise_plain(1, "meals");
    reserve(BY(.who = "home"));
    world_clear(linking_world());
    lapse(BY(.who = "home"));
    assert_said("offer 1.2 to canteen");
}

Test(step, a_wave_two_step_that_comes_back_waits_for_the_core_three)
{
    join("home", ROLE_SOCIALORG, "kitchen", STREET);
    join("team", ROLE_VOLUNTEER, "carrying", STREET);
    join("crew", ROLE_VOLUNTEER, "carrying", STREET);
    raise_plain(1, "meals");
    reserve(BY(.who = "home"));
    lapse(BY(.who = "home"));
    world_clear(linking_world());
    decline(BY(.who = "team", .step_no = 2));
    assert_nothing_said();
    reserve(BY(.who = "home", .attempt = 2));
    assert_said("offer 2.2 to crew");
}

Test(step, a_reservation_about_to_run_out_is_offered_anew_before_the_confirmation)
{
    join("home", ROLE_SOCIALORG, "kitchen", STREET);
    join("team", ROLE_VOLUNTEER, "carrying", STREET);
    raise_plain(1, "meals");
    reserve(BY(.who = "home", .held_until_ms = world_now_ms(linking_world()) + WU_SECOND_MS));
    world_clear(linking_world());
    reserve(BY(.who = "team", .step_no = 2));
    assert_said("release 1.1 at home: NOT_CHOSEN", "offer 1.2 to home");
    cr_assert_eq(last_note(1, WU_TYPE(LINKAGE_STEP_RELEASED))->why, WHY_HOLD_TOO_SHORT);
    cr_assert_eq(step_state(1, 2), STEP_RESERVED);
    reserve(BY(.who = "home", .attempt = 2));
    assert_said("confirm 1.2 at home", "confirm 2.1 at team");
}

Test(step, a_provider_whose_holds_never_last_does_not_keep_a_linkage_for_ever)
{
    join("home", ROLE_SOCIALORG, "visiting", STREET);
    raise_plain(1, "visit");
    for (uint32_t attempt = 1; attempt <= 64; attempt++) {
        reserve(BY(.who = "home", .attempt = attempt, .held_until_ms = 1));
    }
    cr_assert_eq(linkage_row(1)->state, LINKAGE_CLOSED);
    cr_assert_eq(linkage_row(1)->outcome, OUTCOME_UNMET);
}

Test(step, a_lapse_after_the_confirmation_goes_to_the_next_while_others_stay)
{
    join("home", ROLE_SOCIALORG, "kitchen", STREET);
    join("team", ROLE_VOLUNTEER, "carrying", STREET);
    join("crew", ROLE_VOLUNTEER, "carrying", STREET);
    raise_plain(1, "meals");
    reserve(BY(.who = "home"));
    reserve(BY(.who = "team", .step_no = 2));
    world_clear(linking_world());
    lapse(BY(.who = "team", .step_no = 2));
    assert_said("offer 2.2 to crew");
    cr_assert_eq(step_state(1, 1), STEP_CONFIRMED);
    reserve(BY(.who = "crew", .step_no = 2, .attempt = 2));
    assert_said("confirm 2.2 at crew");
    lapse(BY(.who = "crew", .step_no = 2, .attempt = 2));
    cr_assert_eq(timer_count(), 0);
    assert_said("release 1.1 at home: LINKAGE_UNMET", "closed UNMET ALL_DECLINED carrying",
                "counted meals UNMET ALL_DECLINED");
}

Test(step, once_delivery_has_begun_no_wave_waits_for_another)
{
    join("home", ROLE_SOCIALORG, "kitchen", STREET);
    join("canteen", ROLE_SOCIALORG, "kitchen", STREET);
    join("team", ROLE_VOLUNTEER, "carrying", STREET);
    join("crew", ROLE_VOLUNTEER, "carrying", STREET);
    raise_plain(1, "meals");
    reserve(BY(.who = "home"));
    reserve(BY(.who = "team", .step_no = 2));
    lapse(BY(.who = "home"));
    world_clear(linking_world());
    lapse(BY(.who = "team", .step_no = 2));
    assert_said("offer 2.2 to crew");
    reserve(BY(.who = "crew", .step_no = 2, .attempt = 2));
    assert_said("confirm 2.2 at crew");
    cr_assert_eq(timer_count(), 3);
}

Test(step, what_was_promised_may_be_given_back)
{
    announce_visitors();
    raise_plain(1, "visit");
    reserve(BY(.who = "a"));
    take(BY(.who = "a"));
    world_clear(linking_world());
    decline(BY(.who = "a"));
    assert_said("offer 1.2 to b");
    cr_assert_eq(linkage_row(1)->state, LINKAGE_DELIVERING);
}

/* ---- delivery -------------------------------------------------------------- */

Test(step, delivery_is_due_a_span_after_the_confirmation)
{
    announce_visitors();
    raise_plain(1, "visit");
    reserve(BY(.who = "a"));
    const StepConfirmed *confirmed = world_find(linking_world(), WU_TYPE(LINKAGE_STEP_CONFIRMED), 0,
                                                &linkage__step_confirmed__descriptor);
    cr_assert_eq(confirmed->deliver_by_ms, world_now_ms(linking_world()) + DELIVER_MS);
}

Test(step, what_is_wanted_next_week_is_not_late_before)
{
    announce_visitors();
    int64_t until_ms = world_now_ms(linking_world()) + 7 * WU_DAY_MS;
    raise_need(NEED(.n = 1, .kind = "visit", .until_ms = until_ms));
    reserve(BY(.who = "a"));
    world_clear(linking_world());
    wait_ms(7 * WU_DAY_MS - 1);
    assert_nothing_said();
    wait_ms(1);
    assert_said("escalated to 420106012000: delivery-in-time", "release 1.1 at a: DELIVERY_OVERDUE",
                "offer 1.2 to b");
}

Test(step, an_assessment_does_not_wait_for_next_week)
{
    join("station", ROLE_SOCIALWORKER, "counselling", STREET);
    join("office", ROLE_SOCIALWORKER, "counselling", STREET);
    int64_t until_ms = world_now_ms(linking_world()) + 7 * WU_DAY_MS;
    raise_need(NEED(.n = 1, .kind = "grief", .until_ms = until_ms));
    reserve(BY(.who = "station"));
    world_clear(linking_world());
    wait_ms(DELIVER_MS);
    assert_said("escalated to 420106012000: delivery-in-time",
                "release 1.1 at station: DELIVERY_OVERDUE", "offer 1.2 to office");
}

Test(step, what_is_not_done_in_time_goes_to_the_next_until_nobody_is_left)
{
    announce_visitors();
    raise_plain(1, "visit");
    reserve(BY(.who = "a"));
    take(BY(.who = "a"));
    world_clear(linking_world());
    wait_ms(DELIVER_MS);
    assert_said("escalated to 420106012000: delivery-in-time", "release 1.1 at a: DELIVERY_OVERDUE",
                "offer 1.2 to b");
    reserve(BY(.who = "b", .attempt = 2));
    assert_said("confirm 1.2 at b");
    wait_ms(DELIVER_MS);
    assert_said("escalated to 420106000000: delivery-in-time", "release 1.2 at b: DELIVERY_OVERDUE",
                "closed UNMET NOT_DELIVERED visiting", "counted visit UNMET NOT_DELIVERED");
}

/* ---- a report that crosses with its release -------------------------------- */

/* a was late, b has been asked for the same step. */
static void be_late(void)
{
    announce_visitors();
    raise_plain(1, "visit");
    reserve(BY(.who = "a"));
    take(BY(.who = "a"));
    wait_ms(DELIVER_MS);
    world_clear(linking_world());
}

Test(step, late_but_first_counts_and_the_next_is_let_go)
{
    be_late();
    deliver(BY(.who = "a", .text = "was there"));
    assert_said("release 1.2 at b: DELIVERED_BY_ANOTHER", "delivered");
    const LinkageStep *step = linkage_row(1)->steps[0];
    cr_assert_eq(step->state, STEP_DELIVERED);
    cr_assert_str_eq(step->provider, "a");
    cr_assert_str_eq(step->note, "was there");
    cr_assert_eq(last_note(1, WU_TYPE(LINKAGE_STEP_DELIVERED))->why, WHY_LATE_BUT_DONE);
    cr_assert_eq(timer_count(), 1, "the linkage's own");
    cr_assert_eq(provider_row("a")->open_steps, 0);
    cr_assert_eq(provider_row("b")->open_steps, 0);
    cr_assert_eq(provider_row("b")->broken, 0);
}

Test(step, the_next_who_had_begun_is_let_go_too_and_its_work_is_surplus)
{
    be_late();
    reserve(BY(.who = "b", .attempt = 2));
    take(BY(.who = "b", .attempt = 2));
    world_clear(linking_world());
    deliver(BY(.who = "a"));
    assert_said("release 1.2 at b: DELIVERED_BY_ANOTHER", "delivered");
    deliver(BY(.who = "b", .attempt = 2, .text = "was there too"));
    assert_said("release 1.2 at b: DELIVERED_BY_ANOTHER");
    const HistoryEntry *told = last_note(1, WU_TYPE(LINKAGE_STEP_DELIVERED));
    cr_assert_eq(told->why, WHY_SURPLUS);
    cr_assert_str_eq(told->provider, "b");
    cr_assert_str_eq(told->text, "was there too");
    cr_assert_str_eq(linkage_row(1)->steps[0]->provider, "a");
    deliver(BY(.who = "b", .attempt = 2));
    assert_nothing_said(); /* told once */
}

Test(step, late_after_another_has_done_it_is_surplus)
{
    be_late();
    reserve(BY(.who = "b", .attempt = 2));
    deliver(BY(.who = "b", .attempt = 2, .text = "first"));
    world_clear(linking_world());
    deliver(BY(.who = "a", .text = "second"));
    assert_said("release 1.1 at a: DELIVERED_BY_ANOTHER");
    const LinkageStep *step = linkage_row(1)->steps[0];
    cr_assert_str_eq(step->provider, "b");
    cr_assert_str_eq(step->note, "first");
    cr_assert_eq(last_note(1, WU_TYPE(LINKAGE_STEP_DELIVERED))->why, WHY_SURPLUS);
}

Test(step, late_after_the_end_is_surplus_too)
{
    be_late();
    decline(BY(.who = "b", .attempt = 2));
    world_clear(linking_world());
    deliver(BY(.who = "a"));
    assert_said("release 1.1 at a: LINKAGE_UNMET");
    cr_assert_eq(linkage_row(1)->outcome, OUTCOME_UNMET);
    cr_assert_eq(last_note(1, WU_TYPE(LINKAGE_STEP_DELIVERED))->why, WHY_SURPLUS);
}

/* The rice came after it was given up, while the resident was being asked: that clock runs on. */
Test(step, late_while_the_resident_is_asked_stops_no_clock)
{
    join("home", ROLE_SOCIALORG, "kitchen", STREET);
    join("team", ROLE_VOLUNTEER, "carrying", STREET);
    join("store", ROLE_CHARITY, "rice", STREET);
    raise_plain(1, "meals");
    reserve(BY(.who = "home"));
    reserve(BY(.who = "team", .step_no = 2));
    reserve(BY(.who = "store", .step_no = 3));
    deliver(BY(.who = "home"));
    deliver(BY(.who = "team", .step_no = 2));
    wait_ms(DELIVER_MS);
    cr_assert_eq(linkage_row(1)->state, LINKAGE_AWAITING);
    int64_t due_at_ms = linkage_row(1)->due_at_ms;
    cr_assert_neq(due_at_ms, 0);
    world_clear(linking_world());
    deliver(BY(.who = "store", .step_no = 3));
    assert_nothing_said();
    cr_assert_eq(step_state(1, 3), STEP_DELIVERED);
    cr_assert_eq(linkage_row(1)->due_at_ms, due_at_ms);
}

Test(step, nobody_else_may_report_for_the_late_one)
{
    be_late();
    deliver(BY(.who = "a", .from_node = STRANGER_NODE));
    deliver(BY(.who = "b", .attempt = 1));
    assert_nothing_said();
    cr_assert_eq(step_state(1, 1), STEP_OFFERED);
}

Test(step, an_offer_that_was_never_confirmed_cannot_be_delivered_late)
{
    announce_visitors();
    raise_plain(1, "visit");
    wait_ms(REPLY_MS);
    world_clear(linking_world());
    deliver(BY(.who = "a"));
    assert_nothing_said();
    cr_assert_eq(step_state(1, 1), STEP_OFFERED);
}

Test(step, a_late_assessment_brings_its_plan)
{
    join("station", ROLE_SOCIALWORKER, "counselling", STREET);
    join("office", ROLE_SOCIALWORKER, "counselling", STREET);
    join("home", ROLE_SOCIALORG, "kitchen", STREET);
    raise_plain(1, "grief");
    reserve(BY(.who = "station"));
    wait_ms(DELIVER_MS);
    world_clear(linking_world());
    PlanStep kitchen = plan_step(ROLE_SOCIALORG, "kitchen", true);
    deliver(BY(.who = "station", .plan = (PlanStep *[]){&kitchen, NULL}));
    assert_said("release 1.2 at office: DELIVERED_BY_ANOTHER", "offer 2.1 to home");
}

Test(step, an_optional_step_not_done_in_time_does_not_hold_up_the_rest)
{
    confirm_meals();
    deliver(BY(.who = "home"));
    deliver(BY(.who = "team", .step_no = 2));
    assert_nothing_said(); /* the rice may still come */
    wait_ms(DELIVER_MS);
    assert_said("escalated to 420106012000: delivery-in-time",
                "release 3.1 at store: DELIVERY_OVERDUE", "delivered");
    cr_assert_eq(step_state(1, 3), STEP_SKIPPED);
}

Test(step, an_optional_step_may_come_to_nothing_at_the_very_end)
{
    confirm_meals();
    join("shop", ROLE_CHARITY, "rice", STREET);
    deliver(BY(.who = "home"));
    deliver(BY(.who = "team", .step_no = 2));
    lapse(BY(.who = "store", .step_no = 3));
    assert_said("offer 3.2 to shop");
    for (uint32_t attempt = 2; attempt <= 64; attempt++) {
        reserve(BY(.who = "shop", .step_no = 3, .attempt = attempt, .held_until_ms = 1));
    }
    cr_assert_eq(linkage_row(1)->state, LINKAGE_AWAITING);
    cr_assert_eq(step_state(1, 3), STEP_SKIPPED);
}

Test(step, what_was_really_given_is_on_the_record)
{
    confirm_meals();
    deliver(BY(.who = "team", .step_no = 2, .quantity = 1, .text = "one was ill"));
    const LinkageStep *step = linkage_row(1)->steps[1];
    cr_assert_eq(step->quantity, 2);
    cr_assert_eq(step->quantity_done, 1);
    cr_assert_eq(step->minutes, 30);
    cr_assert_str_eq(step->note, "one was ill");
}

Test(step, what_is_delivered_stays_delivered_when_the_rest_fails)
{
    confirm_meals();
    deliver(BY(.who = "home"));
    lapse(BY(.who = "team", .step_no = 2));
    assert_said("release 3.1 at store: LINKAGE_UNMET", "closed UNMET ALL_DECLINED carrying",
                "counted meals UNMET ALL_DECLINED");
    cr_assert_eq(step_state(1, 1), STEP_DELIVERED);
}
