#pragma once

#include "common/base/id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What reports compute from counted numbers: whole numbers, no clock, no store.
 * Shares are in permille, rounded down. The formulas are ours:
 * services/coordinator/README.md.
 */

/* -1 of nothing. */
int64_t measure_permille(uint64_t part, uint64_t whole);

/* ---- balance (R33) --------------------------------------------------------------- */

struct measure_spread {
    uint64_t least;
    uint64_t median; /* of an even number the lower one */
    uint64_t most;
    uint64_t sum;
    int64_t gini_permille; /* 0: all the same; -1: there is nothing */
};

/* Sorts the values. Their number times their sum is below 2^53. */
struct measure_spread measure_spread(uint64_t *values, size_t count);

/* ---- tiers: like with like, and no order ------------------------------------------- */

typedef enum {
    TIER_FEW,    /* too few cases to say anything */
    TIER_MEDIUM, /* 10 to 99 */
    TIER_LARGE,
    TIER_COUNT,
} Tier;
Tier measure_tier(uint64_t case_count);

typedef enum {
    BAND_NONE,
    BAND_BELOW,
    BAND_AS_PEERS, /* within a tenth of what its tier does together */
    BAND_ABOVE,
} Band;
Band measure_band(Tier tier, int64_t share, int64_t tier_share);

/* ---- network (R47) ------------------------------------------------------------------- */

/* A community and a provider that delivered a step for it in that month. */
struct measure_edge {
    uint64_t division;
    struct wu_id provider_id;
    uint32_t month;
};

struct measure_network {
    uint64_t active; /* pairs that worked together in the month */
    uint64_t fresh;  /* of these, for the first time */
    uint64_t repeat; /* of these, before as well */
    uint64_t lapsed; /* pairs that did before, and not in the month */
};

/* Edges ordered by division, provider, month; those after the month are not looked at. */
struct measure_network measure_network(const struct measure_edge *edges, size_t count,
                                       uint32_t month);
