/* Every need accepted is told once, has one word, and comes to one end. */
#include "services/community/core/core.h"

#include "services/community/core/tables.h"
#include "tests/fuzz/fuzz_core.h"

#include "common/base/assert.h"

enum { NEEDS_MAX = 128 };

/* ---- what was said of each need, and where it stood --------------------------------- */

struct told {
    struct wu_id need_id;
    bool confirmed;
    Community__Verdict verdict;
    uint32_t rating;
    uint32_t state; /* as of the last commit */
};

static struct told told_list[NEEDS_MAX];
static size_t told_count;

static void begin(void)
{
    told_count = 0;
}

static struct told *told_of(const struct wu_id *need_id)
{
    for (size_t i = 0; i < told_count; i++) {
        if (wu_id_equal(&told_list[i].need_id, need_id)) {
            return &told_list[i];
        }
    }
    return NULL;
}

static void says_raised(const NeedRaised *raised)
{
    struct wu_id id;
    FUZZ_RULE(wu_id_from_pb(raised->need_id, &id) && told_of(&id) == NULL,
              "a need is raised once, under a number of its own");
    WU_ASSERT(told_count < NEEDS_MAX);
    told_list[told_count++] = (struct told){.need_id = id, .state = NEED_RAISED};
}

static void says_confirmed(const NeedConfirmed *confirmed)
{
    struct wu_id id;
    struct told *told = wu_id_from_pb(confirmed->need_id, &id) ? told_of(&id) : NULL;
    FUZZ_RULE(told != NULL, "only a need of ours is confirmed");
    FUZZ_RULE(!told->confirmed ||
                  (told->verdict == confirmed->verdict && told->rating == confirmed->rating),
              "the resident's word is not changed");
    told->confirmed = true;
    told->verdict = confirmed->verdict;
    told->rating = confirmed->rating;
}

static void saw(const struct fuzz_seen *seen)
{
    if (seen->is_output && seen->type == WU_TYPE(COMMUNITY_NEED_RAISED)) {
        says_raised((const void *)seen->body);
    } else if (seen->is_output && seen->type == WU_TYPE(COMMUNITY_NEED_CONFIRMED)) {
        says_confirmed((const void *)seen->body);
    }
}

/* ---- tables ---------------------------------------------------------------------------- */

#define BIT(state) (1u << (state))

/* Where a need can be, by where it was, in however many events. */
static const uint32_t WAYS[] = {
    [NEED_RAISED] = BIT(NEED_RAISED) | BIT(NEED_OPEN) | BIT(NEED_REFUSED) | BIT(NEED_AWAITING) |
                    BIT(NEED_CONFIRMED) | BIT(NEED_CLOSED),
    [NEED_OPEN] = BIT(NEED_OPEN) | BIT(NEED_AWAITING) | BIT(NEED_CONFIRMED) | BIT(NEED_CLOSED),
    [NEED_REFUSED] = BIT(NEED_REFUSED),
    [NEED_AWAITING] = BIT(NEED_AWAITING) | BIT(NEED_CONFIRMED) | BIT(NEED_CLOSED),
    [NEED_CONFIRMED] = BIT(NEED_CONFIRMED) | BIT(NEED_CLOSED),
    [NEED_CLOSED] = BIT(NEED_CLOSED),
};

static void check_ref(struct wu_txn *txn, const struct need_key *key, const NeedRow *row)
{
    struct need_ref_key at;
    struct wu_id named;
    if (row->origin[0] == '\0' || row->external_ref[0] == '\0') {
        return;
    }
    FUZZ_RULE(wu_key_text(at.origin, sizeof at.origin, row->origin) &&
                  wu_key_text(at.external_ref, sizeof at.external_ref, row->external_ref),
              "what is written on a paper fits its key");
    const NeedRefRow *ref = needs_by_ref_get(txn, &at);
    FUZZ_RULE(ref != NULL && wu_id_from_pb(ref->need_id, &named) &&
                  wu_id_equal(&named, &key->need_id),
              "the same paper brought twice is one need");
}

static void check_need(struct wu_txn *txn, const struct need_key *key, const NeedRow *row)
{
    struct told *told = told_of(&key->need_id);
    FUZZ_RULE(told != NULL, "every need in the books was told to the coordinator");
    FUZZ_RULE(row->state >= NEED_RAISED && row->state <= NEED_CLOSED, "a need is in a state");
    FUZZ_RULE((WAYS[told->state] & BIT(row->state)) != 0, "a need only goes forward");
    told->state = row->state;
    bool awaits = row->state == NEED_AWAITING;
    struct need_awaiting_key at = {row->confirm_by_ms, key->need_id};
    FUZZ_RULE(needs_awaiting_from(txn, &at, 2) == awaits,
              "a need waits for a word exactly when it is listed so");
    FUZZ_RULE(fuzz_has_timer(txn, WU_TYPE(COMMUNITY_CONFIRM_OVERDUE), row->confirm_by_ms,
                             &key->need_id, 0) == awaits,
              "silence has its end exactly while a word is waited for");
    FUZZ_RULE(row->state != NEED_CONFIRMED || told->confirmed, "a word given is a word told");
    FUZZ_RULE(!told->confirmed || (row->verdict == told->verdict && row->rating == told->rating),
              "what was told is what is in the books");
    FUZZ_RULE(row->from_ms < row->until_ms && row->rating <= 5, "a need makes sense");
    check_ref(txn, key, row);
}

static void check(struct wu_txn *txn)
{
    uint64_t awaiting_count = 0;
    size_t mark = fuzz_mark(txn);
    struct need_key key = {0};
    const NeedRow *row = NULL;
    for (bool more = needs_from(txn, &key, 0, &row); more; more = needs_after(txn, &key, 0, &row)) {
        check_need(txn, &key, row);
        awaiting_count += row->state == NEED_AWAITING;
        fuzz_forget(txn, mark);
    }
    FUZZ_RULE(wu_table_count(txn, &COMMUNITY_NEEDS) == told_count, "no need is lost");
    FUZZ_RULE(wu_table_count(txn, &COMMUNITY_NEEDS_AWAITING) == awaiting_count &&
                  fuzz_timer_count(txn, WU_TYPE(COMMUNITY_CONFIRM_OVERDUE)) == awaiting_count,
              "nothing waits for a word that was given");
}

const struct fuzz_core FUZZ_CORE = {
    .core = &COMMUNITY_CORE, .begin = begin, .saw = saw, .check = check};
