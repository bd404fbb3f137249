#include "services/ctl/bulk.h"
#include "services/ctl/commands.h"
#include "services/ctl/nodes.h"
#include "services/ctl/rows.h"
#include "services/ctl/views.h"
#include "services/provider/tables.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_ROWS = 50, SNAPSHOT_ROWS = 20000, MINUTES_MAX = 100000 };

static bool is_open_state(StepState state)
{
    return state == STEP_STATE(WAITING) || state == STEP_STATE(RESERVED) ||
           state == STEP_STATE(CONFIRMED);
}

static const char *state_word(StepState state, char *buffer, size_t size)
{
    return ctl_word(&linkage_state__step_state__descriptor, "STEP_STATE_", (int)state, buffer,
                    size);
}

/* ---- walking the open steps ------------------------------------------------ */

/* What is looked for among the steps on providers' desks. */
struct filter {
    const char *role;     /* NULL: any */
    const char *provider; /* code; NULL: any */
    StepState state;      /* UNSPECIFIED: waiting, reserved or confirmed */
};

/* False ends the walk. */
typedef bool (*on_step)(void *context, const struct ctl_reader *reader,
                        const struct step_open_key *key, const StepRow *row);

static bool find_body(struct wu_txn *txn, const char *code, struct wu_id *ret_provider_id)
{
    struct provider_code_key key;
    if (!wu_key_text(key.code, sizeof key.code, code)) {
        return false;
    }
    const ProviderCodeRow *row = providers_by_code_get(txn, &key);
    return row != NULL && wu_id_from_pb(row->provider_id, ret_provider_id);
}

/* Where the walk begins: at the provider asked for, or at the first. */
static bool first_key(struct wu_txn *txn, const struct filter *filter, struct step_open_key *key)
{
    *key = (struct step_open_key){0};
    return filter->provider == NULL || find_body(txn, filter->provider, &key->provider_id);
}

static bool show_step(const struct ctl_reader *reader, const struct filter *filter,
                      const struct step_open_key *key, on_step call, void *context)
{
    const StepRow *row =
        steps_get(reader->txn, &(struct step_key){key->linkage_id, key->step_no, key->provider_id});
    if (row == NULL || row->offer == NULL || (filter->state != 0 && row->state != filter->state)) {
        return true;
    }
    return call(context, reader, key, row);
}

static int walk_reader(struct ctl *ctl, struct ctl_reader *reader, const struct filter *filter,
                       on_step call, void *context)
{
    struct step_open_key key;
    size_t mark = ctl->arena.used_bytes;
    size_t count = 0;
    if (!first_key(reader->txn, filter, &key)) {
        return CTL_OK; /* not of this node */
    }
    int same_fields = filter->provider != NULL ? 1 : 0;
    bool found = steps_open_from(reader->txn, &key, same_fields);
    while (found && show_step(reader, filter, &key, call, context)) {
        wu_arena_reset(&ctl->arena, mark);
        if (++count % SNAPSHOT_ROWS == 0) {
            int status = ctl_reader_renew(ctl, reader);
            if (status != CTL_OK) {
                return status;
            }
        }
        found = steps_open_after(reader->txn, &key, same_fields);
    }
    wu_arena_reset(&ctl->arena, mark);
    return CTL_OK;
}

/* Every open step of every providing node that the filter lets through. */
static int walk_steps(struct ctl *ctl, const struct filter *filter, on_step call, void *context)
{
    for (size_t i = 0; i < ctl->node_count; i++) {
        const struct ctl_node *node = &ctl->nodes[i];
        if (!ctl_node_provides(node) ||
            (filter->role != NULL && strcmp(node->config.role, filter->role) != 0)) {
            continue;
        }
        struct ctl_reader reader = {0};
        int status = ctl_reader_open(ctl, node, &reader);
        if (status == CTL_OK) {
            status = walk_reader(ctl, &reader, filter, call, context);
        }
        ctl_reader_close(&reader);
        if (status != CTL_OK) {
            return status;
        }
    }
    return CTL_OK;
}

