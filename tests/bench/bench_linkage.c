/*
 * Whole linkages through six real daemons: a need is raised, looked at by a
 * social worker, taken by an organisation, given two volunteers, goods and
 * money, delivered step by step, confirmed by the resident and closed. The
 * people are played by this program through the front doors; what waits for
 * them it reads from the stores, as wushectl does.
 *
 *   bench_linkage [--linkages N] [--in-flight N] [--bin FOLDER]
 *
 * Prints one JSON line: rates, the latency of one linkage, the processor time
 * each process used, memory of each idle daemon, and how long the coordinator
 * takes from SIGKILL to serving with all these linkages in its store.
 * Everything is fsynced, as in production.
 */
#include "common/base/assert.h"
#include "common/base/time.h"
#include "common/bus/client.h"
#include "common/daemon/config.h"
#include "common/journal/tables.h"
#include "common/store/store.h"
#include "services/community/core/tables.h"
#include "services/provider/provider.h"
#include "services/provider/tables.h"
#include "tests/support/scratch.h"
#include "wushe/charity/v1/gift.pb-c.h"
#include "wushe/coordinator/state/v1/linkage_row.pb-c.h"
#include "wushe/coordinator/v1/kind.pb-c.h"
#include "wushe/socialorg/v1/organisation.pb-c.h"
#include "wushe/socialworker/v1/worker.pb-c.h"
#include "wushe/volunteer/v1/volunteer.pb-c.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum role { COORDINATOR, COMMUNITY, SOCIALORG, SOCIALWORKER, VOLUNTEER, CHARITY, ROLES };
static const char *const ROLE_NAMES[ROLES] = {"coordinator",  "community", "socialorg",
                                              "socialworker", "volunteer", "charity"};

/* The coordinator's tables.h and the community's use the same short names: only these are needed.
 */
extern const struct wu_table COORDINATOR_PROVIDERS;
extern const struct wu_table COORDINATOR_OUTCOMES;
static const struct wu_table *const COORDINATOR_LOOK[] = {&COORDINATOR_PROVIDERS,
                                                          &COORDINATOR_OUTCOMES, NULL};
static const struct wu_table *const PROVIDER_LOOK[] = {PROVIDER_TABLES, NULL};

enum { STREETS = 12, WORKERS = 20, PEOPLE = 400, STEP_SLOTS = 1 << 22 };

static const uint64_t FIRST_STREET = UINT64_C(420106001000);

struct bench {
    const char *bin;
    char *home;
    uint64_t linkages;
    uint64_t in_flight;
    pid_t pids[ROLES];
    struct wu_client *doors[ROLES];
    struct wu_store *stores[ROLES];
    struct wu_arena arena;
    uint64_t raised;
    uint64_t confirmed;
    uint64_t refused;
    uint64_t *sent; /* hashes of steps and needs that were reported already */
    int64_t *raised_us;
    int64_t *took_us;
    long idle_rss_kib[ROLES];
};

static int64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t wall_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void must(bool fine, const char *what)
{
    if (!fine) {
        (void)fprintf(stderr, "bench_linkage: %s\n", what);
        exit(1);
    }
}

/* ---- the city ------------------------------------------------------------------------------ */

extern char **environ;

static pid_t start(const char *program, char *const argv[], const char *log)
{
    pid_t pid = 0;
    posix_spawn_file_actions_t actions;
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    (void)posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    must(posix_spawn(&pid, program, &actions, NULL, argv, environ) == 0, "cannot start a daemon");
    (void)posix_spawn_file_actions_destroy(&actions);
    return pid;
}

static void make_city(struct bench *bench)
{
    char program[512];
    char port[16];
    char log[512];
    int status = 0;
    (void)snprintf(program, sizeof program, "%s/wushectl", bench->bin);
    (void)snprintf(port, sizeof port, "%d", 20000 + (int)(getpid() % 6000) * 2);
    (void)snprintf(log, sizeof log, "%s/bench.log", bench->home);
    char init[] = "init";
    char option[] = "--port";
    char *argv[] = {program, init, bench->home, option, port, NULL};
    pid_t pid = start(program, argv, log);
    must(waitpid(pid, &status, 0) == pid && status == 0, "wushectl init failed");
}

