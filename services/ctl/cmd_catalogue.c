#include "services/coordinator/core/tables.h"
#include "services/ctl/catalogue_files.h"
#include "services/ctl/commands.h"
#include "services/ctl/nodes.h"
#include "services/ctl/pump.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- check ------------------------------------------------------------------- */

static void print_check_json(const struct ctl_catalogue_files *files)
{
    const char *before = "";
    (void)printf("{\"files\":%zu,\"kinds\":%zu,\"faults\":[", files->file_count,
                 files->catalogue.kind_count);
    for (const struct ctl_catalogue_fault *fault = files->first_fault; fault != NULL;
         fault = fault->next) {
        (void)printf("%s{\"file\":", before);
        wu_json_text(stdout, fault->file);
        (void)printf(",\"line\":%u,\"what\":", fault->line);
        wu_json_text(stdout, fault->sentence);
        (void)putchar('}');
        before = ",\n ";
    }
    (void)puts("]}");
}

static void print_check(const struct ctl_catalogue_files *files, const char *path)
{
    for (const struct ctl_catalogue_fault *fault = files->first_fault; fault != NULL;
         fault = fault->next) {
        (void)printf("%s:%u: %s\n", fault->file, fault->line, fault->sentence);
    }
    (void)printf("%s: %zu kinds in %zu files, %zu faults\n", path, files->catalogue.kind_count,
                 files->file_count, files->catalogue.fault_count);
}

int cmd_catalogue_check(struct ctl *ctl, int argc, char **argv)
{
    const struct ctl_clock clock = {0}; /* nothing here depends on the day or the place */
    struct ctl_catalogue_files *files = NULL;
    if (!ctl_arguments(ctl, argc, argv, 1, 1)) {
        return CTL_USAGE;
    }
    int status = ctl_catalogue_load(ctl, argv[0], &clock, &files);
    if (status != CTL_OK) {
        return status;
    }
    if (ctl->json) {
        print_check_json(files);
    } else {
        print_check(files, argv[0]);
    }
    return files->catalogue.fault_count > 0 ? CTL_FOUND : CTL_OK;
}

/* ---- versions in a coordinator's store ------------------------------------------ */

static bool is_over(const Coordinator__AdoptKind *kind, int64_t at_ms)
{
    return kind->valid_until_ms > 0 && kind->valid_until_ms <= at_ms;
}

/* Of the versions that will have begun then the one adopted last; it may be over. */
static const KindRow *version_at(struct wu_txn *txn, const char *code, int64_t at_ms)
{
    struct kind_version_key key = {0};
    const KindRow *row = NULL;
    const KindRow *at = NULL;
    if (!wu_key_text(key.code, sizeof key.code, code)) {
        return NULL;
    }
    for (bool found = kind_versions_from(txn, &key, 1, &row); found;
         found = kind_versions_after(txn, &key, 1, &row)) {
        at = row->in_force_from_ms <= at_ms ? row : at;
    }
    return at;
}

/* In all but the day they begin. */
static bool same_kind(struct wu_arena *arena, const Coordinator__AdoptKind *a,
                      const Coordinator__AdoptKind *b)
{
    Coordinator__AdoptKind left = *a;
    Coordinator__AdoptKind right = *b;
    left.valid_from_ms = 0;
    right.valid_from_ms = 0;
    size_t size = coordinator__adopt_kind__get_packed_size(&left);
    uint8_t *bytes = wu_arena_take(arena, 2 * size + 1);
    if (bytes == NULL || coordinator__adopt_kind__get_packed_size(&right) != size) {
        return false;
    }
    (void)coordinator__adopt_kind__pack(&left, bytes);
    (void)coordinator__adopt_kind__pack(&right, bytes + size);
    return memcmp(bytes, bytes + size, size) == 0;
}

