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

static void saw(void *state, struct sim *sim, const struct seen *seen)
{
    if (!seen->is_output || seen->envelope == NULL || seen->place->was_restored) {
        return; /* two pasts share numbers until the second is found out */
    }
    uint64_t content = sim_hash(seen->output->record.data, seen->output->record.size);
    uint64_t *known = map_at(state, sim_hash(seen->envelope->id.data, seen->envelope->id.len));
    if (*known != 0 && *known != content) {
        sim_violated(sim, "ids", "node %u gives an id a second time, to another record",
                     seen->place->number);
    }
    *known = content;
}

const struct checker CHECK_IDS = {
    .name = "ids", .open = open_state, .saw = saw, .close = close_state};
