/*
 * The rules that never bend, one file each. What a node has committed is shown
 * to all of them: each input, then what it made, in the order of the fold.
 */
#include "tests/sim/checkers/checkers.h"

#include "common/fold/pb.h"
#include "tests/sim/people.h"

const struct checker *const CHECKERS[] = {
    &CHECK_TIME,
    &CHECK_STREAMS,
    &CHECK_IDS,
    &CHECK_DEAD,
    &CHECK_PRIVACY,
    &CHECK_OFFERS,
    &CHECK_HOLDS,
    &CHECK_LEDGER,
    &CHECK_SHIFTS,
    &CHECK_OWNER,
    &CHECK_CATALOGUE,
    &CHECK_RESTORED,
    &CHECK_ACKNOWLEDGED,
    &CHECK_TOGETHER,
    &CHECK_CAPACITY,
    &CHECK_FIREWALL,
    &CHECK_REGISTERED,
    &CHECK_REPLAY,
    NULL,
};

static const ProtobufCMessageDescriptor *descriptor_of(wu_event_type type)
{
    switch ((int)type) {
    case WU_TYPE(LINKAGE_STEP_OFFERED):
        return &linkage__step_offered__descriptor;
    case WU_TYPE(LINKAGE_STEP_RESERVED):
        return &linkage__step_reserved__descriptor;
    case WU_TYPE(LINKAGE_STEP_DECLINED):
        return &linkage__step_declined__descriptor;
    case WU_TYPE(LINKAGE_STEP_CONFIRMED):
        return &linkage__step_confirmed__descriptor;
    case WU_TYPE(LINKAGE_STEP_TAKEN):
        return &linkage__step_taken__descriptor;
    case WU_TYPE(LINKAGE_STEP_LAPSED):
        return &linkage__step_lapsed__descriptor;
    case WU_TYPE(LINKAGE_STEP_RELEASED):
        return &linkage__step_released__descriptor;
    case WU_TYPE(LINKAGE_STEP_DELIVERED):
        return &linkage__step_delivered__descriptor;
    case WU_TYPE(COORDINATOR_LINKAGE_DELIVERED):
        return &coordinator__linkage_delivered__descriptor;
    case WU_TYPE(COORDINATOR_KIND_ADOPTED):
        return &coordinator__kind_adopted__descriptor;
    case WU_TYPE(COORDINATOR_LINKAGE_CLOSED):
        return &coordinator__linkage_closed__descriptor;
    case WU_TYPE(COORDINATOR_LINKAGE_OPENED):
        return &coordinator__linkage_opened__descriptor;
    case WU_TYPE(COORDINATOR_LINKAGE_DISPUTED):
        return &coordinator__linkage_disputed__descriptor;
    default:
        return NULL;
    }
}

static void show(struct sim *sim, struct seen *seen)
{
    for (size_t index = 0; CHECKERS[index] != NULL && !sim->stopped; index++) {
        if (CHECKERS[index]->saw != NULL) {
            CHECKERS[index]->saw(sim->checker_states[index], sim, seen);
        }
    }
    people_saw(sim, seen);
}

/* Decodes the envelope and, when it is of interest, what is in it. Memory of the batch. */
static void open_envelope(struct place *place, struct seen *seen, struct wu_bytes record)
{
    const Envelope__Envelope *envelope =
        envelope__envelope__unpack(&place->batch->pb, record.size, record.data);
    if (envelope == NULL) {
        return;
    }
    seen->envelope = envelope;
    seen->type = envelope->type;
    const ProtobufCMessageDescriptor *descriptor = descriptor_of(envelope->type);
    if (descriptor != NULL) {
        seen->body = protobuf_c_message_unpack(descriptor, &place->batch->pb, envelope->data.len,
                                               envelope->data.data);
    }
}

