#include "common/seal/box.h"

#include <criterion/criterion.h>
#include <sodium.h>
#include <string.h>

static const uint8_t KEY[WU_KEY_BYTES] = "a person's key";
static const uint8_t OTHER_KEY[WU_KEY_BYTES] = "another person's key";
static struct wu_arena arena;

static void set_up(void)
{
    cr_assert_geq(sodium_init(), 0);
    cr_assert_eq(wu_arena_open(&arena, 1 << 16), WU_OK);
}

static void tear_down(void)
{
    wu_arena_close(&arena);
}

TestSuite(box, .init = set_up, .fini = tear_down);

static struct wu_bytes text(const char *words)
{
    return wu_bytes(words, strlen(words));
}

static bool is_text(struct wu_bytes bytes, const char *words)
{
    return bytes.data != NULL && bytes.size == strlen(words) &&
           memcmp(bytes.data, words, bytes.size) == 0;
}

Test(box, it_opens_with_its_key_about_the_same_thing)
{
    struct wu_bytes box = wu_box_seal(KEY, text("phone"), text("1"), text("13800000000"), &arena);
    cr_assert(is_text(wu_box_open(KEY, text("phone"), box, &arena), "13800000000"));
    cr_assert_null(wu_box_open(OTHER_KEY, text("phone"), box, &arena).data);
    cr_assert_null(wu_box_open(KEY, text("name"), box, &arena).data);
    cr_assert_null(memmem(box.data, box.size, "13800000000", 11));
}

Test(box, no_bit_of_it_may_change)
{
    struct wu_bytes box = wu_box_seal(KEY, text("name"), text("1"), text("王秀英"), &arena);
    for (size_t bit = 0; bit < box.size * 8; bit++) {
        size_t mark = arena.used_bytes;
        uint8_t *touched = wu_arena_copy(&arena, box.data, box.size);
        touched[bit / 8] ^= (uint8_t)(1U << (bit % 8));
        cr_assert_null(wu_box_open(KEY, text("name"), wu_bytes(touched, box.size), &arena).data);
        wu_arena_reset(&arena, mark);
    }
    for (size_t size = 0; size < box.size; size++) {
        cr_assert_null(wu_box_open(KEY, text("name"), wu_bytes(box.data, size), &arena).data);
    }
}

Test(box, the_same_command_seals_to_the_same_bytes_and_another_does_not)
{
    struct wu_bytes one = wu_box_seal(KEY, text("name"), text("1"), text("王秀英"), &arena);
    struct wu_bytes same = wu_box_seal(KEY, text("name"), text("1"), text("王秀英"), &arena);
    struct wu_bytes other = wu_box_seal(KEY, text("name"), text("2"), text("王秀英"), &arena);
    cr_assert_eq(one.size, same.size);
    cr_assert_eq(memcmp(one.data, same.data, one.size), 0);
    cr_assert_neq(memcmp(one.data, other.data, 24), 0, "a nonce must not serve two texts");
}

Test(box, a_token_is_found_with_the_pepper_only)
{
    struct wu_id one;
    struct wu_id same;
    struct wu_id other;
    wu_box_token(KEY, text("phone"), text("13800000000"), &one);
    wu_box_token(KEY, text("phone"), text("13800000000"), &same);
    wu_box_token(OTHER_KEY, text("phone"), text("13800000000"), &other);
    cr_assert(wu_id_equal(&one, &same));
    cr_assert_not(wu_id_equal(&one, &other));
    wu_box_token(KEY, text("id"), text("13800000000"), &other);
    cr_assert_not(wu_id_equal(&one, &other));
}
