#pragma once

#include <stddef.h>
#include <string.h>

/*
 * How far two words are apart: the least number of letters to insert, drop or
 * change (Levenshtein). For sentences that say "did you mean". Words longer
 * than the bound are as far apart as can be.
 */
enum { WU_NEAREST_WORD_MAX = 64, WU_NEAREST_FAR = 1000 };

static inline int wu_word_distance(const char *a, const char *b)
{
    size_t a_size = strlen(a);
    size_t b_size = strlen(b);
    if (a_size > WU_NEAREST_WORD_MAX || b_size > WU_NEAREST_WORD_MAX) {
        return WU_NEAREST_FAR;
    }
    int row[WU_NEAREST_WORD_MAX + 1];
    for (size_t j = 0; j <= b_size; j++) {
        row[j] = (int)j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= b_size; j++) {
            int change = diagonal + (a[i - 1] != b[j - 1]);
            int drop = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = change < drop ? change : drop;
        }
    }
    return row[b_size];
}

/* True when a person who typed `typed` may well have meant `known`: at most a third is wrong. */
static inline int wu_word_is_near(const char *typed, const char *known)
{
    return wu_word_distance(typed, known) <= 1 + (int)(strlen(known) / 3);
}
