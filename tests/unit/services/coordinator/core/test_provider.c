#include "tests/support/linking.h"

#include <stdio.h>
#include <string.h>

TestSuite(provider, .init = linking_set_up, .fini = linking_tear_down);

/* How many stand in that line. */
static size_t line_length(Role role, const char *service, uint64_t division)
{
    struct candidate_key key = {.role = (uint32_t)role, .division = division};
    cr_assert(wu_key_text(key.service, sizeof key.service, service));
    struct wu_txn *txn = world_txn(linking_world());
    size_t count = 0;
    const CandidateRow *row = NULL;
    for (bool found = candidates_from(txn, &key, CANDIDATE_PLACE_FIELDS, &row); found;
         found = candidates_after(txn, &key, CANDIDATE_PLACE_FIELDS, &row)) {
        count++;
    }
    return count;
}

Test(provider, it_stands_in_the_line_of_each_of_its_services)
{
    announce(PARTY(.name = "home", .role = ROLE_SOCIALORG, .service = "visiting",
                   .second_service = "kitchen"));
    cr_assert_eq(line_length(ROLE_SOCIALORG, "visiting", STREET), 1);
    cr_assert_eq(line_length(ROLE_SOCIALORG, "kitchen", STREET), 1);
    cr_assert_eq(line_length(ROLE_CHARITY, "kitchen", STREET), 0);
    cr_assert_str_eq(provider_row("home")->name, "home");
    assert_nothing_said();
}

Test(provider, announced_again_it_leaves_its_old_lines)
{
    announce(PARTY(.name = "home", .role = ROLE_SOCIALORG, .service = "visiting",
                   .second_service = "kitchen"));
    join("home", ROLE_SOCIALORG, "visiting", DISTRICT);
    cr_assert_eq(line_length(ROLE_SOCIALORG, "visiting", STREET), 0);
    cr_assert_eq(line_length(ROLE_SOCIALORG, "kitchen", STREET), 0);
    cr_assert_eq(line_length(ROLE_SOCIALORG, "visiting", DISTRICT), 1);
}

Test(provider, a_closed_one_stands_in_no_line)
{
    join("home", ROLE_SOCIALORG, "visiting", STREET);
    announce(PARTY(.name = "home", .role = ROLE_SOCIALORG, .service = "visiting", .closed = true));
    cr_assert_eq(line_length(ROLE_SOCIALORG, "visiting", STREET), 0);
    adopt_kinds();
    raise_plain(1, "visit");
    assert_said("opened under 1", "closed UNMET NO_PROVIDER visiting",
                "counted visit UNMET NO_PROVIDER");
}

Test(provider, it_keeps_its_turn_when_it_says_the_same_again)
{
    adopt_kinds();
    join("a", ROLE_SOCIALORG, "visiting", STREET);
    join("b", ROLE_SOCIALORG, "visiting", STREET);
    raise_plain(1, "visit");
    announce(PARTY(.name = "a", .role = ROLE_SOCIALORG, .service = "visiting", .closed = true));
    announce(PARTY(.name = "a", .role = ROLE_SOCIALORG, .service = "visiting",
                   .second_service = "kitchen"));
    raise_plain(2, "visit");
    assert_said("opened under 1", "offer 1.1 to a", "opened under 1", "offer 1.1 to b");
}

Test(provider, no_other_node_speaks_for_it)
{
    join("home", ROLE_SOCIALORG, "visiting", STREET);
    announce(PARTY(.name = "home", .role = ROLE_SOCIALORG, .service = "visiting", .closed = true,
                   .from_node = STRANGER_NODE));
    cr_assert(provider_row("home")->open);
    cr_assert_eq(line_length(ROLE_SOCIALORG, "visiting", STREET), 1);
}

Test(provider, nonsense_is_not_heard)
{
    join("a community", LINKAGE__ROLE__ROLE_COMMUNITY, "visiting", STREET);
    join("a new role", (Role)99, "visiting", STREET);
    join("nowhere", ROLE_SOCIALORG, "visiting", 42);
    cr_assert_null(provider_row("a community"));
    cr_assert_null(provider_row("a new role"));
    cr_assert_null(provider_row("nowhere"));
}

Test(provider, a_service_no_step_could_ask_for_is_left_out)
{
    announce(PARTY(.name = "home", .role = ROLE_SOCIALORG,
                   .service = "a-service-with-32-bytes-is-long-", .second_service = "visiting"));
    cr_assert_eq(provider_row("home")->n_services, 1);
    cr_assert_eq(line_length(ROLE_SOCIALORG, "visiting", STREET), 1);
}

