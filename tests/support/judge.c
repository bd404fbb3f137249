#include "tests/support/judge.h"

#include "common/journal/tables.h"
#include "tests/support/look.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct judge {
    struct city *city;
    struct judge_answer *answers;
    size_t answer_count;
    size_t answer_max;
    struct wu_id *needs;
    size_t need_count;
    size_t need_max;

    /* while it looks */
    struct city_view views[CITY_END];
    struct judge_report *report;
    const CoordinatorState__LinkageRow *linkage;
    uint64_t seen_count;
    uint64_t deliveries; /* as providers have them */
    int64_t quantity;
    int node;
};

struct judge *judge_open(struct city *city)
{
    struct judge *judge = calloc(1, sizeof *judge);
    cr_assert_not_null(judge);
    judge->city = city;
    return judge;
}

void judge_close(struct judge **judge_p)
{
    free((*judge_p)->answers);
    free((*judge_p)->needs);
    free(*judge_p);
    *judge_p = NULL;
}

/* ---- what people were told ---------------------------------------------------------- */

void judge_heard(struct judge *judge, int node, const Bus__Answer *answer)
{
    if (judge->answer_count == judge->answer_max) {
        judge->answer_max = judge->answer_max * 2 + 1024;
        judge->answers = reallocarray(judge->answers, judge->answer_max, sizeof *judge->answers);
        cr_assert_not_null(judge->answers);
    }
    struct judge_answer *kept = &judge->answers[judge->answer_count++];
    *kept = (struct judge_answer){
        .number = answer->number, .node = node, .status = (int32_t)answer->status};
    (void)snprintf(kept->code, sizeof kept->code, "%s", answer->code);
    cr_assert(wu_id_from_pb(answer->producer, &kept->producer));
    (void)wu_id_from_pb(answer->id, &kept->id); /* not every command makes something */
}

void judge_heard_need(struct judge *judge, const Bus__Answer *answer)
{
    judge_heard(judge, CITY_COMMUNITY, answer);
    if (answer->status != BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED) {
        city_fail(judge->city, "a need is refused: %s: %s", answer->code, answer->text);
    }
    if (judge->need_count == judge->need_max) {
        judge->need_max = judge->need_max * 2 + 1024;
        judge->needs = reallocarray(judge->needs, judge->need_max, sizeof *judge->needs);
        cr_assert_not_null(judge->needs);
    }
    cr_assert(wu_id_from_pb(answer->id, &judge->needs[judge->need_count++]));
}

static int compare_ids(const void *a, const void *b)
{
    return wu_id_compare(a, b);
}

static bool is_acknowledged(const struct judge *judge, const struct wu_id *id)
{
    return bsearch(id, judge->needs, judge->need_count, sizeof *judge->needs, compare_ids) != NULL;
}

/* ---- steps ----------------------------------------------------------------------------- */

/* init numbers the nodes in the order of the roles, after the coordinator. */
static int node_of(Linkage__Role role)
{
    return (int)role + 1;
}

static bool is_brief(const CoordinatorState__LinkageRow *linkage)
{
    return strncmp(linkage->kind, JUDGE_BRIEF, sizeof JUDGE_BRIEF - 1) == 0;
}

static bool is_the_offer(const CoordinatorState__LinkageStep *step,
                         const LinkageState__StepRow *row)
{
    const Linkage__StepRef *ref = row->offer->ref;
    return ref->attempt == step->attempt && ref->provider_id.len == 16 &&
           step->provider_id.len == 16 &&
           memcmp(ref->provider_id.data, step->provider_id.data, 16) == 0;
}

/* Who has delivered a step, of all who provide. */
struct deliverers {
    const CoordinatorState__LinkageStep *step;
    int node;
    unsigned count;
    bool is_right_one; /* among them */
};

