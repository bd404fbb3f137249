#include "services/coordinator/core/tables.h"
#include "tests/support/look.h"

#include "common/store/store.h"

void look_linkages(struct wu_txn *txn, look_at_linkage visit, void *context)
{
    struct linkage_key key = {0};
    const LinkageRow *row = NULL;
    size_t mark = wu_txn_arena(txn)->used_bytes;
    bool more = linkages_from(txn, &key, 0, &row);
    while (more && visit(context, &key.linkage_id, row)) {
        wu_arena_reset(wu_txn_arena(txn), mark);
        more = linkages_after(txn, &key, 0, &row);
    }
    wu_arena_reset(wu_txn_arena(txn), mark);
}

const LinkageRow *look_linkage(struct wu_txn *txn, const struct wu_id *id)
{
    return linkages_get(txn, &(struct linkage_key){*id});
}

uint64_t look_linkages_open_count(struct wu_txn *txn)
{
    return wu_table_count(txn, &COORDINATOR_LINKAGES_OPEN);
}

uint64_t look_providers_count(struct wu_txn *txn)
{
    return wu_table_count(txn, &COORDINATOR_PROVIDERS);
}
