#include "services/coordinator/core/rule.h"

#include "tests/support/linking.h"

#include <string.h>

#define NOBODY_ELSE COORDINATOR__OVERRIDE_REASON__OVERRIDE_REASON_NOBODY_ELSE

/* A permit is administrative: an organisation is paid for it, nobody else may do it. */
static void set_up(void)
{
    linking_set_up();
    PlanStep desk = plan_step(ROLE_SOCIALORG, "desk", true);
    AdoptKind kind = kind_of("permit", (PlanStep *[]){&desk, NULL});
    kind.service_class = KIND_CLASS_ADMINISTRATIVE;
    assert_accepted(adopt(&kind));
    join("office", ROLE_SOCIALORG, "desk", STREET);
    join("station", ROLE_SOCIALWORKER, "errand", STREET);
    join("team", ROLE_VOLUNTEER, "carrying", STREET);
    raise_plain(1, "permit");
    world_clear(linking_world());
}

TestSuite(override, .init = set_up, .fini = linking_tear_down);

static const Bus__Answer *add_step(Role role, const char *service, const char *by,
                                   Coordinator__OverrideReason reason)
{
    const struct wu_id id = need_id(1);
    PlanStep step = plan_step(role, service, false);
    AddStep add = COORDINATOR__ADD_STEP__INIT;
    add.linkage_id = wu_id_to_pb(&id);
    add.step = &step;
    add.by = by;
    add.reason = reason;
    return world_command(linking_world(), WU_TYPE(COORDINATOR_ADD_STEP), &add.base);
}

static struct wu_id request(void)
{
    const Bus__Answer *answer = add_step(ROLE_SOCIALWORKER, "errand", "p-1", NOBODY_ELSE);
    assert_accepted(answer);
    struct wu_id id;
    cr_assert(wu_id_from_pb(answer->id, &id));
    return id;
}

static const Bus__Answer *confirm(struct wu_id id, const char *by)
{
    ConfirmOverride body = COORDINATOR__CONFIRM_OVERRIDE__INIT;
    body.override_id = wu_id_to_pb(&id);
    body.by = by;
    return world_command(linking_world(), WU_TYPE(COORDINATOR_CONFIRM_OVERRIDE), &body.base);
}

static const OverrideRow *override_row(struct wu_id id)
{
    return overrides_get(world_txn(linking_world()), &(struct override_key){id});
}

/* The world begins in November 2026, or whenever: there is one month in the table. */
static const OverrideCountRow *only_count(Rule rule)
{
    struct override_count_key key = {0};
    const OverrideCountRow *row = NULL;
    cr_assert(override_counts_from(world_txn(linking_world()), &key, 0, &row));
    cr_assert_eq(key.rule, (uint32_t)rule);
    cr_assert(key.month >= 200001 && key.month % 100 >= 1 && key.month % 100 <= 12);
    return row;
}

/* ---- steps by hand ---------------------------------------------------------- */

Test(override, a_step_by_hand_that_no_rule_forbids_is_offered)
{
    assert_accepted(add_step(ROLE_SOCIALORG, "desk", "p-1", 0));
    assert_said("offer 2.1 to office");
    const HistoryEntry *note = last_note(1, WU_TYPE(COORDINATOR_ADD_STEP));
    cr_assert_eq(note->code, BY_HAND_ADDED);
    cr_assert_str_eq(note->text, "p-1");
}

Test(override, administrative_work_does_not_reach_a_social_worker)
{
    const Bus__Answer *answer = add_step(ROLE_SOCIALWORKER, "errand", "p-1", 0);
    assert_refused(answer, "STEP_FORBIDDEN");
    cr_assert_not_null(strstr(answer->text, "rule 100 admin-not-to-socialworker"));
    assert_nothing_said();
    cr_assert_eq(linkage_row(1)->n_steps, 1);
    const HistoryEntry *note = last_note(1, WU_TYPE(COORDINATOR_ADD_STEP));
    cr_assert_eq(note->code, BY_HAND_REFUSED);
    cr_assert_eq(note->rules[0], RULE(ADMIN_NOT_TO_SOCIALWORKER));
    cr_assert_str_eq(note->text, "socialworker errand");
}

