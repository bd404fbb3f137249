/*
 * The happy path of mail: Hello, Hello, Batch, Ack, Batch, Ack ...
 *
 * What goes wrong, and what then: a frame is lost with its connection (Hello
 * again, go on from the cursor); a batch comes twice (what is known is dropped,
 * the cursor is told again); a batch is missing (Hello); an Ack is lost (the
 * next tick says the cursor again); the peer's past differs from ours (Halt).
 */
#include "common/bus/exchange.h"

#include "common/base/assert.h"
#include "common/base/time.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BATCH_RECORDS = 256,
    BATCH_BYTES = 128 << 10,
    SILENCE_MS = 5000, /* a link that says nothing for so long is greeted anew */
    FOLLOWS_MAX = 32,
    STALL_MS = 3000, /* acknowledgements that do not move for so long: send again */
};

/* Another node, and where both sides stand. */
struct link {
    uint32_t peer;
    bool connected;
    bool greeted;           /* its Hello came, so its cursor is known */
    struct wu_cursor taken; /* its mail to us: as of the running batch */
    bool owes_ack;
    uint32_t out_generation;
    uint64_t sent_next; /* our mail to it: next number to send */
    uint8_t sent_hash[WU_HASH_BYTES];
    uint64_t acked; /* its cursor, as it said last */
    int64_t heard_ms;
    int64_t moved_ms;       /* when acked last changed */
    char halted[160];       /* why we stopped it */
    char halted_there[160]; /* why the peer did */
};

/* A public stream of the hub that we follow. */
struct topic {
    uint32_t peer;
    char stream[96];
    struct wu_cursor taken;
    uint32_t generation; /* of the hub's stream, as of its last heads */
    uint64_t head;
    bool owes_ack;
    bool fetching;
    int64_t fetched_ms;
    uint32_t piece_next; /* of a snapshot that comes in pieces; 0: none is under way */
    uint8_t piece_hash[WU_HASH_BYTES]; /* of its position: pieces of two are not mixed */
    size_t piece_input; /* 1 + the last piece's place in the running batch; 0: not in it */
};

struct wu_exchange {
    struct wu_exchange_config config;
    uint32_t node;
    char own_mail[32]; /* "to/<node>": what peers call their mail to us */
    struct link *links;
    size_t link_count;
    struct topic topics[FOLLOWS_MAX]; /* never moved: inputs borrow their names */
    size_t topic_count;
    struct wu_arena arena;  /* of one frame going out, or one read from the store */
    size_t announced_count; /* public streams whose heads followers have been told */
    bool diverged;
    bool proven; /* the hub we dial agrees with our past */
    int64_t now_ms;
};

/* ---- small things ------------------------------------------------------------------- */

static struct link *find_link(const struct wu_exchange *exchange, uint32_t peer)
{
    size_t low = 0;
    size_t high = exchange->link_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (exchange->links[middle].peer < peer) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < exchange->link_count && exchange->links[low].peer == peer;
    return found ? &exchange->links[low] : NULL;
}

static struct link *link_of(struct wu_exchange *exchange, uint32_t peer)
{
    struct link *found = find_link(exchange, peer);
    if (found != NULL) {
        return found;
    }
    struct link *grown =
        realloc(exchange->links, (exchange->link_count + 1) * sizeof *exchange->links);
    if (grown == NULL) {
        return NULL;
    }
    exchange->links = grown;
    size_t at = exchange->link_count++;
    for (; at > 0 && grown[at - 1].peer > peer; at--) {
        grown[at] = grown[at - 1];
    }
    grown[at] = (struct link){.peer = peer, .sent_next = 1, .acked = 1};
    grown[at].taken = wu_node_cursor(exchange->config.node, peer, exchange->own_mail);
    return &grown[at];
}

static void report(struct wu_exchange *exchange, bool bad, const char *event, uint32_t peer,
                   const char *text)
{
    exchange->config.ops.report(exchange->config.context, bad, event, peer, text);
}

static bool send_body(struct wu_exchange *exchange, uint32_t peer, Bus__Frame__BodyCase body_case,
                      ProtobufCMessage *body)
{
    size_t mark = exchange->arena.used_bytes;
    struct wu_bytes frame = wu_frame_encode(body_case, body, &exchange->arena);
    if (frame.size > WU_FRAME_BYTES_MAX) {
        report(exchange, true, "frame-too-large", peer, "not sent: it would break the connection");
        frame.data = NULL;
    }
    bool sent =
        frame.data != NULL && exchange->config.ops.send(exchange->config.context, peer, frame);
    wu_arena_reset(&exchange->arena, mark);
    return sent;
}

static void set_position(Bus__Position *position, const char *stream, uint32_t generation,
                         uint64_t next, const uint8_t *hash)
{
    bus__position__init(position);
    position->stream = (char *)(uintptr_t)stream; /* only read */
    position->generation = generation;
    position->next = next;
    if (next > 1) {
        position->hash = (ProtobufCBinaryData){WU_HASH_BYTES, (uint8_t *)(uintptr_t)hash};
    }
}

static bool hash_equal(ProtobufCBinaryData field, const uint8_t hash[WU_HASH_BYTES])
{
    static const uint8_t zero[WU_HASH_BYTES];
    if (field.len == 0) {
        return memcmp(hash, zero, WU_HASH_BYTES) == 0;
    }
    return field.len == WU_HASH_BYTES && memcmp(field.data, hash, WU_HASH_BYTES) == 0;
}

/* ---- stopping a link ------------------------------------------------------------------ */

static void halt(struct wu_exchange *exchange, struct link *link, Bus__HaltReason reason,
                 const char *text)
{
    if (strcmp(link->halted, text) != 0) {
        (void)snprintf(link->halted, sizeof link->halted, "%s", text);
        report(exchange, true, "link-halted", link->peer, text);
    }
    struct wu_stream stream = wu_node_mail_stream(exchange->config.node, link->peer);
    Bus__Halt message = BUS__HALT__INIT;
    message.stream = stream.name;
    message.reason = reason;
    message.number = stream.head;
    message.text = link->halted;
    (void)send_body(exchange, link->peer, BUS__FRAME__BODY_HALT, &message.base);
}

static bool is_halted(const struct link *link)
{
    return link->halted[0] != '\0' || link->halted_there[0] != '\0';
}

/* A halted peer sends neither mail nor acknowledgements: that it does means it goes on. */
static void resumed_there(struct wu_exchange *exchange, struct link *link)
{
    if (link->halted_there[0] != '\0') {
        link->halted_there[0] = '\0';
        report(exchange, false, "link-resumed", link->peer, "the peer goes on");
    }
}

