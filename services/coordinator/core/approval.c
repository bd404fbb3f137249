#include "services/coordinator/core/approval.h"

#include "common/base/time.h"
#include "services/coordinator/core/linkage.h"
#include "services/coordinator/core/person.h"
#include "services/coordinator/core/progress.h"

enum { ASKED, SAID_YES, SAID_NO }; /* `code` of the line in the story */

static struct wu_timer approval_timer(const struct linkage *linkage)
{
    return (struct wu_timer){.due_at_ms = linkage->row.approve_by_ms,
                             .type = WU_TYPE(COORDINATOR_APPROVAL_OVERDUE),
                             .subject = linkage->id};
}

void approval_ask(struct linkage *linkage)
{
    LinkageRow *row = &linkage->row;
    row->state = LINKAGE_AWAITING_APPROVAL;
    row->approve_by_ms = wu_time_add(wu_step_event(linkage->fold)->time_ms, row->reply_within_ms);
    const struct wu_timer timer = approval_timer(linkage);
    wu_timer_set(linkage->fold, &timer);
    linkage_note(linkage, &(struct note){.type = WU_TYPE(COORDINATOR_ANSWER_APPROVAL),
                                         .code = ASKED,
                                         .rules = {RULE(LEAD_BODY_FIRST)}});
}

static void approve(struct linkage *linkage, const AnswerApproval *answer)
{
    const KindRow *kind =
        kind_of_version(linkage->fold, linkage->row.kind, linkage->row.kind_version);
    if (kind == NULL) {
        return; /* only after a failure of the transaction, and then nothing is kept */
    }
    linkage->row.approved_by = answer->by;
    linkage_note(linkage, &(struct note){.type = WU_TYPE(COORDINATOR_ANSWER_APPROVAL),
                                         .code = SAID_YES,
                                         .text = answer->reason,
                                         .rules = {RULE(LEAD_BODY_FIRST)}});
    linkage_plan(linkage, kind->kind);
}

static void turn_down(struct linkage *linkage, const AnswerApproval *answer)
{
    linkage_note(linkage, &(struct note){.type = WU_TYPE(COORDINATOR_ANSWER_APPROVAL),
                                         .code = SAID_NO,
                                         .text = answer->reason,
                                         .rules = {RULE(LEAD_BODY_FIRST)}});
    linkage_close(linkage, OUTCOME_UNMET, UNMET_NOT_APPROVED, "");
}

/* Checked in this order. True when the answer can be taken. */
static bool may_answer(struct wu_step *fold, const AnswerApproval *answer, struct linkage *linkage)
{
    struct wu_id id;
    if (!wu_id_from_pb(answer->linkage_id, &id) || !linkage_load(linkage, fold, &id)) {
        wu_answer_refuse(fold, "LINKAGE_UNKNOWN",
                         "there is no such linkage here; 'wushectl linkage list' shows them");
        return false;
    }
    if (!person_is_usable(answer->by)) {
        person_refuse(fold);
        return false;
    }
    if (linkage->row.state != LINKAGE_AWAITING_APPROVAL) {
        wu_answer_refuse(fold, "LINKAGE_NOT_AWAITING_APPROVAL",
                         "this linkage does not wait for the lead body: its kind needs no "
                         "approval, or it was answered, or the time for it is up");
        return false;
    }
    if (!answer->approve && answer->reason[0] == '\0') {
        wu_answer_refuse(fold, "REASON_MISSING",
                         "a lead body that says no says why: give a reason");
        return false;
    }
    return true;
}

/* The lead body of the community says yes or no. */
static void handle_answer_approval(struct wu_step *fold, const AnswerApproval *answer)
{
    struct linkage linkage;
    if (!may_answer(fold, answer, &linkage)) {
        return;
    }
    const struct wu_timer timer = approval_timer(&linkage);
    wu_timer_cancel(fold, &timer);
    if (answer->approve) {
        approve(&linkage, answer);
    } else {
        turn_down(&linkage, answer);
    }
    linkage_save(&linkage);
    wu_answer_accept(fold, linkage.id);
}

/* Nobody said yes in time: the linkage ends, and says so. */
static void handle_approval_overdue(struct wu_step *fold)
{
    struct linkage linkage;
    if (!linkage_load(&linkage, fold, &wu_step_event(fold)->subject) ||
        linkage.row.state != LINKAGE_AWAITING_APPROVAL) {
        return;
    }
    linkage_note(&linkage, &(struct note){.type = WU_TYPE(COORDINATOR_APPROVAL_OVERDUE),
                                          .rules = {RULE(SILENCE_IS_NO_YES)}});
    linkage_close(&linkage, OUTCOME_UNMET, UNMET_APPROVAL_SILENT, "");
    linkage_save(&linkage);
}

WU_HANDLER(answer_approval, AnswerApproval)
WU_TIMER_HANDLER(approval_overdue)

const struct wu_route COORDINATOR_APPROVAL_ROUTES[] = {
    {WU_TYPE(COORDINATOR_ANSWER_APPROVAL), WU_ORIGIN_COMMAND,
     &coordinator__answer_approval__descriptor, route_answer_approval},
    {WU_TYPE(COORDINATOR_APPROVAL_OVERDUE), WU_ORIGIN_TIMER, NULL, route_approval_overdue},
    {0},
};
