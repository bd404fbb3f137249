#include "services/socialorg/core/decision.h"

#include "common/base/assert.h"
#include "common/base/time.h"
#include "services/provider/provider.h"
#include "services/socialorg/core/interest.h"
#include "services/socialorg/core/organisation.h"
#include "services/socialorg/core/policy.h"
#include "services/socialorg/core/tables.h"

enum { CIRCLE_MAX = 256, PEOPLE_MAX = 32 };

enum decision_refusal {
    DECISION_NOT_REFUSED,
    DECISION_UNKNOWN,
    DECISION_NOT_REOPENED,
    REVIEW_REASON_MISSING,
    REVIEW_BY_MALFORMED,
    REVIEW_SAME_PERSON,
    REVIEW_CONFLICTED,
    NOT_RELATED,
    WHERE_MISSING,
};

static const struct refusal REFUSALS[] = {
    [DECISION_UNKNOWN] = {"DECISION_UNKNOWN", "no such decision about that organisation is on "
                                              "record"},
    [DECISION_NOT_REOPENED] = {"DECISION_NOT_REOPENED", "it stands: no interest opened it again"},
    [REVIEW_REASON_MISSING] = {"REVIEW_REASON_MISSING", "say why, in 1 to 1000 bytes"},
    [REVIEW_BY_MALFORMED] = {"REVIEW_BY_MALFORMED",
                             "name the person by a code of 1 to 31 bytes without blanks"},
    [REVIEW_SAME_PERSON] = {"REVIEW_SAME_PERSON",
                            "whoever took the decision does not review it; ask another person"},
    [NOT_RELATED] = {"NOT_RELATED", "its parties are not bound to each other: nothing is to be "
                                    "disclosed"},
    [WHERE_MISSING] = {"WHERE_MISSING", "say where it can be read, in 1 to 1000 bytes"},
};

/* ---- the gate --------------------------------------------------------------------------- */

/* "p-1 - org-7 - org-3" */
static const char *path_text(struct wu_step *step, const struct interest_path *path)
{
    const char *text = path->parties[0];
    for (size_t i = 1; i < path->count && text != NULL; i++) {
        text = wu_arena_printf(wu_step_arena(step), "%s - %s", text, path->parties[i]);
    }
    return text != NULL ? text : "";
}

bool decision_is_conflicted(struct wu_step *step, const char *by, const char *body)
{
    SetPolicy policy = policy_of(wu_step_txn(step));
    struct interest_path path = interest_find_path(step, by, body, policy.conflict_hops_max);
    if (path.count == 0) {
        return false;
    }
    wu_answer_refuse(step, "CONFLICT_OF_INTEREST",
                     "'%s' is bound to the organisation (%s) and does not decide about it; ask "
                     "somebody who is not",
                     by, path_text(step, &path));
    return true;
}

/* ---- the record --------------------------------------------------------------------------- */

static bool decision_key(const char *body, DecisionKind kind, struct decision_key *ret_key)
{
    *ret_key = (struct decision_key){.kind = (uint32_t)kind};
    return wu_key_text(ret_key->body, sizeof ret_key->body, body);
}

static bool has_decided(const DecisionRow *row, const char *by)
{
    return check_has_service(row->by, row->n_by, by);
}

static void add_person(struct wu_step *step, DecisionRow *row, const char *by)
{
    const char **list = wu_arena_take(wu_step_arena(step), (row->n_by + 1) * sizeof *list);
    if (list == NULL || has_decided(row, by) || row->n_by == PEOPLE_MAX) {
        return;
    }
    for (size_t i = 0; i < row->n_by; i++) {
        list[i] = row->by[i];
    }
    list[row->n_by++] = by;
    row->by = list;
}

static struct wu_id body_id(struct wu_step *step, const char *body)
{
    struct wu_id id;
    (void)provider_by_code(step, body, &id);
    return id;
}

/* One clock for each body: it looks which of its disclosures are late. */
static void start_disclosure(struct wu_step *step, const char *body, DecisionRow *row)
{
    SetPolicy policy = policy_of(wu_step_txn(step));
    struct interest_path path =
        interest_find_path(step, row->partner, body, policy.conflict_hops_max);
    if (row->partner[0] == '\0' || path.count == 0 || row->disclose_by_ms != 0) {
        return;
    }
    row->related_hop_count = (uint32_t)path.count - 1;
    row->disclose_by_ms =
        wu_time_add(wu_step_event(step)->time_ms, (int64_t)policy.disclosure_days * WU_DAY_MS);
    struct wu_timer timer = {.due_at_ms = row->disclose_by_ms,
                             .type = WU_TYPE(SOCIALORG_DISCLOSURE_DUE),
                             .subject = body_id(step, body)};
    wu_timer_set(step, &timer);
}

