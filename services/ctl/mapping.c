#include "services/ctl/mapping.h"

#include "common/base/nearest.h"
#include "common/base/time.h"
#include "wushe/community/v1/need.pb-c.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <yaml.h>

enum { FILE_BYTES_MAX = 256 * 1024, PAIRS_MAX = 2048, OFFSET_MIN_MAX = 14 * 60 };

static const char *or_else(const char *text, const char *otherwise)
{
    return text != NULL ? text : otherwise;
}

/* ---- the YAML file --------------------------------------------------------- */

struct source {
    const char *name;
    yaml_document_t document;
    struct wu_arena *arena;
    struct ctl_mapping *mapping;
    struct wu_error *reterr;
};

static unsigned line_of(const yaml_node_t *node)
{
    return (unsigned)node->start_mark.line + 1;
}

static bool complain(const struct source *source, const yaml_node_t *node, const char *format, ...)
    WU_PRINTF(3, 4);
static bool complain(const struct source *source, const yaml_node_t *node, const char *format, ...)
{
    char sentence[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    (void)wu_error_set(source->reterr, WU_INVALID, "%s:%u: %s", source->name, line_of(node),
                       sentence);
    return false;
}

/* A text of the file, for as long as the arena keeps it; NULL with a complaint. */
static const char *text_of(const struct source *source, const yaml_node_t *node, const char *what)
{
    if (node->type != YAML_SCALAR_NODE) {
        (void)complain(source, node, "%s is one value, not a list or a mapping", what);
        return NULL;
    }
    const char *value = (const char *)node->data.scalar.value;
    if (strlen(value) != node->data.scalar.length) {
        (void)complain(source, node, "%s has a zero byte in it: take it out", what);
        return NULL;
    }
    const char *copy = wu_arena_copy(source->arena, value, node->data.scalar.length);
    if (copy == NULL) {
        (void)wu_error_set(source->reterr, WU_NO_MEMORY, "%s: too big", source->name);
    }
    return copy;
}

/* One key of a mapping: where its value goes, by whom it is read. */
struct key {
    const char *name;
    bool (*read)(struct source *source, const struct key *key, const yaml_node_t *value);
    size_t offset; /* in struct ctl_mapping */
    size_t bytes_max;
};

static bool complain_key(const struct source *source, const yaml_node_t *node, const char *name,
                         const struct key *keys)
{
    char all[512] = "";
    size_t used = 0;
    const char *nearest = NULL;
    int nearest_distance = WU_NEAREST_FAR;
    for (const struct key *key = keys; key->name != NULL; key++) {
        int distance = wu_word_distance(name, key->name);
        if (distance < nearest_distance) {
            nearest = key->name;
            nearest_distance = distance;
        }
        int size = snprintf(all + used, sizeof all - used, "%s%s", used > 0 ? ", " : "", key->name);
        used += size > 0 && (size_t)size < sizeof all - used ? (size_t)size : 0;
    }
    if (nearest != NULL && wu_word_is_near(name, nearest)) {
        return complain(source, node, "unknown key '%.60s': did you mean '%s'?", name, nearest);
    }
    return complain(source, node, "unknown key '%.60s': the keys are %s", name, all);
}

static const struct key *key_of(const struct key *keys, const char *name)
{
    for (; keys->name != NULL; keys++) {
        if (strcmp(keys->name, name) == 0) {
            return keys;
        }
    }
    return NULL;
}

/* True when an earlier pair of the mapping has the same key. */
static bool is_repeated(struct source *source, const yaml_node_t *node,
                        const yaml_node_pair_t *pair, const char *name)
{
    for (const yaml_node_pair_t *before = node->data.mapping.pairs.start; before < pair; before++) {
        const yaml_node_t *key = yaml_document_get_node(&source->document, before->key);
        if (key->type == YAML_SCALAR_NODE &&
            strcmp((const char *)key->data.scalar.value, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Calls on_pair for each pair of a mapping whose keys are all different. */
typedef bool (*on_pair)(struct source *source, const void *context, const yaml_node_t *key_node,
                        const char *key, const yaml_node_t *value);

static bool each_pair(struct source *source, const yaml_node_t *node, const char *what,
                      on_pair call, const void *context)
{
    if (node->type != YAML_MAPPING_NODE) {
        return complain(source, node, "%s is a mapping: write 'name: value' lines", what);
    }
    if (node->data.mapping.pairs.top - node->data.mapping.pairs.start > PAIRS_MAX) {
        return complain(source, node, "%s has more than %d entries", what, PAIRS_MAX);
    }
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key_node = yaml_document_get_node(&source->document, pair->key);
        const yaml_node_t *value = yaml_document_get_node(&source->document, pair->value);
        const char *key = text_of(source, key_node, "a key");
        if (key == NULL) {
            return false;
        }
        if (is_repeated(source, node, pair, key)) {
            return complain(source, key_node, "'%.60s' is there twice: drop one", key);
        }
        if (!call(source, context, key_node, key, value)) {
            return false;
        }
    }
    return true;
}

static bool read_key(struct source *source, const void *context, const yaml_node_t *key_node,
                     const char *name, const yaml_node_t *value)
{
    const struct key *keys = context;
    const struct key *key = key_of(keys, name);
    if (key == NULL) {
        return complain_key(source, key_node, name, keys);
    }
    return key->read(source, key, value);
}

/* ---- values ---------------------------------------------------------------- */

static const char **text_field(const struct source *source, const struct key *key)
{
    return (const char **)(void *)((char *)source->mapping + key->offset);
}

static bool read_text(struct source *source, const struct key *key, const yaml_node_t *value)
{
    const char *text = text_of(source, value, key->name);
    if (text == NULL) {
        return false;
    }
    if (text[0] == '\0' || strlen(text) > key->bytes_max) {
        return complain(source, value, "%s must have 1 to %zu bytes", key->name, key->bytes_max);
    }
    *text_field(source, key) = text;
    return true;
}

static bool read_digits(struct source *source, const struct key *key, const yaml_node_t *value)
{
    if (!read_text(source, key, value)) {
        return false;
    }
    const char *text = *text_field(source, key);
    return strspn(text, "0123456789") == strlen(text) ||
           complain(source, value, "%s '%.40s' must be digits, in quotes", key->name, text);
}

static bool read_format(struct source *source, const struct key *key, const yaml_node_t *value)
{
    if (!read_text(source, key, value)) {
        return false;
    }
    const char *text = *text_field(source, key);
    return strchr(text, '%') != NULL ||
           complain(source, value,
                    "time_format '%.60s' has no %% field: write it as strptime(3) reads it, e.g. "
                    "\"%%Y-%%m-%%d %%H:%%M\"",
                    text);
}

static bool read_wanted_time(struct source *source, const struct key *key, const yaml_node_t *value)
{
    int64_t time_ms = 0;
    if (!read_text(source, key, value)) {
        return false;
    }
    const char *text = *text_field(source, key);
    return ctl_parse_time(text, &(struct ctl_clock){0}, &time_ms) ||
           complain(source, value,
                    "%s '%.40s' is not a time: write +1h, +14d, or 2026-11-24 09:30 in quotes",
                    key->name, text);
}

static bool read_offset(struct source *source, const struct key *key, const yaml_node_t *value)
{
    const char *text = text_of(source, value, key->name);
    if (text == NULL) {
        return false;
    }
    bool west = text[0] == '-';
    int64_t minutes = 0;
    if (!ctl_parse_number(text + (west || text[0] == '+' ? 1 : 0), OFFSET_MIN_MAX, &minutes)) {
        return complain(source, value,
                        "utc_offset_min '%.40s' is not a number of minutes from -%d to %d", text,
                        OFFSET_MIN_MAX, OFFSET_MIN_MAX);
    }
    source->mapping->utc_offset_min = west ? -minutes : minutes;
    return true;
}

/* Words of ours that a value may be. */
struct words {
    const ProtobufCEnumDescriptor *descriptor;
    const char *prefix;
};
static const struct words URGENCIES = {&community__need_urgency__descriptor, "NEED_URGENCY_"};
static const struct words SOURCES = {&community__need_source__descriptor, "NEED_SOURCE_"};

static bool check_word(const struct source *source, const yaml_node_t *node,
                       const struct words *words, const char *text)
{
    char all[160];
    int value = 0;
    return ctl_parse_word(words->descriptor, words->prefix, text, &value) ||
           complain(source, node, "'%.40s' is none of %s", text,
                    ctl_words(words->descriptor, words->prefix, all, sizeof all));
}

static bool read_urgency(struct source *source, const struct key *key, const yaml_node_t *value)
{
    return read_text(source, key, value) &&
           check_word(source, value, &URGENCIES, *text_field(source, key));
}

static bool read_source(struct source *source, const struct key *key, const yaml_node_t *value)
{
    return read_text(source, key, value) &&
           check_word(source, value, &SOURCES, *text_field(source, key));
}

/* ---- lists of words -------------------------------------------------------- */

struct list_reader {
    const struct words *words; /* NULL: codes of kinds */
    struct ctl_mapping_pair *pairs;
    size_t *count;
};

static bool read_pair(struct source *source, const void *context, const yaml_node_t *key_node,
                      const char *theirs, const yaml_node_t *value)
{
    const struct list_reader *list = context;
    const char *ours = text_of(source, value, theirs);
    (void)key_node;
    if (ours == NULL) {
        return false;
    }
    if (list->words != NULL && !check_word(source, value, list->words, ours)) {
        return false;
    }
    if (ours[0] == '\0' || strlen(ours) > 31) {
        return complain(source, value, "'%.40s' must have 1 to 31 bytes", ours);
    }
    list->pairs[(*list->count)++] = (struct ctl_mapping_pair){theirs, ours};
    return true;
}

static bool read_list(struct source *source, const struct key *key, const yaml_node_t *value,
                      const struct words *words)
{
    size_t size = 1;
    if (value->type == YAML_MAPPING_NODE) {
        size += (size_t)(value->data.mapping.pairs.top - value->data.mapping.pairs.start);
    }
    struct ctl_mapping_pair *pairs = wu_arena_take(source->arena, size * sizeof *pairs);
    if (pairs == NULL) {
        (void)wu_error_set(source->reterr, WU_NO_MEMORY, "%s: too big", source->name);
        return false;
    }
    size_t count = 0;
    const struct list_reader list = {words, pairs, &count};
    if (!each_pair(source, value, key->name, read_pair, &list)) {
        return false;
    }
    struct ctl_mapping_list *field = (void *)((char *)source->mapping + key->offset);
    *field = (struct ctl_mapping_list){pairs, count};
    return true;
}

static bool read_kinds(struct source *source, const struct key *key, const yaml_node_t *value)
{
    return read_list(source, key, value, NULL);
}

static bool read_urgencies(struct source *source, const struct key *key, const yaml_node_t *value)
{
    return read_list(source, key, value, &URGENCIES);
}

static bool read_sources(struct source *source, const struct key *key, const yaml_node_t *value)
{
    return read_list(source, key, value, &SOURCES);
}

/* ---- columns --------------------------------------------------------------- */

/* The offset is the column of ours. */
static bool read_column(struct source *source, const struct key *key, const yaml_node_t *value)
{
    struct ctl_mapping *mapping = source->mapping;
    const char *theirs = text_of(source, value, key->name);
    if (theirs == NULL) {
        return false;
    }
    if (theirs[0] == '\0') {
        return complain(source, value, "column '%s' needs the name of theirs, or leave it out",
                        key->name);
    }
    mapping->columns[mapping->column_count] = (struct ctl_csv_column){theirs, true};
    mapping->ours[mapping->column_count] = (enum ctl_need_column)key->offset;
    mapping->column_count++;
    return true;
}

static const struct key COLUMN_KEYS[] = {
    {"ref", read_column, CTL_NEED_REF, 0},
    {"kind", read_column, CTL_NEED_KIND, 0},
    {"division", read_column, CTL_NEED_DIVISION, 0},
    {"urgency", read_column, CTL_NEED_URGENCY, 0},
    {"source", read_column, CTL_NEED_SOURCE, 0},
    {"raised_at", read_column, CTL_NEED_RAISED_AT, 0},
    {"from", read_column, CTL_NEED_FROM, 0},
    {"until", read_column, CTL_NEED_UNTIL, 0},
    {"community_name", read_column, CTL_NEED_COMMUNITY_NAME, 0},
    {0},
};

static bool read_columns(struct source *source, const struct key *key, const yaml_node_t *value)
{
    return each_pair(source, value, key->name, read_key, COLUMN_KEYS);
}

/* ---- the file -------------------------------------------------------------- */

#define FIELD(member) offsetof(struct ctl_mapping, member)

static const struct key DIVISION_KEYS[] = {
    {"prefix", read_digits, FIELD(division_prefix), 11},
    {"missing", read_digits, FIELD(division_missing), 12},
    {0},
};

static const struct key WANTED_KEYS[] = {
    {"from", read_wanted_time, FIELD(wanted_from), 40},
    {"until", read_wanted_time, FIELD(wanted_until), 40},
    {0},
};

static bool read_division_keys(struct source *source, const struct key *key,
                               const yaml_node_t *value)
{
    return each_pair(source, value, key->name, read_key, DIVISION_KEYS);
}

static bool read_wanted_keys(struct source *source, const struct key *key, const yaml_node_t *value)
{
    return each_pair(source, value, key->name, read_key, WANTED_KEYS);
}

static const struct key FILE_KEYS[] = {
    {"origin", read_text, FIELD(origin), 15},
    {"columns", read_columns, 0, 0},
    {"time_format", read_format, FIELD(time_format), 80},
    {"utc_offset_min", read_offset, 0, 0},
    {"division", read_division_keys, 0, 0},
    {"kinds", read_kinds, FIELD(kinds), 0},
    {"default_kind", read_text, FIELD(default_kind), 31},
    {"urgencies", read_urgencies, FIELD(urgencies), 0},
    {"default_urgency", read_urgency, FIELD(default_urgency), 31},
    {"sources", read_sources, FIELD(sources), 0},
    {"default_source", read_source, FIELD(default_source), 31},
    {"wanted", read_wanted_keys, 0, 0},
    {0},
};

static bool maps_column(const struct ctl_mapping *mapping, enum ctl_need_column ours)
{
    for (size_t i = 0; i < mapping->column_count; i++) {
        if (mapping->ours[i] == ours) {
            return true;
        }
    }
    return false;
}

/* What must be known of every need, once the whole file is read. */
static bool check_whole(const struct source *source, const yaml_node_t *root)
{
    const struct ctl_mapping *mapping = source->mapping;
    if (mapping->origin == NULL) {
        return complain(source, root,
                        "no 'origin': name whose numbering the file has, so that importing it "
                        "again changes nothing");
    }
    if (!maps_column(mapping, CTL_NEED_REF)) {
        return complain(source, root, "no 'ref' in columns: name the column with their number");
    }
    if (!maps_column(mapping, CTL_NEED_DIVISION) && mapping->division_missing == NULL) {
        return complain(source, root,
                        "no 'division' in columns and no division.missing: say where needs are");
    }
    if (strlen(or_else(mapping->division_prefix, "")) +
            strlen(or_else(mapping->division_missing, "")) >
        12) {
        return complain(source, root,
                        "division.prefix and division.missing together have at most "
                        "12 digits: a community's code has 12");
    }
    if (!maps_column(mapping, CTL_NEED_KIND) && mapping->default_kind == NULL) {
        return complain(source, root, "no 'kind' in columns and no default_kind: add one of them");
    }
    return true;
}

static bool read_document(struct source *source)
{
    const yaml_node_t *root = yaml_document_get_root_node(&source->document);
    if (root == NULL) {
        (void)wu_error_set(source->reterr, WU_INVALID,
                           "%s: empty: it needs at least origin and columns", source->name);
        return false;
    }
    return each_pair(source, root, "a mapping file", read_key, FILE_KEYS) &&
           check_whole(source, root);
}

static enum wu_status parse_loaded(struct source *source)
{
    enum wu_status status = WU_OK;
    struct wu_error fallback = {"out of memory"};
    struct wu_error *reterr = source->reterr;
    if (reterr == NULL) {
        source->reterr = &fallback;
    }
    if (!read_document(source)) {
        status = source->arena->exhausted ? WU_NO_MEMORY : WU_INVALID;
    }
    source->reterr = reterr;
    return status;
}

enum wu_status ctl_mapping_parse(const char *name, const char *text, size_t size_bytes,
                                 struct wu_arena *arena, struct ctl_mapping *ret_mapping,
                                 struct wu_error *reterr)
{
    struct ctl_mapping mapping = {0};
    struct source source = {.name = name, .arena = arena, .mapping = &mapping, .reterr = reterr};
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        return wu_error_set(reterr, WU_NO_MEMORY, "no memory");
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size_bytes);
    if (!yaml_parser_load(&parser, &source.document)) {
        enum wu_status status = wu_error_set(
            reterr, WU_INVALID, "%s:%u: not YAML: %s", name, (unsigned)parser.problem_mark.line + 1,
            parser.problem != NULL ? parser.problem : "cannot be read");
        yaml_parser_delete(&parser);
        return status;
    }
    enum wu_status status = parse_loaded(&source);
    yaml_document_delete(&source.document);
    yaml_parser_delete(&parser);
    if (status == WU_OK) {
        *ret_mapping = mapping;
    }
    return status;
}

enum wu_status ctl_mapping_load(const char *path, struct wu_arena *arena,
                                struct ctl_mapping *ret_mapping, struct wu_error *reterr)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return wu_error_set(reterr, WU_INVALID, "cannot read mapping '%s': %s", path,
                            strerror(errno));
    }
    char *text = malloc(FILE_BYTES_MAX);
    size_t size = text != NULL ? fread(text, 1, FILE_BYTES_MAX, file) : 0;
    (void)fclose(file);
    enum wu_status status = WU_OK;
    if (text == NULL) {
        status = wu_error_set(reterr, WU_NO_MEMORY, "no memory");
    } else if (size == FILE_BYTES_MAX) {
        status = wu_error_set(reterr, WU_INVALID, "%s: a mapping has less than 256 KiB", path);
    } else {
        status = ctl_mapping_parse(path, text, size, arena, ret_mapping, reterr);
    }
    free(text);
    return status;
}

/* ---- one row --------------------------------------------------------------- */

static const char *find(const struct ctl_mapping_list *list, const char *theirs)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->pairs[i].theirs, theirs) == 0) {
            return list->pairs[i].ours;
        }
    }
    return NULL;
}

