#include "services/socialorg/core/core.h"

#include "tests/fuzz/fuzz_provider.h"

const struct fuzz_core FUZZ_CORE = {.core = &SOCIALORG_CORE,
                                    .begin = fuzz_provider_begin,
                                    .saw = fuzz_provider_saw,
                                    .check = fuzz_provider_check};
