/*
 * The world and what goes wrong in it. Each seed has a city of its own and a
 * random part of the faults, each at a rate of its own: troubles that never
 * come together with others show what a mixture hides.
 */
#include "tests/sim/sim.h"

#include "services/charity/core/core.h"
#include "services/community/core/core.h"
#include "services/coordinator/core/core.h"
#include "services/socialorg/core/core.h"
#include "services/socialworker/core/core.h"
#include "services/volunteer/core/core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct wu_core *const SIM_CORES[SIM_ROLES] = {&COORDINATOR_CORE, &COMMUNITY_CORE,
                                                    &SOCIALORG_CORE,   &SOCIALWORKER_CORE,
                                                    &VOLUNTEER_CORE,   &CHARITY_CORE};

enum { TO_HUB = 0, FROM_HUB = 1 };
enum heal { HEAL_BOTH, HEAL_TO_HUB, HEAL_FROM_HUB, HEAL_BEATS, HEAL_DEAF, HEAL_DISK, HEAL_MAP };

static const size_t MAP_BYTES_MAX = (size_t)64 << 20;

/* One in a hundred thousand chances at most and at least, where the seed has that fault. */
static const struct {
    const char *name;
    uint64_t least;
    uint64_t most;
} FAULTS[FAULT_COUNT] = {
    [FAULT_LOSS] = {"loss", 100, 3000},
    [FAULT_DUPLICATE] = {"duplicate", 100, 3000},
    [FAULT_DELAY] = {"delay", 200, 4000},
    [FAULT_REORDER] = {"reorder", 100, 2000},
    [FAULT_CUT] = {"cut", 20, 600},
    [FAULT_PARTITION] = {"partition", 10, 150},
    [FAULT_ONE_WAY] = {"one-way", 10, 150},
    [FAULT_CRASH_BEFORE] = {"crash-before", 30, 1500},
    [FAULT_CRASH_COMMIT] = {"crash-commit", 30, 1500},
    [FAULT_CRASH_ANSWER] = {"crash-answer", 30, 1000},
    [FAULT_CRASH_PUBLISH] = {"crash-publish", 30, 1000},
    [FAULT_CRASH_CATCHUP] = {"crash-catchup", 1000, 15000},
    [FAULT_TORN] = {"torn", 30, 1500},
    [FAULT_PAUSE] = {"pause", 5000, 40000},
    [FAULT_DISK_FULL] = {"disk-full", 5000, 30000},
    [FAULT_MAP_FULL] = {"map-full", 5000, 20000},
    [FAULT_CLOCK_STEP] = {"clock-step", 5000, 40000},
    [FAULT_SKEW] = {"skew", 50000, 100000},
    [FAULT_SLOW] = {"slow", 5000, 40000},
    [FAULT_REPEAT] = {"repeat", 1000, 20000},
    [FAULT_KEY_REUSE] = {"key-reuse", 500, 5000},
    [FAULT_POISON] = {"poison", 500, 5000},
    [FAULT_RESTORE] = {"restore", 10000, 60000},
    [FAULT_WITNESS] = {"witness", 10000, 90000},
    [FAULT_BOUNDARY] = {"boundary", 5000, 40000},
};

const char *sim_fault_name(enum sim_fault fault)
{
    return FAULTS[fault].name;
}

uint64_t faults_rate(const struct sim *sim, enum sim_fault fault)
{
    return sim->rates[fault];
}

static void choose_rates(struct sim *sim)
{
    for (int fault = 0; fault < FAULT_COUNT; fault++) {
        uint64_t share = fault == FAULT_RESTORE ? 120 : 450;
        bool wanted = sim_chance(sim, "has fault", share);
        uint64_t spread = sim_choose(sim, "fault rate", 1000);
        uint64_t width = FAULTS[fault].most - FAULTS[fault].least;
        bool allowed = (sim->options.faults >> fault & 1) != 0;
        /* mostly rare: squared */
        uint64_t rate = FAULTS[fault].least + width * spread / 1000 * spread / 1000;
        sim->rates[fault] = wanted && allowed ? rate : 0;
    }
}

/* ---- the city ------------------------------------------------------------------------- */

static struct place *add_place(struct sim *sim, const struct wu_core *core, uint32_t hub)
{
    if (sim->place_count == SIM_PLACES_MAX) {
        return NULL;
    }
    struct place *place = &sim->places[sim->place_count++];
    char folder[96];
    (void)snprintf(folder, sizeof folder, "%.90s", sim->options.folder);
    *place = (struct place){.sim = sim,
                            .number = sim->place_count,
                            .hub = hub,
                            .core = core,
                            .map_bytes_max = MAP_BYTES_MAX,
                            .wake_at = SIM_NEVER};
    place->inbox_end = &place->inbox;
    (void)snprintf(place->store, sizeof place->store, "%s/%u", folder, place->number);
    (void)snprintf(place->copy, sizeof place->copy, "%s/%u.copy", folder, place->number);
    (void)snprintf(place->data, sizeof place->data, "%s/%u/data.mdb", folder, place->number);
    (void)snprintf(place->copy_data, sizeof place->copy_data, "%s/%u.copy/data.mdb", folder,
                   place->number);
    return place;
}

