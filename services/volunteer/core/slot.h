#pragma once

#include "common/fold/step.h"
#include "services/volunteer/core/tables.h"

/*
 * When a volunteer can come. An offer names a window of time; what a person
 * gives is a slot inside it. What we chose:
 *
 * - A window within one local day is meant as it stands: the slot is the whole
 *   window, and one free time of that weekday must cover it.
 * - A longer window means "some time in it": the slot is the first two hours
 *   (the whole window, if it is shorter) inside it that lie in one free time
 *   and touch no other shift of that person. Each person of a step gets a slot
 *   of their own. Two weeks are searched, since free times are weekly.
 * - What has passed of a window is cut off; a window that is over, or that ends
 *   before it begins, has no slot.
 * - Extra times are free times of their own; a slot touches no time away.
 * - Shifts may touch: one ends at ten, the next begins at ten.
 * - Local time is UTC plus the node's offset; a local day has 24 hours.
 */
struct slot {
    int64_t from_ms;
    int64_t until_ms;
};

struct slot_window {
    int64_t from_ms;
    int64_t until_ms;
    int64_t length_ms; /* of a slot */
    int64_t offset_ms; /* of local time */
    uint64_t blocks;   /* of the week, that it reaches into */
    bool whole;        /* the slot is the whole window */
};

/* What the offered times ask for at this moment; false if there is no slot in them. */
bool slot_window(struct wu_step *step, int64_t from_ms, int64_t until_ms,
                 struct slot_window *ret_window);

/*
 * The week as 56 blocks of three hours, one bit each, Monday at midnight first:
 * those a person has any free time in. Where may_fit says no, slot_find would.
 * Times away are not looked at. offset_ms is that of local time.
 */
uint64_t slot_free_blocks(const VolunteerRow *volunteer, int64_t offset_ms);
bool slot_may_fit(const struct slot_window *window, uint64_t free_blocks);

/* The first slot of that person in the window. */
bool slot_find(struct wu_step *step, const struct slot_window *window,
               const struct volunteer_key *key, const VolunteerRow *volunteer,
               struct slot *ret_slot);
