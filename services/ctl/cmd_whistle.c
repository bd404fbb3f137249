#include "common/base/time.h"
#include "services/coordinator/core/tables.h"
#include "services/ctl/bulk.h"
#include "services/ctl/commands.h"
#include "services/ctl/nodes.h"
#include "services/ctl/parse.h"

#include <inttypes.h>
#include <string.h>

/* Departments, whistles and what is contended for: the coordinator's records of disputes. */

enum { LIST_ROWS = 50, SPAN_MINUTES_MAX = 60 * 24 * 365 };

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static const char *count_text(struct ctl *ctl, uint64_t count)
{
    return wu_arena_printf(&ctl->arena, "%" PRIu64, count);
}

static const char *grade_text(struct ctl *ctl, WhistleGrade grade)
{
    char word[32];
    return wu_arena_printf(&ctl->arena, "%s",
                           ctl_word(&coordinator__whistle_grade__descriptor, "WHISTLE_GRADE_",
                                    (int)grade, word, sizeof word));
}

static int open_hub(struct ctl *ctl, struct ctl_reader *ret_reader)
{
    *ret_reader = (struct ctl_reader){0};
    const struct ctl_node *node = ctl_load_home(ctl) ? ctl_node_of_role(ctl, "coordinator") : NULL;
    return node != NULL ? ctl_reader_open(ctl, node, ret_reader) : CTL_USAGE;
}

/* Sends it to the coordinator; says what was done, and the number if one was made. */
static int call(struct ctl *ctl, wu_event_type type, const ProtobufCMessage *body, const char *done)
{
    const struct ctl_node *node = ctl_load_home(ctl) ? ctl_node_of_role(ctl, "coordinator") : NULL;
    const Bus__Answer *answer = NULL;
    if (node == NULL) {
        return CTL_USAGE;
    }
    const struct wu_command command = {.type = type, .body = body};
    int status = ctl_call(ctl, node, &command, &answer);
    if (status != CTL_OK) {
        return status;
    }
    struct wu_id made;
    char text[WU_ID_TEXT_MAX] = "";
    if (wu_id_from_pb(answer->id, &made)) {
        (void)wu_id_to_text(&made, text);
    }
    if (ctl->json) {
        (void)printf("{\"done\":\"%s\",\"id\":\"%s\"}\n", done, text);
    } else {
        (void)printf("%s%s%s\n", done, text[0] != '\0' ? ": " : "", text);
    }
    return CTL_OK;
}

/* ---- departments ------------------------------------------------------------------ */

static bool read_span(const char *name, const char *text, int64_t *ret_ms)
{
    int64_t minutes = 0;
    if (text != NULL && !ctl_parse_number(text, SPAN_MINUTES_MAX, &minutes)) {
        (void)ctl_complain(CTL_USAGE, "--%s '%s' is not a number of minutes", name, text);
        return false;
    }
    *ret_ms = minutes * WU_MINUTE_MS;
    return true;
}

int cmd_department_add(struct ctl *ctl, int argc, char **argv)
{
    AddDepartment add = COORDINATOR__ADD_DEPARTMENT__INIT;
    const char *name = ctl_option(&argc, argv, "name");
    const char *division = ctl_option(&argc, argv, "division");
    const char *general = ctl_option(&argc, argv, "general");
    const char *key = ctl_option(&argc, argv, "key");
    const char *urgent = ctl_option(&argc, argv, "urgent");
    if (!ctl_arguments(ctl, argc, argv, 1, 1) ||
        !read_span("general", general, &add.general_within_ms) ||
        !read_span("key", key, &add.key_within_ms) ||
        !read_span("urgent", urgent, &add.urgent_within_ms)) {
        return CTL_USAGE;
    }
    if (division == NULL || !ctl_parse_division(division, &add.division)) {
        return ctl_complain(CTL_USAGE, "--division is 12 digits: what the department answers for");
    }
    add.code = argv[0];
    add.name = or_empty(name);
    return call(ctl, WU_TYPE(COORDINATOR_ADD_DEPARTMENT), &add.base, "department added");
}

