#include "common/store/store.h"

#include "wushe/bus/v1/bus.pb-c.h"
#include "wushe/linkage/v1/step.pb-c.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static char *text;
static size_t size;
static FILE *out;

static void set_up(void)
{
    out = open_memstream(&text, &size);
    cr_assert_not_null(out);
}

static void tear_down(void)
{
    (void)fclose(out);
    free(text);
}

TestSuite(json, .init = set_up, .fini = tear_down);

static void expect_said(const char *expected)
{
    (void)fclose(out);
    cr_expect_str_eq(text, expected);
    free(text);
    set_up();
}

static void text_is(const char *in, const char *expected)
{
    wu_json_text(out, in);
    expect_said(expected);
}

Test(json, text_is_quoted_and_escaped)
{
    text_is("", "\"\"");
    text_is("plain 五社", "\"plain 五社\"");
    text_is("a \"b\" \\ c", "\"a \\\"b\\\" \\\\ c\"");
    text_is("line\nand\ttab\x01\x1f", "\"line\\u000aand\\u0009tab\\u0001\\u001f\"");
    text_is("\x7f", "\"\x7f\"");
}

struct key {
    uint32_t node;
    uint64_t number;
    int64_t due_at_ms;
    struct wu_id id;
    char name[16];
};
static const struct wu_table TABLE = {
    .name = "test.table",
    .key_size = sizeof(struct key),
    .key = {WU_KEY(struct key, node), WU_KEY(struct key, number), WU_KEY(struct key, due_at_ms),
            WU_KEY(struct key, id), WU_KEY(struct key, name)},
};

Test(json, a_key_is_printed_by_its_field_names)
{
    struct key key = {4000000000U, UINT64_MAX, INT64_MIN, wu_id_make(6, 1, 1042, 0), "to/\"9\""};
    wu_json_key(out, &TABLE, &key);
    expect_said("{\"node\":4000000000,\"number\":\"18446744073709551615\","
                "\"due_at_ms\":\"-9223372036854775808\",\"id\":\"6-1042\","
                "\"name\":\"to/\\\"9\\\"\"}");
}

Test(json, a_message_says_what_is_set_and_nothing_else)
{
    Bus__Answer answer = BUS__ANSWER__INIT;
    wu_json_message(out, &answer.base);
    expect_said("{}");
    struct wu_id id = wu_id_make(6, 1, 1042, 3);
    answer.number = 12;
    answer.status = BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED;
    answer.code = (char *)(uintptr_t) "NO";
    answer.id = wu_id_to_pb(&id);
    answer.repeated = true;
    wu_json_message(out, &answer.base);
    expect_said("{\"number\":\"12\",\"status\":\"ANSWER_STATUS_REFUSED\",\"code\":\"NO\","
                "\"id\":\"6-1042-3\",\"repeated\":true}");
}

Test(json, an_enum_value_that_is_not_known_is_its_number)
{
    Bus__Answer answer = BUS__ANSWER__INIT;
    answer.status = (Bus__AnswerStatus)77;
    wu_json_message(out, &answer.base);
    expect_said("{\"status\":77}");
}

Test(json, bytes_of_another_length_are_hexadecimal)
{
    uint8_t bytes[] = {0, 0x1f, 0xff};
    Bus__Answer answer = BUS__ANSWER__INIT;
    answer.producer = (ProtobufCBinaryData){sizeof bytes, bytes};
    wu_json_message(out, &answer.base);
    expect_said("{\"producer\":\"001fff\"}");
}

Test(json, messages_lists_and_oneofs_go_inside_each_other)
{
    Bus__Position mine = BUS__POSITION__INIT;
    Bus__Position first = BUS__POSITION__INIT;
    Bus__Position second = BUS__POSITION__INIT;
    Bus__Position *cursors[] = {&first, &second};
    const char *follows[] = {"a.b", ""};
    Bus__Hello hello = BUS__HELLO__INIT;
    Bus__Frame frame = BUS__FRAME__INIT;
    mine.next = 3;
    second.stream = (char *)(uintptr_t) "pub/x";
    hello.protocol = 1;
    hello.mine = &mine;
    hello.n_follows = 2;
    hello.follows = follows;
    hello.n_cursors = 2;
    hello.cursors = cursors;
    frame.body_case = BUS__FRAME__BODY_HELLO;
    frame.hello = &hello;
    wu_json_message(out, &frame.base);
    expect_said("{\"hello\":{\"protocol\":1,\"mine\":{\"next\":\"3\"},\"follows\":[\"a.b\",\"\"],"
                "\"cursors\":[{},{\"stream\":\"pub/x\"}]}}");
}
