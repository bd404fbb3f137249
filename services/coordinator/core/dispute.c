#include "services/coordinator/core/dispute.h"

#include "common/base/division.h"
#include "services/coordinator/core/calendar.h"
#include "services/coordinator/core/clock.h"
#include "services/coordinator/core/offer.h"
#include "services/coordinator/core/progress.h"
#include "services/coordinator/core/tables.h"

#include <string.h>

enum { OFFICE_BYTES_MAX = 31 };

static struct dispute_key dispute_key(const struct linkage *linkage, const LinkageStep *step)
{
    return (struct dispute_key){linkage->id, step->step_no};
}

static struct wu_timer ruling_timer(const struct linkage *linkage, const LinkageStep *step)
{
    return (struct wu_timer){.due_at_ms = step->adjudicate_by_ms,
                             .type = WU_TYPE(COORDINATOR_RULING_OVERDUE),
                             .subject = linkage->id,
                             .n = step->step_no};
}

static int64_t ruling_due_ms(const struct linkage *linkage)
{
    uint32_t days =
        linkage->row.urgency == URGENCY_URGENT ? ADJUDICATE_DAYS_URGENT : ADJUDICATE_DAYS;
    return calendar_due_ms(wu_step_txn(linkage->fold), wu_step_utc_offset_min(linkage->fold),
                           wu_step_event(linkage->fold)->time_ms, days);
}

static void start_clock(struct linkage *linkage, LinkageStep *step)
{
    step->adjudicate_by_ms = ruling_due_ms(linkage);
    const struct wu_timer timer = ruling_timer(linkage, step);
    wu_timer_set(linkage->fold, &timer);
}

static void tell_community(struct linkage *linkage, const LinkageStep *step)
{
    LinkageDisputed disputed = COORDINATOR__LINKAGE_DISPUTED__INIT;
    disputed.linkage_id = wu_id_to_pb(&linkage->id);
    disputed.step_no = step->step_no;
    disputed.ruling_by_ms = step->adjudicate_by_ms;
    emit_to_community(linkage, WU_TYPE(COORDINATOR_LINKAGE_DISPUTED), &disputed.base);
}

/* Whatever comes of it: the step waits for no ruling any more. */
static void stop_clock(struct linkage *linkage, LinkageStep *step)
{
    const struct wu_timer timer = ruling_timer(linkage, step);
    const struct dispute_key key = dispute_key(linkage, step);
    wu_timer_cancel(linkage->fold, &timer);
    disputes_open_del(wu_step_txn(linkage->fold), &key);
    step->adjudicate_by_ms = 0;
    step->state = STEP_WAITING;
    tell_community(linkage, step);
    if (is_gathering(linkage)) {
        clock_start(linkage, linkage->row.gather_within_ms);
    }
}

/* ---- the record ---------------------------------------------------------------- */

/* As it is in the store, or a new one; a copy to be changed. */
static DisputeRow dispute_of(const struct linkage *linkage, const LinkageStep *step)
{
    const struct dispute_key key = dispute_key(linkage, step);
    const DisputeRow *known = disputes_get(wu_step_txn(linkage->fold), &key);
    DisputeRow row = COORDINATOR_STATE__DISPUTE_ROW__INIT;
    if (known != NULL) {
        return *known;
    }
    row.kind = linkage->row.kind;
    row.division = linkage->row.division;
    row.role = step->role;
    row.service = step->service;
    return row;
}

static void put_dispute(struct linkage *linkage, const LinkageStep *step, const DisputeRow *row)
{
    const struct dispute_key key = dispute_key(linkage, step);
    disputes_put(wu_step_txn(linkage->fold), &key, row);
}

struct passer {
    const struct wu_id *id;
    const char *name;
    const char *text;
};

/* False when there is no memory: the batch fails. */
static bool add_passer(struct linkage *linkage, DisputeRow *row, const struct passer *passer)
{
    struct wu_arena *arena = wu_step_arena(linkage->fold);
    PassBack **list = wu_arena_take(arena, (row->n_pass_backs + 1) * sizeof(PassBack *));
    PassBack *last = wu_arena_take(arena, sizeof *last);
    if (list == NULL || last == NULL) {
        return false;
    }
    for (size_t i = 0; i < row->n_pass_backs; i++) {
        list[i] = row->pass_backs[i];
    }
    coordinator_state__pass_back__init(last);
    last->provider_id = linkage_keep_id(linkage, passer->id);
    last->provider = passer->name;
    last->text = linkage_text(linkage, passer->text);
    last->time_ms = wu_step_event(linkage->fold)->time_ms;
    list[row->n_pass_backs] = last;
    row->pass_backs = list;
    row->n_pass_backs++;
    return true;
}

