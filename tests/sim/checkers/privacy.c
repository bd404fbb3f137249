/* No personal data in public, nor in an offer that may be lost: the word CANARY. */
#include "tests/sim/checkers/checkers.h"

static void saw(void *state, struct sim *sim, const struct seen *seen)
{
    static const char WORD[] = "CANARY";
    (void)state;
    bool watched = seen->is_public || seen->type == WU_TYPE(NODE_PUBLISH) ||
                   seen->type == WU_TYPE(LINKAGE_STEP_OFFERED);
    if (!seen->is_output || !watched) {
        return;
    }
    if (memmem(seen->output->record.data, seen->output->record.size, WORD, sizeof WORD - 1) !=
        NULL) {
        sim_violated(sim, "privacy", "node %u tells a person's name in %s", seen->place->number,
                     wu_event_type_name(seen->type));
    }
}

const struct checker CHECK_PRIVACY = {.name = "privacy", .saw = saw};
