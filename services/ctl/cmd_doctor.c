#include "services/ctl/commands.h"

#include "common/base/time.h"
#include "common/bus/keys.h"
#include "common/bus/roster.h"
#include "services/ctl/nodes.h"
#include "services/ctl/probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <libsmartcols/libsmartcols.h>
#include <lmdb.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>
#include <yaml.h>
#include <zmq.h>

/*
 * Each check looks at one thing that can keep a node from taking, keeping,
 * sending or delivering, says what it saw, and what to do when it is wrong.
 */
enum {
    SOCKET_PATH_MAX = 100,
    LAG_WARN = 10000,
    OPEN_FILES_MIN = 1024,
    MAP_WARN_PERCENT = 80,
    MAP_FAIL_PERCENT = 95,
    CLOCK_SLACK_MS = 2000,
};
#define DISK_FAIL_BYTES (UINT64_C(64) << 20)

enum result { PASS, WARN, FAIL };
static const char *const result_words[] = {"pass", "warn", "fail"};

struct finding {
    const char *who;   /* "community#2", or "machine" */
    const char *check; /* one stable word */
    enum result result;
    const char *what;   /* what was seen */
    const char *remedy; /* "" when it passed */
};

/* Everything found; texts are in ctl->arena. */
struct visit {
    struct ctl *ctl;
    const struct ctl_node *node; /* not looked at for the machine */
    const char *who;
    struct ctl_probe probe;
    struct finding *findings;
    size_t finding_count;
    size_t finding_room;
};

static void note(struct visit *visit, const char *check, enum result result, const char *what,
                 const char *remedy)
{
    if (visit->finding_count == visit->finding_room) {
        return;
    }
    visit->findings[visit->finding_count++] = (struct finding){
        .who = visit->who,
        .check = check,
        .result = result,
        .what = what != NULL ? what : "",
        .remedy = remedy != NULL && result != PASS ? remedy : "",
    };
}

#define TEXT(...) wu_arena_printf(&visit->ctl->arena, __VA_ARGS__)

/* ---- can it accept, keep, route, deliver ----------------------------------------------------- */

static void check_accept(struct visit *visit)
{
    const char *state = ctl_probe_state(&visit->probe);
    if (visit->probe.pong == NULL) {
        note(visit, "accept", FAIL, "the door does not answer",
             TEXT("start it: wushe-%s --config %s/node.yaml, and read its log",
                  visit->node->config.role, visit->node->folder));
    } else if (strcmp(state, "full") == 0) {
        note(visit, "accept", FAIL, "it is full and takes nothing",
             "make room on the disk or raise map_bytes_max, then restart it");
    } else if (strcmp(state, "diverged") == 0) {
        note(visit, "accept", FAIL, "its store is older than what it has sent; it takes nothing",
             TEXT("put back a newer backup if there is one, else: wushectl generation begin "
                  "%" PRIu64 " --reason TEXT",
                  visit->node->config.node));
    } else if (strcmp(state, "joining") == 0) {
        note(visit, "accept", FAIL, "it takes nothing until its coordinator answers it",
             "start the coordinator, or see the checks of its link");
    } else if (strcmp(state, "serving") != 0) {
        note(visit, "accept", WARN, TEXT("it answers and is %s", state), "wait, or start it again");
    } else {
        note(visit, "accept", PASS, "the door answers, it is serving", NULL);
    }
}

static void check_disk(struct visit *visit)
{
    struct statvfs disk;
    const char *path = visit->probe.has_store ? visit->node->config.state_dir : visit->node->folder;
    if (statvfs(path, &disk) != 0) {
        note(visit, "disk", FAIL, TEXT("'%s': %s", path, strerror(errno)),
             "correct state_dir in node.yaml");
        return;
    }
    uint64_t free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
    const char *what = TEXT("%" PRIu64 " MiB free, the store's map is %zu MiB", free_bytes >> 20,
                            visit->probe.map_bytes >> 20);
    if (free_bytes < DISK_FAIL_BYTES) {
        note(visit, "disk", FAIL, what, "make room: the node stops taking input when it is full");
    } else if (free_bytes < visit->probe.map_bytes) {
        note(visit, "disk", WARN, what, "make room: the map cannot double once more");
    } else {
        note(visit, "disk", PASS, what, NULL);
    }
}

