#include "services/ctl/catalogue.h"

#include "common/base/nearest.h"
#include "common/base/time.h"
#include "services/coordinator/core/kind_check.h"
#include "services/ctl/rows.h"
#include "wushe/socialworker/v1/worker.pb-c.h"

#include <string.h>
#include <yaml.h>

enum { PAIRS_MAX = 1024, ITEMS_MAX = 64, SPAN_MAX = 1000000, DAYS_MAX = 100000 };

struct source {
    const char *name;
    yaml_document_t document;
    struct ctl_catalogue *catalogue;
};

/* One key: who reads its value into the target, and where there. */
struct key {
    const char *name;
    void (*read)(struct source *source, const struct key *key, const yaml_node_t *value,
                 void *target);
    size_t offset;
    int word;       /* of a list of roles: its duty */
    bool is_needed; /* a mapping without it is wrong */
};

/* ---- faults ----------------------------------------------------------------- */

static unsigned line_of(const yaml_node_t *node)
{
    return (unsigned)node->start_mark.line + 1;
}

static void complain_at(struct source *source, unsigned line, const char *format, ...)
    WU_PRINTF(3, 4);
static void complain_at(struct source *source, unsigned line, const char *format, ...)
{
    char sentence[640];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    source->catalogue->fault_count++;
    source->catalogue->on_fault(source->catalogue->context, source->name, line, sentence);
}

#define COMPLAIN(source, node, ...) complain_at(source, line_of(node), __VA_ARGS__)

static void complain_of_key(struct source *source, const yaml_node_t *node, const char *name,
                            const struct key *keys)
{
    char all[320] = "";
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
        COMPLAIN(source, node, "unknown key '%.60s': did you mean '%s'?", name, nearest);
    } else {
        COMPLAIN(source, node, "unknown key '%.60s': the keys are %s", name, all);
    }
}

/* ---- nodes ------------------------------------------------------------------ */

/* A text of the file that the arena keeps; NULL with a complaint. */
static const char *text_of(struct source *source, const yaml_node_t *node, const char *what)
{
    if (node->type != YAML_SCALAR_NODE) {
        COMPLAIN(source, node, "%.60s is one value, not a list or a mapping", what);
        return NULL;
    }
    const char *value = (const char *)node->data.scalar.value;
    if (strlen(value) != node->data.scalar.length) {
        COMPLAIN(source, node, "%.60s has a zero byte in it: take it out", what);
        return NULL;
    }
    return wu_arena_copy(source->catalogue->arena, value, node->data.scalar.length);
}

static const yaml_node_t *node_at(struct source *source, int index)
{
    return yaml_document_get_node(&source->document, index);
}

static bool is_repeated(struct source *source, const yaml_node_t *node,
                        const yaml_node_pair_t *pair, const char *name)
{
    for (const yaml_node_pair_t *before = node->data.mapping.pairs.start; before < pair; before++) {
        const yaml_node_t *key = node_at(source, before->key);
        if (key->type == YAML_SCALAR_NODE &&
            strcmp((const char *)key->data.scalar.value, name) == 0) {
            return true;
        }
    }
    return false;
}

/* The name of a pair, complained of if it is there twice; NULL then. */
static const char *name_of(struct source *source, const yaml_node_t *node,
                           const yaml_node_pair_t *pair)
{
    const yaml_node_t *key = node_at(source, pair->key);
    const char *name = text_of(source, key, "a key");
    if (name != NULL && is_repeated(source, node, pair, name)) {
        COMPLAIN(source, key, "'%.60s' is there twice: drop one", name);
        return NULL;
    }
    return name;
}

static bool is_mapping(struct source *source, const yaml_node_t *node, const char *what)
{
    if (node->type != YAML_MAPPING_NODE) {
        COMPLAIN(source, node, "%.60s is a mapping: write 'name: value' lines", what);
        return false;
    }
    if (node->data.mapping.pairs.top - node->data.mapping.pairs.start > PAIRS_MAX) {
        COMPLAIN(source, node, "%.60s has more than %d entries: make two files of it", what,
                 PAIRS_MAX);
        return false;
    }
    return true;
}

static void complain_of_missing(struct source *source, const yaml_node_t *node, const char *what,
                                const struct key *keys, uint32_t seen)
{
    for (unsigned i = 0; keys[i].name != NULL; i++) {
        if (keys[i].is_needed && (seen & (UINT32_C(1) << i)) == 0) {
            COMPLAIN(source, node, "%.60s has no '%s': add it", what, keys[i].name);
        }
    }
}

