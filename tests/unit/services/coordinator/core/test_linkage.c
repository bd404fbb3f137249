#include "tests/support/linking.h"

#include <string.h>

static void set_up(void)
{
    linking_set_up();
    adopt_kinds();
}

TestSuite(linkage, .init = set_up, .fini = linking_tear_down);

static void announce_everybody(void)
{
    join("station", ROLE_SOCIALWORKER, "counselling", STREET);
    announce(PARTY(.name = "home", .role = ROLE_SOCIALORG, .service = "visiting",
                   .second_service = "kitchen"));
    join("team", ROLE_VOLUNTEER, "carrying", STREET);
    join("store", ROLE_CHARITY, "rice", STREET);
}

/* ---- opening --------------------------------------------------------------- */

Test(linkage, a_need_opens_a_linkage_under_its_number)
{
    announce_everybody();
    raise_plain(7, "visit");
    assert_said("opened under 1", "offer 1.1 to home");
    const LinkageRow *row = linkage_row(7);
    cr_assert_eq(row->state, LINKAGE_RESERVING);
    cr_assert_eq(row->community_node, COMMUNITY_NODE);
    cr_assert_eq(row->opened_at_ms, world_now_ms(linking_world()));
    cr_assert_eq(row->raised_at_ms, world_now_ms(linking_world()) - WU_MINUTE_MS);
    cr_assert(is_open(7));
}

Test(linkage, an_offer_says_what_where_when_and_until_when)
{
    announce_everybody();
    raise_plain(1, "meals");
    reserve(BY(.who = "home"));
    const StepOffered *offered = world_find(linking_world(), WU_TYPE(LINKAGE_STEP_OFFERED), 1,
                                            &linkage__step_offered__descriptor);
    int64_t now_ms = world_now_ms(linking_world());
    cr_assert_str_eq(offered->kind, "meals");
    cr_assert_str_eq(offered->service, "carrying");
    cr_assert_eq(offered->quantity, 2);
    cr_assert_eq(offered->division, COMMUNITY);
    cr_assert_eq(offered->from_ms, now_ms + WU_HOUR_MS);
    cr_assert_eq(offered->until_ms, now_ms + 5 * WU_HOUR_MS);
    cr_assert_eq(offered->reply_by_ms, now_ms + REPLY_MS);
    cr_assert_eq(offered->hold_until_ms, now_ms + 3 * REPLY_MS + WU_HOUR_MS);
}

Test(linkage, a_number_that_is_here_already_is_not_heard)
{
    announce_everybody();
    raise_plain(7, "visit");
    world_clear(linking_world());
    raise_plain(7, "meals");
    assert_nothing_said();
    cr_assert_str_eq(linkage_row(7)->kind, "visit");
}

Test(linkage, a_community_cannot_use_the_number_of_another)
{
    raise_need(NEED(.n = 7, .kind = "visit", .from_node = NEIGHBOUR_NODE));
    assert_nothing_said();
    cr_assert_null(linkage_row(7));
}

/* Everything is wrong at first; each correction uncovers the next refusal. */
Test(linkage, refusals_come_in_their_order_and_are_kept)
{
    int64_t now_ms = world_now_ms(linking_world());
    raise_need(NEED(.n = 1, .kind = "unheard-of", .from_ms = now_ms + 2, .until_ms = now_ms + 1));
    raise_need(NEED(.n = 2, .kind = "visit", .from_ms = now_ms + 2, .until_ms = now_ms + 2));
    raise_need(NEED(.n = 3, .kind = "visit", .from_ms = now_ms - 2, .until_ms = now_ms));
    assert_said("refused KIND_UNKNOWN", "refused WINDOW_INVALID", "refused WINDOW_INVALID");
    cr_assert_eq(linkage_row(1)->state, LINKAGE_REFUSED);
    cr_assert_eq(linkage_row(1)->refusal, REFUSAL_KIND_UNKNOWN);
    cr_assert_not(is_open(1));
}

