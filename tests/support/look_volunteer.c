#include "services/volunteer/core/tables.h"
#include "tests/support/look.h"

#include "common/store/store.h"

bool look_overlapping_shifts(struct wu_txn *txn, char *why, size_t why_size)
{
    struct shift_key key = {.until_ms = INT64_MIN};
    struct shift_key before = {0};
    const ShiftRow *row = NULL;
    size_t mark = wu_txn_arena(txn)->used_bytes;
    for (bool more = shifts_from(txn, &key, 0, &row); more;
         more = shifts_after(txn, &key, 0, &row)) {
        if (wu_id_equal(&key.volunteer_id, &before.volunteer_id) &&
            row->from_ms < before.until_ms) {
            char name[WU_ID_TEXT_MAX];
            (void)snprintf(why, why_size, "volunteer %s has a shift from %lld, and one until %lld",
                           wu_id_to_text(&key.volunteer_id, name), (long long)row->from_ms,
                           (long long)before.until_ms);
            return true;
        }
        before = key;
        wu_arena_reset(wu_txn_arena(txn), mark);
    }
    return false;
}

uint64_t look_shifts_count(struct wu_txn *txn)
{
    return wu_table_count(txn, &VOLUNTEER_SHIFTS);
}
