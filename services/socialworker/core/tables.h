#pragma once

#include "common/fold/table.h"
#include "services/socialworker/core/names.h"

struct worker_key {
    struct wu_id worker_id;
};

/* Certified social workers, each at one station. */
extern const struct wu_table SOCIALWORKER_WORKERS;
WU_TABLE_OF(workers, SOCIALWORKER_WORKERS, struct worker_key, WorkerRow);

struct worker_number_key {
    char number[24];
};

/* The natural key of a worker; written once, never removed. */
extern const struct wu_table SOCIALWORKER_BY_NUMBER;
WU_TABLE_OF(workers_by_number, SOCIALWORKER_BY_NUMBER, struct worker_number_key, WorkerNumberRow);

struct worker_field_key {
    struct wu_id station_id;
    char field[32];
    uint32_t standing; /* WorkerStanding */
    uint32_t caseload; /* fewest cases first */
    struct wu_id worker_id;
};

/*
 * Who can be asked: the first FREE entry of a station and a field is the choice.
 * Written together with `workers`, one entry for each field of a worker. Those
 * who are full or unlicensed stand apart, so that nobody is walked past twice.
 */
extern const struct wu_table SOCIALWORKER_BY_FIELD;
WU_INDEX_OF(workers_by_field, SOCIALWORKER_BY_FIELD, struct worker_field_key);

struct assignment_key {
    struct wu_id linkage_id;
    uint32_t step_no;
    struct wu_id provider_id;
};

/* Whose case a step is. Stays after delivery, goes with a release. */
extern const struct wu_table SOCIALWORKER_ASSIGNMENTS;
WU_TABLE_OF(assignments, SOCIALWORKER_ASSIGNMENTS, struct assignment_key, AssignmentRow);
