#include "common/seal/keystore.h"

#include <errno.h>
#include <fcntl.h>
#include <search.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SLOT_BYTES = 128,
    NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    WRAPPED_BYTES = WU_KEY_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES,
    PATH_BYTES = 320,
};

enum slot_state { SLOT_FREE = 0, SLOT_LIVE = 1, SLOT_DESTROYED = 2 };

/* As it lies on disk; bytes only, so there is no padding. */
struct slot {
    uint8_t state;
    uint8_t id[16];
    uint8_t nonce[NONCE_BYTES];
    uint8_t wrapped[WRAPPED_BYTES];
    uint8_t zero[SLOT_BYTES - 1 - 16 - NONCE_BYTES - WRAPPED_BYTES];
};
_Static_assert(sizeof(struct slot) == SLOT_BYTES, "a slot is 128 bytes");

static const uint8_t HEAD_STATE = 'w';
static const uint8_t HEAD_ID[16] = "ushe keystore 1";

struct held_key {
    struct wu_id id;
    uint32_t slot;
    bool destroyed;
};

struct wu_keystore {
    char path[PATH_BYTES];
    void (*random)(void *context, uint8_t *out, size_t size);
    void *context;
    bool scratch;
    int fd; /* -1: no key was ever made */
    bool dirty;
    uint32_t slot_count; /* with the head */
    void *entries;       /* tsearch(3), by id */
    uint8_t *wrap;       /* guarded memory: what wraps the keys */
};

static void system_random(void *context, uint8_t *out, size_t size)
{
    (void)context;
    randombytes_buf(out, size);
}

static int compare_entries(const void *a, const void *b)
{
    const struct held_key *one = a;
    const struct held_key *other = b;
    return wu_id_compare(&one->id, &other->id);
}

static struct held_key *find(const struct wu_keystore *store, const struct wu_id *id)
{
    const struct held_key wanted = {.id = *id};
    struct held_key *const *found = tfind(&wanted, &store->entries, compare_entries);
    return found != NULL ? *found : NULL;
}

/* NULL: no memory. */
static struct held_key *remember(struct wu_keystore *store, const struct wu_id *id, uint32_t slot,
                                 bool destroyed)
{
    struct held_key *entry = malloc(sizeof *entry);
    if (entry == NULL) {
        return NULL;
    }
    *entry = (struct held_key){.id = *id, .slot = slot, .destroyed = destroyed};
    if (tsearch(entry, &store->entries, compare_entries) == NULL) {
        free(entry);
        return NULL;
    }
    return entry;
}

/* ---- slots on disk ------------------------------------------------------------ */

static bool read_slot(const struct wu_keystore *store, uint32_t number, struct slot *ret_slot)
{
    return pread(store->fd, ret_slot, sizeof *ret_slot, (off_t)number * SLOT_BYTES) ==
           (ssize_t)sizeof *ret_slot;
}

static enum wu_status write_slot(struct wu_keystore *store, uint32_t number,
                                 const struct slot *slot)
{
    ssize_t written = pwrite(store->fd, slot, sizeof *slot, (off_t)number * SLOT_BYTES);
    store->dirty = true;
    return written == (ssize_t)sizeof *slot ? WU_OK : WU_IO;
}

enum wu_status wu_keystore_sync(struct wu_keystore *store)
{
    if (!store->dirty) {
        return WU_OK;
    }
    store->dirty = false;
    return store->scratch || fsync(store->fd) == 0 ? WU_OK : WU_IO;
}

/* A fresh nonce each time, and the key under it. */
static void wrap(const struct wu_keystore *store, struct slot *slot,
                 const uint8_t key[WU_KEY_BYTES])
{
    store->random(store->context, slot->nonce, sizeof slot->nonce);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(slot->wrapped, NULL, key, WU_KEY_BYTES,
                                                     slot->id, sizeof slot->id, NULL, slot->nonce,
                                                     store->wrap);
}

static bool unwrap(const struct wu_keystore *store, const struct slot *slot,
                   uint8_t ret_key[WU_KEY_BYTES])
{
    return crypto_aead_xchacha20poly1305_ietf_decrypt(
               ret_key, NULL, NULL, slot->wrapped, sizeof slot->wrapped, slot->id, sizeof slot->id,
               slot->nonce, store->wrap) == 0;
}

