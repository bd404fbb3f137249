#include "common/fold/table.h"

#include <string.h>

bool wu_key_text(char *field, size_t field_size, const char *text)
{
    size_t length = text != NULL ? strlen(text) : 0;
    memset(field, 0, field_size);
    if (length >= field_size) {
        return false;
    }
    if (length > 0) {
        memcpy(field, text, length);
    }
    return true;
}
