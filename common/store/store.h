#pragma once

#include "common/base/arena.h"
#include "common/base/bytes.h"
#include "common/fold/table.h"

#include <stdio.h>

/*
 * LMDB behind table.h: one environment per node, one writer, any number of
 * readers in other processes. The only flag is MDB_NOTLS: the others lose
 * acknowledged data at a power cut.
 *
 * A store is a directory with data.mdb and lock.mdb, mode 0700. Never open one
 * twice in a process, nor across a fork.
 *
 * Source of the lifetimes and caveats: lmdb.h.
 */
struct wu_store;

struct wu_store_config {
    const char *path; /* directory; made if it is not there (writer) */
    const struct wu_table *const *const
        *tables;          /* lists of tables, each and the whole NULL-ended */
    size_t map_bytes;     /* first size of the map; grows by itself */
    size_t map_bytes_max; /* and never above this */
    bool read_only;       /* another process is the writer */
    bool scratch;         /* a throw-away copy: commits do not wait for the disk (replay only) */
};

/* WU_OK; WU_INVALID (no such store, not ours), WU_IO, WU_NO_MEMORY with a sentence. */
WU_CHECKED enum wu_status wu_store_open(struct wu_store **ret_store,
                                        const struct wu_store_config *config,
                                        struct wu_error *reterr);
void wu_store_close(struct wu_store **store_p);

/* Bytes of the map in use, and its size now. */
void wu_store_usage(const struct wu_store *store, size_t *ret_used_bytes, size_t *ret_map_bytes);

/* Grows the map (doubling) between transactions. WU_FULL at map_bytes_max. */
WU_CHECKED enum wu_status wu_store_grow(struct wu_store *store);

/* Drops reader slots of processes that died. */
void wu_store_clean_readers(struct wu_store *store);

/*
 * The one write transaction of a batch. Rows read are unpacked into arena. It
 * remembers its first failure and turns later calls into no-ops.
 */
WU_CHECKED enum wu_status wu_txn_begin(struct wu_store *store, struct wu_arena *arena,
                                       struct wu_txn **ret_txn);

/* A snapshot to read from; end it within a second, it pins pages. */
WU_CHECKED enum wu_status wu_txn_begin_read(struct wu_store *store, struct wu_arena *arena,
                                            struct wu_txn **ret_txn);

/*
 * Commits, or aborts if something had failed, and sets *txn_p to NULL either
 * way. WU_OK: it is on disk. WU_FULL: the map had no room, nothing was written,
 * grow and do it again. WU_NO_MEMORY: the arena was too small, nothing was
 * written. Anything else: publish nothing, exit, start again.
 */
WU_CHECKED enum wu_status wu_txn_commit(struct wu_txn **txn_p);
void wu_txn_abort(struct wu_txn **txn_p);

/* First failure so far. */
enum wu_status wu_txn_status(const struct wu_txn *txn);
void wu_txn_fail(struct wu_txn *txn, enum wu_status status);
struct wu_arena *wu_txn_arena(struct wu_txn *txn);

/* Raw rows, for the framework's hot tables, dump and comparison: value borrowed until the next
 * write. */
bool wu_table_get_raw(struct wu_txn *txn, const struct wu_table *table, const void *key,
                      struct wu_bytes *ret_value);
bool wu_table_from_raw(struct wu_txn *txn, const struct wu_table *table, void *key, int same_fields,
                       struct wu_bytes *ret_value);
bool wu_table_after_raw(struct wu_txn *txn, const struct wu_table *table, void *key,
                        int same_fields, struct wu_bytes *ret_value);

/* The same backwards: last entry at or before *key / strictly before it. */
bool wu_table_last_raw(struct wu_txn *txn, const struct wu_table *table, void *key, int same_fields,
                       struct wu_bytes *ret_value);

/* Number of entries. */
uint64_t wu_table_count(struct wu_txn *txn, const struct wu_table *table);

/* Key struct to bytes (at most WU_KEY_BYTES_MAX) and back; false for bytes that are no key. */
size_t wu_key_encode(const struct wu_table *table, const void *key, int fields,
                     uint8_t out[WU_KEY_BYTES_MAX]);
bool wu_key_decode(const struct wu_table *table, struct wu_bytes bytes, void *ret_key);

/*
 * JSON, one line, no trailing newline: of a key struct by its field names, of
 * any message by its schema (int64 as text, enums by name, bytes of 16 as an
 * id's text, other bytes as hexadecimal, absent fields left out).
 */
void wu_json_key(FILE *out, const struct wu_table *table, const void *key);
void wu_json_message(FILE *out, const ProtobufCMessage *message);
void wu_json_text(FILE *out, const char *text); /* quoted and escaped */
