/*
 * A record of a stream as a peer may send it. Whatever decodes keeps the rules:
 * it packs to the same bytes again, what is strict is tolerant too, its text is
 * UTF-8 and its payload, by the schema that its type names, keeps them as well.
 */
#include "common/base/assert.h"
#include "common/fold/pb.h"
#include "tests/fuzz/fuzz_schema.h"

#include "wushe/envelope/v1/envelope.pb-c.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
        decode_both(fuzz_schema_of(envelope->type),
                    wu_bytes(envelope->data.data, envelope->data.len));
    }
    wu_arena_close(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decode_both(&envelope__envelope__descriptor, wu_bytes(data, size));
    return 0;
}