static bool check_role(struct ctl *ctl, const char *role)
{
    for (size_t i = 0; role != NULL && i < ctl->node_count; i++) {
        if (ctl_node_provides(&ctl->nodes[i]) && strcmp(ctl->nodes[i].config.role, role) == 0) {
            return true;
        }
    }
    if (role != NULL) {
        (void)ctl_complain(CTL_USAGE,
                           "--role '%s': no such node here; socialorg, socialworker, "
                           "volunteer and charity have steps",
                           role);
    }
    return role == NULL;
}

/* ---- list ------------------------------------------------------------------ */

static const char *const COLUMNS[] = {"LINKAGE", "STEP",     "STATE",      "BODY",
                                      "NODE",    "SERVICE",  "QUANTITY",   "FROM",
                                      "UNTIL",   "REPLY BY", "DELIVER BY", NULL};

struct list {
    struct ctl *ctl;
    struct ctl_table *table;
    int64_t room;
    bool cut;
};

/* Programs get fen, pieces and people as they are counted; people see yuan where it is money. */
static void quantity_text(const struct ctl *ctl, const struct ctl_reader *reader,
                          const struct wu_id *provider_id, const StepOffered *offer,
                          char text[CTL_AMOUNT_TEXT_MAX])
{
    bool is_stock = !ctl->json && strcmp(reader->node->config.role, "charity") == 0;
    switch (is_stock ? ctl_view_resource_class(reader->txn, provider_id, offer->service) : 0) {
    case CHARITY__RESOURCE_CLASS__RESOURCE_CLASS_MONEY:
        (void)ctl_fen_text(offer->quantity, text);
        break;
    case CHARITY__RESOURCE_CLASS__RESOURCE_CLASS_GOODS:
        (void)ctl_pieces_text(offer->quantity, text);
        break;
    default:
        (void)snprintf(text, CTL_AMOUNT_TEXT_MAX, "%lld", (long long)offer->quantity);
        break;
    }
}

static bool list_step(void *context, const struct ctl_reader *reader,
                      const struct step_open_key *key, const StepRow *row)
{
    struct list *list = context;
    char number[WU_ID_TEXT_MAX];
    char step[16];
    char state[32];
    char quantity[CTL_AMOUNT_TEXT_MAX];
    if (list->room == 0) { /* of all nodes together */
        list->cut = true;
        return false;
    }
    list->room--;
    const ProviderRow *body = ctl_view_provider(reader->txn, &key->provider_id);
    (void)snprintf(step, sizeof step, "%u", (unsigned)key->step_no);
    quantity_text(list->ctl, reader, &key->provider_id, row->offer, quantity);
    bool waits = row->state == STEP_STATE(WAITING);
    bool confirmed = row->state == STEP_STATE(CONFIRMED);
    const char *const values[] = {
        wu_id_to_text(&key->linkage_id, number),
        step,
        state_word(row->state, state, sizeof state),
        body != NULL ? body->name : NULL,
        ctl_node_text(list->ctl, reader->node),
        row->offer->service,
        quantity,
        ctl_time_text(list->ctl, row->offer->from_ms),
        ctl_time_text(list->ctl, row->offer->until_ms),
        waits ? ctl_time_text(list->ctl, row->offer->reply_by_ms) : NULL,
        confirmed ? ctl_time_text(list->ctl, row->deliver_by_ms) : NULL,
    };
    ctl_table_row(list->table, values);
    return true;
}

static StepState wanted_state(int *argc, char **argv)
{
    bool waiting = ctl_flag(argc, argv, "waiting");
    bool confirmed = ctl_flag(argc, argv, "confirmed");
    (void)ctl_flag(argc, argv, "open"); /* what is shown anyway */
    if (waiting) {
        return STEP_STATE(WAITING);
    }
    return confirmed ? STEP_STATE(CONFIRMED) : STEP_STATE(UNSPECIFIED);
}

int cmd_step_list(struct ctl *ctl, int argc, char **argv)
{
    struct filter filter = {.state = wanted_state(&argc, argv)};
    filter.role = ctl_option(&argc, argv, "role");
    filter.provider = ctl_option(&argc, argv, "provider");
    struct list list = {.ctl = ctl, .room = LIST_ROWS};
    const char *limit = ctl_option(&argc, argv, "limit");
    if (!ctl_arguments(ctl, argc, argv, 0, 0) || !ctl_read_limit(limit, &list.room) ||
        !ctl_load_home(ctl) || !check_role(ctl, filter.role)) {
        return CTL_USAGE;
    }
    list.table = ctl_table_new(ctl, "steps", COLUMNS);
    int status = walk_steps(ctl, &filter, list_step, &list);
    ctl_table_print(&list.table);
    if (list.cut) {
        ctl_tell_cut(ctl);
    }
    return status;
}

