#include "services/coordinator/core/whistle.h"

#include "common/base/division.h"
#include "common/base/time.h"
#include "services/coordinator/core/tables.h"

#include <string.h>

enum { TEXT_BYTES_MAX = 240, NAME_BYTES_MAX = 120, SPEAKER_BYTES_MAX = 31, RATING_MAX = 5 };

/* ---- departments ----------------------------------------------------------------- */

static bool is_text(const char *text, size_t bytes_min, size_t bytes_max)
{
    size_t size = strlen(text);
    return size >= bytes_min && size <= bytes_max;
}

static int64_t or_else(int64_t span_ms, int64_t otherwise_ms)
{
    return span_ms > 0 ? span_ms : otherwise_ms;
}

/* A department becomes known, or changes; what was counted stays. */
static void handle_add_department(struct wu_step *fold, const AddDepartment *add)
{
    struct department_key key;
    struct wu_txn *txn = wu_step_txn(fold);
    if (add->code[0] == '\0' || !wu_key_text(key.code, sizeof key.code, add->code)) {
        wu_answer_refuse(fold, "DEPARTMENT_CODE_INVALID", "a department's code has 1 to %zu bytes",
                         sizeof key.code - 1);
        return;
    }
    if (!is_text(add->name, 1, NAME_BYTES_MAX)) {
        wu_answer_refuse(fold, "DEPARTMENT_NAME_INVALID",
                         "department '%s' needs a name of 1 to %d bytes", add->code,
                         NAME_BYTES_MAX);
        return;
    }
    if (!wu_division_is_valid(add->division)) {
        wu_answer_refuse(fold, "DEPARTMENT_DIVISION_INVALID",
                         "department '%s' answers for a division of 12 digits", add->code);
        return;
    }
    const DepartmentRow *known = departments_get(txn, &key);
    DepartmentRow row = COORDINATOR_STATE__DEPARTMENT_ROW__INIT;
    if (known != NULL) {
        row = *known;
    }
    row.name = add->name;
    row.division = add->division;
    row.general_within_ms = or_else(add->general_within_ms, WU_DAY_MS);
    row.key_within_ms = or_else(add->key_within_ms, 2 * WU_HOUR_MS);
    row.urgent_within_ms = or_else(add->urgent_within_ms, 30 * WU_MINUTE_MS);
    departments_put(txn, &key, &row);
}

static const DepartmentRow *department_of(struct wu_step *fold, const char *code,
                                          struct department_key *ret_key)
{
    return wu_key_text(ret_key->code, sizeof ret_key->code, code)
               ? departments_get(wu_step_txn(fold), ret_key)
               : NULL;
}

/* ---- a whistle --------------------------------------------------------------------- */

static int64_t within_ms(const DepartmentRow *department, WhistleGrade grade)
{
    switch (grade) {
    case GRADE_GENERAL:
        return department->general_within_ms;
    case GRADE_KEY:
        return department->key_within_ms;
    default:
        return department->urgent_within_ms;
    }
}

static struct wu_timer arrival_timer(const struct whistle_key *key, const WhistleRow *row)
{
    return (struct wu_timer){.due_at_ms = row->arrive_by_ms,
                             .type = WU_TYPE(COORDINATOR_ARRIVAL_OVERDUE),
                             .subject = key->whistle_id};
}

/* The clock of its grade begins, and everybody may know. */
static void summon(struct wu_step *fold, const struct whistle_key *key, WhistleRow *row,
                   const DepartmentRow *department)
{
    row->arrive_by_ms =
        wu_time_add(wu_step_event(fold)->time_ms, within_ms(department, row->grade));
    const struct wu_timer timer = arrival_timer(key, row);
    wu_timer_set(fold, &timer);

    WhistleBlown blown = COORDINATOR__WHISTLE_BLOWN__INIT;
    blown.whistle_id = wu_id_to_pb(&key->whistle_id);
    blown.department = row->department;
    blown.division = row->division;
    blown.grade = row->grade;
    blown.arrive_by_ms = row->arrive_by_ms;
    blown.breach_count = row->breach_count;
    const struct wu_mail mail = {.type = WU_TYPE(COORDINATOR_WHISTLE_BLOWN),
                                 .subject = key->whistle_id,
                                 .division = row->division};
    wu_emit_public(fold, "coordinator.whistle", &mail, &blown.base);
}

/* Checked in this order; the first that fails is the answer. */
typedef enum {
    WHISTLE_NOT_REFUSED,
    WHISTLE_REFUSAL_DIVISION,
    WHISTLE_REFUSAL_DEPARTMENT,
    WHISTLE_REFUSAL_ELSEWHERE,
    WHISTLE_REFUSAL_GRADE,
    WHISTLE_REFUSAL_MATTER,
    WHISTLE_REFUSAL_LINKAGE,
} WhistleRefusal;

