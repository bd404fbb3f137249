#include "tests/chaos/chaos.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { EXIT_DISK = 74, LOOK_MS = 500, GAP_MS = 500, DISK_MEMORY_MS = 3000 };

const char *const CHAOS_FAULT_NAMES[CHAOS_FAULTS] = {"kill", "stop", "cut", "full", "unsynced"};

const char *const CHAOS_COUNT_NAMES[COUNTS] = {
    [COUNT_KILL] = "kill",
    [COUNT_KILL_START] = "kill-start",
    [COUNT_KILL_CATCHUP] = "kill-catchup",
    [COUNT_POWER] = "power",
    [COUNT_POWER_AT_CALL] = "power-at-call",
    [COUNT_LOST_SECTORS] = "lost-sectors",
    [COUNT_STOP] = "stop",
    [COUNT_CUT] = "cut",
    [COUNT_REFUSE] = "refuse",
    [COUNT_STALL_UP] = "stall-up",
    [COUNT_STALL_DOWN] = "stall-down",
    [COUNT_NO_SPACE] = "no-space",
    [COUNT_WRITE_FAILS] = "write-fails",
    [COUNT_ROOT_FAILS] = "root-fails",
    [COUNT_SYNC_FAILS] = "sync-fails",
    [COUNT_BALLAST] = "ballast",
    [COUNT_DISK_EXIT] = "disk-exit",
};

static uint64_t below(struct chaos *chaos, uint64_t n)
{
    return wu_prng_below(&chaos->prng, n);
}

static bool has(const struct chaos *chaos, enum chaos_fault fault)
{
    return (chaos->options->faults >> fault & 1) != 0;
}

uint64_t chaos_kill_count(const struct chaos *chaos)
{
    return chaos->counts[COUNT_KILL] + chaos->counts[COUNT_KILL_START] +
           chaos->counts[COUNT_KILL_CATCHUP] + chaos->counts[COUNT_POWER] +
           chaos->counts[COUNT_POWER_AT_CALL];
}

/* ---- before the start -------------------------------------------------------------------- */

static void load_layer(struct chaos *chaos, int node)
{
    char variable[600];
    const char *options = getenv("ASAN_OPTIONS");
    struct city_path log = city_path(chaos->city, node, "disk");
    chaos->nodes[node].disk = disk_open(log.text);
    chaos->nodes[node].disk->lies = chaos->options->lies != 0;
    (void)snprintf(variable, sizeof variable, "WUSHE_CHAOS_LOG=%s", log.text);
    city_environment(chaos->city, node, variable);
    (void)snprintf(variable, sizeof variable, "WUSHE_CHAOS_DATA=%s",
                   city_path(chaos->city, node, "state/data.mdb").text);
    city_environment(chaos->city, node, variable);
    city_environment(chaos->city, node, "LD_PRELOAD=" WUSHE_CHAOS_LAYER);
    (void)snprintf(variable, sizeof variable, "ASAN_OPTIONS=%s:verify_asan_link_order=0",
                   options != NULL ? options : "");
    city_environment(chaos->city, node, variable);
}

/* In a namespace of its own, so that the mount ends with this process whatever happens. */
static bool mount_small(struct chaos *chaos, int node)
{
    struct city_path state = city_path(chaos->city, node, "state");
    cr_assert_eq(mkdir(state.text, 0700), 0);
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("wushe-chaos", state.text, "tmpfs", 0, "size=160m,mode=0700") == 0;
}

/*
 * Half of them keep nothing that was acknowledged, so that an acknowledgement
 * that was none is felt; and who is behind in what is public gets a snapshot.
 */
static void keep_little(struct chaos *chaos, int node)
{
    if (below(chaos, 2) == 0) {
        city_configure(chaos->city, node, "stream_keep_count: 0\npublic_keep_count: 3\n");
    }
}

void chaos_prepare(struct chaos *chaos)
{
    int node = CITY_COORDINATOR + (int)below(chaos, CITY_END - CITY_COORDINATOR);
    if (has(chaos, CHAOS_FULL) && geteuid() == 0 && mount_small(chaos, node)) {
        chaos->small_disk = node;
    }
    for (node = CITY_COORDINATOR; node < CITY_END; node++) {
        keep_little(chaos, node);
        if (has(chaos, CHAOS_FULL) || has(chaos, CHAOS_UNSYNCED)) {
            load_layer(chaos, node);
        }
        if (has(chaos, CHAOS_CUT) && node != CITY_COORDINATOR) {
            city_dial(chaos->city, node, proxy_address(node).text);
        }
    }
    if (has(chaos, CHAOS_CUT)) {
        chaos->proxy = proxy_open(chaos->city);
    }
}