/* ---- one step -------------------------------------------------------------- */

/* Which step is meant, and what is known of it by now. */
struct search {
    const char *provider; /* code; NULL: any */
    StepState wanted;
    struct step_key key;
    const struct ctl_node *node; /* NULL: not found yet */
    StepState state;
    size_t wanted_count;
    char codes[200]; /* of those in the wanted state: "ORG-1, ORG-2" */
};

static void name_body(struct search *search, struct wu_txn *txn, const struct wu_id *provider_id)
{
    const ProviderRow *body = ctl_view_provider(txn, provider_id);
    size_t used = strlen(search->codes);
    (void)snprintf(search->codes + used, sizeof search->codes - used, "%s%s",
                   search->wanted_count++ > 0 ? ", " : "", body != NULL ? body->code : "?");
}

static void look_at(struct search *search, const struct ctl_reader *reader,
                    const struct step_key *key, const StepRow *row)
{
    bool better = search->node == NULL || row->state == search->wanted ||
                  (search->state != search->wanted && is_open_state(row->state));
    if (better) {
        search->key = *key;
        search->node = reader->node;
        search->state = row->state;
    }
    if (row->state == search->wanted) {
        name_body(search, reader->txn, &key->provider_id);
    }
}

static void search_node(const struct ctl_reader *reader, struct search *search)
{
    struct wu_id provider_id = {{0}};
    struct step_key key = {.linkage_id = search->key.linkage_id, .step_no = search->key.step_no};
    const StepRow *row = NULL;
    if (search->provider != NULL && !find_body(reader->txn, search->provider, &provider_id)) {
        return;
    }
    for (bool found = steps_from(reader->txn, &key, 2, &row); found;
         found = steps_after(reader->txn, &key, 2, &row)) {
        if (search->provider == NULL || wu_id_equal(&key.provider_id, &provider_id)) {
            look_at(search, reader, &key, row);
        }
    }
}

/* A step may have been offered to several bodies; the one that waits for this is meant. */
static int find_step(struct ctl *ctl, struct search *search)
{
    for (size_t i = 0; i < ctl->node_count; i++) {
        struct ctl_reader reader = {0};
        if (!ctl_node_provides(&ctl->nodes[i])) {
            continue;
        }
        int status = ctl_reader_open(ctl, &ctl->nodes[i], &reader);
        if (status != CTL_OK) {
            return status;
        }
        search_node(&reader, search);
        ctl_reader_close(&reader);
    }
    return CTL_OK;
}

/* LINKAGE STEP, and the node and body that have the step. */
static int read_target(struct ctl *ctl, char **argv, const char *provider, StepState wanted,
                       struct ctl_target *ret_target)
{
    int64_t step_no = 0;
    struct search search = {.provider = provider, .wanted = wanted};
    if (!ctl_parse_id(argv[0], "linkage", &search.key.linkage_id)) {
        return CTL_USAGE;
    }
    if (!ctl_parse_number(argv[1], 1000, &step_no) || step_no == 0) {
        (void)ctl_complain(CTL_USAGE, "'%s' is not the number of a step: 1, 2, 3 ...", argv[1]);
        return CTL_USAGE;
    }
    search.key.step_no = (uint32_t)step_no;
    int status = find_step(ctl, &search);
    if (status != CTL_OK) {
        return status;
    }
    if (search.node == NULL) {
        (void)ctl_complain(CTL_USAGE,
                           "step %s of linkage %s was not offered to %s here; "
                           "'wushectl linkage show %s' tells how it stands",
                           argv[1], argv[0], provider != NULL ? provider : "any node", argv[0]);
        return CTL_USAGE;
    }
    if (search.wanted_count > 1) {
        (void)ctl_complain(CTL_USAGE,
                           "step %s of linkage %s is with several bodies; say which one by "
                           "--provider: %s",
                           argv[1], argv[0], search.codes);
        return CTL_USAGE;
    }
    *ret_target = (struct ctl_target){search.node, search.key.linkage_id, search.key.step_no,
                                      search.key.provider_id};
    return CTL_OK;
}

