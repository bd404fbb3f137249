#include "services/socialorg/core/core.h"

#include "common/base/time.h"
#include "services/socialorg/core/credit_code.h"
#include "services/socialorg/core/organisation.h"
#include "services/socialorg/core/policy.h"
#include "tests/support/organising.h"

#include <criterion/criterion.h>
#include <string.h>

static struct world *world;
static struct offered offered; /* day care for ORG-1 */

static void set_up(void)
{
    world = world_open(&SOCIALORG_CORE);
    offered = (struct offered){.service = "day-care"};
    offered.provider_id = providing_add(
        world, &(struct body){"ORG-1", .service = "day-care", .second_service = "meals"});
}

static void tear_down(void)
{
    world_verify(world);
    world_close(&world);
}

TestSuite(organisation, .init = set_up, .fini = tear_down);

static const Bus__Answer *say(const RegisterOrganisation *message)
{
    return organising_tell(world, WU_TYPE(SOCIALORG_REGISTER_ORGANISATION), &message->base);
}

static void file_it(void)
{
    RegisterOrganisation message = organising_group(world, "ORG-1");
    assert_accepted(say(&message));
}

static DeclineReason outcome(void)
{
    offered.linkage++;
    providing_offer(world, &offered);
    return providing_declined(world);
}

static const ProviderAnnounced *announced(void)
{
    return world_find(world, WU_TYPE(LINKAGE_PROVIDER_ANNOUNCED), 0,
                      &linkage__provider_announced__descriptor);
}

static const OrganisationChanged *changed(void)
{
    return world_find(world, WU_TYPE(SOCIALORG_ORGANISATION_CHANGED), 0,
                      &socialorg__organisation_changed__descriptor);
}

static const Bus__Answer *lift(const char *by)
{
    LiftSuspension message = SOCIALORG__LIFT_SUSPENSION__INIT;
    message.body = "ORG-1";
    message.reason = "accounts are in order";
    message.by = by;
    return organising_tell(world, WU_TYPE(SOCIALORG_LIFT_SUSPENSION), &message.base);
}

/* GB 32100: five real codes, and each of them with one character changed. */
Test(credit_code, its_check_digit_is_looked_at)
{
    static const char *const REAL[] = {CREDIT_CODE_1, CREDIT_CODE_2, "91110000600037341L",
                                       "914403001922038216", "91330000712560751D"};
    for (size_t i = 0; i < sizeof REAL / sizeof REAL[0]; i++) {
        char code[24];
        cr_assert(credit_code_is_valid(REAL[i]), "%s", REAL[i]);
        for (size_t at = 0; at < 18; at++) {
            memcpy(code, REAL[i], 19);
            code[at] = code[at] == '1' ? '2' : '1';
            cr_assert(!credit_code_is_valid(code), "%s", code);
        }
    }
    cr_assert(!credit_code_is_valid(""));
    cr_assert(!credit_code_is_valid("53100000500021676"));
    cr_assert(!credit_code_is_valid("53100000500021676KK"));
    cr_assert(!credit_code_is_valid("53100000500021676k"));
    cr_assert(!credit_code_is_valid("5310000050002167OK"));
}