Test(linkage, a_case_keeps_the_version_of_its_intake)
{
    announce_everybody();
    raise_plain(1, "grief");
    PlanStep kitchen = plan_step(ROLE_SOCIALORG, "kitchen", true);
    AdoptKind next = kind_of("grief", (PlanStep *[]){&kitchen, NULL});
    assert_accepted(adopt(&next));
    reserve(BY(.who = "station"));
    deliver(BY(.who = "station"));
    raise_plain(2, "grief");
    cr_assert_str_eq(linkage_row(1)->steps[1]->service, "visiting");
    cr_assert_str_eq(linkage_row(2)->steps[0]->service, "kitchen");
    cr_assert_eq(linkage_row(2)->kind_version, 2);
}

/* ---- the whole life -------------------------------------------------------- */

Test(linkage, core_three_first_then_all_together_then_the_residents_word)
{
    announce_everybody();
    raise_plain(1, "meals");
    assert_said("opened under 1", "offer 1.1 to home");
    reserve(BY(.who = "home"));
    assert_said("offer 2.1 to team", "offer 3.1 to store");
    reserve(BY(.who = "store", .step_no = 3));
    assert_nothing_said();
    reserve(BY(.who = "team", .step_no = 2));
    assert_said("confirm 1.1 at home", "confirm 2.1 at team", "confirm 3.1 at store");
    cr_assert_eq(linkage_row(1)->state, LINKAGE_DELIVERING);
    take(BY(.who = "home"));
    take(BY(.who = "team", .step_no = 2));
    cr_assert_eq(step_state(1, 2), STEP_TAKEN);
    deliver(BY(.who = "home"));
    deliver(BY(.who = "store", .step_no = 3)); /* its word may overtake what it took */
    assert_nothing_said();
    deliver(BY(.who = "team", .step_no = 2));
    assert_said("delivered");
    cr_assert_eq(linkage_row(1)->state, LINKAGE_AWAITING);
    cr_assert_eq(timer_count(), 1);
    confirm_need(1, VERDICT_MET, COMMUNITY_NODE);
    assert_said("closed MET", "counted meals MET");
    cr_assert_eq(timer_count(), 0);
    cr_assert_eq(linkage_row(1)->state, LINKAGE_CLOSED);
    cr_assert_eq(outcome_count(OUTCOME_MET, UNMET_UNSPECIFIED), 1);
    cr_assert_not(is_open(1));
}

Test(linkage, steps_of_one_wave_are_offered_together)
{
    PlanStep counselling = plan_step(ROLE_SOCIALWORKER, "counselling", true);
    PlanStep visiting = plan_step(ROLE_SOCIALORG, "visiting", true);
    PlanStep carrying = plan_step(ROLE_VOLUNTEER, "carrying", true);
    AdoptKind kind = kind_of("all", (PlanStep *[]){&carrying, &visiting, &counselling, NULL});
    assert_accepted(adopt(&kind));
    announce_everybody();
    world_clear(linking_world());
    raise_plain(1, "all");
    assert_said("opened under 1", "offer 2.1 to home", "offer 3.1 to station");
    reserve(BY(.who = "station", .step_no = 3));
    assert_nothing_said();
    reserve(BY(.who = "home", .step_no = 2));
    assert_said("offer 1.1 to team");
}

Test(linkage, the_second_wave_does_not_wait_for_an_optional_step_of_the_first)
{
    PlanStep visiting = plan_step(ROLE_SOCIALORG, "visiting", false);
    PlanStep carrying = plan_step(ROLE_VOLUNTEER, "carrying", true);
    AdoptKind kind = kind_of("walk", (PlanStep *[]){&visiting, &carrying, NULL});
    assert_accepted(adopt(&kind));
    announce_everybody();
    world_clear(linking_world());
    raise_plain(1, "walk");
    assert_said("opened under 1", "offer 1.1 to home", "offer 2.1 to team");
    reserve(BY(.who = "team", .step_no = 2));
    assert_nothing_said(); /* but the confirmation does: it may still say yes */
    reserve(BY(.who = "home"));
    assert_said("confirm 1.1 at home", "confirm 2.1 at team");
}

