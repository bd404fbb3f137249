#pragma once

#include <stdint.h>

/*
 * Seeded numbers for generators and tests, never for a core: SplitMix64. The
 * same seed gives the same numbers on every machine.
 *
 * Source: Steele, Lea, Flood, "Fast splittable pseudorandom number generators".
 */
struct wu_prng {
    uint64_t state;
};

static inline uint64_t wu_prng_next(struct wu_prng *prng)
{
    uint64_t z = (prng->state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* 0 to below - 1; below must not be 0. Biased by less than below / 2^64. */
static inline uint64_t wu_prng_below(struct wu_prng *prng, uint64_t below)
{
    return wu_prng_next(prng) % below;
}
