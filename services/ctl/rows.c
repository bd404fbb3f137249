#include "services/ctl/rows.h"

#include "common/base/time.h"
#include "wushe/charity/v1/gift.pb-c.h"
#include "wushe/community/v1/need.pb-c.h"
#include "wushe/coordinator/v1/day.pb-c.h"
#include "wushe/coordinator/v1/kind.pb-c.h"
#include "wushe/socialorg/v1/organisation.pb-c.h"
#include "wushe/socialworker/v1/worker.pb-c.h"
#include "wushe/volunteer/v1/volunteer.pb-c.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PARTS_MAX = 64, YEARS_OF_HOURS_MAX = 24 * 366 * 10 };

bool ctl_row_fail(struct ctl_row_fault *fault, const char *code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fault->code = code;
    (void)vsnprintf(fault->reason, sizeof fault->reason, format, args);
    va_end(args);
    return false;
}

/* ---- pieces of a row ------------------------------------------------------- */

struct reader {
    const char *const *cells;
    const struct ctl_clock *clock;
    struct wu_arena *arena;
    struct ctl_row_command *command;
    struct ctl_row_fault *fault;
};

static bool no_memory(struct ctl_row_fault *fault)
{
    return ctl_row_fail(fault, "ROW_TOO_BIG", "the row does not fit into memory for one command");
}

static bool read_division(const struct reader *reader, const char *text, uint64_t *ret_division)
{
    return ctl_parse_division(text, ret_division) ||
           ctl_row_fail(reader->fault, "DIVISION_MALFORMED",
                        "division '%.40s' is not 12 digits: a community has its street's nine and "
                        "three of its own",
                        text);
}

static bool read_number(const struct reader *reader, const char *what, const char *text,
                        int64_t max, int64_t *ret_number)
{
    if (*text == '\0') {
        *ret_number = 0;
        return true;
    }
    return ctl_parse_number(text, max, ret_number) ||
           ctl_row_fail(reader->fault, "NUMBER_MALFORMED",
                        "%s '%.40s' is not a number from 0 to %lld", what, text, (long long)max);
}

static bool read_time(const struct reader *reader, const char *what, const char *text,
                      int64_t *ret_ms)
{
    return ctl_parse_time(text, reader->clock, ret_ms) ||
           ctl_row_fail(reader->fault, "TIME_MALFORMED",
                        "%s '%.60s' is not a time: write 2026-11-24 09:30, an ISO 8601 time with Z "
                        "or offset, or +24h",
                        what, text);
}

static bool read_word(const struct reader *reader, const char *what,
                      const ProtobufCEnumDescriptor *words, const char *prefix, const char *text,
                      int *ret_value)
{
    char all[160];
    return ctl_parse_word(words, prefix, text, ret_value) ||
           ctl_row_fail(reader->fault, "WORD_UNKNOWN", "%s '%.40s' is none of %s", what, text,
                        ctl_words(words, prefix, all, sizeof all));
}

/* "a;b;c" to texts in the arena; blanks around them and empty ones are dropped. */
static bool split(const struct reader *reader, const char *what, const char *text,
                  const char ***ret_parts, size_t *ret_count)
{
    const char **parts = wu_arena_take(reader->arena, PARTS_MAX * sizeof *parts);
    char *rest = wu_arena_copy(reader->arena, text, strlen(text));
    if (parts == NULL || rest == NULL) {
        return no_memory(reader->fault);
    }
    size_t count = 0;
    for (char *part = rest; part != NULL; part = rest) {
        rest = strchr(part, ';');
        if (rest != NULL) {
            *rest++ = '\0';
        }
        part += strspn(part, " \t");
        size_t size = strlen(part);
        while (size > 0 && (part[size - 1] == ' ' || part[size - 1] == '\t')) {
            part[--size] = '\0';
        }
        if (size == 0) {
            continue;
        }
        if (count == PARTS_MAX) {
            return ctl_row_fail(reader->fault, "LIST_TOO_LONG", "%s: at most %d, separated by ';'",
                                what, PARTS_MAX);
        }
        parts[count++] = part;
    }
    *ret_parts = parts;
    *ret_count = count;
    return true;
}