void decision_record(struct wu_step *step, const struct decision *decision)
{
    struct decision_key key;
    if (!decision_key(decision->body, decision->kind, &key)) {
        return;
    }
    const DecisionRow *known = decisions_get(wu_step_txn(step), &key);
    DecisionRow row = SOCIALORG_STATE__DECISION_ROW__INIT;
    if (known != NULL) {
        row = *known;
    }
    if (row.state == 0) {
        row.state = DECISION_STATE(STANDS);
    }
    row.partner = decision->partner;
    row.decided_at_ms = wu_step_event(step)->time_ms;
    add_person(step, &row, decision->by);
    start_disclosure(step, decision->body, &row);
    decisions_put(wu_step_txn(step), &key, &row);
}

bool decision_is_open_again(struct wu_step *step, const char *body, DecisionKind kind)
{
    struct decision_key key;
    const DecisionRow *row =
        decision_key(body, kind, &key) ? decisions_get(wu_step_txn(step), &key) : NULL;
    return row != NULL &&
           (row->state == DECISION_STATE(REOPENED) || row->state == DECISION_STATE(VOID));
}

/* ---- an interest that comes later ------------------------------------------------------------ */

/* The shortest way from anybody who decided to the body. */
static uint32_t nearest_hops(struct wu_step *step, const DecisionRow *row, const char *body,
                             uint32_t hops_max, bool *ret_bound)
{
    uint32_t nearest = hops_max;
    *ret_bound = false;
    for (size_t i = 0; i < row->n_by; i++) {
        struct interest_path path = interest_find_path(step, row->by[i], body, nearest);
        if (path.count > 0) {
            *ret_bound = true;
            nearest = (uint32_t)path.count - 1;
        }
    }
    return nearest;
}

static void emit_reopened(struct wu_step *step, const struct decision_key *key, uint32_t hops)
{
    DecisionReopened reopened = SOCIALORG__DECISION_REOPENED__INIT;
    reopened.body = key->body;
    reopened.kind = (DecisionKind)key->kind;
    reopened.hop_count = hops;
    struct wu_mail mail = {.type = WU_TYPE(SOCIALORG_DECISION_REOPENED),
                           .subject = body_id(step, key->body)};
    wu_emit_public(step, "socialorg.decision", &mail, &reopened.base);
}

static void look_again(struct wu_step *step, const struct decision_key *key,
                       const DecisionRow *known, uint32_t hops_max)
{
    bool bound = false;
    uint32_t hops = nearest_hops(step, known, key->body, hops_max, &bound);
    DecisionRow row = *known;
    start_disclosure(step, key->body, &row);
    bool reopens = bound && known->state == DECISION_STATE(STANDS);
    if (reopens) {
        row.state = DECISION_STATE(REOPENED);
    }
    if (reopens || row.disclose_by_ms != known->disclose_by_ms) {
        decisions_put(wu_step_txn(step), key, &row);
    }
    if (reopens) {
        emit_reopened(step, key, hops);
    }
}

void decision_interest_came(struct wu_step *step, const char *party)
{
    SetPolicy policy = policy_of(wu_step_txn(step));
    uint32_t hops_max = policy.conflict_hops_max;
    const char *circle[CIRCLE_MAX];
    size_t count = interest_circle(step, party, hops_max, circle, CIRCLE_MAX);
    for (size_t i = 0; i < count; i++) {
        struct decision_key key = {.kind = 0};
        const DecisionRow *row = NULL;
        if (!wu_key_text(key.body, sizeof key.body, circle[i])) {
            continue; /* too long to be a body's code */
        }
        for (bool found = decisions_from(wu_step_txn(step), &key, 1, &row); found;
             found = decisions_after(wu_step_txn(step), &key, 1, &row)) {
            look_again(step, &key, row, hops_max);
        }
    }
}

static enum decision_refusal review_refusal(const ReviewDecision *message, const DecisionRow *known)
{
    if (known == NULL) {
        return DECISION_UNKNOWN;
    }
    if (known->state != DECISION_STATE(REOPENED)) {
        return DECISION_NOT_REOPENED;
    }
    if (message->reason[0] == '\0' || !check_is_text(message->reason)) {
        return REVIEW_REASON_MISSING;
    }
    if (!check_is_code(message->by, BY_BYTES_MAX)) {
        return REVIEW_BY_MALFORMED;
    }
    return has_decided(known, message->by) ? REVIEW_SAME_PERSON : DECISION_NOT_REFUSED;
}

