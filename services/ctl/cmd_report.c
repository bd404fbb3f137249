#include "services/ctl/bulk.h"
#include "services/ctl/commands.h"
#include "services/ctl/measure.h"
#include "services/ctl/months.h"

#include "common/base/division.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_ROWS = 50 };

/* What a report reads: the months of the communities asked for. */
struct report {
    struct ctl *ctl;
    struct ctl_when_where where;
    struct ctl_reader reader;
    struct ctl_months months;
};

/* *ret_report is to be closed in any case. */
static int open_report(struct ctl *ctl, int argc, char **argv, bool by_mode,
                       struct report *ret_report)
{
    *ret_report = (struct report){.ctl = ctl};
    if (!ctl_read_month(ctl, &argc, argv, &ret_report->where) ||
        !ctl_arguments(ctl, argc, argv, 0, 0)) {
        return CTL_USAGE;
    }
    int status = ctl_open_hub(ctl, &ret_report->reader);
    return status == CTL_OK ? ctl_months_load(ctl, &ret_report->reader, &ret_report->where, by_mode,
                                              &ret_report->months)
                            : status;
}

static void close_report(struct report *report)
{
    ctl_months_free(&report->months);
    ctl_reader_close(&report->reader);
}

/* With --json two tables are one object. */
static void between_tables(const struct ctl *ctl, const char *json, const char *text)
{
    (void)fputs(ctl->json ? json : text, stdout);
}

static uint64_t taken_on(const MonthRow *row)
{
    return row->cases - row->refused;
}

static const char *mean_open_text(struct ctl *ctl, const MonthRow *row)
{
    return taken_on(row) != 0 ? ctl_length_text(ctl, row->open_ms / (int64_t)taken_on(row)) : NULL;
}

/* ---- balance ---------------------------------------------------------------------------- */

static void print_communities(struct report *report)
{
    static const char *const COLUMNS[] = {"COMMUNITY", "CASES",   "DELIVERED",       "UNMET",
                                          "STEPS",     "MINUTES", "OPEN ON AVERAGE", NULL};
    struct ctl *ctl = report->ctl;
    struct ctl_table *table = ctl_table_new(ctl, "communities", COLUMNS);
    for (size_t i = 0; i < report->months.count; i++) {
        const MonthRow *row = ctl_month_row(&report->months.list[i]);
        const char *const values[] = {
            ctl_count_text(ctl, report->months.list[i].division),
            ctl_count_text(ctl, taken_on(row)),
            ctl_count_text(ctl, radar_delivered(row)),
            ctl_count_text(ctl, row->unmet),
            ctl_count_text(ctl, row->steps_delivered),
            ctl_count_text(ctl, (uint64_t)row->minutes),
            mean_open_text(ctl, row),
        };
        ctl_table_row(table, values);
    }
    ctl_table_print(&table);
}

static uint64_t steps_of(const MonthRow *row)
{
    return row->steps_delivered;
}

static uint64_t minutes_of(const MonthRow *row)
{
    return (uint64_t)row->minutes;
}

static uint64_t unmet_of(const MonthRow *row)
{
    return row->unmet;
}

static int print_spreads(struct report *report)
{
    static const char *const COLUMNS[] = {"MEASURE", "LEAST",       "MEDIAN",        "MOST",
                                          "SUM",     "COMMUNITIES", "GINI PERMILLE", NULL};
    static const struct {
        const char *name;
        uint64_t (*value)(const MonthRow *row);
    } MEASURES[] = {{"cases", taken_on},
                    {"delivered", radar_delivered},
                    {"steps", steps_of},
                    {"minutes", minutes_of},
                    {"unmet", unmet_of}};
    struct ctl *ctl = report->ctl;
    size_t count = report->months.count;
    uint64_t *values = calloc(count + 1, sizeof *values);
    if (values == NULL) {
        return ctl_complain(CTL_FAILED, "no memory for all communities");
    }
    struct ctl_table *table = ctl_table_new(ctl, "spread", COLUMNS);
    for (size_t m = 0; m < sizeof MEASURES / sizeof MEASURES[0]; m++) {
        for (size_t i = 0; i < count; i++) {
            values[i] = MEASURES[m].value(ctl_month_row(&report->months.list[i]));
        }
        const struct measure_spread spread = measure_spread(values, count);
        const char *const cells[] = {
            MEASURES[m].name,
            ctl_count_text(ctl, spread.least),
            ctl_count_text(ctl, spread.median),
            ctl_count_text(ctl, spread.most),
            ctl_count_text(ctl, spread.sum),
            ctl_count_text(ctl, count),
            ctl_permille_text(ctl, spread.gini_permille),
        };
        ctl_table_row(table, cells);
    }
    free(values);
    ctl_table_print(&table);
    return CTL_OK;
}

