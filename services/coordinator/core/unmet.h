#pragma once

#include "services/coordinator/core/record.h"

/*
 * The register of what was not met (R41): what, where, how long, why. Call it
 * once, when the linkage has ended. Met ones and those whose resident kept
 * silent are not in it. One write for one that is, none for one that is not.
 */
void unmet_register(struct linkage *linkage);
