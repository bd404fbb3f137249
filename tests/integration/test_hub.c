/* The hub goes away with mail under way, in the hard way and in the soft one. */
#include "tests/support/demo.h"
#include "tests/support/look.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>

enum { NEEDS = 3000, WINDOW = 500, AWAYS = 6 };

struct flow {
    struct city *city;
    struct wu_client *client;
    struct wu_arena arena;
    uint64_t sent;
    uint64_t accepted;
};

static void flow_turn(struct flow *flow)
{
    const Bus__Answer *answer = NULL;
    while (flow->sent < NEEDS && wu_client_unanswered(flow->client) < WINDOW) {
        Community__RaiseNeed raise;
        demo_need_init(&raise, "meal", 0);
        const struct wu_command command = {.type = WU_TYPE(COMMUNITY_RAISE_NEED),
                                           .body = &raise.base};
        cr_assert_eq(wu_client_send(flow->client, &command, &flow->sent), WU_OK);
    }
    wu_arena_reset(&flow->arena, 0);
    while (wu_client_answer(flow->client, 0, &flow->arena, &answer) == WU_OK) {
        cr_assert_eq(answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED, "%s",
                     answer->text);
        flow->accepted++;
        wu_arena_reset(&flow->arena, 0);
    }
}

/* Needs that the community has accepted and the hub does not know yet. */
static bool mail_is_under_way(const struct flow *flow)
{
    char why[300];
    return flow->accepted < NEEDS && !city_is_settled(flow->city, why, sizeof why);
}

static void let_hub_go(struct flow *flow, int signal)
{
    int64_t until_ms = city_now_ms() + CITY_WAIT_MS;
    while (flow->accepted < NEEDS && !mail_is_under_way(flow) && city_now_ms() < until_ms) {
        flow_turn(flow);
    }
    city_signal(flow->city, CITY_COORDINATOR, signal);
    int status = city_wait_exit(flow->city, CITY_COORDINATOR, CITY_WAIT_MS);
    cr_assert_eq(status, signal == SIGTERM ? 0 : 128 + signal);
    /* without a hub the community goes on taking needs */
    uint64_t until_accepted = flow->accepted + 100 < NEEDS ? flow->accepted + 100 : NEEDS;
    while (flow->accepted < until_accepted) {
        cr_assert_lt(city_now_ms(), until_ms, "the community waits for its hub");
        flow_turn(flow);
        city_pause();
    }
    city_start(flow->city, CITY_COORDINATOR);
    city_wait_ready(flow->city, CITY_COORDINATOR);
}

struct both {
    struct wu_txn *hub;
    uint64_t count;
};

static bool check_need(void *context, const struct wu_id *need_id,
                       const CommunityState__NeedRow *need)
{
    struct both *both = context;
    const CoordinatorState__LinkageRow *linkage = look_linkage(both->hub, need_id);
    cr_assert_not_null(linkage, "a need without a linkage");
    cr_assert_eq(need->state, COMMUNITY_STATE__NEED_STATE__NEED_STATE_OPEN);
    both->count++;
    return true;
}

static void story(int signal)
{
    struct flow flow = {.city = city_make()};
    city_start_all(flow.city);
    demo_fill_street(flow.city);
    flow.client = city_client(flow.city, CITY_COMMUNITY);
    cr_assert_eq(wu_arena_open(&flow.arena, (size_t)4 << 20), WU_OK);
    for (int away = 0; away < AWAYS; away++) {
        let_hub_go(&flow, signal);
    }
    while (flow.accepted < NEEDS) {
        flow_turn(&flow);
        city_pause();
    }
    for (int node = CITY_COMMUNITY; node < CITY_END; node++) {
        city_wait_linked(flow.city, node);
    }
    city_wait_settled(flow.city);

    struct city_view hub;
    struct city_view community;
    cr_assert(city_view_open(flow.city, CITY_COORDINATOR, &hub));
    cr_assert(city_view_open(flow.city, CITY_COMMUNITY, &community));
    struct both both = {.hub = hub.txn};
    look_needs(community.txn, check_need, &both);
    cr_assert_eq(both.count, NEEDS);
    cr_assert_eq(look_linkages_open_count(hub.txn), NEEDS);
    city_view_close(&hub);
    city_view_close(&community);
    wu_client_close(&flow.client);
    wu_arena_close(&flow.arena);
    city_stop_all(flow.city);
    city_verify_all(flow.city);
    city_remove(&flow.city);
}

Test(hub, killed_with_mail_under_way_loses_nothing_and_links_resume)
{
    story(SIGKILL);
}

Test(hub, stopped_with_mail_under_way_loses_nothing_and_links_resume)
{
    story(SIGTERM);
}
