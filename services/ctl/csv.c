#include "services/ctl/csv.h"

#include "common/base/nearest.h"
#include "common/fold/pb.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

/*
 * libcsv pushes cells; rows are pulled. So it is fed one line at a time, and
 * one line ends at most one row. The text of the row that is being read stays
 * in `text`, so that a row that turns out bad can be given back as it was.
 */
enum { TEXT_BYTES = 2 * CTL_CSV_ROW_BYTES_MAX };

struct ctl_csv {
    FILE *file;
    char name[256];
    struct csv_parser parser;
    bool ended; /* the file has no more bytes */
    enum wu_status status;

    char text[TEXT_BYTES]; /* start <= fed <= end: the row's begin, what the parser has, what is
                              read */
    size_t start;
    size_t fed;
    size_t end;
    uint64_t line;     /* of start */
    uint64_t fed_line; /* of fed */

    char cells[CTL_CSV_ROW_BYTES_MAX + CTL_CSV_CELLS_MAX]; /* each with a NUL behind it */
    size_t cells_used;
    size_t offsets[CTL_CSV_CELLS_MAX];
    size_t cell_count; /* also of those beyond the limit, which are not kept */
    const char *bad_cell;
    bool row_done;

    struct ctl_csv_row header;
    char *header_text;
    size_t tail_count; /* columns of a file of rejects, left out */
};

static const char *const REJECT_TAIL[] = {"line", "code", "reason"};
enum { REJECT_TAIL_COUNT = 3 };

static void on_cell(void *cell, size_t size, void *context)
{
    struct ctl_csv *csv = context;
    if (csv->row_done) {
        return; /* cannot be: one line ends at most one row */
    }
    if (csv->cell_count < CTL_CSV_CELLS_MAX && size < sizeof csv->cells - csv->cells_used) {
        csv->offsets[csv->cell_count] = csv->cells_used;
        if (size > 0) {
            memcpy(csv->cells + csv->cells_used, cell, size);
        }
        csv->cells[csv->cells_used + size] = '\0';
        if (size > 0 && !wu_utf8_is_valid(cell, size)) {
            csv->bad_cell = csv->cells + csv->cells_used;
        }
        csv->cells_used += size + 1;
    }
    csv->cell_count++;
}

static void on_row(int terminator, void *context)
{
    struct ctl_csv *csv = context;
    (void)terminator;
    csv->row_done = true;
}

static bool parser_start(struct ctl_csv *csv)
{
    csv->cell_count = 0;
    csv->cells_used = 0;
    csv->bad_cell = NULL;
    csv->row_done = false;
    return csv_init(&csv->parser, CSV_STRICT | CSV_STRICT_FINI) == 0;
}

/* Makes room in front and reads on. False when there is nothing more to read or no room. */
static bool read_more(struct ctl_csv *csv)
{
    if (csv->ended) {
        return false;
    }
    if (csv->start > 0) {
        memmove(csv->text, csv->text + csv->start, csv->end - csv->start);
        csv->fed -= csv->start;
        csv->end -= csv->start;
        csv->start = 0;
    }
    size_t room = sizeof csv->text - csv->end;
    if (room == 0) {
        return false;
    }
    size_t got = fread(csv->text + csv->end, 1, room, csv->file);
    csv->end += got;
    if (got < room) {
        csv->ended = true;
        csv->status = ferror(csv->file) ? WU_IO : csv->status;
    }
    return got > 0;
}

/* End of the line that begins at `from`, its ending included; 0 when it is not all there yet. */
static size_t line_end(const struct ctl_csv *csv, size_t from)
{
    for (size_t at = from; at < csv->end; at++) {
        if (csv->text[at] == '\n') {
            return at + 1;
        }
        if (csv->text[at] == '\r') {
            if (at + 1 < csv->end) {
                return csv->text[at + 1] == '\n' ? at + 2 : at + 1;
            }
            return csv->ended ? at + 1 : 0;
        }
    }
    return 0;
}

/* The next line that the parser has not seen, read if need be. At the end of the file a last line
 * without ending. */
static size_t next_line_end(struct ctl_csv *csv)
{
    size_t end = line_end(csv, csv->fed);
    while (end == 0 && read_more(csv)) {
        end = line_end(csv, csv->fed);
    }
    if (end == 0) {
        end = line_end(csv, csv->fed);
    }
    return end != 0 ? end : csv->end;
}

