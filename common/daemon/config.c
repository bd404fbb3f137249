#include "common/daemon/config.h"

#include "common/base/nearest.h"
#include "common/fold/pb.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

enum {
    FILE_BYTES_MAX = 65536,
    SOCKET_PATH_MAX = 100, /* sun_path holds 107, unix(7); ZeroMQ wants some of it */
    CURVE_KEY_BYTES = 40,  /* Z85 of 32 bytes */
    PORT_MIN = 1024,
    PORT_MAX = 32767, /* above, an outgoing connection may already own the port */
    VALUE_MAX = WU_CONFIG_TEXT_MAX,
};

/* ---- the table of keys ----------------------------------------------------------------------- */

enum key_type {
    KEY_NUMBER, /* int64_t or uint64_t, decimal */
    KEY_SIZE,   /* the same, in bytes, with KiB, MiB or GiB behind */
    KEY_MODE,   /* octal mode of a socket's file: 0600 or 0660 */
    KEY_ROLE,   /* lower-case letters */
    KEY_PATH,   /* from the folder of the file */
    KEY_IPC,    /* "ipc://" and a path */
    KEY_DIAL,   /* "tcp://host:port" */
    KEY_LISTEN, /* the same, "*" for every address */
    KEY_CURVE,  /* a public key in Z85 */
    KEY_LEVEL,  /* of the log */
};

enum key_need {
    MAY,         /* has a default that works */
    MUST,        /* every node */
    MUST_HUB,    /* exactly the coordinator */
    MUST_UPLINK, /* exactly nodes with a hub */
};

struct key {
    const char *name;
    enum key_type type;
    enum key_need need;
    bool reloadable;
    size_t offset;
    size_t size;
    const char *unit; /* "" where there is none */
    int64_t min;
    int64_t max;
    const char *fallback; /* read like a value of the file; "" leaves zero */
    const char *help;
};

#define FIELD(member) offsetof(struct wu_config, member), sizeof(((struct wu_config *)0)->member)
#define KIB INT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

/* A table is read by its columns. */
/* clang-format off */
static const struct key keys[] = {
    {"node", KEY_NUMBER, MUST, false, FIELD(node), "", 1, 2147483647, "",
     "The number of this node, the only one with it in the whole tree. Never changes."},
    {"role", KEY_ROLE, MUST, false, FIELD(role), "", 0, 0, "",
     "What this node is: community, socialorg, socialworker, volunteer, charity or coordinator."},
    {"division", KEY_NUMBER, MUST, false, FIELD(division), "", 100000000000, 999999999999, "",
     "The administrative division it is responsible for, 12 digits."},
    {"utc_offset_min", KEY_NUMBER, MAY, false, FIELD(utc_offset_min), "minutes", -720, 840, "480",
     "Local time ahead of UTC, for opening hours and weekly availability."},
    {"state_dir", KEY_PATH, MAY, false, FIELD(state_dir), "", 0, 0, "state",
     "Folder of the store: journal, rows and streams."},
    {"front_door", KEY_IPC, MAY, false, FIELD(front_door), "", 0, 0, "ipc://door",
     "The socket on which local commands come in; its path has at most 100 bytes."},
    {"front_door_mode", KEY_MODE, MAY, false, FIELD(front_door_mode), "", 0, 0, "0600",
     "Who may open the front door: 0600, this user, or 0660, its group too."},
    {"key_file", KEY_PATH, MAY, false, FIELD(key_file), "", 0, 0, "node.key",
     "The key pair of this node, mode 0600, as wushectl init makes it."},

    {"hub_node", KEY_NUMBER, MAY, false, FIELD(hub_node), "", 0, 2147483647, "0",
     "Number of the coordinator this node dials; 0: none, it is the top of the tree."},
    {"hub_mail", KEY_DIAL, MUST_UPLINK, false, FIELD(hub_mail), "", 0, 0, "",
     "Where the coordinator takes mail, its listen_mail: tcp://host:port."},
    {"hub_public", KEY_DIAL, MUST_UPLINK, false, FIELD(hub_public), "", 0, 0, "",
     "Where the coordinator publishes, its listen_public: tcp://host:port."},
    {"hub_key", KEY_CURVE, MUST_UPLINK, false, FIELD(hub_key), "", 0, 0, "",
     "The coordinator's public key, 40 characters, in quotes."},

    {"listen_mail", KEY_LISTEN, MUST_HUB, false, FIELD(listen_mail), "", 0, 0, "",
     "Where a coordinator takes mail: tcp://address:port, or * for every address."},
    {"listen_public", KEY_LISTEN, MUST_HUB, false, FIELD(listen_public), "", 0, 0, "",
     "Where a coordinator publishes: tcp://address:port, or * for every address."},
    {"roster_file", KEY_PATH, MUST_HUB, false, FIELD(roster_file), "", 0, 0, "",
     "Who may connect to a coordinator, one node per line. SIGHUP reads it again."},

    {"map_bytes", KEY_SIZE, MAY, false, FIELD(map_bytes), "bytes", MIB, 1024 * GIB, "64MiB",
     "First size of the store; it grows by itself."},
    {"map_bytes_max", KEY_SIZE, MAY, false, FIELD(map_bytes_max), "bytes", MIB, 1024 * GIB, "64GiB",
     "The store never grows above this; then the node takes no more input, and says so."},
    {"batch_count_max", KEY_NUMBER, MAY, true, FIELD(batch_count_max), "inputs", 1, 65536, "2048",
     "Most inputs in one transaction."},
    {"batch_bytes_max", KEY_SIZE, MAY, true, FIELD(batch_bytes_max), "bytes", 64 * KIB, 64 * MIB,
     "1MiB", "Most bytes of input in one transaction."},
    {"arena_bytes", KEY_SIZE, MAY, false, FIELD(arena_bytes), "bytes", MIB, 4 * GIB, "32MiB",
     "Memory of one batch: inputs, rows and outputs; at least 8 times batch_bytes_max."},
    {"window_count", KEY_NUMBER, MAY, true, FIELD(window_count), "records", 1, 1048576, "4096",
     "Records on their way to one peer that it has not yet acknowledged."},
    {"stream_keep_count", KEY_NUMBER, MAY, true, FIELD(stream_keep_count), "records", 0,
     1000000000, "10000",
     "Acknowledged records kept, so that a peer restored from a backup can read them again."},
    {"public_keep_count", KEY_NUMBER, MAY, true, FIELD(public_keep_count), "records", 1,
     1000000000, "100000",
     "Records of a public topic kept before the slowest follower is parked."},
    {"drain_ms", KEY_NUMBER, MAY, true, FIELD(drain_ms), "milliseconds", 0, 600000, "5000",
     "After SIGTERM: how long unsent mail may still go out."},
    {"log_level", KEY_LEVEL, MAY, true, FIELD(log_level), "", 0, 0, "info",
     "From which level on the log speaks: error, warning, info or debug."},
};
/* clang-format on */
enum { KEY_COUNT = sizeof keys / sizeof keys[0] };

