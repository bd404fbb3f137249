/*
 * Reserve, then confirm together: when the first step of a plan is confirmed,
 * every required one of it is reserved. Only the assessment goes ahead of the
 * plan that it makes. A step that comes back later is replaced by itself.
 */
#include "tests/sim/checkers/checkers.h"
#include "tests/sim/people.h"
#include "tests/support/look.h"

/* Delivered is for ever: by the one who was asked last or by another one, late. */
enum phase { OUT, OFFERED, HELD, DONE, PHASES };

struct state {
    struct map steps; /* linkage, step -> attempt and phase */
    struct map begun; /* linkage -> the event that confirmed its first step */
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
    map_free(&state->begun);
    free(state);
}

static uint64_t *step_at(struct state *state, ProtobufCBinaryData linkage_id, uint32_t step_no)
{
    return map_at(&state->steps,
                  sim_hash(linkage_id.data, linkage_id.len) * 31 + step_no * UINT64_C(2));
}

static bool is_assessment(const CoordinatorState__LinkageRow *linkage, uint32_t step_no)
{
    for (size_t kind = 0; kind < KIND_COUNT; kind++) {
        if (strcmp(KIND_PLANS[kind].code, linkage->kind) == 0) {
            return KIND_PLANS[kind].assess != NULL && step_no == 1;
        }
    }
    return false;
}

static void check(struct state *state, struct sim *sim, const struct seen *seen,
                  const Linkage__StepRef *ref)
{
    struct wu_id id;
    uint64_t *begun = map_at(&state->begun, sim_hash(ref->linkage_id.data, ref->linkage_id.len));
    if ((*begun != 0 && *begun != seen->seq) || !wu_id_from_pb(ref->linkage_id, &id)) {
        return;
    }
    struct wu_txn *txn = sim_look(sim, seen->place);
    const CoordinatorState__LinkageRow *linkage = look_linkage(txn, &id);
    if (linkage != NULL && !is_assessment(linkage, ref->step_no)) {
        *begun = seen->seq;
        for (size_t n = 0; n < linkage->n_steps; n++) {
            const CoordinatorState__LinkageStep *step = linkage->steps[n];
            if (step->required && *step_at(state, ref->linkage_id, step->step_no) % PHASES < HELD) {
                sim_violated(sim, "together", "step %u is confirmed, and step %u is not reserved",
                             ref->step_no, step->step_no);
            }
        }
    }
    wu_txn_abort(&txn);
}

static enum phase phase_after(const struct seen *seen)
{
    switch ((int)seen->type) {
    case WU_TYPE(LINKAGE_STEP_OFFERED):
        return OFFERED;
    case WU_TYPE(LINKAGE_STEP_RESERVED):
    case WU_TYPE(LINKAGE_STEP_CONFIRMED):
    case WU_TYPE(LINKAGE_STEP_TAKEN):
        return HELD;
    case WU_TYPE(LINKAGE_STEP_DELIVERED):
        return DONE;
    default:
        return OUT;
    }
}

static void saw(void *opaque, struct sim *sim, const struct seen *seen)
{
    struct state *state = opaque;
    const Linkage__StepRef *ref = step_ref(seen);
    if (ref == NULL || !seen->place->core->is_hub || seen->place->was_restored || !is_asker(seen)) {
        return;
    }
    if (seen->is_output && seen->type == WU_TYPE(LINKAGE_STEP_CONFIRMED)) {
        check(state, sim, seen, ref);
    }
    uint64_t *step = step_at(state, ref->linkage_id, ref->step_no);
    enum phase phase = phase_after(seen);
    bool is_about_it = phase == OFFERED || phase == DONE || *step / PHASES == ref->attempt;
    if (is_about_it && *step % PHASES != DONE) {
        *step = (uint64_t)ref->attempt * PHASES + phase;
    }
}

const struct checker CHECK_TOGETHER = {
    .name = "together", .open = open_state, .saw = saw, .close = close_state};
