#include "services/coordinator/core/step.h"

#include "services/coordinator/core/clock.h"
#include "services/coordinator/core/contention.h"
#include "services/coordinator/core/dispute.h"
#include "services/coordinator/core/firewall.h"
#include "services/coordinator/core/kind.h"
#include "services/coordinator/core/offer.h"
#include "services/coordinator/core/progress.h"
#include "services/coordinator/core/record.h"
#include "services/coordinator/core/referral.h"

#include <string.h>

/* ---- who answers what ------------------------------------------------------ */

typedef enum {
    ANSWER_CURRENT, /* to the offer that stands, by the node it went to */
    ANSWER_STALE,   /* to an offer that no longer stands, or that we know nothing of */
    ANSWER_FOREIGN, /* by somebody it was not for: an outsider must not move a linkage */
} AnswerMatch;

static bool same_bytes(ProtobufCBinaryData a, ProtobufCBinaryData b)
{
    return a.len == b.len && a.len > 0 && memcmp(a.data, b.data, a.len) == 0;
}

/* Loads the linkage and finds the step: *ret_step is NULL when there is none of that number. */
static AnswerMatch match_answer(struct wu_step *fold, const StepRef *ref, struct linkage *linkage,
                                LinkageStep **ret_step)
{
    struct wu_id id;
    if (ref == NULL || !wu_id_from_pb(ref->linkage_id, &id)) {
        return ANSWER_FOREIGN;
    }
    if (!linkage_load(linkage, fold, &id)) {
        return ANSWER_STALE;
    }
    LinkageStep *step = linkage_step(linkage, ref->step_no);
    *ret_step = step;
    if (step == NULL || step->attempt != ref->attempt ||
        !same_bytes(step->provider_id, ref->provider_id)) {
        return ANSWER_STALE;
    }
    return step->node == wu_step_event(fold)->from_node ? ANSWER_CURRENT : ANSWER_FOREIGN;
}

/* The step of a timer, unless it moved on since. */
static LinkageStep *step_of_timer(struct wu_step *fold, struct linkage *linkage)
{
    const struct wu_event *event = wu_step_event(fold);
    if (!linkage_load(linkage, fold, &event->subject)) {
        return NULL;
    }
    LinkageStep *step = linkage_step(linkage, event->n >> 16);
    return step != NULL && timer_n(step) == event->n ? step : NULL;
}

static void note_answer(struct linkage *linkage, const LinkageStep *step)
{
    linkage_note(linkage, &(struct note){.type = wu_step_event(linkage->fold)->type, .step = step});
}

/* ---- answers --------------------------------------------------------------- */

/* In the last tenth of its time to answer. */
static bool yes_is_slow(const struct linkage *linkage, const LinkageStep *step)
{
    return wu_step_event(linkage->fold)->time_ms >
           step->reply_by_ms - linkage->row.reply_within_ms / 10;
}

/*
 * A provider holds its capacity for us. If the offer no longer stands it is
 * told so, that nothing stays reserved for nobody.
 */
static void handle_step_reserved(struct wu_step *fold, const StepReserved *reserved)
{
    struct linkage linkage;
    LinkageStep *step = NULL;
    AnswerMatch match = match_answer(fold, reserved->ref, &linkage, &step);
    if (match == ANSWER_STALE) {
        release_stale(fold, reserved->ref, RELEASE_NOT_CHOSEN);
        return;
    }
    if (match != ANSWER_CURRENT || step->state != STEP_OFFERED) {
        return;
    }
    cancel_reply_timer(&linkage, step);
    step->state = STEP_RESERVED;
    step->held_until_ms = reserved->held_until_ms;
    step->slow = yes_is_slow(&linkage, step);
    note_answer(&linkage, step);
    linkage_advance(&linkage);
    linkage_save(&linkage);
}

