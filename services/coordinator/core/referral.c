#include "services/coordinator/core/referral.h"

#include "common/base/division.h"
#include "common/base/time.h"
#include "services/coordinator/core/above.h"
#include "services/coordinator/core/firewall.h"
#include "services/coordinator/core/offer.h"
#include "services/coordinator/core/progress.h"
#include "services/coordinator/core/tables.h"

#include <stdint.h>
#include <string.h>

/* Answers that a coordinator may wait for, one after the other. */
enum { REPLIES_ABOVE = 16, REPLIES_BELOW = 4 };

enum { LINES_MAX = 16 }; /* of a search in the whole area */

#define REPLY_WITHIN_MAX_MS (366 * WU_DAY_MS)

size_t referral_hops(const struct linkage *linkage)
{
    return linkage->row.referral != NULL ? linkage->row.referral->referral->n_path : 0;
}

const char *coordinator_name(struct wu_step *fold, uint32_t node)
{
    const char *name = wu_arena_printf(wu_step_arena(fold), "coordinator %u", node);
    return name != NULL ? name : "";
}

struct wu_id linkage_case(const struct linkage *linkage)
{
    struct wu_id id = linkage->id;
    if (linkage->row.referral != NULL) {
        (void)wu_id_from_pb(linkage->row.referral->referral->home_linkage_id, &id);
    }
    return id;
}

static int64_t now_ms(const struct linkage *linkage)
{
    return wu_step_event(linkage->fold)->time_ms;
}

/* The asking coordinator has said go. */
static bool is_confirmed(const struct linkage *linkage)
{
    return linkage->row.state != LINKAGE_RESERVING;
}

/* ---- asking another coordinator ---------------------------------------------- */

/* The path with this coordinator at its end. */
static void extend_path(struct linkage *linkage, const Referral *past, Referral *referral)
{
    size_t count = past != NULL ? past->n_path : 0;
    uint32_t *path = wu_arena_take(wu_step_arena(linkage->fold), (count + 1) * sizeof *path);
    if (path == NULL) {
        return; /* the batch fails */
    }
    for (size_t i = 0; i < count; i++) {
        path[i] = past->path[i];
    }
    path[count] = wu_step_node(linkage->fold);
    referral->path = path;
    referral->n_path = count + 1;
}

void referral_fill(struct linkage *linkage, const LinkageStep *step, Referral *ret_referral)
{
    static uint32_t rules[] = {RULE(NOBODY_LEFT), RULE(ONE_UP)};
    const ReferralRow *row = linkage->row.referral;
    const Referral *past = row != NULL ? row->referral : NULL;
    linkage__referral__init(ret_referral);
    ret_referral->home_linkage_id =
        past != NULL ? past->home_linkage_id : wu_id_to_pb(&linkage->id);
    ret_referral->home_step_no = past != NULL ? past->home_step_no : step->step_no;
    ret_referral->role = step->role;
    extend_path(linkage, past, ret_referral);
    ret_referral->reply_within_ms = linkage->row.reply_within_ms;
    ret_referral->urgency = (uint32_t)linkage->row.urgency;
    ret_referral->tried_count = past != NULL
                                    ? past->tried_count + (uint32_t)(step->n_tried - past->n_path)
                                    : (uint32_t)step->n_tried;
    ret_referral->override_id = step->override_id;
    ret_referral->rules = rules;
    ret_referral->n_rules = sizeof rules / sizeof rules[0];
}

int64_t referral_reply_by_ms(const struct linkage *linkage, const LinkageStep *step)
{
    const ReferralRow *referral = linkage->row.referral;
    struct wu_id provider_id;
    int replies = 1;
    if (wu_id_from_pb(step->provider_id, &provider_id) && is_coordinator(&provider_id)) {
        replies = step->node == wu_step_parent(linkage->fold) ? REPLIES_ABOVE : REPLIES_BELOW;
    }
    int64_t by_ms = now_ms(linkage);
    for (int i = 0; i < replies; i++) {
        by_ms = wu_time_add(by_ms, linkage->row.reply_within_ms);
    }
    bool capped = referral != NULL && !is_confirmed(linkage) && referral->reply_by_ms < by_ms;
    return capped ? referral->reply_by_ms : by_ms;
}

