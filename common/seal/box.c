#include "common/seal/box.h"

#include <sodium.h>
#include <string.h>

enum {
    NONCE_BYTES = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG_BYTES = crypto_aead_xchacha20poly1305_ietf_ABYTES,
};

/* BLAKE2b under a key of each part with its length in front, so that parts cannot run together. */
static void hash_parts(uint8_t *out, size_t out_size, const uint8_t key[WU_KEY_BYTES],
                       const char *use, const struct wu_bytes *parts, size_t count)
{
    crypto_generichash_state state;
    uint8_t length[8];
    (void)crypto_generichash_init(&state, key, WU_KEY_BYTES, out_size);
    (void)crypto_generichash_update(&state, (const uint8_t *)use, strlen(use) + 1);
    for (size_t index = 0; index < count; index++) {
        wu_put_u64(length, parts[index].size);
        (void)crypto_generichash_update(&state, length, sizeof length);
        (void)crypto_generichash_update(&state, parts[index].data, parts[index].size);
    }
    (void)crypto_generichash_final(&state, out, out_size);
    sodium_memzero(&state, sizeof state);
}

struct wu_bytes wu_box_seal(const uint8_t key[WU_KEY_BYTES], struct wu_bytes about,
                            struct wu_bytes once, struct wu_bytes text, struct wu_arena *arena)
{
    uint8_t seal_key[WU_KEY_BYTES];
    size_t size = NONCE_BYTES + text.size + TAG_BYTES;
    uint8_t *box = wu_arena_take(arena, size);
    if (box == NULL) {
        return wu_bytes(NULL, 0);
    }
    const struct wu_bytes parts[] = {about, once, text};
    hash_parts(box, NONCE_BYTES, key, "wushe 1 nonce", parts, 3);
    hash_parts(seal_key, sizeof seal_key, key, "wushe 1 seal", NULL, 0);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(box + NONCE_BYTES, NULL, text.data, text.size,
                                                     about.data, about.size, NULL, box, seal_key);
    sodium_memzero(seal_key, sizeof seal_key);
    return wu_bytes(box, size);
}

struct wu_bytes wu_box_open(const uint8_t key[WU_KEY_BYTES], struct wu_bytes about,
                            struct wu_bytes box, struct wu_arena *arena)
{
    uint8_t seal_key[WU_KEY_BYTES];
    if (box.size < NONCE_BYTES + TAG_BYTES) {
        return wu_bytes(NULL, 0);
    }
    size_t size = box.size - NONCE_BYTES - TAG_BYTES;
    uint8_t *text = wu_arena_take(arena, size + 1);
    if (text == NULL) {
        return wu_bytes(NULL, 0);
    }
    hash_parts(seal_key, sizeof seal_key, key, "wushe 1 seal", NULL, 0);
    int rc = crypto_aead_xchacha20poly1305_ietf_decrypt(text, NULL, NULL, box.data + NONCE_BYTES,
                                                        box.size - NONCE_BYTES, about.data,
                                                        about.size, box.data, seal_key);
    sodium_memzero(seal_key, sizeof seal_key);
    return rc == 0 ? wu_bytes(text, size) : wu_bytes(NULL, 0);
}

void wu_box_token(const uint8_t pepper[WU_KEY_BYTES], struct wu_bytes about, struct wu_bytes text,
                  struct wu_id *ret_token)
{
    const struct wu_bytes parts[] = {about, text};
    hash_parts(ret_token->bytes, sizeof ret_token->bytes, pepper, "wushe 1 token", parts, 2);
}
