#pragma once

/* A new empty folder under $TMPDIR or /tmp; the caller removes it. Ends the test when it cannot. */
char *scratch_make(void);

/* Removes the folder and all below it; sets *folder_p to NULL. */
void scratch_remove(char **folder_p);
