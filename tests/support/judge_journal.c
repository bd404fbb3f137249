/* What one node's journal and streams must be like. */
#include "tests/support/judge.h"

#include "common/fold/pb.h"
#include "common/journal/node.h"
#include "common/journal/tables.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { CHAINS_MAX = 64 };

/* A peer's stream as this node has folded it. */
struct chain {
    struct wu_cursor_key key;
    uint64_t number;
    uint8_t hash[WU_HASH_BYTES];
    bool has_leapt; /* by a snapshot: the hashes between are not here */
};

/* A command of the journal. */
struct told {
    struct wu_id producer;
    uint64_t number;
    uint64_t seq;
};

struct look {
    struct city *city;
    int node;
    struct wu_txn *txn;
    struct judge_report *report;
    struct judge_names *names;
    struct chain chains[CHAINS_MAX];
    size_t chain_count;
    struct told *told;
    size_t told_count;
    uint64_t seq;
    int64_t time_ms;
};

static const char *role_of(const struct look *look)
{
    return CITY_CORES[look->node]->role;
}

/* ---- names ------------------------------------------------------------------------------- */

static int compare_named(const void *a, const void *b)
{
    const struct judge_named *one = a;
    const struct judge_named *other = b;
    int order = wu_id_compare(&one->id, &other->id);
    return order != 0 ? order : (one->content > other->content) - (one->content < other->content);
}

void judge_names_are_single(struct city *city, struct judge_names *names)
{
    char text[WU_ID_TEXT_MAX];
    qsort(names->list, names->count, sizeof *names->list, compare_named);
    for (size_t index = 1; index < names->count; index++) {
        const struct judge_named *before = &names->list[index - 1];
        const struct judge_named *here = &names->list[index];
        if (wu_id_equal(&before->id, &here->id) && before->content != here->content) {
            city_fail(city, "two records have the name %s", wu_id_to_text(&here->id, text));
        }
    }
}

static void note_name(struct look *look, const Envelope__Envelope *envelope, struct wu_bytes record)
{
    static const uint8_t nothing[WU_HASH_BYTES];
    struct judge_names *names = look->names;
    uint8_t hash[WU_HASH_BYTES];
    if (names->count == names->max) {
        names->max = names->max * 2 + 4096;
        names->list = reallocarray(names->list, names->max, sizeof *names->list);
        cr_assert_not_null(names->list);
    }
    struct judge_named *named = &names->list[names->count++];
    if (!wu_id_from_pb(envelope->id, &named->id)) {
        city_fail(look->city, "%s: event %" PRIu64 " has no name", role_of(look), look->seq);
    }
    wu_chain_hash(nothing, record, hash);
    memcpy(&named->content, hash, sizeof named->content);
}

/* ---- inputs ------------------------------------------------------------------------------- */

static bool has_canary(ProtobufCBinaryData record)
{
    return memmem(record.data, record.len, JUDGE_CANARY, sizeof JUDGE_CANARY - 1) != NULL;
}

static void check_privacy(struct look *look, const Node__JournalRow *row)
{
    bool has = has_canary(row->record);
    bool watched = row->origin == NODE__ORIGIN__ORIGIN_PUBLIC ||
                   row->type == WU_TYPE(NODE_PUBLISH) || row->type == WU_TYPE(LINKAGE_STEP_OFFERED);
    if (has && watched) {
        city_fail(look->city, "%s: a number on paper is told in %s, event %" PRIu64, role_of(look),
                  wu_event_type_name(row->type), look->seq);
    }
    look->report->canary_count += has;
}

static struct chain *chain_of(struct look *look, const Node__JournalRow *row)
{
    struct wu_cursor_key key = {.node = row->from_node};
    char name[24];
    (void)snprintf(name, sizeof name, "to/%d", look->node);
    (void)wu_key_text(key.stream, sizeof key.stream,
                      row->origin == NODE__ORIGIN__ORIGIN_MAIL ? name : row->stream);
    for (size_t index = 0; index < look->chain_count; index++) {
        struct chain *chain = &look->chains[index];
        if (chain->key.node == key.node && strcmp(chain->key.stream, key.stream) == 0) {
            return chain;
        }
    }
    cr_assert_lt(look->chain_count, CHAINS_MAX);
    struct chain *chain = &look->chains[look->chain_count++];
    *chain = (struct chain){.key = key};
    return chain;
}

