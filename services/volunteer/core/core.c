#include "services/volunteer/core/core.h"

#include "services/provider/provider.h"
#include "services/volunteer/core/availability.h"
#include "services/volunteer/core/shift.h"
#include "services/volunteer/core/tables.h"
#include "services/volunteer/core/volunteer.h"

static const struct provider_hooks HOOKS = {
    .role = ROLE(VOLUNTEER),
    .reserve = shift_reserve,
    .release = shift_release,
    .deliver = shift_deliver,
};

static const struct wu_table *const TABLES[] = {
    PROVIDER_TABLES,
    &VOLUNTEER_VOLUNTEERS,
    &VOLUNTEER_BY_NUMBER,
    &VOLUNTEER_BY_SKILL,
    &VOLUNTEER_SHIFTS,
    &VOLUNTEER_ASSIGNMENTS,
    NULL,
};
static const struct wu_route *const ROUTES[] = {PROVIDER_ROUTES, VOLUNTEER_VOLUNTEER_ROUTES,
                                                VOLUNTEER_AVAILABILITY_ROUTES, NULL};
static const char *const FOLLOWS[] = {NULL};

const struct wu_core VOLUNTEER_CORE = {
    .role = "volunteer",
    .tables = TABLES,
    .routes = ROUTES,
    .follows = FOLLOWS,
    .extra = &HOOKS,
};
