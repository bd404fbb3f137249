#include "services/provider/held.h"

#include "common/base/assert.h"

bool held_from_ref(const StepRef *ref, struct held_step *ret_held)
{
    *ret_held = (struct held_step){.row = LINKAGE_STATE__STEP_ROW__INIT};
    if (ref == NULL || ref->step_no == 0) {
        return false;
    }
    ret_held->key.step_no = ref->step_no;
    return wu_id_from_pb(ref->linkage_id, &ret_held->key.linkage_id) &&
           wu_id_from_pb(ref->provider_id, &ret_held->key.provider_id);
}

bool held_find(struct wu_step *step, struct held_step *held)
{
    const StepRow *row = steps_get(wu_step_txn(step), &held->key);
    if (row == NULL) {
        return false;
    }
    held->row = *row;
    return true;
}

static bool take_row(struct held_step *held, bool found, const StepRow *row)
{
    if (found) {
        held->row = *row;
    }
    return found;
}

bool held_first_of(struct wu_step *step, struct held_step *held)
{
    const StepRow *row = NULL;
    bool found = steps_from(wu_step_txn(step), &held->key, 2, &row);
    return take_row(held, found, row);
}

bool held_next_of(struct wu_step *step, struct held_step *held)
{
    const StepRow *row = NULL;
    bool found = steps_after(wu_step_txn(step), &held->key, 2, &row);
    return take_row(held, found, row);
}

bool held_is_open(const struct held_step *held)
{
    StepState state = held->row.state;
    return state == STEP_STATE(WAITING) || state == STEP_STATE(RESERVED) ||
           state == STEP_STATE(CONFIRMED);
}

bool held_is_ref(const struct held_step *held, const StepRef *ref)
{
    return held->row.offer->ref->attempt == ref->attempt;
}

/* ---- what the coordinator is told ------------------------------------------ */

static void emit(struct wu_step *step, const StepRef *ref, uint64_t division, wu_event_type type,
                 const ProtobufCMessage *body)
{
    struct wu_mail mail = {.to_node = wu_step_hub(step), .type = type, .division = division};
    wu_id_from_pb(ref->provider_id, &mail.subject);
    wu_id_from_pb(ref->linkage_id, &mail.correlation);
    wu_emit_mail(step, &mail, body);
}

static void emit_reserved(struct wu_step *step, const StepOffered *offer)
{
    StepReserved reserved = LINKAGE__STEP_RESERVED__INIT;
    reserved.ref = offer->ref;
    reserved.held_until_ms = offer->hold_until_ms;
    emit(step, offer->ref, offer->division, WU_TYPE(LINKAGE_STEP_RESERVED), &reserved.base);
}

static bool is_scarce(DeclineReason reason)
{
    return reason == DECLINE_REASON(NO_CAPACITY) || reason == DECLINE_REASON(NOT_FREE_THEN) ||
           reason == DECLINE_REASON(NO_FUNDS) || reason == DECLINE_REASON(OUT_OF_STOCK);
}

/*
 * Who has what was asked for: other linkages whose steps of the same service
 * this body has reserved or confirmed. It looks at a bounded number of them.
 */
enum { HELD_BY_MAX = 4, LOOKED_AT_MAX = 16 };

static size_t find_holders(struct wu_step *step, const StepRow *row,
                           ProtobufCBinaryData ret_holders[HELD_BY_MAX])
{
    struct wu_txn *txn = wu_step_txn(step);
    struct step_open_key key = {0};
    size_t count = 0;
    if (!is_scarce(row->reason) || !wu_id_from_pb(row->offer->ref->provider_id, &key.provider_id)) {
        return 0;
    }
    bool found = steps_open_from(txn, &key, 1);
    for (int i = 0; found && i < LOOKED_AT_MAX && count < HELD_BY_MAX; i++) {
        const StepRow *other =
            steps_get(txn, &(struct step_key){key.linkage_id, key.step_no, key.provider_id});
        if (other != NULL && other->state != STEP_STATE(WAITING) &&
            check_same_text(other->offer->service, row->offer->service)) {
            ret_holders[count++] = other->offer->ref->linkage_id;
        }
        found = steps_open_after(txn, &key, 1);
    }
    return count;
}

static void emit_declined(struct wu_step *step, const StepRow *row)
{
    StepDeclined declined = LINKAGE__STEP_DECLINED__INIT;
    declined.ref = row->offer->ref;
    declined.reason = row->reason;
    declined.text = row->text;
    ProtobufCBinaryData holders[HELD_BY_MAX];
    declined.held_by = holders;
    declined.n_held_by = find_holders(step, row, holders);
    emit(step, row->offer->ref, row->offer->division, WU_TYPE(LINKAGE_STEP_DECLINED),
         &declined.base);
}

