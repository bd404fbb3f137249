#pragma once

#include "common/fold/core.h"

/*
 * Social workers: a provider is a station, a step is one case for one of its
 * workers, who must be certified and registered.
 */
extern const struct wu_core SOCIALWORKER_CORE;
