#include "services/ctl/csv.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* A reader of that text; the test fails when its header cannot be read. */
static struct ctl_csv *open_text(const char *text, size_t size)
{
    struct ctl_csv *csv = NULL;
    struct wu_error error = {""};
    FILE *file = tmpfile();
    cr_assert_not_null(file);
    cr_assert_eq(fwrite(text, 1, size, file), size);
    rewind(file);
    enum wu_status status = ctl_csv_open(&csv, file, "t.csv", &error);
    cr_assert_eq(status, WU_OK, "%s", error.text);
    return csv;
}

static struct ctl_csv *open_csv(const char *text)
{
    return open_text(text, strlen(text));
}

static const char *complaint(const char *text)
{
    static struct wu_error error;
    struct ctl_csv *csv = NULL;
    FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
    cr_assert_not_null(file);
    cr_assert_eq(ctl_csv_open(&csv, file, "t.csv", &error), WU_INVALID);
    cr_assert_null(csv);
    return error.text;
}

Test(csv, cells_come_by_row_with_the_line_each_row_begins_on)
{
    struct ctl_csv *csv = open_csv("a,b\r\n1,\"two\nlines\"\n\n3,\"say \"\"hi\"\"\"\n");
    struct ctl_csv_row row;
    cr_assert(ctl_csv_next(csv, &row));
    cr_assert_eq(row.line, 2);
    cr_assert_str_eq(row.cells[0], "1");
    cr_assert_str_eq(row.cells[1], "two\nlines");
    cr_assert(ctl_csv_next(csv, &row));
    cr_assert_eq(row.line, 5);
    cr_assert_str_eq(row.cells[1], "say \"hi\"");
    cr_assert_not(ctl_csv_next(csv, &row));
    cr_assert_eq(ctl_csv_status(csv), WU_OK);
    ctl_csv_close(&csv);
    cr_assert_null(csv);
}

Test(csv, a_byte_order_mark_and_a_missing_last_line_end_do_no_harm)
{
    struct ctl_csv *csv = open_csv("\xef\xbb\xbf名,b\n社区,2");
    struct ctl_csv_row row;
    cr_assert_str_eq(ctl_csv_header(csv)->cells[0], "名");
    cr_assert(ctl_csv_next(csv, &row));
    cr_assert_str_eq(row.cells[0], "社区");
    cr_assert_str_eq(row.cells[1], "2");
    cr_assert_not(ctl_csv_next(csv, &row));
    ctl_csv_close(&csv);
}

Test(csv, old_line_ends_count_as_lines_too)
{
    struct ctl_csv *csv = open_csv("a\r1\r2\r\n3");
    struct ctl_csv_row row;
    for (uint64_t line = 2; line <= 4; line++) {
        cr_assert(ctl_csv_next(csv, &row));
        cr_assert_eq(row.line, line);
        cr_assert_eq(row.cells[0][0], (char)('0' + line - 1));
    }
    cr_assert_not(ctl_csv_next(csv, &row));
    ctl_csv_close(&csv);
}

Test(csv, an_open_quote_costs_one_row_and_no_more)
{
    struct ctl_csv *csv = open_csv("a,b\n1,\"open\n2,fine\n3,fine\n");
    struct ctl_csv_row row;
    cr_assert(ctl_csv_next(csv, &row));
    cr_assert_str_eq(row.fault_code, "ROW_BAD_QUOTE");
    cr_assert_str_eq(row.cells[0], "1,\"open");
    cr_assert_eq(row.line, 2);
    for (uint64_t line = 3; line <= 4; line++) {
        cr_assert(ctl_csv_next(csv, &row));
        cr_assert_null(row.fault_code);
        cr_assert_eq(row.line, line);
        cr_assert_str_eq(row.cells[1], "fine");
    }
    cr_assert_not(ctl_csv_next(csv, &row));
    ctl_csv_close(&csv);
}

Test(csv, a_quote_inside_a_bare_cell_costs_one_row)
{
    struct ctl_csv *csv = open_csv("a,b\n1,5\" pipe\n2,fine\n");
    struct ctl_csv_row row;
    cr_assert(ctl_csv_next(csv, &row));
    cr_assert_str_eq(row.fault_code, "ROW_BAD_QUOTE");
    cr_assert(ctl_csv_next(csv, &row));
    cr_assert_null(row.fault_code);
    cr_assert_str_eq(row.cells[0], "2");
    ctl_csv_close(&csv);
}

Test(csv, a_row_longer_than_the_bound_is_given_up)
{
    size_t size = 300 * 1024;
    char *text = malloc(size + 1);
    cr_assert_not_null(text);
    memset(text, 'x', size);
    memcpy(text, "a\n\"", 3);
    memcpy(text + size - 3, "\n7\n", 3);
    struct ctl_csv *csv = open_text(text, size);
    struct ctl_csv_row row;
    cr_assert(ctl_csv_next(csv, &row));
    cr_assert_str_eq(row.fault_code, "ROW_TOO_LONG");
    bool found = false;
    while (ctl_csv_next(csv, &row)) {
        found = found || (row.fault_code == NULL && strcmp(row.cells[0], "7") == 0);
    }
    cr_assert(found, "reading goes on behind it");
    ctl_csv_close(&csv);
    free(text);
}