/* "4.25", "-" before the first. */
static const char *rating_text(struct ctl *ctl, const DepartmentRow *row)
{
    if (row->rated_count == 0) {
        return NULL;
    }
    uint64_t hundredths = row->rating_sum * 100 / row->rated_count;
    return wu_arena_printf(&ctl->arena, "%" PRIu64 ".%02" PRIu64, hundredths / 100,
                           hundredths % 100);
}

int cmd_department_list(struct ctl *ctl, int argc, char **argv)
{
    static const char *const COLUMNS[] = {"CODE",     "NAME",  "DIVISION", "SUMMONED", "IN TIME",
                                          "BREACHES", "RATED", "RATING",   NULL};
    struct ctl_reader reader;
    if (!ctl_arguments(ctl, argc, argv, 0, 0)) {
        return CTL_USAGE;
    }
    int status = open_hub(ctl, &reader);
    if (status != CTL_OK) {
        return status;
    }
    struct ctl_table *table = ctl_table_new(ctl, "departments", COLUMNS);
    struct department_key key = {{0}};
    const DepartmentRow *row = NULL;
    for (bool found = departments_from(reader.txn, &key, 0, &row); found;
         found = departments_after(reader.txn, &key, 0, &row)) {
        const char *const values[] = {key.code,
                                      row->name,
                                      count_text(ctl, row->division),
                                      count_text(ctl, row->summons_count),
                                      count_text(ctl, row->in_time_count),
                                      count_text(ctl, row->breach_count),
                                      count_text(ctl, row->rated_count),
                                      rating_text(ctl, row)};
        ctl_table_row(table, values);
    }
    ctl_reader_close(&reader);
    ctl_table_print(&table);
    return CTL_OK;
}

/* ---- whistles ----------------------------------------------------------------------- */

int cmd_whistle_blow(struct ctl *ctl, int argc, char **argv)
{
    BlowWhistle blow = COORDINATOR__BLOW_WHISTLE__INIT;
    struct wu_id linkage_id;
    const char *community = ctl_option(&argc, argv, "community");
    const char *grade = ctl_option(&argc, argv, "grade");
    const char *matter = ctl_option(&argc, argv, "matter");
    const char *linkage = ctl_option(&argc, argv, "linkage");
    int value = GRADE_GENERAL;
    char all[80];
    if (!ctl_arguments(ctl, argc, argv, 1, 1)) {
        return CTL_USAGE;
    }
    if (grade != NULL &&
        !ctl_parse_word(&coordinator__whistle_grade__descriptor, "WHISTLE_GRADE_", grade, &value)) {
        return ctl_complain(
            CTL_USAGE, "--grade '%s' is none of %s", grade,
            ctl_words(&coordinator__whistle_grade__descriptor, "WHISTLE_GRADE_", all, sizeof all));
    }
    if (community == NULL || !ctl_parse_division(community, &blow.division)) {
        return ctl_complain(CTL_USAGE, "--community is 12 digits: who summons");
    }
    if (linkage != NULL) {
        if (!ctl_parse_id(linkage, "linkage", &linkage_id)) {
            return CTL_USAGE;
        }
        blow.linkage_id = wu_id_to_pb(&linkage_id);
    }
    blow.department = argv[0];
    blow.grade = (WhistleGrade)value;
    blow.matter = or_empty(matter);
    return call(ctl, WU_TYPE(COORDINATOR_BLOW_WHISTLE), &blow.base, "summoned");
}

int cmd_whistle_arrived(struct ctl *ctl, int argc, char **argv)
{
    ReportArrival arrival = COORDINATOR__REPORT_ARRIVAL__INIT;
    struct wu_id id;
    const char *by = ctl_option(&argc, argv, "by");
    if (!ctl_arguments(ctl, argc, argv, 1, 1) || !ctl_parse_id(argv[0], "whistle", &id)) {
        return CTL_USAGE;
    }
    arrival.whistle_id = wu_id_to_pb(&id);
    arrival.by = or_empty(by);
    return call(ctl, WU_TYPE(COORDINATOR_REPORT_ARRIVAL), &arrival.base, "arrived");
}

