/*
 * The clock, the heap and the choices. One event after the other: nothing here
 * depends on the machine, on addresses or on real time.
 */
#include "tests/sim/sim.h"

#include "common/base/assert.h"
#include "common/base/prng.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a coordinator remembers of a provider is forgotten last: by an eighth a week. */
enum { LOOK_BYTES = 8 << 20, BUILD_BYTES = 1 << 20, SETTLE_DAYS = 730 };

/* ---- choices ------------------------------------------------------------------------ */

uint64_t sim_hash(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; size >= 8; size -= 8, at += 8) {
        hash = (hash ^ wu_get_u64(at)) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    for (; size > 0; size--, at++) {
        hash = (hash ^ *at) * UINT64_C(0x100000001b3);
    }
    return hash ^ (hash >> 32);
}

void sim_mix(struct sim *sim, uint64_t value)
{
    uint64_t hash = (sim->report->hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
    sim->report->hash = hash ^ (hash >> 31);
}

static struct label *label_of(struct sim *sim, const char *text)
{
    uint64_t hash = sim_hash(text, strlen(text)) | 1;
    size_t at = hash % SIM_LABELS;
    while (sim->labels[at].hash != 0 && sim->labels[at].hash != hash) {
        at = (at + 1) % SIM_LABELS;
    }
    if (sim->labels[at].hash == 0) {
        struct wu_prng mixer = {sim->options.seed ^ hash};
        sim->labels[at] = (struct label){.hash = hash, .state = wu_prng_next(&mixer)};
    }
    return &sim->labels[at];
}

uint64_t sim_choose(struct sim *sim, const char *label, uint64_t n)
{
    struct label *stream = label_of(sim, label);
    struct wu_prng prng = {stream->state};
    uint64_t choice = wu_prng_below(&prng, n);
    stream->state = prng.state;
    sim->report->choice_count++;
    sim_mix(sim, stream->hash ^ choice);
    return choice;
}

int64_t sim_choose_span(struct sim *sim, const char *label, int64_t from, int64_t until)
{
    return from + (int64_t)sim_choose(sim, label, (uint64_t)(until - from + 1));
}

bool sim_chance(struct sim *sim, const char *label, uint64_t permille)
{
    return sim_choose(sim, label, 1000) < permille;
}

bool sim_fault(struct sim *sim, enum sim_fault fault)
{
    uint64_t rate = faults_rate(sim, fault);
    if (sim->calm || rate == 0 || sim_choose(sim, sim_fault_name(fault), 100000) >= rate) {
        return false;
    }
    uint64_t index = sim->report->fault_count++;
    const uint8_t *skip = sim->options.skip;
    if (index >= sim->options.fault_max || (skip != NULL && index < SIM_SKIP_MAX && skip[index])) {
        return false;
    }
    sim->report->faults[fault]++;
    return true;
}

/* ---- the story ------------------------------------------------------------------------ */

void sim_tell(struct sim *sim, const struct place *place, const char *format, ...)
{
    if (!sim->options.trace) {
        return;
    }
    int64_t ms = sim->now / SIM_MS;
    (void)printf("%3" PRId64 "d %02" PRId64 ":%02" PRId64 ":%02" PRId64 ".%03" PRId64 "  ",
                 ms / WU_DAY_MS, ms / WU_HOUR_MS % 24, ms / WU_MINUTE_MS % 60,
                 ms / WU_SECOND_MS % 60, ms % 1000);
    if (place != NULL) {
        (void)printf("%2u %-13s", place->number, place->core->role);
    } else {
        (void)printf("   %-13s", "");
    }
    va_list args;
    va_start(args, format);
    (void)vprintf(format, args);
    va_end(args);
    (void)putchar('\n');
}

void sim_violated(struct sim *sim, const char *checker, const char *format, ...)
{
    struct sim_report *report = sim->report;
    if (report->failed) {
        return;
    }
    report->failed = true;
    sim->stopped = true;
    (void)snprintf(report->checker, sizeof report->checker, "%s", checker);
    va_list args;
    va_start(args, format);
    (void)vsnprintf(report->text, sizeof report->text, format, args);
    va_end(args);
    sim_tell(sim, NULL, "VIOLATED %s: %s", checker, report->text);
}

/* ---- the heap --------------------------------------------------------------------------- */

static bool is_before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at < b->at || (a->at == b->at && a->tie < b->tie);
}

void sim_at(struct sim *sim, int64_t at, enum sim_event_kind kind, uint32_t a, uint64_t b,
            void *pointer)
{
    if (sim->heap_count == sim->heap_max) {
        sim->heap_max = sim->heap_max * 2 + 256;
        sim->heap = realloc(sim->heap, sim->heap_max * sizeof *sim->heap);
        if (sim->heap == NULL) {
            abort();
        }
    }
    struct wu_prng tie = {sim->options.seed + ++sim->order};
    struct sim_event event = {.at = at > sim->now ? at : sim->now,
                              .tie = wu_prng_next(&tie),
                              .kind = kind,
                              .a = a,
                              .b = b,
                              .pointer = pointer};
    size_t index = sim->heap_count++;
    while (index > 0 && is_before(&event, &sim->heap[(index - 1) / 2])) {
        sim->heap[index] = sim->heap[(index - 1) / 2];
        index = (index - 1) / 2;
    }
    sim->heap[index] = event;
}

