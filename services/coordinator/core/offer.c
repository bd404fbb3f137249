#include "services/coordinator/core/offer.h"

#include "common/base/time.h"
#include "services/coordinator/core/above.h"
#include "services/coordinator/core/calendar.h"
#include "services/coordinator/core/dispute.h"
#include "services/coordinator/core/progress.h"
#include "services/coordinator/core/referral.h"
#include "services/coordinator/core/standing.h"
#include "services/coordinator/core/tables.h"

#include <string.h>

/*
 * A step is offered at most so often. It ends a linkage that would otherwise
 * go round for ever with a provider whose reservations never last.
 */
enum { ATTEMPTS_MAX = 64 };

/* A reservation outlasts the answers of others: two more offers and an hour. */
#define HOLD_MARGIN_MS WU_HOUR_MS
enum { HOLD_REPLIES = 2 };

static Rule release_rule(ReleaseReason reason)
{
    switch (reason) {
    case RELEASE_REPLY_OVERDUE:
        return RULE(SILENCE_IS_NO);
    case RELEASE_DELIVERY_OVERDUE:
        return RULE(DELIVERY_IN_TIME);
    case RELEASE_DELIVERED_BY_ANOTHER:
        return RULE(ONE_DELIVERY);
    default:
        return RULE(RESERVE_TOGETHER);
    }
}

static StepRef step_ref(const struct linkage *linkage, const LinkageStep *step)
{
    StepRef ref = LINKAGE__STEP_REF__INIT;
    ref.linkage_id = wu_id_to_pb(&linkage->id);
    ref.step_no = step->step_no;
    ref.attempt = step->attempt;
    ref.provider_id = step->provider_id;
    return ref;
}

static void emit_to_provider(struct linkage *linkage, const LinkageStep *step, wu_event_type type,
                             const ProtobufCMessage *body)
{
    const struct wu_mail mail = {
        .to_node = step->node,
        .type = type,
        .subject = linkage->id,
        .correlation = linkage_case(linkage),
        .division = linkage->row.division,
    };
    wu_emit_mail(linkage->fold, &mail, body);
}

static struct wu_timer step_timer(const struct linkage *linkage, const LinkageStep *step,
                                  wu_event_type type, int64_t due_at_ms)
{
    return (struct wu_timer){
        .due_at_ms = due_at_ms, .type = type, .subject = linkage->id, .n = timer_n(step)};
}

void cancel_reply_timer(struct linkage *linkage, const LinkageStep *step)
{
    const struct wu_timer timer =
        step_timer(linkage, step, WU_TYPE(COORDINATOR_OFFER_OVERDUE), step->reply_by_ms);
    wu_timer_cancel(linkage->fold, &timer);
}

void cancel_delivery_timer(struct linkage *linkage, const LinkageStep *step)
{
    const struct wu_timer timer =
        step_timer(linkage, step, WU_TYPE(COORDINATOR_STEP_OVERDUE), step->deliver_by_ms);
    wu_timer_cancel(linkage->fold, &timer);
}

bool step_is_out(const LinkageStep *step)
{
    return step->state == STEP_OFFERED || step->state == STEP_RESERVED ||
           step->state == STEP_CONFIRMED || step->state == STEP_TAKEN;
}

static int64_t hold_until_ms(const struct linkage *linkage, const LinkageStep *step)
{
    if (linkage->row.referral != NULL) {
        return linkage->row.referral->hold_until_ms;
    }
    int64_t until_ms = wu_time_add(step->reply_by_ms, HOLD_MARGIN_MS);
    for (int i = 0; i < HOLD_REPLIES; i++) {
        until_ms = wu_time_add(until_ms, linkage->row.reply_within_ms);
    }
    return until_ms;
}

static void emit_step_offered(struct linkage *linkage, const LinkageStep *step)
{
    const LinkageRow *row = &linkage->row;
    StepRef ref = step_ref(linkage, step);
    StepOffered offered = LINKAGE__STEP_OFFERED__INIT;
    offered.ref = &ref;
    offered.kind = row->kind;
    offered.service = step->service;
    offered.quantity = step->quantity;
    offered.division = row->division;
    offered.from_ms = row->from_ms;
    offered.until_ms = row->until_ms;
    if (step->role == ROLE_SOCIALWORKER) {
        offered.level_min = row->level_min;
        offered.licence_field = row->licence_field;
    }
    offered.reply_by_ms = step->reply_by_ms;
    offered.hold_until_ms = hold_until_ms(linkage, step);
    Referral referral;
    struct wu_id provider_id;
    if (wu_id_from_pb(step->provider_id, &provider_id) && is_coordinator(&provider_id)) {
        referral_fill(linkage, step, &referral);
        offered.referral = &referral;
    }
    emit_to_provider(linkage, step, WU_TYPE(LINKAGE_STEP_OFFERED), &offered.base);
}

