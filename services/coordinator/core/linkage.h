#pragma once

#include "common/fold/core.h"
#include "services/coordinator/core/record.h"

/* The beginning and the end of a linkage: what its community says. */
extern const struct wu_route COORDINATOR_LINKAGE_ROUTES[];

/* Nothing stands before it any more: its first steps, offered as far as they can be. */
void linkage_plan(struct linkage *linkage, const AdoptKind *kind);

/* Why a need of that kind would not become a linkage now; kind NULL: none is in force. */
LinkageRefusal linkage_refusal(struct wu_step *fold, const NeedRaised *raised, const KindRow *kind);

/* The step that comes first when the kind begins with an assessment. */
PlanStep linkage_assessment(const AdoptKind *kind);
