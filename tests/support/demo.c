#include "tests/support/demo.h"

#include "tests/support/look.h"
#include "wushe/charity/v1/gift.pb-c.h"
#include "wushe/socialworker/v1/worker.pb-c.h"
#include "wushe/volunteer/v1/volunteer.pb-c.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const uint64_t STREET = 420106012001;
static const int64_t HOUR_MS = 3600000;
static const int64_t DAY_MS = 86400000;

/* ---- the whole city ----------------------------------------------------------------- */

static void import(struct city *city, const char *what, const char *file)
{
    const char *said = NULL;
    int status = city_ctl(city, &said, "import", what, city_path(city, 0, file).text, NULL);
    if (status != 0) {
        city_fail(city, "import %s: %s", what, said);
    }
}

/* Each fund and store gets as much again as nobody can use up. */
static void write_plenty(const struct city *city)
{
    FILE *in = fopen(city_path(city, 0, "demo/resources.csv").text, "re");
    FILE *out = fopen(city_path(city, 0, "demo/plenty.csv").text, "we");
    char line[256];
    cr_assert(in != NULL && out != NULL && fgets(line, sizeof line, in) != NULL);
    (void)fputs(line, out);
    for (int number = 1; fgets(line, sizeof line, in) != NULL; number++) {
        char *rest = NULL;
        const char *fund = strtok_r(line, ",", &rest);
        const char *class = strtok_r(NULL, ",", &rest);
        const char *service = strtok_r(NULL, ",", &rest);
        cr_assert_not_null(service);
        (void)fprintf(out, "%s,%s,%s,%s,P%d\n", fund, class, service,
                      strcmp(class, "money") == 0 ? "9000000.00" : "900000", number);
    }
    (void)fclose(in);
    (void)fclose(out);
}

/* Lines of a file but the first. */
static size_t count_rows(const struct city *city, const char *file, const char *prefix)
{
    FILE *in = fopen(city_path(city, 0, file).text, "re");
    char line[512];
    size_t count = 0;
    cr_assert(in != NULL && fgets(line, sizeof line, in) != NULL);
    while (fgets(line, sizeof line, in) != NULL) {
        count += strncmp(line, prefix, strlen(prefix)) == 0;
    }
    (void)fclose(in);
    return count;
}

/* The coordinator has heard of that many bodies, the community of that kind. */
static bool is_known(const struct city *city, size_t bodies, const char *kind)
{
    struct city_view view;
    bool known = city_view_open(city, CITY_COORDINATOR, &view);
    known = known && look_providers_count(view.txn) >= bodies;
    city_view_close(&view);
    known = known && city_view_open(city, CITY_COMMUNITY, &view);
    known = known && look_kind_known(view.txn, kind) > 0;
    city_view_close(&view);
    return known;
}

void demo_fill(struct city *city)
{
    char command[700];
    struct city_path folder = city_path(city, 0, "demo");
    cr_assert_eq(mkdir(folder.text, 0700), 0);
    (void)snprintf(command, sizeof command, "'%s/wushe-demo-city' '%s' >/dev/null", WUSHE_PROGRAMS,
                   folder.text);
    cr_assert_eq(system(command), 0); /* both names are ours */
    write_plenty(city);
    import(city, "kinds", "demo/kinds.csv");
    import(city, "organisations", "demo/organisations.csv");
    import(city, "people", "demo/people.csv");
    import(city, "resources", "demo/resources.csv");
    import(city, "resources", "demo/plenty.csv");
    size_t bodies = count_rows(city, "demo/organisations.csv", "") -
                    count_rows(city, "demo/organisations.csv", "community,");
    CITY_WAIT(city, is_known(city, bodies, "waste-sorting"));
}

size_t demo_division_count(const struct city *city)
{
    return count_rows(city, "demo/organisations.csv", "community,");
}

