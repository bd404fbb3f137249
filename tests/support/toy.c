#include "tests/support/toy.h"

#include "common/base/assert.h"
#include "common/fold/pb.h"

#include <criterion/criterion.h>
#include <string.h>

const struct wu_table TOYS = {
    .name = "toy.toys",
    .key_size = sizeof(struct toy_key),
    .key = {WU_KEY(struct toy_key, id)},
    .row = &envelope__timer_fired__descriptor,
};
const struct wu_table TOY_NAMED = {
    .name = "toy.named",
    .key_size = sizeof(struct toy_named_key),
    .key = {WU_KEY(struct toy_named_key, number), WU_KEY(struct toy_named_key, name)},
    .row = &envelope__timer_fired__descriptor,
};
const struct wu_table TOY_INDEX = {
    .name = "toy.index",
    .key_size = sizeof(struct toy_named_key),
    .key = {WU_KEY(struct toy_named_key, number), WU_KEY(struct toy_named_key, name)},
};

static const struct toy_named_key CURED = {.name = "cured"};

static void maybe_fail(struct wu_step *step, uint32_t n)
{
    if (n == TOY_FAIL && toy_named_get(wu_step_txn(step), &CURED) == NULL) {
        wu_step_fail(step, "asked to fail");
    }
    WU_ASSERT(n != TOY_ASSERT);
}

static void do_special(struct wu_step *step, const Toy *toy)
{
    if (toy->n >= TOY_CANCEL) {
        wu_timer_cancel(step, &(struct wu_timer){.due_at_ms = toy->due_at_ms,
                                                 .type = TOY_FIRED,
                                                 .n = toy->n - TOY_CANCEL});
    } else if (toy->n >= TOY_NEWS) {
        struct wu_id subject = wu_id_make(1, 1, toy->n - TOY_NEWS + 1, 0);
        wu_emit_public(step, "toy.news",
                       &(struct wu_mail){.type = TOY_NEWS_TYPE, .subject = subject}, &toy->base);
    } else {
        (void)wu_arena_take(wu_step_arena(step), (size_t)(toy->n - TOY_BYTES) << 10);
    }
}

static void handle_do(struct wu_step *step, const Toy *toy)
{
    struct wu_txn *txn = wu_step_txn(step);
    if (toy->n >= TOY_BYTES) {
        do_special(step, toy);
        return;
    }
    struct toy_key key = {wu_step_new_id(step)};
    toys_put(txn, &key, toy);
    toy_index_put(txn, &(struct toy_named_key){toy->n, "did"});
    wu_emit_mail(step,
                 &(struct wu_mail){.to_node = TOY_PEER, .type = TOY_LETTER, .subject = key.id},
                 &toy->base);
    if (toy->due_at_ms != 0) {
        wu_timer_set(
            step, &(struct wu_timer){.due_at_ms = toy->due_at_ms, .type = TOY_FIRED, .n = toy->n});
    }
    maybe_fail(step, toy->n);
    if (toy->n == TOY_DESTROY_KEY) {
        wu_key_destroy(step, &key.id);
    }
    if (toy->n == TOY_REFUSE) {
        wu_answer_refuse(step, "TOY_REFUSED", "no toys today");
    } else if (wu_step_event(step)->origin == WU_ORIGIN_COMMAND) {
        wu_answer_accept(step, key.id);
    }
}
WU_HANDLER(do, Toy)

static void handle_cure(struct wu_step *step, const Toy *toy)
{
    toy_named_put(wu_step_txn(step), &CURED, toy);
}
WU_HANDLER(cure, Toy)

/* The timer's own n is in the row, and its correlation says what it was set by. */
static void handle_fired(struct wu_step *step)
{
    const struct wu_event *event = wu_step_event(step);
    Toy told = ENVELOPE__TIMER_FIRED__INIT;
    told.n = event->n;
    told.subject = wu_id_to_pb(&event->correlation);
    toy_named_put(wu_step_txn(step), &(struct toy_named_key){event->n, "fired"}, &told);
    maybe_fail(step, event->n == TOY_FAIL_LATER ? TOY_FAIL : event->n);
}
WU_TIMER_HANDLER(fired)

