#include "services/coordinator/core/emergency.h"

#include "services/coordinator/core/tables.h"
#include "services/ctl/commands.h"
#include "services/ctl/gate.h"
#include "services/ctl/nodes.h"

#include <inttypes.h>
#include <string.h>

static const char *text_or_empty(const char *text)
{
    return text != NULL ? text : "";
}

/* ---- declare, end ---------------------------------------------------------------------- */

/* "a,b": cut in place. False when there are more than can be declared. */
static bool split_kinds(char *text, const char **list, size_t *ret_count)
{
    *ret_count = 0;
    for (char *rest = text; rest != NULL && *rest != '\0';) {
        if (*ret_count == EMERGENCY_KINDS_MAX) {
            return false;
        }
        list[(*ret_count)++] = rest;
        rest = strchr(rest, ',');
        if (rest != NULL) {
            *rest++ = '\0';
        }
    }
    return true;
}

static bool read_scope(struct ctl *ctl, const char *area, const char *until, DeclareEmergency *body)
{
    if (area == NULL || !ctl_parse_division(area, &body->area)) {
        (void)ctl_complain(CTL_USAGE, "say where: --area with the 12 digits of a division");
        return false;
    }
    if (!ctl_load_home(ctl)) {
        return false;
    }
    const struct ctl_clock clock = ctl_clock_now(ctl);
    if (until == NULL || !ctl_parse_time(until, &clock, &body->until_ms)) {
        (void)ctl_complain(CTL_USAGE, "say until when: --until '2026-11-24 09:30', an ISO 8601 "
                                      "time, or +7d");
        return false;
    }
    return true;
}

int cmd_emergency_declare(struct ctl *ctl, int argc, char **argv)
{
    const char *kinds[EMERGENCY_KINDS_MAX];
    DeclareEmergency body = COORDINATOR__DECLARE_EMERGENCY__INIT;
    body.authority = text_or_empty(ctl_option(&argc, argv, "authority"));
    const char *area = ctl_option(&argc, argv, "area");
    const char *codes = ctl_option(&argc, argv, "kinds");
    const char *until = ctl_option(&argc, argv, "until");
    body.reason = text_or_empty(ctl_option(&argc, argv, "reason"));
    body.kinds = kinds;
    if (!ctl_arguments(ctl, argc, argv, 0, 0) || !read_scope(ctl, area, until, &body)) {
        return CTL_USAGE;
    }
    char *copy = wu_arena_printf(&ctl->arena, "%s", text_or_empty(codes));
    if (copy == NULL || !split_kinds(copy, kinds, &body.n_kinds)) {
        return ctl_complain(CTL_USAGE, "--kinds has at most %d codes", EMERGENCY_KINDS_MAX);
    }
    return ctl_call_hub(ctl, WU_TYPE(COORDINATOR_DECLARE_EMERGENCY), &body.base,
                        &(struct ctl_said){"emergency", "declared"});
}

int cmd_emergency_end(struct ctl *ctl, int argc, char **argv)
{
    EndEmergency body = COORDINATOR__END_EMERGENCY__INIT;
    struct wu_id id;
    body.by = text_or_empty(ctl_option(&argc, argv, "by"));
    body.reason = text_or_empty(ctl_option(&argc, argv, "reason"));
    if (!ctl_arguments(ctl, argc, argv, 1, 1) || !ctl_parse_id(argv[0], "emergency", &id)) {
        return CTL_USAGE;
    }
    body.emergency_id = wu_id_to_pb(&id);
    return ctl_call_hub(ctl, WU_TYPE(COORDINATOR_END_EMERGENCY), &body.base,
                        &(struct ctl_said){"emergency", "ended"});
}

/* ---- list -------------------------------------------------------------------------------- */

static const char *kinds_text(struct ctl *ctl, const EmergencyRow *row)
{
    const char *text = "";
    for (size_t i = 0; i < row->n_kinds && text != NULL; i++) {
        text = wu_arena_printf(&ctl->arena, "%s%s%s", text, i > 0 ? "," : "", row->kinds[i]);
    }
    return text;
}

static const char *gates_text(struct ctl *ctl, const EmergencyRow *row)
{
    const char *text = "";
    for (size_t i = 0; i < row->n_gates && text != NULL; i++) {
        text = wu_arena_printf(&ctl->arena, "%s%s%s: %" PRIu64, text, i > 0 ? "; " : "",
                               ctl_rule_text(ctl, row->gates[i]->rule), row->gates[i]->count);
    }
    return text;
}

