#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * Administrative divisions: 12 decimal digits as one integer, e.g.
 * 420106012001. Two digits each for province, prefecture and county, three
 * each for street and community; a parent is the prefix padded with zeros.
 *
 * Source: GB/T 2260 and the statistical division codes built on it.
 */
enum wu_division_level {
    WU_DIVISION_CITY = 4, /* digits that count */
    WU_DIVISION_DISTRICT = 6,
    WU_DIVISION_STREET = 9,
    WU_DIVISION_COMMUNITY = 12,
};

static inline bool wu_division_is_valid(uint64_t division)
{
    return division >= UINT64_C(100000000000) && division <= UINT64_C(999999999999);
}

/* The division at that level which holds this one. */
static inline uint64_t wu_division_parent(uint64_t division, enum wu_division_level level)
{
    uint64_t unit = 1;
    for (int digit = 12; digit > (int)level; digit--) {
        unit *= 10;
    }
    return division / unit * unit;
}

/* How many digits count: 2, 4, 6, 9 or 12, from the trailing zeros. */
static inline int wu_division_level(uint64_t division)
{
    if (division % 1000 != 0) {
        return 12;
    }
    if (division % 1000000 != 0) {
        return 9;
    }
    if (division % 100000000 != 0) {
        return 6;
    }
    return division % UINT64_C(10000000000) != 0 ? 4 : 2;
}

/* True when inner is outer or lies below it. */
static inline bool wu_division_holds(uint64_t outer, uint64_t inner)
{
    uint64_t unit = 1;
    for (int digit = 12; digit > wu_division_level(outer); digit--) {
        unit *= 10;
    }
    return outer / unit == inner / unit;
}
