#include "services/volunteer/core/core.h"

#include "services/volunteer/core/tables.h"
#include "services/volunteer/core/volunteer.h"
#include "tests/support/providing.h"

#include <criterion/criterion.h>

static struct world *world;
static struct wu_id team_id;

static const char *skills[] = {"visit", "carry"};

static AddVolunteer good(void)
{
    AddVolunteer add = VOLUNTEER__ADD_VOLUNTEER__INIT;
    add.number = "V-1";
    add.team = "T-1";
    add.name = "Lin";
    add.division = UINT64_C(420106012001);
    add.n_skills = 2;
    add.skills = skills;
    return add;
}

static const Bus__Answer *submit(const AddVolunteer *add)
{
    world_clear(world);
    return world_command(world, WU_TYPE(VOLUNTEER_ADD_VOLUNTEER), &add->base);
}

static size_t listed(const char *skill)
{
    size_t count = 0;
    struct wu_txn *txn = world_txn(world);
    struct volunteer_skill_key key = {.team_id = team_id};
    cr_assert(wu_key_text(key.skill, sizeof key.skill, skill));
    for (bool more = volunteers_by_skill_from(txn, &key, 2); more;
         more = volunteers_by_skill_after(txn, &key, 2)) {
        count++;
    }
    return count;
}

static void set_up(void)
{
    world = world_open(&VOLUNTEER_CORE);
    team_id = providing_add(world, &(struct body){"T-1", .service = "visit"});
}

static void tear_down(void)
{
    world_verify(world);
    world_close(&world);
}

TestSuite(volunteer, .init = set_up, .fini = tear_down);

Test(volunteer, joins_once_and_keeps_the_id)
{
    struct wu_id first;
    struct wu_id again;
    struct wu_id changed;
    AddVolunteer add = good();
    const Bus__Answer *answer = submit(&add);
    assert_accepted(answer);
    cr_assert(wu_id_from_pb(answer->id, &first));
    cr_assert(wu_id_from_pb(submit(&add)->id, &again));
    add.name = "Lin Mei";
    cr_assert(wu_id_from_pb(submit(&add)->id, &changed));
    cr_assert(wu_id_equal(&first, &again));
    cr_assert(wu_id_equal(&first, &changed));
    struct volunteer_key key = {first};
    cr_assert_str_eq(volunteers_get(world_txn(world), &key)->name, "Lin Mei");
    cr_assert_eq(world_output_count(world), 0); /* people are nobody else's business */
}

Test(volunteer, is_listed_by_every_skill_and_not_when_resting)
{
    WeeklyTime monday = VOLUNTEER__WEEKLY_TIME__INIT;
    monday.weekday = 1;
    monday.from_min = 540;
    monday.until_min = 720;
    WeeklyTime *times[] = {&monday};
    AddVolunteer add = good();
    add.n_free = 1;
    add.free = times;
    assert_accepted(submit(&add));
    cr_assert_eq(listed("visit"), 1);
    cr_assert_eq(listed("carry"), 1);

    add.n_skills = 1;
    assert_accepted(submit(&add));
    cr_assert_eq(listed("visit"), 1);
    cr_assert_eq(listed("carry"), 0);

    add.n_free = 0;
    assert_accepted(submit(&add));
    cr_assert_eq(listed("visit"), 0);
}

Test(volunteer, refusals_come_in_their_order)
{
    const char *twice[] = {"visit", "visit"};
    WeeklyTime wrong = VOLUNTEER__WEEKLY_TIME__INIT;
    wrong.weekday = 8;
    wrong.until_min = 1440;
    WeeklyTime *times[] = {&wrong};
    AddVolunteer add = VOLUNTEER__ADD_VOLUNTEER__INIT;
    add.n_skills = 2;
    add.skills = twice;
    add.n_free = 1;
    add.free = times;
    assert_refused(submit(&add), "VOLUNTEER_NUMBER_MALFORMED");
    add.number = "V-1";
    assert_refused(submit(&add), "VOLUNTEER_TEAM_UNKNOWN");
    add.team = "T-1";
    assert_refused(submit(&add), "VOLUNTEER_NAME_INVALID");
    add.name = "Lin";
    assert_refused(submit(&add), "VOLUNTEER_DIVISION_INVALID");
    add.division = UINT64_C(420106012001);
    assert_refused(submit(&add), "VOLUNTEER_SKILLS_INVALID");
    add.skills = skills;
    assert_refused(submit(&add), "VOLUNTEER_TIMES_INVALID");
    wrong.weekday = 7;
    wrong.from_min = 1440;
    assert_refused(submit(&add), "VOLUNTEER_TIMES_INVALID");
    wrong.from_min = 1439;
    wrong.until_min = 1441;
    assert_refused(submit(&add), "VOLUNTEER_TIMES_INVALID");
    wrong.until_min = 1440;
    assert_accepted(submit(&add));
}

