#include "services/ctl/commands.h"
#include "services/ctl/csv.h"
#include "services/ctl/mapping.h"
#include "services/ctl/nodes.h"
#include "services/ctl/pump.h"
#include "services/ctl/rows.h"

#include "common/base/division.h"
#include "wushe/community/v1/need.pb-c.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { CODES_MAX = 32 };

/* A row on its way: kept whole until its answer is here. */
struct row_item {
    uint64_t line;
    size_t cell_count;
    const char *cells[]; /* the text stands behind them */
};

struct code_count {
    char code[48];
    uint64_t count;
};

struct import {
    struct ctl *ctl;
    const struct ctl_row_kind *kind;
    const char *path;
    struct ctl_csv *csv;
    bool has_mapping;
    struct ctl_mapping mapping;
    int places[CTL_ROW_COLUMNS_MAX]; /* of our columns, or of the mapping's */
    size_t place_count;
    struct ctl_clock clock;
    size_t arena_mark;

    struct ctl_pump *pump;
    int failed; /* a ctl_exit that ends the import early */

    uint64_t sent_count;
    uint64_t row_count;
    uint64_t accepted_count;
    uint64_t known_count;
    uint64_t rejected_count;
    struct code_count codes[CODES_MAX];
    size_t code_count;

    char rejects_path[PATH_MAX];
    FILE *rejects; /* opened by the first reject */

    uint64_t *communities; /* added, ascending: mapping only */
    size_t community_count;
    size_t community_room;
};

/* ---- rejects --------------------------------------------------------------- */

/* True when both paths lead to the file that is being read. */
static bool is_input(const struct import *import, const char *path)
{
    struct stat input;
    struct stat output;
    return stat(import->path, &input) == 0 && stat(path, &output) == 0 &&
           input.st_dev == output.st_dev && input.st_ino == output.st_ino;
}

static bool open_rejects(struct import *import)
{
    if (import->rejects != NULL) {
        return true;
    }
    if (is_input(import, import->rejects_path)) {
        import->failed = ctl_complain(CTL_USAGE,
                                      "rejects would be written over '%s' itself: name "
                                      "another file with --rejects",
                                      import->path);
        return false;
    }
    import->rejects = fopen(import->rejects_path, "we");
    if (import->rejects == NULL) {
        import->failed = ctl_complain(CTL_FAILED,
                                      "cannot write rejects to '%s': %s; name another file with "
                                      "--rejects",
                                      import->rejects_path, strerror(errno));
        return false;
    }
    const struct ctl_csv_row *header = ctl_csv_header(import->csv);
    for (size_t i = 0; i < header->cell_count; i++) {
        ctl_csv_write_cell(import->rejects, header->cells[i]);
        (void)fputc(',', import->rejects);
    }
    (void)fputs("line,code,reason\n", import->rejects);
    return true;
}

static void count_code(struct import *import, const char *code)
{
    size_t i = 0;
    while (i < import->code_count && strcmp(import->codes[i].code, code) != 0) {
        i++;
    }
    if (i == CODES_MAX) {
        return; /* the totals say how many, the file says which */
    }
    if (i == import->code_count) {
        (void)snprintf(import->codes[i].code, sizeof import->codes[i].code, "%s", code);
        import->code_count++;
    }
    import->codes[i].count++;
}

/* The original cells, as many as there are columns, then why. */
static void reject(struct import *import, uint64_t line, const char *const *cells,
                   size_t cell_count, const char *code, const char *reason)
{
    import->rejected_count++;
    count_code(import, code);
    if (!open_rejects(import)) {
        return;
    }
    size_t width = ctl_csv_header(import->csv)->cell_count;
    for (size_t i = 0; i < width; i++) {
        ctl_csv_write_cell(import->rejects, i < cell_count ? cells[i] : "");
        (void)fputc(',', import->rejects);
    }
    (void)fprintf(import->rejects, "%llu,", (unsigned long long)line);
    ctl_csv_write_cell(import->rejects, code);
    (void)fputc(',', import->rejects);
    ctl_csv_write_cell(import->rejects, reason);
    (void)fputc('\n', import->rejects);
}

/* False when what was written is not all on the disk's side. */
static bool close_rejects(struct import *import)
{
    if (import->rejects == NULL) {
        return true;
    }
    bool fine = ferror(import->rejects) == 0;
    fine = fclose(import->rejects) == 0 && fine;
    import->rejects = NULL;
    return fine;
}

/* ---- answers --------------------------------------------------------------- */

