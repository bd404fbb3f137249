/*
 * Nothing that a node of ours said is poison to another: only what was made to be,
 * and answers to what a coordinator that was put back does not know it asked.
 */
#include "tests/sim/checkers/checkers.h"

static void saw(void *state, struct sim *sim, const struct seen *seen)
{
    (void)state;
    bool expected = seen->type == WU_TYPE(NODE_FORWARDED_COMMAND) ||
                    (seen->type == WU_TYPE(NODE_COMMAND_ANSWERED) && seen->place->was_restored);
    if (seen->is_dead && !expected) {
        sim_violated(sim, "dead", "event %llu (%s) of node %u is a dead letter: %s",
                     (unsigned long long)seen->seq, wu_event_type_name(seen->type),
                     seen->place->number, seen->input->why_dead);
    }
}

const struct checker CHECK_DEAD = {.name = "dead", .saw = saw};
