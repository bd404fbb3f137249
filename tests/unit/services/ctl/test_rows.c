#include "services/ctl/rows.h"

#include "common/base/time.h"
#include "wushe/charity/v1/gift.pb-c.h"
#include "wushe/community/v1/need.pb-c.h"
#include "wushe/coordinator/v1/kind.pb-c.h"
#include "wushe/socialorg/v1/organisation.pb-c.h"
#include "wushe/socialworker/v1/worker.pb-c.h"
#include "wushe/volunteer/v1/volunteer.pb-c.h"

#include <criterion/criterion.h>
#include <string.h>

/* 2026-11-24 22:15 in a city eight hours east of UTC. */
static const struct ctl_clock CLOCK = {INT64_C(1795529700000), 480};

static struct wu_arena arena;
static struct ctl_row_command made;
static struct ctl_row_fault fault;

static void open_arena(void)
{
    cr_assert_eq(wu_arena_open(&arena, 64 * 1024), WU_OK);
}

static void close_arena(void)
{
    wu_arena_close(&arena);
}

static bool read_as(const char *kind_name, const char *const *cells)
{
    for (const struct ctl_row_kind *kind = CTL_ROW_KINDS; kind->name != NULL; kind++) {
        if (strcmp(kind->name, kind_name) == 0) {
            return kind->read(cells, &CLOCK, &arena, &made, &fault);
        }
    }
    cr_assert_fail("no kind '%s'", kind_name);
    return false;
}

#define READ(kind, ...) \
    read_as(kind, (const char *const[CTL_ROW_COLUMNS_MAX + 6]){__VA_ARGS__, "", "", "", "", "", ""})

static int64_t time_of(const char *text)
{
    int64_t time_ms = -1;
    return ctl_parse_time(text, &CLOCK, &time_ms) ? time_ms : -1;
}

Test(parse, times_are_local_unless_they_say_otherwise)
{
    cr_assert_eq(time_of("2026-11-24 22:15"), CLOCK.now_ms);
    cr_assert_eq(time_of("2026-11-24T14:15:00Z"), CLOCK.now_ms);
    cr_assert_eq(time_of("2026-11-24T14:15:00.250Z"), CLOCK.now_ms + 250);
    cr_assert_eq(time_of("2026-11-24T07:15:00-0700"), CLOCK.now_ms);
    cr_assert_eq(time_of("2026-11-24 22:15+08:00"), CLOCK.now_ms);
    cr_assert_eq(time_of("2026-11-25"), CLOCK.now_ms + 105 * WU_MINUTE_MS);
    cr_assert_eq(time_of("+30m"), CLOCK.now_ms + 30 * WU_MINUTE_MS);
    cr_assert_eq(time_of("-2h"), CLOCK.now_ms - 2 * WU_HOUR_MS);
    cr_assert_eq(time_of("+7d"), CLOCK.now_ms + 7 * WU_DAY_MS);
    cr_assert_eq(time_of("1970-01-01T00:00:00Z"), 0);
}

Test(parse, a_time_that_does_not_exist_is_no_time)
{
    static const char *const wrong[] = {"",
                                        "2026-02-29",
                                        "2026-13-01",
                                        "2026-00-10",
                                        "2026-11-24 24:00",
                                        "2026-11-24 9:30",
                                        "24.11.2026",
                                        "2026-11-24T",
                                        "2026-11-24 09:30x",
                                        "+",
                                        "+7w",
                                        "+7days",
                                        "1969-12-31",
                                        "2100-02-29",
                                        "2026-11-24T09:30+25:00"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_assert_eq(time_of(wrong[i]), -1, "'%s'", wrong[i]);
    }
    cr_assert_neq(time_of("2024-02-29"), -1);
    cr_assert_neq(time_of("2000-02-29"), -1);
}

Test(parse, a_foreign_time_reads_by_its_format)
{
    int64_t time_ms = 0;
    cr_assert(ctl_parse_time_by("2018-01-01T00:00:09Z", "%Y-%m-%dT%H:%M:%SZ", 0, &time_ms));
    cr_assert_eq(time_ms, INT64_C(1514764809000));
    cr_assert(ctl_parse_time_by("01/01/2018 08:00:09", "%d/%m/%Y %H:%M:%S", 480, &time_ms));
    cr_assert_eq(time_ms, INT64_C(1514764809000));
    cr_assert(ctl_parse_time_by("2018-01-01 01:00:09+0100", "%Y-%m-%d %H:%M:%S%z", 480, &time_ms));
    cr_assert_eq(time_ms, INT64_C(1514764809000));
    cr_assert_not(ctl_parse_time_by("2018-02-30", "%Y-%m-%d", 0, &time_ms));
    cr_assert_not(ctl_parse_time_by("2018-02-03 and more", "%Y-%m-%d", 0, &time_ms));
}

