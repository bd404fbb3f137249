#include "services/charity/core/tables.h"

const struct wu_table CHARITY_ACCOUNTS = {
    .name = "charity.accounts",
    .key_size = sizeof(struct account_key),
    .key = {WU_KEY(struct account_key, provider_id), WU_KEY(struct account_key, service),
            WU_KEY(struct account_key, account)},
    .row = &charity_state__account_row__descriptor,
};

const struct wu_table CHARITY_TRANSFERS = {
    .name = "charity.transfers",
    .key_size = sizeof(struct transfer_key),
    .key = {WU_KEY(struct transfer_key, transfer_id)},
    .row = &charity_state__transfer_row__descriptor,
};

const struct wu_table CHARITY_RECEIPTS = {
    .name = "charity.receipts",
    .key_size = sizeof(struct receipt_key),
    .key = {WU_KEY(struct receipt_key, receipt)},
    .row = &charity_state__receipt_row__descriptor,
};
