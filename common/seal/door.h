#pragma once

#include "common/journal/node.h"
#include "common/seal/keystore.h"

/*
 * The door of a node: the only place where personal data is open. Whoever drives
 * a node (the daemon's loop, the simulator) has one beside it:
 *
 *   a command comes in  -> wu_door_seal, before it becomes an input
 *   before wu_node_run  -> wu_door_sync: no ciphertext is journaled before its key is on disk
 *   after wu_node_run   -> wu_door_settle: keys that the fold destroyed are gone
 *   an answer goes out  -> wu_door_open_answer, only of what this batch folded
 *
 * and wu_door_settle once after the start: a crash between an erasure's commit
 * and the destruction of its key ends there. A crash between a key and its
 * command leaves a key that seals nothing; the same command finds it again.
 */
struct wu_door;

struct wu_door_config {
    const uint8_t *secret;  /* 32 bytes, the node's; not kept */
    const char *store_path; /* the keystore is the file "<store_path>.keys" */
    void (*random)(void *context, uint8_t *out, size_t size); /* NULL: the system's */
    void *context;
    bool scratch;
};

WU_CHECKED enum wu_status wu_door_make(struct wu_door **ret_door,
                                       const struct wu_door_config *config,
                                       struct wu_error *reterr);
void wu_door_close(struct wu_door **door_p);

/* Why a command is turned away: stable code and sentence; code NULL: it is not. */
struct wu_door_refusal {
    const char *code;
    const char *text;
};

/*
 * Seals every Sealed field of a command whose body is of that schema; its data
 * is then what is journaled, and the open bytes it held are overwritten. Of
 * other commands nothing is changed. WU_OK also for a refusal; WU_NO_MEMORY,
 * WU_IO.
 */
WU_CHECKED enum wu_status wu_door_seal(struct wu_door *door, const ProtobufCMessageDescriptor *body,
                                       Bus__Submit *submit, struct wu_arena *arena,
                                       struct wu_door_refusal *ret_refusal);

WU_CHECKED enum wu_status wu_door_sync(struct wu_door *door);
WU_CHECKED enum wu_status wu_door_settle(struct wu_door *door, struct wu_node *node);

/*
 * Opens the sealed fields of an answer that goes to whoever asked at this node's
 * own door; boxes and tokens stay inside. An answer from the record (seq 0) is
 * not opened again: each opening has its own event.
 */
void wu_door_open_answer(struct wu_door *door, const struct wu_input *input, Bus__Answer *answer,
                         struct wu_arena *arena);