static void resume(struct wu_exchange *exchange, struct link *link)
{
    if (link->halted[0] != '\0') {
        link->halted[0] = '\0';
        report(exchange, false, "link-resumed", link->peer, "both sides hold the same past again");
    }
    wu_node_set_halted(exchange->config.node, link->peer, link->peer, NULL, 0);
}

/* ---- greeting ---------------------------------------------------------------------------- */

static void say_hello(struct wu_exchange *exchange, struct link *link, bool answer_wanted)
{
    struct wu_stream out = wu_node_mail_stream(exchange->config.node, link->peer);
    Bus__Hello hello = BUS__HELLO__INIT;
    Bus__Position mine;
    Bus__Position yours;
    set_position(&mine, out.name, out.generation, out.head + 1, out.hash);
    /* what the running batch has taken is not on disk yet, and Hello acknowledges */
    struct wu_cursor on_disk =
        wu_node_cursor(exchange->config.node, link->peer, exchange->own_mail);
    set_position(&yours, exchange->own_mail, on_disk.generation, on_disk.next, on_disk.hash);
    const char *const *follows = wu_node_core(exchange->config.node)->follows;
    const char *names[FOLLOWS_MAX];
    size_t count = 0;
    if (link->peer == wu_node_info(exchange->config.node).hub) {
        for (; follows[count] != NULL && count < FOLLOWS_MAX; count++) {
            names[count] = follows[count];
        }
    }
    hello.protocol = WU_PROTOCOL;
    hello.node = exchange->node;
    hello.generation = wu_node_info(exchange->config.node).generation;
    hello.mine = &mine;
    hello.yours = &yours;
    hello.n_follows = count;
    hello.follows = names;
    hello.answer_wanted = answer_wanted;
    (void)send_body(exchange, link->peer, BUS__FRAME__BODY_HELLO, &hello.base);
}

void wu_exchange_connected(struct wu_exchange *exchange, uint32_t peer, int64_t now_ms)
{
    struct link *link = link_of(exchange, peer);
    if (link == NULL) {
        return;
    }
    link->connected = true;
    link->greeted = false;
    link->heard_ms = now_ms;
    say_hello(exchange, link, true);
}

void wu_exchange_disconnected(struct wu_exchange *exchange, uint32_t peer)
{
    struct link *link = find_link(exchange, peer);
    if (link != NULL) {
        link->connected = false;
        link->greeted = false;
    }
}

/* Where the peer's cursor stands in our mail to it: WU_OK, or the way in which pasts differ. */
static enum wu_status compare_past(struct wu_exchange *exchange, const struct wu_stream *out,
                                   const Bus__Position *theirs, bool *restarts)
{
    *restarts = theirs->next <= 1 || theirs->generation < out->generation;
    if (theirs->next > 1 && theirs->generation > out->generation) {
        return WU_DIVERGED;
    }
    if (*restarts) {
        return out->first == 1 ? WU_OK : WU_NOT_FOUND;
    }
    if (theirs->next > out->head + 1) {
        return WU_DIVERGED;
    }
    if (theirs->next < out->first) {
        return WU_NOT_FOUND;
    }
    uint8_t hash[WU_HASH_BYTES];
    enum wu_status status =
        wu_node_hash_at(exchange->config.node, out->stream, theirs->next - 1, hash);
    if (status != WU_OK) {
        return status; /* also at the oldest held record: the hash before it went with its record */
    }
    return hash_equal(theirs->hash, hash) ? WU_OK : WU_DIVERGED;
}

/* From here on our mail to the peer goes out from its cursor. */
static void start_sending(struct wu_exchange *exchange, struct link *link,
                          const struct wu_stream *out, uint64_t next)
{
    link->out_generation = out->generation;
    link->sent_next = next;
    link->acked = next;
    link->moved_ms = exchange->now_ms;
    if (wu_node_hash_at(exchange->config.node, out->stream, next - 1, link->sent_hash) != WU_OK) {
        memset(link->sent_hash, 0,
               sizeof link->sent_hash); /* the peer refuses it: loud, not wrong */
    }
    wu_node_acked(exchange->config.node, out->stream, link->peer, next);
}

static void check_our_past(struct wu_exchange *exchange, struct link *link,
                           const Bus__Position *theirs)
{
    struct wu_stream out = wu_node_mail_stream(exchange->config.node, link->peer);
    bool restarts = false;
    char text[160];
    enum wu_status status = compare_past(exchange, &out, theirs, &restarts);
    if (status != WU_DIVERGED && link->peer == wu_node_info(exchange->config.node).hub) {
        exchange->proven = true; /* also when the hub is the one that is behind */
    }
    switch (status) {
    case WU_OK:
        resume(exchange, link);
        start_sending(exchange, link, &out, restarts ? 1 : theirs->next);
        break;
    case WU_DIVERGED:
        exchange->diverged = true;
        /* not the head: records may have been made since the copy was put back */
        wu_node_set_halted(exchange->config.node, out.stream, link->peer, "diverged",
                           wu_node_acked_next(exchange->config.node, out.stream, link->peer));
        (void)snprintf(text, sizeof text,
                       "node %u holds %" PRIu64
                       " records of generation %u from us, we know %" PRIu64
                       " of generation %u: this store is older than what was sent",
                       link->peer, theirs->next - 1, theirs->generation, out.head, out.generation);
        halt(exchange, link, BUS__HALT_REASON__HALT_REASON_DIVERGED, text);
        break;
    default:
        wu_node_set_halted(exchange->config.node, out.stream, link->peer, "parked", out.first);
        (void)snprintf(text, sizeof text,
                       "node %u wants record %" PRIu64 ", the oldest held is %" PRIu64
                       ": it is parked",
                       link->peer, theirs->next, out.first);
        halt(exchange, link, BUS__HALT_REASON__HALT_REASON_PARKED, text);
        break;
    }
}

/* "coordinator.kind" out of "pub/wushe.v1.42.01.00.000.000.coordinator.kind". */
static const char *short_topic(const char *stream)
{
    int dots = 0;
    for (const char *at = stream; *at != '\0'; at++) {
        dots += *at == '.';
        if (dots == 7) {
            return at + 1;
        }
    }
    return stream;
}

