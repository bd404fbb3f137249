#pragma once

#include "common/base/arena.h"
#include "common/base/bytes.h"
#include "common/base/id.h"
#include "wushe/linkage/v1/step.pb-c.h"

/*
 * Messages out of a fuzzer's bytes, by schema: each field takes a byte, and its
 * name and type say from which small pool the value comes, so that what one
 * message makes another one finds. Zero, and so the end of the input, is the
 * plain good value; high bytes are the odd ones. What a node says is learned: its
 * ids and refs are in the pools from then on.
 */
struct fuzz_bytes {
    const uint8_t *at;
    size_t left;
};

/* The next byte; 0 at the end. */
uint8_t fuzz_byte(struct fuzz_bytes *bytes);

/*
 * A byte that says how many, and those: what one step of a story is made of. A
 * change inside of it then moves no other step.
 */
struct fuzz_bytes fuzz_slice(struct fuzz_bytes *bytes);

enum { FUZZ_IDS_MAX = 8, FUZZ_REFS_MAX = 8, FUZZ_FIRST_NEED_NODE = 20 };

/* The newest few ids of one kind. */
struct fuzz_ids {
    struct wu_id list[FUZZ_IDS_MAX];
    size_t count; /* ever learned */
};

struct fuzz_ref {
    struct wu_id linkage_id;
    struct wu_id provider_id;
    uint32_t step_no;
    uint32_t attempt;
    uint32_t node; /* it went to; 0: to nobody */
};

struct fuzz_maker {
    struct fuzz_bytes bytes;
    struct wu_arena *arena; /* of what is made; it must have room */
    int64_t now_ms;
    struct fuzz_ids providers;
    struct fuzz_ids linkages;
    struct fuzz_ref refs[FUZZ_REFS_MAX];
    size_t ref_count; /* ever learned */
    uint32_t speaker; /* out: who would say the message that was made last */
};

ProtobufCMessage *fuzz_make(struct fuzz_maker *maker, const ProtobufCMessageDescriptor *schema);

/* Ids and refs of a message that went to that node. */
void fuzz_learn(struct fuzz_maker *maker, const ProtobufCMessage *message, uint32_t to_node);

/* A span of time, 0 to a month, or a silly one. */
int64_t fuzz_span_ms(uint8_t choice);
