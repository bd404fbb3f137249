#include "services/coordinator/core/radar.h"

#include "common/base/date.h"

#include <string.h>

/* ---- what is what ---------------------------------------------------------------- */

Indicator radar_indicator(Deviation deviation)
{
    if (deviation <= DEVIATION(ONE_SOCIETY)) {
        return INDICATOR_MISINTERPRETATION;
    }
    if (deviation <= DEVIATION(SOCIETY_FOR_OTHERS)) {
        return INDICATOR_SUBSTITUTION;
    }
    return deviation <= DEVIATION(NOTHING_GIVEN) ? INDICATOR_FORM : INDICATOR_RESISTANCE;
}

uint32_t radar_month(int64_t time_ms, int64_t utc_offset_min)
{
    return wu_date_of_day(wu_day_of_time(time_ms, utc_offset_min)) / 100;
}

/* ---- one linkage -------------------------------------------------------------------- */

/* A linkage while it is counted: the month's row, changed in place and written once. */
struct count {
    struct linkage *linkage;
    struct month_key key;
    MonthRow month;
    uint64_t deviations[DEVIATION_COUNT];
};

static void begin_count(struct count *count, struct linkage *linkage)
{
    struct wu_step *fold = linkage->fold;
    const LinkageRow *row = &linkage->row;
    *count = (struct count){
        .linkage = linkage,
        .key = {.month = radar_month(row->closed_at_ms, wu_step_utc_offset_min(fold)),
                .division = row->division,
                .mode = row->mode != 0 ? (uint32_t)row->mode : (uint32_t)MODE_FIVE},
        .month = COORDINATOR_STATE__MONTH_ROW__INIT,
    };
    const MonthRow *known = months_get(wu_step_txn(fold), &count->key);
    if (known != NULL) {
        count->month = *known;
        for (size_t i = 0; i < known->n_deviations && i < DEVIATION_COUNT; i++) {
            count->deviations[i] = known->deviations[i];
        }
    }
    count->month.n_deviations = DEVIATION_COUNT;
    count->month.deviations = count->deviations;
}

/* Into the figure, and its case to where the figure opens. */
static void deviate(struct count *count, Deviation deviation, const LinkageStep *step,
                    ProtobufCBinaryData provider_id, uint64_t amount)
{
    struct deviation_key key = {
        .month = count->key.month,
        .division = count->key.division,
        .deviation = (uint32_t)deviation,
        .linkage_id = count->linkage->id,
        .step_no = step != NULL ? step->step_no : 0,
    };
    (void)wu_id_from_pb(provider_id, &key.provider_id);
    DeviationRow row = COORDINATOR_STATE__DEVIATION_ROW__INIT;
    row.amount = amount;
    count->deviations[deviation - 1] += amount;
    deviations_put(wu_step_txn(count->linkage->fold), &key, &row);
}

static void deviate_whole(struct count *count, Deviation deviation)
{
    deviate(count, deviation, NULL, (ProtobufCBinaryData){0, NULL}, 1);
}

/* ---- misinterpretation ---------------------------------------------------------------- */

static bool is_unlisted(const LinkageRow *row)
{
    return row->refusal == REFUSAL_KIND_UNKNOWN || row->refusal == REFUSAL_KIND_NOT_IN_FORCE;
}

static size_t role_count(const struct linkage *linkage, bool delivered_only)
{
    bool seen[ROLE_COORDINATOR] = {false};
    size_t count = 0;
    for (size_t i = 0; i < linkage->row.n_steps; i++) {
        const LinkageStep *step = &linkage->steps[i];
        if (step->role < ROLE_COORDINATOR && !seen[step->role] &&
            (!delivered_only || step->state == STEP_DELIVERED)) {
            seen[step->role] = true;
            count++;
        }
    }
    return count;
}

static bool was_delivered(const LinkageRow *row)
{
    return row->state == LINKAGE_CLOSED && row->outcome != OUTCOME_UNMET;
}

/* What the catalogue itself gives to one society is no deviation. */
static bool is_one_society(const struct linkage *linkage)
{
    return was_delivered(&linkage->row) && role_count(linkage, true) == 1 &&
           (role_count(linkage, false) > 1 || linkage->row.plan == WHY_PLAN_FOLLOWED);
}

