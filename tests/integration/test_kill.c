/*
 * A whole city at work while its daemons are killed at random: what is
 * acknowledged stays, nothing is done twice, and every journal folds to the
 * same bytes again.
 *
 * WUSHE_TEST_NEEDS, WUSHE_TEST_KILLS and WUSHE_TEST_SEED change the run.
 */
#include "common/journal/tables.h"
#include "tests/support/demo.h"
#include "tests/support/look.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WINDOW = 200, KINDS = 8 };

static const char *const KIND_CODES[KINDS] = {
    "elderly-full-support", "elderly-meal",    "elderly-visit", "hardship-relief",
    "small-repair",         "household-masks", "elderly-meal",  "counselling",
};

struct run {
    struct city *city;
    struct crowd *crowd;
    struct wu_client *client; /* of those who raise needs */
    struct wu_arena arena;
    struct wu_prng prng;
    uint64_t need_count;
    uint64_t kill_count;
    uint64_t sent;
    uint64_t accepted;
    struct wu_id *ids; /* of the acknowledged, in the order in which they were sent */
    uint64_t *divisions;
    size_t division_count;
    uint64_t killed;
    int64_t next_kill_ms;
    int64_t started_ms[CITY_END];
    int order[CITY_END - 1];
    size_t order_at;
};

static uint64_t number_from(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);
    return text != NULL && *text != '\0' ? strtoull(text, NULL, 0) : fallback;
}

/* ---- raising ------------------------------------------------------------------------ */

static void raise_some(struct run *run)
{
    /* needs keep coming until the last kill */
    uint64_t allowed = run->need_count * (run->killed + 1) / (run->kill_count + 1);
    while (run->sent < allowed && wu_client_unanswered(run->client) < WINDOW) {
        Community__RaiseNeed raise;
        uint64_t number = 0;
        demo_need_init(&raise, KIND_CODES[wu_prng_below(&run->prng, KINDS)],
                       run->divisions[wu_prng_below(&run->prng, run->division_count)]);
        const struct wu_command command = {.type = WU_TYPE(COMMUNITY_RAISE_NEED),
                                           .body = &raise.base};
        cr_assert_eq(wu_client_send(run->client, &command, &number), WU_OK);
        cr_assert_eq(number, ++run->sent);
    }
}

static void take_answers(struct run *run)
{
    const Bus__Answer *answer = NULL;
    wu_arena_reset(&run->arena, 0);
    while (wu_client_answer(run->client, 0, &run->arena, &answer) == WU_OK) {
        if (answer->status != BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED) {
            city_fail(run->city, "need %" PRIu64 " refused: %s: %s", answer->number, answer->code,
                      answer->text);
        }
        struct wu_id *id = &run->ids[answer->number - 1];
        cr_assert(wu_id_is_none(id), "need %" PRIu64 " was answered twice", answer->number);
        cr_assert(wu_id_from_pb(answer->id, id));
        run->accepted++;
        wu_arena_reset(&run->arena, 0);
    }
}

/* ---- killing -------------------------------------------------------------------------- */

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

/* ---- what must hold afterwards ----------------------------------------------------------- */

struct check {
    struct run *run;
    struct city_view views[CITY_END];
    uint64_t count;
    uint64_t delivered_steps;
    uint64_t outcomes[8];
};

static int compare_ids(const void *a, const void *b)
{
    return wu_id_compare(a, b);
}

static bool is_acknowledged(const struct run *run, const struct wu_id *id)
{
    return bsearch(id, run->ids, run->need_count, sizeof *run->ids, compare_ids) != NULL;
}

static bool check_need(void *context, const struct wu_id *need_id,
                       const CommunityState__NeedRow *need)
{
    struct check *check = context;
    (void)need;
    check->count++;
    cr_assert(is_acknowledged(check->run, need_id), "a need that nobody was told of");
    return true;
}

/* init numbers the nodes in the order of the roles, after the coordinator. */
static int node_of(Linkage__Role role)
{
    return (int)role + 1;
}

/* Who holds a step, of all who provide: exactly one if it was delivered, else nobody. */
static void check_step(struct check *check, const struct wu_id *id,
                       const CoordinatorState__LinkageStep *step)
{
    bool delivered = step->state == COORDINATOR_STATE__STEP_STATE__STEP_STATE_DELIVERED;
    int holders = 0;
    for (int node = CITY_SOCIALORG; node < CITY_END; node++) {
        size_t mark = check->views[node].arena.used_bytes;
        const LinkageState__StepRow *row = look_step(check->views[node].txn, id, step->step_no);
        if (row != NULL && (row->state == LINKAGE_STATE__STEP_STATE__STEP_STATE_RESERVED ||
                            row->state == LINKAGE_STATE__STEP_STATE__STEP_STATE_CONFIRMED ||
                            row->state == LINKAGE_STATE__STEP_STATE__STEP_STATE_DELIVERED)) {
            holders++;
            cr_assert(delivered && row->state == LINKAGE_STATE__STEP_STATE__STEP_STATE_DELIVERED);
            cr_assert(step->node == (uint32_t)node && node_of(step->role) == node);
            cr_assert_eq(row->offer->ref->attempt, step->attempt);
            cr_assert(row->offer->ref->provider_id.len == 16 && step->provider_id.len == 16 &&
                      memcmp(row->offer->ref->provider_id.data, step->provider_id.data, 16) == 0);
        }
        wu_arena_reset(&check->views[node].arena, mark);
    }
    cr_assert_eq(holders, delivered ? 1 : 0);
    check->delivered_steps += delivered;
}