/* A message of that type in the arena; the command carries it. */
static void *new_body(const struct reader *reader, wu_event_type type,
                      const ProtobufCMessageDescriptor *descriptor)
{
    ProtobufCMessage *body = wu_arena_take(reader->arena, descriptor->sizeof_message);
    if (body == NULL) {
        (void)no_memory(reader->fault);
        return NULL;
    }
    protobuf_c_message_init(descriptor, body);
    reader->command->type = type;
    reader->command->body = body;
    return body;
}

static void to_role(const struct reader *reader, const char *role)
{
    (void)snprintf(reader->command->role, sizeof reader->command->role, "%s", role);
}

/* ---- organisations --------------------------------------------------------- */

enum { ORG_SOCIETY, ORG_CODE, ORG_NAME, ORG_DIVISION, ORG_SERVICES, ORG_CAPACITY, ORG_ANSWERS };

static const struct ctl_csv_column ORG_COLUMNS[] = {
    {"society", true},   {"code", true},      {"name", true},     {"division", true},
    {"services", false}, {"capacity", false}, {"answers", false}, {0},
};

static bool read_community(const struct reader *reader)
{
    Community__AddCommunity *add =
        new_body(reader, WU_TYPE(COMMUNITY_ADD_COMMUNITY), &community__add_community__descriptor);
    if (add == NULL || !read_division(reader, reader->cells[ORG_DIVISION], &add->division)) {
        return false;
    }
    add->name = reader->cells[ORG_NAME];
    reader->command->division = add->division;
    return true;
}

static bool read_answers(const struct reader *reader, protobuf_c_boolean *ret_by_hand)
{
    const char *text = reader->cells[ORG_ANSWERS];
    *ret_by_hand = strcmp(text, "by_hand") == 0;
    return *ret_by_hand || text[0] == '\0' || strcmp(text, "auto") == 0 ||
           ctl_row_fail(reader->fault, "WORD_UNKNOWN", "answers '%.40s' is none of auto or by_hand",
                        text);
}

static bool read_provider(const struct reader *reader)
{
    Linkage__AddProvider *add =
        new_body(reader, WU_TYPE(LINKAGE_ADD_PROVIDER), &linkage__add_provider__descriptor);
    if (add == NULL) {
        return false;
    }
    add->code = reader->cells[ORG_CODE];
    add->name = reader->cells[ORG_NAME];
    return read_division(reader, reader->cells[ORG_DIVISION], &add->division) &&
           split(reader, "services", reader->cells[ORG_SERVICES], &add->services,
                 &add->n_services) &&
           read_number(reader, "capacity", reader->cells[ORG_CAPACITY], 1000000,
                       &add->capacity_cases) &&
           read_answers(reader, &add->by_hand);
}

static bool read_organisation(const struct reader *reader)
{
    static const char *const providers[] = {"socialorg", "socialworker", "volunteer", "charity"};
    const char *society = reader->cells[ORG_SOCIETY];
    if (strcmp(society, "community") == 0) {
        to_role(reader, society);
        return read_community(reader);
    }
    for (size_t i = 0; i < sizeof providers / sizeof providers[0]; i++) {
        if (strcmp(society, providers[i]) == 0) {
            to_role(reader, society);
            return read_provider(reader);
        }
    }
    return ctl_row_fail(reader->fault, "SOCIETY_UNKNOWN",
                        "society '%.40s' is none of community, socialorg, socialworker, volunteer "
                        "or charity",
                        society);
}

/* ---- registrations ----------------------------------------------------------- */

enum {
    REGISTRATION_BODY,
    REGISTRATION_KIND,
    REGISTRATION_CREDIT_CODE,
    REGISTRATION_FILING_NUMBER,
    REGISTRATION_UNTIL,
    REGISTRATION_FOUNDERS,
    REGISTRATION_RESIDENTS,
    REGISTRATION_RATING,
    REGISTRATION_RATED_UNTIL,
    REGISTRATION_SCOPE,
    REGISTRATION_AREAS,
    REGISTRATION_CHECKS,
    REGISTRATION_BY,
};

