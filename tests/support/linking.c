#include "tests/support/linking.h"

#include "services/coordinator/core/above.h"
#include "services/coordinator/core/core.h"
#include "services/coordinator/core/record.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { PARTIES_MAX = 128, TEXT_BYTES = 65536, PARTY_NODES_FROM = 100 };

static struct world *world;
static char names[PARTIES_MAX][40];
static size_t name_count;
static char text[TEXT_BYTES];
static size_t text_bytes;

void linking_set_up(void)
{
    linking_set_up_below(0);
}

void linking_set_up_below(uint32_t hub)
{
    name_count = 0;
    world = world_open_below(&COORDINATOR_CORE, hub);
}

void linking_tear_down(void)
{
    world_verify(world);
    world_close(&world);
}

struct world *linking_world(void)
{
    return world;
}

static size_t list_size(PlanStep **list)
{
    size_t count = 0;
    while (list != NULL && list[count] != NULL) {
        count++;
    }
    return count;
}

/* ---- the catalogue --------------------------------------------------------- */

PlanStep plan_step(Role role, const char *service, bool required)
{
    PlanStep step = LINKAGE__PLAN_STEP__INIT;
    step.role = role;
    step.service = service;
    step.quantity = role == ROLE_VOLUNTEER ? 2 : 1;
    step.required = required;
    return step;
}

AdoptKind kind_of(const char *code, PlanStep **recipe)
{
    AdoptKind kind = COORDINATOR__ADOPT_KIND__INIT;
    kind.code = code;
    kind.name_zh = "服务";
    kind.name_en = "service";
    kind.reply_within_ms = REPLY_MS;
    kind.deliver_within_ms = DELIVER_MS;
    kind.confirm_within_ms = 3 * WU_DAY_MS;
    kind.recipe = recipe;
    kind.n_recipe = list_size(recipe);
    return kind;
}

const Bus__Answer *adopt(const AdoptKind *kind)
{
    return world_command(world, WU_TYPE(COORDINATOR_ADOPT_KIND), &kind->base);
}

void adopt_kinds(void)
{
    PlanStep visiting = plan_step(ROLE_SOCIALORG, "visiting", true);
    PlanStep kitchen = plan_step(ROLE_SOCIALORG, "kitchen", true);
    PlanStep carrying = plan_step(ROLE_VOLUNTEER, "carrying", true);
    PlanStep rice = plan_step(ROLE_CHARITY, "rice", false);
    AdoptKind visit = kind_of("visit", (PlanStep *[]){&visiting, NULL});
    AdoptKind meals = kind_of("meals", (PlanStep *[]){&kitchen, &carrying, &rice, NULL});
    AdoptKind grief = kind_of("grief", (PlanStep *[]){&visiting, NULL});
    grief.assess = true;
    grief.assess_field = "counselling";
    assert_accepted(adopt(&visit));
    assert_accepted(adopt(&meals));
    assert_accepted(adopt(&grief));
    world_clear(world);
}

/* ---- providers ------------------------------------------------------------- */

static size_t index_of(const char *name)
{
    for (size_t i = 0; i < name_count; i++) {
        if (strcmp(names[i], name) == 0) {
            return i;
        }
    }
    cr_assert_lt(name_count, PARTIES_MAX);
    (void)snprintf(names[name_count], sizeof names[name_count], "%s", name);
    return name_count++;
}

/* Many names share a node: the world knows 64 sources of mail. */
static uint32_t party_node(const char *name)
{
    return PARTY_NODES_FROM + (uint32_t)(index_of(name) % 32);
}

struct wu_id party_id(const char *name)
{
    return wu_id_make(party_node(name), 1, index_of(name) + 1, 0);
}

static const char *name_of(ProtobufCBinaryData id)
{
    for (size_t i = 0; i < name_count; i++) {
        struct wu_id known = party_id(names[i]);
        if (id.len == sizeof known.bytes && memcmp(id.data, known.bytes, id.len) == 0) {
            return names[i];
        }
    }
    return "nobody";
}

