/*
 * People's programs: a command is sent again, under its key, until it is
 * answered. What was answered is remembered, to be held against the stores.
 */
#include "tests/sim/sim.h"

#include "common/fold/pb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RESEND_S_MAX = 60 };

struct wu_id client_producer(const struct command *command)
{
    return wu_id_make(UINT32_C(0xc0000000) + (uint32_t)command->producer, 1, 1, 1);
}

size_t client_count(const struct sim *sim)
{
    return sim->command_count;
}

const struct command *client_command(const struct sim *sim, uint32_t index)
{
    return &sim->commands[index];
}

void client_end(struct sim *sim)
{
    for (size_t index = 0; index < sim->command_count; index++) {
        free(sim->commands[index].frame);
    }
    free(sim->commands);
}

/* ---- sending ---------------------------------------------------------------------------- */

static uint32_t add_command(struct sim *sim, const struct command *command)
{
    if (sim->command_count == sim->command_max) {
        sim->command_max = sim->command_max * 2 + 256;
        sim->commands = realloc(sim->commands, sim->command_max * sizeof *sim->commands);
        if (sim->commands == NULL) {
            abort();
        }
    }
    sim->commands[sim->command_count] = *command;
    return (uint32_t)sim->command_count++;
}

static void write_frame(struct sim *sim, struct command *command, const ProtobufCMessage *body)
{
    size_t mark = sim->build.used_bytes;
    struct wu_bytes data = wu_pb_pack(body, &sim->build);
    struct wu_id producer = client_producer(command);
    Bus__Submit submit = BUS__SUBMIT__INIT;
    submit.producer = wu_id_to_pb(&producer);
    submit.number = command->number;
    submit.type = command->type;
    submit.data = (ProtobufCBinaryData){data.size, (uint8_t *)(uintptr_t)data.data};
    submit.target = command->target == command->door ? 0 : command->target;
    struct wu_bytes frame = wu_frame_encode(BUS__FRAME__BODY_SUBMIT, &submit.base, &sim->build);
    command->frame = malloc(frame.size);
    if (frame.data == NULL || command->frame == NULL) {
        abort();
    }
    memcpy(command->frame, frame.data, frame.size);
    command->frame_size = frame.size;
    command->content = sim_hash(frame.data, frame.size);
    wu_arena_reset(&sim->build, mark);
}

uint32_t client_send(struct sim *sim, uint32_t door, uint32_t target, wu_event_type type,
                     const ProtobufCMessage *body, uint32_t about)
{
    struct command command = {.door = door,
                              .target = target,
                              .producer = door,
                              .number = ++sim->numbers[door],
                              .type = type,
                              .about = about};
    write_frame(sim, &command, body);
    sim->report->command_count++;
    uint32_t index = add_command(sim, &command);
    client_try(sim, index);
    return index;
}

static void post(struct sim *sim, uint32_t index, int64_t after)
{
    const struct command *command = &sim->commands[index];
    struct parcel *parcel = parcel_make(PARCEL_DOOR, index, command->door,
                                        wu_bytes(command->frame, command->frame_size));
    sim_at(sim, sim->now + after, EVENT_PARCEL, 0, 0, parcel);
}

void client_try(struct sim *sim, uint32_t index)
{
    struct command *command = &sim->commands[index];
    if (command->answered) {
        return;
    }
    int64_t seconds = command->tries < 5 ? INT64_C(2) << command->tries : RESEND_S_MAX;
    command->tries++;
    if (!sim_fault(sim, FAULT_LOSS)) {
        post(sim, index, sim_choose_span(sim, "door", 50, 2 * SIM_MS));
    }
    if (sim_fault(sim, FAULT_REPEAT)) {
        post(sim, index, sim_choose_span(sim, "door", 50, 3 * SIM_SECOND));
    }
    sim_at(sim, sim->now + seconds * SIM_SECOND, EVENT_COMMAND, index, 0, NULL);
}

/* ---- answers ------------------------------------------------------------------------------- */

