#include "services/socialorg/core/organisation.h"

#include "common/base/division.h"
#include "services/provider/provider.h"
#include "services/socialorg/core/credit_code.h"
#include "services/socialorg/core/decision.h"
#include "services/socialorg/core/interest.h"
#include "services/socialorg/core/policy.h"
#include "services/socialorg/core/tables.h"

enum { FILING_BYTES_MAX = 31, RATING_MAX = 5, AREAS_MAX = 64, GIVE_BACK_AT_ONCE = 64 };

enum organisation_refusal {
    ORGANISATION_NOT_REFUSED,
    ORGANISATION_UNKNOWN,
    ORGANISATION_KIND_INVALID,
    CREDIT_CODE_INVALID,
    CREDIT_CODE_TAKEN,
    FILING_NUMBER_INVALID,
    REGISTRATION_OVER,
    FOUNDERS_INVALID,
    RATING_INVALID,
    SCOPE_INVALID,
    AREAS_INVALID,
    CHECKS_MISSING,
    INTERESTS_UNDECLARED,
    BY_MALFORMED,
    REASON_MISSING,
    UNTIL_INVALID,
    NOT_SUSPENDED,
    SAME_PERSON,
};

static const struct refusal REFUSALS[] = {
    [ORGANISATION_UNKNOWN] = {"ORGANISATION_UNKNOWN",
                              "no body of this node has that code, or it was never registered"},
    [ORGANISATION_KIND_INVALID] = {"ORGANISATION_KIND_INVALID",
                                   "say what kind of organisation it is"},
    [CREDIT_CODE_INVALID] = {"CREDIT_CODE_INVALID",
                             "a credit code has 18 characters, no I, O, Z, S or V, and its last "
                             "one checks the others (GB 32100); copy it again from the "
                             "certificate"},
    [CREDIT_CODE_TAKEN] = {"CREDIT_CODE_TAKEN", "another body has that credit code"},
    [FILING_NUMBER_INVALID] = {"FILING_NUMBER_INVALID",
                               "a community group or an individual has no credit code but a "
                               "number of 1 to 31 bytes without blanks, under which it is on file"},
    [REGISTRATION_OVER] = {"REGISTRATION_OVER", "it must end after now"},
    [FOUNDERS_INVALID] = {"FOUNDERS_INVALID",
                          "say how many founders it has, and how many of them are residents"},
    [RATING_INVALID] = {"RATING_INVALID", "a rating is 1 to 5, and holds until a day"},
    [SCOPE_INVALID] = {"SCOPE_INVALID",
                       "the scope is at most 64 services, each once, of 1 to 31 bytes without "
                       "blanks; none for any"},
    [AREAS_INVALID] = {"AREAS_INVALID", "at most 64 areas of 12 digits; none for anywhere"},
    [CHECKS_MISSING] = {"CHECKS_MISSING",
                        "name 1 to 64 checks that were made; an enterprise or an individual does "
                        "not enter without"},
    [INTERESTS_UNDECLARED] = {"INTERESTS_UNDECLARED",
                              "an enterprise or an individual first declares its interests, or "
                              "that it has none"},
    [BY_MALFORMED] = {"BY_MALFORMED", "name the person by a code of 1 to 31 bytes without blanks"},
    [REASON_MISSING] = {"REASON_MISSING", "say why, in 1 to 1000 bytes"},
    [UNTIL_INVALID] = {"UNTIL_INVALID", "it ends after now; 0 until it is lifted"},
    [NOT_SUSPENDED] = {"NOT_SUSPENDED", "it is not suspended"},
    [SAME_PERSON] = {"SAME_PERSON", "whoever suspended it does not lift that; ask another person"},
};

/* ---- standing ----------------------------------------------------------------------- */

static bool has_credit_code(OrganisationKind kind)
{
    return kind != ORGANISATION_KIND(COMMUNITY_GROUP) && kind != ORGANISATION_KIND(INDIVIDUAL);
}

static bool is_checked_at_entry(OrganisationKind kind)
{
    return kind == ORGANISATION_KIND(ENTERPRISE) || kind == ORGANISATION_KIND(INDIVIDUAL);
}

static bool holds_area(const RegisterOrganisation *registered, uint64_t division)
{
    for (size_t i = 0; i < registered->n_areas; i++) {
        if (wu_division_holds(registered->areas[i], division)) {
            return true;
        }
    }
    return registered->n_areas == 0;
}