uint64_t demo_division(const struct city *city, size_t index)
{
    FILE *in = fopen(city_path(city, 0, "demo/organisations.csv").text, "re");
    char line[512];
    uint64_t division = 0;
    size_t seen = 0;
    while (in != NULL && division == 0 && fgets(line, sizeof line, in) != NULL) {
        if (strncmp(line, "community,", 10) == 0 && seen++ == index) {
            division = strtoull(line + 10, NULL, 10);
        }
    }
    if (in != NULL) {
        (void)fclose(in);
    }
    return division;
}

/* ---- a street ------------------------------------------------------------------------- */

static void add_body(struct city *city, int node, const char *code, const char *service)
{
    Linkage__AddProvider add = LINKAGE__ADD_PROVIDER__INIT;
    const char *services[] = {service};
    add.code = code;
    add.name = code;
    add.division = STREET;
    add.n_services = 1;
    add.services = services;
    add.by_hand = node == CITY_SOCIALORG;
    (void)city_accept(city, node, WU_TYPE(LINKAGE_ADD_PROVIDER), &add.base);
}

static void add_people(struct city *city)
{
    Socialworker__AddWorker worker = SOCIALWORKER__ADD_WORKER__INIT;
    const char *fields[] = {"fieldwork"};
    worker.number = "W1";
    worker.station = "S1";
    worker.name = "Wang";
    worker.level = SOCIALWORKER__WORKER_LEVEL__WORKER_LEVEL_SENIOR;
    worker.n_fields = 1;
    worker.fields = fields;
    worker.registered_until_ms = city_clock_ms() + 900 * DAY_MS;
    worker.caseload_max = 100;
    (void)city_accept(city, CITY_SOCIALWORKER, WU_TYPE(SOCIALWORKER_ADD_WORKER), &worker.base);

    const char *skills[] = {"visit"};
    for (unsigned number = 1; number <= 9; number++) {
        Volunteer__AddVolunteer volunteer = VOLUNTEER__ADD_VOLUNTEER__INIT;
        Volunteer__WeeklyTime days[7];
        Volunteer__WeeklyTime *free[7];
        char name[24];
        for (unsigned day = 0; day < 7; day++) {
            volunteer__weekly_time__init(&days[day]);
            days[day].weekday = day + 1;
            days[day].until_min = 1440;
            free[day] = &days[day];
        }
        (void)snprintf(name, sizeof name, "V%u", number);
        volunteer.number = name;
        volunteer.team = "T1";
        volunteer.name = name;
        volunteer.division = STREET;
        volunteer.n_skills = 1;
        volunteer.skills = skills;
        volunteer.n_free = 7;
        volunteer.free = free;
        (void)city_accept(city, CITY_VOLUNTEER, WU_TYPE(VOLUNTEER_ADD_VOLUNTEER), &volunteer.base);
    }
}

static void adopt(struct city *city, const char *code, bool all_five, int64_t confirm_within_ms)
{
    static const struct {
        Linkage__Role role;
        const char *service;
    } plan[] = {{LINKAGE__ROLE__ROLE_SOCIALORG, "meal"},
                {LINKAGE__ROLE__ROLE_VOLUNTEER, "visit"},
                {LINKAGE__ROLE__ROLE_CHARITY, "rice"}};
    Linkage__PlanStep steps[3];
    Linkage__PlanStep *recipe[3];
    Coordinator__AdoptKind kind = COORDINATOR__ADOPT_KIND__INIT;
    for (size_t index = 0; index < 3; index++) {
        linkage__plan_step__init(&steps[index]);
        steps[index].role = plan[index].role;
        steps[index].service = plan[index].service;
        steps[index].quantity = 1;
        steps[index].required = true;
        recipe[index] = &steps[index];
    }
    kind.code = code;
    kind.name_en = code;
    kind.name_zh = "照料";
    kind.assess = all_five;
    kind.assess_field = all_five ? "fieldwork" : "";
    kind.reply_within_ms = 4 * HOUR_MS;
    kind.deliver_within_ms = 7 * DAY_MS;
    kind.confirm_within_ms = confirm_within_ms;
    kind.n_recipe = all_five ? 3 : 1;
    kind.recipe = recipe;
    (void)city_accept(city, CITY_COORDINATOR, WU_TYPE(COORDINATOR_ADOPT_KIND), &kind.base);
}

