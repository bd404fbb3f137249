#include "services/coordinator/core/contention.h"

#include "services/coordinator/core/tables.h"

#include <string.h>

enum { SPEAKER_BYTES_MAX = 31 };

static bool is_scarce(DeclineReason reason)
{
    return reason == DECLINE_NO_CAPACITY || reason == DECLINE_NOT_FREE_THEN ||
           reason == DECLINE_NO_FUNDS || reason == DECLINE_OUT_OF_STOCK;
}

/* A copy of the claims with room for one more; NULL when there is no memory: the batch fails. */
static Claim **claims_with_room(struct wu_arena *arena, const ContentionRow *row)
{
    Claim **list = wu_arena_take(arena, (row->n_claims + 1) * sizeof(Claim *));
    for (size_t i = 0; list != NULL && i < row->n_claims; i++) {
        list[i] = row->claims[i];
    }
    return list;
}

static Claim *find_claim(const ContentionRow *row, ProtobufCBinaryData id)
{
    for (size_t i = 0; i < row->n_claims; i++) {
        ProtobufCBinaryData known = row->claims[i]->linkage_id;
        if (known.len == id.len && memcmp(known.data, id.data, id.len) == 0) {
            return row->claims[i];
        }
    }
    return NULL;
}

/* One claimant, once; the oldest goes when the record is full. */
static void put_claim(struct linkage *linkage, ContentionRow *row, ProtobufCBinaryData linkage_id,
                      bool holds)
{
    struct wu_arena *arena = wu_step_arena(linkage->fold);
    struct wu_id id;
    if (!wu_id_from_pb(linkage_id, &id)) {
        return;
    }
    Claim *claim = find_claim(row, linkage_id);
    if (claim == NULL) {
        Claim **list = claims_with_room(arena, row);
        claim = wu_arena_take(arena, sizeof *claim);
        if (list == NULL || claim == NULL) {
            return;
        }
        coordinator_state__claim__init(claim);
        claim->linkage_id = linkage_keep_id(linkage, &id);
        list[row->n_claims++] = claim;
        row->claims = list;
        row->claim_count++;
        if (row->n_claims > CONTENTION_CLAIMS_MAX) {
            row->claims++;
            row->n_claims--;
        }
    }
    claim->holds = holds;
    claim->time_ms = wu_step_event(linkage->fold)->time_ms;
}

static bool key_of(const LinkageStep *step, ProtobufCBinaryData provider_id,
                   struct contention_key *ret_key)
{
    return wu_id_from_pb(provider_id, &ret_key->provider_id) &&
           wu_key_text(ret_key->service, sizeof ret_key->service, step->service);
}

bool contention_claim(struct linkage *linkage, const LinkageStep *step,
                      const StepDeclined *declined)
{
    struct contention_key key;
    if (!is_scarce(declined->reason) || declined->n_held_by == 0 ||
        !key_of(step, step->provider_id, &key)) {
        return false;
    }
    struct wu_txn *txn = wu_step_txn(linkage->fold);
    const ContentionRow *known = contentions_get(txn, &key);
    ContentionRow row = COORDINATOR_STATE__CONTENTION_ROW__INIT;
    if (known != NULL) {
        row = *known;
    } else {
        row.opened_at_ms = wu_step_event(linkage->fold)->time_ms;
    }
    row.provider = step->provider;
    row.rule = RULE(HOLDER_KEEPS);
    for (size_t i = 0; i < declined->n_held_by && i < CONTENTION_HOLDERS_MAX; i++) {
        put_claim(linkage, &row, declined->held_by[i], true);
    }
    put_claim(linkage, &row, wu_id_to_pb(&linkage->id), false);
    contentions_put(txn, &key, &row);
    return true;
}

/* ---- dissent --------------------------------------------------------------------- */

/* Checked in this order; the first that fails is the answer. */
typedef enum {
    DISSENT_NOT_REFUSED,
    DISSENT_REFUSAL_UNKNOWN,
    DISSENT_REFUSAL_NOT_CLAIMANT,
    DISSENT_REFUSAL_SPEAKER,
    DISSENT_REFUSAL_TEXT,
    DISSENT_REFUSAL_FULL,
} DissentRefusal;

