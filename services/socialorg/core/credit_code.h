#pragma once

#include <stdbool.h>

/*
 * The unified social credit code: 18 characters of 31, no I, O, Z, S, V, the
 * last a check of the 17 before it.
 *
 * Source: GB 32100-2015.
 */
bool credit_code_is_valid(const char *code);
