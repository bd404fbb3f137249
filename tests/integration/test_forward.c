/* A command for a node, brought to the door of its hub. */
#include "tests/support/demo.h"
#include "tests/support/look.h"
#include "tests/support/raw.h"
#include "wushe/community/v1/resident.pb-c.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const struct wu_id PRODUCER = {{"forwardforwardf"}};

struct way {
    struct city *city;
    struct raw *raw; /* at the hub's door */
    struct wu_bytes command;
};

static struct way set_out(const char *kind)
{
    struct way way = {.city = city_make()};
    city_start_all(way.city);
    demo_fill_street(way.city);
    char endpoint[300];
    (void)snprintf(endpoint, sizeof endpoint, "ipc://%s",
                   city_path(way.city, CITY_COORDINATOR, "door").text);
    way.raw = raw_open(endpoint, NULL, NULL);
    Community__RaiseNeed raise;
    demo_need_init(&raise, kind, 0);
    way.command = raw_submit_to(way.raw, CITY_COMMUNITY, &PRODUCER, 1,
                                WU_TYPE(COMMUNITY_RAISE_NEED), &raise.base);
    return way;
}

static void arrive(struct way *way)
{
    raw_close(&way->raw);
    city_wait_settled(way->city);
    city_stop_all(way->city);
    city_verify_all(way->city);
    city_remove(&way->city);
}

static const Bus__Answer *ask(struct way *way)
{
    cr_assert(raw_send(way->raw, way->command));
    const Bus__Frame *frame = raw_hear(way->raw, BUS__FRAME__BODY_ANSWER, CITY_WAIT_MS);
    cr_assert_not_null(frame, "no answer");
    return frame->answer;
}

/* Asks again until the node's own answer is back. */
static const Bus__Answer *ask_to_the_end(struct way *way)
{
    int64_t until_ms = city_now_ms() + CITY_WAIT_MS;
    for (;;) {
        const Bus__Answer *answer = ask(way);
        if (answer->status != BUS__ANSWER_STATUS__ANSWER_STATUS_FORWARDED) {
            return answer;
        }
        if (city_now_ms() > until_ms) {
            city_fail(way->city, "the node's answer does not come back");
        }
        city_pause();
    }
}

static uint64_t linkage_count(const struct city *city)
{
    struct city_view view;
    cr_assert(city_view_open(city, CITY_COORDINATOR, &view));
    uint64_t count = look_linkages_open_count(view.txn);
    city_view_close(&view);
    return count;
}

Test(forward, a_command_goes_on_and_its_answer_comes_back_under_the_same_key)
{
    struct way way = set_out("meal");
    const Bus__Answer *first = ask(&way);
    cr_assert_eq(first->status, BUS__ANSWER_STATUS__ANSWER_STATUS_FORWARDED);
    const Bus__Answer *last = ask_to_the_end(&way);
    cr_assert_eq(last->status, BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED, "%s", last->text);
    cr_assert_eq(last->number, 1);
    cr_assert(last->id.len == 16);
    const Bus__Answer *again = ask(&way);
    cr_assert_eq(again->status, last->status);
    cr_assert(again->repeated && again->id.len == 16 &&
              memcmp(again->id.data, last->id.data, 16) == 0);
    city_wait_settled(way.city);
    cr_assert_eq(linkage_count(way.city), 1);
    arrive(&way);
}

Test(forward, a_refusal_comes_back_too)
{
    struct way way = set_out("no-such-kind");
    const Bus__Answer *answer = ask_to_the_end(&way);
    cr_assert_eq(answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED);
    cr_assert_str_eq(answer->code, "NEED_KIND_UNKNOWN");
    arrive(&way);
}

Test(forward, a_crash_of_hub_and_node_on_the_way_changes_nothing)
{
    struct way way = set_out("meal");
    city_kill(way.city, CITY_COMMUNITY);
    cr_assert_eq(ask(&way)->status, BUS__ANSWER_STATUS__ANSWER_STATUS_FORWARDED);
    city_kill(way.city, CITY_COORDINATOR);
    city_start(way.city, CITY_COORDINATOR);
    city_wait_ready(way.city, CITY_COORDINATOR);
    cr_assert_eq(ask(&way)->status, BUS__ANSWER_STATUS__ANSWER_STATUS_FORWARDED);
    city_start(way.city, CITY_COMMUNITY);
    city_wait_ready(way.city, CITY_COMMUNITY);
    cr_assert_eq(ask_to_the_end(&way)->status, BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED);
    city_wait_settled(way.city);
    cr_assert_eq(linkage_count(way.city), 1);
    arrive(&way);
}

Test(forward, a_node_that_the_roster_does_not_know_is_refused)
{
    struct way way = set_out("meal");
    Community__RaiseNeed raise;
    demo_need_init(&raise, "meal", 0);
    way.command =
        raw_submit_to(way.raw, 77, &PRODUCER, 2, WU_TYPE(COMMUNITY_RAISE_NEED), &raise.base);
    const Bus__Answer *answer = ask(&way);
    cr_assert_eq(answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED);
    cr_assert_str_eq(answer->code, "NODE_UNKNOWN");
    arrive(&way);
}

/* A hub would keep it in its journal: personal data goes to its node's own door alone. */
Test(forward, personal_data_is_not_forwarded)
{
    struct way way = set_out("meal");
    Seal__Sealed name = SEAL__SEALED__INIT;
    Seal__Sealed *fields[] = {&name};
    Community__RegisterResident body = COMMUNITY__REGISTER_RESIDENT__INIT;
    name.kind = SEAL__PERSONAL_KIND__PERSONAL_KIND_NAME;
    name.open = "Wang";
    body.division = UINT64_C(420106012001);
    body.fields = fields;
    body.n_fields = 1;
    way.command = raw_submit_to(way.raw, CITY_COMMUNITY, &PRODUCER, 2,
                                WU_TYPE(COMMUNITY_REGISTER_RESIDENT), &body.base);
    const Bus__Answer *answer = ask(&way);
    cr_assert_eq(answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED);
    cr_assert_str_eq(answer->code, "SEALED_NOT_FORWARDED");
    arrive(&way);
}