static void handle_review_decision(struct wu_step *step, const ReviewDecision *message)
{
    struct decision_key key;
    const DecisionRow *known = decision_key(message->body, message->kind, &key)
                                   ? decisions_get(wu_step_txn(step), &key)
                                   : NULL;
    enum decision_refusal refusal = review_refusal(message, known);
    if (refusal != DECISION_NOT_REFUSED) {
        check_refuse(step, message->body, &REFUSALS[refusal]);
        return;
    }
    if (decision_is_conflicted(step, message->by, message->body)) {
        return;
    }
    DecisionRow row = *known;
    row.state = message->uphold ? DECISION_STATE(UPHELD) : DECISION_STATE(VOID);
    row.reviewed_by = message->by;
    row.review_reason = message->reason;
    decisions_put(wu_step_txn(step), &key, &row);
}
WU_HANDLER(review_decision, ReviewDecision)

/* ---- disclosure -------------------------------------------------------------------------------
 */

static enum decision_refusal disclosure_refusal(const RecordDisclosure *message,
                                                const DecisionRow *known)
{
    if (known == NULL) {
        return DECISION_UNKNOWN;
    }
    if (known->disclose_by_ms == 0) {
        return NOT_RELATED;
    }
    if (message->where[0] == '\0' || !check_is_text(message->where)) {
        return WHERE_MISSING;
    }
    return check_is_code(message->by, BY_BYTES_MAX) ? DECISION_NOT_REFUSED : REVIEW_BY_MALFORMED;
}

static void handle_record_disclosure(struct wu_step *step, const RecordDisclosure *message)
{
    struct decision_key key;
    const DecisionRow *known = decision_key(message->body, message->kind, &key)
                                   ? decisions_get(wu_step_txn(step), &key)
                                   : NULL;
    enum decision_refusal refusal = disclosure_refusal(message, known);
    if (refusal != DECISION_NOT_REFUSED) {
        check_refuse(step, message->body, &REFUSALS[refusal]);
        return;
    }
    DecisionRow row = *known;
    if (row.disclosed_at_ms == 0) {
        row.disclosed_at_ms = wu_step_event(step)->time_ms;
    }
    row.disclosed_where = message->where;
    decisions_put(wu_step_txn(step), &key, &row);
}
WU_HANDLER(record_disclosure, RecordDisclosure)

static void tell_overdue(struct wu_step *step, const struct decision_key *key,
                         const DecisionRow *known)
{
    if (known->disclose_by_ms == 0 || known->disclosed_at_ms != 0 || known->is_overdue ||
        known->disclose_by_ms > wu_step_event(step)->time_ms) {
        return;
    }
    DecisionRow row = *known;
    row.is_overdue = true;
    decisions_put(wu_step_txn(step), key, &row);
    DisclosureOverdue overdue = SOCIALORG__DISCLOSURE_OVERDUE__INIT;
    overdue.body = key->body;
    overdue.kind = (DecisionKind)key->kind;
    overdue.due_at_ms = known->disclose_by_ms;
    struct wu_mail mail = {.type = WU_TYPE(SOCIALORG_DISCLOSURE_OVERDUE),
                           .subject = wu_step_event(step)->subject};
    wu_emit_public(step, "socialorg.decision", &mail, &overdue.base);
}

static void handle_disclosure_due(struct wu_step *step)
{
    struct provider_key body = {wu_step_event(step)->subject};
    const ProviderRow *provider = providers_get(wu_step_txn(step), &body);
    struct decision_key key = {.kind = 0};
    const DecisionRow *row = NULL;
    if (provider == NULL || !wu_key_text(key.body, sizeof key.body, provider->code)) {
        return;
    }
    for (bool found = decisions_from(wu_step_txn(step), &key, 1, &row); found;
         found = decisions_after(wu_step_txn(step), &key, 1, &row)) {
        tell_overdue(step, &key, row);
    }
}
WU_TIMER_HANDLER(disclosure_due)

const struct wu_route SOCIALORG_DECISION_ROUTES[] = {
    {WU_TYPE(SOCIALORG_REVIEW_DECISION), WU_ORIGIN_COMMAND, &socialorg__review_decision__descriptor,
     route_review_decision},
    {WU_TYPE(SOCIALORG_RECORD_DISCLOSURE), WU_ORIGIN_COMMAND,
     &socialorg__record_disclosure__descriptor, route_record_disclosure},
    {WU_TYPE(SOCIALORG_DISCLOSURE_DUE), WU_ORIGIN_TIMER, NULL, route_disclosure_due},
    {0},
};
