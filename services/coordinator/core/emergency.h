#pragma once

#include "common/fold/core.h"
#include "services/coordinator/core/record.h"

/*
 * Emergencies: a named authority relaxes two gates, order (core three first) and
 * approval (lead body first), in one area, for some kinds, until a fixed time.
 * Nothing else is ever relaxed. Each gate relaxed for a linkage is written down:
 * that list is the review.
 *
 * A linkage belongs to the emergency that was declared first of those that
 * cover it when it is opened, for as long as that one stands. When it ends,
 * what was called stays called, and nothing more is relaxed: so the review is
 * complete the moment the emergency is over.
 */
extern const struct wu_route COORDINATOR_EMERGENCY_ROUTES[];

/* Standing at once. */
enum { EMERGENCIES_MAX = 16, EMERGENCY_KINDS_MAX = 64 };

/* A linkage is opened: sets its emergency, if there is one. */
void emergency_enter(struct linkage *linkage);

/* True when the linkage's emergency stands and so the gate does not hold it; that is written down.
 */
bool emergency_relaxes(struct linkage *linkage, Rule gate);
