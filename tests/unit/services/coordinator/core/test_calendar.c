#include "common/base/date.h"
#include "services/coordinator/core/calendar.h"
#include "tests/support/linking.h"

#include <string.h>
#include <time.h>

TestSuite(calendar, .init = linking_set_up, .fini = linking_tear_down);

enum { OFFSET_MIN = 8 * 60 };

static const Bus__Answer *adopt_day(uint32_t date, Coordinator__DayKind kind, const char *name)
{
    AdoptDay adopt = COORDINATOR__ADOPT_DAY__INIT;
    adopt.date = date;
    adopt.kind = kind;
    adopt.name = name;
    return world_command(linking_world(), WU_TYPE(COORDINATOR_ADOPT_DAY), &adopt.base);
}

static void adopt_days(uint32_t first, uint32_t last, Coordinator__DayKind kind)
{
    for (int64_t day = wu_day_of_date(first); day <= wu_day_of_date(last); day++) {
        assert_accepted(adopt_day(wu_date_of_day(day), kind, "国庆节"));
    }
}

static DayStanding standing(uint32_t date)
{
    return calendar_day(world_txn(linking_world()), wu_day_of_date(date), NULL);
}

/* Noon of that date in the city. */
static int64_t noon_ms(uint32_t date)
{
    return wu_time_of_day(wu_day_of_date(date), OFFSET_MIN) + 12 * WU_HOUR_MS;
}

static uint32_t due_date(uint32_t from, uint32_t working_days)
{
    int64_t due_ms =
        calendar_due_ms(world_txn(linking_world()), OFFSET_MIN, noon_ms(from), working_days);
    cr_assert_eq((due_ms + 1 + OFFSET_MIN * WU_MINUTE_MS) % WU_DAY_MS, 0,
                 "a span ends just before midnight");
    return wu_date_of_day(wu_day_of_time(due_ms, OFFSET_MIN));
}

/* Against the C library, over all of the years a case may live in. */
Test(calendar, dates_and_weekdays_are_those_of_the_c_library)
{
    for (int64_t day = 0; day < 200 * 366; day++) {
        time_t seconds = (time_t)day * 86400;
        struct tm tm;
        cr_assert_not_null(gmtime_r(&seconds, &tm));
        uint32_t date =
            (uint32_t)((tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday);
        cr_assert_eq(wu_date_of_day(day), date);
        cr_assert_eq(wu_day_of_date(date), day);
        cr_assert_eq(wu_weekday(day), tm.tm_wday == 0 ? 7 : tm.tm_wday);
    }
    cr_assert(wu_date_is_valid(20240229));
    cr_assert_not(wu_date_is_valid(20260229));
    cr_assert_not(wu_date_is_valid(20261301));
    cr_assert_not(wu_date_is_valid(20260100));
}

Test(calendar, without_a_word_a_week_has_five_working_days)
{
    cr_assert_eq(standing(20261002), DAY_WORKING);
    cr_assert_eq(standing(20261003), DAY_WEEKEND);
    cr_assert_not(calendar_knows_year(world_txn(linking_world()), 2026));
    cr_assert_eq(due_date(20260930, 1), 20261001);
    cr_assert_eq(due_date(20261002, 1), 20261005, "Friday, then Monday");
    cr_assert_eq(due_date(20261003, 5), 20261009, "a span begins on a Saturday too");
}

/* The State Council's days for October 2026: 1st to 7th rest, the 10th works. */
Test(calendar, holidays_rest_and_make_up_days_work)
{
    adopt_days(20261001, 20261007, DAY_KIND_REST);
    assert_accepted(adopt_day(20260920, DAY_KIND_WORK, "国庆节调休"));
    assert_accepted(adopt_day(20261010, DAY_KIND_WORK, "国庆节调休"));
    cr_assert_eq(standing(20261001), DAY_HOLIDAY);
    cr_assert_eq(standing(20261010), DAY_MAKE_UP);
    cr_assert(calendar_knows_year(world_txn(linking_world()), 2026));
    cr_assert_not(calendar_knows_year(world_txn(linking_world()), 2025));
    cr_assert_eq(due_date(20260930, 1), 20261008);
    cr_assert_eq(due_date(20260930, 3), 20261010, "the make-up Saturday counts");
    cr_assert_eq(due_date(20260930, 4), 20261012);
    cr_assert_eq(due_date(20260918, 1), 20260920, "a make-up Sunday too");
}

Test(calendar, a_day_can_be_taken_back)
{
    assert_accepted(adopt_day(20261008, DAY_KIND_REST, "x"));
    cr_assert_eq(standing(20261008), DAY_HOLIDAY);
    assert_accepted(adopt_day(20261008, 0, ""));
    cr_assert_eq(standing(20261008), DAY_WORKING);
}

Test(calendar, what_is_no_day_is_refused)
{
    assert_refused(adopt_day(20260229, DAY_KIND_REST, ""), "DAY_DATE_INVALID");
    assert_refused(adopt_day(19691231, DAY_KIND_REST, ""), "DAY_DATE_INVALID");
    char name[80] = "";
    memset(name, 'x', sizeof name - 1);
    assert_refused(adopt_day(20261001, DAY_KIND_REST, name), "DAY_NAME_TOO_LONG");
}

/*
 * Twenty years of holidays and make-up days at random: the end of a span is a
 * worked day, with exactly so many worked days behind its beginning; a longer
 * span never ends earlier, nor does a later one.
 */
Test(calendar, spans_over_twenty_years)
{
    uint64_t random = 42;
    int64_t first = wu_day_of_date(20240101);
    int64_t last = wu_day_of_date(20440101);
    for (int64_t day = first; day < last; day++) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        uint64_t dice = random >> 40;
        bool weekend = wu_weekday(day) > 5;
        if (dice % (weekend ? 8 : 20) == 0) {
            assert_accepted(
                adopt_day(wu_date_of_day(day), weekend ? DAY_KIND_WORK : DAY_KIND_REST, ""));
        }
    }
    struct wu_txn *txn = world_txn(linking_world());
    int64_t due_before[4] = {0};
    static const uint32_t SPANS[] = {1, 3, 10, 60};
    for (int64_t day = first; day < last - 200; day += 3) {
        int64_t shorter_ms = 0;
        for (size_t i = 0; i < 4; i++) {
            int64_t due_ms =
                calendar_due_ms(txn, OFFSET_MIN, noon_ms(wu_date_of_day(day)), SPANS[i]);
            int64_t due_day = wu_day_of_time(due_ms, OFFSET_MIN);
            uint32_t counted = 0;
            for (int64_t at = day + 1; at <= due_day; at++) {
                counted += day_is_worked(calendar_day(txn, at, NULL)) ? 1 : 0;
            }
            cr_assert_eq(counted, SPANS[i]);
            cr_assert(day_is_worked(calendar_day(txn, due_day, NULL)));
            cr_assert_gt(due_ms, shorter_ms);
            cr_assert_geq(due_ms, due_before[i]);
            shorter_ms = due_ms;
            due_before[i] = due_ms;
        }
    }
}

Test(calendar, a_calendar_in_which_nobody_works_ends_all_the_same)
{
    adopt_days(20270101, 20270430, DAY_KIND_REST);
    cr_assert_eq(due_date(20261231, 5), 20270219, "fifty days on");
}