/* A provider says no, to the offer or to what it had promised. It is not asked again. */
static void handle_step_declined(struct wu_step *fold, const StepDeclined *declined)
{
    struct linkage linkage;
    LinkageStep *step = NULL;
    if (match_answer(fold, declined->ref, &linkage, &step) != ANSWER_CURRENT ||
        !step_is_out(step)) {
        return;
    }
    bool contended = contention_claim(&linkage, step, declined);
    linkage_note(&linkage, &(struct note){.type = WU_TYPE(LINKAGE_STEP_DECLINED),
                                          .step = step,
                                          .code = (uint32_t)declined->reason,
                                          .text = declined->text,
                                          .rules = {contended ? RULE(HOLDER_KEEPS) : 0}});
    struct wu_id provider_id;
    const char *provider = step->provider;
    (void)wu_id_from_pb(declined->ref->provider_id, &provider_id);
    exclude_provider(&linkage, step, END_DECLINED, declined->reason);
    AttemptEnd before = step->last_end;
    take_back(&linkage, step, END_DECLINED);
    if (declined->reason == DECLINE_NOT_OURS && linkage.row.referral == NULL) {
        dispute_pass_back(&linkage, step, &provider_id, provider, declined->text);
    }
    if (declined->reason == DECLINE_NOBODY_LEFT) {
        step->last_end = before; /* another coordinator looked: nobody more has said no */
    }
    linkage_advance(&linkage);
    linkage_save(&linkage);
}

/*
 * A reservation ran out. While others were still being asked that is nobody's
 * fault, and the same provider may be asked again when its turn comes; after
 * the confirmation it is one who could not keep its word.
 */
static void handle_step_lapsed(struct wu_step *fold, const StepLapsed *lapsed)
{
    struct linkage linkage;
    LinkageStep *step = NULL;
    if (match_answer(fold, lapsed->ref, &linkage, &step) != ANSWER_CURRENT || !step_is_out(step)) {
        return;
    }
    note_answer(&linkage, step);
    if (step->state != STEP_RESERVED) {
        exclude_provider(&linkage, step, END_LAPSED, DECLINE_UNSPECIFIED);
    }
    take_back(&linkage, step, END_LAPSED);
    linkage_advance(&linkage);
    linkage_save(&linkage);
}

/*
 * A provider has begun. When we never confirmed it, as far as this store knows
 * (an older copy may have been put back), it is let go: the step is another's.
 */
static void handle_step_taken(struct wu_step *fold, const StepTaken *taken)
{
    struct linkage linkage;
    LinkageStep *step = NULL;
    AnswerMatch match = match_answer(fold, taken->ref, &linkage, &step);
    if (match == ANSWER_STALE) {
        release_stale(fold, taken->ref, RELEASE_NOT_CHOSEN);
        return;
    }
    if (match != ANSWER_CURRENT || step->state != STEP_CONFIRMED) {
        return;
    }
    step->state = STEP_TAKEN;
    note_answer(&linkage, step);
    referral_tell_taken(&linkage);
    linkage_save(&linkage);
}

/* ---- delivery -------------------------------------------------------------- */

static void add_steps(struct linkage *linkage, PlanStep *const *steps, size_t step_count)
{
    for (size_t i = 0; i < step_count; i++) {
        linkage_add_step(linkage, steps[i]);
    }
}

/* What is wrong with the assessment's plan: a rule forbids it, or nobody could follow it. */
static struct firewall_finding plan_finding(const StepDelivered *delivered, const AdoptKind *kind)
{
    if (delivered->n_plan == 0) {
        return (struct firewall_finding){0, 0};
    }
    struct firewall_finding finding = firewall_plan(kind, delivered->plan, delivered->n_plan, true);
    if (finding.rule == 0 && plan_fault(delivered->plan, delivered->n_plan) != PLAN_VALID) {
        finding.rule = RULE(PLAN_USABLE);
    }
    return finding;
}

/*
 * The assessment is in: its plan is what will be done. Without a plan, or with
 * one that is refused, the recipe of the version the case was opened under.
 */
static HistoryWhy follow_assessment(struct linkage *linkage, const StepDelivered *delivered,
                                    struct firewall_finding *ret_finding)
{
    linkage->row.state = LINKAGE_RESERVING;
    clock_start(linkage, linkage->row.gather_within_ms);
    const KindRow *kind =
        kind_of_version(linkage->fold, linkage->row.kind, linkage->row.kind_version);
    if (kind == NULL) {
        return 0; /* only after a failure of the transaction, and then nothing is kept */
    }
    *ret_finding = plan_finding(delivered, kind->kind);
    if (delivered->n_plan > 0 && ret_finding->rule == 0) {
        add_steps(linkage, delivered->plan, delivered->n_plan);
        return WHY_PLAN_FOLLOWED;
    }
    add_steps(linkage, kind->kind->recipe, kind->kind->n_recipe);
    return delivered->n_plan == 0 ? WHY_RECIPE_FOLLOWED : WHY_PLAN_INVALID;
}

