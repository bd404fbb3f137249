#include "services/coordinator/core/override.h"

#include "common/base/date.h"
#include "services/coordinator/core/firewall.h"
#include "services/coordinator/core/person.h"
#include "services/coordinator/core/progress.h"
#include "services/coordinator/core/tables.h"

#include <string.h>

/* How long the second person has. */
#define OVERRIDE_WAIT_MS WU_DAY_MS

/* ---- counting -------------------------------------------------------------- */

static void count_override(struct wu_step *fold, const OverrideRow *override)
{
    const struct override_count_key key = {
        wu_date_of_day(wu_day_of_time(wu_step_event(fold)->time_ms, wu_step_utc_offset_min(fold))) /
            100,
        (uint32_t) override->rule};
    const OverrideCountRow *known = override_counts_get(wu_step_txn(fold), &key);
    OverrideCountRow row = COORDINATOR_STATE__OVERRIDE_COUNT_ROW__INIT;
    if (known != NULL) {
        row = *known;
    }
    row.requested_count += override->state == OVERRIDE_REQUESTED ? 1 : 0;
    row.confirmed_count += override->state == OVERRIDE_CONFIRMED ? 1 : 0;
    row.expired_count += override->state == OVERRIDE_EXPIRED ? 1 : 0;
    override_counts_put(wu_step_txn(fold), &key, &row);
}

static void put_override(struct wu_step *fold, const struct wu_id *id, const OverrideRow *row)
{
    overrides_put(wu_step_txn(fold), &(struct override_key){*id}, row);
    count_override(fold, row);
}

static struct wu_timer override_timer(const struct wu_id *id, const OverrideRow *row)
{
    return (struct wu_timer){.due_at_ms = row->expires_at_ms,
                             .type = WU_TYPE(COORDINATOR_OVERRIDE_OVERDUE),
                             .subject = *id};
}

/* ---- a step by hand -------------------------------------------------------- */

static bool is_carried(const struct linkage *linkage)
{
    for (size_t i = 0; i < linkage->row.n_steps; i++) {
        if (linkage->steps[i].required && role_carries(linkage->steps[i].role)) {
            return true;
        }
    }
    return false;
}

/* The rule that refuses the step in this linkage, or 0. */
static Rule step_refusal(struct linkage *linkage, const PlanStep *step)
{
    const KindRow *kind =
        kind_of_version(linkage->fold, linkage->row.kind, linkage->row.kind_version);
    if (kind == NULL) {
        return RULE(LISTED_WORK);
    }
    bool supported = is_carried(linkage) || (step->required && role_carries(step->role));
    Rule rule = firewall_refusal(kind->kind, step->role, supported);
    return rule == 0 && !role_is_provider(step->role) ? RULE(SOCIETIES_ONLY) : rule;
}

static bool takes_steps(const struct linkage *linkage)
{
    return linkage->row.state == LINKAGE_RESERVING || linkage->row.state == LINKAGE_DELIVERING;
}

/* "socialworker street-errand": what was asked for. */
static const char *step_words(struct linkage *linkage, const PlanStep *step)
{
    static const char *const ROLES[] = {
        [ROLE_COMMUNITY] = "community",       [ROLE_SOCIALORG] = "socialorg",
        [ROLE_SOCIALWORKER] = "socialworker", [ROLE_VOLUNTEER] = "volunteer",
        [ROLE_CHARITY] = "charity",
    };
    size_t role = (size_t)step->role;
    bool known = role < sizeof ROLES / sizeof ROLES[0] && ROLES[role] != NULL;
    return wu_arena_printf(wu_step_arena(linkage->fold), "%s %s", known ? ROLES[role] : "nobody",
                           step->service);
}

static bool linkage_takes_step(struct wu_step *fold, const struct linkage *linkage)
{
    if (!takes_steps(linkage)) {
        wu_answer_refuse(fold, "LINKAGE_TAKES_NO_STEP",
                         "steps are added while a linkage is reserving or delivering; this one is "
                         "not there yet, or over");
        return false;
    }
    if (linkage->row.n_steps == LINKAGE_STEPS_MAX) {
        wu_answer_refuse(fold, "LINKAGE_TOO_MANY_STEPS",
                         "this linkage has %d steps, and that is the most there can be",
                         LINKAGE_STEPS_MAX);
        return false;
    }
    return true;
}

