/*
 * People: those who set the city up, residents who raise needs and confirm or
 * keep silent, people of societies who accept, decline, ignore, think again
 * and deliver, early, late, at the last millisecond or never. They know what
 * came to their node and nothing else; what they want is an errand.
 *
 * Names of people and numbers on paper hold the word CANARY: it must never be
 * seen in public nor in an offer.
 */
#include "tests/sim/people.h"

#include "common/base/prng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct people *people_of(struct sim *sim)
{
    return sim->people;
}

/* ---- errands ---------------------------------------------------------------------------- */

void people_plan(struct sim *sim, int64_t at, const struct errand *errand)
{
    struct people *people = people_of(sim);
    if (people->errand_count == people->errand_max) {
        people->errand_max = people->errand_max * 2 + 256;
        people->errands = realloc(people->errands, people->errand_max * sizeof *people->errands);
        if (people->errands == NULL) {
            abort();
        }
    }
    people->errands[people->errand_count] = *errand;
    sim_at(sim, at, EVENT_PEOPLE, (uint32_t)people->errand_count++, 0, NULL);
}

/* When that node's clock will show the time. */
int64_t people_when(const struct place *place, int64_t time_ms)
{
    int64_t at_ms = time_ms - SIM_EPOCH_MS - place->clock_ms;
    return at_ms < 0 ? 0 : at_ms > 400 * WU_DAY_MS ? 400 * SIM_DAY : at_ms * SIM_MS;
}

/*
 * Life goes by the clock: most things that people do they do together, at the
 * next full half minute or as much as six hours, as the time that is left
 * allows. So they meet each other, and the world rests in between.
 */
static int64_t together(struct sim *sim, int64_t at, int64_t left)
{
    static const int64_t BEATS[] = {6 * SIM_HOUR, 2 * SIM_HOUR, 30 * SIM_MINUTE, 5 * SIM_MINUTE,
                                    30 * SIM_SECOND};
    if (sim_chance(sim, "alone", 30)) {
        return at;
    }
    for (size_t n = 0; n < sizeof BEATS / sizeof BEATS[0]; n++) {
        if (BEATS[n] <= left / 3) {
            return (at / BEATS[n] + 1) * BEATS[n] + sim_choose_span(sim, "beat", 0, SIM_SECOND);
        }
    }
    return at;
}

/* Somewhere in the span that is left, often soon; or at the very deadline and its neighbours. */
int64_t people_moment(struct sim *sim, const struct place *place, int64_t deadline_ms)
{
    int64_t deadline = people_when(place, deadline_ms);
    if (sim_fault(sim, FAULT_BOUNDARY)) {
        return deadline + sim_choose_span(sim, "boundary", -2, 2) * SIM_MS;
    }
    int64_t left = deadline > sim->now ? deadline - sim->now : 1;
    uint64_t moment = sim_choose(sim, "moment", 40);
    if (moment == 0) {
        return together(sim, sim->now + left + sim_choose_span(sim, "too late", 0, SIM_HOUR), left);
    }
    int64_t most = moment < 6 ? left : left / 8;
    return together(sim, sim->now + sim_choose_span(sim, "some time", 0, most), left);
}

/* ---- setting up: the catalogue ------------------------------------------------------------- */

static void adopt(struct sim *sim, uint32_t hub, const struct kind_plan *plan)
{
    static const int64_t REPLIES_MS[] = {2 * WU_MINUTE_MS, 20 * WU_MINUTE_MS, 2 * WU_HOUR_MS};
    static const int64_t DELIVERIES_MS[] = {30 * WU_MINUTE_MS, 4 * WU_HOUR_MS, 20 * WU_HOUR_MS};
    static const int64_t CONFIRMS_MS[] = {10 * WU_MINUTE_MS, 6 * WU_HOUR_MS, 24 * WU_HOUR_MS};
    Coordinator__AdoptKind body = COORDINATOR__ADOPT_KIND__INIT;
    Linkage__PlanStep steps[KIND_PLAN_STEPS];
    Linkage__PlanStep *list[KIND_PLAN_STEPS];
    body.code = plan->code;
    body.approval = plan->approval;
    body.name_zh = plan->code;
    body.name_en = plan->code;
    body.service_class = plan->class_of_kind;
    body.assess = plan->assess != NULL;
    body.assess_field = plan->assess != NULL ? plan->assess : "";
    body.reply_within_ms = REPLIES_MS[sim_choose(sim, "reply", 3)];
    body.deliver_within_ms = DELIVERIES_MS[sim_choose(sim, "deliver", 3)];
    body.confirm_within_ms = CONFIRMS_MS[sim_choose(sim, "confirm", 3)];
    for (size_t n = 0; n < KIND_PLAN_STEPS && plan->steps[n].service != NULL; n++) {
        linkage__plan_step__init(&steps[n]);
        steps[n].role = plan->steps[n].role;
        steps[n].service = plan->steps[n].service;
        steps[n].quantity = plan->steps[n].quantity;
        steps[n].required = plan->steps[n].required;
        list[n] = &steps[n];
        body.n_recipe = n + 1;
    }
    body.recipe = list;
    (void)client_send(sim, hub, hub, WU_TYPE(COORDINATOR_ADOPT_KIND), &body.base, 0);
}

