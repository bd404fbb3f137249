/* Keys: bytes sort as values do, and what is no key is no key. */
#include "common/base/prng.h"
#include "common/store/store.h"

#include <criterion/criterion.h>
#include <string.h>

struct all_key {
    uint32_t u32;
    int64_t i64;
    struct wu_id id;
    uint64_t u64;
    char text[12];
    uint32_t last;
};

static const struct wu_table ALL = {
    .name = "test.all",
    .key_size = sizeof(struct all_key),
    .key = {WU_KEY(struct all_key, u32), WU_KEY(struct all_key, i64), WU_KEY(struct all_key, id),
            WU_KEY(struct all_key, u64), WU_KEY(struct all_key, text),
            WU_KEY(struct all_key, last)},
};

enum { ALL_BYTES = 4 + 8 + 16 + 8 + 12 + 4, PAIRS = 200000 };

/* Often near another value, at the ends, or anything: where order goes wrong. */
static uint64_t random_number(struct wu_prng *prng)
{
    static const uint64_t edges[] = {
        0, 1, 2, 255, 256, INT32_MAX, UINT32_MAX, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX};
    switch (wu_prng_below(prng, 3)) {
    case 0:
        return edges[wu_prng_below(prng, sizeof edges / sizeof edges[0])];
    case 1:
        return wu_prng_next(prng) >> wu_prng_below(prng, 64);
    default:
        return wu_prng_next(prng);
    }
}

static struct all_key random_key(struct wu_prng *prng)
{
    struct all_key key;
    memset(&key, 0, sizeof key); /* padding too: keys are compared as bytes below */
    key.u32 = (uint32_t)random_number(prng);
    key.i64 = (int64_t)random_number(prng);
    key.u64 = random_number(prng);
    key.last = (uint32_t)random_number(prng);
    key.id = wu_id_make((uint32_t)random_number(prng), (uint32_t)wu_prng_below(prng, 3),
                        random_number(prng), (uint16_t)random_number(prng));
    size_t length = wu_prng_below(prng, sizeof key.text);
    for (size_t i = 0; i < length; i++) {
        key.text[i] = (char)(wu_prng_below(prng, 4) == 0 ? 1 + wu_prng_below(prng, 255)
                                                         : 'a' + wu_prng_below(prng, 2));
    }
    return key;
}

static int compare_u64(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_keys(const struct all_key *a, const struct all_key *b)
{
    int orders[] = {
        compare_u64(a->u32, b->u32),   a->i64 < b->i64 ? -1 : a->i64 > b->i64,
        wu_id_compare(&a->id, &b->id), compare_u64(a->u64, b->u64),
        strcmp(a->text, b->text),      compare_u64(a->last, b->last),
    };
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        if (orders[i] != 0) {
            return orders[i] < 0 ? -1 : 1;
        }
    }
    return 0;
}

/* The second agrees with the first up to some field, so that each field gets to decide. */
static struct all_key neighbour(struct wu_prng *prng, const struct all_key *key)
{
    struct all_key other = random_key(prng);
    uint64_t same = wu_prng_below(prng, 7);
    if (same > 0) {
        other.u32 = key->u32;
    }
    if (same > 1) {
        other.i64 = key->i64;
    }
    if (same > 2) {
        other.id = key->id;
    }
    if (same > 3) {
        other.u64 = key->u64;
    }
    if (same > 4) {
        memcpy(other.text, key->text, sizeof other.text);
    }
    if (same > 5) {
        other.last = key->last;
    }
    return other;
}

Test(key, bytes_sort_as_values_do)
{
    struct wu_prng prng = {42};
    for (int i = 0; i < PAIRS; i++) {
        uint8_t a_bytes[WU_KEY_BYTES_MAX];
        uint8_t b_bytes[WU_KEY_BYTES_MAX];
        struct all_key a = random_key(&prng);
        struct all_key b = neighbour(&prng, &a);
        cr_assert_eq(wu_key_encode(&ALL, &a, WU_KEY_FIELDS_MAX, a_bytes), ALL_BYTES);
        cr_assert_eq(wu_key_encode(&ALL, &b, WU_KEY_FIELDS_MAX, b_bytes), ALL_BYTES);
        int order = memcmp(a_bytes, b_bytes, ALL_BYTES);
        cr_assert_eq(order < 0 ? -1 : order > 0, compare_keys(&a, &b), "pair %d", i);
    }
}

