#include "common/bus/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

enum wu_status wu_keys_make(struct wu_keys *ret_keys)
{
    return zmq_curve_keypair(ret_keys->public_key, ret_keys->secret_key) == 0 ? WU_OK : WU_IO;
}

enum wu_status wu_keys_save(const char *path, const struct wu_keys *keys, struct wu_error *reterr)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return wu_error_set(reterr, WU_INVALID, "cannot make key file '%s': %s", path,
                            strerror(errno));
    }
    int written = dprintf(fd, "public %s\nsecret %s\n", keys->public_key, keys->secret_key);
    int rc = fsync(fd);
    rc |= close(fd);
    if (written < 0 || rc != 0) {
        return wu_error_set(reterr, WU_IO, "cannot write key file '%s': %s", path, strerror(errno));
    }
    return WU_OK;
}

enum wu_status wu_keys_load(const char *path, struct wu_keys *ret_keys, struct wu_error *reterr)
{
    struct stat info;
    FILE *file = fopen(path, "re");
    if (file == NULL || fstat(fileno(file), &info) != 0) {
        enum wu_status status = wu_error_set(reterr, WU_INVALID, "cannot read key file '%s': %s",
                                             path, strerror(errno));
        if (file != NULL) {
            (void)fclose(file);
        }
        return status;
    }
    char text[256] = {0};
    size_t size = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    if ((info.st_mode & 077) != 0) {
        return wu_error_set(reterr, WU_INVALID,
                            "key file '%s' is open to others; run: chmod 600 '%s'", path, path);
    }
    uint8_t binary[32];
    *ret_keys = (struct wu_keys){{0}, {0}};
    int end = 0; /* of what was read: nothing may stand behind it */
    if (size == 0 ||
        sscanf(text, "public %40s secret %40s %n", ret_keys->public_key, ret_keys->secret_key,
               &end) != 2 ||
        text[end] != '\0' || strlen(ret_keys->public_key) != 40 ||
        strlen(ret_keys->secret_key) != 40 ||
        zmq_z85_decode(binary, ret_keys->public_key) == NULL ||
        zmq_z85_decode(binary, ret_keys->secret_key) == NULL) {
        return wu_error_set(reterr, WU_INVALID,
                            "key file '%s' is not one; it has two lines, 'public' and 'secret' "
                            "with 40 characters each (wushectl init makes one)",
                            path);
    }
    return WU_OK;
}

void wu_keys_secret(const struct wu_keys *keys, uint8_t ret_secret[32])
{
    (void)zmq_z85_decode(ret_secret, keys->secret_key); /* wu_keys_load saw that it decodes */
}
