#include "services/charity/core/core.h"

#include "services/charity/core/gift.h"
#include "services/charity/core/ledger.h"
#include "services/charity/core/tables.h"
#include "services/provider/provider.h"

static const struct provider_hooks HOOKS = {
    .role = ROLE(CHARITY),
    .reserve = ledger_hold,
    .release = ledger_release,
    .deliver = ledger_issue,
};

static const struct wu_table *const TABLES[] = {
    PROVIDER_TABLES, &CHARITY_ACCOUNTS, &CHARITY_TRANSFERS, &CHARITY_RECEIPTS, NULL,
};
static const struct wu_route *const ROUTES[] = {PROVIDER_ROUTES, CHARITY_GIFT_ROUTES, NULL};
static const char *const FOLLOWS[] = {NULL};

const struct wu_core CHARITY_CORE = {
    .role = "charity",
    .tables = TABLES,
    .routes = ROUTES,
    .follows = FOLLOWS,
    .extra = &HOOKS,
};
