#include "services/socialorg/core/core.h"

#include "services/provider/provider.h"

static const struct provider_hooks HOOKS = {.role = ROLE(SOCIALORG)};

static const struct wu_table *const TABLES[] = {PROVIDER_TABLES, NULL};
static const struct wu_route *const ROUTES[] = {PROVIDER_ROUTES, NULL};
static const char *const FOLLOWS[] = {NULL};

const struct wu_core SOCIALORG_CORE = {
    .role = "socialorg",
    .tables = TABLES,
    .routes = ROUTES,
    .follows = FOLLOWS,
    .extra = &HOOKS,
};