static const struct ctl_csv_column REGISTRATION_COLUMNS[] = {
    {"body", true},         {"kind", true},
    {"credit_code", false}, {"filing_number", false},
    {"until", true},        {"founders", true},
    {"residents", true},    {"rating", false},
    {"rated_until", false}, {"scope", false},
    {"areas", false},       {"checks", false},
    {"by", true},           {0},
};

static bool read_last_day(const struct reader *reader, const char *what, const char *text,
                          int64_t *ret_ms)
{
    return *text == '\0' || ctl_parse_last_day(text, reader->clock, ret_ms) ||
           ctl_row_fail(reader->fault, "DATE_MALFORMED",
                        "%s '%.40s' is not a day: write 2027-12-31", what, text);
}

static bool read_small(const struct reader *reader, const char *what, int cell,
                       uint32_t *ret_number)
{
    int64_t number = 0;
    bool good = read_number(reader, what, reader->cells[cell], 1000000, &number);
    *ret_number = (uint32_t)number;
    return good;
}

static bool read_areas(const struct reader *reader, Socialorg__RegisterOrganisation *message)
{
    const char **parts = NULL;
    if (!split(reader, "areas", reader->cells[REGISTRATION_AREAS], &parts, &message->n_areas)) {
        return false;
    }
    message->areas = wu_arena_take(reader->arena, (message->n_areas + 1) * sizeof *message->areas);
    if (message->areas == NULL) {
        return no_memory(reader->fault);
    }
    for (size_t i = 0; i < message->n_areas; i++) {
        if (!read_division(reader, parts[i], &message->areas[i])) {
            return false;
        }
    }
    return true;
}

static bool read_registration(const struct reader *reader)
{
    Socialorg__RegisterOrganisation *message =
        new_body(reader, WU_TYPE(SOCIALORG_REGISTER_ORGANISATION),
                 &socialorg__register_organisation__descriptor);
    int kind = 0;
    if (message == NULL ||
        !read_word(reader, "kind", &socialorg__organisation_kind__descriptor, "ORGANISATION_KIND_",
                   reader->cells[REGISTRATION_KIND], &kind)) {
        return false;
    }
    to_role(reader, "socialorg");
    message->body = reader->cells[REGISTRATION_BODY];
    message->kind = (Socialorg__OrganisationKind)kind;
    message->credit_code = reader->cells[REGISTRATION_CREDIT_CODE];
    message->filing_number = reader->cells[REGISTRATION_FILING_NUMBER];
    message->by = reader->cells[REGISTRATION_BY];
    return read_last_day(reader, "until", reader->cells[REGISTRATION_UNTIL],
                         &message->registered_until_ms) &&
           read_last_day(reader, "rated_until", reader->cells[REGISTRATION_RATED_UNTIL],
                         &message->rated_until_ms) &&
           read_small(reader, "founders", REGISTRATION_FOUNDERS, &message->founder_count) &&
           read_small(reader, "residents", REGISTRATION_RESIDENTS,
                      &message->resident_founder_count) &&
           read_small(reader, "rating", REGISTRATION_RATING, &message->rating) &&
           split(reader, "scope", reader->cells[REGISTRATION_SCOPE], &message->scope,
                 &message->n_scope) &&
           split(reader, "checks", reader->cells[REGISTRATION_CHECKS], &message->checks,
                 &message->n_checks) &&
           read_areas(reader, message);
}

/* ---- people ---------------------------------------------------------------- */

enum {
    PERSON_SOCIETY,
    PERSON_BODY,
    PERSON_NUMBER,
    PERSON_NAME,
    PERSON_DIVISION,
    PERSON_LEVEL,
    PERSON_SKILLS,
    PERSON_REGISTERED_UNTIL,
    PERSON_CAPACITY,
    PERSON_FREE,
};

static const struct ctl_csv_column PERSON_COLUMNS[] = {
    {"society", true},
    {"body", true},
    {"number", true},
    {"name", true},
    {"division", false},
    {"level", false},
    {"skills", true},
    {"registered_until", false},
    {"capacity", false},
    {"free", false},
    {0},
};

