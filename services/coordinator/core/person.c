#include "services/coordinator/core/person.h"

#include <string.h>

static bool is_of_code(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '.';
}

bool person_is_usable(const char *code)
{
    size_t size = strlen(code);
    for (size_t i = 0; i < size; i++) {
        if (!is_of_code(code[i])) {
            return false;
        }
    }
    return size > 0 && size < PERSON_SIZE;
}

void person_refuse(struct wu_step *fold)
{
    wu_answer_refuse(fold, "PERSON_INVALID",
                     "say who decides by a code, never by a name: 1 to %d letters, digits, '-', "
                     "'_' or '.'",
                     PERSON_SIZE - 1);
}
