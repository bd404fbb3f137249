#pragma once

#include "common/base/prng.h"
#include "tests/support/city.h"
#include "wushe/community/v1/need.pb-c.h"

/*
 * Who lives in a city under test, and what people do there all day: raise
 * needs, accept offers, report work, confirm. All of it through front doors.
 */

/* The made-up city of `wushe-demo-city`, with full stores and funds. */
void demo_fill(struct city *city);

/*
 * A street: community 420106012001, one body of each society, and two kinds:
 * "care" needs all five societies, "meal" one social organisation.
 */
void demo_fill_street(struct city *city);

/* Raises one and returns its number. */
struct wu_id demo_raise(struct city *city, const char *kind);
void demo_need_init(Community__RaiseNeed *raise, const char *kind, uint64_t division);

/* Communities of the filled city. */
size_t demo_division_count(const struct city *city);
uint64_t demo_division(const struct city *city, size_t index);

/* Adopts a kind anew; each time its version rises. */
void demo_adopt(struct city *city, const char *code, int64_t confirm_within_ms);

/* ---- people ---------------------------------------------------------------------- */

struct crowd;
struct crowd *crowd_open(struct city *city, uint64_t seed);
void crowd_close(struct crowd **crowd_p);

/* One in that many offers that wait for a person is declined; 0: none. */
void crowd_decline_one_in(struct crowd *crowd, uint64_t count);

/* Everybody looks at the desk and does what is there; never waits. */
void crowd_turn(struct crowd *crowd);

/* Turns until every linkage has ended and nothing is on its way. */
void crowd_finish(struct crowd *crowd);
bool crowd_is_done(struct crowd *crowd);
