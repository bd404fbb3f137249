/*
 * A whole city at work while its daemons are killed at random: what is
 * acknowledged stays, nothing is done twice, and every journal folds to the
 * same bytes again.
 *
 * WUSHE_TEST_NEEDS, WUSHE_TEST_KILLS and WUSHE_TEST_SEED change the run.
 */
#include "common/base/prng.h"
#include "tests/support/crowd.h"
#include "tests/support/demo.h"
#include "tests/support/look.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct run {
    struct city *city;
    struct crowd *crowd;
    struct wu_prng prng;
    uint64_t need_count;
    uint64_t kill_count;
    uint64_t killed;
    int64_t next_kill_ms;
    int order[CITY_END - 1];
    size_t order_at;
};

static uint64_t number_from(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);
    return text != NULL && *text != '\0' ? strtoull(text, NULL, 0) : fallback;
}

/* Each of the six in turn, in an order that changes from turn to turn. */
static int next_victim(struct run *run)
{
    enum { NODES = CITY_END - 1 };
    if (run->order_at == 0) {
        for (int index = 0; index < NODES; index++) {
            run->order[index] = CITY_COORDINATOR + index;
        }
        for (uint64_t index = NODES - 1; index > 0; index--) {
            uint64_t other = wu_prng_below(&run->prng, index + 1);
            int kept = run->order[index];
            run->order[index] = run->order[other];
            run->order[other] = kept;
        }
    }
    int victim = run->order[run->order_at];
    run->order_at = (run->order_at + 1) % NODES;
    return victim;
}

static void kill_one(struct run *run)
{
    if (run->killed == run->kill_count || city_now_ms() < run->next_kill_ms) {
        return;
    }
    int victim = next_victim(run);
    city_kill(run->city, victim);
    city_start(run->city, victim);
    run->killed++;
    run->next_kill_ms = city_now_ms() + (int64_t)wu_prng_below(&run->prng, 900);
}

static void check_city(struct run *run)
{
    struct judge_report report;
    struct city_view view;
    crowd_judge(run->crowd, &report);
    (void)fprintf(stderr,
                  "%" PRIu64 " needs: %" PRIu64 " met, %" PRIu64 " unmet; %" PRIu64
                  " steps delivered; %" PRIu64 " answers, %" PRIu64 " inputs; %" PRIu64 " kills\n",
                  report.need_count, report.met_count, report.unmet_count, report.delivered_count,
                  report.answer_count, report.input_count, run->killed);
    cr_assert_gt(report.met_count, run->need_count / 2);
    cr_assert_geq(report.canary_count, run->need_count); /* it was there to be told */
    cr_assert(city_view_open(run->city, CITY_VOLUNTEER, &view));
    cr_assert_gt(look_shifts_count(view.txn), 0);
    city_view_close(&view);
}

static void open_run(struct run *run)
{
    uint64_t seed = number_from("WUSHE_TEST_SEED", (uint64_t)city_clock_ms());
    (void)fprintf(stderr, "seed 0x%" PRIx64 "\n", seed);
    *run = (struct run){.prng = {seed},
                        .need_count = number_from("WUSHE_TEST_NEEDS", 2000),
                        .kill_count = number_from("WUSHE_TEST_KILLS", 54)};
    run->city = city_make();
    city_start_all(run->city);
    demo_fill(run->city);
    run->crowd = crowd_open(run->city, seed + 1);
    crowd_decline_one_in(run->crowd, 20);
}

Test(kill, nothing_acknowledged_is_lost_or_done_twice)
{
    struct run run;
    open_run(&run);
    int64_t until_ms = city_now_ms() + 10 * CITY_WAIT_MS;
    while (crowd_accepted_count(run.crowd) < run.need_count) {
        if (city_now_ms() > until_ms) {
            city_fail(run.city,
                      "%" PRIu64 " of %" PRIu64 " needs are acknowledged, %" PRIu64 " kills done",
                      crowd_accepted_count(run.crowd), run.need_count, run.killed);
        }
        /* needs keep coming until the last kill */
        crowd_raise(run.crowd, run.need_count * (run.killed + 1) / (run.kill_count + 1));
        crowd_turn(run.crowd);
        kill_one(&run);
        city_pause();
    }
    crowd_finish(run.crowd);
    check_city(&run);
    city_stop_all(run.city);
    city_verify_all(run.city);
    crowd_close(&run.crowd);
    city_remove(&run.city);
}
