/* People of the societies: they answer what waits for them, and do what was confirmed. */
#include "tests/sim/people.h"

#include <string.h>

static const struct body *body_of(struct sim *sim, ProtobufCBinaryData provider_id)
{
    struct wu_id id;
    const struct people *people = sim->people;
    if (!wu_id_from_pb(provider_id, &id)) {
        return NULL;
    }
    for (uint32_t index = 0; index < people->body_count; index++) {
        if (wu_id_equal(&people->bodies[index].id, &id)) {
            return &people->bodies[index];
        }
    }
    return NULL;
}

static struct errand errand_of(const struct seen *seen, const Linkage__StepRef *ref,
                               enum errand_kind kind)
{
    struct errand errand = {
        .kind = kind, .node = seen->place->number, .step_no = ref->step_no, .yes = true};
    (void)wu_id_from_pb(ref->linkage_id, &errand.linkage_id);
    (void)wu_id_from_pb(ref->provider_id, &errand.provider_id);
    return errand;
}

/* Whoever hears of administrative work may try to have a social worker do it. */
static void think_of_errand(struct sim *sim, const struct seen *seen,
                            const Linkage__StepOffered *offer)
{
    if (strcmp(offer->kind, "permit") != 0 || !sim_chance(sim, "errand", 600)) {
        return;
    }
    struct errand errand = errand_of(seen, offer->ref, ERRAND_PUSH);
    errand.node = seen->place->hub;
    errand.yes = sim_chance(sim, "by override", 700);
    people_plan(sim, sim->now + sim_choose_span(sim, "errand", 0, SIM_HOUR), &errand);
}

/* Yes, no, or nothing at all; some think again and are told that it is too late. */
static void saw_offer(struct sim *sim, const struct seen *seen, const Linkage__StepOffered *offer)
{
    const struct body *body = body_of(sim, offer->ref->provider_id);
    think_of_errand(sim, seen, offer);
    if (body != NULL && !body->by_hand) {
        return; /* its node answers by itself; if not, somebody else will be asked */
    }
    struct errand errand = errand_of(seen, offer->ref, ERRAND_ANSWER);
    uint64_t mood = sim_choose(sim, "mood", 40);
    if (mood == 0) {
        return;
    }
    const struct people *people = sim->people;
    errand.yes = mood > (people->quarrelsome ? 30 : 2);
    int64_t at = people_moment(sim, seen->place, offer->reply_by_ms);
    people_plan(sim, at, &errand);
    if (sim_chance(sim, "thinks again", 100)) {
        errand.yes = !errand.yes;
        people_plan(sim, at + sim_choose_span(sim, "thinks again", 0, SIM_MINUTE), &errand);
    }
}

static void saw_confirmation(struct sim *sim, const struct seen *seen,
                             const Linkage__StepConfirmed *confirmed)
{
    struct errand errand = errand_of(seen, confirmed->ref, ERRAND_DELIVER);
    if (sim_chance(sim, "never delivers", 15)) {
        return;
    }
    errand.quantity = sim_chance(sim, "in part", 80) ? 1 : 0;
    int64_t at = people_moment(sim, seen->place, confirmed->deliver_by_ms);
    people_plan(sim, at, &errand);
    if (sim_chance(sim, "reports twice", 50)) {
        people_plan(sim, at + sim_choose_span(sim, "reports twice", 0, SIM_MINUTE), &errand);
    }
}

void providers_saw(struct sim *sim, const struct seen *seen)
{
    const void *body = seen->body;
    if (seen->type == WU_TYPE(LINKAGE_STEP_OFFERED)) {
        saw_offer(sim, seen, body);
    } else if (seen->type == WU_TYPE(LINKAGE_STEP_CONFIRMED)) {
        saw_confirmation(sim, seen, body);
    }
}

static void answer(struct sim *sim, const struct errand *errand)
{
    Linkage__AnswerOffer body = LINKAGE__ANSWER_OFFER__INIT;
    body.linkage_id = wu_id_to_pb(&errand->linkage_id);
    body.step_no = errand->step_no;
    body.provider_id = wu_id_to_pb(&errand->provider_id);
    body.accept = errand->yes;
    body.text = errand->yes ? "" : "CANARY has no time";
    body.not_ours = !errand->yes && sim_chance(sim, "not ours", 800);
    (void)client_send(sim, errand->node, errand->node, WU_TYPE(LINKAGE_ANSWER_OFFER), &body.base,
                      0);
}

/* Some plans follow the recipe, some ask for more, some for what nobody can do. */
static size_t plan(struct sim *sim, const struct place *place, Linkage__PlanStep *step)
{
    static const struct plan_step PLANS[] = {
        {LINKAGE__ROLE__ROLE_VOLUNTEER, "visit", 1, true},
        {LINKAGE__ROLE__ROLE_CHARITY, "money-elderly", 3000, true},
        {LINKAGE__ROLE__ROLE_SOCIALORG, "care", 1, true},
        {LINKAGE__ROLE__ROLE_SOCIALORG, "nobody-does-this", 1, true},
    };
    uint64_t choice = sim_choose(sim, "plan", 16);
    if (strcmp(place->core->role, "socialworker") != 0 || choice >= 4) {
        return 0;
    }
    linkage__plan_step__init(step);
    step->role = PLANS[choice].role;
    step->service = PLANS[choice].service;
    step->quantity = PLANS[choice].quantity;
    step->required = PLANS[choice].required;
    return 1;
}

static void deliver(struct sim *sim, const struct errand *errand)
{
    Linkage__PlanStep step;
    Linkage__PlanStep *steps[] = {&step};
    Linkage__ReportDelivery body = LINKAGE__REPORT_DELIVERY__INIT;
    body.linkage_id = wu_id_to_pb(&errand->linkage_id);
    body.step_no = errand->step_no;
    body.provider_id = wu_id_to_pb(&errand->provider_id);
    body.quantity = errand->quantity;
    body.minutes = 90;
    body.note = "done";
    body.n_plan = plan(sim, place_of(sim, errand->node), &step);
    body.plan = steps;
    (void)client_send(sim, errand->node, errand->node, WU_TYPE(LINKAGE_REPORT_DELIVERY), &body.base,
                      0);
}

void providers_errand(struct sim *sim, const struct errand *errand)
{
    if (errand->kind == ERRAND_ANSWER) {
        answer(sim, errand);
    } else {
        deliver(sim, errand);
    }
}