const struct ctl_node *ctl_coordinator(struct ctl *ctl, const char *number)
{
    const struct ctl_node *node =
        number != NULL ? ctl_node_named(ctl, number) : ctl_node_of_role(ctl, "coordinator");
    if (node != NULL && strcmp(node->config.role, "coordinator") != 0) {
        (void)ctl_complain(CTL_USAGE, "node '%s' is a %s: a catalogue is a coordinator's", number,
                           node->config.role);
        return NULL;
    }
    return node;
}

/* A day or time; without one, now. */
static bool read_time(const char *option, const char *text, const struct ctl_clock *clock,
                      int64_t *ret_ms)
{
    *ret_ms = clock->now_ms;
    if (text == NULL || ctl_parse_time(text, clock, ret_ms)) {
        return true;
    }
    (void)ctl_complain(CTL_USAGE, "%s '%.40s' is not a day: write 2027-01-01", option, text);
    return false;
}

/* ---- what differs ---------------------------------------------------------------- */

enum difference { KIND_SAME, KIND_NEW, KIND_CHANGED, KIND_OVER, DIFFERENCES };

struct comparison {
    struct ctl *ctl;
    struct wu_txn *txn;
    int64_t from_ms; /* when the files would come into force */
    int64_t now_ms;
};

static int64_t begin_of(const struct comparison *with, const Coordinator__AdoptKind *kind)
{
    return kind->valid_from_ms > with->from_ms ? kind->valid_from_ms : with->from_ms;
}

/* *ret_row is what would be in force instead, or NULL. */
static enum difference compare(const struct comparison *with, const Coordinator__AdoptKind *kind,
                               const KindRow **ret_row)
{
    const KindRow *row = version_at(with->txn, kind->code, begin_of(with, kind));
    *ret_row = row;
    if (row != NULL && same_kind(&with->ctl->arena, row->kind, kind)) {
        return KIND_SAME;
    }
    if (is_over(kind, with->now_ms)) {
        return KIND_OVER;
    }
    return row != NULL ? KIND_CHANGED : KIND_NEW;
}

/* ---- apply ----------------------------------------------------------------------- */

struct applying {
    struct ctl *ctl;
    struct ctl_pump *pump;
    size_t counts[DIFFERENCES];
    size_t adopted_count;
    size_t refused_count;
};

static void on_adopted(void *context, void *item, const struct ctl_pump_result *result)
{
    struct applying *applying = context;
    const struct ctl_catalogue_kind *kind = item;
    if (result->accepted) {
        applying->adopted_count++;
        return;
    }
    applying->refused_count++;
    (void)ctl_complain(CTL_REFUSED, "%s:%u: %s: %s", kind->file, kind->line, result->code,
                       result->text);
}

static int send_differing(struct applying *applying, const struct ctl_node *node,
                          struct ctl_catalogue *catalogue, const struct comparison *with)
{
    int status = CTL_OK;
    for (size_t i = 0; i < catalogue->kind_count && status == CTL_OK; i++) {
        struct ctl_catalogue_kind *kind = &catalogue->kinds[i];
        const KindRow *row = NULL;
        enum difference difference = compare(with, kind->adopt, &row);
        applying->counts[difference]++;
        if (difference != KIND_NEW && difference != KIND_CHANGED) {
            continue;
        }
        int64_t begin_ms = begin_of(with, kind->adopt);
        kind->adopt->valid_from_ms = begin_ms > with->now_ms ? begin_ms : 0;
        const struct wu_command command = {.type = WU_TYPE(COORDINATOR_ADOPT_KIND),
                                           .body = &kind->adopt->base};
        status = ctl_pump_send(applying->pump, node, &command, kind);
    }
    return status;
}

static void print_applied(const struct applying *applying, size_t kind_count)
{
    const size_t *counts = applying->counts;
    if (applying->ctl->json) {
        (void)printf("{\"kinds\":%zu,\"new\":%zu,\"changed\":%zu,\"same\":%zu,\"over\":%zu,"
                     "\"adopted\":%zu,\"refused\":%zu}\n",
                     kind_count, counts[KIND_NEW], counts[KIND_CHANGED], counts[KIND_SAME],
                     counts[KIND_OVER], applying->adopted_count, applying->refused_count);
        return;
    }
    (void)printf("%zu kinds: %zu new, %zu changed, %zu the same, %zu over; %zu adopted, "
                 "%zu refused\n",
                 kind_count, counts[KIND_NEW], counts[KIND_CHANGED], counts[KIND_SAME],
                 counts[KIND_OVER], applying->adopted_count, applying->refused_count);
}

