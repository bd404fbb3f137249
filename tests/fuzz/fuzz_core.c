#include "tests/fuzz/fuzz_core.h"

#include "common/base/assert.h"
#include "common/base/time.h"
#include "common/fold/pb.h"
#include "common/journal/node.h"
#include "common/journal/replay.h"
#include "tests/fuzz/fuzz_make.h"
#include "tests/fuzz/fuzz_schema.h"
#include "tests/fuzz/fuzz_store.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    NODE_ARENA_BYTES = 1 << 20,
    ARENA_BYTES = 4 << 20,
    STEPS_MAX = 64, /* of a story */
    BATCH_MAX = 6,
    ROUTES_MAX = 32,
    OUTPUTS_MAX = 8192,
    REPLAY_ONE_IN = 64,
    OWN_NODE = 9,
    HUB_NODE = 1,
};

#define START_MS INT64_C(1800000000000) /* Friday 2027-01-15 08:00 UTC, 16:00 in the city */

/* What a step of a story is. */
enum step_kind {
    STEP_EVENT = 0, /* to 9 */
    STEP_NEXT_TIMER = 10,
    STEP_WAIT = 11,
    STEP_REPEAT = 12,
    STEP_RAW = 13,
    STEP_DAMAGED = 14,
    STEP_RESTART = 15,
    STEP_KINDS = 16,
    STEP_IN_BATCH = 0x10, /* the next one goes into the same transaction */
    STEP_BY_OTHER = 0x20, /* said by whom it is not expected of */
    STEP_CLOCK_BACK = 0x40,
    STEP_LATE = 0x80, /* a command about something that happened before */
};

static struct {
    struct fuzz_store store;
    struct wu_arena made;  /* messages of one story */
    struct wu_arena again; /* what the node says, decoded, and rows */
    const struct wu_route *routes[ROUTES_MAX];
    size_t route_count;
} place;

static struct story {
    struct wu_node *node;
    struct wu_arena *batch; /* NULL: none is open */
    struct fuzz_maker maker;
    uint64_t command_number;
    uint64_t numbers[2]; /* last record of mail and of public ones, the same for all peers */
    struct wu_bytes last_command;
    Bus__AnswerStatus last_status;
    uint64_t seq;
    int64_t time_ms;
    struct wu_id ids[OUTPUTS_MAX]; /* of all that was said */
    size_t id_count;
} story;

/* ---- the node -------------------------------------------------------------------------- */

static bool is_hub(void)
{
    return FUZZ_CORE.core->is_hub;
}

static void open_node(void)
{
    struct wu_error error;
    struct wu_node_config config = {
        .store_path = place.store.path,
        .core = FUZZ_CORE.core,
        .node = is_hub() ? HUB_NODE : OWN_NODE,
        .hub = is_hub() ? 0 : HUB_NODE,
        .division = UINT64_C(420100000000),
        .utc_offset_min = 480,
        .map_bytes = (size_t)16 << 20,
        .map_bytes_max = (size_t)1 << 30,
        .arena_bytes = NODE_ARENA_BYTES,
        .batch_count_max = BATCH_MAX,
        .stream_keep_count = UINT64_MAX,
        .public_keep_count = UINT64_MAX,
        .scratch = true,
    };
    WU_ASSERT(wu_node_open(&story.node, &config, &error) == WU_OK);
}

static void find_routes(void)
{
    const struct wu_route *const *lists = FUZZ_CORE.core->routes;
    for (; *lists != NULL; lists++) {
        for (const struct wu_route *route = *lists; route->type != 0; route++) {
            if (route->origin != WU_ORIGIN_TIMER) {
                WU_ASSERT(place.route_count < ROUTES_MAX);
                place.routes[place.route_count++] = route;
            }
        }
    }
}

static void enter(void)
{
    if (place.route_count == 0) {
        find_routes();
        WU_ASSERT(wu_arena_open(&place.made, ARENA_BYTES) == WU_OK);
        WU_ASSERT(wu_arena_open(&place.again, ARENA_BYTES) == WU_OK);
        fuzz_store_open(&place.store);
        open_node();
        wu_node_close(&story.node);
        fuzz_store_keep(&place.store);
    }
    fuzz_store_reset(&place.store);
    wu_arena_reset(&place.made, 0);
    memset(&story, 0, sizeof story);
    story.maker.arena = &place.made;
    story.maker.now_ms = START_MS;
    open_node();
    if (FUZZ_CORE.begin != NULL) {
        FUZZ_CORE.begin();
    }
}

