#pragma once

#include "common/base/arena.h"
#include "common/fold/event.h"
#include "services/ctl/csv.h"
#include "services/ctl/parse.h"
#include "wushe/linkage/v1/step.pb-c.h"

/*
 * What a row of each kind of CSV means: cells to one command. Nothing is sent
 * here and no file is read; what a node would refuse is left to the node,
 * whose answer has the better reason.
 */
struct ctl_row_fault {
    const char *code; /* stable, upper case */
    char reason[256]; /* a sentence */
};

struct ctl_row_command {
    char role[16];     /* of the node that takes it: "community" ... */
    uint64_t division; /* which of several community nodes; 0: there is one */
    wu_event_type type;
    const ProtobufCMessage *body;
    int64_t happened_at_ms; /* 0: now */
};

/* Cells stand in the order of the columns; "" where the file has no such column. */
struct ctl_row_kind {
    const char *name; /* "needs" */
    const struct ctl_csv_column *columns;

    /* False with a fault. The command lives in the arena. */
    bool (*read)(const char *const *cells, const struct ctl_clock *clock, struct wu_arena *arena,
                 struct ctl_row_command *ret_command, struct ctl_row_fault *ret_fault);
};

extern const struct ctl_row_kind CTL_ROW_KINDS[]; /* name NULL ends */
enum { CTL_ROW_COLUMNS_MAX = 16 };

/* Columns of needs. The last two are not in our own CSV: a mapping makes them. */
enum ctl_need_column {
    CTL_NEED_REF,
    CTL_NEED_KIND,
    CTL_NEED_DIVISION,
    CTL_NEED_URGENCY,
    CTL_NEED_SOURCE,
    CTL_NEED_RAISED_AT,
    CTL_NEED_FROM,
    CTL_NEED_UNTIL,
    CTL_NEED_ORIGIN,
    CTL_NEED_COMMUNITY_NAME,
    CTL_NEED_COLUMNS,
};
extern const struct ctl_row_kind CTL_ROW_NEEDS;

/* Sets the fault and returns false. */
bool ctl_row_fail(struct ctl_row_fault *fault, const char *code, const char *format, ...)
    WU_PRINTF(3, 4);

/*
 * "socialorg:home-care:1;volunteer:elder-visit:2;charity:money-elderly:20000?"
 * to plan steps in the arena: role, service, quantity, '?' for optional.
 */
bool ctl_parse_recipe(const char *text, struct wu_arena *arena, Linkage__PlanStep ***ret_steps,
                      size_t *ret_count, struct ctl_row_fault *ret_fault);
