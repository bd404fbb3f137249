#include "common/fold/event.h"

#include <string.h>

const char *wu_event_type_name(wu_event_type type)
{
    static const char prefix[] = "EVENT_TYPE_";
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(&envelope__event_type__descriptor, (int)type);
    if (value == NULL) {
        return "UNKNOWN";
    }
    return value->name + (sizeof prefix - 1);
}

bool wu_event_is_personal(wu_event_type type)
{
    static const wu_event_type personal[] = {
        WU_TYPE(COMMUNITY_REGISTER_RESIDENT),
        WU_TYPE(COMMUNITY_CHANGE_RESIDENT),
        WU_TYPE(COMMUNITY_FIND_RESIDENT),
        WU_TYPE(COMMUNITY_REGISTER_HOUSEHOLD),
    };
    for (size_t index = 0; index < sizeof personal / sizeof personal[0]; index++) {
        if (personal[index] == type) {
            return true;
        }
    }
    return false;
}
