#pragma once

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What people write, read exactly: times, money, divisions, words. Nothing
 * here looks at a clock; a function returns false, and leaves its result
 * alone, for anything that does not read as a whole.
 */
struct ctl_clock {
    int64_t now_ms;
    int64_t utc_offset_min; /* of the city's local time */
};

/*
 * "2026-11-24 09:30" or "2026-11-24" (local time), "2026-11-24T09:30:00Z" or
 * with "+08:00", and "+30m", "+24h", "+7d", "-2h" from now. Seconds and their
 * fraction may be left out. Years 1970 to 9999.
 */
bool ctl_parse_time(const char *text, const struct ctl_clock *clock, int64_t *ret_ms);

/* "2026-11-24": the last millisecond of that day, local time. */
bool ctl_parse_last_day(const char *text, const struct ctl_clock *clock, int64_t *ret_ms);

/* "2026-10-01" to 20261001, a date there is. */
bool ctl_parse_date(const char *text, uint32_t *ret_date);

/* By a format of strptime(3), the whole text; UTC minus utc_offset_min unless the format has %z. */
bool ctl_parse_time_by(const char *text, const char *format, int64_t utc_offset_min,
                       int64_t *ret_ms);

/* A whole number, 0 to max, of digits only. */
bool ctl_parse_number(const char *text, int64_t max, int64_t *ret_number);

/* Yuan with at most two decimals, to fen, without rounding: "20000", "12.5", "0.05". */
bool ctl_parse_fen(const char *text, int64_t *ret_fen);

/* 12 digits. */
bool ctl_parse_division(const char *text, uint64_t *ret_division);

/* "1:0800-1200": weekday 1 Monday to 7, local times to the minute; "2400" ends a day. */
struct ctl_weekly {
    uint32_t weekday;
    uint32_t from_min;
    uint32_t until_min;
};
bool ctl_parse_weekly(const char *text, struct ctl_weekly *ret_weekly);

/*
 * Words for the values of a schema's enum: NEED_URGENCY_URGENT is "urgent"
 * under the prefix "NEED_URGENCY_"; '-' and '_' are the same. The value 0 has
 * no word.
 */
bool ctl_parse_word(const ProtobufCEnumDescriptor *words, const char *prefix, const char *text,
                    int *ret_value);

/* The word of a value, '_' written '-'; "?" when this build does not know it. */
const char *ctl_word(const ProtobufCEnumDescriptor *words, const char *prefix, int value,
                     char *buffer, size_t buffer_size);

/* "urgent, difficult, anxious or longing". */
const char *ctl_words(const ProtobufCEnumDescriptor *words, const char *prefix, char *buffer,
                      size_t buffer_size);

/* "1,234.50 元" from fen; "1,234 件" from pieces. */
enum { CTL_AMOUNT_TEXT_MAX = 48 };
char *ctl_fen_text(int64_t fen, char text[CTL_AMOUNT_TEXT_MAX]);
char *ctl_pieces_text(int64_t pieces, char text[CTL_AMOUNT_TEXT_MAX]);
