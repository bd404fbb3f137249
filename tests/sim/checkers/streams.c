/*
 * Every stream is a gapless prefix at every follower. What each node has
 * committed is written down by number; a record that a follower folds must be
 * the next one, and its chain hash that of the source.
 *
 * A store put back to an older copy has two pasts from then on: followers may
 * hold either, and the hash at their cursor says which, whole.
 */
#include "tests/sim/checkers/checkers.h"

#include <stdio.h>

enum { PASTS_MAX = 2 };

struct state {
    struct map heads[SIM_PLACES_MAX + 1];   /* by source; stream, generation -> head */
    struct map records;                     /* source, stream, generation, number, past -> hash */
    struct map cursors[SIM_PLACES_MAX + 1]; /* by follower; source, stream -> where it stands */
};

static uint64_t stream_name(uint32_t source, const char *name, uint32_t generation)
{
    return sim_hash(name, strlen(name)) * 31 + source * UINT64_C(1000003) + generation;
}

static uint64_t record_name(uint64_t stream, uint64_t number, uint64_t past)
{
    return (stream ^ (number * UINT64_C(0x9e3779b97f4a7c15))) * 5 + past * 2 + 1;
}

static void *open_state(struct sim *sim)
{
    (void)sim;
    return checker_state(sizeof(struct state));
}

static void close_state(void *opaque)
{
    struct state *state = opaque;
    map_free(&state->records);
    for (size_t number = 0; number <= SIM_PLACES_MAX; number++) {
        map_free(&state->heads[number]);
        map_free(&state->cursors[number]);
    }
    free(state);
}

static uint64_t *cursor_at(struct state *state, const struct place *follower, uint32_t source,
                           const char *stream)
{
    return map_at(&state->cursors[follower->number], stream_name(source, stream, 0));
}

static void saw_output(struct state *state, struct sim *sim, const struct seen *seen)
{
    const struct wu_output *output = seen->output;
    struct wu_stream stream =
        seen->is_public
            ? wu_node_public_stream(seen->place->node, output->stream - WU_STREAM_PUBLIC - 1)
            : wu_node_mail_stream(seen->place->node, output->stream);
    uint64_t name = stream_name(seen->place->number, stream.name, stream.generation);
    struct map *heads = &state->heads[seen->place->number];
    uint64_t *head = map_at(heads, name);
    if (output->number != *head + 1 && stream.generation > 1) { /* said before the batch began it */
        name = stream_name(seen->place->number, stream.name, stream.generation - 1);
        head = map_at(heads, name);
    }
    if (output->number != *head + 1) {
        sim_violated(sim, "streams", "%s of node %u goes from record %llu to %llu", stream.name,
                     seen->place->number, (unsigned long long)*head,
                     (unsigned long long)output->number);
    }
    *head = output->number;
    uint64_t past = 0;
    while (past < PASTS_MAX - 1 &&
           map_find(&state->records, record_name(name, output->number, past)) != NULL) {
        past++;
    }
    *map_at(&state->records, record_name(name, output->number, past)) = wu_get_u64(output->hash);
}

static bool is_of_source(const struct state *state, uint64_t name, uint64_t number,
                         const uint8_t *hash)
{
    for (uint64_t past = 0; past < PASTS_MAX; past++) {
        const uint64_t *known = map_find(&state->records, record_name(name, number, past));
        if (known != NULL && *known == wu_get_u64(hash)) {
            return true;
        }
    }
    return false;
}

