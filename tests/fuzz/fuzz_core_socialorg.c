/* Nobody works who is not registered or is suspended; interests are seen from both ends. */
#include "services/socialorg/core/core.h"

#include "services/socialorg/core/tables.h"
#include "tests/fuzz/fuzz_provider.h"

#include <string.h>

static void check_organisation(struct wu_txn *txn, const struct organisation_key *key,
                               const OrganisationRow *row)
{
    bool suspended = row->status == ORGANISATION_STATUS(SUSPENDED);
    struct step_open_key open = {.provider_id = key->provider_id};
    struct credit_code_key code;
    FUZZ_RULE(providers_get(txn, &(struct provider_key){key->provider_id}) != NULL,
              "what is registered is a body");
    FUZZ_RULE(row->status >= ORGANISATION_STATUS(REGISTERED) &&
                  row->status <= ORGANISATION_STATUS(EXPIRED),
              "an organisation has a status");
    FUZZ_RULE(suspended == (row->suspension != NULL), "a suspension is on record while it lasts");
    FUZZ_RULE(row->status == ORGANISATION_STATUS(EXPIRED) || suspended ||
                  fuzz_has_timer(txn, WU_TYPE(SOCIALORG_REGISTRATION_ENDS),
                                 row->registered->registered_until_ms, &key->provider_id, 0),
              "a registration has a clock");
    FUZZ_RULE(!suspended || row->suspension->until_ms == 0 ||
                  fuzz_has_timer(txn, WU_TYPE(SOCIALORG_SUSPENSION_ENDS), row->suspension->until_ms,
                                 &key->provider_id, 0),
              "a suspension that ends has a clock");
    FUZZ_RULE(!suspended || !steps_open_from(txn, &open, 1) ||
                  fuzz_timer_count(txn, WU_TYPE(SOCIALORG_GIVE_BACK_DUE)) > 0,
              "who is suspended holds nothing, or is giving it back");
    if (row->registered->credit_code[0] != '\0') {
        struct wu_id named;
        const CreditCodeRow *by_code = NULL;
        FUZZ_RULE(
            wu_key_text(code.credit_code, sizeof code.credit_code, row->registered->credit_code) &&
                (by_code = credit_codes_get(txn, &code)) != NULL &&
                wu_id_from_pb(by_code->provider_id, &named) &&
                wu_id_equal(&named, &key->provider_id),
            "a credit code is one body's");
    }
}

static uint64_t check_organisations(struct wu_txn *txn)
{
    uint64_t code_count = 0;
    size_t mark = fuzz_mark(txn);
    struct organisation_key key = {0};
    const OrganisationRow *row = NULL;
    for (bool more = organisations_from(txn, &key, 0, &row); more;
         more = organisations_after(txn, &key, 0, &row)) {
        check_organisation(txn, &key, row);
        code_count += row->registered->credit_code[0] != '\0';
        fuzz_forget(txn, mark);
    }
    return code_count;
}

static void check_desks(struct wu_txn *txn)
{
    size_t mark = fuzz_mark(txn);
    struct step_open_key key = {0};
    for (bool more = steps_open_from(txn, &key, 0); more; more = steps_open_after(txn, &key, 0)) {
        struct organisation_key at = {key.provider_id};
        FUZZ_RULE(organisations_get(txn, &at) != NULL, "only who is registered holds anything");
        fuzz_forget(txn, mark);
    }
}

static void check_interests(struct wu_txn *txn)
{
    size_t mark = fuzz_mark(txn);
    struct interest_key key = {{0}, {0}};
    const InterestRow *row = NULL;
    for (bool more = interests_from(txn, &key, 0, &row); more;
         more = interests_after(txn, &key, 0, &row)) {
        struct interest_key back;
        memcpy(back.party, key.other, sizeof back.party);
        memcpy(back.other, key.party, sizeof back.other);
        const InterestRow *same = interests_get(txn, &back);
        FUZZ_RULE(same != NULL && same->declared->ended == row->declared->ended,
                  "an interest binds both");
        fuzz_forget(txn, mark);
    }
}

static void check(struct wu_txn *txn)
{
    fuzz_provider_check(txn);
    FUZZ_RULE(check_organisations(txn) == wu_table_count(txn, &SOCIALORG_CREDIT_CODES),
              "no credit code is nobody's");
    check_desks(txn);
    check_interests(txn);
}

const struct fuzz_core FUZZ_CORE = {.core = &SOCIALORG_CORE,
                                    .begin = fuzz_provider_begin,
                                    .saw = fuzz_provider_saw,
                                    .check = check};
