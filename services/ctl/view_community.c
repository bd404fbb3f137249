#include "services/community/core/tables.h"
#include "services/ctl/views.h"

const CommunityState__NeedRow *ctl_view_need(struct wu_txn *txn, const struct wu_id *need_id)
{
    return needs_get(txn, &(struct need_key){*need_id});
}

const char *ctl_view_community_name(struct wu_txn *txn, uint64_t division)
{
    const CommunityRow *row = communities_get(txn, &(struct community_key){division});
    return row != NULL ? row->name : NULL;
}
