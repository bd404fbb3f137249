/*
 * How good the choices are: a month of the demo city's organisations, at 60%,
 * 90% and 120% of what they can do.
 *
 *   bench_quality ORGANISATIONS.csv [--seed N]
 *
 * The file is one of wushe-demo-city's; its social organisations with room for
 * up to 100 steps take part, with their own services, places and capacities.
 * Needs come at any hour of 30 days, each for one service in one street; a step
 * keeps one place for 7 days. A body that is full says no and the next is
 * asked; when everybody in reach has said no, the need is not met. The month
 * begins with nothing under way.
 *
 * Four ways to choose work on the same needs: the coordinator's score, nearest
 * first (of a level the smallest number), longest without an offer whatever the
 * distance, and by lot. The bound is what could be met by one who knows the
 * whole month beforehand and may cut steps into parts: a linear programme
 * (GLPK) over (service, street, day) and bodies. No way to choose can do
 * better: at each day's end the steps a body has are those begun on its last 7
 * days, and these are at most its capacity.
 *
 * Prints one JSON line.
 */
#include "common/base/division.h"
#include "common/base/prng.h"
#include "common/base/time.h"
#include "tests/bench/desk.h"

#include <glpk.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BODIES_MAX = 128,
    SERVICES_MAX = 64,
    STREETS_MAX = 128,
    CAPACITY_MAX = 100,
    MONTH_DAYS = 30,
    STEP_DAYS = 7,
    NEEDS_MAX = 100000,
    NAME_BYTES = 32,
};

#define START_MS INT64_C(1800000000000)

struct body {
    int services[DESK_SERVICES_MAX];
    int service_count;
    uint64_t division;
    int64_t capacity;
    /* while a way to choose is tried */
    int64_t open;
    uint64_t last_offered;
    uint64_t taken;
};

struct need {
    int64_t time_ms;
    int service;
    int street;
    int body; /* that took it; -1: none */
};

struct city {
    char names[SERVICES_MAX][NAME_BYTES];
    int service_count;
    uint64_t streets[STREETS_MAX];
    int street_count;
    struct body bodies[BODIES_MAX];
    int body_count;
    int64_t capacity;
    struct need *needs;
    int need_count;
    struct wu_prng prng;
    uint64_t seed;
    struct desk desk;
};

enum way { BY_SCORE, NEAREST, IN_TURN, BY_LOT, WAYS };
static const char *const WAY_NAMES[WAYS] = {"score", "nearest", "round_robin", "random"};

static void must(bool fine, const char *what)
{
    if (!fine) {
        (void)fprintf(stderr, "bench_quality: %s\n", what);
        exit(1);
    }
}

/* ---- the city ------------------------------------------------------------------------ */

static int service_of(struct city *city, const char *name)
{
    for (int i = 0; i < city->service_count; i++) {
        if (strcmp(city->names[i], name) == 0) {
            return i;
        }
    }
    must(city->service_count < SERVICES_MAX, "too many services");
    (void)snprintf(city->names[city->service_count], NAME_BYTES, "%s", name);
    return city->service_count++;
}

static void add_street(struct city *city, uint64_t division)
{
    uint64_t street = wu_division_parent(division, WU_DIVISION_STREET);
    for (int i = 0; i < city->street_count; i++) {
        if (city->streets[i] == street) {
            return;
        }
    }
    must(city->street_count < STREETS_MAX, "too many streets");
    city->streets[city->street_count++] = street;
}

static void add_body(struct city *city, uint64_t division, char *services, int64_t capacity)
{
    struct body *body = &city->bodies[city->body_count];
    if (capacity < 1 || capacity > CAPACITY_MAX) {
        return;
    }
    must(city->body_count++ < BODIES_MAX - 1, "too many organisations");
    body->division = division;
    body->capacity = capacity;
    city->capacity += capacity;
    char *rest = NULL;
    for (char *name = strtok_r(services, ";", &rest);
         name != NULL && body->service_count < DESK_SERVICES_MAX;
         name = strtok_r(NULL, ";", &rest)) {
        body->services[body->service_count++] = service_of(city, name);
    }
}