/* ---- looking ---------------------------------------------------------------------------- */

size_t fuzz_mark(struct wu_txn *txn)
{
    return wu_txn_arena(txn)->used_bytes;
}

void fuzz_forget(struct wu_txn *txn, size_t mark)
{
    wu_arena_reset(wu_txn_arena(txn), mark);
}

uint64_t fuzz_timer_count(struct wu_txn *txn, wu_event_type type)
{
    uint64_t count = 0;
    struct wu_timer_key key = {.due_at_ms = INT64_MIN};
    struct wu_bytes value;
    for (bool more = wu_table_from_raw(txn, &WU_TIMERS, &key, 0, &value); more;
         more = wu_table_after_raw(txn, &WU_TIMERS, &key, 0, &value)) {
        count += key.type == (uint32_t)type;
    }
    return count;
}

bool fuzz_has_timer(struct wu_txn *txn, wu_event_type type, int64_t due_at_ms,
                    const struct wu_id *subject, uint32_t n)
{
    struct wu_timer_key key = {due_at_ms, (uint32_t)type, *subject, n};
    struct wu_bytes value;
    return wu_table_get_raw(txn, &WU_TIMERS, &key, &value);
}

/* ---- rules of every core ------------------------------------------------------------------ */

static ProtobufCMessage *decode(const ProtobufCMessageDescriptor *schema, enum wu_pb_mode mode,
                                struct wu_bytes bytes)
{
    ProtobufCMessage *message = NULL;
    const char *why = "";
    if (wu_pb_decode(schema, mode, bytes, &place.again, &message, &why) != WU_OK) {
        WU_ASSERT(!place.again.exhausted);
        return NULL;
    }
    return message;
}

static void show(const struct fuzz_seen *seen)
{
    if (FUZZ_CORE.saw != NULL) {
        FUZZ_CORE.saw(seen);
    }
}

static void show_input(const struct wu_input *input)
{
    struct fuzz_seen seen = {.is_dead = input->dead,
                             .seq = input->seq,
                             .time_ms = wu_node_info(story.node).time_ms,
                             .peer = input->from_node};
    struct wu_bytes data = {0};
    if (input->origin == WU_ORIGIN_TIMER) {
        seen.type = (wu_event_type)input->timer->type;
        data = input->record;
    } else if (input->origin == WU_ORIGIN_COMMAND) {
        const Bus__Submit *submit =
            (const void *)decode(&bus__submit__descriptor, WU_PB_STRICT, input->record);
        seen.type = submit != NULL ? submit->type : 0;
        data = submit != NULL ? wu_bytes(submit->data.data, submit->data.len) : data;
    } else {
        const Envelope__Envelope *envelope =
            (const void *)decode(&envelope__envelope__descriptor, WU_PB_TOLERANT, input->record);
        seen.type = envelope != NULL ? envelope->type : 0;
        data = envelope != NULL ? wu_bytes(envelope->data.data, envelope->data.len) : data;
    }
    seen.body = decode(fuzz_schema_of(seen.type), WU_PB_TOLERANT, data);
    FUZZ_RULE(!input->dead || strstr(input->why_dead, "assertion") == NULL,
              "no event breaks an assertion of a core");
    FUZZ_RULE(input->seq == story.seq + 1, "journal numbers have no gap");
    story.seq = input->seq;
    show(&seen);
}

static void check_new_id(ProtobufCBinaryData field, uint64_t seq)
{
    struct wu_id id;
    FUZZ_RULE(wu_id_from_pb(field, &id) && wu_id_seq(&id) == seq &&
                  wu_id_node(&id) == wu_node_info(story.node).node,
              "an id names its node and the event that made it");
    for (size_t i = story.id_count; i > 0 && wu_id_seq(&story.ids[i - 1]) == seq; i--) {
        FUZZ_RULE(!wu_id_equal(&story.ids[i - 1], &id), "no id is made twice");
    }
    WU_ASSERT(story.id_count < OUTPUTS_MAX);
    story.ids[story.id_count++] = id;
}

static bool holds_secret(struct wu_bytes record)
{
    return memmem(record.data, record.size, "CANARY", 6) != NULL;
}

