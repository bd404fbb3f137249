#include "common/base/time.h"

#include <criterion/criterion.h>

Test(time, adding_stops_at_the_ends)
{
    cr_expect_eq(wu_time_add(5, 7), 12);
    cr_expect_eq(wu_time_add(5, -7), -2);
    cr_expect_eq(wu_time_add(INT64_MAX, 1), INT64_MAX);
    cr_expect_eq(wu_time_add(INT64_MAX - 1, 1), INT64_MAX);
    cr_expect_eq(wu_time_add(1, INT64_MAX), INT64_MAX);
    cr_expect_eq(wu_time_add(INT64_MIN, -1), INT64_MIN);
    cr_expect_eq(wu_time_add(INT64_MAX, INT64_MIN), -1);
}

Test(time, never_comes_after_everything)
{
    cr_expect_eq(wu_time_add(WU_TIME_NEVER, WU_DAY_MS), WU_TIME_NEVER);
    cr_expect_gt(WU_TIME_NEVER, INT64_C(253402300800000)); /* the year 10000 */
}

Test(time, spans_are_in_milliseconds)
{
    cr_expect_eq(WU_SECOND_MS, 1000);
    cr_expect_eq(WU_MINUTE_MS, 60000);
    cr_expect_eq(WU_HOUR_MS, 3600000);
    cr_expect_eq(WU_DAY_MS, 86400000);
}