static const char *const levels[] = {"error", "warning", "info", "debug"};
enum { LEVEL_COUNT = sizeof levels / sizeof levels[0] };

static bool key_is_number(const struct key *key)
{
    return key->type == KEY_NUMBER || key->type == KEY_SIZE || key->type == KEY_MODE;
}

/* A 64-bit field, signed or not: no limit of the table reaches the difference. */
static int64_t field_number(const struct wu_config *config, const struct key *key)
{
    int64_t value = 0;
    memcpy(&value, (const uint8_t *)config + key->offset, sizeof value);
    return value;
}

static const char *field_text(const struct wu_config *config, const struct key *key)
{
    return (const char *)config + key->offset;
}

static bool field_is_unset(const struct wu_config *config, const struct key *key)
{
    return key_is_number(key) ? field_number(config, key) == 0 : *field_text(config, key) == '\0';
}

static const struct key *key_named(const char *name)
{
    for (size_t index = 0; index < KEY_COUNT; index++) {
        if (strcmp(keys[index].name, name) == 0) {
            return &keys[index];
        }
    }
    return NULL;
}

static const char *nearest_key(const char *name)
{
    const char *nearest = NULL;
    int least = WU_NEAREST_FAR;
    for (size_t index = 0; index < KEY_COUNT; index++) {
        int distance = wu_word_distance(name, keys[index].name);
        if (distance < least && wu_word_is_near(name, keys[index].name)) {
            least = distance;
            nearest = keys[index].name;
        }
    }
    return nearest;
}

/* ---- values to text -------------------------------------------------------------------------- */

static void size_to_text(int64_t bytes, char text[static VALUE_MAX])
{
    static const char *const suffixes[] = {"", "KiB", "MiB", "GiB"};
    size_t suffix = 0;
    while (bytes != 0 && bytes % 1024 == 0 && suffix < 3) {
        bytes /= 1024;
        suffix++;
    }
    (void)snprintf(text, VALUE_MAX, "%" PRId64 "%s", bytes, suffixes[suffix]);
}

/* The value as the file would spell it, without quotes. */
static void value_to_text(const struct wu_config *config, const struct key *key,
                          char text[static VALUE_MAX])
{
    switch (key->type) {
    case KEY_NUMBER:
        (void)snprintf(text, VALUE_MAX, "%" PRId64, field_number(config, key));
        return;
    case KEY_SIZE:
        size_to_text(field_number(config, key), text);
        return;
    case KEY_MODE:
        (void)snprintf(text, VALUE_MAX, "0%" PRIo64, (uint64_t)field_number(config, key));
        return;
    default:
        (void)snprintf(text, VALUE_MAX, "%s", field_text(config, key));
        return;
    }
}

