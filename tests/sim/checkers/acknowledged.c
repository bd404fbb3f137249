/*
 * No acknowledged input is lost: at the end each command has an answer, its
 * node's store holds that answer, and the journal holds the command, once.
 * (That the store says so the moment it is answered is checked in client.c.)
 */
#include "tests/sim/checkers/checkers.h"

static bool is_journaled(struct wu_txn *txn, const struct command *command, uint64_t seq)
{
    const Node__JournalRow *journal = wu_journal_get(txn, &(struct wu_journal_key){seq});
    if (journal == NULL) {
        return false;
    }
    bool forwarded = journal->origin == NODE__ORIGIN__ORIGIN_MAIL;
    struct wu_id producer;
    struct wu_id own = client_producer(command);
    return forwarded || (wu_id_from_pb(journal->producer, &producer) &&
                         wu_id_equal(&producer, &own) && journal->number == command->number);
}

static void check_at(struct sim *sim, const struct command *command, uint32_t node)
{
    struct place *place = place_of(sim, node);
    struct wu_command_key key = {client_producer(command), command->number};
    struct wu_txn *txn = sim_look(sim, place);
    const Node__CommandRow *row = wu_commands_get(txn, &key);
    if (row == NULL || row->answer == NULL || !is_journaled(txn, command, row->seq)) {
        sim_violated(sim, "acknowledged", "node %u has lost command %llu (%s), which was answered",
                     node, (unsigned long long)command->number, wu_event_type_name(command->type));
    } else if ((int32_t)row->answer->status != command->status ||
               strcmp(row->answer->code, command->code) != 0) {
        sim_violated(sim, "acknowledged",
                     "node %u holds another answer to command %llu than it gave", node,
                     (unsigned long long)command->number);
    }
    wu_txn_abort(&txn);
}

static void ended(void *state, struct sim *sim)
{
    (void)state;
    for (uint32_t index = 0; index < client_count(sim) && !sim->stopped; index++) {
        const struct command *command = client_command(sim, index);
        if (!command->answered) {
            sim_violated(sim, "acknowledged", "command %llu (%s) to node %u was never answered",
                         (unsigned long long)command->number, wu_event_type_name(command->type),
                         command->target);
            return;
        }
        if (command->expects_refusal || command->lost) {
            continue;
        }
        check_at(sim, command, command->door);
        bool poison = command->status == BUS__ANSWER_STATUS__ANSWER_STATUS_FAILED;
        if (command->target != command->door && !poison && !sim->stopped) {
            check_at(sim, command, command->target);
        }
    }
}

const struct checker CHECK_ACKNOWLEDGED = {.name = "acknowledged", .ended = ended};
