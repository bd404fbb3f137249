#include "tests/support/city.h"

#include "common/base/prng.h"
#include "common/bus/keys.h"
#include "common/journal/replay.h"
#include "common/journal/tables.h"
#include "services/charity/core/core.h"
#include "services/community/core/core.h"
#include "services/coordinator/core/core.h"
#include "services/socialorg/core/core.h"
#include "services/socialworker/core/core.h"
#include "services/volunteer/core/core.h"
#include "tests/support/scratch.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

const struct wu_core *const CITY_CORES[CITY_END] = {
    [CITY_COORDINATOR] = &COORDINATOR_CORE, [CITY_COMMUNITY] = &COMMUNITY_CORE,
    [CITY_SOCIALORG] = &SOCIALORG_CORE,     [CITY_SOCIALWORKER] = &SOCIALWORKER_CORE,
    [CITY_VOLUNTEER] = &VOLUNTEER_CORE,     [CITY_CHARITY] = &CHARITY_CORE,
};

enum { SAID_BYTES = 1 << 18, ARGS_MAX = 32 };

enum { MEMBERS_MAX = 8 };

struct member {
    const char *name; /* of its folder */
    const struct wu_core *core;
    int hub; /* 0: none */
    const char *division;
    const char *below; /* words for the end of its line in its hub's roster */
};

static const struct member FLAT[CITY_END] = {
    [CITY_COORDINATOR] = {"coordinator", &COORDINATOR_CORE, 0, "", ""},
    [CITY_COMMUNITY] = {"community", &COMMUNITY_CORE, CITY_COORDINATOR, "", ""},
    [CITY_SOCIALORG] = {"socialorg", &SOCIALORG_CORE, CITY_COORDINATOR, "", ""},
    [CITY_SOCIALWORKER] = {"socialworker", &SOCIALWORKER_CORE, CITY_COORDINATOR, "", ""},
    [CITY_VOLUNTEER] = {"volunteer", &VOLUNTEER_CORE, CITY_COORDINATOR, "", ""},
    [CITY_CHARITY] = {"charity", &CHARITY_CORE, CITY_COORDINATOR, "", ""},
};

static const struct member TREE[TREE_END] = {
    [TREE_CITY] = {"city", &COORDINATOR_CORE, 0, "420100000000", ""},
    [TREE_DISTRICT] = {"district", &COORDINATOR_CORE, TREE_CITY, "420106000000", " below=3-5,9"},
    [TREE_STREET] = {"street", &COORDINATOR_CORE, TREE_DISTRICT, "420106012000", " below=4,5"},
    [TREE_COMMUNITY] = {"community", &COMMUNITY_CORE, TREE_STREET, "420106012001", ""},
    [TREE_NEAR_ORG] = {"near-org", &SOCIALORG_CORE, TREE_STREET, "420106012000", ""},
    [TREE_SIBLING] = {"sibling", &COORDINATOR_CORE, TREE_CITY, "420107000000", " below=7"},
    [TREE_FAR_ORG] = {"far-org", &SOCIALORG_CORE, TREE_SIBLING, "420107000000", ""},
};

struct city {
    char *folder;
    const struct member *members; /* by number, from 1 on */
    int end;
    unsigned ports[MEMBERS_MAX]; /* of hubs */
    int port_locks[MEMBERS_MAX];
    pid_t pids[MEMBERS_MAX]; /* 0: does not run; of nobody's number: a twin */
    char *variables[MEMBERS_MAX][CITY_VARIABLES + 1];
    struct wu_client *doors[MEMBERS_MAX];
    struct wu_arena pong;
    struct wu_arena answer;
    char *said;
};

/* ---- time and failing --------------------------------------------------------- */

int64_t city_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t city_clock_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void city_pause(void)
{
    (void)poll(NULL, 0, 5);
}

