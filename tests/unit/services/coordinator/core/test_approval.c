#include "services/coordinator/core/rule.h"

#include "tests/support/linking.h"

#include <string.h>

static void adopt_hall(bool assess)
{
    PlanStep care = plan_step(ROLE_SOCIALORG, "visiting", true);
    AdoptKind kind = kind_of("hall", (PlanStep *[]){&care, NULL});
    kind.approval = true;
    kind.assess = assess;
    kind.assess_field = assess ? "counselling" : "";
    assert_accepted(adopt(&kind));
}

static void set_up(void)
{
    linking_set_up();
    adopt_hall(false);
    join("home", ROLE_SOCIALORG, "visiting", STREET);
    join("station", ROLE_SOCIALWORKER, "counselling", STREET);
    world_clear(linking_world());
    raise_plain(1, "hall");
}

TestSuite(approval, .init = set_up, .fini = linking_tear_down);

static const Bus__Answer *answer_approval(uint64_t n, bool approve, const char *by,
                                          const char *reason)
{
    const struct wu_id id = need_id(n);
    AnswerApproval answer = COORDINATOR__ANSWER_APPROVAL__INIT;
    answer.linkage_id = wu_id_to_pb(&id);
    answer.approve = approve;
    answer.by = by;
    answer.reason = reason;
    return world_command(linking_world(), WU_TYPE(COORDINATOR_ANSWER_APPROVAL), &answer.base);
}

Test(approval, nothing_is_offered_before_the_lead_body_has_said_yes)
{
    assert_said("opened under 1");
    cr_assert_eq(linkage_row(1)->state, LINKAGE_AWAITING_APPROVAL);
    cr_assert_eq(linkage_row(1)->n_steps, 0);
    cr_assert(is_open(1));
    const HistoryEntry *asked = last_note(1, WU_TYPE(COORDINATOR_ANSWER_APPROVAL));
    cr_assert_eq(asked->code, 0);
    cr_assert_eq(asked->rules[0], RULE(LEAD_BODY_FIRST));
}

Test(approval, with_its_yes_the_linkage_goes_its_way)
{
    world_clear(linking_world());
    assert_accepted(answer_approval(1, true, "sec-1", ""));
    assert_said("offer 1.1 to home");
    cr_assert_eq(linkage_row(1)->state, LINKAGE_RESERVING);
    cr_assert_str_eq(linkage_row(1)->approved_by, "sec-1");
    reserve(BY(.who = "home"));
    deliver(BY(.who = "home"));
    confirm_need(1, VERDICT_MET, COMMUNITY_NODE);
    cr_assert_eq(linkage_row(1)->outcome, OUTCOME_MET);
    cr_assert_eq(timer_count(), 0);
}

Test(approval, an_assessed_kind_is_assessed_after_it)
{
    adopt_hall(true);
    raise_plain(2, "hall");
    world_clear(linking_world());
    assert_accepted(answer_approval(2, true, "sec-1", "go"));
    assert_said("offer 1.1 to station");
    cr_assert_eq(linkage_row(2)->state, LINKAGE_ASSESSING);
}

Test(approval, a_case_keeps_the_version_it_was_opened_under)
{
    adopt_hall(true);
    world_clear(linking_world());
    assert_accepted(answer_approval(1, true, "sec-1", ""));
    assert_said("offer 1.1 to home");
}

Test(approval, with_its_no_the_linkage_ends_and_says_why)
{
    world_clear(linking_world());
    assert_refused(answer_approval(1, false, "sec-1", ""), "REASON_MISSING");
    assert_accepted(answer_approval(1, false, "sec-1", "the hall is being rebuilt"));
    assert_said("closed UNMET NOT_APPROVED", "counted hall UNMET NOT_APPROVED");
    const HistoryEntry *said_no = last_note(1, WU_TYPE(COORDINATOR_ANSWER_APPROVAL));
    cr_assert_eq(said_no->code, 2);
    cr_assert_str_eq(said_no->text, "the hall is being rebuilt");
    cr_assert_eq(outcome_count(OUTCOME_UNMET, UNMET_NOT_APPROVED), 1);
    cr_assert_eq(timer_count(), 0);
    cr_assert_not(is_open(1));
}

Test(approval, silence_is_no_yes)
{
    world_clear(linking_world());
    wait_ms(REPLY_MS - 1);
    assert_nothing_said();
    wait_ms(1);
    assert_said("closed UNMET APPROVAL_SILENT", "counted hall UNMET APPROVAL_SILENT");
    cr_assert_eq(last_note(1, WU_TYPE(COORDINATOR_APPROVAL_OVERDUE))->rules[0],
                 RULE(SILENCE_IS_NO_YES));
    cr_assert_eq(outcome_count(OUTCOME_UNMET, UNMET_APPROVAL_SILENT), 1);
    assert_refused(answer_approval(1, true, "sec-1", ""), "LINKAGE_NOT_AWAITING_APPROVAL");
    cr_assert_eq(timer_count(), 0);
}

Test(approval, it_is_answered_once_and_by_a_code)
{
    assert_refused(answer_approval(9, true, "sec-1", ""), "LINKAGE_UNKNOWN");
    assert_refused(answer_approval(1, true, "书记 王", ""), "PERSON_INVALID");
    assert_accepted(answer_approval(1, true, "sec-1", ""));
    assert_refused(answer_approval(1, false, "sec-1", "no after all"),
                   "LINKAGE_NOT_AWAITING_APPROVAL");
}

Test(approval, no_step_by_hand_goes_round_it)
{
    const struct wu_id id = need_id(1);
    PlanStep step = plan_step(ROLE_SOCIALORG, "visiting", true);
    AddStep add = COORDINATOR__ADD_STEP__INIT;
    add.linkage_id = wu_id_to_pb(&id);
    add.step = &step;
    add.by = "p-1";
    assert_refused(world_command(linking_world(), WU_TYPE(COORDINATOR_ADD_STEP), &add.base),
                   "LINKAGE_TAKES_NO_STEP");
}
