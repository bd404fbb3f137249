#include "common/base/time.h"
#include "services/community/core/core.h"
#include "services/community/core/tables.h"
#include "tests/support/answers.h"

#include <string.h>

enum { HUB = 1, STRANGER_NODE = 666 };

#define HERE UINT64_C(420106012001)
#define CONFIRM_MS (3 * WU_DAY_MS)

static struct world *world;

static void set_up(void)
{
    world = world_open(&COMMUNITY_CORE);
    KindAdopted adopted = COORDINATOR__KIND_ADOPTED__INIT;
    adopted.code = "meals";
    adopted.version = 1;
    adopted.confirm_within_ms = CONFIRM_MS;
    world_public(world, "coordinator.kind",
                 &(struct world_mail){.type = WU_TYPE(COORDINATOR_KIND_ADOPTED)}, &adopted.base);
    AddCommunity add = COMMUNITY__ADD_COMMUNITY__INIT;
    add.division = HERE;
    add.name = "East Lake";
    assert_accepted(world_command(world, WU_TYPE(COMMUNITY_ADD_COMMUNITY), &add.base));
    world_clear(world);
}

static void tear_down(void)
{
    world_verify(world);
    world_close(&world);
}

TestSuite(need, .init = set_up, .fini = tear_down);

/* ---- the community's side -------------------------------------------------- */

static RaiseNeed good(void)
{
    RaiseNeed raise = COMMUNITY__RAISE_NEED__INIT;
    raise.kind = "meals";
    raise.division = HERE;
    raise.urgency = COMMUNITY__NEED_URGENCY__NEED_URGENCY_DIFFICULT;
    raise.source = COMMUNITY__NEED_SOURCE__NEED_SOURCE_RESIDENT;
    raise.from_ms = world_now_ms(world) + WU_HOUR_MS;
    raise.until_ms = world_now_ms(world) + 5 * WU_HOUR_MS;
    return raise;
}

static const Bus__Answer *submit(const RaiseNeed *raise)
{
    return world_command(world, WU_TYPE(COMMUNITY_RAISE_NEED), &raise->base);
}

static struct wu_id raise_good(void)
{
    RaiseNeed raise = good();
    struct wu_id id;
    cr_assert(wu_id_from_pb(submit(&raise)->id, &id));
    return id;
}

static const Bus__Answer *confirm(struct wu_id id, Community__Verdict verdict, uint32_t rating)
{
    ConfirmNeed word = COMMUNITY__CONFIRM_NEED__INIT;
    word.need_id = wu_id_to_pb(&id);
    word.verdict = verdict;
    word.rating = rating;
    return world_command(world, WU_TYPE(COMMUNITY_CONFIRM_NEED), &word.base);
}

static const NeedRow *need_row(struct wu_id id)
{
    const NeedRow *row = needs_get(world_txn(world), &(struct need_key){id});
    cr_assert_not_null(row);
    return row;
}

static bool is_awaiting(void)
{
    struct need_awaiting_key key = {.confirm_by_ms = INT64_MIN};
    return needs_awaiting_from(world_txn(world), &key, 0);
}

static const NeedConfirmed *confirmed(void)
{
    return world_find(world, WU_TYPE(COMMUNITY_NEED_CONFIRMED), 0,
                      &community__need_confirmed__descriptor);
}

/* ---- the coordinator's side ------------------------------------------------ */

static void hub_says(uint32_t from_node, wu_event_type type, struct wu_id id,
                     const ProtobufCMessage *body)
{
    struct world_mail mail = {
        .from_node = from_node, .type = type, .subject = id, .correlation = id};
    world_mail(world, &mail, body);
}

static void open_by(uint32_t from_node, struct wu_id id)
{
    LinkageOpened opened = COORDINATOR__LINKAGE_OPENED__INIT;
    opened.linkage_id = wu_id_to_pb(&id);
    opened.kind_version = 1;
    hub_says(from_node, WU_TYPE(COORDINATOR_LINKAGE_OPENED), id, &opened.base);
}

static void refuse_by(uint32_t from_node, struct wu_id id)
{
    LinkageRefused refused = COORDINATOR__LINKAGE_REFUSED__INIT;
    refused.linkage_id = wu_id_to_pb(&id);
    refused.reason = COORDINATOR__LINKAGE_REFUSAL__LINKAGE_REFUSAL_WINDOW_INVALID;
    hub_says(from_node, WU_TYPE(COORDINATOR_LINKAGE_REFUSED), id, &refused.base);
}

