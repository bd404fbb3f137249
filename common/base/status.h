#pragma once

#include <stdarg.h>

/*
 * What a call into the world may come back with. Refusals of the domain are
 * events, not statuses; bugs are assertions. Values are stable.
 */
enum wu_status {
    WU_OK = 0,
    WU_IO = -1,        /* the system said no; errno or a sentence has the cause */
    WU_FULL = -2,      /* no room: disk, map or a configured bound */
    WU_NO_MEMORY = -3, /* arena or heap */
    WU_CORRUPT = -4,   /* bytes that do not decode */
    WU_GAP = -5,       /* a number that is not next */
    WU_DIVERGED = -6,  /* two sides hold different pasts */
    WU_POISON = -7,    /* a handler failed on one input */
    WU_INVALID = -8,   /* what a person wrote: config, command line, CSV */
    WU_BUSY = -9,      /* try again */
    WU_NOT_FOUND = -10,
    WU_DENIED = -11,
};

/* "full", "gap" ...; never NULL. */
const char *wu_status_name(enum wu_status status);

#define WU_CHECKED __attribute__((warn_unused_result))
#define WU_PRINTF(format_index, first_index) \
    __attribute__((format(printf, format_index, first_index)))

/* A sentence for a person: what, where, why, what to do. Made at the edges only. */
struct wu_error {
    char text[1024];
};

/* Writes the sentence (cut if too long) and returns status. error may be NULL. */
enum wu_status wu_error_set(struct wu_error *error, enum wu_status status, const char *format, ...)
    WU_PRINTF(3, 4);
enum wu_status wu_error_setv(struct wu_error *error, enum wu_status status, const char *format,
                             va_list args) WU_PRINTF(3, 0);
