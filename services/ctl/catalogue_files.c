#include "services/ctl/catalogue_files.h"

#include "services/ctl/files.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void on_fault(void *context, const char *file, unsigned line, const char *sentence)
{
    struct ctl_catalogue_files *files = context;
    struct ctl_catalogue_fault *fault = wu_arena_take(files->arena, sizeof *fault);
    char *copy = wu_arena_copy(files->arena, sentence, strlen(sentence));
    if (fault == NULL || copy == NULL) {
        return; /* the arena remembers */
    }
    *fault = (struct ctl_catalogue_fault){file, line, copy, NULL};
    if (files->last_fault != NULL) {
        files->last_fault->next = fault;
    } else {
        files->first_fault = fault;
    }
    files->last_fault = fault;
}

static int load_file(struct ctl_catalogue_files *files, const char *path)
{
    char *name = wu_arena_copy(files->arena, path, strlen(path));
    char *text = ctl_read_file(path, CTL_CATALOGUE_BYTES_MAX);
    if (name == NULL || text == NULL) {
        free(text);
        return ctl_complain(CTL_USAGE, "cannot read '%s', or it has more than %d KiB", path,
                            CTL_CATALOGUE_BYTES_MAX / 1024);
    }
    files->file_count++;
    enum wu_status status = ctl_catalogue_parse(&files->catalogue, name, text, strlen(text));
    free(text);
    return status == WU_OK ? CTL_OK : ctl_complain(CTL_FAILED, "no memory to read '%s'", path);
}

static int is_catalogue(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && dot != NULL && strcmp(dot, ".yaml") == 0;
}

static int load_folder(struct ctl_catalogue_files *files, const char *path)
{
    struct dirent **entries = NULL;
    int count = scandir(path, &entries, is_catalogue, alphasort);
    int status = CTL_OK;
    if (count <= 0) {
        free(entries);
        return ctl_complain(CTL_USAGE, "no catalogue in '%s': it holds no file that ends in .yaml",
                            path);
    }
    for (int i = 0; i < count; i++) {
        const char *name = wu_arena_printf(files->arena, "%s/%s", path, entries[i]->d_name);
        if (status == CTL_OK && name != NULL) {
            status = load_file(files, name);
        }
        free(entries[i]);
    }
    free(entries);
    return status;
}

int ctl_catalogue_load(struct ctl *ctl, const char *path, const struct ctl_clock *clock,
                       struct ctl_catalogue_files **ret_files)
{
    struct stat status;
    struct ctl_catalogue_files *files = wu_arena_take(&ctl->arena, sizeof *files);
    if (files == NULL) {
        return ctl_complain(CTL_FAILED, "no memory left");
    }
    files->arena = &ctl->arena;
    files->catalogue = (struct ctl_catalogue){
        .arena = &ctl->arena, .clock = clock, .on_fault = on_fault, .context = files};
    *ret_files = files;
    if (stat(path, &status) != 0) {
        return ctl_complain(CTL_USAGE, "no catalogue at '%s': %s", path, strerror(errno));
    }
    return S_ISDIR(status.st_mode) ? load_folder(files, path) : load_file(files, path);
}

int ctl_catalogue_load_good(struct ctl *ctl, const char *path, const struct ctl_clock *clock,
                            struct ctl_catalogue_files **ret_files)
{
    int status = ctl_catalogue_load(ctl, path, clock, ret_files);
    if (status != CTL_OK) {
        return status;
    }
    for (const struct ctl_catalogue_fault *fault = (*ret_files)->first_fault; fault != NULL;
         fault = fault->next) {
        status = ctl_complain(CTL_USAGE, "%s:%u: %s", fault->file, fault->line, fault->sentence);
    }
    return status;
}
