#include "services/charity/core/core.h"

#include "common/base/prng.h"
#include "common/base/time.h"
#include "services/charity/core/tables.h"
#include "tests/support/providing.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct world *world;
static struct offered offered; /* 300 fen of fund F-1 for the elderly */

static Give good(void)
{
    Give give = CHARITY__GIVE__INIT;
    give.fund = "F-1";
    give.resource_class = RESOURCE_CLASS(MONEY);
    give.service = "money-elderly";
    give.quantity = 1000;
    give.receipt = "R-1";
    return give;
}

static const Bus__Answer *submit(const Give *give)
{
    world_clear(world);
    return world_command(world, WU_TYPE(CHARITY_GIVE), &give->base);
}

static int64_t balance_of(struct wu_id fund_id, const char *service, AccountClass account)
{
    struct account_key key = {.provider_id = fund_id, .account = (uint32_t)account};
    cr_assert(wu_key_text(key.service, sizeof key.service, service));
    const AccountRow *row = accounts_get(world_txn(world), &key);
    return row != NULL ? row->balance : 0;
}

static int64_t balance(AccountClass account)
{
    return balance_of(offered.provider_id, "money-elderly", account);
}

static DeclineReason outcome(void)
{
    providing_offer(world, &offered);
    return providing_declined(world);
}

/* The sum of all accounts is zero, and none but GIVEN is below zero. */
static void check_accounts(void)
{
    int64_t sum = 0;
    struct account_key key = {0};
    struct wu_txn *txn = world_txn(world);
    const AccountRow *row = NULL;
    for (bool more = accounts_from(txn, &key, 0, &row); more;
         more = accounts_after(txn, &key, 0, &row)) {
        sum += row->balance;
        cr_assert(row->balance >= 0 || key.account == ACCOUNT_CLASS(GIVEN));
    }
    cr_assert_eq(sum, 0);
}

/* Every transfer has two legs of sum zero; together they make that balance. */
static int64_t booked(struct wu_id fund_id, const char *service, AccountClass account)
{
    int64_t sum = 0;
    struct transfer_key key = {{{0}}};
    struct wu_txn *txn = world_txn(world);
    const TransferRow *row = NULL;
    for (bool more = transfers_from(txn, &key, 0, &row); more;
         more = transfers_after(txn, &key, 0, &row)) {
        struct wu_id provider_id;
        cr_assert_eq(row->n_legs, 2);
        cr_assert_eq(row->legs[0]->amount + row->legs[1]->amount, 0);
        cr_assert(wu_id_from_pb(row->provider_id, &provider_id));
        for (size_t leg = 0; leg < 2; leg++) {
            if (wu_id_equal(&provider_id, &fund_id) && strcmp(row->service, service) == 0 &&
                row->legs[leg]->account == account) {
                sum += row->legs[leg]->amount;
            }
        }
    }
    return sum;
}

static size_t transfer_count(TransferKind kind)
{
    size_t count = 0;
    struct transfer_key key = {{{0}}};
    struct wu_txn *txn = world_txn(world);
    const TransferRow *row = NULL;
    for (bool more = transfers_from(txn, &key, 0, &row); more;
         more = transfers_after(txn, &key, 0, &row)) {
        count += row->kind == kind;
    }
    return count;
}

static void set_up(void)
{
    world = world_open(&CHARITY_CORE);
    offered = (struct offered){.service = "money-elderly", .quantity = 300};
    offered.provider_id = providing_add(
        world, &(struct body){"F-1", .service = "money-elderly", .second_service = "money-youth"});
}

static void tear_down(void)
{
    check_accounts();
    world_verify(world);
    world_close(&world);
}

TestSuite(ledger, .init = set_up, .fini = tear_down);

Test(ledger, a_gift_is_in_the_books_and_public_without_its_giver)
{
    Give give = good();
    assert_accepted(submit(&give));
    cr_assert_eq(balance(ACCOUNT_CLASS(GIVEN)), -1000);
    cr_assert_eq(balance(ACCOUNT_CLASS(FREE)), 1000);
    cr_assert_eq(world_output_count(world), 1);
    cr_assert_str_eq(world_output(world, 0)->topic, "charity.gift");
    const GiftBooked *booked_gift =
        world_find(world, WU_TYPE(CHARITY_GIFT_BOOKED), 0, &charity__gift_booked__descriptor);
    cr_assert_not_null(booked_gift);
    cr_assert_str_eq(booked_gift->fund, "F-1");
    cr_assert_eq(booked_gift->quantity, 1000);
}

Test(ledger, the_same_receipt_again_is_the_same_gift)
{
    struct wu_id first;
    struct wu_id again;
    Give give = good();
    cr_assert(wu_id_from_pb(submit(&give)->id, &first));
    const Bus__Answer *answer = submit(&give);
    assert_accepted(answer);
    cr_assert(wu_id_from_pb(answer->id, &again));
    cr_assert(wu_id_equal(&first, &again));
    cr_assert_eq(world_output_count(world), 0);
    cr_assert_eq(balance(ACCOUNT_CLASS(FREE)), 1000);
}

