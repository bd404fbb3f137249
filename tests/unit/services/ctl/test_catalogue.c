#include "services/ctl/catalogue.h"

#include "common/base/time.h"
#include "services/coordinator/core/names.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { FAULTS_MAX = 8 };

static const struct ctl_clock CLOCK = {INT64_C(1795529700000), 480};
static struct wu_arena arena;
static struct ctl_catalogue catalogue;
static char faults[FAULTS_MAX][700];
static size_t fault_count;

static void on_fault(void *context, const char *file, unsigned line, const char *sentence)
{
    (void)context;
    cr_assert_lt(fault_count, FAULTS_MAX, "%s:%u: %s", file, line, sentence);
    (void)snprintf(faults[fault_count++], sizeof faults[0], "%s:%u: %s", file, line, sentence);
}

static void set_up(void)
{
    cr_assert_eq(wu_arena_open(&arena, 1024 * 1024), WU_OK);
    fault_count = 0;
    catalogue = (struct ctl_catalogue){.arena = &arena, .clock = &CLOCK, .on_fault = on_fault};
}

static void tear_down(void)
{
    wu_arena_close(&arena);
}

TestSuite(catalogue, .init = set_up, .fini = tear_down);

static void parse(const char *text)
{
    cr_assert_eq(ctl_catalogue_parse(&catalogue, "c.yaml", text, strlen(text)), WU_OK);
    cr_assert_eq(catalogue.fault_count, fault_count);
}

/* The fault with that number begins so. */
static void assert_fault(size_t number, const char *beginning)
{
    cr_assert_lt(number, fault_count, "no fault %zu", number);
    cr_assert_eq(strncmp(faults[number], beginning, strlen(beginning)), 0, "%s", faults[number]);
}

static const char GOOD[] = "heading: elderly\n"
                           "kinds:\n"
                           "  care:\n"
                           "    name: {zh: 居家照护, en: Care at home}\n"
                           "    class: professional\n"
                           "    must: [socialworker, socialorg]\n"
                           "    must_not: [community]\n"
                           "    level: social_worker\n"
                           "    field: elderly\n"
                           "    assess: elderly\n"
                           "    approval: true\n"
                           "    broadcast: false\n"
                           "    purpose: elderly\n"
                           "    recipe: [\"socialorg:care:1\", \"charity:money:9000?\"]\n"
                           "    reply: 30m\n"
                           "    deliver: 36h\n"
                           "    confirm: 7d\n"
                           "    clocks:\n"
                           "      urgent: &fast {reply: 15m, deliver: 2h, gather: 1h}\n"
                           "      anxious: *fast\n"
                           "      longing: {reply: 1d, working_days: 10}\n"
                           "    legal_basis: 第4.3节\n"
                           "    valid_from: 2027-01-01\n"
                           "    valid_until: 2027-12-31\n";

Test(catalogue, every_key_finds_its_field)
{
    parse(GOOD);
    cr_assert_eq(fault_count, 0, "%s", faults[0]);
    cr_assert_eq(catalogue.kind_count, 1);
    cr_assert_eq(catalogue.kinds[0].line, 3);
    const AdoptKind *kind = catalogue.kinds[0].adopt;
    cr_assert_str_eq(kind->code, "care");
    cr_assert_str_eq(kind->heading, "elderly");
    cr_assert_str_eq(kind->name_zh, "居家照护");
    cr_assert_eq(kind->service_class, KIND_CLASS_PROFESSIONAL);
    cr_assert_eq(kind->n_duties, 3);
    cr_assert_eq(kind->duties[1]->role, ROLE_SOCIALORG);
    cr_assert_eq(kind->duties[1]->duty, DUTY_MUST);
    cr_assert_eq(kind->duties[2]->duty, DUTY_MUST_NOT);
    cr_assert_eq(kind->level_min, 2);
    cr_assert(kind->assess && kind->approval && !kind->broadcast);
    cr_assert_eq(kind->n_recipe, 2);
    cr_assert_not(kind->recipe[1]->required);
    cr_assert_eq(kind->deliver_within_ms, 36 * WU_HOUR_MS);
    cr_assert_eq(kind->n_clocks, 3);
    cr_assert_eq(kind->clocks[1]->gather_within_ms, WU_HOUR_MS);
    cr_assert_eq(kind->clocks[2]->deliver_working_days, 10);
    cr_assert_eq(kind->valid_until_ms - kind->valid_from_ms, 365 * WU_DAY_MS,
                 "the last day is in it");
}

