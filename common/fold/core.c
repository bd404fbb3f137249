#include "common/fold/core.h"

const struct wu_route *wu_core_route(const struct wu_core *core, wu_event_type type)
{
    for (const struct wu_route *const *list = core->routes; *list != NULL; list++) {
        for (const struct wu_route *route = *list; route->type != 0; route++) {
            if (route->type == type) {
                return route;
            }
        }
    }
    return NULL;
}
