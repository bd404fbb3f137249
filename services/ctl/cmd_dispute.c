#include "services/coordinator/core/tables.h"
#include "services/ctl/bulk.h"
#include "services/ctl/commands.h"
#include "services/ctl/nodes.h"

#include <inttypes.h>
#include <string.h>

enum { LIST_ROWS = 50 };

static const char *ruling_text(Coordinator__Ruling ruling)
{
    switch (ruling) {
    case RULING_BINDING:
        return "belongs to";
    case RULING_OUT_OF_REMIT:
        return "belongs to nobody here";
    default:
        return NULL;
    }
}

static const char *provider_name(struct wu_txn *txn, ProtobufCBinaryData id)
{
    struct provider_key key;
    const ProviderRow *row = wu_id_from_pb(id, &key.provider_id) ? providers_get(txn, &key) : NULL;
    return row != NULL ? row->name : NULL;
}

static const char *id_text(struct ctl *ctl, ProtobufCBinaryData field)
{
    struct wu_id id;
    char text[WU_ID_TEXT_MAX];
    return wu_id_from_pb(field, &id) ? wu_arena_printf(&ctl->arena, "%s", wu_id_to_text(&id, text))
                                     : NULL;
}

/* ---- dispute list --------------------------------------------------------------- */

static const char *passers_text(struct ctl *ctl, const DisputeRow *row)
{
    const char *text = "";
    for (size_t i = 0; i < row->n_pass_backs && text != NULL; i++) {
        const PassBack *pass_back = row->pass_backs[i];
        text = wu_arena_printf(&ctl->arena, "%s%s%s%s%s%s", text, i > 0 ? "; " : "",
                               pass_back->provider, pass_back->text[0] != '\0' ? ": \"" : "",
                               pass_back->text, pass_back->text[0] != '\0' ? "\"" : "");
    }
    return text;
}

static const char *verdict_text(struct ctl *ctl, struct wu_txn *txn, const DisputeRow *row)
{
    if (row->ruling == 0) {
        return NULL;
    }
    const char *whose = provider_name(txn, row->provider_id);
    const char *precedent = id_text(ctl, row->precedent_linkage_id);
    return wu_arena_printf(&ctl->arena, "%s%s%s, by %s: %s%s%s", ruling_text(row->ruling),
                           whose != NULL ? " " : "", whose != NULL ? whose : "", row->by,
                           row->reason, precedent != NULL ? "; precedent " : "",
                           precedent != NULL ? precedent : "");
}

static void list_dispute(struct ctl *ctl, struct ctl_table *table, struct wu_txn *txn,
                         const struct dispute_key *key)
{
    char number[WU_ID_TEXT_MAX];
    char state[40];
    const DisputeRow *row = disputes_get(txn, key);
    if (row == NULL) {
        return;
    }
    const char *const values[] = {
        wu_id_to_text(&key->linkage_id, number),
        wu_arena_printf(&ctl->arena, "%u", (unsigned)key->step_no),
        row->kind,
        row->service,
        ctl_word(&coordinator_state__dispute_state__descriptor, "DISPUTE_STATE_", (int)row->state,
                 state, sizeof state),
        row->due_at_ms != 0 ? ctl_time_text(ctl, row->due_at_ms) : NULL,
        passers_text(ctl, row),
        verdict_text(ctl, txn, row),
    };
    ctl_table_row(table, values);
}

/* Opens the coordinator of this home. */
static int open_hub(struct ctl *ctl, struct ctl_reader *ret_reader)
{
    *ret_reader = (struct ctl_reader){0};
    const struct ctl_node *node = ctl_load_home(ctl) ? ctl_node_of_role(ctl, "coordinator") : NULL;
    return node != NULL ? ctl_reader_open(ctl, node, ret_reader) : CTL_USAGE;
}

int cmd_dispute_list(struct ctl *ctl, int argc, char **argv)
{
    static const char *const COLUMNS[] = {"LINKAGE", "STEP",           "KIND",   "SERVICE", "STATE",
                                          "RULE BY", "PASSED BACK BY", "RULING", NULL};
    bool open = ctl_flag(&argc, argv, "open");
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
    struct ctl_table *table = ctl_table_new(ctl, "disputes", COLUMNS);
    ctl_table_wrap(table);
    const struct wu_table *which = open ? &COORDINATOR_DISPUTES_OPEN : &COORDINATOR_DISPUTES;
    struct dispute_key key = {0};
    bool found = wu_table_from(reader.txn, which, &key, 0, NULL);
    for (; found && room-- > 0; found = wu_table_after(reader.txn, which, &key, 0, NULL)) {
        list_dispute(ctl, table, reader.txn, &key);
    }
    ctl_reader_close(&reader);
    ctl_table_print(&table);
    if (found) {
        ctl_tell_cut(ctl);
    }
    return CTL_OK;
}

/* ---- dispute rule ----------------------------------------------------------------- */

/* By number, or by the name of an open provider of that service. */
static bool find_provider(struct wu_txn *txn, const char *text, struct wu_id *ret_id)
{
    if (wu_id_from_text(text, ret_id)) {
        return true;
    }
    struct provider_key key = {{{0}}};
    const ProviderRow *row = NULL;
    for (bool found = providers_from(txn, &key, 0, &row); found;
         found = providers_after(txn, &key, 0, &row)) {
        if (strcmp(row->name, text) == 0) {
            *ret_id = key.provider_id;
            return true;
        }
    }
    return false;
}

