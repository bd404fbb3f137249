/* Three levels of coordinators: a hub that also has a hub. */
#include "tests/support/city.h"
#include "tests/support/demo.h"
#include "tests/support/look.h"
#include "wushe/community/v1/need.pb-c.h"
#include "wushe/coordinator/v1/kind.pb-c.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const uint64_t HOME = 420106012001;

static struct city *city;

static void set_up(void)
{
    city = city_make_tree();
    city_start_all(city);
}

static void tear_down(void)
{
    city_wait_settled(city);
    city_stop_all(city);
    city_verify_all(city);
    city_remove(&city);
}

TestSuite(tree, .init = set_up, .fini = tear_down);

/* Every hand-made community is the same; through the city's door, three levels down. */
static const Bus__Answer *add_community(int target, const char *name)
{
    Community__AddCommunity add = COMMUNITY__ADD_COMMUNITY__INIT;
    add.division = HOME;
    add.name = name;
    return city_call_below(city, TREE_CITY, target, WU_TYPE(COMMUNITY_ADD_COMMUNITY), &add.base);
}

static void restart(int node)
{
    city_kill(city, node);
    city_start(city, node);
    city_wait_ready(city, node);
}

Test(tree, a_command_goes_down_three_levels_and_its_answer_comes_up)
{
    const Bus__Answer *answer = add_community(TREE_COMMUNITY, "Garden");
    cr_assert_eq(answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED, "%s", answer->text);
    const Bus__Pong *pong = city_ping(city, TREE_COMMUNITY, CITY_WAIT_MS);
    cr_assert_not_null(pong);
    cr_assert_eq(pong->journal_seq, 1, "it was folded there, once");
}

Test(tree, a_refusal_comes_up_in_the_words_of_the_node_below)
{
    const Bus__Answer *answer = add_community(TREE_COMMUNITY, "");
    cr_assert_eq(answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED);
    cr_assert_str_eq(answer->code, "COMMUNITY_NAME_MISSING");
}

Test(tree, a_node_that_nobody_knows_is_refused_where_the_way_ends)
{
    const Bus__Answer *answer = add_community(8, "Garden");
    cr_assert_str_eq(answer->code, "NODE_UNKNOWN");
    cr_assert_not_null(strstr(answer->text, "none of its coordinators"), "%s", answer->text);
    answer = add_community(9, "Garden"); /* the city takes it for one below the district */
    cr_assert_str_eq(answer->code, "NODE_UNKNOWN");
    cr_assert_not_null(strstr(answer->text, "node 2 knows no way"), "%s", answer->text);
}

Test(tree, a_command_waits_for_the_middle_and_is_done_once)
{
    for (int node = TREE_CITY; node <= TREE_COMMUNITY; node++) {
        char name[16];
        (void)snprintf(name, sizeof name, "Garden %d", node);
        restart(node);
        const Bus__Answer *answer = add_community(TREE_COMMUNITY, name);
        cr_assert_eq(answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED, "%s",
                     answer->text);
    }
}

Test(tree, the_middle_starts_and_serves_while_the_city_is_away)
{
    city_kill(city, TREE_CITY);
    restart(TREE_DISTRICT);
    CITY_WAIT(city, city_state_is(city, TREE_DISTRICT, "serving"));
    restart(TREE_STREET);
    city_wait_linked(city, TREE_STREET);
    Community__AddCommunity add = COMMUNITY__ADD_COMMUNITY__INIT;
    add.division = HOME;
    add.name = "Garden";
    const Bus__Answer *answer = city_call_below(city, TREE_DISTRICT, TREE_COMMUNITY,
                                                WU_TYPE(COMMUNITY_ADD_COMMUNITY), &add.base);
    cr_assert_eq(answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED, "%s", answer->text);
    city_start(city, TREE_CITY);
    city_wait_linked(city, TREE_DISTRICT);
}

/* ---- what goes up ----------------------------------------------------------- */

static const int64_t HOUR_MS = 3600000;