static void deliver_by(uint32_t from_node, struct wu_id id)
{
    LinkageDelivered delivered = COORDINATOR__LINKAGE_DELIVERED__INIT;
    delivered.linkage_id = wu_id_to_pb(&id);
    hub_says(from_node, WU_TYPE(COORDINATOR_LINKAGE_DELIVERED), id, &delivered.base);
}

static void close_by(uint32_t from_node, struct wu_id id, Coordinator__Outcome outcome)
{
    LinkageClosed closed = COORDINATOR__LINKAGE_CLOSED__INIT;
    closed.linkage_id = wu_id_to_pb(&id);
    closed.outcome = outcome;
    if (outcome == COORDINATOR__OUTCOME__OUTCOME_UNMET) {
        closed.reason = COORDINATOR__UNMET_REASON__UNMET_REASON_NO_PROVIDER;
        closed.service = "kitchen";
    }
    hub_says(from_node, WU_TYPE(COORDINATOR_LINKAGE_CLOSED), id, &closed.base);
}

static struct wu_id delivered_need(void)
{
    struct wu_id id = raise_good();
    open_by(HUB, id);
    deliver_by(HUB, id);
    world_clear(world);
    return id;
}

/* ---- raising --------------------------------------------------------------- */

Test(need, an_accepted_one_goes_to_the_coordinator_under_its_id)
{
    RaiseNeed raise = good();
    const Bus__Answer *answer = submit(&raise);
    assert_accepted(answer);
    struct wu_id id;
    cr_assert(wu_id_from_pb(answer->id, &id));

    cr_assert_eq(world_output_count(world), 1);
    const struct world_output *output = world_output(world, 0);
    cr_assert_eq(output->to_node, HUB);
    cr_assert_eq(output->envelope->division, HERE);
    cr_assert_eq(memcmp(output->envelope->subject.data, id.bytes, 16), 0);
    cr_assert_eq(memcmp(output->envelope->correlation.data, id.bytes, 16), 0);
    const NeedRaised *raised =
        world_find(world, WU_TYPE(COMMUNITY_NEED_RAISED), 0, &community__need_raised__descriptor);
    cr_assert_eq(memcmp(raised->need_id.data, id.bytes, 16), 0);
    cr_assert_str_eq(raised->kind, "meals");
    cr_assert_eq(raised->urgency, COMMUNITY__NEED_URGENCY__NEED_URGENCY_DIFFICULT);
    cr_assert_eq(raised->from_ms, raise.from_ms);
    cr_assert_eq(raised->until_ms, raise.until_ms);
    cr_assert_eq(raised->happened_at_ms, world_now_ms(world));
    cr_assert_eq(need_row(id)->state, NEED_RAISED);
}

Test(need, a_repeated_command_is_one_need)
{
    struct wu_id first = raise_good();
    struct wu_id again;
    cr_assert(wu_id_from_pb(world_repeat(world)->id, &again));
    cr_assert(wu_id_equal(&first, &again));
    cr_assert_eq(world_count(world, WU_TYPE(COMMUNITY_NEED_RAISED)), 1);
}

Test(need, the_same_number_of_the_same_origin_is_the_same_need)
{
    RaiseNeed raise = good();
    raise.origin = "hotline";
    raise.external_ref = "A-17";
    struct wu_id first;
    struct wu_id again;
    cr_assert(wu_id_from_pb(submit(&raise)->id, &first));
    world_advance(world, WU_DAY_MS); /* even when its time is over: it was accepted */
    assert_accepted(submit(&raise));
    cr_assert(wu_id_from_pb(submit(&raise)->id, &again));
    cr_assert(wu_id_equal(&first, &again));
    cr_assert_eq(world_count(world, WU_TYPE(COMMUNITY_NEED_RAISED)), 1);
}

Test(need, a_number_that_another_need_has_is_refused)
{
    RaiseNeed raise = good();
    raise.origin = "hotline";
    raise.external_ref = "A-17";
    assert_accepted(submit(&raise));
    raise.division++;
    assert_refused(submit(&raise), "NEED_REF_REUSED");
    raise.division--;
    raise.kind = "another";
    assert_refused(submit(&raise), "NEED_REF_REUSED");
    cr_assert_eq(world_count(world, WU_TYPE(COMMUNITY_NEED_RAISED)), 1);
}

Test(need, a_number_without_an_origin_or_of_another_is_another_need)
{
    RaiseNeed raise = good();
    raise.external_ref = "A-17";
    assert_accepted(submit(&raise));
    assert_accepted(submit(&raise));
    raise.origin = "hotline";
    assert_accepted(submit(&raise));
    raise.origin = "paper";
    assert_accepted(submit(&raise));
    cr_assert_eq(world_count(world, WU_TYPE(COMMUNITY_NEED_RAISED)), 4);
}