Test(linkage, an_optional_step_with_nobody_left_is_skipped)
{
    join("home", ROLE_SOCIALORG, "kitchen", STREET);
    join("team", ROLE_VOLUNTEER, "carrying", STREET);
    raise_plain(1, "meals");
    reserve(BY(.who = "home"));
    assert_said("opened under 1", "offer 1.1 to home", "offer 2.1 to team");
    cr_assert_eq(step_state(1, 3), STEP_SKIPPED);
    cr_assert_eq(last_note(1, WU_TYPE(LINKAGE_STEP_OFFERED))->why, WHY_NOBODY_LEFT);
    reserve(BY(.who = "team", .step_no = 2));
    deliver(BY(.who = "team", .step_no = 2));
    deliver(BY(.who = "home"));
    assert_said("confirm 1.1 at home", "confirm 2.1 at team", "delivered");
}

/* ---- assessment ------------------------------------------------------------ */

Test(linkage, an_assessed_need_follows_the_plan)
{
    announce_everybody();
    raise_plain(1, "grief");
    assert_said("opened under 1", "offer 1.1 to station");
    cr_assert_eq(linkage_row(1)->state, LINKAGE_ASSESSING);
    reserve(BY(.who = "station"));
    take(BY(.who = "station"));
    assert_said("confirm 1.1 at station");
    cr_assert_eq(linkage_row(1)->state, LINKAGE_ASSESSING);

    PlanStep carrying = plan_step(ROLE_VOLUNTEER, "carrying", true);
    deliver(BY(.who = "station", .plan = (PlanStep *[]){&carrying, NULL}));
    assert_said("offer 2.1 to team");
    cr_assert_eq(linkage_row(1)->state, LINKAGE_RESERVING);
    cr_assert_eq(last_note(1, WU_TYPE(LINKAGE_STEP_DELIVERED))->why, WHY_PLAN_FOLLOWED);
    reserve(BY(.who = "team", .step_no = 2));
    deliver(BY(.who = "team", .step_no = 2));
    assert_said("confirm 2.1 at team", "delivered");
}

Test(linkage, without_a_plan_the_recipe_holds)
{
    announce_everybody();
    raise_plain(1, "grief");
    reserve(BY(.who = "station"));
    deliver(BY(.who = "station"));
    assert_said("opened under 1", "offer 1.1 to station", "confirm 1.1 at station",
                "offer 2.1 to home");
    cr_assert_eq(last_note(1, WU_TYPE(LINKAGE_STEP_DELIVERED))->why, WHY_RECIPE_FOLLOWED);
}

Test(linkage, with_a_plan_nobody_could_follow_the_recipe_holds)
{
    announce_everybody();
    raise_plain(1, "grief");
    reserve(BY(.who = "station"));
    PlanStep impossible = plan_step((Role)99, "flying", true);
    deliver(BY(.who = "station", .plan = (PlanStep *[]){&impossible, NULL}));
    assert_said("opened under 1", "offer 1.1 to station", "confirm 1.1 at station",
                "plan 1.1 refused at 1: societies-only", "offer 2.1 to home");
    cr_assert_eq(last_note(1, WU_TYPE(LINKAGE_STEP_DELIVERED))->why, WHY_PLAN_INVALID);
}

Test(linkage, the_longest_plan_has_room)
{
    announce_everybody();
    raise_plain(1, "grief");
    reserve(BY(.who = "station"));
    PlanStep carrying = plan_step(ROLE_VOLUNTEER, "carrying", false);
    PlanStep *plan[17] = {NULL};
    for (size_t i = 0; i < 16; i++) {
        plan[i] = &carrying;
    }
    deliver(BY(.who = "station", .plan = plan));
    cr_assert_eq(linkage_row(1)->n_steps, 17);
    cr_assert_eq(step_state(1, 17), STEP_OFFERED);
}

Test(linkage, an_assessment_may_be_all_that_was_needed)
{
    AdoptKind kind = kind_of("advice", NULL);
    kind.assess = true;
    kind.assess_field = "counselling";
    assert_accepted(adopt(&kind));
    announce_everybody();
    world_clear(linking_world());
    raise_plain(1, "advice");
    reserve(BY(.who = "station"));
    deliver(BY(.who = "station"));
    assert_said("opened under 1", "offer 1.1 to station", "confirm 1.1 at station", "delivered");
}

Test(linkage, without_anybody_to_assess_it_is_unmet)
{
    join("home", ROLE_SOCIALORG, "visiting", STREET);
    raise_plain(1, "grief");
    assert_said("opened under 1", "closed UNMET NO_PROVIDER counselling",
                "counted grief UNMET NO_PROVIDER");
}