Test(parse, money_is_exact_to_the_fen)
{
    static const struct {
        const char *text;
        int64_t fen;
    } right[] = {{"0.05", 5},        {"12.5", 1250},
                 {"20000", 2000000}, {"92233720368547757.99", INT64_C(9223372036854775799)},
                 {"0.29", 29},       {"1234.50", 123450}};
    static const char *const wrong[] = {
        "", ".", ".5", "1.", "1.005", "-1", "1,000", "1e3", " 1", "92233720368547759", "1.5x"};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        int64_t fen = -1;
        cr_assert(ctl_parse_fen(right[i].text, &fen), "'%s'", right[i].text);
        cr_assert_eq(fen, right[i].fen, "'%s'", right[i].text);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t fen = -1;
        cr_assert_not(ctl_parse_fen(wrong[i], &fen), "'%s'", wrong[i]);
    }
}

Test(parse, amounts_read_well)
{
    char text[CTL_AMOUNT_TEXT_MAX];
    cr_assert_str_eq(ctl_fen_text(123450, text), "1,234.50 元");
    cr_assert_str_eq(ctl_fen_text(-5, text), "-0.05 元");
    cr_assert_str_eq(ctl_fen_text(INT64_MIN, text), "-92,233,720,368,547,758.08 元");
    cr_assert_str_eq(ctl_pieces_text(1000, text), "1,000 件");
    cr_assert_str_eq(ctl_pieces_text(0, text), "0 件");
}

Test(rows, a_need_takes_its_defaults, .init = open_arena, .fini = close_arena)
{
    cr_assert(READ("needs", "N-1", "elder-meal", "420106012001", "", "", "", "", ""), "%s",
              fault.reason);
    const Community__RaiseNeed *raise = (const void *)made.body;
    cr_assert_str_eq(made.role, "community");
    cr_assert_eq(made.division, UINT64_C(420106012001));
    cr_assert_eq(made.happened_at_ms, 0);
    cr_assert_eq(raise->urgency, COMMUNITY__NEED_URGENCY__NEED_URGENCY_LONGING);
    cr_assert_eq(raise->source, COMMUNITY__NEED_SOURCE__NEED_SOURCE_RESIDENT);
    cr_assert_eq(raise->from_ms, CLOCK.now_ms + WU_HOUR_MS);
    cr_assert_eq(raise->until_ms, CLOCK.now_ms + 7 * WU_DAY_MS);
    cr_assert_str_eq(raise->origin, "csv");
    cr_assert_str_eq(raise->external_ref, "N-1");
}

Test(rows, a_bad_cell_is_named_with_what_would_do, .init = open_arena, .fini = close_arena)
{
    cr_assert_not(READ("needs", "N-1", "elder-meal", "4201", "", "", "", "", ""));
    cr_assert_str_eq(fault.code, "DIVISION_MALFORMED");
    cr_assert_not(READ("needs", "N-1", "elder-meal", "420106012001", "soon", "", "", "", ""));
    cr_assert_str_eq(fault.code, "WORD_UNKNOWN");
    cr_assert_str_eq(fault.reason,
                     "urgency 'soon' is none of urgent, difficult, anxious or longing");
    cr_assert_not(READ("needs", "N-1", "k", "420106012001", "", "", "yesterday", "", ""));
    cr_assert_str_eq(fault.code, "TIME_MALFORMED");
    cr_assert_not(READ("organisations", "church", "C1", "x", "420106012001", "a", "", ""));
    cr_assert_str_eq(fault.code, "SOCIETY_UNKNOWN");
    cr_assert_not(READ("organisations", "volunteer", "C1", "x", "420106012001", "a", "", "maybe"));
    cr_assert_str_eq(fault.code, "WORD_UNKNOWN");
}

Test(rows, a_community_and_a_provider_go_to_their_own_nodes, .init = open_arena,
     .fini = close_arena)
{
    cr_assert(READ("organisations", "community", "", "水果湖社区", "420106012001", "", "", ""));
    cr_assert_str_eq(made.role, "community");
    cr_assert_eq(made.type, WU_TYPE(COMMUNITY_ADD_COMMUNITY));
    cr_assert(READ("organisations", "charity", "F1", "慈善基金", "420100000000",
                   " money-elderly ; goods-rice-5kg;", "", "by_hand"));
    const Linkage__AddProvider *add = (const void *)made.body;
    cr_assert_str_eq(made.role, "charity");
    cr_assert_eq(add->n_services, 2);
    cr_assert_str_eq(add->services[0], "money-elderly");
    cr_assert_str_eq(add->services[1], "goods-rice-5kg");
    cr_assert(add->by_hand);
    cr_assert_eq(add->capacity_cases, 0);
}

