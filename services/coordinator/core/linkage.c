#include "services/coordinator/core/linkage.h"

#include "common/base/time.h"
#include "services/coordinator/core/approval.h"
#include "services/coordinator/core/clock.h"
#include "services/coordinator/core/emergency.h"
#include "services/coordinator/core/firewall.h"
#include "services/coordinator/core/kind.h"
#include "services/coordinator/core/mode.h"
#include "services/coordinator/core/progress.h"
#include "services/coordinator/core/radar.h"
#include "services/coordinator/core/record.h"
#include "services/coordinator/core/tables.h"
#include "services/coordinator/core/unmet.h"

/* The first that fails is the answer. */
LinkageRefusal linkage_refusal(struct wu_step *fold, const NeedRaised *raised, const KindRow *kind)
{
    int64_t now_ms = wu_step_event(fold)->time_ms;
    if (kind == NULL) {
        return kind_is_listed(fold, raised->kind) ? REFUSAL_KIND_NOT_IN_FORCE
                                                  : REFUSAL_KIND_UNKNOWN;
    }
    if (raised->from_ms >= raised->until_ms || raised->until_ms <= now_ms) {
        return REFUSAL_WINDOW_INVALID;
    }
    if (!kind->kind->assess && kind->kind->n_recipe == 0) {
        return REFUSAL_RECIPE_EMPTY;
    }
    return NOT_REFUSED;
}

static void set_need(struct linkage *linkage, const NeedRaised *raised)
{
    const struct wu_event *event = wu_step_event(linkage->fold);
    LinkageRow *row = &linkage->row;
    row->kind = raised->kind;
    row->division = raised->division;
    row->urgency = raised->urgency;
    row->from_ms = raised->from_ms;
    row->until_ms = raised->until_ms;
    row->community_node = event->from_node;
    row->raised_at_ms = raised->happened_at_ms;
    row->opened_at_ms = event->time_ms;
    row->mode = mode_of(linkage->fold, raised->division);
}

static Rule refusal_rule(LinkageRefusal refusal)
{
    switch (refusal) {
    case REFUSAL_KIND_UNKNOWN:
        return RULE(LISTED_WORK);
    case REFUSAL_KIND_NOT_IN_FORCE:
        return RULE(KIND_IN_FORCE);
    case REFUSAL_WINDOW_INVALID:
        return RULE(WANTED_TIME);
    default:
        return RULE(SOMETHING_TO_DO);
    }
}

static void refuse_linkage(struct linkage *linkage, LinkageRefusal refusal)
{
    linkage->row.state = LINKAGE_REFUSED;
    linkage->row.refusal = refusal;
    linkage->row.closed_at_ms = linkage->row.opened_at_ms;
    LinkageRefused refused = COORDINATOR__LINKAGE_REFUSED__INIT;
    refused.linkage_id = wu_id_to_pb(&linkage->id);
    refused.reason = refusal;
    refused.rule = refusal_rule(refusal);
    emit_to_community(linkage, WU_TYPE(COORDINATOR_LINKAGE_REFUSED), &refused.base);
    linkage_note(linkage, &(struct note){.type = WU_TYPE(COORDINATOR_LINKAGE_REFUSED),
                                         .code = (uint32_t)refusal,
                                         .text = linkage->row.kind,
                                         .rules = {refusal_rule(refusal)}});
    unmet_register(linkage);
    radar_count(linkage);
}

PlanStep linkage_assessment(const AdoptKind *kind)
{
    PlanStep assessment = LINKAGE__PLAN_STEP__INIT;
    assessment.role = ROLE_SOCIALWORKER;
    assessment.service = kind->assess_field;
    assessment.quantity = 1;
    assessment.required = true;
    return assessment;
}

/* The steps known so far: the assessment, or else the recipe. */
static void first_steps(struct linkage *linkage, const AdoptKind *kind)
{
    if (!kind->assess) {
        linkage->row.state = LINKAGE_RESERVING;
        for (size_t i = 0; i < kind->n_recipe; i++) {
            linkage_add_step(linkage, kind->recipe[i]);
        }
        return;
    }
    linkage->row.state = LINKAGE_ASSESSING;
    const PlanStep assessment = linkage_assessment(kind);
    linkage_add_step(linkage, &assessment);
}

void linkage_plan(struct linkage *linkage, const AdoptKind *kind)
{
    clock_start(linkage, linkage->row.gather_within_ms);
    first_steps(linkage, kind);
    linkage_advance(linkage);
}

/* What a social worker who gets one of its steps must have. */
static void set_licence(LinkageRow *row, const AdoptKind *kind)
{
    const struct licence licence = firewall_licence(kind);
    row->level_min = licence.level_min;
    row->licence_field = licence.field;
}

