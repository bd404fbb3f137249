#pragma once

#include "common/base/status.h"
#include "common/fold/core.h"

/*
 * Folds a store's journal again, into a scratch store, and compares every
 * derived table byte by byte. The node may be running: what is compared is one
 * snapshot of it.
 */
struct wu_replay_report {
    uint64_t event_count;
    uint64_t table_count;
    uint64_t row_count;
    uint64_t stream_count; /* each walked: numbers without a gap, chain of hashes whole */
    uint64_t record_count;
    uint64_t different_count; /* rows that are missing, extra or not the same */
    char first_difference[256];
};

/* WU_OK: same bytes; WU_DIVERGED: see the report; others with a sentence. */
WU_CHECKED enum wu_status wu_replay_verify(const char *store_path, const struct wu_core *core,
                                           const char *scratch_path,
                                           struct wu_replay_report *ret_report,
                                           struct wu_error *reterr);

/*
 * Folds the journal up to and with that number again, into a scratch store,
 * and shows both: what the store holds, and what was made again. The snapshots
 * live until `look` returns; rows live in their own arenas.
 */
typedef void (*wu_replay_look_fn)(void *context, struct wu_txn *stored, struct wu_txn *again);
WU_CHECKED enum wu_status wu_replay_look(const char *store_path, const struct wu_core *core,
                                         const char *scratch_path, uint64_t until_seq,
                                         wu_replay_look_fn look, void *context,
                                         struct wu_error *reterr);