/* A society's public word goes through its hub; what is in it is what counts. */
static void open_publish(struct fuzz_seen *seen)
{
    if (seen->type == WU_TYPE(NODE_PUBLISH)) {
        const Envelope__Publish *publish = (const void *)seen->body;
        seen->type = publish->type;
        seen->body = decode(fuzz_schema_of(publish->type), WU_PB_STRICT,
                            wu_bytes(publish->data.data, publish->data.len));
    }
}

static void show_output(const struct wu_output *output, uint64_t seq)
{
    const Envelope__Envelope *envelope =
        (const void *)decode(&envelope__envelope__descriptor, WU_PB_STRICT, output->record);
    FUZZ_RULE(envelope != NULL, "what a node says decodes strictly");
    bool is_public = (output->stream & WU_STREAM_PUBLIC) != 0;
    struct fuzz_seen seen = {.is_output = true,
                             .type = envelope->type,
                             .seq = seq,
                             .time_ms = envelope->time_ms,
                             .peer = is_public ? 0 : output->stream};
    seen.body = decode(fuzz_schema_of(envelope->type), WU_PB_STRICT,
                       wu_bytes(envelope->data.data, envelope->data.len));
    FUZZ_RULE(seen.body != NULL, "what a node says is by its schema");
    FUZZ_RULE(envelope->time_ms == wu_node_info(story.node).time_ms,
              "a record has the time of what made it");
    FUZZ_RULE(is_public || output->stream != 0, "mail goes to somebody");
    bool watched = is_public || seen.type == WU_TYPE(NODE_PUBLISH) ||
                   seen.type == WU_TYPE(LINKAGE_STEP_OFFERED);
    FUZZ_RULE(!watched || !holds_secret(output->record),
              "no personal data in public, nor in an offer that may be lost");
    check_new_id(envelope->id, seq);
    open_publish(&seen);
    FUZZ_RULE(seen.body != NULL, "what a node publishes is by its schema");
    fuzz_learn(&story.maker, seen.body, seen.peer);
    show(&seen);
}

static uint64_t maker_of(const struct wu_output *output)
{
    enum { ID_AT = 2, SEQ_AT = 6 };
    return output->record.size >= ID_AT + 16 ? wu_get_u64(output->record.data + ID_AT + SEQ_AT) : 0;
}

static void check_answer(const struct wu_input *input)
{
    FUZZ_RULE(input->answer != NULL && input->answer->status != 0, "every command is answered");
    bool refused = input->answer->status == BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED;
    FUZZ_RULE(!refused || (input->answer->code[0] != '\0' && input->answer->text[0] != '\0'),
              "a refusal has a code and a sentence");
}

static void check_tables(void)
{
    struct wu_txn *txn = NULL;
    wu_arena_reset(&place.again, 0);
    WU_ASSERT(wu_txn_begin_read(wu_node_store(story.node), &place.again, &txn) == WU_OK);
    struct wu_timer_key key = {.due_at_ms = INT64_MIN};
    struct wu_bytes value;
    if (wu_table_from_raw(txn, &WU_TIMERS, &key, 0, &value)) {
        FUZZ_RULE(wu_node_info(story.node).next_due_ms == key.due_at_ms,
                  "the node knows when its next timer is due");
        FUZZ_RULE(wu_core_route(FUZZ_CORE.core, (wu_event_type)key.type) != NULL,
                  "every timer has a handler");
    }
    FUZZ_CORE.check(txn);
    FUZZ_RULE(wu_txn_status(txn) == WU_OK, "every row can be read");
    wu_txn_abort(&txn);
}

/* Commits what is open, shows it and checks. */
static void commit(void)
{
    if (story.batch == NULL) {
        return;
    }
    story.batch = NULL;
    WU_ASSERT(wu_node_run(story.node, story.maker.now_ms) == WU_OK);
    struct wu_node_info info = wu_node_info(story.node);
    FUZZ_RULE(info.time_ms >= story.time_ms, "time never runs back");
    story.time_ms = info.time_ms;
    size_t output_count = 0;
    size_t said = 0;
    const struct wu_output *outputs = wu_node_outputs(story.node, &output_count);
    wu_arena_reset(&place.again, 0);
    for (size_t i = 0; i < wu_node_input_count(story.node); i++) {
        const struct wu_input *input = wu_node_input(story.node, i);
        if (input->origin == WU_ORIGIN_COMMAND) {
            check_answer(input);
            story.last_status = input->answer->status;
        }
        if (input->seq == 0) {
            continue;
        }
        show_input(input);
        for (; said < output_count && maker_of(&outputs[said]) <= input->seq; said++) {
            show_output(&outputs[said], input->seq);
        }
    }
    FUZZ_RULE(said == output_count, "whatever is said has a cause");
    FUZZ_RULE(info.journal_seq == story.seq, "the store stands where the fold does");
    check_tables();
}

