/*
 * A mapping file and rows of a foreign CSV, as a stranger may send them: YAML,
 * one NUL, CSV. Whatever comes, it is read, refused or told to be wrong, and a
 * need made of it can be packed.
 */
#include "common/base/assert.h"
#include "services/ctl/mapping.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 1024 * 1024, ROWS_MAX = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_row(const struct ctl_mapping *mapping, const struct ctl_csv_row *row,
                     const int *places, struct wu_arena *arena)
{
    const struct ctl_clock clock = {INT64_C(1795529700000), 480};
    const char *theirs[CTL_NEED_COLUMNS];
    const char *ours[CTL_NEED_COLUMNS];
    struct ctl_row_command made;
    struct ctl_row_fault fault = {NULL, ""};
    for (size_t i = 0; i < mapping->column_count; i++) {
        theirs[i] = row->cells[places[i]];
    }
    if (ctl_mapping_apply(mapping, theirs, arena, ours, &fault) &&
        CTL_ROW_NEEDS.read(ours, &clock, arena, &made, &fault)) {
        WU_ASSERT(made.division >= UINT64_C(100000000000));
        WU_ASSERT(protobuf_c_message_get_packed_size(made.body) > 0);
    } else {
        WU_ASSERT(fault.code != NULL && fault.reason[0] != '\0');
    }
}

static void read_rows(const struct ctl_mapping *mapping, const uint8_t *text, size_t size,
                      struct wu_arena *arena)
{
    struct ctl_csv *csv = NULL;
    struct ctl_csv_row row;
    struct wu_error error = {""};
    int places[CTL_NEED_COLUMNS];
    FILE *file = size > 0 ? fmemopen((void *)(uintptr_t)text, size, "r") : NULL;
    if (file == NULL || ctl_csv_open(&csv, file, "rows.csv", &error) != WU_OK) {
        return;
    }
    if (ctl_csv_places(csv, mapping->columns, true, places, &error) == WU_OK) {
        size_t mark = arena->used_bytes;
        for (int i = 0; i < ROWS_MAX && ctl_csv_next(csv, &row); i++) {
            wu_arena_reset(arena, mark);
            if (row.fault_code == NULL) {
                read_row(mapping, &row, places, arena);
            }
        }
    } else {
        WU_ASSERT(error.text[0] != '\0');
    }
    ctl_csv_close(&csv);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wu_arena arena;
    struct ctl_mapping mapping;
    struct wu_error error = {""};
    const uint8_t *end = size > 0 ? memchr(data, 0, size) : NULL;
    size_t yaml_size = end != NULL ? (size_t)(end - data) : size;
    if (wu_arena_open(&arena, ARENA_BYTES) != WU_OK) {
        return 0;
    }
    enum wu_status status =
        ctl_mapping_parse("mapping.yaml", (const char *)data, yaml_size, &arena, &mapping, &error);
    if (status == WU_OK && end != NULL) {
        read_rows(&mapping, end + 1, size - yaml_size - 1, &arena);
    }
    WU_ASSERT(status == WU_OK || error.text[0] != '\0');
    wu_arena_close(&arena);
    return 0;
}