/* ---- setting up: societies ------------------------------------------------------------------- */

static Linkage__Role role_of(const struct place *place)
{
    static const char *const ROLES[] = {[LINKAGE__ROLE__ROLE_SOCIALORG] = "socialorg",
                                        [LINKAGE__ROLE__ROLE_SOCIALWORKER] = "socialworker",
                                        [LINKAGE__ROLE__ROLE_VOLUNTEER] = "volunteer",
                                        [LINKAGE__ROLE__ROLE_CHARITY] = "charity"};
    for (size_t role = 0; role < sizeof ROLES / sizeof ROLES[0]; role++) {
        if (ROLES[role] != NULL && strcmp(ROLES[role], place->core->role) == 0) {
            return (Linkage__Role)role;
        }
    }
    return LINKAGE__ROLE__ROLE_UNSPECIFIED;
}

static size_t services_of(const struct body *body, const char **list)
{
    size_t count = 0;
    for (size_t n = 0; n < SERVICES_EACH; n++) {
        if ((body->services >> n & 1) != 0) {
            list[count++] = SERVICES[body->role][n];
        }
    }
    return count;
}

static void say_body(struct sim *sim, uint32_t index)
{
    const struct body *body = &people_of(sim)->bodies[index];
    char code[24];
    const char *services[SERVICES_EACH];
    Linkage__AddProvider add = LINKAGE__ADD_PROVIDER__INIT;
    (void)snprintf(code, sizeof code, "body-%u", index);
    add.code = code;
    add.name = "a body";
    add.division = body->division;
    add.n_services = services_of(body, services);
    add.services = services;
    add.capacity_cases = body->capacity;
    add.by_hand = body->by_hand;
    add.closed = body->closed;
    (void)client_send(sim, body->node, body->node, WU_TYPE(LINKAGE_ADD_PROVIDER), &add.base, index);
}

/* Few are full soon; 0: no limit. */
static int64_t capacity(struct sim *sim)
{
    static const uint64_t MOST[] = {1, 4, 30, 200};
    return (int64_t)sim_choose(sim, "capacity", MOST[sim_choose(sim, "capacity", 4)]);
}

static void make_bodies(struct sim *sim, const struct place *place)
{
    struct people *people = people_of(sim);
    Linkage__Role role = role_of(place);
    uint64_t count = role != LINKAGE__ROLE__ROLE_UNSPECIFIED ? 2 + sim_choose(sim, "bodies", 3) : 0;
    for (uint64_t n = 0; n < count && people->body_count < BODIES_MAX; n++) {
        struct body *body = &people->bodies[people->body_count];
        bool whole_city = sim_chance(sim, "whole city", 750);
        *body = (struct body){
            .node = place->number,
            .role = role,
            .division = whole_city ? place->division
                                   : place->division + 6012001 + sim_choose(sim, "where", 2),
            .services = sim_chance(sim, "all services", 800)
                            ? (1 << SERVICES_EACH) - 1
                            : 1 + (uint32_t)sim_choose(sim, "services", (1 << SERVICES_EACH) - 1),
            .by_hand = sim_chance(sim, "by hand", 400),
            .capacity = capacity(sim),
        };
        const struct errand errand = {.kind = ERRAND_BODY, .index = people->body_count++};
        people_plan(sim, sim_choose_span(sim, "set up", 3 * SIM_SECOND, 20 * SIM_SECOND), &errand);
    }
}