static void fail_row(struct ctl_csv_row *row, const char *code, const char *sentence)
{
    row->fault_code = code;
    (void)snprintf(row->fault, sizeof row->fault, "%s", sentence);
}

/* To the next line, when start is inside one that does not fit in. */
static void skip_rest_of_line(struct ctl_csv *csv)
{
    if (csv->start == 0 || strchr("\r\n", csv->text[csv->start - 1]) != NULL) {
        return;
    }
    size_t end = 0;
    do {
        end = line_end(csv, csv->start);
        csv->start = end != 0 ? end : csv->end;
        csv->fed = csv->start;
    } while (end == 0 && read_more(csv));
}

/* Gives the row's first line back as it is and goes on with the line after it. */
static void give_up_row(struct ctl_csv *csv, struct ctl_csv_row *row, const char *code,
                        const char *sentence)
{
    size_t end = line_end(csv, csv->start);
    end = end != 0 ? end : csv->end;
    size_t size = end - csv->start;
    while (size > 0 && strchr("\r\n", csv->text[csv->start + size - 1]) != NULL) {
        size--;
    }
    size = size < sizeof csv->cells ? size : sizeof csv->cells - 1;
    memcpy(csv->cells, csv->text + csv->start, size);
    csv->cells[size] = '\0';
    row->line = csv->line;
    row->cell_count = 1;
    row->cells[0] = csv->cells;
    fail_row(row, code, sentence);

    csv->start = end;
    skip_rest_of_line(csv);
    csv->fed = csv->start;
    csv->line++;
    csv->fed_line = csv->line;
    csv_free(&csv->parser);
    if (!parser_start(csv)) {
        csv->status = WU_NO_MEMORY;
    }
}

/* How a line fed to the parser left it. */
enum fed { FED_OPEN, FED_ROW, FED_END, FED_BAD_QUOTE, FED_TOO_LONG };

static enum fed feed_line(struct ctl_csv *csv)
{
    size_t end = next_line_end(csv);
    if (end == csv->fed) {
        if (csv_fini(&csv->parser, on_cell, on_row, csv) != 0) {
            return FED_BAD_QUOTE;
        }
        return csv->row_done ? FED_ROW : FED_END;
    }
    if (end - csv->start > CTL_CSV_ROW_BYTES_MAX) {
        return FED_TOO_LONG;
    }
    size_t size = end - csv->fed;
    size_t taken = csv_parse(&csv->parser, csv->text + csv->fed, size, on_cell, on_row, csv);
    if (taken != size) {
        return FED_BAD_QUOTE;
    }
    csv->fed = end;
    csv->fed_line++;
    return csv->row_done ? FED_ROW : FED_OPEN;
}

static void take_cells(struct ctl_csv *csv, struct ctl_csv_row *row)
{
    size_t kept = csv->cell_count < CTL_CSV_CELLS_MAX ? csv->cell_count : CTL_CSV_CELLS_MAX;
    row->line = csv->line;
    row->cell_count = kept;
    for (size_t i = 0; i < kept; i++) {
        row->cells[i] = csv->cells + csv->offsets[i];
    }
    if (csv->cell_count > CTL_CSV_CELLS_MAX) {
        fail_row(row, "ROW_TOO_WIDE", "a row has at most 64 cells");
    } else if (csv->bad_cell != NULL) {
        fail_row(row, "CELL_NOT_UTF8", "a cell is not text in UTF-8: save the file as UTF-8");
    }
    csv->start = csv->fed;
    csv->line = csv->fed_line;
    csv->cell_count = 0;
    csv->cells_used = 0;
    csv->bad_cell = NULL;
    csv->row_done = false;
}

/* The next row of the file, the header like any other. */
static bool next_row(struct ctl_csv *csv, struct ctl_csv_row *row)
{
    row->cell_count = 0;
    row->fault_code = NULL;
    row->fault[0] = '\0';
    while (csv->status == WU_OK) {
        switch (feed_line(csv)) {
        case FED_ROW:
            take_cells(csv, row);
            return true;
        case FED_END:
            return false;
        case FED_BAD_QUOTE:
            give_up_row(csv, row, "ROW_BAD_QUOTE",
                        "a quote inside a cell must be doubled, and a quoted cell must end");
            return true;
        case FED_TOO_LONG:
            give_up_row(csv, row, "ROW_TOO_LONG",
                        "a row has at most 64 KiB: a quote is probably not closed");
            return true;
        default:
            if (csv->cell_count == 0 && csv->cells_used == 0 && csv->parser.pstate == 0) {
                csv->start = csv->fed; /* an empty line */
                csv->line = csv->fed_line;
            }
            break;
        }
    }
    return false;
}