/* ---- one value ------------------------------------------------------------------------------- */

/* What is being read, and where in it: enough for a sentence. */
struct reader {
    const char *name; /* of the file, as the person gave it */
    size_t line;      /* 0: the file as a whole */
    char folder[WU_CONFIG_TEXT_MAX];
    struct wu_config *config;
    bool seen[KEY_COUNT];
    size_t lines[KEY_COUNT];
    yaml_parser_t parser;
    struct wu_error *reterr;
};

static enum wu_status wrong(const struct reader *reader, const char *format, ...) WU_PRINTF(2, 3);
static enum wu_status wrong(const struct reader *reader, const char *format, ...)
{
    struct wu_error sentence;
    va_list args;
    va_start(args, format);
    wu_error_setv(&sentence, WU_INVALID, format, args);
    va_end(args);
    if (reader->line == 0) {
        return wu_error_set(reader->reterr, WU_INVALID, "%s: %s", reader->name, sentence.text);
    }
    return wu_error_set(reader->reterr, WU_INVALID, "%s:%zu: %s", reader->name, reader->line,
                        sentence.text);
}

/* Digits with at most one minus in front and no needless zero; false for anything else. */
static bool parse_decimal(const char *text, int64_t *ret_value)
{
    bool negative = *text == '-';
    const char *digits = text + negative;
    if (*digits == '\0' || strspn(digits, "0123456789") != strlen(digits) ||
        (digits[0] == '0' && digits[1] != '\0')) {
        return false;
    }
    errno = 0;
    *ret_value = strtoll(text, NULL, 10);
    return errno == 0;
}

/* "64MiB", "64 MiB" or "67108864". */
static bool parse_size(const char *text, int64_t *ret_value)
{
    static const struct {
        const char *suffix;
        int64_t unit;
    } suffixes[] = {{"KiB", KIB}, {"MiB", MIB}, {"GiB", GIB}};
    char digits[32];
    int64_t unit = 1;
    size_t count = strspn(text, "0123456789");
    const char *rest = text + count + strspn(text + count, " ");
    for (size_t index = 0; index < sizeof suffixes / sizeof suffixes[0]; index++) {
        if (strcmp(rest, suffixes[index].suffix) == 0) {
            unit = suffixes[index].unit;
        }
    }
    if (count >= sizeof digits || (text[count] != '\0' && unit == 1)) {
        return false;
    }
    memcpy(digits, text, count);
    digits[count] = '\0';
    return parse_decimal(digits, ret_value) && !__builtin_mul_overflow(*ret_value, unit, ret_value);
}

static enum wu_status store_number(const struct reader *reader, const struct key *key,
                                   int64_t value)
{
    if (value < key->min || value > key->max) {
        char min[VALUE_MAX];
        char max[VALUE_MAX];
        (void)snprintf(min, sizeof min, "%" PRId64, key->min);
        (void)snprintf(max, sizeof max, "%" PRId64, key->max);
        if (key->type == KEY_SIZE) {
            size_to_text(key->min, min);
            size_to_text(key->max, max);
        }
        return wrong(reader, "%s is out of range: write a value from %s to %s%s%s", key->name, min,
                     max, key->unit[0] != '\0' && key->type != KEY_SIZE ? " " : "",
                     key->type != KEY_SIZE ? key->unit : "");
    }
    memcpy((uint8_t *)reader->config + key->offset, &value, sizeof value);
    return WU_OK;
}

static enum wu_status set_number(const struct reader *reader, const struct key *key,
                                 const char *text)
{
    int64_t value = 0;
    if (!parse_decimal(text, &value)) {
        return wrong(
            reader,
            "%s is '%s': write a whole number in decimal digits, %" PRId64 " to %" PRId64 "%s%s",
            key->name, text, key->min, key->max, key->unit[0] != '\0' ? " " : "", key->unit);
    }
    return store_number(reader, key, value);
}

static enum wu_status set_size(const struct reader *reader, const struct key *key, const char *text)
{
    int64_t value = 0;
    if (!parse_size(text, &value)) {
        return wrong(reader,
                     "%s is '%s': write a number of bytes, or a number with KiB, MiB or "
                     "GiB behind it, e.g. %s",
                     key->name, text, key->fallback);
    }
    return store_number(reader, key, value);
}

