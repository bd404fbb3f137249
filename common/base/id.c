#include "common/base/id.h"

#include "common/base/bytes.h"

#include <stdio.h>
#include <string.h>

struct wu_id wu_id_make(uint32_t node, uint32_t generation, uint64_t seq, uint16_t n)
{
    struct wu_id id;
    wu_put_u32(id.bytes, node);
    wu_put_u16(id.bytes + 4, (uint16_t)generation);
    wu_put_u64(id.bytes + 6, seq);
    wu_put_u16(id.bytes + 14, n);
    return id;
}

uint32_t wu_id_node(const struct wu_id *id)
{
    return wu_get_u32(id->bytes);
}

uint64_t wu_id_seq(const struct wu_id *id)
{
    return wu_get_u64(id->bytes + 6);
}

bool wu_id_is_none(const struct wu_id *id)
{
    static const struct wu_id none;
    return memcmp(id, &none, sizeof none) == 0;
}

bool wu_id_equal(const struct wu_id *a, const struct wu_id *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

int wu_id_compare(const struct wu_id *a, const struct wu_id *b)
{
    return memcmp(a, b, sizeof *a);
}

bool wu_id_from_pb(ProtobufCBinaryData field, struct wu_id *ret_id)
{
    *ret_id = (struct wu_id){{0}};
    if (field.len != sizeof ret_id->bytes) {
        return false;
    }
    memcpy(ret_id->bytes, field.data, sizeof ret_id->bytes);
    return true;
}

ProtobufCBinaryData wu_id_to_pb(const struct wu_id *id)
{
    if (wu_id_is_none(id)) {
        return (ProtobufCBinaryData){0, NULL};
    }
    /* protobuf-c has no const in this struct; packing only reads it */
    return (ProtobufCBinaryData){sizeof id->bytes, (uint8_t *)(uintptr_t)id->bytes};
}

char *wu_id_to_text(const struct wu_id *id, char text[WU_ID_TEXT_MAX])
{
    if (wu_id_is_none(id)) {
        (void)snprintf(text, WU_ID_TEXT_MAX, "-");
        return text;
    }
    unsigned generation = wu_get_u16(id->bytes + 4);
    unsigned n = wu_get_u16(id->bytes + 14);
    int length = snprintf(text, WU_ID_TEXT_MAX, "%u", (unsigned)wu_id_node(id));
    if (generation != 1) {
        length += snprintf(text + length, (size_t)(WU_ID_TEXT_MAX - length), ".%u", generation);
    }
    length += snprintf(text + length, (size_t)(WU_ID_TEXT_MAX - length), "-%llu",
                       (unsigned long long)wu_id_seq(id));
    if (n != 0) {
        (void)snprintf(text + length, (size_t)(WU_ID_TEXT_MAX - length), "-%u", n);
    }
    return text;
}

/* A decimal number without leading zeros; NULL when there is none or it is above max. */
static const char *read_number(const char *text, uint64_t max, uint64_t *ret_value)
{
    uint64_t value = 0;
    if (*text < '0' || *text > '9' || (text[0] == '0' && text[1] >= '0' && text[1] <= '9')) {
        return NULL;
    }
    for (; *text >= '0' && *text <= '9'; text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (value > (max - digit) / 10) {
            return NULL;
        }
        value = value * 10 + digit;
    }
    *ret_value = value;
    return text;
}

bool wu_id_from_text(const char *text, struct wu_id *ret_id)
{
    uint64_t node = 0;
    uint64_t generation = 1;
    uint64_t seq = 0;
    uint64_t n = 0;
    const char *whole = text;
    text = read_number(text, UINT32_MAX, &node);
    if (text != NULL && *text == '.') {
        text = read_number(text + 1, UINT16_MAX, &generation);
    }
    if (text == NULL || *text != '-') {
        return false;
    }
    text = read_number(text + 1, UINT64_MAX, &seq);
    if (text != NULL && *text == '-') {
        text = read_number(text + 1, UINT16_MAX, &n);
    }
    if (text == NULL || *text != '\0') {
        return false;
    }
    struct wu_id id = wu_id_make((uint32_t)node, (uint32_t)generation, seq, (uint16_t)n);
    char again[WU_ID_TEXT_MAX];
    if (strcmp(wu_id_to_text(&id, again), whole) != 0) {
        return false; /* a part that is not said: ".1", "-0" */
    }
    *ret_id = id;
    return true;
}
