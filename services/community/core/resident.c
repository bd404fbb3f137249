#include "services/community/core/resident.h"

#include "services/community/core/access.h"
#include "services/provider/check.h"

#include <string.h>

enum { FIELDS_MAX = 16 };

/* Checked in this order; the first that fails is the answer. */
enum resident_refusal {
    RESIDENT_NOT_REFUSED,
    RESIDENT_UNKNOWN,
    RESIDENT_ERASED,
    RESIDENT_COMMUNITY_UNKNOWN,
    RESIDENT_HOUSEHOLD_UNKNOWN,
    RESIDENT_HOUSEHOLD_ELSEWHERE,
    RESIDENT_FIELDS_INVALID,
    RESIDENT_KEY_WRONG,
    RESIDENT_KNOWN,
    RESIDENT_WHO_MISSING,
};

static const struct refusal REFUSALS[] = {
    [RESIDENT_UNKNOWN] = {"RESIDENT_UNKNOWN", "there is no such resident here; 'wushectl resident "
                                              "list' shows them by number"},
    [RESIDENT_ERASED] = {"RESIDENT_ERASED", "this resident was erased; register anew who comes "
                                            "back"},
    [RESIDENT_COMMUNITY_UNKNOWN] = {"RESIDENT_COMMUNITY_UNKNOWN",
                                    "that is no community of this node; add it first"},
    [RESIDENT_HOUSEHOLD_UNKNOWN] = {"RESIDENT_HOUSEHOLD_UNKNOWN",
                                    "there is no such household here, or it was erased"},
    [RESIDENT_HOUSEHOLD_ELSEWHERE] = {"RESIDENT_HOUSEHOLD_ELSEWHERE",
                                      "the household is of another community"},
    [RESIDENT_FIELDS_INVALID] = {"RESIDENT_FIELDS_INVALID",
                                 "give 1 to 16 fields, each kind once and sealed by this node's "
                                 "door; somebody who is new has a name"},
    [RESIDENT_KEY_WRONG] = {"RESIDENT_KEY_WRONG",
                            "fields of a resident are sealed under that resident's key"},
    [RESIDENT_KNOWN] = {"RESIDENT_KNOWN",
                        "a resident with this ID number is registered; 'wushectl resident find' "
                        "says who"},
    [RESIDENT_WHO_MISSING] = {"RESIDENT_WHO_MISSING",
                              "say who does it, in 1 to 40 bytes: --by CODE"},
};

const ResidentRow *resident_of(struct wu_step *step, ProtobufCBinaryData id,
                               struct resident_key *ret_key)
{
    return wu_id_from_pb(id, &ret_key->resident_id) ? residents_get(wu_step_txn(step), ret_key)
                                                    : NULL;
}

static void refuse(struct wu_step *step, enum resident_refusal refusal)
{
    wu_answer_refuse(step, REFUSALS[refusal].code, "%s", REFUSALS[refusal].sentence);
}

/* ---- fields ------------------------------------------------------------------------ */

static bool is_sealed(const Sealed *field)
{
    struct wu_id key_id;
    return wu_id_from_pb(field->key_id, &key_id) && field->box.len > 0 && field->open[0] == '\0' &&
           !field->search;
}

static bool key_is_owned(struct wu_step *step, ProtobufCBinaryData key_id)
{
    struct key_owner_key key;
    return wu_id_from_pb(key_id, &key.key_id) && key_owners_from(wu_step_txn(step), &key, 1);
}

static void own_key(struct wu_step *step, ProtobufCBinaryData key_id)
{
    struct key_owner_key key;
    if (wu_id_from_pb(key_id, &key.key_id)) {
        key_owners_put(wu_step_txn(step), &key);
    }
}

static const Sealed *field_of(Sealed *const *fields, size_t count, PersonalKind kind)
{
    for (size_t i = 0; i < count; i++) {
        if (fields[i]->kind == kind) {
            return fields[i];
        }
    }
    return NULL;
}

/* Each kind once, all of them sealed, all under one key. */
static bool are_fields(Sealed *const *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_sealed(fields[i]) || field_of(fields, i, fields[i]->kind) != NULL ||
            memcmp(fields[i]->key_id.data, fields[0]->key_id.data, sizeof(struct wu_id)) != 0) {
            return false;
        }
    }
    return count > 0 && count <= FIELDS_MAX;
}

