#include "services/volunteer/core/shift.h"

#include "services/volunteer/core/slot.h"
#include "services/volunteer/core/tables.h"
#include "services/volunteer/core/volunteer.h"

enum { PEOPLE_ASKED_MAX = 512, PEOPLE_PASSED_MAX = 2048 };

/* Somebody who can come, before anything is written. */
struct candidate {
    struct volunteer_key key;
    const VolunteerRow *row;
    struct slot slot;
};

/* Whether this person can come, and when. */
static bool ask(struct wu_step *step, const struct wu_id *volunteer_id,
                const struct slot_window *window, struct candidate *ret_candidate)
{
    struct wu_arena *arena = wu_step_arena(step);
    size_t mark_bytes = arena->used_bytes;
    ret_candidate->key.volunteer_id = *volunteer_id;
    ret_candidate->row = volunteers_get(wu_step_txn(step), &ret_candidate->key);
    if (ret_candidate->row != NULL &&
        slot_find(step, window, &ret_candidate->key, ret_candidate->row, &ret_candidate->slot)) {
        return true;
    }
    if (!arena->exhausted) {
        wu_arena_reset(arena, mark_bytes); /* rows of people not taken add up */
    }
    return false;
}

/* Fills `candidates` from the index; true when there are as many as wanted. */
static bool choose(struct wu_step *step, struct volunteer_skill_key *at,
                   const struct slot_window *window, struct candidate *candidates, size_t wanted)
{
    size_t chosen = 0;
    int asked = 0;
    bool more = true;
    for (int passed = 0; more && passed < PEOPLE_PASSED_MAX && asked < PEOPLE_ASKED_MAX; passed++) {
        if (slot_may_fit(window, at->free_blocks)) {
            asked++;
            chosen += ask(step, &at->volunteer_id, window, &candidates[chosen]) ? 1 : 0;
        }
        more = chosen < wanted && volunteers_by_skill_after(wu_step_txn(step), at, 2);
    }
    return chosen == wanted;
}

static struct assignment_key assignment_key(const StepRef *ref, uint32_t n)
{
    struct assignment_key key = {.step_no = ref->step_no, .n = n};
    wu_id_from_pb(ref->linkage_id, &key.linkage_id);
    wu_id_from_pb(ref->provider_id, &key.provider_id);
    return key;
}

static void assign(struct wu_step *step, const StepRef *ref, uint32_t n,
                   const struct candidate *candidate)
{
    ShiftRow shift = VOLUNTEER_STATE__SHIFT_ROW__INIT;
    shift.from_ms = candidate->slot.from_ms;
    shift.linkage_id = ref->linkage_id;
    shift.step_no = ref->step_no;
    shift.provider_id = ref->provider_id;
    struct shift_key shift_at = {candidate->key.volunteer_id, candidate->slot.until_ms};
    shifts_put(wu_step_txn(step), &shift_at, &shift);

    AssignmentRow assignment = VOLUNTEER_STATE__ASSIGNMENT_ROW__INIT;
    assignment.volunteer_id = wu_id_to_pb(&candidate->key.volunteer_id);
    assignment.from_ms = candidate->slot.from_ms;
    assignment.until_ms = candidate->slot.until_ms;
    struct assignment_key at = assignment_key(ref, n);
    assignments_put(wu_step_txn(step), &at, &assignment);

    volunteer_called(step, &candidate->key, candidate->row);
}

DeclineReason shift_reserve(struct wu_step *step, const struct wu_id *team_id,
                            const ProviderRow *team, const StepOffered *offer)
{
    (void)team;
    struct volunteer_skill_key at = {.team_id = *team_id};
    if (!wu_key_text(at.skill, sizeof at.skill, offer->service) ||
        !volunteers_by_skill_from(wu_step_txn(step), &at, 2)) {
        return DECLINE_REASON(SERVICE_UNKNOWN);
    }
    struct slot_window window;
    if (offer->quantity > PEOPLE_ASKED_MAX ||
        !slot_window(step, offer->from_ms, offer->until_ms, &window)) {
        return DECLINE_REASON(NOT_FREE_THEN);
    }

    size_t wanted = (size_t)offer->quantity;
    struct candidate *candidates = wu_arena_take(wu_step_arena(step), wanted * sizeof *candidates);
    if (candidates == NULL || !choose(step, &at, &window, candidates, wanted)) {
        return DECLINE_REASON(NOT_FREE_THEN);
    }
    for (size_t n = 0; n < wanted; n++) {
        assign(step, offer->ref, (uint32_t)n, &candidates[n]);
    }
    return NOT_DECLINED;
}

/* The n-th place of a step, and the shift that goes with it. */
static bool find_place(struct wu_step *step, const StepRow *held, uint32_t n,
                       struct assignment_key *ret_at, struct shift_key *ret_shift_at)
{
    *ret_at = assignment_key(held->offer->ref, n);
    const AssignmentRow *assignment = assignments_get(wu_step_txn(step), ret_at);
    if (assignment == NULL ||
        !wu_id_from_pb(assignment->volunteer_id, &ret_shift_at->volunteer_id)) {
        return false;
    }
    ret_shift_at->until_ms = assignment->until_ms;
    return true;
}

static void give_back(struct wu_step *step, const StepRow *held, int64_t first)
{
    for (int64_t n = first; n < held->offer->quantity; n++) {
        struct assignment_key at;
        struct shift_key shift_at;
        if (find_place(step, held, (uint32_t)n, &at, &shift_at)) {
            shifts_del(wu_step_txn(step), &shift_at);
            assignments_del(wu_step_txn(step), &at);
        }
    }
}

void shift_release(struct wu_step *step, const struct wu_id *team_id, const StepRow *held)
{
    (void)team_id; /* a shift is its volunteer's, whatever team that is in by now */
    give_back(step, held, 0);
}

static void mark_served(struct wu_step *step, const struct shift_key *at, int64_t minutes)
{
    const ShiftRow *known = shifts_get(wu_step_txn(step), at);
    if (known == NULL) {
        return;
    }
    ShiftRow shift = *known;
    shift.served = true;
    shift.minutes = minutes;
    shifts_put(wu_step_txn(step), at, &shift);
}

void shift_deliver(struct wu_step *step, const struct wu_id *team_id, const StepRow *held,
                   const StepDelivered *delivered)
{
    (void)team_id;
    int64_t share = delivered->minutes / delivered->quantity;
    int64_t odd = delivered->minutes % delivered->quantity;
    for (int64_t n = 0; n < delivered->quantity; n++) {
        struct assignment_key at;
        struct shift_key shift_at;
        if (find_place(step, held, (uint32_t)n, &at, &shift_at)) {
            mark_served(step, &shift_at, share + (n < odd ? 1 : 0));
        }
    }
    give_back(step, held, delivered->quantity);
}