Test(rows, a_volunteer_brings_free_times, .init = open_arena, .fini = close_arena)
{
    cr_assert(READ("people", "volunteer", "T1", "420106000000001", "张三", "420106012001", "",
                   "elder-visit", "", "", "1:0800-1200;6:0900-2400"),
              "%s", fault.reason);
    const Volunteer__AddVolunteer *add = (const void *)made.body;
    cr_assert_eq(add->n_free, 2);
    cr_assert_eq(add->free[1]->weekday, 6);
    cr_assert_eq(add->free[1]->until_min, 1440);
    cr_assert_not(READ("people", "volunteer", "T1", "n", "张三", "420106012001", "", "elder-visit",
                       "", "", "8:0800-1200"));
    cr_assert_str_eq(fault.code, "FREE_MALFORMED");
}

Test(rows, a_social_worker_is_registered_to_the_end_of_the_day, .init = open_arena,
     .fini = close_arena)
{
    cr_assert(READ("people", "socialworker", "S1", "SW1", "李四", "", "social_worker",
                   "elderly;assessment", "2027-12-31", "20", ""),
              "%s", fault.reason);
    const Socialworker__AddWorker *add = (const void *)made.body;
    cr_assert_eq(add->level, SOCIALWORKER__WORKER_LEVEL__WORKER_LEVEL_SOCIAL_WORKER);
    cr_assert_eq(add->registered_until_ms, time_of("2028-01-01") - 1);
    cr_assert_eq(add->caseload_max, 20);
}

Test(rows, an_organisation_is_registered_to_the_end_of_the_day, .init = open_arena,
     .fini = close_arena)
{
    cr_assert(READ("registrations", "O1", "service-agency", "53100000500021676K", "", "2027-12-31",
                   "10", "6", "4", "2028-06-30", "meals;visits", "420106000000", "", "office-1"),
              "%s", fault.reason);
    const Socialorg__RegisterOrganisation *message = (const void *)made.body;
    cr_assert_str_eq(made.role, "socialorg");
    cr_assert_eq(message->kind, SOCIALORG__ORGANISATION_KIND__ORGANISATION_KIND_SERVICE_AGENCY);
    cr_assert_eq(message->registered_until_ms, time_of("2028-01-01") - 1);
    cr_assert_eq(message->resident_founder_count, 6);
    cr_assert_eq(message->n_scope, 2);
    cr_assert_eq(message->areas[0], UINT64_C(420106000000));
    cr_assert_not(READ("registrations", "O1", "club", "", "", "2027-12-31", "1", "1", "", "", "",
                       "", "", "office-1"));
    cr_assert_str_eq(fault.code, "WORD_UNKNOWN");
    cr_assert_not(READ("registrations", "O1", "association", "", "", "2027", "1", "1", "", "", "",
                       "", "", "office-1"));
    cr_assert_str_eq(fault.code, "DATE_MALFORMED");
}

Test(rows, money_comes_in_yuan_and_goods_in_pieces, .init = open_arena, .fini = close_arena)
{
    cr_assert(READ("resources", "F1", "money", "money-elderly", "200.10", "R1"));
    const Charity__Give *give = (const void *)made.body;
    cr_assert_eq(give->quantity, 20010);
    cr_assert(READ("resources", "F1", "goods", "goods-rice-5kg", "30", "R2"));
    give = (const void *)made.body;
    cr_assert_eq(give->quantity, 30);
    cr_assert_not(READ("resources", "F1", "goods", "goods-rice-5kg", "30.5", "R2"));
    cr_assert_str_eq(fault.code, "NUMBER_MALFORMED");
}

Test(rows, a_kind_brings_its_recipe, .init = open_arena, .fini = close_arena)
{
    cr_assert(READ("kinds", "elder-care", "助老", "Elder care", "elderly", "120", "72", "168",
                   "socialorg:home-care:1;volunteer:elder-visit:2;charity:money-elderly:20000?"),
              "%s", fault.reason);
    const Coordinator__AdoptKind *adopt = (const void *)made.body;
    cr_assert(adopt->assess);
    cr_assert_eq(adopt->reply_within_ms, 2 * WU_HOUR_MS);
    cr_assert_eq(adopt->n_recipe, 3);
    cr_assert_eq(adopt->recipe[0]->role, LINKAGE__ROLE__ROLE_SOCIALORG);
    cr_assert(adopt->recipe[1]->required);
    cr_assert_not(adopt->recipe[2]->required);
    cr_assert_eq(adopt->recipe[2]->quantity, 20000);
    cr_assert_not(READ("kinds", "k", "z", "e", "", "1", "1", "1", "volunteer:elder-visit"));
    cr_assert_str_eq(fault.code, "RECIPE_MALFORMED");
}
