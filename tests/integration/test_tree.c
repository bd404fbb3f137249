/* Three levels of coordinators: a hub that also has a hub. */
#include "tests/support/city.h"
#include "wushe/community/v1/need.pb-c.h"

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
