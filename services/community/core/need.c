#include "services/community/core/need.h"

#include "common/base/time.h"
#include "services/community/core/names.h"
#include "services/community/core/tables.h"

#include <string.h>

enum { RATING_MAX = 5 };

/* ---- raising --------------------------------------------------------------- */

/* Checked in this order; the first that fails is the answer. */
typedef enum {
    NEED_NOT_REFUSED,
    NEED_REFUSAL_KIND_UNKNOWN,
    NEED_REFUSAL_COMMUNITY_UNKNOWN,
    NEED_REFUSAL_URGENCY_MISSING,
    NEED_REFUSAL_SOURCE_MISSING,
    NEED_REFUSAL_WINDOW_INVALID,
    NEED_REFUSAL_TEXT_TOO_LONG,
} NeedRefusal;

static const KindRow *kind_of(struct wu_step *step, const char *code)
{
    struct kind_key key;
    return wu_key_text(key.code, sizeof key.code, code) ? kinds_get(wu_step_txn(step), &key) : NULL;
}

static bool window_is_valid(const RaiseNeed *raise, int64_t now_ms)
{
    return raise->from_ms < raise->until_ms && raise->until_ms > now_ms;
}

static NeedRefusal need_refusal(struct wu_step *step, const RaiseNeed *raise, const KindRow *kind)
{
    if (kind == NULL) {
        return NEED_REFUSAL_KIND_UNKNOWN;
    }
    if (communities_get(wu_step_txn(step), &(struct community_key){raise->division}) == NULL) {
        return NEED_REFUSAL_COMMUNITY_UNKNOWN;
    }
    if (raise->urgency == URGENCY_UNSPECIFIED) {
        return NEED_REFUSAL_URGENCY_MISSING;
    }
    if (raise->source == SOURCE_UNSPECIFIED) {
        return NEED_REFUSAL_SOURCE_MISSING;
    }
    if (!window_is_valid(raise, wu_step_event(step)->time_ms)) {
        return NEED_REFUSAL_WINDOW_INVALID;
    }
    if (strlen(raise->origin) >= NEED_ORIGIN_SIZE || strlen(raise->external_ref) >= NEED_REF_SIZE) {
        return NEED_REFUSAL_TEXT_TOO_LONG;
    }
    return NEED_NOT_REFUSED;
}

static void refuse_need(struct wu_step *step, const RaiseNeed *raise, NeedRefusal refusal)
{
    switch (refusal) {
    case NEED_REFUSAL_KIND_UNKNOWN:
        wu_answer_refuse(step, "NEED_KIND_UNKNOWN",
                         "no kind '%.40s' in the catalogue; 'wushectl catalogue show' shows it, "
                         "'wushectl import kinds' adds to it",
                         raise->kind);
        break;
    case NEED_REFUSAL_COMMUNITY_UNKNOWN:
        wu_answer_refuse(step, "NEED_COMMUNITY_UNKNOWN",
                         "%llu is not a community of this node; add it first, or send the need to "
                         "the node that speaks for it",
                         (unsigned long long)raise->division);
        break;
    case NEED_REFUSAL_URGENCY_MISSING:
        wu_answer_refuse(step, "NEED_URGENCY_MISSING",
                         "a need says how pressing it is: urgent, difficult, anxious or longing");
        break;
    case NEED_REFUSAL_SOURCE_MISSING:
        wu_answer_refuse(step, "NEED_SOURCE_MISSING",
                         "a need says where it comes from: resident, inspection or agency");
        break;
    case NEED_REFUSAL_WINDOW_INVALID:
        wu_answer_refuse(step, "NEED_WINDOW_INVALID",
                         "the wanted time must end after it begins, and not in the past; correct "
                         "it and send the need again");
        break;
    case NEED_REFUSAL_TEXT_TOO_LONG:
        wu_answer_refuse(step, "NEED_TEXT_TOO_LONG",
                         "an origin has at most %d bytes and an external number at most %d; "
                         "shorten them",
                         NEED_ORIGIN_SIZE - 1, NEED_REF_SIZE - 1);
        break;
    case NEED_NOT_REFUSED:
    default:
        break;
    }
}

/*
 * The key of the number the need has elsewhere. False when it has none: without
 * an origin a number says nothing, and two papers could carry the same one.
 */
