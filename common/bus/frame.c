#include "common/bus/frame.h"

#include "common/fold/pb.h"

static const char *why_batch(const Bus__Batch *batch)
{
    if (batch->n_records == 0 || batch->n_records > WU_FRAME_RECORDS_MAX) {
        return "a batch holds 1 to 512 records";
    }
    if (batch->first == 0 || batch->first > UINT64_MAX - WU_FRAME_RECORDS_MAX) {
        return "record numbers begin at 1";
    }
    return NULL;
}

static const char *why_submit(const Bus__Submit *submit)
{
    if (submit->producer.len != 16) {
        return "the producer is not 16 bytes";
    }
    return submit->number == 0 ? "command numbers begin at 1" : NULL;
}

/* What the schema cannot say. */
static const char *why_frame(const Bus__Frame *frame)
{
    switch (frame->body_case) {
    case BUS__FRAME__BODY__NOT_SET:
        return "the frame is empty";
    case BUS__FRAME__BODY_BATCH:
        return why_batch(frame->batch);
    case BUS__FRAME__BODY_SUBMIT:
        return why_submit(frame->submit);
    case BUS__FRAME__BODY_ACK:
        return frame->ack->position == NULL ? "the position is missing" : NULL;
    case BUS__FRAME__BODY_FETCH:
        return frame->fetch->from == NULL ? "the position is missing" : NULL;
    case BUS__FRAME__BODY_HELLO:
        return frame->hello->mine == NULL || frame->hello->yours == NULL ? "a position is missing"
                                                                         : NULL;
    case BUS__FRAME__BODY_SNAPSHOT:
        return frame->snapshot->upto == NULL ? "the position is missing" : NULL;
    default:
        return NULL;
    }
}

enum wu_status wu_frame_decode(struct wu_bytes bytes, struct wu_arena *arena,
                               const Bus__Frame **ret_frame, const char **ret_why)
{
    if (bytes.size > WU_FRAME_BYTES_MAX) {
        *ret_why = "the frame is larger than 1 MiB";
        return WU_CORRUPT;
    }
    size_t mark = arena->used_bytes;
    size_t size_bytes = arena->size_bytes;
    size_t cap = bytes.size * 16 + (64u << 10);
    bool capped = size_bytes - mark > cap;
    if (capped) {
        arena->size_bytes = mark + cap;
    }
    ProtobufCMessage *message = NULL;
    enum wu_status status =
        wu_pb_decode(&bus__frame__descriptor, WU_PB_STRICT, bytes, arena, &message, ret_why);
    arena->size_bytes = size_bytes;
    if (status == WU_OK) {
        *ret_frame = (const Bus__Frame *)(const void *)message;
        *ret_why = why_frame(*ret_frame);
        status = *ret_why != NULL ? WU_CORRUPT : WU_OK;
    }
    if (status != WU_OK) {
        wu_arena_reset(arena, mark);
        return status == WU_NO_MEMORY && !capped ? WU_NO_MEMORY : WU_CORRUPT;
    }
    return WU_OK;
}

struct wu_bytes wu_frame_encode(Bus__Frame__BodyCase body_case, ProtobufCMessage *body,
                                struct wu_arena *arena)
{
    Bus__Frame frame = BUS__FRAME__INIT;
    frame.body_case = body_case;
    frame.hello = (Bus__Hello *)(void *)body; /* one pointer for every member of the union */
    return wu_pb_pack(&frame.base, arena);
}
