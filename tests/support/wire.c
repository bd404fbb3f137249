#include "tests/support/wire.h"

#include "common/base/prng.h"
#include "common/base/time.h"
#include "common/fold/pb.h"
#include "tests/support/scratch.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NODES_MAX = 5,
    REPORTS_MAX = 4096,
    STEP_MS = 20,
    SUBJECTS = 7,
    FRAMES_PER_TURN = 4,
    BATCH_COUNT_MAX = 1024
};

typedef Envelope__TimerFired Toy;

#define SAY WU_TYPE(COMMUNITY_RAISE_NEED)
#define TELL_ALL WU_TYPE(COMMUNITY_CONFIRM_NEED)
#define LETTER WU_TYPE(COMMUNITY_NEED_RAISED)
#define NEWS WU_TYPE(COORDINATOR_KIND_ADOPTED)

/* ---- the toy core ------------------------------------------------------------- */

struct pair_key {
    uint32_t received; /* 0: sent to, 1: received from */
    uint32_t peer;
};
struct news_key {
    struct wu_id subject;
};
WU_TABLE_OF(pairs, WIRE_PAIRS, struct pair_key, Toy);
WU_TABLE_OF(latest_news, WIRE_NEWS, struct news_key, Toy);
const struct wu_table WIRE_PAIRS = {
    .name = "toy.pairs",
    .key_size = sizeof(struct pair_key),
    .key = {WU_KEY(struct pair_key, received), WU_KEY(struct pair_key, peer)},
    .row = &envelope__timer_fired__descriptor,
};
const struct wu_table WIRE_NEWS = {
    .name = "toy.news",
    .key_size = sizeof(struct news_key),
    .key = {WU_KEY(struct news_key, subject)},
    .row = &envelope__timer_fired__descriptor,
};

static Toy pair_row(struct wu_txn *txn, const struct pair_key *key)
{
    const Toy *known = pairs_get(txn, key);
    return known != NULL ? *known : (Toy)ENVELOPE__TIMER_FIRED__INIT;
}

/* n letters to node due_at_ms. */
static void handle_say(struct wu_step *step, const Toy *order)
{
    struct pair_key key = {0, (uint32_t)order->due_at_ms};
    Toy sent = pair_row(wu_step_txn(step), &key);
    for (uint32_t i = 0; i < order->n; i++) {
        Toy letter = ENVELOPE__TIMER_FIRED__INIT;
        letter.n = ++sent.n;
        letter.due_at_ms = wu_step_event(step)->time_ms; /* so that another past has other bytes */
        wu_emit_mail(step, &(struct wu_mail){.to_node = key.peer, .type = LETTER}, &letter.base);
    }
    pairs_put(wu_step_txn(step), &key, &sent);
}
WU_HANDLER(say, Toy)

/* In a row of letters received: n the last count, due_at_ms how many came. */
static void handle_letter(struct wu_step *step, const Toy *letter)
{
    struct pair_key key = {1, wu_step_event(step)->from_node};
    struct pair_key odd_key = {2, 0};
    Toy row = pair_row(wu_step_txn(step), &key);
    if (letter->n != row.n + 1) {
        Toy odd = pair_row(wu_step_txn(step), &odd_key);
        odd.n++;
        pairs_put(wu_step_txn(step), &odd_key, &odd);
    }
    row.n = letter->n;
    row.due_at_ms++;
    pairs_put(wu_step_txn(step), &key, &row);
}
WU_HANDLER(letter, Toy)

static void note_news(struct wu_step *step, const struct wu_id *subject, const Toy *news)
{
    latest_news_put(wu_step_txn(step), &(struct news_key){*subject}, news);
}

