/*
 * A record of a stream as a peer may send it. Whatever decodes keeps the rules:
 * it packs to the same bytes again, what is strict is tolerant too, its text is
 * UTF-8 and its payload, by the schema that its type names, keeps them as well.
 */
#include "common/base/assert.h"
#include "common/fold/pb.h"

#include "wushe/bus/v1/bus.pb-c.h"
#include "wushe/charity/v1/gift.pb-c.h"
#include "wushe/community/v1/need.pb-c.h"
#include "wushe/coordinator/v1/kind.pb-c.h"
#include "wushe/coordinator/v1/linkage.pb-c.h"
#include "wushe/envelope/v1/envelope.pb-c.h"
#include "wushe/linkage/v1/step.pb-c.h"
#include "wushe/node/state/v1/node_row.pb-c.h"
#include "wushe/socialworker/v1/worker.pb-c.h"
#include "wushe/volunteer/v1/volunteer.pb-c.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SCHEMA(type, message)                                           \
    {                                                                   \
        ENVELOPE__EVENT_TYPE__EVENT_TYPE_##type, &message##__descriptor \
    }

static const struct {
    Envelope__EventType type;
    const ProtobufCMessageDescriptor *body;
} SCHEMAS[] = {
    SCHEMA(NODE_RETRY_DEAD_LETTER, node__retry_dead_letter),
    SCHEMA(NODE_DROP_DEAD_LETTER, node__drop_dead_letter),
    SCHEMA(NODE_BEGIN_GENERATION, node__begin_generation),
    SCHEMA(NODE_FORWARDED_COMMAND, bus__submit),
    SCHEMA(NODE_COMMAND_ANSWERED, bus__answer),
    SCHEMA(NODE_STREAM_SNAPSHOT, bus__snapshot),
    SCHEMA(NODE_PUBLISH, envelope__publish),
    SCHEMA(LINKAGE_PROVIDER_ANNOUNCED, linkage__provider_announced),
    SCHEMA(LINKAGE_STEP_OFFERED, linkage__step_offered),
    SCHEMA(LINKAGE_STEP_RESERVED, linkage__step_reserved),
    SCHEMA(LINKAGE_STEP_DECLINED, linkage__step_declined),
    SCHEMA(LINKAGE_STEP_CONFIRMED, linkage__step_confirmed),
    SCHEMA(LINKAGE_STEP_TAKEN, linkage__step_taken),
    SCHEMA(LINKAGE_STEP_LAPSED, linkage__step_lapsed),
    SCHEMA(LINKAGE_STEP_RELEASED, linkage__step_released),
    SCHEMA(LINKAGE_STEP_DELIVERED, linkage__step_delivered),
    SCHEMA(COMMUNITY_RAISE_NEED, community__raise_need),
    SCHEMA(COMMUNITY_NEED_RAISED, community__need_raised),
    SCHEMA(COMMUNITY_NEED_CONFIRMED, community__need_confirmed),
    SCHEMA(SOCIALWORKER_ADD_WORKER, socialworker__add_worker),
    SCHEMA(VOLUNTEER_ADD_VOLUNTEER, volunteer__add_volunteer),
    SCHEMA(CHARITY_GIVE, charity__give),
    SCHEMA(CHARITY_GIFT_BOOKED, charity__gift_booked),
    SCHEMA(COORDINATOR_ADOPT_KIND, coordinator__adopt_kind),
    SCHEMA(COORDINATOR_KIND_ADOPTED, coordinator__kind_adopted),
    SCHEMA(COORDINATOR_LINKAGE_OPENED, coordinator__linkage_opened),
    SCHEMA(COORDINATOR_LINKAGE_REFUSED, coordinator__linkage_refused),
    SCHEMA(COORDINATOR_LINKAGE_CLOSED, coordinator__linkage_closed),
    SCHEMA(COORDINATOR_CASE_COUNTED, coordinator__case_counted),
};

/* Anything else is decoded as what a timer brings. */
static const ProtobufCMessageDescriptor *schema_of(Envelope__EventType type)
{
    for (size_t i = 0; i < sizeof SCHEMAS / sizeof SCHEMAS[0]; i++) {
        if (SCHEMAS[i].type == type) {
            return SCHEMAS[i].body;
        }
    }
    return &envelope__timer_fired__descriptor;
}

/* The message, or NULL; what it promises is checked. */
static const ProtobufCMessage *decode(const ProtobufCMessageDescriptor *descriptor,
                                      enum wu_pb_mode mode, struct wu_bytes bytes,
                                      struct wu_arena *arena)
{
    ProtobufCMessage *message = NULL;
    const char *why = NULL;
    enum wu_status status = wu_pb_decode(descriptor, mode, bytes, arena, &message, &why);
    if (status != WU_OK) {
        WU_ASSERT(why != NULL && why[0] != '\0');
        WU_ASSERT(status == (arena->exhausted ? WU_NO_MEMORY : WU_CORRUPT));
        return NULL;
    }
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *again = malloc(size + 1);
    WU_ASSERT(size == bytes.size && again != NULL);
    WU_ASSERT(protobuf_c_message_pack(message, again) == size);
    WU_ASSERT(size == 0 || memcmp(again, bytes.data, size) == 0);
    free(again);
    return message;
}

static void decode_both(const ProtobufCMessageDescriptor *descriptor, struct wu_bytes bytes)
{
    struct wu_arena arena;
    if (wu_arena_open(&arena, ARENA_BYTES) != WU_OK) {
        return;
    }
    const ProtobufCMessage *strict = decode(descriptor, WU_PB_STRICT, bytes, &arena);
    bool exhausted = arena.exhausted;
    wu_arena_reset(&arena, 0);
    const ProtobufCMessage *tolerant = decode(descriptor, WU_PB_TOLERANT, bytes, &arena);
    WU_ASSERT(exhausted || strict == NULL || tolerant != NULL);
    if (tolerant != NULL && descriptor == &envelope__envelope__descriptor) {
        const Envelope__Envelope *envelope = (const Envelope__Envelope *)(const void *)tolerant;
        decode_both(schema_of(envelope->type), wu_bytes(envelope->data.data, envelope->data.len));
    }
    wu_arena_close(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decode_both(&envelope__envelope__descriptor, wu_bytes(data, size));
    return 0;
}
