/* A step is with one provider at a time, and everything has an owner until it ends. */
#include "services/coordinator/core/core.h"

#include "services/coordinator/core/offer.h"
#include "services/coordinator/core/record.h"
#include "services/coordinator/core/tables.h"
#include "tests/fuzz/fuzz_core.h"

#include "common/base/assert.h"

enum { STEPS_MAX = 1024, ATTEMPTS_MAX = 64 };

/* ---- the coordinator's word, by a model of its own ------------------------------------- */

enum phase { NOWHERE, OFFERED, RESERVED, CONFIRMED, DELIVERED, OVER };

struct offered {
    struct wu_id linkage_id;
    struct wu_id provider_id;
    uint32_t step_no;
    uint32_t attempt;
    uint32_t node;
    enum phase phase;
    bool ever_reserved;
};

static struct offered offered_list[STEPS_MAX];
static size_t offered_count;
static uint64_t closed_count;

static void begin(void)
{
    offered_count = 0;
    closed_count = 0;
}

static struct offered *offered_of(const struct wu_id *linkage_id, uint32_t step_no)
{
    for (size_t i = 0; i < offered_count; i++) {
        if (offered_list[i].step_no == step_no &&
            wu_id_equal(&offered_list[i].linkage_id, linkage_id)) {
            return &offered_list[i];
        }
    }
    WU_ASSERT(offered_count < STEPS_MAX);
    offered_list[offered_count] = (struct offered){.linkage_id = *linkage_id, .step_no = step_no};
    return &offered_list[offered_count++];
}

static bool is_out(const struct offered *step)
{
    return step->phase == OFFERED || step->phase == RESERVED || step->phase == CONFIRMED;
}

static void hears(const struct fuzz_seen *seen, struct offered *step)
{
    if (!is_out(step) || seen->peer != step->node) {
        return; /* an outsider, or about what is over */
    }
    if (seen->type == WU_TYPE(LINKAGE_STEP_RESERVED) && step->phase == OFFERED) {
        step->phase = RESERVED;
        step->ever_reserved = true;
    } else if (seen->type == WU_TYPE(LINKAGE_STEP_DELIVERED) && step->phase == CONFIRMED) {
        step->phase = DELIVERED;
    } else if (seen->type == WU_TYPE(LINKAGE_STEP_DECLINED) ||
               seen->type == WU_TYPE(LINKAGE_STEP_LAPSED)) {
        step->phase = OVER;
    }
}

static void says(const struct fuzz_seen *seen, struct offered *step, const Linkage__StepRef *ref,
                 const struct wu_id *provider_id)
{
    bool is_current = step->attempt == ref->attempt &&
                      wu_id_equal(&step->provider_id, provider_id) && step->node == seen->peer;
    if (seen->type == WU_TYPE(LINKAGE_STEP_OFFERED)) {
        FUZZ_RULE(ref->attempt == step->attempt + 1 && !is_out(step) && step->phase != DELIVERED,
                  "a step is offered anew when the last attempt is over");
        step->attempt = ref->attempt;
        step->provider_id = *provider_id;
        step->node = seen->peer;
        step->phase = OFFERED;
    } else if (seen->type == WU_TYPE(LINKAGE_STEP_CONFIRMED)) {
        FUZZ_RULE(is_current && step->phase == RESERVED,
                  "a step is confirmed to the one provider that has it reserved");
        step->phase = CONFIRMED;
    } else if (is_current && is_out(step)) {
        step->phase = OVER;
    }
}

static void linkage_ends(ProtobufCBinaryData linkage_id)
{
    struct wu_id id;
    FUZZ_RULE(wu_id_from_pb(linkage_id, &id), "a linkage has a number");
    for (size_t i = 0; i < offered_count; i++) {
        FUZZ_RULE(!wu_id_equal(&offered_list[i].linkage_id, &id) || !is_out(&offered_list[i]),
                  "when a linkage ends nothing of it is left with a provider");
    }
}