Test(catalogue, a_kind_reads_as_its_file_says_it)
{
    static const char *const texts[CTL_CATALOGUE_FIELD_COUNT] = {
        "elderly",
        "居家照护",
        "Care at home",
        "professional",
        "socialworker, socialorg",
        "",
        "community",
        "social-worker",
        "elderly",
        "elderly",
        "true",
        "",
        "elderly",
        "socialorg:care:1; charity:money:9000?",
        "30m",
        "36h",
        "7d",
        "urgent reply 15m, deliver 2h, gather 1h; anxious reply 15m, deliver 2h, gather 1h; "
        "longing reply 1d, deliver 10 working days",
        "第4.3节",
        "2027-12-31"};
    parse(GOOD);
    const struct ctl_printer to = {&arena, CLOCK.utc_offset_min};
    for (size_t field = 0; field < CTL_CATALOGUE_FIELD_COUNT; field++) {
        cr_assert_str_eq(ctl_catalogue_field_text(&to, catalogue.kinds[0].adopt, field),
                         texts[field], "%s", ctl_catalogue_field_name(field));
    }
}

Test(catalogue, all_that_is_wrong_is_told_at_once)
{
    parse("haeding: elderly\n"
          "kinds:\n"
          "  care:\n"
          "    name: {zh: 照护}\n"
          "    class: profesional\n"
          "    must: [socialworkers]\n"
          "    reply: 4\n"
          "    recipe: [\"socialorg:care\"]\n"
          "    deliver: 2d\n"
          "    confirm: 2d\n");
    assert_fault(0, "c.yaml:1: unknown key 'haeding': did you mean 'heading'?");
    assert_fault(1, "c.yaml:1: the file has no 'heading': add it");
    assert_fault(2, "c.yaml:4: name has no 'en': add it");
    assert_fault(3, "c.yaml:5: 'profesional' is none of administrative, autonomy, professional, "
                    "volunteerable or purchasable");
    assert_fault(4, "c.yaml:6: 'socialworkers' is none of community, socialorg");
    assert_fault(5, "c.yaml:7: reply is '4': write minutes, hours or days as 30m, 4h, 7d");
    assert_fault(6, "c.yaml:8: step 'socialorg:care': recipe step 'socialorg' is not role:");
    assert_fault(7, "c.yaml:4: kind 'care' has no 'legal_basis': add it");
    cr_assert_eq(catalogue.kind_count, 0, "a kind with a fault is not there");
}

/* GOOD with one line changed. */
static void parse_with(const char *old, const char *new)
{
    char text[4096];
    const char *at = strstr(GOOD, old);
    cr_assert_not_null(at);
    (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - GOOD), GOOD, new, at + strlen(old));
    parse(text);
}

Test(catalogue, what_a_coordinator_would_refuse_is_told_in_its_words)
{
    parse_with("class: professional", "class: administrative");
    assert_fault(0, "c.yaml:3: kind 'care' is administrative and asks a social worker");
    cr_assert_not_null(strstr(faults[0], "(rule no-errands, R21)"));
}

Test(catalogue, a_code_is_there_once_in_all_files)
{
    parse(GOOD);
    cr_assert_eq(ctl_catalogue_parse(&catalogue, "d.yaml", GOOD, strlen(GOOD)), WU_OK);
    assert_fault(0, "d.yaml:3: kind 'care' is in c.yaml:3 already: drop one");
    parse_with("    approval: true\n", "    approval: true\n    approval: true\n");
    assert_fault(1, "c.yaml:12: 'approval' is there twice: drop one");
}

Test(catalogue, values_of_another_shape_are_told)
{
    parse_with("must: [socialworker, socialorg]", "must: socialworker");
    assert_fault(0, "c.yaml:6: must is a list: write [one, another]");
    parse_with("approval: true", "approval: yes");
    assert_fault(1, "c.yaml:11: approval is 'yes': write true or false");
    parse_with("2027-12-31", "31.12.2027");
    assert_fault(2, "c.yaml:24: valid_until is '31.12.2027': write a day as 2026-11-24");
    parse_with("{zh: 居家照护, en: Care at home}", "Care");
    assert_fault(3, "c.yaml:4: name is a mapping: write 'name: value' lines");
    parse_with("working_days: 10", "working_days: ten");
    assert_fault(4, "c.yaml:21: working_days is 'ten': write a whole number of days");
    parse_with("    purpose: elderly\n", "    purpose: \"\"\n");
    assert_fault(5, "c.yaml:13: purpose is empty: write it, or leave the key out");
}

Test(catalogue, what_is_no_yaml_is_told_with_its_line)
{
    parse("heading: x\nkinds: {a: [}\n");
    assert_fault(0, "c.yaml:2: not YAML: ");
    parse("");
    assert_fault(1, "c.yaml:1: empty: it needs 'heading' and 'kinds'");
    parse("- a\n");
    assert_fault(2, "c.yaml:1: the file is a mapping");
}