/* Every pair goes to the reader of its key; what is there is read whatever else is wrong. */
static void read_mapping(struct source *source, const yaml_node_t *node, const char *what,
                         const struct key *keys, void *target)
{
    uint32_t seen = 0;
    if (!is_mapping(source, node, what)) {
        return;
    }
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const char *name = name_of(source, node, pair);
        unsigned i = 0;
        while (name != NULL && keys[i].name != NULL && strcmp(keys[i].name, name) != 0) {
            i++;
        }
        if (name != NULL && keys[i].name == NULL) {
            complain_of_key(source, node_at(source, pair->key), name, keys);
        } else if (name != NULL) {
            seen |= UINT32_C(1) << i;
            keys[i].read(source, &keys[i], node_at(source, pair->value), target);
        }
    }
    complain_of_missing(source, node, what, keys, seen);
}

/* ---- values ------------------------------------------------------------------ */

static void *field_of(void *target, const struct key *key)
{
    return (char *)target + key->offset;
}

static void read_text(struct source *source, const struct key *key, const yaml_node_t *value,
                      void *target)
{
    const char *text = text_of(source, value, key->name);
    if (text != NULL && text[0] == '\0') {
        COMPLAIN(source, value, "%s is empty: write it, or leave the key out", key->name);
    } else if (text != NULL) {
        *(const char **)field_of(target, key) = text;
    }
}

static void read_flag(struct source *source, const struct key *key, const yaml_node_t *value,
                      void *target)
{
    const char *text = text_of(source, value, key->name);
    bool yes = text != NULL && strcmp(text, "true") == 0;
    if (text != NULL && !yes && strcmp(text, "false") != 0) {
        COMPLAIN(source, value, "%s is '%.40s': write true or false", key->name, text);
    }
    *(protobuf_c_boolean *)field_of(target, key) = yes;
}

/* "30m", "4h", "7d" to milliseconds. */
static bool parse_span(const char *text, int64_t *ret_ms)
{
    char digits[16];
    size_t size = strlen(text);
    int64_t count = 0;
    if (size < 2 || size > sizeof digits) {
        return false;
    }
    int64_t unit_ms = text[size - 1] == 'm'   ? WU_MINUTE_MS
                      : text[size - 1] == 'h' ? WU_HOUR_MS
                      : text[size - 1] == 'd' ? WU_DAY_MS
                                              : 0;
    memcpy(digits, text, size - 1);
    digits[size - 1] = '\0';
    if (unit_ms == 0 || !ctl_parse_number(digits, SPAN_MAX, &count)) {
        return false;
    }
    *ret_ms = count * unit_ms;
    return true;
}

static void read_span(struct source *source, const struct key *key, const yaml_node_t *value,
                      void *target)
{
    const char *text = text_of(source, value, key->name);
    if (text != NULL && !parse_span(text, field_of(target, key))) {
        COMPLAIN(source, value, "%s is '%.40s': write minutes, hours or days as 30m, 4h, 7d",
                 key->name, text);
    }
}

static void read_days(struct source *source, const struct key *key, const yaml_node_t *value,
                      void *target)
{
    int64_t count = 0;
    const char *text = text_of(source, value, key->name);
    if (text != NULL && !ctl_parse_number(text, DAYS_MAX, &count)) {
        COMPLAIN(source, value, "%s is '%.40s': write a whole number of days", key->name, text);
    }
    *(uint32_t *)field_of(target, key) = (uint32_t)count;
}

static void read_first_day(struct source *source, const struct key *key, const yaml_node_t *value,
                           void *target)
{
    const char *text = text_of(source, value, key->name);
    if (text != NULL && (strlen(text) != strlen("2026-11-24") ||
                         !ctl_parse_time(text, source->catalogue->clock, field_of(target, key)))) {
        COMPLAIN(source, value, "%s is '%.40s': write a day as 2026-11-24", key->name, text);
    }
}

