#include "services/coordinator/core/emergency.h"

#include "common/base/division.h"
#include "common/base/time.h"
#include "services/coordinator/core/person.h"
#include "services/coordinator/core/tables.h"

#include <string.h>

/* Whoever needs longer declares anew: nothing is extended silently. */
#define EMERGENCY_LONGEST_MS (30 * WU_DAY_MS)

enum { AUTHORITY_SIZE = 96 };

/* ---- of a linkage ---------------------------------------------------------- */

static bool covers(const EmergencyRow *emergency, const LinkageRow *row)
{
    if (!wu_division_holds(emergency->area, row->division)) {
        return false;
    }
    for (size_t i = 0; i < emergency->n_kinds; i++) {
        if (strcmp(emergency->kinds[i], row->kind) == 0) {
            return true;
        }
    }
    return false;
}

void emergency_enter(struct linkage *linkage)
{
    struct wu_txn *txn = wu_step_txn(linkage->fold);
    struct emergency_key key = {{{0}}};
    for (bool found = emergencies_open_from(txn, &key, 0); found;
         found = emergencies_open_after(txn, &key, 0)) {
        const EmergencyRow *emergency = emergencies_get(txn, &key);
        if (emergency != NULL && covers(emergency, &linkage->row)) {
            linkage->row.emergency_id = linkage_keep_id(linkage, &key.emergency_id);
            return;
        }
    }
}

/* Adds one to the gate's count. */
static void count_gate(struct wu_step *fold, EmergencyRow *emergency, Rule gate)
{
    struct wu_arena *arena = wu_step_arena(fold);
    size_t count = emergency->n_gates;
    for (size_t i = 0; i < count; i++) {
        if (emergency->gates[i]->rule == gate) {
            emergency->gates[i]->count++;
            return;
        }
    }
    GateCount **gates = wu_arena_take(arena, (count + 1) * sizeof(GateCount *));
    GateCount *added = wu_arena_take(arena, sizeof *added);
    if (gates == NULL || added == NULL) {
        return; /* the batch fails */
    }
    for (size_t i = 0; i < count; i++) {
        gates[i] = emergency->gates[i];
    }
    coordinator__gate_count__init(added);
    added->rule = gate;
    added->count = 1;
    gates[count] = added;
    emergency->gates = gates;
    emergency->n_gates = count + 1;
}

static void write_down(struct linkage *linkage, const struct emergency_key *key,
                       const EmergencyRow *known, Rule gate)
{
    struct wu_txn *txn = wu_step_txn(linkage->fold);
    const struct relaxation_key relaxation_key = {key->emergency_id, linkage->id, (uint32_t)gate};
    if (relaxations_get(txn, &relaxation_key) != NULL) {
        return;
    }
    RelaxationRow row = COORDINATOR_STATE__RELAXATION_ROW__INIT;
    row.time_ms = wu_step_event(linkage->fold)->time_ms;
    row.kind = linkage->row.kind;
    row.division = linkage->row.division;
    relaxations_put(txn, &relaxation_key, &row);
    EmergencyRow emergency = *known;
    count_gate(linkage->fold, &emergency, gate);
    emergencies_put(txn, key, &emergency);
    linkage_note(linkage, &(struct note){.type = WU_TYPE(COORDINATOR_EMERGENCY_DECLARED),
                                         .text = known->authority,
                                         .rules = {RULE(EMERGENCY_RELAXES), gate}});
}

bool emergency_relaxes(struct linkage *linkage, Rule gate)
{
    struct emergency_key key;
    if (!wu_id_from_pb(linkage->row.emergency_id, &key.emergency_id)) {
        return false;
    }
    const EmergencyRow *known = emergencies_get(wu_step_txn(linkage->fold), &key);
    if (known == NULL || known->ended_at_ms != 0) {
        return false;
    }
    write_down(linkage, &key, known, gate);
    return true;
}

/* ---- declared -------------------------------------------------------------- */

static bool text_is_usable(const char *text, size_t bytes_max)
{
    size_t size = strlen(text);
    return size > 0 && size <= bytes_max;
}

static size_t standing_count(struct wu_txn *txn)
{
    size_t count = 0;
    struct emergency_key key = {{{0}}};
    for (bool found = emergencies_open_from(txn, &key, 0); found;
         found = emergencies_open_after(txn, &key, 0)) {
        count++;
    }
    return count;
}

