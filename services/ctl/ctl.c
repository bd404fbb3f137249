#include "services/ctl/ctl.h"

#include "common/base/nearest.h"
#include "common/base/time.h"
#include "common/journal/tables.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int ctl_complain(int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fflush(stdout);
    (void)fputs("wushectl: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
    return status;
}

enum { PING_MS = 1000 };

/* ---- the home -------------------------------------------------------------------------------- */

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* "city" beside the program itself, for those who run it from where it was built. */
static bool city_beside_program(char path[static PATH_MAX])
{
    ssize_t size = readlink("/proc/self/exe", path, PATH_MAX - 8);
    if (size <= 0) {
        return false;
    }
    path[size] = '\0';
    char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return false;
    }
    memcpy(slash, "/city", sizeof "/city");
    return is_folder(path);
}

/* Absolute, so that a door is a short and certain name. NULL with a sentence. */
static const char *find_home(struct ctl *ctl)
{
    char beside[PATH_MAX];
    char full[PATH_MAX];
    const char *home = ctl->home;
    if (home == NULL && is_folder("city")) {
        home = "city";
    }
    if (home == NULL && city_beside_program(beside)) {
        home = beside;
    }
    if (home == NULL) {
        (void)ctl_complain(CTL_USAGE, "there is no city here: name its folder with --home DIR or "
                                      "in WUSHE_HOME, or make one with 'wushectl init city'");
        return NULL;
    }
    if (realpath(home, full) == NULL || !is_folder(full)) {
        (void)ctl_complain(CTL_USAGE,
                           "the home '%s' is not there: name another with --home DIR, "
                           "or make it with 'wushectl init %s'",
                           home, home);
        return NULL;
    }
    return wu_arena_printf(&ctl->arena, "%s", full);
}

/* False with a sentence when the folder holds a configuration that is wrong. */
static bool load_node(struct ctl *ctl, const char *folder)
{
    char file[PATH_MAX];
    struct wu_error error;
    (void)snprintf(file, sizeof file, "%s/node.yaml", folder);
    if (access(file, F_OK) != 0) {
        ctl->folder_is_closed |= errno == EACCES;
        return true;
    }
    if (ctl->node_count == sizeof ctl->nodes / sizeof ctl->nodes[0]) {
        (void)ctl_complain(CTL_USAGE,
                           "the home '%s' has more than %zu nodes: name one node's "
                           "folder as --home",
                           ctl->home, ctl->node_count);
        return false;
    }
    struct ctl_node *node = &ctl->nodes[ctl->node_count];
    if (strlen(folder) >= sizeof node->folder) {
        (void)ctl_complain(CTL_USAGE, "the path '%s' is longer than %zu bytes: move the home up",
                           folder, sizeof node->folder - 1);
        return false;
    }
    if (wu_config_load(file, &node->config, &error) != WU_OK) {
        (void)ctl_complain(CTL_USAGE, "%s; this node is left out", error.text);
        ctl->broken_count++;
        return true;
    }
    memcpy(node->folder, folder, strlen(folder) + 1);
    ctl->node_count++;
    return true;
}

static int compare_nodes(const void *a, const void *b)
{
    uint64_t first = ((const struct ctl_node *)a)->config.node;
    uint64_t second = ((const struct ctl_node *)b)->config.node;
    return (first > second) - (first < second);
}

static bool load_folders(struct ctl *ctl, DIR *folders)
{
    for (struct dirent *entry = readdir(folders); entry != NULL; entry = readdir(folders)) {
        char folder[PATH_MAX];
        int length = snprintf(folder, sizeof folder, "%s/%s", ctl->home, entry->d_name);
        bool visible = entry->d_name[0] != '.' && length > 0 && (size_t)length < sizeof folder;
        if (visible && !load_node(ctl, folder)) {
            return false;
        }
    }
    return true;
}