/* Everything is wrong at first; each correction uncovers the next refusal. */
Test(need, refusals_come_in_their_order)
{
    RaiseNeed raise = COMMUNITY__RAISE_NEED__INIT;
    raise.kind = "a-kind-whose-code-is-too-long-to-be-one";
    raise.origin = "0123456789abcdef";
    raise.from_ms = 2;
    raise.until_ms = 2;
    assert_refused(submit(&raise), "NEED_KIND_UNKNOWN");
    raise.kind = "unheard-of";
    assert_refused(submit(&raise), "NEED_KIND_UNKNOWN");
    raise.kind = "meals";
    assert_refused(submit(&raise), "NEED_COMMUNITY_UNKNOWN");
    raise.division = HERE;
    assert_refused(submit(&raise), "NEED_URGENCY_MISSING");
    raise.urgency = COMMUNITY__NEED_URGENCY__NEED_URGENCY_LONGING;
    assert_refused(submit(&raise), "NEED_SOURCE_MISSING");
    raise.source = COMMUNITY__NEED_SOURCE__NEED_SOURCE_AGENCY;
    assert_refused(submit(&raise), "NEED_WINDOW_INVALID");
    raise.until_ms = world_now_ms(world); /* over */
    assert_refused(submit(&raise), "NEED_WINDOW_INVALID");
    raise.until_ms = world_now_ms(world) + 1;
    assert_refused(submit(&raise), "NEED_TEXT_TOO_LONG");
    raise.origin = "hotline";
    raise.external_ref = "0123456789012345678901234567890123456789";
    assert_refused(submit(&raise), "NEED_TEXT_TOO_LONG");
    cr_assert_eq(world_output_count(world), 0, "a refusal leaves no trace");
    raise.external_ref = "012345678901234567890123456789012345678";
    assert_accepted(submit(&raise));
}

/* ---- followed through its linkage ------------------------------------------ */

Test(need, its_life_follows_the_linkage)
{
    struct wu_id id = raise_good();
    world_advance(world, 10);
    open_by(HUB, id);
    cr_assert_eq(need_row(id)->state, NEED_OPEN);
    cr_assert_eq(need_row(id)->kind_version, 1);
    world_advance(world, 10);
    deliver_by(HUB, id);
    cr_assert_eq(need_row(id)->state, NEED_AWAITING);
    cr_assert(is_awaiting());
    assert_accepted(confirm(id, COMMUNITY__VERDICT__VERDICT_PARTLY, 4));
    cr_assert_eq(need_row(id)->state, NEED_CONFIRMED);
    cr_assert_not(is_awaiting());
    cr_assert_eq(confirmed()->verdict, COMMUNITY__VERDICT__VERDICT_PARTLY);
    cr_assert_eq(confirmed()->rating, 4);
    close_by(HUB, id, COORDINATOR__OUTCOME__OUTCOME_PARTLY);
    const NeedRow *row = need_row(id);
    cr_assert_eq(row->state, NEED_CLOSED);
    cr_assert_eq(row->outcome, COORDINATOR__OUTCOME__OUTCOME_PARTLY);
    cr_assert_eq(row->verdict, COMMUNITY__VERDICT__VERDICT_PARTLY);
    cr_assert_eq(row->closed_at_ms, row->raised_at_ms + 20);
}

Test(need, a_refused_linkage_ends_it_with_the_reason)
{
    struct wu_id id = raise_good();
    refuse_by(HUB, id);
    cr_assert_eq(need_row(id)->state, NEED_REFUSED);
    cr_assert_eq(need_row(id)->refusal,
                 COORDINATOR__LINKAGE_REFUSAL__LINKAGE_REFUSAL_WINDOW_INVALID);
    open_by(HUB, id); /* an end is an end */
    cr_assert_eq(need_row(id)->state, NEED_REFUSED);
}

Test(need, an_unmet_one_says_which_service_was_missing)
{
    struct wu_id id = raise_good();
    open_by(HUB, id);
    close_by(HUB, id, COORDINATOR__OUTCOME__OUTCOME_UNMET);
    const NeedRow *row = need_row(id);
    cr_assert_eq(row->state, NEED_CLOSED);
    cr_assert_eq(row->outcome, COORDINATOR__OUTCOME__OUTCOME_UNMET);
    cr_assert_eq(row->reason, COORDINATOR__UNMET_REASON__UNMET_REASON_NO_PROVIDER);
    cr_assert_str_eq(row->missing_service, "kitchen");
}

