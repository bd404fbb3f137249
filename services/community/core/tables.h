#pragma once

#include "common/fold/table.h"
#include "services/community/core/names.h"

enum { KIND_CODE_SIZE = 32, NEED_ORIGIN_SIZE = 16, NEED_REF_SIZE = 40 }; /* with the zero behind */

extern const struct wu_table *const COMMUNITY_TABLES[];

/* The communities this node speaks for. */
struct community_key {
    uint64_t division;
};
extern const struct wu_table COMMUNITY_COMMUNITIES;
WU_TABLE_OF(communities, COMMUNITY_COMMUNITIES, struct community_key, CommunityRow);

/* The catalogue as far as the door needs it: written by the coordinator's public word only. */
struct kind_key {
    char code[KIND_CODE_SIZE];
};
extern const struct wu_table COMMUNITY_KINDS;
WU_TABLE_OF(kinds, COMMUNITY_KINDS, struct kind_key, KindRow);

/* Every need ever accepted. */
struct need_key {
    struct wu_id need_id;
};
extern const struct wu_table COMMUNITY_NEEDS;
WU_TABLE_OF(needs, COMMUNITY_NEEDS, struct need_key, NeedRow);

/* Numbers on paper or in other systems, so that an import may be repeated. */
struct need_ref_key {
    char origin[NEED_ORIGIN_SIZE];
    char external_ref[NEED_REF_SIZE];
};
extern const struct wu_table COMMUNITY_NEEDS_BY_REF;
WU_TABLE_OF(needs_by_ref, COMMUNITY_NEEDS_BY_REF, struct need_ref_key, NeedRefRow);

/* Needs that wait for the resident's word, soonest silence first. */
struct need_awaiting_key {
    int64_t confirm_by_ms;
    struct wu_id need_id;
};
extern const struct wu_table COMMUNITY_NEEDS_AWAITING;
WU_INDEX_OF(needs_awaiting, COMMUNITY_NEEDS_AWAITING, struct need_awaiting_key);
