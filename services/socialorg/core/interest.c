#include "services/socialorg/core/interest.h"

#include "common/base/assert.h"
#include "services/provider/check.h"
#include "services/socialorg/core/decision.h"
#include "services/socialorg/core/tables.h"

#include <string.h>

enum { SEEN_MAX = 256 };

enum interest_refusal {
    INTEREST_NOT_REFUSED,
    PARTY_MALFORMED,
    INTEREST_KIND_INVALID,
    OTHER_MALFORMED,
    INTEREST_TEXT_TOO_LONG,
    INTEREST_BY_MALFORMED,
    INTEREST_UNKNOWN,
};

static const struct refusal REFUSALS[] = {
    [PARTY_MALFORMED] = {"PARTY_MALFORMED",
                         "a party is a code of 1 to 31 bytes without blanks, never a name"},
    [INTEREST_KIND_INVALID] = {"INTEREST_KIND_INVALID", "say what kind of interest it is"},
    [OTHER_MALFORMED] = {"OTHER_MALFORMED",
                         "name the other party by its code; leave it out when there is none to "
                         "declare"},
    [INTEREST_TEXT_TOO_LONG] = {"INTEREST_TEXT_TOO_LONG", "say it in at most 1000 bytes"},
    [INTEREST_BY_MALFORMED] = {"INTEREST_BY_MALFORMED",
                               "name who says so by a code of 1 to 31 bytes without blanks"},
    [INTEREST_UNKNOWN] = {"INTEREST_UNKNOWN", "no such interest was declared, so it cannot end"},
};

/* ---- walking ------------------------------------------------------------------------- */

/* Parties as they are met, from the first; `from` is the index of the one before. */
struct walk {
    char parties[SEEN_MAX][PARTY_BYTES_MAX + 1];
    size_t from[SEEN_MAX];
    uint32_t hops[SEEN_MAX];
    size_t count;
};

static bool is_seen(const struct walk *walk, const char *party)
{
    for (size_t i = 0; i < walk->count; i++) {
        if (check_same_text(walk->parties[i], party)) {
            return true;
        }
    }
    return false;
}

static void meet(struct walk *walk, const char *party, size_t from, uint32_t hops)
{
    if (walk->count < SEEN_MAX && !is_seen(walk, party)) {
        bool fits = wu_key_text(walk->parties[walk->count], sizeof walk->parties[0], party);
        WU_ASSERT(fits);
        walk->from[walk->count] = from;
        walk->hops[walk->count++] = hops;
    }
}

static void meet_neighbours(struct wu_step *step, struct walk *walk, size_t at)
{
    struct interest_key key = {{0}, {0}};
    const InterestRow *row = NULL;
    memcpy(key.party, walk->parties[at], sizeof key.party);
    bool found = interests_from(wu_step_txn(step), &key, 1, &row);
    for (; found && walk->count < SEEN_MAX;
         found = interests_after(wu_step_txn(step), &key, 1, &row)) {
        if (!row->declared->ended) {
            meet(walk, key.other, at, walk->hops[at] + 1);
        }
    }
}

/* NULL when there is no memory: the batch fails. */
static struct walk *walk_from(struct wu_step *step, const char *party, const char *to,
                              uint32_t hops_max)
{
    struct walk *walk = wu_arena_take(wu_step_arena(step), sizeof *walk);
    if (walk == NULL || !check_is_code(party, PARTY_BYTES_MAX)) {
        return NULL;
    }
    meet(walk, party, 0, 0);
    for (size_t at = 0; at < walk->count && walk->hops[at] < hops_max; at++) {
        if (to != NULL && is_seen(walk, to)) {
            break;
        }
        meet_neighbours(step, walk, at);
    }
    return walk;
}

struct interest_path interest_find_path(struct wu_step *step, const char *from, const char *to,
                                        uint32_t hops_max)
{
    struct interest_path path = {.count = 0};
    const struct walk *walk = walk_from(step, to, from, hops_max);
    size_t at = 0;
    while (walk != NULL && at < walk->count && !check_same_text(walk->parties[at], from)) {
        at++;
    }
    if (walk == NULL || at == walk->count) {
        return path;
    }
    path.count = walk->hops[at] + 1;
    for (size_t i = 0; i < path.count && i <= HOPS_AT_MOST; i++) {
        path.parties[i] = walk->parties[at]; /* walked from `to`, so read from the far end */
        at = walk->from[at];
    }
    return path;
}

