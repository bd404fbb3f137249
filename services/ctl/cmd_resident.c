#include "services/community/core/tables.h"
#include "services/ctl/commands.h"
#include "services/ctl/nodes.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/*
 * What is personal is read from standard input, one "KIND: TEXT" per line: words
 * of a command line are seen by everybody on the machine and kept by shells.
 */
enum { FIELDS_MAX = 16, LINE_BYTES = 4200 };

static const char KIND_PREFIX[] = "PERSONAL_KIND_";
static const char PURPOSE_PREFIX[] = "PURPOSE_";

/* ---- fields ------------------------------------------------------------------------- */

struct fields {
    Seal__Sealed rows[FIELDS_MAX];
    Seal__Sealed *list[FIELDS_MAX];
    char text[FIELDS_MAX][LINE_BYTES];
    size_t count;
};

static struct fields *fields_new(void)
{
    struct fields *fields = calloc(1, sizeof *fields);
    if (fields == NULL) {
        (void)ctl_complain(CTL_FAILED, "no memory");
    }
    return fields;
}

static void fields_free(struct fields **fields_p)
{
    if (*fields_p != NULL) {
        sodium_memzero(*fields_p, sizeof **fields_p);
        free(*fields_p);
        *fields_p = NULL;
    }
}

/* "phone: 138..." into the next row. */
static bool read_field(struct fields *fields, char *line)
{
    char words[200];
    int kind = 0;
    char *colon = strchr(line, ':');
    if (colon == NULL || fields->count == FIELDS_MAX) {
        (void)ctl_complain(CTL_USAGE, "standard input: a line is no 'KIND: TEXT', or there are "
                                      "more than 16");
        return false;
    }
    *colon = '\0';
    if (!ctl_parse_word(&seal__personal_kind__descriptor, KIND_PREFIX, line, &kind)) {
        (void)ctl_complain(
            CTL_USAGE, "standard input: '%.20s' is none of %s", line,
            ctl_words(&seal__personal_kind__descriptor, KIND_PREFIX, words, sizeof words));
        return false;
    }
    const char *text = colon + 1 + strspn(colon + 1, " \t");
    Seal__Sealed *row = &fields->rows[fields->count];
    seal__sealed__init(row);
    (void)snprintf(fields->text[fields->count], LINE_BYTES, "%s", text);
    row->kind = (Seal__PersonalKind)kind;
    row->open = fields->text[fields->count];
    fields->list[fields->count++] = row;
    return true;
}

/* Empty lines and those with '#' in front are left out. */
static bool read_fields(struct fields *fields)
{
    char line[LINE_BYTES];
    bool fine = true;
    while (fine && fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] != '\0' && line[0] != '#') {
            fine = read_field(fields, line);
        }
    }
    sodium_memzero(line, sizeof line);
    return fine;
}

/* ---- sending ------------------------------------------------------------------------- */

/* "<what> <number> <done>", or as JSON. */
static int say(struct ctl *ctl, const Bus__Answer *answer, const char *what, const char *done)
{
    struct wu_id id;
    char text[WU_ID_TEXT_MAX];
    if (!wu_id_from_pb(answer->id, &id)) {
        return CTL_OK;
    }
    (void)wu_id_to_text(&id, text);
    if (ctl->json) {
        (void)printf("{\"%s\":\"%s\"}\n", what, text);
    } else {
        (void)printf("%s %s %s\n", what, text, done);
    }
    return CTL_OK;
}

static int send(struct ctl *ctl, const struct ctl_node *node, wu_event_type type,
                const ProtobufCMessage *body, const char *what, const char *done)
{
    const struct wu_command command = {.type = type, .body = body};
    const Bus__Answer *answer = NULL;
    if (node == NULL) {
        return CTL_USAGE;
    }
    int status = ctl_call(ctl, node, &command, &answer);
    return status == CTL_OK ? say(ctl, answer, what, done) : status;
}

