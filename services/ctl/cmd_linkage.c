#include "services/coordinator/core/clock.h"
#include "services/coordinator/core/tables.h"
#include "services/ctl/bulk.h"
#include "services/ctl/commands.h"
#include "services/ctl/gate.h"
#include "services/ctl/trace.h"

#include "common/base/division.h"
#include "common/base/time.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A due time may be over for as long as a node needs to hear of it. */
#define STALLED_AFTER_MS WU_MINUTE_MS

enum { LIST_ROWS = 50, SNAPSHOT_ROWS = 20000, KINDS_MAX = 256 };

static const char *state_word(const LinkageRow *row, char *buffer, size_t size)
{
    return ctl_word(&coordinator_state__linkage_state__descriptor, "LINKAGE_STATE_",
                    (int)row->state, buffer, size);
}

/* "met", or for an unmet one why; NULL before the end. */
static const char *outcome_text(const LinkageRow *row, char *buffer, size_t size)
{
    if (row->state == LINKAGE_REFUSED) {
        return ctl_word(&coordinator__linkage_refusal__descriptor, "LINKAGE_REFUSAL_",
                        (int)row->refusal, buffer, size);
    }
    if (row->state != LINKAGE_CLOSED) {
        return NULL;
    }
    char outcome[40];
    char reason[40];
    const char *word = ctl_word(&coordinator__outcome__descriptor, "OUTCOME_", (int)row->outcome,
                                outcome, sizeof outcome);
    if (row->reason == UNMET_UNSPECIFIED) {
        (void)snprintf(buffer, size, "%s", word);
    } else {
        (void)snprintf(buffer, size, "%s: %s", word,
                       ctl_word(&coordinator__unmet_reason__descriptor, "UNMET_REASON_",
                                (int)row->reason, reason, sizeof reason));
    }
    return buffer;
}

/* ---- list ------------------------------------------------------------------ */

static const char *const LIST_COLUMNS[] = {"LINKAGE", "STATE",  "KIND",  "COMMUNITY", "URGENCY",
                                           "RAISED",  "CLOSED", "STEPS", "OUTCOME",   NULL};

struct list {
    struct ctl *ctl;
    struct ctl_city city;
    struct ctl_table *table;
    struct wu_txn *txn; /* of the coordinator that is read */
    int state;          /* 0: any */
    uint64_t division;  /* 0: any; else it and everything below */
    bool open;
    bool stalled;
    int64_t now_ms;
    int64_t room;
    bool cut;
};

static const char *community_name(struct list *list, const LinkageRow *row)
{
    struct wu_txn *txn = ctl_city_txn_of_number(&list->city, row->community_node);
    const char *name = txn != NULL ? ctl_view_community_name(txn, row->division) : NULL;
    if (name == NULL) {
        name = wu_arena_printf(&list->ctl->arena, "%llu", (unsigned long long)row->division);
    }
    return name;
}

static const char *kind_name(struct wu_txn *txn, const char *code)
{
    const KindRow *kind = ctl_view_kind(txn, code, 0);
    bool named = kind != NULL && kind->kind != NULL && kind->kind->name_zh[0] != '\0';
    return named ? kind->kind->name_zh : code;
}

static void list_row(struct list *list, const struct wu_id *id, const LinkageRow *row)
{
    char number[WU_ID_TEXT_MAX];
    char state[40];
    char urgency[40];
    char outcome[96];
    char steps[32];
    size_t delivered = 0;
    for (size_t i = 0; i < row->n_steps; i++) {
        delivered += row->steps[i]->state == STEP_DELIVERED ? 1 : 0;
    }
    (void)snprintf(steps, sizeof steps, "%zu of %zu", delivered, row->n_steps);
    const char *const values[] = {
        wu_id_to_text(id, number),
        state_word(row, state, sizeof state),
        kind_name(list->txn, row->kind),
        community_name(list, row),
        ctl_word(&community__need_urgency__descriptor, "NEED_URGENCY_", (int)row->urgency, urgency,
                 sizeof urgency),
        ctl_time_text(list->ctl, row->raised_at_ms),
        row->closed_at_ms != 0 ? ctl_time_text(list->ctl, row->closed_at_ms) : NULL,
        steps,
        outcome_text(row, outcome, sizeof outcome),
    };
    ctl_table_row(list->table, values);
}

