#include "tests/bench/desk.h"

#include "services/coordinator/core/core.h"
#include "tests/support/scratch.h"

#include <stdio.h>
#include <stdlib.h>

static void must(bool fine, const char *what)
{
    if (!fine) {
        (void)fprintf(stderr, "bench: %s\n", what);
        exit(1);
    }
}

void desk_open(struct desk *desk)
{
    char path[512];
    struct wu_error error = {{0}};
    *desk = (struct desk){.folder = scratch_make()};
    (void)snprintf(path, sizeof path, "%s/state", desk->folder);
    struct wu_node_config config = {
        .store_path = path,
        .core = &COORDINATOR_CORE,
        .node = 1,
        .division = UINT64_C(420100000000),
        .map_bytes = (size_t)256 << 20,
        .map_bytes_max = (size_t)1 << 30,
        .arena_bytes = (size_t)64 << 20,
        .batch_count_max = 1,
        .scratch = true,
    };
    must(wu_node_open(&desk->node, &config, &error) == WU_OK, error.text);
    desk->fold = (struct wu_step){.node = desk->node, .core = &COORDINATOR_CORE};
}

void desk_close(struct desk *desk)
{
    wu_txn_abort(&desk->fold.txn);
    wu_node_close(&desk->node);
    scratch_remove(&desk->folder);
}

void desk_begin(struct desk *desk)
{
    wu_arena_reset(&desk->node->arena, 0);
    must(wu_txn_begin(desk->node->store, &desk->node->arena, &desk->fold.txn) == WU_OK,
         "cannot begin a transaction");
}

void desk_commit(struct desk *desk)
{
    must(wu_txn_commit(&desk->fold.txn) == WU_OK, "cannot commit");
}

void desk_event(struct desk *desk, int64_t time_ms)
{
    wu_arena_reset(&desk->node->arena, 0);
    desk->fold.event.seq++;
    desk->fold.event.time_ms = time_ms;
    desk->fold.event.division = UINT64_C(420100000000);
}

struct wu_id desk_provider_id(uint32_t n)
{
    return wu_id_make(3, 1, n + UINT64_C(1), 0);
}

uint32_t desk_provider_n(const struct wu_id *id)
{
    return (uint32_t)(wu_id_seq(id) - 1);
}

void desk_add_provider(struct desk *desk, uint32_t n, const struct desk_provider *provider)
{
    ProviderService services[DESK_SERVICES_MAX];
    ProviderService *list[DESK_SERVICES_MAX];
    ProviderRow row = COORDINATOR_STATE__PROVIDER_ROW__INIT;
    struct provider_key key = {desk_provider_id(n)};
    char name[32];
    (void)snprintf(name, sizeof name, "provider %u", (unsigned)n);
    for (size_t i = 0; i < provider->service_count; i++) {
        coordinator_state__provider_service__init(&services[i]);
        services[i].service = provider->services[i];
        list[i] = &services[i];
    }
    row.role = ROLE_SOCIALORG;
    row.node = 3;
    row.name = name;
    row.division = provider->division;
    row.open = true;
    row.capacity = provider->capacity;
    row.n_services = provider->service_count;
    row.services = list;
    providers_put(desk->fold.txn, &key, &row);
    candidates_add(&desk->fold, &key.provider_id, &row);
}
