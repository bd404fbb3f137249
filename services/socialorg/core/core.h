#pragma once

#include "common/fold/core.h"

/*
 * Social organisations: a provider is an organisation, and nothing but its own
 * capacity of open cases limits what it takes on.
 */
extern const struct wu_core SOCIALORG_CORE;
