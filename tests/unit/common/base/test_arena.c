#include "common/base/arena.h"

#include <criterion/criterion.h>
#include <string.h>

static struct wu_arena arena;

static void set_up(void)
{
    cr_assert_eq(wu_arena_open(&arena, 1024), WU_OK);
}

static void tear_down(void)
{
    wu_arena_close(&arena);
}

TestSuite(arena, .init = set_up, .fini = tear_down);

Test(arena, blocks_are_zeroed_aligned_and_apart)
{
    uint8_t *last = NULL;
    for (size_t size = 1; size < 40; size += 3) {
        uint8_t *block = wu_arena_take(&arena, size);
        cr_assert_not_null(block);
        cr_expect_eq((uintptr_t)block % 16, 0);
        for (size_t i = 0; i < size; i++) {
            cr_expect_eq(block[i], 0);
        }
        cr_expect(last == NULL || block > last);
        memset(block, 0xff, size);
        last = block + size - 1;
    }
}

Test(arena, it_never_grows_and_remembers_running_out)
{
    cr_expect_not_null(wu_arena_take(&arena, 1024));
    cr_expect(!arena.exhausted);
    cr_expect_null(wu_arena_take(&arena, 1));
    cr_expect(arena.exhausted);
    wu_arena_reset(&arena, 0);
    cr_expect(!arena.exhausted);
    cr_expect_null(wu_arena_take(&arena, 1025));
    cr_expect_null(wu_arena_take(&arena, SIZE_MAX));
    cr_expect_null(wu_arena_take(&arena, SIZE_MAX - 15));
    cr_expect_not_null(wu_arena_take(&arena, 100)); /* small ones still fit */
}

Test(arena, a_block_that_only_alignment_pushes_out_is_refused)
{
    cr_expect_not_null(wu_arena_take(&arena, 1020));
    cr_expect_null(wu_arena_take(&arena, 1));
}

Test(arena, going_back_to_a_mark_keeps_what_was_before)
{
    char *kept = wu_arena_copy(&arena, "kept", 4);
    size_t mark = arena.used_bytes;
    (void)wu_arena_take(&arena, 500);
    wu_arena_reset(&arena, mark);
    cr_expect_eq(arena.used_bytes, mark);
    cr_expect_str_eq(kept, "kept");
    cr_expect_not_null(wu_arena_take(&arena, 900));
}

Test(arena, a_copy_ends_with_a_nul)
{
    const char *copy = wu_arena_copy(&arena, "abcdef", 3);
    cr_expect_str_eq(copy, "abc");
    cr_expect_str_eq(wu_arena_copy(&arena, NULL, 0), "");
}

Test(arena, it_prints_and_cuts_what_is_too_long)
{
    cr_expect_str_eq(wu_arena_printf(&arena, "%d of %s", 3, "five"), "3 of five");
    struct wu_arena large;
    cr_assert_eq(wu_arena_open(&large, 8192), WU_OK);
    const char *text = wu_arena_printf(&large, "%02000d", 7);
    cr_expect_eq(strlen(text), 1023);
    wu_arena_close(&large);
    (void)wu_arena_take(&arena, 900);
    cr_expect_null(wu_arena_printf(&arena, "%0500d", 7));
}

Test(arena, it_lends_protobuf_its_allocator)
{
    uint8_t *block = arena.pb.alloc(arena.pb.allocator_data, 10);
    cr_expect(block >= arena.base && block < arena.base + 1024);
    size_t used = arena.used_bytes;
    arena.pb.free(arena.pb.allocator_data, block);
    cr_expect_eq(arena.used_bytes, used);
}