/* A case counts once, under the first that holds. */
static void count_misinterpretation(struct count *count)
{
    const LinkageRow *row = &count->linkage->row;
    if (is_unlisted(row)) {
        deviate_whole(count, DEVIATION(UNLISTED));
    } else if (row->plan_rule != 0) {
        deviate_whole(count, row->plan_rule == RULE(PLAN_USABLE) ? DEVIATION(PLAN_UNUSABLE)
                                                                 : DEVIATION(PLAN_FORBIDDEN));
    } else if (is_one_society(count->linkage)) {
        deviate_whole(count, DEVIATION(ONE_SOCIETY));
    }
}

/* ---- form -------------------------------------------------------------------------------- */

static bool nothing_was_given(const struct linkage *linkage)
{
    for (size_t i = 0; i < linkage->row.n_steps; i++) {
        if (linkage->steps[i].quantity_done > 0) {
            return false;
        }
    }
    return true;
}

static void count_form(struct count *count)
{
    if (!was_delivered(&count->linkage->row)) {
        return;
    }
    if (count->linkage->row.outcome == OUTCOME_UNCONFIRMED) {
        deviate_whole(count, DEVIATION(NO_WORD));
    } else if (nothing_was_given(count->linkage)) {
        deviate_whole(count, DEVIATION(NOTHING_GIVEN));
    }
}

/* ---- substitution ----------------------------------------------------------------------- */

/* A step that a rule forbids has got past the firewall only if two people let it pass. */
static Deviation substitution_by(Role role)
{
    switch (role) {
    case ROLE_SOCIALWORKER:
        return DEVIATION(WORKER_FOR_OTHERS);
    case ROLE_VOLUNTEER:
        return DEVIATION(VOLUNTEER_FOR_STAFF);
    default:
        return DEVIATION(SOCIETY_FOR_OTHERS);
    }
}

static void count_minutes(struct count *count, const LinkageStep *step)
{
    int64_t minutes = step->minutes > 0 ? step->minutes : 0;
    count->month.minutes = wu_time_add(count->month.minutes, minutes);
    if (step->override_id.len > 0 && minutes > 0) {
        deviate(count, substitution_by(step->role), step, step->provider_id, (uint64_t)minutes);
    }
}

/* ---- resistance, and who worked with whom -------------------------------------------------- */

static Deviation resistance_of(const LinkageStep *step, AttemptEnd end, DeclineReason reason)
{
    if (end == END_SILENT) {
        return DEVIATION(NO_ANSWER);
    }
    if (end != END_DECLINED) {
        return 0;
    }
    switch (reason) {
    case DECLINE_TOO_LATE:
        return DEVIATION(NO_ANSWER);
    case DECLINE_NOT_OURS:
        return step->last_end != END_OUT_OF_REMIT ? DEVIATION(PASSED_BACK) : 0;
    case DECLINE_UNSPECIFIED:
    case DECLINE_BY_HAND:
        return DEVIATION(NO_RULE);
    default:
        return 0;
    }
}

static void add_resistance(PairRow *pair, Deviation deviation)
{
    switch (deviation) {
    case DEVIATION(NO_RULE):
        pair->no_rule++;
        break;
    case DEVIATION(NO_ANSWER):
        pair->no_answer++;
        break;
    case DEVIATION(PASSED_BACK):
        pair->passed_back++;
        break;
    case DEVIATION(SLOW_YES):
        pair->slow_yes++;
        break;
    default:
        break;
    }
}

/* One that was asked for the step, once however often it was. */
static void count_asked(struct count *count, const LinkageStep *step,
                        ProtobufCBinaryData provider_id, Deviation deviation, bool delivered)
{
    struct wu_txn *txn = wu_step_txn(count->linkage->fold);
    struct pair_key key = {.division = count->key.division, .month = count->key.month};
    if (!wu_id_from_pb(provider_id, &key.provider_id)) {
        return;
    }
    const PairRow *known = pairs_get(txn, &key);
    PairRow pair = COORDINATOR_STATE__PAIR_ROW__INIT;
    if (known != NULL) {
        pair = *known;
    }
    pair.role = step->role;
    pair.asked++;
    count->month.asked++;
    if (deviation != 0) {
        add_resistance(&pair, deviation);
        deviate(count, deviation, step, provider_id, 1);
    }
    if (delivered) {
        pair.delivered++;
        pair.minutes = wu_time_add(pair.minutes, step->minutes > 0 ? step->minutes : 0);
    }
    pairs_put(txn, &key, &pair);
}

