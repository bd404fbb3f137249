#pragma once

#include "common/base/id.h"

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A table is data: name, key fields, row type. Rows are protobuf and only gain
 * fields; key layouts never change (a new layout is a new table, filled by
 * folding the journal again). Fields are encoded one after the other so that
 * bytes sort as values do: integers big-endian (int64 with the sign bit
 * flipped), ids as they are, text padded with zeros to its full size.
 */
struct wu_txn;

enum wu_key_type {
    WU_KEY_NONE = 0,
    WU_KEY_U32,
    WU_KEY_U64,
    WU_KEY_I64,
    WU_KEY_ID,
    WU_KEY_TEXT,
};

struct wu_key_field {
    const char *name;
    enum wu_key_type type;
    uint16_t offset;
    uint16_t size;
};

enum { WU_KEY_FIELDS_MAX = 6, WU_KEY_BYTES_MAX = 128 };

struct wu_table {
    const char *name; /* "<role>.<plural>" */
    size_t key_size;  /* of the key struct */
    struct wu_key_field key[WU_KEY_FIELDS_MAX];
    const ProtobufCMessageDescriptor *row; /* NULL: an index, the key is all there is */
    bool not_derived; /* true: folding the journal again does not make it (framework only) */
};

/* clang-format off */
#define WU_KEY(struct_type, member)                                                                \
    {.name = #member,                                                                              \
     .type = _Generic(((struct_type *)0)->member,                                                  \
                      uint32_t: WU_KEY_U32, uint64_t: WU_KEY_U64, int64_t: WU_KEY_I64,             \
                      struct wu_id: WU_KEY_ID, char *: WU_KEY_TEXT),                               \
     .offset = (uint16_t)offsetof(struct_type, member),                                            \
     .size = (uint16_t)sizeof(((struct_type *)0)->member)}
/* clang-format on */

/*
 * The row at that key, unpacked into the batch's arena and good until the batch
 * ends, or NULL. After a first failure of the transaction everything is NULL
 * and nothing is written; the loop looks once, before it commits.
 */
const ProtobufCMessage *wu_table_get(struct wu_txn *txn, const struct wu_table *table,
                                     const void *key);

/* row is NULL exactly for an index. */
void wu_table_put(struct wu_txn *txn, const struct wu_table *table, const void *key,
                  const ProtobufCMessage *row);

/* A key that is not there is fine. */
void wu_table_del(struct wu_txn *txn, const struct wu_table *table, const void *key);

/*
 * First entry whose key is at or after *key and agrees with it in the first
 * `same_fields` fields. True: *key is that entry's key and *ret_row (unless
 * ret_row is NULL) its row, NULL for an index.
 */
bool wu_table_from(struct wu_txn *txn, const struct wu_table *table, void *key, int same_fields,
                   const ProtobufCMessage **ret_row);

/* The same, strictly after *key: the step of a loop that began with _from. */
bool wu_table_after(struct wu_txn *txn, const struct wu_table *table, void *key, int same_fields,
                    const ProtobufCMessage **ret_row);

/* Typed fronts, so that a wrong key or row does not compile; nobody needs all of them. */
#define WU_FRONT __attribute__((unused)) static inline

#define WU_INDEX_OF(prefix, TABLE, key_type)                                         \
    extern const struct wu_table TABLE;                                              \
    WU_FRONT void prefix##_put(struct wu_txn *txn, const key_type *key)              \
    {                                                                                \
        wu_table_put(txn, &(TABLE), key, NULL);                                      \
    }                                                                                \
    WU_FRONT void prefix##_del(struct wu_txn *txn, const key_type *key)              \
    {                                                                                \
        wu_table_del(txn, &(TABLE), key);                                            \
    }                                                                                \
    WU_FRONT bool prefix##_from(struct wu_txn *txn, key_type *key, int same_fields)  \
    {                                                                                \
        return wu_table_from(txn, &(TABLE), key, same_fields, NULL);                 \
    }                                                                                \
    WU_FRONT bool prefix##_after(struct wu_txn *txn, key_type *key, int same_fields) \
    {                                                                                \
        return wu_table_after(txn, &(TABLE), key, same_fields, NULL);                \
    }                                                                                \
    extern const struct wu_table TABLE

#define WU_TABLE_OF(prefix, TABLE, key_type, row_type)                                       \
    extern const struct wu_table TABLE;                                                      \
    WU_FRONT const row_type *prefix##_get(struct wu_txn *txn, const key_type *key)           \
    {                                                                                        \
        return (const row_type *)(const void *)wu_table_get(txn, &(TABLE), key);             \
    }                                                                                        \
    WU_FRONT void prefix##_put(struct wu_txn *txn, const key_type *key, const row_type *row) \
    {                                                                                        \
        wu_table_put(txn, &(TABLE), key, &row->base);                                        \
    }                                                                                        \
    WU_FRONT void prefix##_del(struct wu_txn *txn, const key_type *key)                      \
    {                                                                                        \
        wu_table_del(txn, &(TABLE), key);                                                    \
    }                                                                                        \
    WU_FRONT bool prefix##_from(struct wu_txn *txn, key_type *key, int same_fields,          \
                                const row_type **ret_row)                                    \
    {                                                                                        \
        const ProtobufCMessage *row = NULL;                                                  \
        bool found = wu_table_from(txn, &(TABLE), key, same_fields, &row);                   \
        *ret_row = (const row_type *)(const void *)row;                                      \
        return found;                                                                        \
    }                                                                                        \
    WU_FRONT bool prefix##_after(struct wu_txn *txn, key_type *key, int same_fields,         \
                                 const row_type **ret_row)                                   \
    {                                                                                        \
        const ProtobufCMessage *row = NULL;                                                  \
        bool found = wu_table_after(txn, &(TABLE), key, same_fields, &row);                  \
        *ret_row = (const row_type *)(const void *)row;                                      \
        return found;                                                                        \
    }                                                                                        \
    extern const struct wu_table TABLE

/*
 * Copies text into a key's text field, padded with zeros. False, and the field
 * all zero, when it does not fit with one zero to spare.
 */
bool wu_key_text(char *field, size_t field_size, const char *text);
