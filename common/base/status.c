#include "common/base/status.h"

#include <stddef.h>
#include <stdio.h>

const char *wu_status_name(enum wu_status status)
{
    static const char *const names[] = {
        "ok",       "io",     "full",    "no memory", "corrupt",   "gap",
        "diverged", "poison", "invalid", "busy",      "not found", "denied",
    };
    size_t index = (size_t)(-(int)status);
    return index < sizeof names / sizeof names[0] ? names[index] : "unknown";
}

enum wu_status wu_error_setv(struct wu_error *error, enum wu_status status, const char *format,
                             va_list args)
{
    if (error != NULL) {
        (void)vsnprintf(error->text, sizeof error->text, format, args);
    }
    return status;
}

enum wu_status wu_error_set(struct wu_error *error, enum wu_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    wu_error_setv(error, status, format, args);
    va_end(args);
    return status;
}
