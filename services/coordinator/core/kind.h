#pragma once

#include "common/fold/core.h"
#include "services/coordinator/core/names.h"

/* The catalogue of service kinds: adopted, versioned, never changed in place. */
extern const struct wu_route COORDINATOR_KIND_ROUTES[];

enum { KIND_STEPS_MAX = 16 };

/* The version in force when this event happens, or NULL. */
const KindRow *kind_in_force(struct wu_step *fold, const char *code);

/* True when a version was ever adopted, though none may be in force yet or any more. */
bool kind_is_listed(struct wu_step *fold, const char *code);

/* The version a case was opened under; NULL only if there never was such a one. */
const KindRow *kind_of_version(struct wu_step *fold, const char *code, uint32_t version);

/* What is wrong with a plan or recipe, the first thing in this order. */
typedef enum {
    PLAN_VALID,
    PLAN_TOO_LONG,
    PLAN_ROLE_INVALID,
    PLAN_SERVICE_INVALID,
    PLAN_QUANTITY_INVALID,
} PlanFault;
PlanFault plan_fault(PlanStep *const *steps, size_t step_count);

/* Only these roles are ever offered steps. */
bool role_is_provider(Role role);

/* 1 to 31 bytes. */
bool service_is_valid(const char *service);