static void start_role(struct bench *bench, enum role role)
{
    char program[512];
    char config[512];
    char log[512];
    char door[512];
    struct wu_error error = {{0}};
    const Bus__Pong *pong = NULL;
    (void)snprintf(program, sizeof program, "%s/wushe-%s", bench->bin, ROLE_NAMES[role]);
    (void)snprintf(config, sizeof config, "%s/%s/node.yaml", bench->home, ROLE_NAMES[role]);
    (void)snprintf(log, sizeof log, "%s/%s/log", bench->home, ROLE_NAMES[role]);
    (void)snprintf(door, sizeof door, "ipc://%s/%s/door", bench->home, ROLE_NAMES[role]);
    char option[] = "--config";
    char *argv[] = {program, option, config, NULL};
    bench->pids[role] = start(program, argv, log);
    must(wu_client_open(&bench->doors[role], door, NULL, &error) == WU_OK, error.text);
    must(wu_client_ping(bench->doors[role], 10000, &bench->arena, &pong) == WU_OK,
         "a daemon does not get ready");
}

static void open_store(struct bench *bench, enum role role, const struct wu_table *const *own)
{
    char path[512];
    struct wu_error error = {{0}};
    const struct wu_table *const *lists[] = {WU_NODE_TABLES, own, NULL};
    (void)snprintf(path, sizeof path, "%s/%s/state", bench->home, ROLE_NAMES[role]);
    struct wu_store_config config = {.path = path, .tables = lists, .read_only = true};
    must(wu_store_open(&bench->stores[role], &config, &error) == WU_OK, error.text);
}

static struct wu_txn *look(struct bench *bench, enum role role)
{
    struct wu_txn *txn = NULL;
    must(wu_txn_begin_read(bench->stores[role], &bench->arena, &txn) == WU_OK,
         "cannot read a store");
    return txn;
}

/* ---- what the city is made of --------------------------------------------------------------- */

static void take_setup_answer(struct bench *bench, enum role role)
{
    const Bus__Answer *answer = NULL;
    must(wu_client_answer(bench->doors[role], 10000, &bench->arena, &answer) == WU_OK, "no answer");
    if (answer->status != BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED) {
        (void)fprintf(stderr, "bench_linkage: %s: %s\n", answer->code, answer->text);
        exit(1);
    }
    wu_arena_reset(&bench->arena, 0);
}

static void tell(struct bench *bench, enum role role, wu_event_type type, ProtobufCMessage *body)
{
    struct wu_command command = {.type = type, .body = body};
    uint64_t number = 0;
    while (wu_client_send(bench->doors[role], &command, &number) == WU_BUSY) {
        take_setup_answer(bench, role);
    }
}

static void settle(struct bench *bench)
{
    for (int role = 0; role < ROLES; role++) {
        while (wu_client_unanswered(bench->doors[role]) > 0) {
            take_setup_answer(bench, (enum role)role);
        }
    }
}

static void add_provider(struct bench *bench, enum role role, int street, const char *service,
                         const char *second)
{
    char code[24];
    const char *services[] = {service, second};
    Linkage__AddProvider body = LINKAGE__ADD_PROVIDER__INIT;
    (void)snprintf(code, sizeof code, "%.8s-%d", ROLE_NAMES[role], street);
    body.code = code;
    body.name = code;
    body.division = FIRST_STREET + (uint64_t)street * 1000;
    body.n_services = second != NULL ? 2 : 1;
    body.services = services;
    tell(bench, role, WU_TYPE(LINKAGE_ADD_PROVIDER), &body.base);
    if (role == SOCIALORG) {
        Socialorg__RegisterOrganisation filed = SOCIALORG__REGISTER_ORGANISATION__INIT;
        filed.body = code;
        filed.kind = SOCIALORG__ORGANISATION_KIND__ORGANISATION_KIND_COMMUNITY_GROUP;
        filed.filing_number = code;
        filed.registered_until_ms = wall_ms() + 1000 * WU_DAY_MS;
        filed.founder_count = 1;
        filed.resident_founder_count = 1;
        filed.by = "office-1";
        tell(bench, role, WU_TYPE(SOCIALORG_REGISTER_ORGANISATION), &filed.base);
    }
}

