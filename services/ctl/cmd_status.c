#include "services/ctl/commands.h"
#include "services/ctl/probe.h"

#include <inttypes.h>

static uint64_t lag_of(const Bus__PeerStatus *peer)
{
    return peer->out_head > peer->out_acked ? peer->out_head - peer->out_acked : 0;
}

static const char *link_state(const Bus__PeerStatus *peer)
{
    if (peer->halted[0] != '\0') {
        return "halted";
    }
    return peer->connected ? "connected" : "away";
}

/* The node's own word where it has one: it is ahead of what a reader sees. */
static uint64_t journal_seq_of(const struct ctl_probe *probe)
{
    return probe->pong != NULL ? probe->pong->journal_seq : probe->journal_seq;
}

static int64_t committed_at_of(const struct ctl_probe *probe)
{
    return probe->pong != NULL ? probe->pong->committed_at_ms : probe->time_ms;
}

/* ---- for programs ---------------------------------------------------------------------------- */

static void print_peers_json(const Bus__Pong *pong)
{
    (void)fputs(",\"peers\":[", stdout);
    for (size_t index = 0; pong != NULL && index < pong->n_peers; index++) {
        const Bus__PeerStatus *peer = pong->peers[index];
        (void)printf("%s{\"node\":%" PRIu32 ",\"state\":\"%s\",\"out_head\":\"%" PRIu64
                     "\",\"out_acked\":\"%" PRIu64 "\",\"lag\":%" PRIu64 ",\"in_next\":\"%" PRIu64
                     "\",\"halted\":",
                     index > 0 ? "," : "", peer->node, link_state(peer), peer->out_head,
                     peer->out_acked, lag_of(peer), peer->in_next);
        wu_json_text(stdout, peer->halted);
        (void)putchar('}');
    }
    (void)putchar(']');
}

static void print_node_json(const struct ctl_node *node, const struct ctl_probe *probe)
{
    (void)printf("{\"node\":%" PRIu64 ",\"role\":", node->config.node);
    wu_json_text(stdout, node->config.role);
    (void)printf(",\"division\":\"%" PRIu64 "\",\"state\":", node->config.division);
    wu_json_text(stdout, ctl_probe_state(probe));
    (void)printf(
        ",\"generation\":%" PRIu32 ",\"journal_seq\":\"%" PRIu64 "\",\"committed_at_ms\":\"%" PRId64
        "\",\"open_count\":%" PRIu64 ",\"open_count_is_least\":%s,\"dead_count\":%" PRIu64,
        probe->generation, journal_seq_of(probe), committed_at_of(probe), probe->open_count,
        probe->open_count_is_least ? "true" : "false", probe->dead_count);
    if (probe->pong != NULL) {
        (void)printf(",\"refused_count\":%" PRIu64, probe->pong->refused_count);
    } else {
        (void)fputs(",\"refused_count\":null", stdout);
    }
    print_peers_json(probe->pong);
    (void)putchar('}');
}

static void print_json(const struct ctl *ctl, const struct ctl_probe *probes)
{
    (void)fputs("{\"home\":", stdout);
    wu_json_text(stdout, ctl->home);
    (void)fputs(",\"nodes\":[", stdout);
    for (size_t index = 0; index < ctl->node_count; index++) {
        (void)fputs(index > 0 ? ",\n " : "\n ", stdout);
        print_node_json(&ctl->nodes[index], &probes[index]);
    }
    (void)fputs("]}\n", stdout);
}

/* ---- for people ------------------------------------------------------------------------------ */

static void add_node_row(struct ctl *ctl, struct ctl_table *table, const struct ctl_node *node,
                         const struct ctl_probe *probe)
{
    struct wu_arena *arena = &ctl->arena;
    const char *refused =
        probe->pong != NULL ? wu_arena_printf(arena, "%" PRIu64, probe->pong->refused_count) : "-";
    const char *values[] = {
        wu_arena_printf(arena, "%" PRIu64, node->config.node),
        node->config.role,
        ctl_probe_state(probe),
        wu_arena_printf(arena, "%" PRIu64, journal_seq_of(probe)),
        ctl_time_text(ctl, committed_at_of(probe)),
        wu_arena_printf(arena, "%" PRIu64 "%s", probe->open_count,
                        probe->open_count_is_least ? "+" : ""),
        wu_arena_printf(arena, "%" PRIu64, probe->dead_count),
        refused,
    };
    ctl_table_row(table, values);
}

static void print_nodes(struct ctl *ctl, const struct ctl_probe *probes)
{
    static const char *const columns[] = {"NODE", "ROLE", "STATE",   "JOURNAL", "COMMITTED",
                                          "OPEN", "DEAD", "REFUSED", NULL};
    struct ctl_table *table = ctl_table_new(ctl, "nodes", columns);
    for (size_t index = 0; index < ctl->node_count; index++) {
        add_node_row(ctl, table, &ctl->nodes[index], &probes[index]);
    }
    ctl_table_print(&table);
}

static void print_links(struct ctl *ctl, const struct ctl_probe *probes)
{
    static const char *const columns[] = {"NODE", "PEER",    "LINK", "SENT", "ACKED",
                                          "LAG",  "IN NEXT", "WHY",  NULL};
    struct wu_arena *arena = &ctl->arena;
    struct ctl_table *table = ctl_table_new(ctl, "links", columns);
    for (size_t index = 0; index < ctl->node_count; index++) {
        const Bus__Pong *pong = probes[index].pong;
        for (size_t at = 0; pong != NULL && at < pong->n_peers; at++) {
            const Bus__PeerStatus *peer = pong->peers[at];
            const char *values[] = {
                wu_arena_printf(arena, "%" PRIu64, ctl->nodes[index].config.node),
                wu_arena_printf(arena, "%" PRIu32, peer->node),
                link_state(peer),
                wu_arena_printf(arena, "%" PRIu64, peer->out_head),
                wu_arena_printf(arena, "%" PRIu64, peer->out_acked),
                wu_arena_printf(arena, "%" PRIu64, lag_of(peer)),
                wu_arena_printf(arena, "%" PRIu64, peer->in_next),
                peer->halted,
            };
            ctl_table_row(table, values);
        }
    }
    (void)putchar('\n');
    ctl_table_print(&table);
}

static int verdict(struct ctl *ctl, const struct ctl_probe *probes)
{
    int status = ctl->broken_count > 0 ? CTL_FOUND : CTL_OK;
    for (size_t index = 0; index < ctl->node_count; index++) {
        if (probes[index].pong == NULL) {
            return CTL_NO_ANSWER;
        }
        if (ctl_probe_is_halted(&probes[index])) {
            status = CTL_FOUND;
        }
    }
    return status;
}

int cmd_status(struct ctl *ctl, int argc, char **argv)
{
    if (!ctl_arguments(ctl, argc, argv, 0, 0) || !ctl_load_home(ctl)) {
        return CTL_USAGE;
    }
    static struct ctl_probe probes[sizeof ctl->nodes / sizeof ctl->nodes[0]];
    for (size_t index = 0; index < ctl->node_count; index++) {
        ctl_probe_node(ctl, &ctl->nodes[index], &probes[index]);
    }
    if (ctl->json) {
        print_json(ctl, probes);
    } else {
        print_nodes(ctl, probes);
        print_links(ctl, probes);
    }
    return verdict(ctl, probes);
}
