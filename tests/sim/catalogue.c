/* What there is to be had in the made-up city. */
#include "tests/sim/people.h"

#define ORG LINKAGE__ROLE__ROLE_SOCIALORG
#define WORKER LINKAGE__ROLE__ROLE_SOCIALWORKER
#define VOLUNTEER LINKAGE__ROLE__ROLE_VOLUNTEER
#define CHARITY LINKAGE__ROLE__ROLE_CHARITY

const char *const SERVICES[][SERVICES_EACH] = {
    [ORG] = {"meal", "care", "legal"},
    [WORKER] = {"elderly", "family", "youth"},
    [VOLUNTEER] = {"visit", "repair", "shop"},
    [CHARITY] = {"money-elderly", "goods-rice", "money-legal"},
};

const struct kind_plan KIND_PLANS[KIND_COUNT] = {
    {.code = "meal", .steps = {{ORG, "meal", 1, true}}},
    {.code = "visit", .steps = {{VOLUNTEER, "visit", 2, true}, {VOLUNTEER, "shop", 1, false}}},
    {.code = "care",
     .assess = "elderly",
     .steps = {{ORG, "care", 1, true},
               {VOLUNTEER, "visit", 1, false},
               {CHARITY, "money-elderly", 5000, true},
               {CHARITY, "goods-rice", 2, false}}},
    {.code = "repair", .steps = {{VOLUNTEER, "repair", 1, true}, {CHARITY, "goods-rice", 3, true}}},
    {.code = "aid", .steps = {{CHARITY, "money-elderly", 20000, true}}},
    {.code = "justice",
     .steps = {{ORG, "legal", 1, true},
               {CHARITY, "money-legal", 8000, true},
               {WORKER, "family", 1, false}}},
    {.code = "permit",
     .class_of_kind = COORDINATOR__KIND_CLASS__KIND_CLASS_ADMINISTRATIVE,
     .steps = {{ORG, "legal", 1, true}}},
    {.code = "hall",
     .approval = true,
     .steps = {{ORG, "meal", 1, true}, {VOLUNTEER, "visit", 1, true}}},
    {.code = "ghost", .steps = {{ORG, "meal", 1, true}, {ORG, "nobody-does-this", 1, true}}},
};
