/* Strict decoding: one meaning, one spelling, and nothing that is not known. */
#include "common/fold/pb.h"

#include "wushe/bus/v1/bus.pb-c.h"
#include "wushe/coordinator/v1/kind.pb-c.h"
#include "wushe/linkage/v1/step.pb-c.h"

#include <criterion/criterion.h>
#include <string.h>

static struct wu_arena arena;

static void set_up(void)
{
    cr_assert_eq(wu_arena_open(&arena, (size_t)4 << 20), WU_OK);
}

static void tear_down(void)
{
    wu_arena_close(&arena);
}

TestSuite(pb, .init = set_up, .fini = tear_down);

static enum wu_status decode(const ProtobufCMessageDescriptor *descriptor, enum wu_pb_mode mode,
                             struct wu_bytes bytes, const char **ret_why)
{
    ProtobufCMessage *message = NULL;
    *ret_why = "";
    return wu_pb_decode(descriptor, mode, bytes, &arena, &message, ret_why);
}

#define BYTES(...) wu_bytes((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void expect_taken(const ProtobufCMessageDescriptor *descriptor, enum wu_pb_mode mode,
                         struct wu_bytes bytes, const char *what)
{
    const char *why = "";
    cr_expect_eq(decode(descriptor, mode, bytes, &why), WU_OK, "%s: %s", what, why);
}

static void expect_refused(const ProtobufCMessageDescriptor *descriptor, enum wu_pb_mode mode,
                           struct wu_bytes bytes, const char *reason)
{
    const char *why = "";
    cr_expect_eq(decode(descriptor, mode, bytes, &why), WU_CORRUPT, "taken, expected: %s", reason);
    cr_expect_not_null(strstr(why, reason), "said '%s', expected '%s'", why, reason);
}

#define ANSWER &bus__answer__descriptor
#define SUBMIT &bus__submit__descriptor
#define FRAME &bus__frame__descriptor
#define BATCH &bus__batch__descriptor
#define HELLO &bus__hello__descriptor

/* ---- what is fine ------------------------------------------------------------------- */

Test(pb, nothing_is_a_message_of_defaults)
{
    ProtobufCMessage *message = NULL;
    const char *why = "";
    cr_assert_eq(wu_pb_decode(ANSWER, WU_PB_STRICT, wu_bytes(NULL, 0), &arena, &message, &why),
                 WU_OK);
    const Bus__Answer *answer = (const Bus__Answer *)(const void *)message;
    cr_expect_eq(answer->number, 0);
    cr_expect_str_eq(answer->code, "");
    cr_expect_eq(answer->id.len, 0);
}

Test(pb, what_was_packed_is_taken_in_both_modes)
{
    Bus__Position mine = BUS__POSITION__INIT;
    Bus__Position yours = BUS__POSITION__INIT;
    Bus__Hello hello = BUS__HELLO__INIT;
    const char *follows[] = {"a.b", "社区.需求", ""};
    mine.stream = (char *)(uintptr_t) "to/1";
    mine.next = UINT64_MAX;
    hello.mine = &mine;
    hello.yours = &yours;
    hello.n_follows = 3;
    hello.follows = follows;
    hello.answer_wanted = true;
    struct wu_bytes packed = wu_pb_pack(&hello.base, &arena);
    cr_assert_not_null(packed.data);
    expect_taken(HELLO, WU_PB_STRICT, packed, "strict");
    expect_taken(HELLO, WU_PB_TOLERANT, packed, "tolerant");
}

Test(pb, packing_nothing_gives_no_bytes_and_no_failure)
{
    Bus__Ping ping = BUS__PING__INIT;
    struct wu_bytes packed = wu_pb_pack(&ping.base, &arena);
    cr_expect_eq(packed.size, 0);
    cr_expect(!arena.exhausted);
}

Test(pb, packing_without_room_gives_null)
{
    struct wu_arena small;
    Bus__Ping ping = BUS__PING__INIT;
    ping.number = 300;
    cr_assert_eq(wu_arena_open(&small, 2), WU_OK);
    cr_expect_null(wu_pb_pack(&ping.base, &small).data);
    cr_expect(small.exhausted);
    wu_arena_close(&small);
}

/* ---- text ------------------------------------------------------------------------------ */

