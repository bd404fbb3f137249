#pragma once

#include "common/fold/core.h"
#include "services/provider/check.h"
#include "services/provider/names.h"
#include "services/provider/tables.h"

/*
 * A providing society: bodies (organisations, stations, teams, funds) that are
 * offered steps of a linkage. What they all do is here; what one of them does
 * besides is four hooks, reached through the `extra` of its core.
 *
 * The life of an offered step:
 *
 *   offered -> DECLINED
 *           -> WAITING (by_hand) -> DECLINED | RESERVED | RELEASED
 *           -> RESERVED -> LAPSED (nobody confirmed in time) | RELEASED
 *                       -> CONFIRMED -> DELIVERED | RELEASED
 *
 * Mail is believed only when it comes from this node's coordinator; an offer
 * is named by its ref, and whatever carries another attempt is about something
 * else. A body that its society bars gives back what it holds: from any open state
 * to DECLINED. A row of `provider.steps` holds the last offer only: what came of
 * earlier ones is in the journal.
 */
struct provider_hooks {
    Role role;

    /*
     * Sets aside what the offer asks for, whole or not at all. NOT_DECLINED, or
     * why it cannot be; then nothing is set aside.
     */
    DeclineReason (*reserve)(struct wu_step *step, const struct wu_id *provider_id,
                             const ProviderRow *provider, const StepOffered *offer);

    /* Gives back what reserve set aside. */
    void (*release)(struct wu_step *step, const struct wu_id *provider_id, const StepRow *held);

    /*
     * Why the body may take nothing now, or with an offer: not this one. A body
     * that may take nothing is announced as shut.
     */
    DeclineReason (*bar)(struct wu_step *step, const struct wu_id *provider_id,
                         const StepOffered *offer);

    /* The work is done: 1 to offer->quantity was really given, the rest goes back. */
    void (*deliver)(struct wu_step *step, const struct wu_id *provider_id, const StepRow *held,
                    const StepDelivered *delivered);
}; /* a hook may be NULL: nothing but the body's own capacity limits it */

extern const struct wu_route PROVIDER_BODY_ROUTES[];
extern const struct wu_route PROVIDER_OFFER_ROUTES[];
extern const struct wu_route PROVIDER_HAND_ROUTES[];

/* What a core lists among its own. */
#define PROVIDER_ROUTES PROVIDER_BODY_ROUTES, PROVIDER_OFFER_ROUTES, PROVIDER_HAND_ROUTES
#define PROVIDER_TABLES \
    &PROVIDER_PROVIDERS, &PROVIDER_BY_CODE, &PROVIDER_STEPS, &PROVIDER_STEPS_OPEN

enum { PROVIDER_CODE_BYTES_MAX = 23, PROVIDER_PLAN_STEPS_MAX = 16 };

/* The body with that code, or false. Any text may be asked for. */
bool provider_by_code(struct wu_step *step, const char *code, struct wu_id *ret_provider_id);

/* Tells the coordinator anew how the body stands. */
void provider_announce(struct wu_step *step, const struct wu_id *provider_id);

/*
 * Declines up to count_max of what the body has on its desk, confirmed work too,
 * so that the coordinator asks somebody else. True when that was not all.
 */
bool provider_give_back(struct wu_step *step, const struct wu_id *provider_id, DeclineReason reason,
                        size_t count_max);
