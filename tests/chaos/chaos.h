#pragma once

#include "common/base/prng.h"
#include "tests/chaos/disk.h"
#include "tests/chaos/proxy.h"
#include "tests/support/crowd.h"

/* One city, what is done to it, and when. */

enum chaos_fault { CHAOS_KILL, CHAOS_STOP, CHAOS_CUT, CHAOS_FULL, CHAOS_UNSYNCED, CHAOS_FAULTS };
extern const char *const CHAOS_FAULT_NAMES[CHAOS_FAULTS];

/* What happened, for the report; names in faults.c. */
enum chaos_count {
    COUNT_KILL,          /* SIGKILL, and up again at once */
    COUNT_KILL_START,    /* killed again within 40 ms of its start */
    COUNT_KILL_CATCHUP,  /* was away for a second or two, and killed while it catches up */
    COUNT_POWER,         /* SIGKILL, and the disk keeps what was synced */
    COUNT_POWER_AT_CALL, /* the same, at a certain write or sync of a commit */
    COUNT_LOST_SECTORS,  /* of those that were not synced */
    COUNT_STOP,          /* SIGSTOP for a while */
    COUNT_CUT,           /* connections that ended */
    COUNT_REFUSE,        /* and none was let in for a while */
    COUNT_STALL_UP,      /* nothing goes to the hub for a while */
    COUNT_STALL_DOWN,    /* nothing comes from it */
    COUNT_NO_SPACE,      /* the disk says that it is full, and is */
    COUNT_WRITE_FAILS,   /* of a page */
    COUNT_ROOT_FAILS,    /* of a root page */
    COUNT_SYNC_FAILS,
    COUNT_BALLAST,   /* a small file system, really full */
    COUNT_DISK_EXIT, /* a daemon that ended with 74, as it must */
    COUNTS,
};
extern const char *const CHAOS_COUNT_NAMES[COUNTS];

struct chaos_options {
    uint64_t seed;
    uint64_t kills;   /* end after that many; 0: by the time */
    uint64_t seconds; /* end after that many */
    uint64_t runs;
    uint64_t faults; /* bit set of enum chaos_fault */
    uint64_t lies;   /* the disk forgets what it was asked to keep: must be found out */
    uint64_t json;
};

struct chaos_node {
    bool stopped;
    bool armed;             /* will die at a call of its own */
    bool in_haste;          /* to be killed again soon after its start */
    int64_t start_at_ms;    /* while it does not run */
    int64_t kill_at_ms;     /* 0: not planned */
    int64_t go_on_at_ms;    /* while stopped */
    int64_t disk_well_ms;   /* while its disk fails */
    int64_t disk_failed_ms; /* last seen so */
    int64_t wires_well_ms;  /* while its connections do */
    struct disk_log *disk;
};

struct chaos {
    const struct chaos_options *options;
    struct city *city;
    struct crowd *crowd;
    struct proxy *proxy;
    struct wu_prng prng;
    struct chaos_node nodes[CITY_END];
    int small_disk; /* node whose store is on a small file system; 0: none */
    uint64_t counts[COUNTS];
    int64_t next_fault_ms;
    int64_t next_look_ms;
};

/* Before any daemon runs: its disk and wires. */
void chaos_prepare(struct chaos *chaos);

/* The power goes while the stores are made, if the disk is one that may forget. */
void chaos_first_lives(struct chaos *chaos);
void chaos_end(struct chaos *chaos);

/* Does what is due. May begin a new fault while `faults` is true. */
void chaos_turn(struct chaos *chaos, bool faults);

/* All is mended, and everything runs. */
void chaos_heal(struct chaos *chaos);

uint64_t chaos_kill_count(const struct chaos *chaos);
