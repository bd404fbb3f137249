#include "services/ctl/views.h"
#include "services/volunteer/core/tables.h"

bool ctl_view_place(struct wu_txn *txn, const struct ctl_view_offer *offer, uint32_t n,
                    struct ctl_view_place *ret_place)
{
    struct volunteer_key key;
    const AssignmentRow *row = assignments_get(
        txn, &(struct assignment_key){offer->linkage_id, offer->step_no, offer->provider_id, n});
    if (row == NULL) {
        return false;
    }
    *ret_place = (struct ctl_view_place){
        .person =
            wu_id_from_pb(row->volunteer_id, &key.volunteer_id) ? volunteers_get(txn, &key) : NULL,
        .from_ms = row->from_ms,
        .until_ms = row->until_ms,
    };
    return true;
}
