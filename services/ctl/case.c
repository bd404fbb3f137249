#include "services/ctl/case.h"

#include "common/base/time.h"

#include <string.h>
#include <time.h>

enum { PEOPLE_MAX = 20, CLOCK_MARGIN_MS = 60 * 60 * 1000 };

/* ---- opening --------------------------------------------------------------- */

static const struct ctl_node *node_of_role(struct ctl *ctl, const char *role)
{
    for (size_t i = 0; i < ctl->node_count; i++) {
        if (strcmp(ctl->nodes[i].config.role, role) == 0) {
            return &ctl->nodes[i];
        }
    }
    return NULL;
}

static const struct ctl_node *node_of_number(struct ctl *ctl, uint64_t number)
{
    for (size_t i = 0; i < ctl->node_count; i++) {
        if (ctl->nodes[i].config.node == number) {
            return &ctl->nodes[i];
        }
    }
    return NULL;
}

/* The coordinator that has the linkage; of several, whichever does. */
static void find_linkage(struct ctl_case *the_case)
{
    struct ctl *ctl = the_case->ctl;
    the_case->hub = node_of_role(ctl, "coordinator");
    for (size_t i = 0; i < ctl->node_count && the_case->linkage == NULL; i++) {
        if (strcmp(ctl->nodes[i].config.role, "coordinator") != 0) {
            continue;
        }
        struct wu_txn *txn = ctl_city_txn(&the_case->city, &ctl->nodes[i]);
        if (txn == NULL) {
            continue;
        }
        the_case->linkage = ctl_view_linkage(txn, &the_case->id);
        if (the_case->linkage != NULL) {
            the_case->hub = &ctl->nodes[i];
        }
    }
}

static void find_need(struct ctl_case *the_case)
{
    the_case->community_node = node_of_number(the_case->ctl, wu_id_node(&the_case->id));
    if (the_case->community_node == NULL ||
        strcmp(the_case->community_node->config.role, "community") != 0) {
        return;
    }
    struct wu_txn *txn = ctl_city_txn(&the_case->city, the_case->community_node);
    if (txn != NULL) {
        the_case->need = ctl_view_need(txn, &the_case->id);
    }
}

static void find_names(struct ctl_case *the_case)
{
    const CoordinatorState__LinkageRow *linkage = the_case->linkage;
    const char *kind = linkage != NULL ? linkage->kind : the_case->need->kind;
    the_case->division = linkage != NULL ? linkage->division : the_case->need->division;
    struct wu_txn *txn =
        the_case->hub != NULL ? ctl_city_txn(&the_case->city, the_case->hub) : NULL;
    if (txn != NULL) {
        the_case->kind = ctl_view_kind(txn, kind, linkage != NULL ? linkage->kind_version : 0);
    }
    bool named = the_case->kind != NULL && the_case->kind->kind != NULL &&
                 the_case->kind->kind->name_zh[0] != '\0';
    the_case->kind_name = named ? the_case->kind->kind->name_zh : kind;

    txn = the_case->need != NULL ? ctl_city_txn(&the_case->city, the_case->community_node) : NULL;
    const char *name = txn != NULL ? ctl_view_community_name(txn, the_case->division) : NULL;
    if (name == NULL) {
        name =
            wu_arena_printf(&the_case->ctl->arena, "%llu", (unsigned long long)the_case->division);
    }
    the_case->community_name = name != NULL ? name : "";
}

int ctl_case_open(struct ctl *ctl, const struct wu_id *id, struct ctl_case *ret_case)
{
    *ret_case = (struct ctl_case){.ctl = ctl, .id = *id};
    ctl_city_open(ctl, &ret_case->city);
    (void)wu_id_to_text(id, ret_case->number);
    find_linkage(ret_case);
    find_need(ret_case);
    if (ret_case->linkage == NULL && ret_case->need == NULL) {
        ctl_case_close(ret_case);
        return ctl_complain(CTL_USAGE,
                            "no linkage %s: neither the coordinator nor a community in "
                            "'%s' knows it; 'wushectl linkage list' shows the latest",
                            ret_case->number, ctl->home);
    }
    find_names(ret_case);
    return CTL_OK;
}

void ctl_case_close(struct ctl_case *the_case)
{
    ctl_city_close(&the_case->city);
}

/* ---- steps ----------------------------------------------------------------- */

const CoordinatorState__LinkageStep *ctl_case_step(const struct ctl_case *the_case,
                                                   uint32_t step_no)
{
    const CoordinatorState__LinkageRow *linkage = the_case->linkage;
    return linkage != NULL && step_no >= 1 && step_no <= linkage->n_steps
               ? linkage->steps[step_no - 1]
               : NULL;
}

/* What the step's provider was offered, as its node names it. */
static struct ctl_view_offer offer_of(const struct ctl_case *the_case,
                                      const CoordinatorState__LinkageStep *step)
{
    struct ctl_view_offer offer = {.linkage_id = the_case->id, .step_no = step->step_no};
    (void)wu_id_from_pb(step->provider_id, &offer.provider_id);
    return offer;
}