static void check_map(struct visit *visit)
{
    if (!visit->probe.has_store && ctl_probe_has_store(visit->node)) {
        note(visit, "store", FAIL, "the store is there, but cannot be opened",
             "see the node's log; put back a backup of its state_dir when the file is spoiled");
        return;
    }
    if (!visit->probe.has_store) {
        note(visit, "store", WARN, "there is no store yet", "start the node once, it makes one");
        return;
    }
    uint64_t max = visit->node->config.map_bytes_max;
    uint64_t percent = visit->probe.used_bytes / (max / 100);
    const char *what = TEXT("%zu MiB used, %" PRIu64 "%% of map_bytes_max; journal at %" PRIu64,
                            visit->probe.used_bytes >> 20, percent, visit->probe.journal_seq);
    enum result result = percent >= MAP_FAIL_PERCENT   ? FAIL
                         : percent >= MAP_WARN_PERCENT ? WARN
                                                       : PASS;
    note(visit, "store", result, what, "raise map_bytes_max in node.yaml and restart the node");
}

static void check_link(struct visit *visit, const Bus__PeerStatus *peer)
{
    uint64_t lag = peer->out_head > peer->out_acked ? peer->out_head - peer->out_acked : 0;
    if (peer->halted[0] != '\0') {
        note(visit, "deliver", FAIL,
             TEXT("link to node %" PRIu32 " halted: %s", peer->node, peer->halted),
             "see which of the two is diverged: that one lost its past");
    } else if (!peer->connected) {
        note(visit, "route", WARN,
             TEXT("node %" PRIu32 " is away, %" PRIu64 " records wait for it", peer->node, lag),
             TEXT("start node %" PRIu32 ", or see its own findings", peer->node));
    } else if (lag > LAG_WARN) {
        note(visit, "route", WARN,
             TEXT("node %" PRIu32 " lags by %" PRIu64 " records", peer->node, lag),
             "see whether its disk or its journal is the slow one");
    } else {
        note(visit, "route", PASS,
             TEXT("node %" PRIu32 " is connected, %" PRIu64 " records on their way", peer->node,
                  lag),
             NULL);
    }
}

static void check_links(struct visit *visit)
{
    const Bus__Pong *pong = visit->probe.pong;
    uint64_t hub = visit->node->config.hub_node;
    bool has_hub = hub == 0;
    for (size_t index = 0; pong != NULL && index < pong->n_peers; index++) {
        has_hub = has_hub || pong->peers[index]->node == hub;
        check_link(visit, pong->peers[index]);
    }
    if (pong != NULL && !has_hub) {
        note(visit, "route", WARN, TEXT("its coordinator, node %" PRIu64 ", was never met", hub),
             TEXT("see whether that one runs, and hub_mail in %s/node.yaml", visit->node->folder));
    }
}

static void check_dead_letters(struct visit *visit)
{
    uint64_t count = visit->probe.dead_count;
    note(visit, "dead-letters", count == 0 ? PASS : WARN, TEXT("%" PRIu64 " dead letters", count),
         TEXT("wushectl dead-letters list %s, then retry or drop each", visit->node->config.role));
}

/* ---- files and sockets ----------------------------------------------------------------------- */

static void check_folder(struct visit *visit)
{
    struct stat status;
    const char *folder = visit->node->folder;
    if (stat(folder, &status) != 0) {
        note(visit, "folder", FAIL, TEXT("'%s': %s", folder, strerror(errno)), "make it readable");
    } else if ((status.st_mode & 077) != 0) {
        note(visit, "folder", WARN,
             TEXT("'%s' is open to others (mode %04o)", folder, (unsigned)(status.st_mode & 07777)),
             TEXT("chmod 700 '%s'", folder));
    } else {
        note(visit, "folder", PASS, TEXT("'%s' is this user's alone", folder), NULL);
    }
}

