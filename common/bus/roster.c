#include "common/bus/roster.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The letters of a key. Source: ZeroMQ RFC 32/Z85. */
static const char Z85[] =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

struct line {
    const char *name;
    unsigned number;
    struct wu_error *reterr;
};

static enum wu_status refuse(const struct line *line, const char *what, const char *value,
                             const char *remedy)
{
    return wu_error_set(line->reterr, WU_INVALID, "%s:%u: %s '%s'; %s", line->name, line->number,
                        what, value, remedy);
}

static enum wu_status copy_text(const struct line *line, char *out, size_t size, const char *value)
{
    if (strlen(value) >= size) {
        return refuse(line, "too long:", value, "shorten it");
    }
    (void)snprintf(out, size, "%s", value);
    return WU_OK;
}

static enum wu_status set_node(const struct line *line, struct wu_roster_entry *entry,
                               const char *value)
{
    char *end = NULL;
    errno = 0;
    unsigned long number = strtoul(value, &end, 10);
    if (*value < '0' || *value > '9' || *end != '\0' || errno != 0 || number == 0 ||
        number > 0x7fffffffUL) {
        return refuse(line, "no node number:", value, "write node=1 to node=2147483647");
    }
    entry->node = (uint32_t)number;
    return WU_OK;
}

static enum wu_status set_choice(const struct line *line, bool *out, const char *value,
                                 const char *yes, const char *no)
{
    if (strcmp(value, yes) != 0 && strcmp(value, no) != 0) {
        return wu_error_set(line->reterr, WU_INVALID, "%s:%u: '%s' is neither %s nor %s",
                            line->name, line->number, value, yes, no);
    }
    *out = strcmp(value, yes) == 0;
    return WU_OK;
}

/* The next of "20-29,40" as from and to; false when it is none, or they are the wrong way round. */
static bool next_range(const char **at, uint32_t *ret_from, uint32_t *ret_to)
{
    enum { DIGITS_MAX = 9 };
    size_t digits = strspn(*at, "0123456789");
    char *end = NULL;
    if (digits == 0 || digits > DIGITS_MAX) {
        return false;
    }
    *ret_from = (uint32_t)strtoul(*at, &end, 10);
    *ret_to = *ret_from;
    if (*end == '-') {
        digits = strspn(end + 1, "0123456789");
        *ret_to = digits > 0 && digits <= DIGITS_MAX ? (uint32_t)strtoul(end + 1, &end, 10) : 0;
    }
    if (*ret_from == 0 || *ret_from > *ret_to || (*end != '\0' && *end != ',')) {
        return false;
    }
    *at = end + (*end == ',');
    return true;
}

static enum wu_status set_below(const struct line *line, struct wu_roster_entry *entry,
                                const char *value)
{
    uint32_t from = 0;
    uint32_t to = 0;
    const char *at = value;
    bool fine = *at != '\0';
    while (fine && *at != '\0') {
        fine = next_range(&at, &from, &to);
    }
    return fine ? copy_text(line, entry->below, sizeof entry->below, value)
                : refuse(line, "no node numbers:", value, "write below=20-29 or below=20-29,40");
}

static enum wu_status set_field(const struct line *line, struct wu_roster_entry *entry,
                                const char *name, const char *value)
{
    if (strcmp(name, "node") == 0) {
        return set_node(line, entry, value);
    }
    if (strcmp(name, "role") == 0) {
        return copy_text(line, entry->role, sizeof entry->role, value);
    }
    if (strcmp(name, "key") == 0) {
        return strlen(value) == WU_KEY_TEXT_BYTES - 1 && value[strspn(value, Z85)] == '\0'
                   ? copy_text(line, entry->key, sizeof entry->key, value)
                   : refuse(line, "no public key:", value, "it has 40 characters; see node.key");
    }
    if (strcmp(name, "state") == 0) {
        return set_choice(line, &entry->active, value, "active", "revoked");
    }
    if (strcmp(name, "follow") == 0) {
        return copy_text(line, entry->follow, sizeof entry->follow, value);
    }
    if (strcmp(name, "submit") == 0) {
        return set_choice(line, &entry->submit, value, "yes", "no");
    }
    if (strcmp(name, "below") == 0) {
        return set_below(line, entry, value);
    }
    return refuse(line, "no such word:", name, "use node, role, key, state, follow, submit, below");
}

static enum wu_status check_entry(const struct line *line, const struct wu_roster *roster,
                                  const struct wu_roster_entry *entry)
{
    if (entry->node == 0 || entry->role[0] == '\0' || entry->key[0] == '\0') {
        return wu_error_set(line->reterr, WU_INVALID,
                            "%s:%u: a line needs at least node=, role= and key=", line->name,
                            line->number);
    }
    if (wu_roster_by_node(roster, entry->node) != NULL) {
        return wu_error_set(line->reterr, WU_INVALID,
                            "%s:%u: node %u has a line already; keep one of them", line->name,
                            line->number, entry->node);
    }
    if (wu_roster_by_key(roster, entry->key) != NULL) {
        return wu_error_set(line->reterr, WU_INVALID,
                            "%s:%u: that key belongs to another line already; each node has its "
                            "own (wushectl init makes one)",
                            line->name, line->number);
    }
    return WU_OK;
}