static void handle_news(struct wu_step *step, const Toy *toy)
{
    uint32_t number = (uint32_t)wu_id_seq(&wu_step_event(step)->subject);
    toy_named_put(wu_step_txn(step), &(struct toy_named_key){number, "heard"}, toy);
    maybe_fail(step, toy->n);
}
WU_HANDLER(news, Toy)

static const struct wu_route ROUTES[] = {
    {TOY_DO, WU_ORIGIN_COMMAND, &envelope__timer_fired__descriptor, route_do},
    {TOY_CURE, WU_ORIGIN_COMMAND, &envelope__timer_fired__descriptor, route_cure},
    {TOY_LETTER, WU_ORIGIN_MAIL, &envelope__timer_fired__descriptor, route_do},
    {TOY_NEWS_TYPE, WU_ORIGIN_PUBLIC, &envelope__timer_fired__descriptor, route_news},
    {TOY_FIRED, WU_ORIGIN_TIMER, NULL, route_fired},
    {0},
};
static const struct wu_route *const ALL_ROUTES[] = {ROUTES, NULL};
static const struct wu_table *const TABLES[] = {&TOYS, &TOY_NAMED, &TOY_INDEX, NULL};
static const char *const FOLLOWS[] = {"toy.news", NULL};

const struct wu_core TOY_CORE = {
    .role = "toy", .tables = TABLES, .routes = ALL_ROUTES, .follows = FOLLOWS};
const struct wu_core TOY_HUB_CORE = {
    .role = "toyhub", .tables = TABLES, .routes = ALL_ROUTES, .follows = FOLLOWS, .is_hub = true};

struct wu_node *toy_node_open(const char *path, const struct wu_core *core,
                              const struct wu_node_config *config)
{
    struct wu_node_config full = *config;
    struct wu_error error = {{0}};
    struct wu_node *node = NULL;
    full.store_path = path;
    full.core = core;
    full.node = core->is_hub ? 1 : 9;
    full.hub = core->is_hub ? 0 : 1;
    full.division = UINT64_C(420100000000);
    full.utc_offset_min = 480;
    full.map_bytes = full.map_bytes != 0 ? full.map_bytes : (size_t)1 << 20;
    full.map_bytes_max = full.map_bytes_max != 0 ? full.map_bytes_max : (size_t)1 << 28;
    full.arena_bytes = full.arena_bytes != 0 ? full.arena_bytes : (size_t)4 << 20;
    full.batch_count_max = full.batch_count_max != 0 ? full.batch_count_max : 4096;
    full.scratch = true;
    cr_assert_eq(wu_node_open(&node, &full, &error), WU_OK, "%s", error.text);
    return node;
}

struct wu_bytes toy_submit(struct wu_arena *arena, uint64_t number, uint32_t n, int64_t due_at_ms)
{
    static uint8_t producer[16] = "toy";
    Toy toy = ENVELOPE__TIMER_FIRED__INIT;
    toy.n = n;
    toy.due_at_ms = due_at_ms;
    struct wu_bytes data = wu_pb_pack(&toy.base, arena);
    Bus__Submit submit = BUS__SUBMIT__INIT;
    submit.producer = (ProtobufCBinaryData){sizeof producer, producer};
    submit.number = number;
    submit.type = TOY_DO;
    submit.data = (ProtobufCBinaryData){data.size, (uint8_t *)(uintptr_t)data.data};
    return wu_pb_pack(&submit.base, arena);
}

struct wu_bytes toy_envelope(struct wu_arena *arena, wu_event_type type, struct wu_id subject,
                             const ProtobufCMessage *body)
{
    struct wu_id id = wu_id_make(TOY_PEER, 1, 1, 0);
    struct wu_bytes data = wu_pb_pack(body, arena);
    Envelope__Envelope envelope = ENVELOPE__ENVELOPE__INIT;
    envelope.id = wu_id_to_pb(&id);
    envelope.type = type;
    envelope.time_ms = 1;
    envelope.subject = wu_id_to_pb(&subject);
    envelope.data = (ProtobufCBinaryData){data.size, (uint8_t *)(uintptr_t)data.data};
    return wu_pb_pack(&envelope.base, arena);
}
