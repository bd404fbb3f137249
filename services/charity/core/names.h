#pragma once

#include "services/provider/names.h"
#include "wushe/charity/state/v1/ledger_row.pb-c.h"
#include "wushe/charity/v1/gift.pb-c.h"

/* Schema names for generated ones. */
typedef Charity__Give Give;
typedef Charity__GiftBooked GiftBooked;
typedef Charity__ResourceClass ResourceClass;
typedef CharityState__AccountClass AccountClass;
typedef CharityState__AccountRow AccountRow;
typedef CharityState__TransferKind TransferKind;
typedef CharityState__TransferLeg TransferLeg;
typedef CharityState__TransferRow TransferRow;
typedef CharityState__ReceiptRow ReceiptRow;

#define RESOURCE_CLASS(name) CHARITY__RESOURCE_CLASS__RESOURCE_CLASS_##name
#define ACCOUNT_CLASS(name) CHARITY_STATE__ACCOUNT_CLASS__ACCOUNT_CLASS_##name
#define TRANSFER_KIND(name) CHARITY_STATE__TRANSFER_KIND__TRANSFER_KIND_##name