int cmd_report_balance(struct ctl *ctl, int argc, char **argv)
{
    struct report report;
    int status = open_report(ctl, argc, argv, false, &report);
    if (status == CTL_OK) {
        between_tables(ctl, "{\"communities\":", "");
        print_communities(&report);
        between_tables(ctl, ",\"spread\":", "\n");
        status = print_spreads(&report);
        between_tables(ctl, "}\n", "");
    }
    close_report(&report);
    return status;
}

/* ---- tiers ------------------------------------------------------------------------------- */

static const char *const TIER_WORDS[] = {
    [TIER_FEW] = "few: below 10", [TIER_MEDIUM] = "10 to 99", [TIER_LARGE] = "100 and more"};
static const char *const BAND_WORDS[] = {[BAND_NONE] = NULL,
                                         [BAND_BELOW] = "below its peers",
                                         [BAND_AS_PEERS] = "as its peers",
                                         [BAND_ABOVE] = "above its peers"};

/* What was delivered of what was taken on. No rating is looked at. */
static int64_t delivered_share(const MonthRow *row)
{
    return measure_permille(radar_delivered(row), taken_on(row));
}

static void print_tier(struct report *report, struct ctl_table *table, Tier tier)
{
    struct ctl *ctl = report->ctl;
    struct ctl_month sum = {.row = COORDINATOR_STATE__MONTH_ROW__INIT};
    for (size_t i = 0; i < report->months.count; i++) {
        const MonthRow *row = ctl_month_row(&report->months.list[i]);
        if (measure_tier(taken_on(row)) == tier) {
            ctl_month_add(&sum, row);
        }
    }
    int64_t tier_share = delivered_share(&sum.row);
    for (size_t i = 0; i < report->months.count; i++) {
        const MonthRow *row = ctl_month_row(&report->months.list[i]);
        if (measure_tier(taken_on(row)) != tier) {
            continue;
        }
        int64_t share = delivered_share(row);
        const char *const values[] = {
            TIER_WORDS[tier],
            ctl_count_text(ctl, report->months.list[i].division),
            ctl_count_text(ctl, taken_on(row)),
            ctl_count_text(ctl, row->refused),
            tier == TIER_FEW ? NULL : ctl_permille_text(ctl, share),
            tier == TIER_FEW ? NULL : ctl_permille_text(ctl, tier_share),
            BAND_WORDS[measure_band(tier, share, tier_share)],
        };
        ctl_table_row(table, values);
    }
}

int cmd_report_tiers(struct ctl *ctl, int argc, char **argv)
{
    static const char *const COLUMNS[] = {
        "TIER",          "COMMUNITY", "CASES", "LEFT OUT: REFUSED", "DELIVERED PERMILLE",
        "TIER PERMILLE", "BAND",      NULL};
    struct report report;
    int status = open_report(ctl, argc, argv, false, &report);
    if (status == CTL_OK) {
        struct ctl_table *table = ctl_table_new(ctl, "tiers", COLUMNS);
        for (int tier = TIER_COUNT - 1; tier >= TIER_FEW; tier--) {
            print_tier(&report, table, (Tier)tier);
        }
        ctl_table_print(&table);
    }
    close_report(&report);
    return status;
}

/* ---- modes --------------------------------------------------------------------------------- */

static void compare(struct ctl_table *table, const char *name, const char *three, const char *five)
{
    const char *const values[] = {name, three, five};
    ctl_table_row(table, values);
}

static void compare_counts(struct ctl *ctl, struct ctl_table *table, const struct ctl_month *three,
                           const struct ctl_month *five)
{
    const MonthRow *a = &three->row;
    const MonthRow *b = &five->row;
    const struct {
        const char *name;
        uint64_t three;
        uint64_t five;
    } LINES[] = {
        {"cases", a->cases, b->cases},
        {"refused", a->refused, b->refused},
        {"met", a->met, b->met},
        {"partly", a->partly, b->partly},
        {"not met", a->not_met, b->not_met},
        {"unconfirmed", a->unconfirmed, b->unconfirmed},
        {"unmet", a->unmet, b->unmet},
        {"steps delivered", a->steps_delivered, b->steps_delivered},
        {"minutes", (uint64_t)a->minutes, (uint64_t)b->minutes},
    };
    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
        compare(table, LINES[i].name, ctl_count_text(ctl, LINES[i].three),
                ctl_count_text(ctl, LINES[i].five));
    }
}

