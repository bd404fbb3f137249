/* No volunteer is in two places at once. */
#include "tests/sim/checkers/checkers.h"
#include "tests/support/look.h"

enum { EVERY = 8 };

static void check(struct sim *sim, struct place *place)
{
    char why[200];
    struct wu_txn *txn = sim_look(sim, place);
    if (look_overlapping_shifts(txn, why, sizeof why)) {
        sim_violated(sim, "shifts", "%s", why);
    }
    wu_txn_abort(&txn);
}

static bool has_volunteers(const struct place *place)
{
    return strcmp(place->core->role, "volunteer") == 0;
}

static void committed(void *state, struct sim *sim, struct place *place)
{
    (void)state;
    if (has_volunteers(place) && place->last_seq % EVERY == 0) {
        check(sim, place);
    }
}

static void ended(void *state, struct sim *sim)
{
    (void)state;
    for (uint32_t number = 1; number <= sim->place_count; number++) {
        if (has_volunteers(place_of(sim, number))) {
            check(sim, place_of(sim, number));
        }
    }
}

const struct checker CHECK_SHIFTS = {.name = "shifts", .committed = committed, .ended = ended};
