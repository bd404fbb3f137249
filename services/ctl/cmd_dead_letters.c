#include "services/ctl/commands.h"
#include "services/ctl/nodes.h"
#include "services/ctl/probe.h"

#include "common/fold/pb.h"
#include "common/journal/tables.h"

#include <inttypes.h>
#include <string.h>

static const char origin_prefix[] = "ORIGIN_";

static const char *origin_word(struct ctl *ctl, Node__Origin origin)
{
    char *word = wu_arena_take(&ctl->arena, 32);
    return word != NULL ? ctl_word(&node__origin__descriptor, origin_prefix, (int)origin, word, 32)
                        : "";
}

/* "coordinator 1042": the node and one of its dead letters. */
struct address {
    const struct ctl_node *node;
    uint64_t seq;
};

static bool read_seq(const char *text, uint64_t *ret_seq)
{
    int64_t seq = 0;
    if (!ctl_parse_number(text, INT64_MAX, &seq) || seq == 0) {
        (void)ctl_complain(CTL_USAGE,
                           "'%s' is no number of a dead letter; 'wushectl dead-letters "
                           "list' shows them",
                           text);
        return false;
    }
    *ret_seq = (uint64_t)seq;
    return true;
}

static bool read_address(struct ctl *ctl, char **argv, struct address *ret_address)
{
    ret_address->node = ctl_node_named(ctl, argv[0]);
    return ret_address->node != NULL && read_seq(argv[1], &ret_address->seq);
}

/* ---- list ------------------------------------------------------------------------------------ */

static void add_rows(struct ctl *ctl, struct ctl_table *table, const struct ctl_reader *reader)
{
    struct wu_dead_letter_key key = {0};
    const Node__DeadLetterRow *row = NULL;
    struct wu_arena *arena = &ctl->arena;
    size_t mark = arena->used_bytes;
    bool more = wu_dead_letters_from(reader->txn, &key, 0, &row);
    while (more) {
        const char *from =
            row->from_node != 0 ? wu_arena_printf(arena, "%" PRIu32, row->from_node) : "-";
        const char *values[] = {
            ctl_node_text(ctl, reader->node),
            wu_arena_printf(arena, "%" PRIu64, key.seq),
            ctl_time_text(ctl, row->time_ms),
            origin_word(ctl, row->origin),
            from,
            wu_event_type_name(row->type),
            wu_arena_printf(arena, "%" PRIu32, row->retried),
            row->why,
        };
        ctl_table_row(table, values);
        wu_arena_reset(arena, mark);
        more = wu_dead_letters_after(reader->txn, &key, 0, &row);
    }
}

int cmd_dead_letters_list(struct ctl *ctl, int argc, char **argv)
{
    static const char *const columns[] = {"NODE", "NUMBER",  "TIME", "ORIGIN", "FROM",
                                          "TYPE", "RETRIED", "WHY",  NULL};
    if (!ctl_arguments(ctl, argc, argv, 0, 1) || !ctl_load_home(ctl)) {
        return CTL_USAGE;
    }
    const struct ctl_node *only = argc > 0 ? ctl_node_named(ctl, argv[0]) : NULL;
    if (argc > 0 && only == NULL) {
        return CTL_USAGE;
    }
    int status = CTL_OK;
    struct ctl_table *table = ctl_table_new(ctl, "dead letters", columns);
    for (size_t index = 0; index < ctl->node_count; index++) {
        struct ctl_reader reader;
        bool wanted = only == NULL || only == &ctl->nodes[index];
        if (!wanted || !ctl_probe_has_store(&ctl->nodes[index])) {
            continue;
        }
        int opened = ctl_reader_open(ctl, &ctl->nodes[index], &reader);
        if (opened == CTL_OK) {
            add_rows(ctl, table, &reader);
            ctl_reader_close(&reader);
        } else {
            status = opened;
        }
    }
    ctl_table_print(&table);
    return status;
}