static void add_volunteer(struct sim *sim, uint32_t index, uint64_t n)
{
    const struct body *body = &people_of(sim)->bodies[index];
    char number[24];
    char team[24];
    const char *services[SERVICES_EACH];
    Volunteer__WeeklyTime times[7];
    Volunteer__WeeklyTime *list[7];
    Volunteer__AddVolunteer add = VOLUNTEER__ADD_VOLUNTEER__INIT;
    (void)snprintf(number, sizeof number, "v-%u-%u", index, (unsigned)n);
    (void)snprintf(team, sizeof team, "body-%u", index);
    add.number = number;
    add.team = team;
    add.name = "CANARY of a volunteer";
    add.division = body->division;
    add.n_skills = services_of(body, services);
    add.skills = services;
    bool always = sim_chance(sim, "always free", 600);
    for (uint32_t day = 0; day < 7; day++) {
        volunteer__weekly_time__init(&times[day]);
        times[day].weekday = day + 1;
        times[day].from_min = always ? 0 : 480;
        times[day].until_min = always ? 1440 : 1200;
        list[day] = &times[day];
    }
    add.n_free = 7;
    add.free = list;
    (void)client_send(sim, body->node, body->node, WU_TYPE(VOLUNTEER_ADD_VOLUNTEER), &add.base, 0);
}

static void add_worker(struct sim *sim, uint32_t index, uint64_t n)
{
    const struct body *body = &people_of(sim)->bodies[index];
    char number[24];
    char station[24];
    const char *services[SERVICES_EACH];
    Socialworker__AddWorker add = SOCIALWORKER__ADD_WORKER__INIT;
    (void)snprintf(number, sizeof number, "w-%u-%u", index, (unsigned)n);
    (void)snprintf(station, sizeof station, "body-%u", index);
    add.number = number;
    add.station = station;
    add.name = "CANARY of a worker";
    add.level = SOCIALWORKER__WORKER_LEVEL__WORKER_LEVEL_SOCIAL_WORKER;
    add.n_fields = services_of(body, services);
    add.fields = services;
    add.registered_until_ms = SIM_EPOCH_MS + 3650 * WU_DAY_MS;
    add.caseload_max = 1 + (int64_t)sim_choose(sim, "caseload", 40);
    (void)client_send(sim, body->node, body->node, WU_TYPE(SOCIALWORKER_ADD_WORKER), &add.base, 0);
}

static void give(struct sim *sim, uint32_t index)
{
    const struct body *body = &people_of(sim)->bodies[index];
    char fund[24];
    char receipt[32];
    const char *services[SERVICES_EACH];
    Charity__Give gift = CHARITY__GIVE__INIT;
    size_t count = services_of(body, services);
    const char *service = services[sim_choose(sim, "purpose", count)];
    (void)snprintf(fund, sizeof fund, "body-%u", index);
    /* few numbers, so that some come twice: the same gift, or another one that must be refused */
    (void)snprintf(receipt, sizeof receipt, "CANARY-r-%u",
                   (unsigned)sim_choose(sim, "receipt", 200));
    gift.fund = fund;
    gift.service = service;
    gift.receipt = receipt;
    gift.resource_class = strncmp(service, "money", 5) == 0
                              ? CHARITY__RESOURCE_CLASS__RESOURCE_CLASS_MONEY
                              : CHARITY__RESOURCE_CLASS__RESOURCE_CLASS_GOODS;
    bool large = sim_chance(sim, "large gift", 700);
    gift.quantity = gift.resource_class == CHARITY__RESOURCE_CLASS__RESOURCE_CLASS_MONEY
                        ? 10000 * (1 + (int64_t)sim_choose(sim, "gift", large ? 600 : 40))
                        : 1 + (int64_t)sim_choose(sim, "gift", large ? 600 : 40);
    (void)client_send(sim, body->node, body->node, WU_TYPE(CHARITY_GIVE), &gift.base, 0);
}

enum { GIFTS_MAX = 8 };

/* The body is known now: its people join, its funds fill. */
static void man_body(struct sim *sim, uint32_t index)
{
    struct body *body = &people_of(sim)->bodies[index];
    bool plenty = sim_chance(sim, "plenty of people", 700);
    uint64_t count = plenty ? 10 + sim_choose(sim, "people", 20) : 2 + sim_choose(sim, "people", 6);
    for (uint64_t n = 0; n < count; n++) {
        if (body->role == LINKAGE__ROLE__ROLE_VOLUNTEER) {
            add_volunteer(sim, index, n);
        } else if (body->role == LINKAGE__ROLE__ROLE_SOCIALWORKER) {
            add_worker(sim, index, n);
        } else if (body->role == LINKAGE__ROLE__ROLE_CHARITY && n < GIFTS_MAX) {
            give(sim, index);
            const struct errand errand = {.kind = ERRAND_GIVE, .index = index};
            int64_t at = sim->now + sim_choose_span(sim, "next gift", 0, sim->horizon);
            people_plan(sim, together(sim, at, sim->horizon), &errand);
        }
    }
}

