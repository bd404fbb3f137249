#include "common/bus/keys.h"

#include "tests/support/scratch.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define KEY_A "0123456789abcdefghij0123456789abcdefghij"

static char *folder;
static char path[512];
static struct wu_error error;
static struct wu_keys keys;

static void set_up(void)
{
    folder = scratch_make();
    (void)snprintf(path, sizeof path, "%s/node.key", folder);
}

static void tear_down(void)
{
    scratch_remove(&folder);
}

TestSuite(keys, .init = set_up, .fini = tear_down);

static void write_file(const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    cr_assert_not_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
    cr_assert_eq(chmod(path, mode), 0);
}

Test(keys, a_pair_goes_to_its_file_and_back)
{
    cr_assert_eq(wu_keys_make(&keys), WU_OK);
    cr_expect_eq(strlen(keys.public_key), 40);
    cr_expect_eq(strlen(keys.secret_key), 40);
    cr_assert_eq(wu_keys_save(path, &keys, &error), WU_OK, "%s", error.text);
    struct stat info;
    cr_assert_eq(stat(path, &info), 0);
    cr_expect_eq(info.st_mode & 0777, 0600);
    struct wu_keys again;
    cr_assert_eq(wu_keys_load(path, &again, &error), WU_OK, "%s", error.text);
    cr_expect_str_eq(again.public_key, keys.public_key);
    cr_expect_str_eq(again.secret_key, keys.secret_key);
}

Test(keys, no_two_pairs_are_the_same)
{
    struct wu_keys other;
    cr_assert_eq(wu_keys_make(&keys), WU_OK);
    cr_assert_eq(wu_keys_make(&other), WU_OK);
    cr_expect_str_neq(keys.public_key, other.public_key);
    cr_expect_str_neq(keys.secret_key, other.secret_key);
}

Test(keys, a_file_that_is_there_is_not_replaced)
{
    write_file("precious", 0600);
    cr_assert_eq(wu_keys_make(&keys), WU_OK);
    cr_expect_eq(wu_keys_save(path, &keys, &error), WU_INVALID);
    cr_expect_not_null(strstr(error.text, "File exists"), "%s", error.text);
}

Test(keys, a_file_that_is_not_there_is_told)
{
    cr_expect_eq(wu_keys_load(path, &keys, &error), WU_INVALID);
    cr_expect_not_null(strstr(error.text, "cannot read key file"), "%s", error.text);
}

Test(keys, a_file_that_others_can_open_is_refused_with_the_remedy)
{
    static const mode_t modes[] = {0640, 0604, 0660, 0610, 0601, 0602, 0777};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        write_file("public " KEY_A "\nsecret " KEY_A "\n", modes[i]);
        cr_expect_eq(wu_keys_load(path, &keys, &error), WU_INVALID, "%o", modes[i]);
        cr_expect_not_null(strstr(error.text, "chmod 600"), "%s", error.text);
    }
    write_file("public " KEY_A "\nsecret " KEY_A "\n", 0400);
    cr_expect_eq(wu_keys_load(path, &keys, &error), WU_OK, "%s", error.text);
}

Test(keys, what_is_malformed_is_refused)
{
    static const char *const texts[] = {
        "",
        "\n",
        "public " KEY_A "\n",
        "secret " KEY_A "\npublic " KEY_A "\n",
        "public short\nsecret " KEY_A "\n",
        "public " KEY_A "\nsecret short\n",
        "public " KEY_A "x\nsecret " KEY_A "\n",
        "public " KEY_A "\nsecret " KEY_A "x\n",
        "public " KEY_A "\nsecret " KEY_A "\nmore\n",
        "public " KEY_A "\nsecret 0123456789abcdefghij0123456789abcdefghi'\n",
        "public 0123456789abcdefghij0123456789abcdefghi~\nsecret " KEY_A "\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_file(texts[i], 0600);
        cr_expect_eq(wu_keys_load(path, &keys, &error), WU_INVALID, "taken: %s", texts[i]);
        cr_expect_not_null(strstr(error.text, "has two lines"), "%s", error.text);
    }
}
