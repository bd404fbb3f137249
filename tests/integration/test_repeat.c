/* The same command again: by its sender, by somebody who overheard it, after a crash. */
#include "tests/support/demo.h"
#include "tests/support/look.h"
#include "tests/support/raw.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static const struct wu_id PRODUCER = {{"0123456789abcde"}};

struct door {
    struct city *city;
    struct raw *raw;
    Community__RaiseNeed raise;
};

static struct raw *knock(const struct city *city)
{
    char endpoint[300];
    (void)snprintf(endpoint, sizeof endpoint, "ipc://%s",
                   city_path(city, CITY_COMMUNITY, "door").text);
    return raw_open(endpoint, NULL, NULL);
}

static struct door open_door(void)
{
    struct door door = {.city = city_make()};
    city_start_all(door.city);
    demo_fill_street(door.city);
    door.raw = knock(door.city);
    demo_need_init(&door.raise, "meal", 0);
    return door;
}

static void close_door(struct door *door)
{
    raw_close(&door->raw);
    city_wait_settled(door->city);
    city_stop_all(door->city);
    city_verify_all(door->city);
    city_remove(&door->city);
}

static const Bus__Answer *ask(struct raw *raw, struct wu_bytes command)
{
    cr_assert(raw_send(raw, command));
    const Bus__Frame *frame = raw_hear(raw, BUS__FRAME__BODY_ANSWER, CITY_WAIT_MS);
    cr_assert_not_null(frame, "no answer");
    return frame->answer;
}

static void expect_same(const Bus__Answer *first, const Bus__Answer *again)
{
    cr_assert_eq(again->status, first->status);
    cr_assert(again->id.len == 16 && memcmp(again->id.data, first->id.data, 16) == 0);
    cr_assert(again->repeated);
}

static bool count_need(void *context, const struct wu_id *need_id,
                       const CommunityState__NeedRow *need)
{
    uint64_t *count = context;
    (void)need_id;
    (void)need;
    (*count)++;
    return true;
}

static uint64_t need_count(const struct city *city)
{
    struct city_view view;
    uint64_t count = 0;
    cr_assert(city_view_open(city, CITY_COMMUNITY, &view));
    look_needs(view.txn, count_need, &count);
    city_view_close(&view);
    return count;
}

static uint64_t linkage_count(const struct city *city)
{
    struct city_view view;
    cr_assert(city_view_open(city, CITY_COORDINATOR, &view));
    uint64_t count = look_linkages_open_count(view.txn);
    city_view_close(&view);
    return count;
}

Test(repeat, the_same_command_gets_the_same_answer_and_has_no_second_effect)
{
    struct door door = open_door();
    struct wu_bytes command =
        raw_submit(door.raw, &PRODUCER, 7, WU_TYPE(COMMUNITY_RAISE_NEED), &door.raise.base);
    const Bus__Answer *first = ask(door.raw, command);
    cr_assert_eq(first->status, BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED, "%s", first->text);
    cr_assert_not(first->repeated);
    expect_same(first, ask(door.raw, command));
    cr_assert_eq(need_count(door.city), 1);

    /* somebody overheard it and says it again, over another connection */
    struct raw *other = knock(door.city);
    expect_same(first, ask(other, command));
    raw_close(&other);
    cr_assert_eq(need_count(door.city), 1);

    /* an older number of the same producer is a command of its own */
    struct wu_bytes older =
        raw_submit(door.raw, &PRODUCER, 3, WU_TYPE(COMMUNITY_RAISE_NEED), &door.raise.base);
    cr_assert_not(ask(door.raw, older)->repeated);
    cr_assert_eq(need_count(door.city), 2);
    city_wait_settled(door.city);
    cr_assert_eq(linkage_count(door.city), 2);
    close_door(&door);
}

Test(repeat, a_crash_does_not_make_a_command_new)
{
    struct door door = open_door();
    struct wu_bytes command =
        raw_submit(door.raw, &PRODUCER, 1, WU_TYPE(COMMUNITY_RAISE_NEED), &door.raise.base);
    const Bus__Answer *first = ask(door.raw, command);
    city_kill(door.city, CITY_COMMUNITY);
    city_start(door.city, CITY_COMMUNITY);
    city_wait_ready(door.city, CITY_COMMUNITY);
    city_wait_linked(door.city, CITY_COMMUNITY);
    expect_same(first, ask(door.raw, command));
    cr_assert_eq(need_count(door.city), 1);
    city_wait_settled(door.city);
    cr_assert_eq(linkage_count(door.city), 1);
    close_door(&door);
}

Test(repeat, another_command_under_the_same_key_is_refused)
{
    struct door door = open_door();
    (void)ask(door.raw,
              raw_submit(door.raw, &PRODUCER, 1, WU_TYPE(COMMUNITY_RAISE_NEED), &door.raise.base));
    door.raise.until_ms += 1;
    const Bus__Answer *answer =
        ask(door.raw,
            raw_submit(door.raw, &PRODUCER, 1, WU_TYPE(COMMUNITY_RAISE_NEED), &door.raise.base));
    cr_assert_eq(answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED);
    cr_assert_str_eq(answer->code, "KEY_REUSED");
    cr_assert_eq(need_count(door.city), 1);
    close_door(&door);
}

Test(repeat, a_refusal_is_an_answer_too)
{
    struct door door = open_door();
    door.raise.kind = "no-such-kind";
    struct wu_bytes command =
        raw_submit(door.raw, &PRODUCER, 1, WU_TYPE(COMMUNITY_RAISE_NEED), &door.raise.base);
    const Bus__Answer *first = ask(door.raw, command);
    cr_assert_eq(first->status, BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED);
    const Bus__Answer *again = ask(door.raw, command);
    cr_assert(again->repeated);
    cr_assert_str_eq(again->code, first->code);
    close_door(&door);
}