/* n records; at a society due_at_ms says whose topic. */
static void handle_tell_all(struct wu_step *step, const Toy *order)
{
    struct pair_key key = {3, 0};
    Toy told = pair_row(wu_step_txn(step), &key);
    const char *topic = wu_step_hub(step) == wu_step_node(step) ? "coordinator.news"
                        : order->due_at_ms == 0                 ? "volunteer.news"
                                                                : "charity.news";
    for (uint32_t i = 0; i < order->n; i++) {
        Toy news = ENVELOPE__TIMER_FIRED__INIT;
        news.n = ++told.n;
        news.due_at_ms = wu_step_event(step)->time_ms;
        struct wu_id subject =
            wu_id_make(1, 1, told.n % *(const uint32_t *)wu_step_extra(step) + 1, 0);
        note_news(step, &subject, &news);
        wu_emit_public(step, topic, &(struct wu_mail){.type = NEWS, .subject = subject},
                       &news.base);
    }
    pairs_put(wu_step_txn(step), &key, &told);
}
WU_HANDLER(tell_all, Toy)

static void handle_news(struct wu_step *step, const Toy *news)
{
    note_news(step, &wu_step_event(step)->subject, news);
}
WU_HANDLER(news, Toy)

static const struct wu_route ROUTES[] = {
    {SAY, WU_ORIGIN_COMMAND, &envelope__timer_fired__descriptor, route_say},
    {TELL_ALL, WU_ORIGIN_COMMAND, &envelope__timer_fired__descriptor, route_tell_all},
    {LETTER, WU_ORIGIN_MAIL, &envelope__timer_fired__descriptor, route_letter},
    {NEWS, WU_ORIGIN_PUBLIC, &envelope__timer_fired__descriptor, route_news},
    {0},
};
static const struct wu_route *const ALL_ROUTES[] = {ROUTES, NULL};
static const struct wu_table *const TABLES[] = {&WIRE_PAIRS, &WIRE_NEWS, NULL};
static const char *const NOTHING[] = {NULL};
static const char *const FOLLOWS[] = {"coordinator.news", NULL};
static uint32_t subject_count;
static const struct wu_core HUB_CORE = {.role = "coordinator",
                                        .tables = TABLES,
                                        .routes = ALL_ROUTES,
                                        .follows = NOTHING,
                                        .extra = &subject_count,
                                        .is_hub = true};
static const struct wu_core LEAF_CORE = {.role = "volunteer",
                                         .tables = TABLES,
                                         .routes = ALL_ROUTES,
                                         .follows = FOLLOWS,
                                         .extra = &subject_count};

/* ---- the wire ------------------------------------------------------------------- */

struct frame {
    struct frame *next;
    uint32_t from;
    uint32_t to;
    int64_t due_ms;
    size_t size;
    uint8_t bytes[];
};

struct place {
    struct wire *wire;
    uint32_t number;
    char store[600];
    struct wu_node *node;
    struct wu_exchange *exchange;
    bool linked; /* a society: to the hub */
    char topic[128];
};

struct note {
    uint32_t node;
    char event[32];
    char text[200];
};

struct wire {
    struct wire_config config;
    struct wu_prng prng;
    char *folder;
    bool bad;
    int64_t now_ms;
    int64_t tick_ms;
    uint64_t command_number;
    struct place places[NODES_MAX]; /* by number - 1 */
    uint32_t count;
    struct wu_roster roster;
    struct frame *frames; /* oldest first */
    struct note notes[REPORTS_MAX];
    size_t note_count;
    uint64_t sent[16];
    uint64_t in_flight_max;
    struct wu_arena arena;
};

static struct place *place_of(struct wire *wire, uint32_t node)
{
    cr_assert(node >= 1 && node <= wire->count);
    return &wire->places[node - 1];
}

static bool chance(struct wire *wire, uint64_t permille)
{
    return wire->bad && wu_prng_below(&wire->prng, 1000) < permille;
}

static void enqueue(struct wire *wire, uint32_t from, uint32_t to, struct wu_bytes bytes)
{
    struct frame *frame = malloc(sizeof *frame + bytes.size);
    cr_assert_not_null(frame);
    *frame = (struct frame){.from = from, .to = to, .due_ms = wire->now_ms, .size = bytes.size};
    memcpy(frame->bytes, bytes.data, bytes.size);
    if (chance(wire, wire->config.delay)) {
        frame->due_ms += 1 + (int64_t)wu_prng_below(&wire->prng, 10 * STEP_MS);
    }
    struct frame **at = &wire->frames;
    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = frame;
}