static void note_nobody(struct linkage *linkage, const LinkageStep *step,
                        const struct choice *choice, Rule kept_here)
{
    struct note note = {.type = WU_TYPE(LINKAGE_STEP_OFFERED),
                        .step = step,
                        .why = WHY_NOBODY_LEFT,
                        .choice = choice,
                        .rules = {RULE(NOBODY_LEFT)}};
    if (step->attempt >= ATTEMPTS_MAX) {
        note.rules[0] = RULE(ASKED_OFTEN_ENOUGH);
    } else if (choice->excluded_count > 0) {
        note.rules[1] = RULE(NOT_ASKED_TWICE);
    }
    if (kept_here != note.rules[1]) {
        note.rules[note.rules[1] != 0 ? 2 : 1] = kept_here;
    }
    linkage_note(linkage, &note);
}

static void make_offer(struct linkage *linkage, LinkageStep *step, const struct choice *choice,
                       const struct note *how)
{
    step->state = STEP_OFFERED;
    step->attempt++;
    step->provider_id = linkage_keep_id(linkage, &choice->provider_id);
    step->node = choice->provider->node;
    step->provider = choice->provider->name;
    step->reply_by_ms = referral_reply_by_ms(linkage, step);
    const struct wu_timer timer =
        step_timer(linkage, step, WU_TYPE(COORDINATOR_OFFER_OVERDUE), step->reply_by_ms);
    wu_timer_set(linkage->fold, &timer);
    emit_step_offered(linkage, step);
    linkage_note(linkage, how);
    if (how->why != WHY_WENT_UP) { /* the one above has no standing here */
        standing_offered(linkage->fold, &choice->provider_id, choice->provider, step->service);
    }
}

/* Whoever comes after the core three was called when they had said yes. */
static struct note offer_note(const struct linkage *linkage, const LinkageStep *step,
                              const struct choice *choice)
{
    struct note note = {.type = WU_TYPE(LINKAGE_STEP_OFFERED),
                        .step = step,
                        .why = WHY_BEST_SCORE,
                        .choice = choice,
                        .rules = {RULE(BEST_SCORE), choice->decided_by}};
    if (step->wave > 1 && core_three_hold(linkage)) {
        note.rules[choice->decided_by != 0 ? 2 : 1] = RULE(CORE_THREE_FIRST);
    }
    return note;
}

static struct note above_note(const LinkageStep *step, const struct choice *choice)
{
    return (struct note){.type = WU_TYPE(LINKAGE_STEP_OFFERED),
                         .step = step,
                         .why = WHY_WENT_UP,
                         .choice = choice,
                         .rules = {RULE(NOBODY_LEFT), RULE(ONE_UP)}};
}

bool offer_step(struct linkage *linkage, LinkageStep *step)
{
    struct choice choice = {.candidate_count = 0};
    Rule kept_here = 0;
    bool may_ask = step->attempt < ATTEMPTS_MAX;
    bool here = may_ask && referral_choose(linkage, step, &choice);
    if (!here && !(may_ask && above_choose(linkage, step, &choice, &kept_here))) {
        note_nobody(linkage, step, &choice, kept_here);
        return false;
    }

    const struct note note = here ? offer_note(linkage, step, &choice) : above_note(step, &choice);
    make_offer(linkage, step, &choice, &note);
    return true;
}

bool offer_step_to(struct linkage *linkage, LinkageStep *step, const struct wu_id *provider_id,
                   Rule rule)
{
    const ProviderRow *provider =
        providers_get(wu_step_txn(linkage->fold), &(struct provider_key){*provider_id});
    if (step->attempt >= ATTEMPTS_MAX || provider == NULL || !provider->open) {
        return false;
    }
    const struct choice choice = {
        .provider_id = *provider_id, .provider = provider, .division = provider->division};
    make_offer(linkage, step, &choice,
               &(struct note){.type = WU_TYPE(LINKAGE_STEP_OFFERED),
                              .step = step,
                              .division = provider->division,
                              .rules = {rule}});
    return true;
}

