#include "common/daemon/witness.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES = 320 };

static void path_of(const char *state_dir, const char *end, char path[PATH_BYTES])
{
    size_t length = strlen(state_dir);
    while (length > 1 && state_dir[length - 1] == '/') {
        length--;
    }
    (void)snprintf(path, PATH_BYTES, "%.*s.witness%s", (int)length, state_dir, end);
}

struct wu_witness wu_witness_load(const char *state_dir)
{
    char path[PATH_BYTES];
    struct wu_witness witness = {0};
    path_of(state_dir, "", path);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return witness;
    }
    if (fscanf(file, "generation %" SCNu32 " journal %" SCNu64, &witness.generation,
               &witness.journal_seq) != 2) {
        witness = (struct wu_witness){0};
    }
    (void)fclose(file);
    return witness;
}

enum wu_status wu_witness_save(const char *state_dir, struct wu_witness witness,
                               struct wu_error *reterr)
{
    char path[PATH_BYTES];
    char fresh[PATH_BYTES];
    path_of(state_dir, "", path);
    path_of(state_dir, ".new", fresh);
    FILE *file = fopen(fresh, "we");
    bool written = file != NULL && fprintf(file, "generation %" PRIu32 " journal %" PRIu64 "\n",
                                           witness.generation, witness.journal_seq) > 0;
    written = (file == NULL || fclose(file) == 0) && written;
    if (!written || rename(fresh, path) != 0) {
        return wu_error_set(reterr, WU_IO, "cannot write '%s': %s", path, strerror(errno));
    }
    return WU_OK;
}

bool wu_witness_is_ahead(struct wu_witness witness, struct wu_witness store)
{
    if (witness.generation != store.generation) {
        return witness.generation > store.generation;
    }
    return witness.journal_seq > store.journal_seq;
}
