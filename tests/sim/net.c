/*
 * The network as ZeroMQ gives it: a connection is in order and whole until it
 * is cut, and then all that was on it is gone; what is published may be lost
 * frame by frame. On top of that the faults: frames lost, doubled, late and
 * out of order, ways that are cut or blocked in one direction.
 */
#include "tests/sim/sim.h"

#include <stdlib.h>
#include <string.h>

enum { TO_HUB = 0, FROM_HUB = 1, PUBLISHED = 2, HELD_MAX = 256 };

struct parcel *parcel_make(enum parcel_kind kind, uint32_t from, uint32_t to, struct wu_bytes bytes)
{
    struct parcel *parcel = malloc(sizeof *parcel + bytes.size);
    if (parcel == NULL) {
        abort();
    }
    *parcel = (struct parcel){.kind = kind, .from = from, .to = to, .size = bytes.size};
    if (bytes.size > 0) {
        memcpy(parcel->bytes, bytes.data, bytes.size);
    }
    return parcel;
}

/* ---- sending ------------------------------------------------------------------------ */

static void put_on_way(struct place *leaf, struct parcel *parcel, int lane)
{
    struct sim *sim = leaf->sim;
    struct way *way = &leaf->way;
    int64_t due = sim->now + 20 + (int64_t)sim_choose(sim, "latency", sim->latency_us);
    parcel->epoch = way->epoch;
    if (sim_fault(sim, FAULT_REORDER)) {
        sim_at(sim, due, EVENT_PARCEL, 0, 0, parcel);
        return;
    }
    if (sim_fault(sim, FAULT_DELAY)) {
        due += sim_choose_span(sim, "delay", SIM_MS, 4 * SIM_SECOND);
    }
    if (due <= way->last_due[lane]) {
        due = way->last_due[lane] + 1;
    }
    way->last_due[lane] = due;
    sim_at(sim, due, EVENT_PARCEL, 0, 0, parcel);
}

static void carry(struct place *leaf, uint32_t from, uint32_t to, int lane, struct wu_bytes bytes)
{
    struct sim *sim = leaf->sim;
    enum parcel_kind kind = lane == PUBLISHED ? PARCEL_PUBLIC : PARCEL_FRAME;
    if (sim_fault(sim, FAULT_LOSS)) {
        return;
    }
    put_on_way(leaf, parcel_make(kind, from, to, bytes), lane);
    if (sim_fault(sim, FAULT_DUPLICATE)) {
        put_on_way(leaf, parcel_make(kind, from, to, bytes), lane);
    }
}

bool net_send(void *context, uint32_t peer, struct wu_bytes frame)
{
    struct place *place = context;
    bool upwards = peer == place->hub;
    struct place *leaf = upwards ? place : place_of(place->sim, peer);
    if (!leaf->way.up || (!upwards && !leaf->way.adopted)) {
        return false;
    }
    if (!upwards && leaf->hub != place->number) {
        return false; /* the coordinator would write to somebody else's node */
    }
    if (!faults_frame(leaf)) {
        carry(leaf, place->number, peer, upwards ? TO_HUB : FROM_HUB, frame);
    }
    return true;
}

static bool hears(const struct place *leaf, const char *topic)
{
    for (size_t index = 0; index < leaf->topic_count; index++) {
        if (strcmp(leaf->topics[index].text, topic) == 0) {
            return true;
        }
    }
    return strcmp(topic, WU_TOPIC_HEADS) == 0;
}

void net_publish(void *context, const char *topic, struct wu_bytes frame)
{
    struct place *hub = context;
    struct sim *sim = hub->sim;
    for (uint32_t number = 1; number <= sim->place_count; number++) {
        struct place *leaf = place_of(sim, number);
        if (leaf->hub == hub->number && leaf->way.up && !leaf->way.deaf &&
            !leaf->way.blocked[FROM_HUB] && leaf->node != NULL && leaf->core->follows[0] != NULL &&
            hears(leaf, topic)) {
            carry(leaf, hub->number, number, PUBLISHED, frame);
        }
    }
}

void net_subscribe(void *context, const char *topic)
{
    struct place *place = context;
    if (place->topic_count < PLACE_TOPICS_MAX) {
        struct topic_name *name = &place->topics[place->topic_count++];
        (void)strncpy(name->text, topic, sizeof name->text - 1);
    }
}

/* ---- arriving --------------------------------------------------------------------------- */

