/* N14, R48: who is bound to an organisation does not decide about it. */
#include "services/socialorg/core/core.h"

#include "common/base/time.h"
#include "tests/support/organising.h"

#include <criterion/criterion.h>
#include <string.h>

static struct world *world;

static void set_up(void)
{
    world = world_open(&SOCIALORG_CORE);
}

static void tear_down(void)
{
    world_verify(world);
    world_close(&world);
}

TestSuite(interest, .init = set_up, .fini = tear_down);

static const Bus__Answer *say(const DeclareInterest *message)
{
    return organising_tell(world, WU_TYPE(SOCIALORG_DECLARE_INTEREST), &message->base);
}

static const DeclarationRow *declaration(const char *party)
{
    struct party_key key;
    cr_assert(wu_key_text(key.party, sizeof key.party, party));
    return declarations_get(world_txn(world), &key);
}

Test(interest, refusals_come_in_their_order)
{
    DeclareInterest bad = SOCIALORG__DECLARE_INTEREST__INIT;
    bad.party = "a b";
    assert_refused(say(&bad), "PARTY_MALFORMED");
    bad.party = "p-1";
    assert_refused(say(&bad), "INTEREST_KIND_INVALID");
    bad.kind = INTEREST_KIND(FAMILY);
    assert_refused(say(&bad), "OTHER_MALFORMED");
    bad.other = "p-1";
    assert_refused(say(&bad), "OTHER_MALFORMED");
    bad.other = "p-2";
    bad.kind = INTEREST_KIND(NONE);
    assert_refused(say(&bad), "OTHER_MALFORMED");
    bad.kind = INTEREST_KIND(FAMILY);
    assert_refused(say(&bad), "INTEREST_BY_MALFORMED");
    bad.by = "p-1";
    bad.ended = true;
    assert_refused(say(&bad), "INTEREST_UNKNOWN");
    bad.ended = false;
    assert_accepted(say(&bad));
    bad.ended = true;
    assert_accepted(say(&bad));
}

Test(interest, what_is_declared_is_counted_until_it_ends)
{
    DeclareInterest message = SOCIALORG__DECLARE_INTEREST__INIT;
    message.party = "p-1";
    message.kind = INTEREST_KIND(NONE);
    message.by = "p-1";
    cr_assert_null(declaration("p-1"));
    assert_accepted(say(&message));
    cr_assert_eq(declaration("p-1")->interest_count, 0);
    message.kind = INTEREST_KIND(DONOR);
    message.other = "ORG-1";
    assert_accepted(say(&message));
    assert_accepted(say(&message)); /* the same again */
    cr_assert_eq(declaration("p-1")->interest_count, 1);
    message.ended = true;
    assert_accepted(say(&message));
    cr_assert_eq(declaration("p-1")->interest_count, 0);
    message.party = "p-2";
    message.ended = false;
    message.found = true;
    assert_accepted(say(&message));
    cr_assert_null(declaration("p-2"), "what others find is no word of its own");
}

/* ---- decisions ---------------------------------------------------------------------- */

static void set_up_decisions(void)
{
    set_up();
    organising_add(world, &(struct body){"ORG-1", .service = "meals"});
    organising_add(world, &(struct body){"ORG-2", .service = "meals"});
}

TestSuite(decision, .init = set_up_decisions, .fini = tear_down);

static const DecisionRow *decided(const char *body, DecisionKind kind)
{
    struct decision_key key = {.kind = (uint32_t)kind};
    cr_assert(wu_key_text(key.body, sizeof key.body, body));
    return decisions_get(world_txn(world), &key);
}

static const Bus__Answer *lift(const char *by)
{
    LiftSuspension message = SOCIALORG__LIFT_SUSPENSION__INIT;
    message.body = "ORG-1";
    message.reason = "in order";
    message.by = by;
    return organising_tell(world, WU_TYPE(SOCIALORG_LIFT_SUSPENSION), &message.base);
}

static const Bus__Answer *review(DecisionKind kind, bool uphold, const char *by)
{
    ReviewDecision message = SOCIALORG__REVIEW_DECISION__INIT;
    message.body = "ORG-1";
    message.kind = kind;
    message.uphold = uphold;
    message.reason = "looked at it";
    message.by = by;
    return organising_tell(world, WU_TYPE(SOCIALORG_REVIEW_DECISION), &message.base);
}

