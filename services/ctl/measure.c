#include "services/ctl/measure.h"

#include <stdlib.h>

int64_t measure_permille(uint64_t part, uint64_t whole)
{
    return whole != 0 ? (int64_t)(part * 1000 / whole) : -1;
}

static int compare_values(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a;
    uint64_t right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* Gini of values in order, i from 1: (2 * sum(i * x) - (n + 1) * sum(x)) / (n * sum(x)). */
struct measure_spread measure_spread(uint64_t *values, size_t count)
{
    struct measure_spread spread = {.gini_permille = -1};
    if (count == 0) {
        return spread;
    }
    qsort(values, count, sizeof *values, compare_values);
    spread.least = values[0];
    spread.median = values[(count - 1) / 2];
    spread.most = values[count - 1];
    uint64_t weighted = 0;
    for (size_t i = 0; i < count; i++) {
        spread.sum += values[i];
        weighted += (uint64_t)(i + 1) * values[i];
    }
    if (spread.sum != 0) {
        uint64_t even = (count + 1) * spread.sum;
        uint64_t all = count * spread.sum;
        spread.gini_permille = (int64_t)((2 * weighted - even) * 1000 / all);
    }
    return spread;
}

Tier measure_tier(uint64_t case_count)
{
    if (case_count < 10) {
        return TIER_FEW;
    }
    return case_count < 100 ? TIER_MEDIUM : TIER_LARGE;
}

Band measure_band(Tier tier, int64_t share, int64_t tier_share)
{
    if (tier == TIER_FEW || share < 0) {
        return BAND_NONE;
    }
    if (share < tier_share - 100) {
        return BAND_BELOW;
    }
    return share > tier_share + 100 ? BAND_ABOVE : BAND_AS_PEERS;
}

static bool same_pair(const struct measure_edge *a, const struct measure_edge *b)
{
    return a->division == b->division && wu_id_equal(&a->provider_id, &b->provider_id);
}

struct measure_network measure_network(const struct measure_edge *edges, size_t count,
                                       uint32_t month)
{
    struct measure_network network = {0};
    for (size_t i = 0; i < count;) {
        const struct measure_edge *pair = &edges[i];
        bool before = false;
        bool now = false;
        for (; i < count && same_pair(pair, &edges[i]); i++) {
            before = before || edges[i].month < month;
            now = now || edges[i].month == month;
        }
        network.active += now ? 1 : 0;
        network.fresh += now && !before ? 1 : 0;
        network.repeat += now && before ? 1 : 0;
        network.lapsed += !now && before ? 1 : 0;
    }
    return network;
}
