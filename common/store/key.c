#include "common/base/assert.h"
#include "common/base/bytes.h"
#include "common/store/store.h"

#include <string.h>

static size_t encoded_size(const struct wu_key_field *field)
{
    return field->size; /* every type is stored in as many bytes as the member has */
}

size_t wu_key_encode(const struct wu_table *table, const void *key, int fields,
                     uint8_t out[WU_KEY_BYTES_MAX])
{
    size_t size = 0;
    for (int index = 0; index < fields && index < WU_KEY_FIELDS_MAX; index++) {
        const struct wu_key_field *field = &table->key[index];
        if (field->type == WU_KEY_NONE) {
            break;
        }
        const uint8_t *member = (const uint8_t *)key + field->offset;
        WU_ASSERT(size + encoded_size(field) <= WU_KEY_BYTES_MAX);
        uint64_t u64 = 0;
        uint32_t u32 = 0;
        switch (field->type) {
        case WU_KEY_U32:
            memcpy(&u32, member, sizeof u32);
            wu_put_u32(out + size, u32);
            break;
        case WU_KEY_U64:
            memcpy(&u64, member, sizeof u64);
            wu_put_u64(out + size, u64);
            break;
        case WU_KEY_I64:
            memcpy(&u64, member, sizeof u64);
            wu_put_u64(out + size, u64 ^ (UINT64_C(1) << 63));
            break;
        default: /* ids and text: as they are */
            memcpy(out + size, member, field->size);
            break;
        }
        size += encoded_size(field);
    }
    return size;
}

/* Text ends at its first zero; behind it there are only zeros, the last byte among them. */
static bool text_is_padded(const uint8_t *text, size_t size)
{
    const uint8_t *end = memchr(text, 0, size);
    if (end == NULL) {
        return false;
    }
    for (; end < text + size; end++) {
        if (*end != 0) {
            return false;
        }
    }
    return true;
}

bool wu_key_decode(const struct wu_table *table, struct wu_bytes bytes, void *ret_key)
{
    size_t at = 0;
    memset(ret_key, 0, table->key_size);
    for (int index = 0; index < WU_KEY_FIELDS_MAX; index++) {
        const struct wu_key_field *field = &table->key[index];
        if (field->type == WU_KEY_NONE) {
            break;
        }
        if (bytes.size - at < encoded_size(field)) {
            return false;
        }
        const uint8_t *in = bytes.data + at;
        uint8_t *member = (uint8_t *)ret_key + field->offset;
        uint64_t u64 = 0;
        uint32_t u32 = 0;
        switch (field->type) {
        case WU_KEY_U32:
            u32 = wu_get_u32(in);
            memcpy(member, &u32, sizeof u32);
            break;
        case WU_KEY_U64:
            u64 = wu_get_u64(in);
            memcpy(member, &u64, sizeof u64);
            break;
        case WU_KEY_I64:
            u64 = wu_get_u64(in) ^ (UINT64_C(1) << 63);
            memcpy(member, &u64, sizeof u64);
            break;
        case WU_KEY_TEXT:
            if (!text_is_padded(in, field->size)) {
                return false;
            }
            memcpy(member, in, field->size);
            break;
        default:
            memcpy(member, in, field->size);
            break;
        }
        at += encoded_size(field);
    }
    return at == bytes.size;
}
