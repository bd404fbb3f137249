#include "services/ctl/bulk.h"
#include "services/ctl/commands.h"
#include "services/ctl/form.h"
#include "services/provider/tables.h"
#include "services/socialorg/core/organisation.h"
#include "services/socialorg/core/policy.h"
#include "services/socialorg/core/tables.h"

#include <inttypes.h>
#include <string.h>

/* Social organisations: how they stand, who is bound to them, what was decided about them. */

enum { LIST_ROWS = 200, WORD_BYTES = 32 };

CTL_FORM(org_register, "socialorg", WU_TYPE(SOCIALORG_REGISTER_ORGANISATION),
         &socialorg__register_organisation__descriptor, 2, "is on record")
CTL_FORM(org_suspend, "socialorg", WU_TYPE(SOCIALORG_SUSPEND_ORGANISATION),
         &socialorg__suspend_organisation__descriptor, 1, "is suspended")
CTL_FORM(org_lift, "socialorg", WU_TYPE(SOCIALORG_LIFT_SUSPENSION),
         &socialorg__lift_suspension__descriptor, 1, "is suspended no longer")
CTL_FORM(org_policy, "socialorg", WU_TYPE(SOCIALORG_SET_POLICY), &socialorg__set_policy__descriptor,
         0, "policy set")
CTL_FORM(incubation_advance, "socialorg", WU_TYPE(SOCIALORG_ADVANCE_INCUBATION),
         &socialorg__advance_incubation__descriptor, 2, "is one stage further")
CTL_FORM(interest_declare, "socialorg", WU_TYPE(SOCIALORG_DECLARE_INTEREST),
         &socialorg__declare_interest__descriptor, 1, "has it on record")
CTL_FORM(decision_review, "socialorg", WU_TYPE(SOCIALORG_REVIEW_DECISION),
         &socialorg__review_decision__descriptor, 2, "is reviewed")
CTL_FORM(decision_disclose, "socialorg", WU_TYPE(SOCIALORG_RECORD_DISCLOSURE),
         &socialorg__record_disclosure__descriptor, 2, "is disclosed")

/* ---- lists ----------------------------------------------------------------------------- */

/* The store of the home's social organisations. CTL_OK, or a ctl_exit with a sentence. */
static int open_store(struct ctl *ctl, struct ctl_reader *ret_reader)
{
    *ret_reader = (struct ctl_reader){0};
    const struct ctl_node *node = ctl_load_home(ctl) ? ctl_node_of_role(ctl, "socialorg") : NULL;
    return node != NULL ? ctl_reader_open(ctl, node, ret_reader) : CTL_USAGE;
}

static const char *word(struct ctl *ctl, const ProtobufCEnumDescriptor *words, const char *prefix,
                        int value)
{
    char *buffer = wu_arena_take(&ctl->arena, WORD_BYTES);
    return buffer != NULL && value != 0 ? ctl_word(words, prefix, value, buffer, WORD_BYTES) : NULL;
}

static const char *time_or_none(struct ctl *ctl, int64_t time_ms)
{
    return time_ms != 0 ? ctl_time_text(ctl, time_ms) : NULL;
}

static void list_organisation(struct ctl *ctl, struct ctl_table *table, struct wu_txn *txn,
                              const struct organisation_key *key, const OrganisationRow *row)
{
    const RegisterOrganisation *registered = row->registered;
    const ProviderRow *body = providers_get(txn, &(struct provider_key){key->provider_id});
    SetPolicy policy = policy_of(txn);
    const char *const values[] = {
        registered->body,
        body != NULL ? body->name : NULL,
        word(ctl, &socialorg__organisation_kind__descriptor, "ORGANISATION_KIND_",
             (int)registered->kind),
        word(ctl, &socialorg__organisation_status__descriptor, "ORGANISATION_STATUS_",
             (int)row->status),
        registered->credit_code[0] != '\0' ? registered->credit_code : registered->filing_number,
        time_or_none(ctl, registered->registered_until_ms),
        registered->rating != 0 ? wu_arena_printf(&ctl->arena, "%" PRIu32 "A", registered->rating)
                                : NULL,
        wu_arena_printf(&ctl->arena, "%" PRIu32 "/%" PRIu32, registered->resident_founder_count,
                        registered->founder_count),
        organisation_is_resident_led(registered, &policy) ? NULL : "not resident-led",
    };
    ctl_table_row(table, values);
}

int cmd_org_list(struct ctl *ctl, int argc, char **argv)
{
    static const char *const COLUMNS[] = {"BODY",  "NAME",   "KIND",      "STATUS", "NUMBER",
                                          "UNTIL", "RATING", "RESIDENTS", "FLAG",   NULL};
    const char *limit = ctl_option(&argc, argv, "limit");
    int64_t room = LIST_ROWS;
    struct ctl_reader reader;
    if (!ctl_arguments(ctl, argc, argv, 0, 0) || !ctl_read_limit(limit, &room)) {
        return CTL_USAGE;
    }
    int status = open_store(ctl, &reader);
    if (status != CTL_OK) {
        return status;
    }
    struct ctl_table *table = ctl_table_new(ctl, "organisations", COLUMNS);
    struct organisation_key key = {0};
    const OrganisationRow *row = NULL;
    size_t mark = ctl->arena.used_bytes;
    bool found = organisations_from(reader.txn, &key, 0, &row);
    for (; found && room-- > 0; found = organisations_after(reader.txn, &key, 0, &row)) {
        list_organisation(ctl, table, reader.txn, &key, row);
        wu_arena_reset(&ctl->arena, mark);
    }
    ctl_reader_close(&reader);
    ctl_table_print(&table);
    if (found) {
        ctl_tell_cut(ctl);
    }
    return CTL_OK;
}