/* ---- finding somebody -------------------------------------------------------- */

static void keep_choice(struct choice *kept, const struct choice *choice)
{
    *kept = *choice;
    for (size_t i = 0; i < kept->candidate_count; i++) {
        kept->list[i] = &kept->candidates[i];
    }
}

/* The score of the chosen one without the distance, which says nothing here. */
static int32_t merit_of(const struct choice *choice)
{
    for (size_t i = 0; i < choice->candidate_count; i++) {
        const Candidate *candidate = &choice->candidates[i];
        if (candidate->fate == FATE_CHOSEN) {
            return candidate->total - candidate->distance;
        }
    }
    return INT32_MIN;
}

/* Of a place outside of the area no line here is nearer than another: the best of several. */
static bool choose_anywhere(struct linkage *linkage, const LinkageStep *step,
                            struct choice *ret_choice)
{
    struct wu_txn *txn = wu_step_txn(linkage->fold);
    struct candidate_key key = {.role = (uint32_t)step->role};
    const CandidateRow *row = NULL;
    bool any = false;
    int32_t best = INT32_MIN;
    bool found = wu_key_text(key.service, sizeof key.service, step->service) &&
                 candidates_from(txn, &key, CANDIDATE_SERVICE_FIELDS, &row);
    for (int i = 0; found && i < LINES_MAX; i++) {
        struct choice choice;
        bool somebody = candidate_choose(linkage->fold, step, key.division, &choice);
        if (somebody ? merit_of(&choice) > best : !any) {
            keep_choice(ret_choice, &choice);
            best = somebody ? merit_of(&choice) : best;
        }
        any = any || somebody;
        struct candidate_key next = {.role = key.role, .division = key.division + 1};
        memcpy(next.service, key.service, sizeof next.service);
        key = next;
        found = candidates_from(txn, &key, CANDIDATE_SERVICE_FIELDS, &row);
    }
    return any;
}

bool referral_choose(struct linkage *linkage, const LinkageStep *step, struct choice *ret_choice)
{
    bool outside = linkage->row.referral != NULL &&
                   !wu_division_holds(wu_step_division(linkage->fold), linkage->row.division);
    if (!outside) {
        return candidate_choose(linkage->fold, step, linkage->row.division, ret_choice);
    }
    *ret_choice = (struct choice){.candidate_count = 0};
    return choose_anywhere(linkage, step, ret_choice);
}

/* ---- reporting --------------------------------------------------------------- */

static void emit_to_asker(struct wu_step *fold, uint32_t to_node, const StepRef *ref,
                          const struct wu_id *case_id, wu_event_type type,
                          const ProtobufCMessage *body)
{
    struct wu_mail mail = {.to_node = to_node, .type = type, .correlation = *case_id};
    (void)wu_id_from_pb(ref->provider_id, &mail.subject);
    wu_emit_mail(fold, &mail, body);
}

static void tell(struct linkage *linkage, wu_event_type type, const ProtobufCMessage *body)
{
    const ReferralRow *referral = linkage->row.referral;
    struct wu_id case_id = linkage_case(linkage);
    emit_to_asker(linkage->fold, referral->from_node, referral->ref, &case_id, type, body);
}

static void tell_reserved(struct linkage *linkage, const LinkageStep *step)
{
    StepReserved reserved = LINKAGE__STEP_RESERVED__INIT;
    reserved.ref = linkage->row.referral->ref;
    reserved.held_until_ms = step->held_until_ms;
    linkage->row.referral->told_reserved = true;
    tell(linkage, WU_TYPE(LINKAGE_STEP_RESERVED), &reserved.base);
}

static void tell_declined(struct linkage *linkage)
{
    const ReferralRow *referral = linkage->row.referral;
    bool late = !is_confirmed(linkage) && now_ms(linkage) > referral->reply_by_ms;
    StepDeclined declined = LINKAGE__STEP_DECLINED__INIT;
    declined.ref = referral->ref;
    declined.reason = late ? DECLINE_TOO_LATE : DECLINE_NOBODY_LEFT;
    tell(linkage, WU_TYPE(LINKAGE_STEP_DECLINED), &declined.base);
}