/* Its clock may not have come round to it yet. */
static bool is_over(const OrganisationRow *row, int64_t now_ms)
{
    return now_ms >= row->registered->registered_until_ms;
}

DeclineReason organisation_bar(struct wu_step *step, const struct wu_id *provider_id,
                               const StepOffered *offer)
{
    const OrganisationRow *row =
        organisations_get(wu_step_txn(step), &(struct organisation_key){*provider_id});
    if (row == NULL || is_over(row, wu_step_event(step)->time_ms)) {
        return DECLINE_REASON(NOT_REGISTERED);
    }
    if (row->status == ORGANISATION_STATUS(SUSPENDED)) {
        return DECLINE_REASON(SUSPENDED);
    }
    const RegisterOrganisation *registered = row->registered;
    bool in_scope = offer == NULL ||
                    ((registered->n_scope == 0 ||
                      check_has_service(registered->scope, registered->n_scope, offer->service)) &&
                     holds_area(registered, offer->division));
    return in_scope ? NOT_DECLINED : DECLINE_REASON(OUT_OF_SCOPE);
}

bool organisation_is_resident_led(const RegisterOrganisation *registered, const SetPolicy *policy)
{
    return (uint64_t)registered->resident_founder_count * 1000 >=
           (uint64_t)registered->founder_count * policy->resident_permille_min;
}

const OrganisationRow *organisation_by_code(struct wu_step *step, const char *code,
                                            struct wu_id *ret_provider_id)
{
    if (!provider_by_code(step, code, ret_provider_id)) {
        return NULL;
    }
    return organisations_get(wu_step_txn(step), &(struct organisation_key){*ret_provider_id});
}

bool organisation_may_work(struct wu_step *step, const OrganisationRow *row, uint64_t division)
{
    return row->status != ORGANISATION_STATUS(SUSPENDED) &&
           !is_over(row, wu_step_event(step)->time_ms) &&
           (division == 0 || holds_area(row->registered, division));
}

static void emit_changed(struct wu_step *step, const struct wu_id *provider_id,
                         const OrganisationRow *row)
{
    const ProviderRow *body =
        providers_get(wu_step_txn(step), &(struct provider_key){*provider_id});
    SetPolicy policy = policy_of(wu_step_txn(step));
    OrganisationChanged changed = SOCIALORG__ORGANISATION_CHANGED__INIT;
    changed.body = row->registered->body;
    changed.name = body != NULL ? body->name : "";
    changed.kind = row->registered->kind;
    changed.status = row->status;
    changed.credit_code = row->registered->credit_code;
    changed.registered_until_ms = row->registered->registered_until_ms;
    changed.rating = row->registered->rating;
    changed.resident_led = organisation_is_resident_led(row->registered, &policy);
    struct wu_mail mail = {.type = WU_TYPE(SOCIALORG_ORGANISATION_CHANGED),
                           .subject = *provider_id,
                           .division = body != NULL ? body->division : 0};
    wu_emit_public(step, "socialorg.organisation", &mail, &changed.base);
}

/* Writes the row; the coordinator and the public hear of it. */
static void put_and_tell(struct wu_step *step, const struct wu_id *provider_id,
                         const OrganisationRow *row)
{
    organisations_put(wu_step_txn(step), &(struct organisation_key){*provider_id}, row);
    provider_announce(step, provider_id);
    emit_changed(step, provider_id, row);
}

static OrganisationStatus status_of(const RegisterOrganisation *registered)
{
    return has_credit_code(registered->kind) ? ORGANISATION_STATUS(REGISTERED)
                                             : ORGANISATION_STATUS(FILED);
}

/* ---- registering ------------------------------------------------------------------- */

static enum organisation_refusal number_refusal(struct wu_step *step,
                                                const RegisterOrganisation *message,
                                                const struct wu_id *provider_id)
{
    struct credit_code_key key;
    struct wu_id taken_by;
    if (!has_credit_code(message->kind)) {
        return message->credit_code[0] == '\0' &&
                       check_is_code(message->filing_number, FILING_BYTES_MAX)
                   ? ORGANISATION_NOT_REFUSED
                   : FILING_NUMBER_INVALID;
    }
    if (!credit_code_is_valid(message->credit_code) ||
        !wu_key_text(key.credit_code, sizeof key.credit_code, message->credit_code)) {
        return CREDIT_CODE_INVALID;
    }
    const CreditCodeRow *row = credit_codes_get(wu_step_txn(step), &key);
    bool taken = row != NULL && wu_id_from_pb(row->provider_id, &taken_by) &&
                 !wu_id_equal(&taken_by, provider_id);
    return taken ? CREDIT_CODE_TAKEN : ORGANISATION_NOT_REFUSED;
}

