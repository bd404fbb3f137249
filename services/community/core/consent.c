#include "services/community/core/consent.h"

#include "services/community/core/resident.h"

static void answer_unknown(struct wu_step *step)
{
    wu_answer_refuse(step, "RESIDENT_UNKNOWN",
                     "there is no such resident here, or they were erased; 'wushectl resident "
                     "list' shows them by number");
}

uint32_t consent_covering(struct wu_step *step, const struct resident_key *resident,
                          Purpose purpose, Role recipient, bool sensitive)
{
    int64_t now_ms = wu_step_event(step)->time_ms;
    struct consent_key key = {resident->resident_id, 0};
    const ConsentRow *row = NULL;
    for (bool found = consents_from(wu_step_txn(step), &key, 1, &row); found;
         found = consents_after(wu_step_txn(step), &key, 1, &row)) {
        bool is_for_it = row->purpose == purpose &&
                         (row->recipient == recipient || row->recipient == ROLE_UNSPECIFIED);
        bool holds = row->from_ms <= now_ms && now_ms < row->until_ms && row->withdrawn_at_ms == 0;
        if (is_for_it && holds && (row->sensitive || !sensitive)) {
            return key.consent_no;
        }
    }
    return 0;
}

/* A resident agrees: to one purpose, one recipient, and not for ever. */
static void handle_record_consent(struct wu_step *step, const RecordConsent *record)
{
    struct resident_key key;
    const ResidentRow *known = resident_of(step, record->resident_id, &key);
    if (known == NULL || known->erased_at_ms != 0) {
        answer_unknown(step);
        return;
    }
    if (record->purpose == PURPOSE_UNSPECIFIED || record->purpose == PURPOSE_OWN_REQUEST) {
        wu_answer_refuse(step, "CONSENT_PURPOSE_INVALID",
                         "a consent names its purpose: service, visit or statistics; to see their "
                         "own data residents need none");
        return;
    }
    int64_t now_ms = wu_step_event(step)->happened_at_ms;
    int64_t from_ms = record->from_ms != 0 ? record->from_ms : now_ms;
    if (record->until_ms <= from_ms || record->until_ms <= wu_step_event(step)->time_ms) {
        wu_answer_refuse(step, "CONSENT_WINDOW_INVALID",
                         "a consent ends after it begins, and not in the past");
        return;
    }
    ResidentRow resident = *known;
    ConsentRow row = COMMUNITY_STATE__CONSENT_ROW__INIT;
    row.purpose = record->purpose;
    row.recipient = record->recipient;
    row.from_ms = from_ms;
    row.until_ms = record->until_ms;
    row.sensitive = record->sensitive;
    const struct consent_key consent = {key.resident_id, ++resident.consent_count};
    consents_put(wu_step_txn(step), &consent, &row);
    residents_put(wu_step_txn(step), &key, &resident);
    wu_answer_accept(step, key.resident_id);
}

/* From now on it covers nothing. What was told under it stays told; withdrawing twice is once. */
static void handle_withdraw_consent(struct wu_step *step, const WithdrawConsent *withdraw)
{
    struct resident_key resident;
    if (resident_of(step, withdraw->resident_id, &resident) == NULL) {
        answer_unknown(step);
        return;
    }
    const struct consent_key key = {resident.resident_id, withdraw->consent_no};
    const ConsentRow *known = consents_get(wu_step_txn(step), &key);
    if (known == NULL) {
        wu_answer_refuse(step, "CONSENT_UNKNOWN",
                         "this resident gave no consent %u; 'wushectl consent list' shows them",
                         (unsigned)withdraw->consent_no);
        return;
    }
    wu_answer_accept(step, resident.resident_id);
    if (known->withdrawn_at_ms == 0) {
        ConsentRow row = *known;
        row.withdrawn_at_ms = wu_step_event(step)->time_ms;
        consents_put(wu_step_txn(step), &key, &row);
    }
}

WU_HANDLER(record_consent, RecordConsent)
WU_HANDLER(withdraw_consent, WithdrawConsent)

const struct wu_route COMMUNITY_CONSENT_ROUTES[] = {
    {WU_TYPE(COMMUNITY_RECORD_CONSENT), WU_ORIGIN_COMMAND, &community__record_consent__descriptor,
     route_record_consent},
    {WU_TYPE(COMMUNITY_WITHDRAW_CONSENT), WU_ORIGIN_COMMAND,
     &community__withdraw_consent__descriptor, route_withdraw_consent},
    {0},
};