static void check_keys(struct visit *visit)
{
    struct wu_keys keys;
    struct wu_error error = {""};
    const char *path = visit->node->config.key_file;
    if (wu_keys_load(path, &keys, &error) != WU_OK) {
        note(visit, "key", FAIL, TEXT("%s", error.text),
             access(path, F_OK) == 0
                 ? "mend the file; the node needs its keys"
                 : "bring it back from a copy, or let 'wushectl init' make another, which its "
                   "coordinator's roster then has to know");
        return;
    }
    explicit_bzero(&keys, sizeof keys);
    note(visit, "key", PASS, TEXT("'%s' is there, for this user only", path), NULL);
}

static void check_roster(struct visit *visit)
{
    struct wu_roster roster;
    struct wu_error error = {""};
    const char *path = visit->node->config.roster_file;
    if (path[0] == '\0') {
        return;
    }
    if (wu_roster_load(path, &roster, &error) != WU_OK) {
        note(visit, "roster", FAIL, TEXT("%s", error.text), "mend the line, then send SIGHUP");
        return;
    }
    note(visit, "roster", roster.count > 0 ? PASS : WARN,
         TEXT("%zu nodes may connect", roster.count),
         TEXT("add a line for each node to '%s'", path));
    wu_roster_free(&roster);
}

/* The coordinator this node dials, when it lies in the same home; else NULL. */
static const struct ctl_node *hub_of(const struct visit *visit)
{
    for (size_t index = 0; index < visit->ctl->node_count; index++) {
        const struct ctl_node *node = &visit->ctl->nodes[index];
        if (node->config.node == visit->node->config.hub_node &&
            node->config.roster_file[0] != '\0') {
            return node;
        }
    }
    return NULL;
}

/* Why the hub's roster does not let this node in; NULL when it does. */
static const char *why_not_admitted(const struct wu_roster *roster, const struct ctl_node *node,
                                    const char *key)
{
    const struct wu_roster_entry *entry = wu_roster_by_node(roster, (uint32_t)node->config.node);
    if (entry == NULL) {
        return "its coordinator's roster has no line for it";
    }
    if (strcmp(entry->key, key) != 0) {
        return "its coordinator's roster has another key for it";
    }
    if (strcmp(entry->role, node->config.role) != 0) {
        return "its coordinator's roster has another role for it";
    }
    return entry->active ? NULL : "its coordinator's roster says it is revoked";
}

/* Key for key, where both ends lie in one home. */
static void check_admission(struct visit *visit)
{
    const struct ctl_node *hub = hub_of(visit);
    struct wu_keys own;
    struct wu_keys hub_keys;
    struct wu_roster roster;
    if (hub == NULL || wu_keys_load(visit->node->config.key_file, &own, NULL) != WU_OK ||
        wu_keys_load(hub->config.key_file, &hub_keys, NULL) != WU_OK ||
        wu_roster_load(hub->config.roster_file, &roster, NULL) != WU_OK) {
        return; /* the check of that file says so */
    }
    const char *why = why_not_admitted(&roster, visit->node, own.public_key);
    bool knows_hub = strcmp(visit->node->config.hub_key, hub_keys.public_key) == 0;
    if (!knows_hub) {
        note(visit, "admission", FAIL, "its hub_key is not its coordinator's key",
             TEXT("copy the public key in %s to hub_key and restart it", hub->config.key_file));
    } else if (why != NULL) {
        note(visit, "admission", FAIL, why,
             TEXT("correct the line node=%" PRIu64 " in %s, then send SIGHUP to its coordinator",
                  visit->node->config.node, hub->config.roster_file));
    } else {
        note(visit, "admission", PASS, "its coordinator knows its key, and it its coordinator's",
             NULL);
    }
    explicit_bzero(&own, sizeof own);
    explicit_bzero(&hub_keys, sizeof hub_keys);
    wu_roster_free(&roster);
}

static void check_door_path(struct visit *visit)
{
    size_t length = strlen(visit->node->config.front_door) - strlen("ipc://");
    note(visit, "door", length <= SOCKET_PATH_MAX ? PASS : FAIL,
         TEXT("its path has %zu bytes of %d", length, SOCKET_PATH_MAX),
         "give front_door a shorter path");
}

