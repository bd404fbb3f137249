/*
 * One step of the fold: decode the input, find its handler, run it with a trap
 * set; what it decides goes into the same transaction. The framework's own
 * events (dead letters, generations, forwarded commands, publishing through
 * the hub) have their handlers at the end of this file.
 */
#include "common/journal/internal.h"

#include "common/base/time.h"
#include "common/fold/pb.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    N_OF_INPUT = 0xffff,          /* the n of the id of a command or timer itself */
    RECORD_BYTES_MAX = 512 << 10, /* so that every record fits a frame */
    TOPIC_BYTES_MAX = 60,
};

/* ---- what a handler may touch ----------------------------------------------- */

const struct wu_event *wu_step_event(const struct wu_step *step)
{
    return &step->event;
}

struct wu_txn *wu_step_txn(struct wu_step *step)
{
    return step->txn;
}

struct wu_arena *wu_step_arena(struct wu_step *step)
{
    return &step->node->arena;
}

uint32_t wu_step_node(const struct wu_step *step)
{
    return step->node->config.node;
}

uint32_t wu_step_hub(const struct wu_step *step)
{
    return step->core->is_hub ? step->node->config.node : step->node->config.hub;
}

uint32_t wu_step_parent(const struct wu_step *step)
{
    return step->core->is_hub ? step->node->config.hub : 0;
}

uint64_t wu_step_division(const struct wu_step *step)
{
    return step->node->config.division;
}

int64_t wu_step_utc_offset_min(const struct wu_step *step)
{
    return step->node->config.utc_offset_min;
}

const void *wu_step_extra(const struct wu_step *step)
{
    return step->core->extra;
}

static struct wu_id next_id(struct wu_step *step)
{
    WU_ASSERT(step->next_n < N_OF_INPUT);
    return wu_id_make(step->node->config.node, step->node->working.generation, step->event.seq,
                      step->next_n++);
}

struct wu_id wu_step_new_id(struct wu_step *step)
{
    return next_id(step);
}

void wu_step_fail(struct wu_step *step, const char *format, ...)
{
    if (step->failed) {
        return; /* the first reason is the one that counts */
    }
    va_list args;
    va_start(args, format);
    (void)vsnprintf(step->why, sizeof step->why, format, args);
    va_end(args);
    step->failed = true;
}

/* ---- outputs ----------------------------------------------------------------- */

static void append(struct wu_step *step, struct stream_state *stream, const struct wu_mail *mail,
                   struct wu_bytes data)
{
    struct wu_id id = next_id(step);
    bool is_public = stream != NULL && (stream->working.stream & WU_STREAM_PUBLIC) != 0;
    struct wu_id correlation = mail->correlation;
    if (wu_id_is_none(&correlation) && !is_public) { /* the public does not learn a case's number */
        correlation = step->event.correlation;
    }
    Envelope__Envelope envelope = ENVELOPE__ENVELOPE__INIT;
    envelope.id = wu_id_to_pb(&id);
    envelope.type = mail->type;
    envelope.time_ms = step->event.time_ms;
    envelope.subject = wu_id_to_pb(&mail->subject);
    envelope.correlation = wu_id_to_pb(&correlation);
    envelope.causation = wu_id_to_pb(&step->event.id);
    envelope.division = mail->division != 0 ? mail->division : step->event.division;
    envelope.traceparent = step->event.traceparent;
    envelope.data = (ProtobufCBinaryData){data.size, (uint8_t *)(uintptr_t)data.data};
    if (data.size > RECORD_BYTES_MAX) {
        wu_step_fail(step, "%s of %zu bytes is too large to send, %d is the limit",
                     wu_event_type_name(mail->type), data.size, RECORD_BYTES_MAX);
        return;
    }
    wu_stream_append(step->node, step->txn, stream, &envelope);
}

void wu_emit_mail(struct wu_step *step, const struct wu_mail *mail, const ProtobufCMessage *body)
{
    WU_ASSERT(mail->to_node != 0 && mail->to_node != step->node->config.node);
    struct wu_bytes data = wu_pb_pack(body, &step->node->arena);
    if (data.data == NULL) {
        wu_txn_fail(step->txn, WU_NO_MEMORY);
        return;
    }
    append(step, wu_stream_of(step->node, mail->to_node, NULL), mail, data);
}

