/*
 * Offices: the lead body of a community says yes, no or nothing; a street rules
 * on what nobody wants to be theirs, well or badly; an authority declares an
 * emergency now and then.
 */
#include "tests/sim/people.h"

#include "common/base/time.h"

/* The code of a person, or of an office: few, so that some are the same one. */
static const char *some_code(struct sim *sim)
{
    static const char *const CODES[] = {"p-1", "p-2", "p-3"};
    return CODES[sim_choose(sim, "who speaks", 3)];
}

static struct errand errand_of(const struct seen *seen, ProtobufCBinaryData linkage_id,
                               enum errand_kind kind)
{
    struct errand errand = {.kind = kind, .node = seen->place->hub};
    (void)wu_id_from_pb(linkage_id, &errand.linkage_id);
    return errand;
}

static void saw_opened(struct sim *sim, const struct seen *seen,
                       const Coordinator__LinkageOpened *opened)
{
    if (sim_chance(sim, "lead body looks", 800)) {
        const struct errand errand = errand_of(seen, opened->linkage_id, ERRAND_APPROVE);
        people_plan(sim, sim->now + sim_choose_span(sim, "lead body", 0, 30 * SIM_MINUTE), &errand);
    }
}

static void saw_disputed(struct sim *sim, const struct seen *seen,
                         const Coordinator__LinkageDisputed *disputed)
{
    if (disputed->ruling_by_ms == 0 || sim_chance(sim, "no ruling", 300)) {
        return;
    }
    struct errand errand = errand_of(seen, disputed->linkage_id, ERRAND_RULE);
    errand.step_no = disputed->step_no;
    people_plan(sim, people_moment(sim, seen->place, disputed->ruling_by_ms), &errand);
}

void offices_saw(struct sim *sim, const struct seen *seen)
{
    if (seen->type == WU_TYPE(COORDINATOR_LINKAGE_OPENED)) {
        saw_opened(sim, seen, (const void *)seen->body);
    } else if (seen->type == WU_TYPE(COORDINATOR_LINKAGE_DISPUTED)) {
        saw_disputed(sim, seen, (const void *)seen->body);
    }
}

void offices_begin(struct sim *sim)
{
    struct people *people = sim->people;
    people->quarrelsome = sim_chance(sim, "quarrelsome", 300);
    uint64_t count = sim_choose(sim, "emergencies", 3);
    for (uint32_t number = 1; number <= sim->place_count; number++) {
        for (uint64_t n = 0; place_of(sim, number)->core->is_hub && n < count; n++) {
            const struct errand errand = {.kind = ERRAND_EMERGENCY, .node = number};
            people_plan(sim, sim_choose_span(sim, "emergency", SIM_MINUTE, sim->horizon), &errand);
        }
    }
}

static void approve(struct sim *sim, const struct errand *errand)
{
    Coordinator__AnswerApproval body = COORDINATOR__ANSWER_APPROVAL__INIT;
    body.linkage_id = wu_id_to_pb(&errand->linkage_id);
    body.approve = sim_chance(sim, "approves", 850);
    body.by = some_code(sim);
    body.reason = "as the committee sees it";
    (void)client_send(sim, errand->node, errand->node, WU_TYPE(COORDINATOR_ANSWER_APPROVAL),
                      &body.base, 0);
}

/* Some rule that it belongs to somebody who does not even offer it, and are refused. */
static void rule_on(struct sim *sim, const struct errand *errand)
{
    const struct people *people = sim->people;
    Coordinator__Adjudicate body = COORDINATOR__ADJUDICATE__INIT;
    body.linkage_id = wu_id_to_pb(&errand->linkage_id);
    body.step_no = errand->step_no;
    body.ruling = sim_chance(sim, "out of remit", 200) ? COORDINATOR__RULING__RULING_OUT_OF_REMIT
                                                       : COORDINATOR__RULING__RULING_BINDING;
    if (body.ruling == COORDINATOR__RULING__RULING_BINDING && people->body_count > 0) {
        uint64_t index = sim_choose(sim, "whose it is", people->body_count);
        body.provider_id = wu_id_to_pb(&people->bodies[index].id);
    }
    body.by = some_code(sim);
    body.reason = "as the street sees it";
    (void)client_send(sim, errand->node, errand->node, WU_TYPE(COORDINATOR_ADJUDICATE), &body.base,
                      0);
}

static void declare(struct sim *sim, const struct errand *errand)
{
    const struct place *hub = place_of(sim, errand->node);
    const char *kinds[] = {KIND_PLANS[sim_choose(sim, "emergency kind", KIND_COUNT)].code};
    Coordinator__DeclareEmergency body = COORDINATOR__DECLARE_EMERGENCY__INIT;
    body.authority = "the headquarters";
    body.area = hub->division;
    body.kinds = kinds;
    body.n_kinds = 1;
    body.until_ms = SIM_EPOCH_MS + sim->now / SIM_MS + hub->clock_ms +
                    sim_choose_span(sim, "emergency lasts", -WU_HOUR_MS, 48 * WU_HOUR_MS);
    body.reason = "a flood";
    (void)client_send(sim, errand->node, errand->node, WU_TYPE(COORDINATOR_DECLARE_EMERGENCY),
                      &body.base, 0);
}

void offices_errand(struct sim *sim, const struct errand *errand)
{
    switch (errand->kind) {
    case ERRAND_APPROVE:
        approve(sim, errand);
        break;
    case ERRAND_RULE:
        rule_on(sim, errand);
        break;
    default:
        declare(sim, errand);
        break;
    }
}