Test(override, a_community_takes_no_step_and_no_override_changes_that)
{
    assert_refused(add_step(ROLE_COMMUNITY, "desk", "p-1", NOBODY_ELSE), "STEP_FORBIDDEN");
    cr_assert_eq(last_note(1, WU_TYPE(COORDINATOR_ADD_STEP))->rules[0], RULE(SOCIETIES_ONLY));
}

Test(override, what_is_wrong_with_a_step_by_hand_is_said_in_order)
{
    AddStep add = COORDINATOR__ADD_STEP__INIT;
    const struct wu_id unknown = need_id(99);
    const struct wu_id known = need_id(1);
    PlanStep step = plan_step(ROLE_SOCIALORG, "", false);
    add.linkage_id = wu_id_to_pb(&unknown);
    struct world *world = linking_world();
    assert_refused(world_command(world, WU_TYPE(COORDINATOR_ADD_STEP), &add.base),
                   "LINKAGE_UNKNOWN");
    add.linkage_id = wu_id_to_pb(&known);
    add.by = "王小明";
    assert_refused(world_command(world, WU_TYPE(COORDINATOR_ADD_STEP), &add.base),
                   "PERSON_INVALID");
    add.by = "p-of-more-than-23-letters";
    assert_refused(world_command(world, WU_TYPE(COORDINATOR_ADD_STEP), &add.base),
                   "PERSON_INVALID");
    add.by = "p-1";
    assert_refused(world_command(world, WU_TYPE(COORDINATOR_ADD_STEP), &add.base), "STEP_INVALID");
    add.step = &step;
    assert_refused(world_command(world, WU_TYPE(COORDINATOR_ADD_STEP), &add.base), "STEP_INVALID");
    step.service = "desk";
    step.quantity = 0;
    assert_refused(world_command(world, WU_TYPE(COORDINATOR_ADD_STEP), &add.base), "STEP_INVALID");
    cr_assert_null(last_note(1, WU_TYPE(COORDINATOR_ADD_STEP)), "a refusal leaves no trace");
}

Test(override, there_is_an_end_to_adding)
{
    for (int i = 0; i < 16; i++) {
        assert_accepted(add_step(ROLE_SOCIALORG, "desk", "p-1", 0));
    }
    assert_refused(add_step(ROLE_SOCIALORG, "desk", "p-1", 0), "LINKAGE_TOO_MANY_STEPS");
}

Test(override, a_linkage_that_is_over_takes_no_step)
{
    decline(BY(.who = "office"));
    cr_assert_eq(linkage_row(1)->state, LINKAGE_CLOSED);
    assert_refused(add_step(ROLE_SOCIALORG, "desk", "p-1", 0), "LINKAGE_TAKES_NO_STEP");
}

Test(override, volunteers_by_hand_wait_for_the_core_three_like_all_others)
{
    adopt_kinds();
    join("home", ROLE_SOCIALORG, "visiting", STREET);
    raise_plain(2, "visit");
    world_clear(linking_world());
    const struct wu_id id = need_id(2);
    PlanStep step = plan_step(ROLE_VOLUNTEER, "carrying", true);
    AddStep add = COORDINATOR__ADD_STEP__INIT;
    add.linkage_id = wu_id_to_pb(&id);
    add.step = &step;
    add.by = "p-1";
    assert_accepted(world_command(linking_world(), WU_TYPE(COORDINATOR_ADD_STEP), &add.base));
    assert_nothing_said();
    reserve(BY(.need = 2, .who = "home"));
    assert_said("offer 2.1 to team");
    const HistoryEntry *offered = last_note(2, WU_TYPE(LINKAGE_STEP_OFFERED));
    bool named = false;
    for (size_t i = 0; i < offered->n_rules; i++) {
        named = named || offered->rules[i] == RULE(CORE_THREE_FIRST);
    }
    cr_assert(named, "the story says why volunteers were called only now");
}

/* ---- the second person -------------------------------------------------------- */

