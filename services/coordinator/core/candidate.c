#include "services/coordinator/core/candidate.h"

#include "common/base/division.h"
#include "services/coordinator/core/standing.h"
#include "services/coordinator/core/tables.h"

#include <string.h>

/* ---- the lines ------------------------------------------------------------------ */

/* A line's key ascends: what is missing to a provider's own best comes first. */
enum { RANK_ZERO = 1000 };

static bool candidate_key(struct candidate_key *key, const struct wu_id *provider_id,
                          const ProviderRow *provider, size_t service)
{
    struct score score = standing_score(provider);
    *key = (struct candidate_key){
        .role = (uint32_t)provider->role,
        .division = provider->division,
        .rank = (uint32_t)(RANK_ZERO - score_total(&score)),
        .last_offered = provider->services[service]->last_offered,
        .provider_id = *provider_id,
    };
    return wu_key_text(key->service, sizeof key->service, provider->services[service]->service);
}

static CandidateRow candidate_row(const ProviderRow *provider)
{
    struct score score = standing_score(provider);
    CandidateRow row = COORDINATOR_STATE__CANDIDATE_ROW__INIT;
    row.load = score.load;
    row.promises = score.promises;
    row.fairness = score.fairness;
    row.cooling = score.cooling;
    return row;
}

void candidates_add(struct wu_step *fold, const struct wu_id *provider_id, const ProviderRow *row)
{
    struct candidate_key key;
    CandidateRow entry = candidate_row(row);
    for (size_t i = 0; row->open && i < row->n_services; i++) {
        if (candidate_key(&key, provider_id, row, i)) {
            candidates_put(wu_step_txn(fold), &key, &entry);
        }
    }
}

void candidates_remove(struct wu_step *fold, const struct wu_id *provider_id,
                       const ProviderRow *row)
{
    struct candidate_key key;
    for (size_t i = 0; row->open && i < row->n_services; i++) {
        if (candidate_key(&key, provider_id, row, i)) {
            candidates_del(wu_step_txn(fold), &key);
        }
    }
}

static bool same_score(const struct score *a, const struct score *b)
{
    return a->load == b->load && a->promises == b->promises && a->fairness == b->fairness &&
           a->cooling == b->cooling;
}

void candidates_move(struct wu_step *fold, const struct wu_id *provider_id,
                     const ProviderRow *before, const ProviderRow *after)
{
    struct wu_txn *txn = wu_step_txn(fold);
    struct score old_score = standing_score(before);
    struct score new_score = standing_score(after);
    bool moved = !same_score(&old_score, &new_score);
    CandidateRow entry = candidate_row(after);
    for (size_t i = 0; after->open && i < after->n_services; i++) {
        struct candidate_key old_key;
        struct candidate_key new_key;
        bool offered = before->services[i]->last_offered != after->services[i]->last_offered;
        if ((moved || offered) && candidate_key(&old_key, provider_id, before, i) &&
            candidate_key(&new_key, provider_id, after, i)) {
            candidates_del(txn, &old_key);
            candidates_put(txn, &new_key, &entry);
        }
    }
}

/* ---- the choice ----------------------------------------------------------------- */

struct best {
    const Candidate *first; /* NULL: nobody */
    const Candidate *second;
    uint64_t division;
};

static bool was_tried(const LinkageStep *step, const struct wu_id *provider_id)
{
    for (size_t i = 0; i < step->n_tried; i++) {
        struct wu_id tried;
        if (wu_id_from_pb(step->tried[i], &tried) && wu_id_equal(&tried, provider_id)) {
            return true;
        }
    }
    return false;
}

static Candidate *tell_candidate(struct wu_step *fold, struct choice *choice,
                                 const struct candidate_key *key, const CandidateRow *row)
{
    const struct wu_id *id = &key->provider_id;
    uint8_t *kept = wu_arena_copy(wu_step_arena(fold), id->bytes, sizeof id->bytes);
    Candidate *candidate = &choice->candidates[choice->candidate_count];
    choice->list[choice->candidate_count++] = candidate;
    coordinator_state__candidate__init(candidate);
    candidate->provider_id = (ProtobufCBinaryData){kept != NULL ? sizeof id->bytes : 0, kept};
    struct score score = {.distance = score_distance(key->division),
                          .load = row->load,
                          .promises = row->promises,
                          .fairness = row->fairness,
                          .cooling = row->cooling};
    candidate->distance = score.distance;
    candidate->load = score.load;
    candidate->promises = score.promises;
    candidate->fairness = score.fairness;
    candidate->cooling = score.cooling;
    candidate->total = score_total(&score);
    candidate->last_offered = key->last_offered;
    return candidate;
}