bool ctl_load_home(struct ctl *ctl)
{
    if (ctl->node_count > 0) {
        return true;
    }
    const char *home = find_home(ctl);
    if (home == NULL) {
        return false;
    }
    ctl->home = home;
    if (!load_node(ctl, home)) { /* a home may be one node's own folder */
        return false;
    }
    DIR *folders = opendir(home);
    if (folders == NULL) {
        (void)ctl_complain(CTL_USAGE, "the home '%s' cannot be read: %s", home, strerror(errno));
        return false;
    }
    bool fine = load_folders(ctl, folders);
    (void)closedir(folders);
    if (fine && ctl->node_count == 0) {
        (void)(ctl->folder_is_closed
                   ? ctl_complain(CTL_USAGE,
                                  "the folders in the home '%s' are closed to this user: ask as "
                                  "the one whom the city belongs to",
                                  home)
                   : ctl_complain(CTL_USAGE,
                                  "the home '%s' holds no node (no folder with a node.yaml): "
                                  "make them with 'wushectl init %s'",
                                  home, home));
        fine = false;
    }
    qsort(ctl->nodes, ctl->node_count, sizeof ctl->nodes[0], compare_nodes);
    return fine;
}

/* Of the roles that this home has. */
static const char *nearest_role(const struct ctl *ctl, const char *role)
{
    const char *nearest = NULL;
    int least = WU_NEAREST_FAR;
    for (size_t index = 0; index < ctl->node_count; index++) {
        const char *known = ctl->nodes[index].config.role;
        int distance = wu_word_distance(role, known);
        if (distance < least && wu_word_is_near(role, known)) {
            least = distance;
            nearest = known;
        }
    }
    return nearest;
}

const struct ctl_node *ctl_node_of_role(struct ctl *ctl, const char *role)
{
    if (!ctl_load_home(ctl)) {
        return NULL;
    }
    for (size_t index = 0; index < ctl->node_count; index++) {
        if (strcmp(ctl->nodes[index].config.role, role) == 0) {
            return &ctl->nodes[index];
        }
    }
    const char *nearest = nearest_role(ctl, role);
    (void)ctl_complain(CTL_USAGE, "no node of role '%s' in '%s'%s%s%s 'wushectl status' lists them",
                       role, ctl->home, nearest != NULL ? ", did you mean '" : "",
                       nearest != NULL ? nearest : "", nearest != NULL ? "'?" : ";");
    return NULL;
}

const struct ctl_node *ctl_node_of_number(struct ctl *ctl, uint64_t node)
{
    if (!ctl_load_home(ctl)) {
        return NULL;
    }
    for (size_t index = 0; index < ctl->node_count; index++) {
        if (ctl->nodes[index].config.node == node) {
            return &ctl->nodes[index];
        }
    }
    (void)ctl_complain(CTL_USAGE, "no node %llu in '%s'; 'wushectl status' lists them",
                       (unsigned long long)node, ctl->home);
    return NULL;
}

const struct ctl_node *ctl_node_named(struct ctl *ctl, const char *name)
{
    if (name[0] != '\0' && strspn(name, "0123456789") == strlen(name) && strlen(name) <= 10) {
        return ctl_node_of_number(ctl, strtoull(name, NULL, 10));
    }
    return ctl_node_of_role(ctl, name);
}

const struct wu_core *ctl_core_of(const struct ctl_node *node)
{
    for (const struct wu_core *const *core = CTL_CORES; *core != NULL; core++) {
        if (strcmp((*core)->role, node->config.role) == 0) {
            return *core;
        }
    }
    (void)ctl_complain(CTL_USAGE, "%s/node.yaml: this wushectl does not know the role '%s'",
                       node->folder, node->config.role);
    return NULL;
}

/* ---- doors and stores ------------------------------------------------------------------------ */

struct wu_client *ctl_open_door(struct ctl *ctl, const struct ctl_node *node)
{
    (void)ctl;
    struct wu_client *client = NULL;
    struct wu_error error = {""};
    if (wu_client_open(&client, node->config.front_door, NULL, &error) != WU_OK) {
        (void)ctl_complain(CTL_FAILED, "%s", error.text);
        return NULL;
    }
    return client;
}