/* Public streams that the peer asked for and may have: their heads, so that it can fetch. */
static void offer_topics(struct wu_exchange *exchange, const struct link *link,
                         const Bus__Hello *hello)
{
    const struct wu_roster_entry *entry =
        exchange->config.roster != NULL ? wu_roster_by_node(exchange->config.roster, link->peer)
                                        : NULL;
    size_t public_count = wu_node_public_count(exchange->config.node);
    if (entry == NULL || hello->n_follows == 0) {
        return;
    }
    size_t mark = exchange->arena.used_bytes;
    Bus__Position *positions = wu_arena_take(&exchange->arena, public_count * sizeof *positions);
    Bus__Position **heads = wu_arena_take(&exchange->arena, public_count * sizeof *heads);
    struct wu_stream *streams = wu_arena_take(&exchange->arena, public_count * sizeof *streams);
    size_t count = 0;
    if (positions == NULL || heads == NULL || streams == NULL) {
        wu_arena_reset(&exchange->arena, mark);
        return;
    }
    for (size_t index = 0; index < public_count; index++) {
        struct wu_stream *stream = &streams[count];
        *stream = wu_node_public_stream(exchange->config.node, index);
        const char *topic = short_topic(stream->name);
        bool wanted = false;
        for (size_t follow = 0; follow < hello->n_follows && !wanted; follow++) {
            wanted = strcmp(hello->follows[follow], topic) == 0;
        }
        if (wanted && wu_roster_may_follow(entry, topic)) {
            set_position(&positions[count], stream->name, stream->generation, stream->head + 1,
                         stream->hash);
            heads[count] = &positions[count];
            count++;
        }
    }
    Bus__Heads message = BUS__HEADS__INIT;
    message.node = exchange->node;
    message.n_heads = count;
    message.heads = heads;
    (void)send_body(exchange, link->peer, BUS__FRAME__BODY_HEADS, &message.base);
    wu_arena_reset(&exchange->arena, mark);
}

static void pump(struct wu_exchange *exchange, struct link *link);

static enum wu_status receive_hello(struct wu_exchange *exchange, struct link *link,
                                    const Bus__Hello *hello)
{
    if (hello->protocol != WU_PROTOCOL) {
        halt(exchange, link, BUS__HALT_REASON__HALT_REASON_VERSION,
             "the peer speaks another version of the protocol; upgrade the older side");
        return WU_OK;
    }
    link->connected = true;
    link->greeted = true;
    if (hello->answer_wanted) {
        say_hello(exchange, link, false);
    }
    check_our_past(exchange, link, hello->yours);
    offer_topics(exchange, link, hello);
    pump(exchange, link);
    return WU_OK;
}

/* ---- taking records -------------------------------------------------------------------- */

/*
 * A canonical envelope begins with its id (2 + 16 bytes) and its type, so most
 * records are waved through by one byte; a spelling that hides the type is
 * refused by the fold.
 */
static bool is_of_type(struct wu_bytes record, wu_event_type type)
{
    return record.size >= 20 && record.data[18] == 0x10 && record.data[19] == (uint8_t)type;
}

/* Where a hub sends a command of its own hub next: what only the roster knows, and no fold may. */
static uint32_t way_of(const struct wu_exchange *exchange, struct wu_bytes record)
{
    if (exchange->config.roster == NULL || !is_of_type(record, WU_TYPE(NODE_FORWARDED_COMMAND))) {
        return 0;
    }
    Envelope__Envelope *envelope = envelope__envelope__unpack(NULL, record.size, record.data);
    Bus__Submit *submit = envelope != NULL
                              ? bus__submit__unpack(NULL, envelope->data.len, envelope->data.data)
                              : NULL;
    uint32_t via = 0;
    if (submit != NULL && submit->target != 0 && submit->target != exchange->node) {
        via = wu_roster_next_hop(exchange->config.roster, submit->target);
        via = via != 0 ? via : WU_NO_WAY;
    }
    if (submit != NULL) {
        bus__submit__free_unpacked(submit, NULL);
    }
    if (envelope != NULL) {
        envelope__envelope__free_unpacked(envelope, NULL);
    }
    return via;
}

/* Whether a record asks the hub to publish on a topic that is not the sender's. */
static bool publishes_elsewhere(const struct wu_exchange *exchange, uint32_t peer,
                                struct wu_bytes record)
{
    if (exchange->config.roster == NULL || !is_of_type(record, WU_TYPE(NODE_PUBLISH))) {
        return false;
    }
    const struct wu_roster_entry *entry = wu_roster_by_node(exchange->config.roster, peer);
    Envelope__Envelope *envelope = envelope__envelope__unpack(NULL, record.size, record.data);
    Envelope__Publish *publish =
        envelope != NULL ? envelope__publish__unpack(NULL, envelope->data.len, envelope->data.data)
                         : NULL;
    size_t role_size = entry != NULL ? strlen(entry->role) : 0;
    bool own = publish != NULL && entry != NULL &&
               strncmp(publish->topic, entry->role, role_size) == 0 &&
               publish->topic[role_size] == '.';
    if (publish != NULL) {
        envelope__publish__free_unpacked(publish, NULL);
    }
    if (envelope != NULL) {
        envelope__envelope__free_unpacked(envelope, NULL);
    }
    return !own;
}

/* Whether the records before taken->next, as far as the batch repeats them, are those we hold. */
static bool agrees_with(const Bus__Batch *batch, const struct wu_cursor *taken)
{
    uint8_t hash[WU_HASH_BYTES] = {0};
    uint64_t known_count = taken->next - batch->first;
    if (known_count == 0) {
        return hash_equal(batch->previous_hash, taken->hash);
    }
    if (known_count > batch->n_records) {
        return true; /* all of it is old: there is no hash to compare with, and nothing to take */
    }
    if (batch->previous_hash.len == WU_HASH_BYTES) {
        memcpy(hash, batch->previous_hash.data, WU_HASH_BYTES);
    }
    for (size_t index = 0; index < known_count; index++) {
        wu_chain_hash(hash, wu_bytes(batch->records[index].data, batch->records[index].len), hash);
    }
    return memcmp(hash, taken->hash, WU_HASH_BYTES) == 0;
}

/*
 * Consecutive records of one stream become inputs from `taken` on. WU_GAP when
 * something before them is missing, WU_DIVERGED when the chain does not fit.
 */