Test(organisation, refusals_come_in_their_order)
{
    RegisterOrganisation bad = SOCIALORG__REGISTER_ORGANISATION__INIT;
    uint64_t nowhere = 7;
    const char *twice[] = {"meals", "meals"};
    bad.body = "ORG-9";
    assert_refused(say(&bad), "ORGANISATION_UNKNOWN");
    bad.body = "ORG-1";
    assert_refused(say(&bad), "ORGANISATION_KIND_INVALID");
    bad.kind = ORGANISATION_KIND(COMMUNITY_GROUP);
    bad.credit_code = CREDIT_CODE_1;
    assert_refused(say(&bad), "FILING_NUMBER_INVALID");
    bad.kind = ORGANISATION_KIND(ENTERPRISE);
    bad.credit_code = "53100000500021676L";
    assert_refused(say(&bad), "CREDIT_CODE_INVALID");
    bad.credit_code = CREDIT_CODE_2;
    assert_refused(say(&bad), "REGISTRATION_OVER");
    bad.registered_until_ms = world_now_ms(world) + WU_DAY_MS;
    bad.founder_count = 2;
    bad.resident_founder_count = 3;
    assert_refused(say(&bad), "FOUNDERS_INVALID");
    bad.resident_founder_count = 1;
    bad.rating = 6;
    assert_refused(say(&bad), "RATING_INVALID");
    bad.rating = 5;
    assert_refused(say(&bad), "RATING_INVALID");
    bad.rated_until_ms = bad.registered_until_ms;
    bad.n_scope = 2;
    bad.scope = twice;
    assert_refused(say(&bad), "SCOPE_INVALID");
    bad.n_scope = 1;
    bad.n_areas = 1;
    bad.areas = &nowhere;
    assert_refused(say(&bad), "AREAS_INVALID");
    bad.n_areas = 0;
    assert_refused(say(&bad), "CHECKS_MISSING");
    bad.n_checks = 1;
    bad.checks = twice;
    assert_refused(say(&bad), "INTERESTS_UNDECLARED");
    cr_assert_eq(world_output_count(world), 0);
    DeclareInterest none = SOCIALORG__DECLARE_INTEREST__INIT;
    none.party = "ORG-1";
    none.kind = INTEREST_KIND(NONE);
    none.by = "p-1";
    assert_accepted(organising_tell(world, WU_TYPE(SOCIALORG_DECLARE_INTEREST), &none.base));
    assert_refused(say(&bad), "BY_MALFORMED");
    bad.by = "office-1";
    assert_accepted(say(&bad)); /* R48: checked, its interests declared */
}

/* R15: status is on record; a body without takes nothing, and nobody offers it anything. */
Test(organisation, R15_who_is_not_registered_takes_nothing)
{
    cr_assert(!announced()->open);
    cr_assert_eq(outcome(), DECLINE_REASON(NOT_REGISTERED));
    file_it();
    cr_assert(announced()->open);
    cr_assert_eq(changed()->status, ORGANISATION_STATUS(FILED));
    cr_assert_eq(outcome(), NOT_DECLINED);
}

Test(organisation, R15_too_few_resident_founders_is_not_resident_led)
{
    RegisterOrganisation message = organising_group(world, "ORG-1");
    message.founder_count = 10;
    message.resident_founder_count = 5;
    assert_accepted(say(&message));
    cr_assert(changed()->resident_led); /* half, as the policy has it */
    message.resident_founder_count = 4;
    assert_accepted(say(&message));
    cr_assert(!changed()->resident_led);
    SetPolicy policy = SOCIALORG__SET_POLICY__INIT;
    policy.resident_permille_min = 400;
    policy.by = "city-1";
    assert_accepted(organising_tell(world, WU_TYPE(SOCIALORG_SET_POLICY), &policy.base));
    message.rating = 3;
    message.rated_until_ms = world_now_ms(world) + WU_DAY_MS;
    assert_accepted(say(&message));
    cr_assert(changed()->resident_led);
    cr_assert_eq(changed()->rating, 3);
}

Test(organisation, a_registration_ends_by_itself_and_what_was_begun_is_finished)
{
    file_it();
    offered.linkage = 1;
    providing_take(world, &offered);
    world_clear(world);
    world_advance(world, 365 * WU_DAY_MS);
    cr_assert(!announced()->open);
    cr_assert_eq(changed()->status, ORGANISATION_STATUS(EXPIRED));
    assert_accepted(providing_report(world, &offered, 0, 0));
    cr_assert_eq(outcome(), DECLINE_REASON(NOT_REGISTERED));
    file_it();
    cr_assert(announced()->open);
    cr_assert_eq(outcome(), NOT_DECLINED);
}

Test(organisation, one_credit_code_is_one_body)
{
    RegisterOrganisation message = organising_group(world, "ORG-1");
    message.kind = ORGANISATION_KIND(ASSOCIATION);
    message.credit_code = CREDIT_CODE_1;
    assert_accepted(say(&message));
    providing_add(world, &(struct body){"ORG-2", .service = "meals"});
    message.body = "ORG-2";
    assert_refused(say(&message), "CREDIT_CODE_TAKEN");
    message.body = "ORG-1"; /* which gets a new one */
    message.credit_code = CREDIT_CODE_2;
    assert_accepted(say(&message));
    message.body = "ORG-2";
    message.credit_code = CREDIT_CODE_1;
    assert_accepted(say(&message));
}