/*
 * Tells the story and the assessor which rule it was. Without a recipe to fall
 * back on there is nothing that may be done.
 */
static void refuse_plan(struct linkage *linkage, const LinkageStep *step, const StepRef *ref,
                        struct firewall_finding finding)
{
    linkage_note(linkage, &(struct note){.type = WU_TYPE(LINKAGE_PLAN_REFUSED),
                                         .step = step,
                                         .code = finding.at,
                                         .rules = {finding.rule}});
    StepRef same = *ref;
    PlanRefused refused = LINKAGE__PLAN_REFUSED__INIT;
    refused.ref = &same;
    refused.rule = (uint32_t)finding.rule;
    refused.at = finding.at;
    const struct wu_mail mail = {.to_node = wu_step_event(linkage->fold)->from_node,
                                 .type = WU_TYPE(LINKAGE_PLAN_REFUSED),
                                 .subject = linkage->id,
                                 .correlation = linkage->id,
                                 .division = linkage->row.division};
    wu_emit_mail(linkage->fold, &mail, &refused.base);
    if (linkage->row.n_steps == 1) {
        linkage_close(linkage, OUTCOME_UNMET, UNMET_FORBIDDEN, "");
    }
}

static bool step_is_confirmed(const LinkageStep *step)
{
    return step->state == STEP_CONFIRMED || step->state == STEP_TAKEN;
}

/* Keeps what was done, and goes on from there. */
static void take_delivery(struct linkage *linkage, LinkageStep *step,
                          const StepDelivered *delivered, HistoryWhy why)
{
    step->quantity_done = delivered->quantity;
    step->minutes = delivered->minutes;
    step->note = linkage_text(linkage, delivered->note);
    struct firewall_finding finding = {0, 0};
    if (linkage->row.state == LINKAGE_ASSESSING) {
        linkage->row.plan = follow_assessment(linkage, delivered, &finding);
        linkage->row.plan_rule = finding.rule;
        why = why != 0 ? why : linkage->row.plan;
    }
    linkage_note(linkage,
                 &(struct note){.type = WU_TYPE(LINKAGE_STEP_DELIVERED),
                                .step = step,
                                .why = why,
                                .text = step->note,
                                .rules = {why == WHY_LATE_BUT_DONE ? RULE(ONE_DELIVERY) : 0}});
    referral_tell_delivered(linkage, delivered);
    if (finding.rule != 0) {
        refuse_plan(linkage, step, delivered->ref, finding);
    }
    if (linkage->row.state != LINKAGE_CLOSED) {
        linkage_advance(linkage);
    }
    linkage_save(linkage);
}

/* Done twice: the work is told, with whose it was, and not counted. */
static void note_surplus(struct linkage *linkage, const LinkageStep *step, TakenBack *past,
                         const StepDelivered *delivered)
{
    LinkageStep done = *step;
    done.attempt = past->attempt;
    done.provider_id = past->provider_id;
    done.provider = past->provider;
    linkage_note(linkage, &(struct note){.type = WU_TYPE(LINKAGE_STEP_DELIVERED),
                                         .step = &done,
                                         .why = WHY_SURPLUS,
                                         .text = delivered->note,
                                         .rules = {RULE(ONE_DELIVERY)}});
}

/*
 * A report that crossed with our taking the step back. While nobody else has
 * done it, it is the delivery, and whoever was asked instead is let go; after
 * that it is work done twice. The first report counts, and no other.
 */
