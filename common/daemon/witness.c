#include "common/daemon/witness.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
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

/* "generation 1 journal 1042", or all zero. */
static struct wu_witness parse(const char *line)
{
    static const char first[] = "generation ";
    static const char second[] = " journal ";
    struct wu_witness none = {0};
    char *end = NULL;
    if (strncmp(line, first, sizeof first - 1) != 0) {
        return none;
    }
    unsigned long long generation = strtoull(line + sizeof first - 1, &end, 10);
    if (generation > UINT32_MAX || strncmp(end, second, sizeof second - 1) != 0) {
        return none;
    }
    unsigned long long seq = strtoull(end + sizeof second - 1, &end, 10);
    return *end == '\n' ? (struct wu_witness){(uint32_t)generation, seq} : none;
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
    char line[96] = {0};
    bool read = fgets(line, sizeof line, file) != NULL;
    (void)fclose(file);
    return read ? parse(line) : witness;
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
