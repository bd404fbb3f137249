#pragma once

/* Short names for what protoc-c names at length. */

#include "wushe/community/state/v1/need_row.pb-c.h"
#include "wushe/community/v1/need.pb-c.h"
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

#define NEED_RAISED COMMUNITY_STATE__NEED_STATE__NEED_STATE_RAISED
#define NEED_OPEN COMMUNITY_STATE__NEED_STATE__NEED_STATE_OPEN
#define NEED_REFUSED COMMUNITY_STATE__NEED_STATE__NEED_STATE_REFUSED
#define NEED_AWAITING COMMUNITY_STATE__NEED_STATE__NEED_STATE_AWAITING_CONFIRMATION
#define NEED_CONFIRMED COMMUNITY_STATE__NEED_STATE__NEED_STATE_CONFIRMED
#define NEED_CLOSED COMMUNITY_STATE__NEED_STATE__NEED_STATE_CLOSED

#define URGENCY_UNSPECIFIED COMMUNITY__NEED_URGENCY__NEED_URGENCY_UNSPECIFIED
#define SOURCE_UNSPECIFIED COMMUNITY__NEED_SOURCE__NEED_SOURCE_UNSPECIFIED
#define VERDICT_UNSPECIFIED COMMUNITY__VERDICT__VERDICT_UNSPECIFIED