static void carry(struct wire *wire, uint32_t from, uint32_t to, struct wu_bytes bytes)
{
    if (chance(wire, wire->config.drop)) {
        return;
    }
    enqueue(wire, from, to, bytes);
    if (chance(wire, wire->config.duplicate)) {
        enqueue(wire, from, to, bytes);
    }
}

static uint32_t leaf_of(uint32_t a, uint32_t b)
{
    return a == 1 ? b : a;
}

/* What a sender believes to be unacknowledged, from the frame it sends. */
static void count_sent(struct wire *wire, struct place *from, uint32_t to, struct wu_bytes bytes)
{
    const Bus__Frame *frame = NULL;
    const char *why = "";
    wu_arena_reset(&wire->arena, 0);
    cr_assert_eq(wu_frame_decode(bytes, &wire->arena, &frame, &why), WU_OK, "%s", why);
    wire->sent[frame->body_case]++;
    if (frame->body_case == BUS__FRAME__BODY_BATCH &&
        strncmp(frame->batch->stream, "to/", 3) == 0) {
        uint64_t acked = wu_node_acked_next(from->node, to, to);
        uint64_t upto = frame->batch->first + frame->batch->n_records;
        if (upto - acked > wire->in_flight_max) {
            wire->in_flight_max = upto - acked;
        }
    }
}

static bool op_send(void *context, uint32_t peer, struct wu_bytes bytes)
{
    struct place *place = context;
    struct wire *wire = place->wire;
    if (!place_of(wire, leaf_of(place->number, peer))->linked) {
        return false;
    }
    count_sent(wire, place, peer, bytes);
    carry(wire, place->number, peer, bytes);
    return true;
}

static void op_publish(void *context, const char *topic, struct wu_bytes bytes)
{
    struct place *place = context;
    struct wire *wire = place->wire;
    bool heads = strcmp(topic, WU_TOPIC_HEADS) == 0;
    for (uint32_t leaf = 2; leaf <= wire->count && place->number == 1; leaf++) {
        struct place *to = place_of(wire, leaf);
        if (to->linked && (heads || strcmp(to->topic, topic) == 0)) {
            carry(wire, place->number, leaf, bytes);
        }
    }
}

static void op_subscribe(void *context, const char *topic)
{
    struct place *place = context;
    (void)snprintf(place->topic, sizeof place->topic, "%s", topic);
}

static void op_report(void *context, bool bad, const char *event, uint32_t peer, const char *text)
{
    struct place *place = context;
    struct wire *wire = place->wire;
    (void)bad;
    (void)peer;
    cr_assert_lt(wire->note_count, REPORTS_MAX);
    struct note *note = &wire->notes[wire->note_count++];
    note->node = place->number;
    (void)snprintf(note->event, sizeof note->event, "%s", event);
    (void)snprintf(note->text, sizeof note->text, "%s", text);
}

/* ---- opening ----------------------------------------------------------------------- */

static void open_place(struct place *place)
{
    struct wire *wire = place->wire;
    bool is_hub = place->number == 1;
    struct wu_node_config config = {
        .store_path = place->store,
        .core = is_hub ? &HUB_CORE : &LEAF_CORE,
        .node = place->number,
        .hub = is_hub ? 0 : 1,
        .division = UINT64_C(420100000000),
        .utc_offset_min = 480,
        .map_bytes = (size_t)1 << 20,
        .map_bytes_max = (size_t)1 << 28,
        .arena_bytes = (size_t)8 << 20,
        .batch_count_max = BATCH_COUNT_MAX,
        .stream_keep_count = wire->config.stream_keep_count,
        .public_keep_count = wire->config.public_keep_count,
        .scratch = true,
    };
    struct wu_error error = {{0}};
    cr_assert_eq(wu_node_open(&place->node, &config, &error), WU_OK, "%s", error.text);
    struct wu_exchange_config exchange = {
        .node = place->node,
        .roster = is_hub ? &wire->roster : NULL,
        .window_count = wire->config.window_count,
        .ops = {op_send, op_publish, op_subscribe, op_report},
        .context = place,
    };
    cr_assert_eq(wu_exchange_open(&place->exchange, &exchange), WU_OK);
    place->topic[0] = '\0';
}

static void close_place(struct place *place)
{
    wu_exchange_close(&place->exchange);
    wu_node_close(&place->node);
}