/* ---- precedents ------------------------------------------------------------------ */

static bool precedent_key(const struct linkage *linkage, const LinkageStep *step,
                          struct precedent_key *ret_key)
{
    *ret_key = (struct precedent_key){
        .division = wu_division_parent(linkage->row.division, WU_DIVISION_DISTRICT),
        .role = (uint32_t)step->role,
    };
    return wu_key_text(ret_key->kind, sizeof ret_key->kind, linkage->row.kind) &&
           wu_key_text(ret_key->service, sizeof ret_key->service, step->service);
}

static void put_precedent(struct linkage *linkage, const LinkageStep *step,
                          const Adjudicate *adjudicate)
{
    struct precedent_key key;
    if (!precedent_key(linkage, step, &key)) {
        return;
    }
    PrecedentRow row = COORDINATOR_STATE__PRECEDENT_ROW__INIT;
    row.ruling = adjudicate->ruling;
    row.provider_id = adjudicate->provider_id;
    row.by = adjudicate->by;
    row.reason = adjudicate->reason;
    row.linkage_id = linkage_keep_id(linkage, &linkage->id);
    row.step_no = step->step_no;
    row.ruled_at_ms = wu_step_event(linkage->fold)->time_ms;
    precedents_put(wu_step_txn(linkage->fold), &key, &row);
}

/* ---- what a ruling does ------------------------------------------------------------ */