void chaos_end(struct chaos *chaos)
{
    proxy_close(&chaos->proxy);
    for (int node = CITY_COORDINATOR; node < CITY_END; node++) {
        disk_close(&chaos->nodes[node].disk);
    }
    if (chaos->small_disk != 0 &&
        umount(city_path(chaos->city, chaos->small_disk, "state").text) != 0) {
        city_fail(chaos->city, "cannot unmount: %s", strerror(errno));
    }
}

/* ---- kill, unsynced ------------------------------------------------------------------------ */

/* Comes back at once, or when others have gone on without it. */
static void plan_start(struct chaos *chaos, int node, bool late)
{
    struct chaos_node *at = &chaos->nodes[node];
    at->stopped = false;
    at->armed = false;
    at->kill_at_ms = 0;
    if (at->disk != NULL) {
        at->disk->dies_in = 0;
    }
    at->start_at_ms = city_now_ms() + (int64_t)(late ? 500 + below(chaos, 1500) : below(chaos, 50));
}

/* The note beside the store is not synced: after a power cut it may be empty. */
static void empty_witness(struct chaos *chaos, int node)
{
    if (below(chaos, 3) == 0) {
        (void)!truncate(city_path(chaos->city, node, "state.witness").text, 0);
    }
}

static void power_is_gone(struct chaos *chaos, int node)
{
    struct chaos_node *at = &chaos->nodes[node];
    struct city_path data = city_path(chaos->city, node, "state/data.mdb");
    chaos->counts[COUNT_LOST_SECTORS] += disk_cut_power(at->disk, data.text, &chaos->prng);
    empty_witness(chaos, node);
    plan_start(chaos, node, below(chaos, 4) == 0);
}

static void begin_kill(struct chaos *chaos, int node)
{
    uint64_t how = below(chaos, 3);
    city_kill(chaos->city, node);
    chaos->counts[COUNT_KILL]++;
    plan_start(chaos, node, how == 2);
    chaos->nodes[node].in_haste = how > 0;
}

/* Killed a second time. */
static void kill_again(struct chaos *chaos, int node)
{
    struct chaos_node *at = &chaos->nodes[node];
    bool was_away = at->kill_at_ms - at->start_at_ms > 40;
    city_kill(chaos->city, node);
    chaos->counts[was_away ? COUNT_KILL_CATCHUP : COUNT_KILL_START]++;
    plan_start(chaos, node, false);
}

static void begin_power_cut(struct chaos *chaos, int node)
{
    struct chaos_node *at = &chaos->nodes[node];
    if (below(chaos, 3) == 0) {
        city_kill(chaos->city, node);
        chaos->counts[COUNT_POWER]++;
        power_is_gone(chaos, node);
        return;
    }
    at->armed = true;
    at->kill_at_ms = city_now_ms() + 1500; /* when it has nothing to write */
    at->disk->dies_after = below(chaos, 2) == 0;
    at->disk->dies_in = 1 + (uint32_t)below(chaos, 12);
}

static bool first_life_is_over(struct chaos *chaos, int node)
{
    int status = 0;
    if (!city_has_ended(chaos->city, node, &status)) {
        return city_ping(chaos->city, node, 20) != NULL;
    }
    if (status != 128 + SIGKILL) {
        city_fail(chaos->city, "%s ended with %d", CITY_CORES[node]->role, status);
    }
    return true;
}

void chaos_first_lives(struct chaos *chaos)
{
    enum { CALLS = 8 }; /* until a new store is ready, and one more */
    for (int node = CITY_COORDINATOR; has(chaos, CHAOS_UNSYNCED) && node < CITY_END; node++) {
        chaos->nodes[node].disk->dies_in = 1 + (uint32_t)below(chaos, CALLS);
        chaos->nodes[node].disk->dies_after = below(chaos, 2) == 0;
        city_start(chaos->city, node);
        CITY_WAIT(chaos->city, first_life_is_over(chaos, node));
        city_kill(chaos->city, node);
        chaos->counts[COUNT_POWER_AT_CALL]++;
        power_is_gone(chaos, node);
    }
}

/* ---- stop ------------------------------------------------------------------------------------ */

/* Around the second in which it should be heard of, three for an answer, five for silence. */
static void begin_stop(struct chaos *chaos, int node)
{
    static const int64_t AROUND_MS[] = {50, 200, 1000, 1000, 1500, 2000, 3000, 5000};
    struct chaos_node *at = &chaos->nodes[node];
    int64_t around_ms = AROUND_MS[below(chaos, sizeof AROUND_MS / sizeof *AROUND_MS)];
    city_signal(chaos->city, node, SIGSTOP);
    at->stopped = true;
    at->go_on_at_ms = city_now_ms() + around_ms - 20 + (int64_t)below(chaos, 80);
    chaos->counts[COUNT_STOP]++;
}

