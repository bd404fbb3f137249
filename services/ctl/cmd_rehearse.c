/*
 * What a draft catalogue would have done. The coordinator's journal is folded
 * again, as it was; at each need of the period its handler is preceded by ours,
 * which looks twice, with the coordinator's own code and the providers as they
 * stood then: under the kind that was in force, and under the draft's. Nothing
 * of what we see goes into the fold: at its end the copy must be the store.
 */
#include "services/coordinator/core/candidate.h"
#include "services/coordinator/core/core.h"
#include "services/coordinator/core/kind.h"
#include "services/coordinator/core/linkage.h"
#include "services/coordinator/core/tables.h"
#include "services/ctl/bulk.h"
#include "services/ctl/catalogue_files.h"
#include "services/ctl/commands.h"
#include "services/ctl/nodes.h"

#include "common/journal/replay.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = KIND_STEPS_MAX + 1, CASES_SHOWN = 50, ROUTE_LISTS_MAX = 32 };

/* Who would be asked first for each step; an assessment is one, the recipe as it stands. */
struct routing {
    LinkageRefusal refusal;
    size_t step_count;
    struct {
        Role role;
        const char *service; /* of the kind, which stays */
        bool required;
        struct wu_id provider_id; /* none: nobody offers it there */
    } steps[STEPS_MAX];
};

enum verdict { NEED_SAME, NEED_ELSEWHERE, NEED_UNROUTABLE, NEED_ROUTABLE, VERDICTS };

static const char *const VERDICT_WORDS[VERDICTS] = {
    [NEED_SAME] = "same",
    [NEED_ELSEWHERE] = "elsewhere",
    [NEED_UNROUTABLE] = "unroutable",
    [NEED_ROUTABLE] = "routable",
};

struct count {
    char name[KIND_CODE_SIZE]; /* of a kind */
    uint64_t counts[VERDICTS];
};

/* One step that goes to a provider: under the draft +1, under what was in force -1. */
struct share {
    struct wu_id provider_id;
    int64_t before;
    int64_t after;
};

struct shown {
    struct wu_id need_id;
    uint64_t division;
    const char *kind;
    enum verdict verdict;
    const char *before;
    const char *after;
};

struct rehearsal {
    struct ctl *ctl;
    const struct ctl_catalogue *draft;
    int64_t from_ms;
    int64_t until_ms;
    void (*fold_need)(struct wu_step *step, const void *body);

    uint64_t counts[VERDICTS];
    struct count kinds[CTL_CATALOGUE_KINDS_MAX];
    size_t kind_count;
    struct share *shares;
    size_t share_count;
    size_t share_room;
    struct shown *shown;
    size_t shown_count;
    size_t shown_max;
    bool no_memory;
};

/* ---- one need ------------------------------------------------------------------ */

static void route_step(struct wu_step *fold, struct routing *routing, const PlanStep *plan,
                       uint64_t division)
{
    LinkageStep step = COORDINATOR_STATE__LINKAGE_STEP__INIT;
    struct choice choice;
    size_t at = routing->step_count++;
    step.role = plan->role;
    step.service = plan->service;
    routing->steps[at].role = plan->role;
    routing->steps[at].service = plan->service;
    routing->steps[at].required = plan->required;
    if (candidate_choose(fold, &step, division, &choice)) {
        routing->steps[at].provider_id = choice.provider_id;
    }
}

static void route_need(struct wu_step *fold, const NeedRaised *raised, const KindRow *kind,
                       struct routing *ret_routing)
{
    *ret_routing = (struct routing){.refusal = linkage_refusal(fold, raised, kind)};
    if (ret_routing->refusal != NOT_REFUSED) {
        return;
    }
    if (kind->kind->assess) {
        const PlanStep assessment = linkage_assessment(kind->kind);
        route_step(fold, ret_routing, &assessment, raised->division);
    }
    for (size_t i = 0; i < kind->kind->n_recipe; i++) {
        route_step(fold, ret_routing, kind->kind->recipe[i], raised->division);
    }
}

/* The required step that nobody offers; STEPS_MAX: each has somebody. */
static size_t step_of_nobody(const struct routing *routing)
{
    for (size_t i = 0; i < routing->step_count; i++) {
        if (routing->steps[i].required && wu_id_is_none(&routing->steps[i].provider_id)) {
            return i;
        }
    }
    return STEPS_MAX;
}

