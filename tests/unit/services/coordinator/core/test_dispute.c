#include "services/coordinator/core/calendar.h"
#include "services/coordinator/core/dispute.h"
#include "tests/support/linking.h"

static void set_up(void)
{
    linking_set_up();
    adopt_kinds();
}

TestSuite(dispute, .init = set_up, .fini = linking_tear_down);

static const char *const NAMES[] = {"a", "b", "c", "d", "e", "f", "g", "h"};

static void join_many(void)
{
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        join(NAMES[i], ROLE_SOCIALORG, "visiting", STREET);
    }
}

static void pass_back(uint64_t need, const char *who, uint32_t attempt)
{
    decline(BY(.need = need, .who = who, .attempt = attempt, .not_ours = true, .text = "not ours"));
}

/* Whoever has it. */
static void pass_back_held(uint64_t need, uint32_t step_no)
{
    const LinkageStep *step = linkage_row(need)->steps[step_no - 1];
    decline(BY(.need = need, .who = step->provider, .step_no = step_no, .attempt = step->attempt,
               .not_ours = true));
}

static Adjudicate ruling(Coordinator__Ruling what, const struct wu_id *provider_id,
                         const struct wu_id *linkage_id)
{
    Adjudicate adjudicate = COORDINATOR__ADJUDICATE__INIT;
    adjudicate.linkage_id = wu_id_to_pb(linkage_id);
    adjudicate.step_no = 1;
    adjudicate.ruling = what;
    if (provider_id != NULL) {
        adjudicate.provider_id = wu_id_to_pb(provider_id);
    }
    adjudicate.by = "STREET-42";
    adjudicate.reason = "the service is in its contract";
    return adjudicate;
}

static const Bus__Answer *rule_for(uint64_t need, const char *who)
{
    struct wu_id provider_id = party_id(who);
    struct wu_id id = need_id(need);
    Adjudicate adjudicate = ruling(RULING_BINDING, &provider_id, &id);
    return world_command(linking_world(), WU_TYPE(COORDINATOR_ADJUDICATE), &adjudicate.base);
}

static const Bus__Answer *rule_out(uint64_t need)
{
    struct wu_id id = need_id(need);
    Adjudicate adjudicate = ruling(RULING_OUT_OF_REMIT, NULL, &id);
    return world_command(linking_world(), WU_TYPE(COORDINATOR_ADJUDICATE), &adjudicate.base);
}

static const Bus__Answer *withdraw(uint64_t need, const char *reason)
{
    struct wu_id id = need_id(need);
    Adjudicate adjudicate = ruling(RULING_WITHDRAWN, NULL, &id);
    adjudicate.reason = reason;
    return world_command(linking_world(), WU_TYPE(COORDINATOR_ADJUDICATE), &adjudicate.base);
}

static const DisputeRow *dispute_row(uint64_t need)
{
    return disputes_get(world_txn(linking_world()), &(struct dispute_key){need_id(need), 1});
}

static size_t open_count(void)
{
    struct dispute_key key = {0};
    size_t count = 0;
    struct wu_txn *txn = world_txn(linking_world());
    for (bool found = disputes_open_from(txn, &key, 0); found;
         found = disputes_open_after(txn, &key, 0)) {
        count++;
    }
    return count;
}

/* However many would pass it back: the third is never asked. */
Test(dispute, no_case_passes_more_than_two)
{
    join_many();
    raise_plain(1, "visit");
    pass_back(1, "a", 1);
    cr_assert_eq(step_state(1, 1), STEP_OFFERED);
    cr_assert_eq(dispute_row(1)->state, DISPUTE_PASSED_BACK);
    world_clear(linking_world());
    pass_back(1, "b", 2);
    assert_said("disputed 1");
    cr_assert_eq(step_state(1, 1), STEP_DISPUTED);
    cr_assert_eq(dispute_row(1)->n_pass_backs, 2);
    cr_assert_str_eq(dispute_row(1)->pass_backs[1]->text, "not ours");
    cr_assert_eq(open_count(), 1);
    const HistoryEntry *note = last_note(1, WU_TYPE(COORDINATOR_LINKAGE_DISPUTED));
    cr_assert_eq(note->rules[0], RULE(TWO_PASS_BACKS));
    cr_assert_eq(dispute_row(1)->due_at_ms,
                 calendar_due_ms(world_txn(linking_world()), 8 * 60, world_now_ms(linking_world()),
                                 ADJUDICATE_DAYS));
}

Test(dispute, another_no_is_no_pass_back)
{
    join_many();
    raise_plain(1, "visit");
    decline(BY(.who = "a"));
    decline(BY(.who = "b", .attempt = 2));
    decline(BY(.who = "c", .attempt = 3));
    cr_assert_eq(step_state(1, 1), STEP_OFFERED);
    cr_assert_null(dispute_row(1));
}

