#include "services/coordinator/core/calendar.h"
#include "services/coordinator/core/clock.h"
#include "services/coordinator/core/dispute.h"
#include "services/coordinator/core/tables.h"
#include "services/ctl/bulk.h"
#include "services/ctl/case.h"
#include "services/ctl/commands.h"

#include "common/base/division.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LIST_ROWS = 50 };

static const char *date_text(struct ctl *ctl, uint32_t date)
{
    return wu_arena_printf(&ctl->arena, "%04u-%02u-%02u", (unsigned)(date / 10000),
                           (unsigned)(date / 100 % 100), (unsigned)(date % 100));
}

static const char *weekday_text(int64_t day)
{
    static const char *const WORDS[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                        "Friday", "Saturday", "Sunday"};
    return WORDS[wu_weekday(day) - 1];
}

static const char *standing_text(DayStanding standing)
{
    static const char *const WORDS[] = {[DAY_WORKING] = "working day",
                                        [DAY_MAKE_UP] = "make-up day: works",
                                        [DAY_WEEKEND] = "weekend: rests",
                                        [DAY_HOLIDAY] = "holiday: rests"};
    return WORDS[standing];
}

/* ---- calendar show ------------------------------------------------------------ */

int cmd_calendar_show(struct ctl *ctl, int argc, char **argv)
{
    static const char *const COLUMNS[] = {"DATE", "WEEKDAY", "DAY", "NAME", NULL};
    int64_t year = 0;
    if (!ctl_arguments(ctl, argc, argv, 0, 1)) {
        return CTL_USAGE;
    }
    if (argc == 1 && (!ctl_parse_number(argv[0], 9999, &year) || year < 1970)) {
        return ctl_complain(CTL_USAGE, "'%s' is not a year, 1970 to 9999", argv[0]);
    }
    const struct ctl_node *node = ctl_load_home(ctl) ? ctl_node_of_role(ctl, "coordinator") : NULL;
    struct ctl_reader reader = {0};
    int status = node != NULL ? ctl_reader_open(ctl, node, &reader) : CTL_USAGE;
    if (status != CTL_OK) {
        return status;
    }
    struct ctl_table *table = ctl_table_new(ctl, "days", COLUMNS);
    struct day_key key = {(uint32_t)year * 10000};
    const DayRow *row = NULL;
    for (bool found = days_from(reader.txn, &key, 0, &row);
         found && (year == 0 || key.date / 10000 == year);
         found = days_after(reader.txn, &key, 0, &row)) {
        int64_t day = wu_day_of_date(key.date);
        const char *const values[] = {date_text(ctl, key.date), weekday_text(day),
                                      standing_text(calendar_day(reader.txn, day, NULL)),
                                      row->name};
        ctl_table_row(table, values);
    }
    ctl_reader_close(&reader);
    ctl_table_print(&table);
    return CTL_OK;
}

/* ---- a span, day by day --------------------------------------------------------- */

static void print_span(struct ctl *ctl, struct wu_txn *txn, int64_t from_ms, uint32_t working_days)
{
    static const char *const COLUMNS[] = {"DATE", "WEEKDAY", "DAY", "NAME", "COUNT", NULL};
    int64_t offset_min = ctl_clock_now(ctl).utc_offset_min;
    int64_t first = wu_day_of_time(from_ms, offset_min);
    int64_t due_ms = calendar_due_ms(txn, offset_min, from_ms, working_days);
    int64_t last = wu_day_of_time(due_ms, offset_min);
    struct ctl_table *table = ctl_table_new(ctl, "span", COLUMNS);
    uint32_t counted = 0;
    for (int64_t day = first; day <= last; day++) {
        const char *name = "";
        DayStanding standing = calendar_day(txn, day, &name);
        bool counts = day > first && day_is_worked(standing);
        counted += counts ? 1 : 0;
        const char *count = day == first ? "begins: not counted" : NULL;
        if (counts) {
            count = wu_arena_printf(&ctl->arena, "%u%s", (unsigned)counted,
                                    day == last ? ": due at the end of this day" : "");
        }
        const char *const values[] = {date_text(ctl, wu_date_of_day(day)), weekday_text(day),
                                      standing_text(standing), name, count};
        ctl_table_row(table, values);
    }
    ctl_table_print(&table);
    for (int64_t day = first; day <= last && !ctl->json; day++) {
        uint32_t year = wu_date_of_day(day) / 10000;
        bool new_year = day == first || wu_date_of_day(day) % 10000 == 101;
        if (new_year && !calendar_knows_year(txn, year)) {
            (void)printf("%u has no adopted days: only its weekends rest here "
                         "('wushectl import days FILE')\n",
                         (unsigned)year);
        }
    }
}

