/* The journal: numbers without a gap, times that never run backwards. */
#include "tests/sim/checkers/checkers.h"

static void saw(void *state, struct sim *sim, const struct seen *seen)
{
    (void)state;
    struct place *place = seen->place;
    if (seen->is_output) {
        return;
    }
    if (seen->seq != place->last_seq + 1) {
        sim_violated(sim, "time", "node %u folds event %llu after %llu", place->number,
                     (unsigned long long)seen->seq, (unsigned long long)place->last_seq);
    }
    if (seen->time_ms < place->last_time_ms) {
        sim_violated(sim, "time", "the time of node %u runs back by %lld ms at event %llu",
                     place->number, (long long)(place->last_time_ms - seen->time_ms),
                     (unsigned long long)seen->seq);
    }
    place->last_seq = seen->seq;
    place->last_time_ms = seen->time_ms;
}

/* What the store says of itself is what was folded. */
static void committed(void *state, struct sim *sim, struct place *place)
{
    (void)state;
    struct wu_node_info info = wu_node_info(place->node);
    if (info.journal_seq != place->last_seq) {
        sim_violated(sim, "time", "node %u stands at event %llu, it folded up to %llu",
                     place->number, (unsigned long long)info.journal_seq,
                     (unsigned long long)place->last_seq);
    }
}

const struct checker CHECK_TIME = {.name = "time", .saw = saw, .committed = committed};
