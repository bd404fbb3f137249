#include "tests/support/crowd.h"

#include "common/base/prng.h"
#include "tests/support/demo.h"
#include "tests/support/look.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { AT_ONCE = 512, RAISED_AT_ONCE = 200, KINDS = 8 };

static const char *const KIND_CODES[KINDS] = {
    "elderly-full-support", "elderly-meal",    "elderly-visit", "hardship-relief",
    "small-repair",         "household-masks", "elderly-meal",  "counselling",
};

struct crowd {
    struct city *city;
    struct wu_client *clients[CITY_END]; /* of the community and those who provide */
    struct wu_client *residents;
    struct wu_arena arena;
    struct wu_prng prng;
    struct judge *judge;
    uint64_t decline_one_in;
    uint64_t brief_one_in;
    uint64_t raised;
    uint64_t accepted;
    uint64_t *divisions; /* read when the first need is raised */
    size_t division_count;
    int node; /* whose desk is looked at */
};

struct crowd *crowd_open(struct city *city, uint64_t seed)
{
    struct crowd *crowd = calloc(1, sizeof *crowd);
    cr_assert_not_null(crowd);
    *crowd = (struct crowd){.city = city, .prng = {seed}};
    cr_assert_eq(wu_arena_open(&crowd->arena, (size_t)8 << 20), WU_OK);
    for (int node = CITY_COMMUNITY; node < CITY_END; node++) {
        crowd->clients[node] = city_client(city, node);
    }
    crowd->residents = city_client(city, CITY_COMMUNITY);
    crowd->judge = judge_open(city);
    return crowd;
}

void crowd_close(struct crowd **crowd_p)
{
    struct crowd *crowd = *crowd_p;
    for (int node = CITY_COMMUNITY; node < CITY_END; node++) {
        wu_client_close(&crowd->clients[node]);
    }
    wu_client_close(&crowd->residents);
    wu_arena_close(&crowd->arena);
    judge_close(&crowd->judge);
    free(crowd->divisions);
    free(crowd);
    *crowd_p = NULL;
}

void crowd_decline_one_in(struct crowd *crowd, uint64_t count)
{
    crowd->decline_one_in = count;
}

void crowd_brief_one_in(struct crowd *crowd, uint64_t count)
{
    crowd->brief_one_in = count;
}

void crowd_judge(struct crowd *crowd, struct judge_report *ret_report)
{
    judge_city(crowd->judge, ret_report);
}

/* ---- raising -------------------------------------------------------------------------- */

static void know_divisions(struct crowd *crowd)
{
    crowd->division_count = demo_division_count(crowd->city);
    crowd->divisions = calloc(crowd->division_count, sizeof *crowd->divisions);
    cr_assert_not_null(crowd->divisions);
    for (size_t index = 0; index < crowd->division_count; index++) {
        crowd->divisions[index] = demo_division(crowd->city, index);
    }
}

static bool one_in(struct crowd *crowd, uint64_t count)
{
    return count > 0 && wu_prng_below(&crowd->prng, count) == 0;
}

static void raise_one(struct crowd *crowd)
{
    Community__RaiseNeed raise;
    uint64_t number = 0;
    char paper[40];
    const char *kind = one_in(crowd, crowd->brief_one_in)
                           ? DEMO_BRIEF_KIND
                           : KIND_CODES[wu_prng_below(&crowd->prng, KINDS)];
    demo_need_init(&raise, kind,
                   crowd->divisions[wu_prng_below(&crowd->prng, crowd->division_count)]);
    (void)snprintf(paper, sizeof paper, JUDGE_CANARY "-%" PRIu64, ++crowd->raised);
    raise.origin = "paper";
    raise.external_ref = paper;
    const struct wu_command command = {.type = WU_TYPE(COMMUNITY_RAISE_NEED), .body = &raise.base};
    cr_assert_eq(wu_client_send(crowd->residents, &command, &number), WU_OK);
}

void crowd_raise(struct crowd *crowd, uint64_t total)
{
    const Bus__Answer *answer = NULL;
    if (crowd->divisions == NULL) {
        know_divisions(crowd);
    }
    while (crowd->raised < total && wu_client_unanswered(crowd->residents) < RAISED_AT_ONCE) {
        raise_one(crowd);
    }
    wu_arena_reset(&crowd->arena, 0);
    while (wu_client_answer(crowd->residents, 0, &crowd->arena, &answer) == WU_OK) {
        judge_heard_need(crowd->judge, answer);
        crowd->accepted++;
        wu_arena_reset(&crowd->arena, 0);
    }
}

uint64_t crowd_accepted_count(const struct crowd *crowd)
{
    return crowd->accepted;
}

