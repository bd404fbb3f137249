#include "services/volunteer/core/volunteer.h"

#include "common/base/assert.h"
#include "common/base/division.h"
#include "common/base/time.h"
#include "services/provider/provider.h"
#include "services/volunteer/core/availability.h"
#include "services/volunteer/core/slot.h"

enum {
    NUMBER_BYTES_MAX = 23,
    LANGUAGES_MAX = 16,
    LANGUAGE_BYTES_MAX = 15,
    TEAMS_MAX = 16,
    LAT_UDEG_MAX = 90000000,
    LON_UDEG_MAX = 180000000,
};

enum volunteer_refusal {
    VOLUNTEER_NOT_REFUSED,
    VOLUNTEER_NUMBER_MALFORMED,
    VOLUNTEER_TEAM_UNKNOWN,
    VOLUNTEER_NAME_INVALID,
    VOLUNTEER_DIVISION_INVALID,
    VOLUNTEER_SKILLS_INVALID,
    VOLUNTEER_TIMES_INVALID,
    VOLUNTEER_STRETCHES_INVALID,
    VOLUNTEER_LANGUAGES_INVALID,
    VOLUNTEER_PLACE_INVALID,
    VOLUNTEER_UNKNOWN,
    VOLUNTEER_NOT_IN_TEAM,
    VOLUNTEER_TEAMS_TOO_MANY,
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
    [VOLUNTEER_STRETCHES_INVALID] = {"VOLUNTEER_STRETCHES_INVALID",
                                     "at most 64 extra times and 64 times away, each ending after "
                                     "it begins"},
    [VOLUNTEER_LANGUAGES_INVALID] = {"VOLUNTEER_LANGUAGES_INVALID",
                                     "at most 16 languages, each of 1 to 15 bytes without blanks"},
    [VOLUNTEER_PLACE_INVALID] = {"VOLUNTEER_PLACE_INVALID",
                                 "a home lies within 90 degrees of latitude and 180 of longitude"},
    [VOLUNTEER_UNKNOWN] = {"VOLUNTEER_UNKNOWN", "nobody has that number; add the volunteer first"},
    [VOLUNTEER_NOT_IN_TEAM] = {"VOLUNTEER_NOT_IN_TEAM", "the person is not in that team"},
    [VOLUNTEER_TEAMS_TOO_MANY] = {"VOLUNTEER_TEAMS_TOO_MANY",
                                  "one person is in at most 16 teams; leave one first"},
};

static bool are_languages(const char *const *languages, size_t language_count)
{
    if (language_count > LANGUAGES_MAX) {
        return false;
    }
    for (size_t i = 0; i < language_count; i++) {
        if (!check_is_code(languages[i], LANGUAGE_BYTES_MAX)) {
            return false;
        }
    }
    return true;
}

static bool is_place(const Place *place)
{
    return place->lat_udeg >= -LAT_UDEG_MAX && place->lat_udeg <= LAT_UDEG_MAX &&
           place->lon_udeg >= -LON_UDEG_MAX && place->lon_udeg <= LON_UDEG_MAX;
}

static enum volunteer_refusal times_refusal(const AddVolunteer *add)
{
    if (!availability_is_week(add->free, add->n_free)) {
        return VOLUNTEER_TIMES_INVALID;
    }
    if (!availability_are_stretches(add->extra, add->n_extra) ||
        !availability_are_stretches(add->away, add->n_away)) {
        return VOLUNTEER_STRETCHES_INVALID;
    }
    if (!are_languages(add->languages, add->n_languages)) {
        return VOLUNTEER_LANGUAGES_INVALID;
    }
    if (add->home != NULL && !is_place(add->home)) {
        return VOLUNTEER_PLACE_INVALID;
    }
    return VOLUNTEER_NOT_REFUSED;
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
    return times_refusal(add);
}

/* ---- a volunteer and its entries in the index, always written together ----- */

bool volunteer_is_in(const VolunteerRow *volunteer, const struct wu_id *team_id)
{
    struct wu_id id;
    bool found = wu_id_from_pb(volunteer->team_id, &id) && wu_id_equal(&id, team_id);
    for (size_t i = 0; i < volunteer->n_other_team_ids && !found; i++) {
        found = wu_id_from_pb(volunteer->other_team_ids[i], &id) && wu_id_equal(&id, team_id);
    }
    return found && volunteer->left_at_ms == 0;
}

static bool is_called(const VolunteerRow *row)
{
    return row->left_at_ms == 0 && (row->n_free > 0 || row->n_extra > 0);
}

