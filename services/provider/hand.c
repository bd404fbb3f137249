#include "services/provider/held.h"

/*
 * What the people of a society say of a step: yes or no to an offer that waits
 * for them, and that the work is done.
 */
enum { HOLDERS_TOLD_MAX = 8 };

enum hand_refusal {
    HAND_NOT_REFUSED,
    STEP_UNKNOWN,
    STEP_PROVIDER_AMBIGUOUS,
    STEP_NOT_WAITING,
    STEP_NOT_CONFIRMED,
    STEP_QUANTITY_INVALID,
    STEP_MINUTES_INVALID,
    STEP_TEXT_TOO_LONG,
    STEP_PLAN_NOT_YOURS,
    STEP_PLAN_INVALID,
    STEP_TOO_LATE,
};

static const struct refusal REFUSALS[] = {
    [STEP_UNKNOWN] = {"STEP_UNKNOWN",
                      "no such step was offered to this node, or not to that body; check the "
                      "linkage, the number and the body"},
    [STEP_PROVIDER_AMBIGUOUS] = {"STEP_PROVIDER_AMBIGUOUS",
                                 "several bodies of this node hold the step; say which one"},
    [STEP_NOT_WAITING] = {"STEP_NOT_WAITING",
                          "the step does not wait for an answer; it was answered before, or "
                          "taken back"},
    [STEP_NOT_CONFIRMED] = {"STEP_NOT_CONFIRMED",
                            "only a confirmed step can be delivered; this one is not confirmed, "
                            "or has ended"},
    [STEP_QUANTITY_INVALID] = {"STEP_QUANTITY_INVALID",
                               "give 0 for all that was offered, or a part of it"},
    [STEP_MINUTES_INVALID] = {"STEP_MINUTES_INVALID", "minutes are 0 or more"},
    [STEP_TEXT_TOO_LONG] = {"STEP_TEXT_TOO_LONG", "say it in at most 1000 bytes"},
    [STEP_PLAN_NOT_YOURS] = {"STEP_PLAN_NOT_YOURS",
                             "only a social worker's assessment carries a plan"},
    [STEP_PLAN_INVALID] = {"STEP_PLAN_INVALID",
                           "a plan has at most 16 steps, each with a providing role, a service "
                           "and a quantity above 0"},
    [STEP_TOO_LATE] = {"TOO_LATE",
                       "the time to answer is over; the coordinator has taken it as silence"},
};

/* Why a body cannot take a step, told to the person who would have taken it. */
static const struct refusal IMPOSSIBLE[] = {
    [DECLINE_REASON(PROVIDER_UNKNOWN)] = {"PROVIDER_UNKNOWN", "this node knows no such provider"},
    [DECLINE_REASON(SERVICE_UNKNOWN)] = {"SERVICE_UNKNOWN", "nobody here gives that service"},
    [DECLINE_REASON(NO_CAPACITY)] = {"NO_CAPACITY", "as many cases are open as can be"},
    [DECLINE_REASON(NOT_FREE_THEN)] = {"NOT_FREE_THEN", "not enough people are free then"},
    [DECLINE_REASON(NO_FUNDS)] = {"NO_FUNDS", "there is not that much left for this purpose"},
    [DECLINE_REASON(OUT_OF_STOCK)] = {"OUT_OF_STOCK", "there is not that much left in stock"},
    [DECLINE_REASON(NOT_LICENSED)] = {"NOT_LICENSED", "nobody here is registered for that field"},
    [DECLINE_REASON(BY_HAND)] = {"BY_HAND", "declined"},
    [DECLINE_REASON(TOO_LATE)] = {"TOO_LATE", "the time to answer is over"},
    [DECLINE_REASON(NOT_REGISTERED)] = {"NOT_REGISTERED",
                                        "the body is not registered, or is so no longer"},
    [DECLINE_REASON(SUSPENDED)] = {"SUSPENDED", "the body is suspended"},
    [DECLINE_REASON(OUT_OF_SCOPE)] = {"OUT_OF_SCOPE",
                                      "not the work or not the area the body is registered for"},
};

