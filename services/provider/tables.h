#pragma once

#include "common/fold/table.h"
#include "services/provider/names.h"

struct provider_key {
    struct wu_id provider_id;
};

/* The bodies of this node that can be offered steps. */
extern const struct wu_table PROVIDER_PROVIDERS;
WU_TABLE_OF(providers, PROVIDER_PROVIDERS, struct provider_key, ProviderRow);

struct provider_code_key {
    char code[24];
};

/* The natural key of a body; written once, never removed. */
extern const struct wu_table PROVIDER_BY_CODE;
WU_TABLE_OF(providers_by_code, PROVIDER_BY_CODE, struct provider_code_key, ProviderCodeRow);

struct step_key {
    struct wu_id linkage_id;
    uint32_t step_no;
    struct wu_id provider_id;
};

/* Every step ever offered to a body, with the last offer of it. Ended ones stay. */
extern const struct wu_table PROVIDER_STEPS;
WU_TABLE_OF(steps, PROVIDER_STEPS, struct step_key, StepRow);

struct step_open_key {
    struct wu_id provider_id;
    struct wu_id linkage_id;
    uint32_t step_no;
};

/*
 * Steps that are waiting, reserved or confirmed, by provider: what its people
 * have on their desk. The state is in the step's own row, so that a step costs
 * this index one write when it opens and one when it ends.
 */
extern const struct wu_table PROVIDER_STEPS_OPEN;
WU_INDEX_OF(steps_open, PROVIDER_STEPS_OPEN, struct step_open_key);