static void go_on(struct chaos *chaos, int node)
{
    city_signal(chaos->city, node, SIGCONT);
    chaos->nodes[node].stopped = false;
}

/* ---- cut ---------------------------------------------------------------------------------------
 */

static void begin_cut(struct chaos *chaos, int node)
{
    struct proxy_state state = {0};
    uint64_t how = below(chaos, 5);
    int64_t span_ms = 100 + (int64_t)below(chaos, below(chaos, 4) == 0 ? 6500 : 1500);
    if (how < 3) {
        proxy_cut(chaos->proxy, node, below(chaos, 2) == 0);
        chaos->counts[COUNT_CUT]++;
    }
    state.refuses = how == 1 || how == 2;
    state.stalls_up = how == 3;
    state.stalls_down = how == 4;
    chaos->counts[COUNT_REFUSE] += state.refuses;
    chaos->counts[COUNT_STALL_UP] += state.stalls_up;
    chaos->counts[COUNT_STALL_DOWN] += state.stalls_down;
    proxy_set(chaos->proxy, node, state);
    chaos->nodes[node].wires_well_ms = city_now_ms() + span_ms;
}

static void mend_wires(struct chaos *chaos, int node)
{
    proxy_set(chaos->proxy, node, (struct proxy_state){0});
    chaos->nodes[node].wires_well_ms = 0;
}

/* ---- full ---------------------------------------------------------------------------------------
 */

static const struct {
    enum chaos_count count;
    uint32_t calls;
    int error;
} DISK_FAULTS[] = {
    {COUNT_NO_SPACE, DISK_SPACE | DISK_WRITE | DISK_ROOT, ENOSPC},
    {COUNT_WRITE_FAILS, DISK_WRITE, ENOSPC},
    {COUNT_WRITE_FAILS, DISK_WRITE, EIO},
    {COUNT_ROOT_FAILS, DISK_ROOT, EIO},
    {COUNT_SYNC_FAILS, DISK_SYNC, EIO},
};

/* All that is free, or but a little, or what the daemon keeps in reserve. */
static void fill_small_disk(struct chaos *chaos, int node)
{
    struct city_path state = city_path(chaos->city, node, "state");
    struct city_path ballast = city_path(chaos->city, node, "state/ballast");
    struct statvfs info;
    cr_assert_eq(statvfs(state.text, &info), 0);
    uint64_t free_bytes = (uint64_t)info.f_bavail * info.f_frsize;
    uint64_t rest = below(chaos, 3) == 0 ? (uint64_t)60 << 20 : below(chaos, 64) * 4096;
    int fd = open(ballast.text, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0);
    if (free_bytes > rest) {
        (void)posix_fallocate(fd, 0, (off_t)(free_bytes - rest)); /* the daemon was faster: fine */
    }
    (void)close(fd);
    chaos->counts[COUNT_BALLAST]++;
}

static void begin_full(struct chaos *chaos, int node)
{
    struct chaos_node *at = &chaos->nodes[node];
    at->disk_well_ms = city_now_ms() + 50 + (int64_t)below(chaos, 1200);
    if (node == chaos->small_disk) {
        fill_small_disk(chaos, node);
        return;
    }
    size_t which = below(chaos, sizeof DISK_FAULTS / sizeof *DISK_FAULTS);
    at->disk->fail_errno = (uint32_t)DISK_FAULTS[which].error;
    at->disk->fail_after = (uint32_t)below(chaos, 6);
    at->disk->failing = DISK_FAULTS[which].calls;
    chaos->counts[DISK_FAULTS[which].count]++;
}

static void mend_disk(struct chaos *chaos, int node)
{
    chaos->nodes[node].disk_well_ms = 0;
    chaos->nodes[node].disk->failing = 0;
    if (node == chaos->small_disk) {
        (void)unlink(city_path(chaos->city, node, "state/ballast").text);
    }
}

/* ---- turns
 * ----------------------------------------------------------------------------------------- */

/* False when that node is in no state for that fault. */
static bool try_fault(struct chaos *chaos, enum chaos_fault fault, int node)
{
    const struct chaos_node *at = &chaos->nodes[node];
    bool runs = city_runs(chaos->city, node) && at->kill_at_ms == 0;
    if (fault == CHAOS_KILL && runs) {
        begin_kill(chaos, node);
    } else if (fault == CHAOS_STOP && runs && !at->stopped) {
        begin_stop(chaos, node);
    } else if (fault == CHAOS_CUT && node != CITY_COORDINATOR && at->wires_well_ms == 0) {
        begin_cut(chaos, node);
    } else if (fault == CHAOS_FULL && at->disk_well_ms == 0) {
        begin_full(chaos, node);
    } else if (fault == CHAOS_UNSYNCED && runs && !at->stopped) {
        begin_power_cut(chaos, node);
    } else {
        return false;
    }
    return true;
}

