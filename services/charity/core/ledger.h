#pragma once

#include "services/charity/core/names.h"
#include "services/provider/provider.h"

/*
 * The books, by double entry. A booking takes from one account of a service and
 * puts into another of the same: what is given for one purpose has no way to
 * reach another, and the sum of all accounts is zero at any time. No account but
 * GIVEN, which counts what came from outside as negative, is ever below zero.
 *
 * A step holds what it was promised; delivery issues what was really needed and
 * returns the rest.
 */
struct booking {
    TransferKind kind;
    struct wu_id provider_id;
    const char *service;
    AccountClass from;
    AccountClass to;
    int64_t quantity; /* fen or pieces, above 0 */
    ResourceClass resource_class;
    const StepRef *ref;  /* NULL for a gift */
    const char *receipt; /* NULL for a step */
};

/* Writes both balances and the transfer; returns the transfer's id. */
struct wu_id ledger_book(struct wu_step *step, const struct booking *booking);

/* The balance, or NULL when nothing was ever booked there. */
const AccountRow *ledger_account(struct wu_step *step, const struct wu_id *provider_id,
                                 const char *service, AccountClass account);

/*
 * Holds the quantity of exactly that service: NO_FUNDS or OUT_OF_STOCK when
 * there is not that much free. Where nothing was ever given it is NO_FUNDS.
 */
DeclineReason ledger_hold(struct wu_step *step, const struct wu_id *provider_id,
                          const ProviderRow *provider, const StepOffered *offer);
void ledger_release(struct wu_step *step, const struct wu_id *provider_id, const StepRow *held);
void ledger_issue(struct wu_step *step, const struct wu_id *provider_id, const StepRow *held,
                  const StepDelivered *delivered);
