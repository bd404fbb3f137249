#include "services/community/core/tables.h"
#include "tests/sim/sim.h"

int64_t community_confirm_by(struct sim *sim, struct place *place, const struct wu_id *need_id)
{
    struct wu_txn *txn = sim_look(sim, place);
    const NeedRow *need = needs_get(txn, &(struct need_key){*need_id});
    int64_t by_ms = need != NULL ? need->confirm_by_ms : 0;
    wu_txn_abort(&txn);
    return by_ms;
}