/* "wushe.v1.42.01.06.012.001.<topic>": one string for a ZeroMQ prefix and a NATS wildcard. */
static const char *full_topic(struct wu_step *step, const char *topic)
{
    char digits[16];
    (void)snprintf(digits, sizeof digits, "%012llu",
                   (unsigned long long)step->node->config.division);
    return wu_arena_printf(&step->node->arena, "wushe.v1.%.2s.%.2s.%.2s.%.3s.%.3s.%s", digits,
                           digits + 2, digits + 4, digits + 6, digits + 9, topic);
}

static void publish_through_hub(struct wu_step *step, const char *topic, const struct wu_mail *mail,
                                struct wu_bytes data)
{
    Envelope__Publish publish = ENVELOPE__PUBLISH__INIT;
    publish.topic = (char *)(uintptr_t)topic; /* only read */
    publish.type = mail->type;
    publish.subject = wu_id_to_pb(&mail->subject);
    publish.division = mail->division;
    publish.data = (ProtobufCBinaryData){data.size, (uint8_t *)(uintptr_t)data.data};
    struct wu_mail through = {
        .to_node = wu_step_hub(step), .type = WU_TYPE(NODE_PUBLISH), .division = mail->division};
    if (through.to_node != 0) {
        wu_emit_mail(step, &through, &publish.base);
    }
}

void wu_emit_public(struct wu_step *step, const char *topic, const struct wu_mail *mail,
                    const ProtobufCMessage *body)
{
    struct wu_bytes data = wu_pb_pack(body, &step->node->arena);
    const char *full = full_topic(step, topic);
    if (data.data == NULL || full == NULL) {
        wu_txn_fail(step->txn, WU_NO_MEMORY);
    } else if (step->core->is_hub) {
        append(step, wu_public_stream_of(step->node, full), mail, data);
    } else {
        publish_through_hub(step, topic, mail, data);
    }
}

/* ---- answers ------------------------------------------------------------------ */

static Bus__Answer *answer_of(struct wu_step *step)
{
    if (step->answer == NULL) {
        step->answer = wu_arena_take(&step->node->arena, sizeof *step->answer);
        if (step->answer == NULL) {
            wu_txn_fail(step->txn, WU_NO_MEMORY);
            return NULL;
        }
    }
    bus__answer__init(step->answer);
    return step->answer;
}

void wu_answer_accept(struct wu_step *step, struct wu_id made)
{
    Bus__Answer *answer = answer_of(step);
    if (answer == NULL) {
        return;
    }
    answer->status = BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED;
    if (!wu_id_is_none(&made)) {
        answer->id.len = sizeof made.bytes;
        answer->id.data = wu_arena_copy(&step->node->arena, made.bytes, sizeof made.bytes);
        answer->id.len = answer->id.data != NULL ? answer->id.len : 0;
    }
}

void wu_answer_refuse(struct wu_step *step, const char *code, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    Bus__Answer *answer = answer_of(step);
    if (answer == NULL) {
        return;
    }
    answer->status = BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED;
    answer->code = wu_arena_copy(&step->node->arena, code, strlen(code));
    answer->text = wu_arena_copy(&step->node->arena, text, strlen(text));
    if (answer->code == NULL || answer->text == NULL) {
        bus__answer__init(answer);
        wu_txn_fail(step->txn, WU_NO_MEMORY);
    }
}

/* ---- personal data ------------------------------------------------------------ */

void wu_answer_sealed(struct wu_step *step, Seal__Sealed *const *fields, size_t count)
{
    Bus__Answer *answer = answer_of(step);
    if (answer != NULL) {
        answer->status = BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED;
        answer->sealed = (Seal__Sealed **)(uintptr_t)fields; /* only read */
        answer->n_sealed = count;
    }
}

void wu_key_destroy(struct wu_step *step, const struct wu_id *key_id)
{
    Node__DestroyedKeyRow row = NODE__DESTROYED_KEY_ROW__INIT;
    row.seq = step->event.seq;
    wu_destroyed_keys_put(step->txn, &(struct wu_destroyed_key_key){*key_id}, &row);
    step->node->door_duties++;
}

