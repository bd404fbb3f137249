/*
 * A linkage has exactly one owner, and everything open comes to its end: each
 * need accepted is one linkage at one coordinator, closed there and at its
 * community with the same outcome; no step is left open, no timer set.
 */
#include "tests/sim/checkers/checkers.h"
#include "tests/support/look.h"

struct look {
    struct sim *sim;
    struct place *place;
    struct map *owners; /* linkage -> outcome + 1 of each owner, summed with its count */
    struct map *given;  /* step -> providers who say they have delivered it */
};

enum { OWNER_UNIT = 1000 };

const char *const SIM_END_NAMES[SIM_ENDS] = {
    "met",          "partly",       "not met",       "unconfirmed",  "no provider",
    "all declined", "no answer",    "not delivered", "not approved", "approval silent",
    "forbidden",    "out of remit", "not called",    "refused"};

static enum sim_end end_of(const CoordinatorState__LinkageRow *linkage)
{
    if (linkage->state == COORDINATOR_STATE__LINKAGE_STATE__LINKAGE_STATE_REFUSED) {
        return END_REFUSED;
    }
    if (linkage->reason == COORDINATOR__UNMET_REASON__UNMET_REASON_OUT_OF_REMIT) {
        return END_OUT_OF_REMIT;
    }
    if (linkage->reason == COORDINATOR__UNMET_REASON__UNMET_REASON_NOT_CALLED) {
        return END_NOT_CALLED;
    }
    int end = linkage->outcome == COORDINATOR__OUTCOME__OUTCOME_UNMET
                  ? END_NO_PROVIDER + (int)linkage->reason - 1
                  : END_MET + (int)linkage->outcome - 1;
    return (enum sim_end)end;
}

static bool see_linkage(void *context, const struct wu_id *id,
                        const CoordinatorState__LinkageRow *linkage)
{
    struct look *look = context;
    bool over = linkage->state == COORDINATOR_STATE__LINKAGE_STATE__LINKAGE_STATE_CLOSED ||
                linkage->state == COORDINATOR_STATE__LINKAGE_STATE__LINKAGE_STATE_REFUSED;
    char text[WU_ID_TEXT_MAX];
    if (linkage->referral != NULL) { /* a step of another's linkage, and nobody's need */
        if (!over) {
            sim_violated(look->sim, "owner", "referral %s is still in state %d at node %u",
                         wu_id_to_text(id, text), (int)linkage->state, look->place->number);
        }
        return true;
    }
    /* a community that was put back may have forgotten the need, and then never confirms it */
    bool forgotten = place_of(look->sim, linkage->community_node)->was_restored;
    if (!over && !forgotten) {
        sim_violated(look->sim, "owner", "linkage %s is still in state %d at node %u",
                     wu_id_to_text(id, text), (int)linkage->state, look->place->number);
    }
    if (over && (linkage->outcome != 0 || linkage->reason != 0)) {
        look->sim->report->ended[end_of(linkage)]++;
    }
    *map_at(look->owners, sim_hash(id->bytes, sizeof id->bytes)) +=
        OWNER_UNIT + (uint64_t)linkage->outcome;
    return true;
}

static bool see_need(void *context, const struct wu_id *id, const CommunityState__NeedRow *need)
{
    struct look *look = context;
    char text[WU_ID_TEXT_MAX];
    uint64_t owners = *map_at(look->owners, sim_hash(id->bytes, sizeof id->bytes));
    bool over = need->state == COMMUNITY_STATE__NEED_STATE__NEED_STATE_CLOSED ||
                need->state == COMMUNITY_STATE__NEED_STATE__NEED_STATE_REFUSED;
    if (!over || owners / OWNER_UNIT != 1 || owners % OWNER_UNIT != (uint64_t)need->outcome) {
        sim_violated(look->sim, "owner",
                     "need %s is in state %d with outcome %d; it has %llu owners, outcome %llu",
                     wu_id_to_text(id, text), (int)need->state, (int)need->outcome,
                     (unsigned long long)(owners / OWNER_UNIT),
                     (unsigned long long)(owners % OWNER_UNIT));
    }
    return true;
}

static bool see_step(void *context, const struct wu_id *linkage_id, uint32_t step_no,
                     const LinkageState__StepRow *step)
{
    struct look *look = context;
    char text[WU_ID_TEXT_MAX];
    bool open = step->state == LINKAGE_STATE__STEP_STATE__STEP_STATE_WAITING ||
                step->state == LINKAGE_STATE__STEP_STATE__STEP_STATE_RESERVED ||
                step->state == LINKAGE_STATE__STEP_STATE__STEP_STATE_CONFIRMED;
    /*
     * A delivery that crosses with the coordinator's "too late" stands at its
     * provider, and the next one delivers again: counted, not forbidden (yet).
     */
    if (step->state == LINKAGE_STATE__STEP_STATE__STEP_STATE_DELIVERED) {
        uint64_t name = sim_hash(linkage_id->bytes, sizeof linkage_id->bytes) * 31 + step_no;
        look->sim->report->given_twice_count += ++*map_at(look->given, name) == 2;
    }
    if (open) {
        sim_violated(look->sim, "owner", "step %u of linkage %s is still in state %d at node %u",
                     step_no, wu_id_to_text(linkage_id, text), (int)step->state,
                     look->place->number);
    }
    return true;
}

static void check_place(struct look *look)
{
    struct sim *sim = look->sim;
    const char *role = look->place->core->role;
    struct wu_txn *txn = sim_look(sim, look->place);
    if (has_two_pasts(sim, look->place)) {
        /* needs and steps of which the coordinator may not know */
    } else if (strcmp(role, "community") == 0) {
        look_needs(txn, see_need, look);
    } else if (!look->place->core->is_hub) {
        look_steps(txn, see_step, look);
    }
    uint64_t timers = wu_table_count(txn, &WU_TIMERS);
    if (timers > 0 && !look->place->was_restored) {
        sim_violated(sim, "owner", "%llu timers are left at node %u", (unsigned long long)timers,
                     look->place->number);
    }
    wu_txn_abort(&txn);
}

static void ended(void *state, struct sim *sim)
{
    (void)state;
    struct map owners = {0};
    struct map given = {0};
    struct look look = {.sim = sim, .owners = &owners, .given = &given};
    for (uint32_t number = 1; number <= sim->place_count && !sim->stopped; number++) {
        look.place = place_of(sim, number);
        if (look.place->core->is_hub && !look.place->was_restored) {
            struct wu_txn *txn = sim_look(sim, look.place);
            look_linkages(txn, see_linkage, &look);
            wu_txn_abort(&txn);
        }
    }
    for (uint32_t number = 1; number <= sim->place_count && !sim->stopped; number++) {
        look.place = place_of(sim, number);
        check_place(&look);
    }
    map_free(&owners);
    map_free(&given);
}

const struct checker CHECK_OWNER = {.name = "owner", .ended = ended};
