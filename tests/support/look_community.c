#include "services/community/core/tables.h"
#include "tests/support/look.h"

#include "common/store/store.h"

void look_needs(struct wu_txn *txn, look_at_need visit, void *context)
{
    struct need_key key = {0};
    const NeedRow *row = NULL;
    size_t mark = wu_txn_arena(txn)->used_bytes;
    bool more = needs_from(txn, &key, 0, &row);
    while (more && visit(context, &key.need_id, row)) {
        wu_arena_reset(wu_txn_arena(txn), mark);
        more = needs_after(txn, &key, 0, &row);
    }
    wu_arena_reset(wu_txn_arena(txn), mark);
}

void look_needs_awaiting(struct wu_txn *txn, look_at_need visit, void *context)
{
    struct need_awaiting_key key = {.confirm_by_ms = INT64_MIN};
    size_t mark = wu_txn_arena(txn)->used_bytes;
    for (bool more = needs_awaiting_from(txn, &key, 0); more;
         more = needs_awaiting_after(txn, &key, 0)) {
        const NeedRow *row = needs_get(txn, &(struct need_key){key.need_id});
        if (row == NULL || !visit(context, &key.need_id, row)) {
            return;
        }
        wu_arena_reset(wu_txn_arena(txn), mark);
    }
}

uint32_t look_kind_known(struct wu_txn *txn, const char *code)
{
    struct kind_key key;
    if (!wu_key_text(key.code, sizeof key.code, code)) {
        return 0;
    }
    const KindRow *row = kinds_get(txn, &key);
    return row != NULL ? row->version : 0;
}

const CommunityState__NeedRow *look_need(struct wu_txn *txn, const struct wu_id *id)
{
    return needs_get(txn, &(struct need_key){*id});
}
