/*
 * The happy path: open, begin, put, commit; what is read is unpacked at once,
 * so nobody ever holds a pointer into the map.
 *
 * What can fail, and what then: the map is full (grow between transactions, do
 * the batch again), the arena is too small (a smaller batch), anything else of
 * the disk or of LMDB (publish nothing, exit, start again).
 */
#include "common/store/store.h"

#include "common/base/assert.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TABLES_MAX = 48, SLOTS = 128 };

static const MDB_dbi NO_DBI = 0; /* 0 is LMDB's own free list, never one of ours */

struct wu_store {
    MDB_env *env;
    int lock_fd; /* one writer per store, also across processes */
    bool read_only;
    size_t map_bytes_max;
    size_t table_count;
    const struct wu_table *tables[TABLES_MAX];
    MDB_dbi dbis[TABLES_MAX];
    uint8_t slots[SLOTS]; /* table pointer -> index + 1 */
};

struct wu_txn {
    struct wu_store *store;
    struct wu_arena *arena;
    MDB_txn *mdb;
    enum wu_status status;
    bool read_only;
    MDB_cursor *cursors[TABLES_MAX];
};

static enum wu_status status_of(int rc)
{
    switch (rc) {
    case 0:
        return WU_OK;
    case MDB_MAP_FULL:
        return WU_FULL;
    case ENOMEM:
        return WU_NO_MEMORY;
    default:
        return WU_IO;
    }
}

/* ---- which table ----------------------------------------------------------- */

static size_t slot_of(const struct wu_table *table)
{
    return ((uintptr_t)table >> 4) % SLOTS;
}

static size_t index_of(const struct wu_store *store, const struct wu_table *table)
{
    for (size_t slot = slot_of(table);; slot = (slot + 1) % SLOTS) {
        WU_ASSERT(store->slots[slot] != 0); /* a table that its core does not list */
        size_t index = store->slots[slot] - 1u;
        if (store->tables[index] == table) {
            return index;
        }
    }
}

static void add_table(struct wu_store *store, const struct wu_table *table)
{
    WU_ASSERT(store->table_count < TABLES_MAX);
    size_t slot = slot_of(table);
    while (store->slots[slot] != 0) {
        slot = (slot + 1) % SLOTS;
    }
    store->tables[store->table_count] = table;
    store->table_count++;
    store->slots[slot] = (uint8_t)store->table_count;
}

/* ---- opening --------------------------------------------------------------- */

/* A new directory entry is on disk only when its directory is. */
static void sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
}

static enum wu_status take_writer_lock(struct wu_store *store, const char *path,
                                       struct wu_error *reterr)
{
    char file[512];
    (void)snprintf(file, sizeof file, "%s/writer.lock", path);
    store->lock_fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (store->lock_fd < 0) {
        return wu_error_set(reterr, WU_IO, "cannot write to store '%s': %s", path, strerror(errno));
    }
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        return wu_error_set(reterr, WU_BUSY,
                            "store '%s' is in use by another daemon; stop that one first", path);
    }
    return WU_OK;
}

static enum wu_status prepare_folder(struct wu_store *store, const struct wu_store_config *config,
                                     struct wu_error *reterr)
{
    if (config->read_only) {
        char file[512];
        (void)snprintf(file, sizeof file, "%s/data.mdb", config->path);
        return access(file, R_OK) == 0
                   ? WU_OK
                   : wu_error_set(reterr, WU_INVALID, "no store to read at '%s': %s", config->path,
                                  strerror(errno));
    }
    if (mkdir(config->path, 0700) == 0) {
        char parent[512];
        (void)snprintf(parent, sizeof parent, "%s/..", config->path);
        sync_folder(parent);
    } else if (errno != EEXIST) {
        return wu_error_set(reterr, WU_IO, "cannot make the store's folder '%s': %s", config->path,
                            strerror(errno));
    }
    return take_writer_lock(store, config->path, reterr);
}

