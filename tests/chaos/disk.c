#include "tests/chaos/disk.h"

#include "common/base/prng.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

struct disk_log *disk_open(const char *log_path)
{
    int fd = open(log_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    cr_assert(fd >= 0 && ftruncate(fd, sizeof(struct disk_log)) == 0);
    void *map = mmap(NULL, sizeof(struct disk_log), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    cr_assert_neq(map, MAP_FAILED);
    (void)close(fd);
    return map;
}

void disk_close(struct disk_log **log_p)
{
    if (*log_p != NULL) {
        (void)munmap(*log_p, sizeof **log_p);
        *log_p = NULL;
    }
}

/* Puts back what stood in one sector, or nothing where the file had ended. */
static void put_back(const struct disk_log *log, int fd, const struct disk_write *write,
                     uint64_t at)
{
    static const uint8_t nothing[DISK_SECTOR];
    uint64_t end = at + DISK_SECTOR < write->size ? at + DISK_SECTOR : write->size;
    uint64_t old_end = end < write->old_size ? end : write->old_size;
    uint64_t known = old_end > at ? old_end - at : 0;
    const uint8_t *old = log->old + write->old_at + at;
    off_t offset = write->offset + (off_t)at;
    cr_assert_eq(pwrite(fd, old, known, offset), (ssize_t)known);
    uint64_t rest = end - at - known;
    cr_assert_eq(pwrite(fd, nothing, rest, offset + (off_t)known), (ssize_t)rest);
}

uint64_t disk_cut_power(struct disk_log *log, const char *data_path, struct wu_prng *prng)
{
    /* of eight sectors, how many come back; a disk that lies loses all after some point */
    static const uint64_t ODDS[] = {0, 4, 8, 1, 7};
    uint32_t count = atomic_load(&log->write_count);
    uint32_t first = 0;
    uint64_t odds = ODDS[wu_prng_below(prng, sizeof ODDS / sizeof *ODDS)];
    uint64_t lost = 0;
    if (atomic_load(&log->lies) && count > 0) {
        first = (uint32_t)wu_prng_below(prng, count);
        odds = 8;
    }
    int fd = open(data_path, O_RDWR | O_CLOEXEC);
    for (uint32_t index = count; fd >= 0 && index-- > first;) {
        const struct disk_write *write = &log->writes[index];
        for (uint64_t at = 0; at < write->size; at += DISK_SECTOR) {
            if (wu_prng_below(prng, 8) < odds) {
                put_back(log, fd, write, at);
                lost++;
            }
        }
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    atomic_store(&log->write_count, 0);
    log->old_used = 0;
    return lost;
}