Test(override, two_people_let_one_step_pass)
{
    struct wu_id id = request();
    assert_nothing_said();
    cr_assert_eq(override_row(id)->state, OVERRIDE_REQUESTED);
    cr_assert_eq(override_row(id)->rule, RULE(ADMIN_NOT_TO_SOCIALWORKER));
    cr_assert_eq(last_note(1, WU_TYPE(COORDINATOR_ADD_STEP))->code, BY_HAND_OVERRIDE_ASKED);
    assert_accepted(confirm(id, "street-7"));
    assert_said("offer 2.1 to station");

    const OverrideRow *row = override_row(id);
    cr_assert_eq(row->state, OVERRIDE_CONFIRMED);
    cr_assert_str_eq(row->requested_by, "p-1");
    cr_assert_str_eq(row->confirmed_by, "street-7");
    cr_assert_eq(row->step_no, 2);
    struct wu_id of_step;
    cr_assert(wu_id_from_pb(linkage_row(1)->steps[1]->override_id, &of_step));
    cr_assert(wu_id_equal(&of_step, &id));
    const HistoryEntry *note = last_note(1, WU_TYPE(COORDINATOR_CONFIRM_OVERRIDE));
    cr_assert_eq(note->code, (uint32_t)NOBODY_ELSE);
    cr_assert_eq(note->rules[0], RULE(ADMIN_NOT_TO_SOCIALWORKER));
    cr_assert_eq(note->rules[1], RULE(SECOND_PERSON));
    const OverrideCountRow *count = only_count(RULE(ADMIN_NOT_TO_SOCIALWORKER));
    cr_assert_eq(count->requested_count, 1);
    cr_assert_eq(count->confirmed_count, 1);
    cr_assert_eq(count->expired_count, 0);
}

Test(override, nobody_lets_themselves_pass)
{
    struct wu_id id = request();
    const Bus__Answer *answer = confirm(id, "p-1");
    assert_refused(answer, "OVERRIDE_SAME_PERSON");
    cr_assert_not_null(strstr(answer->text, "rule 120 second-person"));
    assert_nothing_said();
    cr_assert_eq(override_row(id)->state, OVERRIDE_REQUESTED, "another may still say yes");
    assert_refused(confirm(id, ""), "PERSON_INVALID");
    assert_refused(confirm(need_id(4), "street-7"), "OVERRIDE_UNKNOWN");
}

Test(override, it_counts_once)
{
    struct wu_id id = request();
    assert_accepted(confirm(id, "street-7"));
    world_clear(linking_world());
    assert_refused(confirm(id, "street-8"), "OVERRIDE_SETTLED");
    assert_nothing_said();
    cr_assert_eq(only_count(RULE(ADMIN_NOT_TO_SOCIALWORKER))->confirmed_count, 1);
}

Test(override, without_a_second_person_it_expires)
{
    assert_accepted(add_step(ROLE_SOCIALORG, "desk", "p-1", 0));
    reserve(BY(.who = "office"));
    reserve(BY(.who = "office", .step_no = 2));
    struct wu_id id = request();
    world_clear(linking_world());
    wait_ms(WU_DAY_MS - 1);
    cr_assert_eq(override_row(id)->state, OVERRIDE_REQUESTED);
    wait_ms(1);
    cr_assert_eq(override_row(id)->state, OVERRIDE_EXPIRED);
    cr_assert_eq(only_count(RULE(ADMIN_NOT_TO_SOCIALWORKER))->expired_count, 1);
    const HistoryEntry *note = last_note(1, WU_TYPE(COORDINATOR_OVERRIDE_OVERDUE));
    cr_assert_eq(note->rules[0], RULE(ADMIN_NOT_TO_SOCIALWORKER));
    cr_assert_eq(note->rules[1], RULE(OVERRIDE_EXPIRES));
    assert_refused(confirm(id, "street-7"), "OVERRIDE_SETTLED");
}

Test(override, it_comes_too_late_for_a_linkage_that_is_over)
{
    struct wu_id id = request();
    decline(BY(.who = "office"));
    world_clear(linking_world());
    assert_refused(confirm(id, "street-7"), "LINKAGE_TAKES_NO_STEP");
    assert_nothing_said();
    wait_ms(WU_DAY_MS);
    cr_assert_eq(override_row(id)->state, OVERRIDE_EXPIRED);
}
