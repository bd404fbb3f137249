#include "services/ctl/views.h"
#include "services/socialworker/core/tables.h"

const SocialworkerState__WorkerRow *ctl_view_case_worker(struct wu_txn *txn,
                                                         const struct ctl_view_offer *offer)
{
    struct worker_key key;
    const AssignmentRow *row = assignments_get(
        txn, &(struct assignment_key){offer->linkage_id, offer->step_no, offer->provider_id});
    return row != NULL && wu_id_from_pb(row->worker_id, &key.worker_id) ? workers_get(txn, &key)
                                                                        : NULL;
}