static void add_societies(struct sim *sim, struct place *hub)
{
    uint64_t communities = 1 + sim_choose(sim, "communities", 2);
    for (uint64_t n = 0; n < communities; n++) {
        struct place *community = add_place(sim, &COMMUNITY_CORE, hub->number);
        if (community != NULL) {
            community->division = hub->division + 6012001 + n;
        }
    }
    for (size_t index = 2; index < SIM_ROLES; index++) { /* those that provide */
        int count = sim_chance(sim, "second society", 200) ? 2 : 1;
        for (int n = 0; n < count; n++) {
            struct place *society = add_place(sim, SIM_CORES[index], hub->number);
            if (society != NULL) {
                society->division = hub->division;
            }
        }
    }
}

static void write_roster(struct sim *sim, struct place *hub)
{
    char text[4096];
    size_t size = 0;
    for (uint32_t number = 1; number <= sim->place_count; number++) {
        const struct place *leaf = place_of(sim, number);
        if (leaf->hub == hub->number) {
            size += (size_t)snprintf(text + size, sizeof text - size,
                                     "node=%u role=%s key=%040u state=active follow=* submit=yes\n",
                                     number, leaf->core->role, number);
        }
    }
    struct wu_error error = {{0}};
    if (wu_roster_parse("roster", text, size, &hub->roster, &error) != WU_OK) {
        (void)fprintf(stderr, "%s\n", error.text);
        abort();
    }
}

static void build_city(struct sim *sim)
{
    struct place *city = add_place(sim, &COORDINATOR_CORE, 0);
    city->division = UINT64_C(420100000000);
    add_societies(sim, city);
    if (sim_chance(sim, "second hub", 150)) {
        struct place *second = add_place(sim, &COORDINATOR_CORE, city->number);
        second->division = UINT64_C(420200000000);
        add_societies(sim, second);
    }
    for (uint32_t number = 1; number <= sim->place_count; number++) {
        struct place *place = place_of(sim, number);
        if (place->core->is_hub) {
            write_roster(sim, place);
        }
        if (sim_fault(sim, FAULT_SKEW)) {
            place->clock_ms = sim_choose_span(sim, "skew", -10 * WU_MINUTE_MS, 10 * WU_MINUTE_MS);
        }
        sim_at(sim, sim_choose_span(sim, "first start", 0, 2 * SIM_SECOND), EVENT_START, number, 0,
               NULL);
    }
}

void faults_begin(struct sim *sim)
{
    static const uint64_t KEEPS[] = {0, 3, 50, 4096};
    static const uint64_t PUBLIC_KEEPS[] = {2, 6, 100, 1000};
    static const uint64_t LATENCIES_US[] = {300, 2000, 20000, 200000};
    static const int64_t COMMITS_US[] = {3000, 30000, 100000, 300000};
    choose_rates(sim);
    sim->horizon = (int64_t)(6 + sim_choose(sim, "horizon", 42)) * SIM_HOUR;
    sim->stream_keep_count = KEEPS[sim_choose(sim, "keep", 4)];
    sim->public_keep_count = PUBLIC_KEEPS[sim_choose(sim, "public keep", 4)];
    sim->latency_us = LATENCIES_US[sim_choose(sim, "latencies", 4)];
    sim->commit_us = COMMITS_US[sim_choose(sim, "commits", 4)];
    if (sim->rates[FAULT_RESTORE] > 0) {
        sim->stream_keep_count = 4096; /* else the way back is not there */
    }
    build_city(sim);
    sim_at(sim, SIM_MINUTE, EVENT_LINK, 0, 0, NULL);
    sim_at(sim, 2 * SIM_MINUTE, EVENT_MACHINE, 0, 0, NULL);
    sim_at(sim, 3 * SIM_MINUTE, EVENT_OPERATOR, 0, 0, NULL);
    sim_at(sim, sim->horizon, EVENT_HORIZON, 0, 0, NULL);
}

/* ---- connections ------------------------------------------------------------------------- */

