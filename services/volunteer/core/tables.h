#pragma once

#include "common/fold/table.h"
#include "services/volunteer/core/names.h"

struct volunteer_key {
    struct wu_id volunteer_id;
};

/* People who help, each in one team. */
extern const struct wu_table VOLUNTEER_VOLUNTEERS;
WU_TABLE_OF(volunteers, VOLUNTEER_VOLUNTEERS, struct volunteer_key, VolunteerRow);

struct volunteer_number_key {
    char number[24];
};

/* The natural key of a volunteer; written once, never removed. */
extern const struct wu_table VOLUNTEER_BY_NUMBER;
WU_TABLE_OF(volunteers_by_number, VOLUNTEER_BY_NUMBER, struct volunteer_number_key,
            VolunteerNumberRow);

struct volunteer_skill_key {
    struct wu_id team_id;
    char skill[32];
    uint64_t last_served; /* longest rested first */
    struct wu_id volunteer_id;
    uint64_t
        free_blocks; /* slot_free_blocks: who cannot come is passed without a look at the row */
};

/*
 * Who can be called: one entry for each skill of a volunteer who has given free
 * times. Written together with `volunteers`.
 */
extern const struct wu_table VOLUNTEER_BY_SKILL;
WU_INDEX_OF(volunteers_by_skill, VOLUNTEER_BY_SKILL, struct volunteer_skill_key);

struct shift_key {
    struct wu_id volunteer_id;
    int64_t until_ms;
};

/*
 * The time of each volunteer that is promised or was given, in the whole city
 * and not in one team. Two shifts of one person never overlap, so the first
 * that ends after a moment is the only one that can be in the way of it.
 */
extern const struct wu_table VOLUNTEER_SHIFTS;
WU_TABLE_OF(shifts, VOLUNTEER_SHIFTS, struct shift_key, ShiftRow);

struct assignment_key {
    struct wu_id linkage_id;
    uint32_t step_no;
    struct wu_id provider_id;
    uint32_t n; /* 0 to quantity - 1 */
};

/* The people of a step, by name. Stay after delivery, go with a release. */
extern const struct wu_table VOLUNTEER_ASSIGNMENTS;
WU_TABLE_OF(assignments, VOLUNTEER_ASSIGNMENTS, struct assignment_key, AssignmentRow);