static void emit_taken(struct wu_step *step, const StepOffered *offer)
{
    StepTaken taken = LINKAGE__STEP_TAKEN__INIT;
    taken.ref = offer->ref;
    emit(step, offer->ref, offer->division, WU_TYPE(LINKAGE_STEP_TAKEN), &taken.base);
}

static void emit_delivered(struct wu_step *step, const StepRow *row)
{
    StepDelivered delivered = *row->delivered;
    delivered.ref = row->offer->ref;
    emit(step, row->offer->ref, row->offer->division, WU_TYPE(LINKAGE_STEP_DELIVERED),
         &delivered.base);
}

void held_emit_lapsed(struct wu_step *step, StepRef *ref)
{
    StepLapsed lapsed = LINKAGE__STEP_LAPSED__INIT;
    lapsed.ref = ref;
    emit(step, ref, 0, WU_TYPE(LINKAGE_STEP_LAPSED), &lapsed.base);
}

void held_answer_offer(struct wu_step *step, const struct held_step *held)
{
    switch (held->row.state) {
    case STEP_STATE(RESERVED):
    case STEP_STATE(CONFIRMED):
    case STEP_STATE(DELIVERED):
        emit_reserved(step, held->row.offer);
        break;
    case STEP_STATE(DECLINED):
        emit_declined(step, &held->row);
        break;
    case STEP_STATE(LAPSED):
    case STEP_STATE(RELEASED):
        held_emit_lapsed(step, held->row.offer->ref);
        break;
    default:
        break; /* WAITING: nobody has answered yet */
    }
}

void held_answer_confirm(struct wu_step *step, const struct held_step *held)
{
    switch (held->row.state) {
    case STEP_STATE(CONFIRMED):
        emit_taken(step, held->row.offer);
        break;
    case STEP_STATE(DELIVERED):
        emit_taken(step, held->row.offer);
        emit_delivered(step, &held->row);
        break;
    default:
        held_emit_lapsed(step, held->row.offer->ref);
        break;
    }
}

/* ---- moves ----------------------------------------------------------------- */

DeclineReason held_refusal(struct wu_step *step, const struct held_step *held,
                           const ProviderRow **ret_provider)
{
    struct provider_key key = {held->key.provider_id};
    const ProviderRow *provider = providers_get(wu_step_txn(step), &key);
    const StepOffered *offer = held->row.offer;
    int64_t now_ms = wu_step_event(step)->time_ms;
    *ret_provider = provider;

    if (provider == NULL) {
        return DECLINE_REASON(PROVIDER_UNKNOWN);
    }
    const struct provider_hooks *hooks = wu_step_extra(step);
    DeclineReason bar =
        hooks->bar != NULL ? hooks->bar(step, &held->key.provider_id, offer) : NOT_DECLINED;
    if (bar != NOT_DECLINED) {
        return bar;
    }
    if (!check_has_service(provider->services, provider->n_services, offer->service)) {
        return DECLINE_REASON(SERVICE_UNKNOWN);
    }
    bool full = provider->capacity_cases > 0 && provider->open_cases >= provider->capacity_cases;
    if (provider->closed || full) {
        return DECLINE_REASON(NO_CAPACITY);
    }
    if (now_ms > offer->reply_by_ms || now_ms >= offer->hold_until_ms) {
        return DECLINE_REASON(TOO_LATE);
    }
    return NOT_DECLINED;
}

static const struct provider_hooks *hooks_of(const struct wu_step *step)
{
    return wu_step_extra(step);
}

static void put(struct wu_step *step, struct held_step *held, StepState state)
{
    held->row.state = state;
    held->row.changed_at_ms = wu_step_event(step)->time_ms;
    steps_put(wu_step_txn(step), &held->key, &held->row);
}

static struct step_open_key open_key(const struct held_step *held)
{
    return (struct step_open_key){held->key.provider_id, held->key.linkage_id, held->key.step_no};
}

static void list_open(struct wu_step *step, const struct held_step *held)
{
    struct step_open_key key = open_key(held);
    steps_open_put(wu_step_txn(step), &key);
}

static void unlist_open(struct wu_step *step, const struct held_step *held)
{
    struct step_open_key key = open_key(held);
    steps_open_del(wu_step_txn(step), &key);
}

static struct wu_timer hold_timer(const struct held_step *held)
{
    return (struct wu_timer){.due_at_ms = held->row.offer->hold_until_ms,
                             .type = WU_TYPE(LINKAGE_HOLD_EXPIRED),
                             .subject = held->key.linkage_id,
                             .n = held->key.step_no};
}

/* The bodies of a step whose reservations end at the same moment share one clock. */
static bool is_hold_shared(struct wu_step *step, const struct held_step *held)
{
    struct held_step other = {
        .key = {.linkage_id = held->key.linkage_id, .step_no = held->key.step_no}};
    for (bool found = held_first_of(step, &other); found; found = held_next_of(step, &other)) {
        if (other.row.state == STEP_STATE(RESERVED) &&
            other.row.offer->hold_until_ms == held->row.offer->hold_until_ms &&
            !wu_id_equal(&other.key.provider_id, &held->key.provider_id)) {
            return true;
        }
    }
    return false;
}

