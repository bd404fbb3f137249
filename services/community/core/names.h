#pragma once

/* Short names for what protoc-c names at length. */

#include "wushe/community/state/v1/need_row.pb-c.h"
#include "wushe/community/state/v1/resident_row.pb-c.h"
#include "wushe/community/v1/need.pb-c.h"
#include "wushe/community/v1/resident.pb-c.h"
#include "wushe/coordinator/v1/dispute.pb-c.h"
#include "wushe/coordinator/v1/kind.pb-c.h"
#include "wushe/coordinator/v1/linkage.pb-c.h"

typedef Community__AddCommunity AddCommunity;
typedef Community__RaiseNeed RaiseNeed;
typedef Community__NeedRaised NeedRaised;
typedef Community__ConfirmNeed ConfirmNeed;
typedef Community__NeedConfirmed NeedConfirmed;

typedef Coordinator__KindAdopted KindAdopted;
typedef Coordinator__LinkageOpened LinkageOpened;
typedef Coordinator__LinkageRefused LinkageRefused;
typedef Coordinator__LinkageDelivered LinkageDelivered;
typedef Coordinator__LinkageClosed LinkageClosed;
typedef Coordinator__LinkageDisputed LinkageDisputed;
typedef Coordinator__LinkageEscalated LinkageEscalated;

typedef CommunityState__CommunityRow CommunityRow;
typedef CommunityState__KindRow KindRow;
typedef CommunityState__NeedRow NeedRow;
typedef CommunityState__NeedRefRow NeedRefRow;

typedef Community__RegisterResident RegisterResident;
typedef Community__ChangeResident ChangeResident;
typedef Community__RegisterHousehold RegisterHousehold;
typedef Community__RecordConsent RecordConsent;
typedef Community__WithdrawConsent WithdrawConsent;
typedef Community__ReadResident ReadResident;
typedef Community__FindResident FindResident;
typedef Community__EraseResident EraseResident;
typedef Community__Purpose Purpose;
typedef Linkage__Role Role;
typedef Seal__Sealed Sealed;
typedef Seal__PersonalKind PersonalKind;

typedef CommunityState__ResidentRow ResidentRow;
typedef CommunityState__HouseholdRow HouseholdRow;
typedef CommunityState__ConsentRow ConsentRow;
typedef CommunityState__AccessRow AccessRow;

#define PURPOSE_UNSPECIFIED COMMUNITY__PURPOSE__PURPOSE_UNSPECIFIED
#define PURPOSE_OWN_REQUEST COMMUNITY__PURPOSE__PURPOSE_OWN_REQUEST
#define ROLE_UNSPECIFIED LINKAGE__ROLE__ROLE_UNSPECIFIED
#define ROLE_COMMUNITY LINKAGE__ROLE__ROLE_COMMUNITY
#define KIND_NAME SEAL__PERSONAL_KIND__PERSONAL_KIND_NAME
#define KIND_ADDRESS SEAL__PERSONAL_KIND__PERSONAL_KIND_ADDRESS
#define KIND_ID_NUMBER SEAL__PERSONAL_KIND__PERSONAL_KIND_ID_NUMBER

#define NEED_RAISED COMMUNITY_STATE__NEED_STATE__NEED_STATE_RAISED
#define NEED_OPEN COMMUNITY_STATE__NEED_STATE__NEED_STATE_OPEN
#define NEED_REFUSED COMMUNITY_STATE__NEED_STATE__NEED_STATE_REFUSED
#define NEED_AWAITING COMMUNITY_STATE__NEED_STATE__NEED_STATE_AWAITING_CONFIRMATION
#define NEED_CONFIRMED COMMUNITY_STATE__NEED_STATE__NEED_STATE_CONFIRMED
#define NEED_CLOSED COMMUNITY_STATE__NEED_STATE__NEED_STATE_CLOSED

#define URGENCY_UNSPECIFIED COMMUNITY__NEED_URGENCY__NEED_URGENCY_UNSPECIFIED
#define SOURCE_UNSPECIFIED COMMUNITY__NEED_SOURCE__NEED_SOURCE_UNSPECIFIED
#define VERDICT_UNSPECIFIED COMMUNITY__VERDICT__VERDICT_UNSPECIFIED
