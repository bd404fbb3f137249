/*
 * One node: the loop of common/daemon/daemon.c with the world's clock, network
 * and deaths. Keep it close to that file; what is a function there is one here.
 */
#include "tests/sim/sim.h"

#include "common/fold/pb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ARENA_BYTES = 4 << 20,
    REPLY_BYTES = 1 << 16,
    BATCH_COUNT_MAX = 768,
    MAP_BYTES = 1 << 20,
    WINDOW_COUNT = 600,
    QUIET_TICKS = 2,
    RESTLESS_S = 7, /* so long ticks go on in trouble before the world is left alone */
    RESTLESS_CALM_S = 12,
};

int64_t place_clock_ms(const struct place *place)
{
    return SIM_EPOCH_MS + place->sim->now / SIM_MS + place->clock_ms;
}

/* Its steady clock: stands still while the world is quiet. */
static int64_t steady_ms(const struct place *place)
{
    int64_t now = place->sim->now;
    bool sleeps = !place->ticking && now > place->next_tick;
    return SIM_EPOCH_MS + ((sleeps ? place->next_tick : now) - place->skipped_us) / SIM_MS;
}

static void set_state(struct place *place, enum place_state state, const char *why)
{
    if (place->state != state) {
        place->state = state;
        sim_tell(place->sim, place, "%s", why);
    }
}

static void on_report(void *context, bool bad, const char *event, uint32_t peer, const char *text)
{
    struct place *place = context;
    (void)bad;
    place->sim->report->snapshot_count += strcmp(event, "snapshot-taken") == 0;
    sim_tell(place->sim, place, "%s, node %u: %s", event, peer, text);
}

/* ---- waking ------------------------------------------------------------------------------ */

/* No sooner than now, than its last commit is over, than it goes on. */
static int64_t soonest(const struct place *place, int64_t at)
{
    at = at > place->busy_until ? at : place->busy_until;
    at = at > place->paused_until ? at : place->paused_until;
    return at > place->sim->now ? at : place->sim->now;
}

void place_wake_at(struct place *place, int64_t at)
{
    at = soonest(place, at);
    if (place->node != NULL && at < place->wake_at) {
        place->wake_at = at;
        sim_at(place->sim, at, EVENT_WAKE, place->number, 0, NULL);
    }
}

/* One event in the heap for each due time, not one after each batch. */
static void wake_for_timer(struct place *place)
{
    int64_t due_ms = wu_node_info(place->node).next_due_ms;
    if (due_ms == WU_TIME_NEVER || place->state != PLACE_SERVING) {
        return;
    }
    int64_t at = soonest(place, (due_ms - SIM_EPOCH_MS - place->clock_ms) * SIM_MS);
    if (at >= place->wake_at) {
        return; /* it looks again then */
    }
    place->wake_at = at;
    if (at != place->timer_wake_at || at == place->sim->now) {
        place->timer_wake_at = at;
        sim_at(place->sim, at, EVENT_WAKE, place->number, 0, NULL);
    }
}

static void open_node(struct place *place)
{
    struct sim *sim = place->sim;
    struct wu_error error = {{0}};
    struct wu_node_config config = {
        .store_path = place->store,
        .core = place->core,
        .node = place->number,
        .hub = place->hub,
        .division = place->division,
        .utc_offset_min = 480,
        .map_bytes = place->map_bytes_max < MAP_BYTES ? place->map_bytes_max : MAP_BYTES,
        .map_bytes_max = place->map_bytes_max,
        .arena_bytes = ARENA_BYTES,
        .batch_count_max = BATCH_COUNT_MAX,
        .stream_keep_count = sim->stream_keep_count,
        .public_keep_count = sim->public_keep_count,
        .scratch = sim->rates[FAULT_TORN] == 0, /* else the order of writes and syncs matters */
    };
    if (wu_node_open(&place->node, &config, &error) != WU_OK) {
        sim_violated(sim, "open", "node %u does not open: %s", place->number, error.text);
        return;
    }
    struct wu_exchange_config exchange = {
        .node = place->node,
        .roster = place->core->is_hub ? &place->roster : NULL,
        .window_count = WINDOW_COUNT,
        .ops = {net_send, net_publish, net_subscribe, on_report},
        .context = place,
    };
    if (wu_exchange_open(&place->exchange, &exchange) != WU_OK ||
        (place->reply.base == NULL && wu_arena_open(&place->reply, REPLY_BYTES) != WU_OK)) {
        abort();
    }
}