static const struct {
    const char *text;
    size_t size;
    bool valid;
} utf8_table[] = {
    {"", 0, true},
    {"plain", 5, true},
    {"\x7f", 1, true},
    {"\x01", 1, true},
    {"a\0b", 3, false},
    {"\0", 1, false},
    /* the ends of every length (RFC 3629, section 3) */
    {"\xc2\x80", 2, true},
    {"\xdf\xbf", 2, true},
    {"\xe0\xa0\x80", 3, true},
    {"\xed\x9f\xbf", 3, true},
    {"\xee\x80\x80", 3, true},
    {"\xef\xbf\xbf", 3, true},
    {"\xf0\x90\x80\x80", 4, true},
    {"\xf4\x8f\xbf\xbf", 4, true},
    {"\xe4\xba\x94\xe7\xa4\xbe", 6, true}, /* five societies */
    {"\xf0\x9f\x8d\x9a", 4, true},         /* a bowl of rice */
    /* overlong spellings */
    {"\xc0\x80", 2, false},
    {"\xc1\xbf", 2, false},
    {"\xe0\x80\x80", 3, false},
    {"\xe0\x9f\xbf", 3, false},
    {"\xf0\x80\x80\x80", 4, false},
    {"\xf0\x8f\xbf\xbf", 4, false},
    /* surrogates, and above the last code point */
    {"\xed\xa0\x80", 3, false},
    {"\xed\xbf\xbf", 3, false},
    {"\xf4\x90\x80\x80", 4, false},
    {"\xf5\x80\x80\x80", 4, false},
    {"\xf8\x88\x80\x80\x80", 5, false},
    {"\xfe", 1, false},
    {"\xff", 1, false},
    /* cut short, and what follows is no continuation */
    {"\x80", 1, false},
    {"\xbf", 1, false},
    {"\xc2", 1, false},
    {"\xe4\xba", 2, false},
    {"\xf0\x9f\x8d", 3, false},
    {"\xc2\x20", 2, false},
    {"\xe4\xba\x20", 3, false},
    {"\xf0\x9f\x20\x9a", 4, false},
    {"\xf0\x9f\x8d\x20", 4, false},
    {"\xe4\xc2\x80", 3, false},
    {"fine\xe4\xba", 6, false},
};

Test(pb, utf8_is_what_rfc_3629_says)
{
    for (size_t i = 0; i < sizeof utf8_table / sizeof utf8_table[0]; i++) {
        cr_expect_eq(wu_utf8_is_valid(utf8_table[i].text, utf8_table[i].size), utf8_table[i].valid,
                     "row %zu", i);
    }
}

/* Not by the table's rules but by the definition: a code point has one spelling. */
static bool spells_one(uint32_t lead, const uint8_t *text, size_t size)
{
    uint32_t point = lead;
    for (size_t i = 1; i < size; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return false;
        }
        point = point << 6 | (text[i] & 0x3fU);
    }
    static const uint32_t least[] = {0, 1, 0x80, 0x800, 0x10000};
    return point >= least[size] && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
}