static enum wu_status take_records(struct wu_exchange *exchange, uint32_t peer, const char *stream,
                                   struct wu_cursor *taken, const Bus__Batch *batch,
                                   enum wu_origin origin)
{
    if (batch->generation < taken->generation) {
        return WU_DIVERGED;
    }
    if (batch->generation > taken->generation) {
        if (batch->first != 1) {
            return WU_GAP;
        }
        *taken = (struct wu_cursor){.generation = batch->generation, .next = 1};
    }
    if (batch->first > taken->next) {
        return WU_GAP;
    }
    if (!agrees_with(batch, taken)) {
        return WU_DIVERGED;
    }
    for (size_t index = (size_t)(taken->next - batch->first); index < batch->n_records; index++) {
        struct wu_bytes record = wu_bytes(batch->records[index].data, batch->records[index].len);
        if (origin == WU_ORIGIN_MAIL && publishes_elsewhere(exchange, peer, record)) {
            return WU_DENIED;
        }
        struct wu_input *input = wu_node_add(exchange->config.node);
        if (input == NULL) {
            return WU_GAP; /* the batch is full: asked for again after the commit */
        }
        wu_chain_hash(taken->hash, record, taken->hash);
        *input = (struct wu_input){
            .origin = origin,
            .record = record,
            .from_node = peer,
            .stream = stream,
            .generation = batch->generation,
            .number = taken->next,
            .via = origin == WU_ORIGIN_MAIL ? way_of(exchange, record) : 0,
            .hash = wu_node_keep(exchange->config.node, taken->hash, WU_HASH_BYTES).data};
        taken->next++;
    }
    return WU_OK;
}

static enum wu_status receive_mail(struct wu_exchange *exchange, struct link *link,
                                   const Bus__Batch *batch)
{
    if (!link->greeted) {
        say_hello(exchange, link, true);
        return WU_OK;
    }
    if (link->halted[0] != '\0' || exchange->diverged) {
        return WU_OK;
    }
    resumed_there(exchange, link);
    link->owes_ack = true;
    enum wu_status status =
        take_records(exchange, link->peer, exchange->own_mail, &link->taken, batch, WU_ORIGIN_MAIL);
    if (status == WU_GAP) {
        say_hello(exchange, link, true);
        return WU_OK;
    }
    if (status == WU_DENIED) {
        halt(exchange, link, BUS__HALT_REASON__HALT_REASON_DENIED,
             "it published on a topic that is not its role's own");
    }
    if (status == WU_DIVERGED) {
        char text[160];
        (void)snprintf(text, sizeof text,
                       "record %" PRIu64 " of node %u does not follow what we hold", batch->first,
                       link->peer);
        halt(exchange, link, BUS__HALT_REASON__HALT_REASON_DIVERGED, text);
    }
    return WU_OK;
}

/*
 * An Ack of this generation: WU_DIVERGED when it is not about what we have sent.
 * Another past may have as many records, so the number alone says nothing.
 * WU_NOT_FOUND: it is older than what is held.
 */
static enum wu_status compare_ack(struct wu_exchange *exchange, const struct link *link,
                                  const Bus__Position *position)
{
    uint8_t hash[WU_HASH_BYTES];
    if (position->next > link->sent_next) {
        return WU_DIVERGED;
    }
    if (position->next == link->sent_next) {
        return hash_equal(position->hash, link->sent_hash) ? WU_OK : WU_DIVERGED;
    }
    enum wu_status status =
        wu_node_hash_at(exchange->config.node, link->peer, position->next - 1, hash);
    if (status != WU_OK) {
        return status;
    }
    return hash_equal(position->hash, hash) ? WU_OK : WU_DIVERGED;
}

static enum wu_status receive_ack(struct wu_exchange *exchange, struct link *link,
                                  const Bus__Position *position)
{
    struct wu_stream stream;
    if (strncmp(position->stream, "pub/", 4) == 0) {
        if (wu_node_find_public(exchange->config.node, position->stream, &stream) &&
            position->generation == stream.generation && position->next <= stream.head + 1) {
            wu_node_acked(exchange->config.node, stream.stream, link->peer, position->next);
        }
        return WU_OK;
    }
    if (!link->greeted || link->halted[0] != '\0') {
        return WU_OK;
    }
    /* else it is about a past before the last Hello, or nothing of this generation has come */
    bool is_ours = position->generation == link->out_generation;
    bool has_none = position->generation < link->out_generation;
    enum wu_status status = is_ours ? compare_ack(exchange, link, position) : WU_NOT_FOUND;
    bool counts = status == WU_OK;
    if (counts || has_none) {
        resumed_there(exchange, link);
    }
    if (counts && position->next != link->acked) {
        link->acked = position->next;
        link->moved_ms = exchange->now_ms;
        stream = wu_node_mail_stream(exchange->config.node, link->peer);
        wu_node_acked(exchange->config.node, stream.stream, link->peer, position->next);
    } else if (status == WU_DIVERGED) {
        say_hello(exchange, link, true); /* the answer says whether our pasts differ */
    } else if (link->acked < link->sent_next && exchange->now_ms - link->moved_ms > STALL_MS) {
        link->moved_ms = exchange->now_ms;
        say_hello(exchange, link, true); /* frames were lost: the answer says where to go on */
    }
    pump(exchange, link);
    return WU_OK;
}

/* ---- pushing mail ------------------------------------------------------------------------ */

static bool send_batch(struct wu_exchange *exchange, struct link *link, const char *stream,
                       const struct wu_output *records, size_t count)
{
    ProtobufCBinaryData packed[BATCH_RECORDS];
    Bus__Batch batch = BUS__BATCH__INIT;
    for (size_t index = 0; index < count; index++) {
        packed[index] = (ProtobufCBinaryData){records[index].record.size,
                                              (uint8_t *)(uintptr_t)records[index].record.data};
    }
    batch.stream = (char *)(uintptr_t)stream; /* only read */
    batch.generation = link->out_generation;
    batch.first = link->sent_next;
    if (link->sent_next > 1) {
        batch.previous_hash = (ProtobufCBinaryData){WU_HASH_BYTES, link->sent_hash};
    }
    batch.n_records = count;
    batch.records = packed;
    batch.node = exchange->node;
    if (!send_body(exchange, link->peer, BUS__FRAME__BODY_BATCH, &batch.base)) {
        return false;
    }
    if (link->acked == link->sent_next) {
        link->moved_ms =
            exchange->now_ms; /* the clock of a stall starts with the first unacknowledged */
    }
    link->sent_next += count;
    memcpy(link->sent_hash, records[count - 1].hash, WU_HASH_BYTES);
    return true;
}

static bool may_send(const struct wu_exchange *exchange, const struct link *link)
{
    return link->greeted && !is_halted(link) && !exchange->diverged &&
           link->sent_next - link->acked < exchange->config.window_count;
}

