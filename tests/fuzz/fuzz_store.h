#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * A store for one input after the other: the empty one is kept and put back, which
 * is quicker than to make a new one. In memory where there is /dev/shm.
 */
struct fuzz_store {
    char *folder;
    char path[512];
    char scratch[512]; /* for a journal that is folded again */
    uint8_t *kept;
    size_t kept_size;
};

void fuzz_store_open(struct fuzz_store *store); /* removed when the process ends */

/* What is at `path` now is the empty store. */
void fuzz_store_keep(struct fuzz_store *store);
void fuzz_store_reset(struct fuzz_store *store);
void fuzz_store_clear_scratch(struct fuzz_store *store);
