#include "services/socialworker/core/tables.h"

const struct wu_table SOCIALWORKER_WORKERS = {
    .name = "socialworker.workers",
    .key_size = sizeof(struct worker_key),
    .key = {WU_KEY(struct worker_key, worker_id)},
    .row = &socialworker_state__worker_row__descriptor,
};

const struct wu_table SOCIALWORKER_BY_NUMBER = {
    .name = "socialworker.by_number",
    .key_size = sizeof(struct worker_number_key),
    .key = {WU_KEY(struct worker_number_key, number)},
    .row = &socialworker_state__worker_number_row__descriptor,
};

const struct wu_table SOCIALWORKER_BY_FIELD = {
    .name = "socialworker.by_field",
    .key_size = sizeof(struct worker_field_key),
    .key = {WU_KEY(struct worker_field_key, station_id), WU_KEY(struct worker_field_key, field),
            WU_KEY(struct worker_field_key, standing), WU_KEY(struct worker_field_key, caseload),
            WU_KEY(struct worker_field_key, worker_id)},
};

const struct wu_table SOCIALWORKER_ASSIGNMENTS = {
    .name = "socialworker.assignments",
    .key_size = sizeof(struct assignment_key),
    .key = {WU_KEY(struct assignment_key, linkage_id), WU_KEY(struct assignment_key, step_no),
            WU_KEY(struct assignment_key, provider_id)},
    .row = &socialworker_state__assignment_row__descriptor,
};