static void add_worker(struct bench *bench, int street, int n)
{
    char number[24];
    char station[24];
    const char *fields[] = {"assess"};
    Socialworker__AddWorker body = SOCIALWORKER__ADD_WORKER__INIT;
    (void)snprintf(number, sizeof number, "w-%d-%d", street, n);
    (void)snprintf(station, sizeof station, "socialwo-%d", street);
    body.number = number;
    body.station = station;
    body.name = number;
    body.level = SOCIALWORKER__WORKER_LEVEL__WORKER_LEVEL_SENIOR;
    body.n_fields = 1;
    body.fields = fields;
    body.registered_until_ms = wall_ms() + 1000 * WU_DAY_MS;
    body.caseload_max = 1000;
    tell(bench, SOCIALWORKER, WU_TYPE(SOCIALWORKER_ADD_WORKER), &body.base);
}

static void add_volunteer(struct bench *bench, int street, int n)
{
    char number[24];
    char team[24];
    const char *skills[] = {"visit"};
    Volunteer__WeeklyTime times[7];
    Volunteer__WeeklyTime *list[7];
    for (int day = 0; day < 7; day++) {
        volunteer__weekly_time__init(&times[day]);
        times[day].weekday = (uint32_t)day + 1;
        times[day].from_min = 480;
        times[day].until_min = 1200;
        list[day] = &times[day];
    }
    Volunteer__AddVolunteer body = VOLUNTEER__ADD_VOLUNTEER__INIT;
    (void)snprintf(number, sizeof number, "v-%d-%d", street, n);
    (void)snprintf(team, sizeof team, "voluntee-%d", street);
    body.number = number;
    body.team = team;
    body.name = number;
    body.division = FIRST_STREET + (uint64_t)street * 1000 + 1;
    body.n_skills = 1;
    body.skills = skills;
    body.n_free = 7;
    body.free = list;
    tell(bench, VOLUNTEER, WU_TYPE(VOLUNTEER_ADD_VOLUNTEER), &body.base);
}

static void give(struct bench *bench, int street, Charity__ResourceClass resource_class,
                 const char *service)
{
    char fund[24];
    char receipt[24];
    Charity__Give body = CHARITY__GIVE__INIT;
    (void)snprintf(fund, sizeof fund, "charity-%d", street);
    (void)snprintf(receipt, sizeof receipt, "r-%d-%d", street, (int)resource_class);
    body.fund = fund;
    body.resource_class = resource_class;
    body.service = service;
    body.quantity = INT64_C(1000000000000);
    body.receipt = receipt;
    tell(bench, CHARITY, WU_TYPE(CHARITY_GIVE), &body.base);
}

static void adopt_kind(struct bench *bench)
{
    static const struct {
        Linkage__Role role;
        const char *service;
        int64_t quantity;
    } recipe[] = {
        {LINKAGE__ROLE__ROLE_SOCIALORG, "care", 1},
        {LINKAGE__ROLE__ROLE_VOLUNTEER, "visit", 2},
        {LINKAGE__ROLE__ROLE_CHARITY, "goods-rice", 1},
        {LINKAGE__ROLE__ROLE_CHARITY, "money-care", 20000},
    };
    Linkage__PlanStep steps[4];
    Linkage__PlanStep *list[4];
    for (int index = 0; index < 4; index++) {
        linkage__plan_step__init(&steps[index]);
        steps[index].role = recipe[index].role;
        steps[index].service = recipe[index].service;
        steps[index].quantity = recipe[index].quantity;
        steps[index].required = true;
        list[index] = &steps[index];
    }
    Coordinator__AdoptKind body = COORDINATOR__ADOPT_KIND__INIT;
    body.code = "five";
    body.name_zh = "五社联动";
    body.name_en = "five societies";
    body.assess = true;
    body.assess_field = "assess";
    body.reply_within_ms = WU_HOUR_MS;
    body.deliver_within_ms = 30 * WU_DAY_MS;
    body.confirm_within_ms = 30 * WU_DAY_MS;
    body.n_recipe = 4;
    body.recipe = list;
    tell(bench, COORDINATOR, WU_TYPE(COORDINATOR_ADOPT_KIND), &body.base);
}