Test(dispute, a_ruling_binds_the_one_it_names)
{
    join_many();
    raise_plain(1, "visit");
    pass_back(1, "a", 1);
    pass_back(1, "b", 2);
    world_clear(linking_world());
    assert_accepted(rule_for(1, "a"));
    assert_said("dispute 1 over", "offer 1.3 to a");
    cr_assert_eq(dispute_row(1)->state, DISPUTE_RULED);
    cr_assert_eq(open_count(), 0);
    cr_assert_eq(timer_count(), 2, "of the offer and of the case");
    cr_assert_eq(last_note(1, WU_TYPE(LINKAGE_STEP_OFFERED))->rules[0], RULE(RULING_BINDS));
    reserve(BY(.who = "a", .attempt = 3));
    assert_said("confirm 1.3 at a");
}

/* Whoever is bound and says no again delays the case by one offer, not by another dispute. */
Test(dispute, what_was_ruled_is_not_disputed_again)
{
    join_many();
    raise_plain(1, "visit");
    pass_back(1, "a", 1);
    pass_back(1, "b", 2);
    assert_accepted(rule_for(1, "a"));
    pass_back(1, "a", 3);
    pass_back(1, "c", 4);
    pass_back(1, "d", 5);
    cr_assert_eq(step_state(1, 1), STEP_OFFERED);
    cr_assert_eq(open_count(), 0);
}

Test(dispute, out_of_remit_ends_it)
{
    join_many();
    raise_plain(1, "visit");
    pass_back(1, "a", 1);
    pass_back(1, "b", 2);
    world_clear(linking_world());
    assert_accepted(rule_out(1));
    assert_said("dispute 1 over", "closed UNMET OUT_OF_REMIT visiting",
                "counted visit UNMET OUT_OF_REMIT");
    cr_assert_eq(timer_count(), 0);
}

/* The next one like it is not passed round at all. */
Test(dispute, a_ruling_is_the_precedent_for_the_next)
{
    join_many();
    raise_plain(1, "visit");
    pass_back(1, "a", 1);
    pass_back(1, "b", 2);
    assert_accepted(rule_for(1, "h"));
    raise_plain(2, "visit");
    world_clear(linking_world());
    pass_back(2, "c", 1);
    assert_said("offer 1.2 to h");
    cr_assert_eq(last_note(2, WU_TYPE(COORDINATOR_ADJUDICATE))->rules[0], RULE(PRECEDENT));
    struct wu_id cited;
    cr_assert(wu_id_from_pb(dispute_row(2)->precedent_linkage_id, &cited));
    struct wu_id first = need_id(1);
    cr_assert(wu_id_equal(&cited, &first));
}

/* Bound was who gave this service then: now it is somebody the step may not even be for. */
Test(dispute, a_precedent_does_not_bind_who_gives_the_service_no_more)
{
    join_many();
    raise_plain(1, "visit");
    pass_back(1, "a", 1);
    pass_back(1, "b", 2);
    assert_accepted(rule_for(1, "h"));
    announce(PARTY(.name = "h", .role = ROLE_SOCIALWORKER, .service = "visiting"));
    raise_plain(2, "visit");
    world_clear(linking_world());
    pass_back(2, "c", 1);
    assert_said("offer 1.2 to d");
}

Test(dispute, a_precedent_of_another_kind_or_district_does_not_hold)
{
    PlanStep visiting = plan_step(ROLE_SOCIALORG, "visiting", true);
    AdoptKind kind = kind_of("call", (PlanStep *[]){&visiting, NULL});
    assert_accepted(adopt(&kind));
    for (size_t i = 0; i < 3; i++) {
        join(NAMES[i], ROLE_SOCIALORG, "visiting", CITY);
    }
    raise_plain(1, "visit");
    pass_back_held(1, 1);
    pass_back_held(1, 1);
    assert_accepted(rule_out(1));
    raise_plain(2, "call");
    pass_back_held(2, 1);
    cr_assert(is_open(2));
    raise_need(NEED(.n = 3, .kind = "visit", .division = UINT64_C(420107012001)));
    pass_back_held(3, 1);
    cr_assert(is_open(3), "another district");
    raise_plain(4, "visit");
    pass_back_held(4, 1);
    cr_assert_not(is_open(4));
}

/*
 * Nobody rules: a level up for each span, and at the top the next candidate is
 * asked after all. The search's own clock rests meanwhile.
 */
Test(dispute, a_dispute_nobody_rules_on_climbs_and_ends)
{
    join_many();
    raise_plain(1, "visit");
    pass_back(1, "a", 1);
    pass_back(1, "b", 2);
    static const uint64_t LEVELS[] = {STREET, DISTRICT, CITY};
    for (size_t i = 0; i < 3; i++) {
        wait_ms(linkage_row(1)->steps[0]->adjudicate_by_ms - world_now_ms(linking_world()));
        cr_assert_eq(linkage_row(1)->escalated_to, LEVELS[i]);
        cr_assert_eq(step_state(1, 1), STEP_DISPUTED);
    }
    wait_ms(linkage_row(1)->steps[0]->adjudicate_by_ms - world_now_ms(linking_world()));
    cr_assert_eq(step_state(1, 1), STEP_OFFERED);
    cr_assert_eq(dispute_row(1)->state, DISPUTE_DROPPED);
    cr_assert_eq(open_count(), 0);
}

