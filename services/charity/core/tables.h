#pragma once

#include "common/fold/table.h"
#include "services/charity/core/names.h"

struct account_key {
    struct wu_id provider_id;
    char service[32];
    uint32_t account; /* AccountClass */
};

/*
 * The balances, four for each service of a fund or store. Changed only by
 * transfers, so their sum is zero at all times.
 */
extern const struct wu_table CHARITY_ACCOUNTS;
WU_TABLE_OF(accounts, CHARITY_ACCOUNTS, struct account_key, AccountRow);

struct transfer_key {
    struct wu_id transfer_id;
};

/* Every booking in its order; written once, never changed. */
extern const struct wu_table CHARITY_TRANSFERS;
WU_TABLE_OF(transfers, CHARITY_TRANSFERS, struct transfer_key, TransferRow);

struct receipt_key {
    char receipt[32];
};

/* The natural key of a gift; written once, never removed. */
extern const struct wu_table CHARITY_RECEIPTS;
WU_TABLE_OF(receipts, CHARITY_RECEIPTS, struct receipt_key, ReceiptRow);
