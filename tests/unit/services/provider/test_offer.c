#include "common/base/time.h"
#include "tests/support/providing.h"

#include <criterion/criterion.h>

static struct world *world;
static struct offered offered; /* step 1 of linkage 1, to a body with room for two */

static size_t sent(wu_event_type type)
{
    return world_count(world, type);
}

static int64_t open_cases(void)
{
    return providing_body(world, offered.provider_id)->open_cases;
}

static bool no_clock_runs(void)
{
    return wu_node_info(world_node(world)).next_due_ms == WU_TIME_NEVER;
}

static void set_up(void)
{
    world = world_open(&PLAIN_PROVIDER_CORE);
    offered = (struct offered){.service = "meals"};
    offered.provider_id =
        providing_add(world, &(struct body){"ORG-1", .service = "meals", .capacity_cases = 2});
}

static void tear_down(void)
{
    world_verify(world);
    world_close(&world);
}

TestSuite(offer, .init = set_up, .fini = tear_down);

Test(offer, is_reserved_until_the_offered_time)
{
    providing_offer(world, &offered);
    const StepReserved *reserved =
        world_find(world, WU_TYPE(LINKAGE_STEP_RESERVED), 0, &linkage__step_reserved__descriptor);
    cr_assert_not_null(reserved);
    cr_assert_eq(reserved->held_until_ms, world_now_ms(world) + 2 * WU_HOUR_MS);
    cr_assert_eq(reserved->ref->attempt, 1);
    cr_assert_eq(world_output_count(world), 1);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(RESERVED));
    cr_assert_eq(open_cases(), 1);
    cr_assert_eq(providing_open_count(world, offered.provider_id), 1);

    struct wu_id correlation;
    struct wu_id linkage_id = providing_linkage_id(&offered);
    cr_assert(wu_id_from_pb(world_output(world, 0)->envelope->correlation, &correlation));
    cr_assert(wu_id_equal(&correlation, &linkage_id));
}

Test(offer, goes_the_whole_way)
{
    providing_take(world, &offered);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(CONFIRMED));
    cr_assert_eq(providing_step(world, &offered)->deliver_by_ms,
                 world_now_ms(world) + 48 * WU_HOUR_MS);
    cr_assert(no_clock_runs());
    world_advance(world, 3 * WU_HOUR_MS);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(CONFIRMED));

    assert_accepted(providing_report(world, &offered, 0, 45));
    const StepDelivered *delivered =
        world_find(world, WU_TYPE(LINKAGE_STEP_DELIVERED), 0, &linkage__step_delivered__descriptor);
    cr_assert_not_null(delivered);
    cr_assert_eq(delivered->quantity, 1);
    cr_assert_eq(delivered->minutes, 45);
    cr_assert_str_eq(delivered->note, "done");
    cr_assert_eq(delivered->ref->step_no, 1);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(DELIVERED));
    cr_assert_eq(open_cases(), 0);
    cr_assert_eq(providing_open_count(world, offered.provider_id), 0);
}

Test(offer, declines_come_in_their_order)
{
    struct offered bad = offered;
    bad.provider_id = wu_id_make(9, 1, 77, 0);
    bad.service = "haircut";
    bad.reply_by_ms = world_now_ms(world) - 1;
    providing_offer(world, &bad);
    cr_assert_eq(providing_declined(world), DECLINE_REASON(PROVIDER_UNKNOWN));

    providing_add(world, &(struct body){"ORG-1", .service = "meals", .closed = true});
    bad.provider_id = offered.provider_id;
    bad.attempt = 2;
    providing_offer(world, &bad);
    cr_assert_eq(providing_declined(world), DECLINE_REASON(SERVICE_UNKNOWN));

    bad.service = "meals";
    bad.attempt = 3;
    providing_offer(world, &bad);
    cr_assert_eq(providing_declined(world), DECLINE_REASON(NO_CAPACITY));

    providing_add(world, &(struct body){"ORG-1", .service = "meals"});
    bad.attempt = 4;
    providing_offer(world, &bad);
    cr_assert_eq(providing_declined(world), DECLINE_REASON(TOO_LATE));

    bad.reply_by_ms = world_now_ms(world);
    bad.attempt = 5;
    providing_offer(world, &bad);
    cr_assert_eq(providing_declined(world), NOT_DECLINED);
    cr_assert_eq(sent(WU_TYPE(LINKAGE_STEP_RESERVED)), 1);
}