static void tell_lapsed(struct linkage *linkage)
{
    StepLapsed lapsed = LINKAGE__STEP_LAPSED__INIT;
    lapsed.ref = linkage->row.referral->ref;
    tell(linkage, WU_TYPE(LINKAGE_STEP_LAPSED), &lapsed.base);
}

void referral_tell_taken(struct linkage *linkage)
{
    if (linkage->row.referral != NULL) {
        StepTaken taken = LINKAGE__STEP_TAKEN__INIT;
        taken.ref = linkage->row.referral->ref;
        tell(linkage, WU_TYPE(LINKAGE_STEP_TAKEN), &taken.base);
    }
}

void referral_tell_delivered(struct linkage *linkage, const StepDelivered *delivered)
{
    if (linkage->row.referral != NULL) {
        StepDelivered same = *delivered;
        same.ref = linkage->row.referral->ref;
        tell(linkage, WU_TYPE(LINKAGE_STEP_DELIVERED), &same.base);
    }
}

/* ---- the life of a referral -------------------------------------------------- */

/* Not a case: nobody's outcome is counted, no community hears of it. */
static void end_referral(struct linkage *linkage, Outcome outcome, Rule rule)
{
    LinkageRow *row = &linkage->row;
    row->state = LINKAGE_CLOSED;
    row->outcome = outcome;
    row->closed_at_ms = now_ms(linkage);
    linkage_note(linkage, &(struct note){.type = WU_TYPE(COORDINATOR_LINKAGE_CLOSED),
                                         .code = (uint32_t)outcome,
                                         .text = row->steps[0]->service,
                                         .rules = {rule}});
    linkages_open_del(wu_step_txn(linkage->fold), &(struct linkage_key){linkage->id});
}

/* True while it makes sense to ask somebody else: the asking coordinator still waits. */
static bool is_in_time(const struct linkage *linkage)
{
    const ReferralRow *referral = linkage->row.referral;
    return is_confirmed(linkage) ? now_ms(linkage) < referral->deliver_by_ms
                                 : now_ms(linkage) <= referral->reply_by_ms;
}

/*
 * The step waits to be offered, first or again. What was promised before the
 * go-ahead is given back at once, since others were counted on with it; after
 * it, somebody else is found in its place.
 */
static void seek(struct linkage *linkage, LinkageStep *step)
{
    const ReferralRow *referral = linkage->row.referral;
    if (referral->told_reserved && !is_confirmed(linkage)) {
        tell_lapsed(linkage);
    } else if (is_in_time(linkage) && offer_step(linkage, step)) {
        return;
    } else if (!is_confirmed(linkage) || is_in_time(linkage)) {
        tell_declined(linkage);
    } /* else the asking coordinator's own clock says the same, and knows of a late delivery */
    step->state = STEP_UNMET;
    end_referral(linkage, OUTCOME_UNMET, RULE(ASKER_DECIDES));
}

void referral_advance(struct linkage *linkage)
{
    LinkageStep *step = &linkage->steps[0];
    if (step->state == STEP_WAITING) {
        seek(linkage, step);
    } else if (step->state == STEP_RESERVED && is_confirmed(linkage)) {
        confirm_step(linkage, step);
    } else if (step->state == STEP_RESERVED) {
        tell_reserved(linkage, step);
    } else if (step->state == STEP_DELIVERED) {
        end_referral(linkage, OUTCOME_MET, 0);
    }
}

/* ---- being asked ------------------------------------------------------------- */

static bool key_of(const StepRef *ref, struct referred_key *ret_key)
{
    if (ref == NULL || !wu_id_from_pb(ref->linkage_id, &ret_key->linkage_id)) {
        return false;
    }
    ret_key->step_no = ref->step_no;
    return ref->step_no != 0;
}

/* The referral that the ref's step has now, whatever its attempt. */
static bool find_referral(struct wu_step *fold, const StepRef *ref, struct linkage *ret_linkage)
{
    struct referred_key key;
    struct wu_id id;
    const ReferredRow *row = key_of(ref, &key) ? referred_get(wu_step_txn(fold), &key) : NULL;
    return row != NULL && wu_id_from_pb(row->linkage_id, &id) &&
           linkage_load(ret_linkage, fold, &id) && ret_linkage->row.referral != NULL;
}