void announce(const struct party *party)
{
    struct wu_id id = party_id(party->name);
    const char *services[] = {party->service, party->second_service};
    ProviderAnnounced announced = LINKAGE__PROVIDER_ANNOUNCED__INIT;
    announced.provider_id = wu_id_to_pb(&id);
    announced.role = party->role;
    announced.name = party->name;
    announced.division = party->division != 0 ? party->division : STREET;
    announced.n_services = party->second_service != NULL ? 2 : 1;
    announced.services = services;
    announced.open = !party->closed;
    announced.capacity = party->capacity;
    struct world_mail mail = {
        .from_node = party->from_node != 0 ? party->from_node : party_node(party->name),
        .type = WU_TYPE(LINKAGE_PROVIDER_ANNOUNCED),
        .subject = id,
    };
    world_mail(world, &mail, &announced.base);
}

void join(const char *name, Role role, const char *service, uint64_t division)
{
    announce(PARTY(.name = name, .role = role, .service = service, .division = division));
}

const ProviderRow *provider_row(const char *name)
{
    return providers_get(world_txn(world), &(struct provider_key){party_id(name)});
}

/* ---- the community --------------------------------------------------------- */

struct wu_id need_id(uint64_t n)
{
    return wu_id_make(COMMUNITY_NODE, 1, n, 0);
}

void raise_need(const struct need *need)
{
    struct wu_id id = need_id(need->n != 0 ? need->n : 1);
    NeedRaised raised = COMMUNITY__NEED_RAISED__INIT;
    raised.need_id = wu_id_to_pb(&id);
    raised.kind = need->kind;
    raised.division = need->division != 0 ? need->division : COMMUNITY;
    raised.urgency =
        need->urgency != 0 ? need->urgency : COMMUNITY__NEED_URGENCY__NEED_URGENCY_DIFFICULT;
    int64_t now_ms = world_now_ms(world);
    raised.from_ms = need->from_ms != 0 ? need->from_ms : now_ms + WU_HOUR_MS;
    raised.until_ms = need->until_ms != 0 ? need->until_ms : now_ms + 5 * WU_HOUR_MS;
    raised.happened_at_ms = now_ms - WU_MINUTE_MS;
    struct world_mail mail = {
        .from_node = need->from_node != 0 ? need->from_node : COMMUNITY_NODE,
        .type = WU_TYPE(COMMUNITY_NEED_RAISED),
        .subject = id,
        .correlation = id,
        .division = raised.division,
    };
    world_mail(world, &mail, &raised.base);
}

void raise_plain(uint64_t n, const char *kind)
{
    raise_need(NEED(.n = n, .kind = kind));
}

void confirm_need(uint64_t n, Community__Verdict verdict, uint32_t from_node)
{
    struct wu_id id = need_id(n);
    NeedConfirmed confirmed = COMMUNITY__NEED_CONFIRMED__INIT;
    confirmed.need_id = wu_id_to_pb(&id);
    confirmed.verdict = verdict;
    struct world_mail mail = {.from_node = from_node,
                              .type = WU_TYPE(COMMUNITY_NEED_CONFIRMED),
                              .subject = id,
                              .correlation = id};
    world_mail(world, &mail, &confirmed.base);
}

/* ---- answers --------------------------------------------------------------- */

struct ref_parts {
    struct wu_id linkage;
    struct wu_id provider;
};

static StepRef ref_of(const struct answer *answer, struct ref_parts *parts)
{
    parts->linkage = need_id(answer->need != 0 ? answer->need : 1);
    parts->provider = party_id(answer->who);
    StepRef ref = LINKAGE__STEP_REF__INIT;
    ref.linkage_id = wu_id_to_pb(&parts->linkage);
    ref.provider_id = wu_id_to_pb(&parts->provider);
    ref.step_no = answer->step_no != 0 ? answer->step_no : 1;
    ref.attempt = answer->attempt != 0 ? answer->attempt : 1;
    return ref;
}

static void send_answer(const struct answer *answer, const struct ref_parts *parts,
                        wu_event_type type, const ProtobufCMessage *body)
{
    struct world_mail mail = {
        .from_node = answer->from_node != 0 ? answer->from_node : party_node(answer->who),
        .type = type,
        .subject = parts->linkage,
        .correlation = parts->linkage,
        .division = COMMUNITY,
    };
    world_mail(world, &mail, body);
}