/* ---- show ------------------------------------------------------------------------------------ */

/* What the journal holds of it: an envelope, a submit, or a timer's own words. */
static const ProtobufCMessageDescriptor *record_descriptor(const Node__JournalRow *journal)
{
    if (journal->snapshot) {
        return &bus__snapshot__descriptor;
    }
    switch (journal->origin) {
    case NODE__ORIGIN__ORIGIN_COMMAND:
        return &bus__submit__descriptor;
    case NODE__ORIGIN__ORIGIN_TIMER:
        return &envelope__timer_fired__descriptor;
    default:
        return &envelope__envelope__descriptor;
    }
}

/* The framework's own commands are in no core's routes. */
static const ProtobufCMessageDescriptor *body_descriptor(const struct wu_core *core,
                                                         wu_event_type type)
{
    switch (type) {
    case WU_TYPE(NODE_RETRY_DEAD_LETTER):
        return &node__retry_dead_letter__descriptor;
    case WU_TYPE(NODE_DROP_DEAD_LETTER):
        return &node__drop_dead_letter__descriptor;
    case WU_TYPE(NODE_BEGIN_GENERATION):
        return &node__begin_generation__descriptor;
    case WU_TYPE(NODE_FORWARDED_COMMAND):
        return &bus__submit__descriptor;
    case WU_TYPE(NODE_COMMAND_ANSWERED):
        return &bus__answer__descriptor;
    case WU_TYPE(NODE_PUBLISH):
        return &envelope__publish__descriptor;
    default:
        break;
    }
    const struct wu_route *route = wu_core_route(core, type);
    for (const struct wu_core *const *other = CTL_CORES; route == NULL && *other != NULL; other++) {
        route = wu_core_route(*other, type); /* it may have come to the wrong place */
    }
    return route != NULL ? route->body : NULL;
}

static ProtobufCMessage *decode(struct ctl *ctl, const ProtobufCMessageDescriptor *descriptor,
                                ProtobufCBinaryData bytes, const char **ret_why)
{
    ProtobufCMessage *message = NULL;
    *ret_why = NULL;
    if (descriptor == NULL) {
        *ret_why = "this wushectl does not know its type";
        return NULL;
    }
    enum wu_status status =
        wu_pb_decode(descriptor, WU_PB_TOLERANT, wu_bytes(bytes.data, bytes.len), &ctl->arena,
                     &message, ret_why);
    return status == WU_OK ? message : NULL;
}

/* Bytes behind `data` of an envelope or a submit; empty for the others. */
static ProtobufCBinaryData payload_of(const ProtobufCMessage *record)
{
    if (record != NULL && record->descriptor == &envelope__envelope__descriptor) {
        return ((const Envelope__Envelope *)(const void *)record)->data;
    }
    if (record != NULL && record->descriptor == &bus__submit__descriptor) {
        return ((const Bus__Submit *)(const void *)record)->data;
    }
    return (ProtobufCBinaryData){0, NULL};
}

struct letter {
    const Node__DeadLetterRow *row;
    const Node__JournalRow *journal;
    const ProtobufCMessage *record;
    const ProtobufCMessage *payload;
    const char *record_why; /* why there is none */
    const char *payload_why;
};

static void read_letter(struct ctl *ctl, const struct wu_core *core, struct letter *letter)
{
    letter->record = decode(ctl, record_descriptor(letter->journal), letter->journal->record,
                            &letter->record_why);
    bool has_payload =
        letter->record != NULL && (letter->record->descriptor == &envelope__envelope__descriptor ||
                                   letter->record->descriptor == &bus__submit__descriptor);
    if (has_payload) {
        letter->payload = decode(ctl, body_descriptor(core, letter->row->type),
                                 payload_of(letter->record), &letter->payload_why);
    }
}