static void saw_step(const struct fuzz_seen *seen)
{
    const Linkage__StepRef *ref = ((const Linkage__StepTaken *)(const void *)seen->body)->ref;
    struct wu_id linkage_id;
    struct wu_id provider_id;
    if (ref == NULL || !wu_id_from_pb(ref->linkage_id, &linkage_id) ||
        !wu_id_from_pb(ref->provider_id, &provider_id)) {
        return;
    }
    struct offered *step = offered_of(&linkage_id, ref->step_no);
    if (seen->is_output) {
        says(seen, step, ref, &provider_id);
    } else if (step->attempt == ref->attempt && wu_id_equal(&step->provider_id, &provider_id)) {
        hears(seen, step);
    }
}

static void saw(const struct fuzz_seen *seen)
{
    bool is_step = seen->type >= WU_TYPE(LINKAGE_STEP_OFFERED) &&
                   seen->type <= WU_TYPE(LINKAGE_STEP_DELIVERED);
    if (seen->body == NULL || seen->is_dead) {
        return;
    }
    bool asks = seen->type == WU_TYPE(LINKAGE_STEP_OFFERED) ||
                seen->type == WU_TYPE(LINKAGE_STEP_CONFIRMED) ||
                seen->type == WU_TYPE(LINKAGE_STEP_RELEASED);
    if (is_step && seen->is_output == asks) { /* else it is about another's step, referred here */
        saw_step(seen);
    } else if (is_step) {
        return;
    } else if (seen->is_output && seen->type == WU_TYPE(COORDINATOR_LINKAGE_CLOSED)) {
        linkage_ends(((const LinkageClosed *)(const void *)seen->body)->linkage_id);
        closed_count++;
    } else if (seen->is_output && seen->type == WU_TYPE(COORDINATOR_LINKAGE_DELIVERED)) {
        linkage_ends(((const LinkageDelivered *)(const void *)seen->body)->linkage_id);
    }
}

/* ---- linkages ------------------------------------------------------------------------------ */

struct sums {
    uint64_t open;
    uint64_t closed;
    uint64_t replies;    /* timers that must be */
    uint64_t deliveries; /* the same */
    uint64_t clocks;     /* the same */
    uint64_t escalated;
    uint64_t disputed;
};

static bool step_is_with_somebody(const LinkageStep *step)
{
    return step->state == STEP_OFFERED || step->state == STEP_RESERVED ||
           step->state == STEP_CONFIRMED || step->state == STEP_TAKEN;
}

static void check_tried(const LinkageStep *step)
{
    for (size_t i = 0; i < step->n_tried; i++) {
        for (size_t other = 0; other < i; other++) {
            struct wu_id a;
            struct wu_id b;
            FUZZ_RULE(wu_id_from_pb(step->tried[i], &a) && wu_id_from_pb(step->tried[other], &b) &&
                          !wu_id_equal(&a, &b),
                      "nobody is asked again who said no");
        }
    }
}

static void check_step(struct wu_txn *txn, const struct linkage_key *key, const LinkageStep *step,
                       struct sums *sums)
{
    bool asked = step->state == STEP_OFFERED;
    bool working = step->state == STEP_CONFIRMED || step->state == STEP_TAKEN;
    struct wu_id provider_id;
    FUZZ_RULE((step->state >= STEP_WAITING && step->state <= STEP_UNMET) ||
                  step->state == STEP_DISPUTED,
              "a step is in a state");
    sums->disputed += step->state == STEP_DISPUTED;
    FUZZ_RULE(step->attempt <= ATTEMPTS_MAX, "a step is offered so often and no more");
    FUZZ_RULE(!step_is_with_somebody(step) ||
                  (step->node != 0 && wu_id_from_pb(step->provider_id, &provider_id)),
              "a step that is out is with somebody");
    FUZZ_RULE(fuzz_has_timer(txn, WU_TYPE(COORDINATOR_OFFER_OVERDUE), step->reply_by_ms,
                             &key->linkage_id, timer_n(step)) == asked,
              "an offer has its clock, and nothing else has");
    FUZZ_RULE(fuzz_has_timer(txn, WU_TYPE(COORDINATOR_STEP_OVERDUE), step->deliver_by_ms,
                             &key->linkage_id, timer_n(step)) == working,
              "work has its clock, and nothing else has");
    sums->replies += asked;
    sums->deliveries += working;
    struct offered *model = offered_of(&key->linkage_id, step->step_no);
    FUZZ_RULE(is_out(model) == step_is_with_somebody(step),
              "what is with a provider is what was said");
    bool late = step->state == STEP_DELIVERED && step->attempt < model->attempt;
    FUZZ_RULE(step->attempt == model->attempt || late,
              "a step stands at its last attempt, or at the one that did it late");
    check_tried(step);
}

