#pragma once

#include "common/fold/core.h"

/*
 * The coordinator: it keeps the catalogue, knows who offers what where, and
 * owns every linkage from its opening to its outcome.
 */
extern const struct wu_core COORDINATOR_CORE;