/* The header outlives the rows, so its text is copied. */
static bool keep_header(struct ctl_csv *csv)
{
    csv->header_text = malloc(sizeof csv->cells);
    if (csv->header_text == NULL) {
        return false;
    }
    memcpy(csv->header_text, csv->cells, sizeof csv->cells);
    for (size_t i = 0; i < csv->header.cell_count; i++) {
        csv->header.cells[i] = csv->header_text + (csv->header.cells[i] - csv->cells);
    }
    size_t count = csv->header.cell_count;
    if (count <= REJECT_TAIL_COUNT) {
        return true;
    }
    for (size_t i = 0; i < REJECT_TAIL_COUNT; i++) {
        if (strcmp(csv->header.cells[count - REJECT_TAIL_COUNT + i], REJECT_TAIL[i]) != 0) {
            return true;
        }
    }
    csv->tail_count = REJECT_TAIL_COUNT;
    csv->header.cell_count -= REJECT_TAIL_COUNT;
    return true;
}

static enum wu_status read_header(struct ctl_csv *csv, struct wu_error *reterr)
{
    (void)read_more(csv);
    if (csv->end >= 2 &&
        (memcmp(csv->text, "\xff\xfe", 2) == 0 || memcmp(csv->text, "\xfe\xff", 2) == 0)) {
        return wu_error_set(reterr, WU_INVALID, "%s: this is UTF-16: save it as UTF-8", csv->name);
    }
    if (csv->end >= 3 && memcmp(csv->text, "\xef\xbb\xbf", 3) == 0) {
        csv->start = 3;
        csv->fed = 3;
    }
    if (!next_row(csv, &csv->header)) {
        if (csv->status != WU_OK) {
            return wu_error_set(reterr, csv->status, "%s: cannot be read", csv->name);
        }
        return wu_error_set(reterr, WU_INVALID, "%s: empty: the first row must name the columns",
                            csv->name);
    }
    if (csv->header.fault_code != NULL) {
        return wu_error_set(reterr, WU_INVALID, "%s:%llu: the row of column names: %s", csv->name,
                            (unsigned long long)csv->header.line, csv->header.fault);
    }
    return keep_header(csv) ? WU_OK : wu_error_set(reterr, WU_NO_MEMORY, "no memory");
}

enum wu_status ctl_csv_open(struct ctl_csv **ret_csv, FILE *file, const char *name,
                            struct wu_error *reterr)
{
    struct ctl_csv *csv = calloc(1, sizeof *csv);
    if (csv == NULL) {
        (void)fclose(file);
        return wu_error_set(reterr, WU_NO_MEMORY, "no memory");
    }
    csv->file = file;
    csv->line = 1;
    csv->fed_line = 1;
    (void)snprintf(csv->name, sizeof csv->name, "%s", name);
    enum wu_status status =
        parser_start(csv) ? WU_OK : wu_error_set(reterr, WU_NO_MEMORY, "no memory");
    if (status == WU_OK) {
        status = read_header(csv, reterr);
    }
    if (status != WU_OK) {
        ctl_csv_close(&csv);
        return status;
    }
    *ret_csv = csv;
    return WU_OK;
}

void ctl_csv_close(struct ctl_csv **csv_p)
{
    struct ctl_csv *csv = *csv_p;
    if (csv == NULL) {
        return;
    }
    csv_free(&csv->parser);
    (void)fclose(csv->file);
    free(csv->header_text);
    free(csv);
    *csv_p = NULL;
}

const struct ctl_csv_row *ctl_csv_header(const struct ctl_csv *csv)
{
    return &csv->header;
}

enum wu_status ctl_csv_status(const struct ctl_csv *csv)
{
    return csv->status;
}

/* A row has as many cells as the header, or it is not clear which is which. */
static void check_width(const struct ctl_csv *csv, struct ctl_csv_row *row)
{
    size_t wanted = csv->header.cell_count;
    if (row->fault_code == NULL && row->cell_count == wanted + csv->tail_count) {
        row->cell_count = wanted;
        return;
    }
    if (row->fault_code != NULL || row->cell_count == wanted) {
        return;
    }
    bool wide = row->cell_count > wanted;
    row->fault_code = wide ? "ROW_TOO_WIDE" : "ROW_TOO_NARROW";
    (void)snprintf(row->fault, sizeof row->fault,
                   "%zu cells, but the header names %zu columns%s%.60s%s", row->cell_count, wanted,
                   wide ? "; the first without a name is '" : "", wide ? row->cells[wanted] : "",
                   wide ? "'" : "");
}

