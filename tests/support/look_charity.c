#include "services/charity/core/tables.h"
#include "tests/support/look.h"

#include "common/store/store.h"

#include <string.h>

enum { CLASSES = 3 };

bool look_wrong_books(struct wu_txn *txn, char *why, size_t why_size)
{
    struct account_key key = {0};
    const AccountRow *row = NULL;
    int64_t sums[CLASSES] = {0};
    size_t mark = wu_txn_arena(txn)->used_bytes;
    for (bool more = accounts_from(txn, &key, 0, &row); more;
         more = accounts_after(txn, &key, 0, &row)) {
        bool given = key.account == ACCOUNT_CLASS(GIVEN);
        bool held = key.account == ACCOUNT_CLASS(HELD);
        if ((row->balance < 0 && !given) || (held && row->balance != 0) ||
            (unsigned)row->resource_class >= CLASSES) {
            (void)snprintf(why, why_size, "account %u of %s stands at %lld", key.account,
                           key.service, (long long)row->balance);
            return true;
        }
        sums[row->resource_class] += row->balance;
        wu_arena_reset(wu_txn_arena(txn), mark);
    }
    for (int index = 0; index < CLASSES; index++) {
        if (sums[index] != 0) {
            (void)snprintf(why, why_size, "the accounts of class %d sum to %lld", index,
                           (long long)sums[index]);
            return true;
        }
    }
    return false;
}

int64_t look_issued(struct wu_txn *txn)
{
    struct account_key key = {0};
    const AccountRow *row = NULL;
    int64_t issued = 0;
    size_t mark = wu_txn_arena(txn)->used_bytes;
    for (bool more = accounts_from(txn, &key, 0, &row); more;
         more = accounts_after(txn, &key, 0, &row)) {
        issued += key.account == ACCOUNT_CLASS(ISSUED) ? row->balance : 0;
        wu_arena_reset(wu_txn_arena(txn), mark);
    }
    return issued;
}