static bool read_worker(const struct reader *reader)
{
    Socialworker__AddWorker *add =
        new_body(reader, WU_TYPE(SOCIALWORKER_ADD_WORKER), &socialworker__add_worker__descriptor);
    int level = 0;
    if (add == NULL || !read_word(reader, "level", &socialworker__worker_level__descriptor,
                                  "WORKER_LEVEL_", reader->cells[PERSON_LEVEL], &level)) {
        return false;
    }
    const char *until = reader->cells[PERSON_REGISTERED_UNTIL];
    if (!ctl_parse_last_day(until, reader->clock, &add->registered_until_ms)) {
        return ctl_row_fail(reader->fault, "DATE_MALFORMED",
                            "registered_until '%.40s' is not a day: write 2027-12-31", until);
    }
    add->number = reader->cells[PERSON_NUMBER];
    add->station = reader->cells[PERSON_BODY];
    add->name = reader->cells[PERSON_NAME];
    add->level = (Socialworker__WorkerLevel)level;
    return split(reader, "skills", reader->cells[PERSON_SKILLS], &add->fields, &add->n_fields) &&
           read_number(reader, "capacity", reader->cells[PERSON_CAPACITY], 1000000,
                       &add->caseload_max);
}

/* "1:0800-1200;6:0900-1800" */
static bool read_free(const struct reader *reader, Volunteer__AddVolunteer *add)
{
    const char **parts = NULL;
    size_t count = 0;
    if (!split(reader, "free", reader->cells[PERSON_FREE], &parts, &count)) {
        return false;
    }
    add->free = wu_arena_take(reader->arena, (count + 1) * sizeof *add->free);
    Volunteer__WeeklyTime *times = wu_arena_take(reader->arena, (count + 1) * sizeof *times);
    if (add->free == NULL || times == NULL) {
        return no_memory(reader->fault);
    }
    for (size_t i = 0; i < count; i++) {
        struct ctl_weekly weekly;
        if (!ctl_parse_weekly(parts[i], &weekly)) {
            return ctl_row_fail(reader->fault, "FREE_MALFORMED",
                                "free '%.40s' is not a weekly time: write 1:0800-1200, weekday 1 "
                                "Monday to 7",
                                parts[i]);
        }
        volunteer__weekly_time__init(&times[i]);
        times[i].weekday = weekly.weekday;
        times[i].from_min = weekly.from_min;
        times[i].until_min = weekly.until_min;
        add->free[i] = &times[i];
    }
    add->n_free = count;
    return true;
}

static bool read_volunteer(const struct reader *reader)
{
    Volunteer__AddVolunteer *add =
        new_body(reader, WU_TYPE(VOLUNTEER_ADD_VOLUNTEER), &volunteer__add_volunteer__descriptor);
    if (add == NULL) {
        return false;
    }
    add->number = reader->cells[PERSON_NUMBER];
    add->team = reader->cells[PERSON_BODY];
    add->name = reader->cells[PERSON_NAME];
    return read_division(reader, reader->cells[PERSON_DIVISION], &add->division) &&
           split(reader, "skills", reader->cells[PERSON_SKILLS], &add->skills, &add->n_skills) &&
           read_free(reader, add);
}

static bool read_person(const struct reader *reader)
{
    const char *society = reader->cells[PERSON_SOCIETY];
    if (strcmp(society, "socialworker") == 0) {
        to_role(reader, society);
        return read_worker(reader);
    }
    if (strcmp(society, "volunteer") == 0) {
        to_role(reader, society);
        return read_volunteer(reader);
    }
    return ctl_row_fail(reader->fault, "SOCIETY_UNKNOWN",
                        "society '%.40s' is none of socialworker or volunteer", society);
}

/* ---- resources ------------------------------------------------------------- */

enum { GIFT_FUND, GIFT_CLASS, GIFT_SERVICE, GIFT_QUANTITY, GIFT_RECEIPT };

static const struct ctl_csv_column GIFT_COLUMNS[] = {
    {"fund", true}, {"class", true}, {"service", true}, {"quantity", true}, {"receipt", true}, {0},
};

