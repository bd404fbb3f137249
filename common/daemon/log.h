#pragma once

#include "common/base/status.h"

/*
 * Structured logs. Under systemd (JOURNAL_STREAM is set and stderr is that
 * stream) a line goes to the journal with fields; else one readable line on
 * stderr: "2026-11-24T22:15:26.123Z warning community#1 link-halted peer=6 ...".
 * Programs log, libraries do not; no personal data, ever.
 */
enum wu_log_level { WU_LOG_ERROR = 3, WU_LOG_WARNING = 4, WU_LOG_INFO = 6, WU_LOG_DEBUG = 7 };

/* "error" ... "debug"; false for anything else. */
int wu_log_level_from_name(const char *name, enum wu_log_level *ret_level);

/* Who speaks, e.g. "community#1"; and from which level on. Kept, not copied. */
void wu_log_open(const char *who, enum wu_log_level level);
void wu_log_set_level(enum wu_log_level level);

/*
 * event is a stable word for the kind of line ("link-halted"); fields are
 * "name=value" pairs made by the format, values with spaces in double quotes;
 * in the journal they become WUSHE_NAME=value.
 */
void wu_log(enum wu_log_level level, const char *event, const char *format, ...) WU_PRINTF(3, 4);