static void follow_chain(struct look *look, const Node__JournalRow *row)
{
    struct chain *chain = chain_of(look, row);
    if (row->snapshot) {
        chain->has_leapt = true;
        chain->number = row->number - 1;
        return;
    }
    if (row->number != chain->number + 1 || row->generation != 1) {
        city_fail(look->city,
                  "%s: record %" PRIu64 " of %s of node %u, generation %u, comes after %" PRIu64,
                  role_of(look), row->number, chain->key.stream, chain->key.node, row->generation,
                  chain->number);
    }
    struct wu_bytes record = wu_bytes(row->record.data, row->record.len);
    chain->number++;
    wu_chain_hash(chain->hash, record, chain->hash);
    const char *why = NULL;
    ProtobufCMessage *envelope = NULL;
    cr_assert_eq(wu_pb_decode(&envelope__envelope__descriptor, WU_PB_TOLERANT, record,
                              wu_txn_arena(look->txn), &envelope, &why),
                 WU_OK, "%s", why);
    note_name(look, (const Envelope__Envelope *)(const void *)envelope, record);
}

static void note_command(struct look *look, const Node__JournalRow *row)
{
    struct told *told = &look->told[look->told_count++];
    cr_assert(wu_id_from_pb(row->producer, &told->producer));
    told->number = row->number;
    told->seq = look->seq;
}

static void check_inputs(struct look *look)
{
    struct wu_journal_key key = {0};
    const Node__JournalRow *row = NULL;
    size_t mark = wu_txn_arena(look->txn)->used_bytes;
    for (bool more = wu_journal_from(look->txn, &key, 0, &row); more;
         more = wu_journal_after(look->txn, &key, 0, &row)) {
        if (key.seq != look->seq + 1 || row->time_ms < look->time_ms || row->dead) {
            city_fail(look->city,
                      "%s: event %" PRIu64 " of %" PRId64 " ms comes after event %" PRIu64
                      " of %" PRId64 " ms%s %s",
                      role_of(look), key.seq, row->time_ms, look->seq, look->time_ms,
                      row->dead ? "; it is dead:" : "", row->why_dead);
        }
        look->seq = key.seq;
        look->time_ms = row->time_ms;
        check_privacy(look, row);
        if (row->origin == NODE__ORIGIN__ORIGIN_COMMAND) {
            note_command(look, row);
        } else if (row->origin != NODE__ORIGIN__ORIGIN_TIMER) {
            follow_chain(look, row);
        }
        wu_arena_reset(wu_txn_arena(look->txn), mark);
    }
    look->report->input_count += look->seq;
}

/* ---- streams -------------------------------------------------------------------------------- */

static void check_cursors(struct look *look)
{
    for (size_t index = 0; index < look->chain_count; index++) {
        const struct chain *chain = &look->chains[index];
        const Node__CursorRow *cursor = wu_cursors_get(look->txn, &chain->key);
        if (cursor == NULL || cursor->next != chain->number + 1 ||
            (!chain->has_leapt && (cursor->hash.len != WU_HASH_BYTES ||
                                   memcmp(cursor->hash.data, chain->hash, WU_HASH_BYTES) != 0))) {
            city_fail(look->city,
                      "%s: the journal has %s of node %u up to %" PRIu64
                      ", the cursor is at %" PRIu64 ", or the hashes differ",
                      role_of(look), chain->key.stream, chain->key.node, chain->number,
                      cursor != NULL ? cursor->next : 0);
        }
    }
}

/* Every record that is held fits the one before it. */
static void check_stream(struct look *look, uint32_t number, uint64_t first, uint64_t head)
{
    struct wu_record_key key = {number, first};
    uint8_t before[WU_HASH_BYTES] = {0};
    uint8_t hash[WU_HASH_BYTES];
    bool known = first == 1;
    for (; key.number <= head; key.number++) {
        size_t mark = wu_txn_arena(look->txn)->used_bytes;
        const Node__RecordRow *row = wu_records_get(look->txn, &key);
        bool fits = row != NULL && row->hash.len == WU_HASH_BYTES;
        if (fits && known) {
            wu_chain_hash(before, wu_bytes(row->envelope.data, row->envelope.len), hash);
            fits = memcmp(hash, row->hash.data, WU_HASH_BYTES) == 0;
        }
        if (!fits) {
            city_fail(look->city, "%s: record %" PRIu64 " of stream %u is %s", role_of(look),
                      key.number, number, row == NULL ? "missing" : "not chained to the last");
        }
        memcpy(before, row->hash.data, WU_HASH_BYTES);
        known = true;
        wu_arena_reset(wu_txn_arena(look->txn), mark);
    }
}

