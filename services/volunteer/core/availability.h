#pragma once

#include "common/fold/core.h"
#include "services/volunteer/core/tables.h"

/*
 * When a person is free: a week that recurs, times besides it, and times away.
 * Rules of recurrence (RFC 5545) are expanded before they come here.
 */
extern const struct wu_route VOLUNTEER_AVAILABILITY_ROUTES[];

/* At most 42 times a week, each within one day. */
bool availability_is_week(WeeklyTime *const *times, size_t time_count);

/* At most 64 stretches, each ending after it begins. */
bool availability_are_stretches(Stretch *const *stretches, size_t stretch_count);