static void write_roster(struct wire *wire)
{
    char text[2048];
    size_t size = 0;
    for (uint32_t leaf = 2; leaf <= wire->count; leaf++) {
        size += (size_t)snprintf(text + size, sizeof text - size,
                                 "node=%u role=volunteer key=%040u follow=%s\n", leaf, leaf,
                                 wire->config.follow);
    }
    struct wu_error error = {{0}};
    cr_assert_eq(wu_roster_parse("roster", text, size, &wire->roster, &error), WU_OK, "%s",
                 error.text);
}

struct wire *wire_open(const struct wire_config *config)
{
    struct wire *wire = calloc(1, sizeof *wire);
    cr_assert_not_null(wire);
    wire->config = *config;
    wire->config.window_count = config->window_count != 0 ? config->window_count : 600;
    wire->config.public_keep_count =
        config->public_keep_count != 0 ? config->public_keep_count : 1000;
    subject_count = config->subject_count != 0 ? config->subject_count : 7;
    wire->config.follow = config->follow != NULL ? config->follow : "*";
    wire->prng.state = config->seed;
    wire->folder = scratch_make();
    wire->now_ms = INT64_C(1800000000000);
    wire->count = 1 + (config->leaf_count != 0 ? config->leaf_count : 1);
    cr_assert_eq(wu_arena_open(&wire->arena, (size_t)24 << 20), WU_OK);
    write_roster(wire);
    for (uint32_t node = 1; node <= wire->count; node++) {
        struct place *place = place_of(wire, node);
        place->wire = wire;
        place->number = node;
        (void)snprintf(place->store, sizeof place->store, "%s/%u", wire->folder, node);
        open_place(place);
    }
    return wire;
}

static void drop_frames(struct wire *wire, uint32_t a, uint32_t b)
{
    struct frame **at = &wire->frames;
    while (*at != NULL) {
        struct frame *frame = *at;
        if ((frame->from == a && frame->to == b) || (frame->from == b && frame->to == a)) {
            *at = frame->next;
            free(frame);
        } else {
            at = &frame->next;
        }
    }
}

void wire_close(struct wire **wire_p)
{
    struct wire *wire = *wire_p;
    for (uint32_t node = 1; node <= wire->count; node++) {
        close_place(place_of(wire, node));
        drop_frames(wire, node == 1 ? 2 : 1, node == 1 ? 1 : node);
    }
    wu_roster_free(&wire->roster);
    wu_arena_close(&wire->arena);
    scratch_remove(&wire->folder);
    free(wire);
    *wire_p = NULL;
}

struct wu_node *wire_node(struct wire *wire, uint32_t node)
{
    return place_of(wire, node)->node;
}

struct wu_exchange *wire_exchange(struct wire *wire, uint32_t node)
{
    return place_of(wire, node)->exchange;
}

void wire_weather(struct wire *wire, bool bad)
{
    wire->bad = bad;
}

int64_t wire_now_ms(const struct wire *wire)
{
    return wire->now_ms;
}

/* ---- connections ----------------------------------------------------------------------- */

void wire_connect(struct wire *wire, uint32_t leaf)
{
    struct place *place = place_of(wire, leaf);
    place->linked = true;
    wu_exchange_connected(place->exchange, 1, wire->now_ms);
}

void wire_cut(struct wire *wire, uint32_t leaf)
{
    struct place *place = place_of(wire, leaf);
    place->linked = false;
    drop_frames(wire, leaf, 1);
    wu_exchange_disconnected(place->exchange, 1);
}

void wire_restart(struct wire *wire, uint32_t node)
{
    for (uint32_t leaf = 2; leaf <= wire->count; leaf++) {
        if (leaf == node || node == 1) {
            wire_cut(wire, leaf);
        }
    }
    close_place(place_of(wire, node));
    open_place(place_of(wire, node));
}

static void copy_file(const char *from, const char *to)
{
    char buffer[65536];
    FILE *in = fopen(from, "rb");
    FILE *out = fopen(to, "wb");
    cr_assert(in != NULL && out != NULL);
    for (size_t size = 1; size > 0;) {
        size = fread(buffer, 1, sizeof buffer, in);
        cr_assert_eq(fwrite(buffer, 1, size, out), size);
    }
    (void)fclose(in);
    cr_assert_eq(fclose(out), 0);
}