/* Checked in this order. True when only the rules are left to be asked. */
static bool may_add(struct wu_step *fold, const AddStep *add, struct linkage *linkage)
{
    struct wu_id id;
    if (!wu_id_from_pb(add->linkage_id, &id) || !linkage_load(linkage, fold, &id)) {
        wu_answer_refuse(fold, "LINKAGE_UNKNOWN",
                         "there is no such linkage here; 'wushectl linkage list' shows them");
        return false;
    }
    if (!person_is_usable(add->by)) {
        person_refuse(fold);
        return false;
    }
    if (add->step == NULL || !service_is_valid(add->step->service) || add->step->quantity <= 0) {
        wu_answer_refuse(
            fold, "STEP_INVALID",
            "a step names its role, its service (1 to %d bytes) and a quantity above 0",
            SERVICE_SIZE - 1);
        return false;
    }
    return linkage_takes_step(fold, linkage);
}

static void refuse_step(struct linkage *linkage, const AddStep *add, Rule rule)
{
    const struct rule_text *text = rule_text(rule);
    wu_answer_refuse(linkage->fold, "STEP_FORBIDDEN", "rule %d %s: %s", (int)rule, text->id,
                     text->en);
    linkage_note(linkage, &(struct note){.type = WU_TYPE(COORDINATOR_ADD_STEP),
                                         .code = BY_HAND_REFUSED,
                                         .text = step_words(linkage, add->step),
                                         .rules = {rule}});
}

static void request_override(struct linkage *linkage, const AddStep *add, Rule rule)
{
    struct wu_step *fold = linkage->fold;
    struct wu_id id = wu_step_new_id(fold);
    OverrideRow row = COORDINATOR_STATE__OVERRIDE_ROW__INIT;
    row.state = OVERRIDE_REQUESTED;
    row.linkage_id = wu_id_to_pb(&linkage->id);
    row.step = add->step;
    row.rule = rule;
    row.reason = add->reason;
    row.requested_by = add->by;
    row.requested_at_ms = wu_step_event(fold)->time_ms;
    row.expires_at_ms = wu_time_add(row.requested_at_ms, OVERRIDE_WAIT_MS);
    put_override(fold, &id, &row);
    const struct wu_timer timer = override_timer(&id, &row);
    wu_timer_set(fold, &timer);
    linkage_note(linkage, &(struct note){.type = WU_TYPE(COORDINATOR_ADD_STEP),
                                         .code = BY_HAND_OVERRIDE_ASKED,
                                         .text = step_words(linkage, add->step),
                                         .rules = {rule, RULE(SECOND_PERSON)}});
    wu_answer_accept(fold, id);
}

/* One more step of an open linkage, if no rule forbids it; else two people decide. */
static void handle_add_step(struct wu_step *fold, const AddStep *add)
{
    struct linkage linkage;
    if (!may_add(fold, add, &linkage)) {
        return;
    }
    Rule rule = step_refusal(&linkage, add->step);
    if (rule == 0) {
        linkage_add_step(&linkage, add->step);
        linkage_note(&linkage,
                     &(struct note){.type = WU_TYPE(COORDINATOR_ADD_STEP),
                                    .step = linkage_step(&linkage, (uint32_t)linkage.row.n_steps),
                                    .code = BY_HAND_ADDED,
                                    .text = add->by});
        linkage_advance(&linkage);
        wu_answer_accept(fold, linkage.id);
    } else if (add->reason != OVERRIDE_REASON_UNSPECIFIED && role_is_provider(add->step->role)) {
        request_override(&linkage, add, rule);
    } else {
        refuse_step(&linkage, add, rule);
    }
    linkage_save(&linkage);
}

/* ---- the second person ----------------------------------------------------- */

