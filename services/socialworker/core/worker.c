#include "services/socialworker/core/worker.h"

#include "common/base/assert.h"
#include "services/socialworker/core/tables.h"

enum { NUMBER_BYTES_MAX = 23, CASELOAD_MAX = 1000 };

enum worker_refusal {
    WORKER_NOT_REFUSED,
    WORKER_NUMBER_MALFORMED,
    WORKER_STATION_UNKNOWN,
    WORKER_NAME_INVALID,
    WORKER_LEVEL_INVALID,
    WORKER_FIELDS_INVALID,
    WORKER_REGISTRATION_INVALID,
    WORKER_CASELOAD_INVALID,
};

static const struct refusal REFUSALS[] = {
    [WORKER_NUMBER_MALFORMED] = {"WORKER_NUMBER_MALFORMED",
                                 "a certificate number has 1 to 23 bytes and no blanks"},
    [WORKER_STATION_UNKNOWN] = {"WORKER_STATION_UNKNOWN",
                                "no station has that code; add the station first"},
    [WORKER_NAME_INVALID] = {"WORKER_NAME_INVALID", "give a name of 1 to 120 bytes"},
    [WORKER_LEVEL_INVALID] = {"WORKER_LEVEL_INVALID",
                              "the level is assistant, social worker or senior"},
    [WORKER_FIELDS_INVALID] = {"WORKER_FIELDS_INVALID",
                               "name 1 to 64 fields, each once, each of 1 to 31 bytes without "
                               "blanks"},
    [WORKER_REGISTRATION_INVALID] = {"WORKER_REGISTRATION_INVALID",
                                     "say until when the registration holds; a day in the past "
                                     "means it has run out"},
    [WORKER_CASELOAD_INVALID] = {"WORKER_CASELOAD_INVALID", "a ceiling is 1 to 1000 open cases"},
};

static enum worker_refusal worker_refusal(struct wu_step *step, const AddWorker *add,
                                          struct wu_id *ret_station_id)
{
    if (!check_is_code(add->number, NUMBER_BYTES_MAX)) {
        return WORKER_NUMBER_MALFORMED;
    }
    if (!provider_by_code(step, add->station, ret_station_id)) {
        return WORKER_STATION_UNKNOWN;
    }
    if (!check_is_name(add->name, CHECK_NAME_BYTES_MAX)) {
        return WORKER_NAME_INVALID;
    }
    if (add->level < WORKER_LEVEL(ASSISTANT) || add->level > WORKER_LEVEL(SENIOR)) {
        return WORKER_LEVEL_INVALID;
    }
    if (!check_are_services(add->fields, add->n_fields)) {
        return WORKER_FIELDS_INVALID;
    }
    if (add->registered_until_ms <= 0) {
        return WORKER_REGISTRATION_INVALID;
    }
    if (add->caseload_max < 1 || add->caseload_max > CASELOAD_MAX) {
        return WORKER_CASELOAD_INVALID;
    }
    return WORKER_NOT_REFUSED;
}

/* ---- a worker and its entries in the index, always written together -------- */

static WorkerStanding standing_of(struct wu_step *step, const WorkerRow *row)
{
    bool registered = row->registered_until_ms > wu_step_event(step)->time_ms;
    if (row->level == WORKER_LEVEL(ASSISTANT) || !registered) {
        return WORKER_STANDING(UNLICENSED);
    }
    return row->caseload < row->caseload_max ? WORKER_STANDING(FREE) : WORKER_STANDING(FULL);
}

static struct worker_field_key field_key(const struct worker_key *key, const WorkerRow *row,
                                         size_t field)
{
    struct worker_field_key at = {.standing = (uint32_t)row->standing,
                                  .caseload = (uint32_t)row->caseload,
                                  .worker_id = key->worker_id};
    wu_id_from_pb(row->station_id, &at.station_id);
    bool fits = wu_key_text(at.field, sizeof at.field, row->fields[field]);
    WU_ASSERT(fits);
    return at;
}

static void unlist(struct wu_step *step, const struct worker_key *key, const WorkerRow *row)
{
    for (size_t i = 0; i < row->n_fields; i++) {
        struct worker_field_key at = field_key(key, row, i);
        workers_by_field_del(wu_step_txn(step), &at);
    }
}

