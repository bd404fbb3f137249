/*
 * A batch: number, journal, fold, commit.
 *
 * An input whose handler fails spoils the transaction it was in, so that is
 * dropped and made again with the input marked dead: journaled, put with the
 * dead letters, not folded. Nothing of the first try was told to anybody. A
 * full map is grown, a full arena halves the transaction, and both try again.
 */
#include "common/journal/internal.h"

#include "common/base/time.h"
#include "common/fold/pb.h"

#include <string.h>

struct wu_arena *wu_node_begin(struct wu_node *node)
{
    wu_arena_reset(&node->arena, 0);
    node->input_count = 0;
    node->output_count = 0;
    return &node->arena;
}

struct wu_bytes wu_node_keep(struct wu_node *node, const void *bytes, size_t size)
{
    return wu_bytes(wu_arena_copy(&node->arena, bytes, size), size);
}

struct wu_input *wu_node_add(struct wu_node *node)
{
    if (node->input_count == node->config.batch_count_max) {
        return NULL;
    }
    struct wu_input *input = &node->inputs[node->input_count++];
    *input = (struct wu_input){0};
    return input;
}

size_t wu_node_input_count(const struct wu_node *node)
{
    return node->input_count;
}

struct wu_input *wu_node_input(struct wu_node *node, size_t index)
{
    return &node->inputs[index];
}

const struct wu_output *wu_node_outputs(const struct wu_node *node, size_t *ret_count)
{
    *ret_count = node->output_count;
    return node->outputs;
}

/* ---- timers --------------------------------------------------------------------- */

static bool add_timer(struct wu_node *node, const struct wu_timer_key *key)
{
    Envelope__TimerFired fired = ENVELOPE__TIMER_FIRED__INIT;
    fired.subject = wu_id_to_pb(&key->subject);
    fired.n = key->n;
    fired.due_at_ms = key->due_at_ms;
    struct wu_bytes record = wu_pb_pack(&fired.base, &node->arena);
    struct wu_input *input = record.data != NULL ? wu_node_add(node) : NULL;
    if (input == NULL) {
        return false;
    }
    struct wu_timer_key *kept = &node->timer_keys[node->input_count - 1];
    *kept = *key;
    input->origin = WU_ORIGIN_TIMER;
    input->record = record;
    input->timer = kept;
    return true;
}

enum wu_status wu_node_add_due_timers(struct wu_node *node, int64_t now_ms)
{
    if (now_ms < node->committed.time_ms) {
        now_ms =
            node->committed.time_ms; /* a clock that was put back does not put off what is due */
    }
    if (node->next_due_ms > now_ms) {
        return WU_OK;
    }
    struct wu_txn *txn = NULL;
    enum wu_status status = wu_txn_begin_read(node->store, &node->arena, &txn);
    if (status != WU_OK) {
        return status;
    }
    struct wu_timer_key key = {.due_at_ms = INT64_MIN};
    struct wu_bytes value = {0};
    bool found = wu_table_from_raw(txn, &WU_TIMERS, &key, 0, &value);
    while (found && key.due_at_ms <= now_ms && add_timer(node, &key)) {
        found = wu_table_after_raw(txn, &WU_TIMERS, &key, 0, &value);
    }
    status = wu_txn_status(txn);
    wu_txn_abort(&txn);
    return status;
}

static void find_next_due(struct wu_node *node, struct wu_txn *txn)
{
    struct wu_timer_key key = {.due_at_ms = INT64_MIN};
    struct wu_bytes value = {0};
    bool found = wu_table_from_raw(txn, &WU_TIMERS, &key, 0, &value);
    node->next_due_ms = found ? key.due_at_ms : WU_TIME_NEVER;
}

/* ---- one input ------------------------------------------------------------------- */

/* A repeated command gets its first answer; the same key with other content gets a refusal. */
static bool answer_repeat(struct wu_node *node, struct wu_txn *txn, struct wu_input *input,
                          const struct wu_command_key *key)
{
    const Node__CommandRow *row = wu_commands_get(txn, key);
    if (row == NULL) {
        return false;
    }
    const Node__JournalRow *journal = wu_journal_get(txn, &(struct wu_journal_key){row->seq});
    Bus__Answer *answer = wu_arena_take(&node->arena, sizeof *answer);
    if (answer == NULL || row->answer == NULL) {
        wu_txn_fail(txn, answer == NULL ? WU_NO_MEMORY : WU_CORRUPT);
        return true;
    }
    *answer = *row->answer;
    answer->repeated = true;
    bool forwarded = journal != NULL && journal->origin != NODE__ORIGIN__ORIGIN_COMMAND;
    if (journal != NULL && !forwarded &&
        (journal->record.len != input->record.size ||
         memcmp(journal->record.data, input->record.data, input->record.size) != 0)) {
        bus__answer__init(answer);
        answer->status = BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED;
        answer->code = (char *)(uintptr_t) "KEY_REUSED";
        answer->text = (char *)(uintptr_t) "this command number was already used for another "
                                           "command; give each command its own number";
    }
    input->answer = answer;
    node->repeat_count++;
    return true;
}