/* Providers and the kind must have arrived where they are looked up. */
static void wait_known(struct bench *bench)
{
    enum { PROVIDERS = STREETS * 4 };
    for (;;) {
        struct wu_txn *txn = look(bench, COORDINATOR);
        uint64_t providers = wu_table_count(txn, &COORDINATOR_PROVIDERS);
        wu_txn_abort(&txn);
        txn = look(bench, COMMUNITY);
        uint64_t kinds = wu_table_count(txn, &COMMUNITY_KINDS);
        wu_txn_abort(&txn);
        if (providers == PROVIDERS && kinds == 1) {
            return;
        }
        (void)usleep(1000);
    }
}

static void fill_city(struct bench *bench)
{
    adopt_kind(bench);
    for (int street = 0; street < STREETS; street++) {
        char name[32];
        Community__AddCommunity community = COMMUNITY__ADD_COMMUNITY__INIT;
        (void)snprintf(name, sizeof name, "community %d", street);
        community.division = FIRST_STREET + (uint64_t)street * 1000 + 1;
        community.name = name;
        tell(bench, COMMUNITY, WU_TYPE(COMMUNITY_ADD_COMMUNITY), &community.base);
        add_provider(bench, SOCIALORG, street, "care", NULL);
        add_provider(bench, SOCIALWORKER, street, "assess", NULL);
        add_provider(bench, VOLUNTEER, street, "visit", NULL);
        add_provider(bench, CHARITY, street, "goods-rice", "money-care");
    }
    settle(bench);
    for (int street = 0; street < STREETS; street++) {
        give(bench, street, CHARITY__RESOURCE_CLASS__RESOURCE_CLASS_GOODS, "goods-rice");
        give(bench, street, CHARITY__RESOURCE_CLASS__RESOURCE_CLASS_MONEY, "money-care");
        for (int n = 0; n < WORKERS; n++) {
            add_worker(bench, street, n);
        }
        for (int n = 0; n < PEOPLE; n++) {
            add_volunteer(bench, street, n);
        }
    }
    settle(bench);
    wait_known(bench);
}

/* ---- the people ----------------------------------------------------------------------------- */

/* Where the set of what was reported has this step or need, or has room for it. */
static uint64_t *place_of(struct bench *bench, const struct wu_id *id, uint32_t step_no)
{
    uint64_t value = (wu_id_seq(id) << 8 | step_no) + 1;
    uint64_t slot = value * UINT64_C(0x9e3779b97f4a7c15) % STEP_SLOTS;
    while (bench->sent[slot] != 0 && bench->sent[slot] != value) {
        slot = (slot + 1) % STEP_SLOTS;
    }
    return &bench->sent[slot];
}

static void remember(uint64_t *place, const struct wu_id *id, uint32_t step_no)
{
    *place = (wu_id_seq(id) << 8 | step_no) + 1;
}