static void put_and_list(struct wu_step *step, const struct worker_key *key, WorkerRow *row)
{
    row->standing = standing_of(step, row);
    workers_put(wu_step_txn(step), key, row);
    for (size_t i = 0; i < row->n_fields; i++) {
        struct worker_field_key at = field_key(key, row, i);
        workers_by_field_put(wu_step_txn(step), &at);
    }
}

static void change_caseload(struct wu_step *step, const struct worker_key *key,
                            const WorkerRow *known, int64_t more)
{
    WorkerRow row = *known;
    row.caseload += more;
    WU_ASSERT(row.caseload >= 0);
    unlist(step, key, known);
    put_and_list(step, key, &row);
}

/* ---- a worker joins -------------------------------------------------------- */

static WorkerRow worker_row(const AddWorker *add, const struct wu_id *station_id,
                            const WorkerRow *known)
{
    WorkerRow row = SOCIALWORKER_STATE__WORKER_ROW__INIT;
    row.number = add->number;
    row.station_id = wu_id_to_pb(station_id);
    row.name = add->name;
    row.level = add->level;
    row.n_fields = add->n_fields;
    row.fields = add->fields;
    row.registered_until_ms = add->registered_until_ms;
    row.caseload_max = add->caseload_max;
    row.caseload = known != NULL ? known->caseload : 0;
    row.standing = known != NULL ? known->standing : WORKER_STANDING(UNSPECIFIED);
    return row;
}

/* The worker with that number; a new one gets its id here. */
static const WorkerRow *find_or_name(struct wu_step *step, const char *number,
                                     struct worker_key *ret_key)
{
    struct worker_number_key number_key;
    bool fits = wu_key_text(number_key.number, sizeof number_key.number, number);
    WU_ASSERT(fits);
    const WorkerNumberRow *known = workers_by_number_get(wu_step_txn(step), &number_key);
    if (known != NULL && wu_id_from_pb(known->worker_id, &ret_key->worker_id)) {
        return workers_get(wu_step_txn(step), ret_key);
    }
    ret_key->worker_id = wu_step_new_id(step);
    WorkerNumberRow row = SOCIALWORKER_STATE__WORKER_NUMBER_ROW__INIT;
    row.worker_id = wu_id_to_pb(&ret_key->worker_id);
    workers_by_number_put(wu_step_txn(step), &number_key, &row);
    return NULL;
}

/*
 * A social worker joins a station, or the record changes: another station,
 * another level, a registration renewed. Cases held stay with the worker.
 */
static void handle_add_worker(struct wu_step *step, const AddWorker *add)
{
    struct wu_id station_id;
    enum worker_refusal refusal = worker_refusal(step, add, &station_id);
    if (refusal != WORKER_NOT_REFUSED) {
        check_refuse(step, refusal == WORKER_STATION_UNKNOWN ? add->station : add->number,
                     &REFUSALS[refusal]);
        return;
    }

    struct worker_key key;
    const WorkerRow *known = find_or_name(step, add->number, &key);
    WorkerRow row = worker_row(add, &station_id, known);
    wu_answer_accept(step, key.worker_id);
    if (known != NULL && check_same_row(step, &row.base, &known->base)) {
        return;
    }
    if (known != NULL) {
        unlist(step, &key, known);
    }
    put_and_list(step, &key, &row);
}
WU_HANDLER(add_worker, AddWorker)

/* ---- a case is taken and given back ---------------------------------------- */

static bool has_licence(const WorkerRow *row, const StepOffered *offer)
{
    return (uint32_t)row->level >= offer->level_min &&
           (offer->licence_field[0] == '\0' ||
            check_has_service(row->fields, row->n_fields, offer->licence_field));
}

static void start_of(struct worker_field_key *at, WorkerStanding standing)
{
    at->standing = (uint32_t)standing;
    at->caseload = 0;
    at->worker_id = (struct wu_id){0};
}

/*
 * The first of that standing who has the licence and is still registered. A
 * registration that has run out is found here, and moves its worker aside: that
 * is paid for once. Whoever has another licence is walked past: colleagues of
 * one station, so few.
 */
