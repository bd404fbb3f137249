/*
 * wushe-demo-city FOLDER [--seed N] [--date YYYY-MM-DD]
 *
 * Writes a made-up city as the files that `wushectl import` reads:
 * organisations.csv, registrations.csv, people.csv, resources.csv, needs.csv; its kinds of service
 * are those of seeds/catalogue. The same seed and date give the same bytes on
 * every machine. The date is the city's
 * today: registrations end one to three years later, and a few ended last year.
 *
 * Sources of the codes: GB 32100-2015 (social credit codes), GB 11714-1997
 * (the nine characters inside them), GB/T 2260 (divisions).
 */
#include "common/base/prng.h"
#include "seeds/demo/tables.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    EXIT_USAGE = 2,
    BODIES_MAX = 256,
    CODE_BYTES = 40, /* codes have 23 at most; room for what the compiler imagines */
    DISTRICT_COUNT = COUNT_OF(DISTRICTS),
    COMMUNITY_COUNT = DISTRICT_COUNT * STREETS_PER_DISTRICT * COMMUNITIES_PER_STREET,
};

static const char DIGITS[] = "0123456789ABCDEFGHJKLMNPQRTUWXY"; /* no I, O, S, V, Z */

struct body {
    const struct body_pattern *pattern;
    char code[CODE_BYTES];
    uint64_t division;
};

struct city {
    const char *folder;
    uint64_t seed;
    int year; /* of the city's today */
    struct body bodies[BODIES_MAX];
    size_t body_count;
    size_t people_count;
    size_t resource_count;
    size_t need_count;
};

/* ---- small things -------------------------------------------------------------- */

/* Every file has numbers of its own, so that a change to one leaves the others as they are. */
static struct wu_prng prng_of(const struct city *city, uint64_t file)
{
    struct wu_prng mix = {city->seed ^ (file * UINT64_C(0x9e3779b97f4a7c15))};
    return (struct wu_prng){wu_prng_next(&mix)};
}

/*
 * Never two of these in one argument list: C leaves open which is drawn first,
 * and compilers differ.
 */
static size_t pick(struct wu_prng *prng, size_t count)
{
    return (size_t)wu_prng_below(prng, count);
}

static int between(struct wu_prng *prng, int low, int high)
{
    return low + (int)wu_prng_below(prng, (uint64_t)(high - low) + 1);
}

static bool chance(struct wu_prng *prng, int permille)
{
    return (int)wu_prng_below(prng, 1000) < permille;
}

static uint64_t division_of(size_t district, size_t street, int community)
{
    const struct district *in = &DISTRICTS[district];
    return (uint64_t)in->code * 1000000 + (uint64_t)in->streets[street].code * 1000 +
           (uint64_t)community;
}

static FILE *open_file(const struct city *city, const char *name)
{
    char path[1024];
    int length = snprintf(path, sizeof(path), "%s/%s", city->folder, name);
    if (length < 0 || (size_t)length >= sizeof(path)) {
        fprintf(stderr, "wushe-demo-city: the folder's name is too long\n");
        return NULL;
    }
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        fprintf(stderr, "wushe-demo-city: cannot write '%s': %s; does the folder exist?\n", path,
                strerror(errno));
    }
    return file;
}

static bool close_file(FILE *file, const char *name)
{
    bool whole = ferror(file) == 0;
    if (fclose(file) != 0 || !whole) {
        fprintf(stderr, "wushe-demo-city: cannot write all of %s; is the disk full?\n", name);
        return false;
    }
    return true;
}

/* ---- codes ------------------------------------------------------------------------ */

static int digit_value(char digit)
{
    return (int)(strchr(DIGITS, digit) - DIGITS);
}

/* GB 11714: the ninth character of an organisation's code from its first eight digits. */
static char organisation_check(const char *body)
{
    static const int WEIGHTS[] = {3, 7, 9, 10, 5, 8, 4, 2};
    int sum = 0;
    for (size_t i = 0; i < COUNT_OF(WEIGHTS); i++) {
        sum += WEIGHTS[i] * (body[i] - '0');
    }
    return "0X987654321"[sum % 11];
}

/* GB 32100: the eighteenth character from the seventeen before it. */
static char credit_check(const char *code)
{
    int sum = 0;
    int weight = 1;
    for (int i = 0; i < 17; i++) {
        sum += weight * digit_value(code[i]);
        weight = weight * 3 % 31;
    }
    return DIGITS[(31 - sum % 31) % 31];
}