static void on_done(void *context, void *item, const struct ctl_pump_result *result)
{
    struct import *import = context;
    struct row_item *row = item;
    if (row == NULL) { /* a community met on the way: its needs will tell if it was refused */
        if (!result->accepted) {
            (void)ctl_complain(CTL_REFUSED, "a community was not added: %s: %s", result->code,
                               result->text);
        }
        return;
    }
    if (result->accepted) {
        import->accepted_count++;
        import->known_count += result->known_before ? 1 : 0;
    } else {
        reject(import, row->line, row->cells, row->cell_count, result->code, result->text);
    }
    free(row);
}

static struct row_item *keep_row(const struct ctl_csv_row *row)
{
    size_t text_size = 0;
    for (size_t i = 0; i < row->cell_count; i++) {
        text_size += strlen(row->cells[i]) + 1;
    }
    struct row_item *item =
        malloc(sizeof *item + row->cell_count * sizeof item->cells[0] + text_size);
    if (item == NULL) {
        return NULL;
    }
    item->line = row->line;
    item->cell_count = row->cell_count;
    char *text = (char *)(void *)&item->cells[row->cell_count];
    for (size_t i = 0; i < row->cell_count; i++) {
        size_t size = strlen(row->cells[i]) + 1;
        item->cells[i] = memcpy(text, row->cells[i], size);
        text += size;
    }
    return item;
}

/* ---- sending --------------------------------------------------------------- */

/* Sends one command; an item that cannot be sent stays the caller's. */
static bool send_command(struct import *import, const struct ctl_row_command *made, void *item)
{
    const struct ctl_node *node = ctl_node_for(import->ctl, made->role, made->division);
    if (node == NULL) {
        import->failed = CTL_USAGE;
        return false;
    }
    const struct wu_command command = {
        .type = made->type, .body = made->body, .happened_at_ms = made->happened_at_ms};
    int status = ctl_pump_send(import->pump, node, &command, item);
    if (status != CTL_OK) {
        import->failed = status;
        return false;
    }
    import->sent_count++;
    return true;
}

