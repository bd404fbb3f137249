#include "services/socialorg/core/credit_code.h"

#include <string.h>

enum { CREDIT_CODE_BYTES = 18, MODULUS = 31 };

static const char DIGITS[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/* -1 for a character that is none of them. */
static int value_of(char digit)
{
    for (int value = 0; value < MODULUS; value++) {
        if (DIGITS[value] == digit) {
            return value;
        }
    }
    return -1;
}

bool credit_code_is_valid(const char *code)
{
    int sum = 0;
    int weight = 1;
    if (strlen(code) != CREDIT_CODE_BYTES) {
        return false;
    }
    for (int i = 0; i < CREDIT_CODE_BYTES; i++) {
        int value = value_of(code[i]);
        if (value < 0) {
            return false;
        }
        /* the last has weight 1: it fills the sum up to a multiple */
        sum += (i < CREDIT_CODE_BYTES - 1 ? weight : 1) * value;
        weight = weight * 3 % MODULUS;
    }
    return sum % MODULUS == 0;
}