static int open_tables(struct wu_store *store)
{
    MDB_txn *txn = NULL;
    int rc = mdb_txn_begin(store->env, NULL, store->read_only ? MDB_RDONLY : 0, &txn);
    for (size_t index = 0; rc == 0 && index < store->table_count; index++) {
        rc = mdb_dbi_open(txn, store->tables[index]->name, store->read_only ? 0 : MDB_CREATE,
                          &store->dbis[index]);
        if (rc == MDB_NOTFOUND && store->read_only) {
            store->dbis[index] = NO_DBI; /* a store of an older release: the table is empty */
            rc = 0;
        }
    }
    if (txn == NULL) {
        return rc;
    }
    if (rc == 0) {
        return mdb_txn_commit(txn);
    }
    mdb_txn_abort(txn);
    return rc;
}

/*
 * LMDB does not sync the file that it makes, and after a power cut would not take
 * what is left of it for its own. So a new one gets its name when it is on disk.
 */
static int make_data(const struct wu_store_config *config)
{
    char file[512];
    char fresh[512];
    struct stat info;
    MDB_env *env = NULL;
    (void)snprintf(file, sizeof file, "%s/data.mdb", config->path);
    (void)snprintf(fresh, sizeof fresh, "%s/data.mdb.new", config->path);
    if (stat(file, &info) == 0 && info.st_size > 0) {
        return 0;
    }
    (void)unlink(fresh); /* half of one, from such a day */
    int rc = mdb_env_create(&env);
    if (rc == 0) {
        rc = mdb_env_set_mapsize(env, config->map_bytes);
    }
    if (rc == 0) {
        rc = mdb_env_open(env, fresh, MDB_NOSUBDIR | MDB_NOLOCK, 0600);
    }
    if (rc == 0) {
        rc = mdb_env_sync(env, 1);
    }
    if (env != NULL) {
        mdb_env_close(env);
    }
    return rc == 0 && rename(fresh, file) != 0 ? errno : rc;
}

static int open_env(struct wu_store *store, const struct wu_store_config *config)
{
    unsigned flags =
        MDB_NOTLS | (config->read_only ? MDB_RDONLY : 0) | (config->scratch ? MDB_NOSYNC : 0);
    int rc = config->read_only || config->scratch ? 0 : make_data(config);
    if (rc == 0) {
        rc = mdb_env_create(&store->env);
    }
    if (rc == 0) {
        rc = mdb_env_set_maxdbs(store->env, TABLES_MAX);
    }
    if (rc == 0 && !config->read_only) {
        rc = mdb_env_set_mapsize(store->env, config->map_bytes);
    }
    if (rc == 0) {
        rc = mdb_env_open(store->env, config->path, flags, 0600);
    }
    if (rc == 0) {
        rc = open_tables(store);
    }
    return rc;
}

enum wu_status wu_store_open(struct wu_store **ret_store, const struct wu_store_config *config,
                             struct wu_error *reterr)
{
    struct wu_store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return wu_error_set(reterr, WU_NO_MEMORY, "no memory for store '%s'", config->path);
    }
    store->lock_fd = -1;
    store->read_only = config->read_only;
    store->map_bytes_max = config->map_bytes_max;
    for (const struct wu_table *const *const *list = config->tables; *list != NULL; list++) {
        for (const struct wu_table *const *table = *list; *table != NULL; table++) {
            add_table(store, *table);
        }
    }
    enum wu_status status = prepare_folder(store, config, reterr);
    if (status == WU_OK) {
        int rc = open_env(store, config);
        status = status_of(rc);
        if (rc != 0) {
            wu_error_set(reterr, status, "cannot open store '%s': %s", config->path,
                         mdb_strerror(rc));
        }
    }
    if (status != WU_OK) {
        wu_store_close(&store);
        return status;
    }
    if (!config->read_only && !config->scratch) {
        sync_folder(config->path);
        wu_store_clean_readers(store);
    }
    *ret_store = store;
    return WU_OK;
}

void wu_store_close(struct wu_store **store_p)
{
    struct wu_store *store = *store_p;
    if (store == NULL) {
        return;
    }
    if (store->env != NULL) {
        mdb_env_close(store->env);
    }
    if (store->lock_fd >= 0) {
        (void)close(store->lock_fd);
    }
    free(store);
    *store_p = NULL;
}

void wu_store_usage(const struct wu_store *store, size_t *ret_used_bytes, size_t *ret_map_bytes)
{
    MDB_envinfo info;
    MDB_stat stat;
    (void)mdb_env_info(store->env, &info);
    (void)mdb_env_stat(store->env, &stat);
    *ret_used_bytes = (info.me_last_pgno + 1) * stat.ms_psize;
    *ret_map_bytes = info.me_mapsize;
}