/* ---- what it thinks of itself ------------------------------------------------------------ */

struct wu_witness place_stands_at(const struct place *place)
{
    struct wu_node_info info = wu_node_info(place->node);
    return (struct wu_witness){.generation = info.generation, .journal_seq = info.journal_seq};
}

static bool is_diverged(const struct place *place)
{
    return wu_witness_is_ahead(place->witness, place_stands_at(place)) ||
           wu_exchange_is_diverged(place->exchange);
}

static void review_state(struct place *place)
{
    size_t used_bytes = 0;
    size_t map_bytes = 0;
    wu_store_usage(wu_node_store(place->node), &used_bytes, &map_bytes);
    if (place->disk_full) {
        set_state(place, PLACE_FULL, "has less than 64 MiB of disk");
    } else if (place->state == PLACE_FULL &&
               used_bytes + (used_bytes >> 4) >= place->map_bytes_max) {
        return; /* only a larger map_bytes_max helps */
    } else if (is_diverged(place)) {
        place->sim->report->diverged_count += place->state != PLACE_DIVERGED;
        place->has_diverged = true;
        set_state(place, PLACE_DIVERGED, "finds that its store is older than what it has sent");
    } else if (!wu_exchange_is_proven(place->exchange)) {
        set_state(place, PLACE_JOINING, "waits for its coordinator to agree with where it stands");
    } else {
        set_state(place, PLACE_SERVING, "serves");
    }
}

static void follow_store(struct place *place)
{
    struct wu_witness now = place_stands_at(place);
    if (!place->disk_full && wu_witness_is_ahead(now, place->witness)) {
        place->witness = now;
    }
}

/* ---- starting and dying ------------------------------------------------------------------ */

void place_open(struct place *place)
{
    struct sim *sim = place->sim;
    if (place->node != NULL || sim->stopped) {
        return;
    }
    open_node(place);
    if (place->node == NULL) {
        return;
    }
    struct wu_node_info info = wu_node_info(place->node);
    if (place->torn && info.journal_seq != place->torn_seq) {
        sim_violated(sim, "torn", "node %u comes back at event %" PRIu64 ", not at %" PRIu64,
                     place->number, info.journal_seq, place->torn_seq);
    }
    place->torn = false;
    place->life++;
    place->state = PLACE_SERVING;
    place->wake_at = SIM_NEVER;
    place->timer_wake_at = SIM_NEVER;
    place->busy_until = sim->now;
    place->started_at = sim->now;
    place->catching_up = place->life > 1;
    place->last_seq = info.journal_seq;
    place->last_time_ms = info.time_ms;
    place->inbox = NULL;
    place->inbox_end = &place->inbox;
    place->ticking = false;
    place->tick_due = false;
    place->next_tick = sim->now + (int64_t)sim_choose(sim, "tick phase", (uint64_t)SIM_SECOND);
    place->topic_count = 0;
    sim_tell(sim, place, "starts at event %" PRIu64, info.journal_seq);
    review_state(place); /* before anything is taken in */
    if (place->restored_now) {
        place->restored_now = false;
        checkers_restored(sim, place);
    }
    place_stir(place);
    place_wake_at(place, sim->now);
    for (uint32_t number = 1; number <= sim->place_count; number++) {
        struct place *other = place_of(sim, number);
        if (other->hub != 0 && (other == place || other->hub == place->number)) {
            sim_at(sim, sim->now + sim_choose_span(sim, "dial", SIM_MS, 200 * SIM_MS),
                   EVENT_CONNECT, number, other->way.epoch, NULL);
        }
    }
}

static void free_parcels(struct parcel **list)
{
    while (*list != NULL) {
        struct parcel *parcel = *list;
        *list = parcel->next;
        free(parcel);
    }
}

