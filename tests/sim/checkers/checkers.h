#pragma once

#include "tests/sim/checkers/map.h"
#include "tests/sim/sim.h"

#include <string.h>

extern const struct checker CHECK_TIME;
extern const struct checker CHECK_STREAMS;
extern const struct checker CHECK_IDS;
extern const struct checker CHECK_DEAD;
extern const struct checker CHECK_PRIVACY;
extern const struct checker CHECK_OFFERS;
extern const struct checker CHECK_HOLDS;
extern const struct checker CHECK_LEDGER;
extern const struct checker CHECK_SHIFTS;
extern const struct checker CHECK_OWNER;
extern const struct checker CHECK_CATALOGUE;
extern const struct checker CHECK_RESTORED;
extern const struct checker CHECK_ACKNOWLEDGED;
extern const struct checker CHECK_REPLAY;

/* A zeroed state, for open. */
static inline void *checker_state(size_t size)
{
    void *state = calloc(1, size);
    if (state == NULL) {
        abort();
    }
    return state;
}

/* Whether some node of this world was put back to an older store: people lost what they said. */
static inline bool somebody_was_restored(const struct sim *sim)
{
    for (uint32_t index = 0; index < sim->place_count; index++) {
        if (sim->places[index].was_restored) {
            return true;
        }
    }
    return false;
}