/* "6-1042 step 2" */
static const char *step_text(struct wu_step *step, ProtobufCBinaryData linkage_id, uint32_t step_no)
{
    struct wu_id id;
    char text[WU_ID_TEXT_MAX];
    wu_id_from_pb(linkage_id, &id);
    const char *whole = wu_arena_printf(wu_step_arena(step), "%s step %u", wu_id_to_text(&id, text),
                                        (unsigned)step_no);
    return whole != NULL ? whole : "";
}

/*
 * The only body of this node that holds the step. If none does any more, the
 * last that did by id, so that whoever comes too late is told so.
 */
static enum hand_refusal find_holder(struct wu_step *step, struct held_step *ret_held)
{
    struct held_step at = *ret_held;
    size_t open_count = 0;
    bool found = held_first_of(step, &at);
    enum hand_refusal refusal = found ? HAND_NOT_REFUSED : STEP_UNKNOWN;
    for (; found; found = held_next_of(step, &at)) {
        bool open = held_is_open(&at);
        open_count += open;
        if (open || open_count == 0) {
            *ret_held = at;
        }
    }
    return open_count > 1 ? STEP_PROVIDER_AMBIGUOUS : refusal;
}

static enum hand_refusal find(struct wu_step *step, ProtobufCBinaryData linkage_id,
                              uint32_t step_no, ProtobufCBinaryData provider_id,
                              struct held_step *ret_held)
{
    *ret_held = (struct held_step){.key.step_no = step_no};
    if (!wu_id_from_pb(linkage_id, &ret_held->key.linkage_id)) {
        return STEP_UNKNOWN;
    }
    if (provider_id.len == 0) {
        return find_holder(step, ret_held);
    }
    bool found =
        wu_id_from_pb(provider_id, &ret_held->key.provider_id) && held_find(step, ret_held);
    return found ? HAND_NOT_REFUSED : STEP_UNKNOWN;
}

/* ": ORG-1, ORG-2": the codes of those that hold the step, as far as there is room. */
static const char *holder_codes(struct wu_step *step, const struct held_step *held)
{
    const char *codes = "";
    int told = 0;
    struct held_step at = {
        .key = {.linkage_id = held->key.linkage_id, .step_no = held->key.step_no}};
    bool found = held_first_of(step, &at);
    for (; found && told < HOLDERS_TOLD_MAX; found = held_next_of(step, &at)) {
        struct provider_key key = {at.key.provider_id};
        const ProviderRow *body = providers_get(wu_step_txn(step), &key);
        if (body != NULL && held_is_open(&at)) {
            const char *more = wu_arena_printf(wu_step_arena(step), "%s%s%s", codes,
                                               told++ > 0 ? ", " : ": ", body->code);
            codes = more != NULL ? more : codes;
        }
    }
    return codes;
}

static void refuse(struct wu_step *step, const char *what, enum hand_refusal refusal,
                   const struct held_step *held)
{
    const struct refusal *why = &REFUSALS[refusal];
    if (refusal == STEP_PROVIDER_AMBIGUOUS) {
        wu_answer_refuse(step, why->code, "'%s': %s%s", what, why->sentence,
                         holder_codes(step, held));
        return;
    }
    check_refuse(step, what, why);
}

static enum hand_refusal answer_refusal(struct wu_step *step, const AnswerOffer *answer,
                                        struct held_step *ret_held)
{
    int64_t now_ms = wu_step_event(step)->time_ms;
    enum hand_refusal refusal =
        find(step, answer->linkage_id, answer->step_no, answer->provider_id, ret_held);
    if (refusal != HAND_NOT_REFUSED) {
        return refusal;
    }
    if (ret_held->row.state != STEP_STATE(WAITING)) {
        return STEP_NOT_WAITING;
    }
    if (!check_is_text(answer->text)) {
        return STEP_TEXT_TOO_LONG;
    }
    const StepOffered *offer = ret_held->row.offer;
    if (now_ms > offer->reply_by_ms || now_ms >= offer->hold_until_ms) {
        return STEP_TOO_LATE;
    }
    return HAND_NOT_REFUSED;
}

/*
 * A person answers an offer that waits.
 *
 * A yes that has become impossible is a no: the coordinator must not wait for
 * it, and the person learns why.
 */
