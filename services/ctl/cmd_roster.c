#include "services/ctl/commands.h"

#include "common/bus/roster.h"
#include "services/ctl/files.h"
#include "services/ctl/nodes.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { ROSTER_BYTES_MAX = 16 * 1024 * 1024 };

/* The hub whose roster is meant: the only coordinator, or the one --hub names. */
static const struct ctl_node *find_hub(struct ctl *ctl, const char *name)
{
    const struct ctl_node *hub =
        name != NULL ? ctl_node_named(ctl, name) : ctl_node_of_role(ctl, "coordinator");
    if (hub != NULL && hub->config.roster_file[0] == '\0') {
        (void)ctl_complain(CTL_USAGE, "%s is no coordinator, it has no roster",
                           ctl_node_text(ctl, hub));
        return NULL;
    }
    return hub;
}

int cmd_roster_list(struct ctl *ctl, int argc, char **argv)
{
    static const char *const columns[] = {"NODE", "ROLE", "STATE", "FOLLOW", "SUBMIT", "KEY", NULL};
    const char *hub_name = ctl_option(&argc, argv, "hub");
    if (!ctl_arguments(ctl, argc, argv, 0, 0)) {
        return CTL_USAGE;
    }
    const struct ctl_node *hub = find_hub(ctl, hub_name);
    struct wu_roster roster;
    struct wu_error error = {""};
    if (hub == NULL) {
        return CTL_USAGE;
    }
    if (wu_roster_load(hub->config.roster_file, &roster, &error) != WU_OK) {
        return ctl_complain(CTL_USAGE, "%s", error.text);
    }
    struct ctl_table *table = ctl_table_new(ctl, "nodes", columns);
    for (size_t index = 0; index < roster.count; index++) {
        const struct wu_roster_entry *entry = &roster.entries[index];
        const char *values[] = {
            wu_arena_printf(&ctl->arena, "%" PRIu32, entry->node),
            entry->role,
            entry->active ? "active" : "revoked",
            entry->follow[0] != '\0' ? entry->follow : NULL,
            entry->submit ? "yes" : "no",
            entry->key,
        };
        ctl_table_row(table, values);
    }
    ctl_table_print(&table);
    wu_roster_free(&roster);
    return CTL_OK;
}

/* ---- revoke ---------------------------------------------------------------------------------- */

/* True when `word` stands in the line as a whole word. *ret_at is where. */
static bool find_word(const char *line, size_t size, const char *word, size_t *ret_at)
{
    size_t length = strlen(word);
    for (size_t at = 0; at + length <= size; at++) {
        bool begins = at == 0 || line[at - 1] == ' ' || line[at - 1] == '\t';
        bool ends = at + length == size || strchr(" \t\r", line[at + length]) != NULL;
        if (begins && ends && strncmp(line + at, word, length) == 0) {
            *ret_at = at;
            return true;
        }
    }
    return false;
}

/* The line as it was but for its state, which may not have been said. */
static void print_revoked(FILE *out, const char *line, size_t size)
{
    static const char active[] = "state=active";
    static const char revoked[] = "state=revoked";
    size_t at = 0;
    if (find_word(line, size, active, &at)) {
        (void)fprintf(out, "%.*s%s%.*s", (int)at, line, revoked,
                      (int)(size - at - (sizeof active - 1)), line + at + sizeof active - 1);
    } else {
        (void)fprintf(out, "%.*s %s", (int)size, line, revoked);
    }
}

/* The roster's text with that node's line changed and no other. From malloc. */
static char *revoked_text(const char *text, uint64_t node)
{
    char *changed = NULL;
    size_t changed_size = 0;
    char word[32];
    size_t at = 0;
    FILE *out = open_memstream(&changed, &changed_size);
    if (out == NULL) {
        return NULL;
    }
    (void)snprintf(word, sizeof word, "node=%" PRIu64, node);
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        if (text[0] != '#' && find_word(text, size, word, &at)) {
            print_revoked(out, text, size);
        } else {
            (void)fwrite(text, 1, size, out);
        }
        text += size;
        if (*text == '\n') {
            (void)fputc('\n', out);
            text++;
        }
    }
    return fclose(out) == 0 ? changed : NULL;
}