int cmd_calendar_due(struct ctl *ctl, int argc, char **argv)
{
    const char *days_word = ctl_option(&argc, argv, "days");
    const char *from_word = ctl_option(&argc, argv, "from");
    int64_t days = 0;
    if (!ctl_arguments(ctl, argc, argv, 0, 0)) {
        return CTL_USAGE;
    }
    if (days_word == NULL || !ctl_parse_number(days_word, CALENDAR_SPAN_DAYS_MAX, &days) ||
        days == 0) {
        return ctl_complain(CTL_USAGE, "--days is a number of working days, 1 to %d",
                            CALENDAR_SPAN_DAYS_MAX);
    }
    const struct ctl_node *node = ctl_load_home(ctl) ? ctl_node_of_role(ctl, "coordinator") : NULL;
    if (node == NULL) {
        return CTL_USAGE;
    }
    const struct ctl_clock now = ctl_clock_now(ctl);
    int64_t from_ms = now.now_ms;
    if (from_word != NULL && !ctl_parse_time(from_word, &now, &from_ms)) {
        return ctl_complain(CTL_USAGE, "--from '%s' is not a time: write '2026-11-24 09:30'",
                            from_word);
    }
    struct ctl_reader reader = {0};
    int status = ctl_reader_open(ctl, node, &reader);
    if (status == CTL_OK) {
        print_span(ctl, reader.txn, from_ms, (uint32_t)days);
        ctl_reader_close(&reader);
    }
    return status;
}

/* ---- linkage due ------------------------------------------------------------------ */

/* "30 min", "36 h", "7 d" */
static const char *span_text(struct ctl *ctl, int64_t span_ms)
{
    if (span_ms % WU_DAY_MS == 0 && span_ms >= WU_DAY_MS) {
        return wu_arena_printf(&ctl->arena, "%" PRId64 " d", span_ms / WU_DAY_MS);
    }
    if (span_ms % WU_HOUR_MS == 0) {
        return wu_arena_printf(&ctl->arena, "%" PRId64 " h", span_ms / WU_HOUR_MS);
    }
    return wu_arena_printf(&ctl->arena, "%" PRId64 " min", span_ms / WU_MINUTE_MS);
}

struct dues {
    struct ctl *ctl;
    struct ctl_table *table;
    int64_t now_ms;
};

static void add_due(struct dues *dues, const char *clock, const char *who, const char *how,
                    int64_t due_ms)
{
    const char *left = due_ms < dues->now_ms ? "over" : NULL;
    if (left == NULL) {
        int64_t minutes = (due_ms - dues->now_ms) / WU_MINUTE_MS;
        left = wu_arena_printf(&dues->ctl->arena, "%" PRId64 " h %" PRId64 " min", minutes / 60,
                               minutes % 60);
    }
    const char *const values[] = {clock, who, how, ctl_second_text(dues->ctl, due_ms), left};
    ctl_table_row(dues->table, values);
}

/* When the step's offer that stands was confirmed; 0: it was not. */
static int64_t confirmed_at_ms(const LinkageRow *row, const LinkageStep *step)
{
    for (size_t i = row->n_history; i-- > 0;) {
        const HistoryEntry *entry = row->history[i];
        if (entry->type == WU_TYPE(LINKAGE_STEP_CONFIRMED) && entry->step_no == step->step_no &&
            entry->attempt == step->attempt) {
            return entry->time_ms;
        }
    }
    return 0;
}

static const char *delivery_text(struct ctl *ctl, const LinkageRow *row, const LinkageStep *step)
{
    const char *began = ctl_time_text(ctl, confirmed_at_ms(row, step));
    if (step->deliver_by_ms == row->until_ms) {
        return "the wanted time ends then";
    }
    return row->deliver_working_days > 0
               ? wu_arena_printf(&ctl->arena, "%s + %u working days", began,
                                 (unsigned)row->deliver_working_days)
               : wu_arena_printf(&ctl->arena, "%s + %s", began,
                                 span_text(ctl, row->deliver_within_ms));
}