/* The spans of its urgency, where the kind has them, go before those for everybody. */
static void set_clocks(LinkageRow *row, const AdoptKind *kind)
{
    int64_t gather_ms = 0;
    for (size_t i = 0; i < kind->n_clocks; i++) {
        const UrgencyClock *clock = kind->clocks[i];
        if (clock->urgency == row->urgency) {
            row->reply_within_ms = clock->reply_within_ms;
            row->deliver_within_ms = clock->deliver_within_ms;
            row->deliver_working_days = clock->deliver_working_days;
            row->gather_within_ms = clock->gather_within_ms;
        }
    }
    for (int i = 0; row->gather_within_ms == 0 && i < GATHER_REPLIES; i++) {
        gather_ms = wu_time_add(gather_ms, row->reply_within_ms);
    }
    if (row->gather_within_ms == 0) {
        row->gather_within_ms = gather_ms;
    }
}

static void open_linkage(struct linkage *linkage, const KindRow *kind)
{
    LinkageRow *row = &linkage->row;
    row->kind_version = kind->version;
    row->reply_within_ms = kind->kind->reply_within_ms;
    row->deliver_within_ms = kind->kind->deliver_within_ms;
    row->confirm_within_ms = kind->kind->confirm_within_ms;
    row->stays_local = kind->kind->local_only;
    set_clocks(row, kind->kind);
    set_licence(row, kind->kind);
    emergency_enter(linkage);
    linkages_open_put(wu_step_txn(linkage->fold), &(struct linkage_key){linkage->id});

    LinkageOpened opened = COORDINATOR__LINKAGE_OPENED__INIT;
    opened.linkage_id = wu_id_to_pb(&linkage->id);
    opened.kind_version = kind->version;
    emit_to_community(linkage, WU_TYPE(COORDINATOR_LINKAGE_OPENED), &opened.base);
    linkage_note(linkage, &(struct note){.type = WU_TYPE(COORDINATOR_LINKAGE_OPENED),
                                         .code = kind->version,
                                         .text = row->kind});
    if (kind->kind->approval && !emergency_relaxes(linkage, RULE(LEAD_BODY_FIRST))) {
        approval_ask(linkage);
    } else {
        linkage_plan(linkage, kind->kind);
    }
}

/*
 * A community hands over a need. Its number becomes the linkage's; a number
 * that is here already, or is not one of that community's own, is not heard.
 */
static void handle_need_raised(struct wu_step *fold, const NeedRaised *raised)
{
    const struct wu_event *event = wu_step_event(fold);
    struct linkage_key key;
    if (!wu_id_from_pb(raised->need_id, &key.linkage_id) ||
        wu_id_node(&key.linkage_id) != event->from_node ||
        linkages_get(wu_step_txn(fold), &key) != NULL) {
        return;
    }

    struct linkage linkage;
    linkage_begin(&linkage, fold, &key.linkage_id);
    set_need(&linkage, raised);
    const KindRow *kind = kind_in_force(fold, raised->kind);
    LinkageRefusal refusal = linkage_refusal(fold, raised, kind);
    if (refusal != NOT_REFUSED) {
        refuse_linkage(&linkage, refusal);
    } else {
        open_linkage(&linkage, kind);
    }
    linkage_save(&linkage);
}

static Outcome outcome_of(Community__Verdict verdict)
{
    switch (verdict) {
    case VERDICT_MET:
        return OUTCOME_MET;
    case VERDICT_PARTLY:
        return OUTCOME_PARTLY;
    case VERDICT_NOT_MET:
        return OUTCOME_NOT_MET;
    default: /* silence, or a word this build does not know: nothing we may count as a yes */
        return OUTCOME_UNCONFIRMED;
    }
}

/* The resident's word, or silence, by the community that raised the need and nobody else. */
static void handle_need_confirmed(struct wu_step *fold, const NeedConfirmed *confirmed)
{
    struct wu_id id;
    struct linkage linkage;
    if (!wu_id_from_pb(confirmed->need_id, &id) || !linkage_load(&linkage, fold, &id) ||
        linkage.row.community_node != wu_step_event(fold)->from_node ||
        linkage.row.state != LINKAGE_AWAITING) {
        return;
    }
    linkage.row.verdict = confirmed->verdict;
    linkage.row.rating = confirmed->rating;
    linkage_note(&linkage, &(struct note){.type = WU_TYPE(COMMUNITY_NEED_CONFIRMED),
                                          .code = (uint32_t)confirmed->verdict});
    linkage_close(&linkage, outcome_of(confirmed->verdict), UNMET_UNSPECIFIED, "");
    linkage_save(&linkage);
}

WU_HANDLER(need_raised, NeedRaised)
WU_HANDLER(need_confirmed, NeedConfirmed)

const struct wu_route COORDINATOR_LINKAGE_ROUTES[] = {
    {WU_TYPE(COMMUNITY_NEED_RAISED), WU_ORIGIN_MAIL, &community__need_raised__descriptor,
     route_need_raised},
    {WU_TYPE(COMMUNITY_NEED_CONFIRMED), WU_ORIGIN_MAIL, &community__need_confirmed__descriptor,
     route_need_confirmed},
    {0},
};
