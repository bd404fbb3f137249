#include "common/base/prng.h"
#include "common/base/time.h"
#include "tests/support/providing.h"

#include <criterion/criterion.h>
#include <string.h>

static struct world *world;
static struct offered offered; /* to a body whose people answer, with room for one */

static size_t sent(wu_event_type type)
{
    return world_count(world, type);
}

static void set_up(void)
{
    world = world_open(&PLAIN_PROVIDER_CORE);
    offered = (struct offered){.service = "meals", .quantity = 4};
    offered.provider_id = providing_add(
        world, &(struct body){"ORG-1", .service = "meals", .capacity_cases = 1, .by_hand = true});
}

static void tear_down(void)
{
    world_verify(world);
    world_close(&world);
}

TestSuite(hand, .init = set_up, .fini = tear_down);

Test(hand, an_offer_waits_for_a_person)
{
    providing_offer(world, &offered);
    cr_assert_eq(world_output_count(world), 0);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(WAITING));
    cr_assert_eq(providing_open_count(world, offered.provider_id), 1);
    cr_assert_eq(providing_body(world, offered.provider_id)->open_cases, 0);
    providing_offer(world, &offered);
    cr_assert_eq(world_output_count(world), 0);
}

Test(hand, a_yes_reserves)
{
    providing_offer(world, &offered);
    assert_accepted(providing_answer(world, &offered, true));
    cr_assert_eq(sent(WU_TYPE(LINKAGE_STEP_RESERVED)), 1);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(RESERVED));
    cr_assert_eq(providing_body(world, offered.provider_id)->open_cases, 1);
    world_advance(world, 2 * WU_HOUR_MS);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(LAPSED));
}

/* A coordinator with another past: it has been told that nothing is held, so nothing will be. */
Test(hand, what_is_confirmed_before_a_yes_is_let_go)
{
    providing_offer(world, &offered);
    providing_confirm(world, &offered);
    cr_assert_eq(sent(WU_TYPE(LINKAGE_STEP_LAPSED)), 1);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(LAPSED));
    cr_assert_eq(providing_open_count(world, offered.provider_id), 0);
    assert_refused(providing_answer(world, &offered, true), "STEP_NOT_WAITING");
}

Test(hand, a_no_is_declined_with_the_persons_words)
{
    providing_offer(world, &offered);
    assert_accepted(providing_answer(world, &offered, false));
    const StepDeclined *declined =
        world_find(world, WU_TYPE(LINKAGE_STEP_DECLINED), 0, &linkage__step_declined__descriptor);
    cr_assert_not_null(declined);
    cr_assert_eq(declined->reason, DECLINE_REASON(BY_HAND));
    cr_assert_str_eq(declined->text, "not this week");
    cr_assert_eq(providing_open_count(world, offered.provider_id), 0);
}

Test(hand, a_yes_that_has_become_impossible_is_a_no)
{
    struct offered second = offered;
    second.linkage = 2;
    providing_offer(world, &offered);
    providing_offer(world, &second);
    assert_accepted(providing_answer(world, &offered, true));
    assert_refused(providing_answer(world, &second, true), "NO_CAPACITY");
    cr_assert_eq(providing_declined(world), DECLINE_REASON(NO_CAPACITY));
    cr_assert_eq(providing_state(world, &second), STEP_STATE(DECLINED));
    cr_assert_eq(providing_open_count(world, offered.provider_id), 1);
}

Test(hand, what_waits_can_be_released)
{
    providing_offer(world, &offered);
    providing_release(world, &offered);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(RELEASED));
    cr_assert_eq(providing_open_count(world, offered.provider_id), 0);
    cr_assert_eq(providing_body(world, offered.provider_id)->open_cases, 0);
    assert_refused(providing_answer(world, &offered, true), "STEP_NOT_WAITING");
}

