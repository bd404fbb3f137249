#pragma once

#include "common/fold/core.h"
#include "services/coordinator/core/names.h"

/* Communities that link three societies, or five (R09). */
extern const struct wu_route COORDINATOR_MODE_ROUTES[];

/* Of that community, now; five unless it was told otherwise. */
LinkageMode mode_of(struct wu_step *fold, uint64_t division);
