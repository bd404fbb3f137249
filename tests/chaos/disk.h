#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The disk under a daemon's store, and how it goes wrong. `disk_layer.c` is
 * loaded into the daemon (LD_PRELOAD) and sees each write and sync of data.mdb;
 * `disk.c` is the test's side. Between them is one file, mapped by both, that
 * outlives the daemon: what stood on the disk before each write that no sync has
 * followed yet.
 *
 * LMDB writes pages with pwrite and writev, then calls fdatasync, then writes
 * the root page through a descriptor of its own that has O_DSYNC. The layer does
 * not carry out fdatasync: what is on disk is what the log says.
 */
enum { DISK_WRITES_MAX = 8192, DISK_OLD_BYTES = 16 << 20, DISK_SECTOR = 512 };

/* Calls that can fail, or be the last of a process. */
enum disk_call {
    DISK_WRITE = 1, /* of a page */
    DISK_ROOT = 2,  /* of a root page: on disk when it returns */
    DISK_SYNC = 4,
    DISK_SPACE = 8, /* statvfs: nothing is free */
};

struct disk_write {
    int64_t offset;
    uint64_t size;
    uint64_t old_size; /* what stood there; less than size at the end of the file */
    uint64_t old_at;
    bool root;
};

struct disk_log {
    /* said by the test */
    _Atomic uint32_t failing;    /* enum disk_call, ored */
    _Atomic uint32_t fail_after; /* that many of these calls still succeed */
    _Atomic uint32_t fail_errno;
    _Atomic uint32_t dies_in; /* killed at that call from now; 0: lives */
    _Atomic bool dies_after;  /* that call is carried out first */
    _Atomic bool lies;        /* a sync is forgotten */

    /* said by the daemon */
    _Atomic uint32_t write_count; /* not synced; only the first so many are complete */
    _Atomic uint64_t failed_count;
    _Atomic uint64_t sync_count;
    uint64_t old_used;
    struct disk_write writes[DISK_WRITES_MAX];
    uint8_t old[DISK_OLD_BYTES];
};

/* ---- the test's side ------------------------------------------------------------------- */

/* The log of one node's disk. Ends the test when it cannot. */
struct disk_log *disk_open(const char *log_path);
void disk_close(struct disk_log **log_p);

/*
 * What the power cut leaves of data.mdb, whose daemon is dead: of the writes
 * since the last sync any sector is there or not. next gives random numbers.
 * Returns how many sectors are as they were before.
 */
struct wu_prng;
uint64_t disk_cut_power(struct disk_log *log, const char *data_path, struct wu_prng *prng);