static struct wu_txn *txn_of_provider(struct ctl_case *the_case, ProtobufCBinaryData provider_id)
{
    struct wu_id id;
    return wu_id_from_pb(provider_id, &id)
               ? ctl_city_txn_of_number(&the_case->city, wu_id_node(&id))
               : NULL;
}

const LinkageState__ProviderRow *ctl_case_provider(struct ctl_case *the_case,
                                                   ProtobufCBinaryData provider_id)
{
    struct wu_id id;
    struct wu_txn *txn = txn_of_provider(the_case, provider_id);
    return txn != NULL && wu_id_from_pb(provider_id, &id) ? ctl_view_provider(txn, &id) : NULL;
}

const LinkageState__StepRow *ctl_case_provider_step(struct ctl_case *the_case, uint32_t step_no,
                                                    uint32_t attempt)
{
    const CoordinatorState__LinkageStep *step = ctl_case_step(the_case, step_no);
    struct wu_txn *txn = step != NULL ? txn_of_provider(the_case, step->provider_id) : NULL;
    if (txn == NULL) {
        return NULL;
    }
    const struct ctl_view_offer offer = offer_of(the_case, step);
    const LinkageState__StepRow *row = ctl_view_step(txn, &offer);
    bool same = row != NULL && row->offer != NULL && row->offer->ref != NULL &&
                row->offer->ref->attempt == attempt;
    return same ? row : NULL;
}

/* ---- words ----------------------------------------------------------------- */

const char *ctl_role_text(Linkage__Role role)
{
    switch (role) {
    case LINKAGE__ROLE__ROLE_COMMUNITY:
        return "community";
    case LINKAGE__ROLE__ROLE_SOCIALORG:
        return "social organisation";
    case LINKAGE__ROLE__ROLE_SOCIALWORKER:
        return "social worker";
    case LINKAGE__ROLE__ROLE_VOLUNTEER:
        return "volunteers";
    case LINKAGE__ROLE__ROLE_CHARITY:
        return "charity resources";
    case LINKAGE__ROLE__ROLE_COORDINATOR:
        return "coordinator";
    default:
        return "?";
    }
}

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

const char *ctl_second_text(struct ctl *ctl, int64_t time_ms)
{
    struct tm parts;
    char text[32];
    if (time_ms <= 0 || time_ms >= WU_TIME_NEVER / 2) {
        return "-";
    }
    int64_t offset_min = ctl->node_count > 0 ? ctl->nodes[0].config.utc_offset_min : 0;
    time_t local_s = (time_t)((time_ms + offset_min * WU_MINUTE_MS) / WU_SECOND_MS);
    if (gmtime_r(&local_s, &parts) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts) == 0) {
        return "-";
    }
    return or_empty(wu_arena_printf(&ctl->arena, "%s", text));
}

static const char *booked_amount(struct ctl *ctl, Charity__ResourceClass resource_class,
                                 int64_t amount)
{
    char text[CTL_AMOUNT_TEXT_MAX];
    switch (resource_class) {
    case CHARITY__RESOURCE_CLASS__RESOURCE_CLASS_MONEY:
        (void)ctl_fen_text(amount, text);
        break;
    case CHARITY__RESOURCE_CLASS__RESOURCE_CLASS_GOODS:
        (void)ctl_pieces_text(amount, text);
        break;
    default:
        (void)snprintf(text, sizeof text, "%lld", (long long)amount);
        break;
    }
    return or_empty(wu_arena_printf(&ctl->arena, "%s", text));
}

/* Money or goods: the fund's books know; before anybody is asked any charity's books will do. */
static Charity__ResourceClass class_of(struct ctl_case *the_case,
                                       const CoordinatorState__LinkageStep *step)
{
    struct wu_id id;
    struct wu_txn *txn = txn_of_provider(the_case, step->provider_id);
    if (txn == NULL || !wu_id_from_pb(step->provider_id, &id)) {
        return strncmp(step->service, "money", 5) == 0
                   ? CHARITY__RESOURCE_CLASS__RESOURCE_CLASS_MONEY
                   : CHARITY__RESOURCE_CLASS__RESOURCE_CLASS_UNSPECIFIED;
    }
    return ctl_view_resource_class(txn, &id, step->service);
}

const char *ctl_case_amount(struct ctl_case *the_case, const CoordinatorState__LinkageStep *step,
                            int64_t amount)
{
    struct wu_arena *arena = &the_case->ctl->arena;
    if (step->role == LINKAGE__ROLE__ROLE_CHARITY) {
        return booked_amount(the_case->ctl, class_of(the_case, step), amount);
    }
    if (step->role == LINKAGE__ROLE__ROLE_VOLUNTEER) {
        return or_empty(wu_arena_printf(arena, "%lld %s", (long long)amount,
                                        amount == 1 ? "person" : "people"));
    }
    return or_empty(
        wu_arena_printf(arena, "%lld %s", (long long)amount, amount == 1 ? "case" : "cases"));
}