static bool need_ref_key(const RaiseNeed *raise, struct need_ref_key *ret_key)
{
    return raise->origin[0] != '\0' && raise->external_ref[0] != '\0' &&
           wu_key_text(ret_key->origin, sizeof ret_key->origin, raise->origin) &&
           wu_key_text(ret_key->external_ref, sizeof ret_key->external_ref, raise->external_ref);
}

static NeedRow need_row(const struct wu_event *event, const RaiseNeed *raise, const KindRow *kind)
{
    NeedRow need = COMMUNITY_STATE__NEED_ROW__INIT;
    need.kind = raise->kind;
    need.division = raise->division;
    need.urgency = raise->urgency;
    need.source = raise->source;
    need.from_ms = raise->from_ms;
    need.until_ms = raise->until_ms;
    need.origin = raise->origin;
    need.external_ref = raise->external_ref;
    need.state = NEED_RAISED;
    need.raised_at_ms = event->happened_at_ms;
    need.recorded_at_ms = event->time_ms;
    need.confirm_within_ms = kind->confirm_within_ms;
    return need;
}

static struct wu_mail mail_to_hub(struct wu_step *step, wu_event_type type,
                                  const struct wu_id *need_id, const NeedRow *need)
{
    return (struct wu_mail){
        .to_node = wu_step_hub(step),
        .type = type,
        .subject = *need_id,
        .correlation = *need_id,
        .division = need->division,
    };
}

static void emit_need_raised(struct wu_step *step, const struct wu_id *need_id, const NeedRow *need)
{
    NeedRaised raised = COMMUNITY__NEED_RAISED__INIT;
    raised.need_id = wu_id_to_pb(need_id);
    raised.kind = need->kind;
    raised.division = need->division;
    raised.urgency = need->urgency;
    raised.from_ms = need->from_ms;
    raised.until_ms = need->until_ms;
    raised.happened_at_ms = need->raised_at_ms;
    const struct wu_mail mail = mail_to_hub(step, WU_TYPE(COMMUNITY_NEED_RAISED), need_id, need);
    wu_emit_mail(step, &mail, &raised.base);
}

/*
 * The number was used before: the same need gets the same answer. Its wanted
 * time may differ, because files give it relative to their import.
 */
static void answer_known(struct wu_step *step, const RaiseNeed *raise, const struct need_key *key)
{
    const NeedRow *need = needs_get(wu_step_txn(step), key);
    if (need == NULL) {
        return; /* the batch fails: the two rows are written together */
    }
    if (strcmp(need->kind, raise->kind) != 0 || need->division != raise->division) {
        wu_answer_refuse(step, "NEED_REF_REUSED",
                         "number '%.40s' of '%.16s' is already that of another need, of kind %s in "
                         "%llu; give this one its own number",
                         raise->external_ref, raise->origin, need->kind,
                         (unsigned long long)need->division);
        return;
    }
    wu_answer_accept(step, key->need_id);
}

/*
 * A resident, a grid worker or an agency raises a need.
 *
 * A need that came before under the same number of the same origin is the same
 * need: its answer is given again, so that an import may be repeated. A refusal
 * leaves no trace, so that it can be corrected and sent again.
 */
static void handle_raise_need(struct wu_step *step, const RaiseNeed *raise)
{
    struct wu_txn *txn = wu_step_txn(step);
    struct need_ref_key ref;
    bool has_ref = need_ref_key(raise, &ref);
    const NeedRefRow *known = has_ref ? needs_by_ref_get(txn, &ref) : NULL;
    struct need_key key;
    if (known != NULL && wu_id_from_pb(known->need_id, &key.need_id)) {
        answer_known(step, raise, &key);
        return;
    }

    const KindRow *kind = kind_of(step, raise->kind);
    NeedRefusal refusal = need_refusal(step, raise, kind);
    if (refusal != NEED_NOT_REFUSED) {
        refuse_need(step, raise, refusal);
        return;
    }

    key.need_id = wu_step_new_id(step);
    NeedRow need = need_row(wu_step_event(step), raise, kind);
    needs_put(txn, &key, &need);
    if (has_ref) {
        NeedRefRow row = COMMUNITY_STATE__NEED_REF_ROW__INIT;
        row.need_id = wu_id_to_pb(&key.need_id);
        needs_by_ref_put(txn, &ref, &row);
    }
    emit_need_raised(step, &key.need_id, &need);
    wu_answer_accept(step, key.need_id);
}

