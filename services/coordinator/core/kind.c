#include "services/coordinator/core/kind.h"

#include "common/fold/pb.h"
#include "services/coordinator/core/tables.h"

#include <string.h>

/* In force, or the first that ever will be: see `kinds`. */
static const KindRow *kind_known(struct wu_step *fold, const char *code)
{
    struct kind_key key;
    return wu_key_text(key.code, sizeof key.code, code) ? kinds_get(wu_step_txn(fold), &key) : NULL;
}

static bool is_in_force(const KindRow *row, int64_t at_ms)
{
    return row->in_force_from_ms <= at_ms &&
           (row->kind->valid_until_ms == 0 || at_ms < row->kind->valid_until_ms);
}

const KindRow *kind_in_force(struct wu_step *fold, const char *code)
{
    const KindRow *row = kind_known(fold, code);
    return row != NULL && is_in_force(row, wu_step_event(fold)->time_ms) ? row : NULL;
}

bool kind_is_listed(struct wu_step *fold, const char *code)
{
    return kind_known(fold, code) != NULL;
}

const KindRow *kind_of_version(struct wu_step *fold, const char *code, uint32_t version)
{
    struct kind_version_key key = {.version = version};
    return wu_key_text(key.code, sizeof key.code, code) ? kind_versions_get(wu_step_txn(fold), &key)
                                                        : NULL;
}

/* ---- versions --------------------------------------------------------------- */

static void refuse_kind(struct wu_step *fold, const AdoptKind *adopt,
                        const struct kind_fault *fault)
{
    const struct rule_text *rule = rule_text(fault->rule);
    wu_answer_refuse(fold, fault->code, "kind '%.31s' %s (rule %s, %s)", adopt->code, fault->text,
                     rule->id, rule->source);
}

/* Same in all but the day it begins: that is what versions differ in anyway. */
static bool kind_is_same(struct wu_step *fold, const AdoptKind *a, const AdoptKind *b)
{
    AdoptKind left = *a;
    AdoptKind right = *b;
    left.valid_from_ms = 0;
    right.valid_from_ms = 0;
    struct wu_bytes left_bytes = wu_pb_pack(&left.base, wu_step_arena(fold));
    struct wu_bytes right_bytes = wu_pb_pack(&right.base, wu_step_arena(fold));
    return left_bytes.size == right_bytes.size && left_bytes.size > 0 &&
           memcmp(left_bytes.data, right_bytes.data, left_bytes.size) == 0;
}

static uint32_t version_count(const KindRow *known)
{
    if (known == NULL) {
        return 0;
    }
    return known->version_count > known->version ? known->version_count : known->version;
}

/* Of those adopted so far the one that will hold then: the last one that has begun. */
static const KindRow *version_at(struct wu_step *fold, const KindRow *known, int64_t at_ms)
{
    for (uint32_t version = version_count(known); version > 0; version--) {
        const KindRow *row = kind_of_version(fold, known->kind->code, version);
        if (row != NULL && row->in_force_from_ms <= at_ms) {
            return row;
        }
    }
    return NULL;
}

static void emit_kind_adopted(struct wu_step *fold, const KindRow *row)
{
    KindAdopted adopted = COORDINATOR__KIND_ADOPTED__INIT;
    adopted.code = row->kind->code;
    adopted.version = row->version;
    adopted.name_zh = row->kind->name_zh;
    adopted.name_en = row->kind->name_en;
    adopted.confirm_within_ms = row->kind->confirm_within_ms;
    struct wu_mail mail = {.type = WU_TYPE(COORDINATOR_KIND_ADOPTED)};
    (void)wu_id_from_pb(row->kind_id, &mail.subject);
    wu_emit_public(fold, "coordinator.kind", &mail, &adopted.base);
}

static void put_known(struct wu_step *fold, const KindRow *row)
{
    struct kind_key key;
    if (wu_key_text(key.code, sizeof key.code, row->kind->code)) {
        kinds_put(wu_step_txn(fold), &key, row);
    }
}

static void put_version(struct wu_step *fold, const KindRow *row)
{
    struct kind_version_key key = {.version = row->version};
    if (wu_key_text(key.code, sizeof key.code, row->kind->code)) {
        kind_versions_put(wu_step_txn(fold), &key, row);
    }
}

/* ---- coming into force ------------------------------------------------------ */