static bool check_linkage(void *context, const struct wu_id *linkage_id,
                          const CoordinatorState__LinkageRow *linkage)
{
    struct check *check = context;
    check->count++;
    cr_assert(is_acknowledged(check->run, linkage_id), "a linkage of no need");
    cr_assert_eq(linkage->state, COORDINATOR_STATE__LINKAGE_STATE__LINKAGE_STATE_CLOSED);
    cr_assert(linkage->outcome > 0 && (size_t)linkage->outcome < 8);
    check->outcomes[linkage->outcome]++;
    for (size_t index = 0; index < linkage->n_steps; index++) {
        check_step(check, linkage_id, linkage->steps[index]);
    }
    return true;
}

struct delivered {
    uint64_t steps;
    int64_t quantity;
};

static bool count_delivered(void *context, const struct wu_id *linkage_id, uint32_t step_no,
                            const LinkageState__StepRow *step)
{
    struct delivered *delivered = context;
    (void)linkage_id;
    (void)step_no;
    if (step->state == LINKAGE_STATE__STEP_STATE__STEP_STATE_DELIVERED) {
        delivered->steps++;
        delivered->quantity += step->delivered->quantity;
    }
    return true;
}

static void check_needs(struct check *check)
{
    struct run *run = check->run;
    qsort(run->ids, run->need_count, sizeof *run->ids, compare_ids);
    for (uint64_t index = 1; index < run->need_count; index++) {
        cr_assert_not(wu_id_equal(&run->ids[index - 1], &run->ids[index]),
                      "two needs got one number");
    }
    look_needs(check->views[CITY_COMMUNITY].txn, check_need, check);
    cr_assert_eq(check->count, run->need_count);
    check->count = 0;
    look_linkages(check->views[CITY_COORDINATOR].txn, check_linkage, check);
    cr_assert_eq(check->count, run->need_count);
    cr_assert_eq(look_linkages_open_count(check->views[CITY_COORDINATOR].txn), 0);
}

static void check_providers(struct check *check)
{
    char why[200];
    struct delivered all = {0};
    for (int node = CITY_SOCIALORG; node < CITY_END; node++) {
        struct delivered here = {0};
        look_steps(check->views[node].txn, count_delivered, &here);
        all.steps += here.steps;
        if (node == CITY_CHARITY) {
            cr_assert_eq(here.quantity, look_issued(check->views[node].txn),
                         "the books and the steps disagree about what was handed over");
        }
    }
    cr_assert_eq(all.steps, check->delivered_steps,
                 "a delivery that the coordinator has not heard");
    cr_assert_not(look_wrong_books(check->views[CITY_CHARITY].txn, why, sizeof why), "%s", why);
    cr_assert_gt(look_shifts_count(check->views[CITY_VOLUNTEER].txn), 0);
    cr_assert_not(look_overlapping_shifts(check->views[CITY_VOLUNTEER].txn, why, sizeof why), "%s",
                  why);
}

static void check_city(struct run *run)
{
    struct check check = {.run = run};
    for (int node = CITY_COORDINATOR; node < CITY_END; node++) {
        cr_assert(city_view_open(run->city, node, &check.views[node]));
        cr_assert_eq(wu_table_count(check.views[node].txn, &WU_DEAD_LETTERS), 0);
    }
    check_needs(&check);
    check_providers(&check);
    (void)fprintf(stderr,
                  "%" PRIu64 " needs: %" PRIu64 " met, %" PRIu64 " unmet; %" PRIu64
                  " steps delivered; %" PRIu64 " kills\n",
                  run->need_count, check.outcomes[COORDINATOR__OUTCOME__OUTCOME_MET],
                  check.outcomes[COORDINATOR__OUTCOME__OUTCOME_UNMET], check.delivered_steps,
                  run->killed);
    cr_assert_gt(check.outcomes[COORDINATOR__OUTCOME__OUTCOME_MET], run->need_count / 2);
    for (int node = CITY_COORDINATOR; node < CITY_END; node++) {
        city_view_close(&check.views[node]);
    }
}

/* ---- the story ------------------------------------------------------------------------------ */

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
    run->client = city_client(run->city, CITY_COMMUNITY);
    run->ids = calloc(run->need_count, sizeof *run->ids);
    run->division_count = demo_division_count(run->city);
    run->divisions = calloc(run->division_count, sizeof *run->divisions);
    cr_assert(run->ids != NULL && run->divisions != NULL &&
              wu_arena_open(&run->arena, (size_t)4 << 20) == WU_OK);
    for (size_t index = 0; index < run->division_count; index++) {
        run->divisions[index] = demo_division(run->city, index);
    }
}

static void close_run(struct run *run)
{
    crowd_close(&run->crowd);
    wu_client_close(&run->client);
    wu_arena_close(&run->arena);
    free(run->ids);
    free(run->divisions);
    city_remove(&run->city);
}

Test(kill, nothing_acknowledged_is_lost_or_done_twice)
{
    struct run run;
    open_run(&run);
    int64_t until_ms = city_now_ms() + 10 * CITY_WAIT_MS;
    while (run.accepted < run.need_count) {
        if (city_now_ms() > until_ms) {
            city_fail(run.city,
                      "%" PRIu64 " of %" PRIu64 " needs are acknowledged, %" PRIu64 " kills done",
                      run.accepted, run.need_count, run.killed);
        }
        raise_some(&run);
        take_answers(&run);
        crowd_turn(run.crowd);
        kill_one(&run);
        city_pause();
    }
    crowd_finish(run.crowd);
    check_city(&run);
    city_stop_all(run.city);
    city_verify_all(run.city);
    close_run(&run);
}