static void journal_input(struct wu_txn *txn, const struct wu_step *step,
                          const struct wu_input *input, const struct wu_command_key *command)
{
    Node__JournalRow row = NODE__JOURNAL_ROW__INIT;
    row.time_ms = step->event.time_ms;
    row.origin = (Node__Origin)input->origin;
    row.dead = input->dead;
    row.from_node = input->from_node;
    if (input->origin == WU_ORIGIN_PUBLIC) {
        row.stream = (char *)(uintptr_t)input->stream; /* only read */
    }
    row.generation = input->generation;
    row.number = input->number;
    if (input->origin == WU_ORIGIN_COMMAND) {
        row.producer = wu_id_to_pb(&command->producer);
        row.number = command->number;
    }
    if (input->timer != NULL) {
        row.type = (wu_event_type)input->timer->type;
    }
    row.record =
        (ProtobufCBinaryData){input->record.size, (uint8_t *)(uintptr_t)input->record.data};
    row.snapshot = input->snapshot;
    row.via = input->via;
    if (input->dead) {
        row.why_dead = (char *)(uintptr_t)input->why_dead;
    }
    wu_journal_put(txn, &(struct wu_journal_key){step->event.seq}, &row);
}

/* A retry that failed again is counted on the letter it retried and makes no letter of its own. */
static bool count_retry(struct wu_step *step, const Bus__Submit *submit)
{
    if (submit == NULL || submit->type != WU_TYPE(NODE_RETRY_DEAD_LETTER)) {
        return false;
    }
    Node__RetryDeadLetter *retry =
        node__retry_dead_letter__unpack(&step->node->arena.pb, submit->data.len, submit->data.data);
    struct wu_dead_letter_key key = {.seq = retry != NULL ? retry->seq : 0};
    const Node__DeadLetterRow *known = wu_dead_letters_get(step->txn, &key);
    if (known != NULL) {
        Node__DeadLetterRow row = *known;
        row.retried++;
        wu_dead_letters_put(step->txn, &key, &row);
    }
    return known != NULL;
}

static void bury(struct wu_step *step, const struct wu_input *input, const Bus__Submit *submit)
{
    wu_step_dead(step, input);
    if (count_retry(step, submit)) {
        return;
    }
    Node__DeadLetterRow row = NODE__DEAD_LETTER_ROW__INIT;
    row.seq = step->event.seq;
    row.time_ms = step->event.time_ms;
    row.origin = (Node__Origin)input->origin;
    row.from_node = input->from_node;
    row.type = submit != NULL         ? submit->type
               : input->timer != NULL ? (wu_event_type)input->timer->type
                                      : step->event.type;
    row.why = (char *)(uintptr_t)input->why_dead;
    const Node__TimerRow *timer =
        input->timer != NULL ? wu_timers_get(step->txn, input->timer) : NULL;
    if (timer != NULL) {
        row.correlation = timer->correlation;
        row.division = timer->division;
        wu_timers_del(step->txn, input->timer);
    }
    wu_dead_letters_put(step->txn, &(struct wu_dead_letter_key){step->event.seq}, &row);
}

static void keep_answer(struct wu_step *step, struct wu_input *input,
                        const struct wu_command_key *command)
{
    if (input->dead) {
        step->answer = wu_arena_take(&step->node->arena, sizeof *step->answer);
        if (step->answer == NULL) {
            wu_txn_fail(step->txn, WU_NO_MEMORY);
            return;
        }
        bus__answer__init(step->answer);
        step->answer->status = BUS__ANSWER_STATUS__ANSWER_STATUS_FAILED;
        step->answer->code = (char *)(uintptr_t) "DEAD_LETTER";
        step->answer->text = (char *)(uintptr_t)input->why_dead;
    }
    Node__CommandRow row = NODE__COMMAND_ROW__INIT;
    row.answer = step->answer;
    row.seq = step->event.seq;
    row.time_ms = step->event.time_ms;
    wu_commands_put(step->txn, command, &row);
    input->answer = step->answer;
}