static bool is_listed(const struct list *list, const LinkageRow *row)
{
    if (list->stalled) {
        int64_t due_ms = linkage_in_hand(row).next_due_ms;
        if (due_ms != WU_TIME_NEVER && due_ms + STALLED_AFTER_MS > list->now_ms) {
            return false;
        }
    }
    return (list->state == 0 || (int)row->state == list->state) &&
           (list->division == 0 || wu_division_holds(list->division, row->division));
}

/* False when the list is full. */
static bool list_linkage(struct list *list, const struct wu_id *id)
{
    const LinkageRow *row = linkages_get(list->txn, &(struct linkage_key){*id});
    if (row == NULL || !is_listed(list, row)) {
        return true;
    }
    if (list->room-- == 0) {
        list->cut = true;
        return false;
    }
    list_row(list, id, row);
    return true;
}

/* The id before this one; false before the first. */
static bool step_back(struct wu_id *id)
{
    for (size_t i = sizeof id->bytes; i-- > 0;) {
        if (id->bytes[i]-- != 0) {
            return true;
        }
    }
    return false;
}

/* Newest first; the open ones have an index of their own. */
static int list_coordinator(struct list *list, struct ctl_reader *reader)
{
    const struct wu_table *table = list->open ? &COORDINATOR_LINKAGES_OPEN : &COORDINATOR_LINKAGES;
    struct linkage_key key;
    struct wu_bytes value;
    size_t mark = list->ctl->arena.used_bytes;
    size_t count = 0;
    memset(&key, 0xff, sizeof key);
    list->txn = reader->txn;
    while (wu_table_last_raw(list->txn, table, &key, 0, &value) &&
           list_linkage(list, &key.linkage_id) && step_back(&key.linkage_id)) {
        wu_arena_reset(&list->ctl->arena, mark);
        if (++count % SNAPSHOT_ROWS == 0) {
            int status = ctl_reader_renew(list->ctl, reader);
            if (status != CTL_OK) {
                return status;
            }
            list->txn = reader->txn;
        }
    }
    wu_arena_reset(&list->ctl->arena, mark);
    return CTL_OK;
}

/* Calls for each coordinator of the home. */
typedef int (*on_coordinator)(void *context, struct ctl_reader *reader);

static int each_coordinator(struct ctl *ctl, on_coordinator call, void *context)
{
    for (size_t i = 0; i < ctl->node_count; i++) {
        if (strcmp(ctl->nodes[i].config.role, "coordinator") != 0) {
            continue;
        }
        struct ctl_reader reader = {0};
        int status = ctl_reader_open(ctl, &ctl->nodes[i], &reader);
        if (status == CTL_OK) {
            status = call(context, &reader);
        }
        ctl_reader_close(&reader);
        if (status != CTL_OK) {
            return status;
        }
    }
    return CTL_OK;
}

static int call_list(void *context, struct ctl_reader *reader)
{
    return list_coordinator(context, reader);
}

static bool read_list_options(struct list *list, int *argc, char **argv)
{
    const char *state = ctl_option(argc, argv, "state");
    const char *community = ctl_option(argc, argv, "community");
    const char *limit = ctl_option(argc, argv, "limit");
    char all[200];
    list->stalled = ctl_flag(argc, argv, "stalled");
    list->open = ctl_flag(argc, argv, "open") || list->stalled;
    list->now_ms = ctl_clock_now(list->ctl).now_ms;
    if (state != NULL && !ctl_parse_word(&coordinator_state__linkage_state__descriptor,
                                         "LINKAGE_STATE_", state, &list->state)) {
        (void)ctl_complain(CTL_USAGE, "--state '%s' is none of %s", state,
                           ctl_words(&coordinator_state__linkage_state__descriptor,
                                     "LINKAGE_STATE_", all, sizeof all));
        return false;
    }
    if (community != NULL && !ctl_parse_division(community, &list->division)) {
        (void)ctl_complain(CTL_USAGE, "--community '%s' is not 12 digits", community);
        return false;
    }
    return ctl_read_limit(limit, &list->room);
}

