#include "services/ctl/commands.h"

#include "common/journal/tables.h"
#include "services/ctl/nodes.h"

#include <inttypes.h>

enum { STREAMS_MAX = 16384 };

/* The streams that start again: each whose follower was found to hold another past. */
struct restarts {
    Node__RestartStream streams[STREAMS_MAX];
    Node__RestartStream *list[STREAMS_MAX];
    size_t count;
    bool full;
};

/*
 * What the stream got after the link stood still is what the follower cannot
 * have; it goes along. Of several followers the one that lacks most counts.
 */
static void add_restart(struct restarts *restarts, uint32_t stream, uint64_t keep_from)
{
    for (size_t index = 0; index < restarts->count; index++) {
        Node__RestartStream *known = &restarts->streams[index];
        if (known->stream == stream) {
            known->keep_from = keep_from < known->keep_from ? keep_from : known->keep_from;
            return;
        }
    }
    if (restarts->count == STREAMS_MAX) {
        restarts->full = true;
        return;
    }
    Node__RestartStream *added = &restarts->streams[restarts->count];
    *added = (Node__RestartStream)NODE__RESTART_STREAM__INIT;
    added->stream = stream;
    added->keep_from = keep_from;
    restarts->list[restarts->count++] = added;
}

static int find_restarts(struct ctl *ctl, const struct ctl_node *node, struct restarts *restarts)
{
    struct ctl_reader reader;
    int status = ctl_reader_open(ctl, node, &reader);
    if (status != CTL_OK) {
        return status;
    }
    struct wu_follower_key key = {0};
    const Node__FollowerRow *row = NULL;
    size_t mark = ctl->arena.used_bytes;
    bool more = wu_followers_from(reader.txn, &key, 0, &row);
    while (more) {
        if (row->halted[0] != '\0') {
            add_restart(restarts, key.stream, row->halted_head + 1);
        }
        wu_arena_reset(&ctl->arena, mark);
        more = wu_followers_after(reader.txn, &key, 0, &row);
    }
    ctl_reader_close(&reader);
    if (restarts->full) {
        return ctl_complain(CTL_FAILED, "more than %d streams stand still; nothing was done",
                            STREAMS_MAX);
    }
    return CTL_OK;
}

static void report(struct ctl *ctl, const struct ctl_node *node, const struct restarts *restarts)
{
    if (ctl->json) {
        (void)printf("{\"node\":%" PRIu64 ",\"streams\":[", node->config.node);
        for (size_t index = 0; index < restarts->count; index++) {
            (void)printf("%s{\"stream\":%" PRIu32 ",\"keep_from\":\"%" PRIu64 "\"}",
                         index > 0 ? "," : "", restarts->streams[index].stream,
                         restarts->streams[index].keep_from);
        }
        (void)fputs("]}\n", stdout);
        return;
    }
    (void)printf("%s began a new generation; %zu streams start again\n", ctl_node_text(ctl, node),
                 restarts->count);
    for (size_t index = 0; index < restarts->count; index++) {
        (void)printf("  stream %" PRIu32 ": records from %" PRIu64 " on go along\n",
                     restarts->streams[index].stream, restarts->streams[index].keep_from);
    }
}

int cmd_generation_begin(struct ctl *ctl, int argc, char **argv)
{
    static struct restarts restarts;
    const char *reason = ctl_option(&argc, argv, "reason");
    if (!ctl_arguments(ctl, argc, argv, 1, 1)) {
        return CTL_USAGE;
    }
    if (reason == NULL || reason[0] == '\0') {
        return ctl_complain(CTL_USAGE, "say why with --reason TEXT: it stays in the journal");
    }
    const struct ctl_node *node = ctl_node_named(ctl, argv[0]);
    if (node == NULL) {
        return CTL_USAGE;
    }
    int status = find_restarts(ctl, node, &restarts);
    if (status != CTL_OK) {
        return status;
    }
    Node__BeginGeneration begin = NODE__BEGIN_GENERATION__INIT;
    begin.reason = reason;
    begin.streams = restarts.list;
    begin.n_streams = restarts.count;
    const struct wu_command command = {.type = WU_TYPE(NODE_BEGIN_GENERATION), .body = &begin.base};
    status = ctl_call(ctl, node, &command, NULL);
    if (status == CTL_OK) {
        report(ctl, node, &restarts);
    }
    return status;
}
