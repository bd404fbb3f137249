#pragma once

#include "wushe/bus/v1/bus.pb-c.h"

#include <stdbool.h>

/*
 * One end of the bus, whatever the other end sends. An input is a story: frames
 * of a peer that knows the protocol and lies in one field or another, raw
 * frames, commits, dropped batches, commands, seconds, cut connections, restarts, new
 * generations. They go to the real exchange of a hub (node 1, peers 2 to 5) or
 * of a society (node 9, its hub is the peer), over a real node and store. After each
 * step the rules of common/bus/README.md are checked on whatever it took and said.
 */
struct fuzz_link {
    Bus__Frame__BodyCase focus; /* the kind of most frames */
    bool greeted;               /* peers have said an honest Hello before the story begins */
};

extern const struct fuzz_link FUZZ_LINK; /* of fuzz_<kind>.c */