int cmd_linkage_list(struct ctl *ctl, int argc, char **argv)
{
    struct list list = {.ctl = ctl, .room = LIST_ROWS};
    if (!read_list_options(&list, &argc, argv) || !ctl_arguments(ctl, argc, argv, 0, 0) ||
        !ctl_load_home(ctl) || ctl_node_of_role(ctl, "coordinator") == NULL) {
        return CTL_USAGE;
    }
    ctl_city_open(ctl, &list.city);
    list.table = ctl_table_new(ctl, "linkages", LIST_COLUMNS);
    ctl_table_wrap(list.table);
    int status = each_coordinator(ctl, call_list, &list);
    ctl_city_close(&list.city);
    ctl_table_print(&list.table);
    if (list.cut) {
        ctl_tell_cut(ctl);
    }
    return status;
}

/* ---- show ------------------------------------------------------------------ */

static const char *const STEP_COLUMNS[] = {"STEP", "SOCIETY", "WHAT", "STATE", "BODY",
                                           "NODE", "OFFERS",  "WHO",  "DUE",   NULL};

static int64_t due_of(const LinkageStep *step)
{
    switch (step->state) {
    case STEP_OFFERED:
        return step->reply_by_ms;
    case STEP_RESERVED:
        return step->held_until_ms;
    case STEP_CONFIRMED:
    case STEP_TAKEN:
        return step->deliver_by_ms;
    default:
        return 0;
    }
}

static void show_step(struct ctl_case *the_case, struct ctl_table *table, const LinkageStep *step)
{
    struct ctl *ctl = the_case->ctl;
    char number[16];
    char state[40];
    char offers[16];
    char node[16] = "";
    (void)snprintf(number, sizeof number, "%u", (unsigned)step->step_no);
    (void)snprintf(offers, sizeof offers, "%u", (unsigned)step->attempt);
    if (step->node != 0) {
        (void)snprintf(node, sizeof node, "%u", (unsigned)step->node);
    }
    const char *asked = wu_arena_printf(&ctl->arena, "%s%s", ctl_case_asked(the_case, step),
                                        step->required ? "" : " (optional)");
    int64_t due_ms = due_of(step);
    const char *const values[] = {
        number,
        ctl_role_text(step->role),
        asked,
        ctl_word(&coordinator_state__step_state__descriptor, "STEP_STATE_", (int)step->state, state,
                 sizeof state),
        step->provider,
        node,
        offers,
        ctl_case_people(the_case, step),
        due_ms != 0 ? ctl_time_text(ctl, due_ms) : NULL,
    };
    ctl_table_row(table, values);
}

static void show_line(const char *name, const char *value)
{
    if (value != NULL && value[0] != '\0' && strcmp(value, "-") != 0) {
        (void)printf("  %-10s %s\n", name, value);
    }
}

static const char *span_text(struct ctl *ctl, int64_t from_ms, int64_t until_ms)
{
    return wu_arena_printf(&ctl->arena, "%s to %s", ctl_time_text(ctl, from_ms),
                           ctl_time_text(ctl, until_ms));
}

static void show_need(struct ctl_case *the_case)
{
    const CommunityState__NeedRow *need = the_case->need;
    struct ctl *ctl = the_case->ctl;
    char urgency[40];
    char source[40];
    if (need == NULL) {
        return;
    }
    show_line("urgency", ctl_word(&community__need_urgency__descriptor, "NEED_URGENCY_",
                                  (int)need->urgency, urgency, sizeof urgency));
    show_line("source", ctl_word(&community__need_source__descriptor, "NEED_SOURCE_",
                                 (int)need->source, source, sizeof source));
    if (need->external_ref[0] != '\0') {
        show_line("number",
                  wu_arena_printf(&ctl->arena, "%s of %s", need->external_ref, need->origin));
    }
    show_line("wanted", span_text(ctl, need->from_ms, need->until_ms));
    show_line("raised", ctl_time_text(ctl, need->raised_at_ms));
}

/* Of a refused linkage the rule that refused it, else NULL. */
static const char *refusing_rule(struct ctl *ctl, const LinkageRow *row)
{
    for (size_t i = 0; row->state == LINKAGE_REFUSED && i < row->n_history; i++) {
        const HistoryEntry *entry = row->history[i];
        if (entry->type == WU_TYPE(COORDINATOR_LINKAGE_REFUSED) && entry->n_rules > 0) {
            const struct rule_text *text = rule_text(entry->rules[0]);
            return wu_arena_printf(&ctl->arena, "%s: %s", ctl_rule_text(ctl, entry->rules[0]),
                                   text != NULL ? text->en : "");
        }
    }
    return NULL;
}