static enum wu_status set_mode(const struct reader *reader, const struct key *key, const char *text)
{
    int64_t mode = 0;
    if (strcmp(text, "0600") == 0 || strcmp(text, "600") == 0) {
        mode = 0600;
    } else if (strcmp(text, "0660") == 0 || strcmp(text, "660") == 0) {
        mode = 0660;
    } else {
        return wrong(reader, "%s is '%s': write 0600 (this user only) or 0660 (its group too)",
                     key->name, text);
    }
    memcpy((uint8_t *)reader->config + key->offset, &mode, sizeof mode);
    return WU_OK;
}

static enum wu_status store_text(const struct reader *reader, const struct key *key,
                                 const char *prefix, const char *text)
{
    char *field = (char *)reader->config + key->offset;
    if (strlen(prefix) + strlen(text) >= key->size) {
        return wrong(reader, "%s is longer than %zu bytes: shorten it", key->name, key->size - 1);
    }
    memset(field, 0, key->size); /* so that equal configs are equal bytes */
    memcpy(field, prefix, strlen(prefix));
    memcpy(field + strlen(prefix), text, strlen(text));
    return WU_OK;
}

/* scheme is "" or "ipc://", path what stands behind it. */
static enum wu_status store_path(const struct reader *reader, const struct key *key,
                                 const char *scheme, const char *path)
{
    char full[2 * WU_CONFIG_TEXT_MAX + 8];
    while (path[0] == '.' && path[1] == '/') {
        path += 2 + strspn(path + 2, "/");
    }
    bool absolute = path[0] == '/';
    if (strlen(path) >= WU_CONFIG_TEXT_MAX) {
        return wrong(reader, "%s is longer than %d bytes: shorten it", key->name,
                     WU_CONFIG_TEXT_MAX - 1);
    }
    (void)snprintf(full, sizeof full, "%s%s%s", absolute ? "" : reader->folder,
                   absolute || strcmp(reader->folder, "/") == 0 ? "" : "/", path);
    if (key->type == KEY_IPC && strlen(full) > SOCKET_PATH_MAX) {
        return wrong(
            reader,
            "%s is the path '%s' of %zu bytes, the system's socket names hold %d: "
            "choose a shorter folder, or a short absolute path, e.g. ipc:///run/wushe/door",
            key->name, full, strlen(full), SOCKET_PATH_MAX);
    }
    return store_text(reader, key, scheme, full);
}

static enum wu_status set_ipc(const struct reader *reader, const struct key *key, const char *text)
{
    static const char scheme[] = "ipc://";
    if (strncmp(text, scheme, sizeof scheme - 1) != 0 || text[sizeof scheme - 1] == '\0') {
        return wrong(reader, "%s is '%s': write ipc:// and a path, e.g. %s", key->name, text,
                     key->fallback);
    }
    return store_path(reader, key, scheme, text + sizeof scheme - 1);
}

/* A name, an IPv4 address, an IPv6 address in brackets, or "*" for one that listens. */
static bool host_is_valid(const char *host, size_t size, bool listens)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    if (size == 1 && host[0] == '*') {
        return listens;
    }
    if (size > 2 && host[0] == '[' && host[size - 1] == ']') {
        return strspn(host + 1, "0123456789abcdefABCDEF:.") == size - 2;
    }
    return size > 0 && strspn(host, plain) >= size;
}

static enum wu_status set_tcp(const struct reader *reader, const struct key *key, const char *text)
{
    static const char scheme[] = "tcp://";
    bool listens = key->type == KEY_LISTEN;
    bool has_scheme = strncmp(text, scheme, sizeof scheme - 1) == 0;
    const char *host = has_scheme ? text + sizeof scheme - 1 : text;
    const char *colon = strrchr(host, ':');
    if (!has_scheme || colon == NULL || !host_is_valid(host, (size_t)(colon - host), listens)) {
        return wrong(reader, "%s is '%s': write tcp://, a host, a colon and a port, e.g. %s",
                     key->name, text, listens ? "tcp://0.0.0.0:7601" : "tcp://10.1.0.1:7601");
    }
    int64_t port = 0;
    if (!parse_decimal(colon + 1, &port) || port < PORT_MIN || port > PORT_MAX) {
        return wrong(reader,
                     "%s has the port '%s': choose one from %d to %d (above, the system "
                     "gives them to outgoing connections)",
                     key->name, colon + 1, PORT_MIN, PORT_MAX);
    }
    return store_text(reader, key, "", text);
}