static bool is_routable(const struct routing *routing)
{
    return routing->refusal == NOT_REFUSED && step_of_nobody(routing) == STEPS_MAX;
}

static bool goes_the_same_way(const struct routing *a, const struct routing *b)
{
    bool same = a->step_count == b->step_count;
    for (size_t i = 0; same && i < a->step_count; i++) {
        same = a->steps[i].role == b->steps[i].role &&
               strcmp(a->steps[i].service, b->steps[i].service) == 0 &&
               wu_id_equal(&a->steps[i].provider_id, &b->steps[i].provider_id);
    }
    return same;
}

static enum verdict verdict_of(const struct routing *before, const struct routing *after)
{
    bool was = is_routable(before);
    bool is = is_routable(after);
    if (was != is) {
        return is ? NEED_ROUTABLE : NEED_UNROUTABLE;
    }
    return !was || goes_the_same_way(before, after) ? NEED_SAME : NEED_ELSEWHERE;
}

/* ---- what is kept of it ----------------------------------------------------------- */

static bool add_share(struct rehearsal *rehearsal, const struct share *share)
{
    if (rehearsal->share_count == rehearsal->share_room) {
        size_t room = rehearsal->share_room == 0 ? 4096 : rehearsal->share_room * 2;
        struct share *grown = realloc(rehearsal->shares, room * sizeof *grown);
        if (grown == NULL) {
            return false;
        }
        rehearsal->shares = grown;
        rehearsal->share_room = room;
    }
    rehearsal->shares[rehearsal->share_count++] = *share;
    return true;
}

/* A need that cannot be met as a whole gives nobody work. */
static void share_out(struct rehearsal *rehearsal, const struct routing *routing, bool is_draft)
{
    for (size_t i = 0; is_routable(routing) && i < routing->step_count; i++) {
        const struct share share = {routing->steps[i].provider_id, is_draft ? 0 : 1,
                                    is_draft ? 1 : 0};
        if (!wu_id_is_none(&share.provider_id) && !add_share(rehearsal, &share)) {
            rehearsal->no_memory = true;
        }
    }
}

static void count_kind(struct rehearsal *rehearsal, const char *code, enum verdict verdict)
{
    size_t i = 0;
    while (i < rehearsal->kind_count && strcmp(rehearsal->kinds[i].name, code) != 0) {
        i++;
    }
    if (i == CTL_CATALOGUE_KINDS_MAX) {
        return; /* the totals count it */
    }
    if (i == rehearsal->kind_count) {
        (void)snprintf(rehearsal->kinds[i].name, sizeof rehearsal->kinds[i].name, "%s", code);
        rehearsal->kind_count++;
    }
    rehearsal->kinds[i].counts[verdict]++;
}

static const char *provider_name(struct wu_txn *txn, const struct wu_id *id)
{
    const ProviderRow *row = providers_get(txn, &(struct provider_key){*id});
    return row != NULL ? row->name : "nobody";
}

static const char *routing_text(struct rehearsal *rehearsal, struct wu_txn *txn,
                                const struct routing *routing)
{
    char word[40];
    struct wu_arena *arena = &rehearsal->ctl->arena;
    if (routing->refusal != NOT_REFUSED) {
        return wu_arena_printf(arena, "refused: %s",
                               ctl_word(&coordinator__linkage_refusal__descriptor,
                                        "LINKAGE_REFUSAL_", (int)routing->refusal, word,
                                        sizeof word));
    }
    const char *text = "";
    for (size_t i = 0; i < routing->step_count && text != NULL; i++) {
        text =
            wu_arena_printf(arena, "%s%s%s: %s", text, i > 0 ? "; " : "", routing->steps[i].service,
                            provider_name(txn, &routing->steps[i].provider_id));
    }
    return text;
}