/* ---- timers ------------------------------------------------------------------- */

static struct wu_timer_key timer_key(const struct wu_timer *timer)
{
    return (struct wu_timer_key){.due_at_ms = timer->due_at_ms,
                                 .type = (uint32_t)timer->type,
                                 .subject = timer->subject,
                                 .n = timer->n};
}

void wu_timer_set(struct wu_step *step, const struct wu_timer *timer)
{
    struct wu_timer_key key = timer_key(timer);
    Node__TimerRow row = NODE__TIMER_ROW__INIT;
    row.type = timer->type;
    row.correlation = wu_id_to_pb(&step->event.correlation);
    row.division = step->event.division;
    wu_timers_put(step->txn, &key, &row);
}

void wu_timer_cancel(struct wu_step *step, const struct wu_timer *timer)
{
    struct wu_timer_key key = timer_key(timer);
    wu_timers_del(step->txn, &key);
}

/* ---- running a handler ---------------------------------------------------------- */

static void call(struct wu_step *step, const struct wu_route *route, const void *body)
{
    struct wu_assert_trap trap;
    if (setjmp(trap.back) == 0) {
        wu_assert_set_trap(&trap);
        route->handle(step, body);
        wu_assert_set_trap(NULL);
    } else {
        wu_step_fail(step, "%s", trap.text);
    }
}

/* Finds the handler, decodes what it wants and runs it. */
static void dispatch(struct wu_step *step, struct wu_bytes data, enum wu_pb_mode mode)
{
    const struct wu_route *route = wu_core_route(step->core, step->event.type);
    if (route == NULL || route->origin != step->event.origin) {
        wu_step_fail(step, "no handler here for %s (%d) from there",
                     wu_event_type_name(step->event.type), (int)step->event.type);
        return;
    }
    ProtobufCMessage *body = NULL;
    if (route->body != NULL) {
        const char *why = "";
        enum wu_status status =
            wu_pb_decode(route->body, mode, data, &step->node->arena, &body, &why);
        if (status == WU_NO_MEMORY) {
            wu_txn_fail(step->txn, status);
            return;
        }
        if (status != WU_OK) {
            wu_step_fail(step, "the payload of %s does not decode: %s",
                         wu_event_type_name(step->event.type), why);
            return;
        }
    }
    call(step, route, body);
}

static void answer_failed(struct wu_step *step)
{
    Bus__Answer *answer = answer_of(step);
    if (answer != NULL) {
        answer->status = BUS__ANSWER_STATUS__ANSWER_STATUS_FAILED;
        answer->code = (char *)(uintptr_t) "DEAD_LETTER";
        answer->text = wu_arena_copy(&step->node->arena, step->why, strlen(step->why));
        if (answer->text == NULL) {
            bus__answer__init(answer);
        }
    }
}

/* ---- commands ------------------------------------------------------------------ */

static uint32_t next_hop(uint32_t via, const Bus__Submit *submit)
{
    return via != 0 ? via : submit->target;
}

static void forward(struct wu_step *step, const Bus__Submit *submit)
{
    struct wu_mail mail = {.to_node = next_hop(step->via, submit),
                           .type = WU_TYPE(NODE_FORWARDED_COMMAND)};
    wu_emit_mail(step, &mail, &submit->base);
    Bus__Answer *answer = answer_of(step);
    if (answer != NULL) {
        answer->status = BUS__ANSWER_STATUS__ANSWER_STATUS_FORWARDED;
    }
}

static void handle_node_command(struct wu_step *step, const Bus__Submit *submit);

static void fold_command(struct wu_step *step, const Bus__Submit *submit)
{
    step->is_command = true;
    step->event.type = submit->type;
    step->event.happened_at_ms =
        submit->happened_at_ms != 0 ? submit->happened_at_ms : step->event.time_ms;
    step->event.traceparent = submit->traceparent;
    if (submit->target >= WU_STREAM_PUBLIC || step->via == WU_NO_WAY) {
        wu_answer_refuse(step, "NODE_UNKNOWN", "node %u knows no way to a node %u",
                         step->node->config.node, submit->target);
    } else if (submit->target != 0 && submit->target != step->node->config.node) {
        forward(step, submit);
    } else if (submit->type < WU_TYPE(LINKAGE_PROVIDER_ANNOUNCED)) {
        handle_node_command(step, submit);
    } else {
        dispatch(step, wu_bytes(submit->data.data, submit->data.len), WU_PB_STRICT);
    }
    if (!step->failed && step->answer == NULL) {
        wu_answer_accept(step, (struct wu_id){{0}});
    }
}

