#include "services/volunteer/core/availability.h"

#include "common/base/time.h"
#include "services/provider/provider.h"
#include "services/volunteer/core/volunteer.h"

enum { FREE_TIMES_MAX = 42, DAY_MINUTES = 1440, STRETCHES_MAX = 64 };

#define STRETCH_MS_MAX (INT64_C(1) << 52) /* sums of it do not wrap */

enum availability_refusal {
    AVAILABILITY_NOT_REFUSED,
    AVAILABILITY_VOLUNTEER_UNKNOWN,
    AVAILABILITY_TIMES_INVALID,
    AVAILABILITY_STRETCHES_INVALID,
};

static const struct refusal REFUSALS[] = {
    [AVAILABILITY_VOLUNTEER_UNKNOWN] = {"VOLUNTEER_UNKNOWN",
                                        "nobody has that number; add the volunteer first"},
    [AVAILABILITY_TIMES_INVALID] = {"VOLUNTEER_TIMES_INVALID",
                                    "at most 42 times a week, each on weekday 1 (Monday) to 7 and "
                                    "from before until, in minutes 0 to 1440"},
    [AVAILABILITY_STRETCHES_INVALID] = {"VOLUNTEER_STRETCHES_INVALID",
                                        "at most 64 extra times and 64 times away, each ending "
                                        "after it begins"},
};

bool availability_is_week(WeeklyTime *const *times, size_t time_count)
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

bool availability_are_stretches(Stretch *const *stretches, size_t stretch_count)
{
    if (stretch_count > STRETCHES_MAX) {
        return false;
    }
    for (size_t i = 0; i < stretch_count; i++) {
        if (stretches[i]->from_ms < 0 || stretches[i]->until_ms <= stretches[i]->from_ms ||
            stretches[i]->until_ms > STRETCH_MS_MAX) {
            return false;
        }
    }
    return true;
}

/* A person says anew when there is time. Promised shifts stay. */
static void handle_set_availability(struct wu_step *step, const SetAvailability *set)
{
    struct volunteer_key key;
    enum availability_refusal refusal = AVAILABILITY_NOT_REFUSED;
    const VolunteerRow *known = volunteer_by_number(step, set->number, &key);
    if (known == NULL) {
        refusal = AVAILABILITY_VOLUNTEER_UNKNOWN;
    } else if (!availability_is_week(set->free, set->n_free)) {
        refusal = AVAILABILITY_TIMES_INVALID;
    } else if (!availability_are_stretches(set->extra, set->n_extra) ||
               !availability_are_stretches(set->away, set->n_away)) {
        refusal = AVAILABILITY_STRETCHES_INVALID;
    }
    if (refusal != AVAILABILITY_NOT_REFUSED) {
        check_refuse(step, set->number, &REFUSALS[refusal]);
        return;
    }

    VolunteerRow row = *known;
    row.n_free = set->n_free;
    row.free = set->free;
    row.n_extra = set->n_extra;
    row.extra = set->extra;
    row.n_away = set->n_away;
    row.away = set->away;
    wu_answer_accept(step, key.volunteer_id);
    if (!check_same_row(step, &row.base, &known->base)) {
        volunteer_put(step, &key, known, &row);
    }
}
WU_HANDLER(set_availability, SetAvailability)

const struct wu_route VOLUNTEER_AVAILABILITY_ROUTES[] = {
    {WU_TYPE(VOLUNTEER_SET_AVAILABILITY), WU_ORIGIN_COMMAND,
     &volunteer__set_availability__descriptor, route_set_availability},
    {0},
};
