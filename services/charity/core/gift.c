#include "services/charity/core/gift.h"

#include "common/base/assert.h"
#include "services/charity/core/ledger.h"
#include "services/charity/core/tables.h"

#define GIFT_QUANTITY_MAX INT64_C(1000000000000000)

enum { RECEIPT_BYTES_MAX = 31 };

enum gift_refusal {
    GIFT_NOT_REFUSED,
    GIFT_RECEIPT_MALFORMED,
    GIFT_CLASS_INVALID,
    GIFT_QUANTITY_INVALID,
    GIFT_FUND_UNKNOWN,
    GIFT_RECEIPT_REUSED,
    GIFT_SERVICE_UNKNOWN,
    GIFT_CLASS_MIXED,
    GIFT_TOO_LARGE,
};

static const struct refusal REFUSALS[] = {
    [GIFT_RECEIPT_MALFORMED] = {"GIFT_RECEIPT_MALFORMED",
                                "a receipt number has 1 to 31 bytes and no blanks"},
    [GIFT_CLASS_INVALID] = {"GIFT_CLASS_INVALID", "say whether it is money or goods"},
    [GIFT_QUANTITY_INVALID] = {"GIFT_QUANTITY_INVALID",
                               "a gift is 1 to 1000000000000000 fen or pieces"},
    [GIFT_FUND_UNKNOWN] = {"GIFT_FUND_UNKNOWN",
                           "no fund or store has that code; add it as a provider first"},
    [GIFT_RECEIPT_REUSED] = {"GIFT_RECEIPT_REUSED",
                             "that receipt is in the books with another gift; a gift needs a "
                             "receipt of its own"},
    [GIFT_SERVICE_UNKNOWN] = {"GIFT_SERVICE_UNKNOWN",
                              "the fund does not serve that purpose; add it to the fund first"},
    [GIFT_CLASS_MIXED] = {"GIFT_CLASS_MIXED",
                          "what the fund holds for that service is of the other kind, and money "
                          "and goods are never added"},
    [GIFT_TOO_LARGE] = {"GIFT_TOO_LARGE", "the books cannot count that much for one service"},
};

/* A gift on its way into the books. */
struct gift {
    struct receipt_key receipt_at;
    struct wu_id fund_id;
    const ProviderRow *fund;
    struct wu_id booked_id; /* none: this receipt is new */
};

static enum gift_refusal form_refusal(const Give *give)
{
    if (!check_is_code(give->receipt, RECEIPT_BYTES_MAX)) {
        return GIFT_RECEIPT_MALFORMED;
    }
    if (give->resource_class != RESOURCE_CLASS(MONEY) &&
        give->resource_class != RESOURCE_CLASS(GOODS)) {
        return GIFT_CLASS_INVALID;
    }
    if (give->quantity < 1 || give->quantity > GIFT_QUANTITY_MAX) {
        return GIFT_QUANTITY_INVALID;
    }
    return GIFT_NOT_REFUSED;
}

static bool is_same_gift(const TransferRow *booked, const Give *give, const struct wu_id *fund_id)
{
    struct wu_id booked_fund_id;
    return wu_id_from_pb(booked->provider_id, &booked_fund_id) &&
           wu_id_equal(&booked_fund_id, fund_id) &&
           booked->resource_class == give->resource_class &&
           check_same_text(booked->service, give->service) &&
           booked->legs[1]->amount == give->quantity;
}

/* Finds what is booked under the receipt. False: it is another gift. */
static bool receipt_is_free_or_same(struct wu_step *step, const Give *give, struct gift *gift)
{
    bool fits =
        wu_key_text(gift->receipt_at.receipt, sizeof gift->receipt_at.receipt, give->receipt);
    WU_ASSERT(fits);
    const ReceiptRow *receipt = receipts_get(wu_step_txn(step), &gift->receipt_at);
    if (receipt == NULL || !wu_id_from_pb(receipt->transfer_id, &gift->booked_id)) {
        return true;
    }
    struct transfer_key key = {gift->booked_id};
    const TransferRow *booked = transfers_get(wu_step_txn(step), &key);
    return booked != NULL && is_same_gift(booked, give, &gift->fund_id);
}