static int64_t trouble_span(struct sim *sim)
{
    switch (sim_choose(sim, "trouble", 8)) {
    case 0:
        return sim_choose_span(sim, "hours", SIM_HOUR, 8 * SIM_HOUR);
    case 1:
    case 2:
        return sim_choose_span(sim, "minutes", SIM_MINUTE, 40 * SIM_MINUTE);
    case 3:
    case 4:
        return sim_choose_span(sim, "half minutes", 4 * SIM_SECOND, 40 * SIM_SECOND);
    default:
        return sim_choose_span(sim, "moments", 10 * SIM_MS, 3 * SIM_SECOND);
    }
}

static void heal_later(struct place *place, int64_t span, enum heal heal)
{
    sim_at(place->sim, place->sim->now + span, EVENT_HEAL, place->number, heal, NULL);
}

static void part(struct place *leaf, bool to_hub, bool from_hub)
{
    struct sim *sim = leaf->sim;
    int64_t span = trouble_span(sim);
    sim_tell(sim, leaf, "cannot reach node %u%s for %lld s", leaf->hub,
             to_hub && from_hub ? ""
             : to_hub           ? " (but hears it)"
                                : " (but is heard)",
             (long long)(span / SIM_SECOND));
    if (to_hub) {
        net_block(leaf, TO_HUB);
    }
    if (from_hub) {
        net_block(leaf, FROM_HUB);
    }
    heal_later(leaf, span, to_hub && from_hub ? HEAL_BOTH : to_hub ? HEAL_TO_HUB : HEAL_FROM_HUB);
    bool soon = sim_chance(sim, "beats", 700); /* else it is noticed by what does not come */
    heal_later(leaf,
               soon ? sim_choose_span(sim, "beats", 3 * SIM_SECOND, 8 * SIM_SECOND)
                    : sim_choose_span(sim, "beats", 20 * SIM_SECOND, 90 * SIM_SECOND),
               HEAL_BEATS);
}

bool faults_frame(struct place *leaf)
{
    struct sim *sim = leaf->sim;
    if (sim->in_tick) {
        return false;
    }
    if (sim_fault(sim, FAULT_CUT)) {
        net_cut(leaf);
        return true;
    }
    if (sim_fault(sim, FAULT_PARTITION)) {
        part(leaf, true, true);
    } else if (sim_fault(sim, FAULT_ONE_WAY)) {
        bool up = sim_chance(sim, "which way", 500);
        part(leaf, up, !up);
    }
    return false;
}

static struct place *any_place(struct sim *sim)
{
    return place_of(sim, 1 + (uint32_t)sim_choose(sim, "which node", sim->place_count));
}

void faults_link(struct sim *sim)
{
    if (sim->calm) {
        return;
    }
    sim_at(sim, sim->now + sim_choose_span(sim, "next trouble", SIM_MINUTE, 2 * SIM_HOUR),
           EVENT_LINK, 0, 0, NULL);
    struct place *leaf = any_place(sim);
    if (leaf->hub != 0 && sim_fault(sim, FAULT_SLOW)) {
        leaf->way.deaf = true;
        net_block(leaf, FROM_HUB);
        int64_t span = sim_choose_span(sim, "deaf", 10 * SIM_MINUTE, 12 * SIM_HOUR);
        sim_tell(sim, leaf, "hears nothing of node %u", leaf->hub);
        heal_later(leaf, span, HEAL_DEAF);
    }
    bool whole_hub = sim_chance(sim, "whole hub", 150);
    if (whole_hub && sim_fault(sim, FAULT_PARTITION)) {
        for (uint32_t number = 2; number <= sim->place_count; number++) {
            if (sim_chance(sim, "this side", 600)) {
                part(place_of(sim, number), true, true);
            }
        }
    }
}

/* ---- machines ------------------------------------------------------------------------------- */

static void step_clock(struct place *place)
{
    struct sim *sim = place->sim;
    static const int64_t SPANS_MS[] = {WU_SECOND_MS, WU_MINUTE_MS, WU_HOUR_MS, WU_DAY_MS};
    int64_t most_ms = SPANS_MS[sim_choose(sim, "step size", 4)];
    int64_t step_ms = sim_choose_span(sim, "step", -most_ms, most_ms);
    place->clock_ms += step_ms;
    sim_tell(sim, place, "has its clock put %lld s %s", llabs((long long)step_ms) / 1000,
             step_ms < 0 ? "back" : "forward");
    place_wake_at(place, sim->now);
    place_stir(place);
}

static void fill_disk(struct place *place)
{
    sim_tell(place->sim, place, "has its disk filled by somebody else");
    place->disk_full = true;
    place_stir(place);
    heal_later(place, trouble_span(place->sim), HEAL_DISK);
}

