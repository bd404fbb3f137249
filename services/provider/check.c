#include "services/provider/check.h"

#include "common/fold/pb.h"

bool check_is_code(const char *text, size_t bytes_max)
{
    size_t size = strlen(text);
    if (size == 0 || size > bytes_max) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte <= ' ' || byte == 0x7f) {
            return false;
        }
    }
    return true;
}

bool check_is_name(const char *text, size_t bytes_max)
{
    size_t size = strlen(text);
    return size > 0 && size <= bytes_max;
}

bool check_is_text(const char *text)
{
    return strlen(text) <= CHECK_TEXT_BYTES_MAX;
}

bool check_are_services(const char *const *services, size_t service_count)
{
    if (service_count == 0 || service_count > CHECK_SERVICES_MAX) {
        return false;
    }
    for (size_t i = 0; i < service_count; i++) {
        if (!check_is_code(services[i], CHECK_SERVICE_BYTES_MAX) ||
            check_has_service(services, i, services[i])) {
            return false;
        }
    }
    return true;
}

bool check_has_service(const char *const *services, size_t service_count, const char *service)
{
    for (size_t i = 0; i < service_count; i++) {
        if (check_same_text(services[i], service)) {
            return true;
        }
    }
    return false;
}

bool check_same_text(const char *a, const char *b)
{
    size_t size = strlen(a);
    return size == strlen(b) && memcmp(a, b, size) == 0;
}

/* Both are packed by this build, so the same values are the same bytes. */
bool check_same_row(struct wu_step *step, const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    struct wu_bytes packed_a = wu_pb_pack(a, wu_step_arena(step));
    struct wu_bytes packed_b = wu_pb_pack(b, wu_step_arena(step));
    return packed_a.size == packed_b.size &&
           (packed_a.size == 0 || memcmp(packed_a.data, packed_b.data, packed_a.size) == 0);
}

void check_refuse(struct wu_step *step, const char *what, const struct refusal *refusal)
{
    if (strlen(what) > CHECK_NAME_BYTES_MAX) {
        wu_answer_refuse(step, refusal->code, "%s", refusal->sentence);
        return;
    }
    wu_answer_refuse(step, refusal->code, "'%s': %s", what, refusal->sentence);
}