/* The whole of a log, or of its end; the caller frees it. */
static char *read_log(const struct city *city, int node, long end_bytes)
{
    FILE *file = fopen(city_path(city, node, "log").text, "re");
    if (file == NULL) {
        return NULL;
    }
    (void)fseek(file, 0, SEEK_END);
    long size = ftell(file);
    long from = end_bytes > 0 && size > end_bytes ? size - end_bytes : 0;
    char *text = calloc(1, (size_t)(size - from) + 1);
    (void)fseek(file, from, SEEK_SET);
    if (text != NULL && fread(text, 1, (size_t)(size - from), file) == 0) {
        text[0] = '\0';
    }
    (void)fclose(file);
    return text;
}

_Noreturn void city_fail(const struct city *city, const char *format, ...)
{
    char what[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    for (int node = CITY_COORDINATOR; node < city->end; node++) {
        char *text = read_log(city, node, 1500);
        (void)fprintf(stderr, "---- %s: end of log\n%s\n", city->members[node].name,
                      text != NULL ? text : "(none)");
        free(text);
    }
    cr_assert_fail("%s", what);
    abort(); /* a failed assertion does not come back */
}

bool city_log_has(const struct city *city, int node, const char *text)
{
    char *log = read_log(city, node, 0);
    bool found = log != NULL && strstr(log, text) != NULL;
    free(log);
    return found;
}

/* ---- a folder and a pair of ports ----------------------------------------------- */

static bool port_is_free(unsigned port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    bool free_now = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    (void)close(fd);
    return free_now;
}

/* An abstract socket's name is taken by one process at a time: a lock between tests. */
static int lock_port(unsigned port)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int length = snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "wushe-test-port-%u", port);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
    if (bind(fd, (struct sockaddr *)&name, size) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static void take_ports(struct city *city, int hub)
{
    enum { FIRST = 12000, PAIRS = 10000, TRIES = 200 };
    struct wu_prng prng = {(uint64_t)getpid() * 7919 + (uint64_t)(city_now_ms() + hub)};
    for (int tries = 0; tries < TRIES; tries++) {
        unsigned port = FIRST + 2 * (unsigned)wu_prng_below(&prng, PAIRS);
        int lock = lock_port(port);
        if (lock < 0) {
            continue;
        }
        if (port_is_free(port) && port_is_free(port + 1)) {
            city->ports[hub] = port;
            city->port_locks[hub] = lock;
            return;
        }
        (void)close(lock);
    }
    cr_assert_fail("no free pair of ports");
}

struct city_path city_path(const struct city *city, int node, const char *name)
{
    struct city_path path;
    if (node == 0) {
        (void)snprintf(path.text, sizeof path.text, "%s/%s", city->folder, name);
    } else {
        (void)snprintf(path.text, sizeof path.text, "%s/%s/%s", city->folder,
                       city->members[node].name, name);
    }
    return path;
}

unsigned city_port(const struct city *city)
{
    return city->ports[CITY_COORDINATOR];
}

void city_configure(struct city *city, int node, const char *lines)
{
    FILE *file = fopen(city_path(city, node, "node.yaml").text, "ae");
    cr_assert_not_null(file);
    (void)fprintf(file, "%s", lines);
    cr_assert_eq(fclose(file), 0);
}

void city_dial(struct city *city, int node, const char *address)
{
    char command[700];
    (void)snprintf(command, sizeof command,
                   "sed -i '/^hub_mail:\\|^hub_public:/s/127.0.0.1/%s/' '%s'", address,
                   city_path(city, node, "node.yaml").text);
    cr_assert_eq(system(command), 0); /* both names are ours */
}

void city_environment(struct city *city, int node, const char *variable)
{
    int at = 0;
    while (at < CITY_VARIABLES && city->variables[node][at] != NULL) {
        at++;
    }
    cr_assert_lt(at, CITY_VARIABLES);
    city->variables[node][at] = strdup(variable);
}

static struct city *make(const struct member *members, int end)
{
    struct city *city = calloc(1, sizeof *city);
    cr_assert_not_null(city);
    city->members = members;
    city->end = end;
    city->folder = scratch_make();
    city->said = malloc(SAID_BYTES);
    cr_assert(city->said != NULL && wu_arena_open(&city->pong, (size_t)4 << 20) == WU_OK &&
              wu_arena_open(&city->answer, (size_t)4 << 20) == WU_OK);
    for (int node = CITY_COORDINATOR; node < end; node++) {
        city->port_locks[node] = -1;
        if (members[node].core->is_hub) {
            take_ports(city, node);
        }
    }
    return city;
}

struct city *city_make(void)
{
    struct city *city = make(FLAT, CITY_END);
    char port[16];
    const char *said = NULL;
    (void)snprintf(port, sizeof port, "%u", city_port(city));
    int status = city_ctl(city, &said, "init", city->folder, "--port", port, NULL);
    cr_assert_eq(status, 0, "init: %s", said);
    return city;
}

static void public_key(const struct city *city, int node, struct wu_keys *ret_keys)
{
    struct wu_error error = {{0}};
    enum wu_status status = wu_keys_load(city_path(city, node, "node.key").text, ret_keys, &error);
    cr_assert_eq(status, WU_OK, "%s", error.text);
}

/* What `init` says must be added to the roster of the hub, and what it cannot know: who is below.
 */
static void admit(const struct city *city, int node)
{
    const struct member *member = &city->members[node];
    struct wu_keys keys;
    FILE *file = fopen(city_path(city, member->hub, "roster").text, "ae");
    cr_assert_not_null(file);
    public_key(city, node, &keys);
    (void)fprintf(file, "node=%d role=%s key=%s follow=", node, member->core->role,
                  keys.public_key);
    for (const char *const *topic = member->core->follows; *topic != NULL; topic++) {
        (void)fprintf(file, "%s%s", topic == member->core->follows ? "" : ",", *topic);
    }
    (void)fprintf(file, "%s\n", member->below);
    cr_assert_eq(fclose(file), 0);
}

static void make_member(struct city *city, int node)
{
    const struct member *member = &city->members[node];
    struct wu_keys hub_keys = {.public_key = ""};
    char number[16];
    char hub[16];
    char port[16];
    char mail[64];
    char news[64];
    const char *said = NULL;
    if (member->hub != 0) {
        public_key(city, member->hub, &hub_keys);
    }
    (void)snprintf(number, sizeof number, "%d", node);
    (void)snprintf(hub, sizeof hub, "%d", member->hub);
    (void)snprintf(port, sizeof port, "%u", city->ports[node] != 0 ? city->ports[node] : 1024);
    (void)snprintf(mail, sizeof mail, "tcp://127.0.0.1:%u", city->ports[member->hub]);
    (void)snprintf(news, sizeof news, "tcp://127.0.0.1:%u", city->ports[member->hub] + 1);
    struct city_path folder = city_path(city, node, "");
    int status = city_ctl(city, &said, "init", folder.text, "--role", member->core->role, "--node",
                          number, "--division", member->division, "--port", port,
                          member->hub != 0 ? "--hub-node" : NULL, hub, "--hub-mail", mail,
                          "--hub-public", news, "--hub-key", hub_keys.public_key, NULL);
    cr_assert_eq(status, 0, "init: %s", said);
    if (member->hub != 0) {
        admit(city, node);
    }
}

struct city *city_make_tree(void)
{
    struct city *city = make(TREE, TREE_END);
    for (int node = TREE_CITY; node < TREE_END; node++) {
        make_member(city, node); /* a hub comes before those who dial it */
    }
    return city;
}

void city_remove(struct city **city_p)
{
    struct city *city = *city_p;
    if (city == NULL) {
        return;
    }
    for (int node = CITY_COORDINATOR; node < city->end; node++) {
        city_kill(city, node);
        wu_client_close(&city->doors[node]);
        for (int at = 0; at < CITY_VARIABLES; at++) {
            free(city->variables[node][at]);
        }
        if (city_log_has(city, node, "Sanitizer: ") ||
            city_log_has(city, node, "runtime error: ")) {
            city_fail(city, "a sanitizer spoke in %s's log", city->members[node].name);
        }
    }
    wu_arena_close(&city->pong);
    wu_arena_close(&city->answer);
    for (int node = CITY_COORDINATOR; node < city->end; node++) {
        (void)close(city->port_locks[node]);
    }
    if (getenv("WUSHE_TEST_KEEP") == NULL) {
        scratch_remove(&city->folder);
    }
    free(city->folder);
    free(city->said);
    free(city);
    *city_p = NULL;
}

/* ---- programs --------------------------------------------------------------------- */

/* A child that ends with this process, whatever ends it. variables: NULL-ended, or NULL. */
static pid_t spawn(const char *program, char *const *arguments, char *const *variables, int output)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    cr_assert_geq(pid, 0);
    if (pid > 0) {
        return pid;
    }
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(1);
    }
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)dup2(output, STDOUT_FILENO);
    (void)dup2(output, STDERR_FILENO);
    while (variables != NULL && *variables != NULL) {
        (void)putenv(*variables++);
    }
    (void)execv(program, arguments);
    _exit(127);
}

