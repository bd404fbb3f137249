/* No id is ever made twice: whatever is named, is named once. */
#include "tests/sim/checkers/checkers.h"

static void *open_state(struct sim *sim)
{
    (void)sim;
    return checker_state(sizeof(struct map));
}

static void close_state(void *state)
{
    map_free(state);
    free(state);
}

static uint32_t generation_of(const Envelope__Envelope *envelope)
{
    enum { GENERATION_AT = 4, ID_BYTES = 16 };
    return envelope->id.len == ID_BYTES ? wu_get_u16(envelope->id.data + GENERATION_AT) : 0;
}

static void saw(void *state, struct sim *sim, const struct seen *seen)
{
    struct place *place = seen->place;
    if (!seen->is_output || seen->envelope == NULL) {
        return;
    }
    uint32_t now = wu_node_info(place->node).generation;
    uint32_t generation = generation_of(seen->envelope);
    if (seen->is_new && generation != now && generation != place->last_generation) {
        sim_violated(sim, "ids", "node %u makes an id of generation %u, it is at %u", place->number,
                     generation, now);
    }
    if (place->was_restored && generation <= place->restored_generation) {
        return; /* two pasts share numbers until the second is found out */
    }
    uint64_t content = sim_hash(seen->output->record.data, seen->output->record.size);
    uint64_t *known = map_at(state, sim_hash(seen->envelope->id.data, seen->envelope->id.len));
    if (*known != 0 && *known != content) {
        sim_violated(sim, "ids", "node %u gives an id a second time, to another record",
                     place->number);
    }
    *known = content;
}

static void committed(void *state, struct sim *sim, struct place *place)
{
    (void)state;
    (void)sim;
    place->last_generation = wu_node_info(place->node).generation;
}

const struct checker CHECK_IDS = {
    .name = "ids", .open = open_state, .saw = saw, .committed = committed, .close = close_state};