/* Somebody else has this ID number. */
static bool is_taken(struct wu_step *step, Sealed *const *fields, size_t count,
                     const struct wu_id *resident_id)
{
    const Sealed *number = field_of(fields, count, KIND_ID_NUMBER);
    struct resident_token_key key = {.kind = KIND_ID_NUMBER};
    return number != NULL && wu_id_from_pb(number->token, &key.token) &&
           residents_by_token_from(wu_step_txn(step), &key, 2) &&
           !wu_id_equal(&key.resident_id, resident_id);
}

static void index_fields(struct wu_step *step, const struct wu_id *resident_id,
                         const ResidentRow *row, bool add)
{
    for (size_t i = 0; i < row->n_fields; i++) {
        struct resident_token_key key = {.kind = (uint32_t)row->fields[i]->kind,
                                         .resident_id = *resident_id};
        if (!wu_id_from_pb(row->fields[i]->token, &key.token)) {
            continue;
        }
        if (add) {
            residents_by_token_put(wu_step_txn(step), &key);
        } else {
            residents_by_token_del(wu_step_txn(step), &key);
        }
    }
}

/* ---- households --------------------------------------------------------------------- */

static enum resident_refusal household_refusal(struct wu_step *step, ProtobufCBinaryData id,
                                               uint64_t division)
{
    struct household_key key;
    if (id.len == 0) {
        return RESIDENT_NOT_REFUSED;
    }
    const HouseholdRow *row =
        wu_id_from_pb(id, &key.household_id) ? households_get(wu_step_txn(step), &key) : NULL;
    if (row == NULL || row->erased_at_ms != 0) {
        return RESIDENT_HOUSEHOLD_UNKNOWN;
    }
    return row->division == division ? RESIDENT_NOT_REFUSED : RESIDENT_HOUSEHOLD_ELSEWHERE;
}

static void index_household(struct wu_step *step, const struct wu_id *resident_id,
                            ProtobufCBinaryData household_id, bool add)
{
    struct household_member_key key = {.resident_id = *resident_id};
    if (!wu_id_from_pb(household_id, &key.household_id)) {
        return;
    }
    if (add) {
        household_members_put(wu_step_txn(step), &key);
    } else {
        household_members_del(wu_step_txn(step), &key);
    }
}

/* The last one has gone: where the household lived is nobody's to know any more. */
static void erase_household_if_empty(struct wu_step *step, ProtobufCBinaryData household_id)
{
    struct household_key key;
    struct household_member_key member = {.resident_id = {{0}}};
    if (!wu_id_from_pb(household_id, &key.household_id)) {
        return;
    }
    member.household_id = key.household_id;
    const HouseholdRow *known = households_get(wu_step_txn(step), &key);
    struct wu_id key_id;
    if (known == NULL || known->erased_at_ms != 0 ||
        household_members_from(wu_step_txn(step), &member, 1) ||
        !wu_id_from_pb(known->key_id, &key_id)) {
        return;
    }
    HouseholdRow row = *known;
    row.address = NULL;
    row.erased_at_ms = wu_step_event(step)->time_ms;
    households_put(wu_step_txn(step), &key, &row);
    wu_key_destroy(step, &key_id);
}

static void handle_register_household(struct wu_step *step, const RegisterHousehold *add)
{
    if (communities_get(wu_step_txn(step), &(struct community_key){add->division}) == NULL) {
        refuse(step, RESIDENT_COMMUNITY_UNKNOWN);
        return;
    }
    if (add->address == NULL || !is_sealed(add->address) || add->address->kind != KIND_ADDRESS ||
        key_is_owned(step, add->address->key_id)) {
        refuse(step, RESIDENT_FIELDS_INVALID);
        return;
    }
    const struct household_key key = {wu_step_new_id(step)};
    HouseholdRow row = COMMUNITY_STATE__HOUSEHOLD_ROW__INIT;
    row.division = add->division;
    row.key_id = add->address->key_id;
    row.address = add->address;
    row.registered_at_ms = wu_step_event(step)->happened_at_ms;
    households_put(wu_step_txn(step), &key, &row);
    own_key(step, row.key_id);
    wu_answer_accept(step, key.household_id);
}

/* ---- registering and changing ----------------------------------------------------------- */

/*
 * What a refused registration brought is in the journal and of no use: the key
 * that the door made for it goes. Never a key that somebody has.
 */