/* Registered by civil affairs ('5') as a body of that class in that county. */
static void credit_code(struct wu_prng *prng, char class, uint64_t division,
                        char ret_code[CODE_BYTES])
{
    char body[9];
    snprintf(body, sizeof(body), "%08d", between(prng, 50000000, 59999999));
    snprintf(ret_code, CODE_BYTES, "5%c%06" PRIu64 "%s%c", class, division / 1000000, body,
             organisation_check(body));
    ret_code[17] = credit_check(ret_code);
    ret_code[18] = '\0';
}

/* Bodies without a registration of their own are numbered by their area: V420106012, V420106,
 * V4201. */
static void area_code(char letter, enum level level, uint64_t division, char ret_code[CODE_BYTES])
{
    static const uint64_t UNITS[] = {
        [LEVEL_STREET] = 1000, [LEVEL_DISTRICT] = 1000000, [LEVEL_CITY] = 100000000};
    snprintf(ret_code, CODE_BYTES, "%c%" PRIu64, letter, division / UNITS[level]);
}

/* ---- organisations ---------------------------------------------------------------- */

static void write_communities(FILE *file)
{
    const size_t name_count = COUNT_OF(COMMUNITY_FRONTS) * COUNT_OF(COMMUNITY_BACKS);
    size_t name = 0;
    for (size_t district = 0; district < DISTRICT_COUNT; district++) {
        for (size_t street = 0; street < STREETS_PER_DISTRICT; street++) {
            for (int community = 1; community <= COMMUNITIES_PER_STREET; community++) {
                uint64_t division = division_of(district, street, community);
                fprintf(file, "community,%" PRIu64 ",%s%s%s社区居委会,%" PRIu64 ",,,\n", division,
                        DISTRICTS[district].streets[street].name,
                        COMMUNITY_FRONTS[name % COUNT_OF(COMMUNITY_FRONTS)],
                        COMMUNITY_BACKS[name / COUNT_OF(COMMUNITY_FRONTS)], division);
                name =
                    (name + 38) % name_count; /* 38 and 105 share no factor: no name comes twice */
            }
        }
    }
}

static void write_body(FILE *file, struct city *city, struct wu_prng *prng,
                       const struct body_pattern *pattern, const char *area, uint64_t division)
{
    struct body *body = &city->bodies[city->body_count++];
    body->pattern = pattern;
    body->division = division;
    if (pattern->code_class <= '9') {
        credit_code(prng, pattern->code_class, division, body->code);
    } else {
        area_code(pattern->code_class, pattern->level, division, body->code);
    }

    const char *name = pattern->name;
    const char *brand = "";
    if (name[0] == '*') {
        name++;
        brand = BRANDS[pick(prng, COUNT_OF(BRANDS))];
    }
    int capacity = between(prng, pattern->capacity_min, pattern->capacity_max);
    const char *answers = chance(prng, pattern->by_hand_permille) ? "by_hand" : "auto";
    fprintf(file, "%s,%s,%s%s%s,%" PRIu64 ",%s,%d,%s\n", pattern->society, body->code, area, brand,
            name, division, pattern->services, capacity, answers);
}

static void write_bodies_of_streets(FILE *file, struct city *city, struct wu_prng *prng,
                                    const struct body_pattern *pattern)
{
    for (size_t district = 0; district < DISTRICT_COUNT; district++) {
        for (size_t street = 0; street < STREETS_PER_DISTRICT; street++) {
            char area[64];
            snprintf(area, sizeof(area), "%s%s", DISTRICTS[district].name,
                     DISTRICTS[district].streets[street].name);
            write_body(file, city, prng, pattern, area, division_of(district, street, 0));
        }
    }
}

static void write_body_of_district(FILE *file, struct city *city, struct wu_prng *prng,
                                   const struct body_pattern *pattern, size_t district)
{
    write_body(file, city, prng, pattern, DISTRICTS[district].name,
               (uint64_t)DISTRICTS[district].code * 1000000);
}

