#include "services/coordinator/core/standing.h"

#include "common/base/division.h"
#include "common/base/time.h"
#include "services/coordinator/core/candidate.h"
#include "services/coordinator/core/tables.h"

#include <string.h>

/* ---- the score --------------------------------------------------------------- */

/*
 * Shares are counted in 64 steps: finer differences decide nothing, and a
 * provider moves in its line only when it passes a step.
 */
enum {
    STEPS = 64,
    LOAD_PERMILLE = 280,
    PROMISES_PERMILLE = 160,
    FAIRNESS_PERMILLE = 160,
    FULL_PERMILLE = -300,
    COOLING_PERMILLE = -200,
    CAPACITY_ASSUMED = 32, /* of a provider that announced none */
};

enum { EVIDENCE = 256 }; /* of one kept or broken promise */

/* What we think of one we know nothing of: four promises in five kept. */
enum { PRIOR_KEPT = 4 * EVIDENCE, PRIOR_BROKEN = EVIDENCE };

static int32_t part_of(int32_t permille, uint64_t share, uint64_t whole)
{
    return permille * (int32_t)(STEPS * share / whole) / STEPS;
}

static int32_t load_part(const ProviderRow *row)
{
    uint64_t open = (uint64_t)row->open_steps;
    uint64_t capacity = (uint64_t)row->capacity;
    if (capacity == 0) {
        return part_of(LOAD_PERMILLE, CAPACITY_ASSUMED, CAPACITY_ASSUMED + open);
    }
    return open < capacity ? part_of(LOAD_PERMILLE, capacity - open, capacity) : FULL_PERMILLE;
}

static int32_t promises_part(const ProviderRow *row)
{
    uint64_t kept = PRIOR_KEPT + row->kept;
    return part_of(PROMISES_PERMILLE, kept, kept + PRIOR_BROKEN + row->broken);
}

static int32_t fairness_part(const ProviderRow *row)
{
    uint64_t capacity = row->capacity > 0 ? (uint64_t)row->capacity : CAPACITY_ASSUMED;
    return part_of(FAIRNESS_PERMILLE, capacity * EVIDENCE,
                   capacity * EVIDENCE + row->recent_offers);
}

struct score standing_score(const ProviderRow *row)
{
    return (struct score){
        .load = load_part(row),
        .promises = promises_part(row),
        .fairness = fairness_part(row),
        .cooling = row->cool_until_ms != 0 ? COOLING_PERMILLE : 0,
    };
}

int32_t score_distance(uint64_t division)
{
    switch (wu_division_level(division)) {
    case WU_DIVISION_COMMUNITY:
        return 400;
    case WU_DIVISION_STREET:
        return 300;
    case WU_DIVISION_DISTRICT:
        return 200;
    case WU_DIVISION_CITY:
        return 100;
    default:
        return 0;
    }
}

int32_t score_total(const struct score *score)
{
    return score->distance + score->load + score->promises + score->fairness + score->cooling;
}

/* ---- a change of standing ------------------------------------------------------ */

/* The timer's n. */
enum { TIMER_WEIGH, TIMER_COOL };

#define WEIGH_EVERY_MS (7 * WU_DAY_MS)
#define COOL_MS (2 * WU_DAY_MS)

static void set_timer(struct wu_step *fold, const struct wu_id *provider_id, uint32_t n,
                      int64_t due_at_ms)
{
    const struct wu_timer timer = {.due_at_ms = due_at_ms,
                                   .type = WU_TYPE(COORDINATOR_STANDING_DUE),
                                   .subject = *provider_id,
                                   .n = n};
    wu_timer_set(fold, &timer);
}

/* One timer at a time: while there is anything that has to become less. */
static void weigh_again(struct wu_step *fold, const struct wu_id *provider_id, ProviderRow *row,
                        int64_t from_ms)
{
    bool anything = row->recent_offers > 0 || row->kept > 0 || row->broken > 0;
    if (row->weigh_at_ms == 0 && anything) {
        row->weigh_at_ms = wu_time_add(from_ms, WEIGH_EVERY_MS);
        set_timer(fold, provider_id, TIMER_WEIGH, row->weigh_at_ms);
    }
}