static int call_for(struct ctl *ctl, const struct ctl_target *target,
                    const struct wu_command *command, const char *done)
{
    char number[WU_ID_TEXT_MAX];
    int status = ctl_call(ctl, target->node, command, NULL);
    if (status != CTL_OK) {
        return status;
    }
    (void)wu_id_to_text(&target->id, number);
    if (ctl->json) {
        (void)printf("{\"linkage\":\"%s\",\"step\":%u,\"node\":%llu}\n", number,
                     (unsigned)target->step_no, (unsigned long long)target->node->config.node);
    } else {
        (void)printf("%s step %u %s\n", number, (unsigned)target->step_no, done);
    }
    return CTL_OK;
}

/* ---- many steps ------------------------------------------------------------ */

struct gathering {
    struct ctl_targets targets;
    bool no_memory;
};

static bool gather_step(void *context, const struct ctl_reader *reader,
                        const struct step_open_key *key, const StepRow *row)
{
    struct gathering *gathering = context;
    (void)row;
    gathering->no_memory =
        !ctl_targets_add(&gathering->targets, &(struct ctl_target){reader->node, key->linkage_id,
                                                                   key->step_no, key->provider_id});
    return !gathering->no_memory;
}

/* All steps in that state now. They are noted first, so that no snapshot is held while sending. */
static int do_all(struct ctl *ctl, const struct filter *filter, const char *done,
                  ctl_bulk_sender send, const void *context)
{
    struct gathering gathering = {0};
    int status = walk_steps(ctl, filter, gather_step, &gathering);
    if (status == CTL_OK && gathering.no_memory) {
        status = ctl_complain(CTL_FAILED, "no memory left");
    }
    if (status == CTL_OK) {
        status = ctl_bulk_run(ctl, "steps", done, &gathering.targets, send, context);
    }
    free(gathering.targets.list);
    return status;
}

/* ---- accept, decline ------------------------------------------------------- */

struct answer {
    bool accept;
    bool not_ours;
    const char *text;
};

static AnswerOffer answer_offer(const struct ctl_target *target, const struct answer *answer)
{
    AnswerOffer offer = LINKAGE__ANSWER_OFFER__INIT;
    offer.linkage_id = wu_id_to_pb(&target->id);
    offer.step_no = target->step_no;
    offer.provider_id = wu_id_to_pb(&target->provider_id);
    offer.accept = answer->accept;
    offer.not_ours = answer->not_ours;
    offer.text = answer->text;
    return offer;
}

static int send_answer(struct ctl_bulk *bulk, const struct ctl_target *target, const void *context)
{
    AnswerOffer offer = answer_offer(target, context);
    const struct wu_command command = {.type = WU_TYPE(LINKAGE_ANSWER_OFFER), .body = &offer.base};
    return ctl_bulk_send(bulk, target, &command);
}

static int answer_steps(struct ctl *ctl, int argc, char **argv, bool accept)
{
    bool all = accept && ctl_flag(&argc, argv, "all");
    struct filter filter = {.state = STEP_STATE(WAITING)};
    filter.role = all ? ctl_option(&argc, argv, "role") : NULL;
    filter.provider = ctl_option(&argc, argv, "provider");
    const char *text = ctl_option(&argc, argv, "text");
    const struct answer answer = {
        .accept = accept,
        .not_ours = !accept && ctl_flag(&argc, argv, "not-ours"),
        .text = text != NULL ? text : "",
    };
    if (!ctl_arguments(ctl, argc, argv, all ? 0 : 2, all ? 0 : 2) || !ctl_load_home(ctl) ||
        !check_role(ctl, filter.role)) {
        return CTL_USAGE;
    }
    if (all) {
        return do_all(ctl, &filter, "accepted", send_answer, &answer);
    }
    struct ctl_target target;
    int status = read_target(ctl, argv, filter.provider, STEP_STATE(WAITING), &target);
    if (status != CTL_OK) {
        return status;
    }
    AnswerOffer offer = answer_offer(&target, &answer);
    const struct wu_command command = {.type = WU_TYPE(LINKAGE_ANSWER_OFFER), .body = &offer.base};
    return call_for(ctl, &target, &command, accept ? "accepted" : "declined");
}

