#include "services/volunteer/core/tables.h"

const struct wu_table VOLUNTEER_VOLUNTEERS = {
    .name = "volunteer.volunteers",
    .key_size = sizeof(struct volunteer_key),
    .key = {WU_KEY(struct volunteer_key, volunteer_id)},
    .row = &volunteer_state__volunteer_row__descriptor,
};

const struct wu_table VOLUNTEER_BY_NUMBER = {
    .name = "volunteer.by_number",
    .key_size = sizeof(struct volunteer_number_key),
    .key = {WU_KEY(struct volunteer_number_key, number)},
    .row = &volunteer_state__volunteer_number_row__descriptor,
};

const struct wu_table VOLUNTEER_BY_SKILL = {
    .name = "volunteer.by_skill",
    .key_size = sizeof(struct volunteer_skill_key),
    .key = {WU_KEY(struct volunteer_skill_key, team_id), WU_KEY(struct volunteer_skill_key, skill),
            WU_KEY(struct volunteer_skill_key, last_served),
            WU_KEY(struct volunteer_skill_key, volunteer_id),
            WU_KEY(struct volunteer_skill_key, free_blocks)},
};

const struct wu_table VOLUNTEER_SHIFTS = {
    .name = "volunteer.shifts",
    .key_size = sizeof(struct shift_key),
    .key = {WU_KEY(struct shift_key, volunteer_id), WU_KEY(struct shift_key, until_ms)},
    .row = &volunteer_state__shift_row__descriptor,
};

const struct wu_table VOLUNTEER_ASSIGNMENTS = {
    .name = "volunteer.assignments",
    .key_size = sizeof(struct assignment_key),
    .key = {WU_KEY(struct assignment_key, linkage_id), WU_KEY(struct assignment_key, step_no),
            WU_KEY(struct assignment_key, provider_id), WU_KEY(struct assignment_key, n)},
    .row = &volunteer_state__assignment_row__descriptor,
};