static void save(struct wu_step *fold, const struct wu_id *provider_id, const ProviderRow *before,
                 ProviderRow *row)
{
    weigh_again(fold, provider_id, row, wu_step_event(fold)->time_ms);
    candidates_move(fold, provider_id, before, row);
    providers_put(wu_step_txn(fold), &(struct provider_key){*provider_id}, row);
}

void standing_offered(struct wu_step *fold, const struct wu_id *provider_id, const ProviderRow *row,
                      const char *service)
{
    size_t count = row->n_services;
    ProviderService **list = wu_arena_take(wu_step_arena(fold), count * sizeof(ProviderService *));
    ProviderService *offered = wu_arena_take(wu_step_arena(fold), sizeof *offered);
    if (list == NULL || offered == NULL) {
        return; /* the batch fails */
    }
    ProviderRow after = *row;
    after.services = list;
    for (size_t i = 0; i < count; i++) {
        list[i] = row->services[i];
        if (strcmp(list[i]->service, service) == 0) {
            *offered = *list[i];
            offered->last_offered = wu_step_event(fold)->seq;
            list[i] = offered;
        }
    }
    after.open_steps++;
    after.recent_offers += EVIDENCE;
    save(fold, provider_id, row, &after);
}

static void cool(struct wu_step *fold, const struct wu_id *provider_id, ProviderRow *row)
{
    row->cool_until_ms = wu_time_add(wu_step_event(fold)->time_ms, COOL_MS);
    set_timer(fold, provider_id, TIMER_COOL, row->cool_until_ms);
}

void standing_ended(struct wu_step *fold, const struct wu_id *provider_id, enum promise promise)
{
    static const struct {
        uint16_t kept;
        uint16_t broken;
        bool cools;
        bool was_open;
    } WEIGHTS[] = {
        [PROMISE_NONE] = {.was_open = true},
        [PROMISE_KEPT] = {.kept = EVIDENCE, .was_open = true},
        [PROMISE_KEPT_LATE] = {.kept = EVIDENCE / 2},
        [PROMISE_SILENT] = {.broken = EVIDENCE / 4, .was_open = true},
        [PROMISE_WITHDRAWN] = {.broken = EVIDENCE, .was_open = true},
        [PROMISE_BROKEN] = {.broken = EVIDENCE, .cools = true, .was_open = true},
    };
    const ProviderRow *row = providers_get(wu_step_txn(fold), &(struct provider_key){*provider_id});
    if (row == NULL) {
        return; /* only after a failure of the transaction, and then nothing is kept */
    }
    ProviderRow after = *row;
    after.open_steps -= WEIGHTS[promise].was_open && row->open_steps > 0 ? 1 : 0;
    after.kept += WEIGHTS[promise].kept;
    after.broken += WEIGHTS[promise].broken;
    if (WEIGHTS[promise].cools) {
        cool(fold, provider_id, &after);
    }
    save(fold, provider_id, row, &after);
}

/* ---- time goes by -------------------------------------------------------------- */

/* A share of it goes, at least one: what is left ends at none. */
static uint64_t less(uint64_t value, uint64_t share)
{
    return value - (value + share - 1) / share;
}

/*
 * A week is over, or a cool-down. Offers are half forgotten each week, promises
 * by an eighth. A timer that a later one has taken the place of changes nothing.
 */
static void handle_standing_due(struct wu_step *fold)
{
    const struct wu_event *event = wu_step_event(fold);
    const ProviderRow *row =
        providers_get(wu_step_txn(fold), &(struct provider_key){event->subject});
    if (row == NULL) {
        return;
    }
    ProviderRow after = *row;
    if (event->n == TIMER_COOL && event->time_ms >= row->cool_until_ms) {
        after.cool_until_ms = 0;
    } else if (event->n == TIMER_WEIGH) {
        after.recent_offers = less(row->recent_offers, 2);
        after.kept = less(row->kept, 8);
        after.broken = less(row->broken, 8);
        after.weigh_at_ms = 0;
        weigh_again(fold, &event->subject, &after, row->weigh_at_ms);
    }
    save(fold, &event->subject, row, &after);
}

WU_TIMER_HANDLER(standing_due)

const struct wu_route COORDINATOR_STANDING_ROUTES[] = {
    {WU_TYPE(COORDINATOR_STANDING_DUE), WU_ORIGIN_TIMER, NULL, route_standing_due},
    {0},
};
