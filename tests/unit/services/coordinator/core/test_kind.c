#include "services/coordinator/core/rule.h"
#include "tests/support/linking.h"

#include <string.h>

TestSuite(kind, .init = linking_set_up, .fini = linking_tear_down);

static const KindRow *kind_row(const char *code)
{
    struct kind_key key;
    cr_assert(wu_key_text(key.code, sizeof key.code, code));
    return kinds_get(world_txn(linking_world()), &key);
}

static const KindRow *version_row(const char *code, uint32_t version)
{
    struct kind_version_key key = {.version = version};
    cr_assert(wu_key_text(key.code, sizeof key.code, code));
    return kind_versions_get(world_txn(linking_world()), &key);
}

static const KindAdopted *adopted(void)
{
    return world_find(linking_world(), WU_TYPE(COORDINATOR_KIND_ADOPTED), 0,
                      &coordinator__kind_adopted__descriptor);
}

Test(kind, an_adopted_kind_is_told_to_everybody)
{
    PlanStep visiting = plan_step(ROLE_SOCIALORG, "visiting", true);
    AdoptKind kind = kind_of("visit", (PlanStep *[]){&visiting, NULL});
    assert_accepted(adopt(&kind));

    cr_assert_eq(world_output_count(linking_world()), 1);
    const struct world_output *output = world_output(linking_world(), 0);
    cr_assert_not_null(strstr(output->topic, ".coordinator.kind"));
    cr_assert_str_eq(adopted()->code, "visit");
    cr_assert_eq(adopted()->version, 1);
    cr_assert_eq(adopted()->confirm_within_ms, 3 * WU_DAY_MS);
    cr_assert_eq(kind_row("visit")->version, 1);
    cr_assert_eq(kind_row("visit")->kind->n_recipe, 1);
}

Test(kind, the_same_again_is_no_new_version)
{
    PlanStep visiting = plan_step(ROLE_SOCIALORG, "visiting", true);
    AdoptKind kind = kind_of("visit", (PlanStep *[]){&visiting, NULL});
    struct wu_id first;
    struct wu_id again;
    wu_id_from_pb(adopt(&kind)->id, &first);
    world_clear(linking_world());
    wu_id_from_pb(adopt(&kind)->id, &again);
    cr_assert(wu_id_equal(&first, &again));
    cr_assert_eq(world_output_count(linking_world()), 0);
    cr_assert_eq(kind_row("visit")->version, 1);
}

Test(kind, a_change_is_the_next_version_and_the_old_one_stays)
{
    PlanStep visiting = plan_step(ROLE_SOCIALORG, "visiting", true);
    AdoptKind kind = kind_of("visit", (PlanStep *[]){&visiting, NULL});
    struct wu_id first;
    struct wu_id next;
    wu_id_from_pb(adopt(&kind)->id, &first);
    world_clear(linking_world());
    visiting.quantity = 3;
    wu_id_from_pb(adopt(&kind)->id, &next);

    cr_assert(wu_id_equal(&first, &next),
              "a kind keeps its id, so that a snapshot has one of each");
    cr_assert_eq(adopted()->version, 2);
    cr_assert_eq(kind_row("visit")->version, 2);
    cr_assert_eq(version_row("visit", 1)->kind->recipe[0]->quantity, 1);
    cr_assert_eq(version_row("visit", 2)->kind->recipe[0]->quantity, 3);
}

Test(kind, an_assessment_alone_is_enough)
{
    AdoptKind kind = kind_of("grief", NULL);
    kind.assess = true;
    kind.assess_field = "counselling";
    assert_accepted(adopt(&kind));
}

