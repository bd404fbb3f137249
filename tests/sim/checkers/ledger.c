/*
 * The books: the sum of all accounts is zero and nothing but GIVEN below zero,
 * after every commit; and at the end every balance is what the transfers say,
 * each hold was ended once, and nothing is held any more.
 */
#include "services/charity/core/tables.h"
#include "tests/sim/checkers/checkers.h"

enum { CLASSES = 3 };

static void check_accounts(struct sim *sim, struct place *place, bool all_is_over)
{
    struct wu_txn *txn = sim_look(sim, place);
    struct account_key key = {0};
    const AccountRow *row = NULL;
    int64_t sums[CLASSES] = {0};
    for (bool more = accounts_from(txn, &key, 0, &row); more;
         more = accounts_after(txn, &key, 0, &row)) {
        bool given = key.account == ACCOUNT_CLASS(GIVEN);
        bool held = key.account == ACCOUNT_CLASS(HELD);
        if ((row->balance < 0 && !given) || (all_is_over && held && row->balance != 0)) {
            sim_violated(sim, "ledger", "account %u of %s at node %u stands at %lld", key.account,
                         key.service, place->number, (long long)row->balance);
        }
        sums[(unsigned)row->resource_class % CLASSES] += row->balance;
    }
    for (int index = 0; index < CLASSES; index++) {
        if (sums[index] != 0) {
            sim_violated(sim, "ledger", "the accounts of class %d at node %u sum to %lld", index,
                         place->number, (long long)sums[index]);
        }
    }
    wu_txn_abort(&txn);
}

static uint64_t hold_name(const TransferRow *row)
{
    return sim_hash(row->linkage_id.data, row->linkage_id.len) * 31 + row->step_no * 1009 +
           row->attempt * 2 + sim_hash(row->provider_id.data, row->provider_id.len) * 1000003;
}

/* HOLD and then what ends it: RELEASE, or ISSUE with perhaps a RETURN. */
static void check_hold(struct sim *sim, const struct place *place, struct map *holds,
                       const TransferRow *row)
{
    uint64_t *left = map_at(holds, hold_name(row));
    uint64_t amount = (uint64_t)row->legs[1]->amount;
    if (row->kind == TRANSFER_KIND(HOLD)) {
        if (*left != 0) {
            sim_violated(sim, "ledger", "node %u holds twice for the same offer", place->number);
        }
        *left = amount;
    } else if (row->kind != TRANSFER_KIND(GIFT)) {
        if (*left < amount) {
            sim_violated(sim, "ledger", "node %u gives back or out more than an offer held",
                         place->number);
        }
        *left -= amount;
    }
}

static uint64_t account_name(const TransferRow *row, uint32_t account)
{
    return sim_hash(row->provider_id.data, row->provider_id.len) * 31 +
           sim_hash(row->service, strlen(row->service)) * 7 + account * 2;
}

static void check_transfers(struct sim *sim, struct place *place)
{
    struct map holds = {0};
    struct map balances = {0};
    struct wu_txn *txn = sim_look(sim, place);
    struct transfer_key key = {0};
    const TransferRow *row = NULL;
    size_t mark = sim->look.used_bytes;
    for (bool more = transfers_from(txn, &key, 0, &row); more && !sim->stopped;
         more = transfers_after(txn, &key, 0, &row)) {
        check_hold(sim, place, &holds, row);
        for (size_t leg = 0; leg < row->n_legs; leg++) {
            *map_at(&balances, account_name(row, row->legs[leg]->account)) +=
                (uint64_t)row->legs[leg]->amount;
        }
        wu_arena_reset(&sim->look, mark);
    }
    struct account_key at = {0};
    const AccountRow *account = NULL;
    for (bool more = accounts_from(txn, &at, 0, &account); more;
         more = accounts_after(txn, &at, 0, &account)) {
        TransferRow like = CHARITY_STATE__TRANSFER_ROW__INIT;
        like.provider_id = wu_id_to_pb(&at.provider_id);
        like.service = at.service;
        if ((uint64_t)account->balance != *map_at(&balances, account_name(&like, at.account))) {
            sim_violated(sim, "ledger",
                         "account %u of %s at node %u is not what its transfers sum to", at.account,
                         at.service, place->number);
        }
    }
    wu_txn_abort(&txn);
    map_free(&holds);
    map_free(&balances);
}

static bool is_charity(const struct place *place)
{
    return strcmp(place->core->role, "charity") == 0;
}

static void committed(void *state, struct sim *sim, struct place *place)
{
    (void)state;
    if (is_charity(place)) {
        check_accounts(sim, place, false);
    }
}

static void ended(void *state, struct sim *sim)
{
    (void)state;
    for (uint32_t number = 1; number <= sim->place_count && !sim->stopped; number++) {
        struct place *place = place_of(sim, number);
        if (is_charity(place)) {
            check_accounts(sim, place, !has_two_pasts(sim, place));
            check_transfers(sim, place);
        }
    }
}

const struct checker CHECK_LEDGER = {.name = "ledger", .committed = committed, .ended = ended};