enum wu_status wu_store_grow(struct wu_store *store)
{
    size_t used_bytes = 0;
    size_t map_bytes = 0;
    wu_store_usage(store, &used_bytes, &map_bytes);
    if (map_bytes >= store->map_bytes_max) {
        return WU_FULL;
    }
    size_t doubled = map_bytes * 2;
    return status_of(mdb_env_set_mapsize(
        store->env, doubled < store->map_bytes_max ? doubled : store->map_bytes_max));
}

void wu_store_clean_readers(struct wu_store *store)
{
    int dead_count = 0;
    (void)mdb_reader_check(store->env, &dead_count);
}

/* ---- transactions ---------------------------------------------------------- */

static enum wu_status begin(struct wu_store *store, struct wu_arena *arena, bool read_only,
                            struct wu_txn **ret_txn)
{
    struct wu_txn *txn = calloc(1, sizeof *txn);
    if (txn == NULL) {
        return WU_NO_MEMORY;
    }
    *txn = (struct wu_txn){.store = store, .arena = arena, .read_only = read_only};
    int rc = mdb_txn_begin(store->env, NULL, read_only ? MDB_RDONLY : 0, &txn->mdb);
    if (rc == MDB_MAP_RESIZED) { /* the writer, another process, has grown it: adopt its size */
        rc = mdb_env_set_mapsize(store->env, 0);
        if (rc == 0) {
            rc = mdb_txn_begin(store->env, NULL, read_only ? MDB_RDONLY : 0, &txn->mdb);
        }
    }
    if (rc != 0) {
        free(txn);
        return status_of(rc);
    }
    *ret_txn = txn;
    return WU_OK;
}

enum wu_status wu_txn_begin(struct wu_store *store, struct wu_arena *arena, struct wu_txn **ret_txn)
{
    WU_ASSERT(!store->read_only);
    return begin(store, arena, false, ret_txn);
}

enum wu_status wu_txn_begin_read(struct wu_store *store, struct wu_arena *arena,
                                 struct wu_txn **ret_txn)
{
    return begin(store, arena, true, ret_txn);
}

static void close_cursors(struct wu_txn *txn)
{
    for (size_t index = 0; index < txn->store->table_count; index++) {
        if (txn->cursors[index] != NULL) {
            mdb_cursor_close(txn->cursors[index]);
        }
    }
}

enum wu_status wu_txn_commit(struct wu_txn **txn_p)
{
    struct wu_txn *txn = *txn_p;
    if (txn->status != WU_OK) {
        enum wu_status status = txn->status;
        wu_txn_abort(txn_p);
        return status;
    }
    close_cursors(txn);
    int rc = mdb_txn_commit(txn->mdb); /* frees the handle even when it fails */
    free(txn);
    *txn_p = NULL;
    return status_of(rc);
}

void wu_txn_abort(struct wu_txn **txn_p)
{
    struct wu_txn *txn = *txn_p;
    if (txn == NULL) {
        return;
    }
    close_cursors(txn);
    mdb_txn_abort(txn->mdb);
    free(txn);
    *txn_p = NULL;
}

enum wu_status wu_txn_status(const struct wu_txn *txn)
{
    return txn->status;
}

void wu_txn_fail(struct wu_txn *txn, enum wu_status status)
{
    if (txn->status == WU_OK) {
        txn->status = status;
    }
}

struct wu_arena *wu_txn_arena(struct wu_txn *txn)
{
    return txn->arena;
}

/* ---- rows ------------------------------------------------------------------ */

static MDB_val key_of(const struct wu_table *table, const void *key, int fields,
                      uint8_t buffer[WU_KEY_BYTES_MAX])
{
    size_t size = wu_key_encode(table, key, fields, buffer);
    return (MDB_val){.mv_size = size, .mv_data = buffer};
}

static const ProtobufCMessage *unpack(struct wu_txn *txn, const struct wu_table *table,
                                      const MDB_val *value)
{
    static const uint8_t nothing[1];
    const uint8_t *data = value->mv_size > 0 ? value->mv_data : nothing;
    const ProtobufCMessage *row =
        protobuf_c_message_unpack(table->row, &txn->arena->pb, value->mv_size, data);
    if (row == NULL) {
        wu_txn_fail(txn, txn->arena->exhausted ? WU_NO_MEMORY : WU_CORRUPT);
    }
    return row;
}

