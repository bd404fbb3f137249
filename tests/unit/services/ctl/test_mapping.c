#include "services/ctl/mapping.h"

#include "wushe/community/v1/need.pb-c.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct ctl_clock CLOCK = {INT64_C(1795529700000), 480};
static const char HEAD[] = "origin: theirs\n"
                           "columns: {ref: id, kind: what, division: where, raised_at: when,\n"
                           "          source: how, community_name: place}\n";

static struct wu_arena arena;
static struct ctl_mapping mapping;
static struct wu_error error;

static void open_arena(void)
{
    cr_assert_eq(wu_arena_open(&arena, 256 * 1024), WU_OK);
}

static void close_arena(void)
{
    wu_arena_close(&arena);
}

TestSuite(mapping, .init = open_arena, .fini = close_arena);

/* HEAD and these lines. */
static enum wu_status parse(const char *lines)
{
    char text[4096];
    (void)snprintf(text, sizeof text, "%s%s", HEAD, lines);
    return ctl_mapping_parse("m.yaml", text, strlen(text), &arena, &mapping, &error);
}

static const char *complaint(const char *text)
{
    cr_assert_eq(ctl_mapping_parse("m.yaml", text, strlen(text), &arena, &mapping, &error),
                 WU_INVALID, "'%s'", text);
    return error.text;
}

/* One row of id, what, where, when, how, place to a need. */
static bool apply(const char *const *theirs, Community__RaiseNeed *ret_raise,
                  struct ctl_row_command *ret_made, struct ctl_row_fault *ret_fault)
{
    const char *ours[CTL_NEED_COLUMNS];
    if (!ctl_mapping_apply(&mapping, theirs, &arena, ours, ret_fault) ||
        !CTL_ROW_NEEDS.read(ours, &CLOCK, &arena, ret_made, ret_fault)) {
        return false;
    }
    *ret_raise = *(const Community__RaiseNeed *)(const void *)ret_made->body;
    return true;
}

static const char WHOLE[] = "time_format: \"%d.%m.%Y %H:%M\"\n"
                            "utc_offset_min: 60\n"
                            "division: {prefix: \"420199001\", missing: \"999\"}\n"
                            "kinds: {Graffiti: graffiti-removal, Old sofa: bulky-items}\n"
                            "default_kind: other\n"
                            "urgencies: {graffiti-removal: anxious, Old sofa: difficult}\n"
                            "default_urgency: longing\n"
                            "sources: {Phone: resident, Patrol: inspection}\n"
                            "default_source: agency\n"
                            "wanted: {from: +2h, until: +14d}\n";

Test(mapping, a_foreign_row_becomes_a_need)
{
    Community__RaiseNeed raise;
    struct ctl_row_command made;
    struct ctl_row_fault fault;
    cr_assert_eq(parse(WHOLE), WU_OK, "%s", error.text);
    static const char *const row[] = {"1-77",   "Graffiti", "55", "01.01.2018 01:00",
                                      "Patrol", "Hill"};
    cr_assert(apply(row, &raise, &made, &fault), "%s", fault.reason);
    cr_assert_str_eq(raise.origin, "theirs");
    cr_assert_str_eq(raise.external_ref, "1-77");
    cr_assert_str_eq(raise.kind, "graffiti-removal");
    cr_assert_eq(raise.division, UINT64_C(420199001055));
    cr_assert_eq(raise.urgency, COMMUNITY__NEED_URGENCY__NEED_URGENCY_ANXIOUS);
    cr_assert_eq(raise.source, COMMUNITY__NEED_SOURCE__NEED_SOURCE_INSPECTION);
    cr_assert_eq(made.happened_at_ms, INT64_C(1514764800000));
    cr_assert_eq(raise.from_ms, CLOCK.now_ms + 2 * INT64_C(3600000));
}

Test(mapping, what_it_does_not_know_takes_the_default)
{
    Community__RaiseNeed raise;
    struct ctl_row_command made;
    struct ctl_row_fault fault;
    cr_assert_eq(parse(WHOLE), WU_OK, "%s", error.text);
    static const char *const row[] = {"1-78", "Meteor", "", "", "Pigeon", ""};
    cr_assert(apply(row, &raise, &made, &fault), "%s", fault.reason);
    cr_assert_str_eq(raise.kind, "other");
    cr_assert_eq(raise.division, UINT64_C(420199001999));
    cr_assert_eq(raise.urgency, COMMUNITY__NEED_URGENCY__NEED_URGENCY_LONGING);
    cr_assert_eq(raise.source, COMMUNITY__NEED_SOURCE__NEED_SOURCE_AGENCY);
    cr_assert_eq(made.happened_at_ms, 0);
}