static bool are_areas(const RegisterOrganisation *message)
{
    for (size_t i = 0; i < message->n_areas; i++) {
        if (!wu_division_is_valid(message->areas[i])) {
            return false;
        }
    }
    return message->n_areas <= AREAS_MAX;
}

static enum organisation_refusal entry_refusal(struct wu_step *step,
                                               const RegisterOrganisation *message)
{
    if (message->n_checks > 0 && !check_are_services(message->checks, message->n_checks)) {
        return CHECKS_MISSING;
    }
    if (is_checked_at_entry(message->kind) && message->n_checks == 0) {
        return CHECKS_MISSING;
    }
    if (is_checked_at_entry(message->kind) && !interest_is_declared(step, message->body)) {
        return INTERESTS_UNDECLARED;
    }
    return check_is_code(message->by, BY_BYTES_MAX) ? ORGANISATION_NOT_REFUSED : BY_MALFORMED;
}

static enum organisation_refusal register_refusal(struct wu_step *step,
                                                  const RegisterOrganisation *message,
                                                  struct wu_id *ret_provider_id)
{
    if (!provider_by_code(step, message->body, ret_provider_id)) {
        return ORGANISATION_UNKNOWN;
    }
    if (message->kind < ORGANISATION_KIND(ASSOCIATION) ||
        message->kind > ORGANISATION_KIND(INDIVIDUAL)) {
        return ORGANISATION_KIND_INVALID;
    }
    enum organisation_refusal number = number_refusal(step, message, ret_provider_id);
    if (number != ORGANISATION_NOT_REFUSED) {
        return number;
    }
    if (message->registered_until_ms <= wu_step_event(step)->time_ms) {
        return REGISTRATION_OVER;
    }
    if (message->founder_count == 0 || message->resident_founder_count > message->founder_count) {
        return FOUNDERS_INVALID;
    }
    if (message->rating > RATING_MAX || (message->rating != 0 && message->rated_until_ms <= 0)) {
        return RATING_INVALID;
    }
    if (message->n_scope > 0 && !check_are_services(message->scope, message->n_scope)) {
        return SCOPE_INVALID;
    }
    return are_areas(message) ? entry_refusal(step, message) : AREAS_INVALID;
}

static struct wu_timer end_timer(const struct wu_id *provider_id, const OrganisationRow *row)
{
    return (struct wu_timer){.due_at_ms = row->registered->registered_until_ms,
                             .type = WU_TYPE(SOCIALORG_REGISTRATION_ENDS),
                             .subject = *provider_id};
}

static void put_credit_code(struct wu_step *step, const char *code, const struct wu_id *provider_id)
{
    struct credit_code_key key;
    if (code[0] != '\0' && wu_key_text(key.credit_code, sizeof key.credit_code, code)) {
        CreditCodeRow row = SOCIALORG_STATE__CREDIT_CODE_ROW__INIT;
        row.provider_id = wu_id_to_pb(provider_id);
        credit_codes_put(wu_step_txn(step), &key, &row);
    }
}

/* What a record that is replaced leaves behind: its clock, and a credit code that is free again. */
static void retire(struct wu_step *step, const struct wu_id *provider_id,
                   const OrganisationRow *known)
{
    struct credit_code_key key;
    struct wu_timer timer = end_timer(provider_id, known);
    wu_timer_cancel(step, &timer);
    if (wu_key_text(key.credit_code, sizeof key.credit_code, known->registered->credit_code)) {
        credit_codes_del(wu_step_txn(step), &key);
    }
}

/*
 * A body is registered or filed, or what is known of it changes. A suspension
 * outlives that: a new certificate is no word on why it was suspended.
 */
