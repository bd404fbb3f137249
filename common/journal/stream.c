/*
 * Streams: what a node has said, chained and numbered, and how far others have
 * it. A stream's row is written once per batch, not once per record. A batch
 * that is dropped puts every value back to what is committed.
 */
#include "common/journal/internal.h"

#include "common/base/time.h"
#include "common/fold/pb.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TRIM_MAX = 8192
}; /* records of one stream deleted in one batch, so that a batch stays small */

void wu_chain_hash(const uint8_t previous[WU_HASH_BYTES], struct wu_bytes record,
                   uint8_t ret_hash[WU_HASH_BYTES])
{
    crypto_generichash_state state;
    (void)crypto_generichash_init(&state, NULL, 0, WU_HASH_BYTES);
    (void)crypto_generichash_update(&state, previous, WU_HASH_BYTES);
    (void)crypto_generichash_update(&state, record.data, record.size);
    (void)crypto_generichash_final(&state, ret_hash, WU_HASH_BYTES);
}

static void copy_hash(uint8_t out[WU_HASH_BYTES], ProtobufCBinaryData hash)
{
    memset(out, 0, WU_HASH_BYTES);
    if (hash.len == WU_HASH_BYTES) {
        memcpy(out, hash.data, WU_HASH_BYTES);
    }
}

static ProtobufCBinaryData hash_field(uint8_t *hash)
{
    return (ProtobufCBinaryData){WU_HASH_BYTES, hash};
}

/* ---- sorted arrays --------------------------------------------------------- */

/*
 * Index of the first element not below the key, by the comparison given. The
 * arrays are small (one entry per peer) and only grow.
 */
static size_t lower_bound(const void *base, size_t count, size_t size, const void *key,
                          int (*compare)(const void *key, const void *element))
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(key, (const uint8_t *)base + middle * size) > 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Makes room for one zeroed element at index. NULL, and nothing changed, without memory. */
static void *insert_at(void **base_p, size_t *count, size_t size, size_t index)
{
    uint8_t *grown = realloc(*base_p, (*count + 1) * size);
    if (grown == NULL) {
        return NULL;
    }
    *base_p = grown;
    memmove(grown + (index + 1) * size, grown + index * size, (*count - index) * size);
    memset(grown + index * size, 0, size);
    (*count)++;
    return grown + index * size;
}