static WhistleRefusal whistle_refusal(struct wu_step *fold, const BlowWhistle *blow,
                                      const DepartmentRow *department)
{
    struct linkage_key linkage;
    if (!wu_division_is_valid(blow->division)) {
        return WHISTLE_REFUSAL_DIVISION;
    }
    if (department == NULL) {
        return WHISTLE_REFUSAL_DEPARTMENT;
    }
    if (!wu_division_holds(department->division, blow->division)) {
        return WHISTLE_REFUSAL_ELSEWHERE;
    }
    if (blow->grade != GRADE_GENERAL && blow->grade != GRADE_KEY && blow->grade != GRADE_URGENT) {
        return WHISTLE_REFUSAL_GRADE;
    }
    if (!is_text(blow->matter, 1, TEXT_BYTES_MAX)) {
        return WHISTLE_REFUSAL_MATTER;
    }
    bool about_case = blow->linkage_id.len > 0;
    if (about_case && (!wu_id_from_pb(blow->linkage_id, &linkage.linkage_id) ||
                       linkages_get(wu_step_txn(fold), &linkage) == NULL)) {
        return WHISTLE_REFUSAL_LINKAGE;
    }
    return WHISTLE_NOT_REFUSED;
}

static void refuse_whistle(struct wu_step *fold, const BlowWhistle *blow, WhistleRefusal refusal)
{
    switch (refusal) {
    case WHISTLE_REFUSAL_DIVISION:
        wu_answer_refuse(fold, "WHISTLE_DIVISION_INVALID",
                         "say which community summons: 12 digits");
        break;
    case WHISTLE_REFUSAL_DEPARTMENT:
        wu_answer_refuse(fold, "DEPARTMENT_UNKNOWN",
                         "there is no department '%.31s'; 'wushectl department list' shows them",
                         blow->department);
        break;
    case WHISTLE_REFUSAL_ELSEWHERE:
        wu_answer_refuse(fold, "DEPARTMENT_ELSEWHERE",
                         "department '%.31s' does not answer for that community", blow->department);
        break;
    case WHISTLE_REFUSAL_GRADE:
        wu_answer_refuse(fold, "WHISTLE_GRADE_INVALID", "the grade is general, key or urgent");
        break;
    case WHISTLE_REFUSAL_MATTER:
        wu_answer_refuse(fold, "WHISTLE_MATTER_INVALID", "say what it is about, 1 to %d bytes",
                         TEXT_BYTES_MAX);
        break;
    case WHISTLE_REFUSAL_LINKAGE:
        wu_answer_refuse(fold, "LINKAGE_UNKNOWN", "there is no linkage of that number here");
        break;
    case WHISTLE_NOT_REFUSED:
    default:
        break;
    }
}

/* How often each community summons: never and too often are both worth a look. */
static void count_community(struct wu_step *fold, uint64_t division)
{
    const struct whistler_key key = {division};
    const WhistlerRow *known = whistlers_get(wu_step_txn(fold), &key);
    WhistlerRow row = COORDINATOR_STATE__WHISTLER_ROW__INIT;
    row.count = (known != NULL ? known->count : 0) + 1;
    whistlers_put(wu_step_txn(fold), &key, &row);
}

static void handle_blow_whistle(struct wu_step *fold, const BlowWhistle *blow)
{
    struct department_key department_key = {0};
    const DepartmentRow *department = department_of(fold, blow->department, &department_key);
    WhistleRefusal refusal = whistle_refusal(fold, blow, department);
    if (refusal != WHISTLE_NOT_REFUSED) {
        refuse_whistle(fold, blow, refusal);
        return;
    }
    const struct whistle_key key = {wu_step_new_id(fold)};
    WhistleRow row = COORDINATOR_STATE__WHISTLE_ROW__INIT;
    row.department = blow->department;
    row.division = blow->division;
    row.grade = blow->grade;
    row.matter = blow->matter;
    row.linkage_id = blow->linkage_id;
    row.state = WHISTLE_SUMMONED;
    row.blown_at_ms = wu_step_event(fold)->time_ms;
    summon(fold, &key, &row, department);
    whistles_put(wu_step_txn(fold), &key, &row);

    DepartmentRow counted = *department;
    counted.summons_count++;
    departments_put(wu_step_txn(fold), &department_key, &counted);
    count_community(fold, blow->division);
    wu_answer_accept(fold, key.whistle_id);
}

/* The whistle of that number, to be changed; false with a refusal. */
static bool find_whistle(struct wu_step *fold, ProtobufCBinaryData id, struct whistle_key *ret_key,
                         WhistleRow *ret_row)
{
    const WhistleRow *row =
        wu_id_from_pb(id, &ret_key->whistle_id) ? whistles_get(wu_step_txn(fold), ret_key) : NULL;
    if (row == NULL) {
        wu_answer_refuse(fold, "WHISTLE_UNKNOWN",
                         "there is no whistle of that number; 'wushectl whistle list' shows them");
        return false;
    }
    *ret_row = *row;
    return true;
}

