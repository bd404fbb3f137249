#pragma once

#include "services/coordinator/core/record.h"
#include "services/coordinator/core/tables.h"

/*
 * The four deviations of a linkage of societies, counted per community, pair
 * and month, in permille, each figure with its cases. The formulas are ours;
 * they stand in services/coordinator/README.md.
 *
 * Source: the seed paper, 3.1, after Yan Kegao (2020); R28-R31, N3.
 */
typedef enum {
    INDICATOR_MISINTERPRETATION,
    INDICATOR_SUBSTITUTION,
    INDICATOR_FORM,
    INDICATOR_RESISTANCE,
    INDICATOR_COUNT,
} Indicator;

enum { DEVIATION_COUNT = DEVIATION(SLOW_YES) };

/* Counts the linkage. Call it once, when it has ended; all it needs is in the row. */
void radar_count(struct linkage *linkage);

/* Whose deviation it is, 1 to DEVIATION_COUNT. */
Indicator radar_indicator(Deviation deviation);

/* 202611: the month of a moment in local time. */
uint32_t radar_month(int64_t time_ms, int64_t utc_offset_min);

/* ---- figures ------------------------------------------------------------------- */

/* Of how many, and how many of these: items, or minutes for substitution. */
struct figure {
    uint64_t part;
    uint64_t whole;
};
struct figure radar_figure(const MonthRow *month, Indicator indicator);

/* Resistance of one pair. */
struct figure radar_pair_figure(const PairRow *pair);

uint64_t radar_deviation_count(const MonthRow *month, Deviation deviation);

/* Cases that were delivered. */
uint64_t radar_delivered(const MonthRow *month);

/* Rounded down; -1 of nothing. */
int64_t radar_permille(struct figure figure);
