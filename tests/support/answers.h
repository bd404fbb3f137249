#pragma once

#include "tests/support/world.h"

#include <criterion/criterion.h>

/* What a test expects of the answer to a command. */

#define assert_accepted(answer)                                                         \
    do {                                                                                \
        const Bus__Answer *answer_ = (answer);                                          \
        cr_assert_eq(answer_->status, BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED, "%s", \
                     world_answer_text(answer_));                                       \
    } while (0)

#define assert_refused(answer, expected)                                          \
    do {                                                                          \
        const Bus__Answer *answer_ = (answer);                                    \
        cr_assert_eq(answer_->status, BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED); \
        cr_assert_str_eq(answer_->code, expected);                                \
        cr_assert_gt(strlen(answer_->text), 0);                                   \
    } while (0)