static bool read_ruling(struct ctl *ctl, const char *belongs_to, bool nobody,
                        Adjudicate *adjudicate, struct wu_id *provider_id)
{
    if ((belongs_to != NULL) == nobody) {
        (void)ctl_complain(CTL_USAGE, "say whose it is: --belongs-to PROVIDER or --nobody; or, of "
                                      "a ruling that is to be no precedent, --withdraw");
        return false;
    }
    adjudicate->ruling = nobody ? RULING_OUT_OF_REMIT : RULING_BINDING;
    if (nobody) {
        return true;
    }
    struct ctl_reader reader;
    if (open_hub(ctl, &reader) != CTL_OK) {
        return false;
    }
    bool found = find_provider(reader.txn, belongs_to, provider_id);
    ctl_reader_close(&reader);
    if (!found) {
        (void)ctl_complain(CTL_USAGE, "no provider is called '%s', nor is that one's number",
                           belongs_to);
        return false;
    }
    adjudicate->provider_id = wu_id_to_pb(provider_id);
    return true;
}

int cmd_dispute_rule(struct ctl *ctl, int argc, char **argv)
{
    Adjudicate adjudicate = COORDINATOR__ADJUDICATE__INIT;
    struct wu_id id;
    struct wu_id provider_id;
    int64_t step_no = 0;
    const char *belongs_to = ctl_option(&argc, argv, "belongs-to");
    bool nobody = ctl_flag(&argc, argv, "nobody");
    bool withdrawn = ctl_flag(&argc, argv, "withdraw");
    const char *by = ctl_option(&argc, argv, "by");
    const char *reason = ctl_option(&argc, argv, "reason");
    if (!ctl_arguments(ctl, argc, argv, 2, 2) || !ctl_parse_id(argv[0], "linkage", &id)) {
        return CTL_USAGE;
    }
    if (!ctl_parse_number(argv[1], UINT16_MAX, &step_no)) {
        return ctl_complain(CTL_USAGE, "'%s' is not the number of a step", argv[1]);
    }
    if (!ctl_load_home(ctl)) {
        return CTL_USAGE;
    }
    if (withdrawn) {
        adjudicate.ruling = RULING_WITHDRAWN;
    } else if (!read_ruling(ctl, belongs_to, nobody, &adjudicate, &provider_id)) {
        return CTL_USAGE;
    }
    adjudicate.linkage_id = wu_id_to_pb(&id);
    adjudicate.step_no = (uint32_t)step_no;
    adjudicate.by = by != NULL ? by : "";
    adjudicate.reason = reason != NULL ? reason : "";
    const struct wu_command command = {.type = WU_TYPE(COORDINATOR_ADJUDICATE),
                                       .body = &adjudicate.base};
    int status = ctl_call(ctl, ctl_node_of_role(ctl, "coordinator"), &command, NULL);
    if (status == CTL_OK) {
        (void)printf(ctl->json ? "{\"linkage\":\"%s\",\"step\":%s,\"ruled\":true}\n"
                               : "linkage %s step %s: ruled\n",
                     argv[0], argv[1]);
    }
    return status;
}

/* ---- precedent list ----------------------------------------------------------------- */

static const char *role_word(uint32_t role)
{
    switch (role) {
    case LINKAGE__ROLE__ROLE_SOCIALORG:
        return "socialorg";
    case LINKAGE__ROLE__ROLE_SOCIALWORKER:
        return "socialworker";
    case LINKAGE__ROLE__ROLE_VOLUNTEER:
        return "volunteer";
    default:
        return "charity";
    }
}

/* What the catalogue would say if it followed the ruling. */
static const char *proposal(struct ctl *ctl, const struct precedent_key *key,
                            const PrecedentRow *row)
{
    return row->ruling == RULING_BINDING
               ? wu_arena_printf(&ctl->arena, "kind %s: duty of %s is 'must'", key->kind,
                                 role_word(key->role))
               : wu_arena_printf(&ctl->arena, "kind %s: take %s:%s out of the recipe", key->kind,
                                 role_word(key->role), key->service);
}

int cmd_precedent_list(struct ctl *ctl, int argc, char **argv)
{
    static const char *const COLUMNS[] = {"DISTRICT", "KIND",  "SERVICE",
                                          "RULING",   "BY",    "CASE",
                                          "RULED",    "CITED", "PROPOSED CHANGE OF THE CATALOGUE",
                                          NULL};
    struct ctl_reader reader;
    if (!ctl_arguments(ctl, argc, argv, 0, 0)) {
        return CTL_USAGE;
    }
    int status = open_hub(ctl, &reader);
    if (status != CTL_OK) {
        return status;
    }
    struct ctl_table *table = ctl_table_new(ctl, "precedents", COLUMNS);
    ctl_table_wrap(table);
    struct precedent_key key = {0};
    const PrecedentRow *row = NULL;
    for (bool found = precedents_from(reader.txn, &key, 0, &row); found;
         found = precedents_after(reader.txn, &key, 0, &row)) {
        const char *whose = provider_name(reader.txn, row->provider_id);
        const char *const values[] = {
            wu_arena_printf(&ctl->arena, "%" PRIu64, key.division),
            key.kind,
            key.service,
            wu_arena_printf(&ctl->arena, "%s%s%s", ruling_text(row->ruling),
                            whose != NULL ? " " : "", whose != NULL ? whose : ""),
            row->by,
            id_text(ctl, row->linkage_id),
            ctl_time_text(ctl, row->ruled_at_ms),
            wu_arena_printf(&ctl->arena, "%" PRIu64, row->cited_count),
            proposal(ctl, &key, row),
        };
        ctl_table_row(table, values);
    }
    ctl_reader_close(&reader);
    ctl_table_print(&table);
    return CTL_OK;
}
