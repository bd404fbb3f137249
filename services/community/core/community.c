#include "services/community/core/community.h"

#include "common/base/division.h"
#include "services/community/core/names.h"
#include "services/community/core/tables.h"

#include <string.h>

enum { COMMUNITY_NAME_BYTES_MAX = 200 };

/* Checked in this order; the first that fails is the answer. */
typedef enum {
    COMMUNITY_NOT_REFUSED,
    COMMUNITY_REFUSAL_DIVISION_INVALID,
    COMMUNITY_REFUSAL_NAME_MISSING,
    COMMUNITY_REFUSAL_NAME_TOO_LONG,
} CommunityRefusal;

static CommunityRefusal community_refusal(const AddCommunity *add)
{
    if (!wu_division_is_valid(add->division) ||
        wu_division_level(add->division) != WU_DIVISION_COMMUNITY) {
        return COMMUNITY_REFUSAL_DIVISION_INVALID;
    }
    if (add->name[0] == '\0') {
        return COMMUNITY_REFUSAL_NAME_MISSING;
    }
    if (strlen(add->name) > COMMUNITY_NAME_BYTES_MAX) {
        return COMMUNITY_REFUSAL_NAME_TOO_LONG;
    }
    return COMMUNITY_NOT_REFUSED;
}

static void refuse_community(struct wu_step *step, const AddCommunity *add,
                             CommunityRefusal refusal)
{
    switch (refusal) {
    case COMMUNITY_REFUSAL_DIVISION_INVALID:
        wu_answer_refuse(step, "COMMUNITY_DIVISION_INVALID",
                         "%llu is not a community: its code has 12 digits and does not end in "
                         "000; look it up in the list of divisions",
                         (unsigned long long)add->division);
        break;
    case COMMUNITY_REFUSAL_NAME_MISSING:
        wu_answer_refuse(step, "COMMUNITY_NAME_MISSING",
                         "community %llu needs a name that people know it by",
                         (unsigned long long)add->division);
        break;
    case COMMUNITY_REFUSAL_NAME_TOO_LONG:
        wu_answer_refuse(step, "COMMUNITY_NAME_TOO_LONG",
                         "the name of community %llu is longer than %d bytes; shorten it",
                         (unsigned long long)add->division, COMMUNITY_NAME_BYTES_MAX);
        break;
    case COMMUNITY_NOT_REFUSED:
    default:
        break;
    }
}

/*
 * A community joins. Its division is its natural key: adding it again gives it
 * the new name and keeps the day it joined.
 */
static void handle_add_community(struct wu_step *step, const AddCommunity *add)
{
    CommunityRefusal refusal = community_refusal(add);
    if (refusal != COMMUNITY_NOT_REFUSED) {
        refuse_community(step, add, refusal);
        return;
    }

    const struct community_key key = {add->division};
    const CommunityRow *known = communities_get(wu_step_txn(step), &key);
    CommunityRow row = COMMUNITY_STATE__COMMUNITY_ROW__INIT;
    row.name = add->name;
    row.joined_at_ms = known != NULL ? known->joined_at_ms : wu_step_event(step)->happened_at_ms;
    communities_put(wu_step_txn(step), &key, &row);
}

/*
 * The coordinator adopted a kind, or its next version. A version that is not
 * newer changes nothing: after a snapshot the same record may come again.
 */
static void handle_kind_adopted(struct wu_step *step, const KindAdopted *adopted)
{
    struct kind_key key;
    if (!wu_key_text(key.code, sizeof key.code, adopted->code)) {
        return; /* no need could name it either */
    }
    const KindRow *known = kinds_get(wu_step_txn(step), &key);
    if (known != NULL && known->version >= adopted->version) {
        return;
    }
    KindRow row = COMMUNITY_STATE__KIND_ROW__INIT;
    row.version = adopted->version;
    row.name_zh = adopted->name_zh;
    row.name_en = adopted->name_en;
    row.confirm_within_ms = adopted->confirm_within_ms;
    kinds_put(wu_step_txn(step), &key, &row);
}

WU_HANDLER(add_community, AddCommunity)
WU_HANDLER(kind_adopted, KindAdopted)

const struct wu_route COMMUNITY_COMMUNITY_ROUTES[] = {
    {WU_TYPE(COMMUNITY_ADD_COMMUNITY), WU_ORIGIN_COMMAND, &community__add_community__descriptor,
     route_add_community},
    {WU_TYPE(COORDINATOR_KIND_ADOPTED), WU_ORIGIN_PUBLIC, &coordinator__kind_adopted__descriptor,
     route_kind_adopted},
    {0},
};