/* It is there; whether in time, the clock has told. */
static void handle_report_arrival(struct wu_step *fold, const ReportArrival *arrival)
{
    struct whistle_key key;
    WhistleRow row;
    if (!find_whistle(fold, arrival->whistle_id, &key, &row)) {
        return;
    }
    if (row.state != WHISTLE_SUMMONED) {
        wu_answer_refuse(fold, "WHISTLE_NOT_WAITING",
                         "that whistle waits for nobody: the department was there already, or it "
                         "is over");
        return;
    }
    if (!is_text(arrival->by, 1, SPEAKER_BYTES_MAX)) {
        wu_answer_refuse(fold, "WHISTLE_WITNESS_INVALID",
                         "say who saw the department arrive: a code of 1 to %d bytes",
                         SPEAKER_BYTES_MAX);
        return;
    }
    const struct wu_timer timer = arrival_timer(&key, &row);
    wu_timer_cancel(fold, &timer);
    row.state = WHISTLE_ARRIVED;
    row.arrived_at_ms = wu_step_event(fold)->happened_at_ms;
    row.witness = arrival->by;
    whistles_put(wu_step_txn(fold), &key, &row);

    struct department_key department_key = {0};
    const DepartmentRow *department = department_of(fold, row.department, &department_key);
    if (department != NULL && row.breach_count == 0) {
        DepartmentRow counted = *department;
        counted.in_time_count++;
        departments_put(wu_step_txn(fold), &department_key, &counted);
    }
}

/* The community has the last word, and has it once: nobody edits it, least of all the rated. */
static void handle_rate_whistle(struct wu_step *fold, const RateWhistle *rate)
{
    struct whistle_key key;
    WhistleRow row;
    if (!find_whistle(fold, rate->whistle_id, &key, &row)) {
        return;
    }
    if (row.state == WHISTLE_RATED) {
        wu_answer_refuse(fold, "WHISTLE_RATED_ALREADY",
                         "that whistle was rated; a rating is given once and stays");
        return;
    }
    if (rate->rating < 1 || rate->rating > RATING_MAX) {
        wu_answer_refuse(fold, "WHISTLE_RATING_INVALID", "a rating is 1 to %d", RATING_MAX);
        return;
    }
    if (!is_text(rate->text, 0, TEXT_BYTES_MAX)) {
        wu_answer_refuse(fold, "WHISTLE_TEXT_TOO_LONG", "a rating's text has at most %d bytes",
                         TEXT_BYTES_MAX);
        return;
    }
    if (row.state == WHISTLE_SUMMONED) {
        const struct wu_timer timer = arrival_timer(&key, &row);
        wu_timer_cancel(fold, &timer);
    }
    row.state = WHISTLE_RATED;
    row.rating = rate->rating;
    row.rating_text = rate->text;
    row.rated_at_ms = wu_step_event(fold)->time_ms;
    whistles_put(wu_step_txn(fold), &key, &row);

    struct department_key department_key = {0};
    const DepartmentRow *department = department_of(fold, row.department, &department_key);
    if (department != NULL) {
        DepartmentRow counted = *department;
        counted.rated_count++;
        counted.rating_sum += rate->rating;
        departments_put(wu_step_txn(fold), &department_key, &counted);
    }
}

/* Nobody came: one grade up, and the shorter clock begins. Of the highest grade it only counts. */
static void handle_arrival_overdue(struct wu_step *fold)
{
    const struct whistle_key key = {wu_step_event(fold)->subject};
    const WhistleRow *known = whistles_get(wu_step_txn(fold), &key);
    struct department_key department_key = {0};
    if (known == NULL || known->state != WHISTLE_SUMMONED) {
        return;
    }
    WhistleRow row = *known;
    const DepartmentRow *department = department_of(fold, row.department, &department_key);
    if (department == NULL) {
        return;
    }
    row.breach_count++;
    DepartmentRow counted = *department;
    counted.breach_count++;
    departments_put(wu_step_txn(fold), &department_key, &counted);
    if (row.grade != GRADE_URGENT) {
        row.grade++;
        summon(fold, &key, &row, department);
    }
    whistles_put(wu_step_txn(fold), &key, &row);
}

WU_HANDLER(add_department, AddDepartment)
WU_HANDLER(blow_whistle, BlowWhistle)
WU_HANDLER(report_arrival, ReportArrival)
WU_HANDLER(rate_whistle, RateWhistle)
WU_TIMER_HANDLER(arrival_overdue)

const struct wu_route COORDINATOR_WHISTLE_ROUTES[] = {
    {WU_TYPE(COORDINATOR_ADD_DEPARTMENT), WU_ORIGIN_COMMAND,
     &coordinator__add_department__descriptor, route_add_department},
    {WU_TYPE(COORDINATOR_BLOW_WHISTLE), WU_ORIGIN_COMMAND, &coordinator__blow_whistle__descriptor,
     route_blow_whistle},
    {WU_TYPE(COORDINATOR_REPORT_ARRIVAL), WU_ORIGIN_COMMAND,
     &coordinator__report_arrival__descriptor, route_report_arrival},
    {WU_TYPE(COORDINATOR_RATE_WHISTLE), WU_ORIGIN_COMMAND, &coordinator__rate_whistle__descriptor,
     route_rate_whistle},
    {WU_TYPE(COORDINATOR_ARRIVAL_OVERDUE), WU_ORIGIN_TIMER, NULL, route_arrival_overdue},
    {0},
};
