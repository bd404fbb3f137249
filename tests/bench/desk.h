#pragma once

#include "common/journal/internal.h"
#include "services/coordinator/core/candidate.h"
#include "services/coordinator/core/standing.h"
#include "services/coordinator/core/tables.h"

/*
 * A coordinator's tables without its journal, for benchmarks of choices: a
 * scratch store and a made-up event to fold. Whoever uses it calls the core's
 * own functions. Failures end the program.
 */
struct desk {
    char *folder;
    struct wu_node *node;
    struct wu_step fold; /* its txn is open between desk_begin and desk_commit */
};

void desk_open(struct desk *desk);
void desk_close(struct desk *desk);

void desk_begin(struct desk *desk);
void desk_commit(struct desk *desk);

/* The next event, at that time; what the last one borrowed is gone. */
void desk_event(struct desk *desk, int64_t time_ms);

/* The n-th provider, an open social organisation. Its id tells n: desk_provider_n. */
enum { DESK_SERVICES_MAX = 8 };
struct desk_provider {
    const char *services[DESK_SERVICES_MAX];
    size_t service_count;
    uint64_t division;
    int64_t capacity;
};
void desk_add_provider(struct desk *desk, uint32_t n, const struct desk_provider *provider);
struct wu_id desk_provider_id(uint32_t n);
uint32_t desk_provider_n(const struct wu_id *id);
