#pragma once

#include "common/fold/core.h"
#include "services/community/core/tables.h"

/* Residents and households: registered, changed, found, erased. */
extern const struct wu_route COMMUNITY_RESIDENT_ROUTES[];

/* The resident of that id, erased ones too, or NULL. */
const ResidentRow *resident_of(struct wu_step *step, ProtobufCBinaryData id,
                               struct resident_key *ret_key);