Test(hand, refusals_of_an_answer_come_in_their_order)
{
    char text[1002];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct wu_id linkage_id = providing_linkage_id(&offered);
    AnswerOffer answer = LINKAGE__ANSWER_OFFER__INIT;
    answer.text = text;
    assert_refused(world_command(world, WU_TYPE(LINKAGE_ANSWER_OFFER), &answer.base),
                   "STEP_UNKNOWN");
    answer.linkage_id = wu_id_to_pb(&linkage_id);
    answer.step_no = 1;
    assert_refused(world_command(world, WU_TYPE(LINKAGE_ANSWER_OFFER), &answer.base),
                   "STEP_UNKNOWN");

    struct offered closed = offered;
    closed.service = "haircut";
    providing_offer(world, &closed);
    assert_refused(world_command(world, WU_TYPE(LINKAGE_ANSWER_OFFER), &answer.base),
                   "STEP_NOT_WAITING");

    offered.attempt = 2;
    providing_offer(world, &offered);
    world_advance(world, WU_HOUR_MS + 1);
    assert_refused(world_command(world, WU_TYPE(LINKAGE_ANSWER_OFFER), &answer.base),
                   "STEP_TEXT_TOO_LONG");
    answer.text = "";
    assert_refused(world_command(world, WU_TYPE(LINKAGE_ANSWER_OFFER), &answer.base), "TOO_LATE");
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(WAITING));
}

static void take_by_hand(void)
{
    providing_offer(world, &offered);
    assert_accepted(providing_answer(world, &offered, true));
    providing_confirm(world, &offered);
}

Test(hand, refusals_of_a_report_come_in_their_order)
{
    char text[1002];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    PlanStep plan_step = LINKAGE__PLAN_STEP__INIT;
    PlanStep *plan[] = {&plan_step};
    struct wu_id linkage_id = providing_linkage_id(&offered);
    ReportDelivery report = LINKAGE__REPORT_DELIVERY__INIT;
    report.linkage_id = wu_id_to_pb(&linkage_id);
    report.step_no = 1;
    report.quantity = 5;
    report.minutes = -1;
    report.note = text;
    report.n_plan = 1;
    report.plan = plan;
    wu_event_type type = WU_TYPE(LINKAGE_REPORT_DELIVERY);
    assert_refused(world_command(world, type, &report.base), "STEP_UNKNOWN");
    providing_offer(world, &offered);
    assert_accepted(providing_answer(world, &offered, true));
    assert_refused(world_command(world, type, &report.base), "STEP_NOT_CONFIRMED");
    providing_confirm(world, &offered);
    assert_refused(world_command(world, type, &report.base), "STEP_QUANTITY_INVALID");
    report.quantity = -1;
    assert_refused(world_command(world, type, &report.base), "STEP_QUANTITY_INVALID");
    report.quantity = 4;
    assert_refused(world_command(world, type, &report.base), "STEP_MINUTES_INVALID");
    report.minutes = 1;
    assert_refused(world_command(world, type, &report.base), "STEP_TEXT_TOO_LONG");
    report.note = "";
    assert_refused(world_command(world, type, &report.base), "STEP_PLAN_NOT_YOURS");
    report.n_plan = 0;
    assert_accepted(world_command(world, type, &report.base));
    assert_refused(world_command(world, type, &report.base), "STEP_NOT_CONFIRMED");
}

/* ---- which of several bodies is meant -------------------------------------------------- */

static struct offered offer_to_two(void)
{
    struct offered other = offered;
    other.attempt = 2;
    other.provider_id =
        providing_add(world, &(struct body){"ORG-2", .service = "meals", .by_hand = true});
    providing_offer(world, &offered);
    providing_offer(world, &other);
    return other;
}

Test(hand, of_several_that_hold_a_step_one_must_be_named)
{
    struct offered other = offer_to_two();
    const Bus__Answer *answer = providing_answer(world, &other, true);
    assert_refused(answer, "STEP_PROVIDER_AMBIGUOUS");
    cr_assert_not_null(strstr(answer->text, "ORG-1, ORG-2"), "%s", answer->text);
    cr_assert_eq(world_output_count(world), 0);

    other.by_provider = true;
    assert_accepted(providing_answer(world, &other, true));
    cr_assert_eq(providing_state(world, &other), STEP_STATE(RESERVED));
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(WAITING));
    providing_confirm(world, &other);
    assert_accepted(providing_report(world, &other, 0, 5));
    cr_assert_eq(providing_state(world, &other), STEP_STATE(DELIVERED));
}

