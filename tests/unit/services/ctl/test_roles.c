/* What holds of every society's core at once. */
#include "common/fold/core.h"
#include "services/ctl/ctl.h"
#include "wushe/seal/v1/sealed.pb-c.h"

#include <criterion/criterion.h>

static bool has_sealed_field(const ProtobufCMessageDescriptor *body)
{
    for (unsigned at = 0; at < body->n_fields; at++) {
        if (body->fields[at].type == PROTOBUF_C_TYPE_MESSAGE &&
            body->fields[at].descriptor == &seal__sealed__descriptor) {
            return true;
        }
    }
    return false;
}

/* A command with a sealed field that is not on the list would be journaled open. */
Test(roles, a_command_is_personal_exactly_when_it_has_a_sealed_field)
{
    size_t personal_count = 0;
    for (const struct wu_core *const *core = CTL_CORES; *core != NULL; core++) {
        for (const struct wu_route *const *list = (*core)->routes; *list != NULL; list++) {
            for (const struct wu_route *route = *list; route->type != 0; route++) {
                bool is_sealed = route->body != NULL && route->origin == WU_ORIGIN_COMMAND &&
                                 has_sealed_field(route->body);
                personal_count += is_sealed;
                cr_expect_eq(is_sealed, wu_event_is_personal(route->type), "%s",
                             wu_event_type_name(route->type));
            }
        }
    }
    cr_expect_gt(personal_count, 0);
}
