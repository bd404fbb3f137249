#include "tests/fuzz/fuzz_link.h"

#include "common/base/assert.h"
#include "common/base/time.h"
#include "common/bus/exchange.h"
#include "common/fold/pb.h"
#include "tests/fuzz/fuzz_make.h"
#include "tests/fuzz/fuzz_rule.h"
#include "tests/fuzz/fuzz_store.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    HUB = 1,
    SOCIETY = 9,
    PEERS_MAX = 6, /* a peer's number is below */
    STREAMS_PER_PEER = 2,
    ARENA_BYTES = 4 << 20,
    NODE_ARENA_BYTES = 1 << 20,
    BATCH_MAX = 8,
    WINDOW = 8,
    FRAMES_MAX = 64, /* that one frame may bring forth */
    STEPS_MAX = 64,
    NUMBERS_MAX = 512, /* of a stream, whose hashes are remembered */
};

#define START_MS INT64_C(1800000000000)
#define NEWS "pub/wushe.v1.42.01.00.000.000.toy.news"

/* ---- a toy core: a command writes a letter, or news ------------------------------------ */

typedef Envelope__TimerFired Toy;

static void handle_do(struct wu_step *step, const Toy *toy)
{
    struct wu_id subject = wu_id_make(HUB, 1, 1 + toy->n % 4, 0);
    uint32_t self = wu_step_node(step);
    if (toy->n % 2 == 0 && self == HUB) {
        wu_emit_public(
            step, "toy.news",
            &(struct wu_mail){.type = WU_TYPE(COORDINATOR_KIND_ADOPTED), .subject = subject},
            &toy->base);
        return;
    }
    uint32_t to_node = self == HUB ? 2 + toy->n / 2 % 4 : HUB;
    wu_emit_mail(step,
                 &(struct wu_mail){.to_node = to_node, .type = WU_TYPE(COMMUNITY_NEED_RAISED)},
                 &toy->base);
}
WU_HANDLER(do, Toy)

static void handle_hear(struct wu_step *step, const Toy *toy)
{
    if (toy->n == UINT32_MAX) {
        wu_step_fail(step, "poison");
    }
}
WU_HANDLER(hear, Toy)

static const struct wu_route ROUTES[] = {
    {WU_TYPE(COMMUNITY_RAISE_NEED), WU_ORIGIN_COMMAND, &envelope__timer_fired__descriptor,
     route_do},
    {WU_TYPE(COMMUNITY_NEED_RAISED), WU_ORIGIN_MAIL, &envelope__timer_fired__descriptor,
     route_hear},
    {WU_TYPE(COORDINATOR_KIND_ADOPTED), WU_ORIGIN_PUBLIC, &envelope__timer_fired__descriptor,
     route_hear},
    {0},
};
static const struct wu_route *const ALL_ROUTES[] = {ROUTES, NULL};
static const struct wu_table *const TABLES[] = {NULL};
static const char *const FOLLOWS[] = {"toy.news", NULL};
static const struct wu_core SOCIETY_CORE = {
    .role = "toy", .tables = TABLES, .routes = ALL_ROUTES, .follows = FOLLOWS};
static const struct wu_core HUB_CORE = {
    .role = "toyhub", .tables = TABLES, .routes = ALL_ROUTES, .follows = FOLLOWS, .is_hub = true};

/* 4 may follow nothing, 5 is in no roster. */
static struct wu_roster_entry ENTRIES[] = {
    {.node = 2, .role = "toy", .active = true, .follow = "toy.news"},
    {.node = 3, .role = "toy", .active = true, .follow = "*"},
    {.node = 4, .role = "other", .active = true, .follow = ""},
};
static const struct wu_roster ROSTER = {.entries = ENTRIES, .count = 3};

/* ---- the place ---------------------------------------------------------------------------- */

/* What was taken of one stream of a peer, with the running batch; by a model of its own. */
struct taken {
    struct wu_cursor on_disk;
    struct wu_cursor now;
    bool snapshot; /* the running batch holds one */
    uint32_t hashes_of;
    uint8_t hashes[NUMBERS_MAX][WU_HASH_BYTES]; /* of that generation, by number */
};

struct peer {
    bool greeted;
    uint64_t acked_max; /* the furthest it ever said, of the stream's generation */
    uint32_t acked_of;
    struct taken taken[STREAMS_PER_PEER]; /* its mail, its news */
};

static struct {
    struct fuzz_store stores[2];
    struct wu_arena made;
    struct wu_arena heard;
    bool ready;
} place;