/*
 * What is wanted next week cannot be late before next week is over. An
 * assessment has no wanted time of its own: the sooner, the better.
 */
static int64_t deliver_by_ms(const struct linkage *linkage)
{
    const LinkageRow *row = &linkage->row;
    int64_t now_ms = wu_step_event(linkage->fold)->time_ms;
    if (row->referral != NULL) {
        return row->referral->deliver_by_ms; /* as its case needs it */
    }
    int64_t span_ends_ms =
        row->deliver_working_days == 0
            ? wu_time_add(now_ms, row->deliver_within_ms)
            : calendar_due_ms(wu_step_txn(linkage->fold), wu_step_utc_offset_min(linkage->fold),
                              now_ms, row->deliver_working_days);
    bool in_window = row->state != LINKAGE_ASSESSING && row->until_ms > span_ends_ms;
    return in_window ? row->until_ms : span_ends_ms;
}

void confirm_step(struct linkage *linkage, LinkageStep *step)
{
    step->state = STEP_CONFIRMED;
    step->deliver_by_ms = deliver_by_ms(linkage);
    const struct wu_timer timer =
        step_timer(linkage, step, WU_TYPE(COORDINATOR_STEP_OVERDUE), step->deliver_by_ms);
    wu_timer_set(linkage->fold, &timer);

    StepRef ref = step_ref(linkage, step);
    StepConfirmed confirmed = LINKAGE__STEP_CONFIRMED__INIT;
    confirmed.ref = &ref;
    confirmed.deliver_by_ms = step->deliver_by_ms;
    emit_to_provider(linkage, step, WU_TYPE(LINKAGE_STEP_CONFIRMED), &confirmed.base);
    linkage_note(linkage, &(struct note){.type = WU_TYPE(LINKAGE_STEP_CONFIRMED),
                                         .step = step,
                                         .rules = {RULE(RESERVE_TOGETHER)}});
}

void release_step(struct linkage *linkage, LinkageStep *step, ReleaseReason reason, HistoryWhy why)
{
    StepRef ref = step_ref(linkage, step);
    StepReleased released = LINKAGE__STEP_RELEASED__INIT;
    released.ref = &ref;
    released.reason = reason;
    emit_to_provider(linkage, step, WU_TYPE(LINKAGE_STEP_RELEASED), &released.base);
    linkage_note(linkage, &(struct note){.type = WU_TYPE(LINKAGE_STEP_RELEASED),
                                         .step = step,
                                         .code = (uint32_t)reason,
                                         .why = why,
                                         .rules = {release_rule(reason)}});
}

void release_stale(struct wu_step *fold, const StepRef *ref, ReleaseReason reason)
{
    const struct wu_event *event = wu_step_event(fold);
    StepRef same = *ref;
    StepReleased released = LINKAGE__STEP_RELEASED__INIT;
    released.ref = &same;
    released.reason = reason;
    struct wu_mail mail = {.to_node = event->from_node, .type = WU_TYPE(LINKAGE_STEP_RELEASED)};
    (void)wu_id_from_pb(ref->linkage_id, &mail.subject);
    mail.correlation = mail.subject;
    wu_emit_mail(fold, &mail, &released.base);
}

static bool was_confirmed(const LinkageStep *step)
{
    return step->state == STEP_CONFIRMED || step->state == STEP_TAKEN;
}

/* What that end of an offer says of the provider's word. */
static enum promise promise_of(const LinkageStep *step, AttemptEnd end)
{
    switch (end) {
    case END_SILENT:
        return PROMISE_SILENT;
    case END_DECLINED:
        return step->state != STEP_OFFERED ? PROMISE_WITHDRAWN : PROMISE_NONE;
    case END_LAPSED:
    case END_LATE:
        return was_confirmed(step) ? PROMISE_BROKEN : PROMISE_NONE;
    default:
        return PROMISE_NONE;
    }
}

/*
 * A provider that was told to go ahead may have done the work before it hears
 * otherwise: its report must find what it was about.
 */
static void remember_taken_back(struct linkage *linkage, LinkageStep *step)
{
    struct wu_arena *arena = wu_step_arena(linkage->fold);
    size_t count = step->n_taken_back;
    TakenBack **list = wu_arena_take(arena, (count + 1) * sizeof(TakenBack *));
    TakenBack *last = wu_arena_take(arena, sizeof *last);
    if (list == NULL || last == NULL) {
        return; /* the batch fails */
    }
    for (size_t i = 0; i < count; i++) {
        list[i] = step->taken_back[i];
    }
    coordinator_state__taken_back__init(last);
    last->attempt = step->attempt;
    last->provider_id = step->provider_id;
    last->node = step->node;
    last->provider = step->provider;
    list[count] = last;
    step->taken_back = list;
    step->n_taken_back = count + 1;
}

