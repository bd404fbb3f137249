/*
 * Stores on a real file system, so that LMDB is the real one. What the process
 * wrote before it died is there; a copy put back is an older past.
 */
#include "tests/sim/sim.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool copy_file(const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    char buffer[65536];
    ssize_t size = 1;
    while (in >= 0 && out >= 0 && size > 0) {
        size = read(in, buffer, sizeof buffer);
        if (size > 0 && write(out, buffer, (size_t)size) != size) {
            size = -1;
        }
    }
    (void)close(in);
    (void)close(out);
    return size == 0;
}

bool disk_copy(struct place *place)
{
    return (mkdir(place->copy, 0700) == 0 || access(place->copy, F_OK) == 0) &&
           copy_file(place->data, place->copy_data);
}

bool disk_restore(struct place *place)
{
    return copy_file(place->copy_data, place->data);
}

void disk_clear(const char *folder)
{
    (void)mkdir(folder, 0700);
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        return;
    }
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char path[512];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        (void)snprintf(path, sizeof path, "%.200s/%.200s", folder, entry->d_name);
        if (entry->d_type == DT_DIR) {
            disk_clear(path);
            (void)rmdir(path);
        } else {
            (void)unlink(path);
        }
    }
    (void)closedir(dir);
}
