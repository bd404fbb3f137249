#pragma once

#include "services/coordinator/core/names.h"
#include "services/coordinator/core/rule.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Whose work it is: which role may get which class of work. Not even an
 * emergency opens what is shut here; two people can, for one step (override.h).
 */
typedef enum {
    CELL_OPEN,
    CELL_LICENSED, /* with the kind's level and field of licence, see firewall_licence */
    CELL_SUPPORT,  /* beside a required step of a social worker or an organisation */
    CELL_SHUT,
} CellGate;

struct firewall_cell {
    CellGate gate;
    Rule rule; /* that says so; never 0 but for a kind without a class */
};

/* Any role and class, those that this build does not know too: SOCIETIES_ONLY shuts them out. */
struct firewall_cell firewall_cell(Role role, KindClass class_of_kind);

/*
 * The rule that refuses a step for that role, or 0. The kind's own duties come
 * first, then its class. `supported`: a required step of a social worker or an
 * organisation stands beside it.
 */
Rule firewall_refusal(const AdoptKind *kind, Role role, bool supported);

/*
 * The same for a whole plan: the first step that a rule refuses, or a role that
 * must have a step and has none. `assessed`: it comes from an assessment, which
 * is a social worker's required step.
 */
struct firewall_finding {
    Rule rule;   /* 0: nothing */
    uint32_t at; /* 1, 2, 3 ...: the step; 0: one is missing */
};
struct firewall_finding firewall_plan(const AdoptKind *kind, PlanStep *const *steps,
                                      size_t step_count, bool assessed);

/* True when the kind's recipe, its assessment or a duty it gives breaks that rule. */
bool firewall_breaks(const AdoptKind *kind, Rule rule);

/* True for the roles that can carry a plan, so that others may support it. */
bool role_carries(Role role);

/* What the kind asks of a social worker who gets one of its steps. */
struct licence {
    uint32_t level_min; /* number of a WorkerLevel; 0: none */
    const char *field;  /* "": any */
};
struct licence firewall_licence(const AdoptKind *kind);