/* Their code, with zeros in front, behind the prefix. */
static const char *division_of(const struct ctl_mapping *mapping, const char *theirs,
                               struct wu_arena *arena, struct ctl_row_fault *fault)
{
    if (theirs[0] == '\0') {
        if (mapping->division_missing == NULL) {
            (void)ctl_row_fail(fault, "DIVISION_MISSING",
                               "no division: give it one, or the mapping a division.missing");
            return NULL;
        }
        theirs = mapping->division_missing;
    }
    const char *prefix = or_else(mapping->division_prefix, "");
    size_t room = 12 - strlen(prefix);
    size_t size = strlen(theirs);
    if (size > room) {
        (void)ctl_row_fail(fault, "DIVISION_MALFORMED",
                           "division '%.40s' does not fit behind the prefix '%s'", theirs, prefix);
        return NULL;
    }
    return wu_arena_printf(arena, "%s%.*s%s", prefix, (int)(room - size), "000000000000", theirs);
}

/* Milliseconds as the text that ctl_parse_time reads back. */
static const char *time_text(int64_t time_ms, struct wu_arena *arena)
{
    time_t seconds = (time_t)(time_ms / WU_SECOND_MS);
    struct tm parts;
    char text[32];
    if (gmtime_r(&seconds, &parts) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0) {
        return NULL;
    }
    return wu_arena_copy(arena, text, strlen(text));
}