/* ---- what the coordinator says --------------------------------------------- */

/*
 * The need a word of the coordinator is about. False when it is not for us to
 * believe: from another node than our coordinator, or of a need we do not have.
 */
static bool need_of_hub(struct wu_step *step, ProtobufCBinaryData linkage_id,
                        struct need_key *ret_key, NeedRow *ret_need)
{
    if (wu_step_event(step)->from_node != wu_step_hub(step) ||
        !wu_id_from_pb(linkage_id, &ret_key->need_id)) {
        return false;
    }
    const NeedRow *need = needs_get(wu_step_txn(step), ret_key);
    if (need == NULL) {
        return false;
    }
    *ret_need = *need;
    return true;
}

static void handle_linkage_opened(struct wu_step *step, const LinkageOpened *opened)
{
    struct need_key key;
    NeedRow need;
    if (!need_of_hub(step, opened->linkage_id, &key, &need) || need.state != NEED_RAISED) {
        return;
    }
    need.state = NEED_OPEN;
    need.opened_at_ms = wu_step_event(step)->time_ms;
    need.kind_version = opened->kind_version;
    needs_put(wu_step_txn(step), &key, &need);
}

static void handle_linkage_refused(struct wu_step *step, const LinkageRefused *refused)
{
    struct need_key key;
    NeedRow need;
    if (!need_of_hub(step, refused->linkage_id, &key, &need) || need.state != NEED_RAISED) {
        return;
    }
    need.state = NEED_REFUSED;
    need.refusal = refused->reason;
    need.rule = refused->rule;
    need.closed_at_ms = wu_step_event(step)->time_ms;
    needs_put(wu_step_txn(step), &key, &need);
}

static struct wu_timer confirm_timer(const struct need_key *key, const NeedRow *need)
{
    return (struct wu_timer){
        .due_at_ms = need->confirm_by_ms,
        .type = WU_TYPE(COMMUNITY_CONFIRM_OVERDUE),
        .subject = key->need_id,
    };
}

static void begin_awaiting(struct wu_step *step, const struct need_key *key, NeedRow *need)
{
    need->state = NEED_AWAITING;
    need->confirm_by_ms = wu_time_add(wu_step_event(step)->time_ms, need->confirm_within_ms);
    const struct wu_timer timer = confirm_timer(key, need);
    wu_timer_set(step, &timer);
    needs_awaiting_put(wu_step_txn(step),
                       &(struct need_awaiting_key){need->confirm_by_ms, key->need_id});
}

static void end_awaiting(struct wu_step *step, const struct need_key *key, const NeedRow *need)
{
    const struct wu_timer timer = confirm_timer(key, need);
    wu_timer_cancel(step, &timer);
    needs_awaiting_del(wu_step_txn(step),
                       &(struct need_awaiting_key){need->confirm_by_ms, key->need_id});
}

static void emit_need_confirmed(struct wu_step *step, const struct need_key *key,
                                const NeedRow *need)
{
    NeedConfirmed confirmed = COMMUNITY__NEED_CONFIRMED__INIT;
    confirmed.need_id = wu_id_to_pb(&key->need_id);
    confirmed.verdict = need->verdict;
    confirmed.rating = need->rating;
    const struct wu_mail mail =
        mail_to_hub(step, WU_TYPE(COMMUNITY_NEED_CONFIRMED), &key->need_id, need);
    wu_emit_mail(step, &mail, &confirmed.base);
}

/*
 * All is done: now the resident has the word, for as long as the kind gives. A
 * coordinator that asks although the word was given has forgotten it (its store
 * is an older copy): it gets the same word again.
 */
static void handle_linkage_delivered(struct wu_step *step, const LinkageDelivered *delivered)
{
    struct need_key key;
    NeedRow need;
    if (!need_of_hub(step, delivered->linkage_id, &key, &need)) {
        return;
    }
    if (need.confirmed_at_ms != 0) {
        emit_need_confirmed(step, &key, &need);
        return;
    }
    if (need.state != NEED_OPEN) {
        return;
    }
    need.delivered_at_ms = wu_step_event(step)->time_ms;
    begin_awaiting(step, &key, &need);
    needs_put(wu_step_txn(step), &key, &need);
}