static bool is_same(ProtobufCBinaryData a, ProtobufCBinaryData b)
{
    return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

/* One that a ruling bound was asked before: its first answer counts. */
static bool was_asked_before(const LinkageStep *step, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (is_same(step->tried[i], step->tried[index])) {
            return true;
        }
    }
    return false;
}

static void count_step(struct count *count, const LinkageStep *step)
{
    bool delivered = step->state == STEP_DELIVERED;
    bool was_tried = false; /* who delivered after all, late */
    for (size_t i = 0; i < step->n_tried && i < step->n_tried_ends; i++) {
        bool is_this = delivered && is_same(step->tried[i], step->provider_id);
        was_tried = was_tried || is_this;
        if (was_asked_before(step, i)) {
            continue;
        }
        count_asked(count, step, step->tried[i],
                    resistance_of(step, step->tried_ends[i], step->tried_reasons[i]), is_this);
    }
    if (!delivered) {
        return;
    }
    count->month.steps_delivered++;
    count_minutes(count, step);
    if (!was_tried) {
        count_asked(count, step, step->provider_id, step->slow ? DEVIATION(SLOW_YES) : 0, true);
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void count_end(MonthRow *month, const LinkageRow *row)
{
    month->cases++;
    if (row->state == LINKAGE_REFUSED) {
        month->refused++;
        return;
    }
    month->open_ms = wu_time_add(month->open_ms, row->closed_at_ms - row->opened_at_ms);
    switch (row->outcome) {
    case OUTCOME_MET:
        month->met++;
        break;
    case OUTCOME_PARTLY:
        month->partly++;
        break;
    case OUTCOME_NOT_MET:
        month->not_met++;
        break;
    case OUTCOME_UNCONFIRMED:
        month->unconfirmed++;
        break;
    default:
        month->unmet++;
        break;
    }
}

void radar_count(struct linkage *linkage)
{
    struct count count;
    begin_count(&count, linkage);
    count_end(&count.month, &linkage->row);
    count_misinterpretation(&count);
    count_form(&count);
    for (size_t i = 0; i < linkage->row.n_steps; i++) {
        count_step(&count, &linkage->steps[i]);
    }
    months_put(wu_step_txn(linkage->fold), &count.key, &count.month);
}

/* ---- figures ------------------------------------------------------------------------------------
 */

uint64_t radar_deviation_count(const MonthRow *month, Deviation deviation)
{
    return (size_t)deviation <= month->n_deviations ? month->deviations[deviation - 1] : 0;
}

uint64_t radar_delivered(const MonthRow *month)
{
    return month->met + month->partly + month->not_met + month->unconfirmed;
}

static uint64_t whole_of(const MonthRow *month, Indicator indicator)
{
    switch (indicator) {
    case INDICATOR_MISINTERPRETATION:
        return month->cases;
    case INDICATOR_SUBSTITUTION:
        return (uint64_t)month->minutes;
    case INDICATOR_FORM:
        return radar_delivered(month);
    default:
        return month->asked;
    }
}

struct figure radar_figure(const MonthRow *month, Indicator indicator)
{
    struct figure figure = {.whole = whole_of(month, indicator)};
    for (int i = 1; i <= DEVIATION_COUNT; i++) {
        if (radar_indicator((Deviation)i) == indicator) {
            figure.part += radar_deviation_count(month, (Deviation)i);
        }
    }
    return figure;
}

struct figure radar_pair_figure(const PairRow *pair)
{
    return (struct figure){
        .part = pair->no_rule + pair->no_answer + pair->passed_back + pair->slow_yes,
        .whole = pair->asked,
    };
}

int64_t radar_permille(struct figure figure)
{
    return figure.whole != 0 ? (int64_t)(figure.part * 1000 / figure.whole) : -1;
}
