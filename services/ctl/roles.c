#include "services/charity/core/core.h"
#include "services/community/core/core.h"
#include "services/coordinator/core/core.h"
#include "services/ctl/ctl.h"
#include "services/socialorg/core/core.h"
#include "services/socialworker/core/core.h"
#include "services/volunteer/core/core.h"

/* A sixth society adds a line here, and wushectl knows its tables and events. */
const struct wu_core *const CTL_CORES[] = {
    &COORDINATOR_CORE,
    &COMMUNITY_CORE,
    &SOCIALORG_CORE,
    &SOCIALWORKER_CORE,
    &VOLUNTEER_CORE,
    &CHARITY_CORE,
    NULL,
};