static const Bus__Answer *nurse(IncubationStage stage)
{
    AdvanceIncubation message = SOCIALORG__ADVANCE_INCUBATION__INIT;
    message.body = "ORG-1";
    message.stage = stage;
    message.mentor = "ORG-2";
    message.evidence = "a room and a plan";
    message.by = "office-1";
    return organising_tell(world, WU_TYPE(SOCIALORG_ADVANCE_INCUBATION), &message.base);
}

/* N14: 1, 2 and 3 hops bind; 4 do not; a policy may ask for fewer. */
Test(decision, N14_who_is_bound_within_three_hops_does_not_decide)
{
    static const char *const CHAIN[] = {"ORG-1", "p-1", "ent-1", "p-3", "p-4"};
    for (int i = 0; i < 4; i++) {
        organising_bind(world, CHAIN[i + 1], CHAIN[i]);
    }
    organising_suspend(world, "ORG-1");
    for (int i = 0; i < 4; i++) {
        assert_refused(lift(CHAIN[i]), "CONFLICT_OF_INTEREST");
    }
    assert_accepted(lift("p-4"));
    organising_suspend(world, "ORG-1");
    SetPolicy policy = SOCIALORG__SET_POLICY__INIT;
    policy.conflict_hops_max = 2;
    policy.by = "city-1";
    assert_accepted(organising_tell(world, WU_TYPE(SOCIALORG_SET_POLICY), &policy.base));
    assert_refused(lift("ent-1"), "CONFLICT_OF_INTEREST");
    assert_accepted(lift("p-3"));
}

Test(decision, N14_the_refusal_names_the_way)
{
    organising_bind(world, "p-1", "ent-1");
    organising_bind(world, "ent-1", "ORG-1");
    organising_suspend(world, "ORG-1");
    const Bus__Answer *answer = lift("p-1");
    assert_refused(answer, "CONFLICT_OF_INTEREST");
    cr_assert_not_null(strstr(answer->text, "p-1 - ent-1 - ORG-1"), "%s", answer->text);
}

Test(decision, N14_an_interest_that_has_ended_binds_nobody)
{
    organising_bind(world, "p-1", "ORG-1");
    DeclareInterest ended = SOCIALORG__DECLARE_INTEREST__INIT;
    ended.party = "p-1";
    ended.other = "ORG-1";
    ended.kind = INTEREST_KIND(EMPLOYED);
    ended.ended = true;
    ended.by = "p-1";
    organising_suspend(world, "ORG-1");
    assert_refused(lift("p-1"), "CONFLICT_OF_INTEREST");
    assert_accepted(organising_tell(world, WU_TYPE(SOCIALORG_DECLARE_INTEREST), &ended.base));
    assert_accepted(lift("p-1"));
}

Test(decision, N14_an_interest_found_later_opens_the_decision_again)
{
    cr_assert_eq(decided("ORG-1", DECISION_KIND(REGISTRATION))->state, DECISION_STATE(STANDS));
    assert_refused(review(DECISION_KIND(REGISTRATION), true, "office-2"), "DECISION_NOT_REOPENED");
    organising_bind(world, "office-1", "p-7");
    cr_assert_eq(world_count(world, WU_TYPE(SOCIALORG_DECISION_REOPENED)), 0);
    organising_bind(world, "ORG-1", "p-7");
    const DecisionReopened *reopened = world_find(world, WU_TYPE(SOCIALORG_DECISION_REOPENED), 0,
                                                  &socialorg__decision_reopened__descriptor);
    cr_assert_not_null(reopened);
    cr_assert_str_eq(reopened->body, "ORG-1");
    cr_assert_eq(reopened->hop_count, 2);
    cr_assert_eq(decided("ORG-1", DECISION_KIND(REGISTRATION))->state, DECISION_STATE(REOPENED));
    cr_assert_eq(decided("ORG-2", DECISION_KIND(REGISTRATION))->state, DECISION_STATE(STANDS));

    assert_refused(review(DECISION_KIND(LIFT), true, "office-2"), "DECISION_UNKNOWN");
    assert_refused(review(DECISION_KIND(REGISTRATION), true, "office-1"), "REVIEW_SAME_PERSON");
    assert_refused(review(DECISION_KIND(REGISTRATION), true, "p-7"), "CONFLICT_OF_INTEREST");
    assert_accepted(review(DECISION_KIND(REGISTRATION), true, "office-2"));
    cr_assert_eq(decided("ORG-1", DECISION_KIND(REGISTRATION))->state, DECISION_STATE(UPHELD));
}

