#pragma once

#include <stddef.h>

/*
 * Text for the columns of a terminal, in the locale's characters: a Chinese
 * one takes two columns.
 */

/* Columns that the text takes. */
size_t ctl_text_width(const char *text);

/*
 * A copy that the caller frees, with line ends so that no line takes more than
 * `room` columns: behind a blank or a wide character if there is one, else
 * wherever the line is full. NULL when there is no memory.
 */
char *ctl_text_break(const char *text, size_t room);

/*
 * How wide each of `count` columns may be so that all take `total`: those that
 * need less than their share get what they need, the others share the rest.
 */
void ctl_share_width(const size_t *wanted, size_t count, size_t total, size_t *ret_rooms);
