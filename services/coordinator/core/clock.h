#pragma once

#include "common/fold/core.h"
#include "services/coordinator/core/record.h"

/*
 * The linkage's own clock, beside those of its steps: everybody must be found
 * within the time its urgency gives, and a delivered case must be closed. When
 * that time is over, or a step was not done in time, the case is escalated:
 * one level up, never two, and no other case with it (R11, N22).
 */
extern const struct wu_route COORDINATOR_CLOCK_ROUTES[];

/* A kind without a span for finding everybody: so many times its time to answer. */
enum { GATHER_REPLIES = 8 };

/* What the linkage waits for now must come within that span. */
void clock_start(struct linkage *linkage, int64_t span_ms);

/* Now the clocks of its steps run. */
void clock_rest(struct linkage *linkage);

/* The case goes one level up, by that rule; false: it is at the city's level and stays there. */
bool clock_escalate(struct linkage *linkage, Rule rule);

/* At the linkage's end. */
void clock_stop(struct linkage *linkage);

/*
 * Who has an open linkage in hand, and when it is looked at again at the
 * latest; WU_TIME_NEVER: at the top already, only people can help. For readers.
 */
struct in_hand {
    Role role;     /* of whom it waits for: COMMUNITY for the resident or the lead body */
    uint32_t node; /* 0: several */
    int64_t next_due_ms;
};
struct in_hand linkage_in_hand(const LinkageRow *row);
