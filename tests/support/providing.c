#include "tests/support/providing.h"

#include "common/base/time.h"
#include "services/provider/provider.h"

#include <criterion/criterion.h>

#define DIVISION UINT64_C(420106012001)

static const struct provider_hooks PLAIN_HOOKS = {.role = ROLE(SOCIALORG)};
static const struct wu_table *const PLAIN_TABLES[] = {PROVIDER_TABLES, NULL};
static const struct wu_route *const PLAIN_ROUTES[] = {PROVIDER_ROUTES, NULL};
static const char *const PLAIN_FOLLOWS[] = {NULL};
const struct wu_core PLAIN_PROVIDER_CORE = {
    .role = "socialorg",
    .tables = PLAIN_TABLES,
    .routes = PLAIN_ROUTES,
    .follows = PLAIN_FOLLOWS,
    .extra = &PLAIN_HOOKS,
};

struct wu_id providing_add(struct world *world, const struct body *body)
{
    const char *services[] = {body->service, body->second_service};
    AddProvider add = LINKAGE__ADD_PROVIDER__INIT;
    add.code = body->code;
    add.name = "a body";
    add.division = DIVISION;
    add.n_services = body->second_service != NULL ? 2 : 1;
    add.services = services;
    add.capacity_cases = body->capacity_cases;
    add.by_hand = body->by_hand;
    add.closed = body->closed;
    world_clear(world);
    const Bus__Answer *answer = world_command(world, WU_TYPE(LINKAGE_ADD_PROVIDER), &add.base);
    assert_accepted(answer);
    struct wu_id id;
    cr_assert(wu_id_from_pb(answer->id, &id));
    return id;
}

struct wu_id providing_linkage_id(const struct offered *offered)
{
    return wu_id_make(3, 1, offered->linkage != 0 ? offered->linkage : 1, 0);
}

/* The parts of a ref, which a message only borrows. */
struct ref {
    struct wu_id linkage_id;
    struct wu_id provider_id;
    StepRef message;
};

static void make_ref(const struct offered *offered, struct ref *ref)
{
    ref->linkage_id = providing_linkage_id(offered);
    ref->provider_id = offered->provider_id;
    ref->message = (StepRef)LINKAGE__STEP_REF__INIT;
    ref->message.linkage_id = wu_id_to_pb(&ref->linkage_id);
    ref->message.step_no = offered->step_no != 0 ? offered->step_no : 1;
    ref->message.attempt = offered->attempt != 0 ? offered->attempt : 1;
    ref->message.provider_id = wu_id_to_pb(&ref->provider_id);
}

static void bring(struct world *world, const struct offered *offered, const struct ref *ref,
                  wu_event_type type, const ProtobufCMessage *body)
{
    struct world_mail mail = {.from_node = offered->from_node,
                              .type = type,
                              .subject = ref->provider_id,
                              .correlation = ref->linkage_id,
                              .division = DIVISION};
    world_clear(world);
    world_mail(world, &mail, body);
}

void providing_offer(struct world *world, const struct offered *offered)
{
    int64_t now_ms = world_now_ms(world);
    struct ref ref;
    make_ref(offered, &ref);
    StepOffered message = LINKAGE__STEP_OFFERED__INIT;
    message.ref = &ref.message;
    message.kind = "kind";
    message.service = offered->service;
    message.quantity = offered->quantity != 0 ? offered->quantity : 1;
    message.division = DIVISION;
    message.level_min = offered->level_min;
    message.licence_field = offered->licence_field != NULL ? offered->licence_field : "";
    message.from_ms = offered->from_ms != 0 ? offered->from_ms : now_ms;
    message.until_ms = offered->until_ms != 0 ? offered->until_ms : now_ms + 24 * WU_HOUR_MS;
    message.reply_by_ms = offered->reply_by_ms != 0 ? offered->reply_by_ms : now_ms + WU_HOUR_MS;
    message.hold_until_ms =
        offered->hold_until_ms != 0 ? offered->hold_until_ms : now_ms + 2 * WU_HOUR_MS;
    bring(world, offered, &ref, WU_TYPE(LINKAGE_STEP_OFFERED), &message.base);
}