void reserve(const struct answer *answer)
{
    struct ref_parts parts;
    StepRef ref = ref_of(answer, &parts);
    StepReserved reserved = LINKAGE__STEP_RESERVED__INIT;
    reserved.ref = &ref;
    reserved.held_until_ms = answer->held_until_ms != 0
                                 ? answer->held_until_ms
                                 : world_now_ms(world) + 3 * REPLY_MS + WU_HOUR_MS;
    send_answer(answer, &parts, WU_TYPE(LINKAGE_STEP_RESERVED), &reserved.base);
}

void decline(const struct answer *answer)
{
    struct ref_parts parts;
    StepRef ref = ref_of(answer, &parts);
    StepDeclined declined = LINKAGE__STEP_DECLINED__INIT;
    declined.ref = &ref;
    declined.reason = answer->reason != 0 ? answer->reason : DECLINE_NO_CAPACITY;
    if (answer->not_ours) {
        declined.reason = DECLINE_NOT_OURS;
    }
    declined.text = answer->text != NULL ? answer->text : "";
    struct wu_id holder = need_id(answer->held_by);
    ProtobufCBinaryData held_by[] = {wu_id_to_pb(&holder)};
    declined.held_by = held_by;
    declined.n_held_by = answer->held_by != 0 ? 1 : 0;
    send_answer(answer, &parts, WU_TYPE(LINKAGE_STEP_DECLINED), &declined.base);
}

void lapse(const struct answer *answer)
{
    struct ref_parts parts;
    StepRef ref = ref_of(answer, &parts);
    StepLapsed lapsed = LINKAGE__STEP_LAPSED__INIT;
    lapsed.ref = &ref;
    send_answer(answer, &parts, WU_TYPE(LINKAGE_STEP_LAPSED), &lapsed.base);
}

void take(const struct answer *answer)
{
    struct ref_parts parts;
    StepRef ref = ref_of(answer, &parts);
    StepTaken taken = LINKAGE__STEP_TAKEN__INIT;
    taken.ref = &ref;
    send_answer(answer, &parts, WU_TYPE(LINKAGE_STEP_TAKEN), &taken.base);
}

void deliver(const struct answer *answer)
{
    struct ref_parts parts;
    StepRef ref = ref_of(answer, &parts);
    StepDelivered delivered = LINKAGE__STEP_DELIVERED__INIT;
    delivered.ref = &ref;
    delivered.quantity = answer->quantity != 0 ? answer->quantity : answer->nothing ? 0 : 1;
    delivered.minutes = answer->minutes != 0 ? answer->minutes : 30;
    delivered.note = answer->text != NULL ? answer->text : "";
    delivered.plan = answer->plan;
    delivered.n_plan = list_size(answer->plan);
    send_answer(answer, &parts, WU_TYPE(LINKAGE_STEP_DELIVERED), &delivered.base);
}

/* ---- looking --------------------------------------------------------------- */

static void say(const char *format, ...) WU_PRINTF(1, 2);

static void say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(text + text_bytes, sizeof text - text_bytes, format, args);
    va_end(args);
    cr_assert(size >= 0 && (size_t)size < sizeof text - text_bytes);
    text_bytes += (size_t)size;
}

/* "REPLY_OVERDUE": a value's name without the prefix of its enum. */
static const char *short_name(const ProtobufCEnumDescriptor *descriptor, int value)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(descriptor, value);
    const ProtobufCEnumValue *none = protobuf_c_enum_descriptor_get_value(descriptor, 0);
    return known != NULL ? known->name + strlen(none->name) - strlen("UNSPECIFIED") : "?";
}

static void say_outcome(int outcome, int reason, const char *service)
{
    say(" %s", short_name(&coordinator__outcome__descriptor, outcome));
    if (reason != 0) {
        say(" %s", short_name(&coordinator__unmet_reason__descriptor, reason));
    }
    say("%s%s\n", service[0] != '\0' ? " " : "", service);
}

