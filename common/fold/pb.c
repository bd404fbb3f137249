#include "common/fold/pb.h"

#include "common/base/assert.h"

#include <string.h>

/* Length of the well-formed sequence at text, 0 when there is none. RFC 3629, section 4. */
static size_t utf8_sequence(const uint8_t *text, size_t left)
{
    uint8_t lead = text[0];
    if (lead < 0x80) {
        return lead != 0;
    }
    size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || left < length) {
        return 0;
    }
    uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (text[1] < low || text[1] > high) {
        return 0;
    }
    for (size_t at = 2; at < length; at++) {
        if ((text[at] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return length;
}

bool wu_utf8_is_valid(const char *text, size_t size_bytes)
{
    const uint8_t *bytes = (const uint8_t *)text;
    size_t at = 0;
    while (at < size_bytes) {
        size_t length = utf8_sequence(bytes + at, size_bytes - at);
        if (length == 0) {
            return false;
        }
        at += length;
    }
    return true;
}

static const char *why_message(const ProtobufCMessage *message, enum wu_pb_mode mode);

static const char *why_value(const ProtobufCFieldDescriptor *field, const void *value,
                             enum wu_pb_mode mode)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING: {
        const char *text = *(char *const *)value;
        return text == NULL || wu_utf8_is_valid(text, strlen(text)) ? NULL : "text is not UTF-8";
    }
    case PROTOBUF_C_TYPE_ENUM: {
        int number = *(const int *)value;
        bool known = protobuf_c_enum_descriptor_get_value(field->descriptor, number) != NULL;
        return known || mode == WU_PB_TOLERANT ? NULL : "enum value is not known";
    }
    case PROTOBUF_C_TYPE_MESSAGE: {
        const ProtobufCMessage *inner = *(ProtobufCMessage *const *)value;
        return inner == NULL ? NULL : why_message(inner, mode);
    }
    default:
        return NULL;
    }
}

static size_t element_size(ProtobufCType type)
{
    return type == PROTOBUF_C_TYPE_ENUM ? sizeof(int) : sizeof(void *);
}

static const char *why_field(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                             enum wu_pb_mode mode)
{
    const uint8_t *base = (const uint8_t *)message;
    bool checked = field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_ENUM ||
                   field->type == PROTOBUF_C_TYPE_MESSAGE;
    if (!checked) {
        return NULL;
    }
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        uint32_t chosen = *(const uint32_t *)(const void *)(base + field->quantifier_offset);
        return chosen == field->id ? why_value(field, base + field->offset, mode) : NULL;
    }
    if (field->label != PROTOBUF_C_LABEL_REPEATED) {
        return why_value(field, base + field->offset, mode);
    }
    size_t count = *(const size_t *)(const void *)(base + field->quantifier_offset);
    const uint8_t *array = *(uint8_t *const *)(const void *)(base + field->offset);
    const char *why = NULL;
    for (size_t index = 0; index < count && why == NULL; index++) {
        why = why_value(field, array + index * element_size(field->type), mode);
    }
    return why;
}

/* NULL when the message and all below it keep the rules. */
static const char *why_message(const ProtobufCMessage *message, enum wu_pb_mode mode)
{
    if (mode == WU_PB_STRICT && message->n_unknown_fields > 0) {
        return "a field is not known";
    }
    const char *why = NULL;
    for (unsigned index = 0; index < message->descriptor->n_fields && why == NULL; index++) {
        why = why_field(message, &message->descriptor->fields[index], mode);
    }
    return why;
}

struct comparing_buffer {
    ProtobufCBuffer base;
    struct wu_bytes expected;
    size_t at;
    bool same;
};

static void compare_append(ProtobufCBuffer *buffer, size_t size, const uint8_t *data)
{
    struct comparing_buffer *compare = (struct comparing_buffer *)(void *)buffer;
    if (size == 0) {
        return;
    }
    compare->same = compare->same && size <= compare->expected.size - compare->at &&
                    memcmp(compare->expected.data + compare->at, data, size) == 0;
    compare->at += compare->same ? size : 0;
}

static bool packs_to(const ProtobufCMessage *message, struct wu_bytes bytes)
{
    struct comparing_buffer compare = {
        .base = {.append = compare_append}, .expected = bytes, .same = true};
    (void)protobuf_c_message_pack_to_buffer(message, &compare.base);
    return compare.same && compare.at == bytes.size;
}

enum wu_status wu_pb_decode(const ProtobufCMessageDescriptor *descriptor, enum wu_pb_mode mode,
                            struct wu_bytes bytes, struct wu_arena *arena,
                            ProtobufCMessage **ret_message, const char **ret_why)
{
    static const uint8_t nothing[1];
    ProtobufCMessage *message = protobuf_c_message_unpack(
        descriptor, &arena->pb, bytes.size, bytes.data != NULL ? bytes.data : nothing);
    if (message == NULL) {
        *ret_why = arena->exhausted ? "no memory left in the batch" : "bytes are not that message";
        return arena->exhausted ? WU_NO_MEMORY : WU_CORRUPT;
    }
    const char *why = why_message(message, mode);
    if (why == NULL && !packs_to(message, bytes)) {
        why = "bytes are not spelled the canonical way";
    }
    if (why != NULL) {
        *ret_why = why;
        return WU_CORRUPT;
    }
    *ret_message = message;
    return WU_OK;
}

struct wu_bytes wu_pb_pack(const ProtobufCMessage *message, struct wu_arena *arena)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *data = wu_arena_take(arena, size + 1);
    if (data == NULL) {
        return wu_bytes(NULL, 0);
    }
    size_t packed = protobuf_c_message_pack(message, data);
    WU_ASSERT(packed == size);
    return wu_bytes(data, size);
}
