#include "services/community/core/access.h"

#include "services/community/core/consent.h"
#include "services/community/core/resident.h"
#include "services/provider/check.h"

static const int SENSITIVE_FROM = 20; /* see PersonalKind */

void access_note(struct wu_step *step, const struct resident_key *key, const AccessRow *access)
{
    const ResidentRow *known = residents_get(wu_step_txn(step), key);
    if (known == NULL) {
        return;
    }
    ResidentRow resident = *known;
    AccessRow row = *access;
    row.time_ms = wu_step_event(step)->time_ms;
    const struct access_key number = {key->resident_id, ++resident.access_count};
    accesses_put(wu_step_txn(step), &number, &row);
    residents_put(wu_step_txn(step), key, &resident);
}

static bool is_wanted(const ReadResident *read, PersonalKind kind)
{
    for (size_t i = 0; i < read->n_kinds; i++) {
        if (read->kinds[i] == kind) {
            return true;
        }
    }
    return read->n_kinds == 0;
}

/* What was asked for and is there. */
struct wanted {
    Sealed **fields;
    PersonalKind *kinds;
    size_t count;
    bool sensitive;
};

static bool find_wanted(struct wu_step *step, const ReadResident *read, const ResidentRow *resident,
                        struct wanted *ret_wanted)
{
    struct wu_arena *arena = wu_step_arena(step);
    *ret_wanted = (struct wanted){
        .fields = wu_arena_take(arena, (resident->n_fields + 1) * sizeof(Sealed *)),
        .kinds = wu_arena_take(arena, (resident->n_fields + 1) * sizeof(PersonalKind)),
    };
    if (ret_wanted->fields == NULL || ret_wanted->kinds == NULL) {
        return false; /* the batch fails */
    }
    for (size_t i = 0; i < resident->n_fields; i++) {
        Sealed *field = resident->fields[i];
        if (is_wanted(read, field->kind)) {
            ret_wanted->fields[ret_wanted->count] = field;
            ret_wanted->kinds[ret_wanted->count++] = field->kind;
            ret_wanted->sensitive |= (int)field->kind >= SENSITIVE_FROM;
        }
    }
    return true;
}

/* False when it was answered: nobody there, nobody who asks, no purpose. */
static bool may_ask(struct wu_step *step, const ReadResident *read, const ResidentRow *resident)
{
    if (resident == NULL) {
        wu_answer_refuse(step, "RESIDENT_UNKNOWN",
                         "there is no such resident here; 'wushectl resident list' shows them by "
                         "number");
    } else if (resident->erased_at_ms != 0) {
        wu_answer_refuse(step, "RESIDENT_ERASED",
                         "this resident was erased: there is nothing to read");
    } else if (!check_is_name(read->who, ACCESS_WHO_BYTES_MAX)) {
        wu_answer_refuse(step, "RESIDENT_WHO_MISSING", "say who reads, in 1 to %d bytes: --by CODE",
                         ACCESS_WHO_BYTES_MAX);
    } else if (read->purpose == PURPOSE_UNSPECIFIED) {
        wu_answer_refuse(step, "PURPOSE_MISSING",
                         "say what for: own-request, service, visit or statistics");
    } else {
        return true;
    }
    return false;
}

/*
 * Somebody reads what is sealed. Whether they may is decided here and written
 * into the resident's access log, also a refusal; the door opens what the answer
 * brings only after all of that is on disk.
 */
static void handle_read_resident(struct wu_step *step, const ReadResident *read)
{
    struct resident_key key;
    struct wanted wanted;
    const ResidentRow *resident = resident_of(step, read->resident_id, &key);
    if (!may_ask(step, read, resident) || !find_wanted(step, read, resident, &wanted)) {
        return;
    }
    if (wanted.count == 0) {
        wu_answer_refuse(step, "RESIDENT_FIELD_UNKNOWN",
                         "nothing of that kind is kept of this resident");
        return;
    }
    bool needs_none = read->purpose == PURPOSE_OWN_REQUEST;
    AccessRow access = COMMUNITY_STATE__ACCESS_ROW__INIT;
    access.who = read->who;
    access.purpose = read->purpose;
    access.recipient = ROLE_COMMUNITY;
    access.kinds = wanted.kinds;
    access.n_kinds = wanted.count;
    access.consent_no =
        needs_none ? 0
                   : consent_covering(step, &key, read->purpose, ROLE_COMMUNITY, wanted.sensitive);
    access.refused = !needs_none && access.consent_no == 0;
    access_note(step, &key, &access);
    if (access.refused) {
        wu_answer_refuse(step, "CONSENT_MISSING",
                         "the resident has not agreed to this purpose%s, or not any more; ask "
                         "them, then 'wushectl consent record'",
                         wanted.sensitive ? " for what is sensitive" : "");
        return;
    }
    wu_answer_sealed(step, wanted.fields, wanted.count);
}
WU_HANDLER(read_resident, ReadResident)

const struct wu_route COMMUNITY_ACCESS_ROUTES[] = {
    {WU_TYPE(COMMUNITY_READ_RESIDENT), WU_ORIGIN_COMMAND, &community__read_resident__descriptor,
     route_read_resident},
    {0},
};
