#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

/* From a hash that stands for a name to a number. The order of insertion is kept by the caller. */
struct map {
    uint64_t *keys; /* 0: empty */
    uint64_t *values;
    size_t size; /* a power of two */
    size_t count;
};

static inline uint64_t *map_slot(struct map *map, uint64_t key)
{
    size_t at = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (map->size - 1);
    while (map->keys[at] != 0 && map->keys[at] != key) {
        at = (at + 1) & (map->size - 1);
    }
    map->keys[at] = key;
    return &map->values[at];
}

static inline void map_grow(struct map *map)
{
    struct map old = *map;
    map->size = old.size == 0 ? 256 : old.size * 2;
    map->keys = calloc(map->size, sizeof *map->keys);
    map->values = calloc(map->size, sizeof *map->values);
    if (map->keys == NULL || map->values == NULL) {
        abort();
    }
    for (size_t at = 0; at < old.size; at++) {
        if (old.keys[at] != 0) {
            *map_slot(map, old.keys[at]) = old.values[at];
        }
    }
    free(old.keys);
    free(old.values);
}

/* The value of that key, NULL when it has none. */
static inline uint64_t *map_find(const struct map *map, uint64_t key)
{
    key = key != 0 ? key : 1;
    if (map->size == 0) {
        return NULL;
    }
    size_t at = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (map->size - 1);
    while (map->keys[at] != 0 && map->keys[at] != key) {
        at = (at + 1) & (map->size - 1);
    }
    return map->keys[at] == key ? &map->values[at] : NULL;
}

/* The value of that key, made and 0 when it was not there. */
static inline uint64_t *map_at(struct map *map, uint64_t key)
{
    uint64_t *found = map_find(map, key);
    if (found != NULL) {
        return found;
    }
    if (map->size == 0 || map->count * 2 >= map->size) {
        map_grow(map);
    }
    map->count++;
    return map_slot(map, key != 0 ? key : 1);
}

static inline void map_free(struct map *map)
{
    free(map->keys);
    free(map->values);
}