/* Sends from the store until the window is full or nothing is left. */
static void pump(struct wu_exchange *exchange, struct link *link)
{
    struct wu_stream out = wu_node_mail_stream(exchange->config.node, link->peer);
    while (may_send(exchange, link) && link->sent_next <= out.head &&
           out.generation == link->out_generation) {
        size_t mark = exchange->arena.used_bytes;
        struct wu_output *records = NULL;
        size_t count = 0;
        enum wu_status status =
            wu_node_read_records(exchange->config.node, out.stream, link->sent_next, BATCH_RECORDS,
                                 BATCH_BYTES, &exchange->arena, &records, &count);
        bool sent = status == WU_OK && send_batch(exchange, link, out.name, records, count);
        wu_arena_reset(&exchange->arena, mark);
        if (!sent) {
            break;
        }
    }
}

/* A run of outputs of one stream that the batch just made: sent from memory when it fits. */
static void push_run(struct wu_exchange *exchange, const struct wu_output *run, size_t count)
{
    struct link *link = find_link(exchange, run->stream);
    if (link == NULL || !may_send(exchange, link) || link->sent_next != run->number) {
        return; /* pump brings it when its turn comes */
    }
    struct wu_stream out = wu_node_mail_stream(exchange->config.node, link->peer);
    if (out.generation == link->out_generation) {
        (void)send_batch(exchange, link, out.name, run, count);
    }
}

/* ---- public topics: the hub's side --------------------------------------------------------- */

static void publish_run(struct wu_exchange *exchange, const struct wu_output *run, size_t count)
{
    struct wu_stream stream =
        wu_node_public_stream(exchange->config.node, run->stream - WU_STREAM_PUBLIC - 1);
    ProtobufCBinaryData packed[BATCH_RECORDS];
    uint8_t previous[WU_HASH_BYTES];
    if (wu_node_hash_at(exchange->config.node, stream.stream, run->number - 1, previous) != WU_OK) {
        return; /* PUB is a hint; heads make followers fetch */
    }
    for (size_t index = 0; index < count; index++) {
        packed[index] = (ProtobufCBinaryData){run[index].record.size,
                                              (uint8_t *)(uintptr_t)run[index].record.data};
    }
    Bus__Batch batch = BUS__BATCH__INIT;
    batch.stream = stream.name;
    batch.generation = stream.generation;
    batch.first = run->number;
    if (run->number > 1) {
        batch.previous_hash = (ProtobufCBinaryData){WU_HASH_BYTES, previous};
    }
    batch.n_records = count;
    batch.records = packed;
    batch.node = exchange->node;
    size_t mark = exchange->arena.used_bytes;
    struct wu_bytes frame = wu_frame_encode(BUS__FRAME__BODY_BATCH, &batch.base, &exchange->arena);
    if (frame.data != NULL) {
        exchange->config.ops.publish(exchange->config.context, stream.name + strlen("pub/"), frame);
    }
    wu_arena_reset(&exchange->arena, mark);
}

/* All heads in one frame on a topic that every follower hears: also of streams new to it. */
static void publish_heads(struct wu_exchange *exchange)
{
    size_t count = wu_node_public_count(exchange->config.node);
    exchange->announced_count = count;
    size_t mark = exchange->arena.used_bytes;
    struct wu_stream *streams = wu_arena_take(&exchange->arena, count * sizeof *streams);
    Bus__Position *positions = wu_arena_take(&exchange->arena, count * sizeof *positions);
    Bus__Position **list = wu_arena_take(&exchange->arena, count * sizeof *list);
    if (streams != NULL && positions != NULL && list != NULL) {
        for (size_t index = 0; index < count; index++) {
            streams[index] = wu_node_public_stream(exchange->config.node, index);
            set_position(&positions[index], streams[index].name, streams[index].generation,
                         streams[index].head + 1, streams[index].hash);
            list[index] = &positions[index];
        }
        Bus__Heads heads = BUS__HEADS__INIT;
        heads.node = exchange->node;
        heads.n_heads = count;
        heads.heads = list;
        struct wu_bytes frame =
            wu_frame_encode(BUS__FRAME__BODY_HEADS, &heads.base, &exchange->arena);
        if (frame.data != NULL) {
            exchange->config.ops.publish(exchange->config.context, WU_TOPIC_HEADS, frame);
        }
    }
    wu_arena_reset(&exchange->arena, mark);
}

/* The next piece; false when it could not be sent, and then no later one is. */
static bool send_piece(struct wu_exchange *exchange, struct link *link,
                       const struct wu_stream *stream, const Bus__Position *asked,
                       struct wu_snapshot_place *place)
{
    size_t mark = exchange->arena.used_bytes;
    struct wu_bytes packed = {0};
    enum wu_status status = wu_node_read_snapshot(exchange->config.node, stream->stream, place,
                                                  &exchange->arena, &packed);
    Bus__Snapshot *snapshot =
        status == WU_OK ? bus__snapshot__unpack(&exchange->arena.pb, packed.size, packed.data)
                        : NULL;
    if (snapshot != NULL) {
        snapshot->asked = (Bus__Position *)(uintptr_t)asked; /* only read */
    }
    bool sent = snapshot != NULL &&
                send_body(exchange, link->peer, BUS__FRAME__BODY_SNAPSHOT, &snapshot->base);
    wu_arena_reset(&exchange->arena, mark);
    return sent;
}

static void send_snapshot(struct wu_exchange *exchange, struct link *link,
                          const struct wu_stream *stream, const Bus__Position *asked)
{
    struct wu_snapshot_place place = {.more = true};
    bool sent = true;
    while (sent && place.more) {
        sent = send_piece(exchange, link, stream, asked, &place);
    }
    report(exchange, !sent, sent ? "snapshot-sent" : "snapshot-broken", link->peer, stream->name);
}

static void send_public_from(struct wu_exchange *exchange, struct link *link,
                             const struct wu_stream *stream, uint64_t from, size_t count_max)
{
    size_t mark = exchange->arena.used_bytes;
    struct wu_output *records = NULL;
    size_t count = 0;
    uint8_t previous[WU_HASH_BYTES];
    count_max = count_max == 0 || count_max > BATCH_RECORDS ? BATCH_RECORDS : count_max;
    if (wu_node_hash_at(exchange->config.node, stream->stream, from - 1, previous) == WU_OK &&
        wu_node_read_records(exchange->config.node, stream->stream, from, count_max, BATCH_BYTES,
                             &exchange->arena, &records, &count) == WU_OK) {
        /* as if to a link of its own, so that the frame is built in one place */
        struct link once = {.peer = link->peer,
                            .out_generation = stream->generation,
                            .sent_next = from,
                            .acked = from};
        memcpy(once.sent_hash, previous, WU_HASH_BYTES);
        (void)send_batch(exchange, &once, stream->name, records, count);
    }
    wu_arena_reset(&exchange->arena, mark);
}