int cmd_step_accept(struct ctl *ctl, int argc, char **argv)
{
    return answer_steps(ctl, argc, argv, true);
}

int cmd_step_decline(struct ctl *ctl, int argc, char **argv)
{
    return answer_steps(ctl, argc, argv, false);
}

/* ---- deliver --------------------------------------------------------------- */

struct delivery {
    int64_t quantity;
    int64_t minutes;
    const char *note;
    PlanStep **plan;
    size_t plan_count;
};

static bool read_number(const char *option, const char *text, int64_t max, int64_t *ret_number)
{
    if (text == NULL || ctl_parse_number(text, max, ret_number)) {
        return true;
    }
    (void)ctl_complain(CTL_USAGE, "%s '%s' is not a whole number from 0 to %lld", option, text,
                       (long long)max);
    return false;
}

static bool read_delivery(struct ctl *ctl, int *argc, char **argv, bool all,
                          struct delivery *ret_delivery)
{
    struct ctl_row_fault fault;
    const char *minutes = ctl_option(argc, argv, "minutes");
    const char *note = ctl_option(argc, argv, "note");
    const char *quantity = all ? NULL : ctl_option(argc, argv, "quantity");
    const char *plan = all ? NULL : ctl_option(argc, argv, "plan");
    *ret_delivery = (struct delivery){.note = note != NULL ? note : ""};
    if (!read_number("--minutes", minutes, MINUTES_MAX, &ret_delivery->minutes) ||
        !read_number("--quantity", quantity, INT64_MAX, &ret_delivery->quantity)) {
        return false;
    }
    if (plan != NULL && !ctl_parse_recipe(plan, &ctl->arena, &ret_delivery->plan,
                                          &ret_delivery->plan_count, &fault)) {
        (void)ctl_complain(CTL_USAGE, "--plan: %s", fault.reason);
        return false;
    }
    return true;
}

static ReportDelivery report_delivery(const struct ctl_target *target,
                                      const struct delivery *delivery)
{
    ReportDelivery report = LINKAGE__REPORT_DELIVERY__INIT;
    report.linkage_id = wu_id_to_pb(&target->id);
    report.step_no = target->step_no;
    report.provider_id = wu_id_to_pb(&target->provider_id);
    report.quantity = delivery->quantity;
    report.minutes = delivery->minutes;
    report.note = delivery->note;
    report.n_plan = delivery->plan_count;
    report.plan = delivery->plan;
    return report;
}

static int send_delivery(struct ctl_bulk *bulk, const struct ctl_target *target,
                         const void *context)
{
    ReportDelivery report = report_delivery(target, context);
    const struct wu_command command = {.type = WU_TYPE(LINKAGE_REPORT_DELIVERY),
                                       .body = &report.base};
    return ctl_bulk_send(bulk, target, &command);
}

int cmd_step_deliver(struct ctl *ctl, int argc, char **argv)
{
    struct delivery delivery;
    bool all = ctl_flag(&argc, argv, "all");
    struct filter filter = {.state = STEP_STATE(CONFIRMED)};
    filter.role = all ? ctl_option(&argc, argv, "role") : NULL;
    filter.provider = ctl_option(&argc, argv, "provider");
    if (!read_delivery(ctl, &argc, argv, all, &delivery) ||
        !ctl_arguments(ctl, argc, argv, all ? 0 : 2, all ? 0 : 2) || !ctl_load_home(ctl) ||
        !check_role(ctl, filter.role)) {
        return CTL_USAGE;
    }
    if (all) {
        return do_all(ctl, &filter, "delivered", send_delivery, &delivery);
    }
    struct ctl_target target;
    int status = read_target(ctl, argv, filter.provider, STEP_STATE(CONFIRMED), &target);
    if (status != CTL_OK) {
        return status;
    }
    ReportDelivery report = report_delivery(&target, &delivery);
    const struct wu_command command = {.type = WU_TYPE(LINKAGE_REPORT_DELIVERY),
                                       .body = &report.base};
    return call_for(ctl, &target, &command, "delivered");
}