/* A resident's or household's number, and the node that made it. */
static bool read_number(struct ctl *ctl, const char *text, const char *what, struct wu_id *ret_id,
                        const struct ctl_node **ret_node)
{
    if (!ctl_parse_id(text, what, ret_id)) {
        return false;
    }
    *ret_node = ctl_node_of_number(ctl, wu_id_node(ret_id));
    return *ret_node != NULL;
}

static const ResidentRow *resident_row(struct ctl_reader *reader, const struct wu_id *id)
{
    const ResidentRow *row = residents_get(reader->txn, &(struct resident_key){*id});
    char text[WU_ID_TEXT_MAX];
    if (row == NULL) {
        (void)ctl_complain(CTL_USAGE,
                           "there is no resident %s; 'wushectl resident list' shows them",
                           wu_id_to_text(id, text));
    }
    return row;
}

/* ---- registering and changing --------------------------------------------------------- */

int cmd_household_register(struct ctl *ctl, int argc, char **argv)
{
    Community__RegisterHousehold add = COMMUNITY__REGISTER_HOUSEHOLD__INIT;
    const char *community = ctl_option(&argc, argv, "community");
    if (!ctl_arguments(ctl, argc, argv, 0, 0)) {
        return CTL_USAGE;
    }
    if (community == NULL || !ctl_parse_division(community, &add.division)) {
        return ctl_complain(CTL_USAGE, "say where: --community and its 12 digits");
    }
    struct fields *fields = fields_new();
    int status = CTL_USAGE;
    if (fields != NULL && ctl_load_home(ctl) && read_fields(fields)) {
        add.address = fields->list[0];
        status =
            fields->count == 1
                ? send(ctl, ctl_node_for(ctl, "community", add.division),
                       WU_TYPE(COMMUNITY_REGISTER_HOUSEHOLD), &add.base, "household", "registered")
                : ctl_complain(CTL_USAGE, "standard input: one line 'address: TEXT'");
    }
    fields_free(&fields);
    return status;
}

static int register_resident(struct ctl *ctl, Community__RegisterResident *add,
                             struct fields *fields)
{
    if (!ctl_load_home(ctl) || !read_fields(fields)) {
        return CTL_USAGE;
    }
    add->fields = fields->list;
    add->n_fields = fields->count;
    return send(ctl, ctl_node_for(ctl, "community", add->division),
                WU_TYPE(COMMUNITY_REGISTER_RESIDENT), &add->base, "resident", "registered");
}

int cmd_resident_register(struct ctl *ctl, int argc, char **argv)
{
    Community__RegisterResident add = COMMUNITY__REGISTER_RESIDENT__INIT;
    struct wu_id household;
    const char *community = ctl_option(&argc, argv, "community");
    const char *home = ctl_option(&argc, argv, "household");
    if (!ctl_arguments(ctl, argc, argv, 0, 0)) {
        return CTL_USAGE;
    }
    if (community == NULL || !ctl_parse_division(community, &add.division)) {
        return ctl_complain(CTL_USAGE, "say where: --community and its 12 digits");
    }
    if (home != NULL && !ctl_parse_id(home, "household", &household)) {
        return CTL_USAGE;
    }
    if (home != NULL) {
        add.household_id = wu_id_to_pb(&household);
    }
    struct fields *fields = fields_new();
    int status = fields != NULL ? register_resident(ctl, &add, fields) : CTL_FAILED;
    fields_free(&fields);
    return status;
}

/* Under the resident's own key, which the row names. */
static int change_resident(struct ctl *ctl, const struct wu_id *id, const struct ctl_node *node,
                           Community__ChangeResident *change, struct fields *fields)
{
    struct ctl_reader reader = {0};
    struct wu_id key_id;
    if (!read_fields(fields)) {
        return CTL_USAGE;
    }
    int status = ctl_reader_open(ctl, node, &reader);
    if (status != CTL_OK) {
        return status;
    }
    const ResidentRow *row = resident_row(&reader, id);
    bool found = row != NULL && wu_id_from_pb(row->key_id, &key_id);
    ctl_reader_close(&reader);
    if (!found) {
        return CTL_USAGE;
    }
    for (size_t i = 0; i < fields->count; i++) {
        fields->rows[i].key_id = wu_id_to_pb(&key_id);
    }
    change->fields = fields->list;
    change->n_fields = fields->count;
    return send(ctl, node, WU_TYPE(COMMUNITY_CHANGE_RESIDENT), &change->base, "resident",
                "changed");
}