/* It waits for its day; what is in force, if anything, stays so and counts it. */
static void put_waiting(struct wu_step *fold, const KindRow *row, const KindRow *known)
{
    struct kind_waiting_key key = {.from_ms = row->in_force_from_ms, .version = row->version};
    if (!wu_key_text(key.code, sizeof key.code, row->kind->code)) {
        return;
    }
    kinds_waiting_put(wu_step_txn(fold), &key);
    struct wu_timer timer = {.due_at_ms = row->in_force_from_ms,
                             .type = WU_TYPE(COORDINATOR_KIND_EFFECTIVE),
                             .n = row->version};
    (void)wu_id_from_pb(row->kind_id, &timer.subject);
    wu_timer_set(fold, &timer);

    KindRow stays = known != NULL ? *known : *row;
    stays.version_count = row->version;
    put_known(fold, &stays);
}

static void put_in_force(struct wu_step *fold, const KindRow *row)
{
    put_known(fold, row);
    emit_kind_adopted(fold, row);
}

/* A version that was adopted after it and begun before it has taken its place. */
static void bring_into_force(struct wu_step *fold, const struct kind_waiting_key *key)
{
    char code[KIND_CODE_SIZE + 1] = {0};
    memcpy(code, key->code, KIND_CODE_SIZE);
    const KindRow *known = kind_known(fold, code);
    const KindRow *next = kind_of_version(fold, code, key->version);
    if (known == NULL || next == NULL || next->version < known->version) {
        return;
    }
    KindRow row = *next;
    row.version_count = version_count(known);
    put_in_force(fold, &row);
}

/* The day of a version has come; all whose day it is are looked at, soonest first. */
static void handle_kind_effective(struct wu_step *fold)
{
    struct wu_txn *txn = wu_step_txn(fold);
    struct kind_waiting_key key = {0};
    while (kinds_waiting_from(txn, &key, 0) && key.from_ms <= wu_step_event(fold)->time_ms) {
        bring_into_force(fold, &key);
        kinds_waiting_del(txn, &key);
    }
}

/* ---- adoption ---------------------------------------------------------------- */

static const struct kind_fault *adoption_fault(struct wu_step *fold, const AdoptKind *adopt)
{
    const struct kind_fault *fault = kind_fault(adopt);
    bool is_over =
        adopt->valid_until_ms > 0 && adopt->valid_until_ms <= wu_step_event(fold)->time_ms;
    return fault == NULL && is_over ? &KIND_FAULT_OVER : fault;
}

static KindRow next_version(struct wu_step *fold, AdoptKind *kind, const KindRow *known)
{
    int64_t now_ms = wu_step_event(fold)->time_ms;
    KindRow row = COORDINATOR_STATE__KIND_ROW__INIT;
    row.kind = kind;
    row.version = version_count(known) + 1;
    row.version_count = row.version;
    row.adopted_at_ms = now_ms;
    row.in_force_from_ms = kind->valid_from_ms > now_ms ? kind->valid_from_ms : now_ms;
    return row;
}

/*
 * A service kind, or its next version, is adopted: it comes into force at once
 * or on its day. What would be in force then anyway is no new version. Open
 * cases keep the version they were opened under.
 */
static void handle_adopt_kind(struct wu_step *fold, const AdoptKind *adopt)
{
    const struct kind_fault *fault = adoption_fault(fold, adopt);
    if (fault != NULL) {
        refuse_kind(fold, adopt, fault);
        return;
    }

    AdoptKind kind = *adopt;
    const KindRow *known = kind_known(fold, adopt->code);
    KindRow row = next_version(fold, &kind, known);
    struct wu_id kind_id;
    if (known == NULL || !wu_id_from_pb(known->kind_id, &kind_id)) {
        kind_id = wu_step_new_id(fold);
    }
    wu_answer_accept(fold, kind_id);
    const KindRow *then = version_at(fold, known, row.in_force_from_ms);
    if (then != NULL && kind_is_same(fold, then->kind, adopt)) {
        return;
    }

    row.kind_id = wu_id_to_pb(&kind_id);
    put_version(fold, &row);
    if (row.in_force_from_ms > row.adopted_at_ms) {
        put_waiting(fold, &row, known);
    } else {
        put_in_force(fold, &row);
    }
}

WU_HANDLER(adopt_kind, AdoptKind)
WU_TIMER_HANDLER(kind_effective)

const struct wu_route COORDINATOR_KIND_ROUTES[] = {
    {WU_TYPE(COORDINATOR_ADOPT_KIND), WU_ORIGIN_COMMAND, &coordinator__adopt_kind__descriptor,
     route_adopt_kind},
    {WU_TYPE(COORDINATOR_KIND_EFFECTIVE), WU_ORIGIN_TIMER, NULL, route_kind_effective},
    {0},
};