int cmd_whistle_rate(struct ctl *ctl, int argc, char **argv)
{
    RateWhistle rate = COORDINATOR__RATE_WHISTLE__INIT;
    struct wu_id id;
    int64_t rating = 0;
    const char *text = ctl_option(&argc, argv, "text");
    if (!ctl_arguments(ctl, argc, argv, 2, 2) || !ctl_parse_id(argv[0], "whistle", &id)) {
        return CTL_USAGE;
    }
    if (!ctl_parse_number(argv[1], 5, &rating)) {
        return ctl_complain(CTL_USAGE, "'%s' is not a rating of 1 to 5", argv[1]);
    }
    rate.whistle_id = wu_id_to_pb(&id);
    rate.rating = (uint32_t)rating;
    rate.text = or_empty(text);
    return call(ctl, WU_TYPE(COORDINATOR_RATE_WHISTLE), &rate.base, "rated");
}

static void list_whistle(struct ctl *ctl, struct ctl_table *table, const struct whistle_key *key,
                         const WhistleRow *row)
{
    char number[WU_ID_TEXT_MAX];
    char state[32];
    const char *const values[] = {
        wu_id_to_text(&key->whistle_id, number),
        row->department,
        count_text(ctl, row->division),
        grade_text(ctl, row->grade),
        ctl_word(&coordinator_state__whistle_state__descriptor, "WHISTLE_STATE_", (int)row->state,
                 state, sizeof state),
        ctl_time_text(ctl, row->blown_at_ms),
        ctl_time_text(ctl, row->arrive_by_ms),
        row->arrived_at_ms != 0 ? ctl_time_text(ctl, row->arrived_at_ms) : NULL,
        count_text(ctl, row->breach_count),
        row->rating != 0 ? count_text(ctl, row->rating) : NULL,
        row->matter,
    };
    ctl_table_row(table, values);
}

int cmd_whistle_list(struct ctl *ctl, int argc, char **argv)
{
    static const char *const COLUMNS[] = {"WHISTLE",  "DEPARTMENT", "COMMUNITY", "GRADE",
                                          "STATE",    "BLOWN",      "ARRIVE BY", "ARRIVED",
                                          "BREACHES", "RATING",     "MATTER",    NULL};
    const char *limit = ctl_option(&argc, argv, "limit");
    bool open = ctl_flag(&argc, argv, "open");
    int64_t room = LIST_ROWS;
    struct ctl_reader reader;
    if (!ctl_arguments(ctl, argc, argv, 0, 0) || !ctl_read_limit(limit, &room)) {
        return CTL_USAGE;
    }
    int status = open_hub(ctl, &reader);
    if (status != CTL_OK) {
        return status;
    }
    struct ctl_table *table = ctl_table_new(ctl, "whistles", COLUMNS);
    ctl_table_wrap(table);
    struct whistle_key key = {{{0}}};
    const WhistleRow *row = NULL;
    bool found = whistles_from(reader.txn, &key, 0, &row);
    for (; found && room > 0; found = whistles_after(reader.txn, &key, 0, &row)) {
        if (!open || row->state == WHISTLE_SUMMONED) {
            list_whistle(ctl, table, &key, row);
            room--;
        }
    }
    ctl_reader_close(&reader);
    ctl_table_print(&table);
    if (found) {
        ctl_tell_cut(ctl);
    }
    return CTL_OK;
}

int cmd_whistle_totals(struct ctl *ctl, int argc, char **argv)
{
    static const char *const COLUMNS[] = {"COMMUNITY", "WHISTLES", NULL};
    struct ctl_reader reader;
    if (!ctl_arguments(ctl, argc, argv, 0, 0)) {
        return CTL_USAGE;
    }
    int status = open_hub(ctl, &reader);
    if (status != CTL_OK) {
        return status;
    }
    struct ctl_table *table = ctl_table_new(ctl, "communities", COLUMNS);
    struct whistler_key key = {0};
    const WhistlerRow *row = NULL;
    for (bool found = whistlers_from(reader.txn, &key, 0, &row); found;
         found = whistlers_after(reader.txn, &key, 0, &row)) {
        const char *const values[] = {count_text(ctl, key.division), count_text(ctl, row->count)};
        ctl_table_row(table, values);
    }
    ctl_reader_close(&reader);
    ctl_table_print(&table);
    return CTL_OK;
}

