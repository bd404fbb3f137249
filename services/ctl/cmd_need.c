#include "services/community/core/tables.h"
#include "services/ctl/bulk.h"
#include "services/ctl/commands.h"
#include "services/ctl/gate.h"
#include "services/ctl/nodes.h"
#include "services/ctl/views.h"

#include <stdlib.h>
#include <string.h>

enum { LIST_ROWS = 50, SNAPSHOT_ROWS = 20000 };

static const char *const COLUMNS[] = {"NEED",       "STATE",   "KIND",   "COMMUNITY",
                                      "URGENCY",    "RAISED",  "SOURCE", "REF",
                                      "CONFIRM BY", "OUTCOME", NULL};

/* ---- list ------------------------------------------------------------------ */

struct list {
    struct ctl *ctl;
    struct ctl_table *table;
    int64_t room;
    bool cut;
};

static const char *kind_name(struct wu_txn *txn, const char *code)
{
    struct kind_key key;
    const KindRow *row = wu_key_text(key.code, sizeof key.code, code) ? kinds_get(txn, &key) : NULL;
    return row != NULL && row->name_zh[0] != '\0' ? row->name_zh : code;
}

static const char *outcome_text(struct ctl *ctl, const NeedRow *need, char *buffer, size_t size)
{
    if (need->state == NEED_REFUSED) {
        const char *word = ctl_word(&coordinator__linkage_refusal__descriptor, "LINKAGE_REFUSAL_",
                                    (int)need->refusal, buffer, size);
        return need->rule != 0 ? wu_arena_printf(&ctl->arena, "%s, rule %s", word,
                                                 ctl_rule_text(ctl, need->rule))
                               : word;
    }
    return need->state == NEED_CLOSED ? ctl_word(&coordinator__outcome__descriptor, "OUTCOME_",
                                                 (int)need->outcome, buffer, size)
                                      : NULL;
}

static void list_row(struct list *list, struct wu_txn *txn, const struct wu_id *id,
                     const NeedRow *need)
{
    char number[WU_ID_TEXT_MAX];
    char state[40];
    char urgency[40];
    char source[40];
    char outcome[40];
    char division[24];
    const char *name = ctl_view_community_name(txn, need->division);
    (void)snprintf(division, sizeof division, "%llu", (unsigned long long)need->division);
    const char *const values[] = {
        wu_id_to_text(id, number),
        ctl_word(&community_state__need_state__descriptor, "NEED_STATE_", (int)need->state, state,
                 sizeof state),
        kind_name(txn, need->kind),
        name != NULL ? name : division,
        ctl_word(&community__need_urgency__descriptor, "NEED_URGENCY_", (int)need->urgency, urgency,
                 sizeof urgency),
        ctl_time_text(list->ctl, need->raised_at_ms),
        ctl_word(&community__need_source__descriptor, "NEED_SOURCE_", (int)need->source, source,
                 sizeof source),
        need->external_ref[0] != '\0' ? need->external_ref : NULL,
        need->state == NEED_AWAITING ? ctl_time_text(list->ctl, need->confirm_by_ms) : NULL,
        outcome_text(list->ctl, need, outcome, sizeof outcome),
    };
    ctl_table_row(list->table, values);
}

/* One step back in the order of ids; false before the first. */
static bool step_back(struct wu_id *id)
{
    for (size_t i = sizeof id->bytes; i-- > 0;) {
        if (id->bytes[i]-- != 0) {
            return true;
        }
    }
    return false;
}

/* Newest first. */
static void list_all(struct list *list, struct wu_txn *txn)
{
    struct need_key key;
    struct wu_bytes value;
    size_t mark = list->ctl->arena.used_bytes;
    memset(&key, 0xff, sizeof key);
    while (wu_table_last_raw(txn, &COMMUNITY_NEEDS, &key, 0, &value)) {
        if (list->room-- == 0) {
            list->cut = true;
            return;
        }
        const NeedRow *need = needs_get(txn, &key);
        if (need != NULL) {
            list_row(list, txn, &key.need_id, need);
        }
        wu_arena_reset(&list->ctl->arena, mark);
        if (!step_back(&key.need_id)) {
            return;
        }
    }
}

/* Whose silence ends first comes first. */
static void list_awaiting(struct list *list, struct wu_txn *txn)
{
    struct need_awaiting_key key = {.confirm_by_ms = INT64_MIN};
    size_t mark = list->ctl->arena.used_bytes;
    for (bool found = needs_awaiting_from(txn, &key, 0); found;
         found = needs_awaiting_after(txn, &key, 0)) {
        if (list->room-- == 0) {
            list->cut = true;
            return;
        }
        const NeedRow *need = needs_get(txn, &(struct need_key){key.need_id});
        if (need != NULL) {
            list_row(list, txn, &key.need_id, need);
        }
        wu_arena_reset(&list->ctl->arena, mark);
    }
}

static int list_nodes(struct list *list, bool awaiting)
{
    struct ctl *ctl = list->ctl;
    for (size_t i = 0; i < ctl->node_count && !list->cut; i++) {
        if (strcmp(ctl->nodes[i].config.role, "community") != 0) {
            continue;
        }
        struct ctl_reader reader = {0};
        int status = ctl_reader_open(ctl, &ctl->nodes[i], &reader);
        if (status != CTL_OK) {
            return status;
        }
        if (awaiting) {
            list_awaiting(list, reader.txn);
        } else {
            list_all(list, reader.txn);
        }
        ctl_reader_close(&reader);
    }
    return CTL_OK;
}