static bool is_final(const Bus__Answer *answer)
{
    return answer->status != BUS__ANSWER_STATUS__ANSWER_STATUS_BUSY &&
           answer->status != BUS__ANSWER_STATUS__ANSWER_STATUS_FORWARDED;
}

static uint64_t hash_answer(const Bus__Answer *answer)
{
    return sim_hash(answer->code, strlen(answer->code)) ^
           sim_hash(answer->text, strlen(answer->text)) * 3 ^
           (answer->id.len > 0 ? sim_hash(answer->id.data, answer->id.len) * 5 : 0) ^
           ((uint64_t)answer->status << 40);
}

/* Nothing is answered before it is on disk: the door's own record must say the same. */
static void check_durable(struct sim *sim, const struct command *command, const Bus__Answer *answer)
{
    struct place *place = place_of(sim, command->door);
    struct wu_command_key key = {client_producer(command), command->number};
    struct wu_txn *txn = sim_look(sim, place);
    const Node__CommandRow *row = wu_commands_get(txn, &key);
    if (row == NULL || row->answer == NULL || hash_answer(row->answer) != hash_answer(answer)) {
        sim_violated(sim, "acknowledged",
                     "node %u answered command %" PRIu64 " (%s), its store does not say so",
                     command->door, command->number, wu_event_type_name(command->type));
    }
    wu_txn_abort(&txn);
}

static void check_refused(struct sim *sim, const struct command *command, const Bus__Answer *answer)
{
    if (strcmp(answer->code, "KEY_REUSED") != 0) {
        sim_violated(sim, "once", "another command under the key %" PRIu64 " was answered '%s'",
                     command->number, answer->code);
    }
}

/* The same program sends another command under the same key: a bug of its own. */
static void misuse_key(struct sim *sim, uint32_t index)
{
    struct command command = sim->commands[index];
    Node__DropDeadLetter body = NODE__DROP_DEAD_LETTER__INIT;
    body.seq = command.number + 1000000;
    body.reason = "another";
    command.type = WU_TYPE(NODE_DROP_DEAD_LETTER);
    command.answered = false;
    command.expects_refusal = true;
    command.tries = 0;
    write_frame(sim, &command, &body.base);
    uint32_t added = add_command(sim, &command);
    client_try(sim, added);
}

static void first_answer(struct sim *sim, uint32_t index, const Bus__Answer *answer)
{
    struct command *command = &sim->commands[index];
    command->answered = true;
    command->status = (int32_t)answer->status;
    command->answer = hash_answer(answer);
    (void)wu_id_from_pb(answer->id, &command->made);
    (void)snprintf(command->code, sizeof command->code, "%s", answer->code);
    bool own = command->door == command->target;
    if (sim_fault(sim, FAULT_REPEAT)) {
        post(sim, index, sim_choose_span(sim, "repeat", SIM_MS, 5 * SIM_HOUR));
    }
    people_answered(sim, index, answer);
    if (own && answer->status == BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED &&
        sim_fault(sim, FAULT_KEY_REUSE)) {
        misuse_key(sim, index);
    }
}

void client_hear(struct sim *sim, uint32_t index, const Bus__Answer *answer)
{
    struct command *command = &sim->commands[index];
    if (!is_final(answer) || sim_fault(sim, FAULT_LOSS)) {
        return; /* asked again by itself */
    }
    if (command->expects_refusal) {
        command->answered = true;
        if (!command->lost) {
            check_refused(sim, command, answer);
        }
        return;
    }
    check_durable(sim, command, answer);
    if (!command->answered) {
        first_answer(sim, index, answer);
    } else if (!command->lost && command->answer != hash_answer(answer)) {
        sim_violated(sim, "once",
                     "node %u answers command %" PRIu64 " (%s) first %d '%s', then %d '%s'",
                     command->door, command->number, wu_event_type_name(command->type),
                     command->status, command->code, (int)answer->status, answer->code);
    }
}

void client_excuse(struct sim *sim, uint32_t node)
{
    for (size_t index = 0; index < sim->command_count; index++) {
        struct command *command = &sim->commands[index];
        command->lost = command->lost || command->door == node || command->target == node;
    }
}
