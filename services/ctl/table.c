#include "services/ctl/ctl.h"
#include "services/ctl/wrap.h"

#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { COLUMNS_MAX = 24, WRAP_WIDTH_MIN = 72 };

/* Rows are kept by libsmartcols, whichever way they are printed. */
struct ctl_table {
    const struct ctl *ctl;
    const char *name;
    const char *const *columns;
    size_t column_count;
    size_t row_count;
    bool all_numbers[COLUMNS_MAX]; /* such a column is set to the right */
    size_t wrap_width;             /* of the terminal; 0: cells stay whole */
    struct libscols_table *rows;
};

/* Nothing sensible is left to do in a tool that lists rows. */
static void require_memory(bool there)
{
    if (!there) {
        (void)ctl_complain(CTL_FAILED, "no memory left");
        exit(CTL_FAILED);
    }
}

struct ctl_table *ctl_table_new(struct ctl *ctl, const char *name, const char *const *columns)
{
    struct ctl_table *table = calloc(1, sizeof *table);
    require_memory(table != NULL);
    *table = (struct ctl_table){.ctl = ctl, .name = name, .columns = columns};
    table->rows = scols_new_table();
    require_memory(table->rows != NULL);
    (void)scols_table_enable_colors(table->rows, ctl->colour);
    for (; columns[table->column_count] != NULL && table->column_count < COLUMNS_MAX;
         table->column_count++) {
        struct libscols_column *column =
            scols_table_new_column(table->rows, columns[table->column_count], 0, 0);
        require_memory(column != NULL);
        (void)scols_cell_set_color(scols_column_get_header(column), "\033[1m");
        table->all_numbers[table->column_count] = true;
    }
    return table;
}

static bool looks_like_number(const char *text)
{
    size_t digits = strspn(text, "0123456789,.-%");
    const char *unit = text + digits;
    return *unit == '\0' || strcmp(unit, " 元") == 0 || strcmp(unit, " 件") == 0;
}

void ctl_table_row(struct ctl_table *table, const char *const *values)
{
    struct libscols_line *line = scols_table_new_line(table->rows, NULL);
    require_memory(line != NULL);
    for (size_t index = 0; index < table->column_count; index++) {
        if (values[index] != NULL) {
            require_memory(scols_line_set_data(line, index, values[index]) == 0);
            table->all_numbers[index] &= looks_like_number(values[index]);
        }
    }
    table->row_count++;
}

/* "REPLY BY" becomes "reply_by". */
static void print_json_name(const char *heading)
{
    char name[64];
    size_t size = 0;
    for (; heading[size] != '\0' && size < sizeof name - 1; size++) {
        char letter = heading[size];
        bool capital = letter >= 'A' && letter <= 'Z';
        name[size] = (char)(letter == ' ' ? '_' : capital ? letter - 'A' + 'a' : letter);
    }
    name[size] = '\0';
    wu_json_text(stdout, name);
}

static void print_json(const struct ctl_table *table)
{
    (void)putchar('[');
    for (size_t row = 0; row < table->row_count; row++) {
        struct libscols_line *line = scols_table_get_line(table->rows, row);
        (void)fputs(row > 0 ? ",\n {" : "{", stdout);
        for (size_t index = 0; index < table->column_count; index++) {
            const char *value = scols_cell_get_data(scols_line_get_cell(line, index));
            (void)fputs(index > 0 ? "," : "", stdout);
            print_json_name(table->columns[index]);
            (void)putchar(':');
            if (value != NULL) {
                wu_json_text(stdout, value);
            } else {
                (void)fputs("null", stdout);
            }
        }
        (void)putchar('}');
    }
    (void)fputs("]\n", stdout);
}

/* The widest cell of a column, its heading too. */
static size_t column_width(const struct ctl_table *table, size_t index)
{
    size_t widest = ctl_text_width(table->columns[index]);
    for (size_t row = 0; row < table->row_count; row++) {
        struct libscols_line *line = scols_table_get_line(table->rows, row);
        const char *text = scols_cell_get_data(scols_line_get_cell(line, index));
        size_t width = text != NULL ? ctl_text_width(text) : 0;
        widest = width > widest ? width : widest;
    }
    return widest;
}

static void break_cell(struct libscols_cell *cell, size_t room)
{
    const char *text = scols_cell_get_data(cell);
    if (text != NULL && ctl_text_width(text) > room) {
        char *broken = ctl_text_break(text, room);
        require_memory(broken != NULL && scols_cell_refer_data(cell, broken) == 0);
    }
}

static void break_column(const struct ctl_table *table, size_t index, size_t room)
{
    struct libscols_column *column = scols_table_get_column(table->rows, index);
    (void)scols_column_set_flags(column, SCOLS_FL_WRAP);
    (void)scols_column_set_wrapfunc(column, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL);
    (void)scols_column_set_safechars(column, "\n");
    for (size_t row = 0; row < table->row_count; row++) {
        struct libscols_line *line = scols_table_get_line(table->rows, row);
        break_cell(scols_line_get_cell(line, index), room);
    }
}

static void break_columns(const struct ctl_table *table)
{
    size_t wanted[COLUMNS_MAX];
    size_t rooms[COLUMNS_MAX];
    size_t sum = table->column_count - 1; /* the blanks between */
    for (size_t index = 0; index < table->column_count; index++) {
        wanted[index] = column_width(table, index);
        sum += wanted[index];
    }
    if (sum <= table->wrap_width) {
        return;
    }
    ctl_share_width(wanted, table->column_count, table->wrap_width - (table->column_count - 1),
                    rooms);
    for (size_t index = 0; index < table->column_count; index++) {
        if (rooms[index] < wanted[index]) {
            break_column(table, index, rooms[index]);
        }
    }
}

void ctl_table_wrap(struct ctl_table *table)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        table->wrap_width = size.ws_col > WRAP_WIDTH_MIN ? size.ws_col : WRAP_WIDTH_MIN;
    }
}

static void print_people(const struct ctl_table *table)
{
    if (table->row_count == 0) {
        (void)printf("no %s\n", table->name);
        return;
    }
    for (size_t index = 0; index < table->column_count; index++) {
        struct libscols_column *column = scols_table_get_column(table->rows, index);
        (void)scols_column_set_flags(column, table->all_numbers[index] ? SCOLS_FL_RIGHT : 0);
    }
    if (table->wrap_width > 0) {
        break_columns(table);
    }
    (void)scols_print_table(table->rows);
}

void ctl_table_print(struct ctl_table **table_p)
{
    struct ctl_table *table = *table_p;
    if (table->ctl->json) {
        print_json(table);
    } else {
        print_people(table);
    }
    scols_unref_table(table->rows);
    free(table);
    *table_p = NULL;
}
