/*
 * Administrative work reaches a social worker only by an override of that very
 * step which one person asked for and another confirmed, and each override that
 * was confirmed is counted, once.
 */
#include "tests/sim/checkers/checkers.h"
#include "tests/sim/people.h"
#include "tests/support/look.h"

static bool is_administrative(const char *code)
{
    for (size_t kind = 0; kind < KIND_COUNT; kind++) {
        if (strcmp(KIND_PLANS[kind].code, code) == 0) {
            return KIND_PLANS[kind].class_of_kind ==
                   COORDINATOR__KIND_CLASS__KIND_CLASS_ADMINISTRATIVE;
        }
    }
    return false;
}

/* What two people let pass stands at the coordinator whose case it is. */
static bool is_let_pass(struct sim *sim, struct place *place, const struct wu_id *id,
                        uint32_t step_no)
{
    struct wu_txn *txn = sim_look(sim, place);
    const CoordinatorState__LinkageRow *linkage = look_linkage(txn, id);
    bool referred = linkage != NULL && linkage->referral != NULL;
    bool let_pass = !referred && look_step_overridden(txn, id, step_no);
    struct wu_id home_id = {{0}};
    struct place *home = NULL;
    if (referred) {
        const Linkage__Referral *referral = linkage->referral->referral;
        home = place_of(sim, referral->path[0]);
        step_no = referral->home_step_no;
        (void)wu_id_from_pb(referral->home_linkage_id, &home_id);
    }
    wu_txn_abort(&txn);
    bool cannot_tell = referred && (home->was_restored || home->node == NULL);
    return referred ? cannot_tell || is_let_pass(sim, home, &home_id, step_no) : let_pass;
}

static void saw(void *state, struct sim *sim, const struct seen *seen)
{
    (void)state;
    if (!seen->is_output || !seen->is_new || seen->type != WU_TYPE(LINKAGE_STEP_OFFERED) ||
        seen->body == NULL) {
        return;
    }
    const Linkage__StepOffered *offer = (const void *)seen->body;
    bool to_worker = strcmp(place_of(sim, seen->peer)->core->role, "socialworker") == 0;
    struct wu_id id;
    if (!to_worker || !is_administrative(offer->kind) ||
        !wu_id_from_pb(offer->ref->linkage_id, &id)) {
        return;
    }
    if (!is_let_pass(sim, seen->place, &id, offer->ref->step_no)) {
        sim_violated(sim, "firewall", "node %u offers administrative work to a social worker",
                     seen->place->number);
    }
}

static void ended(void *state, struct sim *sim)
{
    (void)state;
    for (uint32_t number = 1; number <= sim->place_count && !sim->stopped; number++) {
        struct place *place = place_of(sim, number);
        if (!place->core->is_hub) {
            continue;
        }
        struct wu_txn *txn = sim_look(sim, place);
        uint64_t confirmed = 0;
        uint64_t counted = 0;
        look_overrides(txn, &confirmed, &counted);
        if (confirmed != counted) {
            sim_violated(sim, "firewall", "node %u has %llu overrides and counts %llu", number,
                         (unsigned long long)confirmed, (unsigned long long)counted);
        }
        wu_txn_abort(&txn);
    }
}

const struct checker CHECK_FIREWALL = {.name = "firewall", .saw = saw, .ended = ended};
