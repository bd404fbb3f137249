#pragma once

#include "tests/support/city.h"
#include "tests/support/judge.h"

/*
 * What people do in a city under test all day: raise needs, accept offers,
 * report work, confirm. All of it through front doors, and every answer that
 * they get is kept for the judge.
 */
struct crowd;
struct crowd *crowd_open(struct city *city, uint64_t seed);
void crowd_close(struct crowd **crowd_p);

/* One in that many offers that wait for a person is declined; 0: none. */
void crowd_decline_one_in(struct crowd *crowd, uint64_t count);

/* One in that many needs is of DEMO_BRIEF_KIND; 0: none. */
void crowd_brief_one_in(struct crowd *crowd, uint64_t count);

/*
 * Residents of the filled city raise needs until there were `total` of them, as
 * far as not too many wait for their answer; never waits.
 */
void crowd_raise(struct crowd *crowd, uint64_t total);
uint64_t crowd_accepted_count(const struct crowd *crowd);
uint64_t crowd_unanswered_count(const struct crowd *crowd); /* of the needs raised */

/* Everybody looks at the desk and does what is there; never waits. */
void crowd_turn(struct crowd *crowd);

/* Turns until every linkage has ended and nothing is on its way. */
void crowd_finish(struct crowd *crowd);
bool crowd_is_done(struct crowd *crowd);

/* Every need was raised by crowd_raise and all is done: see judge.h. */
void crowd_judge(struct crowd *crowd, struct judge_report *ret_report);