Test(need, a_linkage_closed_over_the_residents_head_stops_the_clock)
{
    struct wu_id id = delivered_need();
    close_by(HUB, id, COORDINATOR__OUTCOME__OUTCOME_UNMET);
    cr_assert_not(is_awaiting());
    cr_assert_eq(wu_table_count(world_txn(world), &WU_TIMERS), 0);
    assert_refused(confirm(id, COMMUNITY__VERDICT__VERDICT_MET, 0), "NEED_NOT_AWAITING");
}

Test(need, nobody_but_the_coordinator_moves_it)
{
    struct wu_id id = raise_good();
    open_by(STRANGER_NODE, id);
    refuse_by(STRANGER_NODE, id);
    cr_assert_eq(need_row(id)->state, NEED_RAISED);
    open_by(HUB, id);
    deliver_by(STRANGER_NODE, id);
    close_by(STRANGER_NODE, id, COORDINATOR__OUTCOME__OUTCOME_UNMET);
    cr_assert_eq(need_row(id)->state, NEED_OPEN);
}

Test(need, words_out_of_turn_or_of_no_need_of_ours_are_ignored)
{
    struct wu_id id = raise_good();
    deliver_by(HUB, id);
    close_by(HUB, id, COORDINATOR__OUTCOME__OUTCOME_MET);
    cr_assert_eq(need_row(id)->state, NEED_RAISED);
    open_by(HUB, wu_id_make(8, 1, 1, 0));
    open_by(HUB, (struct wu_id){{0}});
}

/* ---- the resident's word --------------------------------------------------- */

Test(need, silence_is_passed_on_as_silence)
{
    struct wu_id id = delivered_need();
    world_advance(world, CONFIRM_MS - 1);
    cr_assert_eq(world_output_count(world), 0);
    world_advance(world, 1);
    cr_assert_eq(world_output_count(world), 1);
    cr_assert_eq(confirmed()->verdict, COMMUNITY__VERDICT__VERDICT_UNSPECIFIED);
    cr_assert_eq(need_row(id)->state, NEED_CONFIRMED);
    cr_assert_not(is_awaiting());
    assert_refused(confirm(id, COMMUNITY__VERDICT__VERDICT_MET, 0), "NEED_NOT_AWAITING");
}

Test(need, a_word_stops_the_clock)
{
    struct wu_id id = delivered_need();
    assert_accepted(confirm(id, COMMUNITY__VERDICT__VERDICT_MET, 5));
    cr_assert_eq(wu_table_count(world_txn(world), &WU_TIMERS), 0);
}

Test(need, a_coordinator_that_forgot_the_word_gets_it_again)
{
    struct wu_id id = delivered_need();
    assert_accepted(confirm(id, COMMUNITY__VERDICT__VERDICT_MET, 5));
    close_by(HUB, id, COORDINATOR__OUTCOME__OUTCOME_MET);
    world_clear(world);
    deliver_by(HUB, id);
    const NeedConfirmed *again = world_find(world, WU_TYPE(COMMUNITY_NEED_CONFIRMED), 0,
                                            &community__need_confirmed__descriptor);
    cr_assert_not_null(again);
    cr_assert_eq(again->verdict, COMMUNITY__VERDICT__VERDICT_MET);
    cr_assert_eq(again->rating, 5);
    cr_assert_not(is_awaiting());
}

Test(need, a_second_word_is_refused)
{
    struct wu_id id = delivered_need();
    assert_accepted(confirm(id, COMMUNITY__VERDICT__VERDICT_MET, 5));
    assert_refused(confirm(id, COMMUNITY__VERDICT__VERDICT_NOT_MET, 1), "NEED_NOT_AWAITING");
    cr_assert_eq(world_count(world, WU_TYPE(COMMUNITY_NEED_CONFIRMED)), 1);
}

/* Everything is wrong at first; each correction uncovers the next refusal. */
Test(need, refusals_of_a_word_come_in_their_order)
{
    assert_refused(confirm(wu_id_make(9, 1, 999, 0), 0, 6), "NEED_UNKNOWN");
    struct wu_id id = raise_good();
    assert_refused(confirm(id, 0, 6), "NEED_NOT_AWAITING");
    open_by(HUB, id);
    assert_refused(confirm(id, 0, 6), "NEED_NOT_AWAITING");
    deliver_by(HUB, id);
    assert_refused(confirm(id, 0, 6), "NEED_VERDICT_MISSING");
    assert_refused(confirm(id, COMMUNITY__VERDICT__VERDICT_MET, 6), "NEED_RATING_INVALID");
    assert_accepted(confirm(id, COMMUNITY__VERDICT__VERDICT_MET, 0));
}