Test(key, what_was_encoded_decodes_to_the_same)
{
    struct wu_prng prng = {43};
    for (int i = 0; i < PAIRS; i++) {
        uint8_t bytes[WU_KEY_BYTES_MAX];
        struct all_key key = random_key(&prng);
        struct all_key again;
        memset(&again, 0xa5, sizeof again);
        size_t size = wu_key_encode(&ALL, &key, WU_KEY_FIELDS_MAX, bytes);
        cr_assert(wu_key_decode(&ALL, wu_bytes(bytes, size), &again));
        cr_assert_eq(memcmp(&key, &again, sizeof key), 0);
    }
}

Test(key, its_first_fields_are_its_first_bytes)
{
    static const size_t sizes[] = {0, 4, 12, 28, 36, 48, 52, 52};
    struct wu_prng prng = {44};
    uint8_t whole[WU_KEY_BYTES_MAX];
    uint8_t part[WU_KEY_BYTES_MAX];
    struct all_key key = random_key(&prng);
    (void)wu_key_encode(&ALL, &key, WU_KEY_FIELDS_MAX, whole);
    for (int fields = 0; fields <= 7; fields++) {
        cr_assert_eq(wu_key_encode(&ALL, &key, fields, part), sizes[fields]);
        cr_expect_eq(memcmp(whole, part, sizes[fields]), 0);
    }
}

Test(key, the_ends_are_written_as_the_layout_says)
{
    struct all_key key = {.u32 = 0x01020304, .i64 = INT64_MIN, .text = "ab"};
    uint8_t bytes[WU_KEY_BYTES_MAX];
    (void)wu_key_encode(&ALL, &key, WU_KEY_FIELDS_MAX, bytes);
    cr_expect_eq(memcmp(bytes, "\1\2\3\4\0\0\0\0\0\0\0\0", 12), 0);
    key.i64 = -1;
    (void)wu_key_encode(&ALL, &key, WU_KEY_FIELDS_MAX, bytes);
    cr_expect_eq(memcmp(bytes + 4, "\x7f\xff\xff\xff\xff\xff\xff\xff", 8), 0);
    key.i64 = 0;
    (void)wu_key_encode(&ALL, &key, WU_KEY_FIELDS_MAX, bytes);
    cr_expect_eq(memcmp(bytes + 4, "\x80\0\0\0\0\0\0\0", 8), 0);
    cr_expect_eq(memcmp(bytes + 36, "ab\0\0\0\0\0\0\0\0\0\0", 12), 0);
}

Test(key, bytes_of_another_length_are_no_key)
{
    uint8_t bytes[WU_KEY_BYTES_MAX] = {0};
    struct all_key key;
    for (size_t size = 0; size <= 70; size++) {
        cr_expect_eq(wu_key_decode(&ALL, wu_bytes(bytes, size), &key), size == ALL_BYTES, "%zu",
                     size);
    }
}

Test(key, text_that_is_not_padded_is_no_key)
{
    uint8_t bytes[WU_KEY_BYTES_MAX] = {0};
    struct all_key key;
    uint8_t *text = bytes + 36;
    memcpy(text, "abcdefghijk", 11);
    cr_expect(wu_key_decode(&ALL, wu_bytes(bytes, ALL_BYTES), &key));
    text[11] = 'l'; /* no zero left */
    cr_expect(!wu_key_decode(&ALL, wu_bytes(bytes, ALL_BYTES), &key));
    text[11] = 0;
    text[5] = 0; /* something behind the end */
    cr_expect(!wu_key_decode(&ALL, wu_bytes(bytes, ALL_BYTES), &key));
}