static bool decode_submit(struct wu_step *step, struct wu_bytes record, const Bus__Submit **ret)
{
    ProtobufCMessage *message = NULL;
    const char *why = "";
    enum wu_status status = wu_pb_decode(&bus__submit__descriptor, WU_PB_STRICT, record,
                                         &step->node->arena, &message, &why);
    if (status == WU_NO_MEMORY) {
        wu_txn_fail(step->txn, status);
    } else if (status != WU_OK) {
        wu_step_fail(step, "the command does not decode: %s", why);
    }
    *ret = (const Bus__Submit *)(const void *)message;
    return status == WU_OK;
}

/* ---- mail and public records ----------------------------------------------------- */

static void handle_node_mail(struct wu_step *step, struct wu_bytes data);

/* False when it has no id of 16 bytes: the bus looks for the type right behind one. */
static bool take_envelope(struct wu_step *step, const Envelope__Envelope *envelope)
{
    struct wu_event *event = &step->event;
    event->type = envelope->type;
    event->division = envelope->division;
    event->traceparent = envelope->traceparent;
    (void)wu_id_from_pb(envelope->subject, &event->subject);
    (void)wu_id_from_pb(envelope->correlation, &event->correlation);
    (void)wu_id_from_pb(envelope->causation, &event->causation);
    return wu_id_from_pb(envelope->id, &event->id);
}

static void fold_record(struct wu_step *step, struct wu_bytes record)
{
    ProtobufCMessage *message = NULL;
    const char *why = "";
    enum wu_status status = wu_pb_decode(&envelope__envelope__descriptor, WU_PB_TOLERANT, record,
                                         &step->node->arena, &message, &why);
    if (status == WU_NO_MEMORY) {
        wu_txn_fail(step->txn, status);
        return;
    }
    if (status != WU_OK) {
        wu_step_fail(step, "the record is no envelope: %s", why);
        return;
    }
    const Envelope__Envelope *envelope = (const Envelope__Envelope *)(const void *)message;
    if (!take_envelope(step, envelope)) {
        wu_step_fail(step, "the record has no id of 16 bytes");
        return;
    }
    struct wu_bytes data = wu_bytes(envelope->data.data, envelope->data.len);
    if (step->event.origin == WU_ORIGIN_MAIL &&
        envelope->type < WU_TYPE(LINKAGE_PROVIDER_ANNOUNCED)) {
        handle_node_mail(step, data);
    } else {
        dispatch(step, data, WU_PB_TOLERANT);
    }
}

/* A parked follower's way back: the last record of each subject, each as if it had come alone. */
static void fold_snapshot(struct wu_step *step, struct wu_bytes record)
{
    ProtobufCMessage *message = NULL;
    const char *why = "";
    if (wu_pb_decode(&bus__snapshot__descriptor, WU_PB_TOLERANT, record, &step->node->arena,
                     &message, &why) != WU_OK) {
        wu_step_fail(step, "the snapshot does not decode: %s", why);
        return;
    }
    const Bus__Snapshot *snapshot = (const Bus__Snapshot *)(const void *)message;
    for (size_t index = 0; index < snapshot->n_records && !step->failed; index++) {
        fold_record(step, wu_bytes(snapshot->records[index].data, snapshot->records[index].len));
    }
}

/* ---- timers --------------------------------------------------------------------- */

static void fold_timer(struct wu_step *step, const struct wu_input *input)
{
    const Node__TimerRow *row = wu_timers_get(step->txn, input->timer);
    wu_timers_del(step->txn, input->timer);
    step->event.type = (wu_event_type)input->timer->type;
    step->event.subject = input->timer->subject;
    step->event.n = input->timer->n;
    if (row != NULL) {
        (void)wu_id_from_pb(row->correlation, &step->event.correlation);
        step->event.division = row->division;
    }
    dispatch(step, wu_bytes(NULL, 0), WU_PB_STRICT);
}