/* Everything is wrong at first; each correction uncovers the next refusal. */
Test(kind, refusals_come_in_their_order)
{
    PlanStep step = plan_step(LINKAGE__ROLE__ROLE_COMMUNITY, "", false);
    step.quantity = 0;
    PlanStep *recipe[18] = {NULL};
    for (size_t i = 0; i < 17; i++) {
        recipe[i] = &step;
    }
    AdoptKind kind = kind_of("", recipe);
    kind.assess = true;
    kind.deliver_within_ms = 0;

    assert_refused(adopt(&kind), "KIND_CODE_INVALID");
    kind.code = "a-code-that-is-32-bytes-long-too";
    assert_refused(adopt(&kind), "KIND_CODE_INVALID");
    kind.code = "a-code-that-is-31-bytes-long-ok";
    assert_refused(adopt(&kind), "KIND_FIELD_INVALID");
    kind.assess = false;
    assert_refused(adopt(&kind), "KIND_SPAN_INVALID");
    kind.deliver_within_ms = DELIVER_MS;
    assert_refused(adopt(&kind), "KIND_TOO_MANY_STEPS");
    kind.n_recipe = 16;
    assert_refused(adopt(&kind), "KIND_ROLE_INVALID");
    step.role = ROLE_CHARITY;
    assert_refused(adopt(&kind), "KIND_SERVICE_INVALID");
    step.service = "rice";
    assert_refused(adopt(&kind), "KIND_QUANTITY_INVALID");
    step.quantity = 1;
    assert_refused(adopt(&kind), "KIND_NOTHING_REQUIRED");
    cr_assert_eq(world_output_count(linking_world()), 0, "a refusal leaves no trace");
    step.required = true;
    assert_accepted(adopt(&kind));
}

/* ---- what a kind with a class must hold --------------------------------------- */

/* A professional kind that is right in everything; each row spoils it in one way. */
struct spoilt {
    const char *code;
    void (*spoil)(AdoptKind *kind);
};

static void duty_twice(AdoptKind *kind)
{
    kind->duties[1]->role = kind->duties[0]->role;
}

static void duty_of_a_coordinator(AdoptKind *kind)
{
    kind->duties[0]->role = LINKAGE__ROLE__ROLE_COORDINATOR;
}

static void duty_of_no_word(AdoptKind *kind)
{
    kind->duties[0]->duty = (Coordinator__Duty)0;
}

static void asks_whom_it_must_not(AdoptKind *kind)
{
    kind->duties[1]->role = ROLE_SOCIALORG;
}

static void must_without_a_step(AdoptKind *kind)
{
    kind->duties[1]->role = ROLE_VOLUNTEER;
    kind->duties[1]->duty = DUTY_MUST;
}

static void must_with_an_optional_step(AdoptKind *kind)
{
    kind->duties[1]->role = ROLE_CHARITY;
    kind->duties[1]->duty = DUTY_MUST;
}

static void assessed_errand(AdoptKind *kind)
{
    kind->service_class = KIND_CLASS_ADMINISTRATIVE;
}

static void level_too_high(AdoptKind *kind)
{
    kind->level_min = 4;
}

static void level_of_nobody(AdoptKind *kind)
{
    kind->assess = false;
    kind->duties[0]->duty = DUTY_MAY;
}

static void no_licence(AdoptKind *kind)
{
    kind->level_min = 0;
    kind->licence_field = "";
}

static void clock_of_no_urgency(AdoptKind *kind)
{
    kind->clocks[0]->urgency = (NeedUrgency)0;
}

static void clock_twice(AdoptKind *kind)
{
    kind->clocks[1]->urgency = kind->clocks[0]->urgency;
}

static void clock_without_reply(AdoptKind *kind)
{
    kind->clocks[0]->reply_within_ms = 0;
}

static void clock_of_too_many_days(AdoptKind *kind)
{
    kind->clocks[1]->deliver_working_days = 367;
}

static void clock_of_neither(AdoptKind *kind)
{
    kind->clocks[0]->deliver_within_ms = 0;
}

static void ends_as_it_begins(AdoptKind *kind)
{
    kind->valid_from_ms = 100 * WU_DAY_MS;
    kind->valid_until_ms = 100 * WU_DAY_MS;
}

static void ended_already(AdoptKind *kind)
{
    kind->valid_until_ms = world_now_ms(linking_world());
}

static void long_heading(AdoptKind *kind)
{
    kind->heading = "a-heading-of-more-than-31-bytes-x";
}