int cmd_resident_change(struct ctl *ctl, int argc, char **argv)
{
    Community__ChangeResident change = COMMUNITY__CHANGE_RESIDENT__INIT;
    struct wu_id id;
    struct wu_id household;
    const struct ctl_node *node = NULL;
    const char *home = ctl_option(&argc, argv, "household");
    if (!ctl_arguments(ctl, argc, argv, 1, 1) || !ctl_load_home(ctl) ||
        !read_number(ctl, argv[0], "resident", &id, &node) ||
        (home != NULL && !ctl_parse_id(home, "household", &household))) {
        return CTL_USAGE;
    }
    change.resident_id = wu_id_to_pb(&id);
    if (home != NULL) {
        change.household_id = wu_id_to_pb(&household);
    }
    struct fields *fields = fields_new();
    int status = fields != NULL ? change_resident(ctl, &id, node, &change, fields) : CTL_FAILED;
    fields_free(&fields);
    return status;
}

int cmd_resident_find(struct ctl *ctl, int argc, char **argv)
{
    Community__FindResident find = COMMUNITY__FIND_RESIDENT__INIT;
    const char *who = ctl_option(&argc, argv, "by");
    if (!ctl_arguments(ctl, argc, argv, 0, 0)) {
        return CTL_USAGE;
    }
    struct fields *fields = fields_new();
    int status = CTL_USAGE;
    if (fields != NULL && ctl_load_home(ctl) && read_fields(fields)) {
        fields->rows[0].search = true;
        find.field = fields->list[0];
        find.who = who != NULL ? who : "";
        status = fields->count == 1
                     ? send(ctl, ctl_node_of_role(ctl, "community"),
                            WU_TYPE(COMMUNITY_FIND_RESIDENT), &find.base, "resident", "has it")
                     : ctl_complain(CTL_USAGE, "standard input: one line 'phone: NUMBER' or "
                                               "'id-number: NUMBER'");
    }
    fields_free(&fields);
    return status;
}

int cmd_resident_erase(struct ctl *ctl, int argc, char **argv)
{
    Community__EraseResident erase = COMMUNITY__ERASE_RESIDENT__INIT;
    struct wu_id id;
    const struct ctl_node *node = NULL;
    const char *who = ctl_option(&argc, argv, "by");
    if (!ctl_arguments(ctl, argc, argv, 1, 1) || !ctl_load_home(ctl) ||
        !read_number(ctl, argv[0], "resident", &id, &node)) {
        return CTL_USAGE;
    }
    erase.resident_id = wu_id_to_pb(&id);
    erase.who = who != NULL ? who : "";
    return send(ctl, node, WU_TYPE(COMMUNITY_ERASE_RESIDENT), &erase.base, "resident",
                "erased: their key is destroyed, in every copy nothing of theirs can be read");
}

/* ---- reading -------------------------------------------------------------------------- */

static void print_opened(struct ctl *ctl, const Bus__Answer *answer)
{
    static const char *const COLUMNS[] = {"KIND", "TEXT", NULL};
    struct ctl_table *table = ctl_table_new(ctl, "fields", COLUMNS);
    for (size_t i = 0; i < answer->n_sealed; i++) {
        char word[40];
        const char *const values[] = {ctl_word(&seal__personal_kind__descriptor, KIND_PREFIX,
                                               (int)answer->sealed[i]->kind, word, sizeof word),
                                      answer->sealed[i]->open};
        ctl_table_row(table, values);
    }
    ctl_table_print(&table);
}