size_t interest_circle(struct wu_step *step, const char *party, uint32_t hops_max,
                       const char **ret_parties, size_t room)
{
    const struct walk *walk = walk_from(step, party, NULL, hops_max);
    size_t count = walk != NULL ? walk->count : 0;
    for (size_t i = 0; i < count && i < room; i++) {
        ret_parties[i] = walk->parties[i];
    }
    return count < room ? count : room;
}

/* ---- declaring ------------------------------------------------------------------------ */

static bool declaration_key(const char *party, struct party_key *ret_key)
{
    return wu_key_text(ret_key->party, sizeof ret_key->party, party);
}

bool interest_is_declared(struct wu_step *step, const char *party)
{
    struct party_key key;
    return declaration_key(party, &key) && declarations_get(wu_step_txn(step), &key) != NULL;
}

static struct interest_key interest_key(const char *party, const char *other)
{
    struct interest_key key;
    bool fits = wu_key_text(key.party, sizeof key.party, party) &&
                wu_key_text(key.other, sizeof key.other, other);
    WU_ASSERT(fits);
    return key;
}

static enum interest_refusal interest_refusal(struct wu_step *step, const DeclareInterest *message)
{
    if (!check_is_code(message->party, PARTY_BYTES_MAX)) {
        return PARTY_MALFORMED;
    }
    if (message->kind < INTEREST_KIND(NONE) || message->kind > INTEREST_KIND(OTHER)) {
        return INTEREST_KIND_INVALID;
    }
    bool none = message->kind == INTEREST_KIND(NONE);
    if (none ? message->other[0] != '\0'
             : !check_is_code(message->other, PARTY_BYTES_MAX) ||
                   check_same_text(message->party, message->other)) {
        return OTHER_MALFORMED;
    }
    if (!check_is_text(message->text)) {
        return INTEREST_TEXT_TOO_LONG;
    }
    if (!check_is_code(message->by, PARTY_BYTES_MAX)) {
        return INTEREST_BY_MALFORMED;
    }
    if (message->ended && !none) {
        struct interest_key key = interest_key(message->party, message->other);
        return interests_get(wu_step_txn(step), &key) != NULL ? INTEREST_NOT_REFUSED
                                                              : INTEREST_UNKNOWN;
    }
    return INTEREST_NOT_REFUSED;
}

static void put_declaration(struct wu_step *step, const DeclareInterest *message, int more)
{
    struct party_key key;
    if (message->found || !declaration_key(message->party, &key)) {
        return; /* what others found is no word of the party's own */
    }
    const DeclarationRow *known = declarations_get(wu_step_txn(step), &key);
    DeclarationRow row = SOCIALORG_STATE__DECLARATION_ROW__INIT;
    row.interest_count = known != NULL ? known->interest_count : 0;
    if (more > 0 || row.interest_count > 0) {
        row.interest_count = (uint32_t)((int)row.interest_count + more);
    }
    row.declared_at_ms = wu_step_event(step)->time_ms;
    declarations_put(wu_step_txn(step), &key, &row);
}

/*
 * An interest is declared, found, or ends. One that comes after a decision
 * which it would have kept from being made so opens that decision again.
 */
static void handle_declare_interest(struct wu_step *step, const DeclareInterest *message)
{
    enum interest_refusal refusal = interest_refusal(step, message);
    if (refusal != INTEREST_NOT_REFUSED) {
        check_refuse(step, message->party, &REFUSALS[refusal]);
        return;
    }
    if (message->kind == INTEREST_KIND(NONE)) {
        put_declaration(step, message, 0);
        return;
    }
    struct interest_key key = interest_key(message->party, message->other);
    struct interest_key back = interest_key(message->other, message->party);
    const InterestRow *known = interests_get(wu_step_txn(step), &key);
    bool was_bound = known != NULL && !known->declared->ended;
    DeclareInterest declared = *message;
    InterestRow row = SOCIALORG_STATE__INTEREST_ROW__INIT;
    row.declared = &declared;
    row.declared_at_ms = wu_step_event(step)->time_ms;
    interests_put(wu_step_txn(step), &key, &row);
    interests_put(wu_step_txn(step), &back, &row);
    put_declaration(step, message, (message->ended ? 0 : 1) - (was_bound ? 1 : 0));
    if (!message->ended && !was_bound) {
        decision_interest_came(step, message->party);
    }
}
WU_HANDLER(declare_interest, DeclareInterest)

const struct wu_route SOCIALORG_INTEREST_ROUTES[] = {
    {WU_TYPE(SOCIALORG_DECLARE_INTEREST), WU_ORIGIN_COMMAND,
     &socialorg__declare_interest__descriptor, route_declare_interest},
    {0},
};
