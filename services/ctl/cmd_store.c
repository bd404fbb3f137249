#include "services/ctl/commands.h"
#include "services/ctl/nodes.h"

#include "common/journal/replay.h"
#include "common/journal/tables.h"

#include <inttypes.h>
#include <string.h>

/* Rows before a fresh snapshot: a slow reader of our output must not pin old pages. */
enum { ROWS_PER_SNAPSHOT = 1000, KEY_BYTES = 256 };

/* ---- dump ------------------------------------------------------------------------------------ */

/* The core's tables, then the framework's; NULL at the end. */
static const struct wu_table *table_at(const struct wu_core *core, size_t index)
{
    size_t core_count = 0;
    while (core->tables[core_count] != NULL) {
        core_count++;
    }
    return index < core_count ? core->tables[index] : WU_NODE_TABLES[index - core_count];
}

/* By full name, or by what stands behind the dot. */
static const struct wu_table *table_named(const struct wu_core *core, const char *name)
{
    const struct wu_table *table = NULL;
    for (size_t index = 0; (table = table_at(core, index)) != NULL; index++) {
        const char *dot = strchr(table->name, '.');
        if (strcmp(table->name, name) == 0 || (dot != NULL && strcmp(dot + 1, name) == 0)) {
            return table;
        }
    }
    return NULL;
}

static int list_tables(struct ctl *ctl, const struct ctl_reader *reader, const struct wu_core *core)
{
    static const char *const columns[] = {"TABLE", "ENTRIES", "KEY", NULL};
    struct ctl_table *listing = ctl_table_new(ctl, "tables", columns);
    const struct wu_table *table = NULL;
    for (size_t index = 0; (table = table_at(core, index)) != NULL; index++) {
        char key[256] = "";
        for (size_t field = 0; field < WU_KEY_FIELDS_MAX && table->key[field].name != NULL;
             field++) {
            size_t used = strlen(key);
            (void)snprintf(key + used, sizeof key - used, "%s%s", field > 0 ? " " : "",
                           table->key[field].name);
        }
        const char *values[] = {
            table->name,
            wu_arena_printf(&ctl->arena, "%" PRIu64, wu_table_count(reader->txn, table)), key};
        ctl_table_row(listing, values);
    }
    ctl_table_print(&listing);
    return CTL_OK;
}

static void print_row(const struct wu_table *table, const void *key, const ProtobufCMessage *row)
{
    (void)fputs("{\"table\":", stdout);
    wu_json_text(stdout, table->name);
    (void)fputs(",\"key\":", stdout);
    wu_json_key(stdout, table, key);
    if (row != NULL) {
        (void)fputs(",\"row\":", stdout);
        wu_json_message(stdout, row);
    }
    (void)fputs("}\n", stdout);
}

static int dump_rows(struct ctl *ctl, struct ctl_reader *reader, const struct wu_table *table,
                     uint64_t limit)
{
    _Alignas(16) uint8_t key[KEY_BYTES] = {0};
    const ProtobufCMessage *row = NULL;
    size_t mark = ctl->arena.used_bytes;
    uint64_t printed = 0;
    bool more = limit > 0 && wu_table_from(reader->txn, table, key, 0, &row);
    while (more && ferror(stdout) == 0) {
        print_row(table, key, row);
        wu_arena_reset(&ctl->arena, mark);
        printed++;
        if (printed % ROWS_PER_SNAPSHOT == 0 && ctl_reader_renew(ctl, reader) != CTL_OK) {
            return CTL_FAILED;
        }
        more = printed < limit && wu_table_after(reader->txn, table, key, 0, &row);
    }
    enum wu_status status = wu_txn_status(reader->txn);
    if (status != WU_OK) {
        return ctl_complain(CTL_FAILED, "a row of %s cannot be read (%s) after %" PRIu64 " rows",
                            table->name, wu_status_name(status), printed);
    }
    return CTL_OK;
}

/* "10" to 10; everything when there is no limit. */
static bool read_limit(const char *text, uint64_t *ret_limit)
{
    *ret_limit = UINT64_MAX;
    if (text == NULL) {
        return true;
    }
    int64_t limit = 0;
    if (!ctl_parse_number(text, INT64_MAX, &limit)) {
        (void)ctl_complain(CTL_USAGE, "--limit is '%s': write a whole number of rows", text);
        return false;
    }
    *ret_limit = (uint64_t)limit;
    return true;
}

int cmd_store_dump(struct ctl *ctl, int argc, char **argv)
{
    uint64_t limit = 0;
    const char *limit_text = ctl_option(&argc, argv, "limit");
    if (!ctl_arguments(ctl, argc, argv, 1, 2) || !read_limit(limit_text, &limit)) {
        return CTL_USAGE;
    }
    const struct ctl_node *node = ctl_node_named(ctl, argv[0]);
    const struct wu_core *core = node != NULL ? ctl_core_of(node) : NULL;
    if (core == NULL) {
        return CTL_USAGE;
    }
    const struct wu_table *table = argc > 1 ? table_named(core, argv[1]) : NULL;
    if (argc > 1 && table == NULL) {
        return ctl_complain(CTL_USAGE, "no table '%s'; 'wushectl store dump %s' lists them",
                            argv[1], argv[0]);
    }
    struct ctl_reader reader;
    int status = ctl_reader_open(ctl, node, &reader);
    if (status != CTL_OK) {
        return status;
    }
    status =
        table != NULL ? dump_rows(ctl, &reader, table, limit) : list_tables(ctl, &reader, core);
    ctl_reader_close(&reader);
    return status;
}