int cmd_resident_show(struct ctl *ctl, int argc, char **argv)
{
    Community__ReadResident read = COMMUNITY__READ_RESIDENT__INIT;
    struct wu_id id;
    const struct ctl_node *node = NULL;
    char words[200];
    int purpose = 0;
    int kind = 0;
    const char *who = ctl_option(&argc, argv, "by");
    const char *purpose_word = ctl_option(&argc, argv, "purpose");
    const char *kind_word = ctl_option(&argc, argv, "kind");
    if (!ctl_arguments(ctl, argc, argv, 1, 1) || !ctl_load_home(ctl) ||
        !read_number(ctl, argv[0], "resident", &id, &node)) {
        return CTL_USAGE;
    }
    if (purpose_word == NULL ||
        !ctl_parse_word(&community__purpose__descriptor, PURPOSE_PREFIX, purpose_word, &purpose)) {
        return ctl_complain(
            CTL_USAGE, "say what for: --purpose %s",
            ctl_words(&community__purpose__descriptor, PURPOSE_PREFIX, words, sizeof words));
    }
    if (kind_word != NULL &&
        !ctl_parse_word(&seal__personal_kind__descriptor, KIND_PREFIX, kind_word, &kind)) {
        return ctl_complain(
            CTL_USAGE, "--kind '%s' is none of %s", kind_word,
            ctl_words(&seal__personal_kind__descriptor, KIND_PREFIX, words, sizeof words));
    }
    Seal__PersonalKind one = (Seal__PersonalKind)kind;
    read.resident_id = wu_id_to_pb(&id);
    read.who = who != NULL ? who : "";
    read.purpose = (Community__Purpose)purpose;
    read.kinds = &one;
    read.n_kinds = kind_word != NULL;
    const struct wu_command command = {.type = WU_TYPE(COMMUNITY_READ_RESIDENT),
                                       .body = &read.base};
    const Bus__Answer *answer = NULL;
    int status = ctl_call(ctl, node, &command, &answer);
    if (status == CTL_OK) {
        print_opened(ctl, answer);
    }
    return status;
}

/* ---- lists ------------------------------------------------------------------------------ */

static void resident_line(struct ctl *ctl, struct ctl_table *table, const struct wu_id *id,
                          const ResidentRow *row)
{
    char number[WU_ID_TEXT_MAX];
    char home[WU_ID_TEXT_MAX];
    struct wu_id household;
    (void)wu_id_from_pb(row->household_id, &household);
    const char *const values[] = {
        wu_id_to_text(id, number),
        wu_arena_printf(&ctl->arena, "%llu", (unsigned long long)row->division),
        wu_id_to_text(&household, home),
        ctl_time_text(ctl, row->registered_at_ms),
        wu_arena_printf(&ctl->arena, "%zu", row->n_fields),
        wu_arena_printf(&ctl->arena, "%u", row->consent_count),
        wu_arena_printf(&ctl->arena, "%u", row->access_count),
        ctl_time_text(ctl, row->erased_at_ms),
    };
    ctl_table_row(table, values);
}

int cmd_resident_list(struct ctl *ctl, int argc, char **argv)
{
    static const char *const COLUMNS[] = {"RESIDENT",   "COMMUNITY", "HOUSEHOLD",
                                          "REGISTERED", "FIELDS",    "CONSENTS",
                                          "ACCESSES",   "ERASED",    NULL};
    bool all = ctl_flag(&argc, argv, "all");
    struct ctl_reader reader = {0};
    if (!ctl_arguments(ctl, argc, argv, 0, 0) || !ctl_load_home(ctl)) {
        return CTL_USAGE;
    }
    const struct ctl_node *node = ctl_node_of_role(ctl, "community");
    int status = node != NULL ? ctl_reader_open(ctl, node, &reader) : CTL_USAGE;
    if (status != CTL_OK) {
        return status;
    }
    struct ctl_table *table = ctl_table_new(ctl, "residents", COLUMNS);
    struct resident_key key = {{{0}}};
    const ResidentRow *row = NULL;
    size_t mark = ctl->arena.used_bytes;
    for (bool found = residents_from(reader.txn, &key, 0, &row); found;
         found = residents_after(reader.txn, &key, 0, &row)) {
        if (all || row->erased_at_ms == 0) {
            resident_line(ctl, table, &key.resident_id, row);
        }
        wu_arena_reset(&ctl->arena, mark);
    }
    ctl_reader_close(&reader);
    ctl_table_print(&table);
    return CTL_OK;
}