/* That day is still in it. */
static void read_last_day(struct source *source, const struct key *key, const yaml_node_t *value,
                          void *target)
{
    int64_t last_ms = 0;
    const char *text = text_of(source, value, key->name);
    if (text != NULL && !ctl_parse_last_day(text, source->catalogue->clock, &last_ms)) {
        COMPLAIN(source, value, "%s is '%.40s': write a day as 2026-11-24", key->name, text);
    } else if (text != NULL) {
        *(int64_t *)field_of(target, key) = last_ms + 1;
    }
}

/* ---- words -------------------------------------------------------------------- */

struct words {
    const ProtobufCEnumDescriptor *descriptor;
    const char *prefix;
};
static const struct words CLASSES = {&coordinator__kind_class__descriptor, "KIND_CLASS_"};
static const struct words LEVELS = {&socialworker__worker_level__descriptor, "WORKER_LEVEL_"};
static const struct words URGENCIES = {&community__need_urgency__descriptor, "NEED_URGENCY_"};
static const struct words ROLES = {&linkage__role__descriptor, "ROLE_"};

/* 0 with a complaint. */
static int word_of(struct source *source, const yaml_node_t *node, const struct words *words,
                   const char *text)
{
    char all[160];
    int value = 0;
    if (!ctl_parse_word(words->descriptor, words->prefix, text, &value)) {
        COMPLAIN(source, node, "'%.40s' is none of %s", text,
                 ctl_words(words->descriptor, words->prefix, all, sizeof all));
    }
    return value;
}

static void read_class(struct source *source, const struct key *key, const yaml_node_t *value,
                       void *target)
{
    Coordinator__AdoptKind *adopt = target;
    const char *text = text_of(source, value, key->name);
    if (text != NULL) {
        adopt->service_class = (Coordinator__KindClass)word_of(source, value, &CLASSES, text);
    }
}

static void read_level(struct source *source, const struct key *key, const yaml_node_t *value,
                       void *target)
{
    Coordinator__AdoptKind *adopt = target;
    const char *text = text_of(source, value, key->name);
    if (text != NULL) {
        adopt->level_min = (uint32_t)word_of(source, value, &LEVELS, text);
    }
}

/* ---- lists -------------------------------------------------------------------- */

/* How many items; 0 with a complaint. */
static size_t list_size(struct source *source, const yaml_node_t *node, const char *what)
{
    if (node->type != YAML_SEQUENCE_NODE) {
        COMPLAIN(source, node, "%s is a list: write [one, another]", what);
        return 0;
    }
    size_t count = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    if (count > ITEMS_MAX) {
        COMPLAIN(source, node, "%s has more than %d items", what, ITEMS_MAX);
        return 0;
    }
    return count;
}

/* The roles that have the key's duty join those that were read before. */
static void read_roles(struct source *source, const struct key *key, const yaml_node_t *value,
                       void *target)
{
    Coordinator__AdoptKind *adopt = target;
    struct wu_arena *arena = source->catalogue->arena;
    size_t count = list_size(source, value, key->name);
    Coordinator__RoleDuty **all = wu_arena_take(arena, (adopt->n_duties + count + 1) * sizeof *all);
    Coordinator__RoleDuty *added = wu_arena_take(arena, (count + 1) * sizeof *added);
    if (all == NULL || added == NULL) {
        return; /* the arena remembers */
    }
    for (size_t i = 0; i < adopt->n_duties; i++) {
        all[i] = adopt->duties[i];
    }
    for (size_t i = 0; i < count; i++) {
        const yaml_node_t *item = node_at(source, value->data.sequence.items.start[i]);
        const char *text = text_of(source, item, key->name);
        coordinator__role_duty__init(&added[i]);
        added[i].duty = (Coordinator__Duty)key->word;
        added[i].role = text != NULL ? (Linkage__Role)word_of(source, item, &ROLES, text) : 0;
        all[adopt->n_duties + i] = &added[i];
    }
    adopt->duties = all;
    adopt->n_duties += count;
}

