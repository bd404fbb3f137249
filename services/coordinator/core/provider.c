#include "services/coordinator/core/provider.h"

#include "common/base/division.h"
#include "services/coordinator/core/above.h"
#include "services/coordinator/core/candidate.h"
#include "services/coordinator/core/kind.h"
#include "services/coordinator/core/tables.h"

#include <string.h>

static uint64_t last_offered(const ProviderRow *known, const char *service)
{
    for (size_t i = 0; known != NULL && i < known->n_services; i++) {
        if (strcmp(known->services[i]->service, service) == 0) {
            return known->services[i]->last_offered;
        }
    }
    return 0;
}

/*
 * Fills row->services from an announcement; a code no step could ever ask for
 * is left out. False when there is no memory: the batch fails anyway.
 */
static bool set_services(struct wu_step *fold, ProviderRow *row, const ProviderRow *known,
                         const ProviderAnnounced *announced)
{
    size_t count = announced->n_services;
    ProviderService *services = wu_arena_take(wu_step_arena(fold), (count + 1) * sizeof *services);
    row->services = wu_arena_take(wu_step_arena(fold), (count + 1) * sizeof *row->services);
    if (services == NULL || row->services == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (service_is_valid(announced->services[i])) {
            coordinator_state__provider_service__init(&services[i]);
            services[i].service = announced->services[i];
            services[i].last_offered = last_offered(known, announced->services[i]);
            row->services[row->n_services++] = &services[i];
        }
    }
    return true;
}

/* What lies outside of this is no number of steps; 0 is unknown. */
static int64_t capacity_of(const ProviderAnnounced *announced)
{
    static const int64_t CAPACITY_MAX = 1000000000;
    if (announced->capacity < 0) {
        return 0;
    }
    return announced->capacity < CAPACITY_MAX ? announced->capacity : CAPACITY_MAX;
}

/* A new name or place is no new beginning. */
static void keep_standing(ProviderRow *row, const ProviderRow *known)
{
    if (known == NULL) {
        return;
    }
    row->open_steps = known->open_steps;
    row->recent_offers = known->recent_offers;
    row->kept = known->kept;
    row->broken = known->broken;
    row->weigh_at_ms = known->weigh_at_ms;
    row->cool_until_ms = known->cool_until_ms;
}

static bool announcement_is_valid(const ProviderAnnounced *announced, struct wu_id *ret_id)
{
    return wu_id_from_pb(announced->provider_id, ret_id) && !wu_id_is_none(ret_id) &&
           role_is_provider(announced->role) && wu_division_is_valid(announced->division);
}

/*
 * A provider says what it offers and where, again whenever that changes. Its
 * standing it keeps, and its turn in the line of each service.
 *
 * A provider belongs to the node that announced it first; what any other node
 * says of it is not heard.
 */
static void handle_provider_announced(struct wu_step *fold, const ProviderAnnounced *announced)
{
    const struct wu_event *event = wu_step_event(fold);
    struct provider_key key;
    if (!announcement_is_valid(announced, &key.provider_id)) {
        return;
    }
    const ProviderRow *known = providers_get(wu_step_txn(fold), &key);
    bool below = is_coordinator(&key.provider_id); /* it serves all of our area */
    if ((known != NULL && known->node != event->from_node) ||
        (below && wu_id_node(&key.provider_id) != event->from_node)) {
        return;
    }

    ProviderRow row = COORDINATOR_STATE__PROVIDER_ROW__INIT;
    row.role = announced->role;
    row.node = event->from_node;
    row.name = announced->name;
    row.division = below ? wu_step_division(fold) : announced->division;
    row.open = announced->open;
    row.announced_at_ms = event->time_ms;
    row.capacity = capacity_of(announced);
    keep_standing(&row, known);
    if (!set_services(fold, &row, known, announced)) {
        return;
    }
    if (known != NULL) {
        candidates_remove(fold, &key.provider_id, known);
    }
    candidates_add(fold, &key.provider_id, &row);
    providers_put(wu_step_txn(fold), &key, &row);
    above_announce(fold, known, &row);
}

WU_HANDLER(provider_announced, ProviderAnnounced)

const struct wu_route COORDINATOR_PROVIDER_ROUTES[] = {
    {WU_TYPE(LINKAGE_PROVIDER_ANNOUNCED), WU_ORIGIN_MAIL, &linkage__provider_announced__descriptor,
     route_provider_announced},
    {0},
};