Test(offer, a_hold_that_would_be_over_is_too_late)
{
    offered.hold_until_ms = world_now_ms(world);
    providing_offer(world, &offered);
    cr_assert_eq(providing_declined(world), DECLINE_REASON(TOO_LATE));
}

Test(offer, a_repeat_gets_the_same_answer_and_has_no_second_effect)
{
    providing_offer(world, &offered);
    providing_offer(world, &offered);
    cr_assert_eq(sent(WU_TYPE(LINKAGE_STEP_RESERVED)), 1);
    cr_assert_eq(open_cases(), 1);

    struct offered declined = offered;
    declined.linkage = 2;
    declined.service = "haircut";
    providing_offer(world, &declined);
    providing_offer(world, &declined);
    cr_assert_eq(providing_declined(world), DECLINE_REASON(SERVICE_UNKNOWN));
}

Test(offer, a_repeat_after_the_end_never_brings_it_back)
{
    providing_offer(world, &offered);
    world_advance(world, 2 * WU_HOUR_MS);
    providing_offer(world, &offered);
    cr_assert_eq(sent(WU_TYPE(LINKAGE_STEP_LAPSED)), 1);
    cr_assert_eq(world_output_count(world), 1);
    cr_assert_eq(open_cases(), 0);
}

Test(offer, lapses_when_nobody_confirms)
{
    providing_offer(world, &offered);
    world_clear(world);
    world_advance(world, 2 * WU_HOUR_MS - 1);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(RESERVED));
    world_advance(world, 1);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(LAPSED));
    cr_assert_eq(sent(WU_TYPE(LINKAGE_STEP_LAPSED)), 1);
    cr_assert_eq(open_cases(), 0);
    cr_assert_eq(providing_open_count(world, offered.provider_id), 0);
}

Test(offer, a_stale_confirmation_never_revives)
{
    providing_offer(world, &offered);
    world_advance(world, 2 * WU_HOUR_MS);
    providing_confirm(world, &offered);
    cr_assert_eq(sent(WU_TYPE(LINKAGE_STEP_TAKEN)), 0);
    cr_assert_eq(sent(WU_TYPE(LINKAGE_STEP_LAPSED)), 1);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(LAPSED));
    cr_assert_eq(open_cases(), 0);
}

Test(offer, a_confirmation_of_a_released_or_unknown_step_is_lapsed)
{
    providing_confirm(world, &offered);
    cr_assert_eq(sent(WU_TYPE(LINKAGE_STEP_LAPSED)), 1);
    providing_offer(world, &offered);
    providing_release(world, &offered);
    cr_assert_eq(world_output_count(world), 0);
    providing_confirm(world, &offered);
    cr_assert_eq(sent(WU_TYPE(LINKAGE_STEP_LAPSED)), 1);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(RELEASED));
}

Test(offer, a_confirmation_of_another_attempt_is_lapsed_and_touches_nothing)
{
    offered.attempt = 2;
    providing_offer(world, &offered);
    struct offered other = offered;
    other.attempt = 1;
    providing_confirm(world, &other);
    const StepLapsed *lapsed =
        world_find(world, WU_TYPE(LINKAGE_STEP_LAPSED), 0, &linkage__step_lapsed__descriptor);
    cr_assert_eq(lapsed->ref->attempt, 1);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(RESERVED));
}

Test(offer, a_confirmation_again_is_taken_again)
{
    providing_take(world, &offered);
    providing_confirm(world, &offered);
    cr_assert_eq(sent(WU_TYPE(LINKAGE_STEP_TAKEN)), 1);
    cr_assert_eq(open_cases(), 1);
    assert_accepted(providing_report(world, &offered, 0, 5));
    providing_confirm(world, &offered);
    cr_assert_eq(sent(WU_TYPE(LINKAGE_STEP_TAKEN)), 1);
    const StepDelivered *delivered =
        world_find(world, WU_TYPE(LINKAGE_STEP_DELIVERED), 0, &linkage__step_delivered__descriptor);
    cr_assert_not_null(delivered);
    cr_assert_eq(delivered->minutes, 5);
    cr_assert_eq(open_cases(), 0);
}

