/*
 * Loaded into a daemon in front of libc. WUSHE_CHAOS_DATA names its data.mdb,
 * WUSHE_CHAOS_LOG the file described in disk.h. One thread writes a store.
 */
#include "tests/chaos/disk.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

static struct disk_log *disk; /* NULL: not asked for */
static ino_t data_inode;      /* 0: not there yet */
static int reader = -1;       /* LMDB's own descriptor of the root pages cannot read */

static ssize_t (*real_pwrite)(int fd, const void *bytes, size_t size, off_t offset);
static ssize_t (*real_writev)(int fd, const struct iovec *parts, int count);
static int (*real_fdatasync)(int fd);
static int (*real_statvfs)(const char *path, struct statvfs *info);

/* ISO C knows no way from an object's address to a function's; POSIX promises it. */
static void find(const char *name, void *function)
{
    *(void **)function = dlsym(RTLD_NEXT, name);
}

/* Whatever was being written to a root page went to the disk: only its process died. */
static void forget_roots(void)
{
    uint32_t count = atomic_load(&disk->write_count);
    while (count > 0 && disk->writes[count - 1].root && !atomic_load(&disk->lies)) {
        count--;
    }
    atomic_store(&disk->write_count, count);
    disk->old_used =
        count > 0 ? disk->writes[count - 1].old_at + disk->writes[count - 1].old_size : 0;
}

__attribute__((constructor)) static void begin(void)
{
    find("pwrite", &real_pwrite);
    find("writev", &real_writev);
    find("fdatasync", &real_fdatasync);
    find("statvfs", &real_statvfs);
    const char *log = getenv("WUSHE_CHAOS_LOG");
    int fd = log != NULL ? open(log, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) {
        return;
    }
    void *map = mmap(NULL, sizeof *disk, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    (void)close(fd);
    if (map != MAP_FAILED) {
        disk = map;
        forget_roots();
    }
}

static bool is_data(int fd)
{
    struct stat info;
    if (disk == NULL) {
        return false;
    }
    if (data_inode == 0) {
        const char *path = getenv("WUSHE_CHAOS_DATA");
        if (path == NULL || stat(path, &info) != 0) {
            return false;
        }
        data_inode = info.st_ino;
        reader = open(path, O_RDONLY | O_CLOEXEC);
    }
    return fstat(fd, &info) == 0 && info.st_ino == data_inode;
}

static bool is_root(int fd)
{
    return (fcntl(fd, F_GETFL) & O_DSYNC) != 0;
}

/* ---- dying and failing --------------------------------------------------------------------- */

static bool comes_to_zero(_Atomic uint32_t *count)
{
    uint32_t now = atomic_load(count);
    return now > 0 && atomic_fetch_sub(count, 1) == 1;
}

/*
 * True when this call is the last one, after it was carried out. It is slow, so that
 * what was told to somebody too early has left the process before.
 */
static bool is_last(void)
{
    enum { SLOW_MS = 5 };
    if (!comes_to_zero(&disk->dies_in)) {
        return false;
    }
    (void)poll(NULL, 0, SLOW_MS);
    if (!atomic_load(&disk->dies_after)) {
        (void)kill(getpid(), SIGKILL);
    }
    return true;
}

static bool fails(enum disk_call call)
{
    if ((atomic_load(&disk->failing) & call) == 0) {
        return false;
    }
    if (atomic_load(&disk->fail_after) > 0) {
        atomic_fetch_sub(&disk->fail_after, 1);
        return false;
    }
    atomic_fetch_add(&disk->failed_count, 1);
    errno = (int)atomic_load(&disk->fail_errno);
    return true;
}

/* ---- the log --------------------------------------------------------------------------------- */

static void synced(void)
{
    atomic_fetch_add(&disk->sync_count, 1);
    if (!atomic_load(&disk->lies)) {
        atomic_store(&disk->write_count, 0);
        disk->old_used = 0;
    }
}

static void note(size_t size, off_t offset, bool root)
{
    uint32_t count = atomic_load(&disk->write_count);
    if (count == DISK_WRITES_MAX || disk->old_used + size > DISK_OLD_BYTES) {
        count = 0; /* so long without a sync: the disk has done it by itself */
        disk->old_used = 0;
        atomic_store(&disk->write_count, 0);
    }
    ssize_t old = pread(reader, disk->old + disk->old_used, size, offset);
    disk->writes[count] = (struct disk_write){.offset = offset,
                                              .size = size,
                                              .old_size = old > 0 ? (uint64_t)old : 0,
                                              .old_at = disk->old_used,
                                              .root = root};
    disk->old_used += disk->writes[count].old_size;
    atomic_store(&disk->write_count, count + 1);
}

/* It is on disk, or it was no write at all. */
static void forget_last(void)
{
    if (atomic_load(&disk->write_count) > 0) {
        uint32_t count = atomic_load(&disk->write_count);
        disk->old_used -= disk->writes[count - 1].old_size;
        atomic_store(&disk->write_count, count - 1);
    }
}

/* ---- the calls ----------------------------------------------------------------------------------
 */

static ssize_t write_data(int fd, const struct iovec *parts, int count, off_t offset)
{
    bool root = is_root(fd);
    size_t size = 0;
    for (int part = 0; part < count; part++) {
        size += parts[part].iov_len;
    }
    bool last = is_last();
    if (fails(root ? DISK_ROOT : DISK_WRITE)) {
        return -1;
    }
    note(size, offset, root);
    ssize_t result = pwritev(fd, parts, count, offset);
    if (last) {
        (void)kill(getpid(), SIGKILL);
    }
    if (result < 0 || (root && !atomic_load(&disk->lies))) {
        forget_last();
    }
    return result;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    if (!is_data(fd)) {
        return real_pwrite(fd, bytes, size, offset);
    }
    const struct iovec part = {(void *)(uintptr_t)bytes, size};
    return write_data(fd, &part, 1, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    if (!is_data(fd)) {
        return real_writev(fd, parts, count);
    }
    off_t offset = lseek(fd, 0, SEEK_CUR);
    ssize_t result = write_data(fd, parts, count, offset);
    (void)lseek(fd, offset + (result > 0 ? result : 0), SEEK_SET);
    return result;
}

int fdatasync(int fd)
{
    if (!is_data(fd)) {
        return real_fdatasync(fd);
    }
    bool last = is_last();
    if (fails(DISK_SYNC)) {
        return -1;
    }
    synced();
    if (last) {
        (void)kill(getpid(), SIGKILL);
    }
    return 0;
}

int statvfs(const char *path, struct statvfs *info)
{
    int result = real_statvfs(path, info);
    if (result == 0 && disk != NULL && (atomic_load(&disk->failing) & DISK_SPACE) != 0) {
        info->f_bavail = 0;
    }
    return result;
}
