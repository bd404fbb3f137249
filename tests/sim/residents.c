/* Residents and their communities: needs are raised, and confirmed or not. */
#include "tests/sim/people.h"

#include <stdio.h>
#include <string.h>

enum { RAISE_TRIES = 6 };

uint64_t people_linkage_count(const struct sim *sim)
{
    return sim->people->linkage_count;
}

/* ---- raising -------------------------------------------------------------------------- */

static void add_community(struct sim *sim, uint32_t number)
{
    const struct place *place = place_of(sim, number);
    Community__AddCommunity body = COMMUNITY__ADD_COMMUNITY__INIT;
    body.division = place->division;
    body.name = "a community";
    (void)client_send(sim, number, number, WU_TYPE(COMMUNITY_ADD_COMMUNITY), &body.base, 0);
}

static void raise(struct sim *sim, uint32_t index)
{
    struct need *need = &sim->people->needs[index];
    char paper[40] = "";
    need->tries++;
    Community__RaiseNeed body = COMMUNITY__RAISE_NEED__INIT;
    body.kind = KIND_PLANS[need->kind].code;
    body.division = need->division;
    body.urgency = COMMUNITY__NEED_URGENCY__NEED_URGENCY_ANXIOUS;
    body.source = COMMUNITY__NEED_SOURCE__NEED_SOURCE_RESIDENT;
    body.from_ms = need->from_ms;
    body.until_ms = need->until_ms;
    if (need->paper != 0) {
        (void)snprintf(paper, sizeof paper, "CANARY-%u", need->paper);
        body.origin = "paper";
        body.external_ref = paper;
    }
    uint32_t door = need->community;
    if (sim_chance(sim, "by the hub's door", 50)) {
        door = place_of(sim, door)->hub;
    }
    (void)client_send(sim, door, need->community, WU_TYPE(COMMUNITY_RAISE_NEED), &body.base, index);
}

/* The same paper brought to the same community again is the same need. */
static void check_paper(struct sim *sim, const struct need *need)
{
    const struct people *people = sim->people;
    for (uint32_t index = 0; index < people->need_count; index++) {
        const struct need *other = &people->needs[index];
        bool same_paper = need->paper != 0 && other->paper == need->paper &&
                          other->community == need->community && !wu_id_is_none(&other->id);
        if (same_paper && !wu_id_equal(&other->id, &need->id) &&
            !place_of(sim, need->community)->was_restored) {
            sim_violated(sim, "once", "paper %u brought twice to node %u became two needs",
                         need->paper, need->community);
        }
    }
}

/* The catalogue is not there yet, or the clock was wrong: the resident comes again. */
void residents_answered(struct sim *sim, const struct command *command, bool accepted)
{
    struct need *need = &sim->people->needs[command->about];
    if (accepted) {
        need->id = command->made;
        sim->people->linkage_count++;
        check_paper(sim, need);
        return;
    }
    if (need->tries < RAISE_TRIES && !sim->calm) {
        need->until_ms += WU_HOUR_MS;
        const struct errand again = {.kind = ERRAND_RAISE, .index = command->about};
        people_plan(sim, sim->now + sim_choose_span(sim, "comes again", SIM_MINUTE, SIM_HOUR),
                    &again);
    }
}

static uint32_t any_community(struct sim *sim)
{
    for (;;) {
        uint32_t number = 1 + (uint32_t)sim_choose(sim, "which community", sim->place_count);
        if (strcmp(place_of(sim, number)->core->role, "community") == 0) {
            return number;
        }
    }
}

