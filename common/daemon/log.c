#include "common/daemon/log.h"

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

enum {
    FIELDS_MAX = 24, /* pairs of one line that become fields of the journal */
    TEXT_MAX = 1536, /* all pairs of one line; longer is cut */
};

static const struct level_name {
    const char *name;
    enum wu_log_level level;
} level_names[] = {
    {"error", WU_LOG_ERROR},
    {"warning", WU_LOG_WARNING},
    {"info", WU_LOG_INFO},
    {"debug", WU_LOG_DEBUG},
};

/* The one thing here that changes: a process has one standard error. */
static struct {
    const char *who;
    enum wu_log_level level;
    bool to_journal;
} speaker = {.who = "wushe", .level = WU_LOG_INFO};

int wu_log_level_from_name(const char *name, enum wu_log_level *ret_level)
{
    for (size_t index = 0; index < sizeof level_names / sizeof level_names[0]; index++) {
        if (strcmp(level_names[index].name, name) == 0) {
            *ret_level = level_names[index].level;
            return true;
        }
    }
    return false;
}

static const char *level_name(enum wu_log_level level)
{
    for (size_t index = 0; index < sizeof level_names / sizeof level_names[0]; index++) {
        if (level_names[index].level == level) {
            return level_names[index].name;
        }
    }
    return "notice";
}

/* True when standard error is the journal's stream. systemd.exec(5), JOURNAL_STREAM. */
static bool stderr_is_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat status;
    if (stream == NULL || fstat(STDERR_FILENO, &status) != 0) {
        return false;
    }
    char expected[64];
    (void)snprintf(expected, sizeof expected, "%ju:%ju", (uintmax_t)status.st_dev,
                   (uintmax_t)status.st_ino);
    return strcmp(stream, expected) == 0;
}

void wu_log_open(const char *who, enum wu_log_level level)
{
    speaker.who = who;
    speaker.level = level;
    speaker.to_journal = stderr_is_journal();
}

void wu_log_set_level(enum wu_log_level level)
{
    speaker.level = level;
}

/* One event, one line: what a peer wrote cannot begin another. */
static void replace_control(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            *text = ' ';
        }
    }
}

static void say_on_stderr(enum wu_log_level level, const char *event, const char *pairs)
{
    struct timespec now = {0};
    struct tm utc = {0};
    char time_text[32] = "";
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &utc) != NULL) {
        (void)strftime(time_text, sizeof time_text, "%Y-%m-%dT%H:%M:%S", &utc);
    }
    char line[TEXT_MAX + 256];
    int length =
        snprintf(line, sizeof line - 1, "%s.%03ldZ %s %s %s%s%s", time_text, now.tv_nsec / 1000000,
                 level_name(level), speaker.who, event, pairs[0] != '\0' ? " " : "", pairs);
    if (length < 0) {
        return;
    }
    size_t size = (size_t)length < sizeof line - 2 ? (size_t)length : sizeof line - 2;
    line[size] = '\n';
    if (write(STDERR_FILENO, line, size + 1) < 0) {
        return; /* nobody is left to tell */
    }
}

/* The fields of one entry of the journal: room and the slices into it. */
struct entry {
    char room[2 * TEXT_MAX + 512];
    size_t used;
    struct iovec fields[FIELDS_MAX + 5];
    int field_count;
};

static void entry_add(struct entry *entry, const char *format, ...) WU_PRINTF(2, 3);
static void entry_add(struct entry *entry, const char *format, ...)
{
    char *start = entry->room + entry->used;
    size_t left = sizeof entry->room - entry->used;
    va_list args;
    va_start(args, format);
    int length = vsnprintf(start, left, format, args);
    va_end(args);
    if (length < 0 || (size_t)length >= left) {
        return;
    }
    entry->used += (size_t)length + 1;
    entry->fields[entry->field_count++] = (struct iovec){start, (size_t)length};
}

/* The journal's field names have capitals, digits and underscores. */
static char field_letter(char letter)
{
    if (letter >= 'a' && letter <= 'z') {
        return (char)(letter - 'a' + 'A');
    }
    bool stays = (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
    return (char)(stays ? letter : '_');
}

/* Takes `name=value` or `name="a value"` off the front; false when there is none. */
static bool next_pair(const char **cursor_p, char name[static 64], char value[static TEXT_MAX])
{
    const char *cursor = *cursor_p + strspn(*cursor_p, " ");
    size_t name_size = strcspn(cursor, "= ");
    if (name_size == 0 || name_size >= 56 || cursor[name_size] != '=') {
        return false;
    }
    for (size_t at = 0; at < name_size; at++) {
        name[at] = field_letter(cursor[at]);
    }
    name[name_size] = '\0';
    cursor += name_size + 1;
    bool quoted = *cursor == '"';
    cursor += quoted;
    size_t value_size = strcspn(cursor, quoted ? "\"" : " ");
    memcpy(value, cursor, value_size);
    value[value_size] = '\0';
    cursor += value_size;
    *cursor_p = cursor + (quoted && *cursor == '"');
    return true;
}

/* False when the journal is not there to take it. */
static bool say_to_journal(enum wu_log_level level, const char *event, const char *pairs)
{
    struct entry entry = {.used = 0};
    entry_add(&entry, "MESSAGE=%s %s%s%s", speaker.who, event, pairs[0] != '\0' ? " " : "", pairs);
    entry_add(&entry, "PRIORITY=%d", (int)level);
    entry_add(&entry, "SYSLOG_IDENTIFIER=%s", program_invocation_short_name);
    entry_add(&entry, "WUSHE_WHO=%s", speaker.who);
    entry_add(&entry, "WUSHE_EVENT=%s", event);
    char name[64];
    char value[TEXT_MAX];
    for (int count = 0; count < FIELDS_MAX && next_pair(&pairs, name, value); count++) {
        entry_add(&entry, "WUSHE_%s=%s", name, value);
    }
    return sd_journal_sendv(entry.fields, entry.field_count) == 0;
}

void wu_log(enum wu_log_level level, const char *event, const char *format, ...)
{
    if (level > speaker.level) {
        return;
    }
    char pairs[TEXT_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(pairs, sizeof pairs, format, args);
    va_end(args);
    replace_control(pairs);
    if (!speaker.to_journal || !say_to_journal(level, event, pairs)) {
        say_on_stderr(level, event, pairs);
    }
}
