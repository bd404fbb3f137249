#include "tests/support/scratch.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *scratch_make(void)
{
    const char *base = getenv("TMPDIR");
    char *path = NULL;
    if (asprintf(&path, "%s/wushe-test-XXXXXX", base != NULL ? base : "/tmp") < 0 ||
        mkdtemp(path) == NULL) {
        perror("cannot make a temporary folder");
        abort();
    }
    return path;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *ftw)
{
    (void)info;
    (void)kind;
    (void)ftw;
    return remove(path);
}

void scratch_remove(char **folder_p)
{
    if (*folder_p != NULL) {
        (void)nftw(*folder_p, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        free(*folder_p);
        *folder_p = NULL;
    }
}
