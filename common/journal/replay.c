/*
 * Folding a journal again must give the same bytes. The scratch store is a node
 * of its own that is fed from the journal instead of from sockets; trimming and
 * followers, which depend on what peers said and when, are left out of the
 * comparison, and a record that was trimmed is not missed.
 */
#include "common/journal/replay.h"

#include "common/journal/internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { EVENTS_PER_TXN = 2000, ARENA_BYTES = 64 << 20 };

struct replay {
    const struct wu_core *core;
    struct wu_arena arena; /* rows of the source */
    struct wu_store *source_store;
    struct wu_txn *source;
    struct wu_node *node; /* the scratch one */
    uint64_t until_seq;   /* the last to be folded */
    struct wu_replay_report *report;
    struct wu_error *reterr;
};

static void note_difference(struct replay *replay, const struct wu_table *table, const char *what,
                            const void *key)
{
    if (replay->report->different_count == 0) {
        FILE *out = fmemopen(replay->report->first_difference,
                             sizeof replay->report->first_difference - 1, "w");
        if (out != NULL) {
            (void)fprintf(out, "%s: %s ", table->name, what);
            wu_json_key(out, table, key);
            (void)fclose(out);
        }
    }
    replay->report->different_count++;
}

/* ---- folding again ----------------------------------------------------------------- */

static bool timer_input(struct replay *replay, const Node__JournalRow *row,
                        struct wu_timer_key *key)
{
    const Envelope__TimerFired *fired =
        envelope__timer_fired__unpack(&replay->node->arena.pb, row->record.len, row->record.data);
    if (fired == NULL) {
        return false;
    }
    *key = (struct wu_timer_key){
        .due_at_ms = fired->due_at_ms, .type = (uint32_t)row->type, .n = fired->n};
    (void)wu_id_from_pb(fired->subject, &key->subject);
    return true;
}

static bool fold_row(struct replay *replay, struct wu_txn *txn, uint64_t seq,
                     const Node__JournalRow *row)
{
    char own_mail[32];
    struct wu_timer_key timer;
    (void)snprintf(own_mail, sizeof own_mail, "to/%u", replay->node->config.node);
    struct wu_input input = {
        .origin = (enum wu_origin)row->origin,
        .record = wu_bytes(row->record.data, row->record.len),
        .from_node = row->from_node,
        .generation = row->generation,
        .number = row->number,
        .snapshot = row->snapshot,
        .via = row->via,
        .kept_from = row->kept_from,
        .kept_count = row->n_kept_from,
        .dead = row->dead,
        .why_dead = row->dead ? row->why_dead : NULL,
    };
    if (row->origin == NODE__ORIGIN__ORIGIN_MAIL) {
        input.stream = own_mail;
    } else if (row->origin == NODE__ORIGIN__ORIGIN_PUBLIC) {
        input.stream = row->stream;
    } else if (row->origin == NODE__ORIGIN__ORIGIN_TIMER) {
        if (!timer_input(replay, row, &timer)) {
            return false;
        }
        input.timer = &timer;
    }
    replay->node->now_ms = row->time_ms;
    return wu_fold_input(replay->node, txn, &input) && input.seq == seq;
}

/* Folds up to EVENTS_PER_TXN entries from *seq on; *seq becomes the next. */
static enum wu_status fold_some(struct replay *replay, uint64_t *seq, bool *more)
{
    struct wu_txn *txn = NULL;
    (void)wu_node_begin(replay->node);
    wu_arena_reset(&replay->arena, 0);
    enum wu_status status = wu_txn_begin(replay->node->store, &replay->node->arena, &txn);
    if (status != WU_OK) {
        return status;
    }
    uint64_t start = *seq;
    bool same = true;
    struct wu_journal_key key = {*seq};
    const Node__JournalRow *row = NULL;
    *more = *seq <= replay->until_seq && wu_journal_from(replay->source, &key, 0, &row);
    while (*more && same && *seq < start + EVENTS_PER_TXN &&
           replay->arena.used_bytes < ARENA_BYTES / 2 &&
           replay->node->arena.used_bytes < ARENA_BYTES / 2) {
        same = key.seq == *seq && fold_row(replay, txn, *seq, row);
        (*seq)++;
        *more =
            same && *seq <= replay->until_seq && wu_journal_after(replay->source, &key, 0, &row);
    }
    if (same) {
        wu_node_flush(replay->node, txn);
    }
    status = wu_txn_status(txn);
    if (status == WU_OK && same) {
        status = wu_txn_commit(&txn);
    } else {
        wu_txn_abort(&txn);
    }
    if (status == WU_OK && same) {
        wu_node_committed(replay->node);
        return wu_txn_status(replay->source);
    }
    wu_node_aborted(replay->node);
    *seq = start;
    *more = true;
    if (status == WU_FULL) {
        return wu_store_grow(replay->node->store);
    }
    if (status == WU_OK) {
        note_difference(replay, &WU_JOURNAL, "cannot be folded again near", &key);
        return WU_DIVERGED;
    }
    return status;
}

