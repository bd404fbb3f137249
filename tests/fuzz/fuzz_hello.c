#include "tests/fuzz/fuzz_link.h"

const struct fuzz_link FUZZ_LINK = {.focus = BUS__FRAME__BODY_HELLO, .greeted = false};