static int apply(struct ctl *ctl, const struct ctl_node *node, struct ctl_catalogue *catalogue,
                 const struct comparison *with)
{
    struct applying applying = {.ctl = ctl};
    applying.pump = ctl_pump_open(ctl, "kinds", on_adopted, &applying);
    if (applying.pump == NULL) {
        return CTL_FAILED;
    }
    int status = send_differing(&applying, node, catalogue, with);
    ctl_pump_wait(applying.pump);
    if (status == CTL_OK && applying.refused_count > 0) {
        status = ctl_pump_gave_up(applying.pump) ? CTL_NO_ANSWER : CTL_REFUSED;
    }
    ctl_pump_close(&applying.pump);
    print_applied(&applying, catalogue->kind_count);
    return status;
}

int cmd_catalogue_apply(struct ctl *ctl, int argc, char **argv)
{
    const char *from = ctl_option(&argc, argv, "from");
    const struct ctl_node *node = ctl_coordinator(ctl, ctl_option(&argc, argv, "node"));
    const struct ctl_clock clock = ctl_clock_now(ctl);
    struct comparison with = {.ctl = ctl, .now_ms = clock.now_ms};
    if (node == NULL || !ctl_arguments(ctl, argc, argv, 1, 1) ||
        !read_time("--from", from, &clock, &with.from_ms)) {
        return CTL_USAGE;
    }
    struct ctl_catalogue_files *files = NULL;
    struct ctl_reader reader = {0};
    int status = ctl_catalogue_load_good(ctl, argv[0], &clock, &files);
    status = status == CTL_OK ? ctl_reader_open(ctl, node, &reader) : status;
    if (status != CTL_OK) {
        return status;
    }
    with.txn = reader.txn;
    status = apply(ctl, node, &files->catalogue, &with);
    ctl_reader_close(&reader);
    return status;
}

/* ---- diff ------------------------------------------------------------------------ */

static void add_difference(struct ctl_table *table, const char *code, const char *field,
                           const char *now, const char *then)
{
    const char *values[] = {code, field, now, then};
    ctl_table_row(table, values);
}

static void add_fields(struct ctl *ctl, struct ctl_table *table, const Coordinator__AdoptKind *now,
                       const Coordinator__AdoptKind *then)
{
    const struct ctl_printer to = {&ctl->arena, ctl_clock_now(ctl).utc_offset_min};
    for (size_t field = 0; field < CTL_CATALOGUE_FIELD_COUNT; field++) {
        const char *left = ctl_catalogue_field_text(&to, now, field);
        const char *right = ctl_catalogue_field_text(&to, then, field);
        if (strcmp(left, right) != 0) {
            add_difference(table, now->code, ctl_catalogue_field_name(field), left, right);
        }
    }
}

static bool has_kind(const struct ctl_catalogue *catalogue, const char *code)
{
    for (size_t i = 0; i < catalogue->kind_count; i++) {
        if (strcmp(catalogue->kinds[i].adopt->code, code) == 0) {
            return true;
        }
    }
    return false;
}

/* In force, and in no file: applying does not end it. */
static bool add_unfiled(struct ctl_table *table, const struct comparison *with,
                        const struct ctl_catalogue *catalogue)
{
    struct kind_key key = {{0}};
    const KindRow *row = NULL;
    bool any = false;
    for (bool found = kinds_from(with->txn, &key, 0, &row); found;
         found = kinds_after(with->txn, &key, 0, &row)) {
        if (!has_kind(catalogue, row->kind->code) && row->in_force_from_ms <= with->from_ms &&
            !is_over(row->kind, with->from_ms)) {
            add_difference(table, row->kind->code, "", "in force", "in no file");
            any = true;
        }
    }
    return any;
}

