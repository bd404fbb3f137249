#pragma once

#include "services/coordinator/core/names.h"
#include "services/coordinator/core/rule.h"

#include <stdbool.h>

enum { KIND_STEPS_MAX = 16 };

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

/*
 * What can be wrong with a kind, each with a stable code, the sentence that
 * follows "kind 'x' ", and the rule it breaks. The coordinator refuses a kind
 * with the first that holds; wushectl tells all of them before anything is sent.
 */
struct kind_fault {
    const char *code;
    Rule rule;
    const char *text;
    bool (*is_so)(const AdoptKind *kind);
};

/* In the order in which they are looked for; ends with code NULL. */
extern const struct kind_fault KIND_FAULTS[];

/* The first that holds, or NULL. */
const struct kind_fault *kind_fault(const AdoptKind *kind);

/* Found by the clock, so not one of them: valid_until_ms has passed. */
extern const struct kind_fault KIND_FAULT_OVER;

/* True when a provider of that role would be asked: a step of the recipe, or the assessment. */
bool kind_asks(const AdoptKind *kind, Role role, bool required_only);