void place_close(struct place *place)
{
    wu_exchange_close(&place->exchange);
    wu_node_close(&place->node);
    free_parcels(&place->inbox);
    free_parcels(&place->waiting);
    place->waiting_count = 0;
    place->inbox_end = &place->inbox;
}

void place_crash(struct place *place, const char *why)
{
    struct sim *sim = place->sim;
    if (place->node == NULL) {
        return;
    }
    sim_tell(sim, place, "dies: %s", why);
    place_close(place);
    place->life++;
    place->wake_at = SIM_NEVER;
    place->ticking = false;
    for (uint32_t number = 1; number <= sim->place_count; number++) {
        struct place *other = place_of(sim, number);
        if (other->hub != 0 && (other == place || other->hub == place->number)) {
            bool last_words = sim_chance(sim, "last words", 600);
            other->way.last_from = last_words ? place->number : 0;
            other->way.last_epoch = other->way.epoch;
            net_cut(other);
        }
    }
    if (sim_chance(sim, "verify between lives", 10)) {
        replay_check(sim, place);
    }
    int64_t down = sim_chance(sim, "long down", 100)
                       ? sim_choose_span(sim, "down", SIM_MINUTE, 3 * SIM_HOUR)
                       : sim_choose_span(sim, "down", 50 * SIM_MS, 20 * SIM_SECOND);
    sim_at(sim, sim->now + (sim->calm ? SIM_SECOND : down), EVENT_START, place->number, 0, NULL);
}

/* ---- answers ------------------------------------------------------------------------------- */

static void turn_away(struct place *place, uint32_t command, Bus__AnswerStatus status,
                      const char *code)
{
    Bus__Answer answer = BUS__ANSWER__INIT;
    answer.status = status;
    answer.code = (char *)(uintptr_t)code; /* only read */
    client_hear(place->sim, command, &answer);
}

static void answer_commands(struct place *place)
{
    for (size_t index = 0; index < wu_node_input_count(place->node); index++) {
        const struct wu_input *input = wu_node_input(place->node, index);
        if (input->origin == WU_ORIGIN_COMMAND && input->answer != NULL) {
            client_hear(place->sim, (uint32_t)input->tag, input->answer);
        }
    }
}

/* ---- commands coming in ---------------------------------------------------------------------- */

static const char *why_not_taken(struct place *place, const Bus__Submit *submit,
                                 Bus__AnswerStatus *ret_status)
{
    *ret_status = BUS__ANSWER_STATUS__ANSWER_STATUS_BUSY;
    bool repairs = submit->type == WU_TYPE(NODE_BEGIN_GENERATION);
    if (place->state == PLACE_FULL || (place->state != PLACE_SERVING && !repairs)) {
        return "NODE_BUSY";
    }
    bool elsewhere = submit->target != 0 && submit->target != place->number;
    if (elsewhere && wu_roster_by_node(&place->roster, submit->target) == NULL) {
        *ret_status = BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED;
        return "NODE_UNKNOWN";
    }
    if (elsewhere || submit->type < WU_TYPE(LINKAGE_PROVIDER_ANNOUNCED)) {
        return NULL; /* looked at where it is folded */
    }
    *ret_status = BUS__ANSWER_STATUS__ANSWER_STATUS_MALFORMED;
    const struct wu_route *route = wu_core_route(place->core, submit->type);
    if (route == NULL || route->origin != WU_ORIGIN_COMMAND) {
        return "COMMAND_MALFORMED";
    }
    ProtobufCMessage *body = NULL;
    const char *why = NULL;
    size_t mark = place->batch->used_bytes;
    enum wu_status status =
        wu_pb_decode(route->body, WU_PB_STRICT, wu_bytes(submit->data.data, submit->data.len),
                     place->batch, &body, &why);
    wu_arena_reset(place->batch, mark);
    return status == WU_OK ? NULL : "COMMAND_MALFORMED";
}

static void take_command(struct place *place, uint32_t command, const Bus__Submit *submit)
{
    Bus__AnswerStatus status = BUS__ANSWER_STATUS__ANSWER_STATUS_BUSY;
    const char *why = why_not_taken(place, submit, &status);
    struct wu_bytes record =
        why == NULL ? wu_pb_pack(&submit->base, place->batch) : (struct wu_bytes){0};
    struct wu_input *input = record.data != NULL ? wu_node_add(place->node) : NULL;
    if (input == NULL) {
        turn_away(place, command, status, why != NULL ? why : "NODE_BUSY");
        return;
    }
    input->origin = WU_ORIGIN_COMMAND;
    input->record = record;
    input->tag = command;
}