static void hold(struct way *way, int direction, struct parcel *parcel)
{
    if (way->held_count[direction] == HELD_MAX) { /* the high-water mark */
        free(parcel);
        return;
    }
    way->held_count[direction]++;
    parcel->next = NULL;
    if (way->held[direction] == NULL) {
        way->held[direction] = parcel;
    } else {
        way->held_last[direction]->next = parcel;
    }
    way->held_last[direction] = parcel;
}

void net_arrive(struct sim *sim, struct parcel *parcel)
{
    struct place *to = place_of(sim, parcel->to);
    if (parcel->kind == PARCEL_DOOR) {
        place_stir(to);
        place_deliver(to, parcel);
        return;
    }
    bool upwards = place_of(sim, parcel->from)->hub == parcel->to;
    struct way *way = upwards ? &place_of(sim, parcel->from)->way : &to->way;
    bool last_words =
        !way->up && parcel->epoch == way->last_epoch && parcel->from == way->last_from;
    if ((way->epoch != parcel->epoch || !way->up) && !last_words) {
        free(parcel);
        return;
    }
    int direction = upwards ? TO_HUB : FROM_HUB;
    if (way->blocked[direction]) {
        hold(way, direction, parcel);
        return;
    }
    place_deliver(to, parcel);
}

/* ---- connections ------------------------------------------------------------------------------
 */

static void tell_leaf(struct place *leaf, enum parcel_kind kind)
{
    place_deliver(leaf, parcel_make(kind, leaf->hub, leaf->number, (struct wu_bytes){0}));
}

static void drop_held(struct way *way)
{
    for (int direction = TO_HUB; direction <= FROM_HUB; direction++) {
        while (way->held[direction] != NULL) {
            struct parcel *parcel = way->held[direction];
            way->held[direction] = parcel->next;
            free(parcel);
        }
        way->held_count[direction] = 0;
    }
}

void net_drop_all(struct place *leaf)
{
    drop_held(&leaf->way);
}

void net_cut(struct place *leaf)
{
    struct sim *sim = leaf->sim;
    struct way *way = &leaf->way;
    bool was_up = way->up;
    way->up = false;
    way->adopted = false;
    way->epoch++;
    drop_held(way);
    if (was_up && leaf->node != NULL) {
        sim_tell(sim, leaf, "loses its connection to node %u", leaf->hub);
        tell_leaf(leaf, PARCEL_DISCONNECTED);
    }
    place_stir(leaf);
    sim_at(sim, sim->now + sim_choose_span(sim, "redial", 50 * SIM_MS, 3 * SIM_SECOND),
           EVENT_CONNECT, leaf->number, way->epoch, NULL);
}

void net_connect(struct sim *sim, uint32_t number, uint64_t epoch)
{
    struct place *leaf = place_of(sim, number);
    struct way *way = &leaf->way;
    struct place *hub = place_of(sim, leaf->hub);
    if (way->up || way->epoch != epoch || leaf->node == NULL || hub->node == NULL ||
        way->blocked[TO_HUB] || way->blocked[FROM_HUB]) {
        return; /* whoever starts or heals it dials again */
    }
    way->up = true;
    way->epoch++;
    for (int lane = TO_HUB; lane <= PUBLISHED; lane++) {
        way->last_due[lane] = sim->now;
    }
    sim_tell(sim, leaf, "connects to node %u", leaf->hub);
    place_stir(leaf);
    tell_leaf(leaf, PARCEL_CONNECTED);
}

void net_block(struct place *leaf, int direction)
{
    leaf->way.blocked[direction] = true;
    leaf->way.block_count[direction]++;
    place_stir(leaf);
}

void net_unblock(struct place *leaf, int direction)
{
    struct sim *sim = leaf->sim;
    struct way *way = &leaf->way;
    if (way->block_count[direction] == 0 || --way->block_count[direction] > 0) {
        return;
    }
    way->blocked[direction] = false;
    way->held_count[direction] = 0;
    place_stir(leaf);
    while (way->held[direction] != NULL) { /* what waited comes at once, in order */
        struct parcel *parcel = way->held[direction];
        way->held[direction] = parcel->next;
        place_deliver(place_of(sim, parcel->to), parcel);
    }
    if (!way->up) {
        sim_at(sim, sim->now + sim_choose_span(sim, "redial", 50 * SIM_MS, 3 * SIM_SECOND),
               EVENT_CONNECT, leaf->number, way->epoch, NULL);
    }
}
