#include "tests/support/organising.h"

#include "common/base/time.h"

#include <criterion/criterion.h>

const Bus__Answer *organising_tell(struct world *world, wu_event_type type,
                                   const ProtobufCMessage *body)
{
    world_clear(world);
    return world_command(world, type, body);
}

RegisterOrganisation organising_group(struct world *world, const char *body)
{
    RegisterOrganisation message = SOCIALORG__REGISTER_ORGANISATION__INIT;
    message.body = body;
    message.kind = ORGANISATION_KIND(COMMUNITY_GROUP);
    message.filing_number = "street-file-1";
    message.registered_until_ms = world_now_ms(world) + 365 * WU_DAY_MS;
    message.founder_count = 10;
    message.resident_founder_count = 10;
    message.by = "office-1";
    return message;
}

struct wu_id organising_add(struct world *world, const struct body *body)
{
    struct wu_id id = providing_add(world, body);
    RegisterOrganisation message = organising_group(world, body->code);
    assert_accepted(
        organising_tell(world, WU_TYPE(SOCIALORG_REGISTER_ORGANISATION), &message.base));
    return id;
}

void organising_suspend(struct world *world, const char *body)
{
    SuspendOrganisation message = SOCIALORG__SUSPEND_ORGANISATION__INIT;
    message.body = body;
    message.reason = "accounts not kept";
    message.by = "office-1";
    assert_accepted(organising_tell(world, WU_TYPE(SOCIALORG_SUSPEND_ORGANISATION), &message.base));
}

void organising_bind(struct world *world, const char *party, const char *other)
{
    DeclareInterest message = SOCIALORG__DECLARE_INTEREST__INIT;
    message.party = party;
    message.other = other;
    message.kind = INTEREST_KIND(EMPLOYED);
    message.by = party;
    assert_accepted(organising_tell(world, WU_TYPE(SOCIALORG_DECLARE_INTEREST), &message.base));
}

const OrganisationRow *organising_row(struct world *world, struct wu_id provider_id)
{
    return organisations_get(world_txn(world), &(struct organisation_key){provider_id});
}