/* ---- frames coming in --------------------------------------------------------------------------
 */

static void take_peer(struct place *place, const struct parcel *parcel, const Bus__Frame *frame)
{
    bool holds_records =
        frame->body_case == BUS__FRAME__BODY_BATCH || frame->body_case == BUS__FRAME__BODY_SNAPSHOT;
    if (holds_records && place->state != PLACE_SERVING) {
        return; /* the peer keeps it and sends it again */
    }
    if (frame->body_case == BUS__FRAME__BODY_HELLO && parcel->from != place->hub) {
        struct place *leaf = place_of(place->sim, parcel->from);
        leaf->way.adopted = leaf->way.epoch == parcel->epoch;
    }
    if (wu_exchange_receive(place->exchange, parcel->from, frame, steady_ms(place)) != WU_OK) {
        sim_tell(place->sim, place, "refuses a frame of node %u", parcel->from);
    }
    if (place->state == PLACE_JOINING) {
        review_state(place); /* a Hello may have ended it, and mail comes right behind */
    }
}

static void take_parcel(struct place *place, const struct parcel *parcel)
{
    const Bus__Frame *frame = NULL;
    const char *why = "";
    if (parcel->kind == PARCEL_CONNECTED) {
        wu_exchange_connected(place->exchange, parcel->from, steady_ms(place));
        return;
    }
    if (parcel->kind == PARCEL_DISCONNECTED) {
        wu_exchange_disconnected(place->exchange, parcel->from);
        return;
    }
    if (wu_frame_decode(wu_bytes(parcel->bytes, parcel->size), place->batch, &frame, &why) !=
        WU_OK) {
        sim_violated(place->sim, "frame", "node %u does not read a frame of %u: %s", place->number,
                     parcel->from, why);
    } else if (parcel->kind == PARCEL_DOOR) {
        take_command(place, parcel->from, frame->submit);
    } else {
        take_peer(place, parcel, frame);
    }
}

void place_deliver(struct place *place, struct parcel *parcel)
{
    if (place->node == NULL) {
        free(parcel);
        return;
    }
    parcel->next = NULL;
    *place->inbox_end = parcel;
    place->inbox_end = &parcel->next;
    place_wake_at(place, place->sim->now);
}

/* Everything that waits, as far as one batch has room. */
static void collect(struct place *place)
{
    place->batch = wu_node_begin(place->node);
    if (place->state == PLACE_SERVING &&
        wu_node_add_due_timers(place->node, place_clock_ms(place)) != WU_OK) {
        sim_violated(place->sim, "store", "node %u cannot read its timers", place->number);
        return;
    }
    while (place->inbox != NULL &&
           wu_node_input_count(place->node) + WU_FRAME_RECORDS_MAX <= BATCH_COUNT_MAX &&
           place->batch->used_bytes < ARENA_BYTES / 4) {
        struct parcel *parcel = place->inbox;
        place->inbox = parcel->next;
        if (place->inbox == NULL) {
            place->inbox_end = &place->inbox;
        }
        parcel->next = place->waiting; /* until the batch is over */
        place->waiting = parcel;
        take_parcel(place, parcel);
    }
}

/* ---- the batch
 * -------------------------------------------------------------------------------------- */

static bool dies_before(struct place *place)
{
    struct sim *sim = place->sim;
    if (place->catching_up && sim_fault(sim, FAULT_CRASH_CATCHUP)) {
        place_crash(place, "before a commit, while it was catching up");
        return true;
    }
    if (sim_fault(sim, FAULT_CRASH_BEFORE)) {
        place_crash(place, "before a commit");
        return true;
    }
    return false;
}

static bool dies_after(struct place *place, enum sim_fault fault, const char *when)
{
    if (!sim_fault(place->sim, fault)) {
        return false;
    }
    place_crash(place, when);
    return true;
}