static void refuse_and_drop(struct wu_step *step, enum resident_refusal refusal,
                            Sealed *const *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct wu_id key_id;
        if (wu_id_from_pb(fields[i]->key_id, &key_id) && !key_is_owned(step, fields[i]->key_id)) {
            wu_key_destroy(step, &key_id);
        }
    }
    refuse(step, refusal);
}

static enum resident_refusal register_refusal(struct wu_step *step, const RegisterResident *add)
{
    if (communities_get(wu_step_txn(step), &(struct community_key){add->division}) == NULL) {
        return RESIDENT_COMMUNITY_UNKNOWN;
    }
    if (!are_fields(add->fields, add->n_fields) ||
        field_of(add->fields, add->n_fields, KIND_NAME) == NULL) {
        return RESIDENT_FIELDS_INVALID;
    }
    if (key_is_owned(step, add->fields[0]->key_id)) {
        return RESIDENT_KEY_WRONG;
    }
    const struct wu_id nobody = {{0}};
    if (is_taken(step, add->fields, add->n_fields, &nobody)) {
        return RESIDENT_KNOWN;
    }
    return household_refusal(step, add->household_id, add->division);
}

/* A resident registers, or is registered. */
static void handle_register_resident(struct wu_step *step, const RegisterResident *add)
{
    enum resident_refusal refusal = register_refusal(step, add);
    if (refusal != RESIDENT_NOT_REFUSED) {
        refuse_and_drop(step, refusal, add->fields, add->n_fields);
        return;
    }
    const struct resident_key key = {wu_step_new_id(step)};
    ResidentRow row = COMMUNITY_STATE__RESIDENT_ROW__INIT;
    row.division = add->division;
    row.household_id = add->household_id;
    row.key_id = add->fields[0]->key_id;
    row.fields = add->fields;
    row.n_fields = add->n_fields;
    row.registered_at_ms = wu_step_event(step)->happened_at_ms;
    residents_put(wu_step_txn(step), &key, &row);
    own_key(step, row.key_id);
    index_fields(step, &key.resident_id, &row, true);
    index_household(step, &key.resident_id, row.household_id, true);
    wu_answer_accept(step, key.resident_id);
}

static enum resident_refusal change_refusal(struct wu_step *step, const ChangeResident *change,
                                            const struct resident_key *key,
                                            const ResidentRow *known)
{
    if (known == NULL) {
        return RESIDENT_UNKNOWN;
    }
    if (known->erased_at_ms != 0) {
        return RESIDENT_ERASED;
    }
    bool has_fields = change->n_fields > 0;
    if ((has_fields && !are_fields(change->fields, change->n_fields)) ||
        (!has_fields && change->household_id.len == 0)) {
        return RESIDENT_FIELDS_INVALID;
    }
    if (has_fields &&
        memcmp(change->fields[0]->key_id.data, known->key_id.data, sizeof(struct wu_id)) != 0) {
        return RESIDENT_KEY_WRONG;
    }
    if (is_taken(step, change->fields, change->n_fields, &key->resident_id)) {
        return RESIDENT_KNOWN;
    }
    return household_refusal(step, change->household_id, known->division);
}

/* The new fields, and of the old ones those of another kind. NULL: no memory. */
static Sealed **merged_fields(struct wu_step *step, const ChangeResident *change,
                              const ResidentRow *known, size_t *ret_count)
{
    size_t count = change->n_fields;
    Sealed **fields =
        wu_arena_take(wu_step_arena(step), (count + known->n_fields + 1) * sizeof(Sealed *));
    for (size_t i = 0; fields != NULL && i < count; i++) {
        fields[i] = change->fields[i];
    }
    for (size_t i = 0; fields != NULL && i < known->n_fields; i++) {
        if (field_of(change->fields, change->n_fields, known->fields[i]->kind) == NULL) {
            fields[count++] = known->fields[i];
        }
    }
    *ret_count = count;
    return fields;
}

