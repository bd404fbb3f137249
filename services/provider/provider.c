#include "services/provider/provider.h"

#include "common/base/assert.h"
#include "common/base/division.h"

enum provider_refusal {
    PROVIDER_NOT_REFUSED,
    PROVIDER_CODE_MALFORMED,
    PROVIDER_NAME_INVALID,
    PROVIDER_DIVISION_INVALID,
    PROVIDER_SERVICES_INVALID,
    PROVIDER_CAPACITY_INVALID,
};

static const struct refusal REFUSALS[] = {
    [PROVIDER_CODE_MALFORMED] = {"PROVIDER_CODE_MALFORMED",
                                 "a code has 1 to 23 bytes and no blanks; use the credit code or "
                                 "the station's number"},
    [PROVIDER_NAME_INVALID] = {"PROVIDER_NAME_INVALID", "give a name of 1 to 120 bytes"},
    [PROVIDER_DIVISION_INVALID] = {"PROVIDER_DIVISION_INVALID",
                                   "a division has 12 digits, the lower levels padded with zeros"},
    [PROVIDER_SERVICES_INVALID] = {"PROVIDER_SERVICES_INVALID",
                                   "name 1 to 64 services, each once, each of 1 to 31 bytes "
                                   "without blanks"},
    [PROVIDER_CAPACITY_INVALID] = {"PROVIDER_CAPACITY_INVALID",
                                   "capacity is a number of open cases, or 0 for no limit"},
};

static enum provider_refusal provider_refusal(const AddProvider *add)
{
    if (!check_is_code(add->code, PROVIDER_CODE_BYTES_MAX)) {
        return PROVIDER_CODE_MALFORMED;
    }
    if (!check_is_name(add->name, CHECK_NAME_BYTES_MAX)) {
        return PROVIDER_NAME_INVALID;
    }
    if (!wu_division_is_valid(add->division)) {
        return PROVIDER_DIVISION_INVALID;
    }
    if (!check_are_services(add->services, add->n_services)) {
        return PROVIDER_SERVICES_INVALID;
    }
    if (add->capacity_cases < 0) {
        return PROVIDER_CAPACITY_INVALID;
    }
    return PROVIDER_NOT_REFUSED;
}

bool provider_by_code(struct wu_step *step, const char *code, struct wu_id *ret_provider_id)
{
    struct provider_code_key key;
    *ret_provider_id = (struct wu_id){0};
    if (!wu_key_text(key.code, sizeof key.code, code)) {
        return false;
    }
    const ProviderCodeRow *row = providers_by_code_get(wu_step_txn(step), &key);
    return row != NULL && wu_id_from_pb(row->provider_id, ret_provider_id);
}

static void put_code(struct wu_step *step, const char *code, const struct wu_id *provider_id)
{
    struct provider_code_key key;
    bool fits = wu_key_text(key.code, sizeof key.code, code);
    WU_ASSERT(fits);
    ProviderCodeRow row = LINKAGE_STATE__PROVIDER_CODE_ROW__INIT;
    row.provider_id = wu_id_to_pb(provider_id);
    providers_by_code_put(wu_step_txn(step), &key, &row);
}

static ProviderRow provider_row(const AddProvider *add, const ProviderRow *known)
{
    ProviderRow row = LINKAGE_STATE__PROVIDER_ROW__INIT;
    row.code = add->code;
    row.name = add->name;
    row.division = add->division;
    row.n_services = add->n_services;
    row.services = add->services;
    row.capacity_cases = add->capacity_cases;
    row.open_cases = known != NULL ? known->open_cases : 0;
    row.by_hand = add->by_hand;
    row.closed = add->closed;
    return row;
}

static void emit_announced(struct wu_step *step, const struct wu_id *provider_id,
                           const ProviderRow *row)
{
    const struct provider_hooks *hooks = wu_step_extra(step);
    ProviderAnnounced announced = LINKAGE__PROVIDER_ANNOUNCED__INIT;
    announced.provider_id = wu_id_to_pb(provider_id);
    announced.role = hooks->role;
    announced.name = row->name;
    announced.division = row->division;
    announced.n_services = row->n_services;
    announced.services = row->services;
    announced.open =
        !row->closed && (hooks->bar == NULL || hooks->bar(step, provider_id, NULL) == NOT_DECLINED);
    announced.capacity = row->capacity_cases;
    struct wu_mail mail = {.to_node = wu_step_hub(step),
                           .type = WU_TYPE(LINKAGE_PROVIDER_ANNOUNCED),
                           .subject = *provider_id,
                           .division = row->division};
    wu_emit_mail(step, &mail, &announced.base);
}

void provider_announce(struct wu_step *step, const struct wu_id *provider_id)
{
    const ProviderRow *row = providers_get(wu_step_txn(step), &(struct provider_key){*provider_id});
    if (row != NULL) {
        emit_announced(step, provider_id, row);
    }
}

/*
 * A body joins, or changes.
 *
 * The code is its natural key: the same code keeps its id and its open cases,
 * and saying the same again is no news to anybody.
 */
static void handle_add_provider(struct wu_step *step, const AddProvider *add)
{
    enum provider_refusal refusal = provider_refusal(add);
    if (refusal != PROVIDER_NOT_REFUSED) {
        check_refuse(step, add->code, &REFUSALS[refusal]);
        return;
    }

    struct provider_key key;
    const ProviderRow *known = NULL;
    if (provider_by_code(step, add->code, &key.provider_id)) {
        known = providers_get(wu_step_txn(step), &key);
    } else {
        key.provider_id = wu_step_new_id(step);
        put_code(step, add->code, &key.provider_id);
    }

    wu_answer_accept(step, key.provider_id);
    ProviderRow row = provider_row(add, known);
    if (known != NULL && check_same_row(step, &row.base, &known->base)) {
        return;
    }
    providers_put(wu_step_txn(step), &key, &row);
    emit_announced(step, &key.provider_id, &row);
}
WU_HANDLER(add_provider, AddProvider)

const struct wu_route PROVIDER_BODY_ROUTES[] = {
    {WU_TYPE(LINKAGE_ADD_PROVIDER), WU_ORIGIN_COMMAND, &linkage__add_provider__descriptor,
     route_add_provider},
    {0},
};