struct wu_store *ctl_open_store(struct ctl *ctl, const struct ctl_node *node)
{
    (void)ctl;
    const struct wu_core *core = ctl_core_of(node);
    if (core == NULL) {
        return NULL;
    }
    const struct wu_table *const *tables[] = {core->tables, WU_NODE_TABLES, NULL};
    const struct wu_store_config config = {
        .path = node->config.state_dir, .tables = tables, .read_only = true};
    struct wu_store *store = NULL;
    struct wu_error error = {""};
    if (wu_store_open(&store, &config, &error) != WU_OK) {
        (void)ctl_complain(CTL_FAILED, "%s. A node makes its store when it first starts",
                           error.text);
        return NULL;
    }
    return store;
}

static int print_answer(const struct ctl_node *node, const Bus__Answer *answer)
{
    switch (answer->status) {
    case BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED:
    case BUS__ANSWER_STATUS__ANSWER_STATUS_FORWARDED:
        return CTL_OK;
    case BUS__ANSWER_STATUS__ANSWER_STATUS_BUSY:
        return ctl_complain(CTL_NO_ANSWER, "%s#%llu takes nothing now: %s", node->config.role,
                            (unsigned long long)node->config.node, answer->text);
    default:
        return ctl_complain(CTL_REFUSED, "refused, %s: %s",
                            answer->code[0] != '\0' ? answer->code : "NO_CODE", answer->text);
    }
}

/* A node that takes no commands may still say how it is. */
static int complain_of_silence(struct ctl *ctl, const struct ctl_node *node)
{
    const Bus__Pong *pong = NULL;
    struct wu_client *client = ctl_open_door(ctl, node);
    if (client != NULL && wu_client_ping(client, PING_MS, &ctl->arena, &pong) != WU_OK) {
        pong = NULL;
    }
    wu_client_close(&client);
    if (pong != NULL && strcmp(pong->state, "serving") != 0) {
        return ctl_complain(CTL_NO_ANSWER,
                            "%s#%llu is %s and takes no commands: see 'wushectl doctor'",
                            node->config.role, (unsigned long long)node->config.node, pong->state);
    }
    return ctl_complain(CTL_NO_ANSWER,
                        "%s#%llu did not answer within %d s: see 'wushectl status'; the command "
                        "may still have been taken",
                        node->config.role, (unsigned long long)node->config.node,
                        ctl->timeout_ms / 1000);
}

int ctl_call(struct ctl *ctl, const struct ctl_node *node, const struct wu_command *command,
             const Bus__Answer **ret_answer)
{
    struct wu_client *client = ctl_open_door(ctl, node);
    if (client == NULL) {
        return CTL_FAILED;
    }
    const Bus__Answer *answer = NULL;
    struct wu_error error = {""};
    enum wu_status status =
        wu_client_call(client, command, ctl->timeout_ms, &ctl->arena, &answer, &error);
    wu_client_close(&client);
    if (status == WU_BUSY) {
        return complain_of_silence(ctl, node);
    }
    if (status != WU_OK) {
        return ctl_complain(CTL_FAILED, "%s", error.text);
    }
    if (ret_answer != NULL) {
        *ret_answer = answer;
    }
    return print_answer(node, answer);
}

/* ---- words ----------------------------------------------------------------------------------- */

const char *ctl_time_text(struct ctl *ctl, int64_t time_ms)
{
    if (time_ms <= 0 || time_ms >= WU_TIME_NEVER / 2) {
        return "-";
    }
    int64_t offset_min = ctl->node_count > 0 ? ctl->nodes[0].config.utc_offset_min : 0;
    time_t local_s = (time_t)((time_ms + offset_min * WU_MINUTE_MS) / WU_SECOND_MS);
    struct tm parts;
    char text[32];
    if (gmtime_r(&local_s, &parts) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%d %H:%M", &parts) == 0) {
        return "-";
    }
    const char *copy = wu_arena_printf(&ctl->arena, "%s", text);
    return copy != NULL ? copy : "-";
}

/* ---- options --------------------------------------------------------------------------------- */

