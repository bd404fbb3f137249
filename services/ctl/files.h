#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Small files that are whole or not there: written beside, flushed to disk,
 * then given their name. Sentences about what failed go to stderr.
 */

/* Makes the folder, mode 0700, with those above it. Already there is fine: *ret_made says. */
bool ctl_make_folder(const char *path, bool *ret_made);

/* Never over a file that is there: then true and *ret_made is false. */
bool ctl_write_new(const char *path, const char *text, mode_t mode, bool *ret_made);

/* Over the old one, keeping its mode. */
bool ctl_replace_file(const char *path, const char *text);

/* The whole file, NUL behind; NULL when it cannot be read or is larger. The caller frees. */
char *ctl_read_file(const char *path, size_t size_max);