/* Puts or takes the entries of one team. */
static void list_in(struct wu_step *step, const struct volunteer_key *key, const VolunteerRow *row,
                    ProtobufCBinaryData team_id, bool listed)
{
    int64_t offset_ms = wu_step_utc_offset_min(step) * WU_MINUTE_MS;
    struct volunteer_skill_key at = {.last_served = row->last_served,
                                     .volunteer_id = key->volunteer_id,
                                     .free_blocks = slot_free_blocks(row, offset_ms)};
    wu_id_from_pb(team_id, &at.team_id);
    for (size_t i = 0; i < row->n_skills; i++) {
        bool fits = wu_key_text(at.skill, sizeof at.skill, row->skills[i]);
        WU_ASSERT(fits);
        if (listed) {
            volunteers_by_skill_put(wu_step_txn(step), &at);
        } else {
            volunteers_by_skill_del(wu_step_txn(step), &at);
        }
    }
}

static void list(struct wu_step *step, const struct volunteer_key *key, const VolunteerRow *row,
                 bool listed)
{
    if (!is_called(row)) {
        return;
    }
    list_in(step, key, row, row->team_id, listed);
    for (size_t i = 0; i < row->n_other_team_ids; i++) {
        list_in(step, key, row, row->other_team_ids[i], listed);
    }
}

void volunteer_put(struct wu_step *step, const struct volunteer_key *key, const VolunteerRow *known,
                   const VolunteerRow *row)
{
    if (known != NULL) {
        list(step, key, known, false);
    }
    volunteers_put(wu_step_txn(step), key, row);
    list(step, key, row, true);
}

void volunteer_called(struct wu_step *step, const struct volunteer_key *key,
                      const VolunteerRow *known)
{
    VolunteerRow row = *known;
    row.last_served = wu_step_event(step)->seq;
    volunteer_put(step, key, known, &row);
}

const VolunteerRow *volunteer_by_number(struct wu_step *step, const char *number,
                                        struct volunteer_key *ret_key)
{
    struct volunteer_number_key number_key;
    if (!wu_key_text(number_key.number, sizeof number_key.number, number)) {
        return NULL;
    }
    const VolunteerNumberRow *known = volunteers_by_number_get(wu_step_txn(step), &number_key);
    bool found = known != NULL && wu_id_from_pb(known->volunteer_id, &ret_key->volunteer_id);
    return found ? volunteers_get(wu_step_txn(step), ret_key) : NULL;
}

/* ---- a volunteer joins ----------------------------------------------------- */

/* Other teams stay, but for the one that is now the first. */
static void keep_teams(struct wu_step *step, VolunteerRow *row, const struct wu_id *team_id,
                       const VolunteerRow *known)
{
    size_t room = (known->n_other_team_ids + 1) * sizeof *row->other_team_ids;
    row->n_other_team_ids = 0;
    row->other_team_ids = wu_arena_take(wu_step_arena(step), room);
    for (size_t i = 0; row->other_team_ids != NULL && i < known->n_other_team_ids; i++) {
        struct wu_id id;
        if (wu_id_from_pb(known->other_team_ids[i], &id) && !wu_id_equal(&id, team_id)) {
            row->other_team_ids[row->n_other_team_ids++] = known->other_team_ids[i];
        }
    }
}

static VolunteerRow volunteer_row(struct wu_step *step, const AddVolunteer *add,
                                  const struct wu_id *team_id, const VolunteerRow *known)
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
    row.n_languages = add->n_languages;
    row.languages = add->languages;
    row.home = add->home;
    row.range_m = add->range_m;
    row.n_extra = add->n_extra;
    row.extra = add->extra;
    row.n_away = add->n_away;
    row.away = add->away;
    row.joined_at_ms = wu_step_event(step)->time_ms;
    if (known != NULL) {
        row.last_served = known->last_served;
        row.n_called_at_ms = known->n_called_at_ms;
        row.called_at_ms = known->called_at_ms;
        row.joined_at_ms = known->joined_at_ms;
        keep_teams(step, &row, team_id, known);
    }
    return row;
}

/* A new number gets its id here. */
static void name_volunteer(struct wu_step *step, const char *number, struct volunteer_key *ret_key)
{
    struct volunteer_number_key number_key;
    bool fits = wu_key_text(number_key.number, sizeof number_key.number, number);
    WU_ASSERT(fits);
    ret_key->volunteer_id = wu_step_new_id(step);
    VolunteerNumberRow row = VOLUNTEER_STATE__VOLUNTEER_NUMBER_ROW__INIT;
    row.volunteer_id = wu_id_to_pb(&ret_key->volunteer_id);
    volunteers_by_number_put(wu_step_txn(step), &number_key, &row);
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
    const VolunteerRow *known = volunteer_by_number(step, add->number, &key);
    if (known == NULL) {
        name_volunteer(step, add->number, &key);
    }
    VolunteerRow row = volunteer_row(step, add, &team_id, known);
    wu_answer_accept(step, key.volunteer_id);
    if (known == NULL || !check_same_row(step, &row.base, &known->base)) {
        volunteer_put(step, &key, known, &row);
    }
}
WU_HANDLER(add_volunteer, AddVolunteer)

/* ---- teams of a person ------------------------------------------------------ */