void wire_backup(struct wire *wire, uint32_t node)
{
    char data[700];
    char copy[700];
    (void)snprintf(data, sizeof data, "%s/data.mdb", place_of(wire, node)->store);
    (void)snprintf(copy, sizeof copy, "%s/%u.backup", wire->folder, node);
    copy_file(data, copy);
}

void wire_restore(struct wire *wire, uint32_t node)
{
    char data[700];
    char copy[700];
    struct place *place = place_of(wire, node);
    for (uint32_t leaf = 2; leaf <= wire->count; leaf++) {
        if (leaf == node || node == 1) {
            wire_cut(wire, leaf);
        }
    }
    close_place(place);
    (void)snprintf(data, sizeof data, "%s/data.mdb", place->store);
    (void)snprintf(copy, sizeof copy, "%s/%u.backup", wire->folder, node);
    copy_file(copy, data);
    open_place(place);
}

/* ---- batches ---------------------------------------------------------------------------- */

static void run(struct place *place)
{
    cr_assert_eq(wu_node_run(place->node, place->wire->now_ms), WU_OK);
    wu_exchange_committed(place->exchange);
}

static void command(struct wire *wire, uint32_t node, wu_event_type type,
                    const ProtobufCMessage *body)
{
    static uint8_t producer[16] = "wire";
    struct place *place = place_of(wire, node);
    struct wu_arena *arena = wu_node_begin(place->node);
    struct wu_bytes data = wu_pb_pack(body, arena);
    Bus__Submit submit = BUS__SUBMIT__INIT;
    submit.producer = (ProtobufCBinaryData){sizeof producer, producer};
    submit.number = ++wire->command_number;
    submit.type = type;
    submit.data = (ProtobufCBinaryData){data.size, (uint8_t *)(uintptr_t)data.data};
    struct wu_input *input = wu_node_add(place->node);
    input->origin = WU_ORIGIN_COMMAND;
    input->record = wu_pb_pack(&submit.base, arena);
    cr_assert_eq(wu_node_run(place->node, wire->now_ms), WU_OK);
    cr_assert_eq(input->answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED, "%s",
                 input->answer->text);
    wu_exchange_committed(place->exchange);
}

void wire_letters(struct wire *wire, uint32_t from, uint32_t to, uint32_t count)
{
    Toy order = ENVELOPE__TIMER_FIRED__INIT;
    order.n = count;
    order.due_at_ms = to;
    command(wire, from, SAY, &order.base);
}

void wire_news(struct wire *wire, uint32_t count)
{
    Toy order = ENVELOPE__TIMER_FIRED__INIT;
    order.n = count;
    command(wire, 1, TELL_ALL, &order.base);
}

void wire_publish(struct wire *wire, uint32_t leaf, bool own_topic)
{
    Toy order = ENVELOPE__TIMER_FIRED__INIT;
    order.n = 1;
    order.due_at_ms = own_topic ? 0 : 1;
    command(wire, leaf, TELL_ALL, &order.base);
}

void wire_begin_generation(struct wire *wire, uint32_t node, uint32_t peer, uint64_t keep_from)
{
    static const char reason[] = "a test";
    Node__RestartStream restart = NODE__RESTART_STREAM__INIT;
    Node__RestartStream *list[] = {&restart};
    Node__BeginGeneration begin = NODE__BEGIN_GENERATION__INIT;
    restart.stream = peer;
    restart.keep_from = keep_from;
    begin.reason = (char *)(uintptr_t)reason;
    begin.n_streams = 1;
    begin.streams = list;
    command(wire, node, WU_TYPE(NODE_BEGIN_GENERATION), &begin.base);
}

static struct frame *next_frame(struct wire *wire, uint32_t node)
{
    for (struct frame **at = &wire->frames; *at != NULL; at = &(*at)->next) {
        struct frame *frame = *at;
        if (frame->to == node && frame->due_ms <= wire->now_ms) {
            *at = frame->next;
            return frame;
        }
    }
    return NULL;
}

