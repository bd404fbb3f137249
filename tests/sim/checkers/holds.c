/*
 * A provider's word, by a model of its own: what it has declined, let lapse or
 * was released from never comes back under the same attempt, and nothing is
 * taken after the time until which it was held.
 */
#include "tests/sim/checkers/checkers.h"

enum phase { NOWHERE, ASKED, HELD, TAKEN, DONE, ENDED };

struct held {
    uint32_t attempt;
    enum phase phase;
    int64_t hold_until_ms;
};

enum { HELD_MAX = 1 << 16 };

struct state {
    struct map index; /* provider, linkage, step -> index + 1 */
    struct held list[HELD_MAX];
    uint64_t count;
    uint64_t confirm_seq; /* of the confirmation that was heard last, and where */
    uint32_t confirm_node;
};

static void *open_state(struct sim *sim)
{
    (void)sim;
    return checker_state(sizeof(struct state));
}

static void close_state(void *opaque)
{
    struct state *state = opaque;
    map_free(&state->index);
    free(state);
}

static struct held *held_of(struct state *state, const Linkage__StepRef *ref)
{
    uint64_t name = sim_hash(ref->linkage_id.data, ref->linkage_id.len);
    uint64_t provider = sim_hash(ref->provider_id.data, ref->provider_id.len);
    uint64_t *index = map_at(&state->index, (name * 31 + ref->step_no) * 1009 + provider * 2);
    if (*index == 0) {
        if (state->count == HELD_MAX) {
            abort();
        }
        *index = ++state->count;
    }
    return &state->list[*index - 1];
}

static void hears(struct state *state, const struct seen *seen, const Linkage__StepRef *ref)
{
    struct held *held = held_of(state, ref);
    state->confirm_seq = 0;
    if (seen->type == WU_TYPE(LINKAGE_STEP_OFFERED) && ref->attempt > held->attempt) {
        const Linkage__StepOffered *offer = (const void *)seen->body;
        *held = (struct held){
            .attempt = ref->attempt, .phase = ASKED, .hold_until_ms = offer->hold_until_ms};
    } else if (seen->type == WU_TYPE(LINKAGE_STEP_CONFIRMED)) {
        state->confirm_seq = seen->seq;
        state->confirm_node = seen->place->number;
    } else if (seen->type == WU_TYPE(LINKAGE_STEP_RELEASED) && ref->attempt == held->attempt &&
               held->phase != DONE) {
        held->phase = ENDED;
    }
}

static void says_taken(struct sim *sim, const struct seen *seen, struct held *held)
{
    bool may = held->phase == HELD || held->phase == TAKEN || held->phase == DONE;
    if (!may) {
        sim_violated(sim, "holds", "node %u takes a step that it does not hold any more",
                     seen->place->number);
    }
    if (held->phase == HELD && seen->time_ms > held->hold_until_ms) {
        sim_violated(sim, "holds", "node %u takes a step %lld ms after its reservation ran out",
                     seen->place->number, (long long)(seen->time_ms - held->hold_until_ms));
    }
    held->phase = held->phase == HELD ? TAKEN : held->phase;
}

static void says(struct state *state, struct sim *sim, const struct seen *seen,
                 const Linkage__StepRef *ref)
{
    struct held *held = held_of(state, ref);
    if (ref->attempt != held->attempt) {
        return; /* about an offer that it never had, or no longer looks at */
    }
    if (seen->type == WU_TYPE(LINKAGE_STEP_RESERVED)) {
        if (held->phase == ENDED) {
            sim_violated(sim, "holds", "node %u reserves what it has given back",
                         seen->place->number);
        }
        held->phase = held->phase == ASKED ? HELD : held->phase;
    } else if (seen->type == WU_TYPE(LINKAGE_STEP_TAKEN)) {
        says_taken(sim, seen, held);
    } else if (seen->type == WU_TYPE(LINKAGE_STEP_DELIVERED)) {
        if (held->phase != TAKEN && held->phase != DONE) {
            sim_violated(sim, "holds", "node %u delivers what it never took", seen->place->number);
        }
        held->phase = DONE;
    } else {
        held->phase = ENDED;
        sim->report->late_confirm_count += state->confirm_seq != 0 &&
                                           state->confirm_node == seen->place->number &&
                                           seen->type == WU_TYPE(LINKAGE_STEP_LAPSED);
    }
}

static void saw(void *opaque, struct sim *sim, const struct seen *seen)
{
    const Linkage__StepRef *ref = step_ref(seen);
    if (ref == NULL || seen->place->core->is_hub || has_two_pasts(sim, seen->place)) {
        return;
    }
    if (seen->is_output && !seen->is_new) {
        return; /* an old word that goes along into a new generation */
    }
    if (seen->is_output) {
        says(opaque, sim, seen, ref);
    } else {
        hears(opaque, seen, ref);
    }
}

const struct checker CHECK_HOLDS = {
    .name = "holds", .open = open_state, .saw = saw, .close = close_state};