static enum wu_status set_curve(const struct reader *reader, const struct key *key,
                                const char *text)
{
    static const char z85[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                              ".-:+=^!/*?&<>()[]{}@%$#";
    size_t length = strlen(text);
    if (length != CURVE_KEY_BYTES || strspn(text, z85) != length) {
        return wrong(reader,
                     "%s is no public key (%zu characters): copy the %d characters behind "
                     "'public' in the coordinator's node.key and put them in quotes",
                     key->name, length, CURVE_KEY_BYTES);
    }
    return store_text(reader, key, "", text);
}

static enum wu_status set_role(const struct reader *reader, const struct key *key, const char *text)
{
    if (strspn(text, "abcdefghijklmnopqrstuvwxyz") != strlen(text)) {
        return wrong(reader, "%s is '%s': write one lower-case word, e.g. community", key->name,
                     text);
    }
    return store_text(reader, key, "", text);
}

static enum wu_status set_level(const struct reader *reader, const struct key *key,
                                const char *text)
{
    const char *nearest = levels[0];
    for (size_t index = 0; index < LEVEL_COUNT; index++) {
        if (strcmp(levels[index], text) == 0) {
            return store_text(reader, key, "", text);
        }
        if (wu_word_distance(text, levels[index]) < wu_word_distance(text, nearest)) {
            nearest = levels[index];
        }
    }
    return wrong(reader, "%s is '%s': write error, warning, info or debug; the nearest is %s",
                 key->name, text, nearest);
}

static enum wu_status set_value(const struct reader *reader, const struct key *key,
                                const char *text)
{
    switch (key->type) {
    case KEY_NUMBER:
        return set_number(reader, key, text);
    case KEY_SIZE:
        return set_size(reader, key, text);
    case KEY_MODE:
        return set_mode(reader, key, text);
    case KEY_ROLE:
        return set_role(reader, key, text);
    case KEY_PATH:
        return store_path(reader, key, "", text);
    case KEY_IPC:
        return set_ipc(reader, key, text);
    case KEY_DIAL:
    case KEY_LISTEN:
        return set_tcp(reader, key, text);
    case KEY_CURVE:
        return set_curve(reader, key, text);
    case KEY_LEVEL:
        return set_level(reader, key, text);
    }
    return wrong(reader, "%s has no type", key->name);
}

/* For what the file does not say. */
static enum wu_status set_defaults(const struct reader *reader)
{
    enum wu_status status = WU_OK;
    for (size_t index = 0; index < KEY_COUNT && status == WU_OK; index++) {
        if (!reader->seen[index] && keys[index].fallback[0] != '\0') {
            status = set_value(reader, &keys[index], keys[index].fallback);
        }
    }
    return status;
}

/* ---- all values together --------------------------------------------------------------------- */

static bool key_is_needed(const struct wu_config *config, const struct key *key)
{
    switch (key->need) {
    case MUST:
        return true;
    case MUST_HUB:
        return strcmp(config->role, "coordinator") == 0;
    case MUST_UPLINK:
        return config->hub_node != 0;
    case MAY:
        break;
    }
    return false;
}

static enum wu_status check_presence(struct reader *reader, size_t index)
{
    const struct key *key = &keys[index];
    bool unset = field_is_unset(reader->config, key);
    bool needed = key_is_needed(reader->config, key);
    if (needed && unset) {
        const char *who = key->need == MUST       ? "every node"
                          : key->need == MUST_HUB ? "a coordinator"
                                                  : "a node with a hub_node";
        reader->line = 0;
        return wrong(reader, "%s is missing, %s needs it. %s", key->name, who, key->help);
    }
    if (!needed && !unset && (key->need == MUST_HUB || key->need == MUST_UPLINK)) {
        reader->line = reader->lines[index];
        return wrong(reader, "%s has no use here: %s. Take it out, or correct %s", key->name,
                     key->need == MUST_HUB ? "only a coordinator is dialled" : "hub_node is 0",
                     key->need == MUST_HUB ? "role" : "hub_node");
    }
    return WU_OK;
}

static enum wu_status check_together(struct reader *reader)
{
    const struct wu_config *config = reader->config;
    for (size_t index = 0; index < KEY_COUNT; index++) {
        enum wu_status status = check_presence(reader, index);
        if (status != WU_OK) {
            return status;
        }
    }
    reader->line = 0;
    if (config->hub_node == config->node) {
        return wrong(reader, "hub_node is this node's own number: write the number of the "
                             "coordinator above, or 0 for none");
    }
    if (config->map_bytes > config->map_bytes_max) {
        return wrong(reader, "map_bytes is above map_bytes_max: lower the first or raise the "
                             "second");
    }
    if (config->arena_bytes / 8 < config->batch_bytes_max) {
        return wrong(reader, "arena_bytes is less than 8 times batch_bytes_max, a batch would not "
                             "fit: raise the first or lower the second");
    }
    if (strcmp(config->listen_mail, config->listen_public) == 0 && config->listen_mail[0] != '\0') {
        return wrong(reader, "listen_mail and listen_public are the same: give each its own port");
    }
    return WU_OK;
}

/* ---- the file -------------------------------------------------------------------------------- */

static enum wu_status next_event(struct reader *reader, yaml_event_t *ret_event)
{
    if (yaml_parser_parse(&reader->parser, ret_event) != 0) {
        reader->line = ret_event->start_mark.line + 1;
        return WU_OK;
    }
    bool has_mark = reader->parser.error != YAML_READER_ERROR;
    reader->line = has_mark ? reader->parser.problem_mark.line + 1 : 0;
    if (reader->parser.error == YAML_MEMORY_ERROR) {
        return wu_error_set(reader->reterr, WU_NO_MEMORY, "%s: no memory left", reader->name);
    }
    return wrong(reader, "this is not YAML: %s. Write one 'key: value' per line",
                 reader->parser.problem != NULL ? reader->parser.problem : "unknown problem");
}

/* Control characters and what a YAML reader would take for a line break or a byte order mark. */
static bool text_is_plain(const char *text, size_t size)
{
    static const char *const refused[] = {"\xe2\x80\xa8", "\xe2\x80\xa9", "\xef\xbb\xbf",
                                          "\xef\xbf\xbe", "\xef\xbf\xbf"};
    if (!wu_utf8_is_valid(text, size)) {
        return false;
    }
    for (size_t at = 0; at < size; at++) {
        unsigned char byte = (unsigned char)text[at];
        bool c1 = byte == 0xc2 && (unsigned char)text[at + 1] < 0xa0;
        if (byte < 0x20 || byte == 0x7f || c1) {
            return false;
        }
    }
    for (size_t index = 0; index < sizeof refused / sizeof refused[0]; index++) {
        if (strstr(text, refused[index]) != NULL) {
            return false;
        }
    }
    return true;
}

/* The text of a key or value; NULL with a sentence when the event is anything else. */
static const char *plain_scalar(const struct reader *reader, const yaml_event_t *event,
                                const char *what)
{
    if (event->type == YAML_MAPPING_START_EVENT || event->type == YAML_SEQUENCE_START_EVENT) {
        (void)wrong(reader, "%s is a list or a mapping: write one plain value behind its key",
                    what);
        return NULL;
    }
    if (event->type != YAML_SCALAR_EVENT) {
        (void)wrong(reader, "%s is an alias: write the value itself", what);
        return NULL;
    }
    const char *text = (const char *)event->data.scalar.value;
    if (event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL) {
        (void)wrong(reader, "%s has an anchor or a tag: write the plain value", what);
        return NULL;
    }
    if (!text_is_plain(text, event->data.scalar.length)) {
        (void)wrong(reader, "%s has a control character or is not UTF-8: take it out", what);
        return NULL;
    }
    return text;
}

static enum wu_status begin_key(struct reader *reader, const yaml_event_t *event,
                                const struct key **ret_key)
{
    const char *name = plain_scalar(reader, event, "the key");
    if (name == NULL) {
        return WU_INVALID;
    }
    const struct key *key = key_named(name);
    if (key == NULL) {
        const char *nearest = nearest_key(name);
        return wrong(reader, "unknown key '%.64s'%s%s%s --help lists every key", name,
                     nearest != NULL ? ", did you mean '" : "", nearest != NULL ? nearest : "",
                     nearest != NULL ? "'?" : ";");
    }
    size_t index = (size_t)(key - keys);
    if (reader->seen[index]) {
        return wrong(reader, "%s is already set in line %zu: keep one of the two", name,
                     reader->lines[index]);
    }
    reader->seen[index] = true;
    reader->lines[index] = reader->line;
    *ret_key = key;
    return WU_OK;
}

static enum wu_status end_value(struct reader *reader, const yaml_event_t *event,
                                const struct key *key)
{
    const char *text = plain_scalar(reader, event, key->name);
    if (text == NULL) {
        return WU_INVALID;
    }
    bool plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    bool null = plain && (strcmp(text, "~") == 0 || strcmp(text, "null") == 0 || text[0] == '\0');
    bool may_be_empty = !key_is_number(key) && key->fallback[0] == '\0';
    if (null || (text[0] == '\0' && !may_be_empty)) {
        return wrong(reader, "%s has no value: write one behind the colon, or take the line out",
                     key->name);
    }
    if (strlen(text) >= VALUE_MAX) {
        return wrong(reader, "%s is longer than %d bytes: shorten it", key->name, VALUE_MAX - 1);
    }
    return text[0] == '\0' ? WU_OK : set_value(reader, key, text);
}

/* Inside the mapping: key, value, key, value, end. */
static enum wu_status read_pairs(struct reader *reader)
{
    for (;;) {
        const struct key *key = NULL;
        yaml_event_t event;
        enum wu_status status = next_event(reader, &event);
        if (status != WU_OK) {
            return status;
        }
        if (event.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&event);
            return WU_OK;
        }
        status = begin_key(reader, &event, &key);
        yaml_event_delete(&event);
        if (key == NULL) {
            return status;
        }
        status = next_event(reader, &event);
        if (status != WU_OK) {
            return status;
        }
        status = end_value(reader, &event, key);
        yaml_event_delete(&event);
        if (status != WU_OK) {
            return status;
        }
    }
}