static void print_message(const char *name, const ProtobufCMessage *message, const char *why)
{
    (void)printf(",\"%s\":", name);
    if (message != NULL) {
        wu_json_message(stdout, message);
    } else {
        (void)printf("null,\"%s_why\":", name);
        wu_json_text(stdout, why != NULL ? why : "there is none");
    }
}

static void print_letter_json(const struct address *address, const struct letter *letter)
{
    (void)printf("{\"node\":%" PRIu64 ",\"number\":\"%" PRIu64
                 "\",\"type\":\"%s\",\"dead_letter\":",
                 address->node->config.node, address->seq, wu_event_type_name(letter->row->type));
    wu_json_message(stdout, &letter->row->base);
    print_message("record", letter->record, letter->record_why);
    print_message("payload", letter->payload, letter->payload_why);
    (void)fputs("}\n", stdout);
}

static void print_part(const char *name, const ProtobufCMessage *message, const char *why)
{
    (void)printf("%-9s ", name);
    if (message != NULL) {
        wu_json_message(stdout, message);
        (void)putchar('\n');
    } else {
        (void)printf("(%s)\n", why != NULL ? why : "none");
    }
}

static void print_letter(struct ctl *ctl, const struct address *address,
                         const struct letter *letter)
{
    const Node__DeadLetterRow *row = letter->row;
    (void)printf("%s, dead letter %" PRIu64 "\n", ctl_node_text(ctl, address->node), address->seq);
    (void)printf("time      %s\n", ctl_time_text(ctl, row->time_ms));
    (void)printf("origin    %s", origin_word(ctl, row->origin));
    if (row->from_node != 0) {
        (void)printf(" of node %" PRIu32, row->from_node);
    }
    (void)printf("\ntype      %s\n", wu_event_type_name(row->type));
    (void)printf("why       %s\n", row->why);
    (void)printf("retried   %" PRIu32 " times\n", row->retried);
    print_part("record", letter->record, letter->record_why);
    print_part("payload", letter->payload, letter->payload_why);
}

int cmd_dead_letters_show(struct ctl *ctl, int argc, char **argv)
{
    struct address address;
    struct ctl_reader reader;
    if (!ctl_arguments(ctl, argc, argv, 2, 2) || !read_address(ctl, argv, &address)) {
        return CTL_USAGE;
    }
    int status = ctl_reader_open(ctl, address.node, &reader);
    if (status != CTL_OK) {
        return status;
    }
    struct letter letter = {
        .row = wu_dead_letters_get(reader.txn, &(struct wu_dead_letter_key){address.seq}),
        .journal = wu_journal_get(reader.txn, &(struct wu_journal_key){address.seq})};
    if (letter.row == NULL || letter.journal == NULL) {
        status = ctl_complain(CTL_REFUSED,
                              "DEAD_LETTER_UNKNOWN: %s has no dead letter %" PRIu64
                              "; 'wushectl dead-letters list' shows them",
                              ctl_node_text(ctl, address.node), address.seq);
    } else {
        read_letter(ctl, ctl_core_of(address.node), &letter);
        if (ctl->json) {
            print_letter_json(&address, &letter);
        } else {
            print_letter(ctl, &address, &letter);
        }
    }
    ctl_reader_close(&reader);
    return status;
}

/* ---- retry, drop ----------------------------------------------------------------------------- */

/* Numbers of all dead letters of a node, from the arena; NULL with a sentence when unreadable. */
static uint64_t *all_numbers(struct ctl *ctl, const struct ctl_node *node, size_t *ret_count)
{
    struct ctl_reader reader;
    if (ctl_reader_open(ctl, node, &reader) != CTL_OK) {
        return NULL;
    }
    size_t room = (size_t)wu_table_count(reader.txn, &WU_DEAD_LETTERS);
    uint64_t *numbers = wu_arena_take(&ctl->arena, (room + 1) * sizeof *numbers);
    struct wu_dead_letter_key key = {0};
    const Node__DeadLetterRow *row = NULL;
    size_t mark = ctl->arena.used_bytes;
    *ret_count = 0;
    bool more = numbers != NULL && wu_dead_letters_from(reader.txn, &key, 0, &row);
    while (more && *ret_count < room) {
        numbers[(*ret_count)++] = key.seq;
        wu_arena_reset(&ctl->arena, mark);
        more = wu_dead_letters_after(reader.txn, &key, 0, &row);
    }
    ctl_reader_close(&reader);
    return numbers;
}