static bool see_deliverer(void *context, const struct wu_id *linkage_id, uint32_t step_no,
                          const LinkageState__StepRow *row)
{
    struct deliverers *seen = context;
    (void)linkage_id;
    (void)step_no;
    if (row->state == LINKAGE_STATE__STEP_STATE__STEP_STATE_DELIVERED) {
        seen->count++;
        seen->is_right_one |= seen->step->node == (uint32_t)seen->node &&
                              node_of(seen->step->role) == seen->node &&
                              is_the_offer(seen->step, row);
    }
    return true;
}

/* One if the coordinator says so, else nobody. */
static void check_step(struct judge *judge, const struct wu_id *id,
                       const CoordinatorState__LinkageStep *step)
{
    bool delivered = step->state == COORDINATOR_STATE__STEP_STATE__STEP_STATE_DELIVERED;
    bool brief = is_brief(judge->linkage);
    struct deliverers seen = {.step = step};
    char text[WU_ID_TEXT_MAX];
    for (seen.node = CITY_SOCIALORG; seen.node < CITY_END; seen.node++) {
        look_step(judge->views[seen.node].txn, id, step->step_no, see_deliverer, &seen);
    }
    if ((delivered && !seen.is_right_one) || (!brief && seen.count != (delivered ? 1 : 0))) {
        city_fail(judge->city,
                  "step %u of linkage %s is in state %d at the coordinator, node %u, attempt %u; "
                  "%u providers have delivered it, that one %s",
                  step->step_no, wu_id_to_text(id, text), (int)step->state, step->node,
                  step->attempt, seen.count, seen.is_right_one ? "too" : "not");
    }
    judge->report->delivered_count += delivered;
    judge->report->given_twice_count += seen.count > (delivered ? 1U : 0U);
}

static bool see_provided(void *context, const struct wu_id *linkage_id, uint32_t step_no,
                         const LinkageState__StepRow *step)
{
    struct judge *judge = context;
    char text[WU_ID_TEXT_MAX];
    if (step->state == LINKAGE_STATE__STEP_STATE__STEP_STATE_DELIVERED) {
        judge->deliveries++;
        judge->quantity += step->delivered->quantity;
    } else if (step->state < LINKAGE_STATE__STEP_STATE__STEP_STATE_DELIVERED) {
        city_fail(judge->city, "%s: step %u of linkage %s is still in state %d",
                  CITY_CORES[judge->node]->role, step_no, wu_id_to_text(linkage_id, text),
                  (int)step->state);
    }
    return true;
}

/* ---- needs ------------------------------------------------------------------------------ */

static bool see_linkage(void *context, const struct wu_id *linkage_id,
                        const CoordinatorState__LinkageRow *linkage)
{
    struct judge *judge = context;
    char text[WU_ID_TEXT_MAX];
    judge->seen_count++;
    if (!is_acknowledged(judge, linkage_id) ||
        linkage->state != COORDINATOR_STATE__LINKAGE_STATE__LINKAGE_STATE_CLOSED) {
        city_fail(judge->city, "linkage %s is in state %d, and its need %s acknowledged",
                  wu_id_to_text(linkage_id, text), (int)linkage->state,
                  is_acknowledged(judge, linkage_id) ? "was" : "was never");
    }
    judge->report->met_count += linkage->outcome == COORDINATOR__OUTCOME__OUTCOME_MET;
    judge->report->unmet_count += linkage->outcome == COORDINATOR__OUTCOME__OUTCOME_UNMET;
    judge->linkage = linkage;
    for (size_t index = 0; index < linkage->n_steps; index++) {
        check_step(judge, linkage_id, linkage->steps[index]);
    }
    return true;
}

