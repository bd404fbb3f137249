#include "common/base/assert.h"
#include "common/base/nearest.h"
#include "common/base/status.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

Test(status, every_one_has_a_name_of_its_own)
{
    for (int a = 0; a <= 11; a++) {
        const char *name = wu_status_name((enum wu_status)(-a));
        cr_expect_str_neq(name, "unknown", "%d", -a);
        for (int b = 0; b < a; b++) {
            cr_expect_str_neq(name, wu_status_name((enum wu_status)(-b)));
        }
    }
    cr_expect_str_eq(wu_status_name(WU_OK), "ok");
    cr_expect_str_eq(wu_status_name(WU_DENIED), "denied");
    cr_expect_str_eq(wu_status_name(WU_NO_MEMORY), "no memory");
    cr_expect_str_eq(wu_status_name((enum wu_status)(-12)), "unknown");
    cr_expect_str_eq(wu_status_name((enum wu_status)1), "unknown");
}

Test(status, a_sentence_is_written_and_cut)
{
    struct wu_error error;
    cr_expect_eq(wu_error_set(&error, WU_BUSY, "node %d is busy", 4), WU_BUSY);
    cr_expect_str_eq(error.text, "node 4 is busy");
    cr_expect_eq(wu_error_set(&error, WU_IO, "%02000d", 1), WU_IO);
    cr_expect_eq(strlen(error.text), sizeof error.text - 1);
    cr_expect_eq(wu_error_set(NULL, WU_GAP, "nobody listens"), WU_GAP);
}

Test(assert, a_trap_catches_one_failure_and_says_what_it_was)
{
    struct wu_assert_trap trap;
    volatile int value = 1;
    if (setjmp(trap.back) == 0) {
        wu_assert_set_trap(&trap);
        WU_ASSERT(value == 1);
        WU_ASSERT(value == 2);
        cr_assert_fail("went on");
    }
    cr_expect_not_null(strstr(trap.text, "assertion 'value == 2' failed at"), "%s", trap.text);
    cr_expect_not_null(strstr(trap.text, "test_status.c"), "%s", trap.text);
}

Test(assert, without_a_trap_the_process_ends, .signal = SIGABRT)
{
    struct wu_assert_trap trap;
    volatile int value = 1;
    wu_assert_set_trap(&trap);
    wu_assert_set_trap(NULL);
    WU_ASSERT(value == 2);
}

Test(assert, a_trap_serves_once, .signal = SIGABRT)
{
    struct wu_assert_trap trap;
    volatile int value = 1;
    if (setjmp(trap.back) == 0) {
        wu_assert_set_trap(&trap);
        WU_ASSERT(value == 2);
    }
    WU_ASSERT(value == 2);
}

Test(nearest, words_are_as_far_apart_as_the_letters_to_change)
{
    cr_expect_eq(wu_word_distance("", ""), 0);
    cr_expect_eq(wu_word_distance("kitten", "sitting"), 3);
    cr_expect_eq(wu_word_distance("need", "need"), 0);
    cr_expect_eq(wu_word_distance("", "abc"), 3);
    cr_expect_eq(wu_word_distance("abc", ""), 3);
    char word[WU_NEAREST_WORD_MAX + 2];
    memset(word, 'a', sizeof word);
    word[WU_NEAREST_WORD_MAX] = '\0';
    cr_expect_eq(wu_word_distance(word, word), 0);
    word[WU_NEAREST_WORD_MAX] = 'a';
    word[WU_NEAREST_WORD_MAX + 1] = '\0';
    cr_expect_eq(wu_word_distance(word, "a"), WU_NEAREST_FAR);
    cr_expect(wu_word_is_near("hub_mial", "hub_mail"));
    cr_expect(!wu_word_is_near("colour", "drain_ms"));
}