static const char *kinds_text(struct ctl *ctl, const AccessRow *row)
{
    const char *text = row->n_kinds == 0 ? "found by number" : "";
    for (size_t i = 0; i < row->n_kinds; i++) {
        char word[40];
        text = wu_arena_printf(&ctl->arena, "%s%s%s", text, i > 0 ? ", " : "",
                               ctl_word(&seal__personal_kind__descriptor, KIND_PREFIX,
                                        (int)row->kinds[i], word, sizeof word));
    }
    return text;
}

static void access_line(struct ctl *ctl, struct ctl_table *table, const AccessRow *row)
{
    char purpose[40];
    const char *const values[] = {
        ctl_time_text(ctl, row->time_ms),
        row->who,
        row->purpose != COMMUNITY__PURPOSE__PURPOSE_UNSPECIFIED
            ? ctl_word(&community__purpose__descriptor, PURPOSE_PREFIX, (int)row->purpose, purpose,
                       sizeof purpose)
            : "-",
        kinds_text(ctl, row),
        row->consent_no != 0 ? wu_arena_printf(&ctl->arena, "%u", row->consent_no) : "-",
        row->refused ? "refused" : "given",
    };
    ctl_table_row(table, values);
}

/* A list of one resident's rows: opens the store of the node that the number names. */
static int open_resident(struct ctl *ctl, int argc, char **argv, struct wu_id *ret_id,
                         struct ctl_reader *ret_reader)
{
    const struct ctl_node *node = NULL;
    if (!ctl_arguments(ctl, argc, argv, 1, 1) || !ctl_load_home(ctl) ||
        !read_number(ctl, argv[0], "resident", ret_id, &node)) {
        return CTL_USAGE;
    }
    int status = ctl_reader_open(ctl, node, ret_reader);
    if (status == CTL_OK && resident_row(ret_reader, ret_id) == NULL) {
        ctl_reader_close(ret_reader);
        return CTL_USAGE;
    }
    return status;
}

int cmd_resident_access_log(struct ctl *ctl, int argc, char **argv)
{
    static const char *const COLUMNS[] = {"TIME",    "WHO",     "PURPOSE", "FIELDS",
                                          "CONSENT", "OUTCOME", NULL};
    struct ctl_reader reader = {0};
    struct access_key key = {.access_no = 0};
    int status = open_resident(ctl, argc, argv, &key.resident_id, &reader);
    if (status != CTL_OK) {
        return status;
    }
    struct ctl_table *table = ctl_table_new(ctl, "accesses", COLUMNS);
    const AccessRow *row = NULL;
    for (bool found = accesses_from(reader.txn, &key, 1, &row); found;
         found = accesses_after(reader.txn, &key, 1, &row)) {
        access_line(ctl, table, row);
    }
    ctl_reader_close(&reader);
    ctl_table_print(&table);
    return CTL_OK;
}

/* ---- consents ---------------------------------------------------------------------------- */

static bool read_consent(struct ctl *ctl, const char *purpose, const char *recipient,
                         const char *until, Community__RecordConsent *record)
{
    const struct ctl_clock clock = ctl_clock_now(ctl);
    char words[200];
    int value = 0;
    if (purpose == NULL ||
        !ctl_parse_word(&community__purpose__descriptor, PURPOSE_PREFIX, purpose, &value)) {
        (void)ctl_complain(
            CTL_USAGE, "say what they agree to: --purpose %s",
            ctl_words(&community__purpose__descriptor, PURPOSE_PREFIX, words, sizeof words));
        return false;
    }
    record->purpose = (Community__Purpose)value;
    value = 0;
    if (recipient != NULL &&
        !ctl_parse_word(&linkage__role__descriptor, "ROLE_", recipient, &value)) {
        (void)ctl_complain(CTL_USAGE, "--recipient '%s' is none of %s", recipient,
                           ctl_words(&linkage__role__descriptor, "ROLE_", words, sizeof words));
        return false;
    }
    record->recipient = (Linkage__Role)value;
    if (!ctl_parse_time(until != NULL ? until : "+365d", &clock, &record->until_ms)) {
        (void)ctl_complain(CTL_USAGE, "--until '%s' is not a time", until);
        return false;
    }
    return true;
}