/* ---- the framework's own events --------------------------------------------------- */

static void fold_origin(struct wu_step *step, enum wu_origin origin, struct wu_bytes record,
                        bool snapshot)
{
    step->event.origin = origin;
    const Bus__Submit *submit = NULL;
    if (origin == WU_ORIGIN_COMMAND) {
        if (decode_submit(step, record, &submit)) {
            fold_command(step, submit);
        }
    } else if (snapshot) {
        fold_snapshot(step, record);
    } else {
        fold_record(step, record);
    }
}

/* The stored answer of the command that a dead letter was. */
static void replace_answer(struct wu_step *step, const Node__JournalRow *journal, uint64_t seq)
{
    struct wu_command_key key = {.number = journal->number};
    if (step->answer == NULL || !wu_id_from_pb(journal->producer, &key.producer)) {
        return;
    }
    Node__CommandRow row = NODE__COMMAND_ROW__INIT;
    row.answer = step->answer;
    row.seq = seq; /* still the entry that holds the command's bytes */
    row.time_ms = step->event.time_ms;
    wu_commands_put(step->txn, &key, &row);
}

static void retry_timer(struct wu_step *step, const Node__JournalRow *journal,
                        const Node__DeadLetterRow *letter)
{
    ProtobufCMessage *message =
        protobuf_c_message_unpack(&envelope__timer_fired__descriptor, &step->node->arena.pb,
                                  journal->record.len, journal->record.data);
    const Envelope__TimerFired *fired = (const Envelope__TimerFired *)(const void *)message;
    if (fired == NULL) {
        wu_step_fail(step, "the timer does not decode");
        return;
    }
    (void)wu_id_from_pb(fired->subject, &step->event.subject);
    (void)wu_id_from_pb(letter->correlation, &step->event.correlation);
    step->event.division = letter->division;
    step->event.n = fired->n;
    step->event.origin = WU_ORIGIN_TIMER;
    step->event.type = journal->type;
    dispatch(step, wu_bytes(NULL, 0), WU_PB_STRICT);
}

static void handle_retry(struct wu_step *step, const Node__RetryDeadLetter *retry)
{
    struct wu_dead_letter_key key = {retry->seq};
    const Node__JournalRow *journal =
        wu_journal_get(step->txn, &(struct wu_journal_key){retry->seq});
    const Node__DeadLetterRow *letter = wu_dead_letters_get(step->txn, &key);
    if (letter == NULL || journal == NULL) {
        wu_answer_refuse(step, "DEAD_LETTER_UNKNOWN",
                         "there is no dead letter %llu; 'wushectl dead-letters list' shows them",
                         (unsigned long long)retry->seq);
        return;
    }
    struct wu_event own = step->event;
    step->event.from_node = journal->from_node;
    step->via = journal->via;
    if (journal->origin == NODE__ORIGIN__ORIGIN_TIMER) {
        retry_timer(step, journal, letter);
    } else {
        fold_origin(step, (enum wu_origin)journal->origin,
                    wu_bytes(journal->record.data, journal->record.len), journal->snapshot);
    }
    step->event = own;
    if (!step->failed) {
        wu_dead_letters_del(step->txn, &key);
        if (journal->origin == NODE__ORIGIN__ORIGIN_COMMAND) {
            replace_answer(step, journal, retry->seq);
        }
        wu_answer_accept(step, (struct wu_id){{0}});
    }
}

static void handle_drop(struct wu_step *step, const Node__DropDeadLetter *drop)
{
    struct wu_dead_letter_key key = {drop->seq};
    if (wu_dead_letters_get(step->txn, &key) == NULL) {
        wu_answer_refuse(step, "DEAD_LETTER_UNKNOWN",
                         "there is no dead letter %llu; 'wushectl dead-letters list' shows them",
                         (unsigned long long)drop->seq);
        return;
    }
    if (drop->reason[0] == '\0') {
        wu_answer_refuse(step, "REASON_MISSING",
                         "say why the dead letter may be dropped: --reason TEXT");
        return;
    }
    wu_dead_letters_del(step->txn, &key);
}

/*
 * From which record on a stream goes along. Those before were asked for too but
 * may be trimmed: how far is not the fold's to know, so the journal tells it.
 */