/* Somebody listens there; *ret_errno tells why that cannot be said. */
static bool port_is_taken(const char *host, const char *port, int *ret_errno)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct addrinfo *address = NULL;
    int one = 1;
    *ret_errno = 0;
    if (getaddrinfo(host, port, &hints, &address) != 0) {
        *ret_errno = EADDRNOTAVAIL;
        return false;
    }
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    }
    int rc = fd >= 0 ? bind(fd, address->ai_addr, address->ai_addrlen) : -1;
    int bind_errno = errno;
    if (fd >= 0) {
        (void)close(fd);
    }
    freeaddrinfo(address);
    *ret_errno = rc == 0 || bind_errno == EADDRINUSE ? 0 : bind_errno;
    return rc != 0 && bind_errno == EADDRINUSE;
}

/* "tcp://127.0.0.1:7601": taken by the node when it runs, free when it does not. */
static void check_port(struct visit *visit, const char *endpoint)
{
    char host[WU_CONFIG_TEXT_MAX];
    const char *colon = strrchr(endpoint, ':');
    if (endpoint[0] == '\0' || colon == NULL) {
        return;
    }
    const char *start = endpoint + strlen("tcp://");
    size_t bracket = *start == '[' ? 1 : 0;
    (void)snprintf(host, sizeof host, "%.*s", (int)(colon - start - 2 * (ptrdiff_t)bracket),
                   start + bracket);
    int why = 0;
    bool any = strcmp(host, "*") == 0;
    bool taken = port_is_taken(any ? "0.0.0.0" : host, colon + 1, &why);
    bool runs = visit->probe.pong != NULL;
    if (why != 0) {
        note(visit, "port", FAIL, TEXT("%s cannot be listened on: %s", endpoint, strerror(why)),
             "correct the address in node.yaml");
    } else if (taken == runs) {
        note(visit, "port", PASS, TEXT("%s is %s", endpoint, runs ? "in use by it" : "free"), NULL);
    } else {
        note(visit, "port", FAIL,
             TEXT("%s is %s", endpoint, runs ? "not listened on" : "taken by another program"),
             runs ? "restart the node and read its log"
                  : "stop the other program (ss -ltnp shows it), or choose another port");
    }
}

/* ---- time ------------------------------------------------------------------------------------ */

static void check_time(struct visit *visit)
{
    int64_t now_ms = ctl_clock_now(visit->ctl).now_ms;
    int64_t last_ms = visit->probe.time_ms;
    if (last_ms == 0) {
        return;
    }
    if (last_ms > now_ms + CLOCK_SLACK_MS) {
        note(visit, "clock", FAIL,
             TEXT("its last event is %" PRId64 " s ahead of this machine's clock",
                  (last_ms - now_ms) / WU_SECOND_MS),
             "set the clock (timedatectl); until then its time stands still");
        return;
    }
    note(visit, "clock", PASS, TEXT("last event at %s", ctl_time_text(visit->ctl, last_ms)), NULL);
}

static void check_clock(struct visit *visit)
{
    struct timex state = {.modes = 0};
    int rc = adjtimex(&state);
    if (rc < 0) {
        note(visit, "clock", WARN, TEXT("the clock's state is not told: %s", strerror(errno)),
             "see timedatectl");
    } else if (rc == TIME_ERROR || (state.status & STA_UNSYNC) != 0) {
        note(visit, "clock", WARN, "the clock is not synchronised",
             "switch on time synchronisation (timedatectl set-ntp true)");
    } else {
        note(visit, "clock", PASS, "the clock is synchronised", NULL);
    }
}

/* ---- the machine ----------------------------------------------------------------------------- */

static void check_libraries(struct visit *visit)
{
    int major = 0;
    int minor = 0;
    int patch = 0;
    const char *smartcols = NULL;
    zmq_version(&major, &minor, &patch);
    (void)scols_get_library_version(&smartcols);
    bool right = major == 4 && (minor > 3 || (minor == 3 && patch >= 4)) && zmq_has("curve") != 0;
    note(visit, "libraries", right ? PASS : FAIL,
         TEXT("libzmq %d.%d.%d%s, lmdb %s, libsodium %s, protobuf-c %s, libyaml %s, smartcols %s",
              major, minor, patch, zmq_has("curve") != 0 ? "" : " without CURVE",
              mdb_version(NULL, NULL, NULL), sodium_version_string(), protobuf_c_version(),
              yaml_get_version_string(), smartcols),
         "install libzmq 4.3.4 or later, built with CURVE");
}

