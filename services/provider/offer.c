#include "services/provider/held.h"

/*
 * What the coordinator says of a step, and the clock that runs against it.
 * Anybody else's mail about steps is not looked at.
 */

static bool is_from_hub(const struct wu_step *step)
{
    return wu_step_event(step)->from_node == wu_step_hub(step);
}

/* True when a row exists for the ref's step. */
static bool find_ref(struct wu_step *step, const StepRef *ref, struct held_step *ret_held)
{
    return is_from_hub(step) && held_from_ref(ref, ret_held) && held_find(step, ret_held);
}

static void answer_new_offer(struct wu_step *step, struct held_step *held)
{
    const ProviderRow *provider = NULL;
    DeclineReason reason = held_refusal(step, held, &provider);
    if (reason == NOT_DECLINED && provider->by_hand) {
        held_wait(step, held);
        return;
    }
    if (reason == NOT_DECLINED) {
        reason = held_reserve(step, held, provider);
    }
    if (reason != NOT_DECLINED) {
        held_decline(step, held, reason, "");
    }
}

/*
 * A step is offered.
 *
 * The same offer again gets the same answer again; an older one than the last
 * to this body is a late echo. A newer one takes the place of the last, and
 * whatever that still held is free before the newer one is looked at. Other
 * bodies of this node may hold an offer of the same step: theirs stand.
 */
static void handle_step_offered(struct wu_step *step, const StepOffered *offer)
{
    if (!is_from_hub(step)) {
        return;
    }
    struct held_step held;
    if (!held_from_ref(offer->ref, &held) || offer->quantity < 1) {
        wu_step_fail(step, "an offer must name linkage, step and provider and ask for something");
        return;
    }

    struct held_step last = held;
    if (held_find(step, &last)) {
        if (held_is_ref(&last, offer->ref)) {
            held_answer_offer(step, &last);
            return;
        }
        if (last.row.offer->ref->attempt >= offer->ref->attempt) {
            return;
        }
        if (held_is_open(&last)) {
            held_release(step, &last);
        }
    }

    StepOffered copy = *offer;
    held.row.offer = &copy;
    answer_new_offer(step, &held);
}
WU_HANDLER(step_offered, StepOffered)

/*
 * All required steps are reserved: go.
 *
 * What has lapsed or was released is somebody else's by now, so a confirmation
 * that comes late, or for another offer, never brings it back.
 */
static void handle_step_confirmed(struct wu_step *step, const StepConfirmed *confirmed)
{
    struct held_step held;
    if (!is_from_hub(step)) {
        return;
    }
    if (!held_from_ref(confirmed->ref, &held)) {
        wu_step_fail(step, "a confirmation must name linkage, step and provider");
        return;
    }
    if (!held_find(step, &held) || !held_is_ref(&held, confirmed->ref)) {
        held_emit_lapsed(step, confirmed->ref);
        return;
    }
    bool ran_out = held.row.state == STEP_STATE(RESERVED) &&
                   wu_step_event(step)->time_ms >= held.row.offer->hold_until_ms;
    if (ran_out || held.row.state == STEP_STATE(WAITING)) {
        held_lapse(step, &held); /* its clock has not come round yet; or nobody said yes to it */
        return;
    }
    if (held.row.state == STEP_STATE(RESERVED)) {
        held_confirm(step, &held, confirmed->deliver_by_ms);
        return;
    }
    held_answer_confirm(step, &held);
}
WU_HANDLER(step_confirmed, StepConfirmed)

/* The coordinator wants nothing more of this offer. What has ended stays as it ended. */
static void handle_step_released(struct wu_step *step, const StepReleased *released)
{
    struct held_step held;
    if (find_ref(step, released->ref, &held) && held_is_ref(&held, released->ref) &&
        held_is_open(&held)) {
        held_release(step, &held);
    }
}
WU_HANDLER(step_released, StepReleased)

/* A rule refuses the plan of an assessment: kept with it, for whoever made it. */
static void handle_plan_refused(struct wu_step *step, const PlanRefused *refused)
{
    struct held_step held;
    if (find_ref(step, refused->ref, &held) && held_is_ref(&held, refused->ref) &&
        held.row.state == STEP_STATE(DELIVERED)) {
        held_refuse_plan(step, &held, refused->rule);
    }
}
WU_HANDLER(plan_refused, PlanRefused)

/* Nobody confirmed in time. Whoever ends the last reservation with this clock stops it. */
static void handle_hold_expired(struct wu_step *step)
{
    const struct wu_event *event = wu_step_event(step);
    struct held_step held = {.key = {.linkage_id = event->subject, .step_no = event->n}};
    for (bool found = held_first_of(step, &held); found; found = held_next_of(step, &held)) {
        if (held.row.state == STEP_STATE(RESERVED) &&
            event->time_ms >= held.row.offer->hold_until_ms) {
            held_lapse(step, &held);
        }
    }
}
WU_TIMER_HANDLER(hold_expired)

const struct wu_route PROVIDER_OFFER_ROUTES[] = {
    {WU_TYPE(LINKAGE_STEP_OFFERED), WU_ORIGIN_MAIL, &linkage__step_offered__descriptor,
     route_step_offered},
    {WU_TYPE(LINKAGE_STEP_CONFIRMED), WU_ORIGIN_MAIL, &linkage__step_confirmed__descriptor,
     route_step_confirmed},
    {WU_TYPE(LINKAGE_STEP_RELEASED), WU_ORIGIN_MAIL, &linkage__step_released__descriptor,
     route_step_released},
    {WU_TYPE(LINKAGE_PLAN_REFUSED), WU_ORIGIN_MAIL, &linkage__plan_refused__descriptor,
     route_plan_refused},
    {WU_TYPE(LINKAGE_HOLD_EXPIRED), WU_ORIGIN_TIMER, NULL, route_hold_expired},
    {0},
};