static enum wu_status expect(struct reader *reader, yaml_event_type_t type)
{
    yaml_event_t event;
    enum wu_status status = next_event(reader, &event);
    if (status != WU_OK) {
        return status;
    }
    if (event.type == type) {
        yaml_event_delete(&event);
        return WU_OK;
    }
    bool empty = event.type == YAML_STREAM_END_EVENT;
    bool second = type == YAML_STREAM_END_EVENT;
    yaml_event_delete(&event);
    if (empty) {
        reader->line = 0;
        return wrong(reader, "the file is empty: write at least node, role and division, or let "
                             "wushectl init write it");
    }
    if (second) {
        return wrong(reader, "a second document begins here: keep one");
    }
    return wrong(reader, "this is no mapping: write one 'key: value' per line");
}

static enum wu_status read_document(struct reader *reader)
{
    static const yaml_event_type_t before[] = {YAML_STREAM_START_EVENT, YAML_DOCUMENT_START_EVENT,
                                               YAML_MAPPING_START_EVENT};
    static const yaml_event_type_t after[] = {YAML_DOCUMENT_END_EVENT, YAML_STREAM_END_EVENT};
    enum wu_status status = WU_OK;
    for (size_t index = 0; index < 3 && status == WU_OK; index++) {
        status = expect(reader, before[index]);
    }
    if (status == WU_OK) {
        status = read_pairs(reader);
    }
    for (size_t index = 0; index < 2 && status == WU_OK; index++) {
        status = expect(reader, after[index]);
    }
    return status;
}