/* ---- whose turn it is ------------------------------------------------------ */

Test(provider, the_nearest_place_is_asked_first)
{
    adopt_kinds();
    join("province", ROLE_SOCIALORG, "visiting", PROVINCE);
    join("city", ROLE_SOCIALORG, "visiting", CITY);
    join("district", ROLE_SOCIALORG, "visiting", DISTRICT);
    join("street", ROLE_SOCIALORG, "visiting", STREET);
    join("community", ROLE_SOCIALORG, "visiting", COMMUNITY);
    raise_plain(1, "visit");
    decline(BY(.who = "community", .attempt = 1));
    decline(BY(.who = "street", .attempt = 2));
    decline(BY(.who = "district", .attempt = 3));
    decline(BY(.who = "city", .attempt = 4));
    decline(BY(.who = "province", .attempt = 5));
    assert_said("opened under 1", "offer 1.1 to community", "offer 1.2 to street",
                "offer 1.3 to district", "offer 1.4 to city", "offer 1.5 to province",
                "closed UNMET ALL_DECLINED visiting", "counted visit UNMET ALL_DECLINED");
}

Test(provider, a_need_of_a_whole_street_begins_with_the_street)
{
    adopt_kinds();
    join("street", ROLE_SOCIALORG, "visiting", STREET);
    join("community", ROLE_SOCIALORG, "visiting", COMMUNITY);
    raise_need(NEED(.kind = "visit", .division = STREET));
    decline(BY(.who = "street"));
    assert_said("opened under 1", "offer 1.1 to street", "closed UNMET ALL_DECLINED visiting",
                "counted visit UNMET ALL_DECLINED");
    const HistoryEntry *nobody = last_note(1, WU_TYPE(LINKAGE_STEP_OFFERED));
    cr_assert_eq(nobody->why, WHY_NOBODY_LEFT);
    cr_assert_eq(nobody->looked_at_count, 1);
    cr_assert_eq(nobody->excluded_count, 1);
}

Test(provider, who_serves_elsewhere_is_never_asked)
{
    adopt_kinds();
    join("other street", ROLE_SOCIALORG, "visiting", OTHER_STREET);
    join("neighbours", ROLE_SOCIALORG, "visiting", COMMUNITY + 1);
    raise_plain(1, "visit");
    assert_said("opened under 1", "closed UNMET NO_PROVIDER visiting",
                "counted visit UNMET NO_PROVIDER");
}

Test(provider, the_longest_without_an_offer_is_asked_first)
{
    adopt_kinds();
    join("a", ROLE_SOCIALORG, "visiting", STREET);
    join("b", ROLE_SOCIALORG, "visiting", STREET);
    join("c", ROLE_SOCIALORG, "visiting", STREET);
    for (uint64_t n = 1; n <= 5; n++) {
        raise_plain(n, "visit");
    }
    assert_said("opened under 1", "offer 1.1 to a", "opened under 1", "offer 1.1 to b",
                "opened under 1", "offer 1.1 to c", "opened under 1", "offer 1.1 to a",
                "opened under 1", "offer 1.1 to b");
    cr_assert_eq(line_length(ROLE_SOCIALORG, "visiting", STREET), 3);
}

Test(provider, the_load_is_of_all_services)
{
    adopt_kinds();
    announce(PARTY(.name = "a", .role = ROLE_SOCIALORG, .service = "visiting",
                   .second_service = "kitchen"));
    announce(PARTY(.name = "b", .role = ROLE_SOCIALORG, .service = "visiting",
                   .second_service = "kitchen"));
    raise_plain(1, "visit");
    raise_plain(2, "meals");
    assert_said("opened under 1", "offer 1.1 to a", "opened under 1", "offer 1.1 to b");
}

Test(provider, a_step_is_offered_at_most_64_times)
{
    adopt_kinds();
    for (int i = 0; i < 66; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "p%02d", i);
        join(name, ROLE_SOCIALORG, "visiting", STREET);
    }
    raise_plain(1, "visit");
    for (uint32_t attempt = 1; attempt <= 64; attempt++) {
        const LinkageStep *step = linkage_row(1)->steps[0];
        cr_assert_eq(step->attempt, attempt);
        decline(BY(.who = step->provider, .attempt = attempt));
    }
    cr_assert_eq(linkage_row(1)->state, LINKAGE_CLOSED);
    cr_assert_eq(linkage_row(1)->steps[0]->n_tried, 64);
}