static void read_recipe(struct source *source, const struct key *key, const yaml_node_t *value,
                        void *target)
{
    Coordinator__AdoptKind *adopt = target;
    struct wu_arena *arena = source->catalogue->arena;
    size_t count = list_size(source, value, key->name);
    Linkage__PlanStep **steps = wu_arena_take(arena, (count + 1) * sizeof(Linkage__PlanStep *));
    for (size_t i = 0; steps != NULL && i < count; i++) {
        const yaml_node_t *item = node_at(source, value->data.sequence.items.start[i]);
        const char *text = text_of(source, item, "a step");
        struct ctl_row_fault fault = {NULL, ""};
        Linkage__PlanStep **one = NULL;
        size_t one_count = 0;
        if (text == NULL) {
            continue;
        }
        if (!ctl_parse_recipe(text, arena, &one, &one_count, &fault)) {
            COMPLAIN(source, item,
                     "step '%.60s': %s: write socialorg:home-care:1, with '?' behind it if it "
                     "may be left out",
                     text, fault.reason);
        } else if (one_count != 1) {
            COMPLAIN(source, item, "'%.60s' is not one step: give each an item of its own", text);
        } else {
            steps[adopt->n_recipe++] = one[0];
        }
    }
    adopt->recipe = steps;
}

/* ---- clocks ------------------------------------------------------------------- */

#define CLOCK(member) offsetof(Coordinator__UrgencyClock, member)

static const struct key CLOCK_KEYS[] = {
    {"reply", read_span, CLOCK(reply_within_ms), 0, true},
    {"deliver", read_span, CLOCK(deliver_within_ms), 0, false},
    {"working_days", read_days, CLOCK(deliver_working_days), 0, false},
    {"gather", read_span, CLOCK(gather_within_ms), 0, false},
    {0},
};

static void read_clocks(struct source *source, const struct key *key, const yaml_node_t *value,
                        void *target)
{
    Coordinator__AdoptKind *adopt = target;
    struct wu_arena *arena = source->catalogue->arena;
    if (!is_mapping(source, value, key->name)) {
        return;
    }
    size_t count = (size_t)(value->data.mapping.pairs.top - value->data.mapping.pairs.start);
    Coordinator__UrgencyClock **list = wu_arena_take(arena, (count + 1) * sizeof *list);
    Coordinator__UrgencyClock *clocks = wu_arena_take(arena, (count + 1) * sizeof *clocks);
    if (list == NULL || clocks == NULL) {
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const yaml_node_pair_t *pair = &value->data.mapping.pairs.start[i];
        const char *name = name_of(source, value, pair);
        coordinator__urgency_clock__init(&clocks[i]);
        list[i] = &clocks[i];
        if (name != NULL) {
            clocks[i].urgency = (Community__NeedUrgency)word_of(source, node_at(source, pair->key),
                                                                &URGENCIES, name);
            read_mapping(source, node_at(source, pair->value), name, CLOCK_KEYS, &clocks[i]);
        }
    }
    adopt->clocks = list;
    adopt->n_clocks = count;
}

/* ---- a kind -------------------------------------------------------------------- */

#define KIND(member) offsetof(Coordinator__AdoptKind, member)

static const struct key NAME_KEYS[] = {
    {"zh", read_text, KIND(name_zh), 0, true},
    {"en", read_text, KIND(name_en), 0, true},
    {0},
};

static void read_names(struct source *source, const struct key *key, const yaml_node_t *value,
                       void *target)
{
    read_mapping(source, value, key->name, NAME_KEYS, target);
}

static void read_assess(struct source *source, const struct key *key, const yaml_node_t *value,
                        void *target)
{
    Coordinator__AdoptKind *adopt = target;
    adopt->assess = true;
    read_text(source, key, value, target);
}

static const struct key KIND_KEYS[] = {
    {"name", read_names, 0, 0, true},
    {"class", read_class, 0, 0, true},
    {"must", read_roles, 0, COORDINATOR__DUTY__DUTY_MUST, false},
    {"may", read_roles, 0, COORDINATOR__DUTY__DUTY_MAY, false},
    {"must_not", read_roles, 0, COORDINATOR__DUTY__DUTY_MUST_NOT, false},
    {"level", read_level, 0, 0, false},
    {"field", read_text, KIND(licence_field), 0, false},
    {"assess", read_assess, KIND(assess_field), 0, false},
    {"approval", read_flag, KIND(approval), 0, false},
    {"broadcast", read_flag, KIND(broadcast), 0, false},
    {"purpose", read_text, KIND(purpose), 0, false},
    {"recipe", read_recipe, 0, 0, false},
    {"reply", read_span, KIND(reply_within_ms), 0, true},
    {"deliver", read_span, KIND(deliver_within_ms), 0, true},
    {"confirm", read_span, KIND(confirm_within_ms), 0, true},
    {"clocks", read_clocks, 0, 0, false},
    {"legal_basis", read_text, KIND(legal_basis), 0, true},
    {"valid_from", read_first_day, KIND(valid_from_ms), 0, false},
    {"valid_until", read_last_day, KIND(valid_until_ms), 0, false},
    {0},
};

