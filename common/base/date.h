#pragma once

#include "common/base/time.h"

#include <stdbool.h>

/*
 * Days of the calendar: a day is the number of days since 1970-01-01, a date is
 * eight decimal digits, 20261001. Gregorian, years 1970 to 9999.
 *
 * Source: the conversions are Howard Hinnant's days_from_civil and
 * civil_from_days (public domain).
 */
static inline int64_t wu_day_of_time(int64_t time_ms, int64_t utc_offset_min)
{
    int64_t local_ms = wu_time_add(time_ms, utc_offset_min * WU_MINUTE_MS);
    int64_t day = local_ms / WU_DAY_MS;
    return local_ms % WU_DAY_MS < 0 ? day - 1 : day;
}

/* The first millisecond of that day, local time. */
static inline int64_t wu_time_of_day(int64_t day, int64_t utc_offset_min)
{
    return day * WU_DAY_MS - utc_offset_min * WU_MINUTE_MS;
}

static inline int64_t wu_day_of_date(uint32_t date)
{
    int64_t month = date / 100 % 100;
    int64_t year = date / 10000 - (month <= 2 ? 1 : 0);
    int64_t era = year / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + date % 100 - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static inline uint32_t wu_date_of_day(int64_t day)
{
    int64_t shifted = day + 719468;
    int64_t era = shifted / 146097;
    int64_t day_of_era = shifted - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int64_t month = month_from_march + (month_from_march < 10 ? 3 : -9);
    int64_t year = year_of_era + era * 400 + (month <= 2 ? 1 : 0);
    return (uint32_t)(year * 10000 + month * 100 + day_of_year - (153 * month_from_march + 2) / 5 +
                      1);
}

/* True for a date there is: not 20260229. */
static inline bool wu_date_is_valid(uint32_t date)
{
    uint32_t month = date / 100 % 100;
    return date >= 19700101 && date <= 99991231 && month >= 1 && month <= 12 && date % 100 >= 1 &&
           date % 100 <= 31 && wu_date_of_day(wu_day_of_date(date)) == date;
}

/* 1 Monday to 7 Sunday. */
static inline int wu_weekday(int64_t day)
{
    return (int)((day + 3) % 7) + 1;
}