static void cancel_hold(struct wu_step *step, const struct held_step *held)
{
    if (is_hold_shared(step, held)) {
        return;
    }
    struct wu_timer timer = hold_timer(held);
    wu_timer_cancel(step, &timer);
}

static void count_cases(struct wu_step *step, const struct held_step *held,
                        const ProviderRow *provider, int64_t more)
{
    struct provider_key key = {held->key.provider_id};
    ProviderRow row = *provider;
    row.open_cases += more;
    WU_ASSERT(row.open_cases >= 0);
    providers_put(wu_step_txn(step), &key, &row);
}

static void uncount_case(struct wu_step *step, const struct held_step *held)
{
    struct provider_key key = {held->key.provider_id};
    const ProviderRow *provider = providers_get(wu_step_txn(step), &key);
    if (provider != NULL) {
        count_cases(step, held, provider, -1);
    }
}

void held_wait(struct wu_step *step, struct held_step *held)
{
    list_open(step, held);
    put(step, held, STEP_STATE(WAITING));
}

DeclineReason held_reserve(struct wu_step *step, struct held_step *held,
                           const ProviderRow *provider)
{
    const struct provider_hooks *hooks = hooks_of(step);
    if (hooks->reserve != NULL) {
        DeclineReason reason =
            hooks->reserve(step, &held->key.provider_id, provider, held->row.offer);
        if (reason != NOT_DECLINED) {
            return reason;
        }
    }
    struct wu_timer timer = hold_timer(held);
    wu_timer_set(step, &timer);
    count_cases(step, held, provider, 1);
    list_open(step, held);
    put(step, held, STEP_STATE(RESERVED));
    emit_reserved(step, held->row.offer);
    return NOT_DECLINED;
}

void held_confirm(struct wu_step *step, struct held_step *held, int64_t deliver_by_ms)
{
    cancel_hold(step, held);
    held->row.deliver_by_ms = deliver_by_ms;
    put(step, held, STEP_STATE(CONFIRMED));
    emit_taken(step, held->row.offer);
}

/* Gives back whatever an open step holds. */
static void let_go(struct wu_step *step, struct held_step *held)
{
    unlist_open(step, held);
    if (held->row.state == STEP_STATE(WAITING)) {
        return;
    }
    const struct provider_hooks *hooks = hooks_of(step);
    if (hooks->release != NULL) {
        hooks->release(step, &held->key.provider_id, &held->row);
    }
    uncount_case(step, held);
    if (held->row.state == STEP_STATE(RESERVED)) {
        cancel_hold(step, held);
    }
}

void held_decline(struct wu_step *step, struct held_step *held, DeclineReason reason,
                  const char *text)
{
    if (held_is_open(held)) {
        let_go(step, held);
    }
    held->row.reason = reason;
    held->row.text = text;
    put(step, held, STEP_STATE(DECLINED));
    emit_declined(step, &held->row);
}

void held_lapse(struct wu_step *step, struct held_step *held)
{
    let_go(step, held);
    put(step, held, STEP_STATE(LAPSED));
    held_emit_lapsed(step, held->row.offer->ref);
}

void held_release(struct wu_step *step, struct held_step *held)
{
    let_go(step, held);
    put(step, held, STEP_STATE(RELEASED));
}

void held_refuse_plan(struct wu_step *step, struct held_step *held, uint32_t rule)
{
    held->row.plan_refused_rule = rule;
    put(step, held, STEP_STATE(DELIVERED));
}

void held_deliver(struct wu_step *step, struct held_step *held, StepDelivered *delivered)
{
    const struct provider_hooks *hooks = hooks_of(step);
    if (hooks->deliver != NULL) {
        hooks->deliver(step, &held->key.provider_id, &held->row, delivered);
    }
    unlist_open(step, held);
    uncount_case(step, held);
    held->row.delivered = delivered;
    put(step, held, STEP_STATE(DELIVERED));
    emit_delivered(step, &held->row);
}

bool provider_give_back(struct wu_step *step, const struct wu_id *provider_id, DeclineReason reason,
                        size_t count_max)
{
    struct step_open_key key = {.provider_id = *provider_id};
    bool found = steps_open_from(wu_step_txn(step), &key, 1);
    for (size_t i = 0; found && i < count_max; i++) {
        struct held_step held = {.key = {key.linkage_id, key.step_no, key.provider_id}};
        if (!held_find(step, &held)) {
            return false; /* only after a failure of the transaction */
        }
        held_decline(step, &held, reason, "");
        found = steps_open_after(wu_step_txn(step), &key, 1);
    }
    return found;
}
