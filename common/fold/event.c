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