/* Every output goes where it should, too. */
static void say_to_provider(const struct world_output *output)
{
    const ProtobufCMessageDescriptor *descriptor =
        output->type == WU_TYPE(LINKAGE_STEP_OFFERED)     ? &linkage__step_offered__descriptor
        : output->type == WU_TYPE(LINKAGE_STEP_CONFIRMED) ? &linkage__step_confirmed__descriptor
                                                          : &linkage__step_released__descriptor;
    ProtobufCMessage *message =
        protobuf_c_message_unpack(descriptor, NULL, output->data.size, output->data.data);
    cr_assert_not_null(message);
    const StepRef *ref =
        ((const StepReleased *)(const void *)message)->ref; /* first in all three */
    const char *name = name_of(ref->provider_id);
    char coordinator[32];
    struct wu_id id;
    if (wu_id_from_pb(ref->provider_id, &id) && is_coordinator(&id)) {
        (void)snprintf(coordinator, sizeof coordinator, "coordinator %u", output->to_node);
        name = wu_id_node(&id) == output->to_node ? coordinator : "nobody";
    }
    if (name != coordinator && strcmp(name, "nobody") != 0 && output->to_node != party_node(name)) {
        name = "the wrong node";
    }
    if (output->type == WU_TYPE(LINKAGE_STEP_OFFERED)) {
        say("offer %u.%u to %s\n", ref->step_no, ref->attempt, name);
    } else if (output->type == WU_TYPE(LINKAGE_STEP_CONFIRMED)) {
        say("confirm %u.%u at %s\n", ref->step_no, ref->attempt, name);
    } else {
        say("release %u.%u at %s: %s\n", ref->step_no, ref->attempt, name,
            short_name(&linkage__release_reason__descriptor,
                       (int)((const StepReleased *)(const void *)message)->reason));
    }
    protobuf_c_message_free_unpacked(message, NULL);
}

static void say_closed(const struct world_output *output)
{
    LinkageClosed *closed =
        coordinator__linkage_closed__unpack(NULL, output->data.size, output->data.data);
    cr_assert_not_null(closed);
    say("closed");
    say_outcome((int)closed->outcome, (int)closed->reason, closed->service);
    coordinator__linkage_closed__free_unpacked(closed, NULL);
}

static void say_counted(const struct world_output *output)
{
    CaseCounted *counted =
        coordinator__case_counted__unpack(NULL, output->data.size, output->data.data);
    cr_assert_not_null(counted);
    say("counted %s", counted->kind);
    say_outcome((int)counted->outcome, (int)counted->reason, "");
    coordinator__case_counted__free_unpacked(counted, NULL);
}

static void say_escalated(const struct world_output *output)
{
    LinkageEscalated *escalated =
        coordinator__linkage_escalated__unpack(NULL, output->data.size, output->data.data);
    cr_assert_not_null(escalated);
    say("escalated to %llu: %s\n", (unsigned long long)escalated->division,
        rule_text(escalated->rule)->id);
    coordinator__linkage_escalated__free_unpacked(escalated, NULL);
}

static void say_disputed(const struct world_output *output)
{
    LinkageDisputed *disputed =
        coordinator__linkage_disputed__unpack(NULL, output->data.size, output->data.data);
    cr_assert_not_null(disputed);
    say(disputed->ruling_by_ms != 0 ? "disputed %u\n" : "dispute %u over\n",
        (unsigned)disputed->step_no);
    coordinator__linkage_disputed__free_unpacked(disputed, NULL);
}

static void say_opened(const struct world_output *output)
{
    LinkageOpened *opened =
        coordinator__linkage_opened__unpack(NULL, output->data.size, output->data.data);
    cr_assert_not_null(opened);
    say("opened under %u\n", opened->kind_version);
    coordinator__linkage_opened__free_unpacked(opened, NULL);
}

static void say_refused(const struct world_output *output)
{
    LinkageRefused *refused =
        coordinator__linkage_refused__unpack(NULL, output->data.size, output->data.data);
    cr_assert_not_null(refused);
    cr_assert_not_null(rule_text(refused->rule), "a refusal names its rule");
    say("refused %s\n",
        short_name(&coordinator__linkage_refusal__descriptor, (int)refused->reason));
    coordinator__linkage_refused__free_unpacked(refused, NULL);
}