static uint64_t kept_from_of(const struct wu_step *step, size_t index,
                             const Node__RestartStream *restart, const struct stream_state *stream)
{
    if (index < step->kept_count) {
        return step->kept_from[index];
    }
    return restart->keep_from > stream->working.first ? restart->keep_from : stream->working.first;
}

static void note_kept_from(struct wu_step *step, uint64_t *kept_from, size_t count)
{
    const struct wu_journal_key key = {step->event.seq};
    const Node__JournalRow *known = wu_journal_get(step->txn, &key);
    if (known != NULL) {
        Node__JournalRow row = *known;
        row.kept_from = kept_from;
        row.n_kept_from = count;
        wu_journal_put(step->txn, &key, &row);
    }
}

static void handle_begin_generation(struct wu_step *step, const Node__BeginGeneration *begin)
{
    struct wu_node *node = step->node;
    for (size_t index = 0; index < begin->n_streams; index++) {
        uint32_t stream = begin->streams[index]->stream;
        bool is_public = (stream & WU_STREAM_PUBLIC) != 0;
        if (is_public && wu_stream_find(node, stream) == NULL) {
            wu_answer_refuse(step, "STREAM_UNKNOWN", "this node has no stream %u", stream);
            return;
        }
    }
    uint64_t *kept_from = wu_arena_take(&node->arena, (begin->n_streams + 1) * sizeof *kept_from);
    if (kept_from == NULL) {
        wu_txn_fail(step->txn, WU_NO_MEMORY);
        return;
    }
    uint32_t generation = node->working.generation + 1;
    for (size_t index = 0; index < begin->n_streams; index++) {
        const Node__RestartStream *restart = begin->streams[index];
        /* a node that lost its store has no stream yet, and a peer that remembers one */
        struct stream_state *stream = wu_stream_of(node, restart->stream, NULL);
        if (stream == NULL) {
            wu_txn_fail(step->txn, WU_NO_MEMORY);
            return;
        }
        kept_from[index] = kept_from_of(step, index, restart, stream);
        if (stream->working.generation != generation) { /* named twice is once */
            wu_streams_begin_generation(node, step->txn, stream, kept_from[index], generation);
        }
    }
    node->working.generation = generation;
    node->working.generation_seq = step->event.seq;
    note_kept_from(step, kept_from, begin->n_streams);
}

/* "<role>.<noun>" of small letters, digits and '_', short enough for a stream's name. */
static bool is_topic(const char *topic)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    size_t role_size = strspn(topic, letters);
    size_t noun_size = topic[role_size] == '.' ? strspn(topic + role_size + 1, letters) : 0;
    return role_size > 0 && noun_size > 0 && role_size + noun_size < TOPIC_BYTES_MAX &&
           topic[role_size + 1 + noun_size] == '\0';
}

static void handle_publish(struct wu_step *step, const Envelope__Publish *publish)
{
    struct wu_mail mail = {.type = publish->type, .division = publish->division};
    (void)wu_id_from_pb(publish->subject, &mail.subject);
    const char *full = full_topic(step, publish->topic);
    if (full == NULL) {
        wu_txn_fail(step->txn, WU_NO_MEMORY);
        return;
    }
    if (!step->core->is_hub || !is_topic(publish->topic)) {
        wu_step_fail(step, step->core->is_hub ? "that is no topic, '<role>.<noun>' is one"
                                              : "only a hub publishes for others");
        return;
    }
    append(step, wu_public_stream_of(step->node, full), &mail,
           wu_bytes(publish->data.data, publish->data.len));
}

static void answer_upwards(struct wu_step *step, uint32_t hub, const Bus__Submit *submit,
                           const Bus__Answer *answer)
{
    Bus__Answer copy = *answer;
    copy.producer = submit->producer;
    copy.number = submit->number;
    struct wu_mail back = {.to_node = hub, .type = WU_TYPE(NODE_COMMAND_ANSWERED)};
    wu_emit_mail(step, &back, &copy.base);
}

/*
 * The hub sends a command on; this node answers it by mail, the same answer for
 * a repeat. A hub that dials it sends it further down, and the answer up again.
 */