/* ---- opening ------------------------------------------------------------------ */

static enum wu_status load(struct wu_keystore *store, struct wu_error *reterr)
{
    struct stat info;
    struct slot slot;
    uint8_t pepper[WU_KEY_BYTES];
    if (fstat(store->fd, &info) != 0 || (info.st_mode & 077) != 0) {
        return wu_error_set(reterr, WU_INVALID,
                            "keystore '%s' is open to others; run: chmod 600 "
                            "'%s'",
                            store->path, store->path);
    }
    if (!read_slot(store, 0, &slot) || slot.state != HEAD_STATE ||
        memcmp(slot.id, HEAD_ID, sizeof HEAD_ID) != 0) {
        return wu_error_set(reterr, WU_INVALID, "'%s' is no keystore; put back this node's own",
                            store->path);
    }
    bool is_ours = unwrap(store, &slot, pepper);
    sodium_memzero(pepper, sizeof pepper);
    if (!is_ours) {
        return wu_error_set(reterr, WU_INVALID,
                            "keystore '%s' was made with another key_file; put back the one that "
                            "this node had then",
                            store->path);
    }
    store->slot_count = (uint32_t)(info.st_size / SLOT_BYTES); /* half a slot was never synced */
    for (uint32_t number = 1; number < store->slot_count; number++) {
        struct wu_id id;
        if (!read_slot(store, number, &slot)) {
            return wu_error_set(reterr, WU_IO, "cannot read keystore '%s': %s", store->path,
                                strerror(errno));
        }
        memcpy(id.bytes, slot.id, sizeof id.bytes);
        if (slot.state != SLOT_FREE &&
            remember(store, &id, number, slot.state != SLOT_LIVE) == NULL) {
            return wu_error_set(reterr, WU_NO_MEMORY, "no memory for keystore '%s'", store->path);
        }
    }
    return WU_OK;
}

enum wu_status wu_keystore_open(struct wu_keystore **ret_store,
                                const struct wu_keystore_config *config, struct wu_error *reterr)
{
    struct wu_keystore *store = sodium_init() >= 0 ? calloc(1, sizeof *store) : NULL;
    if (store == NULL || (store->wrap = sodium_malloc(WU_KEY_BYTES)) == NULL) {
        free(store);
        return wu_error_set(reterr, WU_NO_MEMORY, "no memory for the keystore");
    }
    static const uint8_t use[] = "wushe keystore 1 wrap";
    (void)crypto_generichash(store->wrap, WU_KEY_BYTES, use, sizeof use, config->secret,
                             WU_KEY_BYTES);
    (void)snprintf(store->path, sizeof store->path, "%s", config->path);
    store->random = config->random != NULL ? config->random : system_random;
    store->context = config->context;
    store->scratch = config->scratch;
    store->slot_count = 1;
    store->fd = open(store->path, O_RDWR | O_CLOEXEC);
    enum wu_status status = WU_OK;
    if (store->fd >= 0) {
        status = load(store, reterr);
    } else if (errno != ENOENT) {
        status = wu_error_set(reterr, WU_INVALID, "cannot open keystore '%s': %s", store->path,
                              strerror(errno));
    }
    if (status != WU_OK) {
        wu_keystore_close(&store);
        return status;
    }
    *ret_store = store;
    return WU_OK;
}

void wu_keystore_close(struct wu_keystore **store_p)
{
    struct wu_keystore *store = *store_p;
    if (store == NULL) {
        return;
    }
    if (store->fd >= 0) {
        (void)close(store->fd);
    }
    tdestroy(store->entries, free);
    sodium_free(store->wrap);
    free(store);
    *store_p = NULL;
}

static int sync_folder(const char *path)
{
    char folder[PATH_BYTES];
    (void)snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash != NULL) {
        slash[slash == folder] = '\0';
    }
    int fd = open(slash != NULL ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd >= 0 ? fsync(fd) : -1;
    return fd >= 0 ? rc | close(fd) : rc;
}