/* True for "--name" and "--name=...", and *ret_value is what stands behind "=" or NULL. */
static bool is_option(char *word, const char *name, char **ret_value)
{
    name += strspn(name, "-");
    size_t size = strlen(name);
    if (strncmp(word, "--", 2) != 0 || strncmp(word + 2, name, size) != 0) {
        return false;
    }
    *ret_value = word[2 + size] == '=' ? word + 2 + size + 1 : NULL;
    return word[2 + size] == '=' || word[2 + size] == '\0';
}

static void take_out(int *argc, char **argv, int at, int count)
{
    *argc -= count;
    memmove(&argv[at], &argv[at + count], (size_t)(*argc - at) * sizeof argv[0]);
}

const char *ctl_option(int *argc, char **argv, const char *name)
{
    for (int at = 0; at < *argc; at++) {
        char *value = NULL;
        if (!is_option(argv[at], name, &value)) {
            continue;
        }
        if (value != NULL) {
            take_out(argc, argv, at, 1);
            return value;
        }
        if (at + 1 == *argc) {
            return NULL; /* stays, for ctl_arguments to complain of */
        }
        value = argv[at + 1];
        take_out(argc, argv, at, 2);
        return value;
    }
    return NULL;
}

bool ctl_flag(int *argc, char **argv, const char *name)
{
    for (int at = 0; at < *argc; at++) {
        char *value = NULL;
        if (is_option(argv[at], name, &value) && value == NULL) {
            take_out(argc, argv, at, 1);
            return true;
        }
    }
    return false;
}

/* The next "--word" of a usage or help text. */
static bool next_known_option(const char **text_p, char option[static 64])
{
    const char *start = strstr(*text_p, "--");
    if (start == NULL) {
        return false;
    }
    size_t size = 2;
    while (size < 63 && (isalnum((unsigned char)start[size]) || start[size] == '-')) {
        size++;
    }
    memcpy(option, start, size);
    option[size] = '\0';
    *text_p = start + size;
    return true;
}

static void find_nearest_option(const char *typed, const char *text, char nearest[static 64],
                                int *least)
{
    char option[64];
    while (next_known_option(&text, option)) {
        int distance = wu_word_distance(typed, option);
        if (distance < *least && wu_word_is_near(typed, option)) {
            *least = distance;
            memcpy(nearest, option, sizeof option);
        }
    }
}

/* About an option that nobody took. */
static void complain_of_option(struct ctl *ctl, const char *word)
{
    char typed[64];
    char nearest[64] = "";
    int least = WU_NEAREST_FAR;
    (void)snprintf(typed, sizeof typed, "%.*s", (int)strcspn(word, "="), word);
    find_nearest_option(typed, ctl->command->usage, nearest, &least);
    find_nearest_option(typed, ctl->command->help, nearest, &least);
    bool own = least == 0;
    find_nearest_option(typed, CTL_GLOBAL_OPTIONS, nearest, &least);
    if (own) {
        (void)ctl_complain(CTL_USAGE,
                           "%s wants a value, and is given once; see 'wushectl %s --help'", typed,
                           ctl->command->name);
        return;
    }
    (void)ctl_complain(CTL_USAGE, "unknown option '%s' for '%s'%s%s%s see 'wushectl %s --help'",
                       typed, ctl->command->name, nearest[0] != '\0' ? ", did you mean '" : "",
                       nearest, nearest[0] != '\0' ? "'?" : ";", ctl->command->name);
}

bool ctl_arguments(struct ctl *ctl, int argc, char **argv, int min, int max)
{
    for (int at = 0; at < argc; at++) {
        if (strncmp(argv[at], "--", 2) == 0) {
            complain_of_option(ctl, argv[at]);
            return false;
        }
    }
    if (argc < min) {
        (void)ctl_complain(CTL_USAGE, "something is missing: wushectl %s %s", ctl->command->name,
                           ctl->command->usage);
        return false;
    }
    if (argc > max) {
        (void)ctl_complain(CTL_USAGE, "'%s' is one word too many: wushectl %s%s%s", argv[max],
                           ctl->command->name, ctl->command->usage[0] != '\0' ? " " : "",
                           ctl->command->usage);
        return false;
    }
    return true;
}
