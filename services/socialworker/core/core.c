#include "services/socialworker/core/core.h"

#include "services/provider/provider.h"
#include "services/socialworker/core/tables.h"
#include "services/socialworker/core/worker.h"

static const struct provider_hooks HOOKS = {
    .role = ROLE(SOCIALWORKER),
    .reserve = worker_reserve,
    .release = worker_release,
    .deliver = worker_deliver,
};

static const struct wu_table *const TABLES[] = {
    PROVIDER_TABLES,        &SOCIALWORKER_WORKERS,     &SOCIALWORKER_BY_NUMBER,
    &SOCIALWORKER_BY_FIELD, &SOCIALWORKER_ASSIGNMENTS, NULL,
};
static const struct wu_route *const ROUTES[] = {PROVIDER_ROUTES, SOCIALWORKER_WORKER_ROUTES, NULL};
static const char *const FOLLOWS[] = {NULL};

const struct wu_core SOCIALWORKER_CORE = {
    .role = "socialworker",
    .tables = TABLES,
    .routes = ROUTES,
    .follows = FOLLOWS,
    .extra = &HOOKS,
};
