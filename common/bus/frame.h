#pragma once

#include "common/base/arena.h"
#include "common/base/bytes.h"
#include "wushe/bus/v1/bus.pb-c.h"

/* The PUB topic of the heads of all public streams, each second. */
#define WU_TOPIC_HEADS "wushe.v1.heads"

/*
 * Frames: everything on a socket is one of them. Decoding is strict and capped:
 * at most WU_FRAME_BYTES_MAX on the wire, 16 times the frame (and 64 KiB) in
 * memory. Records inside stay as they were received; they are journaled and
 * passed on, never spelled anew.
 */
enum { WU_FRAME_BYTES_MAX = 1 << 20, WU_FRAME_RECORDS_MAX = 512, WU_PROTOCOL = 1 };

/*
 * WU_OK; WU_CORRUPT with a constant phrase; WU_NO_MEMORY when the arena has too
 * little room left for a frame that may be fine. The arena is as before then.
 */
WU_CHECKED enum wu_status wu_frame_decode(struct wu_bytes bytes, struct wu_arena *arena,
                                          const Bus__Frame **ret_frame, const char **ret_why);

/* Packs body as the frame of that case, in the arena; data is NULL when there is no room. */
struct wu_bytes wu_frame_encode(Bus__Frame__BodyCase body_case, ProtobufCMessage *body,
                                struct wu_arena *arena);