static void compare_figures(struct ctl *ctl, struct ctl_table *table, const MonthRow *three,
                            const MonthRow *five)
{
    static const char *const NAMES[INDICATOR_COUNT] = {
        [INDICATOR_MISINTERPRETATION] = "misinterpretation, permille",
        [INDICATOR_SUBSTITUTION] = "substitution, permille",
        [INDICATOR_FORM] = "form, permille",
        [INDICATOR_RESISTANCE] = "resistance, permille",
    };
    compare(table, "open on average", mean_open_text(ctl, three), mean_open_text(ctl, five));
    compare(table, "delivered, permille", ctl_permille_text(ctl, delivered_share(three)),
            ctl_permille_text(ctl, delivered_share(five)));
    for (int i = 0; i < INDICATOR_COUNT; i++) {
        compare(table, NAMES[i],
                ctl_permille_text(ctl, radar_permille(radar_figure(three, (Indicator)i))),
                ctl_permille_text(ctl, radar_permille(radar_figure(five, (Indicator)i))));
    }
}

int cmd_report_modes(struct ctl *ctl, int argc, char **argv)
{
    static const char *const COLUMNS[] = {"MEASURE", "THREE", "FIVE", NULL};
    struct report report;
    int status = open_report(ctl, argc, argv, true, &report);
    if (status == CTL_OK) {
        struct ctl_month sums[2] = {{.row = COORDINATOR_STATE__MONTH_ROW__INIT},
                                    {.row = COORDINATOR_STATE__MONTH_ROW__INIT}};
        uint64_t counts[2] = {0};
        for (size_t i = 0; i < report.months.count; i++) {
            size_t which = report.months.list[i].mode == MODE_THREE ? 0 : 1;
            ctl_month_add(&sums[which], ctl_month_row(&report.months.list[i]));
            counts[which]++;
        }
        struct ctl_table *table = ctl_table_new(ctl, "modes", COLUMNS);
        compare(table, "communities", ctl_count_text(ctl, counts[0]),
                ctl_count_text(ctl, counts[1]));
        compare_counts(ctl, table, &sums[0], &sums[1]);
        compare_figures(ctl, table, ctl_month_row(&sums[0]), ctl_month_row(&sums[1]));
        ctl_table_print(&table);
    }
    close_report(&report);
    return status;
}

/* ---- network --------------------------------------------------------------------------------- */

struct edges {
    struct measure_edge *list;
    size_t count;
    size_t room;
};

static bool add_edge(struct edges *edges, const struct pair_key *key)
{
    if (edges->count == edges->room) {
        size_t room = edges->room > 0 ? 2 * edges->room : 1024;
        struct measure_edge *list = realloc(edges->list, room * sizeof *list);
        if (list == NULL) {
            return false;
        }
        edges->list = list;
        edges->room = room;
    }
    edges->list[edges->count++] =
        (struct measure_edge){key->division, key->provider_id, key->month};
    return true;
}

/* All pairs that ever delivered, month by month, in the order of their table. */
static int load_edges(struct report *report, struct edges *edges)
{
    struct ctl *ctl = report->ctl;
    const struct ctl_when_where *where = &report->where;
    struct pair_key key = {.division = where->division};
    const PairRow *row = NULL;
    size_t mark = ctl->arena.used_bytes;
    for (bool found = pairs_from(report->reader.txn, &key, 0, &row);
         found && (where->division == 0 || wu_division_holds(where->division, key.division));
         found = pairs_after(report->reader.txn, &key, 0, &row)) {
        if (row->delivered > 0 && !add_edge(edges, &key)) {
            return ctl_complain(CTL_FAILED, "no memory for all pairs");
        }
        wu_arena_reset(&ctl->arena, mark);
    }
    return CTL_OK;
}

static void print_network(struct ctl *ctl, const struct measure_network *network)
{
    static const char *const COLUMNS[] = {"MEASURE", "PAIRS", NULL};
    struct ctl_table *table = ctl_table_new(ctl, "network", COLUMNS);
    const struct {
        const char *name;
        uint64_t count;
    } LINES[] = {{"active", network->active},
                 {"new partners", network->fresh},
                 {"repeat cooperation", network->repeat},
                 {"lapsed", network->lapsed}};
    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
        const char *const values[] = {LINES[i].name, ctl_count_text(ctl, LINES[i].count)};
        ctl_table_row(table, values);
    }
    ctl_table_print(&table);
}