/* The person and the team, or why not. */
static enum volunteer_refusal membership_refusal(struct wu_step *step, const char *number,
                                                 const char *team, struct volunteer_key *ret_key,
                                                 const VolunteerRow **ret_known,
                                                 struct wu_id *ret_team_id)
{
    *ret_known = volunteer_by_number(step, number, ret_key);
    if (*ret_known == NULL) {
        return VOLUNTEER_UNKNOWN;
    }
    return provider_by_code(step, team, ret_team_id) ? VOLUNTEER_NOT_REFUSED
                                                     : VOLUNTEER_TEAM_UNKNOWN;
}

/* The same hands in one more team: shifts of all teams are in one calendar. */
static void handle_join_team(struct wu_step *step, const JoinTeam *join)
{
    struct volunteer_key key;
    struct wu_id team_id;
    const VolunteerRow *known = NULL;
    enum volunteer_refusal refusal =
        membership_refusal(step, join->number, join->team, &key, &known, &team_id);
    if (refusal == VOLUNTEER_NOT_REFUSED && known->n_other_team_ids + 1 >= TEAMS_MAX) {
        refusal = VOLUNTEER_TEAMS_TOO_MANY;
    }
    if (refusal != VOLUNTEER_NOT_REFUSED) {
        check_refuse(step, refusal == VOLUNTEER_TEAM_UNKNOWN ? join->team : join->number,
                     &REFUSALS[refusal]);
        return;
    }
    wu_answer_accept(step, key.volunteer_id);
    if (volunteer_is_in(known, &team_id)) {
        return;
    }
    VolunteerRow row = *known;
    if (known->left_at_ms != 0) {
        row.left_at_ms = 0;
        row.team_id = wu_id_to_pb(&team_id);
        row.n_other_team_ids = 0;
    } else {
        keep_teams(step, &row, &team_id, known);
        if (row.other_team_ids == NULL) {
            return;
        }
        row.other_team_ids[row.n_other_team_ids++] = wu_id_to_pb(&team_id);
    }
    volunteer_put(step, &key, known, &row);
}
WU_HANDLER(join_team, JoinTeam)

/* The teams that are left; false when there is none. */
static bool drop_team(struct wu_step *step, VolunteerRow *row, const struct wu_id *team_id,
                      const VolunteerRow *known)
{
    struct wu_id first;
    keep_teams(step, row, team_id, known);
    if (row->other_team_ids == NULL || !wu_id_from_pb(known->team_id, &first)) {
        return false;
    }
    if (wu_id_equal(&first, team_id)) {
        if (row->n_other_team_ids == 0) {
            return false;
        }
        row->team_id = row->other_team_ids[0];
        row->other_team_ids++;
        row->n_other_team_ids--;
    }
    return true;
}

/*
 * Leaving is easy: one word, no reason. What was promised stays promised; what
 * was given stays on the record. Whoever comes back keeps the number.
 */
static void handle_leave_team(struct wu_step *step, const LeaveTeam *leave)
{
    struct volunteer_key key;
    struct wu_id team_id;
    bool all = leave->team[0] == '\0';
    const VolunteerRow *known = NULL;
    enum volunteer_refusal refusal =
        membership_refusal(step, leave->number, leave->team, &key, &known, &team_id);
    if (all && refusal == VOLUNTEER_TEAM_UNKNOWN) {
        refusal = VOLUNTEER_NOT_REFUSED;
    } else if (refusal == VOLUNTEER_NOT_REFUSED && !volunteer_is_in(known, &team_id)) {
        refusal = VOLUNTEER_NOT_IN_TEAM;
    }
    if (refusal != VOLUNTEER_NOT_REFUSED) {
        check_refuse(step, refusal == VOLUNTEER_TEAM_UNKNOWN ? leave->team : leave->number,
                     &REFUSALS[refusal]);
        return;
    }
    wu_answer_accept(step, key.volunteer_id);
    VolunteerRow row = *known;
    if (known->left_at_ms != 0) {
        return;
    }
    if (all || !drop_team(step, &row, &team_id, known)) {
        row = *known;
        row.left_at_ms = wu_step_event(step)->time_ms;
    }
    volunteer_put(step, &key, known, &row);
}
WU_HANDLER(leave_team, LeaveTeam)

const struct wu_route VOLUNTEER_VOLUNTEER_ROUTES[] = {
    {WU_TYPE(VOLUNTEER_ADD_VOLUNTEER), WU_ORIGIN_COMMAND, &volunteer__add_volunteer__descriptor,
     route_add_volunteer},
    {WU_TYPE(VOLUNTEER_JOIN_TEAM), WU_ORIGIN_COMMAND, &volunteer__join_team__descriptor,
     route_join_team},
    {WU_TYPE(VOLUNTEER_LEAVE_TEAM), WU_ORIGIN_COMMAND, &volunteer__leave_team__descriptor,
     route_leave_team},
    {0},
};
