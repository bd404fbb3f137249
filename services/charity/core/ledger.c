#include "services/charity/core/ledger.h"

#include "common/base/assert.h"
#include "services/charity/core/tables.h"

static struct account_key account_key(const struct wu_id *provider_id, const char *service,
                                      AccountClass account)
{
    struct account_key key = {.provider_id = *provider_id, .account = (uint32_t)account};
    bool fits = wu_key_text(key.service, sizeof key.service, service);
    WU_ASSERT(fits);
    return key;
}

const AccountRow *ledger_account(struct wu_step *step, const struct wu_id *provider_id,
                                 const char *service, AccountClass account)
{
    struct account_key key = account_key(provider_id, service, account);
    return accounts_get(wu_step_txn(step), &key);
}

/* One leg: the amount is added to the balance, below zero to take from it. */
static void change_balance(struct wu_step *step, const struct booking *booking,
                           AccountClass account, int64_t amount)
{
    struct account_key key = account_key(&booking->provider_id, booking->service, account);
    const AccountRow *known = accounts_get(wu_step_txn(step), &key);
    AccountRow row = CHARITY_STATE__ACCOUNT_ROW__INIT;
    row.resource_class = booking->resource_class;
    bool wrapped = __builtin_add_overflow(known != NULL ? known->balance : 0, amount, &row.balance);
    WU_ASSERT(!wrapped);
    WU_ASSERT(known == NULL || known->resource_class == booking->resource_class);
    WU_ASSERT(row.balance >= 0 || account == ACCOUNT_CLASS(GIVEN));
    accounts_put(wu_step_txn(step), &key, &row);
}

static void put_transfer(struct wu_step *step, const struct wu_id *transfer_id,
                         const struct booking *booking)
{
    TransferLeg from = CHARITY_STATE__TRANSFER_LEG__INIT;
    from.account = booking->from;
    from.amount = -booking->quantity;
    TransferLeg to = CHARITY_STATE__TRANSFER_LEG__INIT;
    to.account = booking->to;
    to.amount = booking->quantity;
    TransferLeg *legs[] = {&from, &to};

    TransferRow row = CHARITY_STATE__TRANSFER_ROW__INIT;
    row.kind = booking->kind;
    row.provider_id = wu_id_to_pb(&booking->provider_id);
    row.service = booking->service;
    row.resource_class = booking->resource_class;
    row.n_legs = 2;
    row.legs = legs;
    row.time_ms = wu_step_event(step)->time_ms;
    if (booking->ref != NULL) {
        row.linkage_id = booking->ref->linkage_id;
        row.step_no = booking->ref->step_no;
        row.attempt = booking->ref->attempt;
    }
    if (booking->receipt != NULL) {
        row.receipt = booking->receipt;
    }
    struct transfer_key key = {*transfer_id};
    transfers_put(wu_step_txn(step), &key, &row);
}

struct wu_id ledger_book(struct wu_step *step, const struct booking *booking)
{
    WU_ASSERT(booking->quantity > 0);
    struct wu_id transfer_id = wu_step_new_id(step);
    change_balance(step, booking, booking->from, -booking->quantity);
    change_balance(step, booking, booking->to, booking->quantity);
    put_transfer(step, &transfer_id, booking);
    return transfer_id;
}

/* ---- what a step does to the books ----------------------------------------- */

static struct booking booking_of(const struct wu_id *provider_id, const StepOffered *offer,
                                 const AccountRow *account)
{
    return (struct booking){.provider_id = *provider_id,
                            .service = offer->service,
                            .from = ACCOUNT_CLASS(HELD),
                            .quantity = offer->quantity,
                            .resource_class = account->resource_class,
                            .ref = offer->ref};
}

DeclineReason ledger_hold(struct wu_step *step, const struct wu_id *provider_id,
                          const ProviderRow *provider, const StepOffered *offer)
{
    (void)provider;
    const AccountRow *free = ledger_account(step, provider_id, offer->service, ACCOUNT_CLASS(FREE));
    if (free == NULL) {
        return DECLINE_REASON(NO_FUNDS);
    }
    if (free->balance < offer->quantity) {
        return free->resource_class == RESOURCE_CLASS(GOODS) ? DECLINE_REASON(OUT_OF_STOCK)
                                                             : DECLINE_REASON(NO_FUNDS);
    }
    struct booking hold = booking_of(provider_id, offer, free);
    hold.kind = TRANSFER_KIND(HOLD);
    hold.from = ACCOUNT_CLASS(FREE);
    hold.to = ACCOUNT_CLASS(HELD);
    ledger_book(step, &hold);
    return NOT_DECLINED;
}

void ledger_release(struct wu_step *step, const struct wu_id *provider_id, const StepRow *held)
{
    const AccountRow *account =
        ledger_account(step, provider_id, held->offer->service, ACCOUNT_CLASS(HELD));
    if (account == NULL) {
        return;
    }
    struct booking release = booking_of(provider_id, held->offer, account);
    release.kind = TRANSFER_KIND(RELEASE);
    release.to = ACCOUNT_CLASS(FREE);
    ledger_book(step, &release);
}

void ledger_issue(struct wu_step *step, const struct wu_id *provider_id, const StepRow *held,
                  const StepDelivered *delivered)
{
    const AccountRow *account =
        ledger_account(step, provider_id, held->offer->service, ACCOUNT_CLASS(HELD));
    if (account == NULL) {
        return;
    }
    struct booking issue = booking_of(provider_id, held->offer, account);
    issue.kind = TRANSFER_KIND(ISSUE);
    issue.to = ACCOUNT_CLASS(ISSUED);
    issue.quantity = delivered->quantity;
    ledger_book(step, &issue);

    struct booking rest = booking_of(provider_id, held->offer, account);
    rest.kind = TRANSFER_KIND(RETURN);
    rest.to = ACCOUNT_CLASS(FREE);
    rest.quantity = held->offer->quantity - delivered->quantity;
    if (rest.quantity > 0) {
        ledger_book(step, &rest);
    }
}
