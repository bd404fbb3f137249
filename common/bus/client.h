#pragma once

#include "common/base/arena.h"
#include "common/fold/event.h"
#include "wushe/bus/v1/bus.pb-c.h"

/*
 * The way in for commands: a node's front door. One client, one producer, one
 * thread. A command is sent again, under the same key, until it is answered or
 * the time is up: the node gives the same key the same answer.
 */
struct wu_client;

/* endpoint: "ipc:///.../door". The producer is 16 random bytes unless given. */
WU_CHECKED enum wu_status wu_client_open(struct wu_client **ret_client, const char *endpoint,
                                         const struct wu_id *producer, struct wu_error *reterr);
void wu_client_close(struct wu_client **client_p);

struct wu_command {
    wu_event_type type;
    const ProtobufCMessage *body;
    int64_t happened_at_ms; /* 0: now */
    uint32_t target;        /* node; 0: the one behind the door */
};

/*
 * Sends without waiting and returns the command's number, 1, 2, 3 ... The
 * packed command is kept until it is answered. WU_BUSY: the window (1,024
 * unanswered) is full, take an answer first.
 */
WU_CHECKED enum wu_status wu_client_send(struct wu_client *client, const struct wu_command *command,
                                         uint64_t *ret_number);

/*
 * Waits for the next answer in whatever order they come. Resends what stays
 * unanswered each 2 s. WU_BUSY when none came in time; *ret_answer lives in
 * arena.
 */
WU_CHECKED enum wu_status wu_client_answer(struct wu_client *client, int timeout_ms,
                                           struct wu_arena *arena, const Bus__Answer **ret_answer);

size_t wu_client_unanswered(const struct wu_client *client);

/* One command, one answer. WU_BUSY with a sentence when there was none in time. */
WU_CHECKED enum wu_status wu_client_call(struct wu_client *client, const struct wu_command *command,
                                         int timeout_ms, struct wu_arena *arena,
                                         const Bus__Answer **ret_answer, struct wu_error *reterr);

/* How the node is, from its own mouth. WU_BUSY when it does not answer in time. */
WU_CHECKED enum wu_status wu_client_ping(struct wu_client *client, int timeout_ms,
                                         struct wu_arena *arena, const Bus__Pong **ret_pong);
