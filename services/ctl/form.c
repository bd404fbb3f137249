#include "services/ctl/form.h"

#include <inttypes.h>
#include <string.h>

enum { LIST_MAX = 64, NAME_MAX_BYTES = 64 };

/* One value being read; the message borrows it from the arena. */
struct reading {
    struct ctl *ctl;
    struct ctl_clock clock;
    const ProtobufCFieldDescriptor *field;
    char option[NAME_MAX_BYTES];
};

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text);
    size_t end_size = strlen(end);
    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

/* "registered_until_ms" to "registered-until". */
static void name_option(const ProtobufCFieldDescriptor *field, char option[NAME_MAX_BYTES])
{
    size_t size = strlen(field->name);
    if (ends_with(field->name, "_ms")) {
        size -= strlen("_ms");
    } else if (ends_with(field->name, "_fen")) {
        size -= strlen("_fen");
    }
    for (size_t i = 0; i < size && i < NAME_MAX_BYTES - 1; i++) {
        if (field->name[i] == '_') {
            option[i] = '-';
        } else {
            option[i] = field->name[i];
        }
        option[i + 1] = '\0';
    }
}

/* ---- one value ------------------------------------------------------------------------ */

static bool wrong(const struct reading *reading, const char *text, const char *what)
{
    (void)ctl_complain(CTL_USAGE, "--%s '%s' is %s", reading->option, text, what);
    return false;
}

/* "ORGANISATION_KIND_": what the words of the enum begin with, from its first value's name. */
static void name_prefix(const ProtobufCEnumDescriptor *words, char prefix[NAME_MAX_BYTES])
{
    size_t size = strlen(words->values[0].name) - strlen("UNSPECIFIED");
    (void)snprintf(prefix, NAME_MAX_BYTES, "%.*s", (int)size, words->values[0].name);
}

static bool read_word(const struct reading *reading, const char *text, int *value)
{
    const ProtobufCEnumDescriptor *words = reading->field->descriptor;
    char prefix[NAME_MAX_BYTES];
    char all[300];
    name_prefix(words, prefix);
    if (ctl_parse_word(words, prefix, text, value)) {
        return true;
    }
    (void)ctl_complain(CTL_USAGE, "--%s '%s' is none of %s", reading->option, text,
                       ctl_words(words, prefix, all, sizeof all));
    return false;
}

static bool read_int64(const struct reading *reading, const char *text, int64_t *value)
{
    const char *name = reading->field->name;
    if (ends_with(name, "_ms")) {
        bool is_end = ends_with(name, "until_ms") || ends_with(name, "_by_ms");
        return (is_end && ctl_parse_last_day(text, &reading->clock, value)) ||
               ctl_parse_time(text, &reading->clock, value) ||
               wrong(reading, text, "not a time: write 2026-11-24, '2026-11-24 09:30' or +30d");
    }
    if (ends_with(name, "_fen")) {
        return ctl_parse_fen(text, value) || wrong(reading, text, "not an amount in yuan");
    }
    return ctl_parse_number(text, INT64_MAX, value) || wrong(reading, text, "not a number");
}

static bool read_uint32(const struct reading *reading, const char *text, uint32_t *value)
{
    int64_t number = 0;
    if (!ctl_parse_number(text, UINT32_MAX, &number)) {
        return wrong(reading, text, "not a number");
    }
    *value = (uint32_t)number;
    return true;
}

static bool read_value(const struct reading *reading, const char *text, void *value)
{
    switch (reading->field->type) {
    case PROTOBUF_C_TYPE_STRING:
        *(const char **)value = text;
        return true;
    case PROTOBUF_C_TYPE_INT64:
        return read_int64(reading, text, value);
    case PROTOBUF_C_TYPE_UINT64:
        return ctl_parse_division(text, value) || wrong(reading, text, "not a division: 12 digits");
    case PROTOBUF_C_TYPE_UINT32:
        return read_uint32(reading, text, value);
    case PROTOBUF_C_TYPE_ENUM:
        return read_word(reading, text, value);
    default:
        return wrong(reading, text, "of a kind that no option can say");
    }
}

/* ---- the message ------------------------------------------------------------------------ */