static void end_offer(struct linkage *linkage, const LinkageStep *step, enum promise promise)
{
    struct wu_id provider_id;
    if (wu_id_from_pb(step->provider_id, &provider_id)) {
        standing_ended(linkage->fold, &provider_id, promise);
    }
}

void take_back(struct linkage *linkage, LinkageStep *step, AttemptEnd end)
{
    end_offer(linkage, step, promise_of(step, end));
    if (end == END_RELEASED && step->state != STEP_OFFERED) {
        exclude_provider(linkage, step, end, DECLINE_UNSPECIFIED); /* it had said yes */
    }
    if (was_confirmed(step) && (end == END_LATE || end == END_RELEASED)) {
        remember_taken_back(linkage, step);
    }
    if (step->state == STEP_OFFERED) {
        cancel_reply_timer(linkage, step);
    }
    if (was_confirmed(step)) {
        cancel_delivery_timer(linkage, step);
    }
    step->state = STEP_WAITING;
    step->last_end = end;
    step->provider_id = (ProtobufCBinaryData){0, NULL};
    step->node = 0;
    step->provider = "";
    step->reply_by_ms = 0;
    step->held_until_ms = 0;
    step->deliver_by_ms = 0;
}

/* A row older than the two lists beside `tried` has them shorter: those ends are not known. */
void exclude_provider(struct linkage *linkage, LinkageStep *step, AttemptEnd end,
                      DeclineReason reason)
{
    struct wu_arena *arena = wu_step_arena(linkage->fold);
    size_t count = step->n_tried;
    ProtobufCBinaryData *tried = wu_arena_take(arena, (count + 1) * sizeof *tried);
    AttemptEnd *ends = wu_arena_take(arena, (count + 1) * sizeof *ends);
    DeclineReason *reasons = wu_arena_take(arena, (count + 1) * sizeof *reasons);
    if (tried == NULL || ends == NULL || reasons == NULL) {
        return; /* the batch fails */
    }
    for (size_t i = 0; i < count; i++) {
        tried[i] = step->tried[i];
        ends[i] = i < step->n_tried_ends ? step->tried_ends[i] : 0;
        reasons[i] = i < step->n_tried_reasons ? step->tried_reasons[i] : 0;
    }
    tried[count] = step->provider_id;
    ends[count] = end;
    reasons[count] = reason;
    step->tried = tried;
    step->n_tried = count + 1;
    step->tried_ends = ends;
    step->n_tried_ends = count + 1;
    step->tried_reasons = reasons;
    step->n_tried_reasons = count + 1;
}

void complete_step(struct linkage *linkage, LinkageStep *step)
{
    cancel_delivery_timer(linkage, step);
    end_offer(linkage, step, PROMISE_KEPT);
    step->state = STEP_DELIVERED;
}

TakenBack *find_taken_back(const LinkageStep *step, const StepRef *ref)
{
    for (size_t i = 0; i < step->n_taken_back; i++) {
        TakenBack *past = step->taken_back[i];
        if (past->attempt == ref->attempt && past->provider_id.len == ref->provider_id.len &&
            memcmp(past->provider_id.data, ref->provider_id.data, ref->provider_id.len) == 0) {
            return past;
        }
    }
    return NULL;
}

void complete_late(struct linkage *linkage, LinkageStep *step, const TakenBack *past)
{
    if (step_is_out(step)) {
        release_step(linkage, step, RELEASE_DELIVERED_BY_ANOTHER, 0);
        take_back(linkage, step, END_RELEASED);
    }
    dispute_drop(linkage, step);
    step->attempt = past->attempt;
    step->provider_id = past->provider_id;
    step->node = past->node;
    step->provider = past->provider;
    end_offer(linkage, step, PROMISE_KEPT_LATE);
    step->state = STEP_DELIVERED;
}

void forget_taken_back(LinkageStep *step, const TakenBack *past)
{
    for (size_t i = 0; i < step->n_taken_back; i++) {
        if (step->taken_back[i] == past) {
            step->taken_back[i] = step->taken_back[--step->n_taken_back];
            return;
        }
    }
}