static int print_diff(struct ctl *ctl, const struct ctl_catalogue *catalogue,
                      const struct comparison *with)
{
    static const char *const columns[] = {"CODE", "FIELD", "IN FORCE", "FILE", NULL};
    struct ctl_table *table = ctl_table_new(ctl, "differences", columns);
    bool differs = false;
    for (size_t i = 0; i < catalogue->kind_count; i++) {
        const Coordinator__AdoptKind *kind = catalogue->kinds[i].adopt;
        const KindRow *row = NULL;
        enum difference difference = compare(with, kind, &row);
        if (difference == KIND_NEW) {
            add_difference(table, kind->code, "", "not there", "new");
        } else if (difference == KIND_CHANGED) {
            add_fields(ctl, table, row->kind, kind);
        }
        differs |= difference == KIND_NEW || difference == KIND_CHANGED;
    }
    differs |= add_unfiled(table, with, catalogue);
    ctl_table_wrap(table);
    ctl_table_print(&table);
    return differs ? CTL_FOUND : CTL_OK;
}

int cmd_catalogue_diff(struct ctl *ctl, int argc, char **argv)
{
    const char *at = ctl_option(&argc, argv, "at");
    const struct ctl_node *node = ctl_coordinator(ctl, ctl_option(&argc, argv, "node"));
    const struct ctl_clock clock = ctl_clock_now(ctl);
    struct comparison with = {.ctl = ctl, .now_ms = clock.now_ms};
    if (node == NULL || !ctl_arguments(ctl, argc, argv, 1, 1) ||
        !read_time("--at", at, &clock, &with.from_ms)) {
        return CTL_USAGE;
    }
    struct ctl_catalogue_files *files = NULL;
    struct ctl_reader reader = {0};
    int status = ctl_catalogue_load_good(ctl, argv[0], &clock, &files);
    status = status == CTL_OK ? ctl_reader_open(ctl, node, &reader) : status;
    if (status != CTL_OK) {
        return status;
    }
    with.txn = reader.txn;
    status = print_diff(ctl, &files->catalogue, &with);
    ctl_reader_close(&reader);
    return status;
}

/* ---- show ------------------------------------------------------------------------ */

struct wanted {
    const char *code;
    uint32_t version; /* 0: the one in force */
    int64_t at_ms;
};

static const char *version_text(struct ctl *ctl, const KindRow *row)
{
    return wu_arena_printf(&ctl->arena, "%" PRIu32, row->version);
}

static int show_all(struct ctl *ctl, struct wu_txn *txn, int64_t at_ms)
{
    static const char *const columns[] = {"HEADING", "CODE",  "NAME",   "ENGLISH", "CLASS",
                                          "VERSION", "SINCE", "RECIPE", NULL};
    static const char *const fields[] = {"heading", "name.zh", "name.en", "class", "recipe"};
    const struct ctl_printer to = {&ctl->arena, ctl_clock_now(ctl).utc_offset_min};
    struct ctl_table *table = ctl_table_new(ctl, "kinds", columns);
    struct kind_key key = {{0}};
    const KindRow *row = NULL;
    for (bool found = kinds_from(txn, &key, 0, &row); found;
         found = kinds_after(txn, &key, 0, &row)) {
        const KindRow *at = version_at(txn, row->kind->code, at_ms);
        if (at == NULL || is_over(at->kind, at_ms)) {
            continue;
        }
        const char *texts[sizeof fields / sizeof fields[0]] = {0};
        for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
            texts[i] = ctl_catalogue_field_named(&to, at->kind, fields[i]);
        }
        const char *values[] = {texts[0],
                                at->kind->code,
                                texts[1],
                                texts[2],
                                texts[3],
                                version_text(ctl, at),
                                ctl_time_text(ctl, at->in_force_from_ms),
                                texts[4]};
        ctl_table_row(table, values);
    }
    ctl_table_print(&table);
    return CTL_OK;
}

