#include "tests/fuzz/fuzz_provider.h"

#include "common/base/assert.h"
#include "common/journal/tables.h"

enum { STEPS_MAX = 256, HUB_NODE = 1 };

bool fuzz_step_holds(const StepRow *row)
{
    return row->state == STEP_STATE(RESERVED) || row->state == STEP_STATE(CONFIRMED);
}

static bool is_open(const StepRow *row)
{
    return fuzz_step_holds(row) || row->state == STEP_STATE(WAITING);
}

/* ---- a provider's word, by a model of its own -------------------------------------- */

enum phase { NOWHERE, ASKED, HELD, TAKEN, DONE, ENDED };

struct held {
    struct step_key key;
    uint32_t attempt;
    enum phase phase;
    int64_t hold_until_ms;
    bool given_again;
};

static struct held held_list[STEPS_MAX];
static size_t held_count;

void fuzz_provider_begin(void)
{
    held_count = 0;
}

static bool is_same_step(const struct step_key *a, const struct step_key *b)
{
    return wu_id_equal(&a->linkage_id, &b->linkage_id) && a->step_no == b->step_no;
}

static bool is_same_key(const struct step_key *a, const struct step_key *b)
{
    return is_same_step(a, b) && wu_id_equal(&a->provider_id, &b->provider_id);
}

static struct held *held_of(const struct step_key *key)
{
    for (size_t i = 0; i < held_count; i++) {
        if (is_same_key(&held_list[i].key, key)) {
            return &held_list[i];
        }
    }
    WU_ASSERT(held_count < STEPS_MAX);
    held_list[held_count] = (struct held){.key = *key};
    return &held_list[held_count++];
}

bool fuzz_provider_is_given_again(const struct step_key *key)
{
    for (size_t i = 0; i < held_count; i++) {
        bool is_it = key == NULL || is_same_key(&held_list[i].key, key);
        if (is_it && held_list[i].given_again) {
            return true;
        }
    }
    return false;
}

static void hears(const struct fuzz_seen *seen, struct held *held, const StepRef *ref)
{
    bool is_same = held->attempt == ref->attempt;
    if (seen->type == WU_TYPE(LINKAGE_STEP_OFFERED) &&
        (held->phase == NOWHERE || ref->attempt > held->attempt)) {
        const StepOffered *offer = (const void *)seen->body;
        held->given_again = held->given_again || held->phase == DONE;
        held->attempt = ref->attempt;
        held->phase = ASKED;
        held->hold_until_ms = offer->hold_until_ms;
    } else if (seen->type == WU_TYPE(LINKAGE_STEP_RELEASED) && is_same && held->phase != DONE &&
               held->phase != NOWHERE) {
        held->phase = ENDED;
    }
}

static bool is_barred(const struct fuzz_seen *seen)
{
    const StepDeclined *declined = (const void *)seen->body;
    return seen->type == WU_TYPE(LINKAGE_STEP_DECLINED) &&
           declined->reason == DECLINE_REASON(SUSPENDED);
}

static void says(const struct fuzz_seen *seen, struct held *held)
{
    switch ((int)seen->type) {
    case WU_TYPE(LINKAGE_STEP_RESERVED):
        FUZZ_RULE(held->phase != ENDED, "what was given back is not reserved");
        FUZZ_RULE(held->phase != ASKED || seen->time_ms < held->hold_until_ms,
                  "nothing is reserved when its time is over");
        held->phase = held->phase == ASKED ? HELD : held->phase;
        break;
    case WU_TYPE(LINKAGE_STEP_TAKEN):
        FUZZ_RULE(held->phase == HELD || held->phase == TAKEN || held->phase == DONE,
                  "only what is held is taken");
        FUZZ_RULE(held->phase != HELD || seen->time_ms <= held->hold_until_ms,
                  "nothing is taken after its reservation ran out");
        held->phase = held->phase == HELD ? TAKEN : held->phase;
        break;
    case WU_TYPE(LINKAGE_STEP_DELIVERED):
        FUZZ_RULE(held->phase == TAKEN || held->phase == DONE, "only what was taken is delivered");
        held->phase = DONE;
        break;
    default:
        FUZZ_RULE((held->phase != TAKEN || is_barred(seen)) && held->phase != DONE,
                  "what was taken is not let go, but by a body that may not go on");
        if (held->phase != NOWHERE) { /* else it says that it never had it */
            held->phase = ENDED;
        }
        break;
    }
}

void fuzz_provider_saw(const struct fuzz_seen *seen)
{
    bool is_step = seen->type >= WU_TYPE(LINKAGE_STEP_OFFERED) &&
                   seen->type <= WU_TYPE(LINKAGE_STEP_DELIVERED);
    if (!is_step || seen->body == NULL || seen->is_dead || seen->peer != HUB_NODE) {
        return;
    }
    const StepRef *ref = ((const StepTaken *)(const void *)seen->body)->ref;
    struct step_key key = {.step_no = ref != NULL ? ref->step_no : 0};
    if (ref == NULL || !wu_id_from_pb(ref->linkage_id, &key.linkage_id) ||
        !wu_id_from_pb(ref->provider_id, &key.provider_id)) {
        return;
    }
    struct held *held = held_of(&key);
    if (!seen->is_output) {
        hears(seen, held, ref);
    } else if (held->attempt == ref->attempt) {
        says(seen, held);
    }
}

