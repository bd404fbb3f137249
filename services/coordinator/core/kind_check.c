#include "services/coordinator/core/kind_check.h"

#include "services/coordinator/core/firewall.h"
#include "services/coordinator/core/kind.h"
#include "services/coordinator/core/tables.h"

#include <string.h>

/* LEVEL_MAX: senior, the highest WorkerLevel. */
enum { WORKING_DAYS_MAX = 366, LEVEL_MAX = 3 };

bool role_is_provider(Role role)
{
    return role == ROLE_SOCIALORG || role == ROLE_SOCIALWORKER || role == ROLE_VOLUNTEER ||
           role == ROLE_CHARITY;
}

bool service_is_valid(const char *service)
{
    return service[0] != '\0' && strlen(service) < SERVICE_SIZE;
}

static PlanFault plan_step_fault(const PlanStep *step)
{
    if (!role_is_provider(step->role)) {
        return PLAN_ROLE_INVALID;
    }
    if (!service_is_valid(step->service)) {
        return PLAN_SERVICE_INVALID;
    }
    return step->quantity > 0 ? PLAN_VALID : PLAN_QUANTITY_INVALID;
}

PlanFault plan_fault(PlanStep *const *steps, size_t step_count)
{
    if (step_count > KIND_STEPS_MAX) {
        return PLAN_TOO_LONG;
    }
    for (size_t i = 0; i < step_count; i++) {
        PlanFault fault = plan_step_fault(steps[i]);
        if (fault != PLAN_VALID) {
            return fault;
        }
    }
    return PLAN_VALID;
}

bool kind_asks(const AdoptKind *kind, Role role, bool required_only)
{
    for (size_t i = 0; i < kind->n_recipe; i++) {
        if (kind->recipe[i]->role == role && (kind->recipe[i]->required || !required_only)) {
            return true;
        }
    }
    return kind->assess && role == ROLE_SOCIALWORKER;
}

/* ---- what it is called, what has to be done --------------------------------- */

/* Codes stand in files and on command lines. */
static bool has_blank(const char *code)
{
    for (; *code != '\0'; code++) {
        if ((unsigned char)*code <= ' ') {
            return true;
        }
    }
    return false;
}

static bool code_is_wrong(const AdoptKind *kind)
{
    return kind->code[0] == '\0' || strlen(kind->code) >= KIND_CODE_SIZE || has_blank(kind->code);
}

static bool field_is_wrong(const AdoptKind *kind)
{
    return kind->assess && !service_is_valid(kind->assess_field);
}

static bool span_is_wrong(const AdoptKind *kind)
{
    return kind->reply_within_ms <= 0 || kind->deliver_within_ms <= 0 ||
           kind->confirm_within_ms <= 0;
}

static bool too_many_steps(const AdoptKind *kind)
{
    return plan_fault(kind->recipe, kind->n_recipe) == PLAN_TOO_LONG;
}

static bool role_is_wrong(const AdoptKind *kind)
{
    return plan_fault(kind->recipe, kind->n_recipe) == PLAN_ROLE_INVALID;
}

static bool service_is_wrong(const AdoptKind *kind)
{
    return plan_fault(kind->recipe, kind->n_recipe) == PLAN_SERVICE_INVALID;
}

static bool quantity_is_wrong(const AdoptKind *kind)
{
    return plan_fault(kind->recipe, kind->n_recipe) == PLAN_QUANTITY_INVALID;
}

/* The assessment is a required step, and may ask for more. */
static bool nothing_is_required(const AdoptKind *kind)
{
    for (size_t i = 0; i < kind->n_recipe; i++) {
        if (kind->recipe[i]->required) {
            return false;
        }
    }
    return !kind->assess;
}

/* ---- whose work it is -------------------------------------------------------- */

/* Somebody who can have a duty, what it is, and not said before. */
static bool duty_is_wrong(const AdoptKind *kind, size_t at)
{
    const RoleDuty *duty = kind->duties[at];
    for (size_t i = 0; i < at; i++) {
        if (kind->duties[i]->role == duty->role) {
            return true;
        }
    }
    return (duty->role != ROLE_COMMUNITY && !role_is_provider(duty->role)) ||
           (duty->duty != DUTY_MUST && duty->duty != DUTY_MAY && duty->duty != DUTY_MUST_NOT);
}

static bool duties_are_wrong(const AdoptKind *kind)
{
    for (size_t i = 0; i < kind->n_duties; i++) {
        if (duty_is_wrong(kind, i)) {
            return true;
        }
    }
    return false;
}