static void handle_forwarded(struct wu_step *step, const Bus__Submit *submit)
{
    struct wu_command_key key = {.number = submit->number};
    if (step->event.from_node != step->node->config.hub) { /* mail is no way past the roster */
        wu_step_fail(step, "node %u forwards a command, and only the hub may",
                     step->event.from_node);
        return;
    }
    if (!wu_id_from_pb(submit->producer, &key.producer)) {
        wu_step_fail(step, "the forwarded command has no producer");
        return;
    }
    struct wu_event mail = step->event;
    Bus__Answer answer = BUS__ANSWER__INIT;
    const Node__CommandRow *known = wu_commands_get(step->txn, &key);
    if (known != NULL && known->answer != NULL) {
        answer = *known->answer;
    } else {
        step->event.origin = WU_ORIGIN_COMMAND;
        step->event.from_node = 0;
        fold_command(step, submit);
        if (step->failed || step->answer == NULL) {
            return;
        }
        answer = *step->answer;
        Node__CommandRow row = NODE__COMMAND_ROW__INIT;
        row.answer = &answer;
        row.seq = mail.seq;
        row.time_ms = mail.time_ms;
        wu_commands_put(step->txn, &key, &row);
    }
    step->event = mail;
    if (answer.status != BUS__ANSWER_STATUS__ANSWER_STATUS_FORWARDED) { /* else it is yet to come */
        answer_upwards(step, mail.from_node, submit, &answer);
    }
}

/* The command that lies in the journal there, as it came: from a client, or from our own hub. */
static const Bus__Submit *journaled_command(struct wu_step *step, const Node__JournalRow *journal)
{
    ProtobufCAllocator *arena = &step->node->arena.pb;
    ProtobufCBinaryData record = journal->record;
    if (journal->origin == NODE__ORIGIN__ORIGIN_MAIL) {
        const Envelope__Envelope *envelope =
            envelope__envelope__unpack(arena, record.len, record.data);
        if (envelope == NULL || envelope->type != WU_TYPE(NODE_FORWARDED_COMMAND)) {
            return NULL;
        }
        record = envelope->data;
    } else if (journal->origin != NODE__ORIGIN__ORIGIN_COMMAND) {
        return NULL;
    }
    return bus__submit__unpack(arena, record.len, record.data);
}

static void handle_answered(struct wu_step *step, const Bus__Answer *answer)
{
    struct wu_command_key key = {.number = answer->number};
    if (!wu_id_from_pb(answer->producer, &key.producer)) {
        wu_step_fail(step, "the answer has no producer");
        return;
    }
    const Node__CommandRow *known = wu_commands_get(step->txn, &key);
    const Node__JournalRow *journal =
        known != NULL ? wu_journal_get(step->txn, &(struct wu_journal_key){known->seq}) : NULL;
    const Bus__Submit *submit = journal != NULL ? journaled_command(step, journal) : NULL;
    if (submit == NULL || next_hop(journal->via, submit) != step->event.from_node) {
        wu_step_fail(step, "an answer to a command that was never forwarded to node %u",
                     step->event.from_node);
        return;
    }
    Node__CommandRow row = NODE__COMMAND_ROW__INIT;
    Bus__Answer kept = *answer;
    row.answer = &kept;
    row.seq = known->seq;
    row.time_ms = step->event.time_ms;
    wu_commands_put(step->txn, &key, &row);
    if (journal->origin == NODE__ORIGIN__ORIGIN_MAIL) {
        answer_upwards(step, journal->from_node, submit, answer);
    }
}

/* Decodes and hands over; every type of the framework has one line here. */
static void handle_node_command(struct wu_step *step, const Bus__Submit *submit)
{
    const ProtobufCMessageDescriptor *descriptor =
        submit->type == WU_TYPE(NODE_RETRY_DEAD_LETTER)  ? &node__retry_dead_letter__descriptor
        : submit->type == WU_TYPE(NODE_DROP_DEAD_LETTER) ? &node__drop_dead_letter__descriptor
        : submit->type == WU_TYPE(NODE_BEGIN_GENERATION) ? &node__begin_generation__descriptor
                                                         : NULL;
    ProtobufCMessage *body = NULL;
    const char *why = "";
    if (descriptor == NULL) {
        wu_step_fail(step, "%s is no command", wu_event_type_name(submit->type));
        return;
    }
    if (wu_pb_decode(descriptor, WU_PB_STRICT, wu_bytes(submit->data.data, submit->data.len),
                     &step->node->arena, &body, &why) != WU_OK) {
        wu_step_fail(step, "the payload does not decode: %s", why);
        return;
    }
    const void *typed = body;
    if (descriptor == &node__retry_dead_letter__descriptor) {
        handle_retry(step, typed);
    } else if (descriptor == &node__drop_dead_letter__descriptor) {
        handle_drop(step, typed);
    } else {
        handle_begin_generation(step, typed);
    }
}