static void add_step_due(struct dues *dues, const LinkageRow *row, const LinkageStep *step)
{
    struct ctl *ctl = dues->ctl;
    const char *name = NULL;
    switch (step->state) {
    case STEP_OFFERED:
        name = wu_arena_printf(&ctl->arena, "step %u: answer", (unsigned)step->step_no);
        add_due(dues, name, step->provider,
                wu_arena_printf(&ctl->arena, "%s + %s",
                                ctl_time_text(ctl, step->reply_by_ms - row->reply_within_ms),
                                span_text(ctl, row->reply_within_ms)),
                step->reply_by_ms);
        break;
    case STEP_RESERVED:
        name = wu_arena_printf(&ctl->arena, "step %u: held", (unsigned)step->step_no);
        add_due(dues, name, step->provider, "as the provider promised", step->held_until_ms);
        break;
    case STEP_CONFIRMED:
    case STEP_TAKEN:
        name = wu_arena_printf(&ctl->arena, "step %u: delivery", (unsigned)step->step_no);
        add_due(dues, name, step->provider, delivery_text(ctl, row, step), step->deliver_by_ms);
        break;
    case STEP_DISPUTED:
        name = wu_arena_printf(&ctl->arena, "step %u: ruling", (unsigned)step->step_no);
        add_due(dues, name, "an office",
                wu_arena_printf(&ctl->arena, "%d working days",
                                row->urgency == URGENCY_URGENT ? ADJUDICATE_DAYS_URGENT
                                                               : ADJUDICATE_DAYS),
                step->adjudicate_by_ms);
        break;
    default:
        break;
    }
}

static void add_dues(struct dues *dues, const struct ctl_case *the_case)
{
    const LinkageRow *row = the_case->linkage;
    if (row->state == LINKAGE_AWAITING_APPROVAL) {
        add_due(dues, "case: approval", the_case->community_name,
                wu_arena_printf(&dues->ctl->arena, "%s + %s",
                                ctl_time_text(dues->ctl, row->approve_by_ms - row->reply_within_ms),
                                span_text(dues->ctl, row->reply_within_ms)),
                row->approve_by_ms);
    }
    if (row->due_at_ms != 0) {
        bool delivered = row->state == LINKAGE_AWAITING;
        int64_t span_ms =
            delivered ? wu_time_add(row->confirm_within_ms, WU_DAY_MS) : row->gather_within_ms;
        if (delivered && row->escalated_count > 0) {
            span_ms = WU_DAY_MS;
        }
        add_due(dues, delivered ? "case: closed" : "case: everybody found",
                delivered ? the_case->community_name : "the coordinator",
                wu_arena_printf(&dues->ctl->arena, "%s + %s",
                                ctl_time_text(dues->ctl, row->due_at_ms - span_ms),
                                span_text(dues->ctl, span_ms)),
                row->due_at_ms);
    }
    for (size_t i = 0; i < row->n_steps; i++) {
        add_step_due(dues, row, row->steps[i]);
    }
}

/* The days behind each due time in working days. */
static void print_days(struct ctl_case *the_case)
{
    const LinkageRow *row = the_case->linkage;
    struct wu_txn *txn = ctl_city_txn(&the_case->city, the_case->hub);
    for (size_t i = 0; txn != NULL && row->deliver_working_days > 0 && i < row->n_steps; i++) {
        const LinkageStep *step = row->steps[i];
        int64_t from_ms = confirmed_at_ms(row, step);
        if (from_ms != 0 && step->deliver_by_ms != 0 && step->deliver_by_ms != row->until_ms) {
            (void)printf("\nstep %u: %u working days\n", (unsigned)step->step_no,
                         (unsigned)row->deliver_working_days);
            print_span(the_case->ctl, txn, from_ms, row->deliver_working_days);
        }
    }
}