/* The daemon's process, from the file that who started it left; 0: not known. */
static pid_t daemon_of(const struct ctl_node *node)
{
    char path[WU_CONFIG_TEXT_MAX + 32];
    (void)snprintf(path, sizeof path, "%s/pid", node->folder);
    char *text = ctl_read_file(path, 64);
    long pid = text != NULL ? strtol(text, NULL, 10) : 0;
    free(text);
    if (pid <= 1 || pid > INT32_MAX) {
        return 0;
    }
    (void)snprintf(path, sizeof path, "/proc/%ld/comm", pid);
    char *name = ctl_read_file(path, 64);
    bool ours = name != NULL && strncmp(name, "wushe-", 6) == 0;
    free(name);
    return ours ? (pid_t)pid : 0;
}

static void print_revoked_json(uint64_t node, bool changed, pid_t pid)
{
    (void)printf("{\"node\":%" PRIu64 ",\"state\":\"revoked\",\"changed\":%s,\"told\":%s}\n", node,
                 changed ? "true" : "false", pid != 0 ? "true" : "false");
}

/* A running hub cuts the node's connection as soon as it reads the roster again. */
static int tell_hub(struct ctl *ctl, const struct ctl_node *hub, uint64_t node, bool changed)
{
    pid_t pid = daemon_of(hub);
    if (pid != 0 && kill(pid, SIGHUP) != 0) {
        pid = 0;
    }
    if (ctl->json) {
        print_revoked_json(node, changed, pid);
        return CTL_OK;
    }
    (void)printf("node %" PRIu64 " %s\n", node, changed ? "is revoked" : "was revoked already");
    if (pid != 0) {
        (void)printf("process %d of %s was told to read the roster again\n", (int)pid,
                     ctl_node_text(ctl, hub));
    } else {
        (void)printf("send SIGHUP to %s if it runs, so that it reads the roster again; there is no "
                     "%s/pid to tell its process\n",
                     ctl_node_text(ctl, hub), hub->folder);
    }
    return CTL_OK;
}

static int revoke_node(struct ctl *ctl, const struct ctl_node *hub, uint64_t node)
{
    const char *path = hub->config.roster_file;
    struct wu_roster roster;
    struct wu_error error = {""};
    if (wu_roster_load(path, &roster, &error) != WU_OK) {
        return ctl_complain(CTL_USAGE, "%s", error.text);
    }
    const struct wu_roster_entry *entry = wu_roster_by_node(&roster, (uint32_t)node);
    bool known = entry != NULL;
    bool active = known && entry->active;
    wu_roster_free(&roster);
    if (!known) {
        return ctl_complain(CTL_REFUSED,
                            "NODE_UNKNOWN: no node %" PRIu64 " in '%s'; 'wushectl "
                            "roster list' shows them",
                            node, path);
    }
    char *text = active ? ctl_read_file(path, ROSTER_BYTES_MAX) : NULL;
    char *changed = text != NULL ? revoked_text(text, node) : NULL;
    bool written = !active || (changed != NULL && ctl_replace_file(path, changed));
    bool lost = active && changed == NULL;
    free(text);
    free(changed);
    if (lost) {
        return ctl_complain(CTL_FAILED, "cannot read '%s'", path);
    }
    return written ? tell_hub(ctl, hub, node, active) : CTL_FAILED;
}

int cmd_roster_revoke(struct ctl *ctl, int argc, char **argv)
{
    int64_t node = 0;
    const char *hub_name = ctl_option(&argc, argv, "hub");
    if (!ctl_arguments(ctl, argc, argv, 1, 1)) {
        return CTL_USAGE;
    }
    if (!ctl_parse_number(argv[0], INT32_MAX, &node) || node == 0) {
        return ctl_complain(CTL_USAGE,
                            "'%s' is no number of a node; 'wushectl roster list' shows "
                            "them",
                            argv[0]);
    }
    const struct ctl_node *hub = find_hub(ctl, hub_name);
    return hub != NULL ? revoke_node(ctl, hub, (uint64_t)node) : CTL_USAGE;
}