static struct sim_event take_first(struct sim *sim)
{
    struct sim_event first = sim->heap[0];
    struct sim_event last = sim->heap[--sim->heap_count];
    size_t index = 0;
    for (;;) {
        size_t child = 2 * index + 1;
        if (child >= sim->heap_count) {
            break;
        }
        if (child + 1 < sim->heap_count && is_before(&sim->heap[child + 1], &sim->heap[child])) {
            child++;
        }
        if (!is_before(&sim->heap[child], &last)) {
            break;
        }
        sim->heap[index] = sim->heap[child];
        index = child;
    }
    sim->heap[index] = last;
    return first;
}

/* ---- quiet ---------------------------------------------------------------------------------- */

struct place *place_of(struct sim *sim, uint32_t number)
{
    WU_ASSERT(number >= 1 && number <= sim->place_count);
    return &sim->places[number - 1];
}

struct wu_txn *sim_look(struct sim *sim, struct place *place)
{
    struct wu_txn *txn = NULL;
    wu_arena_reset(&sim->look, 0);
    if (wu_txn_begin_read(wu_node_store(place->node), &sim->look, &txn) != WU_OK) {
        abort();
    }
    return txn;
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text);
    size_t end_size = strlen(end);
    return size > end_size && text[size - end_size - 1] == '.' &&
           strcmp(text + size - end_size, end) == 0;
}

/* A new generation in which nothing was said yet is not known to followers. */
static bool has_all(const struct wu_cursor *cursor, const struct wu_stream *stream)
{
    return cursor->generation == stream->generation ? cursor->next == stream->head + 1
                                                    : stream->head == 0;
}

/* Whether the leaf has everything that its hub published and it follows. */
static bool has_topics(struct sim *sim, const struct place *leaf)
{
    const struct place *hub = place_of(sim, leaf->hub);
    for (const char *const *topic = leaf->core->follows; *topic != NULL; topic++) {
        for (size_t index = 0; index < wu_node_public_count(hub->node); index++) {
            struct wu_stream stream = wu_node_public_stream(hub->node, index);
            struct wu_cursor cursor = wu_node_cursor(leaf->node, hub->number, stream.name);
            if (ends_with(stream.name, *topic) && !has_all(&cursor, &stream)) {
                return false;
            }
        }
    }
    return true;
}

/* Both ends have everything that the other has sent. */
static bool is_settled(struct sim *sim, const struct place *leaf)
{
    const struct place *hub = place_of(sim, leaf->hub);
    char to_leaf[32];
    char to_hub[32];
    (void)snprintf(to_leaf, sizeof to_leaf, "to/%u", leaf->number);
    (void)snprintf(to_hub, sizeof to_hub, "to/%u", hub->number);
    struct wu_cursor at_leaf = wu_node_cursor(leaf->node, hub->number, to_leaf);
    struct wu_cursor at_hub = wu_node_cursor(hub->node, leaf->number, to_hub);
    struct wu_stream down = wu_node_mail_stream(hub->node, leaf->number);
    struct wu_stream up = wu_node_mail_stream(leaf->node, hub->number);
    return has_all(&at_leaf, &down) && has_all(&at_hub, &up) &&
           wu_node_acked_next(hub->node, leaf->number, leaf->number) == down.head + 1 &&
           wu_node_acked_next(leaf->node, hub->number, hub->number) == up.head + 1 &&
           has_topics(sim, leaf);
}

static bool is_still(const struct place *place)
{
    return place->node != NULL && place->inbox == NULL && place->state == PLACE_SERVING &&
           !wu_exchange_is_diverged(place->exchange);
}

static bool is_whole(struct sim *sim, const struct place *leaf)
{
    return is_still(leaf) && is_still(place_of(sim, leaf->hub)) && leaf->way.up &&
           is_settled(sim, leaf);
}

bool place_is_quiet(struct place *place)
{
    struct sim *sim = place->sim;
    if (!is_still(place) || (place->hub != 0 && !is_whole(sim, place))) {
        return false;
    }
    for (uint32_t number = 1; place->core->is_hub && number <= sim->place_count; number++) {
        const struct place *leaf = place_of(sim, number);
        if (leaf->hub == place->number && !is_whole(sim, leaf)) {
            return false;
        }
    }
    return true;
}

bool sim_is_quiet(struct sim *sim)
{
    for (uint32_t number = 1; number <= sim->place_count; number++) {
        if (!place_is_quiet(place_of(sim, number))) {
            return false;
        }
    }
    return true;
}