uint64_t crowd_unanswered_count(const struct crowd *crowd)
{
    return crowd->raised - crowd->accepted;
}

/* ---- at the desks ----------------------------------------------------------------------- */

static bool send(struct crowd *crowd, wu_event_type type, const ProtobufCMessage *body)
{
    const struct wu_command command = {.type = type, .body = body};
    uint64_t number = 0;
    struct wu_client *client = crowd->clients[crowd->node];
    return wu_client_send(client, &command, &number) == WU_OK &&
           wu_client_unanswered(client) < AT_ONCE;
}

static bool do_step(void *context, const struct wu_id *linkage_id, uint32_t step_no,
                    const LinkageState__StepRow *step)
{
    struct crowd *crowd = context;
    if (step->state == LINKAGE_STATE__STEP_STATE__STEP_STATE_WAITING) {
        Linkage__AnswerOffer answer = LINKAGE__ANSWER_OFFER__INIT;
        answer.linkage_id = wu_id_to_pb(linkage_id);
        answer.step_no = step_no;
        answer.provider_id = step->offer->ref->provider_id;
        answer.accept = !one_in(crowd, crowd->decline_one_in);
        answer.text = answer.accept ? "" : "not today";
        return send(crowd, WU_TYPE(LINKAGE_ANSWER_OFFER), &answer.base);
    }
    if (step->state == LINKAGE_STATE__STEP_STATE__STEP_STATE_CONFIRMED) {
        Linkage__ReportDelivery report = LINKAGE__REPORT_DELIVERY__INIT;
        report.linkage_id = wu_id_to_pb(linkage_id);
        report.step_no = step_no;
        report.provider_id = step->offer->ref->provider_id;
        report.minutes = 60;
        return send(crowd, WU_TYPE(LINKAGE_REPORT_DELIVERY), &report.base);
    }
    return true;
}

static bool confirm(void *context, const struct wu_id *need_id, const CommunityState__NeedRow *need)
{
    struct crowd *crowd = context;
    Community__ConfirmNeed word = COMMUNITY__CONFIRM_NEED__INIT;
    word.need_id = wu_id_to_pb(need_id);
    word.verdict = COMMUNITY__VERDICT__VERDICT_MET;
    word.rating = 5;
    (void)need;
    return send(crowd, WU_TYPE(COMMUNITY_CONFIRM_NEED), &word.base);
}

static void take_answers(struct crowd *crowd)
{
    const Bus__Answer *answer = NULL;
    wu_arena_reset(&crowd->arena, 0);
    while (wu_client_answer(crowd->clients[crowd->node], 0, &crowd->arena, &answer) == WU_OK) {
        judge_heard(crowd->judge, crowd->node, answer);
        wu_arena_reset(&crowd->arena, 0);
    }
}

void crowd_turn(struct crowd *crowd)
{
    for (crowd->node = CITY_COMMUNITY; crowd->node < CITY_END; crowd->node++) {
        struct city_view view;
        take_answers(crowd);
        if (wu_client_unanswered(crowd->clients[crowd->node]) > 0 ||
            !city_view_open(crowd->city, crowd->node, &view)) {
            continue; /* what was said last is not answered yet */
        }
        if (crowd->node == CITY_COMMUNITY) {
            look_needs_awaiting(view.txn, confirm, crowd);
        } else {
            look_steps_open(view.txn, do_step, crowd);
        }
        city_view_close(&view);
    }
}

struct ends {
    uint64_t open;
};

static bool count_open(void *context, const struct wu_id *need_id,
                       const CommunityState__NeedRow *need)
{
    struct ends *ends = context;
    (void)need_id;
    ends->open += need->state != COMMUNITY_STATE__NEED_STATE__NEED_STATE_CLOSED &&
                  need->state != COMMUNITY_STATE__NEED_STATE__NEED_STATE_REFUSED;
    return ends->open == 0;
}

bool crowd_is_done(struct crowd *crowd)
{
    struct city_view view;
    struct ends ends = {1};
    char why[300];
    if (city_view_open(crowd->city, CITY_COMMUNITY, &view)) {
        ends.open = 0;
        look_needs(view.txn, count_open, &ends);
        city_view_close(&view);
    }
    return ends.open == 0 && city_is_settled(crowd->city, why, sizeof why);
}

void crowd_finish(struct crowd *crowd)
{
    int64_t until_ms = city_now_ms() + 4 * CITY_WAIT_MS;
    while (!crowd_is_done(crowd)) {
        char why[300] = "needs are open";
        if (city_now_ms() > until_ms) {
            (void)city_is_settled(crowd->city, why, sizeof why);
            city_fail(crowd->city, "the city does not come to rest: %s", why);
        }
        crowd_turn(crowd);
        city_pause();
    }
}