static bool read_resource(const struct reader *reader)
{
    Charity__Give *give = new_body(reader, WU_TYPE(CHARITY_GIVE), &charity__give__descriptor);
    int resource_class = 0;
    if (give == NULL || !read_word(reader, "class", &charity__resource_class__descriptor,
                                   "RESOURCE_CLASS_", reader->cells[GIFT_CLASS], &resource_class)) {
        return false;
    }
    to_role(reader, "charity");
    give->fund = reader->cells[GIFT_FUND];
    give->resource_class = (Charity__ResourceClass)resource_class;
    give->service = reader->cells[GIFT_SERVICE];
    give->receipt = reader->cells[GIFT_RECEIPT];
    const char *quantity = reader->cells[GIFT_QUANTITY];
    if (give->resource_class == CHARITY__RESOURCE_CLASS__RESOURCE_CLASS_MONEY) {
        return ctl_parse_fen(quantity, &give->quantity) ||
               ctl_row_fail(reader->fault, "MONEY_MALFORMED",
                            "quantity '%.40s' is not yuan with at most two decimals: write 1234.50",
                            quantity);
    }
    return ctl_parse_number(quantity, INT64_C(1000000000000), &give->quantity) ||
           ctl_row_fail(reader->fault, "NUMBER_MALFORMED",
                        "quantity '%.40s' is not a number of pieces", quantity);
}

/* ---- days ------------------------------------------------------------------ */

enum { DAY_DATE, DAY_WORD, DAY_NAME };

static const struct ctl_csv_column DAY_COLUMNS[] = {
    {"date", true},
    {"day", true},
    {"name", false},
    {0},
};

static bool read_day(const struct reader *reader)
{
    Coordinator__AdoptDay *adopt =
        new_body(reader, WU_TYPE(COORDINATOR_ADOPT_DAY), &coordinator__adopt_day__descriptor);
    const char *word = reader->cells[DAY_WORD];
    int kind = 0; /* "usual" takes the day back */
    if (adopt == NULL ||
        (strcmp(word, "usual") != 0 &&
         !read_word(reader, "day", &coordinator__day_kind__descriptor, "DAY_KIND_", word, &kind))) {
        return false;
    }
    to_role(reader, "coordinator");
    adopt->kind = (Coordinator__DayKind)kind;
    adopt->name = reader->cells[DAY_NAME];
    return ctl_parse_date(reader->cells[DAY_DATE], &adopt->date) ||
           ctl_row_fail(reader->fault, "DATE_MALFORMED",
                        "date '%.40s' is not a day: write it as 2026-10-01",
                        reader->cells[DAY_DATE]);
}

/* ---- kinds ----------------------------------------------------------------- */

enum {
    KIND_CODE,
    KIND_NAME_ZH,
    KIND_NAME_EN,
    KIND_ASSESS_FIELD,
    KIND_REPLY_MINUTES,
    KIND_DELIVER_HOURS,
    KIND_CONFIRM_HOURS,
    KIND_RECIPE,
};

static const struct ctl_csv_column KIND_COLUMNS[] = {
    {"code", true},          {"name_zh", true},       {"name_en", true},
    {"assess_field", false}, {"reply_minutes", true}, {"deliver_hours", true},
    {"confirm_hours", true}, {"recipe", true},        {0},
};

/* The end of the field that begins at `at`, made to end there; NULL when there is none. */
static char *cut(char *at, char separator)
{
    char *end = strchr(at, separator);
    if (end == NULL) {
        return NULL;
    }
    *end = '\0';
    return end + 1;
}