static void show_linkage(struct ctl_case *the_case)
{
    const LinkageRow *row = the_case->linkage;
    struct ctl *ctl = the_case->ctl;
    char buffer[96];
    if (row == NULL) {
        show_line("state", "on its way to the coordinator");
        return;
    }
    show_line("opened", ctl_time_text(ctl, row->opened_at_ms));
    show_line("delivered", ctl_time_text(ctl, row->delivered_at_ms));
    show_line("closed", ctl_time_text(ctl, row->closed_at_ms));
    show_line("state", state_word(row, buffer, sizeof buffer));
    show_line("outcome", outcome_text(row, buffer, sizeof buffer));
    show_line("missing", row->missing_service);
    show_line("rule", refusing_rule(ctl, row));
    show_line("approve by", row->state == LINKAGE_AWAITING_APPROVAL
                                ? ctl_time_text(ctl, row->approve_by_ms)
                                : NULL);
    show_line("approved by", row->approved_by);
    if (row->rating > 0) {
        show_line("rating", wu_arena_printf(&ctl->arena, "%u of 5", (unsigned)row->rating));
    }
}

static void show_people(struct ctl_case *the_case)
{
    struct ctl *ctl = the_case->ctl;
    const LinkageRow *row = the_case->linkage;
    (void)printf("linkage %s: %s for %s\n", the_case->number, the_case->kind_name,
                 the_case->community_name);
    show_line("division",
              wu_arena_printf(&ctl->arena, "%llu", (unsigned long long)the_case->division));
    show_need(the_case);
    show_linkage(the_case);
    if (row == NULL || row->n_steps == 0) {
        return;
    }
    (void)putchar('\n');
    struct ctl_table *table = ctl_table_new(ctl, "steps", STEP_COLUMNS);
    ctl_table_wrap(table);
    for (size_t i = 0; i < row->n_steps; i++) {
        show_step(the_case, table, row->steps[i]);
    }
    ctl_table_print(&table);

    struct ctl_case_transfers *transfers = wu_arena_take(&ctl->arena, sizeof *transfers);
    if (transfers == NULL) {
        return;
    }
    ctl_case_transfers(the_case, transfers);
    for (size_t i = 0; i < transfers->count; i++) {
        char kind[40];
        (void)printf("%s%s  step %u  %s %s\n", i == 0 ? "\nbookings\n  " : "  ",
                     ctl_second_text(ctl, transfers->rows[i]->time_ms),
                     (unsigned)transfers->rows[i]->step_no,
                     ctl_word(&charity_state__transfer_kind__descriptor, "TRANSFER_KIND_",
                              (int)transfers->rows[i]->kind, kind, sizeof kind),
                     ctl_case_booked(ctl, transfers->rows[i]));
    }
}

/* A row by its schema, or null. */
static void show_json_row(const char *name, const ProtobufCMessage *row)
{
    (void)printf(",\"%s\":", name);
    if (row != NULL) {
        wu_json_message(stdout, row);
    } else {
        (void)fputs("null", stdout);
    }
}

static void show_json(struct ctl_case *the_case)
{
    const LinkageRow *row = the_case->linkage;
    (void)printf("{\"linkage\":\"%s\",\"kind_name\":", the_case->number);
    wu_json_text(stdout, the_case->kind_name);
    (void)fputs(",\"community_name\":", stdout);
    wu_json_text(stdout, the_case->community_name);
    show_json_row("need", the_case->need != NULL ? &the_case->need->base : NULL);
    show_json_row("coordinator", row != NULL ? &row->base : NULL);
    (void)fputs(",\"steps\":[", stdout);
    for (size_t i = 0; row != NULL && i < row->n_steps; i++) {
        const LinkageStep *step = row->steps[i];
        const LinkageState__StepRow *held =
            ctl_case_provider_step(the_case, step->step_no, step->attempt);
        (void)printf("%s{\"step_no\":%u,\"people\":", i > 0 ? "," : "", (unsigned)step->step_no);
        wu_json_text(stdout, ctl_case_people(the_case, step));
        show_json_row("provider", held != NULL ? &held->base : NULL);
        (void)putchar('}');
    }
    (void)fputs("],\"transfers\":[", stdout);
    struct ctl_case_transfers *transfers = wu_arena_take(&the_case->ctl->arena, sizeof *transfers);
    if (transfers != NULL) {
        ctl_case_transfers(the_case, transfers);
    }
    for (size_t i = 0; transfers != NULL && i < transfers->count; i++) {
        (void)fputs(i > 0 ? "," : "", stdout);
        wu_json_message(stdout, &transfers->rows[i]->base);
    }
    (void)fputs("]}\n", stdout);
}