static const char *raised_at_of(const struct ctl_mapping *mapping, const char *theirs,
                                struct wu_arena *arena, struct ctl_row_fault *fault)
{
    int64_t time_ms = 0;
    if (mapping->time_format == NULL || theirs[0] == '\0') {
        return theirs;
    }
    if (!ctl_parse_time_by(theirs, mapping->time_format, mapping->utc_offset_min, &time_ms)) {
        (void)ctl_row_fail(fault, "TIME_MALFORMED", "time '%.60s' does not read as '%.60s'", theirs,
                           mapping->time_format);
        return NULL;
    }
    return time_text(time_ms, arena);
}

static const char *kind_of(const struct ctl_mapping *mapping, const char *theirs,
                           struct ctl_row_fault *fault)
{
    const char *kind = or_else(find(&mapping->kinds, theirs), mapping->default_kind);
    if (kind == NULL) {
        (void)ctl_row_fail(fault, "KIND_NOT_MAPPED",
                           "the mapping has no kind for '%.60s': add it to kinds, or a "
                           "default_kind",
                           theirs);
    }
    return kind;
}

static const char *urgency_of(const struct ctl_mapping *mapping, const char *theirs,
                              const char *our_kind, const char *their_kind)
{
    const char *urgency = find(&mapping->urgencies, theirs);
    urgency = or_else(urgency, find(&mapping->urgencies, our_kind));
    urgency = or_else(urgency, find(&mapping->urgencies, their_kind));
    return or_else(or_else(urgency, mapping->default_urgency), "");
}