static bool read_plan_step(char *text, Linkage__PlanStep *step, struct ctl_row_fault *fault)
{
    char *service = cut(text, ':');
    char *quantity = service != NULL ? cut(service, ':') : NULL;
    if (quantity == NULL) {
        return ctl_row_fail(fault, "RECIPE_MALFORMED",
                            "recipe step '%.60s' is not role:service:quantity", text);
    }
    size_t size = strlen(quantity);
    step->required = size == 0 || quantity[size - 1] != '?';
    if (!step->required) {
        quantity[size - 1] = '\0';
    }
    int role = 0;
    if (!ctl_parse_word(&linkage__role__descriptor, "ROLE_", text, &role)) {
        return ctl_row_fail(fault, "RECIPE_MALFORMED",
                            "recipe role '%.40s' is none of socialorg, socialworker, volunteer or "
                            "charity",
                            text);
    }
    if (!ctl_parse_number(quantity, INT64_C(1000000000000), &step->quantity)) {
        return ctl_row_fail(fault, "RECIPE_MALFORMED",
                            "recipe quantity '%.40s' is not a number (money is in fen)", quantity);
    }
    step->role = (Linkage__Role)role;
    step->service = service;
    return true;
}

bool ctl_parse_recipe(const char *text, struct wu_arena *arena, Linkage__PlanStep ***ret_steps,
                      size_t *ret_count, struct ctl_row_fault *ret_fault)
{
    const struct reader reader = {.arena = arena, .fault = ret_fault};
    const char **parts = NULL;
    size_t count = 0;
    if (!split(&reader, "recipe", text, &parts, &count)) {
        return false;
    }
    Linkage__PlanStep **list = wu_arena_take(arena, (count + 1) * sizeof *list);
    Linkage__PlanStep *steps = wu_arena_take(arena, (count + 1) * sizeof *steps);
    if (list == NULL || steps == NULL) {
        return no_memory(ret_fault);
    }
    for (size_t i = 0; i < count; i++) {
        linkage__plan_step__init(&steps[i]);
        char *part = wu_arena_copy(arena, parts[i], strlen(parts[i]));
        if (part == NULL) {
            return no_memory(ret_fault);
        }
        if (!read_plan_step(part, &steps[i], ret_fault)) {
            return false;
        }
        list[i] = &steps[i];
    }
    *ret_steps = list;
    *ret_count = count;
    return true;
}

/* A length of time in its own unit, to milliseconds. */
static bool read_span(const struct reader *reader, const char *what, const char *text,
                      int64_t unit_ms, int64_t *ret_ms)
{
    int64_t count = 0;
    if (!read_number(reader, what, text, YEARS_OF_HOURS_MAX, &count)) {
        return false;
    }
    *ret_ms = count * unit_ms;
    return true;
}

static bool read_kind(const struct reader *reader)
{
    Coordinator__AdoptKind *adopt =
        new_body(reader, WU_TYPE(COORDINATOR_ADOPT_KIND), &coordinator__adopt_kind__descriptor);
    if (adopt == NULL) {
        return false;
    }
    to_role(reader, "coordinator");
    adopt->code = reader->cells[KIND_CODE];
    adopt->name_zh = reader->cells[KIND_NAME_ZH];
    adopt->name_en = reader->cells[KIND_NAME_EN];
    adopt->assess_field = reader->cells[KIND_ASSESS_FIELD];
    adopt->assess = adopt->assess_field[0] != '\0';
    return read_span(reader, "reply_minutes", reader->cells[KIND_REPLY_MINUTES], WU_MINUTE_MS,
                     &adopt->reply_within_ms) &&
           read_span(reader, "deliver_hours", reader->cells[KIND_DELIVER_HOURS], WU_HOUR_MS,
                     &adopt->deliver_within_ms) &&
           read_span(reader, "confirm_hours", reader->cells[KIND_CONFIRM_HOURS], WU_HOUR_MS,
                     &adopt->confirm_within_ms) &&
           ctl_parse_recipe(reader->cells[KIND_RECIPE], reader->arena, &adopt->recipe,
                            &adopt->n_recipe, reader->fault);
}

/* ---- needs ----------------------------------------------------------------- */

static const struct ctl_csv_column NEED_COLUMNS[] = {
    [CTL_NEED_REF] = {"ref", true},
    [CTL_NEED_KIND] = {"kind", true},
    [CTL_NEED_DIVISION] = {"division", true},
    [CTL_NEED_URGENCY] = {"urgency", false},
    [CTL_NEED_SOURCE] = {"source", false},
    [CTL_NEED_RAISED_AT] = {"raised_at", false},
    [CTL_NEED_FROM] = {"from", false},
    [CTL_NEED_UNTIL] = {"until", false},
    [CTL_NEED_UNTIL + 1] = {0},
};