static const Bus__Submit *submit_of(struct wu_node *node, const struct wu_input *input,
                                    struct wu_command_key *ret_key)
{
    *ret_key = (struct wu_command_key){0};
    if (input->origin != WU_ORIGIN_COMMAND) {
        return NULL;
    }
    const Bus__Submit *submit =
        bus__submit__unpack(&node->arena.pb, input->record.size, input->record.data);
    if (submit != NULL) {
        (void)wu_id_from_pb(submit->producer, &ret_key->producer);
        ret_key->number = submit->number;
    }
    return submit;
}

static void advance_cursor(struct wu_node *node, struct wu_txn *txn, const struct wu_input *input)
{
    struct cursor_state *cursor = wu_cursor_of(node, input->from_node, input->stream);
    if (cursor == NULL) {
        wu_txn_fail(txn, WU_NO_MEMORY);
        return;
    }
    if (!input->snapshot) {
        wu_cursor_advance(cursor, input);
        return;
    }
    const Bus__Snapshot *snapshot =
        bus__snapshot__unpack(&node->arena.pb, input->record.size, input->record.data);
    if (snapshot == NULL || snapshot->upto == NULL || snapshot->upto->hash.len != WU_HASH_BYTES) {
        wu_txn_fail(txn, snapshot == NULL ? WU_NO_MEMORY : WU_CORRUPT);
        return;
    }
    if (snapshot->more) {
        return; /* the position counts with the last piece */
    }
    cursor->working.generation = snapshot->upto->generation;
    cursor->working.next = snapshot->upto->next;
    memcpy(cursor->working.hash, snapshot->upto->hash.data, WU_HASH_BYTES);
    cursor->dirty = true;
}

/* A repeat of a command, mail that was folded before, a timer cancelled by an earlier input. */
static bool is_over(struct wu_node *node, struct wu_txn *txn, struct wu_input *input,
                    const struct wu_command_key *command)
{
    if (input->origin == WU_ORIGIN_COMMAND) {
        return answer_repeat(node, txn, input, command);
    }
    if (input->origin == WU_ORIGIN_TIMER) {
        struct wu_bytes value = {0};
        return !wu_table_get_raw(txn, &WU_TIMERS, input->timer, &value);
    }
    const struct cursor_state *cursor = wu_cursor_of(node, input->from_node, input->stream);
    return !input->snapshot && cursor != NULL && cursor->working.generation == input->generation &&
           input->number < cursor->working.next;
}

bool wu_fold_input(struct wu_node *node, struct wu_txn *txn, struct wu_input *input)
{
    struct wu_command_key command;
    const Bus__Submit *submit = submit_of(node, input, &command);
    input->seq = 0;
    input->answer = NULL;
    if (is_over(node, txn, input, &command) || wu_txn_status(txn) != WU_OK) {
        return true;
    }
    struct wu_step step = {.node = node, .txn = txn, .core = node->config.core};
    if (node->now_ms > node->working.time_ms) { /* time moves with events, and never back */
        node->working.time_ms = node->now_ms;
    }
    step.event.seq = ++node->working.journal_seq;
    step.event.time_ms = node->working.time_ms;
    input->seq = step.event.seq;
    journal_input(txn, &step, input, &command);
    if (input->stream != NULL) {
        advance_cursor(node, txn, input);
    }
    if (input->dead) {
        bury(&step, input, submit);
    } else if (!wu_step_fold(&step, input)) {
        if (wu_txn_status(txn) == WU_OK) { /* else the world failed, not the input */
            input->dead = true;
            input->why_dead = wu_arena_copy(&node->arena, step.why, strlen(step.why));
        }
        return false;
    }
    if (input->origin == WU_ORIGIN_COMMAND) {
        keep_answer(&step, input, &command);
    }
    return true;
}

/* ---- the transaction --------------------------------------------------------------- */

void wu_node_flush(struct wu_node *node, struct wu_txn *txn)
{
    wu_streams_flush(node, txn);
    Node__MetaRow row = NODE__META_ROW__INIT;
    row.node = node->config.node;
    row.role = (char *)(uintptr_t)node->config.core->role;
    row.generation = node->working.generation;
    row.generation_seq = node->working.generation_seq;
    row.journal_seq = node->working.journal_seq;
    row.time_ms = node->working.time_ms;
    row.layout = 1;
    row.hub = node->config.hub;
    row.division = node->config.division;
    row.utc_offset_min = node->config.utc_offset_min;
    wu_meta_put(txn, &(struct wu_meta_key){1}, &row);
    find_next_due(node, txn);
}

