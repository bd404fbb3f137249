#include "services/ctl/wrap.h"

#include <criterion/criterion.h>
#include <locale.h>
#include <stdlib.h>

static void speak_utf8(void)
{
    cr_assert_not_null(setlocale(LC_CTYPE, "C.UTF-8"));
}

TestSuite(wrap, .init = speak_utf8);

static void breaks(const char *text, size_t room, const char *wanted)
{
    char *broken = ctl_text_break(text, room);
    cr_assert_str_eq(broken, wanted);
    free(broken);
}

Test(wrap, a_chinese_character_takes_two_columns)
{
    cr_assert_eq(ctl_text_width("社区 abc"), 8);
    cr_assert_eq(ctl_text_width(""), 0);
    cr_assert_eq(ctl_text_width("\xff\xfe"), 2);
}

Test(wrap, lines_end_behind_words_and_chinese_characters)
{
    breaks("one two three", 8, "one two\nthree");
    breaks("one two", 7, "one two");
    breaks("社区居委会", 6, "社区居\n委会");
    breaks("ask 社区 for it", 9, "ask 社区\nfor it");
    breaks("abcdefgh", 3, "abc\ndef\ngh");
    breaks("", 5, "");
}

Test(wrap, wide_columns_share_what_narrow_ones_leave)
{
    const size_t wanted[] = {10, 50, 60, 5};
    size_t rooms[4];
    ctl_share_width(wanted, 4, 75, rooms);
    cr_assert_eq(rooms[0], 10);
    cr_assert_eq(rooms[1], 30);
    cr_assert_eq(rooms[2], 30);
    cr_assert_eq(rooms[3], 5);
    ctl_share_width(wanted, 4, 200, rooms);
    cr_assert_eq(rooms[2], 60);
}