/* What others hold lapses while an office thinks: they are asked again after it, once. */
Test(dispute, nobody_is_asked_while_an_office_thinks)
{
    join("home", ROLE_SOCIALORG, "kitchen", STREET);
    join("team", ROLE_VOLUNTEER, "carrying", STREET);
    join("crew", ROLE_VOLUNTEER, "carrying", STREET);
    join("store", ROLE_CHARITY, "rice", STREET);
    raise_plain(1, "meals");
    reserve(BY(.who = "home"));
    pass_back_held(1, 2);
    pass_back_held(1, 2);
    cr_assert_eq(step_state(1, 2), STEP_DISPUTED);
    world_clear(linking_world());
    lapse(BY(.who = "home"));
    assert_nothing_said();
    cr_assert_eq(step_state(1, 1), STEP_WAITING);
}

/* The only one there is says that it is not its to do: an office says whose it is. */
Test(dispute, the_last_one_cannot_end_it_by_passing_back)
{
    join("a", ROLE_SOCIALORG, "visiting", STREET);
    raise_plain(1, "visit");
    pass_back(1, "a", 1);
    cr_assert_eq(step_state(1, 1), STEP_DISPUTED);
    world_clear(linking_world());
    assert_accepted(rule_for(1, "a"));
    assert_said("dispute 1 over", "offer 1.2 to a");
}

Test(dispute, a_precedent_can_be_taken_back)
{
    join_many();
    raise_plain(1, "visit");
    pass_back(1, "a", 1);
    pass_back(1, "b", 2);
    assert_refused(withdraw(1, "better so"), "PRECEDENT_UNKNOWN");
    assert_accepted(rule_out(1));
    assert_refused(withdraw(1, ""), "RULING_REASON_INVALID");
    assert_accepted(withdraw(1, "better so"));
    raise_plain(2, "visit");
    pass_back_held(2, 1);
    cr_assert_eq(step_state(2, 1), STEP_OFFERED, "the next is asked");
}

/* It was confirmed, one gave it back, two do not want it, and then a third required step fails. */
Test(dispute, a_case_that_ends_takes_its_dispute_along)
{
    join("home", ROLE_SOCIALORG, "kitchen", STREET);
    join("team", ROLE_VOLUNTEER, "carrying", STREET);
    join("crew", ROLE_VOLUNTEER, "carrying", STREET);
    join("gang", ROLE_VOLUNTEER, "carrying", STREET);
    join("store", ROLE_CHARITY, "rice", STREET);
    raise_plain(1, "meals");
    reserve(BY(.who = "home"));
    const char *first = linkage_row(1)->steps[1]->provider;
    reserve(BY(.who = first, .step_no = 2));
    reserve(BY(.who = "store", .step_no = 3));
    lapse(BY(.who = first, .step_no = 2));
    pass_back_held(1, 2);
    pass_back_held(1, 2);
    cr_assert_eq(step_state(1, 2), STEP_DISPUTED);
    decline(BY(.who = "home"));
    cr_assert_not(is_open(1));
    cr_assert_eq(open_count(), 0);
    cr_assert_eq(timer_count(), 0);
}

Test(dispute, a_ruling_that_cannot_be_is_refused)
{
    join_many();
    join("kitchen", ROLE_SOCIALORG, "kitchen", STREET);
    raise_plain(1, "visit");
    assert_refused(rule_for(1, "a"), "DISPUTE_NOT_OPEN");
    pass_back(1, "a", 1);
    pass_back(1, "b", 2);
    assert_refused(rule_for(1, "kitchen"), "RULING_PROVIDER_INVALID");
    assert_refused(rule_for(2, "a"), "DISPUTE_NOT_OPEN");
    struct wu_id id = need_id(1);
    Adjudicate adjudicate = ruling(0, NULL, &id);
    assert_refused(
        world_command(linking_world(), WU_TYPE(COORDINATOR_ADJUDICATE), &adjudicate.base),
        "RULING_MISSING");
    adjudicate.ruling = RULING_OUT_OF_REMIT;
    adjudicate.by = "";
    assert_refused(
        world_command(linking_world(), WU_TYPE(COORDINATOR_ADJUDICATE), &adjudicate.base),
        "RULING_OFFICE_INVALID");
    adjudicate.by = "X";
    adjudicate.reason = "";
    assert_refused(
        world_command(linking_world(), WU_TYPE(COORDINATOR_ADJUDICATE), &adjudicate.base),
        "RULING_REASON_INVALID");
    cr_assert_eq(open_count(), 1);
}