Test(organisation, scope_and_areas_bound_what_is_taken)
{
    const char *scope[] = {"meals"};
    uint64_t areas[] = {UINT64_C(420107000000), UINT64_C(420106012000)};
    RegisterOrganisation message = organising_group(world, "ORG-1");
    message.n_scope = 1;
    message.scope = scope;
    assert_accepted(say(&message));
    cr_assert_eq(outcome(), DECLINE_REASON(OUT_OF_SCOPE));
    offered.service = "meals";
    cr_assert_eq(outcome(), NOT_DECLINED);
    message.n_areas = 1;
    message.areas = areas;
    assert_accepted(say(&message));
    cr_assert_eq(outcome(), DECLINE_REASON(OUT_OF_SCOPE));
    message.n_areas = 2;
    assert_accepted(say(&message));
    cr_assert_eq(outcome(), NOT_DECLINED);
}

/* R48: a suspended actor cannot accept, and its open work is offered to others. */
Test(organisation, R48_a_suspension_gives_back_whatever_is_held)
{
    enum { CONFIRMED = 100 };
    file_it();
    for (offered.linkage = 1; offered.linkage <= CONFIRMED; offered.linkage++) {
        providing_take(world, &offered);
    }
    providing_offer(world, &offered); /* reserved */
    providing_add(world, &(struct body){"ORG-1", .service = "day-care", .by_hand = true});
    offered.linkage++;
    providing_offer(world, &offered); /* waits for a person */
    cr_assert_eq(providing_open_count(world, offered.provider_id), CONFIRMED + 2);

    organising_suspend(world, "ORG-1");
    cr_assert(!announced()->open);
    cr_assert_eq(world_output(world, 0)->type, WU_TYPE(LINKAGE_PROVIDER_ANNOUNCED),
                 "the coordinator hears that it is shut before it gets anything back");
    world_advance(world, 1);
    cr_assert_eq(world_count(world, WU_TYPE(LINKAGE_STEP_DECLINED)), CONFIRMED + 2);
    cr_assert_eq(providing_declined(world), DECLINE_REASON(SUSPENDED));
    cr_assert_eq(providing_open_count(world, offered.provider_id), 0);
    cr_assert_eq(providing_body(world, offered.provider_id)->open_cases, 0);
    assert_refused(providing_answer(world, &offered, true), "STEP_NOT_WAITING");
    cr_assert_eq(outcome(), DECLINE_REASON(SUSPENDED));
    offered.linkage = 7;
    providing_confirm(world, &offered); /* it crossed with the suspension */
    cr_assert_eq(world_count(world, WU_TYPE(LINKAGE_STEP_LAPSED)), 1);
    assert_refused(providing_report(world, &offered, 0, 0), "STEP_NOT_CONFIRMED");
}

Test(organisation, R48_another_person_lifts_a_suspension)
{
    assert_refused(lift("office-2"), "ORGANISATION_UNKNOWN");
    file_it();
    assert_refused(lift("office-2"), "NOT_SUSPENDED");
    organising_suspend(world, "ORG-1");
    assert_refused(lift("office-1"), "SAME_PERSON");
    file_it(); /* a new certificate does not */
    cr_assert_eq(outcome(), DECLINE_REASON(SUSPENDED));
    assert_accepted(lift("office-2"));
    cr_assert(announced()->open);
    cr_assert_eq(outcome(), NOT_DECLINED);
    cr_assert_eq(organising_row(world, offered.provider_id)->suspension_count, 1);
}

