/* Steps that go to another coordinator, and steps that come from one. */
#include "services/coordinator/core/above.h"
#include "services/coordinator/core/referral.h"
#include "tests/support/linking.h"

#include <criterion/criterion.h>
#include <string.h>

/* This coordinator is node 1; its area is the city. */
enum { ABOVE = 7, BELOW = 30, FAR_HOME = 40 };

static void set_up(void)
{
    linking_set_up_below(ABOVE);
    adopt_kinds();
}

TestSuite(referral, .init = set_up, .fini = linking_tear_down);

/* ---- the other coordinators' side -------------------------------------------- */

struct asked {
    uint32_t from_node; /* 0: BELOW */
    uint32_t attempt;   /* 0: 1 */
    uint64_t division;  /* 0: COMMUNITY */
    uint32_t path[8];   /* 0 ends; none: BELOW */
    bool overridden;
};
#define ASKED(...) (&(struct asked){__VA_ARGS__})

static struct wu_id asker_id;
static struct wu_id own_id;

/* The asking coordinator's name for its offer: step 3 of its linkage 40-5. */
static StepRef ref_of(const struct asked *asked)
{
    StepRef ref = LINKAGE__STEP_REF__INIT;
    asker_id = wu_id_make(FAR_HOME, 1, 5, 0);
    own_id = coordinator_id(1, ROLE_SOCIALORG);
    ref.linkage_id = wu_id_to_pb(&asker_id);
    ref.step_no = 3;
    ref.attempt = asked->attempt != 0 ? asked->attempt : 1;
    ref.provider_id = wu_id_to_pb(&own_id);
    return ref;
}

static void send(const struct asked *asked, wu_event_type type, const ProtobufCMessage *body)
{
    world_mail(linking_world(),
               &(struct world_mail){.from_node = asked->from_node != 0 ? asked->from_node : BELOW,
                                    .type = type,
                                    .subject = asker_id,
                                    .correlation = asker_id,
                                    .division = COMMUNITY},
               body);
}

static void ask(const struct asked *asked)
{
    StepRef ref = ref_of(asked);
    uint32_t path[8] = {BELOW};
    Referral referral = LINKAGE__REFERRAL__INIT;
    StepOffered offered = LINKAGE__STEP_OFFERED__INIT;
    if (asked->path[0] != 0) {
        memcpy(path, asked->path, sizeof path);
    }
    while (referral.n_path < 8 && path[referral.n_path] != 0) {
        referral.n_path++;
    }
    referral.home_linkage_id = wu_id_to_pb(&asker_id);
    referral.home_step_no = 3;
    referral.role = ROLE_SOCIALORG;
    referral.path = path;
    referral.reply_within_ms = REPLY_MS;
    if (asked->overridden) {
        referral.override_id = wu_id_to_pb(&asker_id);
    }
    offered.ref = &ref;
    offered.kind = "visit";
    offered.service = "visiting";
    offered.quantity = 1;
    offered.division = asked->division != 0 ? asked->division : COMMUNITY;
    offered.from_ms = world_now_ms(linking_world()) + WU_HOUR_MS;
    offered.until_ms = world_now_ms(linking_world()) + 2 * WU_DAY_MS;
    offered.reply_by_ms = world_now_ms(linking_world()) + 8 * REPLY_MS;
    offered.hold_until_ms = world_now_ms(linking_world()) + WU_DAY_MS;
    offered.referral = &referral;
    send(asked, WU_TYPE(LINKAGE_STEP_OFFERED), &offered.base);
}

static void go(const struct asked *asked)
{
    StepRef ref = ref_of(asked);
    StepConfirmed confirmed = LINKAGE__STEP_CONFIRMED__INIT;
    confirmed.ref = &ref;
    confirmed.deliver_by_ms = world_now_ms(linking_world()) + DELIVER_MS;
    send(asked, WU_TYPE(LINKAGE_STEP_CONFIRMED), &confirmed.base);
}