static void show_case(struct rehearsal *rehearsal, struct wu_txn *txn, const NeedRaised *raised,
                      const struct routing *before, const struct routing *after)
{
    struct shown *shown = &rehearsal->shown[rehearsal->shown_count];
    struct wu_arena *arena = &rehearsal->ctl->arena;
    if (!wu_id_from_pb(raised->need_id, &shown->need_id)) {
        return;
    }
    shown->division = raised->division;
    shown->kind = wu_arena_copy(arena, raised->kind, strlen(raised->kind));
    shown->verdict = verdict_of(before, after);
    shown->before = routing_text(rehearsal, txn, before);
    shown->after = routing_text(rehearsal, txn, after);
    rehearsal->shown_count++;
}

/* ---- at each need of the period ------------------------------------------------------ */

static const Coordinator__AdoptKind *drafted(const struct ctl_catalogue *draft, const char *code)
{
    for (size_t i = 0; i < draft->kind_count; i++) {
        if (strcmp(draft->kinds[i].adopt->code, code) == 0) {
            return draft->kinds[i].adopt;
        }
    }
    return NULL;
}

static void rehearse_need(struct rehearsal *rehearsal, struct wu_step *fold,
                          const NeedRaised *raised)
{
    const KindRow *in_force = kind_in_force(fold, raised->kind);
    const Coordinator__AdoptKind *draft = drafted(rehearsal->draft, raised->kind);
    KindRow row = COORDINATOR_STATE__KIND_ROW__INIT;
    row.kind = (Coordinator__AdoptKind *)(uintptr_t)draft;
    struct routing before;
    struct routing after;
    route_need(fold, raised, in_force, &before);
    route_need(fold, raised, draft != NULL ? &row : in_force, &after);

    enum verdict verdict = verdict_of(&before, &after);
    rehearsal->counts[verdict]++;
    count_kind(rehearsal, raised->kind, verdict);
    share_out(rehearsal, &before, false);
    share_out(rehearsal, &after, true);
    if (verdict != NEED_SAME && rehearsal->shown_count < rehearsal->shown_max) {
        show_case(rehearsal, wu_step_txn(fold), raised, &before, &after);
    }
}

static void route_rehearsed(struct wu_step *fold, const void *body)
{
    /* `extra` is const for cores; this one is ours, and lives on our stack. */
    struct rehearsal *rehearsal = (struct rehearsal *)(uintptr_t)wu_step_extra(fold);
    int64_t time_ms = wu_step_event(fold)->time_ms;
    if (time_ms >= rehearsal->from_ms && time_ms < rehearsal->until_ms) {
        rehearse_need(rehearsal, fold, body);
    }
    rehearsal->fold_need(fold, body);
}

static int fold_again(struct rehearsal *rehearsal, const struct ctl_node *node)
{
    const struct wu_route *need = wu_core_route(&COORDINATOR_CORE, WU_TYPE(COMMUNITY_NEED_RAISED));
    const struct wu_route first[] = {{need->type, need->origin, need->body, route_rehearsed}, {0}};
    const struct wu_route *routes[ROUTE_LISTS_MAX] = {first};
    for (size_t i = 0; COORDINATOR_CORE.routes[i] != NULL && i + 2 < ROUTE_LISTS_MAX; i++) {
        routes[i + 1] = COORDINATOR_CORE.routes[i];
    }
    struct wu_core core = COORDINATOR_CORE;
    core.routes = routes;
    core.extra = rehearsal;
    rehearsal->fold_need = need->handle;

    char scratch[WU_CONFIG_TEXT_MAX + 32];
    struct wu_replay_report report;
    struct wu_error error = {""};
    enum wu_status status = ctl_make_scratch(node, scratch, sizeof scratch, &error);
    if (status == WU_OK) {
        status = wu_replay_verify(node->config.state_dir, &core, scratch, &report, &error);
        ctl_remove_scratch(scratch);
    }
    if (status == WU_DIVERGED) {
        return ctl_complain(CTL_FOUND,
                            "the journal does not fold to the store any more (%s): see "
                            "'wushectl store verify'",
                            report.first_difference);
    }
    if (status != WU_OK || rehearsal->no_memory) {
        return ctl_complain(CTL_FAILED, "%s",
                            status != WU_OK ? error.text : "no memory for all who get work");
    }
    return CTL_OK;
}

/* ---- the report ------------------------------------------------------------------------ */