/* ---- what changes by and by --------------------------------------------------------------------
 */

static void change_body(struct sim *sim)
{
    struct people *people = people_of(sim);
    if (people->body_count == 0 || sim->calm) {
        return;
    }
    uint32_t index = (uint32_t)sim_choose(sim, "which body", people->body_count);
    struct body *body = &people->bodies[index];
    body->closed = sim_chance(sim, "closes", 150);
    body->capacity = capacity(sim);
    body->by_hand = sim_chance(sim, "by hand", 400);
    say_body(sim, index);
}

static uint32_t any_hub(struct sim *sim)
{
    uint32_t number = 1 + (uint32_t)sim_choose(sim, "which hub", sim->place_count);
    const struct place *place = place_of(sim, number);
    return place->core->is_hub ? number : place->hub;
}

static void change_kind(struct sim *sim)
{
    if (!sim->calm) {
        adopt(sim, any_hub(sim), &KIND_PLANS[sim_choose(sim, "which kind", KIND_COUNT)]);
    }
}

/* A command that its node cannot fold: only the hub's door lets it through. */
static void poison(struct sim *sim)
{
    uint32_t target = 1 + (uint32_t)sim_choose(sim, "whom", sim->place_count);
    const struct place *place = place_of(sim, target);
    if (place->hub == 0 || sim->calm) {
        return;
    }
    Node__DropDeadLetter body = NODE__DROP_DEAD_LETTER__INIT;
    body.seq = 7;
    body.reason = "poison";
    sim->report->faults[FAULT_POISON]++;
    (void)client_send(sim, place->hub, target, WU_TYPE(COMMUNITY_CONFIRM_OVERDUE), &body.base, 0);
}

/* Somebody wants a social worker to run an errand: plainly, or by an override. */
static void push(struct sim *sim, const struct errand *errand)
{
    Linkage__PlanStep step = LINKAGE__PLAN_STEP__INIT;
    Coordinator__AddStep body = COORDINATOR__ADD_STEP__INIT;
    step.role = LINKAGE__ROLE__ROLE_SOCIALWORKER;
    step.service = "family";
    step.quantity = 1;
    body.linkage_id = wu_id_to_pb(&errand->linkage_id);
    body.step = &step;
    body.by = "p-1";
    if (errand->yes) {
        body.reason = COORDINATOR__OVERRIDE_REASON__OVERRIDE_REASON_NOBODY_ELSE;
    }
    (void)client_send(sim, errand->node, errand->node, WU_TYPE(COORDINATOR_ADD_STEP), &body.base,
                      0);
}

/* The override it takes: confirmed by another, by the same, or by nobody. */
static void second(struct sim *sim, const struct errand *errand)
{
    Coordinator__ConfirmOverride body = COORDINATOR__CONFIRM_OVERRIDE__INIT;
    body.override_id = wu_id_to_pb(&errand->linkage_id);
    body.by = errand->yes ? "street-1" : "p-1";
    (void)client_send(sim, errand->node, errand->node, WU_TYPE(COORDINATOR_CONFIRM_OVERRIDE),
                      &body.base, 0);
}

static void want_second(struct sim *sim, const struct command *command)
{
    struct errand errand = {.kind = ERRAND_SECOND, .node = command->target};
    errand.linkage_id = command->made; /* of the override */
    uint64_t mood = sim_choose(sim, "second person", 4);
    if (mood > 0) {
        errand.yes = mood > 1;
        people_plan(sim, sim->now + sim_choose_span(sim, "second person", 0, SIM_HOUR), &errand);
    }
}

/* ---- the errands
 * ----------------------------------------------------------------------------------- */