/* A kind of one step for one organisation. */
static void adopt(const char *code, const char *service)
{
    Linkage__PlanStep step = LINKAGE__PLAN_STEP__INIT;
    Linkage__PlanStep *recipe[] = {&step};
    Coordinator__AdoptKind kind = COORDINATOR__ADOPT_KIND__INIT;
    step.role = LINKAGE__ROLE__ROLE_SOCIALORG;
    step.service = service;
    step.quantity = 1;
    step.required = true;
    kind.code = code;
    kind.name_en = code;
    kind.name_zh = "照料";
    kind.reply_within_ms = 4 * HOUR_MS;
    kind.deliver_within_ms = 48 * HOUR_MS;
    kind.confirm_within_ms = 48 * HOUR_MS;
    kind.n_recipe = 1;
    kind.recipe = recipe;
    (void)city_accept(city, TREE_STREET, WU_TYPE(COORDINATOR_ADOPT_KIND), &kind.base);
}

static void add_body(int node, uint64_t division, const char *service)
{
    Linkage__AddProvider add = LINKAGE__ADD_PROVIDER__INIT;
    const char *services[] = {service};
    add.code = service;
    add.name = service;
    add.division = division;
    add.n_services = 1;
    add.services = services;
    (void)city_accept(city, node, WU_TYPE(LINKAGE_ADD_PROVIDER), &add.base);
    demo_file_organisation(city, node, service);
}

static bool kind_is_known(const char *code)
{
    struct city_view view;
    bool known = city_view_open(city, TREE_COMMUNITY, &view);
    known = known && look_kind_known(view.txn, code) > 0;
    city_view_close(&view);
    return known;
}

/* Cooking is done in the street, baking only in the sibling district. */
static void fill(void)
{
    cr_assert_eq(add_community(TREE_COMMUNITY, "Garden")->status,
                 BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED);
    add_body(TREE_NEAR_ORG, 420106012000, "cooking");
    add_body(TREE_FAR_ORG, 420107000000, "baking");
    adopt("meal", "cooking");
    adopt("cake", "baking");
    CITY_WAIT(city, kind_is_known("meal") && kind_is_known("cake"));
    city_wait_settled(city);
}

static struct wu_id raise(const char *kind)
{
    Community__RaiseNeed raise = COMMUNITY__RAISE_NEED__INIT;
    struct wu_id id = {{0}};
    raise.kind = kind;
    raise.division = HOME;
    raise.urgency = COMMUNITY__NEED_URGENCY__NEED_URGENCY_DIFFICULT;
    raise.source = COMMUNITY__NEED_SOURCE__NEED_SOURCE_RESIDENT;
    raise.from_ms = city_clock_ms() + HOUR_MS;
    raise.until_ms = city_clock_ms() + 40 * HOUR_MS;
    const Bus__Answer *answer =
        city_accept(city, TREE_COMMUNITY, WU_TYPE(COMMUNITY_RAISE_NEED), &raise.base);
    cr_assert(wu_id_from_pb(answer->id, &id));
    return id;
}

struct open_step {
    struct wu_id linkage_id;
    uint32_t step_no;
    LinkageState__StepState state;
    bool found;
};

static bool keep_step(void *context, const struct wu_id *linkage_id, uint32_t step_no,
                      const LinkageState__StepRow *step)
{
    *(struct open_step *)context = (struct open_step){*linkage_id, step_no, step->state, true};
    return false;
}

/* The one step that is open at a provider's node. */
static struct open_step step_at(int node)
{
    struct open_step step = {.found = false};
    struct city_view view;
    if (city_view_open(city, node, &view)) {
        look_steps_open(view.txn, keep_step, &step);
    }
    city_view_close(&view);
    return step;
}

static bool is_confirmed_at(int node)
{
    struct open_step step = step_at(node);
    return step.found && step.state == LINKAGE_STATE__STEP_STATE__STEP_STATE_CONFIRMED;
}

static void report_delivery(int node)
{
    struct open_step step = step_at(node);
    Linkage__ReportDelivery report = LINKAGE__REPORT_DELIVERY__INIT;
    cr_assert(step.found);
    report.linkage_id = wu_id_to_pb(&step.linkage_id);
    report.step_no = step.step_no;
    report.minutes = 30;
    (void)city_accept(city, node, WU_TYPE(LINKAGE_REPORT_DELIVERY), &report.base);
}

static CommunityState__NeedState need_state(const struct wu_id *id)
{
    CommunityState__NeedState state = 0;
    struct city_view view;
    if (city_view_open(city, TREE_COMMUNITY, &view)) {
        const CommunityState__NeedRow *need = look_need(view.txn, id);
        state = need != NULL ? need->state : 0;
    }
    city_view_close(&view);
    return state;
}