/* One number, or with "all" every one there is. */
static uint64_t *wanted_numbers(struct ctl *ctl, const struct ctl_node *node, const char *text,
                                size_t *ret_count)
{
    if (strcmp(text, "all") == 0) {
        return all_numbers(ctl, node, ret_count);
    }
    uint64_t *number = wu_arena_take(&ctl->arena, sizeof *number);
    *ret_count = 1;
    return number != NULL && read_seq(text, number) ? number : NULL;
}

static void report_done(const struct ctl *ctl, const struct ctl_node *node, const char *verb,
                        uint64_t seq)
{
    if (ctl->json) {
        (void)printf("{\"node\":%" PRIu64 ",\"number\":\"%" PRIu64 "\",\"done\":\"%s\"}\n",
                     node->config.node, seq, verb);
    } else if (!ctl->quiet) {
        (void)printf("dead letter %" PRIu64 " %s\n", seq, verb);
    }
}

/* The rest goes on after a refusal; a node that does not answer ends it. */
static int keep_going(int status, int worst)
{
    return status != CTL_OK && worst == CTL_OK ? status : worst;
}

int cmd_dead_letters_retry(struct ctl *ctl, int argc, char **argv)
{
    if (!ctl_arguments(ctl, argc, argv, 2, 2)) {
        return CTL_USAGE;
    }
    const struct ctl_node *node = ctl_node_named(ctl, argv[0]);
    size_t count = 0;
    uint64_t *numbers = node != NULL ? wanted_numbers(ctl, node, argv[1], &count) : NULL;
    if (numbers == NULL) {
        return CTL_USAGE;
    }
    if (count == 0 && !ctl->json && !ctl->quiet) {
        (void)printf("no dead letters\n");
    }
    int worst = CTL_OK;
    for (size_t index = 0; index < count && worst <= CTL_REFUSED; index++) {
        Node__RetryDeadLetter retry = NODE__RETRY_DEAD_LETTER__INIT;
        retry.seq = numbers[index];
        const struct wu_command command = {.type = WU_TYPE(NODE_RETRY_DEAD_LETTER),
                                           .body = &retry.base};
        int status = ctl_call(ctl, node, &command, NULL);
        if (status == CTL_OK) {
            report_done(ctl, node, "retried", numbers[index]);
        }
        worst = keep_going(status, worst);
    }
    return worst;
}

int cmd_dead_letters_drop(struct ctl *ctl, int argc, char **argv)
{
    const char *reason = ctl_option(&argc, argv, "reason");
    if (!ctl_arguments(ctl, argc, argv, 2, 2)) {
        return CTL_USAGE;
    }
    if (reason == NULL || reason[0] == '\0') {
        return ctl_complain(CTL_USAGE, "say why with --reason TEXT: it stays in the journal");
    }
    struct address address;
    if (!read_address(ctl, argv, &address)) {
        return CTL_USAGE;
    }
    Node__DropDeadLetter drop = NODE__DROP_DEAD_LETTER__INIT;
    drop.seq = address.seq;
    drop.reason = reason;
    const struct wu_command command = {.type = WU_TYPE(NODE_DROP_DEAD_LETTER), .body = &drop.base};
    int status = ctl_call(ctl, address.node, &command, NULL);
    if (status == CTL_OK) {
        report_done(ctl, address.node, "dropped", address.seq);
    }
    return status;
}
