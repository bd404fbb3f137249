#include "services/ctl/nodes.h"

#include "common/base/division.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct ctl_clock ctl_clock_now(struct ctl *ctl)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (struct ctl_clock){
        .now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000,
        .utc_offset_min = ctl->node_count > 0 ? ctl->nodes[0].config.utc_offset_min : 0,
    };
}

const struct ctl_node *ctl_node_for(struct ctl *ctl, const char *role, uint64_t division)
{
    const struct ctl_node *best = NULL;
    if (!ctl_load_home(ctl)) {
        return NULL;
    }
    for (size_t i = 0; i < ctl->node_count && division != 0; i++) {
        const struct wu_config *config = &ctl->nodes[i].config;
        if (strcmp(config->role, role) != 0 || !wu_division_holds(config->division, division)) {
            continue;
        }
        if (best == NULL ||
            wu_division_level(config->division) > wu_division_level(best->config.division)) {
            best = &ctl->nodes[i];
        }
    }
    return best != NULL ? best : ctl_node_of_role(ctl, role);
}

const char *ctl_node_text(struct ctl *ctl, const struct ctl_node *node)
{
    const char *text = wu_arena_printf(&ctl->arena, "%s#%llu", node->config.role,
                                       (unsigned long long)node->config.node);
    return text != NULL ? text : "";
}

int ctl_reader_open(struct ctl *ctl, const struct ctl_node *node, struct ctl_reader *ret_reader)
{
    struct ctl_reader reader = {.node = node, .store = ctl_open_store(ctl, node)};
    if (reader.store == NULL) {
        return CTL_FAILED;
    }
    int status = ctl_reader_renew(ctl, &reader);
    if (status != CTL_OK) {
        wu_store_close(&reader.store);
        return status;
    }
    *ret_reader = reader;
    return CTL_OK;
}

void ctl_reader_close(struct ctl_reader *reader)
{
    if (reader->txn != NULL) {
        wu_txn_abort(&reader->txn);
    }
    if (reader->store != NULL) {
        wu_store_close(&reader->store);
    }
}

int ctl_reader_renew(struct ctl *ctl, struct ctl_reader *reader)
{
    if (reader->txn != NULL) {
        wu_txn_abort(&reader->txn);
    }
    if (wu_txn_begin_read(reader->store, &ctl->arena, &reader->txn) != WU_OK) {
        return ctl_complain(CTL_FAILED, "the store in '%s' cannot be read now; try again",
                            reader->node->config.state_dir);
    }
    return CTL_OK;
}

void ctl_city_open(struct ctl *ctl, struct ctl_city *ret_city)
{
    *ret_city = (struct ctl_city){.ctl = ctl};
}

void ctl_city_close(struct ctl_city *city)
{
    for (size_t i = 0; i < sizeof city->readers / sizeof city->readers[0]; i++) {
        ctl_reader_close(&city->readers[i]);
    }
}

struct wu_txn *ctl_city_txn(struct ctl_city *city, const struct ctl_node *node)
{
    size_t place = (size_t)(node - city->ctl->nodes);
    if (!city->tried[place]) {
        city->tried[place] = true;
        (void)ctl_reader_open(city->ctl, node, &city->readers[place]);
    }
    return city->readers[place].txn;
}

struct wu_txn *ctl_city_txn_of_number(struct ctl_city *city, uint64_t node)
{
    for (size_t i = 0; i < city->ctl->node_count; i++) {
        if (city->ctl->nodes[i].config.node == node) {
            return ctl_city_txn(city, &city->ctl->nodes[i]);
        }
    }
    return NULL;
}

bool ctl_node_provides(const struct ctl_node *node)
{
    return strcmp(node->config.role, "community") != 0 &&
           strcmp(node->config.role, "coordinator") != 0;
}

bool ctl_parse_id(const char *text, const char *what, struct wu_id *ret_id)
{
    if (wu_id_from_text(text, ret_id) && !wu_id_is_none(ret_id)) {
        return true;
    }
    (void)ctl_complain(CTL_USAGE, "'%s' is not the number of a %s: write it like 2-1042", text,
                       what);
    return false;
}

enum wu_status ctl_make_scratch(const struct ctl_node *node, char *path, size_t path_size,
                                struct wu_error *reterr)
{
    (void)snprintf(path, path_size, "%s/verify-XXXXXX", node->folder);
    if (mkdtemp(path) == NULL) {
        return wu_error_set(reterr, WU_IO, "cannot make a folder for the copy in '%s': %s",
                            node->folder, strerror(errno));
    }
    return WU_OK;
}

void ctl_remove_scratch(const char *path)
{
    static const char *const files[] = {"data.mdb", "lock.mdb", "writer.lock"};
    for (size_t index = 0; index < sizeof files / sizeof files[0]; index++) {
        char file[WU_CONFIG_TEXT_MAX + 64];
        (void)snprintf(file, sizeof file, "%s/%s", path, files[index]);
        (void)unlink(file);
    }
    (void)rmdir(path);
}