void demo_adopt(struct city *city, const char *code, int64_t confirm_within_ms)
{
    adopt(city, code, false, confirm_within_ms);
}

void demo_fill_street(struct city *city)
{
    Community__AddCommunity community = COMMUNITY__ADD_COMMUNITY__INIT;
    community.division = STREET;
    community.name = "Street";
    (void)city_accept(city, CITY_COMMUNITY, WU_TYPE(COMMUNITY_ADD_COMMUNITY), &community.base);
    add_body(city, CITY_SOCIALORG, "O1", "meal");
    add_body(city, CITY_SOCIALWORKER, "S1", "fieldwork");
    add_body(city, CITY_VOLUNTEER, "T1", "visit");
    add_body(city, CITY_CHARITY, "F1", "rice");
    add_people(city);
    Charity__Give give = CHARITY__GIVE__INIT;
    give.fund = "F1";
    give.resource_class = CHARITY__RESOURCE_CLASS__RESOURCE_CLASS_GOODS;
    give.service = "rice";
    give.quantity = 100000;
    give.receipt = "R1";
    (void)city_accept(city, CITY_CHARITY, WU_TYPE(CHARITY_GIVE), &give.base);
    adopt(city, "care", true, 3 * DAY_MS);
    adopt(city, "meal", false, 3 * DAY_MS);
    CITY_WAIT(city, is_known(city, 4, "meal"));
    city_wait_settled(city);
}

void demo_need_init(Community__RaiseNeed *raise, const char *kind, uint64_t division)
{
    community__raise_need__init(raise);
    raise->kind = kind;
    raise->division = division != 0 ? division : STREET;
    raise->urgency = COMMUNITY__NEED_URGENCY__NEED_URGENCY_DIFFICULT;
    raise->source = COMMUNITY__NEED_SOURCE__NEED_SOURCE_RESIDENT;
    raise->from_ms = city_clock_ms() + HOUR_MS;
    raise->until_ms = city_clock_ms() + 11 * DAY_MS;
}

struct wu_id demo_raise(struct city *city, const char *kind)
{
    Community__RaiseNeed raise;
    struct wu_id id = {{0}};
    demo_need_init(&raise, kind, 0);
    const Bus__Answer *answer =
        city_accept(city, CITY_COMMUNITY, WU_TYPE(COMMUNITY_RAISE_NEED), &raise.base);
    cr_assert(wu_id_from_pb(answer->id, &id));
    return id;
}

/* ---- people --------------------------------------------------------------------------- */

enum { AT_ONCE = 512 };

struct crowd {
    struct city *city;
    struct wu_client *clients[CITY_END]; /* of the community and those who provide */
    struct wu_arena arena;
    struct wu_prng prng;
    uint64_t decline_one_in;
    int node; /* whose desk is looked at */
};

struct crowd *crowd_open(struct city *city, uint64_t seed)
{
    struct crowd *crowd = calloc(1, sizeof *crowd);
    cr_assert_not_null(crowd);
    *crowd = (struct crowd){.city = city, .prng = {seed}};
    cr_assert_eq(wu_arena_open(&crowd->arena, (size_t)8 << 20), WU_OK);
    for (int node = CITY_COMMUNITY; node < CITY_END; node++) {
        crowd->clients[node] = city_client(city, node);
    }
    return crowd;
}

void crowd_close(struct crowd **crowd_p)
{
    struct crowd *crowd = *crowd_p;
    for (int node = CITY_COMMUNITY; node < CITY_END; node++) {
        wu_client_close(&crowd->clients[node]);
    }
    wu_arena_close(&crowd->arena);
    free(crowd);
    *crowd_p = NULL;
}

void crowd_decline_one_in(struct crowd *crowd, uint64_t count)
{
    crowd->decline_one_in = count;
}

static bool send(struct crowd *crowd, wu_event_type type, const ProtobufCMessage *body)
{
    const struct wu_command command = {.type = type, .body = body};
    uint64_t number = 0;
    struct wu_client *client = crowd->clients[crowd->node];
    return wu_client_send(client, &command, &number) == WU_OK &&
           wu_client_unanswered(client) < AT_ONCE;
}

