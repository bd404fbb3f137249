/* A case is one registered worker's, and nobody has more cases than are held. */
#include "services/socialworker/core/core.h"

#include "services/socialworker/core/tables.h"
#include "tests/fuzz/fuzz_provider.h"

static int64_t count_cases(struct wu_txn *txn, const struct wu_id *worker_id)
{
    int64_t count = 0;
    struct assignment_key key = {0};
    const AssignmentRow *row = NULL;
    for (bool more = assignments_from(txn, &key, 0, &row); more;
         more = assignments_after(txn, &key, 0, &row)) {
        struct wu_id id;
        const StepRow *step =
            steps_get(txn, &(struct step_key){key.linkage_id, key.step_no, key.provider_id});
        FUZZ_RULE(step != NULL && (fuzz_step_holds(step) || step->state == STEP_STATE(DELIVERED) ||
                                   fuzz_provider_is_given_again(&(struct step_key){
                                       key.linkage_id, key.step_no, key.provider_id})),
                  "nobody has a case that is over");
        count += fuzz_step_holds(step) && wu_id_from_pb(row->worker_id, &id) &&
                 wu_id_equal(&id, worker_id);
    }
    return count;
}

static void check_worker(struct wu_txn *txn, const struct worker_key *key, const WorkerRow *row)
{
    FUZZ_RULE(row->caseload == count_cases(txn, &key->worker_id),
              "a caseload is the cases that are held");
    FUZZ_RULE(row->standing >= WORKER_STANDING(FREE) &&
                  row->standing <= WORKER_STANDING(UNLICENSED),
              "a worker has a standing");
    FUZZ_RULE(row->standing != WORKER_STANDING(FREE) || row->caseload < row->caseload_max,
              "who is full is not free");
    FUZZ_RULE(row->level != SOCIALWORKER__WORKER_LEVEL__WORKER_LEVEL_ASSISTANT ||
                  row->standing == WORKER_STANDING(UNLICENSED),
              "an assistant is given no case");
    for (size_t i = 0; i < row->n_fields; i++) {
        struct worker_field_key at = {.standing = (uint32_t)row->standing,
                                      .caseload = (uint32_t)row->caseload,
                                      .worker_id = key->worker_id};
        FUZZ_RULE(wu_id_from_pb(row->station_id, &at.station_id) &&
                      wu_key_text(at.field, sizeof at.field, row->fields[i]) &&
                      workers_by_field_from(txn, &at, 5),
                  "a worker is listed as it stands");
    }
}

static void check(struct wu_txn *txn)
{
    fuzz_provider_check(txn);
    uint64_t listed = 0;
    size_t mark = fuzz_mark(txn);
    struct worker_key key = {0};
    const WorkerRow *row = NULL;
    for (bool more = workers_from(txn, &key, 0, &row); more;
         more = workers_after(txn, &key, 0, &row)) {
        check_worker(txn, &key, row);
        listed += row->n_fields;
        fuzz_forget(txn, mark);
    }
    FUZZ_RULE(wu_table_count(txn, &SOCIALWORKER_BY_FIELD) == listed, "nobody else is listed");
    FUZZ_RULE(wu_table_count(txn, &SOCIALWORKER_WORKERS) ==
                  wu_table_count(txn, &SOCIALWORKER_BY_NUMBER),
              "a number names one worker");
}

/* Every step that holds has a worker: the other way round. */
static void check_held(struct wu_txn *txn)
{
    check(txn);
    size_t mark = fuzz_mark(txn);
    struct step_key key = {0};
    const StepRow *row = NULL;
    for (bool more = steps_from(txn, &key, 0, &row); more; more = steps_after(txn, &key, 0, &row)) {
        struct assignment_key at = {key.linkage_id, key.step_no, key.provider_id};
        FUZZ_RULE(!fuzz_step_holds(row) || assignments_get(txn, &at) != NULL,
                  "a case that is held is somebody's");
        fuzz_forget(txn, mark);
    }
}

const struct fuzz_core FUZZ_CORE = {.core = &SOCIALWORKER_CORE,
                                    .begin = fuzz_provider_begin,
                                    .saw = fuzz_provider_saw,
                                    .check = check_held};
