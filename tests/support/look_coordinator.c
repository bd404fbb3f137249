#include "services/coordinator/core/tables.h"
#include "tests/support/look.h"

#include "common/store/store.h"

#include <string.h>

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

bool look_step_overridden(struct wu_txn *txn, const struct wu_id *id, uint32_t step_no)
{
    const LinkageRow *linkage = look_linkage(txn, id);
    struct override_key key;
    if (linkage == NULL || step_no == 0 || step_no > linkage->n_steps ||
        !wu_id_from_pb(linkage->steps[step_no - 1]->override_id, &key.override_id)) {
        return false;
    }
    const OverrideRow *row = overrides_get(txn, &key);
    return row != NULL && row->state == OVERRIDE_CONFIRMED && row->step_no == step_no &&
           row->confirmed_by[0] != '\0' && strcmp(row->confirmed_by, row->requested_by) != 0;
}

void look_overrides(struct wu_txn *txn, uint64_t *ret_confirmed, uint64_t *ret_counted)
{
    struct override_key key = {{{0}}};
    struct override_count_key count_key = {0};
    const OverrideRow *row = NULL;
    const OverrideCountRow *count = NULL;
    *ret_confirmed = 0;
    *ret_counted = 0;
    for (bool more = overrides_from(txn, &key, 0, &row); more;
         more = overrides_after(txn, &key, 0, &row)) {
        *ret_confirmed += row->state == OVERRIDE_CONFIRMED ? 1 : 0;
    }
    for (bool more = override_counts_from(txn, &count_key, 0, &count); more;
         more = override_counts_after(txn, &count_key, 0, &count)) {
        *ret_counted += count->confirmed_count;
    }
}

uint64_t look_linkages_open_count(struct wu_txn *txn)
{
    return wu_table_count(txn, &COORDINATOR_LINKAGES_OPEN);
}

uint64_t look_providers_count(struct wu_txn *txn)
{
    return wu_table_count(txn, &COORDINATOR_PROVIDERS);
}