const char *ctl_case_asked(struct ctl_case *the_case, const CoordinatorState__LinkageStep *step)
{
    struct wu_arena *arena = &the_case->ctl->arena;
    if (step->role != LINKAGE__ROLE__ROLE_CHARITY && step->role != LINKAGE__ROLE__ROLE_VOLUNTEER &&
        step->quantity == 1) {
        return step->service;
    }
    const char *amount = ctl_case_amount(the_case, step, step->quantity);
    const char *link = step->role == LINKAGE__ROLE__ROLE_CHARITY ? "of" : "for";
    return or_empty(wu_arena_printf(arena, "%s %s %s", amount, link, step->service));
}

/* "11-25 09:00-11:00" in local time. */
static void span_text(struct ctl *ctl, int64_t from_ms, int64_t until_ms, char *text, size_t size)
{
    const char *from = ctl_second_text(ctl, from_ms);
    const char *until = ctl_second_text(ctl, until_ms);
    if (strlen(from) < 16 || strlen(until) < 16) {
        (void)snprintf(text, size, "-");
        return;
    }
    bool same_day = strncmp(from, until, 10) == 0;
    (void)snprintf(text, size, "%.11s-%.*s", from + 5, same_day ? 5 : 11,
                   until + (same_day ? 11 : 5));
}

static const char *volunteers_text(struct ctl_case *the_case, struct wu_txn *txn,
                                   const struct ctl_view_offer *offer)
{
    struct ctl_view_place place;
    char text[900] = "";
    size_t used = 0;
    uint32_t n = 0;
    for (; n < PEOPLE_MAX && ctl_view_place(txn, offer, n, &place); n++) {
        char span[40];
        span_text(the_case->ctl, place.from_ms, place.until_ms, span, sizeof span);
        int size = snprintf(text + used, sizeof text - used, "%s%s %s", n > 0 ? ", " : "",
                            place.person != NULL ? place.person->name : "?", span);
        if (size < 0 || (size_t)size >= sizeof text - used) {
            break;
        }
        used += (size_t)size;
    }
    bool more = n > 0 && ctl_view_place(txn, offer, n, &place);
    return or_empty(wu_arena_printf(&the_case->ctl->arena, "%s%s", text, more ? " ..." : ""));
}

const char *ctl_case_people(struct ctl_case *the_case, const CoordinatorState__LinkageStep *step)
{
    struct wu_txn *txn = txn_of_provider(the_case, step->provider_id);
    if (txn == NULL) {
        return "";
    }
    const struct ctl_view_offer offer = offer_of(the_case, step);
    if (step->role == LINKAGE__ROLE__ROLE_VOLUNTEER) {
        return volunteers_text(the_case, txn, &offer);
    }
    if (step->role == LINKAGE__ROLE__ROLE_SOCIALWORKER) {
        const SocialworkerState__WorkerRow *worker = ctl_view_case_worker(txn, &offer);
        return worker != NULL ? worker->name : "";
    }
    return "";
}

/* ---- bookings -------------------------------------------------------------- */

void ctl_case_transfers(struct ctl_case *the_case, struct ctl_case_transfers *ret_transfers)
{
    struct ctl *ctl = the_case->ctl;
    const CoordinatorState__LinkageRow *linkage = the_case->linkage;
    ret_transfers->count = 0;
    if (linkage == NULL) {
        return;
    }
    struct ctl_view_span span = {wu_time_add(linkage->opened_at_ms, -CLOCK_MARGIN_MS),
                                 WU_TIME_NEVER};
    if (linkage->closed_at_ms != 0) {
        span.until_ms = wu_time_add(linkage->closed_at_ms, CLOCK_MARGIN_MS);
    }
    for (size_t i = 0; i < ctl->node_count; i++) {
        if (strcmp(ctl->nodes[i].config.role, "charity") != 0) {
            continue;
        }
        struct wu_txn *txn = ctl_city_txn(&the_case->city, &ctl->nodes[i]);
        size_t first = ret_transfers->count;
        if (txn != NULL) {
            ret_transfers->count +=
                ctl_view_transfers(txn, &the_case->id, &span, &ret_transfers->rows[first],
                                   CTL_CASE_TRANSFERS_MAX - first);
        }
        for (size_t k = first; k < ret_transfers->count; k++) {
            ret_transfers->nodes[k] = &ctl->nodes[i];
        }
    }
}

const char *ctl_case_booked(struct ctl *ctl, const CharityState__TransferRow *row)
{
    int64_t amount = 0;
    for (size_t i = 0; i < row->n_legs; i++) {
        amount = row->legs[i]->amount > amount ? row->legs[i]->amount : amount;
    }
    return or_empty(wu_arena_printf(&ctl->arena, "%s of %s",
                                    booked_amount(ctl, row->resource_class, amount), row->service));
}
