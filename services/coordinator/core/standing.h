#pragma once

#include "common/fold/core.h"
#include "services/coordinator/core/names.h"

/*
 * A provider's standing: how busy it is, what it was offered of late, which
 * promises it kept. All of it is in its row; the score is made of the row and
 * nothing else, so a line of candidates is in order without looking at a clock.
 * Time comes in by a timer that makes old evidence less, once a week.
 *
 * Source: R16, R36 (evidence, with decay), R33 (small and large alike).
 */
extern const struct wu_route COORDINATOR_STANDING_ROUTES[];

/* Of a candidate, in permille; cooling is 0 or less, load too when there is no room. */
struct score {
    int32_t distance;
    int32_t load;
    int32_t promises;
    int32_t fairness;
    int32_t cooling;
};

/* The parts that are the provider's own: distance is 0. The formula is in the README. */
struct score standing_score(const ProviderRow *row);

/* For a line of that level of division, nearest first: 400, 300, 200, 100, 0. */
int32_t score_distance(uint64_t division);

int32_t score_total(const struct score *score);

/* How an offer of a step came to its end, as far as the provider goes. */
enum promise {
    PROMISE_NONE,      /* it had promised nothing, or was let go for no fault of its own */
    PROMISE_KEPT,      /* delivered */
    PROMISE_KEPT_LATE, /* delivered after it was taken back as late: it ended then, half a redress
                        */
    PROMISE_SILENT,    /* no answer to an offer */
    PROMISE_WITHDRAWN, /* said no after it had said yes */
    PROMISE_BROKEN,    /* late, or let a confirmed step go: it cools down too */
};

/* The provider gets an offer of that service. *row is its row before. */
void standing_offered(struct wu_step *fold, const struct wu_id *provider_id, const ProviderRow *row,
                      const char *service);

/* An offer it got has ended. A provider nobody knows is fine. */
void standing_ended(struct wu_step *fold, const struct wu_id *provider_id, enum promise promise);
