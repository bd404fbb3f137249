#include "services/coordinator/core/whistle.h"
#include "tests/support/linking.h"

TestSuite(whistle, .init = linking_set_up, .fini = linking_tear_down);

static const Bus__Answer *add_department(const char *code, uint64_t division)
{
    AddDepartment add = COORDINATOR__ADD_DEPARTMENT__INIT;
    add.code = code;
    add.name = "城管";
    add.division = division;
    return world_command(linking_world(), WU_TYPE(COORDINATOR_ADD_DEPARTMENT), &add.base);
}

static const Bus__Answer *blow(const char *department, WhistleGrade grade, const char *matter)
{
    BlowWhistle blow = COORDINATOR__BLOW_WHISTLE__INIT;
    blow.department = department;
    blow.division = COMMUNITY;
    blow.grade = grade;
    blow.matter = matter;
    return world_command(linking_world(), WU_TYPE(COORDINATOR_BLOW_WHISTLE), &blow.base);
}

static struct wu_id only_whistle(void)
{
    struct whistle_key key = {{{0}}};
    const WhistleRow *row = NULL;
    cr_assert(whistles_from(world_txn(linking_world()), &key, 0, &row));
    return key.whistle_id;
}

static const WhistleRow *whistle_row(void)
{
    return whistles_get(world_txn(linking_world()), &(struct whistle_key){only_whistle()});
}

static const DepartmentRow *department_row(const char *code)
{
    struct department_key key;
    cr_assert(wu_key_text(key.code, sizeof key.code, code));
    return departments_get(world_txn(linking_world()), &key);
}

static const Bus__Answer *arrive(const char *by)
{
    struct wu_id id = only_whistle();
    ReportArrival arrival = COORDINATOR__REPORT_ARRIVAL__INIT;
    arrival.whistle_id = wu_id_to_pb(&id);
    arrival.by = by;
    return world_command(linking_world(), WU_TYPE(COORDINATOR_REPORT_ARRIVAL), &arrival.base);
}

static const Bus__Answer *rate(uint32_t rating)
{
    struct wu_id id = only_whistle();
    RateWhistle rate = COORDINATOR__RATE_WHISTLE__INIT;
    rate.whistle_id = wu_id_to_pb(&id);
    rate.rating = rating;
    return world_command(linking_world(), WU_TYPE(COORDINATOR_RATE_WHISTLE), &rate.base);
}

Test(whistle, a_department_that_comes_in_time_is_counted_so)
{
    assert_accepted(add_department("chengguan", DISTRICT));
    assert_accepted(blow("chengguan", GRADE_KEY, "an illegal wall"));
    cr_assert_eq(whistle_row()->arrive_by_ms, world_now_ms(linking_world()) + 2 * WU_HOUR_MS);
    wait_ms(2 * WU_HOUR_MS - 1);
    assert_accepted(arrive("C-17"));
    wait_ms(WU_DAY_MS);
    cr_assert_eq(whistle_row()->state, WHISTLE_ARRIVED);
    cr_assert_eq(department_row("chengguan")->summons_count, 1);
    cr_assert_eq(department_row("chengguan")->in_time_count, 1);
    cr_assert_eq(department_row("chengguan")->breach_count, 0);
    cr_assert_eq(timer_count(), 0);
}

/* General, key, urgent: each breach shortens the clock; of the last it only counts. */
Test(whistle, a_breach_raises_the_grade)
{
    assert_accepted(add_department("chengguan", DISTRICT));
    assert_accepted(blow("chengguan", GRADE_GENERAL, "an illegal wall"));
    wait_ms(WU_DAY_MS);
    cr_assert_eq(whistle_row()->grade, GRADE_KEY);
    cr_assert_eq(whistle_row()->arrive_by_ms, world_now_ms(linking_world()) + 2 * WU_HOUR_MS);
    wait_ms(2 * WU_HOUR_MS);
    cr_assert_eq(whistle_row()->grade, GRADE_URGENT);
    wait_ms(WU_HOUR_MS / 2);
    cr_assert_eq(whistle_row()->breach_count, 3);
    cr_assert_eq(timer_count(), 0, "it waits for people now");
    wait_ms(WU_DAY_MS);
    cr_assert_eq(whistle_row()->breach_count, 3);
    assert_accepted(arrive("C-17"));
    cr_assert_eq(department_row("chengguan")->in_time_count, 0);
    cr_assert_eq(department_row("chengguan")->breach_count, 3);
}

Test(whistle, the_community_has_the_last_word_once)
{
    assert_accepted(add_department("chengguan", DISTRICT));
    assert_accepted(blow("chengguan", GRADE_URGENT, "gas"));
    assert_refused(rate(0), "WHISTLE_RATING_INVALID");
    assert_refused(rate(6), "WHISTLE_RATING_INVALID");
    assert_accepted(rate(2)); /* nobody came, and it is settled otherwise */
    assert_refused(rate(5), "WHISTLE_RATED_ALREADY");
    assert_refused(arrive("C-17"), "WHISTLE_NOT_WAITING");
    cr_assert_eq(timer_count(), 0);
    cr_assert_eq(department_row("chengguan")->rated_count, 1);
    cr_assert_eq(department_row("chengguan")->rating_sum, 2);
}

Test(whistle, a_department_added_again_keeps_what_was_counted)
{
    assert_accepted(add_department("chengguan", DISTRICT));
    assert_accepted(blow("chengguan", GRADE_KEY, "an illegal wall"));
    assert_accepted(add_department("chengguan", CITY));
    cr_assert_eq(department_row("chengguan")->division, CITY);
    cr_assert_eq(department_row("chengguan")->summons_count, 1);
}

Test(whistle, what_cannot_be_is_refused)
{
    assert_refused(add_department("", DISTRICT), "DEPARTMENT_CODE_INVALID");
    assert_refused(add_department("chengguan", 42), "DEPARTMENT_DIVISION_INVALID");
    assert_refused(blow("chengguan", GRADE_KEY, "x"), "DEPARTMENT_UNKNOWN");
    assert_accepted(add_department("chengguan", UINT64_C(420107000000)));
    assert_refused(blow("chengguan", GRADE_KEY, "x"), "DEPARTMENT_ELSEWHERE");
    assert_accepted(add_department("chengguan", DISTRICT));
    assert_refused(blow("chengguan", 0, "x"), "WHISTLE_GRADE_INVALID");
    assert_refused(blow("chengguan", GRADE_KEY, ""), "WHISTLE_MATTER_INVALID");
    assert_accepted(blow("chengguan", GRADE_KEY, "x"));
    assert_refused(arrive(""), "WHISTLE_WITNESS_INVALID");
}

Test(whistle, each_community_is_counted_too)
{
    assert_accepted(add_department("chengguan", DISTRICT));
    assert_accepted(blow("chengguan", GRADE_KEY, "x"));
    assert_accepted(blow("chengguan", GRADE_KEY, "y"));
    const WhistlerRow *row =
        whistlers_get(world_txn(linking_world()), &(struct whistler_key){COMMUNITY});
    cr_assert_eq(row->count, 2);
}
