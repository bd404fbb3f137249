/*
 * The coordinator's word, by a model of its own: a step is offered to one
 * provider at a time, attempt after attempt; it is confirmed only to the one
 * that has it reserved; before the next is asked the last is told that it is
 * over, or said so itself; and when a linkage ends nothing of it is left out.
 */
#include "tests/sim/checkers/checkers.h"

#include "wushe/coordinator/v1/linkage.pb-c.h"

enum phase { NOWHERE, OFFERED, RESERVED, CONFIRMED, DELIVERED, OVER };

struct step {
    uint32_t attempt;
    uint64_t provider;
    enum phase phase;
};

enum { STEPS_MAX = 1 << 16 };

struct state {
    struct map steps; /* linkage and step -> index + 1 */
    struct map out;   /* linkage -> steps that are with a provider now */
    struct step list[STEPS_MAX];
    uint64_t count;
};

static void *open_state(struct sim *sim)
{
    (void)sim;
    return checker_state(sizeof(struct state));
}

static void close_state(void *opaque)
{
    struct state *state = opaque;
    map_free(&state->steps);
    map_free(&state->out);
    free(state);
}

static uint64_t name_of(ProtobufCBinaryData id)
{
    return sim_hash(id.data, id.len);
}

static struct step *step_of(struct state *state, const Linkage__StepRef *ref)
{
    uint64_t *index = map_at(&state->steps, name_of(ref->linkage_id) * 31 + ref->step_no * 2);
    if (*index == 0) {
        if (state->count == STEPS_MAX) {
            abort();
        }
        *index = ++state->count;
    }
    return &state->list[*index - 1];
}

static bool is_out(enum phase phase)
{
    return phase == OFFERED || phase == RESERVED || phase == CONFIRMED;
}

static void move(struct state *state, const Linkage__StepRef *ref, struct step *step,
                 enum phase phase)
{
    uint64_t *out = map_at(&state->out, name_of(ref->linkage_id));
    *out += (uint64_t)is_out(phase) - (uint64_t)is_out(step->phase);
    step->phase = phase;
}

static bool is_current(const struct step *step, const Linkage__StepRef *ref)
{
    return step->attempt == ref->attempt && step->provider == name_of(ref->provider_id);
}

static void hears(struct state *state, const struct seen *seen, const Linkage__StepRef *ref)
{
    struct step *step = step_of(state, ref);
    if (!is_current(step, ref) || !is_out(step->phase)) {
        return;
    }
    if (seen->type == WU_TYPE(LINKAGE_STEP_RESERVED) && step->phase == OFFERED) {
        move(state, ref, step, RESERVED);
    } else if (seen->type == WU_TYPE(LINKAGE_STEP_DELIVERED) && step->phase == CONFIRMED) {
        move(state, ref, step, DELIVERED);
    } else if (seen->type == WU_TYPE(LINKAGE_STEP_DECLINED) ||
               seen->type == WU_TYPE(LINKAGE_STEP_LAPSED)) {
        move(state, ref, step, OVER);
    }
}

static void says(struct state *state, struct sim *sim, const struct seen *seen,
                 const Linkage__StepRef *ref)
{
    struct step *step = step_of(state, ref);
    if (seen->type == WU_TYPE(LINKAGE_STEP_OFFERED)) {
        if (ref->attempt != step->attempt + 1 || is_out(step->phase) || step->phase == DELIVERED) {
            sim_violated(sim, "offers", "step %u is offered at attempt %u, attempt %u is not over",
                         ref->step_no, ref->attempt, step->attempt);
        }
        step->attempt = ref->attempt;
        step->provider = name_of(ref->provider_id);
        move(state, ref, step, OFFERED);
    } else if (seen->type == WU_TYPE(LINKAGE_STEP_CONFIRMED)) {
        if (!is_current(step, ref) || step->phase != RESERVED) {
            sim_violated(sim, "offers", "step %u, attempt %u, is confirmed and not reserved",
                         ref->step_no, ref->attempt);
        }
        move(state, ref, step, CONFIRMED);
    } else if (is_current(step, ref) && is_out(step->phase)) {
        move(state, ref, step, OVER);
    }
}

static void linkage_ends(struct state *state, struct sim *sim, ProtobufCBinaryData linkage_id,
                         const char *how)
{
    uint64_t *out = map_at(&state->out, name_of(linkage_id));
    if (*out != 0) {
        sim_violated(sim, "offers", "a linkage is %s, %llu of its steps are still with a provider",
                     how, (unsigned long long)*out);
    }
}

static void saw(void *opaque, struct sim *sim, const struct seen *seen)
{
    struct state *state = opaque;
    if (!seen->place->core->is_hub || seen->place->was_restored || seen->body == NULL ||
        seen->is_dead) {
        return;
    }
    const Linkage__StepRef *ref = step_ref(seen);
    if (ref != NULL && !is_asker(seen)) {
        return;
    }
    if (ref != NULL && seen->is_output) {
        says(state, sim, seen, ref);
    } else if (ref != NULL) {
        hears(state, seen, ref);
    } else if (seen->is_output && seen->type == WU_TYPE(COORDINATOR_LINKAGE_CLOSED)) {
        const Coordinator__LinkageClosed *closed = (const void *)seen->body;
        linkage_ends(state, sim, closed->linkage_id, "closed");
    } else if (seen->is_output && seen->type == WU_TYPE(COORDINATOR_LINKAGE_DELIVERED)) {
        const Coordinator__LinkageDelivered *delivered = (const void *)seen->body;
        linkage_ends(state, sim, delivered->linkage_id, "delivered");
    }
}

const struct checker CHECK_OFFERS = {
    .name = "offers", .open = open_state, .saw = saw, .close = close_state};