/* The same attempt, by the coordinator that asked. */
static bool is_same(const struct linkage *linkage, const StepRef *ref)
{
    const ReferralRow *referral = linkage->row.referral;
    return referral->ref->attempt == ref->attempt &&
           referral->from_node == wu_step_event(linkage->fold)->from_node;
}

static void let_go(struct linkage *linkage, ReleaseReason reason)
{
    LinkageStep *step = &linkage->steps[0];
    if (step_is_out(step)) {
        release_step(linkage, step, reason, 0);
        take_back(linkage, step, END_RELEASED);
    }
    step->state = STEP_RELEASED;
    end_referral(linkage, OUTCOME_UNSPECIFIED, RULE(ASKER_DECIDES));
    linkage_save(linkage);
}

static bool is_open(const struct linkage *linkage)
{
    return linkage->row.state != LINKAGE_CLOSED;
}

/* Why it cannot be a referral at all: NULL if it can. */
static const char *fault_of(const StepOffered *offered)
{
    struct wu_id id;
    const Referral *referral = offered->referral;
    if (offered->ref == NULL || !wu_id_from_pb(offered->ref->provider_id, &id) ||
        referral == NULL || !wu_id_from_pb(referral->home_linkage_id, &id) ||
        referral->n_path == 0) {
        return "a referral must name its case, its step and where it has been";
    }
    if (!role_is_provider(referral->role) || !service_is_valid(offered->service) ||
        offered->quantity < 1 || !wu_division_is_valid(offered->division)) {
        return "a referral must ask for some of a service, of a role that provides, at a place";
    }
    if (referral->reply_within_ms < 1 || referral->reply_within_ms > REPLY_WITHIN_MAX_MS) {
        return "a referral must say how long a provider may take to answer: up to 366 days";
    }
    return NULL;
}

/* By our own catalogue, if it has the kind: whose work it is holds on every level. */
static Rule forbidding_rule(struct wu_step *fold, const StepOffered *offered)
{
    const KindRow *kind = kind_in_force(fold, offered->kind);
    bool let_pass = offered->referral->override_id.len > 0;
    return kind == NULL || let_pass ? 0
                                    : firewall_refusal(kind->kind, offered->referral->role, true);
}

/* 0, or the rule by which it goes no further than here. */
static Rule refusing_rule(struct wu_step *fold, const StepOffered *offered)
{
    const Referral *referral = offered->referral;
    if (referral->n_path > REFERRAL_HOPS_MAX) {
        return RULE(HOPS_BOUNDED);
    }
    for (size_t i = 0; i < referral->n_path; i++) {
        bool again = referral->path[i] == wu_step_node(fold);
        for (size_t other = 0; other < i; other++) {
            again = again || referral->path[i] == referral->path[other];
        }
        if (again) {
            return RULE(NEVER_BACK);
        }
    }
    return forbidding_rule(fold, offered);
}

/* Whoever it came by is not asked: they are where it came from. */
static void exclude_path(struct linkage *linkage, LinkageStep *step, const Referral *referral)
{
    struct wu_arena *arena = wu_step_arena(linkage->fold);
    ProtobufCBinaryData *tried = wu_arena_take(arena, referral->n_path * sizeof *tried);
    if (tried == NULL) {
        return; /* the batch fails */
    }
    for (size_t i = 0; i < referral->n_path; i++) {
        struct wu_id id = coordinator_id(referral->path[i], step->role);
        tried[i] = linkage_keep_id(linkage, &id);
    }
    step->tried = tried;
    step->n_tried = referral->n_path;
}