/* The one NUMBER of the command line, opened. */
static int open_case(struct ctl *ctl, int argc, char **argv, struct ctl_case *ret_case)
{
    struct wu_id id;
    if (!ctl_arguments(ctl, argc, argv, 1, 1) || !ctl_parse_id(argv[0], "linkage", &id) ||
        !ctl_load_home(ctl)) {
        return CTL_USAGE;
    }
    return ctl_case_open(ctl, &id, ret_case);
}

int cmd_linkage_show(struct ctl *ctl, int argc, char **argv)
{
    struct ctl_case the_case;
    int status = open_case(ctl, argc, argv, &the_case);
    if (status != CTL_OK) {
        return status;
    }
    if (ctl->json) {
        show_json(&the_case);
    } else {
        show_people(&the_case);
    }
    ctl_case_close(&the_case);
    return CTL_OK;
}

/* ---- trace ----------------------------------------------------------------- */

static const char *const TRACE_COLUMNS[] = {"WHEN", "WHO", "WHAT", "WHY", NULL};

static void print_trace(struct ctl *ctl, const struct ctl_trace *trace)
{
    const struct ctl_case *the_case = trace->the_case;
    char state[40];
    (void)printf("linkage %s: %s for %s (%llu), %s\n", the_case->number, the_case->kind_name,
                 the_case->community_name, (unsigned long long)the_case->division,
                 the_case->linkage != NULL ? state_word(the_case->linkage, state, sizeof state)
                                           : "on its way");
    if (trace->dropped_count > 0) {
        (void)printf("%u older lines are no longer held; the journal has them\n",
                     (unsigned)trace->dropped_count);
    }
    (void)putchar('\n');
    struct ctl_table *table = ctl_table_new(ctl, "events", TRACE_COLUMNS);
    ctl_table_wrap(table);
    for (size_t i = 0; i < trace->count; i++) {
        const struct ctl_trace_entry *entry = &trace->entries[i];
        const char *who = entry->who;
        if (entry->node != NULL) {
            bool nameless = strcmp(entry->who, entry->node->config.role) == 0;
            who = nameless ? ctl_node_text(ctl, entry->node)
                           : wu_arena_printf(&ctl->arena, "%s, %s", entry->who,
                                             ctl_node_text(ctl, entry->node));
        }
        const char *const values[] = {entry->time_ms != 0 ? ctl_second_text(ctl, entry->time_ms)
                                                          : "still to come",
                                      who, entry->what, entry->why};
        ctl_table_row(table, values);
    }
    ctl_table_print(&table);
}

static void print_json_field(const char *name, const char *text)
{
    (void)printf(",\"%s\":", name);
    wu_json_text(stdout, text);
}

static void print_trace_json(struct ctl *ctl, const struct ctl_trace *trace)
{
    (void)putchar('[');
    for (size_t i = 0; i < trace->count; i++) {
        const struct ctl_trace_entry *entry = &trace->entries[i];
        (void)printf("%s{\"time_ms\":\"%" PRId64 "\"", i > 0 ? ",\n " : "", entry->time_ms);
        print_json_field("when", ctl_second_text(ctl, entry->time_ms));
        print_json_field("who", entry->who);
        print_json_field("node", entry->node != NULL ? ctl_node_text(ctl, entry->node) : "");
        (void)printf(",\"step\":%u", (unsigned)entry->step_no);
        print_json_field("what", entry->what);
        print_json_field("why", entry->why);
        (void)putchar('}');
    }
    (void)fputs("]\n", stdout);
}

int cmd_linkage_trace(struct ctl *ctl, int argc, char **argv)
{
    struct ctl_case the_case;
    struct ctl_trace trace;
    int status = open_case(ctl, argc, argv, &the_case);
    if (status != CTL_OK) {
        return status;
    }
    ctl_trace_make(&the_case, &trace);
    if (ctl->json) {
        print_trace_json(ctl, &trace);
    } else {
        print_trace(ctl, &trace);
    }
    ctl_case_close(&the_case);
    return CTL_OK;
}