static bool do_step(void *context, const struct wu_id *linkage_id, uint32_t step_no,
                    const LinkageState__StepRow *step)
{
    struct crowd *crowd = context;
    if (step->state == LINKAGE_STATE__STEP_STATE__STEP_STATE_WAITING) {
        Linkage__AnswerOffer answer = LINKAGE__ANSWER_OFFER__INIT;
        answer.linkage_id = wu_id_to_pb(linkage_id);
        answer.step_no = step_no;
        answer.accept =
            crowd->decline_one_in == 0 || wu_prng_below(&crowd->prng, crowd->decline_one_in) != 0;
        answer.text = answer.accept ? "" : "not today";
        return send(crowd, WU_TYPE(LINKAGE_ANSWER_OFFER), &answer.base);
    }
    if (step->state == LINKAGE_STATE__STEP_STATE__STEP_STATE_CONFIRMED) {
        Linkage__ReportDelivery report = LINKAGE__REPORT_DELIVERY__INIT;
        report.linkage_id = wu_id_to_pb(linkage_id);
        report.step_no = step_no;
        report.minutes = 60;
        return send(crowd, WU_TYPE(LINKAGE_REPORT_DELIVERY), &report.base);
    }
    return true;
}

static bool confirm(void *context, const struct wu_id *need_id, const CommunityState__NeedRow *need)
{
    struct crowd *crowd = context;
    Community__ConfirmNeed word = COMMUNITY__CONFIRM_NEED__INIT;
    word.need_id = wu_id_to_pb(need_id);
    word.verdict = COMMUNITY__VERDICT__VERDICT_MET;
    word.rating = 5;
    (void)need;
    return send(crowd, WU_TYPE(COMMUNITY_CONFIRM_NEED), &word.base);
}

static void take_answers(struct crowd *crowd)
{
    const Bus__Answer *answer = NULL;
    do {
        wu_arena_reset(&crowd->arena, 0);
    } while (wu_client_answer(crowd->clients[crowd->node], 0, &crowd->arena, &answer) == WU_OK);
}

void crowd_turn(struct crowd *crowd)
{
    for (crowd->node = CITY_COMMUNITY; crowd->node < CITY_END; crowd->node++) {
        struct city_view view;
        take_answers(crowd);
        if (wu_client_unanswered(crowd->clients[crowd->node]) > 0 ||
            !city_view_open(crowd->city, crowd->node, &view)) {
            continue; /* what was said last is not answered yet */
        }
        if (crowd->node == CITY_COMMUNITY) {
            look_needs_awaiting(view.txn, confirm, crowd);
        } else {
            look_steps_open(view.txn, do_step, crowd);
        }
        city_view_close(&view);
    }
}

struct ends {
    uint64_t open;
};

static bool count_open(void *context, const struct wu_id *need_id,
                       const CommunityState__NeedRow *need)
{
    struct ends *ends = context;
    (void)need_id;
    ends->open += need->state != COMMUNITY_STATE__NEED_STATE__NEED_STATE_CLOSED &&
                  need->state != COMMUNITY_STATE__NEED_STATE__NEED_STATE_REFUSED;
    return ends->open == 0;
}

bool crowd_is_done(struct crowd *crowd)
{
    struct city_view view;
    struct ends ends = {1};
    char why[300];
    if (city_view_open(crowd->city, CITY_COMMUNITY, &view)) {
        ends.open = 0;
        look_needs(view.txn, count_open, &ends);
        city_view_close(&view);
    }
    return ends.open == 0 && city_is_settled(crowd->city, why, sizeof why);
}

void crowd_finish(struct crowd *crowd)
{
    int64_t until_ms = city_now_ms() + 4 * CITY_WAIT_MS;
    while (!crowd_is_done(crowd)) {
        char why[300] = "needs are open";
        if (city_now_ms() > until_ms) {
            (void)city_is_settled(crowd->city, why, sizeof why);
            city_fail(crowd->city, "the city does not come to rest: %s", why);
        }
        crowd_turn(crowd);
        city_pause();
    }
}