void wu_node_committed(struct wu_node *node)
{
    node->committed = node->working;
    wu_streams_committed(node);
}

void wu_node_aborted(struct wu_node *node)
{
    node->working = node->committed;
    wu_streams_aborted(node);
}

/* Folds inputs [first, first + count). WU_POISON: one of them is dead now, do it again. */
static enum wu_status try_inputs(struct wu_node *node, size_t first, size_t count, int64_t now_ms)
{
    struct wu_txn *txn = NULL;
    enum wu_status status = wu_txn_begin(node->store, &node->arena, &txn);
    if (status != WU_OK) {
        return status;
    }
    node->now_ms = now_ms;
    bool clean = true;
    for (size_t index = first; index < first + count && clean; index++) {
        clean = wu_fold_input(node, txn, &node->inputs[index]);
    }
    if (clean) {
        wu_node_flush(node, txn);
    }
    if (node->arena.exhausted) { /* a handler may have gone on without what it could not have */
        wu_txn_fail(txn, WU_NO_MEMORY);
    }
    status = wu_txn_status(txn);
    if (status == WU_OK && !clean) {
        status = WU_POISON;
    }
    if (status != WU_OK) {
        wu_txn_abort(&txn);
        return status;
    }
    return wu_txn_commit(&txn);
}

/* The reason a lone input filled the whole arena; the batch's memory is what it may use. */
static void bury_big_input(struct wu_input *input)
{
    input->dead = true;
    input->why_dead = "it needs more memory than arena_bytes allows";
}

/* The text of why_dead lies in the arena behind the inputs: keep it when that part is reset. */
static void reset_arena(struct wu_node *node, size_t first, size_t count)
{
    size_t mark = node->decoded_bytes;
    for (size_t index = first; index < first + count; index++) {
        struct wu_input *input = &node->inputs[index];
        const uint8_t *text = (const uint8_t *)input->why_dead;
        if (input->dead && text >= node->arena.base + mark &&
            text < node->arena.base + node->arena.size_bytes) {
            size_t size = strlen(input->why_dead) + 1;
            memmove(node->arena.base + mark, text, size);
            input->why_dead = (const char *)(node->arena.base + mark);
            mark += size;
        }
    }
    node->decoded_bytes = mark;
    wu_arena_reset(&node->arena, mark);
}

/* One transaction over up to *count inputs, tried until it stands. */
static enum wu_status commit_some(struct wu_node *node, size_t first, size_t *count, int64_t now_ms)
{
    for (;;) {
        size_t output_mark = node->output_count;
        enum wu_status status = try_inputs(node, first, *count, now_ms);
        if (status == WU_OK) {
            wu_node_committed(node);
            return WU_OK;
        }
        wu_node_aborted(node);
        node->output_count = output_mark;
        reset_arena(node, first, *count);
        if (status == WU_FULL) {
            status = wu_store_grow(node->store);
        } else if (status == WU_NO_MEMORY && *count > 1) {
            *count /= 2;
            status = WU_OK;
        } else if (status == WU_NO_MEMORY && first > 0) {
            return WU_BUSY; /* outputs of this batch fill the arena: a later batch takes the rest */
        } else if (status == WU_NO_MEMORY && !node->inputs[first].dead) {
            bury_big_input(&node->inputs[first]);
            status = WU_OK;
        } else if (status == WU_POISON) {
            status = WU_OK;
        }
        if (status != WU_OK) {
            return status;
        }
    }
}

enum wu_status wu_node_run(struct wu_node *node, int64_t now_ms)
{
    node->decoded_bytes = node->arena.used_bytes;
    size_t first = 0;
    do {
        size_t count = node->input_count - first;
        enum wu_status status = commit_some(node, first, &count, now_ms);
        if (status ==
            WU_BUSY) { /* what is left comes again: it was neither acknowledged nor answered */
            node->input_count = first;
            return WU_OK;
        }
        if (status != WU_OK) {
            return status;
        }
        for (size_t index = first; index < first + count; index++) {
            node->dead_count += node->inputs[index].dead;
        }
        first += count;
        node->decoded_bytes = node->arena.used_bytes; /* outputs and answers live behind it */
    } while (first < node->input_count);
    return WU_OK;
}