static void open_referral(struct linkage *linkage, const StepOffered *offered, ReferralRow *row)
{
    const struct wu_event *event = wu_step_event(linkage->fold);
    coordinator_state__referral_row__init(row);
    row->from_node = event->from_node;
    row->ref = offered->ref;
    row->referral = offered->referral;
    row->reply_by_ms = offered->reply_by_ms;
    row->hold_until_ms = offered->hold_until_ms;

    linkage->row.referral = row;
    linkage->row.state = LINKAGE_RESERVING;
    linkage->row.kind = offered->kind;
    linkage->row.division = offered->division;
    linkage->row.urgency = (Community__NeedUrgency)offered->referral->urgency;
    linkage->row.from_ms = offered->from_ms;
    linkage->row.until_ms = offered->until_ms;
    linkage->row.raised_at_ms = event->time_ms;
    linkage->row.opened_at_ms = event->time_ms;
    linkage->row.reply_within_ms = offered->referral->reply_within_ms;
    linkage->row.level_min = offered->level_min;
    linkage->row.licence_field = offered->licence_field;

    PlanStep asked = LINKAGE__PLAN_STEP__INIT;
    asked.role = offered->referral->role;
    asked.service = offered->service;
    asked.quantity = offered->quantity;
    asked.required = true;
    linkage_add_step(linkage, &asked);
    linkage->steps[0].override_id = offered->referral->override_id;
    exclude_path(linkage, &linkage->steps[0], offered->referral);
}

static void note_opened(struct linkage *linkage)
{
    const ReferralRow *row = linkage->row.referral;
    struct wu_id case_id = linkage_case(linkage);
    char text[WU_ID_TEXT_MAX];
    linkage_note(linkage, &(struct note){.type = WU_TYPE(LINKAGE_STEP_OFFERED),
                                         .code = row->referral->tried_count,
                                         .why = WHY_REFERRED_HERE,
                                         .text = wu_id_to_text(&case_id, text),
                                         .rules = {RULE(ONE_UP), RULE(NEVER_BACK)}});
}

static void take_on(struct wu_step *fold, const struct referred_key *key,
                    const StepOffered *offered)
{
    struct linkage linkage;
    struct wu_id id = wu_step_new_id(fold);
    ReferralRow row;
    linkage_begin(&linkage, fold, &id);
    open_referral(&linkage, offered, &row);
    ReferredRow referred = COORDINATOR_STATE__REFERRED_ROW__INIT;
    referred.linkage_id = wu_id_to_pb(&id);
    referred.attempt = offered->ref->attempt;
    referred_put(wu_step_txn(fold), key, &referred);
    linkages_open_put(wu_step_txn(fold), &(struct linkage_key){id});
    note_opened(&linkage);
    referral_advance(&linkage);
    linkage_save(&linkage);
}

/* The same offer again gets the same answer again. */
static void answer_again(struct linkage *linkage)
{
    switch (linkage->steps[0].state) {
    case STEP_RESERVED:
    case STEP_CONFIRMED:
    case STEP_TAKEN:
    case STEP_DELIVERED:
        tell_reserved(linkage, &linkage->steps[0]);
        break;
    case STEP_UNMET:
        tell_declined(linkage);
        break;
    case STEP_RELEASED:
        tell_lapsed(linkage);
        break;
    default:
        break; /* nobody has answered yet */
    }
}

/* True when there is nothing left to do: an offer known already, or older than the last. */
static bool is_known(struct linkage *linkage, const StepOffered *offered)
{
    uint32_t last = linkage->row.referral->ref->attempt;
    if (last == offered->ref->attempt && is_same(linkage, offered->ref)) {
        answer_again(linkage);
        return true;
    }
    return last >= offered->ref->attempt;
}

static void refuse(struct wu_step *fold, const StepOffered *offered, Rule rule)
{
    struct wu_id case_id;
    StepDeclined declined = LINKAGE__STEP_DECLINED__INIT;
    declined.ref = offered->ref;
    declined.reason = DECLINE_NOBODY_LEFT;
    declined.text = rule_text(rule)->id;
    (void)wu_id_from_pb(offered->referral->home_linkage_id, &case_id);
    emit_to_asker(fold, wu_step_event(fold)->from_node, offered->ref, &case_id,
                  WU_TYPE(LINKAGE_STEP_DECLINED), &declined.base);
}

/* Another coordinator has nobody for a step of its own. */
static void handle_step_offered(struct wu_step *fold, const StepOffered *offered)
{
    struct referred_key key;
    const char *fault = fault_of(offered);
    if (fault != NULL || !key_of(offered->ref, &key)) {
        wu_step_fail(fold, "%s", fault != NULL ? fault : "a referral must name its step");
        return;
    }
    Rule rule = refusing_rule(fold, offered);
    if (rule != 0) {
        refuse(fold, offered, rule);
        return;
    }
    struct linkage last;
    if (find_referral(fold, offered->ref, &last)) {
        if (is_known(&last, offered)) {
            return;
        }
        if (is_open(&last)) {
            let_go(&last, RELEASE_NOT_CHOSEN);
        }
    }
    take_on(fold, &key, offered);
}

