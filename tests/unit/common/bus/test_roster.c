#include "common/bus/roster.h"

#include "tests/support/scratch.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_A "0123456789abcdefghij0123456789abcdefghij"
#define KEY_B "abcdefghij0123456789abcdefghij0123456789"
#define LINE_A "node=2 role=community key=" KEY_A

static struct wu_roster roster;
static struct wu_error error;

static enum wu_status parse(const char *text)
{
    error.text[0] = '\0';
    return wu_roster_parse("roster", text, strlen(text), &roster, &error);
}

static void tear_down(void)
{
    wu_roster_free(&roster);
}

TestSuite(roster, .fini = tear_down);

Test(roster, a_line_says_who_a_node_is_and_what_it_may)
{
    cr_assert_eq(parse("# the city\n\n" LINE_A " state=active follow=coordinator.kind,charity.gift "
                       "submit=yes\n  \t\r\nnode=2147483647\trole=charity key=" KEY_B
                       " state=revoked"),
                 WU_OK, "%s", error.text);
    cr_assert_eq(roster.count, 2);
    const struct wu_roster_entry *entry = wu_roster_by_node(&roster, 2);
    cr_assert_not_null(entry);
    cr_expect_str_eq(entry->role, "community");
    cr_expect_str_eq(entry->key, KEY_A);
    cr_expect(entry->active);
    cr_expect(entry->submit);
    cr_expect_eq(wu_roster_by_key(&roster, KEY_A), entry);
    entry = wu_roster_by_node(&roster, 2147483647);
    cr_assert_not_null(entry);
    cr_expect(!entry->active);
    cr_expect_null(wu_roster_by_node(&roster, 3));
    cr_expect_null(wu_roster_by_key(&roster, ""));
}

Test(roster, what_is_not_said_is_not_allowed)
{
    cr_assert_eq(parse(LINE_A "\n"), WU_OK, "%s", error.text);
    const struct wu_roster_entry *entry = wu_roster_by_node(&roster, 2);
    cr_expect(!entry->submit);
    cr_expect(!wu_roster_may_follow(entry, "coordinator.kind"));
    cr_expect(!wu_roster_may_follow(entry, ""));
}

Test(roster, topics_are_followed_by_their_whole_name)
{
    cr_assert_eq(parse(LINE_A " follow=coordinator.kind,charity.gift\n"), WU_OK);
    const struct wu_roster_entry *entry = wu_roster_by_node(&roster, 2);
    cr_expect(wu_roster_may_follow(entry, "coordinator.kind"));
    cr_expect(wu_roster_may_follow(entry, "charity.gift"));
    cr_expect(!wu_roster_may_follow(entry, "coordinator.kin"));
    cr_expect(!wu_roster_may_follow(entry, "coordinator.kinds"));
    cr_expect(!wu_roster_may_follow(entry, "coordinator"));
    cr_expect(!wu_roster_may_follow(entry, "charity.gift,coordinator.kind"));
    cr_expect(!wu_roster_may_follow(entry, "*"));
    wu_roster_free(&roster);
    cr_assert_eq(parse(LINE_A " follow=*\n"), WU_OK);
    cr_expect(wu_roster_may_follow(wu_roster_by_node(&roster, 2), "anything.at_all"));
}

Test(roster, a_command_goes_to_the_node_itself_or_to_the_coordinator_above_it)
{
    cr_assert_eq(parse(LINE_A " below=20-29,40\nnode=25 role=charity key=" KEY_B "\n"), WU_OK, "%s",
                 error.text);
    cr_expect_eq(wu_roster_next_hop(&roster, 2), 2);
    cr_expect_eq(wu_roster_next_hop(&roster, 20), 2);
    cr_expect_eq(wu_roster_next_hop(&roster, 29), 2);
    cr_expect_eq(wu_roster_next_hop(&roster, 40), 2);
    cr_expect_eq(wu_roster_next_hop(&roster, 25), 25); /* its own line comes first */
    cr_expect_eq(wu_roster_next_hop(&roster, 19), 0);
    cr_expect_eq(wu_roster_next_hop(&roster, 30), 0);
    wu_roster_free(&roster);
    cr_assert_eq(parse(LINE_A " below=20 state=revoked\n"), WU_OK);
    cr_expect_eq(wu_roster_next_hop(&roster, 2), 0);
    cr_expect_eq(wu_roster_next_hop(&roster, 20), 0);
}

Test(roster, an_empty_file_is_an_empty_roster)
{
    cr_expect_eq(parse(""), WU_OK);
    cr_expect_eq(parse("\n\n# nobody yet"), WU_OK);
    cr_expect_eq(roster.count, 0);
}

