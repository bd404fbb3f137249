#pragma once

#include "common/fold/core.h"
#include "services/socialorg/core/names.h"

/*
 * What the field does not agree on, or we know from one source only, is a rule
 * that the city sets as data. 0 stands for the default.
 */
extern const struct wu_route SOCIALORG_POLICY_ROUTES[];

/* As set, with the defaults filled in. Lives in the arena. */
SetPolicy policy_of(struct wu_txn *txn);