/* ---- network: what is declared against what happens ---------------------------------------------
 */

struct lists {
    struct report *report;
    const struct edges *edges;
    struct ctl_table *table;
    int64_t room;
};

static void list_edge(struct lists *lists, uint64_t division, const struct wu_id *provider_id,
                      const char *what)
{
    struct ctl *ctl = lists->report->ctl;
    const char *const values[] = {what, ctl_count_text(ctl, division),
                                  ctl_provider_text(ctl, lists->report->reader.txn, provider_id)};
    if (lists->room-- > 0) {
        ctl_table_row(lists->table, values);
    }
}

static int compare_edge(const void *a, const void *b)
{
    const struct measure_edge *left = a;
    const struct measure_edge *right = b;
    if (left->division != right->division) {
        return left->division < right->division ? -1 : 1;
    }
    int order =
        memcmp(left->provider_id.bytes, right->provider_id.bytes, sizeof left->provider_id.bytes);
    return order != 0 ? order : (left->month > right->month) - (left->month < right->month);
}

static bool has_traffic(const struct lists *lists, uint64_t division,
                        const struct wu_id *provider_id)
{
    const struct measure_edge edge = {division, *provider_id, lists->report->where.month};
    return lists->edges->count > 0 && bsearch(&edge, lists->edges->list, lists->edges->count,
                                              sizeof edge, compare_edge) != NULL;
}

/* Of the communities with cases in the month: open providers of their own or of their street. */
static void list_silent(struct lists *lists)
{
    struct wu_txn *txn = lists->report->reader.txn;
    struct ctl *ctl = lists->report->ctl;
    const struct ctl_months *months = &lists->report->months;
    struct provider_key key = {{{0}}};
    const ProviderRow *row = NULL;
    size_t mark = ctl->arena.used_bytes;
    for (bool found = providers_from(txn, &key, 0, &row); found;
         found = providers_after(txn, &key, 0, &row)) {
        bool is_near = row->open && wu_division_level(row->division) >= WU_DIVISION_STREET;
        for (size_t i = 0; is_near && i < months->count; i++) {
            uint64_t division = months->list[i].division;
            if (wu_division_holds(row->division, division) &&
                !has_traffic(lists, division, &key.provider_id)) {
                list_edge(lists, division, &key.provider_id, "declared, no traffic");
            }
        }
        wu_arena_reset(&ctl->arena, mark);
    }
}

static void list_undeclared(struct lists *lists)
{
    struct wu_txn *txn = lists->report->reader.txn;
    for (size_t i = 0; i < lists->edges->count; i++) {
        const struct measure_edge *edge = &lists->edges->list[i];
        if (edge->month != lists->report->where.month) {
            continue;
        }
        const ProviderRow *row = providers_get(txn, &(struct provider_key){edge->provider_id});
        if (row == NULL || !row->open || !wu_division_holds(row->division, edge->division)) {
            list_edge(lists, edge->division, &edge->provider_id, "traffic, not declared");
        }
    }
}

static void print_lists(struct report *report, const struct edges *edges, int64_t room)
{
    static const char *const COLUMNS[] = {"EDGE", "COMMUNITY", "PROVIDER", NULL};
    struct lists lists = {.report = report, .edges = edges, .room = room};
    lists.table = ctl_table_new(report->ctl, "edges", COLUMNS);
    list_undeclared(&lists);
    list_silent(&lists);
    ctl_table_print(&lists.table);
    if (lists.room < 0) {
        ctl_tell_cut(report->ctl);
    }
}

int cmd_report_network(struct ctl *ctl, int argc, char **argv)
{
    const char *limit = ctl_option(&argc, argv, "limit");
    int64_t room = LIST_ROWS;
    struct report report;
    struct edges edges = {0};
    if (!ctl_read_limit(limit, &room)) {
        return CTL_USAGE;
    }
    int status = open_report(ctl, argc, argv, false, &report);
    status = status == CTL_OK ? load_edges(&report, &edges) : status;
    if (status == CTL_OK) {
        const struct measure_network network =
            measure_network(edges.list, edges.count, report.where.month);
        between_tables(ctl, "{\"network\":", "");
        print_network(ctl, &network);
        between_tables(ctl, ",\"edges\":", "\n");
        print_lists(&report, &edges, room);
        between_tables(ctl, "}\n", "");
    }
    free(edges.list);
    close_report(&report);
    return status;
}