/* The folder the file lies in, absolute. */
static enum wu_status find_folder(struct reader *reader)
{
    char here[WU_CONFIG_TEXT_MAX] = "";
    char full[2 * WU_CONFIG_TEXT_MAX];
    const char *name = reader->name;
    while (name[0] == '.' && name[1] == '/') {
        name += 2 + strspn(name + 2, "/");
    }
    const char *slash = strrchr(name, '/');
    size_t size = slash != NULL ? (size_t)(slash - name) : 0;
    bool fits =
        size < sizeof reader->folder && (name[0] == '/' || getcwd(here, sizeof here) != NULL);
    if (fits) {
        (void)snprintf(full, sizeof full, "%s%s%.*s", here, here[0] != '\0' && size > 0 ? "/" : "",
                       (int)size, name);
        fits = strlen(full) < sizeof reader->folder;
    }
    if (!fits) {
        return wrong(reader, "the path of its folder is longer than %d bytes: move it up",
                     WU_CONFIG_TEXT_MAX - 1);
    }
    memcpy(reader->folder, full, strlen(full) + 1);
    if (full[0] == '\0') {
        memcpy(reader->folder, "/", 2);
    }
    return WU_OK;
}

enum wu_status wu_config_parse(const char *name, const char *text, size_t size_bytes,
                               struct wu_config *ret_config, struct wu_error *reterr)
{
    struct wu_config config;
    struct reader reader = {.name = name, .config = &config, .reterr = reterr};
    memset(&config, 0, sizeof config); /* padding too */
    if (size_bytes > FILE_BYTES_MAX) {
        return wrong(&reader, "longer than %d bytes: this is no node's configuration",
                     FILE_BYTES_MAX);
    }
    enum wu_status status = find_folder(&reader);
    if (status != WU_OK) {
        return status;
    }
    if (yaml_parser_initialize(&reader.parser) == 0) {
        return wu_error_set(reterr, WU_NO_MEMORY, "%s: no memory left", name);
    }
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, size_bytes);
    status = read_document(&reader);
    yaml_parser_delete(&reader.parser);
    if (status == WU_OK) {
        reader.line = 0;
        status = set_defaults(&reader);
    }
    if (status == WU_OK) {
        status = check_together(&reader);
    }
    if (status == WU_OK) {
        memcpy(ret_config, &config, sizeof config);
    }
    return status;
}

enum wu_status wu_config_load(const char *path, struct wu_config *ret_config,
                              struct wu_error *reterr)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return wu_error_set(reterr, WU_INVALID,
                            "%s: cannot be opened (%s): check the path, or let wushectl init "
                            "write it",
                            path, strerror(errno));
    }
    static char text[FILE_BYTES_MAX + 1];
    size_t size = 0;
    ssize_t got = 1;
    while (got > 0 && size < sizeof text) {
        got = read(file, text + size, sizeof text - size);
        size += got > 0 ? (size_t)got : 0;
    }
    int read_errno = errno;
    (void)close(file);
    if (got < 0) {
        return wu_error_set(reterr, WU_INVALID, "%s: cannot be read (%s)", path,
                            strerror(read_errno));
    }
    return wu_config_parse(path, text, size, ret_config, reterr);
}

