#include "services/charity/core/tables.h"
#include "services/ctl/views.h"

#include "common/store/store.h"

#include <string.h>

/*
 * Transfers stand in the order of their time, and their ids ascend with the
 * node's journal. So the first one of a moment is found by halving journal
 * numbers, within the generation that writes now; if the moment is before that
 * generation, from the beginning.
 */
static bool transfer_from(struct wu_txn *txn, const struct wu_id *at, struct transfer_key *ret_key,
                          const TransferRow **ret_row)
{
    ret_key->transfer_id = *at;
    return transfers_from(txn, ret_key, 0, ret_row);
}

static uint32_t generation_of(const struct wu_id *id)
{
    return wu_get_u16(id->bytes + 4);
}

static struct wu_id first_since(struct wu_txn *txn, int64_t since_ms)
{
    struct transfer_key key;
    struct wu_bytes value;
    const TransferRow *row = NULL;
    const struct wu_id beginning = {{0}};
    memset(&key, 0xff, sizeof key);
    if (!wu_table_last_raw(txn, &CHARITY_TRANSFERS, &key, 0, &value)) {
        return beginning;
    }
    uint32_t node = wu_id_node(&key.transfer_id);
    uint32_t generation = generation_of(&key.transfer_id);
    uint64_t low = 0;
    uint64_t high = wu_id_seq(&key.transfer_id);
    struct wu_arena *arena = wu_txn_arena(txn);
    size_t mark = arena->used_bytes;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        const struct wu_id at = wu_id_make(node, generation, middle, 0);
        bool before = transfer_from(txn, &at, &key, &row) && row->time_ms < since_ms;
        uint64_t found = wu_id_seq(&key.transfer_id);
        wu_arena_reset(arena, mark);
        if (before) {
            low = found + 1;
        } else {
            high = middle;
        }
    }
    return low == 0 ? beginning : wu_id_make(node, generation, low, 0);
}

size_t ctl_view_transfers(struct wu_txn *txn, const struct wu_id *linkage_id,
                          const struct ctl_view_span *span,
                          const CharityState__TransferRow **ret_rows, size_t room)
{
    struct transfer_key key = {first_since(txn, span->since_ms)};
    struct wu_arena *arena = wu_txn_arena(txn);
    size_t mark = arena->used_bytes;
    size_t count = 0;
    const TransferRow *row = NULL;
    for (bool found = transfers_from(txn, &key, 0, &row);
         found && count < room && row->time_ms <= span->until_ms;
         found = transfers_after(txn, &key, 0, &row)) {
        struct wu_id linkage;
        if (wu_id_from_pb(row->linkage_id, &linkage) && wu_id_equal(&linkage, linkage_id)) {
            ret_rows[count++] = row;
            mark = arena->used_bytes;
        } else {
            wu_arena_reset(arena, mark);
        }
    }
    return count;
}

Charity__ResourceClass ctl_view_resource_class(struct wu_txn *txn, const struct wu_id *provider_id,
                                               const char *service)
{
    struct account_key key = {.provider_id = *provider_id, .account = ACCOUNT_CLASS(GIVEN)};
    if (!wu_key_text(key.service, sizeof key.service, service)) {
        return RESOURCE_CLASS(UNSPECIFIED);
    }
    const AccountRow *row = accounts_get(txn, &key);
    return row != NULL ? row->resource_class : RESOURCE_CLASS(UNSPECIFIED);
}