static int print_dues(struct ctl_case *the_case)
{
    static const char *const COLUMNS[] = {"CLOCK", "IN HAND OF", "HOW", "DUE", "LEFT", NULL};
    struct ctl *ctl = the_case->ctl;
    const LinkageRow *row = the_case->linkage;
    if (row == NULL) {
        return ctl_complain(CTL_USAGE, "linkage %s has not reached its coordinator yet",
                            the_case->number);
    }
    struct dues dues = {.ctl = ctl, .now_ms = ctl_clock_now(ctl).now_ms};
    dues.table = ctl_table_new(ctl, "clocks", COLUMNS);
    ctl_table_wrap(dues.table);
    add_dues(&dues, the_case);
    ctl_table_print(&dues.table);
    if (ctl->json) {
        return CTL_OK;
    }
    print_days(the_case);
    if (row->escalated_to != 0) {
        const struct rule_text *rule = NULL;
        for (size_t i = 0; i < row->n_history; i++) {
            if (row->history[i]->type == WU_TYPE(COORDINATOR_LINKAGE_ESCALATED) &&
                row->history[i]->n_rules > 0) {
                rule = rule_text(row->history[i]->rules[0]);
            }
        }
        (void)printf("\nescalated %u times, now at %" PRIu64 "; last by rule %s\n",
                     (unsigned)row->escalated_count, row->escalated_to,
                     rule != NULL ? rule->id : "?");
    }
    return CTL_OK;
}

int cmd_linkage_due(struct ctl *ctl, int argc, char **argv)
{
    struct wu_id id;
    struct ctl_case the_case;
    if (!ctl_arguments(ctl, argc, argv, 1, 1) || !ctl_parse_id(argv[0], "linkage", &id) ||
        !ctl_load_home(ctl)) {
        return CTL_USAGE;
    }
    int status = ctl_case_open(ctl, &id, &the_case);
    if (status == CTL_OK) {
        status = print_dues(&the_case);
        ctl_case_close(&the_case);
    }
    return status;
}

/* ---- escalation list ---------------------------------------------------------------- */

static const char *level_word(uint64_t division)
{
    switch (wu_division_level(division)) {
    case WU_DIVISION_STREET:
        return "street";
    case WU_DIVISION_DISTRICT:
        return "district";
    default:
        return "city";
    }
}

static void list_escalation(struct ctl *ctl, struct ctl_table *table,
                            const struct escalation_key *key, const EscalationRow *row,
                            const LinkageRow *linkage)
{
    char number[WU_ID_TEXT_MAX];
    const struct rule_text *rule = rule_text(row->rule);
    const char *const values[] = {
        wu_arena_printf(&ctl->arena, "%" PRIu64, key->division),
        level_word(key->division),
        wu_id_to_text(&key->linkage_id, number),
        linkage != NULL ? linkage->kind : NULL,
        rule != NULL ? rule->id : NULL,
        wu_arena_printf(&ctl->arena, "%u", (unsigned)row->count),
        ctl_time_text(ctl, row->since_ms),
    };
    ctl_table_row(table, values);
}

int cmd_escalation_list(struct ctl *ctl, int argc, char **argv)
{
    static const char *const COLUMNS[] = {"DIVISION", "LEVEL", "LINKAGE", "KIND",
                                          "RULE",     "TIMES", "SINCE",   NULL};
    const char *division_word = ctl_option(&argc, argv, "division");
    const char *limit = ctl_option(&argc, argv, "limit");
    struct escalation_key key = {0};
    int64_t room = LIST_ROWS;
    if (!ctl_arguments(ctl, argc, argv, 0, 0) || !ctl_read_limit(limit, &room)) {
        return CTL_USAGE;
    }
    if (division_word != NULL && !ctl_parse_division(division_word, &key.division)) {
        return ctl_complain(CTL_USAGE, "--division '%s' is not 12 digits", division_word);
    }
    const struct ctl_node *node = ctl_load_home(ctl) ? ctl_node_of_role(ctl, "coordinator") : NULL;
    struct ctl_reader reader = {0};
    int status = node != NULL ? ctl_reader_open(ctl, node, &reader) : CTL_USAGE;
    if (status != CTL_OK) {
        return status;
    }
    struct ctl_table *table = ctl_table_new(ctl, "escalations", COLUMNS);
    const EscalationRow *row = NULL;
    int same_fields = division_word != NULL ? 1 : 0;
    bool found = escalations_from(reader.txn, &key, same_fields, &row);
    for (; found && room-- > 0; found = escalations_after(reader.txn, &key, same_fields, &row)) {
        list_escalation(ctl, table, &key, row,
                        linkages_get(reader.txn, &(struct linkage_key){key.linkage_id}));
    }
    ctl_reader_close(&reader);
    ctl_table_print(&table);
    if (found) {
        ctl_tell_cut(ctl);
    }
    return CTL_OK;
}