static void let_go(const struct asked *asked)
{
    StepRef ref = ref_of(asked);
    StepReleased released = LINKAGE__STEP_RELEASED__INIT;
    released.ref = &ref;
    released.reason = RELEASE_DELIVERY_OVERDUE;
    send(asked, WU_TYPE(LINKAGE_STEP_RELEASED), &released.base);
}

/* What the coordinator above says to our offer, by the words of a provider of ours. */
static void decline_above(void)
{
    struct wu_id linkage = need_id(1);
    struct wu_id above = coordinator_id(ABOVE, ROLE_SOCIALORG);
    StepRef ref = LINKAGE__STEP_REF__INIT;
    StepDeclined declined = LINKAGE__STEP_DECLINED__INIT;
    ref.linkage_id = wu_id_to_pb(&linkage);
    ref.step_no = 1;
    ref.attempt = 1;
    ref.provider_id = wu_id_to_pb(&above);
    declined.ref = &ref;
    declined.reason = DECLINE_NOBODY_LEFT;
    world_mail(linking_world(),
               &(struct world_mail){.from_node = ABOVE, .type = WU_TYPE(LINKAGE_STEP_DECLINED)},
               &declined.base);
}

/* A coordinator below says what its own offer. */
static void announce_below(uint32_t node)
{
    struct wu_id id = coordinator_id(node, ROLE_SOCIALORG);
    const char *services[] = {"visiting"};
    ProviderAnnounced announced = LINKAGE__PROVIDER_ANNOUNCED__INIT;
    announced.provider_id = wu_id_to_pb(&id);
    announced.role = ROLE_SOCIALORG;
    announced.name = "below";
    announced.division = UINT64_C(420107000000);
    announced.n_services = 1;
    announced.services = services;
    announced.open = true;
    world_mail(linking_world(),
               &(struct world_mail){
                   .from_node = node, .type = WU_TYPE(LINKAGE_PROVIDER_ANNOUNCED), .subject = id},
               &announced.base);
}

/* The referral that the last offer carried; NULL if none. */
static const Referral *last_referral(void)
{
    const StepOffered *offered = NULL;
    const StepOffered *last = NULL;
    for (size_t n = 0; (offered = world_find(linking_world(), WU_TYPE(LINKAGE_STEP_OFFERED), n,
                                             &linkage__step_offered__descriptor)) != NULL;
         n++) {
        last = offered;
    }
    return last != NULL ? last->referral : NULL;
}

/* A number of the provider's, for its answers to a referral's own linkage. */
static StepRef ref_here(const char *who, uint32_t attempt, struct wu_id ids[2])
{
    StepRef ref = LINKAGE__STEP_REF__INIT;
    struct referred_key key = {.linkage_id = wu_id_make(FAR_HOME, 1, 5, 0), .step_no = 3};
    const ReferredRow *row = referred_get(world_txn(linking_world()), &key);
    cr_assert_not_null(row);
    cr_assert(wu_id_from_pb(row->linkage_id, &ids[0]));
    ids[1] = party_id(who);
    ref.linkage_id = wu_id_to_pb(&ids[0]);
    ref.step_no = 1;
    ref.attempt = attempt;
    ref.provider_id = wu_id_to_pb(&ids[1]);
    return ref;
}

static void say(const char *who, uint32_t attempt, wu_event_type type)
{
    struct wu_id ids[2];
    StepRef ref = ref_here(who, attempt, ids);
    StepReserved reserved = LINKAGE__STEP_RESERVED__INIT;
    StepTaken taken = LINKAGE__STEP_TAKEN__INIT;
    StepLapsed lapsed = LINKAGE__STEP_LAPSED__INIT;
    StepDelivered delivered = LINKAGE__STEP_DELIVERED__INIT;
    reserved.held_until_ms = world_now_ms(linking_world()) + WU_DAY_MS;
    delivered.quantity = 1;
    reserved.ref = taken.ref = lapsed.ref = delivered.ref = &ref;
    const ProtobufCMessage *body = type == WU_TYPE(LINKAGE_STEP_RESERVED) ? &reserved.base
                                   : type == WU_TYPE(LINKAGE_STEP_TAKEN)  ? &taken.base
                                   : type == WU_TYPE(LINKAGE_STEP_LAPSED) ? &lapsed.base
                                                                          : &delivered.base;
    world_mail(linking_world(),
               &(struct world_mail){.from_node = wu_id_node(&ids[1]), .type = type}, body);
}

