#pragma once

#include "services/coordinator/core/radar.h"
#include "services/ctl/gate.h"
#include "services/ctl/nodes.h"

/*
 * What the counted tables of a coordinator say, for unmet, radar and report.
 */

/* The options these commands share; false with a sentence. */
struct ctl_when_where {
    uint32_t month;    /* 202611; this month unless told otherwise */
    uint64_t division; /* 0: any; else it and everything below */
};
bool ctl_read_month(struct ctl *ctl, int *argc, char **argv, struct ctl_when_where *ret_where);
bool ctl_read_area(const char *option, const char *text, uint64_t *ret_division);

/* One community in that month: of one mode, or of both together (mode 0). */
struct ctl_month {
    uint64_t division;
    uint32_t mode;
    MonthRow row; /* its list is `deviations` */
    uint64_t deviations[DEVIATION_COUNT];
};

struct ctl_months {
    struct ctl_month *list; /* by division */
    size_t count;
    size_t room;
};

/* CTL_OK, or CTL_FAILED when there is no memory. Free the list with ctl_months_free. */
int ctl_months_load(struct ctl *ctl, struct ctl_reader *reader, const struct ctl_when_where *where,
                    bool by_mode, struct ctl_months *ret_months);
void ctl_months_free(struct ctl_months *months);

/* Points the row to the list beside it: a copied month needs it before it is read. */
const MonthRow *ctl_month_row(struct ctl_month *month);

/* Adds one to the other; division and mode stay. */
void ctl_month_add(struct ctl_month *sum, const MonthRow *row);

/* "666", "-" of nothing; "420106012001"; "12". From the arena. */
const char *ctl_permille_text(struct ctl *ctl, int64_t permille);
const char *ctl_count_text(struct ctl *ctl, uint64_t count);

/* "3 d 4 h", "2 h 5 min", "12 s". */
const char *ctl_length_text(struct ctl *ctl, int64_t length_ms);

/* Its name as it was announced, or its number. */
const char *ctl_provider_text(struct ctl *ctl, struct wu_txn *txn, const struct wu_id *id);