static enum wu_status receive_fetch(struct wu_exchange *exchange, struct link *link,
                                    const Bus__Fetch *fetch)
{
    struct wu_stream stream;
    const struct wu_roster_entry *entry =
        exchange->config.roster != NULL ? wu_roster_by_node(exchange->config.roster, link->peer)
                                        : NULL;
    const Bus__Position *from = fetch->from;
    if (entry == NULL || !wu_roster_may_follow(entry, short_topic(from->stream))) {
        Bus__Halt denied = BUS__HALT__INIT;
        denied.stream = from->stream;
        denied.reason = BUS__HALT_REASON__HALT_REASON_DENIED;
        denied.text = (char *)(uintptr_t) "the roster does not let you follow this topic";
        (void)send_body(exchange, link->peer, BUS__FRAME__BODY_HALT, &denied.base);
        return WU_DENIED;
    }
    if (!wu_node_find_public(exchange->config.node, from->stream, &stream) || from->next == 0) {
        return WU_OK;
    }
    bool restarts = false;
    enum wu_status status = compare_past(exchange, &stream, from, &restarts);
    if (status == WU_OK) {
        uint64_t next = restarts ? 1 : from->next;
        send_public_from(exchange, link, &stream, next, fetch->count_max);
        wu_node_acked(exchange->config.node, stream.stream, link->peer, next);
    } else { /* trimmed past it, or its copy is of a past that is gone: the way back is a snapshot
              */
        send_snapshot(exchange, link, &stream, from);
    }
    return WU_OK;
}

/* ---- public topics: the follower's side ------------------------------------------------------ */

static bool follows(const struct wu_exchange *exchange, const char *stream)
{
    const char *const *wanted = wu_node_core(exchange->config.node)->follows;
    if (strncmp(stream, "pub/", 4) != 0) {
        return false;
    }
    const char *topic = short_topic(stream);
    for (; *wanted != NULL; wanted++) {
        if (strcmp(*wanted, topic) == 0) {
            return true;
        }
    }
    return false;
}

static struct topic *topic_of(struct wu_exchange *exchange, uint32_t peer, const char *stream)
{
    for (size_t index = 0; index < exchange->topic_count; index++) {
        if (exchange->topics[index].peer == peer &&
            strcmp(exchange->topics[index].stream, stream) == 0) {
            return &exchange->topics[index];
        }
    }
    if (!follows(exchange, stream) || strlen(stream) >= sizeof exchange->topics->stream) {
        return NULL;
    }
    if (exchange->topic_count == FOLLOWS_MAX) {
        return NULL;
    }
    struct topic *topic = &exchange->topics[exchange->topic_count++];
    *topic = (struct topic){.peer = peer};
    (void)snprintf(topic->stream, sizeof topic->stream, "%s", stream);
    topic->taken = wu_node_cursor(exchange->config.node, peer, stream);
    exchange->config.ops.subscribe(exchange->config.context, stream + strlen("pub/"));
    return topic;
}

static void fetch(struct wu_exchange *exchange, struct topic *topic)
{
    bool asked = topic->fetching && exchange->now_ms - topic->fetched_ms < WU_SECOND_MS;
    if (asked || exchange->diverged) { /* one question at a time; none that could not be taken */
        return;
    }
    Bus__Position from;
    Bus__Fetch message = BUS__FETCH__INIT;
    /* a question acknowledges too: from what is on disk, not from what is taken */
    struct wu_cursor on_disk = wu_node_cursor(exchange->config.node, topic->peer, topic->stream);
    set_position(&from, topic->stream, on_disk.generation, on_disk.next, on_disk.hash);
    message.from = &from;
    topic->fetching = send_body(exchange, topic->peer, BUS__FRAME__BODY_FETCH, &message.base);
    topic->fetched_ms = exchange->now_ms;
}

static bool is_behind(const struct topic *topic)
{
    return topic->generation > topic->taken.generation ? topic->head > 0
                                                       : topic->taken.next <= topic->head;
}

static enum wu_status receive_heads(struct wu_exchange *exchange, uint32_t peer,
                                    const Bus__Heads *heads)
{
    for (size_t index = 0; index < heads->n_heads; index++) {
        const Bus__Position *head = heads->heads[index];
        struct topic *topic = topic_of(exchange, peer, head->stream);
        if (topic == NULL || head->next == 0) {
            continue;
        }
        topic->generation = head->generation;
        topic->head = head->next - 1;
        /* a head behind our cursor, or not of what we hold, is another past: the hub says so
         * when asked */
        bool is_other =
            topic->taken.next == head->next && !hash_equal(head->hash, topic->taken.hash);
        if (is_behind(topic) || topic->taken.next > head->next || is_other) {
            fetch(exchange, topic);
        }
    }
    return WU_OK;
}

static enum wu_status receive_public(struct wu_exchange *exchange, uint32_t peer,
                                     const Bus__Batch *batch)
{
    struct topic *topic = topic_of(exchange, peer, batch->stream);
    if (topic == NULL || exchange->diverged) {
        return WU_OK;
    }
    uint64_t last = batch->first + batch->n_records - 1;
    if (batch->generation == topic->generation && last > topic->head) {
        topic->head = last;
    }
    if (batch->first <= topic->taken.next && batch->generation == topic->taken.generation) {
        topic->fetching = false;
    }
    topic->owes_ack = true;
    enum wu_status status =
        take_records(exchange, peer, topic->stream, &topic->taken, batch, WU_ORIGIN_PUBLIC);
    if (status == WU_GAP || status == WU_DIVERGED) {
        fetch(exchange, topic);
    }
    return WU_OK;
}

/* An answer to a question that was asked twice, or long ago, would take us back. */
static bool is_asked(const Bus__Snapshot *snapshot, const struct wu_cursor *taken)
{
    const Bus__Position *asked = snapshot->asked;
    return asked == NULL || (asked->generation == taken->generation && asked->next == taken->next &&
                             hash_equal(asked->hash, taken->hash));
}

/* Somewhere a stream can end: its beginning has no record, and the hash of none is zero. */
static bool is_end(const Bus__Position *upto)
{
    static const uint8_t none[WU_HASH_BYTES];
    return upto->hash.len == WU_HASH_BYTES && upto->next > 0 &&
           (upto->next > 1 || hash_equal(upto->hash, none));
}

