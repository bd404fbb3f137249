#include "common/journal/internal.h"

#include "common/base/time.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static enum wu_status check_owner(const struct wu_node_config *config, const Node__MetaRow *row,
                                  struct wu_error *reterr)
{
    if (row->node != config->node || strcmp(row->role, config->core->role) != 0) {
        return wu_error_set(reterr, WU_INVALID,
                            "store '%s' belongs to %s node %u, not to %s node %u; "
                            "set state_dir to this node's own folder",
                            config->store_path, row->role, row->node, config->core->role,
                            config->node);
    }
    if (row->hub != config->hub || row->division != config->division ||
        row->utc_offset_min != config->utc_offset_min) {
        return wu_error_set(reterr, WU_INVALID,
                            "store '%s' was made with hub_node %u, division %llu, utc_offset_min "
                            "%lld; these are part of its past and cannot change",
                            config->store_path, row->hub, (unsigned long long)row->division,
                            (long long)row->utc_offset_min);
    }
    return WU_OK;
}

static enum wu_status load(struct wu_node *node, struct wu_error *reterr)
{
    struct wu_txn *txn = NULL;
    enum wu_status status = wu_txn_begin(node->store, &node->arena, &txn);
    if (status != WU_OK) {
        return wu_error_set(reterr, status, "cannot read store '%s'", node->config.store_path);
    }
    node->committed.generation = 1;
    const Node__MetaRow *row = wu_meta_get(txn, &(struct wu_meta_key){1});
    if (row != NULL) {
        status = check_owner(&node->config, row, reterr);
        node->committed = (struct meta_state){.generation = row->generation,
                                              .generation_seq = row->generation_seq,
                                              .journal_seq = row->journal_seq,
                                              .time_ms = row->time_ms};
    }
    node->working = node->committed;
    if (status == WU_OK) {
        status = wu_streams_load(node, txn);
    }
    if (status == WU_OK) {
        wu_node_flush(node, txn); /* a new store knows its owner from the start */
        status = wu_txn_commit(&txn);
        if (status != WU_OK) {
            wu_error_set(reterr, status, "cannot write to store '%s': %s", node->config.store_path,
                         wu_status_name(status));
        }
    }
    wu_txn_abort(&txn);
    wu_node_committed(node);
    wu_arena_reset(&node->arena, 0);
    return status;
}

enum wu_status wu_node_open(struct wu_node **ret_node, const struct wu_node_config *config,
                            struct wu_error *reterr)
{
    if (sodium_init() < 0) {
        return wu_error_set(reterr, WU_IO, "libsodium does not start");
    }
    struct wu_node *node = calloc(1, sizeof *node);
    if (node == NULL) {
        return wu_error_set(reterr, WU_NO_MEMORY, "no memory for the node");
    }
    node->config = *config;
    node->next_due_ms = WU_TIME_NEVER;
    node->inputs = calloc(config->batch_count_max, sizeof *node->inputs);
    node->timer_keys = calloc(config->batch_count_max, sizeof *node->timer_keys);
    enum wu_status status = wu_arena_open(&node->arena, config->arena_bytes);
    if (status != WU_OK || node->inputs == NULL || node->timer_keys == NULL) {
        wu_node_close(&node);
        return wu_error_set(reterr, WU_NO_MEMORY, "no memory for batches of %zu inputs",
                            config->batch_count_max);
    }
    const struct wu_table *const *lists[] = {WU_NODE_TABLES, config->core->tables, NULL};
    struct wu_store_config store = {
        .path = config->store_path,
        .tables = lists,
        .map_bytes = config->map_bytes,
        .map_bytes_max = config->map_bytes_max,
        .scratch = config->scratch,
    };
    status = wu_store_open(&node->store, &store, reterr);
    if (status == WU_OK) {
        status = load(node, reterr);
    }
    if (status != WU_OK) {
        wu_node_close(&node);
        return status;
    }
    *ret_node = node;
    return WU_OK;
}

void wu_node_close(struct wu_node **node_p)
{
    struct wu_node *node = *node_p;
    if (node == NULL) {
        return;
    }
    wu_store_close(&node->store);
    wu_arena_close(&node->arena);
    free(node->inputs);
    free(node->timer_keys);
    free(node->outputs);
    free(node->streams);
    free(node->cursors);
    free(node->followers);
    free(node);
    *node_p = NULL;
}

struct wu_node_info wu_node_info(const struct wu_node *node)
{
    return (struct wu_node_info){
        .node = node->config.node,
        .hub = node->config.hub,
        .division = node->config.division,
        .generation = node->committed.generation,
        .journal_seq = node->committed.journal_seq,
        .time_ms = node->committed.time_ms,
        .next_due_ms = node->next_due_ms,
        .dead_count = node->dead_count,
        .repeat_count = node->repeat_count,
        .door_duties = node->door_duties,
    };
}

const struct wu_core *wu_node_core(const struct wu_node *node)
{
    return node->config.core;
}

struct wu_store *wu_node_store(struct wu_node *node)
{
    return node->store;
}

struct wu_arena *wu_node_arena(struct wu_node *node)
{
    return &node->arena;
}
