#include "services/volunteer/core/core.h"

#include "services/volunteer/core/tables.h"
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