Test(decision, N14_what_is_open_again_goes_no_further_until_it_is_reviewed)
{
    assert_accepted(nurse(INCUBATION_STAGE(SEED)));
    organising_bind(world, "office-1", "ORG-1");
    cr_assert_eq(world_count(world, WU_TYPE(SOCIALORG_DECISION_REOPENED)), 2);
    assert_refused(nurse(INCUBATION_STAGE(NURSED)), "INCUBATION_OPEN_AGAIN");
    assert_accepted(review(DECISION_KIND(INCUBATION), false, "office-2"));
    cr_assert_eq(decided("ORG-1", DECISION_KIND(INCUBATION))->state, DECISION_STATE(VOID));
    assert_refused(nurse(INCUBATION_STAGE(NURSED)), "INCUBATION_OPEN_AGAIN");
}

/* N14: a dealing of related parties is disclosed within 30 days, or it is told that it was not. */
Test(decision, N14_related_parties_disclose_within_thirty_days)
{
    RecordDisclosure message = SOCIALORG__RECORD_DISCLOSURE__INIT;
    wu_event_type type = WU_TYPE(SOCIALORG_RECORD_DISCLOSURE);
    message.body = "ORG-1";
    message.kind = DECISION_KIND(INCUBATION);
    assert_refused(organising_tell(world, type, &message.base), "DECISION_UNKNOWN");
    assert_accepted(nurse(INCUBATION_STAGE(SEED)));
    assert_refused(organising_tell(world, type, &message.base), "NOT_RELATED");
    organising_bind(world, "ORG-1", "ORG-2"); /* found after the deal */
    const DecisionRow *row = decided("ORG-1", DECISION_KIND(INCUBATION));
    cr_assert_eq(row->related_hop_count, 1);
    cr_assert_eq(row->disclose_by_ms, world_now_ms(world) + 30 * WU_DAY_MS);
    world_clear(world);
    world_advance(world, 30 * WU_DAY_MS - 1);
    cr_assert_eq(world_count(world, WU_TYPE(SOCIALORG_DISCLOSURE_OVERDUE)), 0);
    world_advance(world, 1);
    cr_assert_eq(world_count(world, WU_TYPE(SOCIALORG_DISCLOSURE_OVERDUE)), 1);
    cr_assert(decided("ORG-1", DECISION_KIND(INCUBATION))->is_overdue);
    assert_refused(organising_tell(world, type, &message.base), "WHERE_MISSING");
    message.where = "the community's board";
    assert_refused(organising_tell(world, type, &message.base), "REVIEW_BY_MALFORMED");
    message.by = "office-1";
    assert_accepted(organising_tell(world, type, &message.base));
    cr_assert_eq(decided("ORG-1", DECISION_KIND(INCUBATION))->disclosed_at_ms, world_now_ms(world));
}

Test(decision, N14_what_was_disclosed_in_time_is_not_late)
{
    organising_bind(world, "ORG-1", "ORG-2");
    assert_accepted(nurse(INCUBATION_STAGE(SEED)));
    RecordDisclosure message = SOCIALORG__RECORD_DISCLOSURE__INIT;
    message.body = "ORG-1";
    message.kind = DECISION_KIND(INCUBATION);
    message.where = "the community's board";
    message.by = "office-1";
    assert_accepted(organising_tell(world, WU_TYPE(SOCIALORG_RECORD_DISCLOSURE), &message.base));
    world_clear(world);
    world_advance(world, 31 * WU_DAY_MS);
    cr_assert_eq(world_count(world, WU_TYPE(SOCIALORG_DISCLOSURE_OVERDUE)), 0);
}