static int compare_shares(const void *a, const void *b)
{
    return wu_id_compare(&((const struct share *)a)->provider_id,
                         &((const struct share *)b)->provider_id);
}

/* One for each provider. */
static void gather_shares(struct rehearsal *rehearsal)
{
    size_t kept = 0;
    if (rehearsal->share_count > 0) {
        qsort(rehearsal->shares, rehearsal->share_count, sizeof rehearsal->shares[0],
              compare_shares);
    }
    for (size_t i = 0; i < rehearsal->share_count; i++) {
        struct share *share = &rehearsal->shares[i];
        struct share *last = kept > 0 ? &rehearsal->shares[kept - 1] : NULL;
        if (last != NULL && wu_id_equal(&last->provider_id, &share->provider_id)) {
            last->before += share->before;
            last->after += share->after;
        } else {
            rehearsal->shares[kept++] = *share;
        }
    }
    rehearsal->share_count = kept;
}

/* Who gains most first. */
static int compare_gains(const void *a, const void *b)
{
    const struct share *first = a;
    const struct share *second = b;
    int64_t gain = first->after - first->before;
    int64_t other = second->after - second->before;
    return gain != other ? (gain < other) - (gain > other) : compare_shares(a, b);
}

static const char *number(struct rehearsal *rehearsal, int64_t value)
{
    return wu_arena_printf(&rehearsal->ctl->arena, "%" PRId64, value);
}

static void print_kinds(struct rehearsal *rehearsal)
{
    static const char *const columns[] = {"KIND",       "SAME",     "ELSEWHERE",
                                          "UNROUTABLE", "ROUTABLE", NULL};
    struct ctl_table *table = ctl_table_new(rehearsal->ctl, "kinds", columns);
    for (size_t i = 0; i < rehearsal->kind_count; i++) {
        const char *values[VERDICTS + 1] = {rehearsal->kinds[i].name};
        for (int verdict = 0; verdict < VERDICTS; verdict++) {
            values[verdict + 1] = number(rehearsal, (int64_t)rehearsal->kinds[i].counts[verdict]);
        }
        ctl_table_row(table, values);
    }
    ctl_table_print(&table);
}

static void print_providers(struct rehearsal *rehearsal, struct wu_txn *txn)
{
    static const char *const columns[] = {"PROVIDER", "BEFORE", "DRAFT", "DIFFERENCE", NULL};
    struct ctl_table *table = ctl_table_new(rehearsal->ctl, "providers", columns);
    if (rehearsal->share_count > 0) {
        qsort(rehearsal->shares, rehearsal->share_count, sizeof rehearsal->shares[0],
              compare_gains);
    }
    for (size_t i = 0; i < rehearsal->share_count; i++) {
        const struct share *share = &rehearsal->shares[i];
        if (share->after == share->before) {
            continue;
        }
        const char *values[] = {
            provider_name(txn, &share->provider_id), number(rehearsal, share->before),
            number(rehearsal, share->after),
            wu_arena_printf(&rehearsal->ctl->arena, "%+" PRId64, share->after - share->before)};
        ctl_table_row(table, values);
    }
    ctl_table_print(&table);
}

static void print_cases(struct rehearsal *rehearsal)
{
    static const char *const columns[] = {"NEED",   "KIND",  "DIVISION", "VERDICT",
                                          "BEFORE", "DRAFT", NULL};
    struct ctl_table *table = ctl_table_new(rehearsal->ctl, "cases", columns);
    for (size_t i = 0; i < rehearsal->shown_count; i++) {
        char id[WU_ID_TEXT_MAX];
        const struct shown *shown = &rehearsal->shown[i];
        const char *values[] = {wu_id_to_text(&shown->need_id, id),
                                shown->kind,
                                number(rehearsal, (int64_t)shown->division),
                                VERDICT_WORDS[shown->verdict],
                                shown->before,
                                shown->after};
        ctl_table_row(table, values);
    }
    ctl_table_wrap(table);
    ctl_table_print(&table);
}

