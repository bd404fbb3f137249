/*
 * A frame at a front door, and what a node makes of it: a command goes through
 * a toy node's fold over a store in a temporary folder, a second time through
 * its record of answers. Whatever comes is answered, and the second time the
 * same.
 */
#include "common/base/assert.h"
#include "common/bus/frame.h"
#include "common/fold/pb.h"
#include "common/journal/node.h"
#include "tests/support/scratch.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 20 << 20, COMMANDS_PER_STORE = 2000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- a toy core ------------------------------------------------------------------ */

typedef Envelope__TimerFired Toy;

struct toy_key {
    struct wu_id id;
};
WU_TABLE_OF(toys, FUZZ_TOYS, struct toy_key, Toy);
const struct wu_table FUZZ_TOYS = {
    .name = "toy.toys",
    .key_size = sizeof(struct toy_key),
    .key = {WU_KEY(struct toy_key, id)},
    .row = &envelope__timer_fired__descriptor,
};

static void handle_do(struct wu_step *step, const Toy *toy)
{
    struct toy_key key = {wu_step_new_id(step)};
    toys_put(wu_step_txn(step), &key, toy);
    wu_emit_mail(
        step, &(struct wu_mail){.to_node = 1 + toy->n % 8, .type = WU_TYPE(COMMUNITY_NEED_RAISED)},
        &toy->base);
    wu_timer_set(step, &(struct wu_timer){.due_at_ms = toy->due_at_ms,
                                          .type = WU_TYPE(COMMUNITY_CONFIRM_OVERDUE),
                                          .n = toy->n});
    WU_ASSERT(toy->n % 16 != 5);
}
WU_HANDLER(do, Toy)

static const struct wu_route ROUTES[] = {
    {WU_TYPE(COMMUNITY_RAISE_NEED), WU_ORIGIN_COMMAND, &envelope__timer_fired__descriptor,
     route_do},
    {0},
};
static const struct wu_route *const ALL_ROUTES[] = {ROUTES, NULL};
static const struct wu_table *const TABLES[] = {&FUZZ_TOYS, NULL};
static const char *const FOLLOWS[] = {NULL};
static const struct wu_core CORE = {
    .role = "toy", .tables = TABLES, .routes = ALL_ROUTES, .follows = FOLLOWS};

/* ---- one node for many inputs ------------------------------------------------------- */

static struct {
    char *folder;
    struct wu_node *node;
    unsigned count;
} place;

static void leave(void)
{
    wu_node_close(&place.node);
    scratch_remove(&place.folder);
}

static void enter(void)
{
    static bool registered;
    struct wu_error error;
    if (place.node != NULL && ++place.count < COMMANDS_PER_STORE) {
        return;
    }
    leave();
    place.count = 0;
    place.folder = scratch_make();
    struct wu_node_config config = {
        .store_path = place.folder,
        .core = &CORE,
        .node = 9,
        .hub = 1,
        .division = UINT64_C(420100000000),
        .map_bytes = (size_t)16 << 20,
        .map_bytes_max = (size_t)1 << 30,
        .arena_bytes = ARENA_BYTES,
        .batch_count_max = 4,
        .stream_keep_count = 100,
        .public_keep_count = 100,
        .scratch = true,
    };
    WU_ASSERT(wu_node_open(&place.node, &config, &error) == WU_OK);
    if (!registered) {
        registered = atexit(leave) == 0;
    }
}

static struct wu_input *submit(struct wu_bytes bytes)
{
    struct wu_arena *arena = wu_node_begin(place.node);
    const Bus__Frame *frame = NULL;
    const char *why = NULL;
    enum wu_status status = wu_frame_decode(bytes, arena, &frame, &why);
    WU_ASSERT(status == WU_OK || why[0] != '\0');
    if (status != WU_OK || frame->body_case != BUS__FRAME__BODY_SUBMIT) {
        return NULL;
    }
    struct wu_bytes record = wu_pb_pack(&frame->submit->base, arena);
    struct wu_input *input = wu_node_add(place.node);
    WU_ASSERT(record.data != NULL && input != NULL);
    input->origin = WU_ORIGIN_COMMAND;
    input->record = record;
    WU_ASSERT(wu_node_run(place.node, 1000) == WU_OK);
    WU_ASSERT(input->answer != NULL && input->answer->status != 0);
    return input;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enter();
    struct wu_input *first = submit(wu_bytes(data, size));
    if (first == NULL) {
        return 0;
    }
    Bus__AnswerStatus status = first->answer->status;
    uint64_t journal_seq = wu_node_info(place.node).journal_seq;
    struct wu_input *again = submit(wu_bytes(data, size));
    WU_ASSERT(again->answer->status == status);
    WU_ASSERT(again->answer->repeated || status == BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED);
    WU_ASSERT(wu_node_info(place.node).journal_seq == journal_seq);
    return 0;
}
