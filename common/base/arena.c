#include "common/base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *pb_alloc(void *data, size_t size_bytes)
{
    return wu_arena_take(data, size_bytes);
}

static void pb_free(void *data, void *pointer)
{
    (void)data;
    (void)pointer;
}

enum wu_status wu_arena_open(struct wu_arena *arena, size_t size_bytes)
{
    *arena = (struct wu_arena){.base = malloc(size_bytes), .size_bytes = size_bytes};
    arena->pb = (ProtobufCAllocator){.alloc = pb_alloc, .free = pb_free, .allocator_data = arena};
    return arena->base != NULL ? WU_OK : WU_NO_MEMORY;
}

void wu_arena_close(struct wu_arena *arena)
{
    free(arena->base);
    *arena = (struct wu_arena){0};
}

void wu_arena_reset(struct wu_arena *arena, size_t mark_bytes)
{
    arena->used_bytes = mark_bytes;
    arena->exhausted = false;
}

static void *take_raw(struct wu_arena *arena, size_t size_bytes)
{
    size_t start = (arena->used_bytes + 15) & ~(size_t)15;
    if (start > arena->size_bytes || size_bytes > arena->size_bytes - start) {
        arena->exhausted = true;
        return NULL;
    }
    arena->used_bytes = start + size_bytes;
    return arena->base + start;
}

void *wu_arena_take(struct wu_arena *arena, size_t size_bytes)
{
    void *block = take_raw(arena, size_bytes);
    if (block != NULL) {
        memset(block, 0, size_bytes);
    }
    return block;
}

void *wu_arena_copy(struct wu_arena *arena, const void *bytes, size_t size_bytes)
{
    uint8_t *block = take_raw(arena, size_bytes + 1);
    if (block != NULL) {
        if (size_bytes > 0) {
            memcpy(block, bytes, size_bytes);
        }
        block[size_bytes] = 0;
    }
    return block;
}

char *wu_arena_printf(struct wu_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char text[1024];
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (length < 0) {
        return NULL;
    }
    size_t size = (size_t)length < sizeof text ? (size_t)length : sizeof text - 1;
    return wu_arena_copy(arena, text, size);
}