static struct {
    bool is_hub;
    bool keeps;
    struct wu_node *node;
    struct wu_exchange *exchange;
    struct wu_arena *batch;
    struct fuzz_bytes bytes;
    int64_t now_ms;
    uint64_t command_number;
    size_t inputs_seen;
    size_t sent_count; /* by the call that runs */
    unsigned subscribed_count;
    struct peer peers[PEERS_MAX];
} story;

static uint8_t byte(void)
{
    return fuzz_byte(&story.bytes);
}

static uint32_t own_node(void)
{
    return story.is_hub ? HUB : SOCIETY;
}

static const char *own_mail(void)
{
    return story.is_hub ? "to/1" : "to/9";
}

static struct taken *taken_of(uint32_t peer, const char *stream)
{
    return &story.peers[peer].taken[strcmp(stream, own_mail()) != 0];
}

/* ---- what it says --------------------------------------------------------------------------- */

static const Bus__Frame *decode(struct wu_bytes frame)
{
    const Bus__Frame *decoded = NULL;
    const char *why = "";
    FUZZ_RULE(frame.size <= WU_FRAME_BYTES_MAX, "a frame is at most 1 MiB");
    wu_arena_reset(&place.heard, 0);
    FUZZ_RULE(wu_frame_decode(frame, &place.heard, &decoded, &why) == WU_OK,
              "what an exchange says is a frame");
    return decoded;
}

static bool is_hash(ProtobufCBinaryData field, const uint8_t hash[WU_HASH_BYTES])
{
    static const uint8_t zero[WU_HASH_BYTES];
    return field.len == 0
               ? memcmp(hash, zero, WU_HASH_BYTES) == 0
               : field.len == WU_HASH_BYTES && memcmp(field.data, hash, WU_HASH_BYTES) == 0;
}

/* The position is what the store says of that stream of the peer. */
static void check_told(uint32_t peer, const Bus__Position *position)
{
    struct wu_cursor cursor = wu_node_cursor(story.node, peer, position->stream);
    FUZZ_RULE(position->next == cursor.next && position->generation == cursor.generation &&
                  is_hash(position->hash, cursor.hash),
              "only what is on disk is acknowledged");
}

/* Records that go out are those of the store, in their order. */
static void check_records(const Bus__Batch *batch, const struct wu_stream *stream)
{
    uint8_t hash[WU_HASH_BYTES];
    uint8_t held[WU_HASH_BYTES];
    uint64_t last = batch->first + batch->n_records - 1;
    FUZZ_RULE(batch->generation == stream->generation && last <= stream->head,
              "nothing is sent that is not on disk");
    FUZZ_RULE(wu_node_hash_at(story.node, stream->stream, batch->first - 1, hash) == WU_OK &&
                  is_hash(batch->previous_hash, hash),
              "a batch says what it follows");
    for (size_t i = 0; i < batch->n_records; i++) {
        wu_chain_hash(hash, wu_bytes(batch->records[i].data, batch->records[i].len), hash);
    }
    FUZZ_RULE(wu_node_hash_at(story.node, stream->stream, last, held) == WU_OK &&
                  memcmp(hash, held, sizeof hash) == 0,
              "what is sent is what was said");
}

static void status_of(uint32_t peer, Bus__PeerStatus *ret_status)
{
    bus__peer_status__init(ret_status);
    for (size_t i = 0; i < wu_exchange_peer_count(story.exchange); i++) {
        wu_exchange_peer_status(story.exchange, i, ret_status);
        if (ret_status->node == peer) {
            return;
        }
    }
    bus__peer_status__init(ret_status);
}

static bool may_have(uint32_t peer, const char *stream)
{
    const struct wu_roster_entry *entry = wu_roster_by_node(&ROSTER, peer);
    return story.is_hub && entry != NULL && strcmp(stream, NEWS) == 0 &&
           wu_roster_may_follow(entry, "toy.news");
}

static void check_batch(uint32_t peer, const Bus__Batch *batch)
{
    struct wu_stream stream = wu_node_mail_stream(story.node, peer);
    if (strcmp(batch->stream, stream.name) != 0) {
        FUZZ_RULE(may_have(peer, batch->stream), "nobody gets what the roster does not let it");
        FUZZ_RULE(wu_node_find_public(story.node, batch->stream, &stream), "a topic exists");
        check_records(batch, &stream);
        return;
    }
    Bus__PeerStatus status;
    status_of(peer, &status);
    FUZZ_RULE(story.peers[peer].greeted, "mail goes to who has said where it stands");
    FUZZ_RULE(status.halted[0] == '\0' && !wu_exchange_is_diverged(story.exchange),
              "a link that is halted is halted");
    FUZZ_RULE(batch->first <= wu_node_acked_next(story.node, stream.stream, peer) + WINDOW,
              "what is on its way is within the window");
    check_records(batch, &stream);
}