static enum wu_status receive_snapshot(struct wu_exchange *exchange, uint32_t peer,
                                       const Bus__Snapshot *snapshot)
{
    struct topic *topic = topic_of(exchange, peer, snapshot->upto->stream);
    bool newer = topic != NULL && (snapshot->upto->generation != topic->taken.generation ||
                                   snapshot->upto->next != topic->taken.next ||
                                   !hash_equal(snapshot->upto->hash, topic->taken.hash));
    if (!newer || exchange->diverged || !is_asked(snapshot, &topic->taken)) {
        return WU_OK;
    }
    if (!is_end(snapshot->upto)) {
        return WU_CORRUPT;
    }
    if (snapshot->piece != 0 && (snapshot->piece != topic->piece_next ||
                                 !hash_equal(snapshot->upto->hash, topic->piece_hash))) {
        return WU_OK; /* one before it is missing: all of it is asked for again */
    }
    topic->piece_next = 0;
    size_t size = bus__snapshot__get_packed_size(snapshot);
    uint8_t *bytes = malloc(size);
    struct wu_bytes record = {0};
    if (bytes != NULL) {
        (void)bus__snapshot__pack(snapshot, bytes);
        record = wu_node_keep(exchange->config.node, bytes, size);
        free(bytes);
    }
    struct wu_input *input = record.data != NULL ? wu_node_add(exchange->config.node) : NULL;
    if (input == NULL) {
        return WU_OK; /* no room now: it is asked for again */
    }
    *input = (struct wu_input){.origin = WU_ORIGIN_PUBLIC,
                               .record = record,
                               .from_node = peer,
                               .stream = topic->stream,
                               .generation = snapshot->upto->generation,
                               .number = snapshot->upto->next,
                               .snapshot = true};
    topic->piece_next = snapshot->piece + 1;
    topic->piece_input = wu_node_input_count(exchange->config.node);
    memcpy(topic->piece_hash, snapshot->upto->hash.data, WU_HASH_BYTES);
    if (snapshot->more) {
        topic->fetched_ms = exchange->now_ms; /* it is coming: ask no second time */
        return WU_OK;
    }
    topic->taken.generation = snapshot->upto->generation;
    topic->taken.next = snapshot->upto->next;
    memcpy(topic->taken.hash, snapshot->upto->hash.data, WU_HASH_BYTES);
    topic->fetching = false;
    topic->owes_ack = true;
    report(exchange, false, "snapshot-taken", peer, topic->stream);
    return WU_OK;
}

static enum wu_status receive_halt(struct wu_exchange *exchange, struct link *link,
                                   const Bus__Halt *message)
{
    if (message->reason == BUS__HALT_REASON__HALT_REASON_DENIED) {
        report(exchange, true, "denied", link->peer, message->text);
        return WU_OK;
    }
    if (link->halted_there[0] == '\0') {
        (void)snprintf(link->halted_there, sizeof link->halted_there, "node %u halted it: %.120s",
                       link->peer, message->text);
        report(exchange, true, "link-halted", link->peer, link->halted_there);
    }
    return WU_OK;
}

/* ---- entry -------------------------------------------------------------------------------- */

enum wu_status wu_exchange_receive(struct wu_exchange *exchange, uint32_t peer,
                                   const Bus__Frame *frame, int64_t now_ms)
{
    exchange->now_ms = now_ms;
    struct link *link = link_of(exchange, peer);
    if (link == NULL) {
        return WU_NO_MEMORY;
    }
    link->heard_ms = now_ms;
    switch (frame->body_case) {
    case BUS__FRAME__BODY_HELLO:
        return receive_hello(exchange, link, frame->hello);
    case BUS__FRAME__BODY_BATCH:
        return strcmp(frame->batch->stream, exchange->own_mail) == 0
                   ? receive_mail(exchange, link, frame->batch)
                   : receive_public(exchange, peer, frame->batch);
    case BUS__FRAME__BODY_ACK:
        return receive_ack(exchange, link, frame->ack->position);
    case BUS__FRAME__BODY_FETCH:
        return receive_fetch(exchange, link, frame->fetch);
    case BUS__FRAME__BODY_HEADS:
        return receive_heads(exchange, peer, frame->heads);
    case BUS__FRAME__BODY_SNAPSHOT:
        return receive_snapshot(exchange, peer, frame->snapshot);
    case BUS__FRAME__BODY_HALT:
        return receive_halt(exchange, link, frame->halt);
    default:
        return WU_CORRUPT;
    }
}

static void send_ack(struct wu_exchange *exchange, uint32_t peer, const char *stream)
{
    struct wu_cursor cursor = wu_node_cursor(exchange->config.node, peer, stream);
    Bus__Position position;
    Bus__Ack ack = BUS__ACK__INIT;
    set_position(&position, stream, cursor.generation, cursor.next, cursor.hash);
    ack.position = &position;
    (void)send_body(exchange, peer, BUS__FRAME__BODY_ACK, &ack.base);
}

/* What was taken is on disk now, or (a batch cut short) must be asked for again. */
static void settle_link(struct wu_exchange *exchange, struct link *link)
{
    struct wu_cursor on_disk =
        wu_node_cursor(exchange->config.node, link->peer, exchange->own_mail);
    bool cut = on_disk.next != link->taken.next;
    link->taken = on_disk;
    if (!link->owes_ack || !link->greeted) {
        return;
    }
    link->owes_ack = false;
    if (cut) {
        say_hello(exchange, link, true);
    } else {
        send_ack(exchange, link->peer, exchange->own_mail);
    }
}

static void settle_topic(struct wu_exchange *exchange, struct topic *topic)
{
    if (topic->piece_input > wu_node_input_count(exchange->config.node)) {
        topic->piece_next = 0; /* the batch was cut short of it: begin again */
    }
    topic->piece_input = 0;
    topic->taken = wu_node_cursor(exchange->config.node, topic->peer, topic->stream);
    if (topic->owes_ack) {
        topic->owes_ack = false;
        send_ack(exchange, topic->peer, topic->stream);
    }
    if (is_behind(topic)) {
        fetch(exchange, topic);
    }
}