/* ---- going up ------------------------------------------------------------------ */

Test(referral, what_nobody_here_does_goes_up_with_its_receipt)
{
    raise_plain(1, "visit");
    const Referral *referral = last_referral();
    cr_assert_not_null(referral);
    struct wu_id home;
    struct wu_id expected = need_id(1);
    cr_expect(wu_id_from_pb(referral->home_linkage_id, &home) && wu_id_equal(&home, &expected));
    cr_expect_eq(referral->home_step_no, 1);
    cr_expect_eq(referral->role, ROLE_SOCIALORG);
    cr_expect(referral->n_path == 1 && referral->path[0] == 1);
    cr_expect_eq(referral->reply_within_ms, REPLY_MS);
    cr_expect(referral->n_rules == 2 && referral->rules[0] == (uint32_t)RULE(NOBODY_LEFT));
    assert_said("opened under 1", "offer 1.1 to coordinator 7");
    const HistoryEntry *note = last_note(1, WU_TYPE(LINKAGE_STEP_OFFERED));
    cr_expect_eq(note->why, WHY_WENT_UP);
    cr_expect(note->n_rules == 2 && note->rules[1] == RULE(ONE_UP));
}

Test(referral, our_own_are_asked_before_the_one_above)
{
    join("near", ROLE_SOCIALORG, "visiting", 0);
    world_clear(linking_world());
    raise_plain(1, "visit");
    assert_said("opened under 1", "offer 1.1 to near");
    decline(BY(.who = "near"));
    assert_said("offer 1.2 to coordinator 7");
}

Test(referral, nobody_above_either_is_no_more_than_nobody)
{
    raise_plain(1, "visit");
    (void)said();
    decline_above();
    assert_said("closed UNMET NO_PROVIDER visiting", "counted visit UNMET NO_PROVIDER");
}

Test(referral, silence_above_is_a_no_after_sixteen_answers_time)
{
    raise_plain(1, "visit");
    (void)said();
    wait_ms(16 * REPLY_MS - 1);
    cr_expect_eq(step_state(1, 1), STEP_OFFERED);
    wait_ms(1);
    cr_expect_eq(step_state(1, 1), STEP_UNMET);
}

Test(referral, a_local_kind_stays_and_its_story_says_why)
{
    PlanStep visiting = plan_step(ROLE_SOCIALORG, "visiting", true);
    AdoptKind kind = kind_of("ours", (PlanStep *[]){&visiting, NULL});
    kind.local_only = true;
    assert_accepted(adopt(&kind));
    world_clear(linking_world());
    raise_plain(1, "ours");
    cr_expect_eq(world_count(linking_world(), WU_TYPE(LINKAGE_STEP_OFFERED)), 0);
    const HistoryEntry *note = last_note(1, WU_TYPE(LINKAGE_STEP_OFFERED));
    cr_assert_eq(note->why, WHY_NOBODY_LEFT);
    cr_expect(note->n_rules == 2 && note->rules[1] == RULE(STAYS_LOCAL));
    cr_expect_eq(linkage_row(1)->outcome, OUTCOME_UNMET);
}