static const VolunteerRow *row_of(const Bus__Answer *answer)
{
    struct volunteer_key key;
    assert_accepted(answer);
    cr_assert(wu_id_from_pb(answer->id, &key.volunteer_id));
    return volunteers_get(world_txn(world), &key);
}

static const Bus__Answer *join(const char *number, const char *team)
{
    JoinTeam body = VOLUNTEER__JOIN_TEAM__INIT;
    body.number = number;
    body.team = team;
    return world_command(world, WU_TYPE(VOLUNTEER_JOIN_TEAM), &body.base);
}

static const Bus__Answer *leave(const char *number, const char *team)
{
    LeaveTeam body = VOLUNTEER__LEAVE_TEAM__INIT;
    body.number = number;
    body.team = team;
    return world_command(world, WU_TYPE(VOLUNTEER_LEAVE_TEAM), &body.base);
}

static AddVolunteer with_monday(void)
{
    static WeeklyTime monday;
    static WeeklyTime *times[] = {&monday};
    volunteer__weekly_time__init(&monday);
    monday.weekday = 1;
    monday.from_min = 540;
    monday.until_min = 720;
    AddVolunteer add = good();
    add.n_free = 1;
    add.free = times;
    return add;
}

Test(volunteer, may_be_in_several_teams_and_leaves_by_a_word)
{
    struct wu_id first = team_id;
    struct wu_id second = providing_add(world, &(struct body){"T-2", .service = "visit"});
    AddVolunteer add = with_monday();
    assert_accepted(submit(&add));
    assert_refused(join("V-2", "T-2"), "VOLUNTEER_UNKNOWN");
    assert_refused(join("V-1", "T-3"), "VOLUNTEER_TEAM_UNKNOWN");
    assert_refused(leave("V-1", "T-2"), "VOLUNTEER_NOT_IN_TEAM");
    assert_accepted(join("V-1", "T-2"));
    assert_accepted(join("V-1", "T-2"));
    cr_assert_eq(listed("visit"), 1);
    team_id = second;
    cr_assert_eq(listed("visit"), 1);

    const VolunteerRow *row = row_of(leave("V-1", "T-1"));
    cr_assert(volunteer_is_in(row, &second));
    cr_assert_not(volunteer_is_in(row, &first));
    cr_assert_eq(listed("visit"), 1);
    cr_assert_gt(row_of(leave("V-1", ""))->left_at_ms, 0);
    cr_assert_eq(listed("visit"), 0);
    row = row_of(join("V-1", "T-1"));
    cr_assert(volunteer_is_in(row, &first) && !volunteer_is_in(row, &second));
    cr_assert_eq(row->n_other_team_ids, 0);
}

Test(volunteer, an_availability_replaces_the_one_before)
{
    Stretch once = VOLUNTEER__STRETCH__INIT;
    once.from_ms = world_now_ms(world) + 1000;
    once.until_ms = once.from_ms;
    Stretch *stretches[] = {&once};
    SetAvailability set = VOLUNTEER__SET_AVAILABILITY__INIT;
    set.number = "V-1";
    set.n_extra = 1;
    set.extra = stretches;
    assert_refused(world_command(world, WU_TYPE(VOLUNTEER_SET_AVAILABILITY), &set.base),
                   "VOLUNTEER_UNKNOWN");
    AddVolunteer add = with_monday();
    assert_accepted(submit(&add));
    assert_refused(world_command(world, WU_TYPE(VOLUNTEER_SET_AVAILABILITY), &set.base),
                   "VOLUNTEER_STRETCHES_INVALID");
    once.until_ms += 3600000;
    const VolunteerRow *row =
        row_of(world_command(world, WU_TYPE(VOLUNTEER_SET_AVAILABILITY), &set.base));
    cr_assert_eq(row->n_free, 0);
    cr_assert_eq(row->n_extra, 1);
    cr_assert_eq(listed("visit"), 1); /* an extra time is enough to be called */
    set.n_extra = 0;
    row = row_of(world_command(world, WU_TYPE(VOLUNTEER_SET_AVAILABILITY), &set.base));
    cr_assert_eq(listed("visit"), 0);
}
