#include "common/base/id.h"

#include "common/base/bytes.h"
#include "common/base/prng.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *text_of(struct wu_id id)
{
    static char text[WU_ID_TEXT_MAX];
    return wu_id_to_text(&id, text);
}

Test(id, it_is_written_as_people_say_it)
{
    cr_expect_str_eq(text_of(wu_id_make(6, 1, 1042, 0)), "6-1042");
    cr_expect_str_eq(text_of(wu_id_make(6, 1, 1042, 3)), "6-1042-3");
    cr_expect_str_eq(text_of(wu_id_make(6, 2, 1042, 0)), "6.2-1042");
    cr_expect_str_eq(text_of(wu_id_make(6, 2, 1042, 3)), "6.2-1042-3");
    cr_expect_str_eq(text_of((struct wu_id){{0}}), "-");
    cr_expect_str_eq(text_of(wu_id_make(UINT32_MAX, UINT16_MAX, UINT64_MAX, UINT16_MAX)),
                     "4294967295.65535-18446744073709551615-65535");
    cr_expect_lt(strlen(text_of(wu_id_make(UINT32_MAX, UINT16_MAX, UINT64_MAX, UINT16_MAX))),
                 WU_ID_TEXT_MAX);
}

static struct wu_id random_id(struct wu_prng *prng)
{
    /* small, usual and full values of each part */
    uint64_t shift = wu_prng_below(prng, 64);
    return wu_id_make((uint32_t)(wu_prng_next(prng) >> (32 + shift % 32)),
                      (uint32_t)(wu_prng_next(prng) >> (48 + shift % 16)),
                      wu_prng_next(prng) >> shift,
                      (uint16_t)(wu_prng_next(prng) >> (48 + shift % 16)));
}

Test(id, what_was_written_reads_back)
{
    struct wu_prng prng = {1};
    for (int i = 0; i < 20000; i++) {
        struct wu_id id = random_id(&prng);
        struct wu_id again;
        if (wu_id_is_none(&id)) {
            continue;
        }
        cr_assert(wu_id_from_text(text_of(id), &again), "%s", text_of(id));
        cr_assert(wu_id_equal(&id, &again), "%s", text_of(id));
    }
}

Test(id, nothing_else_is_read)
{
    static const char *const texts[] = {
        "",
        "-",
        "6",
        "6-",
        "-1042",
        "6-1042-",
        "6.2",
        "6.-1",
        "6-01",
        "06-1",
        "6-1042-03",
        "6.02-1",
        "6-1042-3-1",
        " 6-1042",
        "6-1042 ",
        "+6-1",
        "6--1",
        "a-1",
        "6-b",
        "6-1x",
        "4294967296-1",
        "6.65536-1",
        "6-1-65536",
        "6-18446744073709551616",
        "6-99999999999999999999999",
        "6.1-1042",
        "6-1042-0",
        "0.0-0",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct wu_id id = wu_id_make(1, 2, 3, 4);
        cr_expect(!wu_id_from_text(texts[i], &id), "'%s' was read as %s", texts[i], text_of(id));
    }
}

Test(id, bytes_sort_by_node_generation_number_and_n)
{
    struct wu_id ids[] = {
        {{0}},
        wu_id_make(1, 1, 1, 0),
        wu_id_make(1, 1, 1, 1),
        wu_id_make(1, 1, 2, 0),
        wu_id_make(1, 1, 256, 0),
        wu_id_make(1, 2, 1, 0),
        wu_id_make(2, 1, 1, 0),
        wu_id_make(256, 0, 0, 0),
    };
    for (size_t i = 1; i < sizeof ids / sizeof ids[0]; i++) {
        cr_expect_lt(wu_id_compare(&ids[i - 1], &ids[i]), 0, "%zu", i);
        cr_expect_gt(wu_id_compare(&ids[i], &ids[i - 1]), 0);
        cr_expect(!wu_id_equal(&ids[i], &ids[i - 1]));
    }
    cr_expect_eq(wu_id_compare(&ids[1], &ids[1]), 0);
}

Test(id, its_parts_come_back)
{
    struct wu_id id = wu_id_make(0x80000001, 3, UINT64_C(0x0102030405060708), 9);
    cr_expect_eq(wu_id_node(&id), 0x80000001);
    cr_expect_eq(wu_id_seq(&id), UINT64_C(0x0102030405060708));
    cr_expect_eq(wu_get_u16(id.bytes + 4), 3);
    cr_expect_eq(wu_get_u16(id.bytes + 14), 9);
}

Test(id, a_field_is_sixteen_bytes_or_nothing)
{
    uint8_t bytes[17] = {1};
    struct wu_id id = wu_id_make(9, 9, 9, 9);
    cr_expect(wu_id_from_pb((ProtobufCBinaryData){16, bytes}, &id));
    cr_expect_eq(id.bytes[0], 1);
    for (size_t size = 0; size <= 17; size++) {
        id = wu_id_make(9, 9, 9, 9);
        bool taken = wu_id_from_pb((ProtobufCBinaryData){size, bytes}, &id);
        cr_expect_eq(taken, size == 16);
        cr_expect(taken || wu_id_is_none(&id));
    }
    struct wu_id none = {{0}};
    cr_expect_eq(wu_id_to_pb(&none).len, 0);
    cr_expect_eq(wu_id_to_pb(&id).len, 0);
    id = wu_id_make(1, 1, 1, 1);
    cr_expect_eq(wu_id_to_pb(&id).len, 16);
    cr_expect_eq(wu_id_to_pb(&id).data, id.bytes);
}

Test(bytes, numbers_are_written_with_the_greatest_part_first)
{
    uint8_t out[8];
    wu_put_u64(out, UINT64_C(0x0102030405060708));
    for (uint8_t i = 0; i < 8; i++) {
        cr_expect_eq(out[i], i + 1);
    }
    cr_expect_eq(wu_get_u64(out), UINT64_C(0x0102030405060708));
    wu_put_u32(out, 0xfffefdfc);
    cr_expect_eq(wu_get_u32(out), 0xfffefdfc);
    wu_put_u16(out, 0xff01);
    cr_expect_eq(wu_get_u16(out), 0xff01);
}

/* The numbers of the paper's reference implementation for seed 1234567. */
Test(prng, it_is_splitmix64)
{
    struct wu_prng prng = {1234567};
    cr_expect_eq(wu_prng_next(&prng), UINT64_C(6457827717110365317));
    cr_expect_eq(wu_prng_next(&prng), UINT64_C(3203168211198807973));
    cr_expect_eq(wu_prng_next(&prng), UINT64_C(9817491932198370423));
    for (int i = 0; i < 1000; i++) {
        cr_expect_lt(wu_prng_below(&prng, 7), 7);
    }
}