static bool see_need(void *context, const struct wu_id *need_id,
                     const CommunityState__NeedRow *need)
{
    struct judge *judge = context;
    struct city_view *hub = &judge->views[CITY_COORDINATOR];
    size_t mark = hub->arena.used_bytes;
    const CoordinatorState__LinkageRow *linkage = look_linkage(hub->txn, need_id);
    char text[WU_ID_TEXT_MAX];
    judge->seen_count++;
    if (!is_acknowledged(judge, need_id) || linkage == NULL ||
        need->state != COMMUNITY_STATE__NEED_STATE__NEED_STATE_CLOSED ||
        need->outcome != linkage->outcome) {
        city_fail(judge->city,
                  "need %s: state %d, outcome %d, %s, acknowledged %d; its linkage says outcome %d",
                  wu_id_to_text(need_id, text), (int)need->state, (int)need->outcome,
                  linkage != NULL ? "one linkage" : "no linkage", is_acknowledged(judge, need_id),
                  linkage != NULL ? (int)linkage->outcome : -1);
    }
    wu_arena_reset(&hub->arena, mark);
    return true;
}

static void check_needs(struct judge *judge)
{
    struct wu_txn *hub = judge->views[CITY_COORDINATOR].txn;
    qsort(judge->needs, judge->need_count, sizeof *judge->needs, compare_ids);
    for (size_t index = 1; index < judge->need_count; index++) {
        cr_assert_not(wu_id_equal(&judge->needs[index - 1], &judge->needs[index]),
                      "two needs got one number");
    }
    look_linkages(hub, see_linkage, judge);
    if (judge->seen_count != judge->need_count || look_linkages_open_count(hub) != 0) {
        city_fail(judge->city, "%zu needs were acknowledged, %" PRIu64 " linkages are there",
                  judge->need_count, judge->seen_count);
    }
    judge->seen_count = 0;
    look_needs(judge->views[CITY_COMMUNITY].txn, see_need, judge);
    if (judge->seen_count != judge->need_count) {
        city_fail(judge->city, "%zu needs were acknowledged, %" PRIu64 " are there",
                  judge->need_count, judge->seen_count);
    }
}

/* ---- providers --------------------------------------------------------------------------- */

static void check_providers(struct judge *judge)
{
    char why[200];
    for (judge->node = CITY_SOCIALORG; judge->node < CITY_END; judge->node++) {
        struct wu_txn *txn = judge->views[judge->node].txn;
        judge->quantity = 0;
        look_steps(txn, see_provided, judge);
        if (judge->node == CITY_CHARITY && judge->quantity != look_issued(txn)) {
            city_fail(judge->city, "the books say %" PRId64 " was handed over, the steps %" PRId64,
                      look_issued(txn), judge->quantity);
        }
    }
    uint64_t known = judge->report->delivered_count;
    if (judge->deliveries < known ||
        (judge->deliveries > known && judge->report->given_twice_count == 0)) {
        city_fail(judge->city, "%" PRIu64 " deliveries, the coordinator knows %" PRIu64,
                  judge->deliveries, known);
    }
    if (look_wrong_books(judge->views[CITY_CHARITY].txn, why, sizeof why) ||
        look_overlapping_shifts(judge->views[CITY_VOLUNTEER].txn, why, sizeof why)) {
        city_fail(judge->city, "%s", why);
    }
}

static void check_journals(struct judge *judge)
{
    struct judge_names names = {0};
    for (int node = CITY_COORDINATOR; node < CITY_END; node++) {
        judge_journal(judge->city, node, judge->views[node].txn, judge->answers,
                      judge->answer_count, &names, judge->report);
    }
    judge_names_are_single(judge->city, &names);
    free(names.list);
}

void judge_city(struct judge *judge, struct judge_report *ret_report)
{
    char why[300] = "no store";
    *ret_report =
        (struct judge_report){.answer_count = judge->answer_count, .need_count = judge->need_count};
    judge->report = ret_report;
    judge->seen_count = 0;
    judge->deliveries = 0;
    if (!city_is_settled(judge->city, why, sizeof why)) {
        city_fail(judge->city, "mail is on its way: %s", why);
    }
    for (int node = CITY_COORDINATOR; node < CITY_END; node++) {
        cr_assert(city_view_open(judge->city, node, &judge->views[node]));
    }
    check_journals(judge);
    check_needs(judge);
    check_providers(judge);
    for (int node = CITY_COORDINATOR; node < CITY_END; node++) {
        city_view_close(&judge->views[node]);
    }
}