void providing_confirm(struct world *world, const struct offered *offered)
{
    struct ref ref;
    make_ref(offered, &ref);
    StepConfirmed message = LINKAGE__STEP_CONFIRMED__INIT;
    message.ref = &ref.message;
    message.deliver_by_ms = world_now_ms(world) + 48 * WU_HOUR_MS;
    bring(world, offered, &ref, WU_TYPE(LINKAGE_STEP_CONFIRMED), &message.base);
}

void providing_release(struct world *world, const struct offered *offered)
{
    struct ref ref;
    make_ref(offered, &ref);
    StepReleased message = LINKAGE__STEP_RELEASED__INIT;
    message.ref = &ref.message;
    message.reason = LINKAGE__RELEASE_REASON__RELEASE_REASON_NOT_CHOSEN;
    bring(world, offered, &ref, WU_TYPE(LINKAGE_STEP_RELEASED), &message.base);
}

const Bus__Answer *providing_answer(struct world *world, const struct offered *offered, bool accept)
{
    struct ref ref;
    make_ref(offered, &ref);
    AnswerOffer message = LINKAGE__ANSWER_OFFER__INIT;
    message.linkage_id = ref.message.linkage_id;
    message.step_no = ref.message.step_no;
    message.accept = accept;
    if (offered->by_provider) {
        message.provider_id = ref.message.provider_id;
    }
    message.text = accept ? "" : "not this week";
    world_clear(world);
    return world_command(world, WU_TYPE(LINKAGE_ANSWER_OFFER), &message.base);
}

const Bus__Answer *providing_report(struct world *world, const struct offered *offered,
                                    int64_t quantity, int64_t minutes)
{
    struct ref ref;
    make_ref(offered, &ref);
    ReportDelivery message = LINKAGE__REPORT_DELIVERY__INIT;
    message.linkage_id = ref.message.linkage_id;
    message.step_no = ref.message.step_no;
    if (offered->by_provider) {
        message.provider_id = ref.message.provider_id;
    }
    message.quantity = quantity;
    message.minutes = minutes;
    message.note = "done";
    world_clear(world);
    return world_command(world, WU_TYPE(LINKAGE_REPORT_DELIVERY), &message.base);
}

void providing_take(struct world *world, const struct offered *offered)
{
    providing_offer(world, offered);
    cr_assert_eq(world_count(world, WU_TYPE(LINKAGE_STEP_RESERVED)), 1);
    providing_confirm(world, offered);
    cr_assert_eq(world_count(world, WU_TYPE(LINKAGE_STEP_TAKEN)), 1);
}

const StepRow *providing_step(struct world *world, const struct offered *offered)
{
    struct step_key key = {providing_linkage_id(offered),
                           offered->step_no != 0 ? offered->step_no : 1, offered->provider_id};
    return steps_get(world_txn(world), &key);
}

StepState providing_state(struct world *world, const struct offered *offered)
{
    const StepRow *row = providing_step(world, offered);
    return row != NULL ? row->state : STEP_STATE(UNSPECIFIED);
}

const ProviderRow *providing_body(struct world *world, struct wu_id provider_id)
{
    struct provider_key key = {provider_id};
    return providers_get(world_txn(world), &key);
}

size_t providing_open_count(struct world *world, struct wu_id provider_id)
{
    size_t count = 0;
    struct wu_txn *txn = world_txn(world);
    struct step_open_key key = {.provider_id = provider_id};
    for (bool more = steps_open_from(txn, &key, 1); more; more = steps_open_after(txn, &key, 1)) {
        count++;
    }
    return count;
}

DeclineReason providing_declined(struct world *world)
{
    const StepDeclined *declined =
        world_find(world, WU_TYPE(LINKAGE_STEP_DECLINED), 0, &linkage__step_declined__descriptor);
    return declined != NULL ? declined->reason : NOT_DECLINED;
}