/* Steps that people added, perhaps when the others had been called: bit n for step n. */
static uint64_t steps_by_hand(struct wu_txn *txn, const struct linkage_key *key)
{
    struct history_key at = {.linkage_id = key->linkage_id};
    const HistoryEntry *entry = NULL;
    uint64_t by_hand = 0;
    for (bool more = history_from(txn, &at, 1, &entry); more;
         more = history_after(txn, &at, 1, &entry)) {
        if (entry->type == WU_TYPE(COORDINATOR_ADD_STEP) ||
            entry->type == WU_TYPE(COORDINATOR_CONFIRM_OVERRIDE)) {
            by_hand |= UINT64_C(1) << entry->step_no;
        }
    }
    return by_hand;
}

/* By where the linkage stands, what its steps may be. */
static void check_together(const struct linkage_key *key, const LinkageRow *row, uint64_t by_hand)
{
    for (size_t i = 0; i < row->n_steps; i++) {
        const LinkageStep *step = row->steps[i];
        bool begun = step->state == STEP_CONFIRMED || step->state == STEP_TAKEN;
        FUZZ_RULE(row->state != LINKAGE_RESERVING || !begun,
                  "all are reserved before one is confirmed");
        FUZZ_RULE(!step_is_with_somebody(step) || row->state <= LINKAGE_DELIVERING,
                  "what is over has nothing with a provider");
        FUZZ_RULE(row->state != LINKAGE_AWAITING || !step->required ||
                      step->state == STEP_DELIVERED,
                  "the resident is asked when all that is required was done");
        bool is_planned = (by_hand >> step->step_no & 1) == 0 && row->history_dropped == 0;
        FUZZ_RULE(row->state != LINKAGE_DELIVERING || !step->required || !is_planned ||
                      offered_of(&key->linkage_id, step->step_no)->ever_reserved,
                  "all that is required is reserved before anything is confirmed");
        FUZZ_RULE(row->state != LINKAGE_DELIVERING || step->state != STEP_UNMET,
                  "what nobody can do is not worked on");
    }
}

/* Volunteers and charity are called when the core three of the plan have all said yes. */
static void check_waves(const struct linkage_key *key, const LinkageRow *row, uint64_t by_hand)
{
    enum { CORE_THREE = 1 };
    bool others_called = false;
    bool core_three_held = true;
    for (size_t i = 0; i < row->n_steps; i++) {
        const LinkageStep *step = row->steps[i];
        bool is_core = step->wave == CORE_THREE;
        bool is_asked = step->required && (by_hand >> step->step_no & 1) == 0;
        others_called = others_called || (!is_core && step->attempt > 0);
        core_three_held =
            core_three_held &&
            (!is_core || !is_asked || offered_of(&key->linkage_id, step->step_no)->ever_reserved);
    }
    FUZZ_RULE(!others_called || core_three_held, "core three first");
}

static void check_story(struct wu_txn *txn, const struct linkage_key *key, const LinkageRow *row)
{
    uint32_t line = row->history_dropped;
    struct history_key at = {.linkage_id = key->linkage_id};
    const HistoryEntry *entry = NULL;
    int64_t time_ms = 0;
    FUZZ_RULE(row->history_count - row->history_dropped <= LINKAGE_HISTORY_MAX,
              "a story is not endless");
    for (bool more = history_from(txn, &at, 1, &entry); more;
         more = history_after(txn, &at, 1, &entry)) {
        FUZZ_RULE(at.line == line && entry->time_ms >= time_ms && entry->type != 0,
                  "a story is told line by line");
        time_ms = entry->time_ms;
        line++;
    }
    FUZZ_RULE(line == row->history_count, "no line is lost");
}

