#include "services/charity/core/tables.h"
#include "services/ctl/bulk.h"
#include "services/ctl/commands.h"
#include "services/ctl/nodes.h"
#include "services/provider/tables.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ACCOUNTS = 5 /* by AccountClass; 0 is not used */ };

static const char *const COLUMNS[] = {"FUND", "SERVICE", "CLASS", "GIVEN", "FREE",
                                      "HELD", "ISSUED",  "SUM",   NULL};

/* One service of one fund, or a total. */
struct line {
    struct wu_id provider_id;
    char service[32];
    ResourceClass resource_class;
    int64_t balances[ACCOUNTS];
    bool mixed; /* money and goods in one service, or a sum no number can hold */
};

struct ledger {
    struct ctl *ctl;
    struct ctl_table *table;
    struct line open; /* the line that is being read */
    bool has_open;
    struct line money;
    struct line goods;
    uint64_t wrong_count;
};

/* ---- amounts --------------------------------------------------------------- */

/* From the arena. Programs get fen and pieces, people yuan. */
static const char *amount_text(struct ctl *ctl, ResourceClass resource_class, int64_t amount)
{
    char text[CTL_AMOUNT_TEXT_MAX];
    if (ctl->json) {
        (void)snprintf(text, sizeof text, "%" PRId64, amount);
    } else if (resource_class == RESOURCE_CLASS(MONEY)) {
        (void)ctl_fen_text(amount, text);
    } else {
        (void)ctl_pieces_text(amount, text);
    }
    const char *copy = wu_arena_printf(&ctl->arena, "%s", text);
    return copy != NULL ? copy : "";
}

static void add_to(struct line *line, uint32_t account, int64_t amount)
{
    line->mixed |=
        __builtin_add_overflow(line->balances[account], amount, &line->balances[account]);
}

static bool sum_of(const struct line *line, int64_t *ret_sum)
{
    int64_t sum = 0;
    bool wrong = line->mixed;
    for (size_t i = 1; i < ACCOUNTS; i++) {
        wrong |= __builtin_add_overflow(sum, line->balances[i], &sum);
    }
    *ret_sum = sum;
    return !wrong && sum == 0;
}

/* ---- lines ----------------------------------------------------------------- */

static void print_line(struct ledger *ledger, const char *fund, const struct line *line)
{
    struct ctl *ctl = ledger->ctl;
    int64_t sum = 0;
    char word[32];
    if (!sum_of(line, &sum)) {
        ledger->wrong_count++;
    }
    const char *const values[] = {
        fund,
        line->service,
        ctl_word(&charity__resource_class__descriptor, "RESOURCE_CLASS_", (int)line->resource_class,
                 word, sizeof word),
        amount_text(ctl, line->resource_class, line->balances[ACCOUNT_CLASS(GIVEN)]),
        amount_text(ctl, line->resource_class, line->balances[ACCOUNT_CLASS(FREE)]),
        amount_text(ctl, line->resource_class, line->balances[ACCOUNT_CLASS(HELD)]),
        amount_text(ctl, line->resource_class, line->balances[ACCOUNT_CLASS(ISSUED)]),
        line->mixed ? "wrong" : amount_text(ctl, line->resource_class, sum),
    };
    ctl_table_row(ledger->table, values);
}

static void end_line(struct ledger *ledger, struct wu_txn *txn)
{
    if (!ledger->has_open) {
        return;
    }
    struct line *line = &ledger->open;
    const ProviderRow *fund = providers_get(txn, &(struct provider_key){line->provider_id});
    struct line *total =
        line->resource_class == RESOURCE_CLASS(MONEY) ? &ledger->money : &ledger->goods;
    for (uint32_t account = 1; account < ACCOUNTS; account++) {
        add_to(total, account, line->balances[account]);
    }
    print_line(ledger, fund != NULL ? fund->name : "?", line);
    ledger->has_open = false;
}

static void take_account(struct ledger *ledger, struct wu_txn *txn, const struct account_key *key,
                         const AccountRow *row)
{
    struct line *line = &ledger->open;
    bool same = ledger->has_open && wu_id_equal(&line->provider_id, &key->provider_id) &&
                memcmp(line->service, key->service, sizeof line->service) == 0;
    if (!same) {
        end_line(ledger, txn);
        *line =
            (struct line){.provider_id = key->provider_id, .resource_class = row->resource_class};
        memcpy(line->service, key->service, sizeof line->service);
        ledger->has_open = true;
    }
    if (key->account == 0 || key->account >= ACCOUNTS ||
        row->resource_class != line->resource_class) {
        line->mixed = true;
        return;
    }
    add_to(line, key->account, row->balance);
}

static int read_books(struct ledger *ledger, struct ctl_reader *reader)
{
    struct ctl *ctl = ledger->ctl;
    struct account_key key;
    const AccountRow *row = NULL;
    size_t mark = ctl->arena.used_bytes;
    memset(&key, 0, sizeof key);
    for (bool found = accounts_from(reader->txn, &key, 0, &row); found;
         found = accounts_after(reader->txn, &key, 0, &row)) {
        take_account(ledger, reader->txn, &key, row);
        wu_arena_reset(&ctl->arena, mark);
    }
    end_line(ledger, reader->txn);
    wu_arena_reset(&ctl->arena, mark);
    return CTL_OK;
}

static int read_nodes(struct ledger *ledger)
{
    struct ctl *ctl = ledger->ctl;
    for (size_t i = 0; i < ctl->node_count; i++) {
        if (strcmp(ctl->nodes[i].config.role, "charity") != 0) {
            continue;
        }
        struct ctl_reader reader = {0};
        int status = ctl_reader_open(ctl, &ctl->nodes[i], &reader);
        if (status == CTL_OK) {
            status = read_books(ledger, &reader);
        }
        ctl_reader_close(&reader);
        if (status != CTL_OK) {
            return status;
        }
    }
    return CTL_OK;
}

/*
 * All balances are of one snapshot of each node, so that the sum means
 * something: a table of balances is small, whatever was booked.
 */
int cmd_ledger_show(struct ctl *ctl, int argc, char **argv)
{
    struct ledger ledger = {.ctl = ctl,
                            .money = {.resource_class = RESOURCE_CLASS(MONEY)},
                            .goods = {.resource_class = RESOURCE_CLASS(GOODS)}};
    if (!ctl_arguments(ctl, argc, argv, 0, 0) || !ctl_load_home(ctl)) {
        return CTL_USAGE;
    }
    ledger.table = ctl_table_new(ctl, "accounts", COLUMNS);
    int status = read_nodes(&ledger);
    print_line(&ledger, "all", &ledger.money);
    print_line(&ledger, "all", &ledger.goods);
    ctl_table_print(&ledger.table);
    if (status != CTL_OK) {
        return status;
    }
    if (ledger.wrong_count > 0) {
        return ctl_complain(CTL_FOUND,
                            "%llu lines do not sum to zero: the books are damaged; see "
                            "'wushectl store verify'",
                            (unsigned long long)ledger.wrong_count);
    }
    if (!ctl->json) {
        (void)puts("every sum is zero: nothing was lost and nothing counted twice");
    }
    return CTL_OK;
}
