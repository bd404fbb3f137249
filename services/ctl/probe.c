#include "services/ctl/probe.h"

#include "common/journal/tables.h"
#include "services/ctl/nodes.h"
#include "wushe/community/state/v1/need_row.pb-c.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { COUNT_MS_MAX = 500, KEY_BYTES = 256 };

/* Somebody listens at the door. Tells at once what a message would tell after a long wait. */
static bool door_is_open(const struct ctl_node *node)
{
    static const char scheme[] = "ipc://";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = node->config.front_door + sizeof scheme - 1;
    if (strlen(path) >= sizeof address.sun_path) {
        return false;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return false;
    }
    bool open = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    (void)close(fd);
    return open;
}

static void probe_door(struct ctl *ctl, const struct ctl_node *node, struct ctl_probe *probe)
{
    if (!door_is_open(node)) {
        return;
    }
    struct wu_client *client = ctl_open_door(ctl, node);
    const Bus__Pong *pong = NULL;
    if (client != NULL && wu_client_ping(client, ctl->timeout_ms, &ctl->arena, &pong) == WU_OK) {
        probe->pong = pong;
    }
    wu_client_close(&client);
}

static const struct wu_table *find_table(const struct wu_core *core, const char *name)
{
    for (const struct wu_table *const *table = core->tables; *table != NULL; table++) {
        if (strcmp((*table)->name, name) == 0) {
            return *table;
        }
    }
    return NULL;
}

static bool need_is_open(const CommunityState__NeedRow *need)
{
    return need->state != COMMUNITY_STATE__NEED_STATE__NEED_STATE_REFUSED &&
           need->state != COMMUNITY_STATE__NEED_STATE__NEED_STATE_CLOSED;
}

/* Needs have no index of the open ones: walk, but not for ever. */
static void count_needs(struct ctl *ctl, struct wu_txn *txn, const struct wu_table *needs,
                        struct ctl_probe *probe)
{
    _Alignas(16) uint8_t key[KEY_BYTES] = {0};
    const ProtobufCMessage *row = NULL;
    int64_t stop_ms = ctl_clock_now(ctl).now_ms + COUNT_MS_MAX;
    size_t mark = ctl->arena.used_bytes;
    bool more = wu_table_from(txn, needs, key, 0, &row);
    for (uint64_t seen = 1; more; seen++) {
        probe->open_count +=
            need_is_open((const CommunityState__NeedRow *)(const void *)row) ? 1 : 0;
        wu_arena_reset(&ctl->arena, mark);
        if (seen % 1024 == 0 && ctl_clock_now(ctl).now_ms > stop_ms) {
            probe->open_count_is_least = true;
            return;
        }
        more = wu_table_after(txn, needs, key, 0, &row);
    }
    wu_arena_reset(&ctl->arena, mark);
}

static void count_open(struct ctl *ctl, const struct ctl_reader *reader, const struct wu_core *core,
                       struct ctl_probe *probe)
{
    static const char *const indexes[] = {"coordinator.linkages_open", "provider.steps_open"};
    for (size_t index = 0; index < sizeof indexes / sizeof indexes[0]; index++) {
        const struct wu_table *open = find_table(core, indexes[index]);
        probe->open_count += open != NULL ? wu_table_count(reader->txn, open) : 0;
    }
    const struct wu_table *needs = find_table(core, "community.needs");
    if (needs != NULL) {
        count_needs(ctl, reader->txn, needs, probe);
    }
}

bool ctl_probe_has_store(const struct ctl_node *node)
{
    char file[WU_CONFIG_TEXT_MAX + 16];
    (void)snprintf(file, sizeof file, "%s/data.mdb", node->config.state_dir);
    return access(file, F_OK) == 0;
}

static void probe_store(struct ctl *ctl, const struct ctl_node *node, struct ctl_probe *probe)
{
    struct ctl_reader reader = {.node = node};
    if (!ctl_probe_has_store(node) || ctl_reader_open(ctl, node, &reader) != CTL_OK) {
        return;
    }
    probe->has_store = true;
    const Node__MetaRow *meta = wu_meta_get(reader.txn, &(struct wu_meta_key){1});
    if (meta != NULL) {
        probe->generation = meta->generation;
        probe->journal_seq = meta->journal_seq;
        probe->time_ms = meta->time_ms;
    }
    probe->dead_count = wu_table_count(reader.txn, &WU_DEAD_LETTERS);
    count_open(ctl, &reader, ctl_core_of(node), probe);
    wu_store_usage(reader.store, &probe->used_bytes, &probe->map_bytes);
    ctl_reader_close(&reader);
}

void ctl_probe_node(struct ctl *ctl, const struct ctl_node *node, struct ctl_probe *ret_probe)
{
    *ret_probe = (struct ctl_probe){.pong = NULL};
    probe_door(ctl, node, ret_probe);
    if (ctl_core_of(node) != NULL) {
        probe_store(ctl, node, ret_probe);
    }
}

const char *ctl_probe_state(const struct ctl_probe *probe)
{
    if (probe->pong == NULL) {
        return "down";
    }
    return probe->pong->state[0] != '\0' ? probe->pong->state : "serving";
}

bool ctl_probe_is_halted(const struct ctl_probe *probe)
{
    for (size_t index = 0; probe->pong != NULL && index < probe->pong->n_peers; index++) {
        if (probe->pong->peers[index]->halted[0] != '\0') {
            return true;
        }
    }
    return false;
}
