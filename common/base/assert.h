#pragma once

#include <setjmp.h>

/*
 * WU_ASSERT is on in every build and never on anything that came from outside.
 *
 * While a core folds an event the loop sets a trap: a failed assertion then
 * comes back to the loop, which drops the transaction and puts the event with
 * the dead letters. A core is pure, so nothing else needs undoing. Anywhere
 * else a failed assertion ends the process.
 */
#define WU_ASSERT(condition) \
    ((condition) ? (void)0 : wu_assert_failed(#condition, __FILE__, __LINE__))

_Noreturn void wu_assert_failed(const char *condition, const char *file, int line);

struct wu_assert_trap {
    jmp_buf back;
    char text[256]; /* what failed, once it has */
};

/* One trap at a time, per thread; NULL takes it away. */
void wu_assert_set_trap(struct wu_assert_trap *trap);
