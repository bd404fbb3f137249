#pragma once

#include "common/base/date.h"
#include "common/fold/core.h"
#include "services/coordinator/core/names.h"

/*
 * Working days: Monday to Friday, but for the holidays and make-up days that
 * were adopted (R11, N22). The law's way to count: the day on which a span
 * begins is not counted, and it ends with the last millisecond before midnight
 * of its last working day.
 */
extern const struct wu_route COORDINATOR_CALENDAR_ROUTES[];

enum { CALENDAR_SPAN_DAYS_MAX = 366 }; /* working days in one span */

typedef enum {
    DAY_WORKING,
    DAY_MAKE_UP, /* works though it is a weekend */
    DAY_WEEKEND,
    DAY_HOLIDAY,
} DayStanding;

/* What a day is; *ret_name (unless NULL) is the holiday's, or "". */
DayStanding calendar_day(struct wu_txn *txn, int64_t day, const char **ret_name);

static inline bool day_is_worked(DayStanding standing)
{
    return standing == DAY_WORKING || standing == DAY_MAKE_UP;
}

/* True when somebody adopted days of that year: else its holidays are not known. */
bool calendar_knows_year(struct wu_txn *txn, uint32_t year);

/*
 * The end of a span of working days, 1 to CALENDAR_SPAN_DAYS_MAX. A calendar in
 * which nobody ever works ends it after ten times as many days.
 */
int64_t calendar_due_ms(struct wu_txn *txn, int64_t utc_offset_min, int64_t from_ms,
                        uint32_t working_days);