static void raise_one(struct bench *bench)
{
    uint64_t n = bench->raised;
    int64_t now = wall_ms();
    Community__RaiseNeed body = COMMUNITY__RAISE_NEED__INIT;
    body.kind = "five";
    body.division = FIRST_STREET + n % STREETS * 1000 + 1;
    body.urgency = COMMUNITY__NEED_URGENCY__NEED_URGENCY_URGENT;
    body.source = COMMUNITY__NEED_SOURCE__NEED_SOURCE_RESIDENT;
    body.from_ms = now + (int64_t)(1 + n % 200) * WU_DAY_MS; /* so that people stay free */
    body.until_ms = body.from_ms + 7 * WU_DAY_MS;
    struct wu_command command = {.type = WU_TYPE(COMMUNITY_RAISE_NEED), .body = &body.base};
    uint64_t number = 0;
    if (wu_client_send(bench->doors[COMMUNITY], &command, &number) == WU_OK) {
        bench->raised_us[n] = now_us();
        bench->raised++;
    }
}

static void deliver(struct bench *bench, enum role role, const struct step_open_key *key)
{
    Linkage__ReportDelivery body = LINKAGE__REPORT_DELIVERY__INIT;
    struct wu_command command = {.type = WU_TYPE(LINKAGE_REPORT_DELIVERY), .body = &body.base};
    uint64_t number = 0;
    body.linkage_id = wu_id_to_pb(&key->linkage_id);
    body.step_no = key->step_no;
    body.provider_id = wu_id_to_pb(&key->provider_id);
    body.minutes = 60;
    must(wu_client_send(bench->doors[role], &command, &number) == WU_OK, "cannot report");
}

static void report_deliveries(struct bench *bench, enum role role)
{
    struct wu_txn *txn = look(bench, role);
    struct step_open_key key = {0};
    for (bool found = steps_open_from(txn, &key, 0);
         found && wu_client_unanswered(bench->doors[role]) < 1000;
         found = steps_open_after(txn, &key, 0)) {
        uint64_t *place = place_of(bench, &key.linkage_id, key.step_no);
        if (*place != 0) {
            continue;
        }
        const LinkageState__StepRow *row =
            steps_get(txn, &(struct step_key){key.linkage_id, key.step_no, key.provider_id});
        if (row != NULL && row->state == LINKAGE_STATE__STEP_STATE__STEP_STATE_CONFIRMED) {
            remember(place, &key.linkage_id, key.step_no);
            deliver(bench, role, &key);
        }
        wu_arena_reset(&bench->arena, 0);
    }
    wu_txn_abort(&txn);
}

static void confirm_needs(struct bench *bench)
{
    struct wu_txn *txn = look(bench, COMMUNITY);
    struct need_awaiting_key key = {.confirm_by_ms = INT64_MIN};
    for (bool found = needs_awaiting_from(txn, &key, 0);
         found && wu_client_unanswered(bench->doors[COMMUNITY]) < 1000;
         found = needs_awaiting_after(txn, &key, 0)) {
        uint64_t *place = place_of(bench, &key.need_id, 255);
        if (*place != 0) {
            continue;
        }
        remember(place, &key.need_id, 255);
        Community__ConfirmNeed body = COMMUNITY__CONFIRM_NEED__INIT;
        struct wu_command command = {.type = WU_TYPE(COMMUNITY_CONFIRM_NEED), .body = &body.base};
        uint64_t number = 0;
        body.need_id = wu_id_to_pb(&key.need_id);
        body.verdict = COMMUNITY__VERDICT__VERDICT_MET;
        body.rating = 5;
        must(wu_client_send(bench->doors[COMMUNITY], &command, &number) == WU_OK, "cannot confirm");
        if (bench->in_flight == 1) {
            bench->took_us[bench->confirmed] = now_us() - bench->raised_us[bench->confirmed];
        }
        bench->confirmed++;
    }
    wu_txn_abort(&txn);
}

static void take_answers(struct bench *bench)
{
    for (int role = 0; role < ROLES; role++) {
        const Bus__Answer *answer = NULL;
        while (wu_client_unanswered(bench->doors[role]) > 0 &&
               wu_client_answer(bench->doors[role], 0, &bench->arena, &answer) == WU_OK) {
            bench->refused += answer->status != BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED;
            wu_arena_reset(&bench->arena, 0);
        }
    }
}

