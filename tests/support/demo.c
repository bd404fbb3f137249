#include "tests/support/demo.h"

#include "tests/support/look.h"
#include "wushe/charity/v1/gift.pb-c.h"
#include "wushe/socialorg/v1/organisation.pb-c.h"
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

static void apply_catalogue(struct city *city)
{
    const char *said = NULL;
    if (city_ctl(city, &said, "catalogue", "apply", WUSHE_SEEDS "/catalogue", NULL) != 0) {
        city_fail(city, "catalogue apply: %s", said);
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
    apply_catalogue(city);
    import(city, "organisations", "demo/organisations.csv");
    import(city, "registrations", "demo/registrations.csv");
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

void demo_file_organisation(struct city *city, int node, const char *code)
{
    Socialorg__RegisterOrganisation filed = SOCIALORG__REGISTER_ORGANISATION__INIT;
    filed.body = code;
    filed.kind = SOCIALORG__ORGANISATION_KIND__ORGANISATION_KIND_COMMUNITY_GROUP;
    filed.filing_number = code;
    filed.registered_until_ms = city_clock_ms() + 900 * DAY_MS;
    filed.founder_count = 1;
    filed.resident_founder_count = 1;
    filed.by = "office-1";
    (void)city_accept(city, node, WU_TYPE(SOCIALORG_REGISTER_ORGANISATION), &filed.base);
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

void demo_adopt_brief(struct city *city)
{
    static const char *const services[] = {"meal-elderly", "elder-visit", "money-elderly"};
    static const Linkage__Role roles[] = {
        LINKAGE__ROLE__ROLE_SOCIALORG, LINKAGE__ROLE__ROLE_VOLUNTEER, LINKAGE__ROLE__ROLE_CHARITY};
    Linkage__PlanStep steps[3];
    Linkage__PlanStep *recipe[3];
    Coordinator__AdoptKind kind = COORDINATOR__ADOPT_KIND__INIT;
    for (size_t index = 0; index < 3; index++) {
        linkage__plan_step__init(&steps[index]);
        steps[index].role = roles[index];
        steps[index].service = services[index];
        steps[index].quantity = 1;
        steps[index].required = true;
        recipe[index] = &steps[index];
    }
    kind.code = DEMO_BRIEF_KIND;
    kind.name_en = "All within seconds";
    kind.name_zh = "急";
    kind.reply_within_ms = 1500;
    kind.deliver_within_ms = 2500;
    kind.confirm_within_ms = 2000;
    kind.n_recipe = 3;
    kind.recipe = recipe;
    (void)city_accept(city, CITY_COORDINATOR, WU_TYPE(COORDINATOR_ADOPT_KIND), &kind.base);
    CITY_WAIT(city, is_known(city, 0, DEMO_BRIEF_KIND));
}

void demo_fill_street(struct city *city)
{
    Community__AddCommunity community = COMMUNITY__ADD_COMMUNITY__INIT;
    community.division = STREET;
    community.name = "Street";
    (void)city_accept(city, CITY_COMMUNITY, WU_TYPE(COMMUNITY_ADD_COMMUNITY), &community.base);
    add_body(city, CITY_SOCIALORG, "O1", "meal");
    demo_file_organisation(city, CITY_SOCIALORG, "O1");
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