bool ctl_csv_next(struct ctl_csv *csv, struct ctl_csv_row *ret_row)
{
    if (!next_row(csv, ret_row)) {
        return false;
    }
    check_width(csv, ret_row);
    return true;
}

static int place_of(const struct ctl_csv_row *header, const char *name)
{
    for (size_t i = 0; i < header->cell_count; i++) {
        if (strcmp(header->cells[i], name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static bool is_wanted(const struct ctl_csv_column *wanted, const char *name)
{
    for (; wanted->name != NULL; wanted++) {
        if (strcmp(wanted->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static enum wu_status complain_unknown(const struct ctl_csv *csv, const char *name,
                                       const struct ctl_csv_column *wanted, struct wu_error *reterr)
{
    char all[512] = "";
    size_t used = 0;
    const char *nearest = NULL;
    int nearest_distance = WU_NEAREST_FAR;
    for (const struct ctl_csv_column *column = wanted; column->name != NULL; column++) {
        int distance = wu_word_distance(name, column->name);
        if (distance < nearest_distance) {
            nearest = column->name;
            nearest_distance = distance;
        }
        int size =
            snprintf(all + used, sizeof all - used, "%s%s", used > 0 ? "," : "", column->name);
        used += size > 0 && (size_t)size < sizeof all - used ? (size_t)size : 0;
    }
    if (nearest != NULL && wu_word_is_near(name, nearest)) {
        return wu_error_set(reterr, WU_INVALID,
                            "%s:%llu: unknown column '%.60s': did you mean '%s'?", csv->name,
                            (unsigned long long)csv->header.line, name, nearest);
    }
    return wu_error_set(reterr, WU_INVALID, "%s:%llu: unknown column '%.60s': the columns are %s",
                        csv->name, (unsigned long long)csv->header.line, name, all);
}

static enum wu_status complain_missing(const struct ctl_csv *csv, const char *name,
                                       struct wu_error *reterr)
{
    const char *nearest = NULL;
    int nearest_distance = WU_NEAREST_FAR;
    for (size_t i = 0; i < csv->header.cell_count; i++) {
        int distance = wu_word_distance(csv->header.cells[i], name);
        if (distance < nearest_distance) {
            nearest = csv->header.cells[i];
            nearest_distance = distance;
        }
    }
    bool near = nearest != NULL && wu_word_is_near(nearest, name);
    return wu_error_set(reterr, WU_INVALID, "%s:%llu: no column '%s'%s%s%s: add it", csv->name,
                        (unsigned long long)csv->header.line, name, near ? "; the file has '" : "",
                        near ? nearest : "", near ? "'" : "");
}

enum wu_status ctl_csv_places(const struct ctl_csv *csv, const struct ctl_csv_column *wanted,
                              bool others_allowed, int *ret_places, struct wu_error *reterr)
{
    const struct ctl_csv_row *header = &csv->header;
    for (size_t i = 0; i < header->cell_count; i++) {
        if (place_of(header, header->cells[i]) != (int)i && is_wanted(wanted, header->cells[i])) {
            return wu_error_set(reterr, WU_INVALID, "%s:%llu: column '%s' is there twice: drop one",
                                csv->name, (unsigned long long)header->line, header->cells[i]);
        }
        if (!others_allowed && !is_wanted(wanted, header->cells[i])) {
            return complain_unknown(csv, header->cells[i], wanted, reterr);
        }
    }
    for (size_t i = 0; wanted[i].name != NULL; i++) {
        ret_places[i] = place_of(header, wanted[i].name);
        if (ret_places[i] < 0 && wanted[i].required) {
            return complain_missing(csv, wanted[i].name, reterr);
        }
    }
    return WU_OK;
}

void ctl_csv_write_cell(FILE *out, const char *text)
{
    size_t size = strlen(text);
    bool bare = strpbrk(text, ",\"\r\n") == NULL &&
                (size == 0 || (text[0] != ' ' && text[0] != '\t' && text[size - 1] != ' ' &&
                               text[size - 1] != '\t'));
    if (bare) {
        (void)fputs(text, out);
    } else {
        (void)csv_fwrite(out, text, size);
    }
}
