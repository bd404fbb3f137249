#include "services/coordinator/core/tables.h"
#include "services/ctl/bulk.h"
#include "services/ctl/commands.h"
#include "services/ctl/months.h"

#include "common/base/division.h"
#include "common/base/time.h"

#include <stdlib.h>
#include <string.h>

enum { LIST_ROWS = 50, WORD_MAX = 40 };

/* ---- why --------------------------------------------------------------------------- */

/* The words of one row, the general one first; "" where there is none. */
struct why {
    char what[WORD_MAX];   /* refused, unmet, partly, not-met */
    char reason[WORD_MAX]; /* no-provider, all-declined, kind-unknown ... */
    char said[WORD_MAX];   /* no-capacity ...: of those who declined */
};

static void read_word(const ProtobufCEnumDescriptor *words, const char *prefix, int value,
                      char word[WORD_MAX])
{
    char buffer[WORD_MAX];
    (void)snprintf(word, WORD_MAX, "%s",
                   value != 0 ? ctl_word(words, prefix, value, buffer, sizeof buffer) : "");
}

static struct why why_of(const UnmetRow *row)
{
    struct why why = {"refused", "", ""};
    if (row->refusal != 0) {
        read_word(&coordinator__linkage_refusal__descriptor, "LINKAGE_REFUSAL_", (int)row->refusal,
                  why.reason);
        return why;
    }
    read_word(&coordinator__outcome__descriptor, "OUTCOME_", (int)row->outcome, why.what);
    read_word(&coordinator__unmet_reason__descriptor, "UNMET_REASON_", (int)row->reason,
              why.reason);
    read_word(&linkage__decline_reason__descriptor, "DECLINE_REASON_", (int)row->decline_reason,
              why.said);
    return why;
}

static const char *word_or_null(struct ctl *ctl, const char *word)
{
    return word[0] != '\0' ? wu_arena_printf(&ctl->arena, "%s", word) : NULL;
}

/* ---- which -------------------------------------------------------------------------- */

struct filter {
    uint64_t division; /* 0: any; else it and everything below */
    const char *kind;
    const char *reason;
    int64_t since_ms;
    int64_t until_ms;
};

static bool read_time(const char *option, const char *text, const struct ctl_clock *now,
                      int64_t *time_ms)
{
    if (text != NULL && !ctl_parse_time(text, now, time_ms)) {
        (void)ctl_complain(CTL_USAGE, "--%s '%s' is not a time: write '2026-11-24 09:30'", option,
                           text);
        return false;
    }
    return true;
}

static bool read_filter(struct ctl *ctl, int *argc, char **argv, struct filter *ret_filter)
{
    const char *division = ctl_option(argc, argv, "division");
    const char *since = ctl_option(argc, argv, "since");
    const char *until = ctl_option(argc, argv, "until");
    *ret_filter = (struct filter){.kind = ctl_option(argc, argv, "kind"),
                                  .reason = ctl_option(argc, argv, "reason"),
                                  .since_ms = INT64_MIN,
                                  .until_ms = INT64_MAX};
    if (!ctl_arguments(ctl, *argc, argv, 0, 0) || !ctl_load_home(ctl)) {
        return false;
    }
    const struct ctl_clock now = ctl_clock_now(ctl);
    return ctl_read_area("division", division, &ret_filter->division) &&
           read_time("since", since, &now, &ret_filter->since_ms) &&
           read_time("until", until, &now, &ret_filter->until_ms);
}

static bool is_wanted(const struct filter *filter, const UnmetRow *row, const struct why *why)
{
    if (filter->division != 0 && !wu_division_holds(filter->division, row->division)) {
        return false;
    }
    if (filter->kind != NULL && strcmp(filter->kind, row->kind) != 0) {
        return false;
    }
    const char *reason = filter->reason;
    return reason == NULL || strcmp(reason, why->what) == 0 || strcmp(reason, why->reason) == 0 ||
           strcmp(reason, why->said) == 0;
}

/* ---- unmet list ------------------------------------------------------------------------ */

static void list_row(struct ctl *ctl, struct ctl_table *table, const struct unmet_key *key,
                     const UnmetRow *row, const struct why *why)
{
    char number[WU_ID_TEXT_MAX];
    const char *const values[] = {
        ctl_time_text(ctl, key->ended_at_ms),
        wu_id_to_text(&key->linkage_id, number),
        row->kind,
        ctl_count_text(ctl, row->division),
        word_or_null(ctl, row->missing_service),
        ctl_length_text(ctl, row->open_ms),
        why->what,
        word_or_null(ctl, why->reason),
        word_or_null(ctl, why->said),
    };
    ctl_table_row(table, values);
}