bool ctl_mapping_apply(const struct ctl_mapping *mapping, const char *const *theirs,
                       struct wu_arena *arena, const char *ret_ours[CTL_NEED_COLUMNS],
                       struct ctl_row_fault *ret_fault)
{
    const char *cells[CTL_NEED_COLUMNS];
    (void)ctl_row_fail(ret_fault, "ROW_TOO_BIG", "the row does not fit into memory");
    for (size_t i = 0; i < CTL_NEED_COLUMNS; i++) {
        cells[i] = "";
    }
    for (size_t i = 0; i < mapping->column_count; i++) {
        cells[mapping->ours[i]] = theirs[i];
    }
    const char *kind = kind_of(mapping, cells[CTL_NEED_KIND], ret_fault);
    const char *division =
        kind != NULL ? division_of(mapping, cells[CTL_NEED_DIVISION], arena, ret_fault) : NULL;
    const char *raised_at = division != NULL
                                ? raised_at_of(mapping, cells[CTL_NEED_RAISED_AT], arena, ret_fault)
                                : NULL;
    if (raised_at == NULL) {
        return false;
    }
    for (size_t i = 0; i < CTL_NEED_COLUMNS; i++) {
        ret_ours[i] = cells[i];
    }
    ret_ours[CTL_NEED_URGENCY] =
        urgency_of(mapping, cells[CTL_NEED_URGENCY], kind, cells[CTL_NEED_KIND]);
    ret_ours[CTL_NEED_KIND] = kind;
    ret_ours[CTL_NEED_DIVISION] = division;
    ret_ours[CTL_NEED_RAISED_AT] = raised_at;
    ret_ours[CTL_NEED_SOURCE] = or_else(
        or_else(find(&mapping->sources, cells[CTL_NEED_SOURCE]), mapping->default_source), "");
    if (cells[CTL_NEED_FROM][0] == '\0') {
        ret_ours[CTL_NEED_FROM] = or_else(mapping->wanted_from, "");
    }
    if (cells[CTL_NEED_UNTIL][0] == '\0') {
        ret_ours[CTL_NEED_UNTIL] = or_else(mapping->wanted_until, "");
    }
    ret_ours[CTL_NEED_ORIGIN] = mapping->origin;
    if (cells[CTL_NEED_COMMUNITY_NAME][0] == '\0') {
        ret_ours[CTL_NEED_COMMUNITY_NAME] = division;
    }
    return true;
}