static bool write_organisations(struct city *city)
{
    FILE *file = open_file(city, "organisations.csv");
    if (file == NULL) {
        return false;
    }
    struct wu_prng prng = prng_of(city, 1);
    fprintf(file, "society,code,name,division,services,capacity,answers\n");
    write_communities(file);
    for (size_t i = 0; i < COUNT_OF(BODY_PATTERNS); i++) {
        const struct body_pattern *pattern = &BODY_PATTERNS[i];
        switch (pattern->level) {
        case LEVEL_STREET:
            write_bodies_of_streets(file, city, &prng, pattern);
            break;
        case LEVEL_DISTRICT:
            for (size_t district = 0; district < DISTRICT_COUNT; district++) {
                write_body_of_district(file, city, &prng, pattern, district);
            }
            break;
        case LEVEL_CITY:
            write_body(file, city, &prng, pattern, "武汉市", (uint64_t)CITY_CODE * 100000000);
            break;
        }
    }
    write_body_of_district(file, city, &prng, &ONE_DISTRICT_BODY, ONE_DISTRICT);
    return close_file(file, "organisations.csv");
}

/* ---- registrations ---------------------------------------------------------------- */

/* Most were founded by residents; some were not, and it shows. */
static void write_registration(FILE *file, const struct city *city, struct wu_prng *prng,
                               const struct body *body)
{
    bool association = body->pattern->code_class == '1';
    int founders = between(prng, 5, 40);
    int residents = chance(prng, 750) ? between(prng, (founders + 1) / 2, founders)
                                      : between(prng, 0, founders / 3);
    int rating = between(prng, 0, 5);
    int until_year = city->year + between(prng, 1, 4);
    int rated_until_year = city->year + between(prng, 1, 5);
    fprintf(file, "%s,%s,%s,%04d-12-31,%d,%d,", body->code,
            association ? "association" : "service_agency", body->code, until_year, founders,
            residents);
    if (rating > 0) {
        fprintf(file, "%d,%04d-12-31", rating, rated_until_year);
    } else {
        fprintf(file, ",");
    }
    fprintf(file, ",%s,civil-affairs\n", body->pattern->services);
}

static bool write_registrations(const struct city *city)
{
    FILE *file = open_file(city, "registrations.csv");
    if (file == NULL) {
        return false;
    }
    struct wu_prng prng = prng_of(city, 5);
    fprintf(file, "body,kind,credit_code,until,founders,residents,rating,rated_until,scope,by\n");
    for (size_t i = 0; i < city->body_count; i++) {
        if (strcmp(city->bodies[i].pattern->society, "socialorg") == 0) {
            write_registration(file, city, &prng, &city->bodies[i]);
        }
    }
    return close_file(file, "registrations.csv");
}

/* ---- people ----------------------------------------------------------------------- */

static void write_person_name(FILE *file, struct wu_prng *prng)
{
    fputs(SURNAMES[pick(prng, COUNT_OF(SURNAMES))], file);
    fputs(GIVEN_NAMES[pick(prng, COUNT_OF(GIVEN_NAMES))], file);
    if (chance(prng, 700)) {
        fputs(GIVEN_NAMES[pick(prng, COUNT_OF(GIVEN_NAMES))], file);
    }
}

/* Some of a list separated by ';', each with that chance, and at least one. */
static void write_some_of(FILE *file, struct wu_prng *prng, const char *list, int permille)
{
    size_t count = 1;
    for (const char *at = list; *at != '\0'; at++) {
        count += *at == ';';
    }
    size_t always = pick(prng, count);
    bool first = true;
    for (size_t i = 0; i < count; i++) {
        size_t length = strcspn(list, ";");
        bool chosen = chance(prng, permille) || i == always;
        if (chosen) {
            fprintf(file, "%s%.*s", first ? "" : ";", (int)length, list);
            first = false;
        }
        list += length + (list[length] == ';');
    }
}

/* A home at or below the area: its own community for a street's people, any in reach for others. */
static uint64_t home_within(struct wu_prng *prng, uint64_t area, enum level level)
{
    int community = between(prng, 1, COMMUNITIES_PER_STREET);
    size_t district = pick(prng, DISTRICT_COUNT);
    size_t street = pick(prng, STREETS_PER_DISTRICT);
    if (level == LEVEL_STREET) {
        return area + (uint64_t)community;
    }
    for (size_t i = 0; level == LEVEL_DISTRICT && i < DISTRICT_COUNT; i++) {
        if ((uint64_t)DISTRICTS[i].code == area / 1000000) {
            district = i;
        }
    }
    return division_of(district, street, community);
}