Test(hand, the_only_one_that_holds_a_step_need_not_be_named)
{
    struct offered other = offer_to_two();
    providing_release(world, &offered);
    assert_accepted(providing_answer(world, &other, true));
    cr_assert_eq(providing_state(world, &other), STEP_STATE(RESERVED));
    providing_confirm(world, &other);
    assert_accepted(providing_report(world, &other, 0, 5));
    cr_assert_eq(providing_state(world, &other), STEP_STATE(DELIVERED));
    assert_refused(providing_answer(world, &offered, true), "STEP_NOT_WAITING");
    assert_refused(providing_report(world, &offered, 0, 5), "STEP_NOT_CONFIRMED");
}

Test(hand, a_body_that_was_not_asked_cannot_answer)
{
    struct offered stranger = offered;
    stranger.by_provider = true;
    stranger.provider_id = providing_add(world, &(struct body){"ORG-2", .service = "meals"});
    providing_offer(world, &offered);
    assert_refused(providing_answer(world, &stranger, true), "STEP_UNKNOWN");
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(WAITING));
}

/* ---- delivery -------------------------------------------------------------------------- */

Test(hand, a_part_may_be_delivered)
{
    take_by_hand();
    assert_accepted(providing_report(world, &offered, 3, 0));
    const StepDelivered *delivered =
        world_find(world, WU_TYPE(LINKAGE_STEP_DELIVERED), 0, &linkage__step_delivered__descriptor);
    cr_assert_eq(delivered->quantity, 3);
}

Test(hand, the_same_report_under_its_own_key_is_answered_from_the_record)
{
    take_by_hand();
    assert_accepted(providing_report(world, &offered, 0, 0));
    world_clear(world);
    const Bus__Answer *again = world_repeat(world);
    assert_accepted(again);
    cr_assert(again->repeated);
    cr_assert_eq(world_output_count(world), 0);
}

/* ---- a thousand at once ------------------------------------------------------- */

enum { ASKED = 1000, PLACES = 10 };

/* The linkages 1 to ASKED, in an order of the seed. */
static void shuffle(uint64_t seed, uint64_t *order)
{
    struct wu_prng prng = {seed};
    for (uint64_t i = 0; i < ASKED; i++) {
        order[i] = i + 1;
    }
    for (uint64_t i = ASKED; i > 1; i--) {
        uint64_t other = wu_prng_below(&prng, i);
        uint64_t kept = order[i - 1];
        order[i - 1] = order[other];
        order[other] = kept;
    }
}

static void offer_to_all(bool by_hand)
{
    offered.provider_id =
        providing_add(world, &(struct body){"ORG-2", .service = "meals", .capacity_cases = PLACES,
                                            .by_hand = by_hand});
    for (uint64_t n = 1; n <= ASKED; n++) {
        offered.linkage = n;
        providing_offer(world, &offered);
    }
}

/* Every offer has its end, and exactly as many were reserved as there are places. */
static void assert_ten_won(void)
{
    size_t won = 0;
    size_t lost = 0;
    for (uint64_t n = 1; n <= ASKED; n++) {
        offered.linkage = n;
        StepState state = providing_state(world, &offered);
        won += state == STEP_STATE(RESERVED);
        lost += state == STEP_STATE(DECLINED);
    }
    cr_assert_eq(won, PLACES);
    cr_assert_eq(lost, ASKED - PLACES);
    cr_assert_eq(providing_body(world, offered.provider_id)->open_cases, PLACES);
    cr_assert_eq(providing_open_count(world, offered.provider_id), PLACES);
}

Test(hand, a_thousand_say_yes_to_ten_places_and_ten_win)
{
    static uint64_t order[ASKED];
    offer_to_all(true);
    shuffle(20260731, order);
    size_t told_no = 0;
    for (size_t i = 0; i < ASKED; i++) {
        offered.linkage = order[i];
        const Bus__Answer *answer = providing_answer(world, &offered, true);
        bool won = answer->status == BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED;
        cr_assert_eq(won, i < PLACES, "first come, and no other way in");
        if (!won) {
            cr_assert_str_eq(answer->code, "NO_CAPACITY");
        }
        told_no += sent(WU_TYPE(LINKAGE_STEP_DECLINED));
        const Bus__Answer *again = world_repeat(world); /* impatience wins nothing */
        cr_assert(again->repeated);
    }
    cr_assert_eq(told_no, ASKED - PLACES, "every loser's coordinator is told");
    assert_ten_won();
}

Test(hand, a_thousand_offers_for_ten_places_are_answered_at_once)
{
    offer_to_all(false);
    assert_ten_won();
}