static void make_need(struct sim *sim, uint32_t index)
{
    struct need *need = &sim->people->needs[index];
    /* many at the same hours: troubles of one meet those of others */
    int64_t day = (int64_t)sim_choose(sim, "raise day", 4) * sim->horizon / 4;
    int64_t at = 30 * SIM_SECOND + day +
                 (sim_chance(sim, "rush", 950)
                      ? (int64_t)sim_choose(sim, "raise", 20 * (uint64_t)SIM_SECOND)
                      : (int64_t)sim_choose(sim, "raise", (uint64_t)sim->horizon / 4));
    need->community = any_community(sim);
    need->division = place_of(sim, need->community)->division;
    bool ghost = sim_chance(sim, "ghost", 30); /* what nobody can meet: the last of the kinds */
    need->kind = ghost ? KIND_COUNT - 1 : (uint32_t)sim_choose(sim, "kind", KIND_COUNT - 1);
    need->from_ms =
        SIM_EPOCH_MS + at / SIM_MS + sim_choose_span(sim, "wanted", -WU_HOUR_MS, 12 * WU_HOUR_MS);
    need->until_ms =
        need->from_ms + sim_choose_span(sim, "wanted for", 90 * WU_MINUTE_MS, 30 * WU_HOUR_MS);
    if (sim_chance(sim, "on paper", 300)) { /* few numbers: some bring the same paper twice */
        need->paper = 1 + (uint32_t)sim_choose(sim, "paper", 40);
    }
    const struct errand errand = {.kind = ERRAND_RAISE, .index = index};
    people_plan(sim, at, &errand);
}

void residents_begin(struct sim *sim)
{
    static const uint64_t MOST[] = {20, 120, 300, 500};
    struct people *people = sim->people;
    for (uint32_t number = 1; number <= sim->place_count; number++) {
        if (strcmp(place_of(sim, number)->core->role, "community") == 0) {
            const struct errand errand = {.kind = ERRAND_COMMUNITY, .node = number};
            people_plan(sim, sim_choose_span(sim, "set up", 3 * SIM_SECOND, 9 * SIM_SECOND),
                        &errand);
        }
    }
    uint64_t count = 1 + sim_choose(sim, "needs", MOST[sim_choose(sim, "size", 4)]);
    if (sim->options.need_max != 0 && count > sim->options.need_max) {
        count = sim->options.need_max;
    }
    for (people->need_count = 0; people->need_count < count; people->need_count++) {
        make_need(sim, people->need_count);
    }
}

/* ---- confirming ---------------------------------------------------------------------------- */

/* Delivered: most residents say something, at some time. */
void residents_saw(struct sim *sim, const struct seen *seen)
{
    if (seen->type != WU_TYPE(COORDINATOR_LINKAGE_DELIVERED) || sim_chance(sim, "silent", 60)) {
        return;
    }
    const Coordinator__LinkageDelivered *delivered = (const void *)seen->body;
    struct errand errand = {.kind = ERRAND_CONFIRM, .node = seen->place->number};
    (void)wu_id_from_pb(delivered->linkage_id, &errand.linkage_id);
    int64_t deadline_ms = community_confirm_by(sim, seen->place, &errand.linkage_id);
    people_plan(sim, people_moment(sim, seen->place, deadline_ms), &errand);
}

static void confirm(struct sim *sim, const struct errand *errand)
{
    Community__ConfirmNeed body = COMMUNITY__CONFIRM_NEED__INIT;
    body.need_id = wu_id_to_pb(&errand->linkage_id);
    bool glad = sim_chance(sim, "glad", 850);
    body.verdict = glad ? COMMUNITY__VERDICT__VERDICT_MET
                        : (Community__Verdict)(1 + sim_choose(sim, "verdict", 3));
    body.rating = (uint32_t)sim_choose(sim, "rating", 6);
    (void)client_send(sim, errand->node, errand->node, WU_TYPE(COMMUNITY_CONFIRM_NEED), &body.base,
                      0);
}

void residents_errand(struct sim *sim, const struct errand *errand)
{
    switch (errand->kind) {
    case ERRAND_COMMUNITY:
        add_community(sim, errand->node);
        break;
    case ERRAND_RAISE:
        raise(sim, errand->index);
        break;
    default:
        confirm(sim, errand);
        break;
    }
}