static enum wu_status commit(struct place *place, bool remembers)
{
    if (remembers) {
        torn_begin(place->sim, place);
    }
    enum wu_status status = wu_node_run(place->node, place_clock_ms(place));
    torn_end();
    return status;
}

/* The power went before the new root was on disk: the store must come back without the batch. */
static bool tear(struct place *place)
{
    struct sim *sim = place->sim;
    uint64_t seq = place->last_seq;
    place_crash(place, "in the middle of a commit: the power went");
    if (sim_fault(sim, FAULT_WITNESS)) {
        place->witness = (struct wu_witness){0}; /* it is not synced */
    }
    place->torn = torn_tear(sim, place);
    place->torn_seq = seq;
    if (!place->torn) {
        sim_violated(sim, "torn", "the writes of a commit of node %u were not seen", place->number);
    }
    return true;
}

/* True when it still lives. */
static bool run_batch(struct place *place)
{
    struct sim *sim = place->sim;
    if (wu_node_input_count(place->node) == 0 && !wu_node_has_news(place->node)) {
        return true;
    }
    if (dies_before(place)) {
        return false;
    }
    bool tears = sim_fault(sim, FAULT_TORN);
    enum wu_status status = commit(place, tears);
    if (tears && status == WU_OK && tear(place)) {
        return false;
    }
    if (status == WU_FULL) {
        set_state(place, PLACE_FULL, "is full: nothing is taken in, nothing is lost");
        wu_exchange_dropped(place->exchange);
        return true;
    }
    if (status != WU_OK) {
        sim_violated(sim, "store", "node %u cannot commit: %s", place->number,
                     wu_status_name(status));
        return false;
    }
    place->busy_until = sim->now + sim_choose_span(sim, "commit", 200, sim->commit_us);
    if (wu_node_input_count(place->node) > 0) {
        place_stir(place);
    }
    sim->report->commit_count++;
    checkers_committed(sim, place);
    if (sim->stopped || dies_after(place, FAULT_CRASH_COMMIT, "after a commit, nobody was told")) {
        return false;
    }
    answer_commands(place);
    if (dies_after(place, FAULT_CRASH_ANSWER, "after answering, before publishing")) {
        return false;
    }
    wu_exchange_committed(place->exchange);
    return !dies_after(place, FAULT_CRASH_PUBLISH, "after publishing");
}

/* ---- each second ---------------------------------------------------------------------- */

void place_tick(struct place *place)
{
    struct sim *sim = place->sim;
    place->ticking = false;
    if (place->node == NULL) {
        return;
    }
    place->tick_due = true;
    place_wake_at(place, sim->now);
    int64_t since = sim->now - place->quiet_since;
    bool rests = since >= QUIET_TICKS * SIM_SECOND && place_is_quiet(place);
    place->next_tick += SIM_SECOND;
    int64_t restless = (sim->calm ? RESTLESS_CALM_S : RESTLESS_S) * SIM_SECOND;
    if (!rests && since < restless) {
        place->ticking = true;
        sim_at(sim, place->next_tick, EVENT_TICK, place->number, place->life, NULL);
    }
}

void place_wake(struct place *place)
{
    struct sim *sim = place->sim;
    place->wake_at = SIM_NEVER;
    if (place->node == NULL || sim->stopped) {
        return;
    }
    if (sim->now < place->paused_until) {
        place_wake_at(place, place->paused_until);
        return;
    }
    collect(place);
    if (sim->stopped || !run_batch(place)) {
        free_parcels(&place->waiting);
        return;
    }
    free_parcels(&place->waiting);
    if (place->tick_due) {
        place->tick_due = false;
        review_state(place);
        follow_store(place);
        sim->in_tick = true;
        wu_exchange_tick(place->exchange, steady_ms(place));
        sim->in_tick = false;
    }
    if (place->catching_up && sim->now - place->started_at > 10 * SIM_SECOND) {
        place->catching_up = false;
    }
    bool news = place->state == PLACE_SERVING && wu_node_has_news(place->node);
    if (place->inbox != NULL || news) {
        place_wake_at(place, place->busy_until);
    }
    wake_for_timer(place);
}
