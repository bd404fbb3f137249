#include "services/ctl/parse.h"

#include "common/base/date.h"
#include "common/base/division.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- numbers -------------------------------------------------------------- */

/* Exactly `count` digits at *text_p, which moves behind them. */
static bool digits(const char **text_p, int count, int64_t *ret_value)
{
    int64_t value = 0;
    const char *text = *text_p;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        value = value * 10 + (text[i] - '0');
    }
    *text_p = text + count;
    *ret_value = value;
    return true;
}

/* One digit or more, no sum above max. */
static bool number(const char **text_p, int64_t max, int64_t *ret_value)
{
    const char *text = *text_p;
    int64_t value = 0;
    if (*text < '0' || *text > '9') {
        return false;
    }
    for (; *text >= '0' && *text <= '9'; text++) {
        int64_t digit = *text - '0';
        if (value > (max - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *text_p = text;
    *ret_value = value;
    return true;
}

static bool skip(const char **text_p, char wanted)
{
    if (**text_p != wanted) {
        return false;
    }
    (*text_p)++;
    return true;
}

bool ctl_parse_number(const char *text, int64_t max, int64_t *ret_number)
{
    int64_t value = 0;
    if (!number(&text, max, &value) || *text != '\0') {
        return false;
    }
    *ret_number = value;
    return true;
}

bool ctl_parse_fen(const char *text, int64_t *ret_fen)
{
    int64_t yuan = 0;
    int64_t fen = 0;
    if (!number(&text, INT64_MAX / 100 - 1, &yuan)) {
        return false;
    }
    if (skip(&text, '.')) {
        int64_t tens = 0;
        int64_t ones = 0;
        if (!digits(&text, 1, &tens)) {
            return false;
        }
        if (*text != '\0' && !digits(&text, 1, &ones)) {
            return false;
        }
        fen = tens * 10 + ones;
    }
    if (*text != '\0') {
        return false;
    }
    *ret_fen = yuan * 100 + fen;
    return true;
}

bool ctl_parse_division(const char *text, uint64_t *ret_division)
{
    int64_t value = 0;
    if (strlen(text) != 12 || !digits(&text, 12, &value) ||
        !wu_division_is_valid((uint64_t)value)) {
        return false;
    }
    *ret_division = (uint64_t)value;
    return true;
}

/* ---- time ----------------------------------------------------------------- */

/* Days since 1970-01-01 of a day of the Gregorian calendar. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    /* A year that begins in March ends with the leap day. */
    int64_t shifted = month <= 2 ? year - 1 : year;
    int64_t month_in_year = month <= 2 ? month + 9 : month - 3;
    int64_t day_in_year = (153 * month_in_year + 2) / 5 + day - 1;
    return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + day_in_year - 719468;
}

static bool day_is_real(int64_t year, int64_t month, int64_t day)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1970 || month < 1 || month > 12 || day < 1) {
        return false;
    }
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return day <= lengths[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* "2026-11-24" to the milliseconds of its midnight, as if it were UTC. */
static bool read_day(const char **text_p, int64_t *ret_ms)
{
    int64_t year = 0;
    int64_t month = 0;
    int64_t day = 0;
    if (!digits(text_p, 4, &year) || !skip(text_p, '-') || !digits(text_p, 2, &month) ||
        !skip(text_p, '-') || !digits(text_p, 2, &day) || !day_is_real(year, month, day)) {
        return false;
    }
    *ret_ms = days_of(year, month, day) * WU_DAY_MS;
    return true;
}

/* ".5", ".123", ".123456": milliseconds; what is finer is dropped. */
static bool read_fraction(const char **text_p, int64_t *ret_ms)
{
    int64_t unit = 100;
    int64_t sum = 0;
    const char *text = *text_p;
    if (*text < '0' || *text > '9') {
        return false;
    }
    for (; *text >= '0' && *text <= '9'; text++) {
        sum += unit * (*text - '0');
        unit /= 10;
    }
    *text_p = text;
    *ret_ms = sum;
    return true;
}

/* "09:30", "09:30:15", "09:30:15.250". */
static bool read_clock(const char **text_p, int64_t *ret_ms)
{
    int64_t hour = 0;
    int64_t minute = 0;
    int64_t second = 0;
    int64_t fraction_ms = 0;
    if (!digits(text_p, 2, &hour) || !skip(text_p, ':') || !digits(text_p, 2, &minute)) {
        return false;
    }
    if (skip(text_p, ':')) {
        if (!digits(text_p, 2, &second)) {
            return false;
        }
        if (skip(text_p, '.') && !read_fraction(text_p, &fraction_ms)) {
            return false;
        }
    }
    if (hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    *ret_ms = hour * WU_HOUR_MS + minute * WU_MINUTE_MS + second * WU_SECOND_MS + fraction_ms;
    return true;
}

/* "Z", "+08:00", "-0700": minutes east of UTC. Nothing there: the offset stays. */
static bool read_offset(const char **text_p, int64_t *offset_min)
{
    if (**text_p == '\0') {
        return true;
    }
    if (skip(text_p, 'Z')) {
        *offset_min = 0;
        return true;
    }
    bool west = **text_p == '-';
    int64_t hour = 0;
    int64_t minute = 0;
    if ((!skip(text_p, '+') && !skip(text_p, '-')) || !digits(text_p, 2, &hour)) {
        return false;
    }
    (void)skip(text_p, ':');
    if (!digits(text_p, 2, &minute) || hour > 14 || minute > 59) {
        return false;
    }
    *offset_min = (west ? -1 : 1) * (hour * 60 + minute);
    return true;
}

static bool read_relative(const char *text, int64_t now_ms, int64_t *ret_ms)
{
    int64_t sign = *text == '-' ? -1 : 1;
    int64_t count = 0;
    text++;
    if (!number(&text, 1000000, &count)) {
        return false;
    }
    int64_t unit_ms = 0;
    switch (*text) {
    case 'm':
        unit_ms = WU_MINUTE_MS;
        break;
    case 'h':
        unit_ms = WU_HOUR_MS;
        break;
    case 'd':
        unit_ms = WU_DAY_MS;
        break;
    default:
        return false;
    }
    if (text[1] != '\0') {
        return false;
    }
    *ret_ms = wu_time_add(now_ms, sign * count * unit_ms);
    return true;
}

bool ctl_parse_time(const char *text, const struct ctl_clock *clock, int64_t *ret_ms)
{
    if (*text == '+' || *text == '-') {
        return read_relative(text, clock->now_ms, ret_ms);
    }
    int64_t day_ms = 0;
    int64_t clock_ms = 0;
    int64_t offset_min = clock->utc_offset_min;
    if (!read_day(&text, &day_ms)) {
        return false;
    }
    if (*text == ' ' || *text == 'T') {
        text++;
        if (!read_clock(&text, &clock_ms) || !read_offset(&text, &offset_min)) {
            return false;
        }
    }
    if (*text != '\0') {
        return false;
    }
    *ret_ms = day_ms + clock_ms - offset_min * WU_MINUTE_MS;
    return true;
}

bool ctl_parse_last_day(const char *text, const struct ctl_clock *clock, int64_t *ret_ms)
{
    int64_t day_ms = 0;
    if (!read_day(&text, &day_ms) || *text != '\0') {
        return false;
    }
    *ret_ms = day_ms + WU_DAY_MS - 1 - clock->utc_offset_min * WU_MINUTE_MS;
    return true;
}

bool ctl_parse_date(const char *text, uint32_t *ret_date)
{
    int64_t time_ms = 0;
    char again[16];
    if (!ctl_parse_time_by(text, "%Y-%m-%d", 0, &time_ms) || time_ms < 0) {
        return false;
    }
    uint32_t date = wu_date_of_day(wu_day_of_time(time_ms, 0));
    (void)snprintf(again, sizeof again, "%04u-%02u-%02u", (unsigned)(date / 10000 % 10000),
                   (unsigned)(date / 100 % 100), (unsigned)(date % 100));
    if (strcmp(again, text) != 0) { /* the 30th of February is none */
        return false;
    }
    *ret_date = date;
    return true;
}

bool ctl_parse_time_by(const char *text, const char *format, int64_t utc_offset_min,
                       int64_t *ret_ms)
{
    struct tm parts = {.tm_mday = 1, .tm_gmtoff = (long)utc_offset_min * 60};
    const char *rest = strptime(text, format, &parts);
    if (rest == NULL || *rest != '\0') {
        return false;
    }
    int64_t year = (int64_t)parts.tm_year + 1900;
    if (year > 9999 || !day_is_real(year, parts.tm_mon + 1, parts.tm_mday)) {
        return false;
    }
    int64_t seconds = (int64_t)parts.tm_hour * 3600 + (int64_t)parts.tm_min * 60 + parts.tm_sec;
    *ret_ms = days_of(year, parts.tm_mon + 1, parts.tm_mday) * WU_DAY_MS +
              (seconds - (int64_t)parts.tm_gmtoff) * WU_SECOND_MS;
    return true;
}

bool ctl_parse_weekly(const char *text, struct ctl_weekly *ret_weekly)
{
    int64_t weekday = 0;
    int64_t from_hour = 0;
    int64_t from_minute = 0;
    int64_t until_hour = 0;
    int64_t until_minute = 0;
    if (!digits(&text, 1, &weekday) || !skip(&text, ':') || !digits(&text, 2, &from_hour) ||
        !digits(&text, 2, &from_minute) || !skip(&text, '-') || !digits(&text, 2, &until_hour) ||
        !digits(&text, 2, &until_minute) || *text != '\0') {
        return false;
    }
    int64_t from = from_hour * 60 + from_minute;
    int64_t until = until_hour * 60 + until_minute;
    if (weekday < 1 || weekday > 7 || from_minute > 59 || until_minute > 59 || from >= until ||
        until > 1440) {
        return false;
    }
    *ret_weekly = (struct ctl_weekly){(uint32_t)weekday, (uint32_t)from, (uint32_t)until};
    return true;
}

/* ---- words ---------------------------------------------------------------- */

/* Small letters, and '-' for '_'. */
static char word_letter(char letter)
{
    static const char large[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    static const char small[] = "abcdefghijklmnopqrstuvwxyz-";
    const char *at = letter != '\0' ? strchr(large, letter) : NULL;
    if (at != NULL) {
        letter = small[at - large];
    }
    return letter;
}

/* The part of the name behind the prefix, NULL for a name without it. */
static const char *behind_prefix(const char *name, const char *prefix)
{
    size_t size = strlen(prefix);
    return strncmp(name, prefix, size) == 0 ? name + size : NULL;
}

static bool same_word(const char *name, const char *text)
{
    for (; *name != '\0' && *text != '\0'; name++, text++) {
        if (word_letter(*name) != (*text == '_' ? '-' : *text)) {
            return false;
        }
    }
    return *name == *text;
}

bool ctl_parse_word(const ProtobufCEnumDescriptor *words, const char *prefix, const char *text,
                    int *ret_value)
{
    for (unsigned i = 0; i < words->n_values; i++) {
        const char *name = behind_prefix(words->values[i].name, prefix);
        if (name != NULL && words->values[i].value != 0 && same_word(name, text)) {
            *ret_value = words->values[i].value;
            return true;
        }
    }
    return false;
}

const char *ctl_word(const ProtobufCEnumDescriptor *words, const char *prefix, int value,
                     char *buffer, size_t buffer_size)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(words, value);
    const char *name = known != NULL ? behind_prefix(known->name, prefix) : NULL;
    if (name == NULL) {
        return "?";
    }
    size_t i = 0;
    for (; name[i] != '\0' && i + 1 < buffer_size; i++) {
        buffer[i] = word_letter(name[i]);
    }
    buffer[i] = '\0';
    return buffer;
}

const char *ctl_words(const ProtobufCEnumDescriptor *words, const char *prefix, char *buffer,
                      size_t buffer_size)
{
    size_t used = 0;
    buffer[0] = '\0';
    for (unsigned i = 0; i < words->n_values; i++) {
        if (words->values[i].value == 0) {
            continue;
        }
        char word[64];
        const char *before = used == 0 ? "" : (i + 1 == words->n_values ? " or " : ", ");
        int size = snprintf(buffer + used, buffer_size - used, "%s%s", before,
                            ctl_word(words, prefix, words->values[i].value, word, sizeof word));
        if (size < 0 || (size_t)size >= buffer_size - used) {
            break;
        }
        used += (size_t)size;
    }
    return buffer;
}

/* ---- amounts -------------------------------------------------------------- */

/* Digits in groups of three. */
static int grouped(uint64_t value, char *out, size_t out_size)
{
    char plain[24];
    int size = snprintf(plain, sizeof plain, "%llu", (unsigned long long)value);
    size_t used = 0;
    for (int i = 0; i < size && used + 2 < out_size; i++) {
        if (i > 0 && (size - i) % 3 == 0) {
            out[used++] = ',';
        }
        out[used++] = plain[i];
    }
    out[used] = '\0';
    return (int)used;
}

static uint64_t absolute(int64_t value)
{
    return value < 0 ? UINT64_C(0) - (uint64_t)value : (uint64_t)value;
}

char *ctl_fen_text(int64_t fen, char text[CTL_AMOUNT_TEXT_MAX])
{
    char yuan[32];
    uint64_t size = absolute(fen);
    (void)grouped(size / 100, yuan, sizeof yuan);
    (void)snprintf(text, CTL_AMOUNT_TEXT_MAX, "%s%s.%02u 元", fen < 0 ? "-" : "", yuan,
                   (unsigned)(size % 100));
    return text;
}

char *ctl_pieces_text(int64_t pieces, char text[CTL_AMOUNT_TEXT_MAX])
{
    char count[32];
    (void)grouped(absolute(pieces), count, sizeof count);
    (void)snprintf(text, CTL_AMOUNT_TEXT_MAX, "%s%s 件", pieces < 0 ? "-" : "", count);
    return text;
}
