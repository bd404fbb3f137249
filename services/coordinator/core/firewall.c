#include "services/coordinator/core/firewall.h"

enum { ROLE_COUNT = ROLE_CHARITY + 1, CLASS_COUNT = KIND_CLASS_PURCHASABLE + 1 };

/* The lowest WorkerLevel: whoever does professional work is registered. */
enum { LEVEL_ASSISTANT = 1 };

#define OPEN(name)            \
    {                         \
        CELL_OPEN, RULE(name) \
    }
#define LICENSED(name)            \
    {                             \
        CELL_LICENSED, RULE(name) \
    }
#define SUPPORT(name)            \
    {                            \
        CELL_SUPPORT, RULE(name) \
    }
#define SHUT(name)            \
    {                         \
        CELL_SHUT, RULE(name) \
    }

/* Sources: R07, R08, R19-R23, R27, R54, R56, N2; each rule names its own (rule.c). */
static const struct firewall_cell TABLE[CLASS_COUNT][ROLE_COUNT] = {
    [KIND_CLASS_ADMINISTRATIVE] =
        {
            [ROLE_COMMUNITY] = OPEN(ADMIN_AS_LISTED),
            [ROLE_SOCIALORG] = OPEN(ADMIN_BY_PURCHASE),
            [ROLE_SOCIALWORKER] = SHUT(ADMIN_NOT_TO_SOCIALWORKER),
            [ROLE_VOLUNTEER] = SHUT(ADMIN_NOT_TO_VOLUNTEER),
            [ROLE_CHARITY] = SHUT(ADMIN_NOT_ON_CHARITY),
        },
    [KIND_CLASS_AUTONOMY] =
        {
            [ROLE_COMMUNITY] = OPEN(OWN_AFFAIR),
            [ROLE_SOCIALORG] = OPEN(OWN_AFFAIR),
            [ROLE_SOCIALWORKER] = OPEN(OWN_AFFAIR),
            [ROLE_VOLUNTEER] = OPEN(OWN_AFFAIR),
            [ROLE_CHARITY] = OPEN(CHARITY_BOOSTS),
        },
    [KIND_CLASS_PROFESSIONAL] =
        {
            [ROLE_COMMUNITY] = SHUT(COMMUNITY_NOT_PROFESSION),
            [ROLE_SOCIALORG] = OPEN(CARRIER_ORGANISATION),
            [ROLE_SOCIALWORKER] = LICENSED(LICENSED_WORKER),
            [ROLE_VOLUNTEER] = SUPPORT(VOLUNTEERS_SUPPORT),
            [ROLE_CHARITY] = OPEN(CHARITY_BOOSTS),
        },
    [KIND_CLASS_VOLUNTEERABLE] =
        {
            [ROLE_COMMUNITY] = OPEN(OPEN_TO_ALL),
            [ROLE_SOCIALORG] = OPEN(OPEN_TO_ALL),
            [ROLE_SOCIALWORKER] = OPEN(OPEN_TO_ALL),
            [ROLE_VOLUNTEER] = OPEN(OPEN_TO_ALL),
            [ROLE_CHARITY] = OPEN(CHARITY_BOOSTS),
        },
    [KIND_CLASS_PURCHASABLE] =
        {
            [ROLE_COMMUNITY] = SHUT(PURCHASE_NOT_PUSHED),
            [ROLE_SOCIALORG] = OPEN(PURCHASE_FROM_SOCIETIES),
            [ROLE_SOCIALWORKER] = OPEN(PURCHASE_FROM_SOCIETIES),
            [ROLE_VOLUNTEER] = SUPPORT(VOLUNTEERS_SUPPORT),
            [ROLE_CHARITY] = OPEN(CHARITY_BOOSTS),
        },
};

struct firewall_cell firewall_cell(Role role, KindClass class_of_kind)
{
    uint32_t column = (uint32_t)role;
    uint32_t line = (uint32_t)class_of_kind;
    if (column < ROLE_COMMUNITY || column >= ROLE_COUNT || line >= CLASS_COUNT) {
        return (struct firewall_cell)SHUT(SOCIETIES_ONLY);
    }
    return TABLE[line][column];
}

