#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A borrowed slice. Whoever lends it says how long it lives. */
struct wu_bytes {
    const uint8_t *data;
    size_t size;
};

static inline struct wu_bytes wu_bytes(const void *data, size_t size)
{
    return (struct wu_bytes){.data = data, .size = size};
}

/* Big-endian, so that bytes sort as values do. */
static inline void wu_put_u16(uint8_t *out, uint16_t value)
{
    out[0] = (uint8_t)(value >> 8);
    out[1] = (uint8_t)value;
}

static inline void wu_put_u32(uint8_t *out, uint32_t value)
{
    wu_put_u16(out, (uint16_t)(value >> 16));
    wu_put_u16(out + 2, (uint16_t)value);
}

static inline void wu_put_u64(uint8_t *out, uint64_t value)
{
    wu_put_u32(out, (uint32_t)(value >> 32));
    wu_put_u32(out + 4, (uint32_t)value);
}

static inline uint16_t wu_get_u16(const uint8_t *in)
{
    return (uint16_t)((in[0] << 8) | in[1]);
}

static inline uint32_t wu_get_u32(const uint8_t *in)
{
    return ((uint32_t)wu_get_u16(in) << 16) | wu_get_u16(in + 2);
}

static inline uint64_t wu_get_u64(const uint8_t *in)
{
    return ((uint64_t)wu_get_u32(in) << 32) | wu_get_u32(in + 4);
}
