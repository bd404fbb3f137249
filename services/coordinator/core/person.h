#pragma once

#include "common/fold/step.h"

enum { PERSON_SIZE = 24 }; /* with the zero behind */

/*
 * A person who decides is named by a code that only their body can read: 1 to
 * 23 ASCII letters, digits, '-', '_' or '.'. A name in Chinese, or one with a
 * blank, does not pass.
 */
bool person_is_usable(const char *code);

/* Answers the command with what a code is. */
void person_refuse(struct wu_step *fold);
