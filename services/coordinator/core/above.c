#include "services/coordinator/core/above.h"

#include "services/coordinator/core/referral.h"
#include "services/coordinator/core/tables.h"

#include <string.h>

enum { SERVICES_TOLD_MAX = 1024 };

struct wu_id coordinator_id(uint32_t node, Role role)
{
    return wu_id_make(node, 0, (uint64_t)role, 0); /* what a fold makes has a generation */
}

bool is_coordinator(const struct wu_id *provider_id)
{
    uint64_t role = wu_id_seq(provider_id);
    struct wu_id same = coordinator_id(wu_id_node(provider_id), (Role)role);
    return role <= ROLE_CHARITY && role_is_provider((Role)role) && wu_id_equal(provider_id, &same);
}

/* ---- what is offered here ---------------------------------------------------- */

/* True when it is offered for the first time, or no longer. */
static bool count_service(struct wu_step *fold, Role role, const char *service, bool more)
{
    struct service_key key = {.role = (uint32_t)role};
    if (!wu_key_text(key.service, sizeof key.service, service)) {
        return false;
    }
    const ServiceRow *known = services_get(wu_step_txn(fold), &key);
    ServiceRow row = COORDINATOR_STATE__SERVICE_ROW__INIT;
    row.count = known != NULL ? known->count : 0;
    bool first = more && row.count == 0;
    bool last = !more && row.count == 1;
    row.count += more ? 1 : row.count > 0 ? UINT64_MAX : 0;
    if (row.count == 0) {
        services_del(wu_step_txn(fold), &key);
    } else {
        services_put(wu_step_txn(fold), &key, &row);
    }
    return first || last;
}

static bool count_services(struct wu_step *fold, const ProviderRow *row, bool more)
{
    bool changed = false;
    for (size_t i = 0; row != NULL && row->open && i < row->n_services; i++) {
        changed |= count_service(fold, row->role, row->services[i]->service, more);
    }
    return changed;
}

static void tell_above(struct wu_step *fold, Role role)
{
    const char *services[SERVICES_TOLD_MAX];
    struct wu_id own_id = coordinator_id(wu_step_node(fold), role);
    ProviderAnnounced announced = LINKAGE__PROVIDER_ANNOUNCED__INIT;
    announced.provider_id = wu_id_to_pb(&own_id);
    announced.role = role;
    announced.name = coordinator_name(fold, wu_step_node(fold));
    announced.division = wu_step_division(fold);
    announced.services = services;
    struct service_key key = {.role = (uint32_t)role};
    const ServiceRow *row = NULL;
    bool found = services_from(wu_step_txn(fold), &key, 1, &row);
    while (found && announced.n_services < SERVICES_TOLD_MAX) {
        services[announced.n_services] =
            wu_arena_copy(wu_step_arena(fold), key.service, strlen(key.service));
        if (services[announced.n_services] == NULL) {
            return; /* the batch fails */
        }
        announced.n_services++;
        found = services_after(wu_step_txn(fold), &key, 1, &row);
    }
    announced.open = announced.n_services > 0;
    const struct wu_mail mail = {.to_node = wu_step_parent(fold),
                                 .type = WU_TYPE(LINKAGE_PROVIDER_ANNOUNCED),
                                 .subject = own_id,
                                 .division = announced.division};
    wu_emit_mail(fold, &mail, &announced.base);
}

void above_announce(struct wu_step *fold, const ProviderRow *before, const ProviderRow *after)
{
    if (wu_step_parent(fold) == 0) {
        return;
    }
    bool more = count_services(fold, after, true); /* first, or what stays would come and go */
    bool less = count_services(fold, before, false);
    bool other_role = before != NULL && before->role != after->role;
    if (more || (less && !other_role)) {
        tell_above(fold, after->role);
    }
    if (less && other_role) {
        tell_above(fold, before->role);
    }
}

/* ---- going up ---------------------------------------------------------------- */

static bool was_asked(const LinkageStep *step, const struct wu_id *provider_id)
{
    for (size_t i = 0; i < step->n_tried; i++) {
        struct wu_id tried;
        if (wu_id_from_pb(step->tried[i], &tried) && wu_id_equal(&tried, provider_id)) {
            return true;
        }
    }
    return false;
}

static Rule keeping_rule(const struct linkage *linkage, const LinkageStep *step,
                         const struct wu_id *above)
{
    if (linkage->row.stays_local) {
        return RULE(STAYS_LOCAL);
    }
    if (was_asked(step, above)) {
        return linkage->row.referral != NULL ? RULE(NEVER_BACK) : RULE(NOT_ASKED_TWICE);
    }
    return referral_hops(linkage) >= REFERRAL_HOPS_MAX ? RULE(HOPS_BOUNDED) : 0;
}

bool above_choose(struct linkage *linkage, const LinkageStep *step, struct choice *choice,
                  Rule *ret_rule)
{
    uint32_t parent = wu_step_parent(linkage->fold);
    *ret_rule = 0;
    if (parent == 0) {
        return false;
    }
    struct wu_id above = coordinator_id(parent, step->role);
    *ret_rule = keeping_rule(linkage, step, &above);
    ProviderRow *provider = wu_arena_take(wu_step_arena(linkage->fold), sizeof *provider);
    if (*ret_rule != 0 || provider == NULL) {
        return false;
    }
    coordinator_state__provider_row__init(provider);
    provider->node = parent;
    provider->name = coordinator_name(linkage->fold, parent);
    choice->provider_id = above;
    choice->provider = provider;
    return true;
}
