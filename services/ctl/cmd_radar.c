#include "services/ctl/bulk.h"
#include "services/ctl/commands.h"
#include "services/ctl/measure.h"
#include "services/ctl/months.h"

#include "common/base/division.h"

#include <inttypes.h>
#include <string.h>

enum { LIST_ROWS = 50 };

static const char *const INDICATORS[INDICATOR_COUNT] = {
    [INDICATOR_MISINTERPRETATION] = "misinterpretation",
    [INDICATOR_SUBSTITUTION] = "substitution",
    [INDICATOR_FORM] = "form",
    [INDICATOR_RESISTANCE] = "resistance",
};

/* "666 (2 of 3)"; NULL of nothing. */
static const char *figure_text(struct ctl *ctl, struct figure figure)
{
    int64_t permille = radar_permille(figure);
    return permille >= 0 ? wu_arena_printf(&ctl->arena, "%" PRId64 " (%" PRIu64 " of %" PRIu64 ")",
                                           permille, figure.part, figure.whole)
                         : NULL;
}

/* ---- radar show ---------------------------------------------------------------------- */

static int show_communities(struct ctl *ctl, struct ctl_reader *reader,
                            const struct ctl_when_where *where)
{
    static const char *const COLUMNS[] = {
        "COMMUNITY", "CASES", "MISINTERPRETATION", "SUBSTITUTION", "FORM", "RESISTANCE", NULL};
    struct ctl_months months;
    int status = ctl_months_load(ctl, reader, where, false, &months);
    if (status == CTL_OK) {
        struct ctl_table *table = ctl_table_new(ctl, "radar", COLUMNS);
        for (size_t i = 0; i < months.count; i++) {
            const MonthRow *row = ctl_month_row(&months.list[i]);
            const char *const values[] = {
                ctl_count_text(ctl, months.list[i].division),
                ctl_count_text(ctl, row->cases),
                figure_text(ctl, radar_figure(row, INDICATOR_MISINTERPRETATION)),
                figure_text(ctl, radar_figure(row, INDICATOR_SUBSTITUTION)),
                figure_text(ctl, radar_figure(row, INDICATOR_FORM)),
                figure_text(ctl, radar_figure(row, INDICATOR_RESISTANCE)),
            };
            ctl_table_row(table, values);
        }
        ctl_table_print(&table);
    }
    ctl_months_free(&months);
    return status;
}

/* By community and provider; one community's are together in the table. */
static void show_pairs(struct ctl *ctl, struct ctl_reader *reader,
                       const struct ctl_when_where *where)
{
    static const char *const COLUMNS[] = {"COMMUNITY", "PROVIDER",   "ASKED",    "DELIVERED",
                                          "NO RULE",   "NO ANSWER",  "NOT OURS", "SLOW YES",
                                          "MINUTES",   "RESISTANCE", NULL};
    struct ctl_table *table = ctl_table_new(ctl, "pairs", COLUMNS);
    struct pair_key key = {.division = where->division};
    const PairRow *row = NULL;
    size_t mark = ctl->arena.used_bytes;
    for (bool found = pairs_from(reader->txn, &key, 0, &row);
         found && (where->division == 0 || wu_division_holds(where->division, key.division));
         found = pairs_after(reader->txn, &key, 0, &row)) {
        if (key.month == where->month) {
            const char *const values[] = {
                ctl_count_text(ctl, key.division),
                ctl_provider_text(ctl, reader->txn, &key.provider_id),
                ctl_count_text(ctl, row->asked),
                ctl_count_text(ctl, row->delivered),
                ctl_count_text(ctl, row->no_rule),
                ctl_count_text(ctl, row->no_answer),
                ctl_count_text(ctl, row->passed_back),
                ctl_count_text(ctl, row->slow_yes),
                ctl_count_text(ctl, (uint64_t)row->minutes),
                figure_text(ctl, radar_pair_figure(row)),
            };
            ctl_table_row(table, values);
        }
        wu_arena_reset(&ctl->arena, mark);
    }
    ctl_table_print(&table);
}

int cmd_radar_show(struct ctl *ctl, int argc, char **argv)
{
    struct ctl_when_where where;
    struct ctl_reader reader;
    bool pairs = ctl_flag(&argc, argv, "pairs");
    if (!ctl_read_month(ctl, &argc, argv, &where) || !ctl_arguments(ctl, argc, argv, 0, 0)) {
        return CTL_USAGE;
    }
    int status = ctl_open_hub(ctl, &reader);
    if (status != CTL_OK) {
        return status;
    }
    if (pairs) {
        show_pairs(ctl, &reader, &where);
    } else {
        status = show_communities(ctl, &reader, &where);
    }
    ctl_reader_close(&reader);
    return status;
}

/* ---- radar cases ------------------------------------------------------------------------ */

/* What is asked for: one of the four, or one of their terms. */
struct wanted {
    int indicator; /* -1: not all of one */
    int deviation; /* 0: not one alone */
};

static bool read_wanted(const char *word, struct wanted *ret_wanted)
{
    char all[300];
    *ret_wanted = (struct wanted){.indicator = -1};
    for (int i = 0; i < INDICATOR_COUNT; i++) {
        if (strcmp(word, INDICATORS[i]) == 0) {
            ret_wanted->indicator = i;
            return true;
        }
    }
    if (ctl_parse_word(&coordinator_state__deviation__descriptor, "DEVIATION_", word,
                       &ret_wanted->deviation)) {
        return true;
    }
    (void)ctl_complain(
        CTL_USAGE,
        "'%s' is none of misinterpretation, substitution, form, resistance, nor of "
        "%s",
        word, ctl_words(&coordinator_state__deviation__descriptor, "DEVIATION_", all, sizeof all));
    return false;
}

