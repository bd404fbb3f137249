#include "common/base/assert.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static _Thread_local struct wu_assert_trap *current_trap;

void wu_assert_set_trap(struct wu_assert_trap *trap)
{
    current_trap = trap;
}

_Noreturn void wu_assert_failed(const char *condition, const char *file, int line)
{
    struct wu_assert_trap *trap = current_trap;
    if (trap != NULL) {
        current_trap = NULL;
        (void)snprintf(trap->text, sizeof trap->text, "assertion '%s' failed at %s:%d", condition,
                       file, line);
        longjmp(trap->back, 1);
    }
    (void)fprintf(stderr, "assertion '%s' failed at %s:%d\n", condition, file, line);
    abort();
}
