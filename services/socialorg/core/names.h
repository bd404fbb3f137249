#pragma once

#include "services/provider/names.h"
#include "wushe/socialorg/state/v1/interest_row.pb-c.h"
#include "wushe/socialorg/state/v1/organisation_row.pb-c.h"
#include "wushe/socialorg/v1/interest.pb-c.h"
#include "wushe/socialorg/v1/organisation.pb-c.h"

/* Schema names for generated ones. */
typedef Socialorg__RegisterOrganisation RegisterOrganisation;
typedef Socialorg__SuspendOrganisation SuspendOrganisation;
typedef Socialorg__LiftSuspension LiftSuspension;
typedef Socialorg__AdvanceIncubation AdvanceIncubation;
typedef Socialorg__SetPolicy SetPolicy;
typedef Socialorg__OrganisationKind OrganisationKind;
typedef Socialorg__OrganisationStatus OrganisationStatus;
typedef Socialorg__OrganisationChanged OrganisationChanged;
typedef Socialorg__IncubationStage IncubationStage;
typedef SocialorgState__OrganisationRow OrganisationRow;
typedef SocialorgState__CreditCodeRow CreditCodeRow;
typedef SocialorgState__IncubationRow IncubationRow;
typedef SocialorgState__PolicyRow PolicyRow;
typedef Socialorg__DeclareInterest DeclareInterest;
typedef Socialorg__ReviewDecision ReviewDecision;
typedef Socialorg__RecordDisclosure RecordDisclosure;
typedef Socialorg__DecisionKind DecisionKind;
typedef Socialorg__DecisionReopened DecisionReopened;
typedef Socialorg__DisclosureOverdue DisclosureOverdue;
typedef SocialorgState__InterestRow InterestRow;
typedef SocialorgState__DeclarationRow DeclarationRow;
typedef SocialorgState__DecisionRow DecisionRow;

#define ORGANISATION_KIND(name) SOCIALORG__ORGANISATION_KIND__ORGANISATION_KIND_##name
#define ORGANISATION_STATUS(name) SOCIALORG__ORGANISATION_STATUS__ORGANISATION_STATUS_##name
#define INCUBATION_STAGE(name) SOCIALORG__INCUBATION_STAGE__INCUBATION_STAGE_##name
#define INTEREST_KIND(name) SOCIALORG__INTEREST_KIND__INTEREST_KIND_##name
#define DECISION_KIND(name) SOCIALORG__DECISION_KIND__DECISION_KIND_##name
#define DECISION_STATE(name) SOCIALORG_STATE__DECISION_STATE__DECISION_STATE_##name