static void saw_input(struct state *state, struct sim *sim, const struct seen *seen)
{
    const struct wu_input *input = seen->input;
    if (input->stream == NULL) {
        return;
    }
    uint64_t name = stream_name(input->from_node, input->stream, input->generation);
    uint64_t *cursor = cursor_at(state, seen->place, input->from_node, input->stream);
    uint64_t here = ((uint64_t)input->generation << 40) | input->number;
    bool follows = here == *cursor + 1 || (input->number == 1 && input->generation > *cursor >> 40);
    if (input->snapshot) {
        *cursor = ((uint64_t)input->generation << 40) | (input->number - 1);
        return;
    }
    if (!follows) {
        sim_violated(sim, "streams", "node %u folds record %llu of %s of node %u after %llu",
                     seen->place->number, (unsigned long long)input->number, input->stream,
                     input->from_node, (unsigned long long)(*cursor & 0xffffffffff));
    }
    *cursor = here;
    if (input->hash != NULL && !is_of_source(state, name, input->number, input->hash)) {
        sim_violated(sim, "streams",
                     "node %u folds a record %llu of %s that node %u never committed",
                     seen->place->number, (unsigned long long)input->number, input->stream,
                     input->from_node);
    }
}

static void saw(void *opaque, struct sim *sim, const struct seen *seen)
{
    if (seen->is_output) {
        saw_output(opaque, sim, seen);
    } else {
        saw_input(opaque, sim, seen);
    }
}

/* Nobody acknowledges what is not on its disk. */
static void committed(void *opaque, struct sim *sim, struct place *place)
{
    struct state *state = opaque;
    for (uint32_t number = 1; number <= sim->place_count; number++) {
        const struct place *peer = place_of(sim, number);
        bool linked = peer->hub == place->number || place->hub == number;
        if (!linked || place->was_restored || peer->was_restored) {
            continue;
        }
        struct wu_stream stream = wu_node_mail_stream(place->node, number);
        uint64_t acked = wu_node_acked_next(place->node, number, number) - 1;
        uint64_t cursor = *cursor_at(state, peer, place->number, stream.name);
        if (acked > 0 && (((uint64_t)stream.generation << 40) | acked) > cursor) {
            sim_violated(sim, "streams",
                         "node %u has acknowledged record %llu of node %u, and folded %llu", number,
                         (unsigned long long)acked, place->number,
                         (unsigned long long)(cursor & 0xffffffffff));
        }
    }
}

/* The node has forgotten: heads and cursors are again what its store says. */
static void restored(void *opaque, struct sim *sim, struct place *place)
{
    struct state *state = opaque;
    struct wu_txn *txn = sim_look(sim, place);
    struct wu_stream_key at = {0};
    const Node__StreamRow *stream = NULL;
    map_free(&state->heads[place->number]);
    state->heads[place->number] = (struct map){0};
    for (bool more = wu_streams_from(txn, &at, 0, &stream); more;
         more = wu_streams_after(txn, &at, 0, &stream)) {
        uint64_t name = stream_name(place->number, stream->name, stream->generation);
        *map_at(&state->heads[place->number], name) = stream->head;
    }
    map_free(&state->cursors[place->number]);
    state->cursors[place->number] = (struct map){0};
    struct wu_cursor_key key = {0};
    const Node__CursorRow *cursor = NULL;
    for (bool more = wu_cursors_from(txn, &key, 0, &cursor); more;
         more = wu_cursors_after(txn, &key, 0, &cursor)) {
        *cursor_at(state, place, key.node, key.stream) =
            ((uint64_t)cursor->generation << 40) | (cursor->next - 1);
    }
    wu_txn_abort(&txn);
}

static void ended(void *opaque, struct sim *sim)
{
    (void)opaque;
    for (uint32_t number = sim->place_count; number >= 1; number--) {
        struct place *place = place_of(sim, number);
        if (!place_is_quiet(place)) {
            struct wu_stream up = wu_node_mail_stream(place->node, place->hub);
            sim_violated(
                sim, "streams",
                "all is well, and still node %u (state %d, connected %d) has not heard or "
                "told everything; its mail stands at %llu of generation %u, acknowledged "
                "to %llu",
                number, (int)place->state, place->way.up, (unsigned long long)up.head,
                up.generation,
                (unsigned long long)wu_node_acked_next(place->node, place->hub, place->hub) - 1);
        }
    }
}

const struct checker CHECK_STREAMS = {.name = "streams",
                                      .open = open_state,
                                      .saw = saw,
                                      .committed = committed,
                                      .restored = restored,
                                      .ended = ended,
                                      .close = close_state};