static void check_linkage(struct wu_txn *txn, const struct linkage_key *key, const LinkageRow *row,
                          struct sums *sums)
{
    bool over = row->state == LINKAGE_CLOSED || row->state == LINKAGE_REFUSED;
    struct linkage_key at = *key;
    FUZZ_RULE(row->state >= LINKAGE_ASSESSING && row->state <= LINKAGE_AWAITING_APPROVAL,
              "a linkage is in a state");
    FUZZ_RULE(linkages_open_from(txn, &at, 1) != over, "what is open is listed so");
    bool is_case = row->referral == NULL;
    FUZZ_RULE(row->state != LINKAGE_CLOSED || row->outcome != 0 || !is_case,
              "what is closed has an outcome");
    FUZZ_RULE(row->community_node == (is_case ? wu_id_node(&key->linkage_id) : 0),
              "a need is its own community's");
    FUZZ_RULE(is_case || (row->n_steps == 1 && row->due_at_ms == 0),
              "a referral is one step, and its clock is elsewhere");
    FUZZ_RULE(!over || (row->due_at_ms == 0 && row->clock_at_ms == 0), "what is over has no clock");
    FUZZ_RULE(row->due_at_ms == 0 || (row->clock_at_ms != 0 && row->clock_at_ms <= row->due_at_ms),
              "what is due has its timer in time");
    FUZZ_RULE(row->clock_at_ms == 0 || fuzz_has_timer(txn, WU_TYPE(COORDINATOR_CLOCK_OVERDUE),
                                                      row->clock_at_ms, &key->linkage_id, 0),
              "a clock is a timer");
    sums->clocks += row->clock_at_ms != 0;
    sums->escalated += !over && row->escalated_to != 0;
    sums->open += !over;
    sums->closed += is_case && row->state == LINKAGE_CLOSED;
    for (size_t i = 0; i < row->n_steps; i++) {
        FUZZ_RULE(row->steps[i]->step_no == i + 1, "steps are numbered");
        check_step(txn, key, row->steps[i], sums);
    }
    uint64_t by_hand = steps_by_hand(txn, key);
    check_together(key, row, by_hand);
    bool relaxed = wu_table_count(txn, &COORDINATOR_RELAXATIONS) > 0; /* by an emergency */
    if (!relaxed && row->history_dropped == 0) {
        check_waves(key, row, by_hand);
    }
    check_story(txn, key, row);
}

static void check_linkages(struct wu_txn *txn)
{
    struct sums sums = {0};
    size_t mark = fuzz_mark(txn);
    struct linkage_key key = {0};
    const LinkageRow *row = NULL;
    for (bool more = linkages_from(txn, &key, 0, &row); more;
         more = linkages_after(txn, &key, 0, &row)) {
        check_linkage(txn, &key, row, &sums);
        fuzz_forget(txn, mark);
    }
    FUZZ_RULE(wu_table_count(txn, &COORDINATOR_LINKAGES_OPEN) == sums.open,
              "nothing else is listed as open");
    FUZZ_RULE(fuzz_timer_count(txn, WU_TYPE(COORDINATOR_OFFER_OVERDUE)) == sums.replies &&
                  fuzz_timer_count(txn, WU_TYPE(COORDINATOR_STEP_OVERDUE)) == sums.deliveries,
              "no clock runs for what is over");
    FUZZ_RULE(fuzz_timer_count(txn, WU_TYPE(COORDINATOR_CLOCK_OVERDUE)) == sums.clocks,
              "a linkage has one clock");
    FUZZ_RULE(wu_table_count(txn, &COORDINATOR_ESCALATIONS) == sums.escalated,
              "each open case is at one level");
    FUZZ_RULE(wu_table_count(txn, &COORDINATOR_DISPUTES_OPEN) == sums.disputed,
              "a step that waits for a ruling is listed so");
    FUZZ_RULE(sums.closed == closed_count, "a linkage is closed once");
    struct outcome_key at = {0};
    const OutcomeRow *outcome = NULL;
    uint64_t counted = 0;
    for (bool more = outcomes_from(txn, &at, 0, &outcome); more;
         more = outcomes_after(txn, &at, 0, &outcome)) {
        counted += outcome->count;
    }
    FUZZ_RULE(counted == sums.closed, "every case is counted once");
}

