/*
 * The operator: looks at every node now and then, as with `wushectl status`,
 * and does what services/ctl/cmd_generation.c does for one whose links stand
 * still: a new generation for the streams that cannot go on.
 */
#include "tests/sim/sim.h"

#include "wushe/node/state/v1/node_row.pb-c.h"

enum { RESTARTS_MAX = 64 };

struct restarts {
    Node__RestartStream streams[RESTARTS_MAX];
    Node__RestartStream *list[RESTARTS_MAX];
    size_t count;
};

static void add_restart(struct restarts *restarts, uint32_t stream, uint64_t keep_from)
{
    for (size_t index = 0; index < restarts->count; index++) {
        Node__RestartStream *known = &restarts->streams[index];
        if (known->stream == stream) {
            known->keep_from = keep_from < known->keep_from ? keep_from : known->keep_from;
            return;
        }
    }
    if (restarts->count < RESTARTS_MAX) {
        Node__RestartStream *added = &restarts->streams[restarts->count];
        node__restart_stream__init(added);
        added->stream = stream;
        added->keep_from = keep_from;
        restarts->list[restarts->count++] = added;
    }
}

static void find_restarts(struct sim *sim, struct place *place, struct restarts *restarts)
{
    struct wu_txn *txn = sim_look(sim, place);
    struct wu_follower_key key = {0};
    const Node__FollowerRow *row = NULL;
    for (bool more = wu_followers_from(txn, &key, 0, &row); more;
         more = wu_followers_after(txn, &key, 0, &row)) {
        if (row->halted[0] != '\0') {
            add_restart(restarts, key.stream, row->halted_head + 1);
        }
    }
    wu_txn_abort(&txn);
}

static void look_at(struct sim *sim, struct place *place)
{
    struct restarts restarts = {.count = 0};
    find_restarts(sim, place, &restarts);
    if (restarts.count == 0 && place->state != PLACE_DIVERGED) {
        return;
    }
    Node__BeginGeneration begin = NODE__BEGIN_GENERATION__INIT;
    begin.reason = "the operator looked";
    begin.n_streams = restarts.count;
    begin.streams = restarts.list;
    sim_tell(sim, place, "is told by its operator to begin a new generation");
    (void)client_send(sim, place->number, place->number, WU_TYPE(NODE_BEGIN_GENERATION),
                      &begin.base, 0);
}

void operator_look(struct sim *sim)
{
    enum { CALM_LOOKS = 30 };
    for (uint32_t number = 1; number <= sim->place_count; number++) {
        struct place *place = place_of(sim, number);
        if (place->node != NULL) {
            look_at(sim, place);
        }
    }
    sim->looks += sim->calm;
    if (sim->looks < CALM_LOOKS) {
        int64_t wait = sim->calm
                           ? SIM_MINUTE
                           : sim_choose_span(sim, "operator", 2 * SIM_MINUTE, 30 * SIM_MINUTE);
        sim_at(sim, sim->now + wait, EVENT_OPERATOR, 0, 0, NULL);
    }
}
