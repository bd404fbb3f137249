#pragma once

#include "tests/support/city.h"
#include "wushe/community/v1/need.pb-c.h"

/* Who and what is in a city under test; what people do there is in crowd.h. */

/* The made-up city of `wushe-demo-city`, with full stores and funds. */
void demo_fill(struct city *city);

/*
 * A street: community 420106012001, one body of each society, and two kinds:
 * "care" needs all five societies, "meal" one social organisation.
 */
void demo_fill_street(struct city *city);

/* Files a body of that node, so that it may take work. */
void demo_file_organisation(struct city *city, int node, const char *code);

/* Raises one and returns its number. */
struct wu_id demo_raise(struct city *city, const char *kind);
void demo_need_init(Community__RaiseNeed *raise, const char *kind, uint64_t division);

/* Communities of the filled city. */
size_t demo_division_count(const struct city *city);
uint64_t demo_division(const struct city *city, size_t index);

/* Adopts a kind anew; each time its version rises. */
void demo_adopt(struct city *city, const char *code, int64_t confirm_within_ms);

/* A kind whose deadlines pass while a test looks, in the filled city; the community knows it. */
#define DEMO_BRIEF_KIND "brief-care"
void demo_adopt_brief(struct city *city);
