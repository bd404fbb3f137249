#include "services/provider/tables.h"
#include "tests/support/look.h"

#include "common/store/store.h"

void look_steps(struct wu_txn *txn, look_at_step visit, void *context)
{
    struct step_key key = {0};
    const StepRow *row = NULL;
    size_t mark = wu_txn_arena(txn)->used_bytes;
    bool more = steps_from(txn, &key, 0, &row);
    while (more && visit(context, &key.linkage_id, key.step_no, row)) {
        wu_arena_reset(wu_txn_arena(txn), mark);
        more = steps_after(txn, &key, 0, &row);
    }
    wu_arena_reset(wu_txn_arena(txn), mark);
}

void look_steps_open(struct wu_txn *txn, look_at_step visit, void *context)
{
    struct step_open_key key = {0};
    size_t mark = wu_txn_arena(txn)->used_bytes;
    for (bool more = steps_open_from(txn, &key, 0); more; more = steps_open_after(txn, &key, 0)) {
        const StepRow *row = look_step(txn, &key.linkage_id, key.step_no);
        if (row == NULL || !visit(context, &key.linkage_id, key.step_no, row)) {
            return;
        }
        wu_arena_reset(wu_txn_arena(txn), mark);
    }
}

const StepRow *look_step(struct wu_txn *txn, const struct wu_id *linkage_id, uint32_t step_no)
{
    return steps_get(txn, &(struct step_key){*linkage_id, step_no});
}