/* ---- steps of a story ----------------------------------------------------------------------- */

/* Room for one more in the open batch, or in a new one that begins with the timers that are due. */
static struct wu_input *add_input(void)
{
    if (story.batch == NULL) {
        do {
            commit();
            story.batch = wu_node_begin(story.node);
            WU_ASSERT(wu_node_add_due_timers(story.node, story.maker.now_ms) == WU_OK);
        } while (wu_node_input_count(story.node) > 0);
    }
    struct wu_input *input = wu_node_add(story.node);
    if (input == NULL) {
        commit();
        return add_input();
    }
    return input;
}

static void let_time_pass(int64_t span_ms)
{
    commit();
    int64_t until_ms = wu_time_add(story.maker.now_ms, span_ms);
    if (until_ms > START_MS && until_ms < START_MS + 1000 * WU_DAY_MS) {
        story.maker.now_ms = until_ms;
    }
}

static void wait_for_timer(void)
{
    commit();
    int64_t due_ms = wu_node_info(story.node).next_due_ms;
    if (due_ms != WU_TIME_NEVER && due_ms > story.maker.now_ms) {
        let_time_pass(due_ms - story.maker.now_ms);
    }
    story.batch = wu_node_begin(story.node);
    WU_ASSERT(wu_node_add_due_timers(story.node, story.maker.now_ms) == WU_OK);
    commit();
}

static struct wu_bytes in_batch(struct wu_bytes bytes)
{
    struct wu_bytes kept = wu_node_keep(story.node, bytes.data, bytes.size);
    WU_ASSERT(kept.data != NULL);
    return kept;
}

static void add_command(struct wu_bytes record)
{
    struct wu_input *input = add_input();
    input->origin = WU_ORIGIN_COMMAND;
    input->record = in_batch(record);
    story.last_command = record;
}

static void submit(wu_event_type type, struct wu_bytes data, uint8_t how)
{
    static uint8_t producer[16] = "fuzz";
    Bus__Submit message = BUS__SUBMIT__INIT;
    message.producer = (ProtobufCBinaryData){sizeof producer, producer};
    message.number = ++story.command_number;
    message.type = type;
    message.data = (ProtobufCBinaryData){data.size, (uint8_t *)(uintptr_t)data.data};
    if ((how & STEP_LATE) != 0) {
        message.happened_at_ms = story.maker.now_ms - WU_HOUR_MS;
    }
    add_command(wu_pb_pack(&message.base, &place.made));
}

static void bring(const struct wu_route *route, struct wu_bytes data, uint8_t how)
{
    bool is_public = route->origin == WU_ORIGIN_PUBLIC;
    uint32_t from_node = is_hub() ? story.maker.speaker : HUB_NODE;
    if ((how & STEP_BY_OTHER) != 0 || from_node == 0) {
        from_node = 2 + fuzz_byte(&story.maker.bytes) % 4u;
    }
    struct wu_input *input = add_input();
    uint64_t number = ++story.numbers[is_public];
    struct wu_id id = wu_id_make(from_node, 1, number, 0);
    Envelope__Envelope envelope = ENVELOPE__ENVELOPE__INIT;
    envelope.id = wu_id_to_pb(&id);
    envelope.type = route->type;
    envelope.time_ms = story.maker.now_ms;
    envelope.division = UINT64_C(420106012001);
    envelope.data = (ProtobufCBinaryData){data.size, (uint8_t *)(uintptr_t)data.data};
    *input = (struct wu_input){
        .origin = route->origin,
        .record = in_batch(wu_pb_pack(&envelope.base, &place.made)),
        .from_node = from_node,
        .stream = is_public  ? "pub/wushe.v1.42.01.00.000.000.coordinator.kind"
                  : is_hub() ? "to/1"
                             : "to/9",
        .generation = 1,
        .number = number,
    };
}