/* The frames of one batch, as the daemon takes them. */
static size_t take_frames(struct wire *wire, struct place *place)
{
    struct wu_arena *arena = wu_node_begin(place->node);
    size_t count = 0;
    while (count < FRAMES_PER_TURN &&
           wu_node_input_count(place->node) + WU_FRAME_RECORDS_MAX <= BATCH_COUNT_MAX) {
        struct frame *taken = next_frame(wire, place->number);
        if (taken == NULL) {
            break;
        }
        const Bus__Frame *frame = NULL;
        const char *why = "";
        cr_assert_eq(wu_frame_decode(wu_bytes(taken->bytes, taken->size), arena, &frame, &why),
                     WU_OK, "%s", why);
        enum wu_status status =
            wu_exchange_receive(place->exchange, taken->from, frame, wire->now_ms);
        cr_assert(status == WU_OK || status == WU_DENIED, "%s", wu_status_name(status));
        free(taken);
        count++;
        if (frame->body_case == BUS__FRAME__BODY_SNAPSHOT) {
            break; /* as the daemon does */
        }
    }
    return count;
}

bool wire_turn(struct wire *wire, uint32_t node)
{
    struct place *place = place_of(wire, node);
    size_t count = take_frames(wire, place);
    if (wu_node_input_count(place->node) > 0 || wu_node_has_news(place->node)) {
        run(place);
        return true;
    }
    return count > 0;
}

void wire_turn_open(struct wire *wire, uint32_t node)
{
    (void)take_frames(wire, place_of(wire, node));
}

void wire_turn_dropped(struct wire *wire, uint32_t node)
{
    wire_turn_open(wire, node);
    wu_exchange_dropped(wire_exchange(wire, node));
}

void wire_turn_lost(struct wire *wire, uint32_t node)
{
    (void)take_frames(wire, place_of(wire, node));
    wire_restart(wire, node);
}

/* Nobody is believed to have more on its disk than it has. */
static void check_acks(struct wire *wire)
{
    for (uint32_t a = 1; a <= wire->count; a++) {
        for (uint32_t b = 1; b <= wire->count; b++) {
            char name[32];
            (void)snprintf(name, sizeof name, "to/%u", b);
            struct wu_stream stream = wu_node_mail_stream(wire_node(wire, a), b);
            struct wu_cursor cursor = wu_node_cursor(wire_node(wire, b), a, name);
            uint64_t acked = wu_node_acked_next(wire_node(wire, a), b, b);
            cr_assert(cursor.generation != stream.generation || acked <= cursor.next,
                      "node %u believes that %u has %llu, it has %llu", a, b,
                      (unsigned long long)acked, (unsigned long long)cursor.next);
        }
    }
}

static bool step(struct wire *wire)
{
    bool moved = false;
    for (uint32_t turn = 0; turn < wire->count; turn++) {
        uint32_t node =
            wire->bad ? 1 + (uint32_t)wu_prng_below(&wire->prng, wire->count) : turn + 1;
        moved |= wire_turn(wire, node);
        if (wire->bad) {
            check_acks(wire);
        }
    }
    wire->now_ms += STEP_MS;
    if (wire->now_ms - wire->tick_ms >= WU_SECOND_MS) {
        wire->tick_ms = wire->now_ms;
        for (uint32_t node = 1; node <= wire->count; node++) {
            wu_exchange_tick(wire_exchange(wire, node), wire->now_ms);
        }
    }
    return moved;
}

void wire_run(struct wire *wire, int64_t span_ms)
{
    int64_t until_ms = wire->now_ms + span_ms;
    while (wire->now_ms < until_ms) {
        (void)step(wire);
    }
}

static bool is_even(struct wire *wire, uint32_t from, uint32_t to)
{
    char name[32];
    (void)snprintf(name, sizeof name, "to/%u", to);
    struct wu_stream stream = wu_node_mail_stream(wire_node(wire, from), to);
    struct wu_cursor cursor = wu_node_cursor(wire_node(wire, to), from, name);
    if (stream.head == 0) {
        return cursor.next == 1 || cursor.generation != stream.generation;
    }
    return cursor.next == stream.head + 1 && cursor.generation == stream.generation &&
           memcmp(cursor.hash, stream.hash, WU_HASH_BYTES) == 0 &&
           wu_node_acked_next(wire_node(wire, from), to, to) == stream.head + 1;
}