static void handle_register_organisation(struct wu_step *step, const RegisterOrganisation *message)
{
    struct wu_id provider_id;
    enum organisation_refusal refusal = register_refusal(step, message, &provider_id);
    if (refusal != ORGANISATION_NOT_REFUSED) {
        check_refuse(step, message->body, &REFUSALS[refusal]);
        return;
    }
    if (decision_is_conflicted(step, message->by, message->body)) {
        return;
    }
    const OrganisationRow *known =
        organisations_get(wu_step_txn(step), &(struct organisation_key){provider_id});
    OrganisationRow row = SOCIALORG_STATE__ORGANISATION_ROW__INIT;
    RegisterOrganisation registered = *message;
    row.registered_at_ms = wu_step_event(step)->time_ms;
    if (known != NULL) {
        row = *known;
    }
    row.registered = &registered;
    if (row.status != ORGANISATION_STATUS(SUSPENDED)) {
        row.status = status_of(message);
    }
    if (known != NULL && check_same_row(step, &row.base, &known->base)) {
        return;
    }
    if (known != NULL) {
        retire(step, &provider_id, known);
    }
    put_credit_code(step, message->credit_code, &provider_id);
    struct wu_timer timer = end_timer(&provider_id, &row);
    wu_timer_set(step, &timer);
    put_and_tell(step, &provider_id, &row);
    decision_record(step, &(struct decision){.body = message->body,
                                             .kind = DECISION_KIND(REGISTRATION),
                                             .by = message->by,
                                             .partner = ""});
}
WU_HANDLER(register_organisation, RegisterOrganisation)

/* Its time is over: it is offered nothing more. What it holds it may finish. */
static void handle_registration_ends(struct wu_step *step)
{
    const struct wu_id provider_id = wu_step_event(step)->subject;
    const OrganisationRow *known =
        organisations_get(wu_step_txn(step), &(struct organisation_key){provider_id});
    if (known == NULL || !is_over(known, wu_step_event(step)->time_ms)) {
        return;
    }
    OrganisationRow row = *known;
    if (row.status != ORGANISATION_STATUS(SUSPENDED)) {
        row.status = ORGANISATION_STATUS(EXPIRED);
    }
    put_and_tell(step, &provider_id, &row);
}
WU_TIMER_HANDLER(registration_ends)

/* ---- suspending ---------------------------------------------------------------------- */

static struct wu_timer suspension_timer(const struct wu_id *provider_id, const OrganisationRow *row)
{
    return (struct wu_timer){.due_at_ms = row->suspension->until_ms,
                             .type = WU_TYPE(SOCIALORG_SUSPENSION_ENDS),
                             .subject = *provider_id};
}

static enum organisation_refusal suspend_refusal(struct wu_step *step,
                                                 const SuspendOrganisation *message,
                                                 const OrganisationRow *known)
{
    if (known == NULL) {
        return ORGANISATION_UNKNOWN;
    }
    if (message->reason[0] == '\0' || !check_is_text(message->reason)) {
        return REASON_MISSING;
    }
    if (message->until_ms != 0 && message->until_ms <= wu_step_event(step)->time_ms) {
        return UNTIL_INVALID;
    }
    return check_is_code(message->by, BY_BYTES_MAX) ? ORGANISATION_NOT_REFUSED : BY_MALFORMED;
}

/* Some at a time: a body may hold more than one event should move. */
static void give_back(struct wu_step *step, const struct wu_id *provider_id)
{
    if (provider_give_back(step, provider_id, DECLINE_REASON(SUSPENDED), GIVE_BACK_AT_ONCE)) {
        struct wu_timer timer = {.due_at_ms = wu_step_event(step)->time_ms,
                                 .type = WU_TYPE(SOCIALORG_GIVE_BACK_DUE),
                                 .subject = *provider_id};
        wu_timer_set(step, &timer);
    }
}

/*
 * A body may take nothing more, and what it holds goes back to the coordinator,
 * which finds others for it. The announcement goes first, so that nothing of it
 * is offered here again.
 */
static void handle_suspend_organisation(struct wu_step *step, const SuspendOrganisation *message)
{
    struct wu_id provider_id;
    const OrganisationRow *known = organisation_by_code(step, message->body, &provider_id);
    enum organisation_refusal refusal = suspend_refusal(step, message, known);
    if (refusal != ORGANISATION_NOT_REFUSED) {
        check_refuse(step, message->body, &REFUSALS[refusal]);
        return;
    }
    OrganisationRow row = *known;
    SuspendOrganisation suspension = *message;
    if (row.status == ORGANISATION_STATUS(SUSPENDED)) {
        struct wu_timer before = suspension_timer(&provider_id, known);
        wu_timer_cancel(step, &before);
    } else {
        row.suspended_at_ms = wu_step_event(step)->time_ms;
        row.suspension_count++;
    }
    row.status = ORGANISATION_STATUS(SUSPENDED);
    row.suspension = &suspension;
    if (message->until_ms != 0) {
        struct wu_timer timer = suspension_timer(&provider_id, &row);
        wu_timer_set(step, &timer);
    }
    put_and_tell(step, &provider_id, &row);
    give_back(step, &provider_id);
}
WU_HANDLER(suspend_organisation, SuspendOrganisation)

