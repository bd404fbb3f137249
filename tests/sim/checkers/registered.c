/*
 * No organisation has work on its desk that is not registered, and what a
 * suspended one had goes to others: at the end it holds nothing.
 */
#include "tests/sim/checkers/checkers.h"
#include "tests/support/look.h"

static bool is_about_organisations(const struct place *place)
{
    return strcmp(place->core->role, "socialorg") == 0;
}

static void check(struct sim *sim, struct place *place, bool is_at_rest)
{
    char why[200];
    struct wu_txn *txn = sim_look(sim, place);
    if (look_barred_holder(txn, is_at_rest, why, sizeof why)) {
        sim_violated(sim, "registered", "node %u: %s", place->number, why);
    }
    wu_txn_abort(&txn);
}

static void committed(void *state, struct sim *sim, struct place *place)
{
    (void)state;
    if (is_about_organisations(place)) {
        check(sim, place, false);
    }
}

static void ended(void *state, struct sim *sim)
{
    (void)state;
    for (uint32_t number = 1; number <= sim->place_count; number++) {
        if (is_about_organisations(place_of(sim, number))) {
            check(sim, place_of(sim, number), true);
        }
    }
}

const struct checker CHECK_REGISTERED = {
    .name = "registered", .committed = committed, .ended = ended};
