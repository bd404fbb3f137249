#include "services/coordinator/core/progress.h"

#include "common/base/time.h"
#include "services/coordinator/core/clock.h"
#include "services/coordinator/core/dispute.h"
#include "services/coordinator/core/emergency.h"
#include "services/coordinator/core/offer.h"
#include "services/coordinator/core/radar.h"
#include "services/coordinator/core/referral.h"
#include "services/coordinator/core/tables.h"
#include "services/coordinator/core/unmet.h"

/* A reservation that ends within this of now would not live to see the confirmation. */
#define HOLD_COMFORT_MS WU_SECOND_MS

enum { WAVE_CORE_THREE = 1, WAVE_OTHERS = 2 };

void emit_to_community(struct linkage *linkage, wu_event_type type, const ProtobufCMessage *body)
{
    const struct wu_mail mail = {
        .to_node = linkage->row.community_node,
        .type = type,
        .subject = linkage->id,
        .correlation = linkage->id,
        .division = linkage->row.division,
    };
    wu_emit_mail(linkage->fold, &mail, body);
}

/* ---- the end --------------------------------------------------------------- */

static void count_outcome(struct linkage *linkage, int64_t open_ms)
{
    struct wu_txn *txn = wu_step_txn(linkage->fold);
    const struct outcome_key key = {(uint32_t)linkage->row.outcome, (uint32_t)linkage->row.reason};
    const OutcomeRow *known = outcomes_get(txn, &key);
    OutcomeRow row = COORDINATOR_STATE__OUTCOME_ROW__INIT;
    row.count = (known != NULL ? known->count : 0) + 1;
    row.open_ms = wu_time_add(known != NULL ? known->open_ms : 0, open_ms);
    outcomes_put(txn, &key, &row);
}

/* Public, so about nobody: a case is counted, not followed. */
static void emit_case_counted(struct linkage *linkage, int64_t open_ms)
{
    CaseCounted counted = COORDINATOR__CASE_COUNTED__INIT;
    counted.kind = linkage->row.kind;
    counted.division = linkage->row.division;
    counted.outcome = linkage->row.outcome;
    counted.reason = linkage->row.reason;
    counted.open_ms = open_ms;
    const struct wu_mail mail = {.type = WU_TYPE(COORDINATOR_CASE_COUNTED),
                                 .division = linkage->row.division};
    wu_emit_public(linkage->fold, "coordinator.case", &mail, &counted.base);
}

void linkage_close(struct linkage *linkage, Outcome outcome, UnmetReason reason,
                   const char *missing_service)
{
    LinkageRow *row = &linkage->row;
    row->state = LINKAGE_CLOSED;
    row->outcome = outcome;
    row->reason = reason;
    row->missing_service = missing_service;
    row->closed_at_ms = wu_step_event(linkage->fold)->time_ms;

    LinkageClosed closed = COORDINATOR__LINKAGE_CLOSED__INIT;
    closed.linkage_id = wu_id_to_pb(&linkage->id);
    closed.outcome = outcome;
    closed.reason = reason;
    closed.service = missing_service;
    emit_to_community(linkage, WU_TYPE(COORDINATOR_LINKAGE_CLOSED), &closed.base);
    linkage_note(linkage, &(struct note){.type = WU_TYPE(COORDINATOR_LINKAGE_CLOSED),
                                         .code = (uint32_t)outcome,
                                         .text = missing_service});

    clock_stop(linkage);
    int64_t open_ms = row->closed_at_ms - row->opened_at_ms;
    emit_case_counted(linkage, open_ms);
    count_outcome(linkage, open_ms);
    unmet_register(linkage);
    radar_count(linkage);
    linkages_open_del(wu_step_txn(linkage->fold), &(struct linkage_key){linkage->id});
}

static UnmetReason unmet_reason(const LinkageStep *step)
{
    switch (step->last_end) {
    case END_DECLINED:
    case END_LAPSED: /* it had said yes, and gave it back */
        return UNMET_ALL_DECLINED;
    case END_SILENT:
        return UNMET_NO_ANSWER;
    case END_LATE:
        return UNMET_NOT_DELIVERED;
    case END_OUT_OF_REMIT:
        return UNMET_OUT_OF_REMIT;
    case END_NOT_CALLED:
        return UNMET_NOT_CALLED;
    default:
        return UNMET_NO_PROVIDER;
    }
}

