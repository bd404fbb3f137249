#include "services/coordinator/core/rule.h"
#include "services/coordinator/core/tables.h"
#include "services/ctl/bulk.h"
#include "services/ctl/commands.h"
#include "services/ctl/gate.h"
#include "services/ctl/nodes.h"

#include <inttypes.h>
#include <string.h>

enum { LIST_ROWS = 50 };

/* ---- what these commands share ---------------------------------------------------- */

const char *ctl_rule_text(struct ctl *ctl, Rule rule)
{
    const struct rule_text *text = rule_text(rule);
    return text != NULL ? wu_arena_printf(&ctl->arena, "%d %s", (int)rule, text->id)
                        : wu_arena_printf(&ctl->arena, "%d", (int)rule);
}

int ctl_open_hub(struct ctl *ctl, struct ctl_reader *ret_reader)
{
    *ret_reader = (struct ctl_reader){0};
    const struct ctl_node *node = ctl_load_home(ctl) ? ctl_node_of_role(ctl, "coordinator") : NULL;
    return node != NULL ? ctl_reader_open(ctl, node, ret_reader) : CTL_USAGE;
}

int ctl_call_hub(struct ctl *ctl, wu_event_type type, const ProtobufCMessage *body,
                 const struct ctl_said *said)
{
    const struct wu_command command = {.type = type, .body = body};
    const Bus__Answer *answer = NULL;
    const struct ctl_node *hub = ctl_load_home(ctl) ? ctl_node_of_role(ctl, "coordinator") : NULL;
    int status = hub != NULL ? ctl_call(ctl, hub, &command, &answer) : CTL_USAGE;
    struct wu_id id;
    char text[WU_ID_TEXT_MAX];
    if (status != CTL_OK || !wu_id_from_pb(answer->id, &id)) {
        return status;
    }
    (void)wu_id_to_text(&id, text);
    (void)printf(ctl->json ? "{\"%s\":\"%s\",\"done\":\"%s\"}\n" : "%s %s %s\n", said->what, text,
                 said->done);
    return CTL_OK;
}

static const char *text_or_empty(const char *text)
{
    return text != NULL ? text : "";
}

/* ---- linkage approve, refuse -------------------------------------------------------- */

static int answer_approval(struct ctl *ctl, int argc, char **argv, bool approve)
{
    const char *by = ctl_option(&argc, argv, "by");
    const char *reason = ctl_option(&argc, argv, "reason");
    struct wu_id id;
    if (!ctl_arguments(ctl, argc, argv, 1, 1) || !ctl_parse_id(argv[0], "linkage", &id)) {
        return CTL_USAGE;
    }
    AnswerApproval answer = COORDINATOR__ANSWER_APPROVAL__INIT;
    answer.linkage_id = wu_id_to_pb(&id);
    answer.approve = approve;
    answer.by = text_or_empty(by);
    answer.reason = text_or_empty(reason);
    return ctl_call_hub(ctl, WU_TYPE(COORDINATOR_ANSWER_APPROVAL), &answer.base,
                        &(struct ctl_said){"linkage", approve ? "approved" : "refused"});
}

int cmd_linkage_approve(struct ctl *ctl, int argc, char **argv)
{
    return answer_approval(ctl, argc, argv, true);
}

int cmd_linkage_refuse(struct ctl *ctl, int argc, char **argv)
{
    return answer_approval(ctl, argc, argv, false);
}

/* ---- a step by hand, an override asked for ------------------------------------------ */

/* A word of the enum; false with a sentence that lists them all. */
static bool read_word(const char *option, const ProtobufCEnumDescriptor *words, const char *prefix,
                      const char *text, int *ret_value)
{
    char all[240];
    if (text != NULL && ctl_parse_word(words, prefix, text, ret_value)) {
        return true;
    }
    (void)ctl_complain(CTL_USAGE, "--%s is one of %s", option,
                       ctl_words(words, prefix, all, sizeof all));
    return false;
}

struct step_options {
    const char *role;
    const char *service;
    const char *quantity;
    const char *by;
    const char *reason;
    bool required;
};

static bool read_step(const struct step_options *options, bool with_reason, AddStep *add)
{
    int role = 0;
    int reason = 0;
    int64_t quantity = 1;
    if (!read_word("role", &linkage__role__descriptor, "ROLE_", options->role, &role) ||
        (with_reason && !read_word("reason", &coordinator__override_reason__descriptor,
                                   "OVERRIDE_REASON_", options->reason, &reason))) {
        return false;
    }
    if (options->quantity != NULL && !ctl_parse_number(options->quantity, INT64_MAX, &quantity)) {
        (void)ctl_complain(CTL_USAGE, "--quantity '%s' is not a number", options->quantity);
        return false;
    }
    add->step->role = (Role)role;
    add->step->service = text_or_empty(options->service);
    add->step->quantity = quantity;
    add->step->required = options->required;
    add->by = text_or_empty(options->by);
    add->reason = (Coordinator__OverrideReason)reason;
    return true;
}

static int add_step(struct ctl *ctl, int argc, char **argv, const struct ctl_said *said)
{
    bool with_reason = strcmp(said->what, "override") == 0;
    const struct step_options options = {
        .role = ctl_option(&argc, argv, "role"),
        .service = ctl_option(&argc, argv, "service"),
        .quantity = ctl_option(&argc, argv, "quantity"),
        .by = ctl_option(&argc, argv, "by"),
        .reason = with_reason ? ctl_option(&argc, argv, "reason") : NULL,
        .required = ctl_flag(&argc, argv, "required"),
    };
    struct wu_id id;
    PlanStep step = LINKAGE__PLAN_STEP__INIT;
    AddStep add = COORDINATOR__ADD_STEP__INIT;
    add.step = &step;
    if (!ctl_arguments(ctl, argc, argv, 1, 1) || !ctl_parse_id(argv[0], "linkage", &id) ||
        !read_step(&options, with_reason, &add)) {
        return CTL_USAGE;
    }
    add.linkage_id = wu_id_to_pb(&id);
    return ctl_call_hub(ctl, WU_TYPE(COORDINATOR_ADD_STEP), &add.base, said);
}

