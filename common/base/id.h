#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The name of everything made by a fold: 16 bytes, ascending by creation on
 * one node, the same again when the journal is folded again.
 *
 *   node u32 | generation u16 | journal number u64 | n u16      (big-endian)
 *
 * For people: "6-1042", node and number; "6-1042-3" when n is 3; "6.2-1042"
 * when the generation is 2. The all-zero id means none.
 */
struct wu_id {
    uint8_t bytes[16];
};

enum { WU_ID_TEXT_MAX = 48 }; /* with its NUL */

struct wu_id wu_id_make(uint32_t node, uint32_t generation, uint64_t seq, uint16_t n);
uint32_t wu_id_node(const struct wu_id *id);
uint64_t wu_id_seq(const struct wu_id *id);

bool wu_id_is_none(const struct wu_id *id);
bool wu_id_equal(const struct wu_id *a, const struct wu_id *b);
int wu_id_compare(const struct wu_id *a, const struct wu_id *b);

/* False, and *ret_id zero, unless the field is exactly 16 bytes. */
bool wu_id_from_pb(ProtobufCBinaryData field, struct wu_id *ret_id);

/* Borrows *id: it must outlive the message. The zero id becomes an empty field. */
ProtobufCBinaryData wu_id_to_pb(const struct wu_id *id);

/* Writes at most WU_ID_TEXT_MAX bytes and returns text; "-" for none. */
char *wu_id_to_text(const struct wu_id *id, char text[WU_ID_TEXT_MAX]);

/* Accepts exactly what wu_id_to_text writes of an id that is not none. */
bool wu_id_from_text(const char *text, struct wu_id *ret_id);