/* Checked in this order. True when the step may be added. */
static bool may_confirm(struct wu_step *fold, const ConfirmOverride *confirm,
                        const OverrideRow *row, struct linkage *linkage)
{
    struct wu_id id;
    if (row == NULL) {
        wu_answer_refuse(fold, "OVERRIDE_UNKNOWN",
                         "there is no such override; 'wushectl override list' shows them");
        return false;
    }
    if (!person_is_usable(confirm->by)) {
        person_refuse(fold);
        return false;
    }
    if (row->state != OVERRIDE_REQUESTED) {
        wu_answer_refuse(fold, "OVERRIDE_SETTLED",
                         "this override was confirmed already, or its time is up: ask anew");
        return false;
    }
    if (strcmp(confirm->by, row->requested_by) == 0) {
        const struct rule_text *text = rule_text(RULE(SECOND_PERSON));
        wu_answer_refuse(fold, "OVERRIDE_SAME_PERSON", "rule %d %s: %s", (int)text->rule, text->id,
                         text->en);
        return false;
    }
    if (!wu_id_from_pb(row->linkage_id, &id) || !linkage_load(linkage, fold, &id)) {
        return false; /* only after a failure of the transaction, and then nothing is kept */
    }
    return linkage_takes_step(fold, linkage);
}

static void handle_confirm_override(struct wu_step *fold, const ConfirmOverride *confirm)
{
    struct override_key key;
    bool named = wu_id_from_pb(confirm->override_id, &key.override_id);
    const OverrideRow *known = named ? overrides_get(wu_step_txn(fold), &key) : NULL;
    struct linkage linkage;
    if (!may_confirm(fold, confirm, known, &linkage)) {
        return;
    }
    linkage_add_step(&linkage, known->step);
    LinkageStep *step = linkage_step(&linkage, (uint32_t)linkage.row.n_steps);
    step->override_id = linkage_keep_id(&linkage, &key.override_id);

    OverrideRow row = *known;
    const struct wu_timer timer = override_timer(&key.override_id, &row);
    wu_timer_cancel(fold, &timer);
    row.state = OVERRIDE_CONFIRMED;
    row.confirmed_by = confirm->by;
    row.settled_at_ms = wu_step_event(fold)->time_ms;
    row.step_no = step->step_no;
    put_override(fold, &key.override_id, &row);
    linkage_note(&linkage, &(struct note){.type = WU_TYPE(COORDINATOR_CONFIRM_OVERRIDE),
                                          .step = step,
                                          .code = (uint32_t)row.reason,
                                          .rules = {row.rule, RULE(SECOND_PERSON)}});
    linkage_advance(&linkage);
    linkage_save(&linkage);
    wu_answer_accept(fold, linkage.id);
}

/* No second person in time: what was forbidden stays so. */
static void handle_override_overdue(struct wu_step *fold)
{
    const struct override_key key = {wu_step_event(fold)->subject};
    const OverrideRow *known = overrides_get(wu_step_txn(fold), &key);
    struct wu_id id;
    struct linkage linkage;
    if (known == NULL || known->state != OVERRIDE_REQUESTED ||
        !wu_id_from_pb(known->linkage_id, &id) || !linkage_load(&linkage, fold, &id)) {
        return;
    }
    OverrideRow row = *known;
    row.state = OVERRIDE_EXPIRED;
    row.settled_at_ms = wu_step_event(fold)->time_ms;
    put_override(fold, &key.override_id, &row);
    linkage_note(&linkage, &(struct note){.type = WU_TYPE(COORDINATOR_OVERRIDE_OVERDUE),
                                          .text = step_words(&linkage, row.step),
                                          .rules = {row.rule, RULE(OVERRIDE_EXPIRES)}});
    linkage_save(&linkage);
}

WU_HANDLER(add_step, AddStep)
WU_HANDLER(confirm_override, ConfirmOverride)
WU_TIMER_HANDLER(override_overdue)

const struct wu_route COORDINATOR_OVERRIDE_ROUTES[] = {
    {WU_TYPE(COORDINATOR_ADD_STEP), WU_ORIGIN_COMMAND, &coordinator__add_step__descriptor,
     route_add_step},
    {WU_TYPE(COORDINATOR_CONFIRM_OVERRIDE), WU_ORIGIN_COMMAND,
     &coordinator__confirm_override__descriptor, route_confirm_override},
    {WU_TYPE(COORDINATOR_OVERRIDE_OVERDUE), WU_ORIGIN_TIMER, NULL, route_override_overdue},
    {0},
};
