#pragma once

#include "tests/sim/checkers/map.h"
#include "tests/sim/sim.h"

#include "wushe/linkage/v1/step.pb-c.h"

#include <string.h>

extern const struct checker CHECK_TIME;
extern const struct checker CHECK_STREAMS;
extern const struct checker CHECK_IDS;
extern const struct checker CHECK_DEAD;
extern const struct checker CHECK_PRIVACY;
extern const struct checker CHECK_OFFERS;
extern const struct checker CHECK_HOLDS;
extern const struct checker CHECK_LEDGER;
extern const struct checker CHECK_SHIFTS;
extern const struct checker CHECK_OWNER;
extern const struct checker CHECK_CATALOGUE;
extern const struct checker CHECK_RESTORED;
extern const struct checker CHECK_ACKNOWLEDGED;
extern const struct checker CHECK_FIREWALL;
extern const struct checker CHECK_REPLAY;
extern const struct checker CHECK_TOGETHER;
extern const struct checker CHECK_CAPACITY;
extern const struct checker CHECK_REGISTERED;

/* A zeroed state, for open. */
static inline void *checker_state(size_t size)
{
    void *state = calloc(1, size);
    if (state == NULL) {
        abort();
    }
    return state;
}

/* What the message is about, when it is about a step: the first field of each such message. */
static inline const Linkage__StepRef *step_ref(const struct seen *seen)
{
    const Linkage__StepTaken *like = (const void *)seen->body;
    bool is_step = seen->type >= WU_TYPE(LINKAGE_STEP_OFFERED) &&
                   seen->type <= WU_TYPE(LINKAGE_STEP_DELIVERED);
    return is_step && like != NULL && !seen->is_dead ? like->ref : NULL;
}

/*
 * Of what a coordinator says and hears, that about steps of its own linkages:
 * the rest is between it and one that referred a step to it.
 */
static inline bool is_asker(const struct seen *seen)
{
    bool asks = seen->type == WU_TYPE(LINKAGE_STEP_OFFERED) ||
                seen->type == WU_TYPE(LINKAGE_STEP_CONFIRMED) ||
                seen->type == WU_TYPE(LINKAGE_STEP_RELEASED);
    return seen->is_output == asks;
}

/*
 * Whether that node or its coordinator was put back to an older store: what was
 * said to it since is gone, and what they know of each other need not agree.
 */
static inline bool has_two_pasts(struct sim *sim, const struct place *place)
{
    return place->was_restored || (place->hub != 0 && place_of(sim, place->hub)->was_restored);
}
