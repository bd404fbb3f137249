#include "services/coordinator/core/calendar.h"

#include "services/coordinator/core/tables.h"

#include <string.h>

enum { DAY_NAME_BYTES_MAX = 63, SATURDAY = 6 };

DayStanding calendar_day(struct wu_txn *txn, int64_t day, const char **ret_name)
{
    const DayRow *row = days_get(txn, &(struct day_key){wu_date_of_day(day)});
    if (ret_name != NULL) {
        *ret_name = row != NULL ? row->name : "";
    }
    bool weekend = wu_weekday(day) >= SATURDAY;
    if (row != NULL && row->kind == DAY_KIND_REST) {
        return DAY_HOLIDAY;
    }
    if (row != NULL && row->kind == DAY_KIND_WORK) {
        return weekend ? DAY_MAKE_UP : DAY_WORKING;
    }
    return weekend ? DAY_WEEKEND : DAY_WORKING;
}

bool calendar_knows_year(struct wu_txn *txn, uint32_t year)
{
    struct day_key key = {year * 10000};
    const DayRow *row = NULL;
    return days_from(txn, &key, 0, &row) && key.date / 10000 == year;
}

int64_t calendar_due_ms(struct wu_txn *txn, int64_t utc_offset_min, int64_t from_ms,
                        uint32_t working_days)
{
    int64_t day = wu_day_of_time(from_ms, utc_offset_min);
    int64_t last_day = day + INT64_C(10) * working_days;
    for (uint32_t counted = 0; counted < working_days && day < last_day;) {
        day++;
        counted += day_is_worked(calendar_day(txn, day, NULL)) ? 1 : 0;
    }
    return wu_time_of_day(day + 1, utc_offset_min) - 1;
}

/*
 * A day becomes a holiday or a make-up day, or what its weekday says again. Due
 * times that were set stay as they are.
 */
static void handle_adopt_day(struct wu_step *fold, const AdoptDay *adopt)
{
    struct wu_txn *txn = wu_step_txn(fold);
    const struct day_key key = {adopt->date};
    if (!wu_date_is_valid(adopt->date)) {
        wu_answer_refuse(fold, "DAY_DATE_INVALID",
                         "there is no day %u: write it as 20261001, from 19700101 on",
                         (unsigned)adopt->date);
        return;
    }
    if (strlen(adopt->name) > DAY_NAME_BYTES_MAX) {
        wu_answer_refuse(fold, "DAY_NAME_TOO_LONG", "the name of day %u has more than %d bytes",
                         (unsigned)adopt->date, DAY_NAME_BYTES_MAX);
        return;
    }
    if (adopt->kind != DAY_KIND_REST && adopt->kind != DAY_KIND_WORK) {
        days_del(txn, &key);
        return;
    }
    DayRow row = COORDINATOR_STATE__DAY_ROW__INIT;
    row.kind = adopt->kind;
    row.name = adopt->name;
    days_put(txn, &key, &row);
}

WU_HANDLER(adopt_day, AdoptDay)

const struct wu_route COORDINATOR_CALENDAR_ROUTES[] = {
    {WU_TYPE(COORDINATOR_ADOPT_DAY), WU_ORIGIN_COMMAND, &coordinator__adopt_day__descriptor,
     route_adopt_day},
    {0},
};
