#include "services/community/core/core.h"

#include "services/community/core/access.h"
#include "services/community/core/community.h"
#include "services/community/core/consent.h"
#include "services/community/core/need.h"
#include "services/community/core/resident.h"
#include "services/community/core/tables.h"

static const struct wu_route *const ROUTES[] = {
    COMMUNITY_COMMUNITY_ROUTES, COMMUNITY_NEED_ROUTES,   COMMUNITY_RESIDENT_ROUTES,
    COMMUNITY_CONSENT_ROUTES,   COMMUNITY_ACCESS_ROUTES, NULL,
};

static const char *const FOLLOWS[] = {"coordinator.kind", NULL};

const struct wu_core COMMUNITY_CORE = {
    .role = "community",
    .tables = COMMUNITY_TABLES,
    .routes = ROUTES,
    .follows = FOLLOWS,
};