static int compare_u32(uint32_t a, uint32_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_stream(const void *key, const void *element)
{
    return compare_u32(*(const uint32_t *)key,
                       ((const struct stream_state *)element)->working.stream);
}

static int compare_cursor(const void *key, const void *element)
{
    const struct wu_cursor_key *a = key;
    const struct wu_cursor_key *b = &((const struct cursor_state *)element)->key;
    int order = compare_u32(a->node, b->node);
    return order != 0 ? order : strcmp(a->stream, b->stream);
}

static int compare_follower(const void *key, const void *element)
{
    const struct wu_follower_key *a = key;
    const struct wu_follower_key *b = &((const struct follower *)element)->key;
    int order = compare_u32(a->stream, b->stream);
    return order != 0 ? order : compare_u32(a->node, b->node);
}

struct stream_state *wu_stream_find(const struct wu_node *node, uint32_t stream)
{
    size_t index = lower_bound(node->streams, node->stream_count, sizeof *node->streams, &stream,
                               compare_stream);
    bool found = index < node->stream_count && node->streams[index].working.stream == stream;
    return found ? &node->streams[index] : NULL;
}

struct stream_state *wu_stream_of(struct wu_node *node, uint32_t stream, const char *name)
{
    struct stream_state *found = wu_stream_find(node, stream);
    if (found != NULL) {
        return found;
    }
    void *base = node->streams;
    size_t index =
        lower_bound(base, node->stream_count, sizeof *node->streams, &stream, compare_stream);
    struct stream_state *state =
        insert_at(&base, &node->stream_count, sizeof *node->streams, index);
    node->streams = base;
    if (state == NULL) {
        return NULL;
    }
    state->committed =
        (struct wu_stream){.stream = stream, .generation = node->working.generation, .first = 1};
    if (name != NULL) {
        (void)snprintf(state->committed.name, sizeof state->committed.name, "%s", name);
    } else {
        (void)snprintf(state->committed.name, sizeof state->committed.name, "to/%u", stream);
    }
    state->working = state->committed;
    return state;
}

static struct stream_state *find_public(const struct wu_node *node, const char *name)
{
    for (size_t index = 0; index < node->stream_count; index++) {
        struct stream_state *state = &node->streams[index];
        if ((state->working.stream & WU_STREAM_PUBLIC) != 0 &&
            strcmp(state->working.name, name) == 0) {
            return state;
        }
    }
    return NULL;
}

struct stream_state *wu_public_stream_of(struct wu_node *node, const char *topic)
{
    char name[sizeof((struct wu_stream *)0)->name];
    (void)snprintf(name, sizeof name, "pub/%s", topic);
    struct stream_state *found = find_public(node, name);
    if (found != NULL) {
        return found;
    }
    uint32_t number = WU_STREAM_PUBLIC + 1 + (uint32_t)wu_node_public_count(node);
    return wu_stream_of(node, number, name);
}

struct cursor_state *wu_cursor_of(struct wu_node *node, uint32_t peer, const char *stream)
{
    struct wu_cursor_key key = {.node = peer};
    if (!wu_key_text(key.stream, sizeof key.stream, stream)) {
        return NULL;
    }
    void *base = node->cursors;
    size_t index =
        lower_bound(base, node->cursor_count, sizeof *node->cursors, &key, compare_cursor);
    if (index < node->cursor_count && compare_cursor(&key, &node->cursors[index]) == 0) {
        return &node->cursors[index];
    }
    struct cursor_state *state =
        insert_at(&base, &node->cursor_count, sizeof *node->cursors, index);
    node->cursors = base;
    if (state != NULL) {
        state->key = key;
        state->committed.next = 1;
        state->working.next = 1;
    }
    return state;
}

static struct follower *follower_of(struct wu_node *node, uint32_t stream, uint32_t peer)
{
    struct wu_follower_key key = {.stream = stream, .node = peer};
    void *base = node->followers;
    size_t index =
        lower_bound(base, node->follower_count, sizeof *node->followers, &key, compare_follower);
    if (index < node->follower_count && compare_follower(&key, &node->followers[index]) == 0) {
        return &node->followers[index];
    }
    struct follower *made = insert_at(&base, &node->follower_count, sizeof *node->followers, index);
    node->followers = base;
    if (made != NULL) {
        made->key = key;
        made->next = 1;
    }
    return made;
}

/* ---- loading --------------------------------------------------------------- */

static enum wu_status load_streams(struct wu_node *node, struct wu_txn *txn)
{
    struct wu_stream_key key = {0};
    const Node__StreamRow *row = NULL;
    for (bool found = wu_streams_from(txn, &key, 0, &row); found;
         found = wu_streams_after(txn, &key, 0, &row)) {
        struct stream_state *state = wu_stream_of(node, key.stream, row->name);
        if (state == NULL) {
            return WU_NO_MEMORY;
        }
        state->committed.generation = row->generation;
        state->committed.head = row->head;
        state->committed.first = row->first;
        state->committed.bytes = row->bytes;
        copy_hash(state->committed.hash, row->hash);
        state->working = state->committed;
        state->stored = true;
    }
    return WU_OK;
}

static enum wu_status load_cursors(struct wu_node *node, struct wu_txn *txn)
{
    struct wu_cursor_key key = {0};
    const Node__CursorRow *row = NULL;
    for (bool found = wu_cursors_from(txn, &key, 0, &row); found;
         found = wu_cursors_after(txn, &key, 0, &row)) {
        struct cursor_state *state = wu_cursor_of(node, key.node, key.stream);
        if (state == NULL) {
            return WU_NO_MEMORY;
        }
        state->committed.generation = row->generation;
        state->committed.next = row->next;
        copy_hash(state->committed.hash, row->hash);
        state->working = state->committed;
    }
    return WU_OK;
}

static enum wu_status load_followers(struct wu_node *node, struct wu_txn *txn)
{
    struct wu_follower_key key = {0};
    const Node__FollowerRow *row = NULL;
    for (bool found = wu_followers_from(txn, &key, 0, &row); found;
         found = wu_followers_after(txn, &key, 0, &row)) {
        struct follower *follower = follower_of(node, key.stream, key.node);
        if (follower == NULL) {
            return WU_NO_MEMORY;
        }
        follower->next = row->next;
        follower->parked = row->parked;
        follower->since_ms = row->since_ms;
        follower->halted_head = row->halted_head;
        (void)snprintf(follower->halted, sizeof follower->halted, "%s", row->halted);
    }
    return WU_OK;
}

enum wu_status wu_streams_load(struct wu_node *node, struct wu_txn *txn)
{
    enum wu_status status = load_streams(node, txn);
    if (status == WU_OK) {
        status = load_cursors(node, txn);
    }
    if (status == WU_OK) {
        status = load_followers(node, txn);
    }
    return status != WU_OK ? status : wu_txn_status(txn);
}

/* ---- appending ------------------------------------------------------------- */

static struct wu_output *next_output(struct wu_node *node)
{
    if (node->output_count == node->output_max) {
        size_t grown_max = node->output_max * 2 + 64;
        struct wu_output *grown = realloc(node->outputs, grown_max * sizeof *grown);
        if (grown == NULL) {
            return NULL;
        }
        node->outputs = grown;
        node->output_max = grown_max;
    }
    return &node->outputs[node->output_count++];
}

static void note_latest(struct wu_txn *txn, const struct wu_stream *stream,
                        const Envelope__Envelope *envelope, uint8_t *bytes, size_t size)
{
    struct wu_latest_key key = {.stream = stream->stream, .type = (uint32_t)envelope->type};
    (void)wu_id_from_pb(envelope->subject, &key.subject);
    Node__LatestRow row = NODE__LATEST_ROW__INIT;
    row.number = stream->head;
    row.envelope = (ProtobufCBinaryData){size, bytes};
    wu_latest_put(txn, &key, &row);
}

static void append_bytes(struct wu_node *node, struct wu_txn *txn, struct stream_state *stream,
                         struct wu_bytes record)
{
    struct wu_stream *working = &stream->working;
    struct wu_output *output = next_output(node);
    if (output == NULL) {
        wu_txn_fail(txn, WU_NO_MEMORY);
        return;
    }
    wu_chain_hash(working->hash, record, working->hash);
    working->head++;
    working->bytes += record.size;
    stream->dirty = true;
    *output =
        (struct wu_output){.stream = working->stream, .number = working->head, .record = record};
    memcpy(output->hash, working->hash, WU_HASH_BYTES);

    Node__RecordRow row = NODE__RECORD_ROW__INIT;
    row.hash = hash_field(working->hash);
    /* protobuf-c has no const in this struct; packing only reads it */
    row.envelope = (ProtobufCBinaryData){record.size, (uint8_t *)(uintptr_t)record.data};
    wu_records_put(txn, &(struct wu_record_key){working->stream, working->head}, &row);
}

void wu_stream_append(struct wu_node *node, struct wu_txn *txn, struct stream_state *stream,
                      const Envelope__Envelope *envelope)
{
    size_t size = protobuf_c_message_get_packed_size(&envelope->base);
    uint8_t *bytes = wu_arena_take(&node->arena, size);
    if (bytes == NULL || stream == NULL) {
        wu_txn_fail(txn, WU_NO_MEMORY);
        return;
    }
    (void)protobuf_c_message_pack(&envelope->base, bytes);
    append_bytes(node, txn, stream, wu_bytes(bytes, size));
    if ((stream->working.stream & WU_STREAM_PUBLIC) != 0) {
        note_latest(txn, &stream->working, envelope, bytes, size);
    }
}

void wu_cursor_advance(struct cursor_state *cursor, const struct wu_input *input)
{
    struct wu_cursor *working = &cursor->working;
    if (input->generation != working->generation) { /* the peer began a new generation, at 1 */
        *working = (struct wu_cursor){.generation = input->generation, .next = 1};
    }
    if (input->hash != NULL) {
        memcpy(working->hash, input->hash, WU_HASH_BYTES);
    } else {
        wu_chain_hash(working->hash, input->record, working->hash);
    }
    working->next = input->number + 1;
    cursor->dirty = true;
}

/* ---- a new generation ------------------------------------------------------ */

/* Records that the follower cannot have, appended again under the new generation. */
static void carry_over(struct wu_node *node, struct wu_txn *txn, struct stream_state *stream,
                       uint64_t from, uint64_t old_head)
{
    for (uint64_t number = from; number <= old_head && wu_txn_status(txn) == WU_OK; number++) {
        struct wu_record_key key = {stream->working.stream, number};
        const Node__RecordRow *row = wu_records_get(txn, &key);
        if (row == NULL) {
            continue;
        }
        struct wu_bytes record = wu_bytes(row->envelope.data, row->envelope.len);
        wu_records_del(txn, &key);
        append_bytes(node, txn, stream, record);
    }
}

void wu_streams_begin_generation(struct wu_node *node, struct wu_txn *txn,
                                 struct stream_state *stream, uint64_t keep_from,
                                 uint32_t generation)
{
    struct wu_stream *working = &stream->working;
    uint64_t old_head = working->head;
    for (uint64_t number = working->first; number < keep_from && number <= old_head; number++) {
        wu_records_del(txn, &(struct wu_record_key){working->stream, number});
    }
    working->generation = generation;
    working->head = 0;
    working->first = 1;
    working->bytes = 0;
    memset(working->hash, 0, sizeof working->hash);
    stream->dirty = true;
    carry_over(node, txn, stream, keep_from, old_head);
    for (size_t index = 0; index < node->follower_count; index++) {
        if (node->followers[index].key.stream == working->stream) {
            node->followers[index].next = 1;        /* nobody has anything of it yet */
            node->followers[index].halted_head = 0; /* begun twice, all of it goes along again */
            node->followers[index].dirty = true;
        }
    }
}

/* ---- followers and trimming ------------------------------------------------ */

void wu_node_acked(struct wu_node *node, uint32_t stream, uint32_t peer, uint64_t next)
{
    struct follower *follower = follower_of(node, stream, peer);
    if (follower == NULL || follower->next == next) {
        return;
    }
    follower->next = next;
    follower->parked = false;
    follower->dirty = true;
    node->followers_dirty = true;
}

bool wu_node_has_news(const struct wu_node *node)
{
    return node->followers_dirty;
}

uint64_t wu_node_acked_next(const struct wu_node *node, uint32_t stream, uint32_t peer)
{
    struct wu_follower_key key = {.stream = stream, .node = peer};
    size_t index = lower_bound(node->followers, node->follower_count, sizeof *node->followers, &key,
                               compare_follower);
    bool found =
        index < node->follower_count && compare_follower(&key, &node->followers[index]) == 0;
    return found ? node->followers[index].next : 1;
}

void wu_node_set_halted(struct wu_node *node, uint32_t stream, uint32_t peer, const char *why,
                        uint64_t keep_from)
{
    struct follower *follower = follower_of(node, stream, peer);
    bool is_halted = follower != NULL && follower->halted[0] != '\0';
    if (follower == NULL || is_halted == (why != NULL)) {
        return; /* the first mark stands: what came after it is what the follower lacks */
    }
    (void)snprintf(follower->halted, sizeof follower->halted, "%s", why != NULL ? why : "");
    follower->halted_head = keep_from > 0 ? keep_from - 1 : 0;
    follower->dirty = true;
    node->followers_dirty = true;
}

static void write_follower(struct wu_txn *txn, const struct follower *follower)
{
    Node__FollowerRow row = NODE__FOLLOWER_ROW__INIT;
    row.next = follower->next;
    row.parked = follower->parked;
    row.since_ms = follower->since_ms;
    row.halted = (char *)(uintptr_t)follower->halted; /* only read */
    row.halted_head = follower->halted_head;
    wu_followers_put(txn, &follower->key, &row);
}

/*
 * Oldest number that some follower of the stream still needs. Mail has one
 * follower, known even before it has ever connected; parked ones do not count.
 */
static uint64_t needed_from(const struct wu_node *node, const struct wu_stream *stream)
{
    if ((stream->stream & WU_STREAM_PUBLIC) == 0) {
        return wu_node_acked_next(node, stream->stream, stream->stream);
    }
    uint64_t needed = stream->head + 1;
    struct wu_follower_key key = {.stream = stream->stream};
    for (size_t index = lower_bound(node->followers, node->follower_count, sizeof *node->followers,
                                    &key, compare_follower);
         index < node->follower_count && node->followers[index].key.stream == stream->stream;
         index++) {
        const struct follower *follower = &node->followers[index];
        if (!follower->parked && follower->next < needed) {
            needed = follower->next;
        }
    }
    return needed;
}

/* Followers so far behind that waiting for them would hurt the others. */
static void park_slow_followers(struct wu_node *node, const struct wu_stream *stream)
{
    for (size_t index = 0; index < node->follower_count; index++) {
        struct follower *follower = &node->followers[index];
        if (follower->key.stream == stream->stream && !follower->parked &&
            follower->next + node->config.public_keep_count <= stream->head) {
            follower->parked = true;
            follower->since_ms = node->working.time_ms;
            follower->dirty = true;
        }
    }
}

/* Mail keeps some acknowledged records, for a peer that comes back from a backup. */
static uint64_t trim_to(struct wu_node *node, const struct wu_stream *stream)
{
    bool is_public = (stream->stream & WU_STREAM_PUBLIC) != 0;
    uint64_t keep = is_public ? node->config.public_keep_count : node->config.stream_keep_count;
    if (is_public) {
        park_slow_followers(node, stream);
    }
    uint64_t needed = needed_from(node, stream);
    uint64_t kept_from = stream->head + 1 > keep ? stream->head + 1 - keep : 1;
    if (!is_public) {
        kept_from = needed > keep ? needed - keep : 1;
    }
    return needed < kept_from ? needed : kept_from;
}

static void trim(struct wu_node *node, struct wu_txn *txn, struct stream_state *state)
{
    struct wu_stream *stream = &state->working;
    uint64_t upto = trim_to(node, stream);
    /* the record before the oldest needed one stays: its hash is what a follower is checked with */
    for (int count = 0; count < TRIM_MAX && stream->first + 1 < upto; count++) {
        struct wu_record_key key = {stream->stream, stream->first};
        struct wu_bytes value = {0};
        if (wu_table_get_raw(txn, &WU_RECORDS, &key, &value)) {
            stream->bytes -= value.size < stream->bytes ? value.size : stream->bytes;
        }
        wu_records_del(txn, &key);
        stream->first++;
        state->dirty = true;
    }
}

static void write_stream(struct wu_txn *txn, struct wu_stream *stream)
{
    Node__StreamRow row = NODE__STREAM_ROW__INIT;
    row.name = stream->name;
    row.head = stream->head;
    row.hash = hash_field(stream->hash);
    row.first = stream->first;
    row.bytes = stream->bytes;
    row.generation = stream->generation;
    wu_streams_put(txn, &(struct wu_stream_key){stream->stream}, &row);
}

void wu_streams_flush(struct wu_node *node, struct wu_txn *txn)
{
    for (size_t index = 0; index < node->stream_count; index++) {
        struct stream_state *state = &node->streams[index];
        if (state->dirty || node->followers_dirty) {
            trim(node, txn, state);
        }
        if (state->dirty) {
            write_stream(txn, &state->working);
        }
    }
    for (size_t index = 0; index < node->cursor_count; index++) {
        struct cursor_state *state = &node->cursors[index];
        if (state->dirty) {
            Node__CursorRow row = NODE__CURSOR_ROW__INIT;
            row.stream = state->key.stream;
            row.generation = state->working.generation;
            row.next = state->working.next;
            row.hash = hash_field(state->working.hash);
            wu_cursors_put(txn, &state->key, &row);
        }
    }
    for (size_t index = 0; index < node->follower_count; index++) {
        if (node->followers[index].dirty) {
            write_follower(txn, &node->followers[index]);
        }
    }
}

void wu_streams_committed(struct wu_node *node)
{
    for (size_t index = 0; index < node->stream_count; index++) {
        node->streams[index].committed = node->streams[index].working;
        node->streams[index].stored = node->streams[index].stored || node->streams[index].dirty;
        node->streams[index].dirty = false;
    }
    for (size_t index = 0; index < node->cursor_count; index++) {
        node->cursors[index].committed = node->cursors[index].working;
        node->cursors[index].dirty = false;
    }
    for (size_t index = 0; index < node->follower_count; index++) {
        node->followers[index].dirty = false;
    }
    node->followers_dirty = false;
}

void wu_streams_aborted(struct wu_node *node)
{
    size_t kept = 0; /* streams that only the dropped batch knew are forgotten, number and all */
    for (size_t index = 0; index < node->stream_count; index++) {
        if (node->streams[index].stored) {
            node->streams[kept] = node->streams[index];
            node->streams[kept].working = node->streams[kept].committed;
            node->streams[kept].dirty = false;
            kept++;
        }
    }
    node->stream_count = kept;
    for (size_t index = 0; index < node->cursor_count; index++) {
        node->cursors[index].working = node->cursors[index].committed;
        node->cursors[index].dirty = false;
    }
}

/* ---- what others ask ------------------------------------------------------- */

struct wu_stream wu_node_mail_stream(const struct wu_node *node, uint32_t peer)
{
    const struct stream_state *state = wu_stream_find(node, peer);
    if (state != NULL) {
        return state->committed;
    }
    struct wu_stream empty = {.stream = peer, .generation = node->committed.generation, .first = 1};
    (void)snprintf(empty.name, sizeof empty.name, "to/%u", peer);
    return empty;
}

size_t wu_node_public_count(const struct wu_node *node)
{
    uint32_t first_public = WU_STREAM_PUBLIC;
    size_t index = lower_bound(node->streams, node->stream_count, sizeof *node->streams,
                               &first_public, compare_stream);
    return node->stream_count - index;
}

struct wu_stream wu_node_public_stream(const struct wu_node *node, size_t index)
{
    return node->streams[node->stream_count - wu_node_public_count(node) + index].committed;
}

bool wu_node_find_public(const struct wu_node *node, const char *name, struct wu_stream *ret_stream)
{
    const struct stream_state *state = find_public(node, name);
    if (state == NULL) {
        return false;
    }
    *ret_stream = state->committed;
    return true;
}

struct wu_cursor wu_node_cursor(const struct wu_node *node, uint32_t peer, const char *stream)
{
    struct wu_cursor_key key = {.node = peer};
    struct wu_cursor none = {.next = 1};
    if (!wu_key_text(key.stream, sizeof key.stream, stream)) {
        return none;
    }
    size_t index =
        lower_bound(node->cursors, node->cursor_count, sizeof *node->cursors, &key, compare_cursor);
    bool found = index < node->cursor_count && compare_cursor(&key, &node->cursors[index]) == 0;
    return found ? node->cursors[index].committed : none;
}

enum wu_status wu_node_hash_at(struct wu_node *node, uint32_t stream, uint64_t number,
                               uint8_t ret_hash[WU_HASH_BYTES])
{
    memset(ret_hash, 0, WU_HASH_BYTES);
    if (number == 0) {
        return WU_OK;
    }
    struct wu_txn *txn = NULL;
    size_t mark = node->arena.used_bytes;
    enum wu_status status = wu_txn_begin_read(node->store, &node->arena, &txn);
    if (status != WU_OK) {
        return status;
    }
    const Node__RecordRow *row = wu_records_get(txn, &(struct wu_record_key){stream, number});
    status = wu_txn_status(txn);
    if (row != NULL) {
        copy_hash(ret_hash, row->hash);
    }
    wu_txn_abort(&txn);
    wu_arena_reset(&node->arena, mark);
    return status != WU_OK ? status : row != NULL ? WU_OK : WU_NOT_FOUND;
}

enum wu_status wu_node_read_records(struct wu_node *node, uint32_t stream, uint64_t from,
                                    size_t count_max, size_t bytes_max, struct wu_arena *arena,
                                    struct wu_output **ret_records, size_t *ret_count)
{
    *ret_count = 0;
    *ret_records = wu_arena_take(arena, count_max * sizeof **ret_records);
    struct wu_txn *txn = NULL;
    if (*ret_records == NULL) {
        return WU_NO_MEMORY;
    }
    enum wu_status status = wu_txn_begin_read(node->store, arena, &txn);
    if (status != WU_OK) {
        return status;
    }
    struct wu_record_key key = {stream, from};
    const Node__RecordRow *row = NULL;
    size_t bytes = 0;
    bool found = wu_records_from(txn, &key, 1, &row);
    while (found && key.number == from + *ret_count && *ret_count < count_max &&
           bytes < bytes_max) {
        struct wu_output *record = &(*ret_records)[*ret_count];
        *record = (struct wu_output){.stream = stream,
                                     .number = key.number,
                                     .record = wu_bytes(row->envelope.data, row->envelope.len)};
        copy_hash(record->hash, row->hash);
        bytes += row->envelope.len;
        (*ret_count)++;
        found = wu_records_after(txn, &key, 1, &row);
    }
    status = wu_txn_status(txn);
    wu_txn_abort(&txn);
    if (status == WU_NO_MEMORY && *ret_count > 0) {
        status = WU_OK; /* as many as fit */
    }
    return status != WU_OK ? status : *ret_count > 0 ? WU_OK : WU_NOT_FOUND;
}

enum { PIECE_RECORDS_MAX = 4096, PIECE_BYTES = 256 << 10 };

/* Latest records from the place on, as many as one piece holds. */
static size_t read_piece(struct wu_txn *txn, struct wu_snapshot_place *place,
                         ProtobufCBinaryData *records)
{
    size_t count = 0;
    size_t bytes = 0;
    struct wu_latest_key key = place->last;
    const Node__LatestRow *latest = NULL;
    bool found = place->piece == 0 ? wu_latest_from(txn, &key, 1, &latest)
                                   : wu_latest_after(txn, &key, 1, &latest);
    while (found && count < PIECE_RECORDS_MAX && bytes < PIECE_BYTES) {
        records[count++] = latest->envelope;
        bytes += latest->envelope.len;
        place->last = key;
        found = wu_latest_after(txn, &key, 1, &latest);
    }
    place->more = found;
    return count;
}

static struct wu_bytes pack_piece(struct wu_node *node, const struct wu_stream *stream,
                                  const struct wu_snapshot_place *place,
                                  ProtobufCBinaryData *records, size_t count,
                                  struct wu_arena *arena)
{
    Bus__Snapshot snapshot = BUS__SNAPSHOT__INIT;
    Bus__Position upto = BUS__POSITION__INIT;
    uint8_t hash[WU_HASH_BYTES];
    memcpy(hash, stream->hash, sizeof hash);
    upto.stream = (char *)(uintptr_t)stream->name; /* only read */
    upto.generation = stream->generation;
    upto.next = stream->head + 1;
    upto.hash = hash_field(hash);
    snapshot.node = node->config.node;
    snapshot.upto = &upto;
    snapshot.n_records = count;
    snapshot.records = records;
    snapshot.piece = place->piece;
    snapshot.more = place->more;
    return wu_pb_pack(&snapshot.base, arena);
}

enum wu_status wu_node_read_snapshot(struct wu_node *node, uint32_t stream,
                                     struct wu_snapshot_place *place, struct wu_arena *arena,
                                     struct wu_bytes *ret_snapshot)
{
    struct stream_state *state = wu_stream_find(node, stream);
    ProtobufCBinaryData *records =
        wu_arena_take(arena, PIECE_RECORDS_MAX * sizeof(ProtobufCBinaryData));
    struct wu_txn *txn = NULL;
    if (state == NULL || records == NULL) {
        return state == NULL ? WU_NOT_FOUND : WU_NO_MEMORY;
    }
    enum wu_status status = wu_txn_begin_read(node->store, arena, &txn);
    if (status != WU_OK) {
        return status;
    }
    place->last.stream = stream;
    size_t count = read_piece(txn, place, records);
    status = wu_txn_status(txn);
    wu_txn_abort(&txn);
    if (status == WU_OK) {
        *ret_snapshot = pack_piece(node, &state->committed, place, records, count, arena);
        place->piece++;
        status = ret_snapshot->data != NULL ? WU_OK : WU_NO_MEMORY;
    }
    return status;
}
