#include "services/community/core/core.h"
#include "services/community/core/tables.h"
#include "tests/support/answers.h"

#include <string.h>

static struct world *world;

static void set_up(void)
{
    world = world_open(&COMMUNITY_CORE);
}

static void tear_down(void)
{
    world_verify(world);
    world_close(&world);
}

TestSuite(community, .init = set_up, .fini = tear_down);

static const Bus__Answer *add(uint64_t division, const char *name)
{
    AddCommunity add = COMMUNITY__ADD_COMMUNITY__INIT;
    add.division = division;
    add.name = name;
    return world_command(world, WU_TYPE(COMMUNITY_ADD_COMMUNITY), &add.base);
}

static const CommunityRow *community_row(uint64_t division)
{
    return communities_get(world_txn(world), &(struct community_key){division});
}

static void adopt(const char *code, uint32_t version, const char *name)
{
    KindAdopted adopted = COORDINATOR__KIND_ADOPTED__INIT;
    adopted.code = code;
    adopted.version = version;
    adopted.name_zh = name;
    adopted.name_en = name;
    adopted.confirm_within_ms = 1;
    struct world_mail mail = {.type = WU_TYPE(COORDINATOR_KIND_ADOPTED)};
    world_public(world, "coordinator.kind", &mail, &adopted.base);
}

static const KindRow *kind_row(const char *code)
{
    struct kind_key key;
    cr_assert(wu_key_text(key.code, sizeof key.code, code));
    return kinds_get(world_txn(world), &key);
}

Test(community, it_joins_by_its_division)
{
    assert_accepted(add(UINT64_C(420106012001), "东湖社区"));
    cr_assert_str_eq(community_row(UINT64_C(420106012001))->name, "东湖社区");
    cr_assert_eq(world_output_count(world), 0);
}

Test(community, added_again_it_has_the_new_name_and_the_old_day)
{
    int64_t joined_at_ms = world_now_ms(world);
    assert_accepted(add(UINT64_C(420106012001), "East Lake"));
    world_advance(world, 1000);
    assert_accepted(add(UINT64_C(420106012001), "East Lake Garden"));
    cr_assert_str_eq(community_row(UINT64_C(420106012001))->name, "East Lake Garden");
    cr_assert_eq(community_row(UINT64_C(420106012001))->joined_at_ms, joined_at_ms);
}

/* Everything is wrong at first; each correction uncovers the next refusal. */
Test(community, refusals_come_in_their_order)
{
    char name[300] = "";
    assert_refused(add(42, name), "COMMUNITY_DIVISION_INVALID");
    assert_refused(add(UINT64_C(420106012000), name), "COMMUNITY_DIVISION_INVALID");
    assert_refused(add(UINT64_C(420106012001), name), "COMMUNITY_NAME_MISSING");
    memset(name, 'x', 201);
    assert_refused(add(UINT64_C(420106012001), name), "COMMUNITY_NAME_TOO_LONG");
    cr_assert_null(community_row(UINT64_C(420106012001)));
    name[200] = '\0';
    assert_accepted(add(UINT64_C(420106012001), name));
}

Test(community, it_learns_the_catalogue_from_its_coordinator)
{
    adopt("meals", 1, "meals");
    cr_assert_str_eq(kind_row("meals")->name_en, "meals");
    adopt("meals", 2, "hot meals");
    cr_assert_eq(kind_row("meals")->version, 2);
    cr_assert_str_eq(kind_row("meals")->name_en, "hot meals");
}

Test(community, an_older_version_changes_nothing)
{
    adopt("meals", 2, "hot meals");
    adopt("meals", 2, "meals again");
    adopt("meals", 1, "meals");
    cr_assert_str_eq(kind_row("meals")->name_en, "hot meals");
}