/* Damage is one bit of the packed message, or bytes that never were one. */
static struct wu_bytes payload(const struct wu_route *route, enum step_kind kind)
{
    struct fuzz_bytes *bytes = &story.maker.bytes;
    if (kind == STEP_RAW) {
        return wu_bytes(bytes->at, bytes->left);
    }
    struct wu_bytes packed = wu_pb_pack(fuzz_make(&story.maker, route->body), &place.made);
    WU_ASSERT(!place.made.exhausted);
    if (kind == STEP_DAMAGED && packed.size > 0) {
        uint8_t *damaged = wu_arena_copy(&place.made, packed.data, packed.size);
        damaged[fuzz_byte(bytes) % packed.size] ^= (uint8_t)(1u << fuzz_byte(bytes) % 8);
        packed.data = damaged;
    }
    return packed;
}

/* By the low byte of its number, which is its own for ever; any other byte is some event too. */
static const struct wu_route *choose_route(uint8_t which)
{
    for (size_t i = 0; i < place.route_count; i++) {
        if ((uint8_t)place.routes[i]->type == which) {
            return place.routes[i];
        }
    }
    return place.routes[which % place.route_count];
}

static void say(uint8_t how, enum step_kind kind)
{
    const struct wu_route *route = choose_route(fuzz_byte(&story.maker.bytes));
    struct wu_bytes data = payload(route, kind);
    if (route->origin == WU_ORIGIN_COMMAND) {
        submit(route->type, data, how);
    } else {
        bring(route, data, how);
    }
}

/* The last command again: the same answer, and nothing is done. */
static void repeat(void)
{
    if (story.last_command.data == NULL) {
        return;
    }
    commit();
    Bus__AnswerStatus first = story.last_status;
    uint64_t seq = story.seq;
    add_command(story.last_command);
    commit();
    FUZZ_RULE(story.last_status == first, "a repeat gets the first answer");
    FUZZ_RULE(story.seq == seq || wu_node_input(story.node, 0)->seq == 0,
              "a repeat is not folded again");
}

static void restart(void)
{
    commit();
    wu_node_close(&story.node);
    open_node();
    FUZZ_RULE(wu_node_info(story.node).journal_seq == story.seq, "a restart forgets nothing");
}

static void take_step(uint8_t how)
{
    enum step_kind kind = how % STEP_KINDS;
    if ((how & STEP_CLOCK_BACK) != 0) {
        commit();
        story.maker.now_ms -= WU_MINUTE_MS;
    }
    switch (kind) {
    case STEP_NEXT_TIMER:
        wait_for_timer();
        break;
    case STEP_WAIT:
        let_time_pass(fuzz_span_ms(fuzz_byte(&story.maker.bytes)));
        break;
    case STEP_REPEAT:
        repeat();
        break;
    case STEP_RESTART:
        restart();
        break;
    default:
        say(how, kind);
        break;
    }
    if ((how & STEP_IN_BATCH) == 0) {
        commit();
    }
}

/* ---- the end of a story ------------------------------------------------------------------------
 */

/* The journal folded again gives the same bytes; a sample, for it takes as long as the story. */
static void check_replay(void)
{
    struct wu_replay_report report;
    struct wu_error error = {{0}};
    fuzz_store_clear_scratch(&place.store);
    enum wu_status status =
        wu_replay_verify(place.store.path, FUZZ_CORE.core, place.store.scratch, &report, &error);
    if (status != WU_OK) {
        (void)fprintf(stderr, "%s %s\n", error.text, report.first_difference);
    }
    FUZZ_RULE(status == WU_OK, "folding the journal again gives the same bytes");
}

static bool is_sample(const uint8_t *data, size_t size)
{
    uint32_t sum = 1;
    for (size_t i = 0; i < size; i++) {
        sum = sum * 31 + data[i];
    }
    return sum % REPLAY_ONE_IN == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enter();
    struct fuzz_bytes bytes = {data, size};
    for (int i = 0; i < STEPS_MAX && bytes.left > 0; i++) {
        uint8_t how = fuzz_byte(&bytes);
        story.maker.bytes = fuzz_slice(&bytes);
        take_step(how);
    }
    commit();
    wu_node_close(&story.node);
    if (is_sample(data, size)) {
        check_replay();
    }
    return 0;
}
