#include "common/store/store.h"
#include "services/coordinator/core/record.h"
#include "services/coordinator/core/tables.h"
#include "services/ctl/views.h"

const CoordinatorState__KindRow *ctl_view_kind(struct wu_txn *txn, const char *code,
                                               uint32_t version)
{
    struct kind_key key;
    struct kind_version_key version_key = {.version = version};
    if (version == 0) {
        return wu_key_text(key.code, sizeof key.code, code) ? kinds_get(txn, &key) : NULL;
    }
    return wu_key_text(version_key.code, sizeof version_key.code, code)
               ? kind_versions_get(txn, &version_key)
               : NULL;
}

const CoordinatorState__LinkageRow *ctl_view_linkage(struct wu_txn *txn,
                                                     const struct wu_id *linkage_id)
{
    return linkage_whole(txn, wu_txn_arena(txn), linkage_id);
}