static void confirm(const struct wu_id *id)
{
    Community__ConfirmNeed word = COMMUNITY__CONFIRM_NEED__INIT;
    CITY_WAIT(city,
              need_state(id) == COMMUNITY_STATE__NEED_STATE__NEED_STATE_AWAITING_CONFIRMATION);
    word.need_id = wu_id_to_pb(id);
    word.verdict = COMMUNITY__VERDICT__VERDICT_MET;
    (void)city_accept(city, TREE_COMMUNITY, WU_TYPE(COMMUNITY_CONFIRM_NEED), &word.base);
    CITY_WAIT(city, need_state(id) == COMMUNITY_STATE__NEED_STATE__NEED_STATE_CLOSED);
}

static uint64_t open_linkages(int node)
{
    struct city_view view;
    cr_assert(city_view_open(city, node, &view));
    uint64_t count = look_linkages_open_count(view.txn);
    city_view_close(&view);
    return count;
}

static void expect_nothing_open(void)
{
    cr_assert_not(step_at(TREE_FAR_ORG).found);
    cr_assert_not(step_at(TREE_NEAR_ORG).found);
    static const int coordinators[] = {TREE_CITY, TREE_DISTRICT, TREE_STREET, TREE_SIBLING};
    for (size_t i = 0; i < sizeof coordinators / sizeof coordinators[0]; i++) {
        cr_assert_eq(open_linkages(coordinators[i]), 0, "node %d", coordinators[i]);
    }
}

Test(tree, what_a_street_cannot_do_a_sibling_of_its_district_does)
{
    fill();
    struct wu_id id = raise("cake");
    CITY_WAIT(city, is_confirmed_at(TREE_FAR_ORG));
    cr_assert_eq(open_linkages(TREE_STREET), 1);
    cr_assert_eq(open_linkages(TREE_DISTRICT), 1);
    cr_assert_eq(open_linkages(TREE_CITY), 1);
    cr_assert_eq(open_linkages(TREE_SIBLING), 1);
    report_delivery(TREE_FAR_ORG);
    confirm(&id);
    city_wait_settled(city);
    expect_nothing_open();
}

Test(tree, each_level_may_die_on_the_way_up_and_down)
{
    fill();
    static const int dying[] = {TREE_STREET, TREE_DISTRICT, TREE_CITY, TREE_SIBLING};
    for (size_t i = 0; i < sizeof dying / sizeof dying[0]; i++) {
        city_kill(city, dying[i]);
        struct wu_id id = raise("cake");
        city_start(city, dying[i]);
        CITY_WAIT(city, is_confirmed_at(TREE_FAR_ORG));
        city_kill(city, dying[i]);
        report_delivery(TREE_FAR_ORG);
        city_start(city, dying[i]);
        confirm(&id);
    }
    city_wait_settled(city);
    expect_nothing_open();
}

Test(tree, the_city_cut_off_a_district_goes_on_alone_and_what_waited_goes_up_later)
{
    fill();
    city_kill(city, TREE_CITY);
    struct wu_id cake = raise("cake");
    for (int i = 0; i < 3; i++) {
        struct wu_id meal = raise("meal");
        CITY_WAIT(city, is_confirmed_at(TREE_NEAR_ORG));
        report_delivery(TREE_NEAR_ORG);
        confirm(&meal);
        restart(TREE_DISTRICT);
        restart(TREE_STREET);
    }
    cr_assert_not(step_at(TREE_FAR_ORG).found);
    cr_assert_eq(need_state(&cake), COMMUNITY_STATE__NEED_STATE__NEED_STATE_OPEN);
    city_start(city, TREE_CITY);
    CITY_WAIT(city, is_confirmed_at(TREE_FAR_ORG));
    report_delivery(TREE_FAR_ORG);
    confirm(&cake);
    city_wait_settled(city);
    expect_nothing_open();
}

Test(tree, the_middle_cut_a_street_goes_on_alone)
{
    fill();
    city_kill(city, TREE_DISTRICT);
    struct wu_id cake = raise("cake");
    struct wu_id meal = raise("meal");
    CITY_WAIT(city, is_confirmed_at(TREE_NEAR_ORG));
    report_delivery(TREE_NEAR_ORG);
    confirm(&meal);
    city_start(city, TREE_DISTRICT);
    CITY_WAIT(city, is_confirmed_at(TREE_FAR_ORG));
    city_kill(city, TREE_DISTRICT);
    report_delivery(TREE_FAR_ORG);
    city_start(city, TREE_DISTRICT);
    confirm(&cake);
    city_wait_settled(city);
    expect_nothing_open();
}