/* ---- totals ---------------------------------------------------------------- */

enum { BY_OPEN, BY_MET, BY_PARTLY, BY_NOT_MET, BY_UNCONFIRMED, BY_UNMET, BY_REFUSED, BY_ALL };

struct kind_totals {
    char code[KIND_CODE_SIZE];
    const char *name; /* in the arena, below the mark */
    uint64_t counts[BY_ALL + 1];
};

struct totals {
    struct ctl *ctl;
    struct kind_totals kinds[KINDS_MAX];
    size_t kind_count;
    struct {
        uint32_t outcome;
        uint32_t reason;
        uint64_t count;
        int64_t open_ms;
    } outcomes[64];
    size_t outcome_count;
    uint64_t open_count;
};

static int column_of(const LinkageRow *row)
{
    if (row->state == LINKAGE_REFUSED) {
        return BY_REFUSED;
    }
    if (row->state != LINKAGE_CLOSED) {
        return BY_OPEN;
    }
    switch (row->outcome) {
    case OUTCOME_MET:
        return BY_MET;
    case OUTCOME_PARTLY:
        return BY_PARTLY;
    case OUTCOME_NOT_MET:
        return BY_NOT_MET;
    case OUTCOME_UNCONFIRMED:
        return BY_UNCONFIRMED;
    default:
        return BY_UNMET;
    }
}

static struct kind_totals *totals_of(struct totals *totals, const char *code)
{
    for (size_t i = 0; i < totals->kind_count; i++) {
        if (strcmp(totals->kinds[i].code, code) == 0) {
            return &totals->kinds[i];
        }
    }
    if (totals->kind_count == KINDS_MAX) {
        return &totals
                    ->kinds[KINDS_MAX - 1]; /* what does not fit; such a catalogue has no reader */
    }
    struct kind_totals *kind = &totals->kinds[totals->kind_count++];
    (void)snprintf(kind->code, sizeof kind->code, "%s", code);
    return kind;
}

static int count_kinds(struct totals *totals, struct ctl_reader *reader)
{
    struct ctl *ctl = totals->ctl;
    struct linkage_key key = {{{0}}};
    const LinkageRow *row = NULL;
    size_t mark = ctl->arena.used_bytes;
    size_t count = 0;
    bool found = linkages_from(reader->txn, &key, 0, &row);
    while (found) {
        struct kind_totals *kind = totals_of(totals, row->kind);
        kind->counts[column_of(row)]++;
        kind->counts[BY_ALL]++;
        wu_arena_reset(&ctl->arena, mark);
        if (++count % SNAPSHOT_ROWS == 0) {
            int status = ctl_reader_renew(ctl, reader);
            if (status != CTL_OK) {
                return status;
            }
        }
        found = linkages_after(reader->txn, &key, 0, &row);
    }
    for (size_t i = 0; i < totals->kind_count; i++) {
        struct kind_totals *kind = &totals->kinds[i];
        if (kind->name == NULL) {
            kind->name = kind_name(reader->txn, kind->code);
        }
    }
    return CTL_OK;
}

static void count_outcomes(struct totals *totals, struct wu_txn *txn)
{
    struct outcome_key key = {0};
    const OutcomeRow *row = NULL;
    for (bool found = outcomes_from(txn, &key, 0, &row); found;
         found = outcomes_after(txn, &key, 0, &row)) {
        size_t i = 0;
        while (i < totals->outcome_count && (totals->outcomes[i].outcome != key.outcome ||
                                             totals->outcomes[i].reason != key.reason)) {
            i++;
        }
        if (i == sizeof totals->outcomes / sizeof totals->outcomes[0]) {
            return;
        }
        totals->outcome_count += i == totals->outcome_count ? 1 : 0;
        totals->outcomes[i].outcome = key.outcome;
        totals->outcomes[i].reason = key.reason;
        totals->outcomes[i].count += row->count;
        totals->outcomes[i].open_ms = wu_time_add(totals->outcomes[i].open_ms, row->open_ms);
    }
}

static int count_coordinator(void *context, struct ctl_reader *reader)
{
    struct totals *totals = context;
    totals->open_count += wu_table_count(reader->txn, &COORDINATOR_LINKAGES_OPEN);
    count_outcomes(totals, reader->txn);
    return count_kinds(totals, reader);
}