static pid_t start(const struct city *city, int node)
{
    char program[512];
    char option[] = "--config";
    (void)snprintf(program, sizeof program, "%s/wushe-%s", WUSHE_PROGRAMS,
                   city->members[node].core->role);
    struct city_path config = city_path(city, node, "node.yaml");
    char *arguments[] = {program, option, config.text, NULL};
    int log =
        open(city_path(city, node, "log").text, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    cr_assert_geq(log, 0);
    pid_t pid = spawn(program, arguments, city->variables[node], log);
    (void)close(log);
    return pid;
}

void city_start(struct city *city, int node)
{
    cr_assert_eq(city->pids[node], 0);
    city->pids[node] = start(city, node);
}

void city_start_twin(struct city *city, int node)
{
    cr_assert_eq(city->pids[0], 0);
    city->pids[0] = start(city, node);
}

int city_wait_twin(struct city *city)
{
    return city_wait_exit(city, 0, CITY_WAIT_MS);
}

void city_start_all(struct city *city)
{
    for (int node = CITY_COORDINATOR; node < city->end; node++) {
        city_start(city, node);
    }
    for (int node = CITY_COORDINATOR; node < city->end; node++) {
        city_wait_ready(city, node);
    }
    for (int node = CITY_COMMUNITY; node < city->end; node++) {
        city_wait_linked(city, node);
    }
}

bool city_runs(const struct city *city, int node)
{
    return city->pids[node] != 0;
}

int city_pid(const struct city *city, int node)
{
    return city->pids[node];
}

void city_signal(struct city *city, int node, int signal)
{
    if (city->pids[node] != 0) {
        (void)kill(city->pids[node], signal);
    }
}

bool city_has_ended(struct city *city, int node, int *ret_status)
{
    int status = 0;
    if (city->pids[node] == 0 || waitpid(city->pids[node], &status, WNOHANG) == 0) {
        return false;
    }
    city->pids[node] = 0;
    *ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return true;
}

int city_wait_exit(struct city *city, int node, int timeout_ms)
{
    int64_t until_ms = city_now_ms() + timeout_ms;
    int status = 0;
    while (!city_has_ended(city, node, &status)) {
        if (city_now_ms() > until_ms) {
            city_fail(city, "node %d did not end within %d ms", node, timeout_ms);
        }
        city_pause();
    }
    return status;
}

void city_kill(struct city *city, int node)
{
    if (city->pids[node] != 0) {
        city_signal(city, node, SIGKILL);
        (void)waitpid(city->pids[node], NULL, 0);
        city->pids[node] = 0;
    }
}

void city_stop(struct city *city, int node)
{
    city_signal(city, node, SIGTERM);
    int status = city_wait_exit(city, node, CITY_WAIT_MS);
    if (status != 0) {
        city_fail(city, "%s ended with %d", city->members[node].name, status);
    }
}

void city_stop_all(struct city *city)
{
    for (int node = city->end - 1; node >= CITY_COORDINATOR; node--) {
        if (city_runs(city, node)) {
            city_stop(city, node);
        }
    }
}

static int wait_output(struct city *city, pid_t pid, int output)
{
    size_t used = 0;
    int status = 0;
    for (;;) {
        char rest[4096];
        bool room = used + 1 < SAID_BYTES;
        ssize_t got = read(output, room ? city->said + used : rest,
                           room ? SAID_BYTES - used - 1 : sizeof rest);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        used += room ? (size_t)got : 0;
    }
    city->said[used] = '\0';
    (void)waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int city_ctl(struct city *city, const char **ret_said, ...)
{
    char program[512];
    char home[] = "--home";
    char *arguments[ARGS_MAX] = {program, home, city->folder};
    size_t count = 3;
    va_list words;
    (void)snprintf(program, sizeof program, "%s/wushectl", WUSHE_PROGRAMS);
    va_start(words, ret_said);
    for (char *word = va_arg(words, char *); word != NULL && count + 1 < ARGS_MAX;
         word = va_arg(words, char *)) {
        arguments[count++] = word;
    }
    va_end(words);
    int ends[2];
    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = spawn(program, arguments, NULL, ends[1]);
    (void)close(ends[1]);
    int status = wait_output(city, pid, ends[0]);
    (void)close(ends[0]);
    if (ret_said != NULL) {
        *ret_said = city->said;
    }
    return status;
}

/* ---- doors ------------------------------------------------------------------------- */

struct wu_client *city_client(const struct city *city, int node)
{
    struct wu_client *client = NULL;
    struct wu_error error = {{0}};
    char endpoint[300];
    (void)snprintf(endpoint, sizeof endpoint, "ipc://%s", city_path(city, node, "door").text);
    enum wu_status status = wu_client_open(&client, endpoint, NULL, &error);
    cr_assert_eq(status, WU_OK, "%s", error.text);
    return client;
}

static struct wu_client *door_of(struct city *city, int node)
{
    if (city->doors[node] == NULL) {
        city->doors[node] = city_client(city, node);
    }
    return city->doors[node];
}

const Bus__Pong *city_ping(struct city *city, int node, int timeout_ms)
{
    const Bus__Pong *pong = NULL;
    wu_arena_reset(&city->pong, 0);
    enum wu_status status = wu_client_ping(door_of(city, node), timeout_ms, &city->pong, &pong);
    return status == WU_OK ? pong : NULL;
}

void city_wait_ready(struct city *city, int node)
{
    int64_t until_ms = city_now_ms() + CITY_WAIT_MS;
    while (city_ping(city, node, 500) == NULL) {
        int status = 0;
        if (waitpid(city->pids[node], &status, WNOHANG) > 0) {
            city->pids[node] = 0;
            city_fail(city, "%s ended with %d", city->members[node].name, status);
        }
        if (city_now_ms() > until_ms) {
            city_fail(city, "%s does not answer", city->members[node].name);
        }
    }
}

bool city_state_is(struct city *city, int node, const char *state)
{
    const Bus__Pong *pong = city_ping(city, node, 1000);
    return pong != NULL && strcmp(pong->state, state) == 0;
}

const Bus__PeerStatus *city_peer(struct city *city, int node, uint32_t peer)
{
    const Bus__Pong *pong = city_ping(city, node, 2000);
    for (size_t index = 0; pong != NULL && index < pong->n_peers; index++) {
        if (pong->peers[index]->node == peer) {
            return pong->peers[index];
        }
    }
    return NULL;
}

static bool is_linked(struct city *city, int node, uint32_t peer)
{
    const Bus__PeerStatus *status = city_peer(city, node, peer);
    return status != NULL && status->connected;
}

int city_hub(const struct city *city, int node)
{
    return city->members[node].hub;
}

void city_wait_linked(struct city *city, int node)
{
    int hub = city_hub(city, node);
    CITY_WAIT(city, is_linked(city, node, (uint32_t)hub) && is_linked(city, hub, (uint32_t)node));
}

const Bus__Answer *city_call_below(struct city *city, int node, int target, wu_event_type type,
                                   const ProtobufCMessage *body)
{
    const struct wu_command command = {.type = type, .body = body, .target = (uint32_t)target};
    const Bus__Answer *answer = NULL;
    struct wu_error error = {{0}};
    wu_arena_reset(&city->answer, 0);
    enum wu_status status =
        wu_client_call(door_of(city, node), &command, CITY_WAIT_MS, &city->answer, &answer, &error);
    if (status != WU_OK) {
        city_fail(city, "%s: %s", city->members[node].name, error.text);
    }
    return answer;
}

const Bus__Answer *city_call(struct city *city, int node, wu_event_type type,
                             const ProtobufCMessage *body)
{
    return city_call_below(city, node, 0, type, body);
}

const Bus__Answer *city_accept(struct city *city, int node, wu_event_type type,
                               const ProtobufCMessage *body)
{
    const Bus__Answer *answer = city_call(city, node, type, body);
    if (answer->status != BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED) {
        city_fail(city, "%s refused: %s: %s", city->members[node].name, answer->code, answer->text);
    }
    return answer;
}

/* ---- stores ------------------------------------------------------------------------- */

bool city_view_open(const struct city *city, int node, struct city_view *view)
{
    const struct wu_table *const *tables[] = {WU_NODE_TABLES, city->members[node].core->tables,
                                              NULL};
    struct city_path path = city_path(city, node, "state");
    const struct wu_store_config config = {.path = path.text,
                                           .tables = tables,
                                           .map_bytes = (size_t)64 << 20,
                                           .map_bytes_max = (size_t)64 << 30,
                                           .read_only = true};
    struct wu_error error = {{0}};
    *view = (struct city_view){0};
    bool fine = wu_store_open(&view->store, &config, &error) == WU_OK &&
                wu_arena_open(&view->arena, (size_t)64 << 20) == WU_OK &&
                wu_txn_begin_read(view->store, &view->arena, &view->txn) == WU_OK;
    if (!fine) {
        city_view_close(view);
    }
    return fine;
}

void city_view_close(struct city_view *view)
{
    if (view->txn != NULL) {
        wu_txn_abort(&view->txn);
    }
    if (view->store != NULL) {
        wu_store_close(&view->store);
    }
    wu_arena_close(&view->arena);
    *view = (struct city_view){0}; /* closing it again is fine */
}

static void copy_file(const char *from, const char *to)
{
    char command[700];
    (void)snprintf(command, sizeof command, "cp -r --sparse=always '%s' '%s'", from, to);
    cr_assert_eq(system(command), 0); /* both names are ours */
}

void city_store_save(struct city *city, int node)
{
    cr_assert_not(city_runs(city, node));
    copy_file(city_path(city, node, "state").text, city_path(city, node, "state.old").text);
}

void city_store_restore(struct city *city, int node)
{
    cr_assert_not(city_runs(city, node));
    cr_assert_eq(
        rename(city_path(city, node, "state").text, city_path(city, node, "state.lost").text), 0);
    copy_file(city_path(city, node, "state.old").text, city_path(city, node, "state").text);
}

void city_verify_all(struct city *city)
{
    for (int node = CITY_COORDINATOR; node < city->end; node++) {
        struct wu_replay_report report = {0};
        struct wu_error error = {{0}};
        struct city_path state = city_path(city, node, "state");
        struct city_path scratch = city_path(city, node, "scratch");
        cr_assert_not(city_runs(city, node));
        enum wu_status status =
            wu_replay_verify(state.text, city->members[node].core, scratch.text, &report, &error);
        if (status != WU_OK) {
            city_fail(city, "%s: replay gives other bytes: %" PRIu64 " rows differ, first: %s %s",
                      city->members[node].name, report.different_count, report.first_difference,
                      error.text);
        }
    }
}

/* ---- is anything on its way? ---------------------------------------------------------- */

/* "to/<node>" as the sender has it, and as the receiver does. */
static bool stream_is_settled(struct wu_txn *sender, struct wu_txn *receiver, uint32_t from,
                              uint32_t stream, char *why, size_t why_size)
{
    struct wu_cursor_key key = {.node = from};
    const Node__StreamRow *out = wu_streams_get(sender, &(struct wu_stream_key){stream});
    if (out == NULL || out->head == 0) {
        return true;
    }
    bool is_public = (stream & WU_STREAM_PUBLIC) != 0;
    (void)wu_key_text(key.stream, sizeof key.stream, out->name);
    const Node__CursorRow *in = wu_cursors_get(receiver, &key);
    if (in == NULL) {
        (void)snprintf(why, why_size, "%s of node %u: nothing was received", out->name, from);
        return is_public; /* not everybody follows every topic */
    }
    if (in->next != out->head + 1 || in->generation != out->generation ||
        in->hash.len != out->hash.len || memcmp(in->hash.data, out->hash.data, in->hash.len) != 0) {
        (void)snprintf(why, why_size,
                       "%s of node %u: head %" PRIu64 " of generation %u, follower wants %" PRIu64
                       " of generation %u, hash of the head %s",
                       out->name, from, out->head, out->generation, in->next, in->generation,
                       in->next == out->head + 1 ? "differs" : "not reached");
        return false;
    }
    if (is_public) {
        return true;
    }
    const Node__FollowerRow *follower =
        wu_followers_get(sender, &(struct wu_follower_key){stream, stream});
    if (follower == NULL || follower->next != out->head + 1) {
        (void)snprintf(why, why_size, "%s of node %u: head %" PRIu64 " is not acknowledged",
                       out->name, from, out->head);
        return false;
    }
    return true;
}

/* All streams of the hub that this receiver may have. */
static bool pair_is_settled(const struct city *city, struct wu_txn *hub, struct wu_txn *other,
                            uint32_t node, char *why, size_t why_size)
{
    uint32_t hub_node = (uint32_t)city_hub(city, (int)node);
    struct wu_stream_key key = {WU_STREAM_PUBLIC};
    const Node__StreamRow *row = NULL;
    if (!stream_is_settled(hub, other, hub_node, node, why, why_size) ||
        !stream_is_settled(other, hub, node, hub_node, why, why_size)) {
        return false;
    }
    for (bool found = wu_streams_from(hub, &key, 0, &row); found;
         found = wu_streams_after(hub, &key, 0, &row)) {
        if (!stream_is_settled(hub, other, hub_node, key.stream, why, why_size)) {
            return false;
        }
    }
    return true;
}

bool city_is_settled(const struct city *city, char *why, size_t why_size)
{
    bool settled = true;
    for (int node = CITY_COMMUNITY; settled && node < city->end; node++) {
        struct city_view hub = {0};
        struct city_view other = {0};
        settled = city_view_open(city, city_hub(city, node), &hub) &&
                  city_view_open(city, node, &other) &&
                  pair_is_settled(city, hub.txn, other.txn, (uint32_t)node, why, why_size);
        city_view_close(&hub);
        city_view_close(&other);
    }
    return settled;
}

void city_wait_settled(struct city *city)
{
    char why[300] = "no store";
    int64_t until_ms = city_now_ms() + CITY_WAIT_MS;
    while (!city_is_settled(city, why, sizeof why)) {
        if (city_now_ms() > until_ms) {
            city_fail(city, "mail is still on its way: %s", why);
        }
        city_pause();
    }
}