/* ---- verify ---------------------------------------------------------------------------------- */

struct verdict {
    enum wu_status status;
    struct wu_replay_report report;
    struct wu_error error;
};

static void verify_node(const struct ctl_node *node, struct verdict *verdict)
{
    char scratch[WU_CONFIG_TEXT_MAX + 32];
    const struct wu_core *core = ctl_core_of(node);
    *verdict = (struct verdict){.status = WU_INVALID};
    if (core == NULL) {
        wu_error_set(&verdict->error, WU_INVALID, "role unknown");
        return;
    }
    verdict->status = ctl_make_scratch(node, scratch, sizeof scratch, &verdict->error);
    if (verdict->status != WU_OK) {
        return;
    }
    verdict->status =
        wu_replay_verify(node->config.state_dir, core, scratch, &verdict->report, &verdict->error);
    ctl_remove_scratch(scratch);
}

static const char *verdict_word(const struct verdict *verdict)
{
    switch (verdict->status) {
    case WU_OK:
        return "same";
    case WU_DIVERGED:
        return "different";
    default:
        return "failed";
    }
}

static void print_verdict_json(const struct ctl_node *node, const struct verdict *verdict)
{
    const struct wu_replay_report *report = &verdict->report;
    (void)printf("{\"node\":%" PRIu64 ",\"role\":", node->config.node);
    wu_json_text(stdout, node->config.role);
    (void)printf(",\"result\":\"%s\",\"event_count\":%" PRIu64 ",\"table_count\":%" PRIu64
                 ",\"row_count\":%" PRIu64 ",\"stream_count\":%" PRIu64 ",\"record_count\":%" PRIu64
                 ",\"different_count\":%" PRIu64 ",\"first_difference\":",
                 verdict_word(verdict), report->event_count, report->table_count, report->row_count,
                 report->stream_count, report->record_count, report->different_count);
    wu_json_text(stdout, report->first_difference);
    (void)fputs(",\"error\":", stdout);
    wu_json_text(stdout, verdict->error.text);
    (void)putchar('}');
}

static void add_verdict_row(struct ctl *ctl, struct ctl_table *table, const struct ctl_node *node,
                            const struct verdict *verdict)
{
    struct wu_arena *arena = &ctl->arena;
    const struct wu_replay_report *report = &verdict->report;
    const char *why =
        verdict->status == WU_DIVERGED ? report->first_difference : verdict->error.text;
    const char *values[] = {
        ctl_node_text(ctl, node),
        verdict_word(verdict),
        wu_arena_printf(arena, "%" PRIu64, report->event_count),
        wu_arena_printf(arena, "%" PRIu64, report->table_count),
        wu_arena_printf(arena, "%" PRIu64, report->row_count),
        wu_arena_printf(arena, "%" PRIu64, report->stream_count),
        wu_arena_printf(arena, "%" PRIu64, report->record_count),
        wu_arena_printf(arena, "%" PRIu64, report->different_count),
        wu_arena_printf(arena, "%s", why),
    };
    ctl_table_row(table, values);
}

/* All nodes when none is named. */
static bool is_wanted(struct ctl *ctl, const struct ctl_node *node, int argc, char **argv)
{
    for (int at = 0; at < argc; at++) {
        if (ctl_node_named(ctl, argv[at]) == node || strcmp(argv[at], node->config.role) == 0) {
            return true;
        }
    }
    return argc == 0;
}

/* The worse of two exits, as scripts see it. */
static int worse_of(int exit_status, const struct verdict *verdict)
{
    if (verdict->status == WU_DIVERGED) {
        return CTL_FOUND;
    }
    return verdict->status != WU_OK && exit_status == CTL_OK ? CTL_FAILED : exit_status;
}

int cmd_store_verify(struct ctl *ctl, int argc, char **argv)
{
    static const char *const columns[] = {"NODE",    "RESULT",  "EVENTS",    "TABLES", "ROWS",
                                          "STREAMS", "RECORDS", "DIFFERENT", "WHY",    NULL};
    if (!ctl_arguments(ctl, argc, argv, 0, 16) || !ctl_load_home(ctl)) {
        return CTL_USAGE;
    }
    for (int at = 0; at < argc; at++) {
        if (ctl_node_named(ctl, argv[at]) == NULL) {
            return CTL_USAGE;
        }
    }
    int exit_status = CTL_OK;
    struct ctl_table *table = ctl->json ? NULL : ctl_table_new(ctl, "nodes", columns);
    const char *before = "[";
    for (size_t index = 0; index < ctl->node_count; index++) {
        const struct ctl_node *node = &ctl->nodes[index];
        struct verdict verdict;
        if (!is_wanted(ctl, node, argc, argv)) {
            continue;
        }
        verify_node(node, &verdict);
        exit_status = worse_of(exit_status, &verdict);
        if (ctl->json) {
            (void)fputs(before, stdout);
            before = ",\n ";
            print_verdict_json(node, &verdict);
        } else {
            add_verdict_row(ctl, table, node, &verdict);
        }
    }
    if (ctl->json) {
        (void)fputs("]\n", stdout);
    } else {
        ctl_table_print(&table);
    }
    return exit_status;
}
