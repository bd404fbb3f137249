/*
 * Offices that register organisations, renew too late, suspend some and lift
 * that again, and people who find out who is bound to whom.
 */
#include "tests/sim/people.h"

#include <stdio.h>

static bool is_organisation(const struct body *body)
{
    return body->role == LINKAGE__ROLE__ROLE_SOCIALORG;
}

static void name_body(uint32_t index, char code[24])
{
    (void)snprintf(code, 24, "body-%u", index);
}

/* Few, so that some who lift a suspension are those who made it. */
static const char *some_office(struct sim *sim)
{
    static const char *const OFFICES[] = {"office-1", "office-2", "office-3"};
    return OFFICES[sim_choose(sim, "which office", 3)];
}

static int64_t now_ms(struct sim *sim, const struct place *place)
{
    return SIM_EPOCH_MS + sim->now / SIM_MS + place->clock_ms;
}

static void file(struct sim *sim, const struct errand *errand)
{
    char code[24];
    Socialorg__RegisterOrganisation body = SOCIALORG__REGISTER_ORGANISATION__INIT;
    name_body(errand->index, code);
    body.body = code;
    body.kind = SOCIALORG__ORGANISATION_KIND__ORGANISATION_KIND_COMMUNITY_GROUP;
    body.filing_number = code;
    body.registered_until_ms = now_ms(sim, place_of(sim, errand->node)) + errand->quantity;
    body.founder_count = 10;
    body.resident_founder_count = (uint32_t)sim_choose(sim, "resident founders", 11);
    body.by = some_office(sim);
    (void)client_send(sim, errand->node, errand->node, WU_TYPE(SOCIALORG_REGISTER_ORGANISATION),
                      &body.base, errand->index);
}

static void suspend(struct sim *sim, const struct errand *errand)
{
    char code[24];
    Socialorg__SuspendOrganisation body = SOCIALORG__SUSPEND_ORGANISATION__INIT;
    name_body(errand->index, code);
    body.body = code;
    body.reason = "accounts not kept";
    body.by = some_office(sim);
    if (sim_chance(sim, "suspended for a time", 500)) {
        body.until_ms = now_ms(sim, place_of(sim, errand->node)) +
                        sim_choose_span(sim, "suspended", WU_MINUTE_MS, WU_DAY_MS);
    }
    (void)client_send(sim, errand->node, errand->node, WU_TYPE(SOCIALORG_SUSPEND_ORGANISATION),
                      &body.base, 0);
}

static void lift(struct sim *sim, const struct errand *errand)
{
    char code[24];
    Socialorg__LiftSuspension body = SOCIALORG__LIFT_SUSPENSION__INIT;
    name_body(errand->index, code);
    body.body = code;
    body.reason = "accounts are in order";
    body.by = some_office(sim);
    (void)client_send(sim, errand->node, errand->node, WU_TYPE(SOCIALORG_LIFT_SUSPENSION),
                      &body.base, 0);
}

static void bind(struct sim *sim, const struct errand *errand)
{
    char code[24];
    Socialorg__DeclareInterest body = SOCIALORG__DECLARE_INTEREST__INIT;
    name_body(errand->index, code);
    body.party = some_office(sim);
    body.other = code;
    body.kind = SOCIALORG__INTEREST_KIND__INTEREST_KIND_FAMILY;
    body.ended = sim_chance(sim, "interest ends", 300);
    body.found = sim_chance(sim, "interest is found", 500);
    body.by = "p-1";
    (void)client_send(sim, errand->node, errand->node, WU_TYPE(SOCIALORG_DECLARE_INTEREST),
                      &body.base, 0);
}

static void review(struct sim *sim, const struct errand *errand)
{
    char code[24];
    Socialorg__ReviewDecision body = SOCIALORG__REVIEW_DECISION__INIT;
    name_body(errand->index, code);
    body.body = code;
    body.kind = SOCIALORG__DECISION_KIND__DECISION_KIND_REGISTRATION;
    body.uphold = sim_chance(sim, "upheld", 700);
    body.reason = "looked at it";
    body.by = some_office(sim);
    (void)client_send(sim, errand->node, errand->node, WU_TYPE(SOCIALORG_REVIEW_DECISION),
                      &body.base, 0);
}

void organisations_errand(struct sim *sim, const struct errand *errand)
{
    switch (errand->kind) {
    case ERRAND_REGISTER:
        file(sim, errand);
        break;
    case ERRAND_SUSPEND:
        suspend(sim, errand);
        break;
    case ERRAND_LIFT:
        lift(sim, errand);
        break;
    case ERRAND_INTEREST:
        bind(sim, errand);
        break;
    default:
        review(sim, errand);
        break;
    }
}

/* The body is known: it is registered for longer than the story lasts, or for less and then again.
 */
void organisations_joined(struct sim *sim, uint32_t index)
{
    const struct body *body = &sim->people->bodies[index];
    struct errand errand = {
        .kind = ERRAND_REGISTER, .node = body->node, .index = index, .quantity = 30 * WU_DAY_MS};
    if (!is_organisation(body)) {
        return;
    }
    if (sim_chance(sim, "short registration", 250)) {
        int64_t until = sim_choose_span(sim, "registered until", SIM_MINUTE, sim->horizon);
        const struct errand again = errand;
        people_plan(sim, sim->now + until + sim_choose_span(sim, "renewed", -SIM_HOUR, SIM_HOUR),
                    &again);
        errand.quantity = until / SIM_MS;
    }
    people_plan(sim, sim->now, &errand);
}

void organisations_begin(struct sim *sim)
{
    const struct people *people = sim->people;
    static const enum errand_kind KINDS[] = {ERRAND_SUSPEND, ERRAND_LIFT, ERRAND_LIFT,
                                             ERRAND_INTEREST, ERRAND_REVIEW};
    for (uint32_t index = 0; index < people->body_count; index++) {
        uint64_t count = is_organisation(&people->bodies[index])
                             ? sim_choose(sim, "organisation's troubles", 8)
                             : 0;
        for (uint64_t n = 0; n < count; n++) {
            const struct errand errand = {.kind = KINDS[sim_choose(sim, "which trouble", 5)],
                                          .node = people->bodies[index].node,
                                          .index = index};
            people_plan(sim, sim_choose_span(sim, "trouble", SIM_MINUTE, sim->horizon), &errand);
        }
    }
}
