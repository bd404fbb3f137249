#include "services/community/core/tables.h"

const struct wu_table COMMUNITY_COMMUNITIES = {
    .name = "community.communities",
    .key_size = sizeof(struct community_key),
    .key = {WU_KEY(struct community_key, division)},
    .row = &community_state__community_row__descriptor,
};

const struct wu_table COMMUNITY_KINDS = {
    .name = "community.kinds",
    .key_size = sizeof(struct kind_key),
    .key = {WU_KEY(struct kind_key, code)},
    .row = &community_state__kind_row__descriptor,
};

const struct wu_table COMMUNITY_NEEDS = {
    .name = "community.needs",
    .key_size = sizeof(struct need_key),
    .key = {WU_KEY(struct need_key, need_id)},
    .row = &community_state__need_row__descriptor,
};

const struct wu_table COMMUNITY_NEEDS_BY_REF = {
    .name = "community.needs_by_ref",
    .key_size = sizeof(struct need_ref_key),
    .key = {WU_KEY(struct need_ref_key, origin), WU_KEY(struct need_ref_key, external_ref)},
    .row = &community_state__need_ref_row__descriptor,
};

const struct wu_table COMMUNITY_NEEDS_AWAITING = {
    .name = "community.needs_awaiting",
    .key_size = sizeof(struct need_awaiting_key),
    .key = {WU_KEY(struct need_awaiting_key, confirm_by_ms),
            WU_KEY(struct need_awaiting_key, need_id)},
};

const struct wu_table COMMUNITY_RESIDENTS = {
    .name = "community.residents",
    .key_size = sizeof(struct resident_key),
    .key = {WU_KEY(struct resident_key, resident_id)},
    .row = &community_state__resident_row__descriptor,
};

const struct wu_table COMMUNITY_RESIDENTS_BY_TOKEN = {
    .name = "community.residents_by_token",
    .key_size = sizeof(struct resident_token_key),
    .key = {WU_KEY(struct resident_token_key, kind), WU_KEY(struct resident_token_key, token),
            WU_KEY(struct resident_token_key, resident_id)},
};

const struct wu_table COMMUNITY_KEY_OWNERS = {
    .name = "community.key_owners",
    .key_size = sizeof(struct key_owner_key),
    .key = {WU_KEY(struct key_owner_key, key_id)},
};

const struct wu_table COMMUNITY_HOUSEHOLDS = {
    .name = "community.households",
    .key_size = sizeof(struct household_key),
    .key = {WU_KEY(struct household_key, household_id)},
    .row = &community_state__household_row__descriptor,
};

const struct wu_table COMMUNITY_HOUSEHOLD_MEMBERS = {
    .name = "community.household_members",
    .key_size = sizeof(struct household_member_key),
    .key = {WU_KEY(struct household_member_key, household_id),
            WU_KEY(struct household_member_key, resident_id)},
};

const struct wu_table COMMUNITY_CONSENTS = {
    .name = "community.consents",
    .key_size = sizeof(struct consent_key),
    .key = {WU_KEY(struct consent_key, resident_id), WU_KEY(struct consent_key, consent_no)},
    .row = &community_state__consent_row__descriptor,
};

const struct wu_table COMMUNITY_ACCESSES = {
    .name = "community.accesses",
    .key_size = sizeof(struct access_key),
    .key = {WU_KEY(struct access_key, resident_id), WU_KEY(struct access_key, access_no)},
    .row = &community_state__access_row__descriptor,
};

const struct wu_table *const COMMUNITY_TABLES[] = {
    &COMMUNITY_COMMUNITIES,
    &COMMUNITY_KINDS,
    &COMMUNITY_NEEDS,
    &COMMUNITY_NEEDS_BY_REF,
    &COMMUNITY_NEEDS_AWAITING,
    &COMMUNITY_RESIDENTS,
    &COMMUNITY_RESIDENTS_BY_TOKEN,
    &COMMUNITY_KEY_OWNERS,
    &COMMUNITY_HOUSEHOLDS,
    &COMMUNITY_HOUSEHOLD_MEMBERS,
    &COMMUNITY_CONSENTS,
    &COMMUNITY_ACCESSES,
    NULL,
};
