#include "services/provider/tables.h"
#include "tests/support/look.h"

#include "common/store/store.h"

static void walk(struct wu_txn *txn, struct step_key key, int same_fields, look_at_step visit,
                 void *context)
{
    const StepRow *row = NULL;
    size_t mark = wu_txn_arena(txn)->used_bytes;
    bool more = steps_from(txn, &key, same_fields, &row);
    while (more && visit(context, &key.linkage_id, key.step_no, row)) {
        wu_arena_reset(wu_txn_arena(txn), mark);
        more = steps_after(txn, &key, same_fields, &row);
    }
    wu_arena_reset(wu_txn_arena(txn), mark);
}

void look_steps(struct wu_txn *txn, look_at_step visit, void *context)
{
    walk(txn, (struct step_key){.step_no = 0}, 0, visit, context);
}

void look_step(struct wu_txn *txn, const struct wu_id *linkage_id, uint32_t step_no,
               look_at_step visit, void *context)
{
    walk(txn, (struct step_key){.linkage_id = *linkage_id, .step_no = step_no}, 2, visit, context);
}

void look_steps_open(struct wu_txn *txn, look_at_step visit, void *context)
{
    struct step_open_key key = {0};
    size_t mark = wu_txn_arena(txn)->used_bytes;
    for (bool more = steps_open_from(txn, &key, 0); more; more = steps_open_after(txn, &key, 0)) {
        const StepRow *row =
            steps_get(txn, &(struct step_key){key.linkage_id, key.step_no, key.provider_id});
        if (row == NULL || !visit(context, &key.linkage_id, key.step_no, row)) {
            return;
        }
        wu_arena_reset(wu_txn_arena(txn), mark);
    }
}
