/*
 * A store put back to an older copy is found out when somebody remembers more
 * of it than it does: never silently.
 */
#include "tests/sim/checkers/checkers.h"

#include <stdio.h>

/* Whether the peer has folded more mail of that node than its store says it has sent. */
static bool remembers_more(const struct place *peer, const struct place *place)
{
    char name[32];
    (void)snprintf(name, sizeof name, "to/%u", peer->number);
    struct wu_stream stream = wu_node_mail_stream(place->node, peer->number);
    struct wu_cursor cursor = wu_node_cursor(peer->node, place->number, name);
    return cursor.next > stream.head + 1 &&
           (cursor.generation == stream.generation || stream.head == 0);
}

static void restored(void *state, struct sim *sim, struct place *place)
{
    (void)state;
    struct wu_witness now = place_stands_at(place);
    place->restored_generation = now.generation;
    bool behind =
        place->witness.generation == now.generation && place->witness.journal_seq > now.journal_seq;
    if (behind && (place->state == PLACE_SERVING || place->state == PLACE_JOINING)) {
        sim_violated(sim, "restored", "node %u is behind its witness and serves", place->number);
    }
    for (uint32_t number = 1; number <= sim->place_count; number++) {
        const struct place *peer = place_of(sim, number);
        bool linked = peer->hub == place->number || place->hub == number;
        if (linked && peer->node != NULL && remembers_more(peer, place)) {
            place->must_diverge = true;
        }
    }
}

static void ended(void *state, struct sim *sim)
{
    (void)state;
    for (uint32_t number = 1; number <= sim->place_count; number++) {
        const struct place *place = place_of(sim, number);
        if (place->must_diverge && !place->has_diverged) {
            sim_violated(sim, "restored", "node %u was put back and nobody found out", number);
        }
    }
}

const struct checker CHECK_RESTORED = {.name = "restored", .restored = restored, .ended = ended};
