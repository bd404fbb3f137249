#include "services/ctl/measure.h"

#include <criterion/criterion.h>

/* ---- balance ------------------------------------------------------------------------ */

Test(measure, all_the_same_is_even)
{
    uint64_t values[] = {5, 5, 5, 5};
    const struct measure_spread spread = measure_spread(values, 4);
    cr_assert_eq(spread.gini_permille, 0);
    cr_assert_eq(spread.least, 5);
    cr_assert_eq(spread.median, 5);
    cr_assert_eq(spread.most, 5);
    cr_assert_eq(spread.sum, 20);
}

/* In order 1, 2, 3, 10: (2 * (1*1 + 2*2 + 3*3 + 4*10) - 5 * 16) / (4 * 16) = 28 / 64 = 0.4375 */
Test(measure, a_skew_has_its_gini)
{
    uint64_t values[] = {10, 1, 3, 2};
    const struct measure_spread spread = measure_spread(values, 4);
    cr_assert_eq(spread.gini_permille, 437);
    cr_assert_eq(spread.median, 2);
    cr_assert_eq(spread.most, 10);
}

/* One of four has all: (2 * 4*8 - 5 * 8) / (4 * 8) = 24 / 32 */
Test(measure, one_that_has_all_of_four_is_at_three_quarters)
{
    uint64_t values[] = {0, 8, 0, 0};
    cr_assert_eq(measure_spread(values, 4).gini_permille, 750);
}

Test(measure, nothing_has_no_gini)
{
    uint64_t values[] = {0, 0};
    cr_assert_eq(measure_spread(values, 2).gini_permille, -1);
    cr_assert_eq(measure_spread(values, 0).gini_permille, -1);
}

/* ---- tiers --------------------------------------------------------------------------- */

Test(measure, like_is_with_like)
{
    cr_assert_eq(measure_tier(9), TIER_FEW);
    cr_assert_eq(measure_tier(10), TIER_MEDIUM);
    cr_assert_eq(measure_tier(99), TIER_MEDIUM);
    cr_assert_eq(measure_tier(100), TIER_LARGE);
}

Test(measure, a_band_is_a_tenth_wide_on_each_side)
{
    cr_assert_eq(measure_band(TIER_MEDIUM, 700, 800), BAND_AS_PEERS);
    cr_assert_eq(measure_band(TIER_MEDIUM, 699, 800), BAND_BELOW);
    cr_assert_eq(measure_band(TIER_LARGE, 900, 800), BAND_AS_PEERS);
    cr_assert_eq(measure_band(TIER_LARGE, 901, 800), BAND_ABOVE);
    cr_assert_eq(measure_band(TIER_FEW, 0, 800), BAND_NONE);
    cr_assert_eq(measure_band(TIER_MEDIUM, -1, 800), BAND_NONE);
}

/* ---- network ---------------------------------------------------------------------------- */

static struct wu_id provider(uint64_t n)
{
    return wu_id_make(3, 1, n, 0);
}

/*
 * Communities 1 and 2, providers a, b, c:
 *   1-a 09 10 11   active, before as well
 *   1-b       11   active, new
 *   1-c 10         lapsed
 *   2-a       11   active, new: another pair than 1-a
 *   2-b 10      12 lapsed in 11; what comes later is not known yet
 *   2-c         12 not there yet
 */
Test(measure, a_network_is_counted_by_pairs)
{
    const struct measure_edge edges[] = {
        {1, provider(1), 202609}, {1, provider(1), 202610}, {1, provider(1), 202611},
        {1, provider(2), 202611}, {1, provider(3), 202610}, {2, provider(1), 202611},
        {2, provider(2), 202610}, {2, provider(2), 202612}, {2, provider(3), 202612},
    };
    size_t count = sizeof edges / sizeof edges[0];
    const struct measure_network network = measure_network(edges, count, 202611);
    cr_assert_eq(network.active, 3);
    cr_assert_eq(network.fresh, 2);
    cr_assert_eq(network.repeat, 1);
    cr_assert_eq(network.lapsed, 2);
}

Test(measure, an_edge_more_moves_what_it_should)
{
    const struct measure_edge edges[] = {{1, provider(1), 202610}, {1, provider(1), 202611}};
    const struct measure_network before = measure_network(edges, 1, 202611);
    const struct measure_network after = measure_network(edges, 2, 202611);
    cr_assert_eq(before.lapsed, 1);
    cr_assert_eq(before.active, 0);
    cr_assert_eq(after.lapsed, 0);
    cr_assert_eq(after.active, 1);
    cr_assert_eq(after.repeat, 1);
}

Test(measure, nothing_of_nothing_is_no_share)
{
    cr_assert_eq(measure_permille(0, 0), -1);
    cr_assert_eq(measure_permille(2, 3), 666);
}
