#include "tests/fuzz/fuzz_store.h"

#include "common/base/assert.h"
#include "tests/support/scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { STORES_MAX = 2 };

static struct fuzz_store *opened[STORES_MAX]; /* by this process */
static size_t opened_count;

static void leave(void)
{
    for (size_t i = 0; i < opened_count; i++) {
        scratch_remove(&opened[i]->folder);
        free(opened[i]->kept);
    }
}

void fuzz_store_open(struct fuzz_store *store)
{
    if (access("/dev/shm", W_OK) == 0) {
        WU_ASSERT(setenv("TMPDIR", "/dev/shm", 0) == 0);
    }
    store->folder = scratch_make();
    (void)snprintf(store->path, sizeof store->path, "%s/state", store->folder);
    (void)snprintf(store->scratch, sizeof store->scratch, "%s/again", store->folder);
    WU_ASSERT(opened_count < STORES_MAX);
    WU_ASSERT(opened_count > 0 || atexit(leave) == 0);
    opened[opened_count++] = store;
}

static FILE *open_data(const char *path, const char *mode)
{
    char file[600];
    (void)snprintf(file, sizeof file, "%s/data.mdb", path);
    FILE *data = fopen(file, mode);
    WU_ASSERT(data != NULL);
    return data;
}

void fuzz_store_keep(struct fuzz_store *store)
{
    enum { STORE_BYTES_MAX = 1 << 20 };
    FILE *data = open_data(store->path, "re");
    store->kept = malloc(STORE_BYTES_MAX);
    WU_ASSERT(store->kept != NULL);
    store->kept_size = fread(store->kept, 1, STORE_BYTES_MAX, data);
    WU_ASSERT(store->kept_size > 0 && store->kept_size < STORE_BYTES_MAX);
    (void)fclose(data);
}

void fuzz_store_reset(struct fuzz_store *store)
{
    FILE *data = open_data(store->path, "we");
    WU_ASSERT(fwrite(store->kept, 1, store->kept_size, data) == store->kept_size);
    WU_ASSERT(fclose(data) == 0);
}

void fuzz_store_clear_scratch(struct fuzz_store *store)
{
    char file[600];
    (void)snprintf(file, sizeof file, "%s/data.mdb", store->scratch);
    (void)unlink(file);
    (void)snprintf(file, sizeof file, "%s/lock.mdb", store->scratch);
    (void)unlink(file);
}