/* ---- reload, print, help --------------------------------------------------------------------- */

enum wu_status wu_config_reload(struct wu_config *config, const struct wu_config *fresh,
                                struct wu_error *reterr)
{
    for (size_t index = 0; index < KEY_COUNT; index++) {
        const struct key *key = &keys[index];
        const uint8_t *old_field = (const uint8_t *)config + key->offset;
        const uint8_t *new_field = (const uint8_t *)fresh + key->offset;
        if (!key->reloadable && memcmp(old_field, new_field, key->size) != 0) {
            char old_text[VALUE_MAX];
            char new_text[VALUE_MAX];
            value_to_text(config, key, old_text);
            value_to_text(fresh, key, new_text);
            return wu_error_set(reterr, WU_INVALID,
                                "%s was '%s' and is now '%s', which wants a restart: restart the "
                                "node, or put the old value back; nothing was changed",
                                key->name, old_text, new_text);
        }
    }
    for (size_t index = 0; index < KEY_COUNT; index++) {
        const struct key *key = &keys[index];
        if (key->reloadable) {
            memcpy((uint8_t *)config + key->offset, (const uint8_t *)fresh + key->offset,
                   key->size);
        }
    }
    return WU_OK;
}

static void print_quoted(FILE *out, const char *text)
{
    (void)fputc('"', out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            (void)fputc('\\', out);
        }
        (void)fputc(*text, out);
    }
    (void)fputc('"', out);
}

void wu_config_print(FILE *out, const struct wu_config *config)
{
    struct wu_config defaults = {.node = 0};
    struct reader reader = {.name = "", .folder = "/", .config = &defaults};
    (void)set_defaults(&reader);
    for (size_t index = 0; index < KEY_COUNT; index++) {
        const struct key *key = &keys[index];
        char text[VALUE_MAX];
        char default_text[VALUE_MAX];
        value_to_text(config, key, text);
        value_to_text(&defaults, key, default_text);
        (void)fprintf(out, "%s: ", key->name);
        if (key_is_number(key)) {
            (void)fputs(text, out);
        } else {
            print_quoted(out, text);
        }
        bool path = key->type == KEY_PATH || key->type == KEY_IPC;
        if (key->need != MAY) {
            (void)fputs(text[0] != '\0' ? "  # set\n" : "  # not used by this node\n", out);
        } else if (path) {
            (void)fprintf(out, "  # default %s beside the file\n", key->fallback);
        } else if (strcmp(text, default_text) == 0) {
            (void)fputs("  # default\n", out);
        } else {
            (void)fprintf(out, "  # set, default %s\n", key->fallback);
        }
    }
}

static void print_limits(FILE *out, const struct key *key)
{
    char min[VALUE_MAX];
    char max[VALUE_MAX];
    switch (key->type) {
    case KEY_NUMBER:
        (void)fprintf(out, "number, %" PRId64 " to %" PRId64 "%s%s", key->min, key->max,
                      key->unit[0] != '\0' ? " " : "", key->unit);
        return;
    case KEY_SIZE:
        size_to_text(key->min, min);
        size_to_text(key->max, max);
        (void)fprintf(out, "bytes, %s to %s", min, max);
        return;
    case KEY_MODE:
        (void)fputs("octal, 0600 or 0660", out);
        return;
    case KEY_PATH:
        (void)fputs("path, from the folder of the file", out);
        return;
    case KEY_IPC:
        (void)fputs("ipc://path, from the folder of the file", out);
        return;
    case KEY_DIAL:
    case KEY_LISTEN:
        (void)fprintf(out, "tcp://host:port, port %d to %d", PORT_MIN, PORT_MAX);
        return;
    case KEY_CURVE:
        (void)fprintf(out, "public key, %d characters", CURVE_KEY_BYTES);
        return;
    case KEY_ROLE:
    case KEY_LEVEL:
        (void)fputs("word", out);
        return;
    }
}

void wu_config_help(FILE *out)
{
    static const char *const needs[] = {
        [MAY] = "",
        [MUST] = "; required",
        [MUST_HUB] = "; required for a coordinator, for no other",
        [MUST_UPLINK] = "; required with hub_node",
    };
    for (size_t index = 0; index < KEY_COUNT; index++) {
        const struct key *key = &keys[index];
        (void)fprintf(out, "%s: ", key->name);
        print_limits(out, key);
        if (key->fallback[0] != '\0') {
            (void)fprintf(out, "; default %s", key->fallback);
        }
        (void)fprintf(out, "%s%s\n    %s\n", needs[key->need],
                      key->reloadable ? "; SIGHUP reads it again" : "", key->help);
    }
}