static void handle_answer_offer(struct wu_step *step, const AnswerOffer *answer)
{
    struct held_step held;
    const char *what = step_text(step, answer->linkage_id, answer->step_no);
    enum hand_refusal refusal = answer_refusal(step, answer, &held);
    if (refusal != HAND_NOT_REFUSED) {
        refuse(step, what, refusal, &held);
        return;
    }
    if (!answer->accept) {
        held_decline(step, &held,
                     answer->not_ours ? DECLINE_REASON(NOT_OURS) : DECLINE_REASON(BY_HAND),
                     answer->text);
        return;
    }

    const ProviderRow *provider = NULL;
    DeclineReason reason = held_refusal(step, &held, &provider);
    if (reason == NOT_DECLINED) {
        reason = held_reserve(step, &held, provider);
    }
    if (reason != NOT_DECLINED) {
        held_decline(step, &held, reason, answer->text);
        check_refuse(step, what, &IMPOSSIBLE[reason]);
    }
}
WU_HANDLER(answer_offer, AnswerOffer)

/* Whoever does not ask for steps gives them; a sixth society is meant too. */
static bool is_providing_role(Role role)
{
    return role != ROLE(UNSPECIFIED) && role != ROLE(COMMUNITY) && role != ROLE(COORDINATOR);
}

static bool is_plan(PlanStep *const *plan, size_t step_count)
{
    if (step_count > PROVIDER_PLAN_STEPS_MAX) {
        return false;
    }
    for (size_t i = 0; i < step_count; i++) {
        if (!is_providing_role(plan[i]->role) || plan[i]->quantity < 1 ||
            !check_is_code(plan[i]->service, CHECK_SERVICE_BYTES_MAX)) {
            return false;
        }
    }
    return true;
}

static enum hand_refusal report_refusal(struct wu_step *step, const ReportDelivery *report,
                                        struct held_step *ret_held)
{
    const struct provider_hooks *hooks = wu_step_extra(step);
    enum hand_refusal refusal =
        find(step, report->linkage_id, report->step_no, report->provider_id, ret_held);
    if (refusal != HAND_NOT_REFUSED) {
        return refusal;
    }
    if (ret_held->row.state != STEP_STATE(CONFIRMED)) {
        return STEP_NOT_CONFIRMED;
    }
    if (report->quantity < 0 || report->quantity > ret_held->row.offer->quantity) {
        return STEP_QUANTITY_INVALID;
    }
    if (report->minutes < 0) {
        return STEP_MINUTES_INVALID;
    }
    if (!check_is_text(report->note)) {
        return STEP_TEXT_TOO_LONG;
    }
    if (report->n_plan > 0 && hooks->role != ROLE(SOCIALWORKER)) {
        return STEP_PLAN_NOT_YOURS;
    }
    if (!is_plan(report->plan, report->n_plan)) {
        return STEP_PLAN_INVALID;
    }
    return HAND_NOT_REFUSED;
}

/* The work of a confirmed step is done, wholly or in part. */
static void handle_report_delivery(struct wu_step *step, const ReportDelivery *report)
{
    struct held_step held;
    enum hand_refusal refusal = report_refusal(step, report, &held);
    if (refusal != HAND_NOT_REFUSED) {
        refuse(step, step_text(step, report->linkage_id, report->step_no), refusal, &held);
        return;
    }

    StepDelivered delivered = LINKAGE__STEP_DELIVERED__INIT;
    delivered.quantity = report->quantity > 0 ? report->quantity : held.row.offer->quantity;
    delivered.minutes = report->minutes;
    delivered.note = report->note;
    delivered.n_plan = report->n_plan;
    delivered.plan = report->plan;
    held_deliver(step, &held, &delivered);
}
WU_HANDLER(report_delivery, ReportDelivery)

const struct wu_route PROVIDER_HAND_ROUTES[] = {
    {WU_TYPE(LINKAGE_ANSWER_OFFER), WU_ORIGIN_COMMAND, &linkage__answer_offer__descriptor,
     route_answer_offer},
    {WU_TYPE(LINKAGE_REPORT_DELIVERY), WU_ORIGIN_COMMAND, &linkage__report_delivery__descriptor,
     route_report_delivery},
    {0},
};
