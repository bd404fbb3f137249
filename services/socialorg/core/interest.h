#pragma once

#include "common/fold/core.h"
#include "services/socialorg/core/names.h"

/*
 * Who is bound to whom. Interests are a graph of parties, walked both ways and
 * only a few hops far: what lies further binds nobody.
 */
extern const struct wu_route SOCIALORG_INTEREST_ROUTES[];

enum { PARTY_BYTES_MAX = 31, HOPS_AT_MOST = 3 };

/* The parties on the way, both ends included. */
struct interest_path {
    const char *parties[HOPS_AT_MOST + 1];
    size_t count; /* 0: there is no way */
};

/* The shortest way of 0 to hops_max hops; a party is bound to itself. Looks at a bounded number. */
struct interest_path interest_find_path(struct wu_step *step, const char *from, const char *to,
                                        uint32_t hops_max);

/* Parties within hops_max of that one, itself first; at most room. Returns how many. */
size_t interest_circle(struct wu_step *step, const char *party, uint32_t hops_max,
                       const char **ret_parties, size_t room);

/* It has said what interests it has, or that it has none. */
bool interest_is_declared(struct wu_step *step, const char *party);
