/* Nobody is in two places, and every place of a step is somebody's. */
#include "services/volunteer/core/core.h"

#include "services/volunteer/core/tables.h"
#include "tests/fuzz/fuzz_provider.h"

static const StepRow *step_of(struct wu_txn *txn, const struct assignment_key *key)
{
    return steps_get(txn, &(struct step_key){key->linkage_id, key->step_no, key->provider_id});
}

static void check_assignment(struct wu_txn *txn, const struct assignment_key *key,
                             const AssignmentRow *row)
{
    struct shift_key at = {.until_ms = row->until_ms};
    struct wu_id linkage_id;
    struct wu_id team_id;
    FUZZ_RULE(wu_id_from_pb(row->volunteer_id, &at.volunteer_id), "a place is somebody's");
    const ShiftRow *shift = shifts_get(txn, &at);
    const StepRow *step = step_of(txn, key);
    if (fuzz_provider_is_given_again(
            &(struct step_key){key->linkage_id, key->step_no, key->provider_id})) {
        return;
    }
    FUZZ_RULE(shift != NULL && shift->from_ms == row->from_ms && shift->step_no == key->step_no &&
                  wu_id_from_pb(shift->linkage_id, &linkage_id) &&
                  wu_id_equal(&linkage_id, &key->linkage_id) &&
                  wu_id_from_pb(shift->provider_id, &team_id) &&
                  wu_id_equal(&team_id, &key->provider_id),
              "a place has its time set aside");
    FUZZ_RULE(step != NULL && (fuzz_step_holds(step) || step->state == STEP_STATE(DELIVERED)),
              "nobody is held for what is over");
    FUZZ_RULE(shift->served == (step->state == STEP_STATE(DELIVERED)),
              "who was there has served, and nobody else");
    FUZZ_RULE(row->from_ms < row->until_ms && row->until_ms <= step->offer->until_ms &&
                  row->from_ms >= step->offer->from_ms,
              "a shift is within the wanted time");
}

static int64_t count_places(struct wu_txn *txn, const struct step_key *key)
{
    int64_t count = 0;
    struct assignment_key at = {
        .linkage_id = key->linkage_id, .step_no = key->step_no, .provider_id = key->provider_id};
    const AssignmentRow *row = NULL;
    for (bool more = assignments_from(txn, &at, 3, &row); more;
         more = assignments_after(txn, &at, 3, &row)) {
        count++;
    }
    return count;
}

static void check_places(struct wu_txn *txn)
{
    size_t mark = fuzz_mark(txn);
    struct step_key key = {0};
    const StepRow *row = NULL;
    for (bool more = steps_from(txn, &key, 0, &row); more; more = steps_after(txn, &key, 0, &row)) {
        int64_t wanted = fuzz_step_holds(row)                  ? row->offer->quantity
                         : row->state == STEP_STATE(DELIVERED) ? row->delivered->quantity
                                                               : 0;
        FUZZ_RULE(count_places(txn, &key) == wanted || fuzz_provider_is_given_again(&key),
                  "a step has as many people as it asked for");
        fuzz_forget(txn, mark);
    }
}

static void check_shifts(struct wu_txn *txn)
{
    size_t mark = fuzz_mark(txn);
    struct shift_key key = {.until_ms = INT64_MIN};
    struct shift_key before = {.until_ms = INT64_MIN};
    const ShiftRow *row = NULL;
    for (bool more = shifts_from(txn, &key, 0, &row); more;
         more = shifts_after(txn, &key, 0, &row)) {
        FUZZ_RULE(!wu_id_equal(&key.volunteer_id, &before.volunteer_id) ||
                      row->from_ms >= before.until_ms,
                  "nobody is in two places at once");
        before = key;
        fuzz_forget(txn, mark);
    }
    FUZZ_RULE(wu_table_count(txn, &VOLUNTEER_SHIFTS) ==
                      wu_table_count(txn, &VOLUNTEER_ASSIGNMENTS) ||
                  fuzz_provider_is_given_again(NULL),
              "nobody's time is set aside for nothing");
}

/* The entries of one team; how many. */
static uint64_t check_listed(struct wu_txn *txn, const struct volunteer_key *key,
                             const VolunteerRow *row, ProtobufCBinaryData team_id)
{
    struct volunteer_skill_key at = {.last_served = row->last_served,
                                     .volunteer_id = key->volunteer_id};
    for (size_t i = 0; i < row->n_skills; i++) {
        FUZZ_RULE(wu_id_from_pb(team_id, &at.team_id) &&
                      wu_key_text(at.skill, sizeof at.skill, row->skills[i]) &&
                      volunteers_by_skill_from(txn, &at, 4),
                  "who can be called is listed");
    }
    return row->n_skills;
}

/* The index and the people are written together. */
static void check_people(struct wu_txn *txn)
{
    uint64_t listed = 0;
    size_t mark = fuzz_mark(txn);
    struct volunteer_key key = {0};
    const VolunteerRow *row = NULL;
    for (bool more = volunteers_from(txn, &key, 0, &row); more;
         more = volunteers_after(txn, &key, 0, &row)) {
        if (row->left_at_ms == 0 && (row->n_free > 0 || row->n_extra > 0)) {
            listed += check_listed(txn, &key, row, row->team_id);
            for (size_t i = 0; i < row->n_other_team_ids; i++) {
                listed += check_listed(txn, &key, row, row->other_team_ids[i]);
            }
        }
        fuzz_forget(txn, mark);
    }
    FUZZ_RULE(wu_table_count(txn, &VOLUNTEER_BY_SKILL) == listed, "nobody else is listed");
    FUZZ_RULE(wu_table_count(txn, &VOLUNTEER_VOLUNTEERS) ==
                  wu_table_count(txn, &VOLUNTEER_BY_NUMBER),
              "a number names one person");
}

static void check(struct wu_txn *txn)
{
    fuzz_provider_check(txn);
    size_t mark = fuzz_mark(txn);
    struct assignment_key key = {0};
    const AssignmentRow *row = NULL;
    for (bool more = assignments_from(txn, &key, 0, &row); more;
         more = assignments_after(txn, &key, 0, &row)) {
        check_assignment(txn, &key, row);
        fuzz_forget(txn, mark);
    }
    check_places(txn);
    check_shifts(txn);
    check_people(txn);
}

const struct fuzz_core FUZZ_CORE = {.core = &VOLUNTEER_CORE,
                                    .begin = fuzz_provider_begin,
                                    .saw = fuzz_provider_saw,
                                    .check = check};
