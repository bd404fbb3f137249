#include "tests/support/world.h"

#include "common/base/time.h"
#include "common/fold/pb.h"
#include "common/journal/replay.h"
#include "common/seal/door.h"
#include "tests/support/scratch.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUTS_MAX = 4096, ARENA_BYTES = 16 << 20 };

struct world {
    const struct wu_core *core;
    char *folder;
    char store[512];
    struct wu_node *node;
    struct wu_door *door; /* NULL: commands come as they are */
    uint32_t hub;
    bool keeps_nothing;
    int64_t now_ms;
    uint64_t command_number;
    struct wu_bytes last_submit;
    uint8_t last_bytes[65536];
    struct {
        uint32_t from_node;
        char stream[96];
        uint64_t number;
    } sources[64];
    size_t source_count;
    struct wu_arena outputs_arena;
    struct wu_arena read_arena;
    struct wu_txn *txn;
    struct world_output outputs[OUTPUTS_MAX];
    size_t output_count;
};

static void open_node(struct world *world)
{
    struct wu_node_config config = {
        .store_path = world->store,
        .core = world->core,
        .node = world->core->is_hub ? 1 : 9,
        .hub = world->hub,
        .division = UINT64_C(420100000000),
        .utc_offset_min = 480,
        .map_bytes = (size_t)1 << 20, /* small, so that growing is always tested */
        .map_bytes_max = (size_t)1 << 30,
        .arena_bytes = ARENA_BYTES,
        .batch_count_max = 256,
        .stream_keep_count = world->keeps_nothing ? 0 : 1000000,
        .public_keep_count = 1000000,
        .scratch = true, /* real files; a test does not cut the power */
    };
    struct wu_error error = {{0}};
    cr_assert_eq(wu_node_open(&world->node, &config, &error), WU_OK, "%s", error.text);
}

struct world *world_open(const struct wu_core *core)
{
    return world_open_below(core, core->is_hub ? 0 : 1);
}

struct world *world_open_below(const struct wu_core *core, uint32_t hub)
{
    struct world *world = calloc(1, sizeof *world);
    cr_assert_not_null(world);
    world->core = core;
    world->hub = hub;
    world->folder = scratch_make();
    (void)snprintf(world->store, sizeof world->store, "%s/state", world->folder);
    world->now_ms = INT64_C(1800000000000); /* Friday 2027-01-15 08:00 UTC, 16:00 in the city */
    cr_assert_eq(wu_arena_open(&world->outputs_arena, ARENA_BYTES), WU_OK);
    cr_assert_eq(wu_arena_open(&world->read_arena, ARENA_BYTES), WU_OK);
    open_node(world);
    return world;
}

void world_close(struct world **world_p)
{
    struct world *world = *world_p;
    wu_txn_abort(&world->txn);
    wu_door_close(&world->door);
    wu_node_close(&world->node);
    wu_arena_close(&world->outputs_arena);
    wu_arena_close(&world->read_arena);
    scratch_remove(&world->folder);
    free(world);
    *world_p = NULL;
}

void world_keep_nothing(struct world *world)
{
    world->keeps_nothing = true;
    world_restart(world);
}

void world_open_door(struct world *world)
{
    static const uint8_t secret[WU_KEY_BYTES] = "a node's secret";
    const struct wu_door_config config = {
        .secret = secret, .store_path = world->store, .scratch = true};
    struct wu_error error = {{0}};
    cr_assert_eq(wu_door_make(&world->door, &config, &error), WU_OK, "%s", error.text);
    cr_assert_eq(wu_door_settle(world->door, world->node), WU_OK);
}

void world_restart(struct world *world)
{
    bool has_door = world->door != NULL;
    wu_txn_abort(&world->txn);
    wu_door_close(&world->door);
    wu_node_close(&world->node);
    open_node(world);
    if (has_door) {
        world_open_door(world);
    }
}

void world_crash_before_settling(struct world *world)
{
    wu_door_close(&world->door);
}

void world_stop(struct world *world)
{
    wu_txn_abort(&world->txn);
    wu_door_close(&world->door);
    wu_node_close(&world->node);
}

int64_t world_now_ms(const struct world *world)
{
    return world->now_ms;
}

/* ---- outputs ------------------------------------------------------------------- */

static void keep_public_through_hub(struct world *world, struct world_output *output)
{
    const Envelope__Publish *publish =
        envelope__publish__unpack(&world->outputs_arena.pb, output->data.size, output->data.data);
    cr_assert_not_null(publish);
    output->topic = publish->topic;
    output->type = publish->type;
    output->data = wu_bytes(publish->data.data, publish->data.len);
}