Test(referral, the_one_above_hears_of_a_service_when_it_is_first_and_last_offered)
{
    struct world *world = linking_world();
    join("one", ROLE_SOCIALORG, "visiting", 0);
    join("two", ROLE_SOCIALORG, "visiting", 0);
    cr_assert_eq(world_count(world, WU_TYPE(LINKAGE_PROVIDER_ANNOUNCED)), 1);
    const ProviderAnnounced *told = world_find(world, WU_TYPE(LINKAGE_PROVIDER_ANNOUNCED), 0,
                                               &linkage__provider_announced__descriptor);
    cr_expect(told->open && told->n_services == 1);
    cr_expect_str_eq(told->services[0], "visiting");
    announce(PARTY(.name = "one", .role = ROLE_SOCIALORG, .service = "visiting", .closed = true));
    cr_assert_eq(world_count(world, WU_TYPE(LINKAGE_PROVIDER_ANNOUNCED)), 1);
    announce(PARTY(.name = "two", .role = ROLE_SOCIALORG, .service = "visiting", .closed = true));
    cr_assert_eq(world_count(world, WU_TYPE(LINKAGE_PROVIDER_ANNOUNCED)), 2);
    told = world_find(world, WU_TYPE(LINKAGE_PROVIDER_ANNOUNCED), 1,
                      &linkage__provider_announced__descriptor);
    cr_expect(!told->open && told->n_services == 0);
}

/* ---- being asked ----------------------------------------------------------------- */

Test(referral, the_steps_of_a_referral_are_those_of_any_step)
{
    join("near", ROLE_SOCIALORG, "visiting", 0);
    world_clear(linking_world());
    ask(ASKED(0));
    cr_expect_null(last_referral(), "a provider need not know");
    assert_said("offer 1.1 to near");
    say("near", 1, WU_TYPE(LINKAGE_STEP_RESERVED));
    assert_said("LINKAGE_STEP_RESERVED");
    go(ASKED(0));
    assert_said("confirm 1.1 at near");
    say("near", 1, WU_TYPE(LINKAGE_STEP_TAKEN));
    assert_said("LINKAGE_STEP_TAKEN");
    say("near", 1, WU_TYPE(LINKAGE_STEP_DELIVERED));
    assert_said("LINKAGE_STEP_DELIVERED");
    cr_expect_eq(wu_table_count(world_txn(linking_world()), &COORDINATOR_LINKAGES_OPEN), 0);
    cr_expect_eq(outcome_count(OUTCOME_MET, 0), 0, "it is no case of ours");
}

Test(referral, it_never_goes_back_where_it_came_from)
{
    announce_below(BELOW);
    world_clear(linking_world());
    ask(ASKED(0)); /* from below: not to below, but up */
    assert_said("offer 1.1 to coordinator 7");
    ask(ASKED(.attempt = 2, .from_node = ABOVE, .path = {FAR_HOME, ABOVE}));
    assert_said("release 1.1 at coordinator 7: NOT_CHOSEN", "offer 1.1 to coordinator 30");
    ask(ASKED(.attempt = 3, .from_node = ABOVE, .path = {FAR_HOME, BELOW, ABOVE}));
    assert_said("release 1.1 at coordinator 30: NOT_CHOSEN", "LINKAGE_STEP_DECLINED");
}

Test(referral, one_that_was_here_or_has_come_too_far_is_declined)
{
    join("near", ROLE_SOCIALORG, "visiting", 0);
    world_clear(linking_world());
    ask(ASKED(.path = {BELOW, 1}));
    assert_said("LINKAGE_STEP_DECLINED");
    ask(ASKED(.path = {BELOW, 50, BELOW}));
    assert_said("LINKAGE_STEP_DECLINED");
    ask(ASKED(.path = {50, 51, 52, 53, 54, 55, 56}));
    assert_said("LINKAGE_STEP_DECLINED");
    ask(ASKED(.path = {50, 51, 52, 53, 54, 55}));
    assert_said("offer 1.1 to near");
}

Test(referral, at_the_sixth_it_goes_up_no_further)
{
    ask(ASKED(.path = {50, 51, 52, 53, 54, 55}));
    assert_said("LINKAGE_STEP_DECLINED");
}