Test(mapping, an_urgency_may_hang_on_their_kind)
{
    Community__RaiseNeed raise;
    struct ctl_row_command made;
    struct ctl_row_fault fault;
    cr_assert_eq(parse(WHOLE), WU_OK, "%s", error.text);
    static const char *const row[] = {"1-79", "Old sofa", "7", "", "Phone", "Hill"};
    cr_assert(apply(row, &raise, &made, &fault), "%s", fault.reason);
    cr_assert_eq(raise.urgency, COMMUNITY__NEED_URGENCY__NEED_URGENCY_DIFFICULT);
}

Test(mapping, a_row_it_cannot_turn_is_a_fault_of_that_row)
{
    Community__RaiseNeed raise;
    struct ctl_row_command made;
    struct ctl_row_fault fault;
    cr_assert_eq(parse("division: {prefix: \"420199001\"}\nkinds: {A: a}\n"
                       "time_format: \"%Y\"\n"),
                 WU_OK, "%s", error.text);
    static const char *const no_kind[] = {"1", "B", "001", "2018", "", ""};
    cr_assert_not(apply(no_kind, &raise, &made, &fault));
    cr_assert_str_eq(fault.code, "KIND_NOT_MAPPED");
    static const char *const no_place[] = {"1", "A", "", "2018", "", ""};
    cr_assert_not(apply(no_place, &raise, &made, &fault));
    cr_assert_str_eq(fault.code, "DIVISION_MISSING");
    static const char *const long_place[] = {"1", "A", "0001", "2018", "", ""};
    cr_assert_not(apply(long_place, &raise, &made, &fault));
    cr_assert_str_eq(fault.code, "DIVISION_MALFORMED");
    static const char *const no_time[] = {"1", "A", "001", "spring", "", ""};
    cr_assert_not(apply(no_time, &raise, &made, &fault));
    cr_assert_str_eq(fault.code, "TIME_MALFORMED");
}

Test(mapping, a_wrong_key_is_told_with_line_and_nearest_name)
{
    cr_assert_str_eq(complaint("origin: x\ncolums: {ref: id}\n"),
                     "m.yaml:2: unknown key 'colums': did you mean 'columns'?");
    cr_assert_str_eq(complaint("origin: x\ncolumns:\n  reff: id\n"),
                     "m.yaml:3: unknown key 'reff': did you mean 'ref'?");
    cr_assert_not_null(strstr(complaint("zzzzzzzzz: x\n"), "the keys are origin, columns"));
    cr_assert_str_eq(complaint("origin: x\norigin: y\n"),
                     "m.yaml:2: 'origin' is there twice: drop one");
}

Test(mapping, a_wrong_value_is_told_with_what_would_do)
{
    cr_assert_not_null(strstr(complaint("origin: a-name-of-16-byt\n"), "1 to 15 bytes"));
    cr_assert_not_null(strstr(complaint("default_urgency: soon\n"),
                              "m.yaml:1: 'soon' is none of urgent, difficult, anxious or longing"));
    cr_assert_not_null(strstr(complaint("sources:\n  Call: nobody\n"), "m.yaml:2: 'nobody'"));
    cr_assert_not_null(strstr(complaint("time_format: noon\n"), "strptime"));
    cr_assert_not_null(strstr(complaint("wanted: {from: soon}\n"), "is not a time"));
    cr_assert_not_null(strstr(complaint("division: {prefix: abc}\n"), "must be digits"));
    cr_assert_not_null(strstr(complaint("utc_offset_min: 9000\n"), "from -840 to 840"));
    cr_assert_not_null(strstr(complaint("columns: [a, b]\n"), "is a mapping"));
    cr_assert_not_null(strstr(complaint("origin: {a: b}\n"), "is one value"));
    cr_assert_not_null(strstr(complaint("a: [\n"), "not YAML"));
    cr_assert_not_null(strstr(complaint(""), "empty"));
}

Test(mapping, what_every_need_must_have_is_asked_for)
{
    cr_assert_not_null(strstr(complaint("columns: {ref: id}\n"), "no 'origin'"));
    cr_assert_not_null(strstr(complaint("origin: x\n"), "no 'ref'"));
    cr_assert_not_null(strstr(complaint("origin: x\ncolumns: {ref: id}\n"), "no 'division'"));
    cr_assert_not_null(
        strstr(complaint("origin: x\ncolumns: {ref: id, division: d}\n"), "no 'kind'"));
    cr_assert_not_null(strstr(complaint("origin: x\ncolumns: {ref: id, division: d, kind: k}\n"
                                        "division: {prefix: \"420199001\", missing: \"9999\"}\n"),
                              "12 digits"));
}

Test(mapping, an_arena_too_small_is_not_called_a_mistake)
{
    struct wu_arena small;
    cr_assert_eq(wu_arena_open(&small, 64), WU_OK);
    cr_assert_eq(ctl_mapping_parse("m.yaml", HEAD, strlen(HEAD), &small, &mapping, &error),
                 WU_NO_MEMORY);
    wu_arena_close(&small);
}
