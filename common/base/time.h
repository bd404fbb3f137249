#pragma once

#include <stdint.h>

/*
 * Time is int64 milliseconds since the Unix epoch, UTC. Adding never wraps: it
 * stops at the ends, and the ends mean "never". There is no now() here.
 */
#define WU_TIME_NEVER INT64_MAX

#define WU_SECOND_MS INT64_C(1000)
#define WU_MINUTE_MS (60 * WU_SECOND_MS)
#define WU_HOUR_MS (60 * WU_MINUTE_MS)
#define WU_DAY_MS (24 * WU_HOUR_MS)

static inline int64_t wu_time_add(int64_t time_ms, int64_t span_ms)
{
    int64_t sum = 0;
    if (__builtin_add_overflow(time_ms, span_ms, &sum)) {
        return span_ms > 0 ? INT64_MAX : INT64_MIN;
    }
    return sum;
}
