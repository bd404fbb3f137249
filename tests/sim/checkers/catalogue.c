/*
 * What is public reaches everybody who follows it, by whatever way: at the end
 * each community knows of each kind the version that its coordinator adopted last.
 */
#include "tests/sim/checkers/checkers.h"
#include "tests/sim/people.h"
#include "tests/support/look.h"

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

static uint64_t name_of(uint32_t hub, const char *code)
{
    return sim_hash(code, strlen(code)) * 31 + hub;
}

static void saw(void *state, struct sim *sim, const struct seen *seen)
{
    (void)sim;
    if (seen->is_output && seen->type == WU_TYPE(COORDINATOR_KIND_ADOPTED) && seen->body != NULL) {
        const Coordinator__KindAdopted *adopted = (const void *)seen->body;
        *map_at(state, name_of(seen->place->number, adopted->code)) = adopted->version;
    }
}

static void ended(void *state, struct sim *sim)
{
    for (uint32_t number = 1; number <= sim->place_count; number++) {
        struct place *place = place_of(sim, number);
        if (strcmp(place->core->role, "community") != 0 || has_two_pasts(sim, place)) {
            continue;
        }
        struct wu_txn *txn = sim_look(sim, place);
        for (size_t kind = 0; kind < KIND_COUNT; kind++) {
            const char *code = KIND_PLANS[kind].code;
            uint64_t adopted = *map_at(state, name_of(place->hub, code));
            uint32_t known = look_kind_known(txn, code);
            if (known != adopted) {
                sim_violated(sim, "catalogue", "node %u knows version %u of %s, %llu is in force",
                             number, known, code, (unsigned long long)adopted);
            }
        }
        wu_txn_abort(&txn);
    }
}

const struct checker CHECK_CATALOGUE = {
    .name = "catalogue", .open = open_state, .saw = saw, .ended = ended, .close = close_state};
