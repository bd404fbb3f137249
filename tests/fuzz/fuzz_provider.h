#pragma once

#include "services/provider/tables.h"
#include "tests/fuzz/fuzz_core.h"

/* The rules of every society that provides: bodies, their steps, what they say of them. */
void fuzz_provider_begin(void);
void fuzz_provider_saw(const struct fuzz_seen *seen);
void fuzz_provider_check(struct wu_txn *txn);

/*
 * Whether the step was offered here anew after it had been delivered (which crossed with the
 * coordinator's "too late"): what came of the first offer is in the journal, its people still
 * stand in the tables. NULL: whether any was.
 */
bool fuzz_provider_is_given_again(const struct step_key *key);

/* Reserved or confirmed: something is set aside for it. */
bool fuzz_step_holds(const StepRow *row);
