#pragma once

#include "common/base/status.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A note beside the store, "<state_dir>.witness": how far the journal had come.
 * Each second it follows the store. A store that is behind its witness was
 * restored from an older copy, and says so before it gives out one number that
 * somebody else knows already; peers would notice, but only once they connect.
 *
 * The note may be a second old, or gone: then the peers' word is what is left.
 */
struct wu_witness {
    uint32_t generation;
    uint64_t journal_seq;
};

/* All zero when there is no note, or one that cannot be read. */
struct wu_witness wu_witness_load(const char *state_dir);

/* WU_IO with a sentence when it cannot be written. */
WU_CHECKED enum wu_status wu_witness_save(const char *state_dir, struct wu_witness witness,
                                          struct wu_error *reterr);

/* True when a store that stands at `store` has been further. */
bool wu_witness_is_ahead(struct wu_witness witness, struct wu_witness store);