static bool send(void *context, uint32_t peer, struct wu_bytes packed)
{
    (void)context;
    const Bus__Frame *frame = decode(packed);
    FUZZ_RULE(++story.sent_count <= FRAMES_MAX, "a frame does not bring forth a flood");
    switch (frame->body_case) {
    case BUS__FRAME__BODY_HELLO:
        check_told(peer, frame->hello->yours);
        FUZZ_RULE(frame->hello->mine->next == wu_node_mail_stream(story.node, peer).head + 1,
                  "a node says how far its mail goes");
        break;
    case BUS__FRAME__BODY_ACK:
        check_told(peer, frame->ack->position);
        break;
    case BUS__FRAME__BODY_FETCH:
        check_told(peer, frame->fetch->from);
        FUZZ_RULE(!wu_exchange_is_diverged(story.exchange), "who has lost its past asks nothing");
        break;
    case BUS__FRAME__BODY_BATCH:
        check_batch(peer, frame->batch);
        break;
    case BUS__FRAME__BODY_SNAPSHOT:
        FUZZ_RULE(may_have(peer, frame->snapshot->upto->stream),
                  "a snapshot is of what it may have");
        break;
    case BUS__FRAME__BODY_HEADS:
        for (size_t i = 0; i < frame->heads->n_heads; i++) {
            FUZZ_RULE(may_have(peer, frame->heads->heads[i]->stream),
                      "a head is of what it may have");
        }
        break;
    default:
        FUZZ_RULE(frame->body_case == BUS__FRAME__BODY_HALT, "an exchange says nothing else");
        break;
    }
    return byte() % 8 != 7; /* a wire that is full */
}

static void publish(void *context, const char *topic, struct wu_bytes packed)
{
    (void)context;
    const Bus__Frame *frame = decode(packed);
    if (frame->body_case == BUS__FRAME__BODY_BATCH) {
        struct wu_stream stream;
        FUZZ_RULE(strcmp(frame->batch->stream + strlen("pub/"), topic) == 0 &&
                      wu_node_find_public(story.node, frame->batch->stream, &stream),
                  "what is published is on its own topic");
        check_records(frame->batch, &stream);
        return;
    }
    FUZZ_RULE(frame->body_case == BUS__FRAME__BODY_HEADS && strcmp(topic, WU_TOPIC_HEADS) == 0,
              "heads and records are published, and nothing else");
}

static void subscribe(void *context, const char *topic)
{
    (void)context;
    FUZZ_RULE(strstr(topic, "toy.news") != NULL, "a node follows what its core follows");
    FUZZ_RULE(++story.subscribed_count <= 32 * PEERS_MAX, "a node follows a few topics");
}