static void show_input(struct sim *sim, struct place *place, const struct wu_input *input)
{
    struct seen seen = {.place = place,
                        .seq = input->seq,
                        .time_ms = wu_node_info(place->node).time_ms,
                        .origin = input->origin,
                        .peer = input->from_node,
                        .is_public = input->origin == WU_ORIGIN_PUBLIC,
                        .is_dead = input->dead,
                        .input = input};
    if (input->origin == WU_ORIGIN_TIMER) {
        seen.type = (wu_event_type)input->timer->type;
    } else if (input->origin != WU_ORIGIN_COMMAND && !input->snapshot) {
        open_envelope(place, &seen, input->record);
    }
    sim->report->event_count++;
    for (size_t role = 0; role < SIM_ROLES; role++) {
        sim->report->folded[role] += place->core == SIM_CORES[role];
    }
    sim_mix(sim, sim_hash(input->record.data, input->record.size) ^ input->seq);
    sim_tell(sim, place, "%6llu %s%s%s%s", (unsigned long long)input->seq,
             input->origin == WU_ORIGIN_COMMAND ? "is told"
             : input->origin == WU_ORIGIN_TIMER ? "remembers"
                                                : "hears",
             seen.type != 0 ? " " : "", seen.type != 0 ? wu_event_type_name(seen.type) : "",
             input->dead       ? " (dead letter)"
             : input->snapshot ? " (snapshot)"
                               : "");
    show(sim, &seen);
}

/* The journal number of the input that made the record; records carried over have an older one. */
static uint64_t maker_of(const struct wu_output *output)
{
    enum { ID_AT = 2 }; /* a canonical envelope begins with its id */
    struct wu_id id = {{0}};
    if (output->record.size >= ID_AT + sizeof id.bytes) {
        memcpy(id.bytes, output->record.data + ID_AT, sizeof id.bytes);
    }
    return wu_id_seq(&id);
}

static void show_output(struct sim *sim, struct place *place, const struct wu_output *output,
                        uint64_t seq)
{
    struct seen seen = {.place = place,
                        .is_output = true,
                        .is_new = maker_of(output) == seq,
                        .seq = seq,
                        .time_ms = wu_node_info(place->node).time_ms,
                        .is_public = (output->stream & WU_STREAM_PUBLIC) != 0,
                        .output = output};
    seen.peer = seen.is_public ? 0 : output->stream;
    open_envelope(place, &seen, output->record);
    sim_mix(sim, sim_hash(output->hash, WU_HASH_BYTES));
    sim_tell(sim, place, "       says %s to %u, number %llu", wu_event_type_name(seen.type),
             seen.peer, (unsigned long long)output->number);
    show(sim, &seen);
}

void checkers_committed(struct sim *sim, struct place *place)
{
    size_t output_count = 0;
    const struct wu_output *outputs = wu_node_outputs(place->node, &output_count);
    size_t input_count = wu_node_input_count(place->node);
    size_t output = 0;
    for (size_t index = 0; index < input_count && !sim->stopped; index++) {
        const struct wu_input *input = wu_node_input(place->node, index);
        if (input->seq == 0) {
            continue;
        }
        show_input(sim, place, input);
        while (output < output_count && maker_of(&outputs[output]) <= input->seq && !sim->stopped) {
            show_output(sim, place, &outputs[output++], input->seq);
        }
    }
    for (; output < output_count && !sim->stopped; output++) {
        sim_violated(sim, "streams", "node %u made record %llu without an input", place->number,
                     (unsigned long long)outputs[output].number);
    }
    for (size_t index = 0; CHECKERS[index] != NULL && !sim->stopped; index++) {
        if (CHECKERS[index]->committed != NULL) {
            CHECKERS[index]->committed(sim->checker_states[index], sim, place);
        }
    }
}

void checkers_restored(struct sim *sim, struct place *place)
{
    for (size_t index = 0; CHECKERS[index] != NULL; index++) {
        if (CHECKERS[index]->restored != NULL) {
            CHECKERS[index]->restored(sim->checker_states[index], sim, place);
        }
    }
}

void checkers_ended(struct sim *sim)
{
    for (size_t index = 0; CHECKERS[index] != NULL && !sim->stopped; index++) {
        if (CHECKERS[index]->ended != NULL) {
            CHECKERS[index]->ended(sim->checker_states[index], sim);
        }
    }
}