Test(ledger, another_gift_under_the_same_receipt_is_refused)
{
    struct wu_id other_id = providing_add(world, &(struct body){"F-2", .service = "money-elderly"});
    Give give = good();
    assert_accepted(submit(&give));
    give.quantity = 999;
    assert_refused(submit(&give), "GIFT_RECEIPT_REUSED");
    give = good();
    give.service = "money-youth";
    assert_refused(submit(&give), "GIFT_RECEIPT_REUSED");
    give = good();
    give.fund = "F-2";
    assert_refused(submit(&give), "GIFT_RECEIPT_REUSED");
    give = good();
    give.resource_class = RESOURCE_CLASS(GOODS);
    assert_refused(submit(&give), "GIFT_RECEIPT_REUSED");
    cr_assert_eq(balance_of(other_id, "money-elderly", ACCOUNT_CLASS(FREE)), 0);
}

Test(ledger, refusals_come_in_their_order)
{
    Give first = good();
    assert_accepted(submit(&first));

    Give give = CHARITY__GIVE__INIT;
    assert_refused(submit(&give), "GIFT_RECEIPT_MALFORMED");
    give.receipt = "R-1";
    assert_refused(submit(&give), "GIFT_CLASS_INVALID");
    give.resource_class = RESOURCE_CLASS(GOODS);
    assert_refused(submit(&give), "GIFT_QUANTITY_INVALID");
    give.quantity = INT64_C(1000000000000001);
    assert_refused(submit(&give), "GIFT_QUANTITY_INVALID");
    give.quantity = 1;
    assert_refused(submit(&give), "GIFT_FUND_UNKNOWN");
    give.fund = "F-1";
    assert_refused(submit(&give), "GIFT_RECEIPT_REUSED");
    give.receipt = "R-2";
    assert_refused(submit(&give), "GIFT_SERVICE_UNKNOWN");
    give.service = "money-elderly";
    assert_refused(submit(&give), "GIFT_CLASS_MIXED");
    give.resource_class = RESOURCE_CLASS(MONEY);
    assert_accepted(submit(&give));
}

Test(ledger, what_the_books_cannot_count_is_refused)
{
    char receipt[32];
    Give give = good();
    give.quantity = INT64_C(1000000000000000);
    give.receipt = receipt;
    for (int i = 0; i < 9223; i++) {
        (void)snprintf(receipt, sizeof receipt, "R-%d", i);
        assert_accepted(submit(&give));
    }
    (void)snprintf(receipt, sizeof receipt, "R-last");
    assert_refused(submit(&give), "GIFT_TOO_LARGE");
}

Test(ledger, a_step_holds_and_a_delivery_issues)
{
    Give give = good();
    assert_accepted(submit(&give));
    providing_take(world, &offered);
    cr_assert_eq(balance(ACCOUNT_CLASS(FREE)), 700);
    cr_assert_eq(balance(ACCOUNT_CLASS(HELD)), 300);
    assert_accepted(providing_report(world, &offered, 0, 0));
    cr_assert_eq(balance(ACCOUNT_CLASS(FREE)), 700);
    cr_assert_eq(balance(ACCOUNT_CLASS(HELD)), 0);
    cr_assert_eq(balance(ACCOUNT_CLASS(ISSUED)), 300);
    cr_assert_eq(transfer_count(TRANSFER_KIND(RETURN)), 0);
}

Test(ledger, what_was_not_needed_comes_back)
{
    Give give = good();
    assert_accepted(submit(&give));
    providing_take(world, &offered);
    assert_accepted(providing_report(world, &offered, 120, 0));
    cr_assert_eq(balance(ACCOUNT_CLASS(FREE)), 880);
    cr_assert_eq(balance(ACCOUNT_CLASS(HELD)), 0);
    cr_assert_eq(balance(ACCOUNT_CLASS(ISSUED)), 120);
    cr_assert_eq(transfer_count(TRANSFER_KIND(RETURN)), 1);
}

Test(ledger, a_release_and_a_lapse_free_what_was_held)
{
    Give give = good();
    assert_accepted(submit(&give));
    providing_take(world, &offered);
    providing_release(world, &offered);
    cr_assert_eq(balance(ACCOUNT_CLASS(FREE)), 1000);
    offered.linkage = 2;
    cr_assert_eq(outcome(), NOT_DECLINED);
    world_advance(world, 2 * WU_HOUR_MS);
    cr_assert_eq(balance(ACCOUNT_CLASS(FREE)), 1000);
    cr_assert_eq(balance(ACCOUNT_CLASS(HELD)), 0);
    cr_assert_eq(transfer_count(TRANSFER_KIND(RELEASE)), 2);
}