void wu_exchange_dropped(struct wu_exchange *exchange)
{
    for (size_t index = 0; index < exchange->link_count; index++) {
        struct link *link = &exchange->links[index];
        link->taken = wu_node_cursor(exchange->config.node, link->peer, exchange->own_mail);
        link->owes_ack = false;
    }
    for (size_t index = 0; index < exchange->topic_count; index++) {
        struct topic *topic = &exchange->topics[index];
        topic->taken = wu_node_cursor(exchange->config.node, topic->peer, topic->stream);
        topic->piece_next = 0;
        topic->piece_input = 0;
        topic->owes_ack = false;
    }
}

/* A new generation of ours: peers learn it by Hello, and this store's past is its own again. */
static void notice_generation(struct wu_exchange *exchange, struct link *link)
{
    struct wu_stream out = wu_node_mail_stream(exchange->config.node, link->peer);
    if (link->greeted && out.generation != link->out_generation && link->out_generation != 0) {
        say_hello(exchange, link, true);
    }
}

void wu_exchange_committed(struct wu_exchange *exchange)
{
    size_t count = 0;
    const struct wu_output *outputs = wu_node_outputs(exchange->config.node, &count);
    size_t index = 0;
    while (index < count) {
        size_t length = 1;
        size_t bytes = outputs[index].record.size;
        while (index + length < count && length < BATCH_RECORDS && bytes < BATCH_BYTES &&
               outputs[index + length].stream == outputs[index].stream) {
            bytes += outputs[index + length].record.size;
            length++;
        }
        if ((outputs[index].stream & WU_STREAM_PUBLIC) != 0) {
            publish_run(exchange, &outputs[index], length);
        } else {
            push_run(exchange, &outputs[index], length);
        }
        index += length;
    }
    if (wu_node_public_count(exchange->config.node) != exchange->announced_count) {
        publish_heads(exchange);
    }
    for (size_t at = 0; at < exchange->link_count; at++) {
        settle_link(exchange, &exchange->links[at]);
        notice_generation(exchange, &exchange->links[at]);
        pump(exchange, &exchange->links[at]);
    }
    for (size_t at = 0; at < exchange->topic_count; at++) {
        settle_topic(exchange, &exchange->topics[at]);
    }
}

static void tick_link(struct wu_exchange *exchange, struct link *link)
{
    bool silent = exchange->now_ms - link->heard_ms > SILENCE_MS;
    if (link->connected && (!link->greeted || silent || is_halted(link))) {
        say_hello(exchange, link, true);
    }
    if (link->greeted && link->halted[0] == '\0') {
        send_ack(exchange, link->peer, exchange->own_mail);
    }
}

/* Diverged until every link that said so has been greeted again and agreed. */
static void review_divergence(struct wu_exchange *exchange)
{
    bool halted = false;
    for (size_t index = 0; index < exchange->link_count; index++) {
        halted = halted || exchange->links[index].halted[0] != '\0';
    }
    exchange->diverged = exchange->diverged && halted;
}

void wu_exchange_tick(struct wu_exchange *exchange, int64_t now_ms)
{
    exchange->now_ms = now_ms;
    review_divergence(exchange);
    for (size_t index = 0; index < exchange->link_count; index++) {
        tick_link(exchange, &exchange->links[index]);
    }
    for (size_t index = 0; index < exchange->topic_count; index++) {
        settle_topic(exchange, &exchange->topics[index]);
    }
    publish_heads(exchange);
}

bool wu_exchange_is_diverged(const struct wu_exchange *exchange)
{
    return exchange->diverged;
}

bool wu_exchange_is_proven(const struct wu_exchange *exchange)
{
    return exchange->proven;
}

bool wu_exchange_is_drained(const struct wu_exchange *exchange)
{
    for (size_t index = 0; index < exchange->link_count; index++) {
        const struct link *link = &exchange->links[index];
        struct wu_stream out = wu_node_mail_stream(exchange->config.node, link->peer);
        if (link->greeted && !is_halted(link) && link->acked <= out.head) {
            return false;
        }
    }
    return true;
}

size_t wu_exchange_peer_count(const struct wu_exchange *exchange)
{
    return exchange->link_count;
}

void wu_exchange_peer_status(const struct wu_exchange *exchange, size_t index,
                             Bus__PeerStatus *ret_status)
{
    const struct link *link = &exchange->links[index];
    struct wu_stream out = wu_node_mail_stream(exchange->config.node, link->peer);
    bus__peer_status__init(ret_status);
    ret_status->node = link->peer;
    ret_status->connected = link->greeted;
    ret_status->out_head = out.head;
    ret_status->out_acked = wu_node_acked_next(exchange->config.node, out.stream, link->peer) - 1;
    ret_status->in_next = link->taken.next;
    const char *halted = link->halted[0] != '\0' ? link->halted : link->halted_there;
    ret_status->halted = (char *)(uintptr_t)halted; /* only read */
}

/* ---- opening -------------------------------------------------------------------------------- */

enum wu_status wu_exchange_open(struct wu_exchange **ret_exchange,
                                const struct wu_exchange_config *config)
{
    struct wu_exchange *exchange = calloc(1, sizeof *exchange);
    if (exchange == NULL) {
        return WU_NO_MEMORY;
    }
    exchange->config = *config;
    exchange->node = wu_node_info(config->node).node;
    (void)snprintf(exchange->own_mail, sizeof exchange->own_mail, "to/%u", exchange->node);
    uint32_t hub = wu_node_info(config->node).hub;
    /* nothing to prove; a hub goes on alone while its own hub is away */
    exchange->proven = hub == 0 || wu_node_core(config->node)->is_hub ||
                       wu_node_acked_next(config->node, hub, hub) == 1;
    if (wu_arena_open(&exchange->arena, (size_t)8 << 20) != WU_OK) {
        free(exchange);
        return WU_NO_MEMORY;
    }
    *ret_exchange = exchange;
    return WU_OK;
}

void wu_exchange_close(struct wu_exchange **exchange_p)
{
    struct wu_exchange *exchange = *exchange_p;
    if (exchange == NULL) {
        return;
    }
    wu_arena_close(&exchange->arena);
    free(exchange->links);
    free(exchange);
    *exchange_p = NULL;
}

void wu_exchange_set_roster(struct wu_exchange *exchange, const struct wu_roster *roster)
{
    exchange->config.roster = roster;
    for (size_t index = 0; index < exchange->link_count; index++) {
        struct link *link = &exchange->links[index];
        const struct wu_roster_entry *entry = wu_roster_by_node(roster, link->peer);
        bool is_ours = link->peer == wu_node_info(exchange->config.node).hub;
        if (!is_ours && (entry == NULL || !entry->active)) {
            link->connected = false;
            link->greeted = false;
        }
    }
}
