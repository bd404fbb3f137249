/*
 * The disk under LMDB when the power goes in the middle of a commit: what was
 * written before the last sync is there, of what came after it any 512 bytes
 * may be there or not. Writes are seen by wrapping them at link time
 * (-Wl,--wrap), with what stood there before; the sync itself is only noted, so
 * that it costs nothing. Up to the moment when the new root page is on disk the
 * store must come back as it was.
 *
 * LMDB's calls carry no context, so this is the one place of the simulator with
 * a variable of its own: the log of the commit that is running, or NULL.
 */
#include "tests/sim/sim.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITES_MAX = 512, SECTOR = 512, OLD_BYTES = 4 << 20 };

struct write {
    off_t offset;
    size_t size;     /* of what stood there; less than was written at the end of the file */
    size_t old_at;   /* in old */
    int synced_upto; /* how many writes were on disk when this one began */
};

struct torn {
    int reader; /* LMDB's own descriptor of the root pages cannot read */
    struct write writes[WRITES_MAX];
    int count;
    int synced;  /* writes before that are on disk */
    int root_at; /* the write of the first new root; -1: none yet */
    bool overflow;
    size_t old_used;
    uint8_t old[OLD_BYTES];
};

static struct torn *running;

ssize_t __real_pwrite(int fd, const void *bytes, size_t size, off_t offset);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size, off_t offset);
ssize_t __real_writev(int fd, const struct iovec *parts, int count);
ssize_t __wrap_writev(int fd, const struct iovec *parts, int count);
int __wrap_fdatasync(int fd);

static void note(int fd, size_t size, off_t offset)
{
    struct torn *torn = running;
    if (torn == NULL) {
        return;
    }
    bool fits = torn->count < WRITES_MAX && torn->old_used + size <= OLD_BYTES;
    ssize_t old = fits ? pread(torn->reader, torn->old + torn->old_used, size, offset) : -1;
    if (old < 0) {
        torn->overflow = true;
        return;
    }
    bool is_root = (fcntl(fd, F_GETFL) & O_DSYNC) != 0;
    if (is_root && torn->root_at < 0) {
        torn->root_at = torn->count;
    }
    torn->writes[torn->count++] = (struct write){.offset = offset,
                                                 .size = (size_t)old,
                                                 .old_at = torn->old_used,
                                                 .synced_upto = torn->synced};
    torn->old_used += (size_t)old;
}

ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    note(fd, size, offset);
    return __real_pwrite(fd, bytes, size, offset);
}

ssize_t __wrap_writev(int fd, const struct iovec *parts, int count)
{
    size_t size = 0;
    for (int part = 0; part < count; part++) {
        size += parts[part].iov_len;
    }
    if (running != NULL) {
        note(fd, size, lseek(fd, 0, SEEK_CUR));
    }
    return __real_writev(fd, parts, count);
}

int __wrap_fdatasync(int fd)
{
    (void)fd;
    if (running != NULL) {
        running->synced = running->count;
    }
    return 0;
}

/* ---- one commit ---------------------------------------------------------------------- */

void torn_begin(struct sim *sim, const struct place *place)
{
    if (sim->torn == NULL) {
        sim->torn = malloc(sizeof *sim->torn);
    }
    running = sim->torn;
    if (running == NULL) {
        abort();
    }
    running->reader = open(place->data, O_RDONLY | O_CLOEXEC);
    running->count = 0;
    running->synced = 0;
    running->root_at = -1;
    running->overflow = false;
    running->old_used = 0;
}

void torn_end(void)
{
    if (running != NULL) {
        (void)close(running->reader);
    }
    running = NULL;
}

/* Puts back what stood there, in some of its sectors or in all. */
static void put_back(struct sim *sim, int fd, const struct write *write, bool all)
{
    const uint8_t *old = sim->torn->old + write->old_at;
    for (size_t at = 0; at < write->size; at += SECTOR) {
        size_t size = write->size - at < SECTOR ? write->size - at : SECTOR;
        if ((all || sim_chance(sim, "sector", 500)) &&
            __real_pwrite(fd, old + at, size, write->offset + (off_t)at) != (ssize_t)size) {
            abort();
        }
    }
}

bool torn_tear(struct sim *sim, struct place *place)
{
    const struct torn *torn = sim->torn;
    if (torn == NULL || torn->overflow || torn->root_at < 0) {
        return false;
    }
    int cut = (int)sim_choose(sim, "torn at", (uint64_t)torn->root_at + 1);
    int synced = 0; /* at the moment of the cut */
    for (int index = 0; index < cut; index++) {
        synced = torn->writes[index].synced_upto;
    }
    int fd = open(place->data, O_RDWR | O_CLOEXEC);
    for (int index = torn->count - 1; fd >= 0 && index >= synced; index--) {
        put_back(sim, fd, &torn->writes[index], index >= cut);
    }
    (void)close(fd);
    return fd >= 0;
}
