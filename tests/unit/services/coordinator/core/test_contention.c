#include "services/coordinator/core/contention.h"
#include "tests/support/linking.h"

static void set_up(void)
{
    linking_set_up();
    adopt_kinds();
    join("home", ROLE_SOCIALORG, "visiting", STREET);
    join("hall", ROLE_SOCIALORG, "visiting", DISTRICT);
}

TestSuite(contention, .init = set_up, .fini = linking_tear_down);

static const ContentionRow *record_of(const char *who)
{
    struct contention_key key = {.provider_id = party_id(who)};
    cr_assert(wu_key_text(key.service, sizeof key.service, "visiting"));
    return contentions_get(world_txn(linking_world()), &key);
}

static const Bus__Answer *dissent(uint64_t need, const char *by, const char *text)
{
    struct wu_id provider_id = party_id("home");
    struct wu_id id = need_id(need);
    RecordDissent dissent = COORDINATOR__RECORD_DISSENT__INIT;
    dissent.provider_id = wu_id_to_pb(&provider_id);
    dissent.service = "visiting";
    dissent.linkage_id = wu_id_to_pb(&id);
    dissent.by = by;
    dissent.text = text;
    return world_command(linking_world(), WU_TYPE(COORDINATOR_RECORD_DISSENT), &dissent.base);
}

/* 1 has it, 2 does not get it: one record names both, and why. */
Test(contention, a_scarce_resource_has_a_record_with_all_claimants)
{
    raise_plain(1, "visit");
    reserve(BY(.who = "home"));
    raise_plain(2, "visit");
    decline(BY(.need = 2, .who = "home", .held_by = 1));
    const ContentionRow *row = record_of("home");
    cr_assert_not_null(row);
    cr_assert_str_eq(row->provider, "home");
    cr_assert_eq(row->rule, RULE(HOLDER_KEEPS));
    cr_assert_eq(row->n_claims, 2);
    cr_assert(row->claims[0]->holds);
    cr_assert_not(row->claims[1]->holds);
    cr_assert_eq(last_note(2, WU_TYPE(LINKAGE_STEP_DECLINED))->rules[0], RULE(HOLDER_KEEPS));
    cr_assert_str_eq(linkage_row(2)->steps[0]->provider, "hall", "and it went on");
}

Test(contention, a_no_that_is_not_for_others_is_no_contention)
{
    raise_plain(1, "visit");
    decline(BY(.who = "home"));
    raise_plain(2, "visit");
    decline(BY(.need = 2, .who = "home", .not_ours = true, .held_by = 1));
    cr_assert_null(record_of("home"));
}

Test(contention, a_claimant_stands_once_and_the_latest_sixteen_are_kept)
{
    for (uint64_t need = 2; need <= 31; need++) {
        raise_plain(need, "visit");
        decline(BY(.need = need, .who = "home", .held_by = 1));
    }
    cr_assert_eq(record_of("home")->n_claims, CONTENTION_CLAIMS_MAX);
    cr_assert_eq(record_of("home")->claim_count, 31 + 1, "the holder came back after it had gone");
}

Test(contention, who_did_not_get_it_may_say_so)
{
    raise_plain(2, "visit");
    assert_refused(dissent(2, "C-2", "why?"), "CONTENTION_UNKNOWN");
    decline(BY(.need = 2, .who = "home", .held_by = 1));
    assert_refused(dissent(3, "C-2", "why?"), "DISSENT_NOT_CLAIMANT");
    assert_refused(dissent(2, "", "why?"), "DISSENT_SPEAKER_INVALID");
    assert_refused(dissent(2, "C-2", ""), "DISSENT_TEXT_INVALID");
    assert_accepted(dissent(2, "C-2", "ours is the more urgent"));
    cr_assert_str_eq(record_of("home")->dissents[0]->text, "ours is the more urgent");
    for (int i = 1; i < CONTENTION_DISSENTS_MAX; i++) {
        assert_accepted(dissent(2, "C-2", "again"));
    }
    assert_refused(dissent(2, "C-2", "again"), "DISSENT_RECORD_FULL");
}
