/*
 * Who is asked, among very many: the coordinator's own choice, timed one by
 * one, and the writes that follow it.
 *
 *   bench_choice [--providers N] [--choices N]
 *
 * Prints one JSON line. Each case is a city of streets and communities with
 * that many providers; of each ten, six serve a community, two a street, one a
 * district, one the city. `choose` finds the best and makes its receipt; `route`
 * is the same and the writes of an offer and of the end of an older one.
 * `brute` looks at everybody, as a check and to compare: both must agree.
 */
#include "common/base/division.h"
#include "common/base/prng.h"
#include "common/base/time.h"
#include "tests/bench/desk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    STREETS = 100,
    COMMUNITIES = 14, /* of a street */
    SERVICES_MAX = 60,
    OUTSTANDING = 4000,
    PER_TXN = 256,
    BRUTE_EVERY = 500,
    LIMIT_US = 50,
    TRIED_MAX = 3,
};

struct bench {
    struct desk desk;
    struct wu_prng prng;
    uint32_t provider_count;
    uint32_t choice_count;
    uint32_t service_count;
    struct wu_id outstanding[OUTSTANDING];
    int64_t *choose_ns;
    int64_t *route_ns;
    int64_t brute_ns;
    uint32_t brute_count;
};

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void must(bool fine, const char *what)
{
    if (!fine) {
        (void)fprintf(stderr, "bench_choice: %s\n", what);
        exit(1);
    }
}

static uint64_t any_community(struct wu_prng *prng)
{
    uint64_t street = wu_prng_below(prng, STREETS);
    return UINT64_C(420100000000) + (1 + street / 10) * 1000000 + (1 + street % 10) * 1000 + 1 +
           wu_prng_below(prng, COMMUNITIES);
}

static const char *service_name(char *buffer, size_t size, uint64_t n)
{
    (void)snprintf(buffer, size, "service-%02u", (unsigned)n);
    return buffer;
}

static void add_providers(struct bench *bench)
{
    static const int LEVELS[10] = {12, 12, 12, 12, 12, 12, 9, 9, 6, 4};
    desk_begin(&bench->desk);
    for (uint32_t n = 0; n < bench->provider_count; n++) {
        char service[24];
        uint64_t at = wu_division_parent(any_community(&bench->prng), LEVELS[n % 10]);
        (void)service_name(service, sizeof service,
                           wu_prng_below(&bench->prng, bench->service_count));
        const struct desk_provider provider = {.services = {service},
                                               .service_count = 1,
                                               .division = at,
                                               .capacity =
                                                   (int64_t)wu_prng_below(&bench->prng, 40)};
        desk_add_provider(&bench->desk, n, &provider);
    }
    desk_commit(&bench->desk);
}

/* ---- everybody is looked at -------------------------------------------------------- */

struct champion {
    bool any;
    int32_t total;
    uint64_t last_offered;
    struct wu_id id;
};

static bool beats(const struct champion *a, const struct champion *b)
{
    if (!b->any || a->total != b->total) {
        return !b->any || a->total > b->total;
    }
    if (a->last_offered != b->last_offered) {
        return a->last_offered < b->last_offered;
    }
    return memcmp(a->id.bytes, b->id.bytes, sizeof a->id.bytes) < 0;
}

static bool was_tried(const LinkageStep *step, const struct wu_id *id)
{
    for (size_t i = 0; i < step->n_tried; i++) {
        if (memcmp(step->tried[i].data, id->bytes, sizeof id->bytes) == 0) {
            return true;
        }
    }
    return false;
}

static struct champion best_of_all(struct bench *bench, const LinkageStep *step, uint64_t division)
{
    struct champion best = {.any = false};
    struct provider_key key = {{{0}}};
    const ProviderRow *row = NULL;
    struct wu_arena *arena = &bench->desk.node->arena;
    size_t mark = arena->used_bytes;
    for (bool found = providers_from(bench->desk.fold.txn, &key, 0, &row); found;
         found = providers_after(bench->desk.fold.txn, &key, 0, &row)) {
        struct score score = standing_score(row);
        score.distance = score_distance(row->division);
        struct champion candidate = {true, score_total(&score), row->services[0]->last_offered,
                                     key.provider_id};
        if (row->open && strcmp(row->services[0]->service, step->service) == 0 &&
            wu_division_holds(row->division, division) && !was_tried(step, &key.provider_id) &&
            beats(&candidate, &best)) {
            best = candidate;
        }
        wu_arena_reset(arena, mark);
    }
    return best;
}

static void check(struct bench *bench, const LinkageStep *step, uint64_t division,
                  const struct choice *choice)
{
    int64_t start_ns = now_ns();
    struct champion best = best_of_all(bench, step, division);
    bench->brute_ns += now_ns() - start_ns;
    bench->brute_count++;
    must(best.any == (choice->provider != NULL) &&
             (!best.any || wu_id_equal(&best.id, &choice->provider_id)),
         "the choice is not the best of all");
}

/* ---- choices ------------------------------------------------------------------------ */