/* ---- providers and kinds --------------------------------------------------------------------- */

static bool named_before(const ProviderRow *row, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(row->services[i]->service, row->services[index]->service) == 0) {
            return true;
        }
    }
    return false;
}

/* Where it stands in the line of that service: once, and with its own turn. */
static bool stands_in_line(struct wu_txn *txn, const struct provider_key *key,
                           const ProviderRow *row, const ProviderService *service)
{
    struct candidate_key at = {.role = (uint32_t)row->role, .division = row->division};
    const CandidateRow *entry = NULL;
    uint64_t count = 0;
    bool fits = wu_key_text(at.service, sizeof at.service, service->service);
    for (bool more = fits && candidates_from(txn, &at, CANDIDATE_PLACE_FIELDS, &entry); more;
         more = candidates_after(txn, &at, CANDIDATE_PLACE_FIELDS, &entry)) {
        count += wu_id_equal(&at.provider_id, &key->provider_id) &&
                 at.last_offered == service->last_offered;
    }
    return count == 1;
}

static int64_t steps_out_with(const struct wu_id *provider_id)
{
    int64_t count = 0;
    for (size_t i = 0; i < offered_count; i++) {
        count += is_out(&offered_list[i]) && wu_id_equal(&offered_list[i].provider_id, provider_id);
    }
    return count;
}

/* The lines that providers stand in, and the providers, are written together. */
static void check_providers(struct wu_txn *txn)
{
    uint64_t standing = 0;
    size_t mark = fuzz_mark(txn);
    struct provider_key key = {0};
    const ProviderRow *row = NULL;
    for (bool more = providers_from(txn, &key, 0, &row); more;
         more = providers_after(txn, &key, 0, &row)) {
        FUZZ_RULE(row->node != 0, "a provider is somebody's");
        FUZZ_RULE(row->open_steps == steps_out_with(&key.provider_id),
                  "a provider's open steps are those that are with it");
        FUZZ_RULE(row->weigh_at_ms == 0 || fuzz_has_timer(txn, WU_TYPE(COORDINATOR_STANDING_DUE),
                                                          row->weigh_at_ms, &key.provider_id, 0),
                  "what is remembered is forgotten in time");
        for (size_t i = 0; i < row->n_services && row->open; i++) {
            FUZZ_RULE(stands_in_line(txn, &key, row, row->services[i]),
                      "who is open stands in line, once");
            standing += !named_before(row, i);
        }
        fuzz_forget(txn, mark);
    }
    FUZZ_RULE(wu_table_count(txn, &COORDINATOR_CANDIDATES) == standing,
              "nobody else stands in line");
}

static void check_kinds(struct wu_txn *txn)
{
    uint64_t versions = 0;
    size_t mark = fuzz_mark(txn);
    struct kind_key key = {{0}};
    const KindRow *row = NULL;
    for (bool more = kinds_from(txn, &key, 0, &row); more; more = kinds_after(txn, &key, 0, &row)) {
        versions += row->version_count;
        fuzz_forget(txn, mark);
    }
    FUZZ_RULE(wu_table_count(txn, &COORDINATOR_KIND_VERSIONS) == versions,
              "every version of a kind is kept");
    FUZZ_RULE(wu_table_count(txn, &COORDINATOR_KINDS_WAITING) ==
                  fuzz_timer_count(txn, WU_TYPE(COORDINATOR_KIND_EFFECTIVE)),
              "a version that waits has its day");
}

static void check(struct wu_txn *txn)
{
    check_linkages(txn);
    check_providers(txn);
    check_kinds(txn);
}

const struct fuzz_core FUZZ_CORE = {
    .core = &COORDINATOR_CORE, .begin = begin, .saw = saw, .check = check};
