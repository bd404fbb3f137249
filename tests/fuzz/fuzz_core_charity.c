/* The books: no cent or good in two places, whatever is said. */
#include "services/charity/core/core.h"

#include "services/charity/core/tables.h"
#include "tests/fuzz/fuzz_provider.h"

#include <string.h>

/* What steps of that provider hold of that service. */
static int64_t held_by_steps(struct wu_txn *txn, const struct account_key *at)
{
    int64_t sum = 0;
    struct step_key key = {0};
    const StepRow *row = NULL;
    for (bool more = steps_from(txn, &key, 0, &row); more; more = steps_after(txn, &key, 0, &row)) {
        struct wu_id id;
        bool of_it = wu_id_from_pb(row->offer->ref->provider_id, &id) &&
                     wu_id_equal(&id, &at->provider_id) &&
                     strcmp(row->offer->service, at->service) == 0;
        sum += of_it && fuzz_step_holds(row) ? row->offer->quantity : 0;
    }
    return sum;
}

/* What all transfers did to one account. */
static int64_t booked(struct wu_txn *txn, const struct account_key *at)
{
    int64_t sum = 0;
    struct transfer_key key = {0};
    const TransferRow *row = NULL;
    for (bool more = transfers_from(txn, &key, 0, &row); more;
         more = transfers_after(txn, &key, 0, &row)) {
        struct wu_id id;
        bool of_it = wu_id_from_pb(row->provider_id, &id) && wu_id_equal(&id, &at->provider_id) &&
                     strcmp(row->service, at->service) == 0;
        for (size_t leg = 0; of_it && leg < row->n_legs; leg++) {
            sum += (uint32_t)row->legs[leg]->account == at->account ? row->legs[leg]->amount : 0;
        }
    }
    return sum;
}

static void check_account(struct wu_txn *txn, const struct account_key *key, const AccountRow *row)
{
    bool is_given = key->account == ACCOUNT_CLASS(GIVEN);
    FUZZ_RULE(key->account >= ACCOUNT_CLASS(GIVEN) && key->account <= ACCOUNT_CLASS(ISSUED),
              "an account is one of four");
    FUZZ_RULE(is_given ? row->balance <= 0 : row->balance >= 0,
              "nothing but what was given is ever below zero");
    FUZZ_RULE(row->balance == booked(txn, key), "a balance is what its transfers sum to");
    FUZZ_RULE(key->account != ACCOUNT_CLASS(HELD) || row->balance == held_by_steps(txn, key),
              "what is held is held for steps");
}

static void check_transfer(struct wu_txn *txn, const struct transfer_key *key,
                           const TransferRow *row)
{
    FUZZ_RULE(row->n_legs == 2 && row->legs[0]->amount == -row->legs[1]->amount &&
                  row->legs[1]->amount > 0,
              "a transfer takes from one account what it puts into another");
    if (row->kind == TRANSFER_KIND(GIFT)) {
        struct receipt_key at;
        struct wu_id named;
        FUZZ_RULE(wu_key_text(at.receipt, sizeof at.receipt, row->receipt), "a receipt fits");
        const ReceiptRow *receipt = receipts_get(txn, &at);
        FUZZ_RULE(receipt != NULL && wu_id_from_pb(receipt->transfer_id, &named) &&
                      wu_id_equal(&named, &key->transfer_id),
                  "a receipt is booked once");
    }
}

static void check(struct wu_txn *txn)
{
    fuzz_provider_check(txn);
    size_t mark = fuzz_mark(txn);
    struct account_key key = {0};
    const AccountRow *account = NULL;
    int64_t sum = 0; /* zero again after each service, so it cannot wrap */
    for (bool more = accounts_from(txn, &key, 0, &account); more;
         more = accounts_after(txn, &key, 0, &account)) {
        check_account(txn, &key, account);
        sum += account->balance;
        fuzz_forget(txn, mark);
    }
    FUZZ_RULE(sum == 0, "the sum of all accounts is zero");
    struct transfer_key at = {0};
    const TransferRow *transfer = NULL;
    for (bool more = transfers_from(txn, &at, 0, &transfer); more;
         more = transfers_after(txn, &at, 0, &transfer)) {
        check_transfer(txn, &at, transfer);
        fuzz_forget(txn, mark);
    }
}

const struct fuzz_core FUZZ_CORE = {
    .core = &CHARITY_CORE, .begin = fuzz_provider_begin, .saw = fuzz_provider_saw, .check = check};