static void keep_output(struct world *world, const struct wu_output *from)
{
    cr_assert_lt(world->output_count, OUTPUTS_MAX);
    struct world_output *output = &world->outputs[world->output_count++];
    const Envelope__Envelope *envelope =
        envelope__envelope__unpack(&world->outputs_arena.pb, from->record.size, from->record.data);
    cr_assert_not_null(envelope);
    *output = (struct world_output){.type = envelope->type,
                                    .envelope = envelope,
                                    .data = wu_bytes(envelope->data.data, envelope->data.len)};
    if ((from->stream & WU_STREAM_PUBLIC) != 0) {
        struct wu_stream stream =
            wu_node_public_stream(world->node, from->stream - WU_STREAM_PUBLIC - 1);
        output->topic = wu_arena_copy(&world->outputs_arena, stream.name, strlen(stream.name));
    } else {
        output->to_node = from->stream;
    }
    if (envelope->type == WU_TYPE(NODE_PUBLISH)) {
        keep_public_through_hub(world, output);
    }
}

size_t world_output_count(const struct world *world)
{
    return world->output_count;
}

const struct world_output *world_output(const struct world *world, size_t index)
{
    cr_assert_lt(index, world->output_count);
    return &world->outputs[index];
}

const void *world_find(struct world *world, wu_event_type type, size_t n,
                       const ProtobufCMessageDescriptor *descriptor)
{
    for (size_t index = 0; index < world->output_count; index++) {
        const struct world_output *output = &world->outputs[index];
        if (output->type != type) {
            continue;
        }
        if (n == 0) {
            ProtobufCMessage *body = NULL;
            const char *why = "";
            cr_assert_eq(wu_pb_decode(descriptor, WU_PB_STRICT, output->data, &world->outputs_arena,
                                      &body, &why),
                         WU_OK, "%s", why);
            return body;
        }
        n--;
    }
    return NULL;
}

size_t world_count(const struct world *world, wu_event_type type)
{
    size_t count = 0;
    for (size_t index = 0; index < world->output_count; index++) {
        count += world->outputs[index].type == type;
    }
    return count;
}

void world_clear(struct world *world)
{
    world->output_count = 0;
    wu_arena_reset(&world->outputs_arena, 0);
}

/* ---- inputs --------------------------------------------------------------------- */

static void run(struct world *world)
{
    wu_txn_abort(&world->txn);
    cr_assert_eq(wu_node_run(world->node, world->now_ms), WU_OK);
    size_t count = 0;
    const struct wu_output *outputs = wu_node_outputs(world->node, &count);
    for (size_t index = 0; index < count; index++) {
        keep_output(world, &outputs[index]);
    }
}

void world_advance(struct world *world, int64_t span_ms)
{
    int64_t target_ms = world->now_ms + span_ms;
    for (;;) {
        int64_t due_ms = wu_node_info(world->node).next_due_ms;
        if (due_ms > target_ms) {
            break;
        }
        world->now_ms = due_ms > world->now_ms ? due_ms : world->now_ms;
        (void)wu_node_begin(world->node);
        cr_assert_eq(wu_node_add_due_timers(world->node, world->now_ms), WU_OK);
        run(world);
    }
    world->now_ms = target_ms;
}

void world_oversleep(struct world *world, int64_t span_ms)
{
    world->now_ms += span_ms;
}

static const Bus__Answer *submit(struct world *world)
{
    struct wu_arena *arena = wu_node_begin(world->node);
    struct wu_input *input = wu_node_add(world->node);
    cr_assert_not_null(input);
    input->origin = WU_ORIGIN_COMMAND;
    input->record = wu_bytes(wu_arena_copy(arena, world->last_submit.data, world->last_submit.size),
                             world->last_submit.size);
    run(world);
    cr_assert_not_null(input->answer);
    if (world->door == NULL) {
        return input->answer;
    }
    static Bus__Answer answer;
    answer = *input->answer;
    cr_assert_eq(wu_door_settle(world->door, world->node), WU_OK);
    wu_door_open_answer(world->door, input, &answer, arena);
    return &answer;
}

/* NULL unless the door turns the command away. */
static const Bus__Answer *seal(struct world *world, const ProtobufCMessageDescriptor *body,
                               Bus__Submit *message)
{
    static Bus__Answer refused;
    struct wu_door_refusal refusal = {NULL, NULL};
    if (world->door == NULL) {
        return NULL;
    }
    struct wu_arena *arena = wu_node_begin(world->node);
    cr_assert_eq(wu_door_seal(world->door, body, message, arena, &refusal), WU_OK);
    cr_assert_eq(wu_door_sync(world->door), WU_OK);
    bus__answer__init(&refused);
    refused.status = BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED;
    refused.code = (char *)(uintptr_t)refusal.code;
    refused.text = (char *)(uintptr_t)refusal.text;
    return refusal.code != NULL ? &refused : NULL;
}