bool wu_table_get_raw(struct wu_txn *txn, const struct wu_table *table, const void *key,
                      struct wu_bytes *ret_value)
{
    MDB_dbi dbi = txn->store->dbis[index_of(txn->store, table)];
    if (txn->status != WU_OK || dbi == NO_DBI) {
        return false;
    }
    uint8_t buffer[WU_KEY_BYTES_MAX];
    MDB_val mdb_key = key_of(table, key, WU_KEY_FIELDS_MAX, buffer);
    MDB_val value;
    int rc = mdb_get(txn->mdb, dbi, &mdb_key, &value);
    if (rc != 0) {
        if (rc != MDB_NOTFOUND) {
            wu_txn_fail(txn, status_of(rc));
        }
        return false;
    }
    *ret_value = wu_bytes(value.mv_data, value.mv_size);
    return true;
}

const ProtobufCMessage *wu_table_get(struct wu_txn *txn, const struct wu_table *table,
                                     const void *key)
{
    struct wu_bytes value;
    if (!wu_table_get_raw(txn, table, key, &value)) {
        return NULL;
    }
    return unpack(txn, table, &(MDB_val){value.size, (void *)(uintptr_t)value.data});
}

void wu_table_put(struct wu_txn *txn, const struct wu_table *table, const void *key,
                  const ProtobufCMessage *row)
{
    WU_ASSERT((row != NULL) == (table->row != NULL));
    WU_ASSERT(!txn->read_only);
    if (txn->status != WU_OK) {
        return;
    }
    uint8_t buffer[WU_KEY_BYTES_MAX];
    MDB_val mdb_key = key_of(table, key, WU_KEY_FIELDS_MAX, buffer);
    MDB_val value = {0};
    if (row != NULL) {
        WU_ASSERT(row->descriptor == table->row);
        value.mv_size = protobuf_c_message_get_packed_size(row);
    }
    int rc = mdb_put(txn->mdb, txn->store->dbis[index_of(txn->store, table)], &mdb_key, &value,
                     MDB_RESERVE);
    if (rc != 0) {
        wu_txn_fail(txn, status_of(rc));
        return;
    }
    if (row != NULL && value.mv_size > 0) {
        (void)protobuf_c_message_pack(row, value.mv_data);
    }
}

void wu_table_del(struct wu_txn *txn, const struct wu_table *table, const void *key)
{
    WU_ASSERT(!txn->read_only);
    if (txn->status != WU_OK) {
        return;
    }
    uint8_t buffer[WU_KEY_BYTES_MAX];
    MDB_val mdb_key = key_of(table, key, WU_KEY_FIELDS_MAX, buffer);
    int rc = mdb_del(txn->mdb, txn->store->dbis[index_of(txn->store, table)], &mdb_key, NULL);
    if (rc != 0 && rc != MDB_NOTFOUND) {
        wu_txn_fail(txn, status_of(rc));
    }
}

/* ---- walking --------------------------------------------------------------- */

static MDB_cursor *cursor_of(struct wu_txn *txn, const struct wu_table *table)
{
    size_t index = index_of(txn->store, table);
    if (txn->status != WU_OK || txn->store->dbis[index] == NO_DBI) {
        return NULL;
    }
    if (txn->cursors[index] == NULL) {
        int rc = mdb_cursor_open(txn->mdb, txn->store->dbis[index], &txn->cursors[index]);
        if (rc != 0) {
            wu_txn_fail(txn, status_of(rc));
            return NULL;
        }
    }
    return txn->cursors[index];
}

/* What the cursor found, if it agrees with key in the first fields; then *key becomes its key. */
static bool take_found(struct wu_txn *txn, const struct wu_table *table, int rc,
                       const MDB_val *found, void *key, int same_fields)
{
    if (rc != 0) {
        if (rc != MDB_NOTFOUND) {
            wu_txn_fail(txn, status_of(rc));
        }
        return false;
    }
    uint8_t prefix[WU_KEY_BYTES_MAX];
    size_t prefix_size = wu_key_encode(table, key, same_fields, prefix);
    if (found->mv_size < prefix_size || memcmp(found->mv_data, prefix, prefix_size) != 0) {
        return false;
    }
    if (!wu_key_decode(table, wu_bytes(found->mv_data, found->mv_size), key)) {
        wu_txn_fail(txn, WU_CORRUPT);
        return false;
    }
    return true;
}