/* society,code,name,division,services,capacity,answers: no field of these has a comma in it */
static void read_city(struct city *city, const char *path)
{
    char line[1024];
    FILE *file = fopen(path, "re");
    must(file != NULL, "cannot read the organisations");
    while (fgets(line, sizeof line, file) != NULL) {
        char *fields[7] = {NULL};
        char *rest = line;
        for (int i = 0; i < 7 && rest != NULL; i++) {
            fields[i] = strsep(&rest, ",");
        }
        if (fields[5] == NULL) {
            continue;
        }
        uint64_t division = strtoull(fields[3], NULL, 10);
        if (strcmp(fields[0], "community") == 0) {
            add_street(city, division);
        } else if (strcmp(fields[0], "socialorg") == 0) {
            add_body(city, division, fields[4], strtoll(fields[5], NULL, 10));
        }
    }
    (void)fclose(file);
    must(city->body_count > 0 && city->street_count > 0, "no organisations in that file");
}

static bool gives(const struct body *body, int service)
{
    for (int i = 0; i < body->service_count; i++) {
        if (body->services[i] == service) {
            return true;
        }
    }
    return false;
}

static bool reaches(const struct city *city, const struct body *body, const struct need *need)
{
    return gives(body, need->service) &&
           wu_division_holds(body->division, city->streets[need->street]);
}

/* ---- a month of needs ----------------------------------------------------------------- */

/* Where capacity is, needs are: a place of some body, one of its services, a street it serves. */
static void any_need(struct city *city, struct need *need)
{
    int64_t place = (int64_t)wu_prng_below(&city->prng, (uint64_t)city->capacity);
    int body = 0;
    while (place >= city->bodies[body].capacity) {
        place -= city->bodies[body++].capacity;
    }
    const struct body *from = &city->bodies[body];
    need->service = from->services[wu_prng_below(&city->prng, (uint64_t)from->service_count)];
    do {
        need->street = (int)wu_prng_below(&city->prng, (uint64_t)city->street_count);
    } while (!wu_division_holds(from->division, city->streets[need->street]));
    need->time_ms =
        START_MS + (int64_t)wu_prng_below(&city->prng, (uint64_t)MONTH_DAYS * WU_DAY_MS);
}

static int compare_needs(const void *a, const void *b)
{
    const struct need *first = a;
    const struct need *second = b;
    return (first->time_ms > second->time_ms) - (first->time_ms < second->time_ms);
}

static void make_needs(struct city *city, int load_percent)
{
    city->prng.state = city->seed;
    city->need_count =
        (int)(city->capacity * MONTH_DAYS * load_percent / (INT64_C(100) * STEP_DAYS));
    must(city->need_count > 0 && city->need_count <= NEEDS_MAX, "too many needs");
    for (int i = 0; i < city->need_count; i++) {
        any_need(city, &city->needs[i]);
    }
    qsort(city->needs, (size_t)city->need_count, sizeof *city->needs, compare_needs);
}

/* ---- four ways to choose ---------------------------------------------------------------- */

struct asked {
    bool was[BODIES_MAX];
    struct wu_id ids[BODIES_MAX];
    ProtobufCBinaryData list[BODIES_MAX];
    size_t count;
};

/* Larger is better; equal: the first. */
static int64_t merit(struct city *city, enum way way, const struct body *body)
{
    switch (way) {
    case NEAREST:
        return score_distance(body->division);
    case IN_TURN:
        return -(int64_t)body->last_offered;
    default:
        return (int64_t)wu_prng_below(&city->prng, 1 << 30);
    }
}

static int choose_plainly(struct city *city, enum way way, const struct need *need,
                          const struct asked *asked)
{
    int best = -1;
    int64_t best_merit = 0;
    for (int i = 0; i < city->body_count; i++) {
        if (asked->was[i] || !reaches(city, &city->bodies[i], need)) {
            continue;
        }
        int64_t its = merit(city, way, &city->bodies[i]);
        if (best < 0 || its > best_merit) {
            best = i;
            best_merit = its;
        }
    }
    return best;
}

static int choose_by_score(struct city *city, const struct need *need, struct asked *asked)
{
    struct choice choice;
    LinkageStep step = COORDINATOR_STATE__LINKAGE_STEP__INIT;
    step.role = ROLE_SOCIALORG;
    step.service = city->names[need->service];
    step.tried = asked->list;
    step.n_tried = asked->count;
    desk_event(&city->desk, need->time_ms);
    if (!candidate_choose(&city->desk.fold, &step, city->streets[need->street], &choice)) {
        return -1;
    }
    standing_offered(&city->desk.fold, &choice.provider_id, choice.provider, step.service);
    return (int)desk_provider_n(&choice.provider_id);
}

static void said_no(struct city *city, enum way way, int body, struct asked *asked)
{
    asked->was[body] = true;
    asked->ids[asked->count] = desk_provider_id((uint32_t)body);
    asked->list[asked->count] = wu_id_to_pb(&asked->ids[asked->count]);
    if (way == BY_SCORE) {
        standing_ended(&city->desk.fold, &asked->ids[asked->count], PROMISE_NONE);
    }
    asked->count++;
}