/* What a coordinator would refuse, in its words. */
static void check_kind(struct source *source, unsigned line, const Coordinator__AdoptKind *adopt)
{
    for (const struct kind_fault *fault = KIND_FAULTS; fault->code != NULL; fault++) {
        if (fault->is_so(adopt)) {
            const struct rule_text *rule = rule_text(fault->rule);
            complain_at(source, line, "kind '%.31s' %s (rule %s, %s)", adopt->code, fault->text,
                        rule->id, rule->source);
        }
    }
    for (size_t i = 0; i < source->catalogue->kind_count; i++) {
        const struct ctl_catalogue_kind *other = &source->catalogue->kinds[i];
        if (strcmp(other->adopt->code, adopt->code) == 0) {
            complain_at(source, line, "kind '%.31s' is in %s:%u already: drop one", adopt->code,
                        other->file, other->line);
        }
    }
}

static void read_kind(struct source *source, const char *code, const char *heading,
                      const yaml_node_pair_t *pair)
{
    struct ctl_catalogue *catalogue = source->catalogue;
    unsigned line = line_of(node_at(source, pair->key));
    size_t fault_count = catalogue->fault_count;
    Coordinator__AdoptKind *adopt = wu_arena_take(catalogue->arena, sizeof *adopt);
    const char *what = wu_arena_printf(catalogue->arena, "kind '%.31s'", code);
    if (adopt == NULL || what == NULL) {
        return;
    }
    coordinator__adopt_kind__init(adopt);
    adopt->code = code;
    adopt->heading = heading;
    read_mapping(source, node_at(source, pair->value), what, KIND_KEYS, adopt);
    if (catalogue->fault_count == fault_count) {
        check_kind(source, line, adopt);
    }
    if (catalogue->fault_count > fault_count) {
        return;
    }
    if (catalogue->kind_count == CTL_CATALOGUE_KINDS_MAX) {
        complain_at(source, line, "a catalogue has at most %d kinds", CTL_CATALOGUE_KINDS_MAX);
        return;
    }
    catalogue->kinds[catalogue->kind_count++] =
        (struct ctl_catalogue_kind){adopt, source->name, line};
}

/* ---- the file ------------------------------------------------------------------ */

struct file {
    const char *heading;
    const yaml_node_t *kinds;
};

static void read_kinds(struct source *source, const struct key *key, const yaml_node_t *value,
                       void *target)
{
    struct file *file = target;
    file->kinds = is_mapping(source, value, key->name) ? value : NULL;
}

static const struct key FILE_KEYS[] = {
    {"heading", read_text, offsetof(struct file, heading), 0, true},
    {"kinds", read_kinds, 0, 0, true},
    {0},
};

static void read_document(struct source *source)
{
    struct file file = {"", NULL};
    const yaml_node_t *root = yaml_document_get_root_node(&source->document);
    if (root == NULL) {
        complain_at(source, 1, "empty: it needs 'heading' and 'kinds'");
        return;
    }
    read_mapping(source, root, "the file", FILE_KEYS, &file);
    if (file.kinds == NULL) {
        return;
    }
    for (const yaml_node_pair_t *pair = file.kinds->data.mapping.pairs.start;
         pair < file.kinds->data.mapping.pairs.top; pair++) {
        const char *code = name_of(source, file.kinds, pair);
        if (code != NULL) {
            read_kind(source, code, file.heading, pair);
        }
    }
}

enum wu_status ctl_catalogue_parse(struct ctl_catalogue *catalogue, const char *name,
                                   const char *text, size_t size_bytes)
{
    struct source source = {.name = name, .catalogue = catalogue};
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        return WU_NO_MEMORY;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size_bytes);
    if (yaml_parser_load(&parser, &source.document)) {
        read_document(&source);
        yaml_document_delete(&source.document);
    } else {
        complain_at(&source, (unsigned)parser.problem_mark.line + 1, "not YAML: %s",
                    parser.problem != NULL ? parser.problem : "cannot be read");
    }
    yaml_parser_delete(&parser);
    return catalogue->arena->exhausted ? WU_NO_MEMORY : WU_OK;
}
