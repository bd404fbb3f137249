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

const struct wu_table *const COMMUNITY_TABLES[] = {
    &COMMUNITY_COMMUNITIES,  &COMMUNITY_KINDS,          &COMMUNITY_NEEDS,
    &COMMUNITY_NEEDS_BY_REF, &COMMUNITY_NEEDS_AWAITING, NULL,
};