int cmd_unmet_list(struct ctl *ctl, int argc, char **argv)
{
    static const char *const COLUMNS[] = {"ENDED", "LINKAGE", "KIND",   "COMMUNITY",    "MISSING",
                                          "OPEN",  "OUTCOME", "REASON", "DECLINED FOR", NULL};
    const char *limit = ctl_option(&argc, argv, "limit");
    int64_t room = LIST_ROWS;
    struct filter filter;
    struct ctl_reader reader;
    if (!read_filter(ctl, &argc, argv, &filter) || !ctl_read_limit(limit, &room)) {
        return CTL_USAGE;
    }
    int status = ctl_open_hub(ctl, &reader);
    if (status != CTL_OK) {
        return status;
    }
    struct ctl_table *table = ctl_table_new(ctl, "unmet", COLUMNS);
    struct unmet_key key = {.ended_at_ms = filter.since_ms};
    const UnmetRow *row = NULL;
    size_t mark = ctl->arena.used_bytes;
    bool found = unmet_from(reader.txn, &key, 0, &row);
    for (; found && key.ended_at_ms < filter.until_ms;
         found = unmet_after(reader.txn, &key, 0, &row)) {
        const struct why why = why_of(row);
        if (is_wanted(&filter, row, &why)) {
            if (room-- == 0) {
                ctl_tell_cut(ctl);
                break;
            }
            list_row(ctl, table, &key, row, &why);
        }
        wu_arena_reset(&ctl->arena, mark);
    }
    ctl_reader_close(&reader);
    ctl_table_print(&table);
    return CTL_OK;
}

/* ---- unmet totals ------------------------------------------------------------------------- */

struct total {
    uint64_t division;
    struct why why;
    uint64_t count;
    int64_t open_ms;
};

struct totals {
    struct total *list;
    size_t count;
    size_t room;
};

static int compare_totals(const void *a, const void *b)
{
    const struct total *left = a;
    const struct total *right = b;
    if (left->division != right->division) {
        return left->division < right->division ? -1 : 1;
    }
    return memcmp(&left->why, &right->why, sizeof left->why);
}

static bool add_total(struct totals *totals, const UnmetRow *row, const struct why *why)
{
    if (totals->count == totals->room) {
        size_t room = totals->room > 0 ? 2 * totals->room : 256;
        struct total *list = realloc(totals->list, room * sizeof *list);
        if (list == NULL) {
            return false;
        }
        totals->list = list;
        totals->room = room;
    }
    struct total *total = &totals->list[totals->count++];
    memset(total, 0, sizeof *total); /* compared as bytes, padding of the words too */
    total->division = row->division;
    (void)snprintf(total->why.what, WORD_MAX, "%s", why->what);
    (void)snprintf(total->why.reason, WORD_MAX, "%s", why->reason);
    (void)snprintf(total->why.said, WORD_MAX, "%s", why->said);
    total->count = 1;
    total->open_ms = row->open_ms;
    return true;
}

/* Puts the same ones together; what is left is in order. */
static void join_totals(struct totals *totals)
{
    size_t kept = 0;
    if (totals->count == 0) {
        return;
    }
    qsort(totals->list, totals->count, sizeof totals->list[0], compare_totals);
    for (size_t i = 1; i < totals->count; i++) {
        struct total *last = &totals->list[kept];
        if (compare_totals(last, &totals->list[i]) == 0) {
            last->count += totals->list[i].count;
            last->open_ms = wu_time_add(last->open_ms, totals->list[i].open_ms);
        } else {
            totals->list[++kept] = totals->list[i];
        }
    }
    totals->count = kept + 1;
}

static int collect_totals(struct ctl *ctl, struct wu_txn *txn, const struct filter *filter,
                          struct totals *totals)
{
    struct unmet_key key = {.ended_at_ms = filter->since_ms};
    const UnmetRow *row = NULL;
    size_t mark = ctl->arena.used_bytes;
    for (bool found = unmet_from(txn, &key, 0, &row); found && key.ended_at_ms < filter->until_ms;
         found = unmet_after(txn, &key, 0, &row)) {
        const struct why why = why_of(row);
        if (is_wanted(filter, row, &why) && !add_total(totals, row, &why)) {
            return ctl_complain(CTL_FAILED, "no memory for all that was not met");
        }
        if (totals->count == totals->room) {
            join_totals(totals);
        }
        wu_arena_reset(&ctl->arena, mark);
    }
    join_totals(totals);
    return CTL_OK;
}

static void print_totals(struct ctl *ctl, const struct totals *totals)
{
    static const char *const COLUMNS[] = {"COMMUNITY", "OUTCOME",         "REASON", "DECLINED FOR",
                                          "COUNT",     "OPEN ON AVERAGE", NULL};
    struct ctl_table *table = ctl_table_new(ctl, "unmet", COLUMNS);
    for (size_t i = 0; i < totals->count; i++) {
        const struct total *total = &totals->list[i];
        const char *const values[] = {
            total->division != 0 ? ctl_count_text(ctl, total->division) : "all",
            total->why.what,
            word_or_null(ctl, total->why.reason),
            word_or_null(ctl, total->why.said),
            ctl_count_text(ctl, total->count),
            ctl_length_text(ctl, total->open_ms / (int64_t)total->count),
        };
        ctl_table_row(table, values);
    }
    ctl_table_print(&table);
}

int cmd_unmet_totals(struct ctl *ctl, int argc, char **argv)
{
    struct filter filter;
    struct ctl_reader reader;
    struct totals totals = {0};
    bool by_place = !ctl_flag(&argc, argv, "together");
    if (!read_filter(ctl, &argc, argv, &filter)) {
        return CTL_USAGE;
    }
    int status = ctl_open_hub(ctl, &reader);
    if (status != CTL_OK) {
        return status;
    }
    status = collect_totals(ctl, reader.txn, &filter, &totals);
    for (size_t i = 0; !by_place && i < totals.count; i++) {
        totals.list[i].division = 0;
    }
    join_totals(&totals);
    if (status == CTL_OK) {
        print_totals(ctl, &totals);
    }
    free(totals.list);
    ctl_reader_close(&reader);
    return status;
}
