#include "services/socialorg/core/incubation.h"

#include "services/provider/provider.h"
#include "services/socialorg/core/decision.h"
#include "services/socialorg/core/organisation.h"
#include "services/socialorg/core/tables.h"

enum incubation_refusal {
    INCUBATION_NOT_REFUSED,
    BODY_UNKNOWN,
    STAGE_OUT_OF_ORDER,
    MENTOR_UNKNOWN,
    EVIDENCE_MISSING,
    NOT_REGISTERED_YET,
    INCUBATION_BY_MALFORMED,
    INCUBATION_OPEN_AGAIN,
};

static const struct refusal REFUSALS[] = {
    [BODY_UNKNOWN] = {"BODY_UNKNOWN", "no body of this node has that code; add it first, shut"},
    [STAGE_OUT_OF_ORDER] = {"STAGE_OUT_OF_ORDER",
                            "the stages are seed, nursed, trial and graduated, one after the "
                            "other"},
    [MENTOR_UNKNOWN] = {"MENTOR_UNKNOWN",
                        "a registered or filed organisation in good standing nurses it, not the "
                        "body itself"},
    [EVIDENCE_MISSING] = {"EVIDENCE_MISSING", "say what shows it, in 1 to 1000 bytes"},
    [NOT_REGISTERED_YET] = {"NOT_REGISTERED_YET",
                            "who graduates is registered or filed; do that first"},
    [INCUBATION_BY_MALFORMED] = {"INCUBATION_BY_MALFORMED",
                                 "name the person by a code of 1 to 31 bytes without blanks"},
    [INCUBATION_OPEN_AGAIN] = {"INCUBATION_OPEN_AGAIN",
                               "an interest opened its last stage again; have another person "
                               "review that first"},
};

static bool is_in_good_standing(struct wu_step *step, const char *code)
{
    struct wu_id id;
    const OrganisationRow *row = organisation_by_code(step, code, &id);
    return row != NULL && organisation_may_work(step, row, 0);
}

static enum incubation_refusal
advance_refusal(struct wu_step *step, const AdvanceIncubation *message, const IncubationRow *known)
{
    int stage = known != NULL ? (int)known->stage : 0;
    if ((int)message->stage != stage + 1) {
        return STAGE_OUT_OF_ORDER;
    }
    if (check_same_text(message->mentor, message->body) ||
        !is_in_good_standing(step, message->mentor)) {
        return MENTOR_UNKNOWN;
    }
    if (message->evidence[0] == '\0' || !check_is_text(message->evidence)) {
        return EVIDENCE_MISSING;
    }
    if (message->stage == INCUBATION_STAGE(GRADUATED) &&
        !is_in_good_standing(step, message->body)) {
        return NOT_REGISTERED_YET;
    }
    if (!check_is_code(message->by, BY_BYTES_MAX)) {
        return INCUBATION_BY_MALFORMED;
    }
    return decision_is_open_again(step, message->body, DECISION_KIND(INCUBATION))
               ? INCUBATION_OPEN_AGAIN
               : INCUBATION_NOT_REFUSED;
}

static void put_stage(struct wu_step *step, const struct organisation_key *key,
                      const AdvanceIncubation *message, const IncubationRow *known)
{
    size_t count = known != NULL ? known->n_reached_at_ms : 0;
    int64_t *reached = wu_arena_take(wu_step_arena(step), (count + 1) * sizeof *reached);
    if (reached == NULL) {
        return; /* the batch fails */
    }
    for (size_t i = 0; i < count; i++) {
        reached[i] = known->reached_at_ms[i];
    }
    reached[count] = wu_step_event(step)->time_ms;
    IncubationRow row = SOCIALORG_STATE__INCUBATION_ROW__INIT;
    row.stage = message->stage;
    row.mentor = message->mentor;
    row.n_reached_at_ms = count + 1;
    row.reached_at_ms = reached;
    row.evidence = message->evidence;
    incubations_put(wu_step_txn(step), key, &row);
}

static void handle_advance_incubation(struct wu_step *step, const AdvanceIncubation *message)
{
    struct organisation_key key;
    if (!provider_by_code(step, message->body, &key.provider_id)) {
        check_refuse(step, message->body, &REFUSALS[BODY_UNKNOWN]);
        return;
    }
    const IncubationRow *known = incubations_get(wu_step_txn(step), &key);
    enum incubation_refusal refusal = advance_refusal(step, message, known);
    if (refusal != INCUBATION_NOT_REFUSED) {
        check_refuse(step, message->body, &REFUSALS[refusal]);
        return;
    }
    if (decision_is_conflicted(step, message->by, message->body)) {
        return;
    }
    put_stage(step, &key, message, known);
    decision_record(step, &(struct decision){.body = message->body,
                                             .kind = DECISION_KIND(INCUBATION),
                                             .by = message->by,
                                             .partner = message->mentor});
}
WU_HANDLER(advance_incubation, AdvanceIncubation)

const struct wu_route SOCIALORG_INCUBATION_ROUTES[] = {
    {WU_TYPE(SOCIALORG_ADVANCE_INCUBATION), WU_ORIGIN_COMMAND,
     &socialorg__advance_incubation__descriptor, route_advance_incubation},
    {0},
};
