#include "services/provider/tables.h"
#include "services/socialorg/core/tables.h"
#include "tests/support/look.h"

#include <stdio.h>
#include <string.h>

/* Rows stay in the caller's arena: one per body, not one per step. */
bool look_barred_holder(struct wu_txn *txn, bool is_at_rest, char *why, size_t why_size)
{
    struct step_open_key key = {0};
    bool found = steps_open_from(txn, &key, 0);
    while (found) {
        char body[WU_ID_TEXT_MAX];
        const OrganisationRow *row =
            organisations_get(txn, &(struct organisation_key){key.provider_id});
        if (row == NULL || (is_at_rest && row->status == ORGANISATION_STATUS(SUSPENDED))) {
            (void)snprintf(why, why_size, "organisation %s %s and has work on its desk",
                           wu_id_to_text(&key.provider_id, body),
                           row == NULL ? "is not registered" : "is suspended");
            return true;
        }
        memset(key.linkage_id.bytes, 0xff, sizeof key.linkage_id.bytes);
        key.step_no = UINT32_MAX; /* the next body */
        found = steps_open_after(txn, &key, 0);
    }
    return false;
}