int cmd_incubation_list(struct ctl *ctl, int argc, char **argv)
{
    static const char *const COLUMNS[] = {"BODY",   "NAME",     "STAGE", "SINCE",
                                          "MENTOR", "EVIDENCE", NULL};
    struct ctl_reader reader;
    if (!ctl_arguments(ctl, argc, argv, 0, 0)) {
        return CTL_USAGE;
    }
    int status = open_store(ctl, &reader);
    if (status != CTL_OK) {
        return status;
    }
    struct ctl_table *table = ctl_table_new(ctl, "incubations", COLUMNS);
    struct organisation_key key = {0};
    const IncubationRow *row = NULL;
    for (bool found = incubations_from(reader.txn, &key, 0, &row); found;
         found = incubations_after(reader.txn, &key, 0, &row)) {
        const ProviderRow *body =
            providers_get(reader.txn, &(struct provider_key){key.provider_id});
        const char *const values[] = {
            body != NULL ? body->code : NULL,
            body != NULL ? body->name : NULL,
            word(ctl, &socialorg__incubation_stage__descriptor, "INCUBATION_STAGE_",
                 (int)row->stage),
            ctl_time_text(ctl, row->reached_at_ms[row->n_reached_at_ms - 1]),
            row->mentor,
            row->evidence,
        };
        ctl_table_row(table, values);
    }
    ctl_reader_close(&reader);
    ctl_table_print(&table);
    return CTL_OK;
}

int cmd_interest_list(struct ctl *ctl, int argc, char **argv)
{
    static const char *const COLUMNS[] = {"PARTY", "OTHER", "KIND", "SINCE", "STATE",
                                          "FOUND", "BY",    "TEXT", NULL};
    struct ctl_reader reader;
    struct interest_key key = {{0}, {0}};
    if (!ctl_arguments(ctl, argc, argv, 0, 1)) {
        return CTL_USAGE;
    }
    if (argc == 1 && !wu_key_text(key.party, sizeof key.party, argv[0])) {
        return ctl_complain(CTL_USAGE, "'%s' is too long for a code", argv[0]);
    }
    int status = open_store(ctl, &reader);
    if (status != CTL_OK) {
        return status;
    }
    struct ctl_table *table = ctl_table_new(ctl, "interests", COLUMNS);
    const InterestRow *row = NULL;
    for (bool found = interests_from(reader.txn, &key, argc, &row); found;
         found = interests_after(reader.txn, &key, argc, &row)) {
        if (argc == 0 && strcmp(key.party, row->declared->party) != 0) {
            continue; /* it stands there once from each end */
        }
        const char *const values[] = {
            key.party,
            key.other,
            word(ctl, &socialorg__interest_kind__descriptor, "INTEREST_KIND_",
                 (int)row->declared->kind),
            ctl_time_text(ctl, row->declared_at_ms),
            row->declared->ended ? "ended" : "binds",
            row->declared->found ? "by others" : NULL,
            row->declared->by,
            row->declared->text,
        };
        ctl_table_row(table, values);
    }
    ctl_reader_close(&reader);
    ctl_table_print(&table);
    return CTL_OK;
}

static const char *people_text(struct ctl *ctl, const DecisionRow *row)
{
    const char *text = row->n_by > 0 ? row->by[0] : "";
    for (size_t i = 1; i < row->n_by && text != NULL; i++) {
        text = wu_arena_printf(&ctl->arena, "%s %s", text, row->by[i]);
    }
    return text;
}

int cmd_decision_list(struct ctl *ctl, int argc, char **argv)
{
    static const char *const COLUMNS[] = {"BODY",    "KIND",        "STATE",       "BY",
                                          "DECIDED", "REVIEWED BY", "DISCLOSE BY", "DISCLOSED",
                                          "LATE",    NULL};
    bool reopened = ctl_flag(&argc, argv, "reopened");
    struct ctl_reader reader;
    if (!ctl_arguments(ctl, argc, argv, 0, 0)) {
        return CTL_USAGE;
    }
    int status = open_store(ctl, &reader);
    if (status != CTL_OK) {
        return status;
    }
    struct ctl_table *table = ctl_table_new(ctl, "decisions", COLUMNS);
    struct decision_key key = {.kind = 0};
    const DecisionRow *row = NULL;
    for (bool found = decisions_from(reader.txn, &key, 0, &row); found;
         found = decisions_after(reader.txn, &key, 0, &row)) {
        if (reopened && row->state != DECISION_STATE(REOPENED)) {
            continue;
        }
        const char *const values[] = {
            key.body,
            word(ctl, &socialorg__decision_kind__descriptor, "DECISION_KIND_", (int)key.kind),
            word(ctl, &socialorg_state__decision_state__descriptor, "DECISION_STATE_",
                 (int)row->state),
            people_text(ctl, row),
            ctl_time_text(ctl, row->decided_at_ms),
            row->reviewed_by[0] != '\0' ? row->reviewed_by : NULL,
            time_or_none(ctl, row->disclose_by_ms),
            time_or_none(ctl, row->disclosed_at_ms),
            row->is_overdue ? "late" : NULL,
        };
        ctl_table_row(table, values);
    }
    ctl_reader_close(&reader);
    ctl_table_print(&table);
    return CTL_OK;
}