static void handle_change_resident(struct wu_step *step, const ChangeResident *change)
{
    struct resident_key key;
    const ResidentRow *known = resident_of(step, change->resident_id, &key);
    enum resident_refusal refusal = change_refusal(step, change, &key, known);
    if (refusal != RESIDENT_NOT_REFUSED) {
        refuse(step, refusal);
        return;
    }
    ResidentRow row = *known;
    row.fields = merged_fields(step, change, known, &row.n_fields);
    if (row.fields == NULL) {
        return; /* the batch fails */
    }
    row.changed_at_ms = wu_step_event(step)->time_ms;
    index_fields(step, &key.resident_id, known, false);
    index_fields(step, &key.resident_id, &row, true);
    if (change->household_id.len > 0) {
        index_household(step, &key.resident_id, known->household_id, false);
        row.household_id = change->household_id;
        index_household(step, &key.resident_id, row.household_id, true);
        erase_household_if_empty(step, known->household_id);
    }
    residents_put(wu_step_txn(step), &key, &row);
    wu_answer_accept(step, key.resident_id);
}

/* ---- finding ------------------------------------------------------------------------------ */

/* That somebody is registered is a thing to know of them: it stands in their access log. */
static void handle_find_resident(struct wu_step *step, const FindResident *find)
{
    struct resident_token_key token = {.kind = 0};
    if (!check_is_name(find->who, ACCESS_WHO_BYTES_MAX)) {
        refuse(step, RESIDENT_WHO_MISSING);
        return;
    }
    if (find->field == NULL || !wu_id_from_pb(find->field->token, &token.token)) {
        refuse(step, RESIDENT_FIELDS_INVALID);
        return;
    }
    token.kind = (uint32_t)find->field->kind;
    if (!residents_by_token_from(wu_step_txn(step), &token, 2)) {
        refuse(step, RESIDENT_UNKNOWN);
        return;
    }
    const struct resident_key key = {token.resident_id};
    AccessRow access = COMMUNITY_STATE__ACCESS_ROW__INIT;
    access.who = find->who;
    access.recipient = ROLE_COMMUNITY;
    access_note(step, &key, &access);
    wu_answer_accept(step, key.resident_id);
}

/* ---- erasing ------------------------------------------------------------------------------ */

/*
 * Nothing sealed for this resident is read again: the key goes, and with it what
 * the journal and every backup hold. That there was a resident, with needs and
 * what came of them, stays. Erasing twice erases once.
 */
static void handle_erase_resident(struct wu_step *step, const EraseResident *erase)
{
    struct resident_key key;
    struct wu_id key_id;
    const ResidentRow *known = resident_of(step, erase->resident_id, &key);
    if (known == NULL || !wu_id_from_pb(known->key_id, &key_id)) {
        refuse(step, RESIDENT_UNKNOWN);
        return;
    }
    if (!check_is_name(erase->who, ACCESS_WHO_BYTES_MAX)) {
        refuse(step, RESIDENT_WHO_MISSING);
        return;
    }
    wu_answer_accept(step, key.resident_id);
    if (known->erased_at_ms != 0) {
        return;
    }
    ResidentRow row = *known;
    index_fields(step, &key.resident_id, known, false);
    index_household(step, &key.resident_id, known->household_id, false);
    erase_household_if_empty(step, known->household_id);
    row.fields = NULL;
    row.n_fields = 0;
    row.household_id = (ProtobufCBinaryData){0, NULL};
    row.erased_at_ms = wu_step_event(step)->time_ms;
    residents_put(wu_step_txn(step), &key, &row);
    wu_key_destroy(step, &key_id);
}

WU_HANDLER(register_household, RegisterHousehold)
WU_HANDLER(register_resident, RegisterResident)
WU_HANDLER(change_resident, ChangeResident)
WU_HANDLER(find_resident, FindResident)
WU_HANDLER(erase_resident, EraseResident)

const struct wu_route COMMUNITY_RESIDENT_ROUTES[] = {
    {WU_TYPE(COMMUNITY_REGISTER_HOUSEHOLD), WU_ORIGIN_COMMAND,
     &community__register_household__descriptor, route_register_household},
    {WU_TYPE(COMMUNITY_REGISTER_RESIDENT), WU_ORIGIN_COMMAND,
     &community__register_resident__descriptor, route_register_resident},
    {WU_TYPE(COMMUNITY_CHANGE_RESIDENT), WU_ORIGIN_COMMAND, &community__change_resident__descriptor,
     route_change_resident},
    {WU_TYPE(COMMUNITY_FIND_RESIDENT), WU_ORIGIN_COMMAND, &community__find_resident__descriptor,
     route_find_resident},
    {WU_TYPE(COMMUNITY_ERASE_RESIDENT), WU_ORIGIN_COMMAND, &community__erase_resident__descriptor,
     route_erase_resident},
    {0},
};
