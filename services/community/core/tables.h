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

/* Residents, erased ones too: what was done for them stays. */
struct resident_key {
    struct wu_id resident_id;
};
extern const struct wu_table COMMUNITY_RESIDENTS;
WU_TABLE_OF(residents, COMMUNITY_RESIDENTS, struct resident_key, ResidentRow);

/* Who has a phone or ID number, by its keyed hash. */
struct resident_token_key {
    uint32_t kind; /* number of a PersonalKind */
    struct wu_id token;
    struct wu_id resident_id;
};
extern const struct wu_table COMMUNITY_RESIDENTS_BY_TOKEN;
WU_INDEX_OF(residents_by_token, COMMUNITY_RESIDENTS_BY_TOKEN, struct resident_token_key);

/* Keys of the keystore that are somebody's: no command takes one for somebody else. */
struct key_owner_key {
    struct wu_id key_id;
};
extern const struct wu_table COMMUNITY_KEY_OWNERS;
WU_INDEX_OF(key_owners, COMMUNITY_KEY_OWNERS, struct key_owner_key);

struct household_key {
    struct wu_id household_id;
};
extern const struct wu_table COMMUNITY_HOUSEHOLDS;
WU_TABLE_OF(households, COMMUNITY_HOUSEHOLDS, struct household_key, HouseholdRow);

/* Who lives in a household. */
struct household_member_key {
    struct wu_id household_id;
    struct wu_id resident_id;
};
extern const struct wu_table COMMUNITY_HOUSEHOLD_MEMBERS;
WU_INDEX_OF(household_members, COMMUNITY_HOUSEHOLD_MEMBERS, struct household_member_key);

/* What a resident agreed to, withdrawn and expired ones too. */
struct consent_key {
    struct wu_id resident_id;
    uint32_t consent_no; /* 1, 2, 3 ... of the resident */
};
extern const struct wu_table COMMUNITY_CONSENTS;
WU_TABLE_OF(consents, COMMUNITY_CONSENTS, struct consent_key, ConsentRow);

/* Who read what of a resident, or was refused. */
struct access_key {
    struct wu_id resident_id;
    uint32_t access_no; /* 1, 2, 3 ... of the resident */
};
extern const struct wu_table COMMUNITY_ACCESSES;
WU_TABLE_OF(accesses, COMMUNITY_ACCESSES, struct access_key, AccessRow);
