#include "services/ctl/months.h"

#include "common/base/division.h"
#include "common/base/time.h"
#include "services/coordinator/core/tables.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- options ------------------------------------------------------------------------ */

/* "2026-11" */
static bool parse_month(struct ctl *ctl, const char *text, uint32_t *ret_month)
{
    uint32_t date = 0;
    const char *day = wu_arena_printf(&ctl->arena, "%s-01", text);
    if (strlen(text) != 7 || day == NULL || !ctl_parse_date(day, &date)) {
        return false;
    }
    *ret_month = date / 100;
    return true;
}

bool ctl_read_area(const char *option, const char *text, uint64_t *ret_division)
{
    if (text != NULL && !ctl_parse_division(text, ret_division)) {
        (void)ctl_complain(CTL_USAGE, "--%s '%s' is not 12 digits", option, text);
        return false;
    }
    return true;
}

bool ctl_read_month(struct ctl *ctl, int *argc, char **argv, struct ctl_when_where *ret_where)
{
    const char *month = ctl_option(argc, argv, "month");
    const char *community = ctl_option(argc, argv, "community");
    *ret_where = (struct ctl_when_where){0};
    if (!ctl_read_area("community", community, &ret_where->division)) {
        return false;
    }
    if (month == NULL) {
        if (!ctl_load_home(ctl)) {
            return false;
        }
        const struct ctl_clock now = ctl_clock_now(ctl);
        ret_where->month = radar_month(now.now_ms, now.utc_offset_min);
    } else if (!parse_month(ctl, month, &ret_where->month)) {
        (void)ctl_complain(CTL_USAGE, "--month '%s' is not a month: write 2026-11", month);
        return false;
    }
    return true;
}

/* ---- months --------------------------------------------------------------------------- */

const MonthRow *ctl_month_row(struct ctl_month *month)
{
    month->row.n_deviations = DEVIATION_COUNT;
    month->row.deviations = month->deviations;
    return &month->row;
}

void ctl_month_add(struct ctl_month *sum, const MonthRow *row)
{
    sum->row.cases += row->cases;
    sum->row.refused += row->refused;
    sum->row.met += row->met;
    sum->row.partly += row->partly;
    sum->row.not_met += row->not_met;
    sum->row.unconfirmed += row->unconfirmed;
    sum->row.unmet += row->unmet;
    sum->row.open_ms = wu_time_add(sum->row.open_ms, row->open_ms);
    sum->row.minutes = wu_time_add(sum->row.minutes, row->minutes);
    sum->row.steps_delivered += row->steps_delivered;
    sum->row.asked += row->asked;
    for (int i = 1; i <= DEVIATION_COUNT; i++) {
        sum->deviations[i - 1] += radar_deviation_count(row, (Deviation)i);
    }
}

/* The last of the list if it is that one, else a new one behind it; NULL without memory. */
static struct ctl_month *month_of(struct ctl_months *months, uint64_t division, uint32_t mode)
{
    struct ctl_month *last = months->count > 0 ? &months->list[months->count - 1] : NULL;
    if (last != NULL && last->division == division && last->mode == mode) {
        return last;
    }
    if (months->count == months->room) {
        size_t room = months->room > 0 ? 2 * months->room : 64;
        struct ctl_month *list = realloc(months->list, room * sizeof *list);
        if (list == NULL) {
            return NULL;
        }
        months->list = list;
        months->room = room;
    }
    last = &months->list[months->count++];
    *last = (struct ctl_month){
        .division = division, .mode = mode, .row = COORDINATOR_STATE__MONTH_ROW__INIT};
    return last;
}

int ctl_months_load(struct ctl *ctl, struct ctl_reader *reader, const struct ctl_when_where *where,
                    bool by_mode, struct ctl_months *ret_months)
{
    struct month_key key = {.month = where->month};
    const MonthRow *row = NULL;
    *ret_months = (struct ctl_months){0};
    size_t mark = ctl->arena.used_bytes;
    for (bool found = months_from(reader->txn, &key, 1, &row); found;
         found = months_after(reader->txn, &key, 1, &row)) {
        if (where->division == 0 || wu_division_holds(where->division, key.division)) {
            struct ctl_month *month = month_of(ret_months, key.division, by_mode ? key.mode : 0);
            if (month == NULL) {
                return ctl_complain(CTL_FAILED, "no memory for the months of all communities");
            }
            ctl_month_add(month, row);
        }
        wu_arena_reset(&ctl->arena, mark);
    }
    return CTL_OK;
}

void ctl_months_free(struct ctl_months *months)
{
    free(months->list);
    *months = (struct ctl_months){0};
}

/* ---- words -------------------------------------------------------------------------------- */

const char *ctl_permille_text(struct ctl *ctl, int64_t permille)
{
    return permille >= 0 ? wu_arena_printf(&ctl->arena, "%" PRId64, permille) : NULL;
}

const char *ctl_count_text(struct ctl *ctl, uint64_t count)
{
    return wu_arena_printf(&ctl->arena, "%" PRIu64, count);
}

const char *ctl_length_text(struct ctl *ctl, int64_t length_ms)
{
    int64_t seconds = length_ms / WU_SECOND_MS;
    if (length_ms >= WU_DAY_MS) {
        return wu_arena_printf(&ctl->arena, "%" PRId64 " d %" PRId64 " h", seconds / 86400,
                               seconds % 86400 / 3600);
    }
    if (length_ms >= WU_HOUR_MS) {
        return wu_arena_printf(&ctl->arena, "%" PRId64 " h %" PRId64 " min", seconds / 3600,
                               seconds % 3600 / 60);
    }
    return wu_arena_printf(&ctl->arena, "%" PRId64 " s", seconds);
}

const char *ctl_provider_text(struct ctl *ctl, struct wu_txn *txn, const struct wu_id *id)
{
    char number[WU_ID_TEXT_MAX];
    const ProviderRow *row = providers_get(txn, &(struct provider_key){*id});
    return row != NULL ? row->name : wu_arena_printf(&ctl->arena, "%s", wu_id_to_text(id, number));
}