static void begin_fault(struct chaos *chaos)
{
    enum { DRAWS = 100 }; /* all may be in trouble already: then in the next turn */
    for (int draw = 0; draw < DRAWS; draw++) {
        enum chaos_fault fault = (enum chaos_fault)below(chaos, CHAOS_FAULTS);
        int node = CITY_COORDINATOR + (int)below(chaos, CITY_END - CITY_COORDINATOR);
        if (has(chaos, fault) && try_fault(chaos, fault, node)) {
            chaos->next_fault_ms = city_now_ms() + (int64_t)below(chaos, GAP_MS);
            return;
        }
    }
}

static void start(struct chaos *chaos, int node)
{
    struct chaos_node *at = &chaos->nodes[node];
    city_start(chaos->city, node);
    at->start_at_ms = city_now_ms();
    if (at->in_haste) {
        at->in_haste = false;
        at->kill_at_ms =
            at->start_at_ms + 1 + (int64_t)below(chaos, below(chaos, 2) == 0 ? 40 : 400);
    }
}

/* A daemon that ended by itself: at the call it was to die at, or since its disk fails. */
static void take_end(struct chaos *chaos, int node, int status)
{
    struct chaos_node *at = &chaos->nodes[node];
    if (status == 128 + SIGKILL && at->armed) {
        chaos->counts[COUNT_POWER_AT_CALL]++;
        power_is_gone(chaos, node);
    } else if (status == EXIT_DISK && at->disk_failed_ms != 0 &&
               city_now_ms() - at->disk_failed_ms < DISK_MEMORY_MS) {
        chaos->counts[COUNT_DISK_EXIT]++;
        plan_start(chaos, node, false);
    } else {
        city_fail(chaos->city, "%s ended with %d", CITY_CORES[node]->role, status);
    }
}

static void turn_node(struct chaos *chaos, int node, int64_t now_ms)
{
    struct chaos_node *at = &chaos->nodes[node];
    int status = 0;
    at->disk_failed_ms = at->disk_well_ms != 0 ? now_ms : at->disk_failed_ms;
    if (city_has_ended(chaos->city, node, &status)) {
        take_end(chaos, node, status);
    }
    if (!city_runs(chaos->city, node)) {
        if (now_ms >= at->start_at_ms) {
            start(chaos, node);
        }
    } else if (at->kill_at_ms != 0 && now_ms >= at->kill_at_ms) {
        if (at->armed) {
            city_kill(chaos->city, node);
            chaos->counts[COUNT_POWER]++;
            power_is_gone(chaos, node);
        } else {
            kill_again(chaos, node);
        }
    } else if (at->stopped && now_ms >= at->go_on_at_ms) {
        go_on(chaos, node);
    }
    if (at->disk_well_ms != 0 && now_ms >= at->disk_well_ms) {
        mend_disk(chaos, node);
    }
    if (at->wires_well_ms != 0 && now_ms >= at->wires_well_ms) {
        mend_wires(chaos, node);
    }
}

/* No store was put back to an older copy: nobody may find itself in another past. */
static void look_for_two_pasts(struct chaos *chaos)
{
    for (int node = CITY_COORDINATOR; node < CITY_END; node++) {
        if (city_log_has(chaos->city, node, "state=diverged")) {
            city_fail(chaos->city, "%s has lost what others know", CITY_CORES[node]->role);
        }
    }
}

void chaos_turn(struct chaos *chaos, bool faults)
{
    int64_t now_ms = city_now_ms();
    for (int node = CITY_COORDINATOR; node < CITY_END; node++) {
        turn_node(chaos, node, now_ms);
    }
    if (faults && now_ms >= chaos->next_fault_ms) {
        begin_fault(chaos);
    }
    if (now_ms >= chaos->next_look_ms) {
        look_for_two_pasts(chaos);
        chaos->next_look_ms = now_ms + LOOK_MS;
    }
}

void chaos_heal(struct chaos *chaos)
{
    for (int node = CITY_COORDINATOR; node < CITY_END; node++) {
        struct chaos_node *at = &chaos->nodes[node];
        at->in_haste = false;
        at->start_at_ms = 0;
        at->go_on_at_ms = 0;
        at->kill_at_ms = at->armed ? 1 : 0; /* it may be dying already */
        at->disk_well_ms = at->disk_well_ms != 0 ? 1 : 0;
        at->wires_well_ms = at->wires_well_ms != 0 ? 1 : 0;
    }
    chaos_turn(chaos, false);
    look_for_two_pasts(chaos);
}