static Duty duty_of(const AdoptKind *kind, Role role)
{
    for (size_t i = 0; i < kind->n_duties; i++) {
        if (kind->duties[i]->role == role) {
            return kind->duties[i]->duty;
        }
    }
    return DUTY_MAY;
}

Rule firewall_refusal(const AdoptKind *kind, Role role, bool supported)
{
    if (duty_of(kind, role) == DUTY_MUST_NOT) {
        return RULE(KIND_FORBIDS_ROLE);
    }
    const struct firewall_cell cell = firewall_cell(role, kind->service_class);
    bool shut = cell.gate == CELL_SHUT || (cell.gate == CELL_SUPPORT && !supported);
    return shut ? cell.rule : 0;
}

bool role_carries(Role role)
{
    return role == ROLE_SOCIALWORKER || role == ROLE_SOCIALORG;
}

static bool plan_is_carried(PlanStep *const *steps, size_t step_count)
{
    for (size_t i = 0; i < step_count; i++) {
        if (steps[i]->required && role_carries(steps[i]->role)) {
            return true;
        }
    }
    return false;
}

static bool plan_requires(PlanStep *const *steps, size_t step_count, Role role)
{
    for (size_t i = 0; i < step_count; i++) {
        if (steps[i]->required && steps[i]->role == role) {
            return true;
        }
    }
    return false;
}

/* The community's own part is no step: it raises, approves and confirms. */
static bool must_is_missing(const AdoptKind *kind, PlanStep *const *steps, size_t step_count,
                            bool assessed)
{
    for (size_t i = 0; i < kind->n_duties; i++) {
        Role role = kind->duties[i]->role;
        if (kind->duties[i]->duty == DUTY_MUST && role != ROLE_COMMUNITY &&
            !(assessed && role == ROLE_SOCIALWORKER) && !plan_requires(steps, step_count, role)) {
            return true;
        }
    }
    return false;
}

struct firewall_finding firewall_plan(const AdoptKind *kind, PlanStep *const *steps,
                                      size_t step_count, bool assessed)
{
    bool supported = assessed || plan_is_carried(steps, step_count);
    for (size_t i = 0; i < step_count; i++) {
        Rule rule = firewall_refusal(kind, steps[i]->role, supported);
        if (rule != 0) {
            return (struct firewall_finding){rule, (uint32_t)i + 1};
        }
    }
    if (must_is_missing(kind, steps, step_count, assessed)) {
        return (struct firewall_finding){RULE(KIND_NEEDS_ROLE), 0};
    }
    return (struct firewall_finding){0, 0};
}

/* A duty to do what the role may never do: said of the role as such, so nothing can support it. */
static bool duty_breaks(const AdoptKind *kind, const RoleDuty *duty, Rule rule)
{
    const struct firewall_cell cell = firewall_cell(duty->role, kind->service_class);
    return duty->duty != DUTY_MUST_NOT && cell.gate == CELL_SHUT && cell.rule == rule;
}

bool firewall_breaks(const AdoptKind *kind, Rule rule)
{
    bool supported = kind->assess || plan_is_carried(kind->recipe, kind->n_recipe);
    if (kind->assess && firewall_refusal(kind, ROLE_SOCIALWORKER, true) == rule) {
        return true;
    }
    for (size_t i = 0; i < kind->n_recipe; i++) {
        if (firewall_refusal(kind, kind->recipe[i]->role, supported) == rule) {
            return true;
        }
    }
    for (size_t i = 0; i < kind->n_duties; i++) {
        if (duty_breaks(kind, kind->duties[i], rule)) {
            return true;
        }
    }
    return false;
}

struct licence firewall_licence(const AdoptKind *kind)
{
    bool professional = kind->service_class == KIND_CLASS_PROFESSIONAL;
    return (struct licence){
        .level_min = kind->level_min == 0 && professional ? LEVEL_ASSISTANT : kind->level_min,
        .field = kind->licence_field,
    };
}