void people_errand(struct sim *sim, uint32_t index)
{
    const struct errand errand = people_of(sim)->errands[index];
    switch (errand.kind) {
    case ERRAND_KIND:
        adopt(sim, errand.node, &KIND_PLANS[errand.index]);
        break;
    case ERRAND_BODY:
        say_body(sim, errand.index);
        break;
    case ERRAND_GIVE:
        give(sim, errand.index);
        break;
    case ERRAND_CHANGE_BODY:
        change_body(sim);
        break;
    case ERRAND_CHANGE_KIND:
        change_kind(sim);
        break;
    case ERRAND_POISON:
        poison(sim);
        break;
    case ERRAND_PUSH:
        push(sim, &errand);
        break;
    case ERRAND_SECOND:
        second(sim, &errand);
        break;
    case ERRAND_ANSWER:
    case ERRAND_DELIVER:
        providers_errand(sim, &errand);
        break;
    case ERRAND_RULE:
    case ERRAND_APPROVE:
    case ERRAND_EMERGENCY:
        offices_errand(sim, &errand);
        break;
    case ERRAND_REGISTER:
    case ERRAND_SUSPEND:
    case ERRAND_LIFT:
    case ERRAND_INTEREST:
    case ERRAND_REVIEW:
        organisations_errand(sim, &errand);
        break;
    case ERRAND_COMMUNITY:
    case ERRAND_RAISE:
    case ERRAND_CONFIRM:
    default:
        residents_errand(sim, &errand);
        break;
    }
}

void people_answered(struct sim *sim, uint32_t index, const Bus__Answer *answer)
{
    const struct command command = *client_command(sim, index);
    bool accepted = answer->status == BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED;
    if (command.type == WU_TYPE(LINKAGE_ADD_PROVIDER) && accepted) {
        struct body *body = &people_of(sim)->bodies[command.about];
        bool first = wu_id_is_none(&body->id);
        body->id = command.made;
        if (first) {
            man_body(sim, command.about);
            organisations_joined(sim, command.about);
        }
    } else if (command.type == WU_TYPE(COORDINATOR_ADD_STEP) && accepted) {
        want_second(sim, &command);
    } else if (command.type == WU_TYPE(COMMUNITY_RAISE_NEED)) {
        residents_answered(sim, &command, accepted);
    }
}

void people_saw(struct sim *sim, const struct seen *seen)
{
    if (seen->is_output || seen->is_dead || seen->body == NULL || seen->origin != WU_ORIGIN_MAIL) {
        return;
    }
    if (!seen->place->core->is_hub) { /* what another coordinator refers to it waits for nobody */
        providers_saw(sim, seen);
    }
    residents_saw(sim, seen);
    offices_saw(sim, seen);
}

static void plan_changes(struct sim *sim)
{
    static const enum errand_kind CHANGES[] = {ERRAND_CHANGE_BODY, ERRAND_CHANGE_KIND};
    for (size_t n = 0; n < sizeof CHANGES / sizeof CHANGES[0]; n++) {
        uint64_t count = sim_choose(sim, "changes", 12);
        for (uint64_t change = 0; change < count; change++) {
            const struct errand errand = {.kind = CHANGES[n]};
            int64_t at = sim_choose_span(sim, "change", SIM_MINUTE, sim->horizon);
            people_plan(sim, together(sim, at, sim->horizon), &errand);
        }
    }
    uint64_t poisons = faults_rate(sim, FAULT_POISON) > 0 ? 1 + sim_choose(sim, "poisons", 5) : 0;
    for (uint64_t n = 0; n < poisons; n++) {
        const struct errand errand = {.kind = ERRAND_POISON};
        people_plan(sim, sim_choose_span(sim, "poison at", SIM_MINUTE, sim->horizon), &errand);
    }
}

void people_begin(struct sim *sim)
{
    sim->people = calloc(1, sizeof *sim->people);
    if (sim->people == NULL) {
        abort();
    }
    for (uint32_t number = 1; number <= sim->place_count; number++) {
        const struct place *place = place_of(sim, number);
        for (uint32_t kind = 0; place->core->is_hub && kind < KIND_COUNT; kind++) {
            const struct errand errand = {.kind = ERRAND_KIND, .node = number, .index = kind};
            people_plan(sim, sim_choose_span(sim, "set up", 3 * SIM_SECOND, 9 * SIM_SECOND),
                        &errand);
        }
        make_bodies(sim, place);
    }
    residents_begin(sim);
    organisations_begin(sim);
    offices_begin(sim);
    plan_changes(sim);
}

void people_end(struct sim *sim)
{
    free(sim->people->errands);
    free(sim->people);
}