static bool same_key(const MDB_val *found, const uint8_t *key, size_t key_size)
{
    return found->mv_size == key_size && memcmp(found->mv_data, key, key_size) == 0;
}

static bool walk(struct wu_txn *txn, const struct wu_table *table, void *key, int same_fields,
                 bool strictly, struct wu_bytes *ret_value)
{
    MDB_cursor *cursor = cursor_of(txn, table);
    if (cursor == NULL) {
        return false;
    }
    uint8_t buffer[WU_KEY_BYTES_MAX];
    MDB_val found = key_of(table, key, WU_KEY_FIELDS_MAX, buffer);
    size_t key_size = found.mv_size;
    MDB_val value = {0};
    int rc = mdb_cursor_get(cursor, &found, &value, MDB_SET_RANGE);
    if (rc == 0 && strictly && same_key(&found, buffer, key_size)) {
        rc = mdb_cursor_get(cursor, &found, &value, MDB_NEXT);
    }
    if (!take_found(txn, table, rc, &found, key, same_fields)) {
        return false;
    }
    *ret_value = wu_bytes(value.mv_data, value.mv_size);
    return true;
}

bool wu_table_from_raw(struct wu_txn *txn, const struct wu_table *table, void *key, int same_fields,
                       struct wu_bytes *ret_value)
{
    return walk(txn, table, key, same_fields, false, ret_value);
}

bool wu_table_after_raw(struct wu_txn *txn, const struct wu_table *table, void *key,
                        int same_fields, struct wu_bytes *ret_value)
{
    return walk(txn, table, key, same_fields, true, ret_value);
}

bool wu_table_last_raw(struct wu_txn *txn, const struct wu_table *table, void *key, int same_fields,
                       struct wu_bytes *ret_value)
{
    MDB_cursor *cursor = cursor_of(txn, table);
    if (cursor == NULL) {
        return false;
    }
    uint8_t buffer[WU_KEY_BYTES_MAX];
    MDB_val found = key_of(table, key, WU_KEY_FIELDS_MAX, buffer);
    size_t key_size = found.mv_size;
    MDB_val value = {0};
    int rc = mdb_cursor_get(cursor, &found, &value, MDB_SET_RANGE);
    if (rc == MDB_NOTFOUND) {
        rc = mdb_cursor_get(cursor, &found, &value, MDB_LAST);
    } else if (rc == 0 && !same_key(&found, buffer, key_size)) {
        rc = mdb_cursor_get(cursor, &found, &value, MDB_PREV);
    }
    if (!take_found(txn, table, rc, &found, key, same_fields)) {
        return false;
    }
    *ret_value = wu_bytes(value.mv_data, value.mv_size);
    return true;
}

static bool with_row(struct wu_txn *txn, const struct wu_table *table, bool found,
                     struct wu_bytes value, const ProtobufCMessage **ret_row)
{
    if (ret_row == NULL) {
        return found;
    }
    *ret_row = NULL;
    if (found && table->row != NULL) {
        *ret_row = unpack(txn, table, &(MDB_val){value.size, (void *)(uintptr_t)value.data});
        return *ret_row != NULL;
    }
    return found;
}

bool wu_table_from(struct wu_txn *txn, const struct wu_table *table, void *key, int same_fields,
                   const ProtobufCMessage **ret_row)
{
    struct wu_bytes value = {0};
    bool found = walk(txn, table, key, same_fields, false, &value);
    return with_row(txn, table, found, value, ret_row);
}

bool wu_table_after(struct wu_txn *txn, const struct wu_table *table, void *key, int same_fields,
                    const ProtobufCMessage **ret_row)
{
    struct wu_bytes value = {0};
    bool found = walk(txn, table, key, same_fields, true, &value);
    return with_row(txn, table, found, value, ret_row);
}

uint64_t wu_table_count(struct wu_txn *txn, const struct wu_table *table)
{
    MDB_dbi dbi = txn->store->dbis[index_of(txn->store, table)];
    MDB_stat stat;
    if (txn->status != WU_OK || dbi == NO_DBI || mdb_stat(txn->mdb, dbi, &stat) != 0) {
        return 0;
    }
    return stat.ms_entries;
}
