#include "common/fold/core.h"

#include <criterion/criterion.h>
#include <string.h>

static void nothing(struct wu_step *step, const void *body)
{
    (void)step;
    (void)body;
}

static const struct wu_route NEEDS[] = {
    {WU_TYPE(COMMUNITY_RAISE_NEED), WU_ORIGIN_COMMAND, NULL, nothing},
    {WU_TYPE(COMMUNITY_CONFIRM_NEED), WU_ORIGIN_COMMAND, NULL, nothing},
    {0},
};
static const struct wu_route EMPTY[] = {{0}};
static const struct wu_route OFFERS[] = {
    {WU_TYPE(LINKAGE_STEP_OFFERED), WU_ORIGIN_MAIL, NULL, nothing},
    {0},
};
static const struct wu_route *const ROUTES[] = {NEEDS, EMPTY, OFFERS, NULL};
static const struct wu_core CORE = {.role = "test", .routes = ROUTES};

Test(core, a_route_is_found_in_any_of_its_lists)
{
    cr_expect_eq(wu_core_route(&CORE, WU_TYPE(COMMUNITY_RAISE_NEED)), &NEEDS[0]);
    cr_expect_eq(wu_core_route(&CORE, WU_TYPE(COMMUNITY_CONFIRM_NEED)), &NEEDS[1]);
    cr_expect_eq(wu_core_route(&CORE, WU_TYPE(LINKAGE_STEP_OFFERED)), &OFFERS[0]);
}

Test(core, what_has_no_route_is_not_found)
{
    cr_expect_null(wu_core_route(&CORE, WU_TYPE(CHARITY_GIVE)));
    cr_expect_null(wu_core_route(&CORE, WU_TYPE(UNSPECIFIED)));
    cr_expect_null(wu_core_route(&CORE, (wu_event_type)123456));
}

Test(core, types_have_names_as_schemas_write_them)
{
    cr_expect_str_eq(wu_event_type_name(WU_TYPE(COMMUNITY_NEED_RAISED)), "COMMUNITY_NEED_RAISED");
    cr_expect_str_eq(wu_event_type_name(WU_TYPE(UNSPECIFIED)), "UNSPECIFIED");
    cr_expect_str_eq(wu_event_type_name((wu_event_type)123456), "UNKNOWN");
}

Test(core, text_of_a_key_is_padded_or_refused)
{
    char field[8];
    memset(field, 'x', sizeof field);
    cr_expect(wu_key_text(field, sizeof field, "abc"));
    cr_expect_eq(memcmp(field, "abc\0\0\0\0\0", sizeof field), 0);
    cr_expect(wu_key_text(field, sizeof field, "1234567"));
    cr_expect(!wu_key_text(field, sizeof field, "12345678"));
    cr_expect_eq(memcmp(field, "\0\0\0\0\0\0\0\0", sizeof field), 0);
    cr_expect(wu_key_text(field, sizeof field, NULL));
    cr_expect(wu_key_text(field, sizeof field, ""));
}
