#include "services/coordinator/core/candidate.h"

#include "common/base/division.h"
#include "services/coordinator/core/tables.h"

#include <string.h>

enum { LOOKED_AT_MAX = 64 }; /* candidates per line: bounds the work of one choice */

static bool candidate_key(struct candidate_key *key, const ProviderRow *provider,
                          const ProviderService *service)
{
    key->role = (uint32_t)provider->role;
    key->division = provider->division;
    key->last_offered = service->last_offered;
    return wu_key_text(key->service, sizeof key->service, service->service);
}

void candidates_add(struct wu_step *fold, const struct wu_id *provider_id, const ProviderRow *row)
{
    struct candidate_key key = {.provider_id = *provider_id};
    for (size_t i = 0; row->open && i < row->n_services; i++) {
        if (candidate_key(&key, row, row->services[i])) {
            candidates_put(wu_step_txn(fold), &key);
        }
    }
}

void candidates_remove(struct wu_step *fold, const struct wu_id *provider_id,
                       const ProviderRow *row)
{
    struct candidate_key key = {.provider_id = *provider_id};
    for (size_t i = 0; row->open && i < row->n_services; i++) {
        if (candidate_key(&key, row, row->services[i])) {
            candidates_del(wu_step_txn(fold), &key);
        }
    }
}

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

/* First in that line not tried yet; *key says which line and becomes its entry. */
static bool first_in_line(struct wu_step *fold, const LinkageStep *step, struct candidate_key *key,
                          struct choice *choice)
{
    struct wu_txn *txn = wu_step_txn(fold);
    bool found = candidates_from(txn, key, CANDIDATE_PLACE_FIELDS);
    for (int i = 0; found && i < LOOKED_AT_MAX; i++) {
        choice->looked_at_count++;
        if (!was_tried(step, &key->provider_id)) {
            return true;
        }
        choice->excluded_count++;
        found = candidates_after(txn, key, CANDIDATE_PLACE_FIELDS);
    }
    return false;
}

/* Fairness at a constant price: whoever gets an offer goes to the end of the line. */
static void move_to_end(struct wu_step *fold, const struct candidate_key *key,
                        const ProviderRow *provider)
{
    struct wu_txn *txn = wu_step_txn(fold);
    struct candidate_key moved = *key;
    moved.last_offered = wu_step_event(fold)->seq;
    for (size_t i = 0; i < provider->n_services; i++) {
        if (strcmp(provider->services[i]->service, key->service) == 0) {
            provider->services[i]->last_offered = moved.last_offered;
        }
    }
    providers_put(txn, &(struct provider_key){key->provider_id}, provider);
    candidates_del(txn, key);
    candidates_put(txn, &moved);
}

static bool choose_at(struct wu_step *fold, const LinkageStep *step, uint64_t division,
                      struct choice *choice)
{
    struct candidate_key key = {.role = (uint32_t)step->role, .division = division};
    if (!wu_key_text(key.service, sizeof key.service, step->service) ||
        !first_in_line(fold, step, &key, choice)) {
        return false;
    }
    const struct provider_key provider_key = {key.provider_id};
    const ProviderRow *provider = providers_get(wu_step_txn(fold), &provider_key);
    if (provider == NULL) {
        return false; /* only after a failure of the transaction, and then nothing is kept */
    }
    choice->provider_id = key.provider_id;
    choice->node = provider->node;
    choice->name = provider->name;
    choice->division = division;
    move_to_end(fold, &key, provider);
    return true;
}

bool candidate_choose(struct wu_step *fold, const LinkageStep *step, uint64_t division,
                      struct choice *ret_choice)
{
    enum { PROVINCE_DIGITS = 2 };
    static const int LEVELS[] = {WU_DIVISION_COMMUNITY, WU_DIVISION_STREET, WU_DIVISION_DISTRICT,
                                 WU_DIVISION_CITY, PROVINCE_DIGITS};
    *ret_choice = (struct choice){.name = ""};
    uint64_t before = 0;
    for (size_t i = 0; i < sizeof LEVELS / sizeof LEVELS[0]; i++) {
        uint64_t line = wu_division_parent(division, (enum wu_division_level)LEVELS[i]);
        if (line != before && choose_at(fold, step, line, ret_choice)) {
            return true;
        }
        before = line;
    }
    return false;
}
