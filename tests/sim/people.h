#pragma once

#include "tests/sim/sim.h"

#include "wushe/charity/v1/gift.pb-c.h"
#include "wushe/community/v1/need.pb-c.h"
#include "wushe/coordinator/v1/dispute.pb-c.h"
#include "wushe/coordinator/v1/gate.pb-c.h"
#include "wushe/coordinator/v1/kind.pb-c.h"
#include "wushe/coordinator/v1/linkage.pb-c.h"
#include "wushe/linkage/v1/step.pb-c.h"
#include "wushe/socialorg/v1/interest.pb-c.h"
#include "wushe/socialorg/v1/organisation.pb-c.h"
#include "wushe/socialworker/v1/worker.pb-c.h"
#include "wushe/volunteer/v1/volunteer.pb-c.h"

/* What the files about people share. */

enum { SERVICES_EACH = 3, KIND_PLAN_STEPS = 4, KIND_COUNT = 9, BODIES_MAX = 48, NEEDS_MAX = 4096 };

struct plan_step {
    Linkage__Role role;
    const char *service;
    int64_t quantity;
    bool required;
};
struct kind_plan {
    const char *code;
    const char *assess;
    Coordinator__KindClass class_of_kind;
    bool approval;
    struct plan_step steps[KIND_PLAN_STEPS];
};
extern const struct kind_plan KIND_PLANS[KIND_COUNT];
extern const char *const SERVICES[][SERVICES_EACH]; /* by role */

struct body {
    uint32_t node;
    Linkage__Role role;
    uint64_t division;
    uint32_t services; /* bit set */
    int64_t capacity;
    bool by_hand;
    bool closed;
    struct wu_id id; /* once its node has said so */
};

/* A need, from the resident's side. */
struct need {
    uint32_t community;
    uint32_t kind;
    uint64_t division;
    int64_t from_ms;
    int64_t until_ms;
    uint32_t paper; /* number on paper; 0: none */
    uint32_t tries;
    struct wu_id id;
};

enum errand_kind {
    ERRAND_KIND,
    ERRAND_BODY,
    ERRAND_GIVE,
    ERRAND_CHANGE_BODY,
    ERRAND_CHANGE_KIND,
    ERRAND_POISON,
    ERRAND_PUSH,   /* administrative work, to a social worker */
    ERRAND_SECOND, /* person, for the override that takes */
    ERRAND_COMMUNITY,
    ERRAND_RAISE,
    ERRAND_CONFIRM,
    ERRAND_ANSWER,
    ERRAND_DELIVER,
    ERRAND_RULE,
    ERRAND_APPROVE,
    ERRAND_EMERGENCY,
    ERRAND_REGISTER, /* an organisation, as long as the quantity says, in ms */
    ERRAND_SUSPEND,
    ERRAND_LIFT,
    ERRAND_INTEREST,
    ERRAND_REVIEW,
};

struct errand {
    enum errand_kind kind;
    uint32_t node;
    uint32_t index; /* body, kind or need */
    struct wu_id linkage_id;
    uint32_t step_no;
    struct wu_id provider_id;
    int64_t quantity;
    bool yes;
};

struct people {
    struct body bodies[BODIES_MAX];
    uint32_t body_count;
    struct need needs[NEEDS_MAX];
    uint32_t need_count;
    uint32_t need_max;
    uint64_t linkage_count;
    bool quarrelsome; /* most of what waits for a person is not theirs */
    struct errand *errands;
    size_t errand_count;
    size_t errand_max;
};

void people_plan(struct sim *sim, int64_t at, const struct errand *errand);
int64_t people_when(const struct place *place, int64_t time_ms);
int64_t people_moment(struct sim *sim, const struct place *place, int64_t deadline_ms);

void providers_saw(struct sim *sim, const struct seen *seen);
void providers_errand(struct sim *sim, const struct errand *errand);

/* Offices: they rule on what nobody wants to be theirs, approve, and declare emergencies. */
void offices_begin(struct sim *sim);
void offices_saw(struct sim *sim, const struct seen *seen);
void offices_errand(struct sim *sim, const struct errand *errand);

/* Who registers organisations, suspends them, and finds out who is bound to whom. */
void organisations_begin(struct sim *sim);
void organisations_joined(struct sim *sim, uint32_t index);
void organisations_errand(struct sim *sim, const struct errand *errand);

void residents_begin(struct sim *sim);
void residents_saw(struct sim *sim, const struct seen *seen);
void residents_errand(struct sim *sim, const struct errand *errand);
void residents_answered(struct sim *sim, const struct command *command, bool accepted);