/* The cause and the remedy of each sentence; the place is checked for all. */
static const struct {
    const char *line;
    const char *cause;
    const char *remedy;
} bad_lines[] = {
    {"hello", "no name=value: 'hello'", "separate pairs by spaces"},
    {"node=2 role=community key", "no name=value: 'key'", "separate pairs"},
    {"colour=red", "no such word: 'colour'", "use node, role, key, state, follow, submit"},
    {"=2", "no such word: ''", "use node"},
    {"node=0 role=a key=" KEY_B, "no node number: '0'", "node=1 to node=2147483647"},
    {"node=-1 role=a key=" KEY_B, "no node number: '-1'", "node=1 to"},
    {"node=+1 role=a key=" KEY_B, "no node number: '+1'", "node=1 to"},
    {"node= role=a key=" KEY_B, "no node number: ''", "node=1 to"},
    {"node=2x role=a key=" KEY_B, "no node number: '2x'", "node=1 to"},
    {"node=2147483648 role=a key=" KEY_B, "no node number: '2147483648'", "node=1 to"},
    {"node=99999999999999999999 role=a key=" KEY_B, "no node number", "node=1 to"},
    {"node=3 role=abcdefghijklmnopqrstuvwxyzabcdef key=" KEY_B, "too long", "shorten it"},
    {"node=3 role=a key=short", "no public key: 'short'", "40 characters"},
    {"node=3 role=a key=" KEY_B "x", "no public key", "40 characters"},
    {"node=3 role=a key=0123456789abcdefghij0123456789abcdefghi'", "no public key",
     "40 characters"},
    {"node=3 role=a key=\xe4\xba\x94"
     "3456789abcdefghij0123456789abcdefghij",
     "no public key", ""},
    {"node=3 role=a key=" KEY_B " state=maybe", "'maybe'", "active nor revoked"},
    {"node=3 role=a key=" KEY_B " submit=true", "'true'", "yes nor no"},
    {"node=3 role=a key=" KEY_B " submit=", "''", "yes nor no"},
    {"node=3 role=a key=" KEY_B " below=", "no node numbers: ''", "below=20-29"},
    {"node=3 role=a key=" KEY_B " below=9-8", "no node numbers: '9-8'", "below=20-29"},
    {"node=3 role=a key=" KEY_B " below=1-", "no node numbers: '1-'", "below=20-29"},
    {"node=3 role=a key=" KEY_B " below=1x", "no node numbers: '1x'", "below=20-29"},
    {"node=3 role=a key=" KEY_B " below=0", "no node numbers: '0'", "below=20-29"},
    {"node=3 role=a key=" KEY_B " below=9999999999", "no node numbers", "below=20-29"},
    {"role=a key=" KEY_B, "at least node=, role= and key=", ""},
    {"node=3 key=" KEY_B, "at least node=, role= and key=", ""},
    {"node=3 role=a", "at least node=, role= and key=", ""},
    {"node=3 role= key=" KEY_B, "at least node=, role= and key=", ""},
    {"node=2 role=a key=" KEY_B, "node 2 has a line already", "keep one"},
    {"node=3 role=a key=" KEY_A, "that key belongs to another line", "each node has its own"},
};

Test(roster, every_bad_line_is_told_with_its_place_cause_and_remedy)
{
    for (size_t i = 0; i < sizeof bad_lines / sizeof bad_lines[0]; i++) {
        char text[1024];
        (void)snprintf(text, sizeof text, "# first\n" LINE_A "\n%s\n", bad_lines[i].line);
        cr_expect_eq(parse(text), WU_INVALID, "taken: %s", bad_lines[i].line);
        cr_expect_eq(strncmp(error.text, "roster:3: ", 10), 0, "%s", error.text);
        cr_expect_not_null(strstr(error.text, bad_lines[i].cause), "%s: %s", bad_lines[i].line,
                           error.text);
        cr_expect_not_null(strstr(error.text, bad_lines[i].remedy), "%s: %s", bad_lines[i].line,
                           error.text);
        cr_expect_eq(roster.count, 0);
        cr_expect_null(roster.entries);
    }
}

Test(roster, a_line_is_at_most_1023_bytes_of_text)
{
    char text[4096];
    (void)snprintf(text, sizeof text, LINE_A " follow=%0300d\n", 0);
    cr_expect_eq(parse(text), WU_INVALID);
    cr_expect_not_null(strstr(error.text, "roster:1: too long"), "%s", error.text);
    (void)snprintf(text, sizeof text, "#%01500d\n", 0);
    cr_expect_eq(parse(text), WU_INVALID);
    cr_expect_not_null(strstr(error.text, "at most 1023 bytes"), "%s", error.text);
    static const char nul[] = "node=2\0role=a\n";
    cr_expect_eq(wu_roster_parse("roster", nul, sizeof nul - 1, &roster, &error), WU_INVALID);
    cr_expect_not_null(strstr(error.text, "roster:1: "), "%s", error.text);
}

Test(roster, it_is_read_from_a_file)
{
    char *folder = scratch_make();
    char path[512];
    (void)snprintf(path, sizeof path, "%s/roster", folder);
    cr_expect_eq(wu_roster_load(path, &roster, &error), WU_INVALID);
    cr_expect_not_null(strstr(error.text, "cannot read roster"), "%s", error.text);
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    (void)fprintf(file, "%s\n", LINE_A);
    (void)fclose(file);
    cr_expect_eq(wu_roster_load(path, &roster, &error), WU_OK, "%s", error.text);
    cr_expect_eq(roster.count, 1);
    scratch_remove(&folder);
}