/* Go: everything else of the case is reserved as well. */
static void handle_step_confirmed(struct wu_step *fold, const StepConfirmed *confirmed)
{
    struct linkage linkage;
    bool known = find_referral(fold, confirmed->ref, &linkage) && is_same(&linkage, confirmed->ref);
    if (known && !is_confirmed(&linkage) && linkage.steps[0].state == STEP_RESERVED) {
        linkage.row.referral->deliver_by_ms = confirmed->deliver_by_ms;
        linkage.row.state = LINKAGE_DELIVERING;
        referral_advance(&linkage);
        linkage_save(&linkage);
        return;
    }
    bool heard = known && (linkage.row.state == LINKAGE_DELIVERING ||
                           linkage.steps[0].state == STEP_DELIVERED);
    if (heard || confirmed->ref == NULL) {
        return;
    }
    StepRef same = *confirmed->ref;
    StepLapsed lapsed = LINKAGE__STEP_LAPSED__INIT;
    lapsed.ref = &same;
    emit_to_asker(fold, wu_step_event(fold)->from_node, &same, &wu_step_event(fold)->correlation,
                  WU_TYPE(LINKAGE_STEP_LAPSED), &lapsed.base);
}

/* The asking coordinator wants nothing more of it. What has ended stays as it ended. */
static void handle_step_released(struct wu_step *fold, const StepReleased *released)
{
    struct linkage linkage;
    if (find_referral(fold, released->ref, &linkage) && is_same(&linkage, released->ref) &&
        is_open(&linkage)) {
        let_go(&linkage, released->reason);
    }
}

/* A word to the assessor, who may be further on. */
static void handle_plan_refused(struct wu_step *fold, const PlanRefused *refused)
{
    struct linkage linkage;
    if (!find_referral(fold, refused->ref, &linkage) || !is_same(&linkage, refused->ref) ||
        linkage.steps[0].state != STEP_DELIVERED) {
        return;
    }
    const LinkageStep *step = &linkage.steps[0];
    StepRef ref = LINKAGE__STEP_REF__INIT;
    ref.linkage_id = wu_id_to_pb(&linkage.id);
    ref.step_no = step->step_no;
    ref.attempt = step->attempt;
    ref.provider_id = step->provider_id;
    PlanRefused same = *refused;
    same.ref = &ref;
    const struct wu_mail mail = {.to_node = step->node,
                                 .type = WU_TYPE(LINKAGE_PLAN_REFUSED),
                                 .subject = linkage.id,
                                 .correlation = linkage_case(&linkage),
                                 .division = linkage.row.division};
    wu_emit_mail(fold, &mail, &same.base);
    linkage_note(&linkage, &(struct note){.type = WU_TYPE(LINKAGE_PLAN_REFUSED),
                                          .step = step,
                                          .code = refused->at,
                                          .rules = {(Rule)refused->rule}});
    linkage_save(&linkage);
}

WU_HANDLER(step_offered, StepOffered)
WU_HANDLER(step_confirmed, StepConfirmed)
WU_HANDLER(step_released, StepReleased)
WU_HANDLER(plan_refused, PlanRefused)

const struct wu_route COORDINATOR_REFERRAL_ROUTES[] = {
    {WU_TYPE(LINKAGE_STEP_OFFERED), WU_ORIGIN_MAIL, &linkage__step_offered__descriptor,
     route_step_offered},
    {WU_TYPE(LINKAGE_STEP_CONFIRMED), WU_ORIGIN_MAIL, &linkage__step_confirmed__descriptor,
     route_step_confirmed},
    {WU_TYPE(LINKAGE_STEP_RELEASED), WU_ORIGIN_MAIL, &linkage__step_released__descriptor,
     route_step_released},
    {WU_TYPE(LINKAGE_PLAN_REFUSED), WU_ORIGIN_MAIL, &linkage__plan_refused__descriptor,
     route_plan_refused},
    {0},
};