static void write_workers(FILE *file, struct city *city, struct wu_prng *prng,
                          const struct body *station)
{
    static const int WORKERS[] = {[LEVEL_STREET] = 10, [LEVEL_DISTRICT] = 8, [LEVEL_CITY] = 14};
    static const int CASELOADS[] = {8, 8, 12, 12, 16}; /* as WORKER_LEVELS */
    for (int i = 0; i < WORKERS[station->pattern->level]; i++) {
        size_t level = pick(prng, COUNT_OF(WORKER_LEVELS));
        int since = city->year - between(prng, 1, 12);
        bool ended = chance(prng, 40);
        int until_year = city->year + (ended ? -1 : between(prng, 1, 3));
        int until_month = between(prng, 1, 12);
        int until_day = between(prng, 1, 28);
        int caseload = CASELOADS[level] + between(prng, 0, 4);
        city->people_count++;
        fprintf(file, "socialworker,%s,SW%04d4201%06zu,", station->code, since, city->people_count);
        write_person_name(file, prng);
        fprintf(file, ",%" PRIu64 ",%s,", station->division, WORKER_LEVELS[level]);
        write_some_of(file, prng, station->pattern->services, 450);
        fprintf(file, ",%04d-%02d-%02d,%d,\n", until_year, until_month, until_day, caseload);
    }
}

static void write_volunteers(FILE *file, struct city *city, struct wu_prng *prng,
                             const struct body *team)
{
    static const int PEOPLE[] = {[LEVEL_STREET] = 170, [LEVEL_DISTRICT] = 90, [LEVEL_CITY] = 180};
    enum level level = team->pattern->level;
    for (int i = 0; i < PEOPLE[level]; i++) {
        uint64_t home = home_within(prng, team->division, level);
        city->people_count++;
        fprintf(file, "volunteer,%s,%06" PRIu64 "%09zu,", team->code, home / 1000000,
                city->people_count);
        write_person_name(file, prng);
        fprintf(file, ",%" PRIu64 ",,", home);
        write_some_of(file, prng, team->pattern->services, 180);
        fprintf(file, ",,,%s\n", FREE_TIMES[pick(prng, COUNT_OF(FREE_TIMES))]);
    }
}

static bool write_people(struct city *city)
{
    FILE *file = open_file(city, "people.csv");
    if (file == NULL) {
        return false;
    }
    struct wu_prng prng = prng_of(city, 2);
    fprintf(file,
            "society,body,number,name,division,level,skills,registered_until,capacity,free\n");
    for (size_t i = 0; i < city->body_count; i++) {
        const struct body *body = &city->bodies[i];
        if (strcmp(body->pattern->society, "socialworker") == 0) {
            write_workers(file, city, &prng, body);
        } else if (strcmp(body->pattern->society, "volunteer") == 0) {
            write_volunteers(file, city, &prng, body);
        }
    }
    return close_file(file, "people.csv");
}

/* ---- resources -------------------------------------------------------------------- */

/* True when the list, separated by ';', has that service. */
static bool offers(const char *list, const char *service)
{
    size_t length = strlen(service);
    while (*list != '\0') {
        size_t item = strcspn(list, ";");
        if (item == length && strncmp(list, service, length) == 0) {
            return true;
        }
        list += item + (list[item] == ';');
    }
    return false;
}

static void write_gifts(FILE *file, struct city *city, struct wu_prng *prng,
                        const struct body *fund, const struct stock *stock)
{
    for (int gift = 0; gift < stock->gifts; gift++) {
        bool money = strncmp(stock->service, "money-", 6) == 0;
        int quantity = between(prng, stock->low, stock->high);
        city->resource_count++;
        fprintf(file, "%s,%s,%s,%d%s,R%04d-%05zu\n", fund->code, money ? "money" : "goods",
                stock->service, quantity, money ? ".00" : "", city->year, city->resource_count);
    }
}