/* A clock ran out at the coordinator: the case is one level up. */
static void handle_linkage_escalated(struct wu_step *step, const LinkageEscalated *escalated)
{
    struct need_key key;
    NeedRow need;
    if (!need_of_hub(step, escalated->linkage_id, &key, &need) || need.state == NEED_CLOSED) {
        return;
    }
    need.escalated_to = escalated->division;
    need.escalated_by = escalated->rule;
    need.escalated_at_ms = wu_step_event(step)->time_ms;
    needs_put(wu_step_txn(step), &key, &need);
}

/* Nobody wants a step to be theirs: an office rules on it, or has. */
static void handle_linkage_disputed(struct wu_step *step, const LinkageDisputed *disputed)
{
    struct need_key key;
    NeedRow need;
    if (!need_of_hub(step, disputed->linkage_id, &key, &need) || need.state == NEED_CLOSED) {
        return;
    }
    need.ruling_by_ms = disputed->ruling_by_ms;
    needs_put(wu_step_txn(step), &key, &need);
}

static bool need_may_close(const NeedRow *need)
{
    return need->state == NEED_OPEN || need->state == NEED_AWAITING ||
           need->state == NEED_CONFIRMED;
}

static void handle_linkage_closed(struct wu_step *step, const LinkageClosed *closed)
{
    struct need_key key;
    NeedRow need;
    if (!need_of_hub(step, closed->linkage_id, &key, &need) || !need_may_close(&need)) {
        return;
    }
    if (need.state == NEED_AWAITING) {
        end_awaiting(step, &key, &need);
    }
    need.state = NEED_CLOSED;
    need.outcome = closed->outcome;
    need.reason = closed->reason;
    need.missing_service = closed->service;
    need.closed_at_ms = wu_step_event(step)->time_ms;
    needs_put(wu_step_txn(step), &key, &need);
}

/* ---- the resident's word --------------------------------------------------- */

/* Checked in this order; the first that fails is the answer. */
typedef enum {
    CONFIRM_NOT_REFUSED,
    CONFIRM_REFUSAL_NEED_UNKNOWN,
    CONFIRM_REFUSAL_NOT_AWAITING,
    CONFIRM_REFUSAL_VERDICT_MISSING,
    CONFIRM_REFUSAL_RATING_INVALID,
} ConfirmRefusal;

static ConfirmRefusal confirm_refusal(const NeedRow *need, const ConfirmNeed *confirm)
{
    if (need == NULL) {
        return CONFIRM_REFUSAL_NEED_UNKNOWN;
    }
    if (need->state != NEED_AWAITING) {
        return CONFIRM_REFUSAL_NOT_AWAITING;
    }
    if (confirm->verdict == VERDICT_UNSPECIFIED) {
        return CONFIRM_REFUSAL_VERDICT_MISSING;
    }
    if (confirm->rating > RATING_MAX) {
        return CONFIRM_REFUSAL_RATING_INVALID;
    }
    return CONFIRM_NOT_REFUSED;
}

static void refuse_confirm(struct wu_step *step, const struct need_key *key, ConfirmRefusal refusal)
{
    char text[WU_ID_TEXT_MAX];
    switch (refusal) {
    case CONFIRM_REFUSAL_NEED_UNKNOWN:
        wu_answer_refuse(
            step, "NEED_UNKNOWN",
            "there is no need %s here; 'wushectl need list' shows them of this community",
            wu_id_to_text(&key->need_id, text));
        break;
    case CONFIRM_REFUSAL_NOT_AWAITING:
        wu_answer_refuse(step, "NEED_NOT_AWAITING",
                         "need %s does not wait for the resident's word: it is not delivered yet, "
                         "or the word was given, or the time for it is up",
                         wu_id_to_text(&key->need_id, text));
        break;
    case CONFIRM_REFUSAL_VERDICT_MISSING:
        wu_answer_refuse(step, "NEED_VERDICT_MISSING",
                         "a word on need %s says met, partly or not met",
                         wu_id_to_text(&key->need_id, text));
        break;
    case CONFIRM_REFUSAL_RATING_INVALID:
        wu_answer_refuse(step, "NEED_RATING_INVALID", "a rating is 1 to %d, or 0 for none given",
                         RATING_MAX);
        break;
    case CONFIRM_NOT_REFUSED:
    default:
        break;
    }
}

