#include "services/volunteer/core/volunteer.h"

#include "common/base/assert.h"
#include "common/base/division.h"
#include "services/provider/provider.h"
#include "services/volunteer/core/slot.h"

enum { NUMBER_BYTES_MAX = 23, FREE_TIMES_MAX = 42, DAY_MINUTES = 1440 };

enum volunteer_refusal {
    VOLUNTEER_NOT_REFUSED,
    VOLUNTEER_NUMBER_MALFORMED,
    VOLUNTEER_TEAM_UNKNOWN,
    VOLUNTEER_NAME_INVALID,
    VOLUNTEER_DIVISION_INVALID,
    VOLUNTEER_SKILLS_INVALID,
    VOLUNTEER_TIMES_INVALID,
};

static const struct refusal REFUSALS[] = {
    [VOLUNTEER_NUMBER_MALFORMED] = {"VOLUNTEER_NUMBER_MALFORMED",
                                    "a unified volunteer number has 1 to 23 bytes and no blanks"},
    [VOLUNTEER_TEAM_UNKNOWN] = {"VOLUNTEER_TEAM_UNKNOWN",
                                "no team has that code; add the team first"},
    [VOLUNTEER_NAME_INVALID] = {"VOLUNTEER_NAME_INVALID", "give a name of 1 to 120 bytes"},
    [VOLUNTEER_DIVISION_INVALID] = {"VOLUNTEER_DIVISION_INVALID",
                                    "the home division has 12 digits"},
    [VOLUNTEER_SKILLS_INVALID] = {"VOLUNTEER_SKILLS_INVALID",
                                  "name 1 to 64 skills, each once, each of 1 to 31 bytes without "
                                  "blanks"},
    [VOLUNTEER_TIMES_INVALID] = {"VOLUNTEER_TIMES_INVALID",
                                 "at most 42 times a week, each on weekday 1 (Monday) to 7 and "
                                 "from before until, in minutes 0 to 1440"},
};

static bool are_times(WeeklyTime *const *times, size_t time_count)
{
    if (time_count > FREE_TIMES_MAX) {
        return false;
    }
    for (size_t i = 0; i < time_count; i++) {
        if (times[i]->weekday < 1 || times[i]->weekday > 7 ||
            times[i]->from_min >= times[i]->until_min || times[i]->until_min > DAY_MINUTES) {
            return false;
        }
    }
    return true;
}

static enum volunteer_refusal volunteer_refusal(struct wu_step *step, const AddVolunteer *add,
                                                struct wu_id *ret_team_id)
{
    if (!check_is_code(add->number, NUMBER_BYTES_MAX)) {
        return VOLUNTEER_NUMBER_MALFORMED;
    }
    if (!provider_by_code(step, add->team, ret_team_id)) {
        return VOLUNTEER_TEAM_UNKNOWN;
    }
    if (!check_is_name(add->name, CHECK_NAME_BYTES_MAX)) {
        return VOLUNTEER_NAME_INVALID;
    }
    if (!wu_division_is_valid(add->division)) {
        return VOLUNTEER_DIVISION_INVALID;
    }
    if (!check_are_services(add->skills, add->n_skills)) {
        return VOLUNTEER_SKILLS_INVALID;
    }
    if (!are_times(add->free, add->n_free)) {
        return VOLUNTEER_TIMES_INVALID;
    }
    return VOLUNTEER_NOT_REFUSED;
}

/* ---- a volunteer and its entries in the index, always written together ----- */

static struct volunteer_skill_key skill_key(const struct volunteer_key *key,
                                            const VolunteerRow *row, size_t skill)
{
    struct volunteer_skill_key at = {.last_served = row->last_served,
                                     .volunteer_id = key->volunteer_id,
                                     .free_blocks = slot_free_blocks(row)};
    wu_id_from_pb(row->team_id, &at.team_id);
    bool fits = wu_key_text(at.skill, sizeof at.skill, row->skills[skill]);
    WU_ASSERT(fits);
    return at;
}