/* Where the division stands, or would stand, among those added. */
static size_t community_place(const struct import *import, uint64_t division)
{
    size_t low = 0;
    size_t high = import->community_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (import->communities[middle] < division) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static bool remember_community(struct import *import, size_t place, uint64_t division)
{
    if (import->community_count == import->community_room) {
        size_t room = import->community_room == 0 ? 256 : import->community_room * 2;
        uint64_t *grown = realloc(import->communities, room * sizeof *grown);
        if (grown == NULL) {
            import->failed = ctl_complain(CTL_FAILED, "no memory left");
            return false;
        }
        import->communities = grown;
        import->community_room = room;
    }
    memmove(&import->communities[place + 1], &import->communities[place],
            (import->community_count - place) * sizeof import->communities[0]);
    import->communities[place] = division;
    import->community_count++;
    return true;
}

/*
 * A community that the file names for the first time is added before its first
 * need, and its answer is waited for: a need must not overtake it when the node
 * starts again in between.
 */
static bool add_community(struct import *import, uint64_t division, const char *name)
{
    size_t place = community_place(import, division);
    if (place < import->community_count && import->communities[place] == division) {
        return true;
    }
    if (!remember_community(import, place, division)) {
        return false;
    }
    Community__AddCommunity add = COMMUNITY__ADD_COMMUNITY__INIT;
    add.division = division;
    add.name = name;
    const struct ctl_row_command made = {.role = "community",
                                         .division = division,
                                         .type = WU_TYPE(COMMUNITY_ADD_COMMUNITY),
                                         .body = &add.base};
    if (!send_command(import, &made, NULL)) {
        return false;
    }
    ctl_pump_wait(import->pump);
    return true;
}

/* Cells of the file to one command; false with a fault. */
static bool read_row(const struct import *import, const struct ctl_csv_row *row,
                     struct ctl_row_command *ret_made, const char **ret_community_name,
                     struct ctl_row_fault *ret_fault)
{
    const char *cells[CTL_ROW_COLUMNS_MAX];
    for (size_t i = 0; i < CTL_ROW_COLUMNS_MAX; i++) {
        bool there = i < import->place_count && import->places[i] >= 0;
        cells[i] = there ? row->cells[import->places[i]] : "";
    }
    *ret_community_name = NULL;
    struct wu_arena *arena = &import->ctl->arena;
    if (!import->has_mapping) {
        return import->kind->read(cells, &import->clock, arena, ret_made, ret_fault);
    }
    const char *ours[CTL_NEED_COLUMNS];
    if (!ctl_mapping_apply(&import->mapping, cells, arena, ours, ret_fault)) {
        return false;
    }
    *ret_community_name = ours[CTL_NEED_COMMUNITY_NAME];
    return import->kind->read(ours, &import->clock, arena, ret_made, ret_fault);
}

static void reject_row(struct import *import, const struct ctl_csv_row *row, const char *code,
                       const char *reason)
{
    reject(import, row->line, row->cells, row->cell_count, code, reason);
}

static void send_row(struct import *import, const struct ctl_csv_row *row,
                     const struct ctl_row_command *made, const char *community_name)
{
    struct row_item *item = keep_row(row);
    if (item == NULL) {
        import->failed = ctl_complain(CTL_FAILED, "no memory left");
    }
    bool sent = item != NULL &&
                (community_name == NULL || add_community(import, made->division, community_name)) &&
                send_command(import, made, item);
    if (sent) {
        return;
    }
    free(item);
    if (import->sent_count > 0) {
        reject_row(import, row, "NOT_SENT", "the import ended before this row");
    }
}

static void import_row(struct import *import, const struct ctl_csv_row *row)
{
    struct ctl_row_command made;
    struct ctl_row_fault fault;
    const char *community_name = NULL;
    if (row->fault_code != NULL) {
        reject_row(import, row, row->fault_code, row->fault);
    } else if (!read_row(import, row, &made, &community_name, &fault)) {
        reject_row(import, row, fault.code, fault.reason);
    } else {
        send_row(import, row, &made, community_name);
    }
}

/*
 * An import that fails before anything was sent just ends. Later, what is left
 * of the file goes to the rejects, so that no row is lost.
 */
static void import_rows(struct import *import)
{
    struct ctl_csv_row row;
    while (ctl_csv_next(import->csv, &row)) {
        if (import->failed != CTL_OK && import->sent_count == 0) {
            return;
        }
        import->row_count++;
        if (import->failed != CTL_OK) {
            reject_row(import, &row, "NOT_SENT", "the import ended before this row");
            continue;
        }
        wu_arena_reset(&import->ctl->arena, import->arena_mark);
        import_row(import, &row);
    }
    ctl_pump_wait(import->pump);
}

/* ---- beginning and end ----------------------------------------------------- */

static const struct ctl_row_kind *kind_named(const char *name)
{
    for (const struct ctl_row_kind *kind = CTL_ROW_KINDS; kind->name != NULL; kind++) {
        if (strcmp(kind->name, name) == 0) {
            return kind;
        }
    }
    return NULL;
}

/* "needs.csv" to "needs.rejects.csv". */
static void default_rejects(struct import *import)
{
    size_t size = strlen(import->path);
    if (size > 4 && strcmp(import->path + size - 4, ".csv") == 0) {
        size -= 4;
    }
    const char *stem = strcmp(import->path, "-") == 0 ? "stdin" : import->path;
    size = stem == import->path ? size : strlen(stem);
    (void)snprintf(import->rejects_path, sizeof import->rejects_path, "%.*s.rejects.csv", (int)size,
                   stem);
}

static int open_file(struct import *import)
{
    struct wu_error error = {""};
    bool is_stdin = strcmp(import->path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(import->path, "re");
    if (file == NULL) {
        return ctl_complain(CTL_USAGE, "cannot read '%s': %s", import->path, strerror(errno));
    }
    struct stat status;
    if (fstat(fileno(file), &status) == 0 && S_ISDIR(status.st_mode)) {
        (void)fclose(file);
        return ctl_complain(CTL_USAGE, "'%s' is a folder: name a CSV file", import->path);
    }
    const char *name = is_stdin ? "standard input" : import->path;
    if (ctl_csv_open(&import->csv, file, name, &error) != WU_OK) {
        return ctl_complain(CTL_USAGE, "%s", error.text);
    }
    const struct ctl_csv_column *wanted =
        import->has_mapping ? import->mapping.columns : import->kind->columns;
    if (ctl_csv_places(import->csv, wanted, import->has_mapping, import->places, &error) != WU_OK) {
        return ctl_complain(CTL_USAGE, "%s", error.text);
    }
    while (wanted[import->place_count].name != NULL) {
        import->place_count++;
    }
    return CTL_OK;
}

static int read_arguments(struct import *import, int argc, char **argv)
{
    struct wu_error error = {""};
    const char *mapping = ctl_option(&argc, argv, "mapping");
    const char *rejects = ctl_option(&argc, argv, "rejects");
    if (!ctl_arguments(import->ctl, argc, argv, 2, 2)) {
        return CTL_USAGE;
    }
    import->kind = kind_named(argv[0]);
    import->path = argv[1];
    if (import->kind == NULL) {
        return ctl_complain(CTL_USAGE,
                            "cannot import '%s': it is needs, people, organisations, "
                            "registrations, resources, kinds or days",
                            argv[0]);
    }
    if (rejects != NULL) {
        (void)snprintf(import->rejects_path, sizeof import->rejects_path, "%s", rejects);
    } else {
        default_rejects(import);
    }
    if (mapping == NULL) {
        return CTL_OK;
    }
    if (strcmp(import->kind->name, "needs") != 0) {
        return ctl_complain(CTL_USAGE, "--mapping is for needs only");
    }
    if (ctl_mapping_load(mapping, &import->ctl->arena, &import->mapping, &error) != WU_OK) {
        return ctl_complain(CTL_USAGE, "%s", error.text);
    }
    import->has_mapping = true;
    return CTL_OK;
}

static void print_totals_json(const struct import *import)
{
    (void)fputs("{\"file\":", stdout);
    wu_json_text(stdout, import->path);
    (void)printf(",\"rows\":%llu,\"accepted\":%llu,\"known_before\":%llu,\"rejected\":%llu,"
                 "\"milliseconds\":%lld,\"codes\":{",
                 (unsigned long long)import->row_count, (unsigned long long)import->accepted_count,
                 (unsigned long long)import->known_count,
                 (unsigned long long)import->rejected_count,
                 (long long)ctl_pump_age_ms(import->pump));
    for (size_t i = 0; i < import->code_count; i++) {
        (void)fputs(i > 0 ? "," : "", stdout);
        wu_json_text(stdout, import->codes[i].code);
        (void)printf(":%llu", (unsigned long long)import->codes[i].count);
    }
    (void)fputs("},\"rejects\":", stdout);
    if (import->rejected_count > 0) {
        wu_json_text(stdout, import->rejects_path);
    } else {
        (void)fputs("null", stdout);
    }
    (void)fputs("}\n", stdout);
}

static void print_totals(const struct import *import)
{
    int64_t age_ms = ctl_pump_age_ms(import->pump);
    (void)printf("%llu %s read in %lld.%02lld s: %llu accepted",
                 (unsigned long long)import->row_count, import->kind->name,
                 (long long)(age_ms / 1000), (long long)(age_ms % 1000 / 10),
                 (unsigned long long)import->accepted_count);
    if (import->known_count > 0) {
        (void)printf(" (%llu of them known before)", (unsigned long long)import->known_count);
    }
    (void)printf(", %llu rejected\n", (unsigned long long)import->rejected_count);
    for (size_t i = 0; i < import->code_count; i++) {
        (void)printf("  %8llu  %s\n", (unsigned long long)import->codes[i].count,
                     import->codes[i].code);
    }
    if (import->rejected_count > 0) {
        (void)printf("mend them in %s and import that file\n", import->rejects_path);
    }
}

/* Totals, whatever happened; the worst of what happened is the exit status. */
static int finish(struct import *import)
{
    int status = import->rejected_count > 0 ? CTL_REFUSED : CTL_OK;
    if (ctl_pump_gave_up(import->pump)) {
        status = CTL_NO_ANSWER;
    }
    if (import->failed != CTL_OK) {
        status = import->failed;
    }
    if (ctl_csv_status(import->csv) != WU_OK) {
        status = ctl_complain(CTL_FAILED, "'%s' could not be read to its end", import->path);
    }
    if (!close_rejects(import)) {
        status = ctl_complain(CTL_FAILED, "'%s' could not be written to its end: is the disk full?",
                              import->rejects_path);
    }
    if (import->failed != CTL_OK && import->sent_count == 0) {
        return status; /* nothing happened, and why has been said */
    }
    if (import->ctl->json) {
        print_totals_json(import);
    } else {
        print_totals(import);
    }
    return status;
}

static int run(struct import *import, int argc, char **argv)
{
    int status = read_arguments(import, argc, argv);
    if (status != CTL_OK) {
        return status;
    }
    if (!ctl_load_home(import->ctl)) {
        return CTL_USAGE;
    }
    import->clock = ctl_clock_now(import->ctl);
    import->arena_mark = import->ctl->arena.used_bytes;
    status = open_file(import);
    if (status != CTL_OK) {
        return status;
    }
    import->pump = ctl_pump_open(import->ctl, import->kind->name, on_done, import);
    if (import->pump == NULL) {
        return CTL_FAILED;
    }
    import_rows(import);
    return finish(import);
}

int cmd_import(struct ctl *ctl, int argc, char **argv)
{
    struct import *import = calloc(1, sizeof *import);
    if (import == NULL) {
        return ctl_complain(CTL_FAILED, "no memory left");
    }
    import->ctl = ctl;
    int status = run(import, argc, argv);
    ctl_pump_close(&import->pump);
    ctl_csv_close(&import->csv);
    free(import->communities);
    free(import);
    return status;
}
