#include "common/base/division.h"

#include <criterion/criterion.h>

#define COMMUNITY UINT64_C(420106012001)
#define STREET UINT64_C(420106012000)
#define DISTRICT UINT64_C(420106000000)
#define CITY UINT64_C(420100000000)
#define PROVINCE UINT64_C(420000000000)

Test(division, it_has_twelve_digits)
{
    cr_expect(wu_division_is_valid(COMMUNITY));
    cr_expect(wu_division_is_valid(UINT64_C(100000000000)));
    cr_expect(wu_division_is_valid(UINT64_C(999999999999)));
    cr_expect(!wu_division_is_valid(UINT64_C(99999999999)));
    cr_expect(!wu_division_is_valid(UINT64_C(1000000000000)));
    cr_expect(!wu_division_is_valid(0));
    cr_expect(!wu_division_is_valid(UINT64_MAX));
}

Test(division, a_parent_is_the_prefix_with_zeros)
{
    cr_expect_eq(wu_division_parent(COMMUNITY, WU_DIVISION_COMMUNITY), COMMUNITY);
    cr_expect_eq(wu_division_parent(COMMUNITY, WU_DIVISION_STREET), STREET);
    cr_expect_eq(wu_division_parent(COMMUNITY, WU_DIVISION_DISTRICT), DISTRICT);
    cr_expect_eq(wu_division_parent(COMMUNITY, WU_DIVISION_CITY), CITY);
}

Test(division, its_level_is_told_by_its_zeros)
{
    cr_expect_eq(wu_division_level(COMMUNITY), 12);
    cr_expect_eq(wu_division_level(STREET), 9);
    cr_expect_eq(wu_division_level(DISTRICT), 6);
    cr_expect_eq(wu_division_level(CITY), 4);
    cr_expect_eq(wu_division_level(PROVINCE), 2);
    cr_expect_eq(wu_division_level(UINT64_C(420100000001)), 12);
    cr_expect_eq(wu_division_level(UINT64_C(420106000001)), 12);
    cr_expect_eq(wu_division_level(UINT64_C(420100001000)), 9);
}

Test(division, an_outer_one_holds_what_lies_below_it_and_itself)
{
    static const uint64_t nested[] = {COMMUNITY, STREET, DISTRICT, CITY, PROVINCE};
    enum { COUNT = sizeof nested / sizeof nested[0] };
    for (int outer = 0; outer < COUNT; outer++) {
        for (int inner = 0; inner < COUNT; inner++) {
            cr_expect_eq(wu_division_holds(nested[outer], nested[inner]), inner <= outer,
                         "%d in %d", inner, outer);
        }
    }
    cr_expect(!wu_division_holds(STREET, UINT64_C(420106013001)));
    cr_expect(!wu_division_holds(DISTRICT, UINT64_C(420107000000)));
    cr_expect(!wu_division_holds(COMMUNITY, UINT64_C(420106012002)));
}