static const char *number_text(struct ctl *ctl, uint64_t number)
{
    return wu_arena_printf(&ctl->arena, "%llu", (unsigned long long)number);
}

/* "3 d 4 h", "2 h 5 min", "12 s" */
static const char *length_text(struct ctl *ctl, int64_t length_ms)
{
    long long seconds = length_ms / WU_SECOND_MS;
    if (length_ms >= WU_DAY_MS) {
        return wu_arena_printf(&ctl->arena, "%lld d %lld h", seconds / 86400,
                               seconds % 86400 / 3600);
    }
    if (length_ms >= WU_HOUR_MS) {
        return wu_arena_printf(&ctl->arena, "%lld h %lld min", seconds / 3600, seconds % 3600 / 60);
    }
    return seconds >= 60
               ? wu_arena_printf(&ctl->arena, "%lld min %lld s", seconds / 60, seconds % 60)
               : wu_arena_printf(&ctl->arena, "%lld s", seconds);
}

static void print_outcomes(struct totals *totals)
{
    static const char *const columns[] = {"OUTCOME", "REASON", "COUNT", "OPEN ON AVERAGE", NULL};
    struct ctl *ctl = totals->ctl;
    struct ctl_table *table = ctl_table_new(ctl, "outcomes", columns);
    for (size_t i = 0; i < totals->outcome_count; i++) {
        char outcome[40];
        char reason[40];
        uint64_t count = totals->outcomes[i].count;
        bool unmet = totals->outcomes[i].reason != 0;
        const char *const values[] = {
            ctl_word(&coordinator__outcome__descriptor, "OUTCOME_",
                     (int)totals->outcomes[i].outcome, outcome, sizeof outcome),
            unmet ? ctl_word(&coordinator__unmet_reason__descriptor, "UNMET_REASON_",
                             (int)totals->outcomes[i].reason, reason, sizeof reason)
                  : NULL,
            number_text(ctl, count),
            length_text(ctl, count > 0 ? totals->outcomes[i].open_ms / (int64_t)count : 0),
        };
        ctl_table_row(table, values);
    }
    const char *const open[] = {"open", NULL, number_text(ctl, totals->open_count), NULL};
    ctl_table_row(table, open);
    ctl_table_print(&table);
}

static int compare_kinds(const void *a, const void *b)
{
    return strcmp(((const struct kind_totals *)a)->code, ((const struct kind_totals *)b)->code);
}

static void print_kinds(struct totals *totals)
{
    qsort(totals->kinds, totals->kind_count, sizeof totals->kinds[0], compare_kinds);
    static const char *const columns[] = {"KIND",    "CODE",    "OPEN",        "MET",
                                          "PARTLY",  "NOT MET", "UNCONFIRMED", "UNMET",
                                          "REFUSED", "ALL",     NULL};
    struct ctl *ctl = totals->ctl;
    struct ctl_table *table = ctl_table_new(ctl, "kinds", columns);
    for (size_t i = 0; i < totals->kind_count; i++) {
        const char *values[BY_ALL + 3] = {totals->kinds[i].name, totals->kinds[i].code};
        for (size_t column = 0; column <= BY_ALL; column++) {
            values[column + 2] = number_text(ctl, totals->kinds[i].counts[column]);
        }
        ctl_table_row(table, values);
    }
    ctl_table_print(&table);
}

int cmd_linkage_totals(struct ctl *ctl, int argc, char **argv)
{
    struct totals totals = {.ctl = ctl};
    if (!ctl_arguments(ctl, argc, argv, 0, 0) || !ctl_load_home(ctl) ||
        ctl_node_of_role(ctl, "coordinator") == NULL) {
        return CTL_USAGE;
    }
    int status = each_coordinator(ctl, count_coordinator, &totals);
    if (status != CTL_OK) {
        return status;
    }
    if (ctl->json) {
        (void)fputs("{\"outcomes\":", stdout);
    }
    print_outcomes(&totals);
    (void)fputs(ctl->json ? ",\"kinds\":" : "\n", stdout);
    print_kinds(&totals);
    (void)fputs(ctl->json ? ",\"overrides\":" : "\n", stdout);
    status = ctl_print_override_counts(ctl);
    if (ctl->json) {
        (void)fputs("}\n", stdout);
    }
    return status;
}