static void unlist(struct wu_step *step, const struct volunteer_key *key, const VolunteerRow *row)
{
    for (size_t i = 0; i < row->n_skills && row->n_free > 0; i++) {
        struct volunteer_skill_key at = skill_key(key, row, i);
        volunteers_by_skill_del(wu_step_txn(step), &at);
    }
}

static void put_and_list(struct wu_step *step, const struct volunteer_key *key,
                         const VolunteerRow *row)
{
    volunteers_put(wu_step_txn(step), key, row);
    for (size_t i = 0; i < row->n_skills && row->n_free > 0; i++) {
        struct volunteer_skill_key at = skill_key(key, row, i);
        volunteers_by_skill_put(wu_step_txn(step), &at);
    }
}

void volunteer_called(struct wu_step *step, const struct volunteer_key *key,
                      const VolunteerRow *known)
{
    VolunteerRow row = *known;
    row.last_served = wu_step_event(step)->seq;
    unlist(step, key, known);
    put_and_list(step, key, &row);
}

/* ---- a volunteer joins ----------------------------------------------------- */

static VolunteerRow volunteer_row(const AddVolunteer *add, const struct wu_id *team_id,
                                  const VolunteerRow *known)
{
    VolunteerRow row = VOLUNTEER_STATE__VOLUNTEER_ROW__INIT;
    row.number = add->number;
    row.team_id = wu_id_to_pb(team_id);
    row.name = add->name;
    row.division = add->division;
    row.n_skills = add->n_skills;
    row.skills = add->skills;
    row.n_free = add->n_free;
    row.free = add->free;
    row.last_served = known != NULL ? known->last_served : 0;
    return row;
}

/* The volunteer with that number; a new one gets its id here. */
static const VolunteerRow *find_or_name(struct wu_step *step, const char *number,
                                        struct volunteer_key *ret_key)
{
    struct volunteer_number_key number_key;
    bool fits = wu_key_text(number_key.number, sizeof number_key.number, number);
    WU_ASSERT(fits);
    const VolunteerNumberRow *known = volunteers_by_number_get(wu_step_txn(step), &number_key);
    if (known != NULL && wu_id_from_pb(known->volunteer_id, &ret_key->volunteer_id)) {
        return volunteers_get(wu_step_txn(step), ret_key);
    }
    ret_key->volunteer_id = wu_step_new_id(step);
    VolunteerNumberRow row = VOLUNTEER_STATE__VOLUNTEER_NUMBER_ROW__INIT;
    row.volunteer_id = wu_id_to_pb(&ret_key->volunteer_id);
    volunteers_by_number_put(wu_step_txn(step), &number_key, &row);
    return NULL;
}

/*
 * A person joins a team, or changes: another team, other skills, other times.
 *
 * Shifts already promised stay. Whoever gives no free times rests: still on the
 * roll, and not called.
 */
static void handle_add_volunteer(struct wu_step *step, const AddVolunteer *add)
{
    struct wu_id team_id;
    enum volunteer_refusal refusal = volunteer_refusal(step, add, &team_id);
    if (refusal != VOLUNTEER_NOT_REFUSED) {
        check_refuse(step, refusal == VOLUNTEER_TEAM_UNKNOWN ? add->team : add->number,
                     &REFUSALS[refusal]);
        return;
    }

    struct volunteer_key key;
    const VolunteerRow *known = find_or_name(step, add->number, &key);
    VolunteerRow row = volunteer_row(add, &team_id, known);
    wu_answer_accept(step, key.volunteer_id);
    if (known != NULL && check_same_row(step, &row.base, &known->base)) {
        return;
    }
    if (known != NULL) {
        unlist(step, &key, known);
    }
    put_and_list(step, &key, &row);
}
WU_HANDLER(add_volunteer, AddVolunteer)

const struct wu_route VOLUNTEER_VOLUNTEER_ROUTES[] = {
    {WU_TYPE(VOLUNTEER_ADD_VOLUNTEER), WU_ORIGIN_COMMAND, &volunteer__add_volunteer__descriptor,
     route_add_volunteer},
    {0},
};