static const char *or_else(const char *text, const char *otherwise)
{
    return text[0] != '\0' ? text : otherwise;
}

static bool read_need_times(const struct reader *reader, Community__RaiseNeed *raise)
{
    const char *raised_at = reader->cells[CTL_NEED_RAISED_AT];
    if (raised_at[0] != '\0' &&
        !read_time(reader, "raised_at", raised_at, &reader->command->happened_at_ms)) {
        return false;
    }
    if (reader->command->happened_at_ms > reader->clock->now_ms) {
        return ctl_row_fail(reader->fault, "TIME_TO_COME",
                            "raised_at '%.60s' is yet to come: a need is raised before it is on "
                            "file",
                            raised_at);
    }
    return read_time(reader, "from", or_else(reader->cells[CTL_NEED_FROM], "+1h"),
                     &raise->from_ms) &&
           read_time(reader, "until", or_else(reader->cells[CTL_NEED_UNTIL], "+7d"),
                     &raise->until_ms);
}

static bool read_need(const struct reader *reader)
{
    Community__RaiseNeed *raise =
        new_body(reader, WU_TYPE(COMMUNITY_RAISE_NEED), &community__raise_need__descriptor);
    int urgency = 0;
    int source = 0;
    if (raise == NULL ||
        !read_word(reader, "urgency", &community__need_urgency__descriptor, "NEED_URGENCY_",
                   or_else(reader->cells[CTL_NEED_URGENCY], "longing"), &urgency) ||
        !read_word(reader, "source", &community__need_source__descriptor, "NEED_SOURCE_",
                   or_else(reader->cells[CTL_NEED_SOURCE], "resident"), &source) ||
        !read_division(reader, reader->cells[CTL_NEED_DIVISION], &raise->division)) {
        return false;
    }
    if (reader->cells[CTL_NEED_REF][0] == '\0') {
        return ctl_row_fail(reader->fault, "REF_MISSING",
                            "ref is empty: without a number of its own the need would be raised "
                            "again by every import");
    }
    to_role(reader, "community");
    reader->command->division = raise->division;
    raise->kind = reader->cells[CTL_NEED_KIND];
    raise->urgency = (Community__NeedUrgency)urgency;
    raise->source = (Community__NeedSource)source;
    raise->external_ref = reader->cells[CTL_NEED_REF];
    raise->origin = or_else(reader->cells[CTL_NEED_ORIGIN], "csv");
    return read_need_times(reader, raise);
}

/* ---- the table ------------------------------------------------------------- */

/* Defines read_<name>_row, the door to read_<name> for whoever has cells. */
#define ROW_READER(name)                                                                       \
    static bool read_##name##_row(const char *const *cells, const struct ctl_clock *clock,     \
                                  struct wu_arena *arena, struct ctl_row_command *ret_command, \
                                  struct ctl_row_fault *ret_fault)                             \
    {                                                                                          \
        *ret_command = (struct ctl_row_command){0};                                            \
        const struct reader reader = {cells, clock, arena, ret_command, ret_fault};            \
        return read_##name(&reader);                                                           \
    }
ROW_READER(need)
ROW_READER(person)
ROW_READER(organisation)
ROW_READER(registration)
ROW_READER(resource)
ROW_READER(kind)
ROW_READER(day)

const struct ctl_row_kind CTL_ROW_NEEDS = {"needs", NEED_COLUMNS, read_need_row};

const struct ctl_row_kind CTL_ROW_KINDS[] = {
    {"needs", NEED_COLUMNS, read_need_row},
    {"people", PERSON_COLUMNS, read_person_row},
    {"organisations", ORG_COLUMNS, read_organisation_row},
    {"registrations", REGISTRATION_COLUMNS, read_registration_row},
    {"resources", GIFT_COLUMNS, read_resource_row},
    {"kinds", KIND_COLUMNS, read_kind_row},
    {"days", DAY_COLUMNS, read_day_row},
    {0},
};
