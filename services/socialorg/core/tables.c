#include "services/socialorg/core/tables.h"

const struct wu_table SOCIALORG_ORGANISATIONS = {
    .name = "socialorg.organisations",
    .key_size = sizeof(struct organisation_key),
    .key = {WU_KEY(struct organisation_key, provider_id)},
    .row = &socialorg_state__organisation_row__descriptor,
};

const struct wu_table SOCIALORG_CREDIT_CODES = {
    .name = "socialorg.credit_codes",
    .key_size = sizeof(struct credit_code_key),
    .key = {WU_KEY(struct credit_code_key, credit_code)},
    .row = &socialorg_state__credit_code_row__descriptor,
};

const struct wu_table SOCIALORG_INCUBATIONS = {
    .name = "socialorg.incubations",
    .key_size = sizeof(struct organisation_key),
    .key = {WU_KEY(struct organisation_key, provider_id)},
    .row = &socialorg_state__incubation_row__descriptor,
};

const struct wu_table SOCIALORG_POLICIES = {
    .name = "socialorg.policies",
    .key_size = sizeof(struct policy_key),
    .key = {WU_KEY(struct policy_key, zero)},
    .row = &socialorg_state__policy_row__descriptor,
};

const struct wu_table SOCIALORG_INTERESTS = {
    .name = "socialorg.interests",
    .key_size = sizeof(struct interest_key),
    .key = {WU_KEY(struct interest_key, party), WU_KEY(struct interest_key, other)},
    .row = &socialorg_state__interest_row__descriptor,
};

const struct wu_table SOCIALORG_DECLARATIONS = {
    .name = "socialorg.declarations",
    .key_size = sizeof(struct party_key),
    .key = {WU_KEY(struct party_key, party)},
    .row = &socialorg_state__declaration_row__descriptor,
};

const struct wu_table SOCIALORG_DECISIONS = {
    .name = "socialorg.decisions",
    .key_size = sizeof(struct decision_key),
    .key = {WU_KEY(struct decision_key, body), WU_KEY(struct decision_key, kind)},
    .row = &socialorg_state__decision_row__descriptor,
};