static void check_streams(struct look *look)
{
    struct wu_stream_key key = {0};
    const Node__StreamRow *row = NULL;
    for (bool more = wu_streams_from(look->txn, &key, 0, &row); more;
         more = wu_streams_after(look->txn, &key, 0, &row)) {
        check_stream(look, key.stream, row->first, row->head);
    }
}

/* ---- answers ----------------------------------------------------------------------------------
 */

static int compare_told(const void *a, const void *b)
{
    const struct told *one = a;
    const struct told *other = b;
    int order = wu_id_compare(&one->producer, &other->producer);
    return order != 0 ? order : (one->number > other->number) - (one->number < other->number);
}

static void check_keys(struct look *look)
{
    qsort(look->told, look->told_count, sizeof *look->told, compare_told);
    for (size_t index = 1; index < look->told_count; index++) {
        if (compare_told(&look->told[index - 1], &look->told[index]) == 0) {
            city_fail(look->city, "%s: events %" PRIu64 " and %" PRIu64 " are one command",
                      role_of(look), look->told[index - 1].seq, look->told[index].seq);
        }
    }
}

static bool is_that_answer(const Node__CommandRow *row, const struct judge_answer *answer)
{
    struct wu_id id = {{0}};
    (void)wu_id_from_pb(row->answer->id, &id);
    return (int32_t)row->answer->status == answer->status &&
           strncmp(row->answer->code, answer->code, sizeof answer->code - 1) == 0 &&
           wu_id_equal(&id, &answer->id);
}

static void check_answer(struct look *look, const struct judge_answer *answer)
{
    struct wu_command_key key = {answer->producer, answer->number};
    struct told name = {.producer = answer->producer, .number = answer->number};
    size_t mark = wu_txn_arena(look->txn)->used_bytes;
    const Node__CommandRow *row = wu_commands_get(look->txn, &key);
    const struct told *told =
        bsearch(&name, look->told, look->told_count, sizeof *look->told, compare_told);
    if (row == NULL || row->answer == NULL || told == NULL || told->seq != row->seq) {
        city_fail(look->city,
                  "%s has lost command %" PRIu64 ", which was answered (%s): %s, %s in its journal",
                  role_of(look), answer->number, answer->code,
                  row == NULL ? "it knows no answer" : "it knows the answer",
                  told == NULL ? "not" : "elsewhere");
    }
    if (!is_that_answer(row, answer)) {
        city_fail(look->city, "%s holds another answer to command %" PRIu64 " than it gave",
                  role_of(look), answer->number);
    }
    wu_arena_reset(wu_txn_arena(look->txn), mark);
}

/*
 * Those of linkages; what a provider's record weighs goes on for weeks, a
 * registration for years.
 */
static uint64_t count_timers(struct wu_txn *txn)
{
    struct wu_timer_key key = {.due_at_ms = INT64_MIN};
    const Node__TimerRow *row = NULL;
    uint64_t count = 0;
    size_t mark = wu_txn_arena(txn)->used_bytes;
    for (bool more = wu_timers_from(txn, &key, 0, &row); more;
         more = wu_timers_after(txn, &key, 0, &row)) {
        count += key.type != WU_TYPE(COORDINATOR_STANDING_DUE) &&
                 key.type != WU_TYPE(SOCIALORG_REGISTRATION_ENDS);
        wu_arena_reset(wu_txn_arena(txn), mark);
    }
    return count;
}

void judge_journal(struct city *city, int node, struct wu_txn *txn,
                   const struct judge_answer *answers, size_t answer_count,
                   struct judge_names *names, struct judge_report *report)
{
    struct look look = {.city = city, .node = node, .txn = txn, .report = report, .names = names};
    look.told = calloc(wu_table_count(txn, &WU_JOURNAL) + 1, sizeof *look.told);
    cr_assert_not_null(look.told);
    check_inputs(&look);
    check_cursors(&look);
    check_streams(&look);
    check_keys(&look);
    for (size_t index = 0; index < answer_count; index++) {
        if (answers[index].node == node) {
            check_answer(&look, &answers[index]);
        }
    }
    free(look.told);
    if (wu_table_count(txn, &WU_DEAD_LETTERS) > 0 || count_timers(txn) > 0) {
        city_fail(city, "%s: %" PRIu64 " dead letters and %" PRIu64 " timers are left",
                  role_of(&look), wu_table_count(txn, &WU_DEAD_LETTERS), count_timers(txn));
    }
}
