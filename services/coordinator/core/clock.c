#include "services/coordinator/core/clock.h"

#include "common/base/division.h"
#include "common/base/time.h"
#include "services/coordinator/core/offer.h"
#include "services/coordinator/core/progress.h"
#include "services/coordinator/core/tables.h"

static struct wu_timer clock_timer(const struct linkage *linkage)
{
    return (struct wu_timer){.due_at_ms = linkage->row.clock_at_ms,
                             .type = WU_TYPE(COORDINATOR_CLOCK_OVERDUE),
                             .subject = linkage->id};
}

static void cancel_timer(struct linkage *linkage)
{
    if (linkage->row.clock_at_ms != 0) {
        const struct wu_timer timer = clock_timer(linkage);
        wu_timer_cancel(linkage->fold, &timer);
        linkage->row.clock_at_ms = 0;
    }
}

/* A timer that fires too early finds what is due and is set again: cheaper than to move it. */
static void set_timer(struct linkage *linkage)
{
    LinkageRow *row = &linkage->row;
    if (row->clock_at_ms != 0 && row->clock_at_ms <= row->due_at_ms) {
        return;
    }
    cancel_timer(linkage);
    row->clock_at_ms = row->due_at_ms;
    const struct wu_timer timer = clock_timer(linkage);
    wu_timer_set(linkage->fold, &timer);
}

void clock_start(struct linkage *linkage, int64_t span_ms)
{
    linkage->row.due_at_ms = wu_time_add(wu_step_event(linkage->fold)->time_ms, span_ms);
    set_timer(linkage);
}

void clock_rest(struct linkage *linkage)
{
    linkage->row.due_at_ms = 0;
}

/* ---- one level up ------------------------------------------------------------ */

/* The level above the one it has come to; 0: there is none. */
static uint64_t level_above(const LinkageRow *row)
{
    static const enum wu_division_level LEVELS[] = {WU_DIVISION_STREET, WU_DIVISION_DISTRICT,
                                                    WU_DIVISION_CITY};
    uint64_t here = row->escalated_to != 0 ? row->escalated_to : row->division;
    for (size_t i = 0; i < sizeof LEVELS / sizeof LEVELS[0]; i++) {
        if ((int)LEVELS[i] < wu_division_level(here)) {
            return wu_division_parent(row->division, LEVELS[i]);
        }
    }
    return 0;
}

static void leave_level(struct linkage *linkage)
{
    if (linkage->row.escalated_to != 0) {
        escalations_del(wu_step_txn(linkage->fold),
                        &(struct escalation_key){linkage->row.escalated_to, linkage->id});
    }
}

static void reach_level(struct linkage *linkage, uint64_t division, Rule rule)
{
    LinkageRow *row = &linkage->row;
    row->escalated_to = division;
    row->escalated_count++;

    EscalationRow escalation = COORDINATOR_STATE__ESCALATION_ROW__INIT;
    escalation.rule = rule;
    escalation.count = row->escalated_count;
    escalation.since_ms = wu_step_event(linkage->fold)->time_ms;
    escalations_put(wu_step_txn(linkage->fold), &(struct escalation_key){division, linkage->id},
                    &escalation);

    LinkageEscalated escalated = COORDINATOR__LINKAGE_ESCALATED__INIT;
    escalated.linkage_id = wu_id_to_pb(&linkage->id);
    escalated.division = division;
    escalated.rule = rule;
    escalated.count = row->escalated_count;
    emit_to_community(linkage, WU_TYPE(COORDINATOR_LINKAGE_ESCALATED), &escalated.base);
}

bool clock_escalate(struct linkage *linkage, Rule rule)
{
    uint64_t division = level_above(&linkage->row);
    if (division == 0 || linkage->row.referral != NULL) { /* its case has a clock, elsewhere */
        return false;
    }
    leave_level(linkage);
    reach_level(linkage, division, rule);
    linkage_note(linkage, &(struct note){.type = WU_TYPE(COORDINATOR_LINKAGE_ESCALATED),
                                         .code = linkage->row.escalated_count,
                                         .division = division,
                                         .rules = {rule, RULE(ONE_LEVEL_UP)}});
    return true;
}

void clock_stop(struct linkage *linkage)
{
    clock_rest(linkage);
    cancel_timer(linkage);
    leave_level(linkage);
}

/* ---- the timer --------------------------------------------------------------- */

static bool is_over(const LinkageRow *row)
{
    return row->state == LINKAGE_CLOSED || row->state == LINKAGE_REFUSED;
}

/* What is late, and how long until that is the next level's business. */
static void handle_breach(struct linkage *linkage)
{
    LinkageRow *row = &linkage->row;
    bool delivered = row->state == LINKAGE_AWAITING;
    (void)clock_escalate(linkage, delivered ? RULE(CLOSED_IN_TIME) : RULE(FOUND_IN_TIME));
    if (level_above(row) != 0) {
        clock_start(linkage, delivered ? WU_DAY_MS : row->gather_within_ms);
    } else {
        clock_rest(linkage);
    }
}

static void handle_clock_overdue(struct wu_step *fold)
{
    const struct wu_event *event = wu_step_event(fold);
    struct linkage linkage;
    if (!linkage_load(&linkage, fold, &event->subject) || is_over(&linkage.row)) {
        return;
    }
    linkage.row.clock_at_ms = 0;
    if (linkage.row.due_at_ms > event->time_ms) {
        set_timer(&linkage);
    } else if (linkage.row.due_at_ms != 0) {
        handle_breach(&linkage);
    }
    linkage_save(&linkage);
}

WU_TIMER_HANDLER(clock_overdue)

const struct wu_route COORDINATOR_CLOCK_ROUTES[] = {
    {WU_TYPE(COORDINATOR_CLOCK_OVERDUE), WU_ORIGIN_TIMER, NULL, route_clock_overdue},
    {0},
};

/* ---- for readers --------------------------------------------------------------- */

static int64_t step_due_ms(const LinkageStep *step)
{
    switch (step->state) {
    case STEP_OFFERED:
        return step->reply_by_ms;
    case STEP_RESERVED:
        return step->held_until_ms;
    case STEP_CONFIRMED:
    case STEP_TAKEN:
        return step->deliver_by_ms;
    case STEP_DISPUTED:
        return step->adjudicate_by_ms;
    default:
        return WU_TIME_NEVER;
    }
}

struct in_hand linkage_in_hand(const LinkageRow *row)
{
    struct in_hand in_hand = {.role = ROLE_COORDINATOR, .next_due_ms = WU_TIME_NEVER};
    if (is_over(row)) {
        return in_hand;
    }
    if (row->due_at_ms != 0) {
        in_hand.next_due_ms = row->due_at_ms;
    }
    if (row->state == LINKAGE_AWAITING_APPROVAL) {
        in_hand.next_due_ms = row->approve_by_ms;
    }
    if (row->state == LINKAGE_AWAITING || row->state == LINKAGE_AWAITING_APPROVAL) {
        in_hand.role = ROLE_COMMUNITY;
        in_hand.node = row->community_node;
        return in_hand;
    }
    size_t out = 0;
    for (size_t i = 0; i < row->n_steps; i++) {
        const LinkageStep *step = row->steps[i];
        int64_t due_ms = step_due_ms(step);
        if (due_ms < in_hand.next_due_ms) {
            in_hand.next_due_ms = due_ms;
        }
        if (step_is_out(step) && step->state != STEP_RESERVED) {
            in_hand.role = step->role;
            in_hand.node = out++ == 0 ? step->node : 0;
        }
    }
    return in_hand;
}
