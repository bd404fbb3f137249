#pragma once

#include "common/base/arena.h"
#include "common/base/bytes.h"

/*
 * Strict decoding of outside bytes into an arena: text is UTF-8 without NUL,
 * every enum value known, no unknown field, and packing again gives the same
 * bytes, so that one meaning has one spelling. protobuf-c checks none of this.
 *
 * WU_PB_TOLERANT is for records of peers that may be newer than we are: unknown
 * fields and enum values pass. Schemas are never recursive (a test says so).
 *
 * WU_OK; WU_CORRUPT with *ret_why a constant phrase; WU_NO_MEMORY.
 */
enum wu_pb_mode { WU_PB_STRICT, WU_PB_TOLERANT };

WU_CHECKED enum wu_status wu_pb_decode(const ProtobufCMessageDescriptor *descriptor,
                                       enum wu_pb_mode mode, struct wu_bytes bytes,
                                       struct wu_arena *arena, ProtobufCMessage **ret_message,
                                       const char **ret_why);

/* Packs into the arena; size 0 and data NULL only when there is no room or nothing to say. */
struct wu_bytes wu_pb_pack(const ProtobufCMessage *message, struct wu_arena *arena);

/* True for well-formed UTF-8 (RFC 3629) without NUL. */
bool wu_utf8_is_valid(const char *text, size_t size_bytes);