int cmd_step_add(struct ctl *ctl, int argc, char **argv)
{
    return add_step(ctl, argc, argv, &(struct ctl_said){"linkage", "has one more step"});
}

int cmd_override_request(struct ctl *ctl, int argc, char **argv)
{
    return add_step(ctl, argc, argv,
                    &(struct ctl_said){"override", "asked for, if a rule forbids the step"});
}

int cmd_override_confirm(struct ctl *ctl, int argc, char **argv)
{
    const char *by = ctl_option(&argc, argv, "by");
    struct wu_id id;
    if (!ctl_arguments(ctl, argc, argv, 1, 1) || !ctl_parse_id(argv[0], "override", &id)) {
        return CTL_USAGE;
    }
    ConfirmOverride confirm = COORDINATOR__CONFIRM_OVERRIDE__INIT;
    confirm.override_id = wu_id_to_pb(&id);
    confirm.by = text_or_empty(by);
    return ctl_call_hub(ctl, WU_TYPE(COORDINATOR_CONFIRM_OVERRIDE), &confirm.base,
                        &(struct ctl_said){"linkage", "has the step, by two people"});
}

/* ---- override list -------------------------------------------------------------------- */

static void list_override(struct ctl *ctl, struct ctl_table *table, const struct wu_id *id,
                          const OverrideRow *row)
{
    struct wu_id linkage_id;
    char number[WU_ID_TEXT_MAX];
    char linkage[WU_ID_TEXT_MAX] = "";
    char state[40];
    char role[40];
    char reason[40];
    if (wu_id_from_pb(row->linkage_id, &linkage_id)) {
        (void)wu_id_to_text(&linkage_id, linkage);
    }
    const char *const values[] = {
        wu_id_to_text(id, number),
        linkage,
        wu_arena_printf(
            &ctl->arena, "%s %s",
            ctl_word(&linkage__role__descriptor, "ROLE_", (int)row->step->role, role, sizeof role),
            row->step->service),
        ctl_rule_text(ctl, row->rule),
        ctl_word(&coordinator__override_reason__descriptor, "OVERRIDE_REASON_", (int)row->reason,
                 reason, sizeof reason),
        ctl_word(&coordinator_state__override_state__descriptor, "OVERRIDE_STATE_", (int)row->state,
                 state, sizeof state),
        row->requested_by,
        ctl_time_text(ctl, row->requested_at_ms),
        row->confirmed_by[0] != '\0' ? row->confirmed_by : NULL,
        row->state == OVERRIDE_REQUESTED ? ctl_time_text(ctl, row->expires_at_ms) : NULL,
    };
    ctl_table_row(table, values);
}

int cmd_override_list(struct ctl *ctl, int argc, char **argv)
{
    static const char *const COLUMNS[] = {"OVERRIDE",   "LINKAGE", "STEP",     "RULE",
                                          "REASON",     "STATE",   "ASKED BY", "ASKED",
                                          "SECOND YES", "EXPIRES", NULL};
    bool waiting = ctl_flag(&argc, argv, "waiting");
    const char *limit = ctl_option(&argc, argv, "limit");
    int64_t room = LIST_ROWS;
    struct ctl_reader reader;
    if (!ctl_arguments(ctl, argc, argv, 0, 0) || !ctl_read_limit(limit, &room)) {
        return CTL_USAGE;
    }
    int status = ctl_open_hub(ctl, &reader);
    if (status != CTL_OK) {
        return status;
    }
    struct ctl_table *table = ctl_table_new(ctl, "overrides", COLUMNS);
    ctl_table_wrap(table);
    struct override_key key = {{{0}}};
    const OverrideRow *row = NULL;
    bool found = overrides_from(reader.txn, &key, 0, &row);
    for (; found && room > 0; found = overrides_after(reader.txn, &key, 0, &row)) {
        if (!waiting || row->state == OVERRIDE_REQUESTED) {
            list_override(ctl, table, &key.override_id, row);
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

int ctl_print_override_counts(struct ctl *ctl)
{
    static const char *const COLUMNS[] = {"MONTH",     "RULE",    "OVERRIDES ASKED",
                                          "CONFIRMED", "EXPIRED", NULL};
    struct ctl_reader reader;
    int status = ctl_open_hub(ctl, &reader);
    if (status != CTL_OK) {
        return status;
    }
    struct ctl_table *table = ctl_table_new(ctl, "overrides", COLUMNS);
    struct override_count_key key = {0};
    const OverrideCountRow *row = NULL;
    for (bool found = override_counts_from(reader.txn, &key, 0, &row); found;
         found = override_counts_after(reader.txn, &key, 0, &row)) {
        const char *const values[] = {
            wu_arena_printf(&ctl->arena, "%u-%02u", key.month / 100, key.month % 100),
            ctl_rule_text(ctl, (Rule)key.rule),
            wu_arena_printf(&ctl->arena, "%" PRIu64, row->requested_count),
            wu_arena_printf(&ctl->arena, "%" PRIu64, row->confirmed_count),
            wu_arena_printf(&ctl->arena, "%" PRIu64, row->expired_count),
        };
        ctl_table_row(table, values);
    }
    ctl_reader_close(&reader);
    ctl_table_print(&table);
    return CTL_OK;
}