static bool step_has_ended(const LinkageStep *step)
{
    return step->state == STEP_DELIVERED || step->state == STEP_SKIPPED ||
           step->state == STEP_UNMET;
}

/* Nobody is left for a required step: everybody else is free again, at once. */
static void close_unmet(struct linkage *linkage, LinkageStep *missing)
{
    missing->state = STEP_UNMET;
    for (size_t i = 0; i < linkage->row.n_steps; i++) {
        LinkageStep *step = &linkage->steps[i];
        if (step_has_ended(step)) {
            continue;
        }
        if (step_is_out(step)) {
            release_step(linkage, step, RELEASE_LINKAGE_UNMET, 0);
            take_back(linkage, step, END_RELEASED);
        }
        dispute_drop(linkage, step);
        step->state = STEP_RELEASED;
    }
    linkage_close(linkage, OUTCOME_UNMET, unmet_reason(missing), missing->service);
}

void linkage_drop_step(struct linkage *linkage, LinkageStep *step)
{
    if (step->required) {
        close_unmet(linkage, step);
    } else {
        step->state = STEP_SKIPPED;
    }
}

/* ---- on the way ------------------------------------------------------------ */

bool is_gathering(const struct linkage *linkage)
{
    return linkage->row.state == LINKAGE_ASSESSING || linkage->row.state == LINKAGE_RESERVING;
}

static bool step_is_held(const LinkageStep *step)
{
    return step->state == STEP_RESERVED || step->state == STEP_CONFIRMED ||
           step->state == STEP_TAKEN || step->state == STEP_DELIVERED;
}

bool core_three_hold(const struct linkage *linkage)
{
    for (size_t i = 0; i < linkage->row.n_steps; i++) {
        const LinkageStep *step = &linkage->steps[i];
        if (step->wave == WAVE_CORE_THREE && step->required && !step_is_held(step)) {
            return false;
        }
    }
    return true;
}

static bool wave_waits(const struct linkage *linkage, uint32_t wave)
{
    for (size_t i = 0; i < linkage->row.n_steps; i++) {
        if (linkage->steps[i].wave == wave && linkage->steps[i].state == STEP_WAITING) {
            return true;
        }
    }
    return false;
}

/* False when the linkage is over: a required step has nobody left. */
static bool offer_wave(struct linkage *linkage, uint32_t wave)
{
    for (size_t i = 0; i < linkage->row.n_steps; i++) {
        LinkageStep *step = &linkage->steps[i];
        if (step->wave != wave || step->state != STEP_WAITING || offer_step(linkage, step)) {
            continue;
        }
        if (step->required && dispute_last(linkage, step)) {
            continue;
        }
        linkage_drop_step(linkage, step);
        if (linkage->row.state == LINKAGE_CLOSED) {
            return false;
        }
    }
    return true;
}

/*
 * A community that links three societies calls nobody else. Before anybody is
 * asked, so that nobody holds capacity for a case that cannot be met. False
 * when the linkage is over.
 */
static bool leave_out_others(struct linkage *linkage)
{
    for (size_t i = 0; linkage->row.mode == MODE_THREE && i < linkage->row.n_steps; i++) {
        LinkageStep *step = &linkage->steps[i];
        if (step->wave != WAVE_OTHERS || step->state != STEP_WAITING) {
            continue;
        }
        step->last_end = END_NOT_CALLED;
        linkage_note(linkage, &(struct note){.type = WU_TYPE(LINKAGE_STEP_OFFERED),
                                             .step = step,
                                             .why = WHY_NOBODY_LEFT,
                                             .rules = {RULE(THREE_SOCIETIES)}});
        linkage_drop_step(linkage, step);
        if (linkage->row.state == LINKAGE_CLOSED) {
            return false;
        }
    }
    return true;
}

/*
 * Core three first: volunteers and charity are called when the social workers
 * and organisations the plan needs have all said yes (the community has, by
 * raising the need), or an emergency relaxes that. Once delivery has begun, a
 * step that came back is offered again whatever its wave.
 */
