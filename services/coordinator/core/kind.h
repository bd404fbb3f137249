#pragma once

#include "common/fold/core.h"
#include "services/coordinator/core/kind_check.h"

/* The catalogue of service kinds: adopted, versioned, never changed in place. */
extern const struct wu_route COORDINATOR_KIND_ROUTES[];

/* The version in force when this event happens, or NULL. */
const KindRow *kind_in_force(struct wu_step *fold, const char *code);

/* True when a version was ever adopted, though none may be in force yet or any more. */
bool kind_is_listed(struct wu_step *fold, const char *code);

/* The version a case was opened under; NULL only if there never was such a one. */
const KindRow *kind_of_version(struct wu_step *fold, const char *code, uint32_t version);
