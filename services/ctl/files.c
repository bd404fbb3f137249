#include "services/ctl/files.h"

#include "services/ctl/ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A new name is on disk only when its folder is. */
static void sync_folder_of(const char *path)
{
    char folder[PATH_MAX];
    (void)snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash != NULL) {
        *slash = '\0';
    }
    int fd = open(slash == NULL     ? "."
                  : slash == folder ? "/"
                                    : folder,
                  O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
}

/* Makes each folder above the last word of path. */
static void make_parents(const char *path)
{
    char folder[PATH_MAX];
    (void)snprintf(folder, sizeof folder, "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(folder, 0700); /* the last one tells whether this went well */
        *slash = '/';
    }
}

bool ctl_make_folder(const char *path, bool *ret_made)
{
    struct stat status;
    make_parents(path);
    if (mkdir(path, 0700) == 0) {
        sync_folder_of(path);
        *ret_made = true;
        return true;
    }
    *ret_made = false;
    if (errno == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        return true;
    }
    (void)ctl_complain(CTL_FAILED, "cannot make the folder '%s': %s", path, strerror(errno));
    return false;
}

static bool write_all(int fd, const char *text)
{
    size_t left = strlen(text);
    while (left > 0) {
        ssize_t written = write(fd, text, left);
        if (written < 0) {
            return false;
        }
        text += written;
        left -= (size_t)written;
    }
    return fsync(fd) == 0;
}

/* Writes text to "<path>.<pid>" and leaves that name in beside. */
static bool write_beside(const char *path, const char *text, mode_t mode, char beside[PATH_MAX])
{
    (void)snprintf(beside, PATH_MAX, "%s.%d", path, (int)getpid());
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    bool fine = fd >= 0 && fchmod(fd, mode) == 0 && write_all(fd, text);
    if (fd >= 0 && close(fd) != 0) {
        fine = false;
    }
    if (!fine) {
        (void)ctl_complain(CTL_FAILED, "cannot write '%s': %s", beside, strerror(errno));
        (void)unlink(beside);
    }
    return fine;
}

bool ctl_write_new(const char *path, const char *text, mode_t mode, bool *ret_made)
{
    char beside[PATH_MAX];
    *ret_made = false;
    if (access(path, F_OK) == 0) {
        return true;
    }
    if (!write_beside(path, text, mode, beside)) {
        return false;
    }
    /* link, other than rename, never goes over what is there */
    bool linked = link(beside, path) == 0;
    bool kept = !linked && errno == EEXIST;
    if (!linked && !kept) {
        (void)ctl_complain(CTL_FAILED, "cannot write '%s': %s", path, strerror(errno));
    }
    (void)unlink(beside);
    sync_folder_of(path);
    *ret_made = linked;
    return linked || kept;
}

bool ctl_replace_file(const char *path, const char *text)
{
    char beside[PATH_MAX];
    struct stat status;
    mode_t mode = stat(path, &status) == 0 ? status.st_mode & 0777 : 0600;
    if (!write_beside(path, text, mode, beside)) {
        return false;
    }
    if (rename(beside, path) != 0) {
        (void)ctl_complain(CTL_FAILED, "cannot write '%s': %s", path, strerror(errno));
        (void)unlink(beside);
        return false;
    }
    sync_folder_of(path);
    return true;
}

char *ctl_read_file(const char *path, size_t size_max)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text = calloc(1, size_max + 1);
    size_t size = 0;
    ssize_t got = 1;
    while (fd >= 0 && text != NULL && got > 0 && size <= size_max) {
        got = read(fd, text + size, size_max + 1 - size);
        size += got > 0 ? (size_t)got : 0;
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    if (fd < 0 || text == NULL || got < 0 || size > size_max) {
        free(text);
        return NULL;
    }
    text[size] = '\0';
    return text;
}