static enum wu_status fold_all(struct replay *replay)
{
    uint64_t seq = 1;
    bool more = true;
    enum wu_status status = WU_OK;
    while (more && status == WU_OK) {
        status = fold_some(replay, &seq, &more);
    }
    replay->report->event_count = seq - 1;
    return status;
}

/* ---- comparing ----------------------------------------------------------------------- */

static bool same_bytes(struct wu_bytes a, struct wu_bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* What of a stream's row is derived: all but what trimming moved. */
static struct wu_bytes derived_part(struct replay *replay, const struct wu_table *table,
                                    struct wu_bytes value, struct wu_arena *arena)
{
    (void)replay;
    if (table != &WU_STREAMS) {
        return value;
    }
    Node__StreamRow *row = node__stream_row__unpack(&arena->pb, value.size, value.data);
    if (row == NULL) {
        return value;
    }
    row->first = 0;
    row->bytes = 0;
    size_t size = node__stream_row__get_packed_size(row);
    uint8_t *bytes = wu_arena_take(arena, size + 1);
    if (bytes == NULL) {
        return value;
    }
    (void)node__stream_row__pack(row, bytes);
    return wu_bytes(bytes, size);
}

/* Every row of the source is in the scratch store, and the other way round where all is kept. */
static void compare_table(struct replay *replay, struct wu_txn *scratch,
                          const struct wu_table *table)
{
    _Alignas(16) uint8_t key[256] = {0};
    struct wu_bytes value = {0};
    struct wu_bytes again = {0};
    uint64_t count = 0;
    WU_ASSERT(table->key_size <= sizeof key);
    bool found = wu_table_from_raw(replay->source, table, key, 0, &value);
    while (found) {
        size_t mark = replay->arena.used_bytes;
        bool there = wu_table_get_raw(scratch, table, key, &again);
        if (!there) {
            note_difference(replay, table, "not made again", key);
        } else if (!same_bytes(derived_part(replay, table, value, &replay->arena),
                               derived_part(replay, table, again, &replay->arena))) {
            note_difference(replay, table, "different", key);
        }
        wu_arena_reset(&replay->arena, mark);
        count++;
        found = wu_table_after_raw(replay->source, table, key, 0, &value);
    }
    bool trimmed = table == &WU_RECORDS;
    if (!trimmed && wu_table_count(scratch, table) != count) {
        memset(key, 0, sizeof key);
        note_difference(replay, table, "has another number of rows", key);
    }
    replay->report->row_count += count;
    replay->report->table_count++;
}

static enum wu_status compare_tables(struct replay *replay)
{
    struct wu_txn *scratch = NULL;
    wu_arena_reset(&replay->arena, 0);
    enum wu_status status = wu_txn_begin_read(replay->node->store, &replay->arena, &scratch);
    if (status != WU_OK) {
        return status;
    }
    const struct wu_table *const *lists[] = {WU_NODE_TABLES, replay->core->tables};
    for (size_t list = 0; list < 2; list++) {
        for (const struct wu_table *const *table = lists[list]; *table != NULL; table++) {
            if (!(*table)->not_derived) {
                compare_table(replay, scratch, *table);
            }
        }
    }
    status = wu_txn_status(scratch);
    wu_txn_abort(&scratch);
    return status != WU_OK ? status : wu_txn_status(replay->source);
}

/* ---- streams on their own --------------------------------------------------------------- */

/* Walks one stream of the source: numbers without a gap, each hash that of the one before and it.
 */
static void walk_stream(struct replay *replay, uint32_t stream, const Node__StreamRow *row)
{
    struct wu_record_key key = {stream, row->first};
    const Node__RecordRow *record = NULL;
    uint8_t hash[WU_HASH_BYTES] = {0};
    uint64_t expected = row->first;
    bool known_previous = row->first == 1;
    size_t mark = replay->arena.used_bytes;
    bool found = wu_records_from(replay->source, &key, 1, &record);
    while (found && key.number == expected) {
        wu_chain_hash(hash, wu_bytes(record->envelope.data, record->envelope.len), hash);
        bool chained = record->hash.len == WU_HASH_BYTES &&
                       (!known_previous || memcmp(hash, record->hash.data, WU_HASH_BYTES) == 0);
        if (!chained) {
            note_difference(replay, &WU_RECORDS, "breaks the chain", &key);
        }
        memcpy(hash, record->hash.data, record->hash.len == WU_HASH_BYTES ? WU_HASH_BYTES : 0);
        known_previous = true;
        replay->report->record_count++;
        expected++;
        wu_arena_reset(&replay->arena, mark);
        found = wu_records_after(replay->source, &key, 1, &record);
    }
    if (expected != row->head + 1) {
        key = (struct wu_record_key){stream, expected};
        note_difference(replay, &WU_RECORDS, "missing", &key);
    }
    replay->report->stream_count++;
}

static void walk_streams(struct replay *replay)
{
    struct wu_stream_key key = {0};
    const Node__StreamRow *row = NULL;
    wu_arena_reset(&replay->arena, 0);
    for (bool found = wu_streams_from(replay->source, &key, 0, &row); found;
         found = wu_streams_after(replay->source, &key, 0, &row)) {
        walk_stream(replay, key.stream, row);
    }
}

/* ---- opening ------------------------------------------------------------------------------ */

static enum wu_status open_source(struct replay *replay, const char *path)
{
    const struct wu_table *const *lists[] = {WU_NODE_TABLES, replay->core->tables, NULL};
    struct wu_store_config config = {.path = path, .tables = lists, .read_only = true};
    enum wu_status status = wu_store_open(&replay->source_store, &config, replay->reterr);
    if (status == WU_OK) {
        status = wu_txn_begin_read(replay->source_store, &replay->arena, &replay->source);
        if (status != WU_OK) {
            wu_error_set(replay->reterr, status, "cannot read store '%s'", path);
        }
    }
    return status;
}

static enum wu_status open_scratch(struct replay *replay, const char *scratch_path)
{
    const Node__MetaRow *meta = wu_meta_get(replay->source, &(struct wu_meta_key){1});
    if (meta == NULL || strcmp(meta->role, replay->core->role) != 0) {
        return wu_error_set(replay->reterr, WU_INVALID, "that is no store of a %s node",
                            replay->core->role);
    }
    struct wu_node_config config = {
        .store_path = scratch_path,
        .core = replay->core,
        .node = meta->node,
        .hub = meta->hub,
        .division = meta->division,
        .utc_offset_min = meta->utc_offset_min,
        .map_bytes = (size_t)256 << 20,
        .map_bytes_max = (size_t)1 << 40,
        .arena_bytes = ARENA_BYTES,
        .batch_count_max = 1,
        .stream_keep_count = UINT64_MAX, /* nothing is trimmed here */
        .public_keep_count = UINT64_MAX,
        .scratch = true,
    };
    return wu_node_open(&replay->node, &config, replay->reterr);
}

static enum wu_status fold_again(struct replay *replay, const char *store_path,
                                 const char *scratch_path)
{
    enum wu_status status = open_source(replay, store_path);
    if (status == WU_OK) {
        status = open_scratch(replay, scratch_path);
    }
    if (status == WU_OK) {
        status = fold_all(replay);
        if (status != WU_OK && status != WU_DIVERGED) {
            wu_error_set(replay->reterr, status,
                         "folding again stopped after event %" PRIu64 ": %s",
                         replay->report->event_count, wu_status_name(status));
        }
    }
    return status;
}

static enum wu_status verify(struct replay *replay, const char *store_path,
                             const char *scratch_path)
{
    enum wu_status status = fold_again(replay, store_path, scratch_path);
    if (status == WU_OK) {
        walk_streams(replay);
        status = compare_tables(replay);
    }
    if (status == WU_OK && replay->report->different_count > 0) {
        status = WU_DIVERGED;
    }
    return status;
}

static enum wu_status replay_open(struct replay *replay)
{
    *replay->report = (struct wu_replay_report){0};
    enum wu_status status = wu_arena_open(&replay->arena, ARENA_BYTES);
    if (status != WU_OK) {
        wu_error_set(replay->reterr, status, "no memory to fold the journal again");
    }
    return status;
}

static void replay_close(struct replay *replay)
{
    wu_node_close(&replay->node);
    wu_txn_abort(&replay->source);
    wu_store_close(&replay->source_store);
    wu_arena_close(&replay->arena);
}

enum wu_status wu_replay_verify(const char *store_path, const struct wu_core *core,
                                const char *scratch_path, struct wu_replay_report *ret_report,
                                struct wu_error *reterr)
{
    struct replay replay = {
        .core = core, .report = ret_report, .reterr = reterr, .until_seq = UINT64_MAX};
    enum wu_status status = replay_open(&replay);
    if (status == WU_OK) {
        status = verify(&replay, store_path, scratch_path);
        replay_close(&replay);
    }
    return status;
}

enum wu_status wu_replay_look(const char *store_path, const struct wu_core *core,
                              const char *scratch_path, uint64_t until_seq, wu_replay_look_fn look,
                              void *context, struct wu_error *reterr)
{
    struct wu_replay_report report;
    struct replay replay = {
        .core = core, .report = &report, .reterr = reterr, .until_seq = until_seq};
    enum wu_status status = replay_open(&replay);
    if (status != WU_OK) {
        return status;
    }
    status = fold_again(&replay, store_path, scratch_path);
    if (status == WU_DIVERGED) {
        wu_error_set(reterr, status, "the journal %s", report.first_difference);
    }
    struct wu_txn *again = NULL;
    if (status == WU_OK) {
        wu_arena_reset(&replay.arena, 0);
        status = wu_txn_begin_read(replay.node->store, &replay.node->arena, &again);
    }
    if (status == WU_OK) {
        look(context, replay.source, again);
        status = wu_txn_status(again);
        wu_txn_abort(&again);
        status = status != WU_OK ? status : wu_txn_status(replay.source);
    }
    replay_close(&replay);
    return status;
}