Test(organisation, a_suspension_with_a_day_ends_on_it)
{
    SuspendOrganisation message = SOCIALORG__SUSPEND_ORGANISATION__INIT;
    wu_event_type type = WU_TYPE(SOCIALORG_SUSPEND_ORGANISATION);
    message.body = "ORG-1";
    assert_refused(organising_tell(world, type, &message.base), "ORGANISATION_UNKNOWN");
    file_it();
    assert_refused(organising_tell(world, type, &message.base), "REASON_MISSING");
    message.reason = "no annual report";
    message.until_ms = world_now_ms(world);
    assert_refused(organising_tell(world, type, &message.base), "UNTIL_INVALID");
    message.until_ms += WU_DAY_MS;
    assert_refused(organising_tell(world, type, &message.base), "BY_MALFORMED");
    message.by = "office-1";
    assert_accepted(organising_tell(world, type, &message.base));
    message.until_ms += WU_DAY_MS; /* longer */
    assert_accepted(organising_tell(world, type, &message.base));
    world_advance(world, WU_DAY_MS);
    cr_assert_eq(outcome(), DECLINE_REASON(SUSPENDED));
    world_advance(world, WU_DAY_MS);
    cr_assert_eq(outcome(), NOT_DECLINED);
}

Test(organisation, a_policy_is_checked_and_0_is_the_default)
{
    SetPolicy policy = SOCIALORG__SET_POLICY__INIT;
    wu_event_type type = WU_TYPE(SOCIALORG_SET_POLICY);
    cr_assert_eq(policy_of(world_txn(world)).conflict_hops_max, 3);
    policy.resident_permille_min = 1001;
    assert_refused(organising_tell(world, type, &policy.base), "POLICY_PERMILLE_INVALID");
    policy.resident_permille_min = 0;
    policy.conflict_hops_max = 4;
    assert_refused(organising_tell(world, type, &policy.base), "POLICY_HOPS_INVALID");
    policy.conflict_hops_max = 1;
    policy.disclosure_days = 36501;
    assert_refused(organising_tell(world, type, &policy.base), "POLICY_DAYS_INVALID");
    policy.disclosure_days = 0;
    assert_refused(organising_tell(world, type, &policy.base), "POLICY_BY_MALFORMED");
    policy.by = "city-1";
    assert_accepted(organising_tell(world, type, &policy.base));
    cr_assert_eq(policy_of(world_txn(world)).conflict_hops_max, 1);
    cr_assert_eq(policy_of(world_txn(world)).disclosure_days, 30);
}

/* R49: new organisations are nursed, stage by stage. */
Test(organisation, R49_incubation_goes_stage_by_stage)
{
    AdvanceIncubation message = SOCIALORG__ADVANCE_INCUBATION__INIT;
    wu_event_type type = WU_TYPE(SOCIALORG_ADVANCE_INCUBATION);
    organising_add(world, &(struct body){"ORG-2", .service = "meals"});
    message.body = "ORG-9";
    assert_refused(organising_tell(world, type, &message.base), "BODY_UNKNOWN");
    message.body = "ORG-1";
    message.stage = INCUBATION_STAGE(NURSED);
    assert_refused(organising_tell(world, type, &message.base), "STAGE_OUT_OF_ORDER");
    message.stage = INCUBATION_STAGE(SEED);
    message.mentor = "ORG-1";
    assert_refused(organising_tell(world, type, &message.base), "MENTOR_UNKNOWN");
    message.mentor = "ORG-2";
    assert_refused(organising_tell(world, type, &message.base), "EVIDENCE_MISSING");
    message.evidence = "eight residents and a room";
    assert_refused(organising_tell(world, type, &message.base), "INCUBATION_BY_MALFORMED");
    message.by = "p-1";
    for (int stage = INCUBATION_STAGE(SEED); stage <= INCUBATION_STAGE(TRIAL); stage++) {
        message.stage = (IncubationStage)stage;
        assert_accepted(organising_tell(world, type, &message.base));
    }
    message.stage = INCUBATION_STAGE(GRADUATED);
    assert_refused(organising_tell(world, type, &message.base), "NOT_REGISTERED_YET");
    file_it();
    assert_accepted(organising_tell(world, type, &message.base));
    struct organisation_key key = {offered.provider_id};
    cr_assert_eq(incubations_get(world_txn(world), &key)->n_reached_at_ms, 4);
}