static void place_need(struct city *city, enum way way, struct need *need, uint64_t seq)
{
    struct asked asked = {.count = 0};
    need->body = -1;
    for (;;) {
        int body = way == BY_SCORE ? choose_by_score(city, need, &asked)
                                   : choose_plainly(city, way, need, &asked);
        if (body < 0) {
            return;
        }
        city->bodies[body].last_offered = seq;
        if (city->bodies[body].open < city->bodies[body].capacity) {
            city->bodies[body].open++;
            city->bodies[body].taken++;
            need->body = body;
            return;
        }
        said_no(city, way, body, &asked);
    }
}

static void end_step(struct city *city, enum way way, const struct need *need)
{
    if (need->body < 0) {
        return;
    }
    city->bodies[need->body].open--;
    if (way == BY_SCORE) {
        struct wu_id id = desk_provider_id((uint32_t)need->body);
        desk_event(&city->desk, need->time_ms + STEP_DAYS * WU_DAY_MS);
        standing_ended(&city->desk.fold, &id, PROMISE_KEPT);
    }
}

static void open_bodies(struct city *city)
{
    desk_open(&city->desk);
    desk_begin(&city->desk);
    for (int i = 0; i < city->body_count; i++) {
        struct body *body = &city->bodies[i];
        struct desk_provider provider = {.division = body->division, .capacity = body->capacity};
        for (int service = 0; service < body->service_count; service++) {
            provider.services[provider.service_count++] = city->names[body->services[service]];
        }
        desk_add_provider(&city->desk, (uint32_t)i, &provider);
        body->open = 0;
        body->taken = 0;
        body->last_offered = 0;
    }
}

/* ---- figures ---------------------------------------------------------------------------- */

