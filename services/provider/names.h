#pragma once

#include "wushe/linkage/state/v1/step_row.pb-c.h"
#include "wushe/linkage/v1/step.pb-c.h"

/* Schema names for generated ones. */
typedef Linkage__Role Role;
typedef Linkage__ProviderAnnounced ProviderAnnounced;
typedef Linkage__StepRef StepRef;
typedef Linkage__StepOffered StepOffered;
typedef Linkage__StepReserved StepReserved;
typedef Linkage__StepDeclined StepDeclined;
typedef Linkage__StepConfirmed StepConfirmed;
typedef Linkage__StepTaken StepTaken;
typedef Linkage__StepLapsed StepLapsed;
typedef Linkage__StepReleased StepReleased;
typedef Linkage__PlanRefused PlanRefused;
typedef Linkage__StepDelivered StepDelivered;
typedef Linkage__PlanStep PlanStep;
typedef Linkage__DeclineReason DeclineReason;
typedef Linkage__AddProvider AddProvider;
typedef Linkage__AnswerOffer AnswerOffer;
typedef Linkage__ReportDelivery ReportDelivery;
typedef LinkageState__ProviderRow ProviderRow;
typedef LinkageState__ProviderCodeRow ProviderCodeRow;
typedef LinkageState__StepRow StepRow;
typedef LinkageState__StepState StepState;

/* STEP_STATE(RESERVED): schemas say it at length. */
#define ROLE(name) LINKAGE__ROLE__ROLE_##name
#define STEP_STATE(name) LINKAGE_STATE__STEP_STATE__STEP_STATE_##name
#define DECLINE_REASON(name) LINKAGE__DECLINE_REASON__DECLINE_REASON_##name
#define NOT_DECLINED DECLINE_REASON(UNSPECIFIED)