static DissentRefusal dissent_refusal(const ContentionRow *row, const RecordDissent *dissent)
{
    if (row == NULL) {
        return DISSENT_REFUSAL_UNKNOWN;
    }
    if (find_claim(row, dissent->linkage_id) == NULL) {
        return DISSENT_REFUSAL_NOT_CLAIMANT;
    }
    if (dissent->by[0] == '\0' || strlen(dissent->by) > SPEAKER_BYTES_MAX) {
        return DISSENT_REFUSAL_SPEAKER;
    }
    if (dissent->text[0] == '\0' || strlen(dissent->text) > LINKAGE_TEXT_BYTES_MAX) {
        return DISSENT_REFUSAL_TEXT;
    }
    return row->n_dissents < CONTENTION_DISSENTS_MAX ? DISSENT_NOT_REFUSED : DISSENT_REFUSAL_FULL;
}

static void refuse_dissent(struct wu_step *fold, DissentRefusal refusal)
{
    switch (refusal) {
    case DISSENT_REFUSAL_UNKNOWN:
        wu_answer_refuse(fold, "CONTENTION_UNKNOWN",
                         "nobody contends for that service of that provider; 'wushectl "
                         "contention list' shows what is contended for");
        break;
    case DISSENT_REFUSAL_NOT_CLAIMANT:
        wu_answer_refuse(fold, "DISSENT_NOT_CLAIMANT",
                         "that linkage is not among the claimants on the record");
        break;
    case DISSENT_REFUSAL_SPEAKER:
        wu_answer_refuse(fold, "DISSENT_SPEAKER_INVALID",
                         "say who does not agree: a code of 1 to %d bytes", SPEAKER_BYTES_MAX);
        break;
    case DISSENT_REFUSAL_TEXT:
        wu_answer_refuse(fold, "DISSENT_TEXT_INVALID", "say why: 1 to %d bytes",
                         LINKAGE_TEXT_BYTES_MAX);
        break;
    case DISSENT_REFUSAL_FULL:
        wu_answer_refuse(fold, "DISSENT_RECORD_FULL",
                         "%d dissents are on this record already: it wants a decision, not "
                         "another",
                         CONTENTION_DISSENTS_MAX);
        break;
    case DISSENT_NOT_REFUSED:
    default:
        break;
    }
}

/* Who did not get it says why that is wrong. Nothing is taken from anybody. */
static void handle_record_dissent(struct wu_step *fold, const RecordDissent *spoken)
{
    struct contention_key key = {0};
    struct wu_txn *txn = wu_step_txn(fold);
    const ContentionRow *known = NULL;
    if (wu_id_from_pb(spoken->provider_id, &key.provider_id) &&
        wu_key_text(key.service, sizeof key.service, spoken->service)) {
        known = contentions_get(txn, &key);
    }
    DissentRefusal refusal = dissent_refusal(known, spoken);
    if (refusal != DISSENT_NOT_REFUSED) {
        refuse_dissent(fold, refusal);
        return;
    }
    Dissent *list[CONTENTION_DISSENTS_MAX];
    Dissent last = COORDINATOR_STATE__DISSENT__INIT;
    last.linkage_id = spoken->linkage_id;
    last.by = spoken->by;
    last.text = spoken->text;
    last.time_ms = wu_step_event(fold)->time_ms;
    ContentionRow row = *known;
    for (size_t i = 0; i < row.n_dissents; i++) {
        list[i] = row.dissents[i];
    }
    list[row.n_dissents++] = &last;
    row.dissents = list;
    contentions_put(txn, &key, &row);
}

WU_HANDLER(record_dissent, RecordDissent)

const struct wu_route COORDINATOR_CONTENTION_ROUTES[] = {
    {WU_TYPE(COORDINATOR_RECORD_DISSENT), WU_ORIGIN_COMMAND,
     &coordinator__record_dissent__descriptor, route_record_dissent},
    {0},
};