static bool asks_who_must_not(const AdoptKind *kind)
{
    for (size_t i = 0; i < kind->n_duties; i++) {
        if (kind->duties[i]->duty == DUTY_MUST_NOT &&
            kind_asks(kind, kind->duties[i]->role, false)) {
            return true;
        }
    }
    return false;
}

/* The community's own part is no step: it raises, approves and confirms. */
static bool misses_who_must(const AdoptKind *kind)
{
    for (size_t i = 0; i < kind->n_duties; i++) {
        const RoleDuty *duty = kind->duties[i];
        if (duty->duty == DUTY_MUST && duty->role != ROLE_COMMUNITY &&
            !kind_asks(kind, duty->role, true)) {
            return true;
        }
    }
    return false;
}

static bool is_errand(const AdoptKind *kind)
{
    return firewall_breaks(kind, RULE(ADMIN_NOT_TO_SOCIALWORKER));
}

static bool uses_volunteers_as_staff(const AdoptKind *kind)
{
    return firewall_breaks(kind, RULE(ADMIN_NOT_TO_VOLUNTEER));
}

static bool spends_charity_on_duty(const AdoptKind *kind)
{
    return firewall_breaks(kind, RULE(ADMIN_NOT_ON_CHARITY));
}

static bool pushes_purchase(const AdoptKind *kind)
{
    return firewall_breaks(kind, RULE(PURCHASE_NOT_PUSHED));
}

static bool is_not_communitys_profession(const AdoptKind *kind)
{
    return firewall_breaks(kind, RULE(COMMUNITY_NOT_PROFESSION));
}

static bool leaves_volunteers_alone(const AdoptKind *kind)
{
    return firewall_breaks(kind, RULE(VOLUNTEERS_SUPPORT));
}

/* ---- licences ---------------------------------------------------------------- */

static bool licence_is_wrong(const AdoptKind *kind)
{
    return kind->level_min > LEVEL_MAX ||
           (kind->licence_field[0] != '\0' && !service_is_valid(kind->licence_field));
}

static bool licence_is_of_nobody(const AdoptKind *kind)
{
    return kind->level_min > 0 && !kind_asks(kind, ROLE_SOCIALWORKER, false);
}

static bool licence_is_missing(const AdoptKind *kind)
{
    return kind->service_class == KIND_CLASS_PROFESSIONAL && kind->level_min == 0 &&
           kind->licence_field[0] == '\0';
}

/* ---- when -------------------------------------------------------------------- */

static bool is_repeated(const AdoptKind *kind, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (kind->clocks[i]->urgency == kind->clocks[at]->urgency) {
            return true;
        }
    }
    return false;
}

static bool clock_is_wrong(const UrgencyClock *clock)
{
    return clock->urgency < NEED_URGENCY_URGENT || clock->urgency > NEED_URGENCY_LONGING ||
           clock->reply_within_ms <= 0 || clock->deliver_within_ms < 0 ||
           clock->gather_within_ms < 0 ||
           (clock->deliver_within_ms == 0 && clock->deliver_working_days == 0) ||
           clock->deliver_working_days > WORKING_DAYS_MAX;
}

static bool clocks_are_wrong(const AdoptKind *kind)
{
    for (size_t i = 0; i < kind->n_clocks; i++) {
        if (clock_is_wrong(kind->clocks[i]) || is_repeated(kind, i)) {
            return true;
        }
    }
    return false;
}

static bool validity_is_wrong(const AdoptKind *kind)
{
    return kind->valid_from_ms < 0 || kind->valid_until_ms < 0 ||
           (kind->valid_until_ms > 0 && kind->valid_until_ms <= kind->valid_from_ms);
}

static bool label_is_wrong(const AdoptKind *kind)
{
    return strlen(kind->purpose) >= SERVICE_SIZE || strlen(kind->heading) >= SERVICE_SIZE;
}

/* ---- all of them ------------------------------------------------------------- */

/* The sizes of tables.h, in words. */
_Static_assert(KIND_CODE_SIZE == 32 && SERVICE_SIZE == 32 && KIND_STEPS_MAX == 16,
               "the sentences below say 31, 31 and 16");

