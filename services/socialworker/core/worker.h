#pragma once

#include "services/provider/provider.h"
#include "services/socialworker/core/names.h"

/*
 * Whose case a step becomes. Among the workers of the station who have the
 * field, are social workers or seniors, are registered at that moment and have
 * room under their ceiling: the one with the fewest cases; among equals, who
 * was added first. A step is one case, whatever quantity it names.
 *
 * An assistant never holds a case alone. Nobody with the field at all:
 * SERVICE_UNKNOWN; some, but all have their hands full: NO_CAPACITY; none of
 * them licensed: NOT_LICENSED.
 */
extern const struct wu_route SOCIALWORKER_WORKER_ROUTES[];

DeclineReason worker_reserve(struct wu_step *step, const struct wu_id *station_id,
                             const ProviderRow *station, const StepOffered *offer);
void worker_release(struct wu_step *step, const struct wu_id *station_id, const StepRow *held);
void worker_deliver(struct wu_step *step, const struct wu_id *station_id, const StepRow *held,
                    const StepDelivered *delivered);
