#pragma once

#include "common/base/id.h"
#include "common/base/status.h"

/*
 * The keys of a node's personal data, one per person or thing: the only state
 * that is not derived from the journal, so that destroying a key erases what is
 * sealed under it everywhere, in archives and backups of the store too.
 *
 * One file, mode 0600, of slots of 128 bytes that never move and never span two
 * sectors:
 *
 *   slot 0   "wushe keystore 1", nonce, pepper wrapped
 *   slot n   1 LIVE, key id, nonce, key wrapped; or
 *            2 DESTROYED, key id, and zeros
 *
 * A key is destroyed by writing over its slot in place, synced before the call
 * returns. The file is never compacted, copied or rewritten by us, so no page,
 * log or older version of it holds the key. What the file system or the disk
 * keeps besides (snapshots, spare cells of a flash disk) holds it wrapped only:
 * by a key made of the node's secret, XChaCha20-Poly1305 with the id as
 * associated data.
 */
struct wu_keystore;

enum { WU_KEY_BYTES = 32 };

struct wu_keystore_config {
    const char *path;                                         /* made with the first key */
    const uint8_t *secret;                                    /* 32 bytes, the node's; not kept */
    void (*random)(void *context, uint8_t *out, size_t size); /* NULL: the system's */
    void *context;
    bool scratch; /* a throw-away world: nothing waits for the disk */
};

/* WU_INVALID with a sentence: open to others, no keystore, or of another node's key. */
WU_CHECKED enum wu_status wu_keystore_open(struct wu_keystore **ret_store,
                                           const struct wu_keystore_config *config,
                                           struct wu_error *reterr);
void wu_keystore_close(struct wu_keystore **store_p);

/* WU_NOT_FOUND: there never was one; WU_DENIED: it was destroyed; WU_CORRUPT: the slot is. */
WU_CHECKED enum wu_status wu_keystore_get(const struct wu_keystore *store, const struct wu_id *id,
                                          uint8_t ret_key[WU_KEY_BYTES]);

/*
 * The key of that id, made if there never was one. WU_DENIED: it was destroyed,
 * and an id gets no second key. What was made is on disk after wu_keystore_sync.
 */
WU_CHECKED enum wu_status wu_keystore_make(struct wu_keystore *store, const struct wu_id *id,
                                           uint8_t ret_key[WU_KEY_BYTES]);
WU_CHECKED enum wu_status wu_keystore_sync(struct wu_keystore *store);

/* Gone when it returns WU_OK; of an id without a key nothing is kept but that it gets none. */
WU_CHECKED enum wu_status wu_keystore_destroy(struct wu_keystore *store, const struct wu_id *id);

/* For keyed hashes, so that a phone number can be found but not be guessed from a row. */
WU_CHECKED enum wu_status wu_keystore_pepper(struct wu_keystore *store,
                                             uint8_t ret_pepper[WU_KEY_BYTES]);