Test(ledger, no_more_is_promised_than_is_free)
{
    cr_assert_eq(outcome(), DECLINE_REASON(NO_FUNDS));
    Give give = good();
    assert_accepted(submit(&give));
    offered.quantity = 1001;
    offered.attempt = 2;
    cr_assert_eq(outcome(), DECLINE_REASON(NO_FUNDS));
    offered.quantity = 1000;
    offered.attempt = 3;
    cr_assert_eq(outcome(), NOT_DECLINED);
    offered.linkage = 2;
    offered.quantity = 1;
    cr_assert_eq(outcome(), DECLINE_REASON(NO_FUNDS));
}

Test(ledger, goods_run_out_of_stock)
{
    offered.provider_id = providing_add(world, &(struct body){"S-1", .service = "goods-rice"});
    offered.service = "goods-rice";
    Give give = good();
    give.fund = "S-1";
    give.service = "goods-rice";
    give.resource_class = RESOURCE_CLASS(GOODS);
    give.quantity = 299;
    assert_accepted(submit(&give));
    cr_assert_eq(outcome(), DECLINE_REASON(OUT_OF_STOCK));
}

Test(ledger, one_purpose_never_pays_for_another)
{
    Give give = good();
    give.service = "money-youth";
    assert_accepted(submit(&give));
    cr_assert_eq(outcome(), DECLINE_REASON(NO_FUNDS));
    cr_assert_eq(balance_of(offered.provider_id, "money-youth", ACCOUNT_CLASS(FREE)), 1000);
}

Test(ledger, one_fund_never_pays_for_another)
{
    providing_add(world, &(struct body){"F-2", .service = "money-elderly"});
    Give give = good();
    give.fund = "F-2";
    assert_accepted(submit(&give));
    cr_assert_eq(outcome(), DECLINE_REASON(NO_FUNDS));
}

/* ---- whatever happens, the books are right ---------------------------------------- */

static const char *const purposes[] = {"money-elderly", "money-youth"};

static void random_gift(struct wu_prng *prng)
{
    char receipt[32];
    Give give = good();
    (void)snprintf(receipt, sizeof receipt, "R-%u", (unsigned)wu_prng_below(prng, 200));
    give.receipt = receipt;
    give.service = purposes[wu_prng_below(prng, 2)];
    give.quantity = 1 + (int64_t)wu_prng_below(prng, 500);
    (void)submit(&give);
}

static void random_event(struct wu_prng *prng)
{
    offered.linkage = 1 + wu_prng_below(prng, 25);
    offered.attempt = 1 + (uint32_t)wu_prng_below(prng, 6);
    offered.quantity = 1 + (int64_t)wu_prng_below(prng, 400);
    offered.service = purposes[wu_prng_below(prng, 2)];
    switch (wu_prng_below(prng, 8)) {
    case 0:
        providing_confirm(world, &offered);
        break;
    case 1:
        providing_release(world, &offered);
        break;
    case 2:
        (void)providing_report(world, &offered, (int64_t)wu_prng_below(prng, 300), 0);
        break;
    case 3:
        world_advance(world, (int64_t)wu_prng_below(prng, 40) * WU_MINUTE_MS);
        break;
    case 4:
    case 5:
        random_gift(prng);
        break;
    default:
        providing_offer(world, &offered);
        break;
    }
}

/* What the open steps of a purpose were promised. */
static int64_t promised(const char *service)
{
    int64_t sum = 0;
    struct step_key key = {.step_no = 0};
    struct wu_txn *txn = world_txn(world);
    const StepRow *row = NULL;
    for (bool more = steps_from(txn, &key, 0, &row); more; more = steps_after(txn, &key, 0, &row)) {
        bool holds = row->state == STEP_STATE(RESERVED) || row->state == STEP_STATE(CONFIRMED);
        if (holds && strcmp(row->offer->service, service) == 0) {
            sum += row->offer->quantity;
        }
    }
    return sum;
}

Test(ledger, random_operations_keep_every_sum)
{
    struct wu_prng prng = {0x600d};
    for (int i = 0; i < 1000; i++) {
        random_event(&prng);
        check_accounts();
    }
    for (size_t i = 0; i < 2; i++) {
        int64_t sum = 0;
        for (AccountClass account = ACCOUNT_CLASS(GIVEN); account <= ACCOUNT_CLASS(ISSUED);
             account++) {
            int64_t in_books = balance_of(offered.provider_id, purposes[i], account);
            cr_assert_eq(in_books, booked(offered.provider_id, purposes[i], account));
            sum += in_books;
        }
        cr_assert_eq(sum, 0);
        cr_assert_eq(balance_of(offered.provider_id, purposes[i], ACCOUNT_CLASS(HELD)),
                     promised(purposes[i]));
    }
    cr_assert_gt(transfer_count(TRANSFER_KIND(ISSUE)), 0);
    cr_assert_gt(transfer_count(TRANSFER_KIND(RETURN)), 0);
    cr_assert_gt(transfer_count(TRANSFER_KIND(RELEASE)), 0);
}
