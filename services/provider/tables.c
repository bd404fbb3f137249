#include "services/provider/tables.h"

const struct wu_table PROVIDER_PROVIDERS = {
    .name = "provider.providers",
    .key_size = sizeof(struct provider_key),
    .key = {WU_KEY(struct provider_key, provider_id)},
    .row = &linkage_state__provider_row__descriptor,
};

const struct wu_table PROVIDER_BY_CODE = {
    .name = "provider.by_code",
    .key_size = sizeof(struct provider_code_key),
    .key = {WU_KEY(struct provider_code_key, code)},
    .row = &linkage_state__provider_code_row__descriptor,
};

const struct wu_table PROVIDER_STEPS = {
    .name = "provider.steps",
    .key_size = sizeof(struct step_key),
    .key = {WU_KEY(struct step_key, linkage_id), WU_KEY(struct step_key, step_no),
            WU_KEY(struct step_key, provider_id)},
    .row = &linkage_state__step_row__descriptor,
};

const struct wu_table PROVIDER_STEPS_OPEN = {
    .name = "provider.steps_open",
    .key_size = sizeof(struct step_open_key),
    .key = {WU_KEY(struct step_open_key, provider_id), WU_KEY(struct step_open_key, linkage_id),
            WU_KEY(struct step_open_key, step_no)},
};
