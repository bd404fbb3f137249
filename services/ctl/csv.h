#pragma once

#include "common/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * A CSV file, row by row, by libcsv in its strict mode. UTF-8, with or without
 * a byte order mark; blanks around an unquoted cell do not belong to it. The
 * first row names the columns, in any order.
 *
 * One bad row costs one row: a row that cannot be read (a quote that never
 * closes, too long) comes back with its fault and its first line as its only
 * cell, and reading goes on with the line after that one.
 *
 * A header that ends with "line,code,reason" is a file of rejects, mended and
 * brought again: those three columns are left out everywhere.
 *
 * Source: RFC 4180.
 */
enum { CTL_CSV_CELLS_MAX = 64, CTL_CSV_ROW_BYTES_MAX = 64 * 1024 };

struct ctl_csv_row {
    uint64_t line;                        /* where it begins: 1, 2, 3 ... */
    size_t cell_count;                    /* as many as the header has, unless there is a fault */
    const char *cells[CTL_CSV_CELLS_MAX]; /* good until the next row */
    const char *fault_code;               /* NULL: the row can be read */
    char fault[256];                      /* a sentence */
};

/* What a reader of rows looks for. */
struct ctl_csv_column {
    const char *name;
    bool required;
};

struct ctl_csv;

/*
 * Takes the file over (fclose) and reads the header; name stands for the file
 * in sentences. WU_INVALID with a sentence for a file that is not CSV in UTF-8.
 */
WU_CHECKED enum wu_status ctl_csv_open(struct ctl_csv **ret_csv, FILE *file, const char *name,
                                       struct wu_error *reterr);
void ctl_csv_close(struct ctl_csv **csv_p);

/* The names of the columns. */
const struct ctl_csv_row *ctl_csv_header(const struct ctl_csv *csv);

/* The next row that is not empty. False at the end, or when reading failed: WU_IO in
 * ctl_csv_status. */
bool ctl_csv_next(struct ctl_csv *csv, struct ctl_csv_row *ret_row);
enum wu_status ctl_csv_status(const struct ctl_csv *csv);

/*
 * Where each wanted column stands: ret_places[i] for wanted[i], -1 when it is
 * not there. The list ends with a NULL name. WU_INVALID with a sentence for a
 * column that is missing, there twice, or (unless others_allowed) unknown; the
 * sentence names the nearest one that would do.
 */
WU_CHECKED enum wu_status ctl_csv_places(const struct ctl_csv *csv,
                                         const struct ctl_csv_column *wanted, bool others_allowed,
                                         int *ret_places, struct wu_error *reterr);

/* Writes one cell, in quotes only when it needs them. */
void ctl_csv_write_cell(FILE *out, const char *text);