static void say_plan_refused(const struct world_output *output)
{
    PlanRefused *refused =
        linkage__plan_refused__unpack(NULL, output->data.size, output->data.data);
    cr_assert_not_null(refused);
    const struct rule_text *rule = rule_text((Rule)refused->rule);
    cr_assert_not_null(rule);
    say("plan %u.%u refused at %u: %s\n", refused->ref->step_no, refused->ref->attempt, refused->at,
        rule->id);
    linkage__plan_refused__free_unpacked(refused, NULL);
}

static void say_output(const struct world_output *output)
{
    switch (output->type) {
    case WU_TYPE(LINKAGE_PLAN_REFUSED):
        say_plan_refused(output);
        break;
    case WU_TYPE(LINKAGE_STEP_OFFERED):
    case WU_TYPE(LINKAGE_STEP_CONFIRMED):
    case WU_TYPE(LINKAGE_STEP_RELEASED):
        say_to_provider(output);
        break;
    case WU_TYPE(COORDINATOR_LINKAGE_OPENED):
        say_opened(output);
        break;
    case WU_TYPE(COORDINATOR_LINKAGE_REFUSED):
        say_refused(output);
        break;
    case WU_TYPE(COORDINATOR_LINKAGE_DELIVERED):
        say("delivered\n");
        break;
    case WU_TYPE(COORDINATOR_LINKAGE_CLOSED):
        say_closed(output);
        break;
    case WU_TYPE(COORDINATOR_LINKAGE_ESCALATED):
        say_escalated(output);
        break;
    case WU_TYPE(COORDINATOR_LINKAGE_DISPUTED):
        say_disputed(output);
        break;
    case WU_TYPE(COORDINATOR_CASE_COUNTED):
        say_counted(output);
        break;
    default:
        say("%s\n", wu_event_type_name(output->type));
        break;
    }
}

const char *said(void)
{
    text_bytes = 0;
    text[0] = '\0';
    for (size_t i = 0; i < world_output_count(world); i++) {
        say_output(world_output(world, i));
    }
    world_clear(world);
    return text;
}

const char *linking_lines(const char *const *lines)
{
    static char expected[TEXT_BYTES];
    size_t used = 0;
    expected[0] = '\0';
    for (; *lines != NULL; lines++) {
        int size = snprintf(expected + used, sizeof expected - used, "%s\n", *lines);
        cr_assert(size >= 0 && (size_t)size < sizeof expected - used);
        used += (size_t)size;
    }
    return expected;
}

void wait_ms(int64_t span_ms)
{
    world_advance(world, span_ms);
}

size_t timer_count(void)
{
    struct wu_timer_key key = {.due_at_ms = INT64_MIN};
    const Node__TimerRow *row = NULL;
    size_t count = 0;
    struct wu_txn *txn = world_txn(world);
    for (bool found = wu_timers_from(txn, &key, 0, &row); found;
         found = wu_timers_after(txn, &key, 0, &row)) {
        count += key.type != WU_TYPE(COORDINATOR_STANDING_DUE);
    }
    return count;
}

const LinkageRow *linkage_row(uint64_t n)
{
    struct wu_txn *txn = world_txn(world);
    const struct wu_id id = need_id(n);
    return linkage_whole(txn, wu_txn_arena(txn), &id);
}

CoordinatorState__StepState step_state(uint64_t n, uint32_t step_no)
{
    const LinkageRow *row = linkage_row(n);
    cr_assert_not_null(row);
    return step_no <= row->n_steps ? row->steps[step_no - 1]->state : 0;
}

const HistoryEntry *last_note(uint64_t n, wu_event_type type)
{
    const LinkageRow *row = linkage_row(n);
    const HistoryEntry *found = NULL;
    for (size_t i = 0; row != NULL && i < row->n_history; i++) {
        if (row->history[i]->type == type) {
            found = row->history[i];
        }
    }
    return found;
}

uint64_t outcome_count(Outcome outcome, UnmetReason reason)
{
    const struct outcome_key key = {(uint32_t)outcome, (uint32_t)reason};
    const OutcomeRow *row = outcomes_get(world_txn(world), &key);
    return row != NULL ? row->count : 0;
}

bool is_open(uint64_t n)
{
    struct linkage_key key = {need_id(n)};
    return linkages_open_from(world_txn(world), &key, 1);
}