static bool provides(struct wu_step *fold, const LinkageStep *step, ProtobufCBinaryData id)
{
    struct provider_key key;
    const ProviderRow *provider =
        wu_id_from_pb(id, &key.provider_id) ? providers_get(wu_step_txn(fold), &key) : NULL;
    if (provider == NULL || !provider->open || provider->role != step->role) {
        return false;
    }
    for (size_t i = 0; i < provider->n_services; i++) {
        if (strcmp(provider->services[i]->service, step->service) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * The ruling holds for the step, by that rule. A provider that has left since, or
 * does this no more, cannot be bound: the step goes to the next as if nothing had
 * been ruled.
 */
static void obey(struct linkage *linkage, LinkageStep *step, Coordinator__Ruling ruling,
                 ProtobufCBinaryData provider_id, Rule rule)
{
    struct wu_id id;
    step->ruled = true;
    linkage_note(linkage, &(struct note){.type = WU_TYPE(COORDINATOR_ADJUDICATE),
                                         .step = step,
                                         .code = (uint32_t)ruling,
                                         .rules = {rule, RULE(TWO_PASS_BACKS)}});
    if (ruling == RULING_BINDING) {
        if (provides(linkage->fold, step, provider_id) && wu_id_from_pb(provider_id, &id)) {
            (void)offer_step_to(linkage, step, &id, RULE(RULING_BINDS));
        }
        return;
    }
    step->last_end = END_OUT_OF_REMIT;
    linkage_drop_step(linkage, step);
}

static bool obey_precedent(struct linkage *linkage, LinkageStep *step, DisputeRow *dispute)
{
    struct precedent_key key;
    struct wu_txn *txn = wu_step_txn(linkage->fold);
    const PrecedentRow *known = NULL;
    if (precedent_key(linkage, step, &key)) {
        known = precedents_get(txn, &key);
    }
    if (known == NULL) {
        return false;
    }
    PrecedentRow precedent = *known;
    precedent.cited_count++;
    precedents_put(txn, &key, &precedent);
    dispute->state = DISPUTE_RULED;
    dispute->ruling = precedent.ruling;
    dispute->provider_id = precedent.provider_id;
    dispute->by = precedent.by;
    dispute->reason = precedent.reason;
    dispute->ruled_at_ms = wu_step_event(linkage->fold)->time_ms;
    dispute->precedent_linkage_id = precedent.linkage_id;
    put_dispute(linkage, step, dispute);
    obey(linkage, step, precedent.ruling, precedent.provider_id, RULE(PRECEDENT));
    return true;
}

static void ask_for_ruling(struct linkage *linkage, LinkageStep *step, DisputeRow *dispute)
{
    const struct dispute_key key = dispute_key(linkage, step);
    step->state = STEP_DISPUTED;
    start_clock(linkage, step);
    disputes_open_put(wu_step_txn(linkage->fold), &key);
    dispute->state = DISPUTE_OPEN;
    dispute->due_at_ms = step->adjudicate_by_ms;
    clock_rest(linkage); /* the search rests: the ruling has a clock of its own */
    tell_community(linkage, step);
    linkage_note(linkage, &(struct note){.type = WU_TYPE(COORDINATOR_LINKAGE_DISPUTED),
                                         .step = step,
                                         .code = step->pass_back_count,
                                         .rules = {RULE(TWO_PASS_BACKS)}});
}

void dispute_pass_back(struct linkage *linkage, LinkageStep *step, const struct wu_id *provider_id,
                       const char *provider, const char *text)
{
    if (step->ruled) {
        return; /* what was ruled is not disputed again: the next is asked */
    }
    DisputeRow dispute = dispute_of(linkage, step);
    const struct passer passer = {provider_id, provider, text};
    if (!add_passer(linkage, &dispute, &passer)) {
        return;
    }
    step->pass_back_count++;
    dispute.state = DISPUTE_PASSED_BACK;
    if (obey_precedent(linkage, step, &dispute)) {
        return;
    }
    if (step->pass_back_count >= PASS_BACKS_MAX) {
        ask_for_ruling(linkage, step, &dispute);
    }
    put_dispute(linkage, step, &dispute);
}

bool dispute_last(struct linkage *linkage, LinkageStep *step)
{
    if (step->pass_back_count == 0 || step->ruled || linkage->row.referral != NULL) {
        return false;
    }
    DisputeRow dispute = dispute_of(linkage, step);
    ask_for_ruling(linkage, step, &dispute);
    put_dispute(linkage, step, &dispute);
    return true;
}

void dispute_drop(struct linkage *linkage, LinkageStep *step)
{
    if (step->state != STEP_DISPUTED) {
        return;
    }
    DisputeRow dispute = dispute_of(linkage, step);
    dispute.state = DISPUTE_DROPPED;
    put_dispute(linkage, step, &dispute);
    stop_clock(linkage, step);
}

/* ---- the ruling --------------------------------------------------------------------- */

/* Checked in this order; the first that fails is the answer. */
typedef enum {
    RULING_NOT_REFUSED,
    RULING_REFUSAL_NOT_OPEN,
    RULING_REFUSAL_MISSING,
    RULING_REFUSAL_OFFICE,
    RULING_REFUSAL_REASON,
    RULING_REFUSAL_PROVIDER,
} RulingRefusal;

/* Who rules, and why. */
static RulingRefusal signature_refusal(const Adjudicate *adjudicate)
{
    if (adjudicate->by[0] == '\0' || strlen(adjudicate->by) > OFFICE_BYTES_MAX) {
        return RULING_REFUSAL_OFFICE;
    }
    if (adjudicate->reason[0] == '\0' || strlen(adjudicate->reason) > LINKAGE_TEXT_BYTES_MAX) {
        return RULING_REFUSAL_REASON;
    }
    return RULING_NOT_REFUSED;
}

static RulingRefusal ruling_refusal(struct wu_step *fold, const LinkageStep *step,
                                    const Adjudicate *adjudicate)
{
    if (step == NULL || step->state != STEP_DISPUTED) {
        return RULING_REFUSAL_NOT_OPEN;
    }
    if (adjudicate->ruling != RULING_BINDING && adjudicate->ruling != RULING_OUT_OF_REMIT) {
        return RULING_REFUSAL_MISSING;
    }
    RulingRefusal signature = signature_refusal(adjudicate);
    if (signature != RULING_NOT_REFUSED) {
        return signature;
    }
    if (adjudicate->ruling == RULING_BINDING && !provides(fold, step, adjudicate->provider_id)) {
        return RULING_REFUSAL_PROVIDER;
    }
    return RULING_NOT_REFUSED;
}

static void refuse_ruling(struct wu_step *fold, RulingRefusal refusal)
{
    switch (refusal) {
    case RULING_REFUSAL_NOT_OPEN:
        wu_answer_refuse(fold, "DISPUTE_NOT_OPEN",
                         "that step waits for no ruling; 'wushectl dispute list --open' shows "
                         "those that do");
        break;
    case RULING_REFUSAL_MISSING:
        wu_answer_refuse(fold, "RULING_MISSING",
                         "a ruling says binding, with whose step it is, or out of remit");
        break;
    case RULING_REFUSAL_OFFICE:
        wu_answer_refuse(fold, "RULING_OFFICE_INVALID",
                         "a ruling names the office that gives it, 1 to %d bytes",
                         OFFICE_BYTES_MAX);
        break;
    case RULING_REFUSAL_REASON:
        wu_answer_refuse(fold, "RULING_REASON_INVALID", "a ruling has a reason, 1 to %d bytes",
                         LINKAGE_TEXT_BYTES_MAX);
        break;
    case RULING_REFUSAL_PROVIDER:
        wu_answer_refuse(fold, "RULING_PROVIDER_INVALID",
                         "the one it is to belong to must be an open provider of that service");
        break;
    case RULING_NOT_REFUSED:
    default:
        break;
    }
}

static void give_ruling(struct linkage *linkage, LinkageStep *step, const Adjudicate *adjudicate)
{
    DisputeRow dispute = dispute_of(linkage, step);
    dispute.state = DISPUTE_RULED;
    dispute.ruling = adjudicate->ruling;
    dispute.provider_id = adjudicate->provider_id;
    dispute.by = adjudicate->by;
    dispute.reason = adjudicate->reason;
    dispute.ruled_at_ms = wu_step_event(linkage->fold)->time_ms;
    stop_clock(linkage, step);
    put_dispute(linkage, step, &dispute);
    put_precedent(linkage, step, adjudicate);
    obey(linkage, step, adjudicate->ruling, adjudicate->provider_id, RULE(RULING_BINDS));
}

/* The precedent that was made in that case, if it still is one. */
static bool find_precedent(const struct linkage *linkage, const LinkageStep *step,
                           struct precedent_key *ret_key)
{
    const PrecedentRow *row = NULL;
    struct wu_id made_in;
    if (precedent_key(linkage, step, ret_key)) {
        row = precedents_get(wu_step_txn(linkage->fold), ret_key);
    }
    return row != NULL && wu_id_from_pb(row->linkage_id, &made_in) &&
           wu_id_equal(&made_in, &linkage->id) && row->step_no == step->step_no;
}

/* The next step like it is disputed anew; what was decided by the precedent stays. */
static void withdraw(struct linkage *linkage, const LinkageStep *step, const Adjudicate *adjudicate)
{
    struct precedent_key key;
    if (!find_precedent(linkage, step, &key)) {
        wu_answer_refuse(linkage->fold, "PRECEDENT_UNKNOWN",
                         "no precedent was made in that step; 'wushectl precedent list' shows "
                         "which case each is from");
        return;
    }
    precedents_del(wu_step_txn(linkage->fold), &key);
    linkage_note(linkage, &(struct note){.type = WU_TYPE(COORDINATOR_ADJUDICATE),
                                         .step = step,
                                         .code = (uint32_t)adjudicate->ruling,
                                         .text = adjudicate->reason,
                                         .rules = {RULE(PRECEDENT)}});
    linkage_save(linkage);
}

/* An office says whose step it is, or takes back what it made a precedent. */
static void handle_adjudicate(struct wu_step *fold, const Adjudicate *adjudicate)
{
    struct wu_id id;
    struct linkage linkage;
    LinkageStep *step = NULL;
    if (wu_id_from_pb(adjudicate->linkage_id, &id) && linkage_load(&linkage, fold, &id)) {
        step = linkage_step(&linkage, adjudicate->step_no);
    }
    if (step != NULL && adjudicate->ruling == RULING_WITHDRAWN) {
        if (signature_refusal(adjudicate) == RULING_NOT_REFUSED) {
            withdraw(&linkage, step, adjudicate);
        } else {
            refuse_ruling(fold, signature_refusal(adjudicate));
        }
        return;
    }
    RulingRefusal refusal = ruling_refusal(fold, step, adjudicate);
    if (refusal != RULING_NOT_REFUSED) {
        refuse_ruling(fold, refusal);
        return;
    }
    give_ruling(&linkage, step, adjudicate);
    linkage_advance(&linkage);
    linkage_save(&linkage);
    wu_answer_accept(fold, id);
}

/*
 * Nobody ruled in time: one level up, and another span. At the top the step
 * goes to the next candidate instead: a case must end.
 */
static void handle_ruling_overdue(struct wu_step *fold)
{
    const struct wu_event *event = wu_step_event(fold);
    struct linkage linkage;
    LinkageStep *step = NULL;
    if (linkage_load(&linkage, fold, &event->subject)) {
        step = linkage_step(&linkage, event->n);
    }
    if (step == NULL || step->state != STEP_DISPUTED || step->adjudicate_by_ms > event->time_ms) {
        return;
    }
    if (clock_escalate(&linkage, RULE(RULED_IN_TIME))) {
        start_clock(&linkage, step);
        tell_community(&linkage, step);
    } else {
        dispute_drop(&linkage, step);
        step->ruled = true;
        linkage_advance(&linkage);
    }
    linkage_save(&linkage);
}

WU_HANDLER(adjudicate, Adjudicate)
WU_TIMER_HANDLER(ruling_overdue)

const struct wu_route COORDINATOR_DISPUTE_ROUTES[] = {
    {WU_TYPE(COORDINATOR_ADJUDICATE), WU_ORIGIN_COMMAND, &coordinator__adjudicate__descriptor,
     route_adjudicate},
    {WU_TYPE(COORDINATOR_RULING_OVERDUE), WU_ORIGIN_TIMER, NULL, route_ruling_overdue},
    {0},
};