static const struct spoilt SPOILT[] = {
    {"KIND_DUTY_INVALID", duty_twice},
    {"KIND_DUTY_INVALID", duty_of_a_coordinator},
    {"KIND_DUTY_INVALID", duty_of_no_word},
    {"KIND_ASKS_MUST_NOT", asks_whom_it_must_not},
    {"KIND_MISSES_MUST", must_without_a_step},
    {"KIND_MISSES_MUST", must_with_an_optional_step},
    {"KIND_IS_ERRAND", assessed_errand},
    {"KIND_LICENCE_INVALID", level_too_high},
    {"KIND_LICENCE_OF_NOBODY", level_of_nobody},
    {"KIND_LICENCE_MISSING", no_licence},
    {"KIND_CLOCK_INVALID", clock_of_no_urgency},
    {"KIND_CLOCK_INVALID", clock_twice},
    {"KIND_CLOCK_INVALID", clock_without_reply},
    {"KIND_CLOCK_INVALID", clock_of_too_many_days},
    {"KIND_CLOCK_INVALID", clock_of_neither},
    {"KIND_VALIDITY_INVALID", ends_as_it_begins},
    {"KIND_IS_OVER", ended_already},
    {"KIND_LABEL_INVALID", long_heading},
};

Test(kind, each_fault_of_a_class_is_refused_with_its_rule)
{
    for (size_t i = 0; i < sizeof SPOILT / sizeof SPOILT[0]; i++) {
        PlanStep care = plan_step(ROLE_SOCIALORG, "home-care", true);
        PlanStep money = plan_step(ROLE_CHARITY, "money-elderly", false);
        RoleDuty worker = COORDINATOR__ROLE_DUTY__INIT;
        worker.role = ROLE_SOCIALWORKER;
        worker.duty = DUTY_MUST;
        RoleDuty volunteer = COORDINATOR__ROLE_DUTY__INIT;
        volunteer.role = ROLE_VOLUNTEER;
        volunteer.duty = DUTY_MUST_NOT;
        UrgencyClock urgent = COORDINATOR__URGENCY_CLOCK__INIT;
        urgent.urgency = NEED_URGENCY_URGENT;
        urgent.reply_within_ms = WU_MINUTE_MS;
        urgent.deliver_within_ms = WU_HOUR_MS;
        UrgencyClock longing = COORDINATOR__URGENCY_CLOCK__INIT;
        longing.urgency = NEED_URGENCY_LONGING;
        longing.reply_within_ms = WU_HOUR_MS;
        longing.deliver_working_days = 10;
        AdoptKind kind = kind_of("care", (PlanStep *[]){&care, &money, NULL});
        kind.assess = true;
        kind.assess_field = "fieldwork-elderly";
        kind.service_class = KIND_CLASS_PROFESSIONAL;
        kind.duties = (RoleDuty *[]){&worker, &volunteer};
        kind.n_duties = 2;
        kind.level_min = 2;
        kind.licence_field = "fieldwork-elderly";
        kind.clocks = (UrgencyClock *[]){&urgent, &longing};
        kind.n_clocks = 2;

        SPOILT[i].spoil(&kind);
        const Bus__Answer *answer = adopt(&kind);
        cr_assert_str_eq(answer->code, SPOILT[i].code, "row %zu: %s", i, answer->text);
        cr_assert_not_null(strstr(answer->text, "(rule "), "%s", answer->text);
        cr_assert_null(kind_row("care"));
    }
}

/* ---- in force from, and until -------------------------------------------------- */

static AdoptKind visit_by(PlanStep **recipe, int64_t from_ms)
{
    AdoptKind kind = kind_of("visit", recipe);
    kind.valid_from_ms = from_ms;
    return kind;
}