static void check_open_files(struct visit *visit)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return;
    }
    note(visit, "open-files", limit.rlim_cur >= OPEN_FILES_MIN ? PASS : WARN,
         TEXT("%ju open files allowed to a process", (uintmax_t)limit.rlim_cur),
         "raise it to 1024 or, for a hub, twice its nodes (LimitNOFILE=, ulimit -n)");
}

/* ---- report ---------------------------------------------------------------------------------- */

static void print_json(const struct visit *visit)
{
    for (size_t index = 0; index < visit->finding_count; index++) {
        const struct finding *finding = &visit->findings[index];
        (void)fputs(index == 0 ? "[{\"who\":" : ",\n {\"who\":", stdout);
        wu_json_text(stdout, finding->who);
        (void)printf(",\"check\":\"%s\",\"result\":\"%s\",\"what\":", finding->check,
                     result_words[finding->result]);
        wu_json_text(stdout, finding->what);
        (void)fputs(",\"remedy\":", stdout);
        wu_json_text(stdout, finding->remedy);
        (void)putchar('}');
    }
    (void)fputs("]\n", stdout);
}

static void print_people(const struct visit *visit)
{
    static const char *const colours[] = {"\033[32m", "\033[33m", "\033[1;31m"};
    bool colour = visit->ctl->colour;
    const char *who = "";
    size_t counts[3] = {0};
    for (size_t index = 0; index < visit->finding_count; index++) {
        const struct finding *finding = &visit->findings[index];
        if (strcmp(who, finding->who) != 0) {
            who = finding->who;
            (void)printf("%s%s\n", index > 0 ? "\n" : "", who);
        }
        (void)printf("  %s%s%s  %-12s  %s\n", colour ? colours[finding->result] : "",
                     result_words[finding->result], colour ? "\033[0m" : "", finding->check,
                     finding->what);
        if (finding->remedy[0] != '\0') {
            (void)printf("%22s-> %s\n", "", finding->remedy);
        }
        counts[finding->result]++;
    }
    (void)printf("\n%zu passed, %zu to look at, %zu failed\n", counts[PASS], counts[WARN],
                 counts[FAIL]);
}

static void visit_node(struct visit *visit, const struct ctl_node *node)
{
    visit->node = node;
    visit->who = ctl_node_text(visit->ctl, node);
    ctl_probe_node(visit->ctl, node, &visit->probe);
    check_accept(visit);
    check_map(visit);
    check_disk(visit);
    check_links(visit);
    check_dead_letters(visit);
    check_time(visit);
    check_folder(visit);
    check_keys(visit);
    check_roster(visit);
    check_admission(visit);
    check_door_path(visit);
    check_port(visit, node->config.listen_mail);
    check_port(visit, node->config.listen_public);
}

static void visit_machine(struct visit *visit)
{
    visit->who = "machine";
    check_libraries(visit);
    check_open_files(visit);
    check_clock(visit);
}

int cmd_doctor(struct ctl *ctl, int argc, char **argv)
{
    enum { FINDINGS_MAX = 65536 };
    struct visit visit = {.ctl = ctl, .finding_room = FINDINGS_MAX};
    if (!ctl_arguments(ctl, argc, argv, 0, 0) || !ctl_load_home(ctl)) {
        return CTL_USAGE;
    }
    visit.findings = calloc(FINDINGS_MAX, sizeof *visit.findings);
    if (visit.findings == NULL) {
        return ctl_complain(CTL_FAILED, "no memory left");
    }
    visit_machine(&visit);
    for (size_t index = 0; index < ctl->node_count; index++) {
        visit_node(&visit, &ctl->nodes[index]);
    }
    int status = ctl->broken_count > 0 ? CTL_FOUND : CTL_OK;
    for (size_t index = 0; index < visit.finding_count; index++) {
        status = visit.findings[index].result == FAIL ? CTL_FOUND : status;
    }
    if (ctl->json) {
        print_json(&visit);
    } else {
        print_people(&visit);
    }
    free(visit.findings);
    return status;
}