Test(offer, an_older_attempt_is_not_heard)
{
    offered.attempt = 2;
    providing_offer(world, &offered);
    struct offered older = offered;
    older.attempt = 1;
    providing_offer(world, &older);
    cr_assert_eq(world_output_count(world), 0);
    cr_assert_eq(providing_step(world, &offered)->offer->ref->attempt, 2);
}

static struct offered offer_to_another(uint32_t attempt)
{
    struct offered other = offered;
    other.attempt = attempt;
    other.provider_id =
        providing_add(world, &(struct body){"ORG-2", .service = "meals", .capacity_cases = 1});
    providing_offer(world, &other);
    return other;
}

Test(offer, two_bodies_of_a_node_hold_offers_of_one_step)
{
    providing_take(world, &offered);
    struct offered other = offer_to_another(2);
    cr_assert_eq(sent(WU_TYPE(LINKAGE_STEP_RESERVED)), 1);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(CONFIRMED));
    cr_assert_eq(providing_state(world, &other), STEP_STATE(RESERVED));
    cr_assert_eq(open_cases(), 1);
    cr_assert_eq(providing_body(world, other.provider_id)->open_cases, 1);

    providing_release(world, &other);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(CONFIRMED));
    cr_assert_eq(providing_state(world, &other), STEP_STATE(RELEASED));
    cr_assert_eq(providing_open_count(world, offered.provider_id), 1);
    cr_assert_eq(providing_open_count(world, other.provider_id), 0);
    cr_assert(no_clock_runs());
}

Test(offer, bodies_whose_reservations_end_together_lapse_together)
{
    providing_offer(world, &offered);
    struct offered other = offer_to_another(2);
    world_clear(world);
    world_advance(world, 2 * WU_HOUR_MS);
    cr_assert_eq(sent(WU_TYPE(LINKAGE_STEP_LAPSED)), 2);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(LAPSED));
    cr_assert_eq(providing_state(world, &other), STEP_STATE(LAPSED));
    cr_assert(no_clock_runs());
}

Test(offer, a_body_that_is_let_go_leaves_the_clock_of_another)
{
    providing_offer(world, &offered);
    struct offered other = offer_to_another(2);
    providing_release(world, &other);
    cr_assert(!no_clock_runs());
    world_clear(world);
    world_advance(world, 2 * WU_HOUR_MS);
    cr_assert_eq(sent(WU_TYPE(LINKAGE_STEP_LAPSED)), 1);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(LAPSED));
    cr_assert_eq(providing_state(world, &other), STEP_STATE(RELEASED));
}

/* The confirmation is folded before the clock that has run out: it comes too late all the same. */
Test(offer, what_ran_out_is_not_confirmed_before_its_clock_comes_round)
{
    struct offered other = offered;
    other.linkage = 2;
    providing_offer(world, &offered);
    providing_offer(world, &other);
    world_oversleep(world, 2 * WU_HOUR_MS - 1);
    providing_confirm(world, &other);
    cr_assert_eq(sent(WU_TYPE(LINKAGE_STEP_TAKEN)), 1);
    world_oversleep(world, 1);
    providing_confirm(world, &offered);
    cr_assert_eq(sent(WU_TYPE(LINKAGE_STEP_TAKEN)), 0);
    cr_assert_eq(sent(WU_TYPE(LINKAGE_STEP_LAPSED)), 1);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(LAPSED));
    cr_assert_eq(open_cases(), 1);
    cr_assert(no_clock_runs());
    world_advance(world, WU_HOUR_MS);
    cr_assert_eq(sent(WU_TYPE(LINKAGE_STEP_LAPSED)), 1);
}

Test(offer, a_newer_attempt_takes_the_place_of_an_ended_one)
{
    providing_offer(world, &offered);
    providing_release(world, &offered);
    cr_assert(no_clock_runs());
    offered.attempt = 2;
    providing_offer(world, &offered);
    cr_assert_eq(sent(WU_TYPE(LINKAGE_STEP_RESERVED)), 1);
    cr_assert_eq(open_cases(), 1);
}