static int compare_shares(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of steps taken for each place a body has: 0 when all were as busy, towards 1 when one did all. */
static double gini(const struct city *city)
{
    double shares[BODIES_MAX];
    double sum = 0;
    double weighted = 0;
    int count = city->body_count;
    for (int i = 0; i < count; i++) {
        shares[i] = (double)city->bodies[i].taken / (double)city->bodies[i].capacity;
    }
    qsort(shares, (size_t)count, sizeof shares[0], compare_shares);
    for (int i = 0; i < count; i++) {
        sum += shares[i];
        weighted += (double)(i + 1) * shares[i];
    }
    return sum > 0 ? 2 * weighted / (count * sum) - (double)(count + 1) / count : 0;
}

static void try_way(struct city *city, enum way way, double bound)
{
    int ended = 0;
    int met = 0;
    int64_t levels = 0;
    city->prng.state = city->seed + 1;
    open_bodies(city);
    for (int i = 0; i < city->need_count; i++) {
        struct need *need = &city->needs[i];
        while (city->needs[ended].time_ms + STEP_DAYS * WU_DAY_MS <= need->time_ms) {
            end_step(city, way, &city->needs[ended++]);
        }
        place_need(city, way, need, (uint64_t)i + 1);
        if (need->body >= 0) {
            met++;
            levels += 4 - score_distance(city->bodies[need->body].division) / 100; /* province 4 */
        }
    }
    desk_commit(&city->desk);
    desk_close(&city->desk);
    (void)printf(",\"%s\":{\"met\":%.4f,\"of_bound\":%.4f,\"levels_up\":%.3f,\"gini\":%.3f}",
                 WAY_NAMES[way], (double)met / city->need_count, met / bound,
                 met > 0 ? (double)levels / met : 0, gini(city));
}

/* ---- the bound ---------------------------------------------------------------------------- */

struct programme {
    glp_prob *lp;
    int *rows;
    int *columns;
    double *values;
    int count;
    int room;
};

static void coefficient(struct programme *programme, int row, int column)
{
    if (programme->count + 1 >= programme->room) {
        programme->room = programme->room > 0 ? programme->room * 2 : 1 << 16;
        size_t room = (size_t)programme->room;
        programme->rows = realloc(programme->rows, room * sizeof(int));
        programme->columns = realloc(programme->columns, room * sizeof(int));
        programme->values = realloc(programme->values, room * sizeof(double));
        must(programme->rows != NULL && programme->columns != NULL && programme->values != NULL,
             "no memory");
    }
    programme->count++; /* GLPK counts from 1 */
    programme->rows[programme->count] = row;
    programme->columns[programme->count] = column;
    programme->values[programme->count] = 1;
}

/* The needs of one service, street and day; 0: none. */
static int group_count(const struct city *city, const int *groups, int service, int street, int day)
{
    return groups[(service * city->street_count + street) * MONTH_DAYS + day];
}

/* How many of the group each body in reach takes, at most all; a place for 7 days each. */
static void add_group(const struct city *city, struct programme *programme, const struct need *like,
                      int day, int count)
{
    int row = glp_add_rows(programme->lp, 1);
    glp_set_row_bnds(programme->lp, row, GLP_UP, 0, count);
    for (int body = 0; body < city->body_count; body++) {
        if (!reaches(city, &city->bodies[body], like)) {
            continue;
        }
        int column = glp_add_cols(programme->lp, 1);
        glp_set_col_bnds(programme->lp, column, GLP_LO, 0, 0);
        glp_set_obj_coef(programme->lp, column, 1);
        coefficient(programme, row, column);
        for (int busy = day; busy < day + STEP_DAYS && busy < MONTH_DAYS; busy++) {
            coefficient(programme, 1 + body * MONTH_DAYS + busy, column);
        }
    }
}

static double bound_of(const struct city *city)
{
    struct programme programme = {.lp = glp_create_prob()};
    size_t group_total = (size_t)city->service_count * (size_t)city->street_count * MONTH_DAYS;
    int *groups = calloc(group_total, sizeof *groups);
    must(groups != NULL, "no memory");
    for (int i = 0; i < city->need_count; i++) {
        const struct need *need = &city->needs[i];
        int day = (int)((need->time_ms - START_MS) / WU_DAY_MS);
        groups[(need->service * city->street_count + need->street) * MONTH_DAYS + day]++;
    }
    glp_set_obj_dir(programme.lp, GLP_MAX);
    glp_add_rows(programme.lp, city->body_count * MONTH_DAYS);
    for (int i = 0; i < city->body_count * MONTH_DAYS; i++) {
        const struct body *body = &city->bodies[i / MONTH_DAYS];
        glp_set_row_bnds(programme.lp, i + 1, GLP_UP, 0, (double)body->capacity);
    }
    for (int service = 0; service < city->service_count; service++) {
        for (int street = 0; street < city->street_count; street++) {
            for (int day = 0; day < MONTH_DAYS; day++) {
                int count = group_count(city, groups, service, street, day);
                const struct need like = {.service = service, .street = street};
                if (count > 0) {
                    add_group(city, &programme, &like, day, count);
                }
            }
        }
    }
    glp_load_matrix(programme.lp, programme.count, programme.rows, programme.columns,
                    programme.values);
    glp_smcp how;
    glp_init_smcp(&how);
    how.msg_lev = GLP_MSG_ERR;
    how.presolve = GLP_ON;
    must(glp_simplex(programme.lp, &how) == 0 && glp_get_status(programme.lp) == GLP_OPT,
         "the bound cannot be computed");
    double bound = glp_get_obj_val(programme.lp);
    glp_delete_prob(programme.lp);
    free(programme.rows);
    free(programme.columns);
    free(programme.values);
    free(groups);
    return bound;
}

int main(int argc, char **argv)
{
    static struct city city = {.seed = 1};
    static const int LOADS[] = {60, 90, 120};
    must(argc == 2 || (argc == 4 && strcmp(argv[2], "--seed") == 0),
         "usage: bench_quality ORGANISATIONS.csv [--seed N]");
    city.seed = argc == 4 ? strtoull(argv[3], NULL, 10) : 1;
    city.needs = calloc(NEEDS_MAX, sizeof *city.needs);
    must(city.needs != NULL, "no memory");
    read_city(&city, argv[1]);
    (void)printf("{\"bench\":\"quality\",\"seed\":%" PRIu64 ",\"bodies\":%d,\"places\":%" PRId64
                 ",\"services\":%d,\"streets\":%d,\"loads\":[",
                 city.seed, city.body_count, city.capacity, city.service_count, city.street_count);
    for (size_t i = 0; i < sizeof LOADS / sizeof LOADS[0]; i++) {
        make_needs(&city, LOADS[i]);
        double bound = bound_of(&city);
        (void)printf("%s{\"load_percent\":%d,\"needs\":%d,\"bound\":%.4f", i > 0 ? "," : "",
                     LOADS[i], city.need_count, bound / city.need_count);
        for (int way = 0; way < WAYS; way++) {
            try_way(&city, (enum way)way, bound);
        }
        (void)putchar('}');
        (void)fflush(stdout);
    }
    (void)puts("]}");
    free(city.needs);
    return 0;
}