/* What the books of the fund say to more of that service. */
static enum gift_refusal books_refusal(struct wu_step *step, const Give *give,
                                       const struct gift *gift)
{
    if (!check_has_service(gift->fund->services, gift->fund->n_services, give->service)) {
        return GIFT_SERVICE_UNKNOWN;
    }
    const AccountRow *given =
        ledger_account(step, &gift->fund_id, give->service, ACCOUNT_CLASS(GIVEN));
    int64_t sum = 0;
    if (given != NULL && given->resource_class != give->resource_class) {
        return GIFT_CLASS_MIXED;
    }
    if (given != NULL && (given->balance == INT64_MIN ||
                          __builtin_add_overflow(-given->balance, give->quantity, &sum))) {
        return GIFT_TOO_LARGE;
    }
    return GIFT_NOT_REFUSED;
}

static enum gift_refusal gift_refusal(struct wu_step *step, const Give *give, struct gift *gift)
{
    enum gift_refusal form = form_refusal(give);
    if (form != GIFT_NOT_REFUSED) {
        return form;
    }
    if (!provider_by_code(step, give->fund, &gift->fund_id)) {
        return GIFT_FUND_UNKNOWN;
    }
    if (!receipt_is_free_or_same(step, give, gift)) {
        return GIFT_RECEIPT_REUSED;
    }
    if (!wu_id_is_none(&gift->booked_id)) {
        return GIFT_NOT_REFUSED; /* it is in the books, whatever has changed since */
    }
    struct provider_key key = {gift->fund_id};
    gift->fund = providers_get(wu_step_txn(step), &key);
    return gift->fund != NULL ? books_refusal(step, give, gift) : GIFT_FUND_UNKNOWN;
}

static void put_receipt(struct wu_step *step, const struct gift *gift,
                        const struct wu_id *transfer_id)
{
    ReceiptRow row = CHARITY_STATE__RECEIPT_ROW__INIT;
    row.transfer_id = wu_id_to_pb(transfer_id);
    receipts_put(wu_step_txn(step), &gift->receipt_at, &row);
}

/* Without a subject: gifts are many, and a snapshot holds one record for each subject. */
static void emit_booked(struct wu_step *step, const Give *give, const struct gift *gift)
{
    GiftBooked booked = CHARITY__GIFT_BOOKED__INIT;
    booked.fund = give->fund;
    booked.resource_class = give->resource_class;
    booked.service = give->service;
    booked.quantity = give->quantity;
    struct wu_mail mail = {.type = WU_TYPE(CHARITY_GIFT_BOOKED), .division = gift->fund->division};
    wu_emit_public(step, "charity.gift", &mail, &booked.base);
}

/*
 * Something is given, for one purpose of one fund.
 *
 * The receipt is its natural key: the same gift again is the same booking, and
 * another gift under the same receipt is refused. The public hears of the gift
 * and never of the giver.
 */
static void handle_give(struct wu_step *step, const Give *give)
{
    struct gift gift = {0};
    enum gift_refusal refusal = gift_refusal(step, give, &gift);
    if (refusal != GIFT_NOT_REFUSED) {
        check_refuse(step, refusal == GIFT_FUND_UNKNOWN ? give->fund : give->receipt,
                     &REFUSALS[refusal]);
        return;
    }
    if (!wu_id_is_none(&gift.booked_id)) {
        wu_answer_accept(step, gift.booked_id);
        return;
    }

    struct booking booking = {.kind = TRANSFER_KIND(GIFT),
                              .provider_id = gift.fund_id,
                              .service = give->service,
                              .from = ACCOUNT_CLASS(GIVEN),
                              .to = ACCOUNT_CLASS(FREE),
                              .quantity = give->quantity,
                              .resource_class = give->resource_class,
                              .receipt = give->receipt};
    struct wu_id transfer_id = ledger_book(step, &booking);
    put_receipt(step, &gift, &transfer_id);
    emit_booked(step, give, &gift);
    wu_answer_accept(step, transfer_id);
}
WU_HANDLER(give, Give)

const struct wu_route CHARITY_GIFT_ROUTES[] = {
    {WU_TYPE(CHARITY_GIVE), WU_ORIGIN_COMMAND, &charity__give__descriptor, route_give},
    {0},
};