static void handle_give_back_due(struct wu_step *step)
{
    const struct wu_id provider_id = wu_step_event(step)->subject;
    const OrganisationRow *row =
        organisations_get(wu_step_txn(step), &(struct organisation_key){provider_id});
    if (row != NULL && row->status == ORGANISATION_STATUS(SUSPENDED)) {
        give_back(step, &provider_id);
    }
}
WU_TIMER_HANDLER(give_back_due)

static void lift(struct wu_step *step, const struct wu_id *provider_id,
                 const OrganisationRow *known)
{
    OrganisationRow row = *known;
    row.status = is_over(known, wu_step_event(step)->time_ms) ? ORGANISATION_STATUS(EXPIRED)
                                                              : status_of(known->registered);
    row.suspension = NULL;
    put_and_tell(step, provider_id, &row);
}

static enum organisation_refusal lift_refusal(const LiftSuspension *message,
                                              const OrganisationRow *known)
{
    if (known == NULL) {
        return ORGANISATION_UNKNOWN;
    }
    if (known->status != ORGANISATION_STATUS(SUSPENDED)) {
        return NOT_SUSPENDED;
    }
    if (message->reason[0] == '\0' || !check_is_text(message->reason)) {
        return REASON_MISSING;
    }
    if (!check_is_code(message->by, BY_BYTES_MAX)) {
        return BY_MALFORMED;
    }
    return check_same_text(message->by, known->suspension->by) ? SAME_PERSON
                                                               : ORGANISATION_NOT_REFUSED;
}

static void handle_lift_suspension(struct wu_step *step, const LiftSuspension *message)
{
    struct wu_id provider_id;
    const OrganisationRow *known = organisation_by_code(step, message->body, &provider_id);
    enum organisation_refusal refusal = lift_refusal(message, known);
    if (refusal != ORGANISATION_NOT_REFUSED) {
        check_refuse(step, message->body, &REFUSALS[refusal]);
        return;
    }
    if (decision_is_conflicted(step, message->by, message->body)) {
        return;
    }
    struct wu_timer timer = suspension_timer(&provider_id, known);
    wu_timer_cancel(step, &timer);
    lift(step, &provider_id, known);
    decision_record(step, &(struct decision){.body = message->body,
                                             .kind = DECISION_KIND(LIFT),
                                             .by = message->by,
                                             .partner = ""});
}
WU_HANDLER(lift_suspension, LiftSuspension)

static void handle_suspension_ends(struct wu_step *step)
{
    const struct wu_id provider_id = wu_step_event(step)->subject;
    const OrganisationRow *row =
        organisations_get(wu_step_txn(step), &(struct organisation_key){provider_id});
    if (row != NULL && row->status == ORGANISATION_STATUS(SUSPENDED) &&
        row->suspension->until_ms <= wu_step_event(step)->time_ms) {
        lift(step, &provider_id, row);
    }
}
WU_TIMER_HANDLER(suspension_ends)

const struct wu_route SOCIALORG_ORGANISATION_ROUTES[] = {
    {WU_TYPE(SOCIALORG_REGISTER_ORGANISATION), WU_ORIGIN_COMMAND,
     &socialorg__register_organisation__descriptor, route_register_organisation},
    {WU_TYPE(SOCIALORG_SUSPEND_ORGANISATION), WU_ORIGIN_COMMAND,
     &socialorg__suspend_organisation__descriptor, route_suspend_organisation},
    {WU_TYPE(SOCIALORG_LIFT_SUSPENSION), WU_ORIGIN_COMMAND, &socialorg__lift_suspension__descriptor,
     route_lift_suspension},
    {WU_TYPE(SOCIALORG_REGISTRATION_ENDS), WU_ORIGIN_TIMER, NULL, route_registration_ends},
    {WU_TYPE(SOCIALORG_SUSPENSION_ENDS), WU_ORIGIN_TIMER, NULL, route_suspension_ends},
    {WU_TYPE(SOCIALORG_GIVE_BACK_DUE), WU_ORIGIN_TIMER, NULL, route_give_back_due},
    {0},
};