static void print_totals(struct rehearsal *rehearsal)
{
    const uint64_t *counts = rehearsal->counts;
    uint64_t needs = counts[NEED_SAME] + counts[NEED_ELSEWHERE] + counts[NEED_UNROUTABLE] +
                     counts[NEED_ROUTABLE];
    (void)printf(rehearsal->ctl->json ? "{\"needs\":%" PRIu64 ",\"same\":%" PRIu64
                                        ",\"elsewhere\":%" PRIu64 ",\"unroutable\":%" PRIu64
                                        ",\"routable\":%" PRIu64 ",\"kinds\":"
                                      : "%" PRIu64 " needs: %" PRIu64 " the same, %" PRIu64
                                        " would have gone elsewhere, %" PRIu64
                                        " would have become unroutable, %" PRIu64 " routable\n\n",
                 needs, counts[NEED_SAME], counts[NEED_ELSEWHERE], counts[NEED_UNROUTABLE],
                 counts[NEED_ROUTABLE]);
}

static void print_report(struct rehearsal *rehearsal, struct wu_txn *txn)
{
    bool json = rehearsal->ctl->json;
    gather_shares(rehearsal);
    print_totals(rehearsal);
    print_kinds(rehearsal);
    (void)fputs(json ? ",\"providers\":" : "\n", stdout);
    print_providers(rehearsal, txn);
    (void)fputs(json ? ",\"cases\":" : "\n", stdout);
    print_cases(rehearsal);
    (void)fputs(json ? "}\n" : "", stdout);
}

/* ---- the command ----------------------------------------------------------------------- */

static int rehearse(struct rehearsal *rehearsal, const struct ctl_node *node)
{
    struct ctl_reader reader = {0};
    int status = fold_again(rehearsal, node);
    status = status == CTL_OK ? ctl_reader_open(rehearsal->ctl, node, &reader) : status;
    if (status == CTL_OK) {
        print_report(rehearsal, reader.txn);
        ctl_reader_close(&reader);
    }
    free(rehearsal->shares);
    return status;
}

/* A day is from its beginning, or to its end. */
static bool read_period(struct rehearsal *rehearsal, const struct ctl_clock *clock,
                        const char *from, const char *to)
{
    rehearsal->until_ms = clock->now_ms + 1;
    if (from != NULL && !ctl_parse_time(from, clock, &rehearsal->from_ms)) {
        (void)ctl_complain(CTL_USAGE, "--from '%.40s' is not a day: write 2026-07-01", from);
        return false;
    }
    if (to != NULL && ctl_parse_last_day(to, clock, &rehearsal->until_ms)) {
        rehearsal->until_ms++;
        return true;
    }
    if (to != NULL && !ctl_parse_time(to, clock, &rehearsal->until_ms)) {
        (void)ctl_complain(CTL_USAGE, "--to '%.40s' is not a day: write 2026-09-30", to);
        return false;
    }
    return true;
}

int cmd_catalogue_rehearse(struct ctl *ctl, int argc, char **argv)
{
    int64_t limit = CASES_SHOWN;
    const char *from = ctl_option(&argc, argv, "from");
    const char *to = ctl_option(&argc, argv, "to");
    const char *number_text = ctl_option(&argc, argv, "node");
    const char *limit_text = ctl_option(&argc, argv, "limit");
    const struct ctl_node *node = ctl_coordinator(ctl, number_text);
    const struct ctl_clock clock = ctl_clock_now(ctl);
    struct rehearsal *rehearsal = wu_arena_take(&ctl->arena, sizeof *rehearsal);
    if (node == NULL || rehearsal == NULL || !ctl_arguments(ctl, argc, argv, 1, 1) ||
        !ctl_read_limit(limit_text, &limit) || !read_period(rehearsal, &clock, from, to)) {
        return CTL_USAGE;
    }
    struct ctl_catalogue_files *files = NULL;
    int status = ctl_catalogue_load_good(ctl, argv[0], &clock, &files);
    if (status != CTL_OK) {
        return status;
    }
    rehearsal->ctl = ctl;
    rehearsal->draft = &files->catalogue;
    rehearsal->shown_max = (size_t)limit;
    rehearsal->shown = wu_arena_take(&ctl->arena, (size_t)limit * sizeof rehearsal->shown[0]);
    if (rehearsal->shown == NULL) {
        return ctl_complain(CTL_USAGE, "--limit is more than there is memory for");
    }
    return rehearse(rehearsal, node);
}
