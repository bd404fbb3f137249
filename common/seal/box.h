#pragma once

#include "common/base/arena.h"
#include "common/base/bytes.h"
#include "common/seal/keystore.h"

/*
 * What is done with keys; all of it is libsodium's. Nothing here draws a random
 * number: sealing the same text for the same purpose gives the same bytes, so
 * that a command which is sent again is the same command.
 */

/*
 * XChaCha20-Poly1305 under a person's key. The nonce is a keyed hash of
 * everything that is sealed (a synthetic nonce, RFC 5297's idea): the same nonce
 * never serves two texts. `about` is bound and not kept: the box opens with the
 * same key and the same `about` only. `once` tells two sealings of one text
 * apart. data NULL: no room.
 */
struct wu_bytes wu_box_seal(const uint8_t key[WU_KEY_BYTES], struct wu_bytes about,
                            struct wu_bytes once, struct wu_bytes text, struct wu_arena *arena);
/* data NULL: not sealed under this key about this, or no room. */
struct wu_bytes wu_box_open(const uint8_t key[WU_KEY_BYTES], struct wu_bytes about,
                            struct wu_bytes box, struct wu_arena *arena);

/* 16 bytes of a keyed hash: finds a text that is known, tells nothing to who has no pepper. */
void wu_box_token(const uint8_t pepper[WU_KEY_BYTES], struct wu_bytes about, struct wu_bytes text,
                  struct wu_id *ret_token);