static size_t size_of(const ProtobufCFieldDescriptor *field)
{
    bool is_wide = field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_INT64 ||
                   field->type == PROTOBUF_C_TYPE_UINT64;
    return is_wide ? sizeof(int64_t) : sizeof(int);
}

/* "a;b;c" */
static bool read_list(const struct reading *reading, const char *text, uint8_t *message)
{
    struct wu_arena *arena = &reading->ctl->arena;
    size_t count = 0;
    uint8_t *values = wu_arena_take(arena, LIST_MAX * size_of(reading->field));
    char *rest = wu_arena_copy(arena, text, strlen(text));
    if (values == NULL || rest == NULL) {
        return wrong(reading, text, "too long");
    }
    for (char *part = strsep(&rest, ";"); part != NULL; part = strsep(&rest, ";")) {
        if (count == LIST_MAX) {
            return wrong(reading, text, "too long: at most 64, separated by ';'");
        }
        if (!read_value(reading, part, values + count * size_of(reading->field))) {
            return false;
        }
        count++;
    }
    memcpy(message + reading->field->quantifier_offset, &count, sizeof count);
    memcpy(message + reading->field->offset, &values, sizeof values);
    return true;
}

static bool read_field(const struct reading *reading, const char *text, uint8_t *message)
{
    return reading->field->label == PROTOBUF_C_LABEL_REPEATED
               ? read_list(reading, text, message)
               : read_value(reading, text, message + reading->field->offset);
}

static bool read_options(struct reading *reading, const struct ctl_form *form, int *argc,
                         char **argv, uint8_t *message)
{
    for (unsigned i = (unsigned)form->word_count; i < form->schema->n_fields; i++) {
        reading->field = &form->schema->fields[i];
        name_option(reading->field, reading->option);
        if (reading->field->type == PROTOBUF_C_TYPE_BOOL) {
            *(protobuf_c_boolean *)(void *)(message + reading->field->offset) =
                ctl_flag(argc, argv, reading->option);
            continue;
        }
        const char *text = ctl_option(argc, argv, reading->option);
        if (text != NULL && !read_field(reading, text, message)) {
            return false;
        }
    }
    return true;
}

static bool read_words(struct reading *reading, const struct ctl_form *form, char **argv,
                       uint8_t *message)
{
    for (int i = 0; i < form->word_count; i++) {
        reading->field = &form->schema->fields[i];
        name_option(reading->field, reading->option);
        if (!read_field(reading, argv[i], message)) {
            return false;
        }
    }
    return true;
}

static int send(struct ctl *ctl, const struct ctl_form *form, const ProtobufCMessage *message,
                const char *what)
{
    const Bus__Answer *answer = NULL;
    const struct ctl_node *node = ctl_node_of_role(ctl, form->role);
    const struct wu_command command = {.type = form->type, .body = message};
    int status = node != NULL ? ctl_call(ctl, node, &command, &answer) : CTL_USAGE;
    if (status != CTL_OK) {
        return status;
    }
    if (ctl->json) {
        (void)printf("{\"done\":\"%s\"}\n", form->done);
    } else {
        (void)printf("%s%s%s\n", what, what[0] != '\0' ? " " : "", form->done);
    }
    return CTL_OK;
}

int ctl_form_run(struct ctl *ctl, int argc, char **argv, const struct ctl_form *form)
{
    if (!ctl_load_home(ctl)) {
        return CTL_USAGE;
    }
    uint8_t *message = wu_arena_take(&ctl->arena, form->schema->sizeof_message);
    if (message == NULL) {
        return ctl_complain(CTL_FAILED, "no memory left");
    }
    protobuf_c_message_init(form->schema, message);
    struct reading reading = {.ctl = ctl, .clock = ctl_clock_now(ctl)};
    if (!read_options(&reading, form, &argc, argv, message) ||
        !ctl_arguments(ctl, argc, argv, form->word_count, form->word_count) ||
        !read_words(&reading, form, argv, message)) {
        return CTL_USAGE;
    }
    return send(ctl, form, (const ProtobufCMessage *)(const void *)message,
                form->word_count > 0 ? argv[0] : "");
}
