#include "common/store/store.h"

#include <inttypes.h>
#include <string.h>

void wu_json_text(FILE *out, const char *text)
{
    (void)fputc('"', out);
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '"' || byte == '\\') {
            (void)fprintf(out, "\\%c", byte);
        } else if (byte < 0x20) {
            (void)fprintf(out, "\\u%04x", byte);
        } else {
            (void)fputc(byte, out);
        }
    }
    (void)fputc('"', out);
}

static void print_bytes(FILE *out, const uint8_t *bytes, size_t size)
{
    (void)fputc('"', out);
    if (size == sizeof(struct wu_id)) {
        struct wu_id id;
        char text[WU_ID_TEXT_MAX];
        memcpy(id.bytes, bytes, size);
        (void)fputs(wu_id_to_text(&id, text), out);
    } else {
        for (size_t at = 0; at < size; at++) {
            (void)fprintf(out, "%02x", bytes[at]);
        }
    }
    (void)fputc('"', out);
}

void wu_json_key(FILE *out, const struct wu_table *table, const void *key)
{
    (void)fputc('{', out);
    for (int index = 0; index < WU_KEY_FIELDS_MAX && table->key[index].type != WU_KEY_NONE;
         index++) {
        const struct wu_key_field *field = &table->key[index];
        const uint8_t *member = (const uint8_t *)key + field->offset;
        uint64_t u64 = 0;
        uint32_t u32 = 0;
        (void)fprintf(out, "%s\"%s\":", index > 0 ? "," : "", field->name);
        switch (field->type) {
        case WU_KEY_U32:
            memcpy(&u32, member, sizeof u32);
            (void)fprintf(out, "%" PRIu32, u32);
            break;
        case WU_KEY_U64:
            memcpy(&u64, member, sizeof u64);
            (void)fprintf(out, "\"%" PRIu64 "\"", u64);
            break;
        case WU_KEY_I64:
            memcpy(&u64, member, sizeof u64);
            (void)fprintf(out, "\"%" PRId64 "\"", (int64_t)u64);
            break;
        case WU_KEY_TEXT:
            wu_json_text(out, (const char *)member);
            break;
        default:
            print_bytes(out, member, field->size);
            break;
        }
    }
    (void)fputc('}', out);
}

static void print_enum(FILE *out, const ProtobufCFieldDescriptor *field, int number)
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(field->descriptor, number);
    if (value != NULL) {
        (void)fprintf(out, "\"%s\"", value->name);
    } else {
        (void)fprintf(out, "%d", number);
    }
}

static void print_value(FILE *out, const ProtobufCFieldDescriptor *field, const void *value)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        (void)fprintf(out, "\"%" PRId64 "\"", *(const int64_t *)value);
        break;
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        (void)fprintf(out, "\"%" PRIu64 "\"", *(const uint64_t *)value);
        break;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        (void)fprintf(out, "%" PRId32, *(const int32_t *)value);
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        (void)fprintf(out, "%" PRIu32, *(const uint32_t *)value);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        (void)fputs(*(const protobuf_c_boolean *)value ? "true" : "false", out);
        break;
    case PROTOBUF_C_TYPE_ENUM:
        print_enum(out, field, *(const int *)value);
        break;
    case PROTOBUF_C_TYPE_STRING:
        wu_json_text(out, *(char *const *)value);
        break;
    case PROTOBUF_C_TYPE_BYTES: {
        const ProtobufCBinaryData *bytes = value;
        print_bytes(out, bytes->data, bytes->len);
        break;
    }
    case PROTOBUF_C_TYPE_MESSAGE:
        wu_json_message(out, *(ProtobufCMessage *const *)value);
        break;
    default:
        (void)fputs("null", out); /* floats: the schemas have none */
        break;
    }
}

static size_t value_size(ProtobufCType type)
{
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return sizeof(uint64_t);
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_BOOL:
        return sizeof(protobuf_c_boolean);
    default:
        return sizeof(uint32_t);
    }
}

/* proto3 leaves out what is zero; so do we. */
static bool is_absent(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    const uint8_t *base = (const uint8_t *)message;
    const void *value = base + field->offset;
    static const uint8_t zero[sizeof(ProtobufCBinaryData)];
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        return *(const size_t *)(const void *)(base + field->quantifier_offset) == 0;
    }
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        return *(const uint32_t *)(const void *)(base + field->quantifier_offset) != field->id;
    }
    if (field->type == PROTOBUF_C_TYPE_STRING) {
        const char *text = *(char *const *)value;
        return text == NULL || *text == '\0';
    }
    if (field->type == PROTOBUF_C_TYPE_BYTES) {
        return ((const ProtobufCBinaryData *)value)->len == 0;
    }
    return memcmp(value, zero, value_size(field->type)) == 0;
}

static void print_field(FILE *out, const ProtobufCMessage *message,
                        const ProtobufCFieldDescriptor *field)
{
    const uint8_t *base = (const uint8_t *)message;
    (void)fprintf(out, "\"%s\":", field->name);
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        print_value(out, field, base + field->offset);
        return;
    }
    size_t count = *(const size_t *)(const void *)(base + field->quantifier_offset);
    const uint8_t *array = *(uint8_t *const *)(const void *)(base + field->offset);
    (void)fputc('[', out);
    for (size_t index = 0; index < count; index++) {
        if (index > 0) {
            (void)fputc(',', out);
        }
        print_value(out, field, array + index * value_size(field->type));
    }
    (void)fputc(']', out);
}

void wu_json_message(FILE *out, const ProtobufCMessage *message)
{
    bool first = true;
    (void)fputc('{', out);
    for (unsigned index = 0; index < message->descriptor->n_fields; index++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[index];
        if (is_absent(message, field)) {
            continue;
        }
        if (!first) {
            (void)fputc(',', out);
        }
        first = false;
        print_field(out, message, field);
    }
    (void)fputc('}', out);
}