const struct kind_fault KIND_FAULTS[] = {
    {"KIND_CODE_INVALID", RULE(KIND_COMPLETE), "has no usable code: 1 to 31 bytes and no blank",
     code_is_wrong},
    {"KIND_FIELD_INVALID", RULE(KIND_COMPLETE),
     "begins with an assessment: name the professional field it takes, 1 to 31 bytes",
     field_is_wrong},
    {"KIND_SPAN_INVALID", RULE(KIND_COMPLETE),
     "needs a time to reply, to deliver and to confirm, each above 0", span_is_wrong},
    {"KIND_TOO_MANY_STEPS", RULE(KIND_COMPLETE),
     "has a recipe of more than 16 steps; make two kinds of it", too_many_steps},
    {"KIND_ROLE_INVALID", RULE(KIND_COMPLETE),
     "has a step for nobody who could do it: the role is socialorg, socialworker, volunteer or "
     "charity",
     role_is_wrong},
    {"KIND_SERVICE_INVALID", RULE(KIND_COMPLETE),
     "has a step without a usable service: name one, 1 to 31 bytes", service_is_wrong},
    {"KIND_QUANTITY_INVALID", RULE(KIND_COMPLETE),
     "has a step that asks for nothing: a quantity is above 0", quantity_is_wrong},
    {"KIND_NOTHING_REQUIRED", RULE(KIND_COMPLETE),
     "has no required step and no assessment: nothing would have to be done", nothing_is_required},
    {"KIND_DUTY_INVALID", RULE(DUTIES_AGREE),
     "has a duty that cannot be read: once for each of community, socialorg, socialworker, "
     "volunteer and charity say must, may or must not",
     duties_are_wrong},
    {"KIND_ASKS_MUST_NOT", RULE(DUTIES_AGREE),
     "asks somebody who must not do it: take that step or assessment out, or change the duty",
     asks_who_must_not},
    {"KIND_MISSES_MUST", RULE(DUTIES_AGREE),
     "leaves out somebody who must: give each such role a required step", misses_who_must},
    {"KIND_IS_ERRAND", RULE(NO_ERRANDS),
     "is administrative and asks a social worker: take that step or assessment out, or give the "
     "kind its true class",
     is_errand},
    {"KIND_USES_VOLUNTEERS_AS_STAFF", RULE(ADMIN_NOT_TO_VOLUNTEER),
     "is administrative and is for volunteers, who are not staff: take that step or duty out, or "
     "give the kind its true class",
     uses_volunteers_as_staff},
    {"KIND_SPENDS_CHARITY_ON_DUTY", RULE(ADMIN_NOT_ON_CHARITY),
     "is administrative and is for charity, which does not pay for a duty of government: take that "
     "step or duty out, or give the kind its true class",
     spends_charity_on_duty},
    {"KIND_PUSHES_PURCHASE", RULE(PURCHASE_NOT_PUSHED),
     "is for government to buy and gives the community a duty: say that it must not",
     pushes_purchase},
    {"KIND_NOT_COMMUNITYS_PROFESSION", RULE(COMMUNITY_NOT_PROFESSION),
     "is professional and gives the community a duty: its staff are not social workers, say that "
     "it must not",
     is_not_communitys_profession},
    {"KIND_LEAVES_VOLUNTEERS_ALONE", RULE(VOLUNTEERS_SUPPORT),
     "is professional or purchased and has volunteers do it by themselves: add an assessment or a "
     "required step of a social worker or an organisation",
     leaves_volunteers_alone},
    {"KIND_LICENCE_INVALID", RULE(LICENCE_SAID),
     "has a level or field of licence that cannot be: the level is assistant, social worker or "
     "senior, the field has at most 31 bytes",
     licence_is_wrong},
    {"KIND_LICENCE_OF_NOBODY", RULE(LICENCE_SAID),
     "asks for a level of social worker and for no social worker: take the level out or ask one",
     licence_is_of_nobody},
    {"KIND_LICENCE_MISSING", RULE(LICENCE_SAID),
     "is professional: say the least level or the field of the licence", licence_is_missing},
    {"KIND_CLOCK_INVALID", RULE(KIND_COMPLETE),
     "has a clock that cannot run: at most one for each urgency, with a time to reply and a "
     "time to deliver, or 1 to 366 working days",
     clocks_are_wrong},
    {"KIND_VALIDITY_INVALID", RULE(KIND_IN_FORCE),
     "ends before it begins: mend valid from or valid until", validity_is_wrong},
    {"KIND_LABEL_INVALID", RULE(KIND_COMPLETE),
     "has a purpose or heading that is too long: at most 31 bytes", label_is_wrong},
    {0},
};

const struct kind_fault KIND_FAULT_OVER = {
    "KIND_IS_OVER", RULE(KIND_IN_FORCE),
    "has ended already: adopt it with a later valid until, or not at all", NULL};

const struct kind_fault *kind_fault(const AdoptKind *kind)
{
    for (const struct kind_fault *fault = KIND_FAULTS; fault->code != NULL; fault++) {
        if (fault->is_so(kind)) {
            return fault;
        }
    }
    return NULL;
}