static void list_emergency(struct ctl *ctl, struct ctl_table *table, const struct wu_id *id,
                           const EmergencyRow *row)
{
    char number[WU_ID_TEXT_MAX];
    bool stands = row->ended_at_ms == 0;
    const char *const values[] = {
        wu_id_to_text(id, number),
        stands ? "standing" : "over",
        row->authority,
        wu_arena_printf(&ctl->arena, "%" PRIu64, row->area),
        kinds_text(ctl, row),
        ctl_time_text(ctl, row->declared_at_ms),
        ctl_time_text(ctl, row->until_ms),
        stands ? NULL : ctl_time_text(ctl, row->ended_at_ms),
        row->reason,
        gates_text(ctl, row),
    };
    ctl_table_row(table, values);
}

int cmd_emergency_list(struct ctl *ctl, int argc, char **argv)
{
    static const char *const COLUMNS[] = {"EMERGENCY", "STATE",         "AUTHORITY", "AREA",
                                          "KINDS",     "SINCE",         "UNTIL",     "ENDED",
                                          "REASON",    "GATES RELAXED", NULL};
    bool open = ctl_flag(&argc, argv, "open");
    struct ctl_reader reader;
    if (!ctl_arguments(ctl, argc, argv, 0, 0)) {
        return CTL_USAGE;
    }
    int status = ctl_open_hub(ctl, &reader);
    if (status != CTL_OK) {
        return status;
    }
    struct ctl_table *table = ctl_table_new(ctl, "emergencies", COLUMNS);
    ctl_table_wrap(table);
    struct emergency_key key = {{{0}}};
    const EmergencyRow *row = NULL;
    for (bool found = emergencies_from(reader.txn, &key, 0, &row); found;
         found = emergencies_after(reader.txn, &key, 0, &row)) {
        if (!open || row->ended_at_ms == 0) {
            list_emergency(ctl, table, &key.emergency_id, row);
        }
    }
    ctl_reader_close(&reader);
    ctl_table_print(&table);
    return CTL_OK;
}

/* ---- review ------------------------------------------------------------------------------ */

static void list_relaxations(struct ctl *ctl, struct wu_txn *txn, const struct wu_id *id)
{
    static const char *const COLUMNS[] = {"WHEN", "LINKAGE",   "GATE RELAXED",
                                          "KIND", "COMMUNITY", NULL};
    struct ctl_table *table = ctl_table_new(ctl, "relaxations", COLUMNS);
    struct relaxation_key key = {.emergency_id = *id};
    const RelaxationRow *row = NULL;
    for (bool found = relaxations_from(txn, &key, 1, &row); found;
         found = relaxations_after(txn, &key, 1, &row)) {
        char linkage[WU_ID_TEXT_MAX];
        const char *const values[] = {
            ctl_time_text(ctl, row->time_ms),
            wu_id_to_text(&key.linkage_id, linkage),
            ctl_rule_text(ctl, (Rule)key.rule),
            row->kind,
            wu_arena_printf(&ctl->arena, "%" PRIu64, row->division),
        };
        ctl_table_row(table, values);
    }
    ctl_table_print(&table);
}

int cmd_emergency_review(struct ctl *ctl, int argc, char **argv)
{
    struct ctl_reader reader;
    struct emergency_key key;
    if (!ctl_arguments(ctl, argc, argv, 1, 1) ||
        !ctl_parse_id(argv[0], "emergency", &key.emergency_id)) {
        return CTL_USAGE;
    }
    int status = ctl_open_hub(ctl, &reader);
    if (status != CTL_OK) {
        return status;
    }
    const EmergencyRow *row = emergencies_get(reader.txn, &key);
    if (row == NULL) {
        status = ctl_complain(CTL_USAGE, "there is no emergency %s here", argv[0]);
    } else {
        if (!ctl->json) {
            (void)printf("emergency %s, %s, %" PRIu64 ": %s; %s\n\n", argv[0], row->authority,
                         row->area, row->reason,
                         row->ended_at_ms == 0      ? "it stands"
                         : row->ended_by[0] == '\0' ? "its time was over"
                                                    : row->end_reason);
        }
        list_relaxations(ctl, reader.txn, &key.emergency_id);
    }
    ctl_reader_close(&reader);
    return status;
}
