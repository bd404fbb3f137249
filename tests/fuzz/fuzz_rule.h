#pragma once

#include <stdio.h>
#include <stdlib.h>

/* A rule that never bends, and the sentence that says it. */
#define FUZZ_RULE(condition, sentence) \
    ((condition) ? (void)0 : fuzz_broken(sentence, #condition, __FILE__, __LINE__))

_Noreturn static inline void fuzz_broken(const char *sentence, const char *condition,
                                         const char *file, int line)
{
    (void)fprintf(stderr, "RULE BROKEN: %s (%s at %s:%d)\n", sentence, condition, file, line);
    abort();
}