static void route(struct bench *bench, uint32_t n)
{
    char service[24];
    struct choice choice;
    LinkageStep step = COORDINATOR_STATE__LINKAGE_STEP__INIT;
    uint64_t division = any_community(&bench->prng);
    struct wu_id asked[TRIED_MAX];
    ProtobufCBinaryData tried[TRIED_MAX];
    step.role = ROLE_SOCIALORG;
    step.service =
        service_name(service, sizeof service, wu_prng_below(&bench->prng, bench->service_count));
    step.tried = tried;
    desk_event(&bench->desk, INT64_C(1800000000000) + n * WU_SECOND_MS);
    for (uint64_t times = wu_prng_below(&bench->prng, TRIED_MAX + 1); times > 0; times--) {
        if (candidate_choose(&bench->desk.fold, &step, division, &choice)) {
            asked[step.n_tried] = choice.provider_id;
            tried[step.n_tried] = wu_id_to_pb(&asked[step.n_tried]);
            step.n_tried++;
        }
    }

    int64_t start_ns = now_ns();
    bool found = candidate_choose(&bench->desk.fold, &step, division, &choice);
    bench->choose_ns[n] = now_ns() - start_ns;
    if (n % BRUTE_EVERY == 0) {
        check(bench, &step, division, &choice);
    }
    start_ns = now_ns();
    struct wu_id *slot = &bench->outstanding[wu_prng_below(&bench->prng, OUTSTANDING)];
    if (!wu_id_is_none(slot)) {
        standing_ended(&bench->desk.fold, slot,
                       wu_prng_below(&bench->prng, 20) == 0 ? PROMISE_BROKEN : PROMISE_KEPT);
    }
    *slot = (struct wu_id){0};
    if (found && !wu_id_is_none(&choice.provider_id)) {
        /* the end of the older one may have been of the same provider */
        standing_offered(
            &bench->desk.fold, &choice.provider_id,
            providers_get(bench->desk.fold.txn, &(struct provider_key){choice.provider_id}),
            step.service);
        *slot = choice.provider_id;
    }
    bench->route_ns[n] = bench->choose_ns[n] + now_ns() - start_ns;
}

static int compare_i64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static double us_at(const int64_t *times_ns, uint64_t place)
{
    return (double)times_ns[place] / 1e3;
}

static void print_times(const char *what, int64_t *times_ns, uint32_t count)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += (double)times_ns[i];
    }
    qsort(times_ns, count, sizeof *times_ns, compare_i64);
    (void)printf(",\"%s_per_s\":%.0f,\"%s_us_p50\":%.1f,\"%s_us_p99\":%.1f", what,
                 count / (sum / 1e9), what, us_at(times_ns, count / 2), what,
                 us_at(times_ns, (uint64_t)count * 99 / 100));
}

static void run_case(struct bench *bench, uint32_t service_count)
{
    bench->prng.state = 20260731;
    bench->service_count = service_count;
    bench->brute_ns = 0;
    bench->brute_count = 0;
    memset(bench->outstanding, 0, sizeof bench->outstanding);
    desk_open(&bench->desk);
    add_providers(bench);
    for (uint32_t n = 0; n < bench->choice_count; n++) {
        if (n % PER_TXN == 0) {
            desk_begin(&bench->desk);
        }
        route(bench, n);
        if (n % PER_TXN == PER_TXN - 1 || n + 1 == bench->choice_count) {
            desk_commit(&bench->desk);
        }
    }
    desk_close(&bench->desk);
    (void)printf("{\"services\":%u", (unsigned)service_count);
    print_times("choose", bench->choose_ns, bench->choice_count);
    double p99_us = us_at(bench->choose_ns, (uint64_t)bench->choice_count * 99 / 100);
    print_times("route", bench->route_ns, bench->choice_count);
    (void)printf(",\"brute_us_mean\":%.1f,\"brute_agrees\":%u,\"ratio_to_limit\":%.2f}",
                 (double)bench->brute_ns / 1e3 / bench->brute_count, (unsigned)bench->brute_count,
                 LIMIT_US / p99_us);
}

int main(int argc, char **argv)
{
    static struct bench bench = {.provider_count = 20000, .choice_count = 50000};
    for (int at = 1; at + 1 < argc; at += 2) {
        if (strcmp(argv[at], "--providers") == 0) {
            bench.provider_count = (uint32_t)strtoul(argv[at + 1], NULL, 10);
        } else if (strcmp(argv[at], "--choices") == 0) {
            bench.choice_count = (uint32_t)strtoul(argv[at + 1], NULL, 10);
        } else {
            must(false, "usage: bench_choice [--providers N] [--choices N]");
        }
    }
    must(bench.provider_count > 0 && bench.choice_count > 0, "both numbers are 1 or more");
    bench.choose_ns = calloc(bench.choice_count, sizeof *bench.choose_ns);
    bench.route_ns = calloc(bench.choice_count, sizeof *bench.route_ns);
    must(bench.choose_ns != NULL && bench.route_ns != NULL, "no memory");
    (void)printf("{\"bench\":\"choice\",\"providers\":%" PRIu32 ",\"choices\":%" PRIu32
                 ",\"limit_us_p99\":%d,\"cases\":[",
                 bench.provider_count, bench.choice_count, LIMIT_US);
    run_case(&bench, 1);
    (void)putchar(',');
    run_case(&bench, SERVICES_MAX);
    (void)puts("]}");
    free(bench.choose_ns);
    free(bench.route_ns);
    return 0;
}
