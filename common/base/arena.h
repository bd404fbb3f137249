#pragma once

#include "common/base/status.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Memory of one batch: taken front to back, given back all at once. It never
 * grows; running out is remembered, so that a NULL of protobuf-c can be told
 * apart: no memory, or bad bytes.
 */
struct wu_arena {
    uint8_t *base;
    size_t size_bytes;
    size_t used_bytes;
    bool exhausted;
    ProtobufCAllocator pb; /* lends this arena to protobuf-c; its free does nothing */
};

WU_CHECKED enum wu_status wu_arena_open(struct wu_arena *arena, size_t size_bytes);
void wu_arena_close(struct wu_arena *arena);

/* Everything handed out since is gone. A mark is a value of used_bytes. */
void wu_arena_reset(struct wu_arena *arena, size_t mark_bytes);

/* Zeroed, aligned to 16. NULL when the arena has no room left. */
void *wu_arena_take(struct wu_arena *arena, size_t size_bytes);

/* A copy of size_bytes bytes and a NUL behind them; NULL when there is no room. */
void *wu_arena_copy(struct wu_arena *arena, const void *bytes, size_t size_bytes);
char *wu_arena_printf(struct wu_arena *arena, const char *format, ...) WU_PRINTF(2, 3);