static void take_crossed_delivery(struct linkage *linkage, LinkageStep *step,
                                  const StepDelivered *delivered)
{
    TakenBack *past = find_taken_back(step, delivered->ref);
    if (past == NULL || past->node != wu_step_event(linkage->fold)->from_node) {
        return;
    }
    if (linkage->row.referral != NULL && linkage->row.state == LINKAGE_CLOSED) {
        forget_taken_back(step, past); /* whether it counts is for the asking coordinator to say */
        referral_tell_delivered(linkage, delivered);
        linkage_save(linkage);
        return;
    }
    if (step->state != STEP_DELIVERED && linkage->row.state != LINKAGE_CLOSED) {
        complete_late(linkage, step, past);
        forget_taken_back(step, past);
        take_delivery(linkage, step, delivered, WHY_LATE_BUT_DONE);
        return;
    }
    note_surplus(linkage, step, past, delivered);
    forget_taken_back(step, past);
    release_stale(linkage->fold, delivered->ref,
                  step->state == STEP_DELIVERED ? RELEASE_DELIVERED_BY_ANOTHER
                                                : RELEASE_LINKAGE_UNMET);
    linkage_save(linkage);
}

/* The work of a step is done, as much of it as was. */
static void handle_step_delivered(struct wu_step *fold, const StepDelivered *delivered)
{
    struct linkage linkage;
    LinkageStep *step = NULL;
    AnswerMatch match = match_answer(fold, delivered->ref, &linkage, &step);
    if (match == ANSWER_STALE && step != NULL) {
        take_crossed_delivery(&linkage, step, delivered);
    }
    if (match != ANSWER_CURRENT || !step_is_confirmed(step)) {
        return;
    }
    complete_step(&linkage, step);
    take_delivery(&linkage, step, delivered, 0);
}

/* ---- silence --------------------------------------------------------------- */

/* The next in line is asked; whoever held it hears why. */
static void pass_on(struct linkage *linkage, LinkageStep *step, ReleaseReason reason,
                    AttemptEnd end)
{
    release_step(linkage, step, reason, 0);
    exclude_provider(linkage, step, end, DECLINE_UNSPECIFIED);
    take_back(linkage, step, end);
    linkage_advance(linkage);
    linkage_save(linkage);
}

/* No answer in time. */
static void handle_offer_overdue(struct wu_step *fold)
{
    struct linkage linkage;
    LinkageStep *step = step_of_timer(fold, &linkage);
    if (step != NULL && step->state == STEP_OFFERED) {
        pass_on(&linkage, step, RELEASE_REPLY_OVERDUE, END_SILENT);
    }
}

/* Confirmed, and not done in time. */
static void handle_step_overdue(struct wu_step *fold)
{
    struct linkage linkage;
    LinkageStep *step = step_of_timer(fold, &linkage);
    if (step != NULL && step_is_confirmed(step)) {
        (void)clock_escalate(&linkage, RULE(DELIVERY_IN_TIME));
        pass_on(&linkage, step, RELEASE_DELIVERY_OVERDUE, END_LATE);
    }
}

WU_HANDLER(step_reserved, StepReserved)
WU_HANDLER(step_declined, StepDeclined)
WU_HANDLER(step_lapsed, StepLapsed)
WU_HANDLER(step_taken, StepTaken)
WU_HANDLER(step_delivered, StepDelivered)
WU_TIMER_HANDLER(offer_overdue)
WU_TIMER_HANDLER(step_overdue)

const struct wu_route COORDINATOR_STEP_ROUTES[] = {
    {WU_TYPE(LINKAGE_STEP_RESERVED), WU_ORIGIN_MAIL, &linkage__step_reserved__descriptor,
     route_step_reserved},
    {WU_TYPE(LINKAGE_STEP_DECLINED), WU_ORIGIN_MAIL, &linkage__step_declined__descriptor,
     route_step_declined},
    {WU_TYPE(LINKAGE_STEP_LAPSED), WU_ORIGIN_MAIL, &linkage__step_lapsed__descriptor,
     route_step_lapsed},
    {WU_TYPE(LINKAGE_STEP_TAKEN), WU_ORIGIN_MAIL, &linkage__step_taken__descriptor,
     route_step_taken},
    {WU_TYPE(LINKAGE_STEP_DELIVERED), WU_ORIGIN_MAIL, &linkage__step_delivered__descriptor,
     route_step_delivered},
    {WU_TYPE(COORDINATOR_OFFER_OVERDUE), WU_ORIGIN_TIMER, NULL, route_offer_overdue},
    {WU_TYPE(COORDINATOR_STEP_OVERDUE), WU_ORIGIN_TIMER, NULL, route_step_overdue},
    {0},
};