static const char *state_of(struct ctl *ctl, struct wu_txn *txn, const KindRow *row, int64_t now_ms)
{
    bool to_come = row->in_force_from_ms > now_ms;
    const KindRow *then =
        version_at(txn, row->kind->code, to_come ? row->in_force_from_ms : now_ms);
    if (then == NULL || then->version != row->version || is_over(row->kind, now_ms)) {
        return to_come ? "replaced before its day" : "over";
    }
    return to_come
               ? wu_arena_printf(&ctl->arena, "from %s", ctl_time_text(ctl, row->in_force_from_ms))
               : "in force";
}

static int show_one(struct ctl *ctl, struct wu_txn *txn, const struct wanted *wanted)
{
    static const char *const columns[] = {"FIELD", "VALUE", NULL};
    const struct ctl_clock clock = ctl_clock_now(ctl);
    const struct ctl_printer to = {&ctl->arena, clock.utc_offset_min};
    struct kind_version_key key = {.version = wanted->version};
    bool fits = wu_key_text(key.code, sizeof key.code, wanted->code);
    const KindRow *row = fits && wanted->version > 0 ? kind_versions_get(txn, &key)
                                                     : version_at(txn, wanted->code, wanted->at_ms);
    if (row == NULL) {
        return ctl_complain(CTL_USAGE,
                            "no such version of kind '%.40s'; 'wushectl catalogue show' lists the "
                            "kinds",
                            wanted->code);
    }
    struct ctl_table *table = ctl_table_new(ctl, "kind", columns);
    const char *head[][2] = {
        {"code", row->kind->code},
        {"version", version_text(ctl, row)},
        {"state", state_of(ctl, txn, row, clock.now_ms)},
        {"adopted", ctl_time_text(ctl, row->adopted_at_ms)},
        {"in_force_from", ctl_time_text(ctl, row->in_force_from_ms)},
    };
    for (size_t i = 0; i < sizeof head / sizeof head[0]; i++) {
        ctl_table_row(table, head[i]);
    }
    for (size_t field = 0; field < CTL_CATALOGUE_FIELD_COUNT; field++) {
        const char *text = ctl_catalogue_field_text(&to, row->kind, field);
        const char *values[] = {ctl_catalogue_field_name(field), text};
        if (text[0] != '\0') {
            ctl_table_row(table, values);
        }
    }
    ctl_table_wrap(table);
    ctl_table_print(&table);
    return CTL_OK;
}

static bool read_version(const char *text, uint32_t *ret_version)
{
    int64_t version = 0;
    if (text != NULL && (!ctl_parse_number(text, UINT32_MAX, &version) || version == 0)) {
        (void)ctl_complain(CTL_USAGE, "--version '%.20s' is no version: write 1, 2, 3 ...", text);
        return false;
    }
    *ret_version = (uint32_t)version;
    return true;
}

int cmd_catalogue_show(struct ctl *ctl, int argc, char **argv)
{
    const char *at = ctl_option(&argc, argv, "at");
    const char *version = ctl_option(&argc, argv, "version");
    const struct ctl_node *node = ctl_coordinator(ctl, ctl_option(&argc, argv, "node"));
    const struct ctl_clock clock = ctl_clock_now(ctl);
    struct wanted wanted = {0};
    if (node == NULL || !ctl_arguments(ctl, argc, argv, 0, 1) ||
        !read_version(version, &wanted.version) || !read_time("--at", at, &clock, &wanted.at_ms)) {
        return CTL_USAGE;
    }
    if (argc == 0 && version != NULL) {
        return ctl_complain(CTL_USAGE, "--version is of one kind: name its code");
    }
    struct ctl_reader reader = {0};
    int status = ctl_reader_open(ctl, node, &reader);
    if (status != CTL_OK) {
        return status;
    }
    wanted.code = argc > 0 ? argv[0] : NULL;
    status =
        argc > 0 ? show_one(ctl, reader.txn, &wanted) : show_all(ctl, reader.txn, wanted.at_ms);
    ctl_reader_close(&reader);
    return status;
}