static bool public_is_even(struct wire *wire, uint32_t leaf)
{
    struct wu_stream stream;
    static const char name[] = "pub/wushe.v1.42.01.00.000.000.coordinator.news";
    if (!wu_node_find_public(wire_node(wire, 1), name, &stream)) {
        return true;
    }
    struct wu_cursor cursor = wu_node_cursor(wire_node(wire, leaf), 1, name);
    return cursor.next == stream.head + 1 && cursor.generation == stream.generation &&
           memcmp(cursor.hash, stream.hash, WU_HASH_BYTES) == 0;
}

static bool all_is_even(struct wire *wire)
{
    for (uint32_t leaf = 2; leaf <= wire->count; leaf++) {
        if (!is_even(wire, 1, leaf) || !is_even(wire, leaf, 1) || !public_is_even(wire, leaf)) {
            return false;
        }
    }
    return true;
}

bool wire_settle(struct wire *wire)
{
    wire->bad = false;
    int64_t until_ms = wire->now_ms + WU_MINUTE_MS;
    while (wire->now_ms < until_ms) {
        (void)step(wire);
        if (all_is_even(wire)) {
            return true;
        }
    }
    return false;
}

/* ---- looking ------------------------------------------------------------------------------ */

static Toy look(struct wire *wire, uint32_t node, const struct wu_table *table, const void *key)
{
    struct wu_txn *txn = NULL;
    wu_arena_reset(&wire->arena, 0);
    cr_assert_eq(wu_txn_begin_read(wu_node_store(wire_node(wire, node)), &wire->arena, &txn),
                 WU_OK);
    const Toy *row = (const Toy *)(const void *)wu_table_get(txn, table, key);
    wu_txn_abort(&txn);
    return row != NULL ? *row : (Toy)ENVELOPE__TIMER_FIRED__INIT;
}

uint64_t wire_letter_count(struct wire *wire, uint32_t from, uint32_t at)
{
    return (uint64_t)look(wire, at, &WIRE_PAIRS, &(struct pair_key){1, from}).due_at_ms;
}

uint64_t wire_odd_count(struct wire *wire, uint32_t at)
{
    return look(wire, at, &WIRE_PAIRS, &(struct pair_key){2, 0}).n;
}

bool wire_news_are_equal(struct wire *wire, uint32_t leaf)
{
    for (uint64_t subject = 1; subject <= subject_count; subject++) {
        struct news_key key = {wu_id_make(1, 1, subject, 0)};
        Toy told = look(wire, 1, &WIRE_NEWS, &key);
        Toy heard = look(wire, leaf, &WIRE_NEWS, &key);
        if (told.n != heard.n || told.due_at_ms != heard.due_at_ms) {
            return false;
        }
    }
    return true;
}

const char *wire_report(const struct wire *wire, uint32_t node, const char *event)
{
    for (size_t index = wire->note_count; index-- > 0;) {
        const struct note *note = &wire->notes[index];
        if (note->node == node && strcmp(note->event, event) == 0) {
            return note->text;
        }
    }
    return NULL;
}

size_t wire_report_count(const struct wire *wire, uint32_t node, const char *event)
{
    size_t count = 0;
    for (size_t index = 0; index < wire->note_count; index++) {
        count += wire->notes[index].node == node && strcmp(wire->notes[index].event, event) == 0;
    }
    return count;
}

uint64_t wire_sent_count(const struct wire *wire, Bus__Frame__BodyCase body_case)
{
    return wire->sent[body_case];
}

uint64_t wire_in_flight_max(const struct wire *wire)
{
    return wire->in_flight_max;
}

void wire_forge(struct wire *wire, uint32_t from, uint32_t to, Bus__Frame__BodyCase body_case,
                ProtobufCMessage *body)
{
    wu_arena_reset(&wire->arena, 0);
    struct wu_bytes frame = wu_frame_encode(body_case, body, &wire->arena);
    cr_assert_not_null(frame.data);
    enqueue(wire, from, to, frame);
}