int cmd_need_list(struct ctl *ctl, int argc, char **argv)
{
    bool awaiting = ctl_flag(&argc, argv, "awaiting");
    struct list list = {.ctl = ctl, .room = LIST_ROWS};
    const char *limit = ctl_option(&argc, argv, "limit");
    if (!ctl_arguments(ctl, argc, argv, 0, 0) || !ctl_read_limit(limit, &list.room) ||
        !ctl_load_home(ctl)) {
        return CTL_USAGE;
    }
    list.table = ctl_table_new(ctl, awaiting ? "needs that wait for a word" : "needs", COLUMNS);
    ctl_table_wrap(list.table);
    int status = list_nodes(&list, awaiting);
    ctl_table_print(&list.table);
    if (list.cut) {
        ctl_tell_cut(ctl);
    }
    return status;
}

/* ---- confirm --------------------------------------------------------------- */

struct word {
    Community__Verdict verdict;
    uint32_t rating;
};

static bool read_options(int *argc, char **argv, struct word *ret_word)
{
    const char *verdict = ctl_option(argc, argv, "verdict");
    const char *rating = ctl_option(argc, argv, "rating");
    int value = 0;
    int64_t stars = 0;
    if (verdict == NULL ||
        !ctl_parse_word(&community__verdict__descriptor, "VERDICT_", verdict, &value)) {
        (void)ctl_complain(CTL_USAGE, "say what the resident says: --verdict met, partly or "
                                      "not-met");
        return false;
    }
    if (rating != NULL && (!ctl_parse_number(rating, 5, &stars) || stars == 0)) {
        (void)ctl_complain(CTL_USAGE, "--rating '%s' is not 1 to 5", rating);
        return false;
    }
    *ret_word = (struct word){(Community__Verdict)value, (uint32_t)stars};
    return true;
}

static Community__ConfirmNeed confirmation(const struct wu_id *id, const struct word *word)
{
    Community__ConfirmNeed confirm = COMMUNITY__CONFIRM_NEED__INIT;
    confirm.need_id = wu_id_to_pb(id);
    confirm.verdict = word->verdict;
    confirm.rating = word->rating;
    return confirm;
}

static int confirm_one(struct ctl *ctl, const char *text, const struct word *word)
{
    struct wu_id id;
    if (!ctl_parse_id(text, "need", &id)) {
        return CTL_USAGE;
    }
    const struct ctl_node *node = ctl_node_of_number(ctl, wu_id_node(&id));
    if (node == NULL) {
        return CTL_USAGE;
    }
    Community__ConfirmNeed confirm = confirmation(&id, word);
    const struct wu_command command = {.type = WU_TYPE(COMMUNITY_CONFIRM_NEED),
                                       .body = &confirm.base};
    int status = ctl_call(ctl, node, &command, NULL);
    if (status == CTL_OK && !ctl->json) {
        (void)printf("need %s confirmed\n", text);
    } else if (status == CTL_OK) {
        (void)printf("{\"need\":\"%s\"}\n", text);
    }
    return status;
}

/* Numbers of the needs that wait now; taken first, so that no snapshot is held while sending. */
static int gather(struct ctl *ctl, const struct ctl_node *node, struct ctl_targets *targets)
{
    struct ctl_reader reader = {0};
    struct need_awaiting_key key = {.confirm_by_ms = INT64_MIN};
    int status = ctl_reader_open(ctl, node, &reader);
    size_t count = 0;
    bool found = status == CTL_OK && needs_awaiting_from(reader.txn, &key, 0);
    while (found && status == CTL_OK) {
        if (!ctl_targets_add(targets, &(struct ctl_target){.node = node, .id = key.need_id})) {
            status = ctl_complain(CTL_FAILED, "no memory left");
        } else if (++count % SNAPSHOT_ROWS == 0) {
            status = ctl_reader_renew(ctl, &reader);
        }
        found = status == CTL_OK && needs_awaiting_after(reader.txn, &key, 0);
    }
    ctl_reader_close(&reader);
    return status;
}

static int send_confirmation(struct ctl_bulk *bulk, const struct ctl_target *target,
                             const void *context)
{
    Community__ConfirmNeed confirm = confirmation(&target->id, context);
    const struct wu_command command = {.type = WU_TYPE(COMMUNITY_CONFIRM_NEED),
                                       .body = &confirm.base};
    return ctl_bulk_send(bulk, target, &command);
}

static int confirm_all(struct ctl *ctl, const struct word *word)
{
    struct ctl_targets targets = {0};
    int status = CTL_OK;
    for (size_t i = 0; i < ctl->node_count && status == CTL_OK; i++) {
        if (strcmp(ctl->nodes[i].config.role, "community") == 0) {
            status = gather(ctl, &ctl->nodes[i], &targets);
        }
    }
    if (status == CTL_OK) {
        status = ctl_bulk_run(ctl, "needs", "confirmed", &targets, send_confirmation, word);
    }
    free(targets.list);
    return status;
}

int cmd_need_confirm(struct ctl *ctl, int argc, char **argv)
{
    bool all = ctl_flag(&argc, argv, "all");
    struct word word;
    if (!read_options(&argc, argv, &word) ||
        !ctl_arguments(ctl, argc, argv, all ? 0 : 1, all ? 0 : 1) || !ctl_load_home(ctl)) {
        return CTL_USAGE;
    }
    return all ? confirm_all(ctl, &word) : confirm_one(ctl, argv[0], &word);
}