static bool write_resources(struct city *city)
{
    FILE *file = open_file(city, "resources.csv");
    if (file == NULL) {
        return false;
    }
    struct wu_prng prng = prng_of(city, 3);
    fprintf(file, "fund,class,service,quantity,receipt\n");
    for (size_t i = 0; i < city->body_count; i++) {
        const struct body *body = &city->bodies[i];
        if (strcmp(body->pattern->society, "charity") != 0) {
            continue;
        }
        for (size_t j = 0; j < COUNT_OF(STOCKS); j++) {
            if (offers(body->pattern->services, STOCKS[j].service)) {
                write_gifts(file, city, &prng, body, &STOCKS[j]);
            }
        }
    }
    return close_file(file, "resources.csv");
}

/* ---- needs -------------------------------------------------------------------------- */

static void write_need(FILE *file, struct city *city, struct wu_prng *prng, const struct kind *kind)
{
    static const char *const SOURCES[] = {"resident", "resident", "resident", "inspection",
                                          "agency"};
    size_t district = pick(prng, DISTRICT_COUNT);
    size_t street = pick(prng, STREETS_PER_DISTRICT);
    int community = between(prng, 1, COMMUNITIES_PER_STREET);
    const char *source = SOURCES[pick(prng, COUNT_OF(SOURCES))];
    int raised_hours = between(prng, 0, 36);
    int from_hours = between(prng, 1, 48);
    int until_days = between(prng, 9, 14);
    city->need_count++;
    fprintf(file, "DEMO-%05zu,%s,%" PRIu64 ",%s,%s,-%dh,+%dh,+%dd\n", city->need_count, kind->code,
            division_of(district, street, community), kind->urgency, source, raised_hours,
            from_hours, until_days);
}

/* In a mixed order, as life brings them: each draw takes one of what is left. */
static bool write_needs(struct city *city)
{
    FILE *file = open_file(city, "needs.csv");
    if (file == NULL) {
        return false;
    }
    struct wu_prng prng = prng_of(city, 4);
    fprintf(file, "ref,kind,division,urgency,source,raised_at,from,until\n");
    int left[COUNT_OF(KINDS)];
    int all_left = 0;
    for (size_t i = 0; i < COUNT_OF(KINDS); i++) {
        left[i] = KINDS[i].needs;
        all_left += left[i];
    }
    for (; all_left > 0; all_left--) {
        int drawn = between(&prng, 0, all_left - 1);
        size_t i = 0;
        while (drawn >= left[i]) {
            drawn -= left[i];
            i++;
        }
        left[i]--;
        write_need(file, city, &prng, &KINDS[i]);
    }
    return close_file(file, "needs.csv");
}

/* ---- command line ----------------------------------------------------------------- */

static int usage(void)
{
    fprintf(stderr, "usage: wushe-demo-city FOLDER [--seed N] [--date YYYY-MM-DD]\n");
    return EXIT_USAGE;
}

/* "2026-11-24": the year of it, or 0 for anything else. */
static int year_of(const char *text)
{
    static const char SHAPE[] = "dddd-dd-dd";
    if (strlen(text) != sizeof(SHAPE) - 1) {
        return 0;
    }
    for (size_t i = 0; SHAPE[i] != '\0'; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (SHAPE[i] == 'd' ? !digit : text[i] != '-') {
            return 0;
        }
    }
    return (int)strtol(text, NULL, 10);
}

static bool parse_options(int argc, char **argv, struct city *city)
{
    for (int i = 2; i + 1 < argc; i += 2) {
        char *end = NULL;
        if (strcmp(argv[i], "--seed") == 0) {
            city->seed = strtoull(argv[i + 1], &end, 0);
            if (*end != '\0' || end == argv[i + 1]) {
                return false;
            }
        } else if (strcmp(argv[i], "--date") == 0) {
            city->year = year_of(argv[i + 1]);
            if (city->year < 2000) {
                return false;
            }
        } else {
            return false;
        }
    }
    return argc >= 2 && argc % 2 == 0 && argv[1][0] != '-';
}

int main(int argc, char **argv)
{
    struct city city = {.seed = 5, .year = 2026};
    if (!parse_options(argc, argv, &city)) {
        return usage();
    }
    city.folder = argv[1];
    if (!write_organisations(&city) || !write_registrations(&city) || !write_people(&city) ||
        !write_resources(&city) || !write_needs(&city)) {
        return EXIT_FAILURE;
    }
    printf("%s: %d communities, %zu organisations, %zu people, %zu gifts, %zu needs\n", city.folder,
           COMMUNITY_COUNT, city.body_count, city.people_count, city.resource_count,
           city.need_count);
    return EXIT_SUCCESS;
}
