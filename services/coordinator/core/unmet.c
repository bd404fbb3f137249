#include "services/coordinator/core/unmet.h"

#include "services/coordinator/core/tables.h"

static bool is_met(const LinkageRow *row)
{
    return row->state != LINKAGE_REFUSED &&
           (row->outcome == OUTCOME_MET || row->outcome == OUTCOME_UNCONFIRMED);
}

/* What was missing: NULL if nothing was, and it did not help all the same. */
static const LinkageStep *missing_step(const struct linkage *linkage)
{
    StepState wanted = linkage->row.outcome == OUTCOME_UNMET ? STEP_UNMET : STEP_SKIPPED;
    for (size_t i = 0; i < linkage->row.n_steps; i++) {
        if (linkage->steps[i].state == wanted) {
            return &linkage->steps[i];
        }
    }
    return NULL;
}

static size_t said_count(const LinkageStep *step, DeclineReason reason)
{
    size_t count = 0;
    for (size_t i = 0; i < step->n_tried_reasons; i++) {
        count += step->tried_reasons[i] == reason ? 1 : 0;
    }
    return count;
}

/* The reason most gave, of equals the last; nobody declined: UNSPECIFIED. */
static DeclineReason most_said(const LinkageStep *step)
{
    DeclineReason most = DECLINE_UNSPECIFIED;
    size_t most_count = 0;
    for (size_t i = 0; i < step->n_tried_reasons; i++) {
        size_t count = said_count(step, step->tried_reasons[i]);
        if (step->tried_reasons[i] != DECLINE_UNSPECIFIED && count >= most_count) {
            most = step->tried_reasons[i];
            most_count = count;
        }
    }
    return most;
}

void unmet_register(struct linkage *linkage)
{
    const LinkageRow *row = &linkage->row;
    if (is_met(row)) {
        return;
    }
    UnmetRow unmet = COORDINATOR_STATE__UNMET_ROW__INIT;
    unmet.kind = row->kind;
    unmet.division = row->division;
    unmet.urgency = row->urgency;
    unmet.outcome = row->outcome;
    unmet.refusal = row->refusal;
    unmet.reason = row->reason;
    unmet.open_ms = row->closed_at_ms - row->opened_at_ms;
    const LinkageStep *missing = missing_step(linkage);
    if (missing != NULL) {
        unmet.missing_service = missing->service;
        unmet.role = missing->role;
        unmet.decline_reason = most_said(missing);
    }
    unmet_put(wu_step_txn(linkage->fold), &(struct unmet_key){row->closed_at_ms, linkage->id},
              &unmet);
}
