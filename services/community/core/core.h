#pragma once

#include "common/fold/core.h"

/*
 * The community: it knows its residents' needs, hands each to the coordinator
 * as one linkage, and has the last word on whether it was met.
 */
extern const struct wu_core COMMUNITY_CORE;