Test(kind, a_version_with_a_day_waits_for_it)
{
    int64_t day_ms = world_now_ms(linking_world()) + WU_DAY_MS;
    PlanStep visiting = plan_step(ROLE_SOCIALORG, "visiting", true);
    PlanStep kitchen = plan_step(ROLE_SOCIALORG, "kitchen", true);
    join("house", ROLE_SOCIALORG, "visiting", STREET);
    join("cook", ROLE_SOCIALORG, "kitchen", STREET);
    AdoptKind today = visit_by((PlanStep *[]){&visiting, NULL}, 0);
    AdoptKind then = visit_by((PlanStep *[]){&kitchen, NULL}, day_ms);
    assert_accepted(adopt(&today));
    world_clear(linking_world());
    assert_accepted(adopt(&then));
    cr_assert_eq(world_output_count(linking_world()), 0, "nobody is told before its day");
    cr_assert_eq(timer_count(), 1);
    assert_accepted(adopt(&then));
    cr_assert_null(version_row("visit", 3), "the same again is no new version");

    raise_plain(1, "visit");
    cr_assert_eq(linkage_row(1)->kind_version, 1);
    wait_ms(WU_DAY_MS);
    cr_assert_eq(adopted()->version, 2);
    raise_plain(2, "visit");
    cr_assert_eq(linkage_row(2)->kind_version, 2);
    cr_assert_str_eq(linkage_row(2)->steps[0]->service, "kitchen");
    cr_assert_str_eq(linkage_row(1)->steps[0]->service, "visiting", "a case keeps its version");

    world_clear(linking_world());
    assert_accepted(adopt(&then));
    kitchen.required = true;
    then.valid_from_ms = 0;
    assert_accepted(adopt(&then));
    cr_assert_eq(world_output_count(linking_world()), 0, "what is in force needs no version");
}

Test(kind, before_its_first_day_and_after_its_last_a_need_is_refused_with_the_rule)
{
    int64_t now_ms = world_now_ms(linking_world());
    PlanStep visiting = plan_step(ROLE_SOCIALORG, "visiting", true);
    join("house", ROLE_SOCIALORG, "visiting", STREET);
    AdoptKind kind = visit_by((PlanStep *[]){&visiting, NULL}, now_ms + WU_DAY_MS);
    kind.valid_until_ms = now_ms + 2 * WU_DAY_MS;
    assert_accepted(adopt(&kind));
    world_clear(linking_world());

    raise_plain(1, "visit");
    wait_ms(WU_DAY_MS);
    raise_plain(2, "visit");
    wait_ms(WU_DAY_MS);
    raise_plain(3, "visit");
    cr_assert_eq(linkage_row(1)->refusal, REFUSAL_KIND_NOT_IN_FORCE);
    cr_assert_eq(linkage_row(2)->kind_version, 1);
    cr_assert_eq(linkage_row(3)->refusal, REFUSAL_KIND_NOT_IN_FORCE);
    cr_assert_eq(last_note(3, WU_TYPE(COORDINATOR_LINKAGE_REFUSED))->rules[0], RULE(KIND_IN_FORCE));
}

/* What was adopted last holds from its day, whatever was to come after. */
Test(kind, the_last_word_holds)
{
    int64_t now_ms = world_now_ms(linking_world());
    PlanStep step = plan_step(ROLE_SOCIALORG, "first", true);
    AdoptKind kind = visit_by((PlanStep *[]){&step, NULL}, now_ms + 2 * WU_DAY_MS);
    assert_accepted(adopt(&kind));
    step.service = "second";
    kind.valid_from_ms = now_ms + 3 * WU_DAY_MS;
    assert_accepted(adopt(&kind));
    step.service = "third";
    kind.valid_from_ms = now_ms + WU_DAY_MS;
    assert_accepted(adopt(&kind));
    world_clear(linking_world());

    wait_ms(4 * WU_DAY_MS);
    cr_assert_eq(world_count(linking_world(), WU_TYPE(COORDINATOR_KIND_ADOPTED)), 1);
    cr_assert_eq(kind_row("visit")->version, 3);
    cr_assert_eq(kind_row("visit")->version_count, 3);
    cr_assert_eq(timer_count(), 0);
    step.service = "fourth";
    assert_accepted(adopt(&kind));
    cr_assert_eq(kind_row("visit")->version, 4);
}