static uint64_t closed_count(struct bench *bench)
{
    struct wu_txn *txn = look(bench, COORDINATOR);
    uint8_t key[64] = {0};
    const ProtobufCMessage *row = NULL;
    uint64_t count = 0;
    for (bool found = wu_table_from(txn, &COORDINATOR_OUTCOMES, key, 0, &row); found;
         found = wu_table_after(txn, &COORDINATOR_OUTCOMES, key, 0, &row)) {
        count += ((const CoordinatorState__OutcomeRow *)(const void *)row)->count;
    }
    wu_txn_abort(&txn);
    wu_arena_reset(&bench->arena, 0);
    return count;
}

static void play(struct bench *bench)
{
    uint64_t closed = 0;
    while (closed < bench->linkages) {
        while (bench->raised < bench->linkages && bench->raised - closed < bench->in_flight &&
               wu_client_unanswered(bench->doors[COMMUNITY]) < 500) {
            raise_one(bench);
        }
        for (int role = SOCIALORG; role < ROLES; role++) {
            report_deliveries(bench, (enum role)role);
        }
        confirm_needs(bench);
        take_answers(bench);
        closed = closed_count(bench);
        if (bench->in_flight > 1) {
            (void)usleep(
                3000); /* people look at their desk now and then; the cores are the daemons' */
        }
    }
}

/* ---- figures ----------------------------------------------------------------------------------
 */

static long cpu_ms(pid_t pid)
{
    char path[64];
    char text[1024] = {0};
    unsigned long user = 0;
    unsigned long kernel = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return -1;
    }
    size_t size = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    const char *after = size > 0 ? strrchr(text, ')') : NULL;
    if (after == NULL || sscanf(after, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                                &user, &kernel) != 2) {
        return -1;
    }
    return (long)((user + kernel) * 1000 / (unsigned long)sysconf(_SC_CLK_TCK));
}

