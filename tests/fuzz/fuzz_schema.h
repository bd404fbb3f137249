#pragma once

#include "common/fold/event.h"

/* What the payload of that type is; TimerFired for what a timer brings, and for any other. */
const ProtobufCMessageDescriptor *fuzz_schema_of(wu_event_type type);