static void handle_node_mail(struct wu_step *step, struct wu_bytes data)
{
    const ProtobufCMessageDescriptor *descriptor =
        step->event.type == WU_TYPE(NODE_PUBLISH)             ? &envelope__publish__descriptor
        : step->event.type == WU_TYPE(NODE_FORWARDED_COMMAND) ? &bus__submit__descriptor
        : step->event.type == WU_TYPE(NODE_COMMAND_ANSWERED)  ? &bus__answer__descriptor
                                                              : NULL;
    ProtobufCMessage *body = NULL;
    const char *why = "";
    if (descriptor == NULL ||
        wu_pb_decode(descriptor, WU_PB_TOLERANT, data, &step->node->arena, &body, &why) != WU_OK) {
        wu_step_fail(step, "%s from a peer does not decode: %s",
                     wu_event_type_name(step->event.type), why);
        return;
    }
    const void *typed = body;
    if (descriptor == &envelope__publish__descriptor) {
        handle_publish(step, typed);
    } else if (descriptor == &bus__submit__descriptor) {
        handle_forwarded(step, typed);
    } else {
        handle_answered(step, typed);
    }
}

/* ---- entry --------------------------------------------------------------------- */

bool wu_step_fold(struct wu_step *step, const struct wu_input *input)
{
    step->event.id = wu_id_make(step->node->config.node, step->node->working.generation,
                                step->event.seq, N_OF_INPUT);
    step->event.from_node = input->from_node;
    step->via = input->via;
    step->kept_from = input->kept_from;
    step->kept_count = input->kept_count;
    step->event.happened_at_ms = step->event.time_ms;
    step->event.origin = input->origin;
    if (input->origin == WU_ORIGIN_TIMER) {
        fold_timer(step, input);
    } else {
        fold_origin(step, input->origin, input->record, input->snapshot);
    }
    if (step->failed && step->is_command) {
        answer_failed(step);
    }
    return !step->failed;
}

/* The hub waits for an answer to what it forwarded: also when the command was poison here. */
void wu_step_dead(struct wu_step *step, const struct wu_input *input)
{
    const char *why = "";
    ProtobufCMessage *message = NULL;
    if (input->origin != WU_ORIGIN_MAIL ||
        wu_pb_decode(&envelope__envelope__descriptor, WU_PB_TOLERANT, input->record,
                     &step->node->arena, &message, &why) != WU_OK) {
        return;
    }
    const Envelope__Envelope *envelope = (const Envelope__Envelope *)(const void *)message;
    step->event.type = envelope->type;
    if (envelope->type != WU_TYPE(NODE_FORWARDED_COMMAND) ||
        input->from_node != step->node->config.hub ||
        wu_pb_decode(&bus__submit__descriptor, WU_PB_TOLERANT,
                     wu_bytes(envelope->data.data, envelope->data.len), &step->node->arena,
                     &message, &why) != WU_OK) {
        return;
    }
    const Bus__Submit *submit = (const Bus__Submit *)(const void *)message;
    Bus__Answer answer = BUS__ANSWER__INIT;
    answer.producer = submit->producer;
    answer.number = submit->number;
    answer.status = BUS__ANSWER_STATUS__ANSWER_STATUS_FAILED;
    answer.code = (char *)(uintptr_t) "DEAD_LETTER";
    answer.text = (char *)(uintptr_t)input->why_dead; /* only read */
    struct wu_mail back = {.to_node = input->from_node, .type = WU_TYPE(NODE_COMMAND_ANSWERED)};
    wu_emit_mail(step, &back, &answer.base);
}
