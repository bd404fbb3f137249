#pragma once

#include "common/fold/core.h"

/*
 * Social organisations: a provider is an organisation that is registered or
 * filed, has programmes, answers calls and works under contracts.
 */
extern const struct wu_core SOCIALORG_CORE;