static void report(void *context, bool bad, const char *event, uint32_t peer, const char *text)
{
    (void)context;
    (void)bad;
    (void)peer;
    FUZZ_RULE(event[0] != '\0' && text[0] != '\0', "a report says something");
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static void open_node(void)
{
    struct wu_error error;
    struct wu_node_config config = {
        .store_path = place.stores[story.is_hub].path,
        .core = story.is_hub ? &HUB_CORE : &SOCIETY_CORE,
        .node = own_node(),
        .hub = story.is_hub ? 0 : HUB,
        .division = UINT64_C(420100000000),
        .map_bytes = (size_t)16 << 20,
        .map_bytes_max = (size_t)1 << 28,
        .arena_bytes = NODE_ARENA_BYTES,
        .batch_count_max = BATCH_MAX,
        .stream_keep_count = story.keeps ? 1000 : 0,
        .public_keep_count = story.keeps ? 1000 : 3,
        .scratch = true,
    };
    WU_ASSERT(wu_node_open(&story.node, &config, &error) == WU_OK);
    struct wu_exchange_config link = {
        .node = story.node,
        .roster = story.is_hub ? &ROSTER : NULL,
        .window_count = WINDOW,
        .ops = {.send = send, .publish = publish, .subscribe = subscribe, .report = report},
    };
    WU_ASSERT(wu_exchange_open(&story.exchange, &link) == WU_OK);
    story.batch = wu_node_begin(story.node);
    story.inputs_seen = 0;
    for (uint32_t peer = 0; peer < PEERS_MAX; peer++) {
        story.peers[peer].greeted = false;
    }
}

static void close_node(void)
{
    wu_exchange_close(&story.exchange);
    wu_node_close(&story.node);
}

static void make_ready(void)
{
    WU_ASSERT(wu_arena_open(&place.made, ARENA_BYTES) == WU_OK);
    WU_ASSERT(wu_arena_open(&place.heard, 40 << 20) == WU_OK);
    for (int hub = 0; hub < 2; hub++) {
        story.is_hub = hub == 1;
        fuzz_store_open(&place.stores[hub]);
        open_node();
        close_node();
        fuzz_store_keep(&place.stores[hub]);
    }
    place.ready = true;
}

static void enter(uint8_t choice)
{
    if (!place.ready) {
        make_ready();
    }
    memset(&story, 0, sizeof story);
    story.is_hub = choice % 2 == 1;
    story.keeps = choice / 2 % 2 == 1;
    story.now_ms = START_MS;
    wu_arena_reset(&place.made, 0);
    fuzz_store_reset(&place.stores[story.is_hub]);
    for (uint32_t peer = 0; peer < PEERS_MAX; peer++) {
        for (int stream = 0; stream < STREAMS_PER_PEER; stream++) {
            story.peers[peer].taken[stream].now.next = 1;
            story.peers[peer].taken[stream].on_disk.next = 1;
        }
    }
    open_node();
}

/* ---- what it takes ------------------------------------------------------------------------------
 */

/* Each input is the next record of its stream, and follows the one before. */
static void check_taken(const struct wu_input *input, bool was_diverged)
{
    struct taken *taken = taken_of(input->from_node, input->stream);
    FUZZ_RULE(!was_diverged, "who has lost its past takes nothing in");
    if (input->snapshot) {
        taken->snapshot = true;
        return;
    }
    if (input->generation != taken->now.generation) {
        FUZZ_RULE(taken->snapshot ||
                      (input->generation > taken->now.generation && input->number == 1),
                  "a new generation begins at its first record");
        taken->now = (struct wu_cursor){.generation = input->generation, .next = 1};
    }
    uint8_t hash[WU_HASH_BYTES];
    FUZZ_RULE(taken->snapshot || input->number == taken->now.next,
              "records are taken in their order");
    wu_chain_hash(taken->now.hash, input->record, hash);
    FUZZ_RULE(taken->snapshot ||
                  (input->hash != NULL && memcmp(hash, input->hash, sizeof hash) == 0),
              "a record follows the one before");
    memcpy(taken->now.hash, input->hash, sizeof hash);
    taken->now.next = input->number + 1;
    if (taken->hashes_of != input->generation) {
        memset(taken->hashes, 0, sizeof taken->hashes);
        taken->hashes_of = input->generation;
    }
    if (input->number < NUMBERS_MAX) {
        memcpy(taken->hashes[input->number], hash, sizeof hash);
    }
}

static void note_acked(void)
{
    for (uint32_t peer = 1; peer < PEERS_MAX; peer++) {
        struct peer *known = &story.peers[peer];
        struct wu_stream stream = wu_node_mail_stream(story.node, peer);
        uint64_t acked = wu_node_acked_next(story.node, stream.stream, peer);
        if (known->acked_of != stream.generation) {
            known->acked_of = stream.generation;
            known->acked_max = 1;
        }
        known->acked_max = acked > known->acked_max ? acked : known->acked_max;
        FUZZ_RULE(acked <= stream.head + 1, "nobody acknowledges what was never said");
        FUZZ_RULE(stream.first <= known->acked_max,
                  "mail that was not acknowledged is not trimmed");
    }
}

static void check_step(void)
{
    FUZZ_RULE(wu_exchange_peer_count(story.exchange) <= PEERS_MAX, "a link is somebody's");
    note_acked();
}

/* The model again as the store has it. */
static void settle(bool committed)
{
    for (uint32_t peer = 1; peer < PEERS_MAX; peer++) {
        for (int index = 0; index < STREAMS_PER_PEER; index++) {
            struct taken *taken = &story.peers[peer].taken[index];
            struct wu_cursor cursor =
                wu_node_cursor(story.node, peer, index == 0 ? own_mail() : NEWS);
            bool same = cursor.generation == taken->on_disk.generation;
            FUZZ_RULE(taken->snapshot || cursor.generation >= taken->on_disk.generation,
                      "a cursor does not go back to an older generation");
            FUZZ_RULE(taken->snapshot || !same || cursor.next >= taken->on_disk.next,
                      "a cursor does not go back");
            FUZZ_RULE(committed || memcmp(&cursor, &taken->on_disk, sizeof cursor) == 0,
                      "what was dropped leaves no trace");
            taken->on_disk = cursor;
            taken->now = cursor;
            taken->snapshot = false;
        }
    }
}

static void start_batch(void)
{
    story.batch = wu_node_begin(story.node);
    story.inputs_seen = 0;
    story.sent_count = 0;
}

static void commit(void)
{
    story.sent_count = 0;
    WU_ASSERT(wu_node_run(story.node, story.now_ms) == WU_OK);
    settle(true);
    wu_exchange_committed(story.exchange);
    check_step();
    start_batch();
}

static void drop(void)
{
    settle(false);
    wu_exchange_dropped(story.exchange);
    start_batch();
}

/* ---- frames of a peer who knows the protocol
 * ------------------------------------------------------ */

static ProtobufCBinaryData lie_about_hash(const uint8_t hash[WU_HASH_BYTES])
{
    uint8_t choice = byte() % 8;
    uint8_t *copy = wu_arena_copy(&place.made, hash, WU_HASH_BYTES);
    WU_ASSERT(copy != NULL);
    copy[0] ^= choice == 7;
    return (ProtobufCBinaryData){choice == 6 ? 0 : choice == 5 ? 5 : WU_HASH_BYTES, copy};
}

/* The truth, or beside it. */
static uint64_t lie_about(uint64_t truth, uint64_t head)
{
    switch (byte() % 16) {
    case 8:
        return truth + 1;
    case 9:
        return truth - 1;
    case 10:
        return 1;
    case 11:
        return 0;
    case 12:
        return head + 1;
    case 13:
        return UINT64_MAX;
    case 14:
        return head / 2 + 1;
    case 15:
        return head + 2;
    default:
        return truth;
    }
}

static Bus__Position *position(const char *stream, uint32_t generation, uint64_t next,
                               const uint8_t hash[WU_HASH_BYTES])
{
    static const int32_t OTHERS[] = {0, 0, 0, 0, 0, 1, -1, 2};
    Bus__Position *made = wu_arena_take(&place.made, sizeof *made);
    WU_ASSERT(made != NULL);
    bus__position__init(made);
    made->stream = stream;
    made->generation = generation + (uint32_t)OTHERS[byte() % 8];
    made->next = next;
    made->hash = next > 1 ? lie_about_hash(hash) : (ProtobufCBinaryData){0, NULL};
    return made;
}

/* Where the peer says it stands in a stream of ours. */
static Bus__Position *of_ours(const struct wu_stream *stream, uint64_t truth)
{
    uint8_t hash[WU_HASH_BYTES] = {0};
    uint64_t next = lie_about(truth, stream->head);
    if (next > 1 && next <= stream->head + 1) {
        (void)!wu_node_hash_at(story.node, stream->stream, next - 1, hash);
    }
    const char *name = wu_arena_copy(&place.made, stream->name, strlen(stream->name));
    return position(name, stream->generation, next, hash);
}

/* Where the peer says a stream of its own stands, by what was taken of it. */
static Bus__Position *of_theirs(const char *stream, const struct taken *taken)
{
    uint64_t next = lie_about(taken->now.next, taken->now.next + 3);
    uint32_t generation = taken->now.generation != 0 ? taken->now.generation : 1;
    return position(stream, generation, next,
                    next < NUMBERS_MAX && next > 0 ? taken->hashes[next - 1] : taken->now.hash);
}

static struct wu_stream news_of_ours(void)
{
    struct wu_stream stream = {.generation = 1, .first = 1};
    if (!wu_node_find_public(story.node, NEWS, &stream)) {
        (void)snprintf(stream.name, sizeof stream.name, "%s", NEWS);
    }
    return stream;
}

static ProtobufCMessage *make_hello(uint32_t peer)
{
    static const char *const WANTED[] = {"toy.news", "other.news", "", "*"};
    struct wu_stream out = wu_node_mail_stream(story.node, peer);
    Bus__Hello *hello = wu_arena_take(&place.made, sizeof *hello);
    const char **follows = wu_arena_take(&place.made, 64 * sizeof *follows);
    WU_ASSERT(hello != NULL && follows != NULL);
    bus__hello__init(hello);
    hello->protocol = byte() % 16 == 15 ? 2 : WU_PROTOCOL;
    hello->node = peer;
    hello->generation = 1;
    hello->mine = of_theirs(own_mail(), &story.peers[peer].taken[0]);
    hello->yours = of_ours(&out, wu_node_acked_next(story.node, out.stream, peer));
    hello->n_follows = byte() % 8 == 7 ? 64 : 1;
    for (size_t i = 0; i < hello->n_follows; i++) {
        follows[i] = WANTED[i == 0 ? byte() % 4 : i % 4];
    }
    hello->follows = follows;
    hello->answer_wanted = byte() % 2 == 0;
    return &hello->base;
}

/* The same record again for the same number, unless the peer lies. */
static ProtobufCBinaryData make_record(uint32_t peer, bool is_news, uint64_t number)
{
    uint8_t choice = byte();
    Toy toy = ENVELOPE__TIMER_FIRED__INIT;
    Envelope__Publish inner = ENVELOPE__PUBLISH__INIT;
    Envelope__Envelope envelope = ENVELOPE__ENVELOPE__INIT;
    struct wu_id id = wu_id_make(peer, 1, number, 0);
    toy.n = choice % 16 == 15 ? UINT32_MAX : (uint32_t)number;
    struct wu_bytes data = wu_pb_pack(&toy.base, &place.made);
    envelope.id = wu_id_to_pb(&id);
    envelope.type = is_news ? WU_TYPE(COORDINATOR_KIND_ADOPTED) : WU_TYPE(COMMUNITY_NEED_RAISED);
    if (choice % 16 >= 13) {
        inner.topic = choice % 16 == 13 ? "toy.own" : "other.news";
        inner.type = WU_TYPE(COORDINATOR_KIND_ADOPTED);
        inner.data = (ProtobufCBinaryData){data.size, (uint8_t *)(uintptr_t)data.data};
        data = wu_pb_pack(&inner.base, &place.made);
        envelope.type = WU_TYPE(NODE_PUBLISH);
    }
    envelope.time_ms = START_MS;
    envelope.data = (ProtobufCBinaryData){data.size, (uint8_t *)(uintptr_t)data.data};
    struct wu_bytes packed = wu_pb_pack(&envelope.base, &place.made);
    size_t cut = choice % 16 == 12 ? choice / 16 : 0;
    return (ProtobufCBinaryData){packed.size - cut, (uint8_t *)(uintptr_t)packed.data};
}

static ProtobufCMessage *make_batch(uint32_t peer)
{
    uint8_t choice = byte();
    bool is_news = choice % 2 == 1;
    const char *stream = is_news ? NEWS : own_mail();
    Bus__Position *from = of_theirs(stream, taken_of(peer, stream));
    Bus__Batch *batch = wu_arena_take(&place.made, sizeof *batch);
    WU_ASSERT(batch != NULL);
    bus__batch__init(batch);
    batch->stream = choice < 240 ? stream : choice < 250 ? "pub/" : "to/77";
    batch->generation = from->generation;
    batch->first = from->next != 0 ? from->next : 1;
    batch->previous_hash = from->hash;
    batch->node = peer;
    batch->n_records = 1 + choice / 2 % 4;
    batch->records = wu_arena_take(&place.made, 4 * sizeof *batch->records);
    WU_ASSERT(batch->records != NULL);
    for (size_t i = 0; i < batch->n_records; i++) {
        batch->records[i] = make_record(peer, is_news, batch->first + i);
    }
    return &batch->base;
}

static ProtobufCMessage *make_ack(uint32_t peer)
{
    bool is_news = byte() % 4 == 3;
    struct wu_stream stream = is_news ? news_of_ours() : wu_node_mail_stream(story.node, peer);
    Bus__Ack *ack = wu_arena_take(&place.made, sizeof *ack);
    WU_ASSERT(ack != NULL);
    bus__ack__init(ack);
    ack->position = of_ours(&stream, stream.head + 1);
    return &ack->base;
}

static ProtobufCMessage *make_fetch(void)
{
    static const char *const OTHERS[] = {"pub/", "to/2", "x",
                                         "pub/wushe.v1.42.01.00.000.000.toy.own"};
    struct wu_stream stream = news_of_ours();
    Bus__Fetch *fetch = wu_arena_take(&place.made, sizeof *fetch);
    WU_ASSERT(fetch != NULL);
    bus__fetch__init(fetch);
    fetch->from = of_ours(&stream, stream.first);
    uint8_t choice = byte();
    if (choice % 16 >= 12) {
        fetch->from->stream = OTHERS[choice % 4];
    }
    fetch->count_max = choice >= 0x80 ? choice - 0x80u : UINT32_MAX;
    return &fetch->base;
}

static ProtobufCMessage *make_heads(uint32_t peer)
{
    Bus__Heads *heads = wu_arena_take(&place.made, sizeof *heads);
    Bus__Position **list = wu_arena_take(&place.made, 2 * sizeof *list);
    WU_ASSERT(heads != NULL && list != NULL);
    bus__heads__init(heads);
    heads->node = peer;
    heads->n_heads = 1 + byte() % 2;
    heads->heads = list;
    for (size_t i = 0; i < heads->n_heads; i++) {
        list[i] = of_theirs(NEWS, taken_of(peer, NEWS));
    }
    return &heads->base;
}

static ProtobufCMessage *make_snapshot(uint32_t peer)
{
    Bus__Snapshot *snapshot = wu_arena_take(&place.made, sizeof *snapshot);
    struct taken *taken = taken_of(peer, NEWS);
    WU_ASSERT(snapshot != NULL);
    uint8_t choice = byte();
    bus__snapshot__init(snapshot);
    snapshot->node = peer;
    snapshot->upto = of_theirs(NEWS, taken);
    if (choice % 2 == 0) { /* a hash that is not known here, as of what was never taken */
        uint8_t hash[WU_HASH_BYTES];
        memset(hash, choice, sizeof hash);
        snapshot->upto->hash = lie_about_hash(hash);
    }
    snapshot->piece = choice / 2 % 4;
    snapshot->more = choice / 8 % 2 == 1;
    if (choice / 16 % 2 == 1) {
        snapshot->asked = of_theirs(NEWS, taken);
    }
    snapshot->n_records = choice / 32 % 4;
    snapshot->records = wu_arena_take(&place.made, 4 * sizeof *snapshot->records);
    WU_ASSERT(snapshot->records != NULL);
    for (size_t i = 0; i < snapshot->n_records; i++) {
        snapshot->records[i] = make_record(peer, true, 1 + i);
    }
    return &snapshot->base;
}

static ProtobufCMessage *make_halt(void)
{
    static const char LONG[] =
        "a very long reason, far longer than a link has room for, so that it "
        "must be cut somewhere: a very long reason, far longer than that, and "
        "on it goes, and on, until nobody reads it any more";
    Bus__Halt *halt = wu_arena_take(&place.made, sizeof *halt);
    WU_ASSERT(halt != NULL);
    bus__halt__init(halt);
    uint8_t choice = byte();
    halt->stream = own_mail();
    halt->reason = 1 + choice % 5;
    halt->text = choice >= 0x80 ? LONG : "why";
    return &halt->base;
}

static ProtobufCMessage *make_body(uint32_t peer, Bus__Frame__BodyCase kind)
{
    switch (kind) {
    case BUS__FRAME__BODY_HELLO:
        return make_hello(peer);
    case BUS__FRAME__BODY_BATCH:
        return make_batch(peer);
    case BUS__FRAME__BODY_ACK:
        return make_ack(peer);
    case BUS__FRAME__BODY_FETCH:
        return make_fetch();
    case BUS__FRAME__BODY_HEADS:
        return make_heads(peer);
    case BUS__FRAME__BODY_SNAPSHOT:
        return make_snapshot(peer);
    default:
        return make_halt();
    }
}

/* ---- steps of a story
 * ------------------------------------------------------------------------------ */

/* As from the socket: bytes, decoded into the running batch. */
static void receive(uint32_t peer, struct wu_bytes packed)
{
    const Bus__Frame *frame = NULL;
    const char *why = "";
    struct wu_bytes kept = wu_node_keep(story.node, packed.data, packed.size);
    if (kept.data == NULL || wu_frame_decode(kept, story.batch, &frame, &why) != WU_OK ||
        frame->body_case >= BUS__FRAME__BODY_SUBMIT) {
        return; /* the loop counts it, or answers it itself */
    }
    bool is_hello = frame->body_case == BUS__FRAME__BODY_HELLO;
    bool was_diverged = wu_exchange_is_diverged(story.exchange);
    story.peers[peer].greeted =
        story.peers[peer].greeted || (is_hello && frame->hello->protocol == WU_PROTOCOL);
    story.sent_count = 0;
    enum wu_status status = wu_exchange_receive(story.exchange, peer, frame, story.now_ms);
    FUZZ_RULE(status == WU_OK || status == WU_CORRUPT || status == WU_DENIED,
              "a frame is taken or refused");
    for (; story.inputs_seen < wu_node_input_count(story.node); story.inputs_seen++) {
        check_taken(wu_node_input(story.node, story.inputs_seen), was_diverged);
    }
    check_step();
}

static void say(uint32_t peer, Bus__Frame__BodyCase kind)
{
    ProtobufCMessage *body = make_body(peer, kind);
    receive(peer, wu_frame_encode(kind, body, &place.made));
}

static void say_raw(uint32_t peer)
{
    receive(peer, wu_bytes(story.bytes.at, story.bytes.left));
}

/* As the loop: nothing is taken while the past is in doubt, but the command that ends the doubt. */
static void command(wu_event_type type, const ProtobufCMessage *body, bool ends_doubt)
{
    static uint8_t producer[16] = "fuzz";
    bool in_doubt =
        wu_exchange_is_diverged(story.exchange) || !wu_exchange_is_proven(story.exchange);
    struct wu_input *input = in_doubt && !ends_doubt ? NULL : wu_node_add(story.node);
    if (input == NULL) {
        return;
    }
    story.inputs_seen++;
    struct wu_bytes data = wu_pb_pack(body, &place.made);
    Bus__Submit submit = BUS__SUBMIT__INIT;
    submit.producer = (ProtobufCBinaryData){sizeof producer, producer};
    submit.number = ++story.command_number;
    submit.type = type;
    submit.data = (ProtobufCBinaryData){data.size, (uint8_t *)(uintptr_t)data.data};
    input->origin = WU_ORIGIN_COMMAND;
    input->record = wu_pb_pack(&submit.base, &place.made);
}

static void work(uint8_t n)
{
    Toy toy = ENVELOPE__TIMER_FIRED__INIT;
    toy.n = n;
    command(WU_TYPE(COMMUNITY_RAISE_NEED), &toy.base, false);
}

static void begin_generation(uint32_t peer)
{
    Node__RestartStream restart = NODE__RESTART_STREAM__INIT;
    Node__RestartStream *list[] = {&restart};
    Node__BeginGeneration begin = NODE__BEGIN_GENERATION__INIT;
    restart.stream = peer;
    restart.keep_from = lie_about(wu_node_acked_next(story.node, peer, peer),
                                  wu_node_mail_stream(story.node, peer).head);
    begin.reason = "fuzz";
    begin.n_streams = 1;
    begin.streams = list;
    command(WU_TYPE(NODE_BEGIN_GENERATION), &begin.base, true);
    commit();
}

static void cut(uint32_t peer)
{
    story.sent_count = 0;
    wu_exchange_disconnected(story.exchange, peer);
    story.peers[peer].greeted = false;
    if (!story.is_hub) {
        wu_exchange_connected(story.exchange, peer, story.now_ms);
    }
}

static void restart(void)
{
    settle(false);
    close_node();
    open_node();
    settle(false);
    if (!story.is_hub) {
        wu_exchange_connected(story.exchange, HUB, story.now_ms);
    }
}

/* As the loop: a second passes between batches, never within one. */
static void wait(void)
{
    commit();
    story.now_ms += WU_SECOND_MS * (1 + byte() % 8);
    story.sent_count = 0;
    wu_exchange_tick(story.exchange, story.now_ms);
    check_step();
}

static void take_step(uint8_t how)
{
    uint32_t peer = story.is_hub ? 2 + (how >> 4) % 4u : HUB;
    switch (how % 16) {
    case 6:
    case 7:
        say(peer, BUS__FRAME__BODY_HELLO + byte() % 7);
        break;
    case 8:
        say_raw(peer);
        break;
    case 9:
        drop();
        break;
    case 10:
        work(byte());
        break;
    case 11:
        wait();
        break;
    case 12:
        cut(peer);
        break;
    case 13:
        restart();
        break;
    case 14:
        begin_generation(peer);
        break;
    case 15:
        commit();
        break;
    default:
        say(peer, FUZZ_LINK.focus);
        break;
    }
}

/* Some mail and news to begin with, and everybody has said Hello or nobody has. */
static void begin(uint8_t count)
{
    for (uint8_t n = 0; n < count % 32; n++) {
        work(n);
        if (n % BATCH_MAX == BATCH_MAX - 1) {
            commit();
        }
    }
    commit();
    for (uint32_t peer = story.is_hub ? 2 : HUB; FUZZ_LINK.greeted && peer < PEERS_MAX; peer++) {
        say(peer, BUS__FRAME__BODY_HELLO); /* an honest one: no byte lies */
        peer = story.is_hub ? peer : PEERS_MAX;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes bytes = {data, size};
    enter(fuzz_byte(&bytes));
    begin(fuzz_byte(&bytes));
    for (int i = 0; i < STEPS_MAX && bytes.left > 0; i++) {
        uint8_t how = fuzz_byte(&bytes);
        story.bytes = fuzz_slice(&bytes);
        take_step(how);
    }
    story.bytes = (struct fuzz_bytes){0};
    commit();
    close_node();
    return 0;
}