static bool is_before(const Candidate *a, const Candidate *b)
{
    if (a->total != b->total) {
        return a->total > b->total;
    }
    if (a->last_offered != b->last_offered) {
        return a->last_offered < b->last_offered;
    }
    return a->provider_id.len == sizeof(struct wu_id) &&
           b->provider_id.len == sizeof(struct wu_id) &&
           memcmp(a->provider_id.data, b->provider_id.data, sizeof(struct wu_id)) < 0;
}

static void rank_candidate(struct best *best, const Candidate *candidate, uint64_t division)
{
    if (best->first == NULL || is_before(candidate, best->first)) {
        best->second = best->first;
        best->first = candidate;
        best->division = division;
    } else if (best->second == NULL || is_before(candidate, best->second)) {
        best->second = candidate;
    }
}

/* The first few of a line that can be asked, and of those among them that were. */
static void look_at_line(struct wu_step *fold, const LinkageStep *step, uint64_t division,
                         struct choice *choice, struct best *best)
{
    struct wu_txn *txn = wu_step_txn(fold);
    struct candidate_key key = {.role = (uint32_t)step->role, .division = division};
    const CandidateRow *row = NULL;
    int free_count = 0;
    int tried_count = 0;
    bool found = wu_key_text(key.service, sizeof key.service, step->service) &&
                 candidates_from(txn, &key, CANDIDATE_PLACE_FIELDS, &row);
    while (found) {
        choice->looked_at_count++;
        if (was_tried(step, &key.provider_id)) {
            choice->excluded_count++;
            if (tried_count++ < CANDIDATES_PER_LINE) {
                tell_candidate(fold, choice, &key, row)->fate = FATE_ALREADY_ASKED;
            }
        } else {
            rank_candidate(best, tell_candidate(fold, choice, &key, row), division);
            if (++free_count == CANDIDATES_PER_LINE) {
                return;
            }
        }
        found = candidates_after(txn, &key, CANDIDATE_PLACE_FIELDS, &row);
    }
}

static CandidateFate fate_of(const Candidate *candidate, const Candidate *first)
{
    if (candidate == first) {
        return FATE_CHOSEN;
    }
    if (candidate->total == first->total) {
        return FATE_LATER_TURN;
    }
    if (candidate->cooling < 0) {
        return FATE_COOLING;
    }
    return candidate->load < 0 ? FATE_FULL : FATE_LOWER_SCORE;
}

/* The part in which the first was furthest ahead of the second. */
static Rule deciding_rule(const Candidate *first, const Candidate *second)
{
    const struct {
        Rule rule;
        int32_t ahead;
    } parts[] = {
        {RULE(NEAREST_FIRST), first->distance - second->distance},
        {RULE(LESS_BUSY), first->load - second->load},
        {RULE(KEPT_PROMISES), first->promises - second->promises},
        {RULE(FAIR_SHARE), first->fairness - second->fairness},
        {RULE(COOL_DOWN), first->cooling - second->cooling},
    };
    if (first->total == second->total) {
        return RULE(LONGEST_WITHOUT_OFFER);
    }
    size_t decided = 0;
    for (size_t i = 1; i < sizeof parts / sizeof parts[0]; i++) {
        decided = parts[i].ahead > parts[decided].ahead ? i : decided;
    }
    return parts[decided].rule;
}

bool candidate_choose(struct wu_step *fold, const LinkageStep *step, uint64_t division,
                      struct choice *ret_choice)
{
    enum { PROVINCE_DIGITS = 2 };
    static const int LEVELS[CANDIDATE_LINES] = {WU_DIVISION_COMMUNITY, WU_DIVISION_STREET,
                                                WU_DIVISION_DISTRICT, WU_DIVISION_CITY,
                                                PROVINCE_DIGITS};
    struct best best = {0};
    *ret_choice = (struct choice){.candidate_count = 0};
    uint64_t before = 0;
    for (size_t i = 0; i < CANDIDATE_LINES; i++) {
        uint64_t line = wu_division_parent(division, (enum wu_division_level)LEVELS[i]);
        if (line != before) {
            look_at_line(fold, step, line, ret_choice, &best);
        }
        before = line;
    }
    if (best.first == NULL || !wu_id_from_pb(best.first->provider_id, &ret_choice->provider_id)) {
        return false;
    }
    for (size_t i = 0; i < ret_choice->candidate_count; i++) {
        Candidate *candidate = &ret_choice->candidates[i];
        if (candidate->fate == 0) {
            candidate->fate = fate_of(candidate, best.first);
        }
    }
    ret_choice->division = best.division;
    ret_choice->decided_by = best.second != NULL ? deciding_rule(best.first, best.second) : 0;
    ret_choice->provider = providers_get(
        wu_step_txn(fold), &(struct provider_key){.provider_id = ret_choice->provider_id});
    return ret_choice->provider != NULL; /* NULL only after a failure of the transaction */
}
