#include "common/base/time.h"
#include "tests/support/providing.h"

#include <criterion/criterion.h>

static struct world *world;

static const char *services[] = {"day-care", "meals"};

static AddProvider good(void)
{
    AddProvider add = LINKAGE__ADD_PROVIDER__INIT;
    add.code = "ORG-1";
    add.name = "Home by the river";
    add.division = UINT64_C(420106012000);
    add.n_services = 2;
    add.services = services;
    add.capacity_cases = 3;
    return add;
}

static const Bus__Answer *submit(const AddProvider *add)
{
    world_clear(world);
    return world_command(world, WU_TYPE(LINKAGE_ADD_PROVIDER), &add->base);
}

static const ProviderAnnounced *announced(void)
{
    return world_find(world, WU_TYPE(LINKAGE_PROVIDER_ANNOUNCED), 0,
                      &linkage__provider_announced__descriptor);
}

static void set_up(void)
{
    world = world_open(&PLAIN_PROVIDER_CORE);
}

static void tear_down(void)
{
    world_verify(world);
    world_close(&world);
}

TestSuite(provider, .init = set_up, .fini = tear_down);

Test(provider, a_body_joins_and_is_announced_to_the_coordinator)
{
    AddProvider add = good();
    const Bus__Answer *answer = submit(&add);
    assert_accepted(answer);
    cr_assert_eq(answer->id.len, 16);
    cr_assert_eq(world_output_count(world), 1);
    cr_assert_eq(world_output(world, 0)->to_node, 1);
    cr_assert_str_eq(announced()->name, "Home by the river");
    cr_assert_eq(announced()->n_services, 2);
    cr_assert_eq(announced()->division, add.division);
}

Test(provider, the_same_again_is_no_news)
{
    AddProvider add = good();
    struct wu_id first;
    struct wu_id again;
    wu_id_from_pb(submit(&add)->id, &first);
    wu_id_from_pb(submit(&add)->id, &again);
    cr_assert(wu_id_equal(&first, &again));
    cr_assert_eq(world_output_count(world), 0);
}

Test(provider, the_same_code_changes_the_body_and_keeps_its_cases)
{
    struct offered offered = {.service = "day-care"};
    AddProvider add = good();
    wu_id_from_pb(submit(&add)->id, &offered.provider_id);
    providing_take(world, &offered);

    add.closed = true;
    add.capacity_cases = 9;
    struct wu_id changed;
    wu_id_from_pb(submit(&add)->id, &changed);
    cr_assert(wu_id_equal(&changed, &offered.provider_id));
    cr_assert_not(announced()->open);
    cr_assert_eq(providing_body(world, changed)->open_cases, 1);
    cr_assert_eq(providing_body(world, changed)->capacity_cases, 9);
}

Test(provider, a_refused_body_leaves_no_trace)
{
    AddProvider add = good();
    add.capacity_cases = -1;
    assert_refused(submit(&add), "PROVIDER_CAPACITY_INVALID");
    cr_assert_eq(world_output_count(world), 0);
    struct provider_code_key key;
    cr_assert(wu_key_text(key.code, sizeof key.code, "ORG-1"));
    cr_assert_null(providers_by_code_get(world_txn(world), &key));
}

/* Everything is wrong at first; each correction uncovers the next refusal. */
Test(provider, refusals_come_in_their_order)
{
    const char *twice[] = {"meals", "meals"};
    AddProvider add = LINKAGE__ADD_PROVIDER__INIT;
    add.code = "a code that is too long for a key";
    add.capacity_cases = -1;
    assert_refused(submit(&add), "PROVIDER_CODE_MALFORMED");
    add.code = "A 1";
    assert_refused(submit(&add), "PROVIDER_CODE_MALFORMED");
    add.code = "";
    assert_refused(submit(&add), "PROVIDER_CODE_MALFORMED");
    add.code = "12345678901234567890123";
    assert_refused(submit(&add), "PROVIDER_NAME_INVALID");
    add.name = "a body";
    assert_refused(submit(&add), "PROVIDER_DIVISION_INVALID");
    add.division = UINT64_C(420106012000);
    assert_refused(submit(&add), "PROVIDER_SERVICES_INVALID");
    add.n_services = 2;
    add.services = twice;
    assert_refused(submit(&add), "PROVIDER_SERVICES_INVALID");
    add.services = services;
    assert_refused(submit(&add), "PROVIDER_CAPACITY_INVALID");
    add.capacity_cases = 0;
    assert_accepted(submit(&add));
}