/* ---- contentions ---------------------------------------------------------------------- */

static const char *claims_text(struct ctl *ctl, const ContentionRow *row, bool holds)
{
    const char *text = "";
    for (size_t i = 0; i < row->n_claims && text != NULL; i++) {
        struct wu_id id;
        char number[WU_ID_TEXT_MAX];
        if (row->claims[i]->holds == holds && wu_id_from_pb(row->claims[i]->linkage_id, &id)) {
            text = wu_arena_printf(&ctl->arena, "%s%s%s", text, text[0] != '\0' ? " " : "",
                                   wu_id_to_text(&id, number));
        }
    }
    return text;
}

static const char *dissents_text(struct ctl *ctl, const ContentionRow *row)
{
    const char *text = "";
    for (size_t i = 0; i < row->n_dissents && text != NULL; i++) {
        text = wu_arena_printf(&ctl->arena, "%s%s%s: \"%s\"", text, i > 0 ? "; " : "",
                               row->dissents[i]->by, row->dissents[i]->text);
    }
    return text;
}

int cmd_contention_list(struct ctl *ctl, int argc, char **argv)
{
    static const char *const COLUMNS[] = {"PROVIDER", "NUMBER", "SERVICE", "RULE", "HAD IT",
                                          "DID NOT",  "CLAIMS", "DISSENT", NULL};
    const char *limit = ctl_option(&argc, argv, "limit");
    int64_t room = LIST_ROWS;
    struct ctl_reader reader;
    if (!ctl_arguments(ctl, argc, argv, 0, 0) || !ctl_read_limit(limit, &room)) {
        return CTL_USAGE;
    }
    int status = open_hub(ctl, &reader);
    if (status != CTL_OK) {
        return status;
    }
    struct ctl_table *table = ctl_table_new(ctl, "contentions", COLUMNS);
    ctl_table_wrap(table);
    struct contention_key key = {0};
    const ContentionRow *row = NULL;
    bool found = contentions_from(reader.txn, &key, 0, &row);
    for (; found && room-- > 0; found = contentions_after(reader.txn, &key, 0, &row)) {
        char number[WU_ID_TEXT_MAX];
        const struct rule_text *rule = rule_text(row->rule);
        const char *const values[] = {row->provider,
                                      wu_id_to_text(&key.provider_id, number),
                                      key.service,
                                      rule != NULL ? rule->id : NULL,
                                      claims_text(ctl, row, true),
                                      claims_text(ctl, row, false),
                                      count_text(ctl, row->claim_count),
                                      dissents_text(ctl, row)};
        ctl_table_row(table, values);
    }
    ctl_reader_close(&reader);
    ctl_table_print(&table);
    if (found) {
        ctl_tell_cut(ctl);
    }
    return CTL_OK;
}

int cmd_contention_dissent(struct ctl *ctl, int argc, char **argv)
{
    RecordDissent dissent = COORDINATOR__RECORD_DISSENT__INIT;
    struct wu_id provider_id;
    struct wu_id linkage_id;
    const char *by = ctl_option(&argc, argv, "by");
    const char *text = ctl_option(&argc, argv, "text");
    if (!ctl_arguments(ctl, argc, argv, 3, 3) || !ctl_parse_id(argv[0], "provider", &provider_id) ||
        !ctl_parse_id(argv[2], "linkage", &linkage_id)) {
        return CTL_USAGE;
    }
    dissent.provider_id = wu_id_to_pb(&provider_id);
    dissent.service = argv[1];
    dissent.linkage_id = wu_id_to_pb(&linkage_id);
    dissent.by = or_empty(by);
    dissent.text = or_empty(text);
    return call(ctl, WU_TYPE(COORDINATOR_RECORD_DISSENT), &dissent.base, "on the record");
}