Test(offer, a_newer_attempt_frees_what_the_last_one_held)
{
    providing_take(world, &offered);
    struct offered newer = offered;
    newer.attempt = 2;
    providing_offer(world, &newer);
    cr_assert_eq(sent(WU_TYPE(LINKAGE_STEP_RESERVED)), 1);
    cr_assert_eq(open_cases(), 1);
    cr_assert_eq(providing_open_count(world, offered.provider_id), 1);

    world_advance(world, 3 * WU_HOUR_MS);
    cr_assert_eq(providing_state(world, &newer), STEP_STATE(LAPSED));
    cr_assert_eq(open_cases(), 0);
}

Test(offer, the_clock_of_an_earlier_attempt_does_not_touch_a_later_one)
{
    providing_offer(world, &offered);
    world_advance(world, WU_HOUR_MS);
    offered.attempt = 2;
    providing_offer(world, &offered);
    world_advance(world, WU_HOUR_MS);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(RESERVED));
    world_advance(world, WU_HOUR_MS);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(LAPSED));
}

Test(offer, a_release_gives_back_a_confirmed_step)
{
    providing_take(world, &offered);
    providing_release(world, &offered);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(RELEASED));
    cr_assert_eq(open_cases(), 0);
    providing_release(world, &offered);
    cr_assert_eq(open_cases(), 0);
}

Test(offer, a_release_of_another_attempt_or_of_an_ended_step_is_not_heard)
{
    providing_take(world, &offered);
    struct offered other = offered;
    other.attempt = 9;
    providing_release(world, &other);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(CONFIRMED));
    assert_accepted(providing_report(world, &offered, 0, 0));
    providing_release(world, &offered);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(DELIVERED));
}

Test(offer, only_the_coordinator_is_heard)
{
    struct offered stranger = offered;
    stranger.from_node = 5;
    providing_offer(world, &stranger);
    cr_assert_eq(world_output_count(world), 0);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(UNSPECIFIED));

    providing_offer(world, &offered);
    providing_confirm(world, &stranger);
    cr_assert_eq(world_output_count(world), 0);
    providing_release(world, &stranger);
    cr_assert_eq(providing_state(world, &offered), STEP_STATE(RESERVED));
}

Test(offer, a_restart_forgets_nothing)
{
    providing_offer(world, &offered);
    world_restart(world);
    world_clear(world);
    world_advance(world, 2 * WU_HOUR_MS);
    cr_assert_eq(sent(WU_TYPE(LINKAGE_STEP_LAPSED)), 1);
    cr_assert_eq(open_cases(), 0);
}

/* A no for want of room names those who have it; one for another reason names nobody. */
Test(offer, a_no_says_who_has_what_was_asked_for)
{
    struct wu_id body =
        providing_add(world, &(struct body){"ORG-1", .service = "meals", .capacity_cases = 2});
    struct offered offers[4];
    for (uint64_t i = 0; i < 4; i++) {
        offers[i] = (struct offered){.linkage = i + 1, .provider_id = body, .service = "meals"};
    }
    providing_take(world, &offers[0]);
    providing_offer(world, &offers[1]);
    providing_offer(world, &offers[2]);
    const StepDeclined *declined =
        world_find(world, WU_TYPE(LINKAGE_STEP_DECLINED), 0, &linkage__step_declined__descriptor);
    cr_assert_not_null(declined);
    cr_assert_eq(declined->reason, DECLINE_REASON(NO_CAPACITY));
    cr_assert_eq(declined->n_held_by, 2);
    for (size_t i = 0; i < 2; i++) {
        struct wu_id holder;
        struct wu_id expected = providing_linkage_id(&offers[i]);
        cr_assert(wu_id_from_pb(declined->held_by[i], &holder));
        cr_assert(wu_id_equal(&holder, &expected));
    }
    offers[3].service = "haircut";
    providing_offer(world, &offers[3]);
    declined =
        world_find(world, WU_TYPE(LINKAGE_STEP_DECLINED), 0, &linkage__step_declined__descriptor);
    cr_assert_eq(declined->reason, DECLINE_REASON(SERVICE_UNKNOWN));
    cr_assert_eq(declined->n_held_by, 0);
}