/* ---- its tables ------------------------------------------------------------------------- */

static void check_step(struct wu_txn *txn, const struct step_key *key, const StepRow *row)
{
    FUZZ_RULE(row->state >= STEP_STATE(WAITING) && row->state <= STEP_STATE(RELEASED),
              "a step is in a state");
    struct step_key said;
    FUZZ_RULE(row->offer != NULL && row->offer->ref != NULL, "a step has its offer");
    said.step_no = row->offer->ref->step_no;
    FUZZ_RULE(wu_id_from_pb(row->offer->ref->provider_id, &said.provider_id) &&
                  wu_id_from_pb(row->offer->ref->linkage_id, &said.linkage_id) &&
                  is_same_key(&said, key),
              "a step is where its offer says");
    struct step_open_key at = {key->provider_id, key->linkage_id, key->step_no};
    FUZZ_RULE((steps_open_from(txn, &at, 3) != 0) == is_open(row),
              "a step is on a desk as long as it is open");
    FUZZ_RULE(row->state != STEP_STATE(RESERVED) ||
                  fuzz_has_timer(txn, WU_TYPE(LINKAGE_HOLD_EXPIRED), row->offer->hold_until_ms,
                                 &key->linkage_id, key->step_no),
              "a reservation has a clock");
    FUZZ_RULE(row->state != STEP_STATE(DECLINED) || row->reason != NOT_DECLINED,
              "a no has its reason");
    FUZZ_RULE(row->state != STEP_STATE(DELIVERED) ||
                  (row->delivered != NULL && row->delivered->quantity >= 1 &&
                   row->delivered->quantity <= row->offer->quantity),
              "what is delivered is some of what was asked for, and no more");
}

/* Bodies whose reservations of a step end together have one clock: the first one's. */
static bool has_own_clock(struct wu_txn *txn, const struct step_key *key, const StepRow *row)
{
    struct step_key at = {.linkage_id = key->linkage_id, .step_no = key->step_no};
    const StepRow *other = NULL;
    bool found = row->state == STEP_STATE(RESERVED) && steps_from(txn, &at, 2, &other);
    while (found && (other->state != STEP_STATE(RESERVED) ||
                     other->offer->hold_until_ms != row->offer->hold_until_ms)) {
        found = steps_after(txn, &at, 2, &other);
    }
    return found && is_same_key(&at, key);
}

static int64_t count_holding(struct wu_txn *txn, const struct wu_id *provider_id)
{
    int64_t count = 0;
    struct step_key key = {0};
    const StepRow *row = NULL;
    for (bool more = steps_from(txn, &key, 0, &row); more; more = steps_after(txn, &key, 0, &row)) {
        struct wu_id id;
        count += fuzz_step_holds(row) && wu_id_from_pb(row->offer->ref->provider_id, &id) &&
                 wu_id_equal(&id, provider_id);
    }
    return count;
}

static void check_body(struct wu_txn *txn, const struct provider_key *key, const ProviderRow *row)
{
    struct provider_code_key code;
    struct wu_id named;
    FUZZ_RULE(row->open_cases == count_holding(txn, &key->provider_id),
              "a body's open cases are those that it holds");
    FUZZ_RULE(wu_key_text(code.code, sizeof code.code, row->code), "a code fits its key");
    const ProviderCodeRow *by_code = providers_by_code_get(txn, &code);
    FUZZ_RULE(by_code != NULL && wu_id_from_pb(by_code->provider_id, &named) &&
                  wu_id_equal(&named, &key->provider_id),
              "a code names one body");
}

void fuzz_provider_check(struct wu_txn *txn)
{
    uint64_t open_count = 0;
    uint64_t clock_count = 0;
    size_t mark = fuzz_mark(txn);
    struct step_key key = {0};
    const StepRow *row = NULL;
    for (bool more = steps_from(txn, &key, 0, &row); more; more = steps_after(txn, &key, 0, &row)) {
        check_step(txn, &key, row);
        open_count += is_open(row);
        clock_count += has_own_clock(txn, &key, row);
        fuzz_forget(txn, mark);
    }
    FUZZ_RULE(wu_table_count(txn, &PROVIDER_STEPS_OPEN) == open_count,
              "no desk holds what is over");
    FUZZ_RULE(fuzz_timer_count(txn, WU_TYPE(LINKAGE_HOLD_EXPIRED)) == clock_count,
              "no clock runs for what is over");
    struct provider_key at = {0};
    const ProviderRow *body = NULL;
    for (bool more = providers_from(txn, &at, 0, &body); more;
         more = providers_after(txn, &at, 0, &body)) {
        check_body(txn, &at, body);
        fuzz_forget(txn, mark);
    }
    FUZZ_RULE(wu_table_count(txn, &PROVIDER_PROVIDERS) == wu_table_count(txn, &PROVIDER_BY_CODE),
              "every code names a body");
}
