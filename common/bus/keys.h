#pragma once

#include "common/base/status.h"

#include <stdint.h>

/*
 * CURVE key pairs in Z85 text, and their file: mode 0600, two lines,
 * "public <40 characters>" and "secret <40 characters>".
 */
enum { WU_KEY_TEXT_BYTES = 41 }; /* with its NUL */

struct wu_keys {
    char public_key[WU_KEY_TEXT_BYTES];
    char secret_key[WU_KEY_TEXT_BYTES];
};

WU_CHECKED enum wu_status wu_keys_make(struct wu_keys *ret_keys);

/* Refuses to replace a file. */
WU_CHECKED enum wu_status wu_keys_save(const char *path, const struct wu_keys *keys,
                                       struct wu_error *reterr);

/* WU_INVALID with a sentence when the file is missing, malformed or open to others. */
WU_CHECKED enum wu_status wu_keys_load(const char *path, struct wu_keys *ret_keys,
                                       struct wu_error *reterr);

/* The secret key itself, 32 bytes: the caller overwrites it. */
void wu_keys_secret(const struct wu_keys *keys, uint8_t ret_secret[32]);