static void stir_one(struct place *place)
{
    struct sim *sim = place->sim;
    place->quiet_since = sim->now;
    if (place->ticking || place->node == NULL) {
        return;
    }
    int64_t late = sim->now - place->next_tick;
    if (late > 0) { /* its steady clock did not see the quiet */
        place->skipped_us += late;
        place->next_tick = sim->now;
    }
    place->ticking = true;
    sim_at(sim, place->next_tick, EVENT_TICK, place->number, place->life, NULL);
}

void place_stir(struct place *place)
{
    stir_one(place);
    if (place->hub != 0) {
        stir_one(place_of(place->sim, place->hub));
    }
}

/* ---- the run ------------------------------------------------------------------------------------
 */

static void happen(struct sim *sim, const struct sim_event *event)
{
    switch (event->kind) {
    case EVENT_PARCEL:
        net_arrive(sim, event->pointer);
        break;
    case EVENT_WAKE:
        if (place_of(sim, event->a)->wake_at == event->at) {
            place_wake(place_of(sim, event->a));
        }
        break;
    case EVENT_TICK:
        if (place_of(sim, event->a)->life == event->b) {
            place_tick(place_of(sim, event->a));
        }
        break;
    case EVENT_START:
        place_open(place_of(sim, event->a));
        break;
    case EVENT_CONNECT:
        net_connect(sim, event->a, event->b);
        break;
    case EVENT_HEAL:
        faults_heal(sim, event->a, event->b);
        break;
    case EVENT_LINK:
        faults_link(sim);
        break;
    case EVENT_MACHINE:
        faults_machine(sim);
        break;
    case EVENT_COMMAND:
        client_try(sim, event->a);
        break;
    case EVENT_PEOPLE:
        people_errand(sim, event->a);
        break;
    case EVENT_OPERATOR:
        operator_look(sim);
        break;
    case EVENT_HORIZON:
        faults_end(sim);
        break;
    default:
        abort();
    }
}

static void run(struct sim *sim)
{
    int64_t end = sim->horizon + SETTLE_DAYS * SIM_DAY;
    uint64_t step_max = sim->options.step_max;
    while (sim->heap_count > 0 && !sim->stopped) {
        struct sim_event event = take_first(sim);
        if (event.at > end) {
            sim_violated(sim, "liveness",
                         "after %d days of calm something still goes on (event %d)", SETTLE_DAYS,
                         (int)event.kind);
            return;
        }
        sim->now = event.at;
        sim->report->step_count++;
        sim_mix(sim, (uint64_t)event.at ^ ((uint64_t)event.kind << 56) ^ event.a);
        happen(sim, &event);
        if (step_max != 0 && sim->report->step_count >= step_max) {
            sim->stopped = true;
        }
    }
}

/* ---- opening and closing
 * ----------------------------------------------------------------------------- */

static void open_checkers(struct sim *sim)
{
    for (size_t index = 0; CHECKERS[index] != NULL; index++) {
        if (CHECKERS[index]->open != NULL) {
            sim->checker_states[index] = CHECKERS[index]->open(sim);
        }
    }
}

static void close_all(struct sim *sim)
{
    for (size_t index = 0; CHECKERS[index] != NULL; index++) {
        if (CHECKERS[index]->close != NULL) {
            CHECKERS[index]->close(sim->checker_states[index]);
        }
    }
    for (size_t index = 0; index < sim->heap_count; index++) {
        if (sim->heap[index].kind == EVENT_PARCEL) {
            free(sim->heap[index].pointer);
        }
    }
    for (uint32_t number = 1; number <= sim->place_count; number++) {
        place_close(place_of(sim, number));
        net_drop_all(place_of(sim, number));
        wu_roster_free(&place_of(sim, number)->roster);
        wu_arena_close(&place_of(sim, number)->reply);
    }
    client_end(sim);
    people_end(sim);
    free(sim->torn);
    free(sim->heap);
    wu_arena_close(&sim->look);
    wu_arena_close(&sim->build);
}

void sim_run(const struct sim_options *options, struct sim_report *ret_report)
{
    struct sim *sim = calloc(1, sizeof *sim);
    *ret_report = (struct sim_report){.hash = options->seed};
    if (sim == NULL || wu_arena_open(&sim->look, LOOK_BYTES) != WU_OK ||
        wu_arena_open(&sim->build, BUILD_BYTES) != WU_OK) {
        abort();
    }
    sim->options = *options;
    sim->report = ret_report;
    disk_clear(options->folder);
    faults_begin(sim);
    open_checkers(sim);
    people_begin(sim);
    run(sim);
    if (!sim->stopped) {
        checkers_ended(sim);
    }
    ret_report->virtual_us = sim->now;
    ret_report->linkage_count = people_linkage_count(sim);
    close_all(sim);
    free(sim);
}