Test(referral, the_same_offer_gets_the_same_answer_and_an_older_one_none)
{
    join("near", ROLE_SOCIALORG, "visiting", 0);
    world_clear(linking_world());
    ask(ASKED(.attempt = 2));
    assert_said("offer 1.1 to near");
    say("near", 1, WU_TYPE(LINKAGE_STEP_RESERVED));
    assert_said("LINKAGE_STEP_RESERVED");
    ask(ASKED(.attempt = 2));
    assert_said("LINKAGE_STEP_RESERVED");
    ask(ASKED(.attempt = 1));
    assert_nothing_said();
    go(ASKED(.attempt = 1)); /* of a past one: lapsed */
    assert_said("LINKAGE_STEP_LAPSED");
    go(ASKED(.attempt = 2));
    assert_said("confirm 1.1 at near");
    go(ASKED(.attempt = 2));
    assert_nothing_said();
}

Test(referral, what_lapses_before_the_go_ahead_is_given_back_and_after_it_replaced)
{
    join("near", ROLE_SOCIALORG, "visiting", 0);
    join("next", ROLE_SOCIALORG, "visiting", CITY);
    world_clear(linking_world());
    ask(ASKED(0));
    say("near", 1, WU_TYPE(LINKAGE_STEP_RESERVED));
    (void)said();
    say("near", 1, WU_TYPE(LINKAGE_STEP_LAPSED));
    assert_said("LINKAGE_STEP_LAPSED");
    ask(ASKED(.attempt = 2));
    say("near", 1, WU_TYPE(LINKAGE_STEP_RESERVED));
    go(ASKED(.attempt = 2));
    (void)said();
    say("near", 1, WU_TYPE(LINKAGE_STEP_LAPSED));
    assert_said("offer 1.2 to next");
    say("next", 2, WU_TYPE(LINKAGE_STEP_RESERVED));
    assert_said("confirm 1.2 at next");
}

Test(referral, the_asker_lets_go_and_a_late_delivery_is_for_it_to_judge)
{
    join("near", ROLE_SOCIALORG, "visiting", 0);
    ask(ASKED(0));
    say("near", 1, WU_TYPE(LINKAGE_STEP_RESERVED));
    go(ASKED(0));
    (void)said();
    let_go(ASKED(0));
    assert_said("release 1.1 at near: DELIVERY_OVERDUE");
    let_go(ASKED(0));
    assert_nothing_said();
    say("near", 1, WU_TYPE(LINKAGE_STEP_DELIVERED));
    assert_said("LINKAGE_STEP_DELIVERED");
}

Test(referral, of_a_place_elsewhere_anybody_of_our_area_may_be_asked)
{
    join("near", ROLE_SOCIALORG, "visiting", 0); /* of a street that is not the place */
    world_clear(linking_world());
    ask(ASKED(.from_node = ABOVE, .division = UINT64_C(420201001001), .path = {FAR_HOME, ABOVE}));
    assert_said("offer 1.1 to near");
}

Test(referral, whose_work_it_is_holds_here_too_unless_two_people_let_it_pass)
{
    PlanStep visiting = plan_step(ROLE_SOCIALORG, "visiting", true);
    RoleDuty not_they = COORDINATOR__ROLE_DUTY__INIT;
    AdoptKind kind = kind_of("visit", (PlanStep *[]){&visiting, NULL});
    not_they.role = ROLE_SOCIALORG;
    not_they.duty = COORDINATOR__DUTY__DUTY_MUST_NOT;
    kind.assess = true;
    kind.assess_field = "counselling";
    kind.n_recipe = 0;
    kind.n_duties = 1;
    kind.duties = (RoleDuty *[]){&not_they};
    assert_accepted(adopt(&kind));
    join("near", ROLE_SOCIALORG, "visiting", 0);
    world_clear(linking_world());
    ask(ASKED(0));
    assert_said("LINKAGE_STEP_DECLINED");
    ask(ASKED(.attempt = 2, .overridden = true));
    assert_said("offer 1.1 to near");
}