static bool is_wanted(const struct wanted *wanted, const struct ctl_when_where *where,
                      const struct deviation_key *key)
{
    bool is_there = where->division == 0 || wu_division_holds(where->division, key->division);
    bool is_that = wanted->deviation != 0
                       ? key->deviation == (uint32_t)wanted->deviation
                       : (int)radar_indicator((Deviation)key->deviation) == wanted->indicator;
    return is_there && is_that;
}

static void list_case(struct ctl *ctl, struct ctl_table *table, struct wu_txn *txn,
                      const struct deviation_key *key, const DeviationRow *row)
{
    char number[WU_ID_TEXT_MAX];
    char word[40];
    struct wu_id nobody = {{0}};
    const char *const values[] = {
        ctl_count_text(ctl, key->division),
        ctl_word(&coordinator_state__deviation__descriptor, "DEVIATION_", (int)key->deviation, word,
                 sizeof word),
        wu_id_to_text(&key->linkage_id, number),
        key->step_no != 0 ? ctl_count_text(ctl, key->step_no) : NULL,
        wu_id_equal(&key->provider_id, &nobody) ? NULL
                                                : ctl_provider_text(ctl, txn, &key->provider_id),
        ctl_count_text(ctl, row->amount),
    };
    ctl_table_row(table, values);
}

static void list_cases(struct ctl *ctl, struct ctl_reader *reader, const struct wanted *wanted,
                       const struct ctl_when_where *where, int64_t room)
{
    static const char *const COLUMNS[] = {"COMMUNITY", "WHAT",  "LINKAGE", "STEP",
                                          "PROVIDER",  "COUNT", NULL};
    struct ctl_table *table = ctl_table_new(ctl, "cases", COLUMNS);
    struct deviation_key key = {.month = where->month};
    const DeviationRow *row = NULL;
    size_t mark = ctl->arena.used_bytes;
    for (bool found = deviations_from(reader->txn, &key, 1, &row); found;
         found = deviations_after(reader->txn, &key, 1, &row)) {
        if (is_wanted(wanted, where, &key)) {
            if (room-- == 0) {
                ctl_tell_cut(ctl);
                break;
            }
            list_case(ctl, table, reader->txn, &key, row);
        }
        wu_arena_reset(&ctl->arena, mark);
    }
    ctl_table_print(&table);
}

int cmd_radar_cases(struct ctl *ctl, int argc, char **argv)
{
    const char *limit = ctl_option(&argc, argv, "limit");
    int64_t room = LIST_ROWS;
    struct ctl_when_where where;
    struct wanted wanted;
    struct ctl_reader reader;
    if (!ctl_read_month(ctl, &argc, argv, &where) || !ctl_read_limit(limit, &room) ||
        !ctl_arguments(ctl, argc, argv, 1, 1) || !read_wanted(argv[0], &wanted)) {
        return CTL_USAGE;
    }
    int status = ctl_open_hub(ctl, &reader);
    if (status == CTL_OK) {
        list_cases(ctl, &reader, &wanted, &where, room);
        ctl_reader_close(&reader);
    }
    return status;
}

/* ---- community mode ------------------------------------------------------------------------- */

static const char *mode_word(LinkageMode mode)
{
    return mode == MODE_THREE ? "three" : "five";
}

static int list_modes(struct ctl *ctl)
{
    static const char *const COLUMNS[] = {"COMMUNITY", "LINKS", "SINCE", "REASON", NULL};
    struct ctl_reader reader;
    int status = ctl_open_hub(ctl, &reader);
    if (status != CTL_OK) {
        return status;
    }
    struct ctl_table *table = ctl_table_new(ctl, "modes", COLUMNS);
    struct mode_key key = {0};
    const ModeRow *row = NULL;
    for (bool found = modes_from(reader.txn, &key, 0, &row); found;
         found = modes_after(reader.txn, &key, 0, &row)) {
        const char *const values[] = {ctl_count_text(ctl, key.division), mode_word(row->mode),
                                      ctl_time_text(ctl, row->since_ms), row->reason};
        ctl_table_row(table, values);
    }
    ctl_reader_close(&reader);
    ctl_table_print(&table);
    return CTL_OK;
}

int cmd_community_mode(struct ctl *ctl, int argc, char **argv)
{
    const char *reason = ctl_option(&argc, argv, "reason");
    int mode = 0;
    SetMode set = COORDINATOR__SET_MODE__INIT;
    if (argc == 0 && reason == NULL) {
        return list_modes(ctl);
    }
    if (!ctl_arguments(ctl, argc, argv, 2, 2)) {
        return CTL_USAGE;
    }
    if (!ctl_parse_division(argv[0], &set.division)) {
        return ctl_complain(CTL_USAGE, "'%s' is not the 12 digits of a community", argv[0]);
    }
    if (!ctl_parse_word(&coordinator__linkage_mode__descriptor, "LINKAGE_MODE_", argv[1], &mode)) {
        return ctl_complain(CTL_USAGE, "'%s' is neither three nor five", argv[1]);
    }
    set.mode = (LinkageMode)mode;
    set.reason = reason != NULL ? reason : "";
    const struct ctl_node *node = ctl_load_home(ctl) ? ctl_node_of_role(ctl, "coordinator") : NULL;
    if (node == NULL) {
        return CTL_USAGE;
    }
    const struct wu_command command = {.type = WU_TYPE(COORDINATOR_SET_MODE), .body = &set.base};
    int status = ctl_call(ctl, node, &command, NULL);
    if (status == CTL_OK) {
        (void)printf(ctl->json
                         ? "{\"community\":\"%s\",\"links\":\"%s\"}\n"
                         : "community %s: links %s from now on; open cases stay as they are\n",
                     argv[0], mode_word(set.mode));
    }
    return status;
}