const Bus__Answer *world_command(struct world *world, wu_event_type type,
                                 const ProtobufCMessage *body)
{
    static uint8_t data[60000];
    static uint8_t producer[16] = "test";
    cr_assert_leq(protobuf_c_message_get_packed_size(body), sizeof data);
    Bus__Submit message = BUS__SUBMIT__INIT;
    message.producer = (ProtobufCBinaryData){sizeof producer, producer};
    message.number = ++world->command_number;
    message.type = type;
    message.data = (ProtobufCBinaryData){protobuf_c_message_pack(body, data), data};
    const Bus__Answer *refused = seal(world, body->descriptor, &message);
    if (refused != NULL) {
        return refused;
    }
    world->last_submit =
        wu_bytes(world->last_bytes, bus__submit__pack(&message, world->last_bytes));
    return submit(world);
}

const Bus__Answer *world_repeat(struct world *world)
{
    return submit(world);
}

static uint64_t next_number(struct world *world, uint32_t from_node, const char *stream)
{
    for (size_t index = 0; index < world->source_count; index++) {
        if (world->sources[index].from_node == from_node &&
            strcmp(world->sources[index].stream, stream) == 0) {
            return ++world->sources[index].number;
        }
    }
    cr_assert_lt(world->source_count, sizeof world->sources / sizeof world->sources[0]);
    size_t index = world->source_count++;
    world->sources[index].from_node = from_node;
    (void)snprintf(world->sources[index].stream, sizeof world->sources[index].stream, "%s", stream);
    return world->sources[index].number = 1;
}

static void bring(struct world *world, enum wu_origin origin, const char *stream,
                  const struct world_mail *mail, const ProtobufCMessage *body)
{
    uint32_t from_node = mail->from_node != 0 ? mail->from_node : 1;
    struct wu_arena *arena = wu_node_begin(world->node);
    struct wu_bytes data = wu_pb_pack(body, arena);
    uint64_t number = next_number(world, from_node, stream);
    struct wu_id id = wu_id_make(from_node, 1, number, 0);
    Envelope__Envelope envelope = ENVELOPE__ENVELOPE__INIT;
    envelope.id = wu_id_to_pb(&id);
    envelope.type = mail->type;
    envelope.time_ms = world->now_ms;
    envelope.subject = wu_id_to_pb(&mail->subject);
    envelope.correlation = wu_id_to_pb(&mail->correlation);
    envelope.division = mail->division;
    envelope.data = (ProtobufCBinaryData){data.size, (uint8_t *)(uintptr_t)data.data};
    struct wu_input *input = wu_node_add(world->node);
    cr_assert_not_null(input);
    input->origin = origin;
    input->record = wu_pb_pack(&envelope.base, arena);
    input->from_node = from_node;
    input->stream = stream;
    input->generation = 1;
    input->number = number;
    run(world);
    cr_assert(!input->dead, "dead letter: %s", input->why_dead);
}

void world_mail(struct world *world, const struct world_mail *mail, const ProtobufCMessage *body)
{
    bring(world, WU_ORIGIN_MAIL, world->core->is_hub ? "to/1" : "to/9", mail, body);
}

void world_public(struct world *world, const char *topic, const struct world_mail *mail,
                  const ProtobufCMessage *body)
{
    char stream[96];
    (void)snprintf(stream, sizeof stream, "pub/wushe.v1.42.01.00.000.000.%s", topic);
    bring(world, WU_ORIGIN_PUBLIC, stream, mail, body);
}

/* ---- looking --------------------------------------------------------------------- */

struct wu_txn *world_txn(struct world *world)
{
    wu_txn_abort(&world->txn);
    wu_arena_reset(&world->read_arena, 0);
    cr_assert_eq(wu_txn_begin_read(wu_node_store(world->node), &world->read_arena, &world->txn),
                 WU_OK);
    return world->txn;
}

struct wu_node *world_node(struct world *world)
{
    return world->node;
}

const char *world_store_path(const struct world *world)
{
    return world->store;
}

void world_verify(struct world *world)
{
    wu_txn_abort(&world->txn);
    wu_node_close(&world->node); /* one environment per path per process */
    char *scratch = scratch_make();
    struct wu_replay_report report;
    struct wu_error error = {{0}};
    enum wu_status status = wu_replay_verify(world->store, world->core, scratch, &report, &error);
    cr_assert_eq(status, WU_OK, "%s %s", error.text, report.first_difference);
    scratch_remove(&scratch);
    open_node(world);
}

const char *world_answer_text(const Bus__Answer *answer)
{
    static char text[700];
    (void)snprintf(text, sizeof text, "%s: %s", answer->code, answer->text);
    return text;
}