static long rss_kib(pid_t pid)
{
    char path[64];
    char line[256];
    long kib = -1;
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    while (file != NULL && kib < 0 && fgets(line, sizeof line, file) != NULL) {
        (void)sscanf(line, "VmRSS: %ld kB", &kib);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return kib;
}

/* Killed and started again: how long until its door answers. */
static double restart_ms(struct bench *bench, enum role role)
{
    (void)kill(bench->pids[role], SIGKILL);
    (void)waitpid(bench->pids[role], NULL, 0);
    wu_client_close(&bench->doors[role]);
    int64_t start_us = now_us();
    start_role(bench, role);
    return (double)(now_us() - start_us) / 1e3;
}

static int compare_i64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static uint64_t folded_count(struct bench *bench)
{
    uint64_t sum = 0;
    for (int role = 0; role < ROLES; role++) {
        const Bus__Pong *pong = NULL;
        must(wu_client_ping(bench->doors[role], 5000, &bench->arena, &pong) == WU_OK,
             "a daemon is gone");
        sum += pong->journal_seq;
        wu_arena_reset(&bench->arena, 0);
    }
    return sum;
}

static void print_figures(struct bench *bench, int64_t spent_us, uint64_t events,
                          const long *cpu_before)
{
    double seconds = (double)spent_us / 1e6;
    (void)printf("{\"bench\":\"linkage\",\"linkages\":%" PRIu64 ",\"in_flight\":%" PRIu64
                 ",\"seconds\":%.3f,\"linkages_per_s\":%.0f,\"events_per_s\":%.0f,"
                 "\"ratio_to_limit\":%.2f,\"limit_linkages_per_s\":1000,\"refused\":%" PRIu64,
                 bench->linkages, bench->in_flight, seconds, (double)bench->linkages / seconds,
                 (double)events / seconds, (double)bench->linkages / seconds / 1000.0,
                 bench->refused);
    if (bench->in_flight == 1) {
        qsort(bench->took_us, bench->confirmed, sizeof *bench->took_us, compare_i64);
        (void)printf(",\"latency_ms_median\":%.2f,\"latency_ms_p99\":%.2f",
                     (double)bench->took_us[bench->confirmed / 2] / 1e3,
                     (double)bench->took_us[bench->confirmed * 99 / 100] / 1e3);
    }
    (void)printf(",\"idle_rss_kib\":{");
    for (int role = 0; role < ROLES; role++) {
        (void)printf("%s\"%s\":%ld", role > 0 ? "," : "", ROLE_NAMES[role],
                     bench->idle_rss_kib[role]);
    }
    (void)printf("},\"cpu_ms\":{");
    for (int role = 0; role < ROLES; role++) {
        (void)printf("\"%s\":%ld,", ROLE_NAMES[role], cpu_ms(bench->pids[role]) - cpu_before[role]);
    }
    (void)printf("\"people\":%ld},", cpu_ms(getpid()) - cpu_before[ROLES]);
    (void)printf("\"restart_ms\":%.1f}\n", restart_ms(bench, COORDINATOR));
}

static void run(struct bench *bench)
{
    long cpu_before[ROLES + 1];
    for (int role = 0; role < ROLES; role++) {
        cpu_before[role] = cpu_ms(bench->pids[role]);
    }
    cpu_before[ROLES] = cpu_ms(getpid());
    uint64_t events = folded_count(bench);
    int64_t start_us = now_us();
    play(bench);
    int64_t spent_us = now_us() - start_us;
    print_figures(bench, spent_us, folded_count(bench) - events, cpu_before);
}

static void stop_city(struct bench *bench)
{
    for (int role = 0; role < ROLES; role++) {
        wu_store_close(&bench->stores[role]);
        wu_client_close(&bench->doors[role]);
        (void)kill(bench->pids[role], SIGTERM);
    }
    for (int role = 0; role < ROLES; role++) {
        (void)waitpid(bench->pids[role], NULL, 0);
    }
    scratch_remove(&bench->home);
}

int main(int argc, char **argv)
{
    static struct bench bench = {.linkages = 20000, .in_flight = 1500};
    static char folder[512]; /* the programs lie beside this one */
    ssize_t length = readlink("/proc/self/exe", folder, sizeof folder - 1);
    char *slash = length > 0 ? strrchr(folder, '/') : NULL;
    must(slash != NULL, "cannot tell where the programs are; say --bin FOLDER");
    *slash = '\0';
    bench.bin = folder;
    for (int at = 1; at + 1 < argc; at += 2) {
        if (strcmp(argv[at], "--linkages") == 0) {
            bench.linkages = strtoull(argv[at + 1], NULL, 10);
        } else if (strcmp(argv[at], "--in-flight") == 0) {
            bench.in_flight = strtoull(argv[at + 1], NULL, 10);
        } else if (strcmp(argv[at], "--bin") == 0) {
            bench.bin = argv[at + 1];
        } else {
            must(false, "usage: bench_linkage [--linkages N] [--in-flight N] [--bin FOLDER]");
        }
    }
    bench.home = scratch_make();
    bench.sent = calloc(STEP_SLOTS, sizeof *bench.sent);
    bench.raised_us = calloc(bench.linkages + 1, sizeof *bench.raised_us);
    bench.took_us = calloc(bench.linkages + 1, sizeof *bench.took_us);
    must(bench.sent != NULL && bench.raised_us != NULL && bench.took_us != NULL &&
             wu_arena_open(&bench.arena, (size_t)64 << 20) == WU_OK,
         "no memory");
    make_city(&bench);
    for (int role = 0; role < ROLES; role++) {
        start_role(&bench, (enum role)role);
        const struct wu_table *const *own = role == COORDINATOR ? COORDINATOR_LOOK
                                            : role == COMMUNITY ? COMMUNITY_TABLES
                                                                : PROVIDER_LOOK;
        open_store(&bench, (enum role)role, own);
    }
    for (int role = 0; role < ROLES; role++) {
        bench.idle_rss_kib[role] = rss_kib(bench.pids[role]);
    }
    fill_city(&bench);
    run(&bench);
    stop_city(&bench);
    return 0;
}
