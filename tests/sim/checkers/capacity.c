/*
 * No provider says yes to more cases at once than it has said it can take: each
 * reservation counts until its step is over. The model counts for itself.
 */
#include "common/fold/pb.h"
#include "tests/sim/checkers/checkers.h"

struct state {
    struct map capacity; /* provider -> cases, 0: no limit */
    struct map open;     /* provider -> cases */
    struct map steps;    /* provider, linkage, step -> attempt * 2, and 1 while it is open */
};

static void *open_state(struct sim *sim)
{
    (void)sim;
    return checker_state(sizeof(struct state));
}

static void close_state(void *opaque)
{
    struct state *state = opaque;
    map_free(&state->capacity);
    map_free(&state->open);
    map_free(&state->steps);
    free(state);
}

static uint64_t name_of(ProtobufCBinaryData id)
{
    return sim_hash(id.data, id.len);
}

/* A provider says how much it can take, first or anew. */
static void provider_added(struct state *state, struct sim *sim, const struct wu_input *input)
{
    const Bus__Submit *submit =
        bus__submit__unpack(&sim->build.pb, input->record.size, input->record.data);
    if (submit == NULL || submit->type != WU_TYPE(LINKAGE_ADD_PROVIDER)) {
        return;
    }
    const Linkage__AddProvider *add =
        linkage__add_provider__unpack(&sim->build.pb, submit->data.len, submit->data.data);
    if (add != NULL) {
        *map_at(&state->capacity, name_of(input->answer->id)) = (uint64_t)add->capacity_cases;
    }
}

static void saw_command(struct state *state, struct sim *sim, const struct seen *seen)
{
    const Bus__Answer *answer = seen->input->answer;
    if (answer != NULL && answer->status == BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED &&
        answer->id.len > 0 && !seen->is_dead) {
        size_t mark = sim->build.used_bytes;
        provider_added(state, sim, seen->input);
        wu_arena_reset(&sim->build, mark);
    }
}

static void reserved(struct state *state, struct sim *sim, const struct seen *seen,
                     const Linkage__StepRef *ref, uint64_t *step)
{
    if (ref->attempt <= *step / 2) {
        return; /* says again what it said */
    }
    uint64_t *open = map_at(&state->open, name_of(ref->provider_id));
    *open += (*step & 1) == 0;
    *step = (uint64_t)ref->attempt * 2 + 1;
    uint64_t capacity = *map_at(&state->capacity, name_of(ref->provider_id));
    if (capacity > 0 && *open > capacity) {
        sim_violated(sim, "capacity", "a provider of node %u has %llu cases, it can take %llu",
                     seen->place->number, (unsigned long long)*open, (unsigned long long)capacity);
    }
}

static bool is_over(const struct seen *seen)
{
    return seen->is_output ? seen->type == WU_TYPE(LINKAGE_STEP_LAPSED) ||
                                 seen->type == WU_TYPE(LINKAGE_STEP_DECLINED) ||
                                 seen->type == WU_TYPE(LINKAGE_STEP_DELIVERED)
                           : seen->type == WU_TYPE(LINKAGE_STEP_RELEASED);
}

static void saw(void *opaque, struct sim *sim, const struct seen *seen)
{
    struct state *state = opaque;
    if (seen->place->core->is_hub || seen->place->was_restored) {
        return;
    }
    const Linkage__StepRef *ref = step_ref(seen);
    if (!seen->is_output && seen->origin == WU_ORIGIN_COMMAND) {
        saw_command(state, sim, seen);
    } else if (ref != NULL) {
        uint64_t name = (name_of(ref->linkage_id) * 31 + ref->step_no) * 1009;
        uint64_t *step = map_at(&state->steps, name + name_of(ref->provider_id) * 2);
        if (seen->is_output && seen->type == WU_TYPE(LINKAGE_STEP_RESERVED)) {
            reserved(state, sim, seen, ref, step);
        } else if (is_over(seen) && *step == (uint64_t)ref->attempt * 2 + 1) {
            *step -= 1;
            --*map_at(&state->open, name_of(ref->provider_id));
        }
    }
}

const struct checker CHECK_CAPACITY = {
    .name = "capacity", .open = open_state, .saw = saw, .close = close_state};