/* The first kind that is not in force, or NULL. */
static const char *unlisted_kind(struct wu_step *fold, const DeclareEmergency *declare)
{
    for (size_t i = 0; i < declare->n_kinds; i++) {
        if (kind_in_force(fold, declare->kinds[i]) == NULL) {
            return declare->kinds[i];
        }
    }
    return NULL;
}

static bool scope_is_usable(struct wu_step *fold, const DeclareEmergency *declare)
{
    if (!wu_division_is_valid(declare->area)) {
        wu_answer_refuse(fold, "EMERGENCY_AREA_INVALID",
                         "an emergency is somewhere: give the 12 digits of a division");
        return false;
    }
    if (declare->n_kinds == 0 || declare->n_kinds > EMERGENCY_KINDS_MAX) {
        wu_answer_refuse(fold, "EMERGENCY_KINDS_INVALID",
                         "an emergency names its kinds of service, 1 to %d", EMERGENCY_KINDS_MAX);
        return false;
    }
    const char *unlisted = unlisted_kind(fold, declare);
    if (unlisted != NULL) {
        wu_answer_refuse(
            fold, "EMERGENCY_KIND_UNKNOWN",
            "kind '%.40s' is not in force; 'wushectl catalogue show' shows those that are",
            unlisted);
        return false;
    }
    return true;
}

/* Checked in this order. */
static bool may_declare(struct wu_step *fold, const DeclareEmergency *declare)
{
    int64_t now_ms = wu_step_event(fold)->time_ms;
    if (!text_is_usable(declare->authority, AUTHORITY_SIZE - 1) ||
        !text_is_usable(declare->reason, LINKAGE_TEXT_BYTES_MAX)) {
        wu_answer_refuse(fold, "EMERGENCY_TEXT_INVALID",
                         "an emergency names its authority, a body, in at most %d bytes, and its "
                         "reason in at most %d",
                         AUTHORITY_SIZE - 1, LINKAGE_TEXT_BYTES_MAX);
        return false;
    }
    if (!scope_is_usable(fold, declare)) {
        return false;
    }
    if (declare->until_ms <= now_ms ||
        declare->until_ms > wu_time_add(now_ms, EMERGENCY_LONGEST_MS)) {
        wu_answer_refuse(
            fold, "EMERGENCY_UNTIL_INVALID",
            "an emergency ends by itself: at a time to come, at most 30 days from now");
        return false;
    }
    if (standing_count(wu_step_txn(fold)) == EMERGENCIES_MAX) {
        wu_answer_refuse(fold, "EMERGENCY_TOO_MANY",
                         "%d emergencies stand already; end one of them first", EMERGENCIES_MAX);
        return false;
    }
    return true;
}

static struct wu_timer emergency_timer(const struct emergency_key *key, const EmergencyRow *row)
{
    return (struct wu_timer){.due_at_ms = row->until_ms,
                             .type = WU_TYPE(COORDINATOR_EMERGENCY_OVER),
                             .subject = key->emergency_id};
}

static void emit_public(struct wu_step *fold, const struct emergency_key *key, uint64_t area,
                        wu_event_type type, const ProtobufCMessage *body)
{
    const struct wu_mail mail = {.type = type, .subject = key->emergency_id, .division = area};
    wu_emit_public(fold, "coordinator.emergency", &mail, body);
}

static void handle_declare_emergency(struct wu_step *fold, const DeclareEmergency *declare)
{
    if (!may_declare(fold, declare)) {
        return;
    }
    const struct emergency_key key = {wu_step_new_id(fold)};
    EmergencyRow row = COORDINATOR_STATE__EMERGENCY_ROW__INIT;
    row.authority = declare->authority;
    row.area = declare->area;
    row.kinds = declare->kinds;
    row.n_kinds = declare->n_kinds;
    row.declared_at_ms = wu_step_event(fold)->time_ms;
    row.until_ms = declare->until_ms;
    row.reason = declare->reason;
    emergencies_put(wu_step_txn(fold), &key, &row);
    emergencies_open_put(wu_step_txn(fold), &key);
    const struct wu_timer timer = emergency_timer(&key, &row);
    wu_timer_set(fold, &timer);

    EmergencyDeclared declared = COORDINATOR__EMERGENCY_DECLARED__INIT;
    declared.authority = row.authority;
    declared.area = row.area;
    declared.kinds = row.kinds;
    declared.n_kinds = row.n_kinds;
    declared.until_ms = row.until_ms;
    declared.reason = row.reason;
    emit_public(fold, &key, row.area, WU_TYPE(COORDINATOR_EMERGENCY_DECLARED), &declared.base);
    wu_answer_accept(fold, key.emergency_id);
}