static const WorkerRow *first_licensed(struct wu_step *step, struct worker_field_key *at,
                                       WorkerStanding standing, const StepOffered *offer)
{
    start_of(at, standing);
    bool found = workers_by_field_from(wu_step_txn(step), at, 3);
    while (found) {
        struct worker_key key = {at->worker_id};
        const WorkerRow *row = workers_get(wu_step_txn(step), &key);
        if (row == NULL) {
            return NULL; /* only after a failure of the transaction */
        }
        if (row->registered_until_ms <= wu_step_event(step)->time_ms) {
            change_caseload(step, &key, row, 0);
        } else if (has_licence(row, offer)) {
            return row;
        }
        found = workers_by_field_after(wu_step_txn(step), at, 3);
    }
    return NULL;
}

static bool is_anybody(struct wu_step *step, struct worker_field_key *at, WorkerStanding standing)
{
    start_of(at, standing);
    return workers_by_field_from(wu_step_txn(step), at, 3);
}

static DeclineReason why_nobody(struct wu_step *step, struct worker_field_key *at,
                                const StepOffered *offer)
{
    if (first_licensed(step, at, WORKER_STANDING(FULL), offer) != NULL) {
        return DECLINE_REASON(NO_CAPACITY);
    }
    bool others = is_anybody(step, at, WORKER_STANDING(FREE)) ||
                  is_anybody(step, at, WORKER_STANDING(FULL)) ||
                  is_anybody(step, at, WORKER_STANDING(UNLICENSED));
    return others ? DECLINE_REASON(NOT_LICENSED) : DECLINE_REASON(SERVICE_UNKNOWN);
}

static struct assignment_key assignment_key(const StepRef *ref)
{
    struct assignment_key key = {.step_no = ref->step_no};
    wu_id_from_pb(ref->linkage_id, &key.linkage_id);
    wu_id_from_pb(ref->provider_id, &key.provider_id);
    return key;
}

DeclineReason worker_reserve(struct wu_step *step, const struct wu_id *station_id,
                             const ProviderRow *station, const StepOffered *offer)
{
    (void)station; /* it offers the service, or we would not be asked */
    struct worker_field_key at = {.station_id = *station_id};
    if (!wu_key_text(at.field, sizeof at.field, offer->service)) {
        return DECLINE_REASON(SERVICE_UNKNOWN);
    }
    const WorkerRow *worker = first_licensed(step, &at, WORKER_STANDING(FREE), offer);
    if (worker == NULL) {
        return why_nobody(step, &at, offer);
    }

    struct worker_key key = {at.worker_id};
    change_caseload(step, &key, worker, 1);
    AssignmentRow assignment = SOCIALWORKER_STATE__ASSIGNMENT_ROW__INIT;
    assignment.worker_id = wu_id_to_pb(&key.worker_id);
    struct assignment_key assignment_at = assignment_key(offer->ref);
    assignments_put(wu_step_txn(step), &assignment_at, &assignment);
    return NOT_DECLINED;
}

static void close_case(struct wu_step *step, const struct assignment_key *at)
{
    struct worker_key key;
    const AssignmentRow *assignment = assignments_get(wu_step_txn(step), at);
    if (assignment == NULL || !wu_id_from_pb(assignment->worker_id, &key.worker_id)) {
        return;
    }
    const WorkerRow *worker = workers_get(wu_step_txn(step), &key);
    if (worker != NULL) {
        change_caseload(step, &key, worker, -1);
    }
}

void worker_release(struct wu_step *step, const struct wu_id *station_id, const StepRow *held)
{
    (void)station_id; /* the case went with the worker, even to another station */
    struct assignment_key at = assignment_key(held->offer->ref);
    close_case(step, &at);
    assignments_del(wu_step_txn(step), &at);
}

void worker_deliver(struct wu_step *step, const struct wu_id *station_id, const StepRow *held,
                    const StepDelivered *delivered)
{
    (void)station_id;
    (void)delivered;
    struct assignment_key at = assignment_key(held->offer->ref);
    close_case(step, &at);
}

const struct wu_route SOCIALWORKER_WORKER_ROUTES[] = {
    {WU_TYPE(SOCIALWORKER_ADD_WORKER), WU_ORIGIN_COMMAND, &socialworker__add_worker__descriptor,
     route_add_worker},
    {0},
};