static bool others_may_come(struct linkage *linkage)
{
    return !is_gathering(linkage) || core_three_hold(linkage) ||
           emergency_relaxes(linkage, RULE(CORE_THREE_FIRST));
}

static bool offer_waiting(struct linkage *linkage)
{
    if (!leave_out_others(linkage) || !offer_wave(linkage, WAVE_CORE_THREE)) {
        return false;
    }
    bool call_others = wave_waits(linkage, WAVE_OTHERS) && others_may_come(linkage);
    return !call_others || offer_wave(linkage, WAVE_OTHERS);
}

static bool waits_for_ruling(const struct linkage *linkage)
{
    for (size_t i = 0; i < linkage->row.n_steps; i++) {
        if (linkage->steps[i].state == STEP_DISPUTED) {
            return true;
        }
    }
    return false;
}

static bool everything_is_settled(const struct linkage *linkage)
{
    for (size_t i = 0; i < linkage->row.n_steps; i++) {
        StepState state = linkage->steps[i].state;
        if (state == STEP_WAITING || state == STEP_OFFERED || state == STEP_DISPUTED) {
            return false;
        }
    }
    return true;
}

static bool everything_has_ended(const struct linkage *linkage)
{
    for (size_t i = 0; i < linkage->row.n_steps; i++) {
        if (!step_has_ended(&linkage->steps[i])) {
            return false;
        }
    }
    return true;
}

/*
 * Takes back what is reserved but would run out just as we say go. Nobody's
 * fault: that others took their time. The same provider may get it again.
 */
static bool renew_short_holds(struct linkage *linkage)
{
    int64_t needed_ms = wu_time_add(wu_step_event(linkage->fold)->time_ms, HOLD_COMFORT_MS);
    bool any = false;
    for (size_t i = 0; i < linkage->row.n_steps; i++) {
        LinkageStep *step = &linkage->steps[i];
        if (step->state == STEP_RESERVED && step->held_until_ms <= needed_ms) {
            release_step(linkage, step, RELEASE_NOT_CHOSEN, WHY_HOLD_TOO_SHORT);
            take_back(linkage, step, END_LAPSED);
            any = true;
        }
    }
    return any;
}

static void confirm_reserved(struct linkage *linkage)
{
    if (linkage->row.state == LINKAGE_RESERVING) {
        linkage->row.state = LINKAGE_DELIVERING;
    }
    clock_rest(linkage);
    for (size_t i = 0; i < linkage->row.n_steps; i++) {
        if (linkage->steps[i].state == STEP_RESERVED) {
            confirm_step(linkage, &linkage->steps[i]);
        }
    }
}

/* Everything is done as far as it will be: now the resident has the word. */
static void ask_resident(struct linkage *linkage)
{
    linkage->row.state = LINKAGE_AWAITING;
    linkage->row.delivered_at_ms = wu_step_event(linkage->fold)->time_ms;
    LinkageDelivered delivered = COORDINATOR__LINKAGE_DELIVERED__INIT;
    delivered.linkage_id = wu_id_to_pb(&linkage->id);
    emit_to_community(linkage, WU_TYPE(COORDINATOR_LINKAGE_DELIVERED), &delivered.base);
    linkage_note(linkage, &(struct note){.type = WU_TYPE(COORDINATOR_LINKAGE_DELIVERED)});
    clock_start(linkage, wu_time_add(linkage->row.confirm_within_ms, WU_DAY_MS));
}

void linkage_advance(struct linkage *linkage)
{
    if (linkage->row.referral != NULL) {
        referral_advance(linkage);
        return;
    }
    if (linkage->row.state == LINKAGE_CLOSED || linkage->row.state == LINKAGE_AWAITING) {
        return;
    }
    if (is_gathering(linkage) && waits_for_ruling(linkage)) {
        return; /* what others hold in the meantime may lapse, and is offered again after it */
    }
    do {
        if (!offer_waiting(linkage)) {
            return; /* closed unmet */
        }
        if (is_gathering(linkage) && !everything_is_settled(linkage)) {
            return;
        }
    } while (renew_short_holds(linkage));

    confirm_reserved(linkage);
    if (linkage->row.state == LINKAGE_DELIVERING && everything_has_ended(linkage)) {
        ask_resident(linkage);
    }
}