/* ---- the end --------------------------------------------------------------- */

static void deliver_visit(uint64_t n)
{
    raise_plain(n, "visit");
    reserve(BY(.need = n, .who = "home"));
    deliver(BY(.need = n, .who = "home"));
    world_clear(linking_world());
}

Test(linkage, the_verdict_is_the_outcome)
{
    announce_everybody();
    for (uint64_t n = 1; n <= 5; n++) {
        deliver_visit(n);
    }
    confirm_need(1, VERDICT_MET, COMMUNITY_NODE);
    confirm_need(2, VERDICT_PARTLY, COMMUNITY_NODE);
    confirm_need(3, VERDICT_NOT_MET, COMMUNITY_NODE);
    confirm_need(4, 0, COMMUNITY_NODE); /* silence is its own state, never a yes */
    confirm_need(5, (Community__Verdict)99, COMMUNITY_NODE); /* of a newer peer */
    assert_said("closed MET", "counted visit MET", "closed PARTLY", "counted visit PARTLY",
                "closed NOT_MET", "counted visit NOT_MET", "closed UNCONFIRMED",
                "counted visit UNCONFIRMED", "closed UNCONFIRMED", "counted visit UNCONFIRMED");
    cr_assert_eq(outcome_count(OUTCOME_UNCONFIRMED, UNMET_UNSPECIFIED), 2);
}

Test(linkage, only_its_own_community_confirms_once_and_not_too_early)
{
    announce_everybody();
    raise_plain(1, "visit");
    world_clear(linking_world());
    confirm_need(1, VERDICT_MET, COMMUNITY_NODE); /* nothing was done yet */
    assert_nothing_said();
    reserve(BY(.who = "home"));
    deliver(BY(.who = "home"));
    world_clear(linking_world());
    confirm_need(1, VERDICT_NOT_MET, NEIGHBOUR_NODE);
    assert_nothing_said();
    confirm_need(1, VERDICT_MET, COMMUNITY_NODE);
    assert_said("closed MET", "counted visit MET");
    confirm_need(1, VERDICT_NOT_MET, COMMUNITY_NODE);
    assert_nothing_said();
    confirm_need(99, VERDICT_MET, COMMUNITY_NODE); /* never heard of */
    assert_nothing_said();
}

Test(linkage, a_counted_case_says_how_long_it_was_open)
{
    announce_everybody();
    deliver_visit(1);
    wait_ms(WU_DAY_MS);
    confirm_need(1, VERDICT_MET, COMMUNITY_NODE);
    const CaseCounted *counted = world_find(linking_world(), WU_TYPE(COORDINATOR_CASE_COUNTED), 0,
                                            &coordinator__case_counted__descriptor);
    cr_assert_eq(counted->open_ms, WU_DAY_MS);
    cr_assert_eq(counted->division, COMMUNITY);
    const struct world_output *output = world_output(linking_world(), 1);
    cr_assert_not_null(strstr(output->topic, ".coordinator.case"));
    cr_assert_eq(output->envelope->subject.len, 0, "nobody is in it");
}

/* ---- the story ------------------------------------------------------------- */

Test(linkage, its_story_tells_who_did_what_and_why)
{
    join("first", ROLE_SOCIALORG, "visiting", STREET);
    join("second", ROLE_SOCIALORG, "visiting", CITY);
    raise_plain(1, "visit");
    decline(BY(.who = "first", .text = "no car today"));
    reserve(BY(.who = "second", .attempt = 2));
    deliver(BY(.who = "second", .attempt = 2, .text = "done"));
    confirm_need(1, VERDICT_MET, COMMUNITY_NODE);

    static const wu_event_type STORY[] = {
        WU_TYPE(COORDINATOR_LINKAGE_OPENED), WU_TYPE(LINKAGE_STEP_OFFERED),
        WU_TYPE(LINKAGE_STEP_DECLINED),      WU_TYPE(LINKAGE_STEP_OFFERED),
        WU_TYPE(LINKAGE_STEP_RESERVED),      WU_TYPE(LINKAGE_STEP_CONFIRMED),
        WU_TYPE(LINKAGE_STEP_DELIVERED),     WU_TYPE(COORDINATOR_LINKAGE_DELIVERED),
        WU_TYPE(COMMUNITY_NEED_CONFIRMED),   WU_TYPE(COORDINATOR_LINKAGE_CLOSED),
    };
    const LinkageRow *row = linkage_row(1);
    cr_assert_eq(row->n_history, sizeof STORY / sizeof STORY[0]);
    for (size_t i = 0; i < row->n_history; i++) {
        cr_assert_eq(row->history[i]->type, STORY[i], "line %zu", i);
    }
    const HistoryEntry *declined = row->history[2];
    cr_assert_str_eq(declined->provider, "first");
    cr_assert_eq(declined->code, LINKAGE__DECLINE_REASON__DECLINE_REASON_NO_CAPACITY);
    cr_assert_str_eq(declined->text, "no car today");
    const HistoryEntry *offered = row->history[3];
    cr_assert_str_eq(offered->provider, "second");
    cr_assert_eq(offered->why, WHY_BEST_SCORE);
    cr_assert_eq(offered->division, CITY);
    cr_assert_eq(offered->looked_at_count, 2);
    cr_assert_eq(offered->excluded_count, 1);
    cr_assert_str_eq(row->history[6]->text, "done");
}