Test(csv, a_row_has_as_many_cells_as_the_header)
{
    struct ctl_csv *csv = open_csv("a,b\n1\n1,2,3\n1,2\n");
    struct ctl_csv_row row;
    cr_assert(ctl_csv_next(csv, &row));
    cr_assert_str_eq(row.fault_code, "ROW_TOO_NARROW");
    cr_assert(ctl_csv_next(csv, &row));
    cr_assert_str_eq(row.fault_code, "ROW_TOO_WIDE");
    cr_assert_not_null(strstr(row.fault, "'3'"));
    cr_assert(ctl_csv_next(csv, &row));
    cr_assert_null(row.fault_code);
    ctl_csv_close(&csv);
}

Test(csv, more_cells_than_we_keep_are_counted_not_written)
{
    char text[1024] = "a\n";
    for (int i = 0; i < 200; i++) {
        strcat(text, "1,");
    }
    strcat(text, "1\n2\n");
    struct ctl_csv *csv = open_csv(text);
    struct ctl_csv_row row;
    cr_assert(ctl_csv_next(csv, &row));
    cr_assert_str_eq(row.fault_code, "ROW_TOO_WIDE");
    cr_assert(ctl_csv_next(csv, &row));
    cr_assert_null(row.fault_code);
    cr_assert_str_eq(row.cells[0], "2");
    ctl_csv_close(&csv);
}

Test(csv, text_that_is_not_utf8_is_a_fault_of_its_row)
{
    struct ctl_csv *csv = open_csv("a\n\xc9\xe7\xc7\xf8\nok\n");
    struct ctl_csv_row row;
    cr_assert(ctl_csv_next(csv, &row));
    cr_assert_str_eq(row.fault_code, "CELL_NOT_UTF8");
    cr_assert(ctl_csv_next(csv, &row));
    cr_assert_null(row.fault_code);
    ctl_csv_close(&csv);
}

Test(csv, a_file_of_rejects_reads_like_the_file_it_came_from)
{
    struct ctl_csv *csv = open_csv("code,name,line,code,reason\nx,y,7,NEED_X,why\n");
    struct ctl_csv_row row;
    int places[2];
    struct wu_error error = {""};
    static const struct ctl_csv_column wanted[] = {{"name", true}, {"code", true}, {0}};
    cr_assert_eq(ctl_csv_header(csv)->cell_count, 2);
    cr_assert_eq(ctl_csv_places(csv, wanted, false, places, &error), WU_OK, "%s", error.text);
    cr_assert(ctl_csv_next(csv, &row));
    cr_assert_null(row.fault_code);
    cr_assert_eq(row.cell_count, 2);
    cr_assert_str_eq(row.cells[places[0]], "y");
    cr_assert_str_eq(row.cells[places[1]], "x");
    ctl_csv_close(&csv);
}

Test(csv, what_is_no_csv_in_utf8_is_said_to_be_so)
{
    cr_assert_not_null(strstr(complaint("\xff\xfe"
                                        "a,b\n"),
                              "UTF-16"));
    cr_assert_not_null(strstr(complaint("\n\n"), "empty"));
    cr_assert_not_null(strstr(complaint("a,\"b\n"), "t.csv:1"));
}

static const char *places_complaint(const char *header, const struct ctl_csv_column *wanted)
{
    static struct wu_error error;
    int places[8];
    struct ctl_csv *csv = open_csv(header);
    cr_assert_eq(ctl_csv_places(csv, wanted, false, places, &error), WU_INVALID);
    ctl_csv_close(&csv);
    return error.text;
}

Test(csv, a_column_that_is_wrong_is_named_with_the_nearest_one)
{
    static const struct ctl_csv_column wanted[] = {{"ref", true}, {"division", true}, {0}};
    cr_assert_str_eq(places_complaint("ref,divison\n", wanted),
                     "t.csv:1: unknown column 'divison': did you mean 'division'?");
    cr_assert_str_eq(places_complaint("ref,xyzzy,division\n", wanted),
                     "t.csv:1: unknown column 'xyzzy': the columns are ref,division");
    cr_assert_str_eq(places_complaint("ref\n", wanted), "t.csv:1: no column 'division': add it");
    cr_assert_str_eq(places_complaint("ref,division,ref\n", wanted),
                     "t.csv:1: column 'ref' is there twice: drop one");
}

Test(csv, a_written_cell_reads_back_the_same)
{
    static const char *const cells[] = {"plain", "a,b", "say \"hi\"", " led", "two\nlines", ""};
    enum { COUNT = sizeof cells / sizeof cells[0] };
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    cr_assert_not_null(out);
    (void)fputs("a,b,c,d,e,f\n", out);
    for (size_t i = 0; i < COUNT; i++) {
        ctl_csv_write_cell(out, cells[i]);
        (void)fputc(i + 1 < COUNT ? ',' : '\n', out);
    }
    (void)fclose(out);
    struct ctl_csv *csv = open_text(text, size);
    struct ctl_csv_row row;
    cr_assert(ctl_csv_next(csv, &row));
    cr_assert_null(row.fault_code, "%s", row.fault);
    for (size_t i = 0; i < COUNT; i++) {
        cr_assert_str_eq(row.cells[i], cells[i]);
    }
    ctl_csv_close(&csv);
    free(text);
}