/* The word is out, or silence is: from here on it is not taken back. */
static void settle_need(struct wu_step *step, const struct need_key *key, const NeedRow *awaiting,
                        Community__Verdict verdict, uint32_t rating)
{
    NeedRow need = *awaiting;
    end_awaiting(step, key, &need);
    need.state = NEED_CONFIRMED;
    need.verdict = verdict;
    need.rating = rating;
    need.confirmed_at_ms = wu_step_event(step)->happened_at_ms;
    needs_put(wu_step_txn(step), key, &need);
    emit_need_confirmed(step, key, &need);
}

/* The resident says whether it helped. */
static void handle_confirm_need(struct wu_step *step, const ConfirmNeed *confirm)
{
    struct need_key key;
    const NeedRow *need =
        wu_id_from_pb(confirm->need_id, &key.need_id) ? needs_get(wu_step_txn(step), &key) : NULL;
    ConfirmRefusal refusal = confirm_refusal(need, confirm);
    if (refusal != CONFIRM_NOT_REFUSED) {
        refuse_confirm(step, &key, refusal);
        return;
    }
    settle_need(step, &key, need, confirm->verdict, confirm->rating);
    wu_answer_accept(step, key.need_id);
}

/* The resident kept silent until the time was up. Silence is its own state, never a yes. */
static void handle_confirm_overdue(struct wu_step *step)
{
    const struct need_key key = {wu_step_event(step)->subject};
    const NeedRow *need = needs_get(wu_step_txn(step), &key);
    if (need == NULL || need->state != NEED_AWAITING) {
        return;
    }
    settle_need(step, &key, need, VERDICT_UNSPECIFIED, 0);
}

WU_HANDLER(raise_need, RaiseNeed)
WU_HANDLER(confirm_need, ConfirmNeed)
WU_HANDLER(linkage_opened, LinkageOpened)
WU_HANDLER(linkage_refused, LinkageRefused)
WU_HANDLER(linkage_delivered, LinkageDelivered)
WU_HANDLER(linkage_escalated, LinkageEscalated)
WU_HANDLER(linkage_disputed, LinkageDisputed)
WU_HANDLER(linkage_closed, LinkageClosed)
WU_TIMER_HANDLER(confirm_overdue)

const struct wu_route COMMUNITY_NEED_ROUTES[] = {
    {WU_TYPE(COMMUNITY_RAISE_NEED), WU_ORIGIN_COMMAND, &community__raise_need__descriptor,
     route_raise_need},
    {WU_TYPE(COMMUNITY_CONFIRM_NEED), WU_ORIGIN_COMMAND, &community__confirm_need__descriptor,
     route_confirm_need},
    {WU_TYPE(COORDINATOR_LINKAGE_OPENED), WU_ORIGIN_MAIL, &coordinator__linkage_opened__descriptor,
     route_linkage_opened},
    {WU_TYPE(COORDINATOR_LINKAGE_REFUSED), WU_ORIGIN_MAIL,
     &coordinator__linkage_refused__descriptor, route_linkage_refused},
    {WU_TYPE(COORDINATOR_LINKAGE_DELIVERED), WU_ORIGIN_MAIL,
     &coordinator__linkage_delivered__descriptor, route_linkage_delivered},
    {WU_TYPE(COORDINATOR_LINKAGE_ESCALATED), WU_ORIGIN_MAIL,
     &coordinator__linkage_escalated__descriptor, route_linkage_escalated},
    {WU_TYPE(COORDINATOR_LINKAGE_DISPUTED), WU_ORIGIN_MAIL,
     &coordinator__linkage_disputed__descriptor, route_linkage_disputed},
    {WU_TYPE(COORDINATOR_LINKAGE_CLOSED), WU_ORIGIN_MAIL, &coordinator__linkage_closed__descriptor,
     route_linkage_closed},
    {WU_TYPE(COMMUNITY_CONFIRM_OVERDUE), WU_ORIGIN_TIMER, NULL, route_confirm_overdue},
    {0},
};