Test(pb, utf8_of_every_two_and_three_bytes_agrees_with_the_definition)
{
    for (uint32_t value = 0; value < 1U << 24; value += 3) {
        uint8_t text[3] = {(uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value};
        if ((text[0] & 0xf0) == 0xe0) {
            cr_assert_eq(wu_utf8_is_valid((const char *)text, 3),
                         spells_one(text[0] & 0x0fU, text, 3), "%06x", value);
        } else if ((text[0] & 0xe0) == 0xc0) {
            cr_assert_eq(wu_utf8_is_valid((const char *)text, 2),
                         spells_one(text[0] & 0x1fU, text, 2), "%06x", value);
        }
    }
}

Test(pb, text_in_a_message_is_checked_wherever_it_stands)
{
    /* Answer.code */
    expect_taken(ANSWER, WU_PB_STRICT, BYTES(0x22, 2, 0xc3, 0xa9), "code");
    expect_refused(ANSWER, WU_PB_STRICT, BYTES(0x22, 2, 0xc3, 0x28), "not UTF-8");
    expect_refused(ANSWER, WU_PB_TOLERANT, BYTES(0x22, 2, 0xc3, 0x28), "not UTF-8");
    /* the third of Hello.follows */
    expect_refused(HELLO, WU_PB_STRICT, BYTES(0x32, 1, 'a', 0x32, 1, 'b', 0x32, 1, 0xff),
                   "not UTF-8");
    /* Frame.halt.text, in a message in a oneof */
    expect_refused(FRAME, WU_PB_STRICT, BYTES(0x3a, 3, 0x22, 1, 0xff), "not UTF-8");
    /* Hello.cursors[0].stream */
    expect_refused(HELLO, WU_PB_STRICT, BYTES(0x3a, 3, 0x0a, 1, 0xff), "not UTF-8");
}

Test(pb, a_nul_inside_text_is_refused)
{
    expect_refused(ANSWER, WU_PB_STRICT, BYTES(0x22, 3, 'a', 0, 'b'), "canonical");
    expect_refused(ANSWER, WU_PB_TOLERANT, BYTES(0x22, 3, 'a', 0, 'b'), "canonical");
    expect_refused(ANSWER, WU_PB_STRICT, BYTES(0x22, 1, 0), "canonical");
    expect_taken(ANSWER, WU_PB_STRICT, BYTES(0x32, 3, 'a', 0, 'b'), "bytes may hold one");
}

/* ---- what is not known -------------------------------------------------------------------- */

Test(pb, an_unknown_field_passes_only_when_the_peer_may_be_newer)
{
    struct wu_bytes at_top = BYTES(0x10, 1, 0xf8, 0x06, 5); /* number, then field 111 */
    expect_refused(ANSWER, WU_PB_STRICT, at_top, "a field is not known");
    expect_taken(ANSWER, WU_PB_TOLERANT, at_top, "at the top");
    struct wu_bytes below = BYTES(0x22, 3, 0xf8, 0x06, 5); /* in Hello.mine */
    expect_refused(HELLO, WU_PB_STRICT, below, "a field is not known");
    expect_taken(HELLO, WU_PB_TOLERANT, below, "below");
    struct wu_bytes in_list = BYTES(0x3a, 2, 0x10, 1, 0x3a, 3, 0xf8, 0x06, 5);
    expect_refused(HELLO, WU_PB_STRICT, in_list, "a field is not known");
}

Test(pb, an_unknown_enum_value_passes_only_when_the_peer_may_be_newer)
{
    expect_taken(ANSWER, WU_PB_STRICT, BYTES(0x18, 7), "MALFORMED");
    expect_refused(ANSWER, WU_PB_STRICT, BYTES(0x18, 8), "enum value is not known");
    expect_taken(ANSWER, WU_PB_TOLERANT, BYTES(0x18, 8), "tomorrow's");
    expect_refused(SUBMIT, WU_PB_STRICT, BYTES(0x18, 0x9f, 0x4e), "enum value is not known");
    expect_taken(SUBMIT, WU_PB_STRICT, BYTES(0x18, 0xc9, 0x01), "RAISE_NEED");
    struct wu_bytes minus_one =
        BYTES(0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01);
    expect_refused(ANSWER, WU_PB_STRICT, minus_one, "enum value is not known");
    /* in a list of messages: AdoptKind.recipe[0].role */
    Linkage__PlanStep step = LINKAGE__PLAN_STEP__INIT;
    Linkage__PlanStep *recipe[] = {&step};
    Coordinator__AdoptKind kind = COORDINATOR__ADOPT_KIND__INIT;
    kind.n_recipe = 1;
    kind.recipe = recipe;
    step.role = (Linkage__Role)99;
    expect_refused(&coordinator__adopt_kind__descriptor, WU_PB_STRICT,
                   wu_pb_pack(&kind.base, &arena), "enum value is not known");
}

/* ---- one spelling --------------------------------------------------------------------------- */

static const struct {
    const char *what;
    const ProtobufCMessageDescriptor *descriptor;
    struct wu_bytes bytes;
} spellings[] = {
    {"a zero that is said", &bus__ping__descriptor, {(const uint8_t[]){0x08, 0}, 2}},
    {"an empty text that is said", &bus__answer__descriptor, {(const uint8_t[]){0x22, 0}, 2}},
    {"an empty bytes that is said", &bus__answer__descriptor, {(const uint8_t[]){0x32, 0}, 2}},
    {"a false that is said", &bus__answer__descriptor, {(const uint8_t[]){0x38, 0}, 2}},
    {"a true that is two", &bus__answer__descriptor, {(const uint8_t[]){0x38, 2}, 2}},
    {"a long varint", &bus__ping__descriptor, {(const uint8_t[]){0x08, 0x81, 0x00}, 3}},
    {"a long tag", &bus__ping__descriptor, {(const uint8_t[]){0x88, 0x00, 1}, 3}},
    {"a long length", &bus__answer__descriptor, {(const uint8_t[]){0x22, 0x81, 0x00, 'a'}, 4}},
    {"a field twice", &bus__ping__descriptor, {(const uint8_t[]){0x08, 1, 0x08, 2}, 4}},
    {"fields in another order", &bus__answer__descriptor, {(const uint8_t[]){0x18, 1, 0x10, 1}, 4}},
    {"a message in two parts",
     &bus__hello__descriptor,
     {(const uint8_t[]){0x22, 2, 0x10, 1, 0x22, 2, 0x18, 1}, 8}},
    {"a oneof twice",
     &bus__frame__descriptor,
     {(const uint8_t[]){0x52, 2, 0x08, 1, 0x52, 2, 0x08, 1}, 8}},
    {"two members of a oneof",
     &bus__frame__descriptor,
     {(const uint8_t[]){0x52, 2, 0x08, 1, 0x5a, 2, 0x08, 1}, 8}},
    {"an int32 in ten bytes where five would do",
     &bus__hello__descriptor,
     {(const uint8_t[]){0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, 11}},
    {"field number zero", &bus__ping__descriptor, {(const uint8_t[]){0x80, 0x00, 1}, 3}},
};

Test(pb, every_other_spelling_is_refused)
{
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        const char *why = "";
        cr_expect_eq(decode(spellings[i].descriptor, WU_PB_STRICT, spellings[i].bytes, &why),
                     WU_CORRUPT, "%s", spellings[i].what);
        cr_expect_neq(why[0], '\0');
    }
}

Test(pb, bytes_that_are_no_message_are_refused)
{
    expect_refused(ANSWER, WU_PB_STRICT, BYTES(0x22), "not that message");
    expect_refused(ANSWER, WU_PB_STRICT, BYTES(0x22, 5, 'a'), "not that message");
    expect_refused(ANSWER, WU_PB_STRICT, BYTES(0x10, 0x80), "not that message");
    expect_refused(ANSWER, WU_PB_STRICT, BYTES(0x22, 0xff, 0xff, 0xff, 0xff, 0x0f),
                   "not that message");
    expect_refused(ANSWER, WU_PB_TOLERANT, BYTES(0x13), "not that message"); /* a group */
    expect_refused(HELLO, WU_PB_STRICT, BYTES(0x22, 2, 0x10, 0x80), "not that message");
}

Test(pb, a_field_of_another_wire_type_is_refused)
{
    const char *why = "";
    cr_expect_eq(decode(ANSWER, WU_PB_STRICT, BYTES(0x12, 1, 'a'), &why), WU_CORRUPT);
    cr_expect_eq(decode(ANSWER, WU_PB_STRICT, BYTES(0x20, 1), &why), WU_CORRUPT);
    cr_expect_eq(decode(ANSWER, WU_PB_STRICT, BYTES(0x3d, 1, 0, 0, 0), &why), WU_CORRUPT);
}

/* ---- memory ---------------------------------------------------------------------------------- */

Test(pb, running_out_of_memory_is_not_the_bytes_fault)
{
    Bus__Batch batch = BUS__BATCH__INIT;
    uint8_t record[100] = {1};
    ProtobufCBinaryData records[50];
    for (size_t i = 0; i < 50; i++) {
        records[i] = (ProtobufCBinaryData){sizeof record, record};
    }
    batch.first = 1;
    batch.n_records = 50;
    batch.records = records;
    struct wu_bytes packed = wu_pb_pack(&batch.base, &arena);
    bool taken = false;
    for (size_t size = 16; !taken; size += 16) { /* at whatever point it runs out */
        struct wu_arena small;
        ProtobufCMessage *message = NULL;
        const char *why = "";
        cr_assert_lt(size, 65536);
        cr_assert_eq(wu_arena_open(&small, size), WU_OK);
        enum wu_status status = wu_pb_decode(BATCH, WU_PB_STRICT, packed, &small, &message, &why);
        cr_assert(status == WU_OK || status == WU_NO_MEMORY, "%s", wu_status_name(status));
        cr_assert_eq(status == WU_NO_MEMORY, small.exhausted);
        taken = status == WU_OK;
        wu_arena_close(&small);
    }
}

Test(pb, bad_bytes_are_their_own_fault_while_there_is_memory)
{
    const char *why = "";
    cr_expect_eq(decode(BATCH, WU_PB_STRICT, BYTES(0x2a, 9, 1), &why), WU_CORRUPT);
    cr_expect(!arena.exhausted);
}