/* Under another name until it is whole: a keystore is there with its head, or not there. */
static enum wu_status make_file(struct wu_keystore *store)
{
    char fresh[PATH_BYTES + 8];
    (void)snprintf(fresh, sizeof fresh, "%s.new", store->path);
    (void)unlink(fresh);
    store->fd = open(fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (store->fd < 0) {
        return WU_IO;
    }
    uint8_t pepper[WU_KEY_BYTES];
    struct slot head = {.state = HEAD_STATE};
    memcpy(head.id, HEAD_ID, sizeof head.id);
    store->random(store->context, pepper, sizeof pepper);
    wrap(store, &head, pepper);
    sodium_memzero(pepper, sizeof pepper);
    enum wu_status status = write_slot(store, 0, &head);
    if (status == WU_OK) {
        status = wu_keystore_sync(store);
    }
    if (status != WU_OK || rename(fresh, store->path) != 0 ||
        (!store->scratch && sync_folder(store->path) != 0)) {
        (void)close(store->fd);
        store->fd = -1;
        return WU_IO;
    }
    return WU_OK;
}

static enum wu_status need_file(struct wu_keystore *store)
{
    return store->fd >= 0 ? WU_OK : make_file(store);
}

/* ---- keys --------------------------------------------------------------------- */

static enum wu_status key_of(const struct wu_keystore *store, const struct held_key *entry,
                             uint8_t ret_key[WU_KEY_BYTES])
{
    struct slot slot;
    if (entry->destroyed) {
        return WU_DENIED;
    }
    if (!read_slot(store, entry->slot, &slot)) {
        return WU_IO;
    }
    bool is_whole = slot.state == SLOT_LIVE &&
                    memcmp(slot.id, entry->id.bytes, sizeof slot.id) == 0 &&
                    unwrap(store, &slot, ret_key);
    return is_whole ? WU_OK : WU_CORRUPT;
}

enum wu_status wu_keystore_get(const struct wu_keystore *store, const struct wu_id *id,
                               uint8_t ret_key[WU_KEY_BYTES])
{
    const struct held_key *entry = find(store, id);
    return entry != NULL ? key_of(store, entry, ret_key) : WU_NOT_FOUND;
}

/* A new slot at the end, synced with the next wu_keystore_sync. */
static enum wu_status add_slot(struct wu_keystore *store, const struct wu_id *id,
                               const struct slot *slot)
{
    enum wu_status status = write_slot(store, store->slot_count, slot);
    if (status != WU_OK) {
        return status;
    }
    if (remember(store, id, store->slot_count, slot->state != SLOT_LIVE) == NULL) {
        return WU_NO_MEMORY;
    }
    store->slot_count++;
    return WU_OK;
}

enum wu_status wu_keystore_make(struct wu_keystore *store, const struct wu_id *id,
                                uint8_t ret_key[WU_KEY_BYTES])
{
    enum wu_status status = wu_keystore_get(store, id, ret_key);
    if (status != WU_NOT_FOUND) {
        return status;
    }
    status = need_file(store);
    if (status != WU_OK) {
        return status;
    }
    struct slot slot = {.state = SLOT_LIVE};
    memcpy(slot.id, id->bytes, sizeof slot.id);
    store->random(store->context, ret_key, WU_KEY_BYTES);
    wrap(store, &slot, ret_key);
    return add_slot(store, id, &slot);
}

enum wu_status wu_keystore_destroy(struct wu_keystore *store, const struct wu_id *id)
{
    struct held_key *entry = find(store, id);
    if (entry != NULL && entry->destroyed) {
        return WU_OK;
    }
    enum wu_status status = need_file(store);
    if (status != WU_OK) {
        return status;
    }
    struct slot slot = {.state = SLOT_DESTROYED};
    memcpy(slot.id, id->bytes, sizeof slot.id);
    status = entry != NULL ? write_slot(store, entry->slot, &slot) : add_slot(store, id, &slot);
    if (status == WU_OK) {
        status = wu_keystore_sync(store);
    }
    if (status == WU_OK && entry != NULL) {
        entry->destroyed = true;
    }
    return status;
}

enum wu_status wu_keystore_pepper(struct wu_keystore *store, uint8_t ret_pepper[WU_KEY_BYTES])
{
    struct slot head;
    enum wu_status status = need_file(store);
    if (status != WU_OK) {
        return status;
    }
    return read_slot(store, 0, &head) && unwrap(store, &head, ret_pepper) ? WU_OK : WU_CORRUPT;
}