static enum wu_status parse_line(struct line *line, char *text, struct wu_roster *roster)
{
    struct wu_roster_entry entry = {.active = true};
    char *rest = NULL;
    enum wu_status status = WU_OK;
    for (char *word = strtok_r(text, " \t\r", &rest); word != NULL && status == WU_OK;
         word = strtok_r(NULL, " \t\r", &rest)) {
        char *equals = strchr(word, '=');
        if (equals == NULL) {
            return refuse(line, "no name=value:", word, "separate pairs by spaces");
        }
        *equals = '\0';
        status = set_field(line, &entry, word, equals + 1);
    }
    if (status == WU_OK) {
        status = check_entry(line, roster, &entry);
    }
    if (status != WU_OK) {
        return status;
    }
    struct wu_roster_entry *grown =
        realloc(roster->entries, (roster->count + 1) * sizeof *roster->entries);
    if (grown == NULL) {
        return wu_error_set(line->reterr, WU_NO_MEMORY, "no memory for the roster");
    }
    roster->entries = grown;
    roster->entries[roster->count++] = entry;
    return WU_OK;
}

static bool is_blank(const char *text)
{
    return text[strspn(text, " \t\r")] == '\0';
}

enum wu_status wu_roster_parse(const char *name, const char *text, size_t size_bytes,
                               struct wu_roster *ret_roster, struct wu_error *reterr)
{
    struct line line = {.name = name, .reterr = reterr};
    enum wu_status status = WU_OK;
    *ret_roster = (struct wu_roster){0};
    const char *end = text + size_bytes;
    while (text < end && status == WU_OK) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t length = (size_t)((stop != NULL ? stop : end) - text);
        char buffer[1024];
        line.number++;
        if (length >= sizeof buffer || memchr(text, '\0', length) != NULL) {
            status = refuse(&line, "unreadable:", "", "a line is text of at most 1023 bytes");
            break;
        }
        memcpy(buffer, text, length);
        buffer[length] = '\0';
        text += length + (stop != NULL);
        if (buffer[0] != '#' && !is_blank(buffer)) {
            status = parse_line(&line, buffer, ret_roster);
        }
    }
    if (status != WU_OK) {
        wu_roster_free(ret_roster);
    }
    return status;
}

enum wu_status wu_roster_load(const char *path, struct wu_roster *ret_roster,
                              struct wu_error *reterr)
{
    enum { ROSTER_BYTES_MAX = 16 << 20 };
    *ret_roster = (struct wu_roster){0};
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return wu_error_set(reterr, WU_INVALID, "cannot read roster '%s': %s", path,
                            strerror(errno));
    }
    char *text = malloc(ROSTER_BYTES_MAX);
    enum wu_status status = WU_NO_MEMORY;
    if (text != NULL) {
        size_t size = fread(text, 1, ROSTER_BYTES_MAX, file);
        status = wu_roster_parse(path, text, size, ret_roster, reterr);
    }
    free(text);
    (void)fclose(file);
    return status;
}

void wu_roster_free(struct wu_roster *roster)
{
    free(roster->entries);
    *roster = (struct wu_roster){0};
}

const struct wu_roster_entry *wu_roster_by_key(const struct wu_roster *roster, const char *key)
{
    for (size_t index = 0; index < roster->count; index++) {
        if (strcmp(roster->entries[index].key, key) == 0) {
            return &roster->entries[index];
        }
    }
    return NULL;
}

const struct wu_roster_entry *wu_roster_by_node(const struct wu_roster *roster, uint32_t node)
{
    for (size_t index = 0; index < roster->count; index++) {
        if (roster->entries[index].node == node) {
            return &roster->entries[index];
        }
    }
    return NULL;
}

static bool is_below(const struct wu_roster_entry *entry, uint32_t target)
{
    uint32_t from = 0;
    uint32_t to = 0;
    const char *at = entry->below;
    while (*at != '\0' && next_range(&at, &from, &to)) {
        if (from <= target && target <= to) {
            return true;
        }
    }
    return false;
}

uint32_t wu_roster_next_hop(const struct wu_roster *roster, uint32_t target)
{
    const struct wu_roster_entry *own = wu_roster_by_node(roster, target);
    if (own != NULL) {
        return own->active ? target : 0;
    }
    for (size_t index = 0; index < roster->count; index++) {
        if (roster->entries[index].active && is_below(&roster->entries[index], target)) {
            return roster->entries[index].node;
        }
    }
    return 0;
}

bool wu_roster_may_follow(const struct wu_roster_entry *entry, const char *topic)
{
    const char *at = entry->follow;
    size_t length = strlen(topic);
    if (strcmp(at, "*") == 0) {
        return true;
    }
    while (*at != '\0') {
        size_t word = strcspn(at, ",");
        if (word == length && strncmp(at, topic, length) == 0) {
            return true;
        }
        at += word + (at[word] == ',');
    }
    return false;
}