Test(linkage, a_social_worker_hears_which_licence_the_kind_wants)
{
    PlanStep visiting = plan_step(ROLE_SOCIALORG, "visiting", true);
    AdoptKind kind = kind_of("crisis", (PlanStep *[]){&visiting, NULL});
    kind.assess = true;
    kind.assess_field = "counselling";
    kind.level_min = 3;
    kind.licence_field = "youth";
    assert_accepted(adopt(&kind));
    join("station", ROLE_SOCIALWORKER, "counselling", STREET);
    join("home", ROLE_SOCIALORG, "visiting", STREET);
    raise_plain(1, "crisis");
    reserve(BY(.who = "station"));
    deliver(BY(.who = "station"));
    const StepOffered *offered = world_find(linking_world(), WU_TYPE(LINKAGE_STEP_OFFERED), 0,
                                            &linkage__step_offered__descriptor);
    cr_assert_eq(offered->level_min, 3);
    cr_assert_str_eq(offered->licence_field, "youth");
    offered = world_find(linking_world(), WU_TYPE(LINKAGE_STEP_OFFERED), 1,
                         &linkage__step_offered__descriptor);
    cr_assert_eq(offered->level_min, 0, "an organisation has no licence of that kind");
}

Test(linkage, long_words_are_cut_between_two_characters)
{
    join("first", ROLE_SOCIALORG, "visiting", STREET);
    raise_plain(1, "visit");
    char words[1002] = "xy";
    for (size_t i = 0; i < 333; i++) {
        memcpy(words + 2 + 3 * i, "社", 4); /* three bytes each: 240 is inside one */
    }
    decline(BY(.who = "first", .text = words));
    const char *text = last_note(1, WU_TYPE(LINKAGE_STEP_DECLINED))->text;
    cr_assert_eq(strlen(text), 239);
    cr_assert_eq(memcmp(text, words, 239), 0);
}

Test(linkage, a_long_story_loses_its_oldest_lines_and_counts_them)
{
    PlanStep steps[16];
    PlanStep *recipe[17] = {NULL};
    for (size_t i = 0; i < 16; i++) {
        steps[i] = plan_step(ROLE_SOCIALORG, "visiting", false);
        recipe[i] = &steps[i];
    }
    steps[0].required = true;
    AdoptKind kind = kind_of("long", recipe);
    assert_accepted(adopt(&kind));
    static const char *const NAMES[] = {"a", "b", "c", "d", "e", "f", "g"};
    for (size_t i = 0; i < 7; i++) {
        join(NAMES[i], ROLE_SOCIALORG, "visiting", STREET);
    }
    raise_plain(1, "long");
    wait_ms(7 * REPLY_MS);
    const LinkageRow *row = linkage_row(1);
    cr_assert_eq(row->state, LINKAGE_CLOSED);
    /* opened, 16 x 7 offers, 16 x 6 silences, the last silence, nobody, 15 releases, closed */
    cr_assert_eq(row->n_history, 200);
    cr_assert_eq(row->history_dropped, 27);
    cr_assert_eq(row->history[199]->type, WU_TYPE(COORDINATOR_LINKAGE_CLOSED));
}
