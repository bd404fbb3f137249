#include "services/socialorg/core/core.h"

#include "common/base/time.h"
#include "tests/support/organising.h"

#include <criterion/criterion.h>

static struct world *world;
static struct offered offered;

static void set_up(void)
{
    world = world_open(&SOCIALORG_CORE);
    offered = (struct offered){.service = "day-care"};
    offered.provider_id =
        organising_add(world, &(struct body){"ORG-1", .service = "day-care", .capacity_cases = 2});
}

static void tear_down(void)
{
    world_verify(world);
    world_close(&world);
}

TestSuite(socialorg, .init = set_up, .fini = tear_down);

Test(socialorg, an_organisation_takes_as_many_cases_as_it_has_room_for)
{
    for (offered.linkage = 1; offered.linkage <= 2; offered.linkage++) {
        providing_take(world, &offered);
    }
    providing_offer(world, &offered);
    cr_assert_eq(providing_declined(world), DECLINE_REASON(NO_CAPACITY));
    cr_assert_eq(providing_body(world, offered.provider_id)->open_cases, 2);
}

Test(socialorg, a_delivered_case_makes_room_for_another)
{
    for (offered.linkage = 1; offered.linkage <= 2; offered.linkage++) {
        providing_take(world, &offered);
    }
    offered.linkage = 1;
    assert_accepted(providing_report(world, &offered, 0, 0));
    offered.linkage = 3;
    providing_take(world, &offered);
}

Test(socialorg, announces_itself_under_its_role)
{
    organising_add(world, &(struct body){"ORG-2", .service = "day-care"});
    const ProviderAnnounced *announced = world_find(world, WU_TYPE(LINKAGE_PROVIDER_ANNOUNCED), 0,
                                                    &linkage__provider_announced__descriptor);
    cr_assert_not_null(announced);
    cr_assert_eq(announced->role, ROLE(SOCIALORG));
    cr_assert(announced->open);
}