/* ---- over ------------------------------------------------------------------ */

static void end_emergency(struct wu_step *fold, const struct emergency_key *key,
                          const EmergencyRow *known, const EndEmergency *end)
{
    EmergencyRow row = *known;
    row.ended_at_ms = wu_step_event(fold)->time_ms;
    row.ended_by = end != NULL ? end->by : "";
    row.end_reason = end != NULL ? end->reason : "";
    emergencies_put(wu_step_txn(fold), key, &row);
    emergencies_open_del(wu_step_txn(fold), key);

    EmergencyEnded ended = COORDINATOR__EMERGENCY_ENDED__INIT;
    ended.authority = row.authority;
    ended.area = row.area;
    ended.ended_at_ms = row.ended_at_ms;
    ended.expired = end == NULL;
    ended.gates = row.gates;
    ended.n_gates = row.n_gates;
    emit_public(fold, key, row.area, WU_TYPE(COORDINATOR_EMERGENCY_ENDED), &ended.base);
}

/* Checked in this order. */
static bool may_end(struct wu_step *fold, const EndEmergency *end, const EmergencyRow *known)
{
    if (known == NULL) {
        wu_answer_refuse(fold, "EMERGENCY_UNKNOWN",
                         "there is no such emergency; 'wushectl emergency list' shows them");
        return false;
    }
    if (!person_is_usable(end->by)) {
        person_refuse(fold);
        return false;
    }
    if (!text_is_usable(end->reason, LINKAGE_TEXT_BYTES_MAX)) {
        wu_answer_refuse(fold, "REASON_MISSING", "say why it is over, in at most %d bytes",
                         LINKAGE_TEXT_BYTES_MAX);
        return false;
    }
    if (known->ended_at_ms != 0) {
        wu_answer_refuse(fold, "EMERGENCY_OVER", "this emergency is over already");
        return false;
    }
    return true;
}

static void handle_end_emergency(struct wu_step *fold, const EndEmergency *end)
{
    struct emergency_key key;
    bool named = wu_id_from_pb(end->emergency_id, &key.emergency_id);
    const EmergencyRow *known = named ? emergencies_get(wu_step_txn(fold), &key) : NULL;
    if (!may_end(fold, end, known)) {
        return;
    }
    const struct wu_timer timer = emergency_timer(&key, known);
    wu_timer_cancel(fold, &timer);
    end_emergency(fold, &key, known, end);
    wu_answer_accept(fold, key.emergency_id);
}

/* Its time is up. */
static void handle_emergency_over(struct wu_step *fold)
{
    const struct emergency_key key = {wu_step_event(fold)->subject};
    const EmergencyRow *known = emergencies_get(wu_step_txn(fold), &key);
    if (known != NULL && known->ended_at_ms == 0) {
        end_emergency(fold, &key, known, NULL);
    }
}

WU_HANDLER(declare_emergency, DeclareEmergency)
WU_HANDLER(end_emergency, EndEmergency)
WU_TIMER_HANDLER(emergency_over)

const struct wu_route COORDINATOR_EMERGENCY_ROUTES[] = {
    {WU_TYPE(COORDINATOR_DECLARE_EMERGENCY), WU_ORIGIN_COMMAND,
     &coordinator__declare_emergency__descriptor, route_declare_emergency},
    {WU_TYPE(COORDINATOR_END_EMERGENCY), WU_ORIGIN_COMMAND, &coordinator__end_emergency__descriptor,
     route_end_emergency},
    {WU_TYPE(COORDINATOR_EMERGENCY_OVER), WU_ORIGIN_TIMER, NULL, route_emergency_over},
    {0},
};
