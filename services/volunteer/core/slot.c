#include "services/volunteer/core/slot.h"

#include "common/base/time.h"

enum { SEARCH_DAYS_MAX = 14, SHIFTS_PASSED_MAX = 16 };

#define SLOT_MS (120 * WU_MINUTE_MS)
#define TIME_END_MS (INT64_C(1) << 52) /* far beyond any plan, and sums of it do not wrap */

static int64_t min_ms(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t max_ms(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Rounds down, below zero too. */
static int64_t div_down(int64_t a, int64_t b)
{
    return a >= 0 ? a / b : -((b - 1 - a) / b);
}

/* The local day that holds a moment; day 0 is 1 January 1970, and days before it are negative. */
static int64_t day_of(int64_t utc_ms, int64_t offset_ms)
{
    return div_down(utc_ms + offset_ms, WU_DAY_MS);
}

/* 1 Monday ... 7 Sunday; day 0 was a Thursday. */
static uint32_t weekday_of(int64_t day)
{
    return (uint32_t)(((day + 3) % 7 + 7) % 7) + 1;
}

/* ---- blocks of the week ---------------------------------------------------- */

enum { BLOCKS_A_WEEK = 56, BLOCKS_A_DAY = 8, BLOCK_MINUTES = 180, THURSDAY_BLOCK = 24 };

/* `count` blocks from one on, around the end of the week. */
static uint64_t blocks_from(int64_t first, int64_t count)
{
    uint64_t blocks = 0;
    for (int64_t i = 0; i < min_ms(count, BLOCKS_A_WEEK); i++) {
        int64_t block = (first + i) % BLOCKS_A_WEEK;
        blocks |= UINT64_C(1) << (block >= 0 ? block : block + BLOCKS_A_WEEK);
    }
    return blocks;
}

static uint64_t blocks_between(int64_t from_ms, int64_t until_ms, int64_t offset_ms)
{
    int64_t block_ms = BLOCK_MINUTES * WU_MINUTE_MS;
    int64_t first = div_down(from_ms + offset_ms, block_ms);
    int64_t last = div_down(until_ms - 1 + offset_ms, block_ms);
    return blocks_from(first + THURSDAY_BLOCK, last - first + 1); /* block 0 was on a Thursday */
}

uint64_t slot_free_blocks(const VolunteerRow *volunteer, int64_t offset_ms)
{
    uint64_t blocks = 0;
    for (size_t i = 0; i < volunteer->n_extra; i++) {
        blocks |=
            blocks_between(volunteer->extra[i]->from_ms, volunteer->extra[i]->until_ms, offset_ms);
    }
    for (size_t i = 0; i < volunteer->n_free; i++) {
        const WeeklyTime *time = volunteer->free[i];
        int64_t first = time->from_min / BLOCK_MINUTES;
        int64_t last = (time->until_min - 1) / BLOCK_MINUTES;
        int64_t day = time->weekday - 1;
        blocks |= blocks_from(day * BLOCKS_A_DAY + first, last - first + 1);
    }
    return blocks;
}

bool slot_may_fit(const struct slot_window *window, uint64_t free_blocks)
{
    uint64_t common = window->blocks & free_blocks;
    return window->whole ? common == window->blocks : common != 0;
}

/* ---- windows and slots ----------------------------------------------------- */

bool slot_window(struct wu_step *step, int64_t from_ms, int64_t until_ms,
                 struct slot_window *ret_window)
{
    int64_t now_ms = wu_step_event(step)->time_ms;
    int64_t offset_ms = wu_step_utc_offset_min(step) * WU_MINUTE_MS;
    int64_t wanted_from_ms = max_ms(from_ms, 0);
    if (until_ms <= now_ms || until_ms <= from_ms || until_ms > TIME_END_MS) {
        return false;
    }
    ret_window->from_ms = max_ms(wanted_from_ms, now_ms);
    ret_window->until_ms = until_ms;
    ret_window->offset_ms = offset_ms;
    ret_window->blocks = blocks_between(ret_window->from_ms, until_ms, offset_ms);
    ret_window->whole = day_of(wanted_from_ms, offset_ms) == day_of(until_ms - 1, offset_ms);
    ret_window->length_ms = until_ms - ret_window->from_ms;
    if (!ret_window->whole) {
        ret_window->length_ms = min_ms(ret_window->length_ms, SLOT_MS);
    }
    return true;
}

/* The end of a time away, or of a shift, that is in the way of a slot; 0: nothing is. */
static int64_t in_the_way(struct wu_step *step, const struct volunteer_key *key,
                          const VolunteerRow *volunteer, const struct slot *slot)
{
    for (size_t i = 0; i < volunteer->n_away; i++) {
        const Stretch *away = volunteer->away[i];
        if (away->from_ms < slot->until_ms && away->until_ms > slot->from_ms) {
            return away->until_ms;
        }
    }
    struct shift_key at = {key->volunteer_id, slot->from_ms + 1};
    const ShiftRow *shift = NULL;
    bool found = shifts_from(wu_step_txn(step), &at, 1, &shift);
    return found && shift->from_ms < slot->until_ms ? at.until_ms : 0;
}

/* The first slot in [from, until) with nothing in its way, if it begins before the one there is. */
static void between(struct wu_step *step, const struct slot_window *window,
                    const struct volunteer_key *key, const VolunteerRow *volunteer, int64_t from_ms,
                    int64_t until_ms, struct slot *best)
{
    from_ms = max_ms(from_ms, window->from_ms);
    until_ms = min_ms(until_ms, window->until_ms);
    for (int passed = 0; passed < SHIFTS_PASSED_MAX; passed++) {
        struct slot slot = {from_ms, from_ms + window->length_ms};
        if (slot.until_ms > until_ms || slot.from_ms >= best->from_ms) {
            return;
        }
        from_ms = in_the_way(step, key, volunteer, &slot);
        if (from_ms == 0) {
            *best = slot;
            return;
        }
    }
}

/* On that local day: free times come in no order, so all are looked at. */
static void on_day(struct wu_step *step, const struct slot_window *window, int64_t day,
                   const struct volunteer_key *key, const VolunteerRow *volunteer,
                   struct slot *best)
{
    int64_t midnight_ms = day * WU_DAY_MS - window->offset_ms;
    uint32_t weekday = weekday_of(day);
    for (size_t i = 0; i < volunteer->n_free; i++) {
        const WeeklyTime *time = volunteer->free[i];
        if (time->weekday == weekday) {
            between(step, window, key, volunteer, midnight_ms + time->from_min * WU_MINUTE_MS,
                    midnight_ms + time->until_min * WU_MINUTE_MS, best);
        }
    }
}

bool slot_find(struct wu_step *step, const struct slot_window *window,
               const struct volunteer_key *key, const VolunteerRow *volunteer,
               struct slot *ret_slot)
{
    struct slot best = {TIME_END_MS, TIME_END_MS};
    for (size_t i = 0; i < volunteer->n_extra; i++) {
        between(step, window, key, volunteer, volunteer->extra[i]->from_ms,
                volunteer->extra[i]->until_ms, &best);
    }
    int64_t first = day_of(window->from_ms, window->offset_ms);
    int64_t last = day_of(min_ms(window->until_ms, best.from_ms) - 1, window->offset_ms);
    last = min_ms(last, first + SEARCH_DAYS_MAX - 1);
    for (int64_t day = first; day <= last; day++) {
        on_day(step, window, day, key, volunteer, &best);
        if (best.from_ms < TIME_END_MS) {
            last = min_ms(last, day_of(best.from_ms, window->offset_ms));
        }
    }
    if (best.from_ms < TIME_END_MS) {
        *ret_slot = best;
    }
    return best.from_ms < TIME_END_MS;
}
