#include "services/coordinator/core/core.h"

#include "services/coordinator/core/approval.h"
#include "services/coordinator/core/calendar.h"
#include "services/coordinator/core/clock.h"
#include "services/coordinator/core/contention.h"
#include "services/coordinator/core/dispute.h"
#include "services/coordinator/core/emergency.h"
#include "services/coordinator/core/kind.h"
#include "services/coordinator/core/linkage.h"
#include "services/coordinator/core/mode.h"
#include "services/coordinator/core/override.h"
#include "services/coordinator/core/provider.h"
#include "services/coordinator/core/referral.h"
#include "services/coordinator/core/standing.h"
#include "services/coordinator/core/step.h"
#include "services/coordinator/core/tables.h"
#include "services/coordinator/core/whistle.h"

/* One a line: a new noun is one new line. */
/* clang-format off */
static const struct wu_route *const ROUTES[] = {
    COORDINATOR_STEP_ROUTES,
    COORDINATOR_LINKAGE_ROUTES,
    COORDINATOR_PROVIDER_ROUTES,
    COORDINATOR_STANDING_ROUTES,
    COORDINATOR_KIND_ROUTES,
    COORDINATOR_CALENDAR_ROUTES,
    COORDINATOR_CLOCK_ROUTES,
    COORDINATOR_DISPUTE_ROUTES,
    COORDINATOR_OVERRIDE_ROUTES,
    COORDINATOR_APPROVAL_ROUTES,
    COORDINATOR_EMERGENCY_ROUTES,
    COORDINATOR_CONTENTION_ROUTES,
    COORDINATOR_WHISTLE_ROUTES,
    COORDINATOR_MODE_ROUTES,
    COORDINATOR_REFERRAL_ROUTES,
    NULL,
};
/* clang-format on */

static const char *const FOLLOWS[] = {NULL};

const struct wu_core COORDINATOR_CORE = {
    .role = "coordinator",
    .tables = COORDINATOR_TABLES,
    .routes = ROUTES,
    .follows = FOLLOWS,
    .is_hub = true,
};
