#include "services/socialorg/core/policy.h"

#include "services/provider/check.h"
#include "services/socialorg/core/tables.h"

enum policy_refusal {
    POLICY_NOT_REFUSED,
    POLICY_PERMILLE_INVALID,
    POLICY_HOPS_INVALID,
    POLICY_DAYS_INVALID,
    POLICY_BY_MALFORMED
};

enum { PERMILLE_MAX = 1000, HOPS_MAX = 3, DAYS_MAX = 36500, BY_BYTES_MAX = 31 };

static const struct refusal REFUSALS[] = {
    [POLICY_PERMILLE_INVALID] = {"POLICY_PERMILLE_INVALID", "a share is 0 to 1000 permille"},
    [POLICY_HOPS_INVALID] = {"POLICY_HOPS_INVALID", "interests are followed 1 to 3 hops far"},
    [POLICY_DAYS_INVALID] = {"POLICY_DAYS_INVALID", "a span is 1 to 36500 days"},
    [POLICY_BY_MALFORMED] = {"POLICY_BY_MALFORMED",
                             "name who sets it by a code of 1 to 31 bytes without blanks"},
};

static enum policy_refusal policy_refusal(const SetPolicy *set)
{
    if (set->resident_permille_min > PERMILLE_MAX) {
        return POLICY_PERMILLE_INVALID;
    }
    if (set->conflict_hops_max > HOPS_MAX) {
        return POLICY_HOPS_INVALID;
    }
    if (set->disclosure_days > DAYS_MAX) {
        return POLICY_DAYS_INVALID;
    }
    return check_is_code(set->by, BY_BYTES_MAX) ? POLICY_NOT_REFUSED : POLICY_BY_MALFORMED;
}

static void handle_set_policy(struct wu_step *step, const SetPolicy *set)
{
    enum policy_refusal refusal = policy_refusal(set);
    if (refusal != POLICY_NOT_REFUSED) {
        check_refuse(step, set->by, &REFUSALS[refusal]);
        return;
    }
    SetPolicy policy = *set;
    PolicyRow row = SOCIALORG_STATE__POLICY_ROW__INIT;
    row.policy = &policy;
    policies_put(wu_step_txn(step), &(struct policy_key){0}, &row);
}
WU_HANDLER(set_policy, SetPolicy)

static void fill(uint32_t *value, uint32_t otherwise)
{
    *value = *value != 0 ? *value : otherwise;
}

SetPolicy policy_of(struct wu_txn *txn)
{
    const PolicyRow *row = policies_get(txn, &(struct policy_key){0});
    SetPolicy policy = SOCIALORG__SET_POLICY__INIT;
    if (row != NULL) {
        policy = *row->policy;
    }
    fill(&policy.resident_permille_min, 500);
    fill(&policy.conflict_hops_max, HOPS_MAX);
    fill(&policy.disclosure_days, 30);
    return policy;
}

const struct wu_route SOCIALORG_POLICY_ROUTES[] = {
    {WU_TYPE(SOCIALORG_SET_POLICY), WU_ORIGIN_COMMAND, &socialorg__set_policy__descriptor,
     route_set_policy},
    {0},
};
