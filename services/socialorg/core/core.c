#include "services/socialorg/core/core.h"

#include "services/provider/provider.h"
#include "services/socialorg/core/decision.h"
#include "services/socialorg/core/incubation.h"
#include "services/socialorg/core/interest.h"
#include "services/socialorg/core/organisation.h"
#include "services/socialorg/core/policy.h"
#include "services/socialorg/core/tables.h"

static const struct provider_hooks HOOKS = {.role = ROLE(SOCIALORG), .bar = organisation_bar};

static const struct wu_table *const TABLES[] = {
    PROVIDER_TABLES,         &SOCIALORG_ORGANISATIONS, &SOCIALORG_CREDIT_CODES,
    &SOCIALORG_INCUBATIONS,  &SOCIALORG_POLICIES,      &SOCIALORG_INTERESTS,
    &SOCIALORG_DECLARATIONS, &SOCIALORG_DECISIONS,     NULL,
};
static const struct wu_route *const ROUTES[] = {
    PROVIDER_ROUTES,
    SOCIALORG_ORGANISATION_ROUTES,
    SOCIALORG_POLICY_ROUTES,
    SOCIALORG_INCUBATION_ROUTES,
    SOCIALORG_INTEREST_ROUTES,
    SOCIALORG_DECISION_ROUTES,
    NULL,
};
static const char *const FOLLOWS[] = {NULL};

const struct wu_core SOCIALORG_CORE = {
    .role = "socialorg",
    .tables = TABLES,
    .routes = ROUTES,
    .follows = FOLLOWS,
    .extra = &HOOKS,
};
