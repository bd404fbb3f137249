#include "services/coordinator/core/mode.h"

#include "common/base/division.h"
#include "services/coordinator/core/record.h"
#include "services/coordinator/core/tables.h"

#include <string.h>

LinkageMode mode_of(struct wu_step *fold, uint64_t division)
{
    const ModeRow *row = modes_get(wu_step_txn(fold), &(struct mode_key){division});
    return row != NULL ? row->mode : MODE_FIVE;
}

/* True when the command was refused; the first that fails is the answer. */
static bool refuse_mode(struct wu_step *fold, const SetMode *set)
{
    if (!wu_division_is_valid(set->division) ||
        wu_division_level(set->division) != WU_DIVISION_COMMUNITY) {
        wu_answer_refuse(fold, "MODE_DIVISION_INVALID",
                         "a mode is of one community: give its 12 digits, the last three not 000");
        return true;
    }
    if (set->mode != MODE_THREE && set->mode != MODE_FIVE) {
        wu_answer_refuse(fold, "MODE_INVALID", "a community links three societies, or five");
        return true;
    }
    if (set->reason[0] == '\0' || strlen(set->reason) > LINKAGE_TEXT_BYTES_MAX) {
        wu_answer_refuse(fold, "MODE_REASON_INVALID",
                         "a change of mode has a reason, 1 to %d bytes", LINKAGE_TEXT_BYTES_MAX);
        return true;
    }
    return false;
}

/* From now on the community's new cases are linked so; open ones stay as they are. */
static void handle_set_mode(struct wu_step *fold, const SetMode *set)
{
    if (refuse_mode(fold, set)) {
        return;
    }
    ModeRow row = COORDINATOR_STATE__MODE_ROW__INIT;
    row.mode = set->mode;
    row.reason = set->reason;
    row.since_ms = wu_step_event(fold)->time_ms;
    modes_put(wu_step_txn(fold), &(struct mode_key){set->division}, &row);
}

WU_HANDLER(set_mode, SetMode)

const struct wu_route COORDINATOR_MODE_ROUTES[] = {
    {WU_TYPE(COORDINATOR_SET_MODE), WU_ORIGIN_COMMAND, &coordinator__set_mode__descriptor,
     route_set_mode},
    {0},
};