static void fill_map(struct place *place)
{
    struct sim *sim = place->sim;
    size_t used_bytes = 0;
    size_t map_bytes = 0;
    if (place->node == NULL || place->map_full) {
        return;
    }
    wu_store_usage(wu_node_store(place->node), &used_bytes, &map_bytes);
    size_t room = (size_t)sim_choose_span(sim, "map room", 4, 40) * 4096;
    place->map_bytes_max = used_bytes + room;
    place->map_full = true;
    place_crash(place, "is started again with little room in its map");
    heal_later(place, sim_choose_span(sim, "map", 10 * SIM_MINUTE, 6 * SIM_HOUR), HEAL_MAP);
}

static void raise_map(struct place *place)
{
    if (place->map_full) {
        place->map_full = false;
        place->map_bytes_max = MAP_BYTES_MAX;
        place_crash(place, "is started again with a larger map_bytes_max");
    }
}

static bool somebody_was_restored(const struct sim *sim)
{
    for (uint32_t index = 0; index < sim->place_count; index++) {
        if (sim->places[index].was_restored) {
            return true;
        }
    }
    return false;
}

static void copy_or_restore(struct sim *sim)
{
    struct place *place = any_place(sim);
    if (sim->rates[FAULT_RESTORE] == 0 || somebody_was_restored(sim)) {
        return;
    }
    if (!place->copied) {
        if (place->node != NULL && sim_chance(sim, "copy", 300)) {
            place->copied_at = place_stands_at(place);
            place->copied = disk_copy(place);
            sim_tell(sim, place, "is copied at event %llu",
                     (unsigned long long)place->copied_at.journal_seq);
        }
    } else if (place->node != NULL && sim_fault(sim, FAULT_RESTORE)) {
        place_crash(place, "its disk broke");
        if (!disk_restore(place)) {
            abort();
        }
        sim_tell(sim, place, "is put back to event %llu",
                 (unsigned long long)place->copied_at.journal_seq);
        if (sim_fault(sim, FAULT_WITNESS)) {
            bool with_it = sim_chance(sim, "witness too", 500);
            place->witness = with_it ? place->copied_at : (struct wu_witness){0};
        }
        place->was_restored = true;
        place->restored_now = true;
        client_excuse(sim, place->number);
    }
}

void faults_machine(struct sim *sim)
{
    if (sim->calm) {
        return;
    }
    sim_at(sim, sim->now + sim_choose_span(sim, "next machine", SIM_MINUTE, SIM_HOUR),
           EVENT_MACHINE, 0, 0, NULL);
    struct place *place = any_place(sim);
    if (sim_fault(sim, FAULT_PAUSE)) {
        int64_t span = trouble_span(sim);
        place->paused_until = sim->now + span;
        sim_tell(sim, place, "stands still for %lld ms", (long long)(span / SIM_MS));
    }
    if (sim_fault(sim, FAULT_CLOCK_STEP)) {
        step_clock(place);
    }
    if (!place->disk_full && sim_fault(sim, FAULT_DISK_FULL)) {
        fill_disk(place);
    }
    if (sim_fault(sim, FAULT_MAP_FULL)) {
        fill_map(place);
    }
    copy_or_restore(sim);
}

/* ---- healing
 * -------------------------------------------------------------------------------------- */

void faults_heal(struct sim *sim, uint32_t number, uint64_t what)
{
    struct place *place = place_of(sim, number);
    switch ((enum heal)what) {
    case HEAL_BOTH:
        net_unblock(place, TO_HUB);
        net_unblock(place, FROM_HUB);
        break;
    case HEAL_TO_HUB:
        net_unblock(place, TO_HUB);
        break;
    case HEAL_FROM_HUB:
        net_unblock(place, FROM_HUB);
        break;
    case HEAL_BEATS:
        if (place->way.up && (place->way.blocked[TO_HUB] || place->way.blocked[FROM_HUB])) {
            net_cut(place);
        }
        break;
    case HEAL_DEAF:
        place->way.deaf = false;
        net_unblock(place, FROM_HUB);
        break;
    case HEAL_DISK:
        place->disk_full = false;
        place_stir(place);
        break;
    case HEAL_MAP:
    default:
        raise_map(place);
        break;
    }
}

/* From here on nothing goes wrong any more. */
void faults_end(struct sim *sim)
{
    sim->calm = true;
    sim_tell(sim, NULL, "---- all is well from here on");
    for (uint32_t number = 1; number <= sim->place_count; number++) {
        struct place *place = place_of(sim, number);
        place->clock_ms = 0;
        place->disk_full = false;
        place->paused_until = 0;
        place->way.deaf = false;
        while (place->way.block_count[TO_HUB] > 0) {
            net_unblock(place, TO_HUB);
        }
        while (place->way.block_count[FROM_HUB] > 0) {
            net_unblock(place, FROM_HUB);
        }
        raise_map(place);
        sim_at(sim, sim->now + SIM_SECOND, EVENT_START, number, 0, NULL);
        place_wake_at(place, sim->now);
        place_stir(place);
    }
}