int cmd_consent_record(struct ctl *ctl, int argc, char **argv)
{
    Community__RecordConsent record = COMMUNITY__RECORD_CONSENT__INIT;
    struct wu_id id;
    const struct ctl_node *node = NULL;
    const char *purpose = ctl_option(&argc, argv, "purpose");
    const char *recipient = ctl_option(&argc, argv, "recipient");
    const char *until = ctl_option(&argc, argv, "until");
    record.sensitive = ctl_flag(&argc, argv, "sensitive");
    if (!ctl_arguments(ctl, argc, argv, 1, 1) || !ctl_load_home(ctl) ||
        !read_number(ctl, argv[0], "resident", &id, &node) ||
        !read_consent(ctl, purpose, recipient, until, &record)) {
        return CTL_USAGE;
    }
    record.resident_id = wu_id_to_pb(&id);
    return send(ctl, node, WU_TYPE(COMMUNITY_RECORD_CONSENT), &record.base, "resident", "agrees");
}

int cmd_consent_withdraw(struct ctl *ctl, int argc, char **argv)
{
    Community__WithdrawConsent withdraw = COMMUNITY__WITHDRAW_CONSENT__INIT;
    struct wu_id id;
    int64_t number = 0;
    const struct ctl_node *node = NULL;
    if (!ctl_arguments(ctl, argc, argv, 2, 2) || !ctl_load_home(ctl) ||
        !read_number(ctl, argv[0], "resident", &id, &node)) {
        return CTL_USAGE;
    }
    if (!ctl_parse_number(argv[1], UINT32_MAX, &number)) {
        return ctl_complain(CTL_USAGE, "'%s' is no number of a consent", argv[1]);
    }
    withdraw.resident_id = wu_id_to_pb(&id);
    withdraw.consent_no = (uint32_t)number;
    return send(ctl, node, WU_TYPE(COMMUNITY_WITHDRAW_CONSENT), &withdraw.base, "resident",
                "agrees no longer");
}

static void consent_line(struct ctl *ctl, struct ctl_table *table, uint32_t number,
                         const ConsentRow *row)
{
    char purpose[40];
    char recipient[40];
    const char *const values[] = {
        wu_arena_printf(&ctl->arena, "%u", number),
        ctl_word(&community__purpose__descriptor, PURPOSE_PREFIX, (int)row->purpose, purpose,
                 sizeof purpose),
        row->recipient != LINKAGE__ROLE__ROLE_UNSPECIFIED
            ? ctl_word(&linkage__role__descriptor, "ROLE_", (int)row->recipient, recipient,
                       sizeof recipient)
            : "any",
        row->sensitive ? "yes" : "no",
        ctl_time_text(ctl, row->from_ms),
        ctl_time_text(ctl, row->until_ms),
        ctl_time_text(ctl, row->withdrawn_at_ms),
    };
    ctl_table_row(table, values);
}

int cmd_consent_list(struct ctl *ctl, int argc, char **argv)
{
    static const char *const COLUMNS[] = {"CONSENT", "PURPOSE", "RECIPIENT", "SENSITIVE",
                                          "FROM",    "UNTIL",   "WITHDRAWN", NULL};
    struct ctl_reader reader = {0};
    struct consent_key key = {.consent_no = 0};
    int status = open_resident(ctl, argc, argv, &key.resident_id, &reader);
    if (status != CTL_OK) {
        return status;
    }
    struct ctl_table *table = ctl_table_new(ctl, "consents", COLUMNS);
    const ConsentRow *row = NULL;
    for (bool found = consents_from(reader.txn, &key, 1, &row); found;
         found = consents_after(reader.txn, &key, 1, &row)) {
        consent_line(ctl, table, key.consent_no, row);
    }
    ctl_reader_close(&reader);
    ctl_table_print(&table);
    return CTL_OK;
}
