/*
 * wushe-sim: one seed, or many, of the made-up city.
 *
 *   wushe-sim --seed N [--steps M] [--needs N] [--faults LIST] [--trace | --shrink]
 *   wushe-sim --seeds A..B [--seconds S] [--first-failure] [--faults LIST]
 *   wushe-sim --file FILE        the seeds that are the first word of its lines
 *
 * README.md tells more.
 */
#include "tests/sim/shrink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct arguments {
    struct sim_options options;
    uint64_t first;
    uint64_t last;
    double seconds; /* 0: no limit */
    bool first_failure;
    bool shrinks;
    const char *file;
    char folder[128];
};

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void say_failure(const struct sim_report *report, uint64_t seed)
{
    (void)printf("FAILED seed 0x%" PRIx64 " %s: %s\n", seed, report->checker, report->text);
}

static int run_one(struct arguments *arguments)
{
    struct sim_report report;
    sim_run(&arguments->options, &report);
    if (report.failed) {
        say_failure(&report, arguments->options.seed);
    }
    (void)printf("seed 0x%" PRIx64 " hash %016" PRIx64 " events %" PRIu64 " linkages %" PRIu64 "\n",
                 arguments->options.seed, report.hash, report.event_count, report.linkage_count);
    return report.failed ? 1 : 0;
}

/* ---- many seeds ------------------------------------------------------------------------ */

struct totals {
    uint64_t current; /* seed */
    uint64_t seeds;
    uint64_t failed;
    struct sim_report sum;
};

static void add(struct totals *totals, const struct sim_report *report)
{
    totals->seeds++;
    totals->failed += report->failed;
    totals->sum.event_count += report->event_count;
    totals->sum.step_count += report->step_count;
    totals->sum.commit_count += report->commit_count;
    totals->sum.choice_count += report->choice_count;
    totals->sum.linkage_count += report->linkage_count;
    totals->sum.met_count += report->met_count;
    totals->sum.command_count += report->command_count;
    totals->sum.snapshot_count += report->snapshot_count;
    totals->sum.diverged_count += report->diverged_count;
    totals->sum.late_confirm_count += report->late_confirm_count;
    totals->sum.replay_count += report->replay_count;
    totals->sum.given_twice_count += report->given_twice_count;
    totals->sum.virtual_us += report->virtual_us;
    for (int fault = 0; fault < FAULT_COUNT; fault++) {
        totals->sum.faults[fault] += report->faults[fault];
    }
}

static void say_totals(const struct totals *totals, double seconds)
{
    const struct sim_report *sum = &totals->sum;
    (void)printf("%" PRIu64 " seeds, %" PRIu64 " failed, %.1f s: %.1f seeds/s, %.0f events/s\n",
                 totals->seeds, totals->failed, seconds, (double)totals->seeds / seconds,
                 (double)sum->event_count / seconds);
    (void)printf("%" PRIu64 " events, %" PRIu64 " commits, %" PRIu64 " linkages (%" PRIu64
                 " met), %" PRIu64 " commands, %" PRIu64 " choices, %.1f days of virtual time\n",
                 sum->event_count, sum->commit_count, sum->linkage_count, sum->met_count,
                 sum->command_count, sum->choice_count, (double)sum->virtual_us / (double)SIM_DAY);
    for (int fault = 0; fault < FAULT_COUNT; fault++) {
        (void)printf("  %-14s %" PRIu64 "\n", sim_fault_name((enum sim_fault)fault),
                     sum->faults[fault]);
    }
    (void)printf("  seen: snapshots %" PRIu64 ", diverged %" PRIu64 ", late confirmations %" PRIu64
                 ", steps delivered twice %" PRIu64 ", journals folded again %" PRIu64 "\n",
                 sum->snapshot_count, sum->diverged_count, sum->late_confirm_count,
                 sum->given_twice_count, sum->replay_count);
}

/* In a child, so that an assertion of the code under test is a failed seed and not the end. */
static bool run_child(struct arguments *arguments, struct totals *totals, uint64_t from, double end)
{
    pid_t pid = fork();
    if (pid == 0) {
        for (uint64_t seed = from; seed <= arguments->last; seed++) {
            struct sim_report report;
            bool enough = arguments->first_failure && totals->failed > 0;
            if (enough || (arguments->seconds > 0 && now_s() > end)) {
                break;
            }
            totals->current = seed;
            arguments->options.seed = seed;
            sim_run(&arguments->options, &report);
            if (report.failed) {
                say_failure(&report, seed);
            }
            add(totals, &report);
        }
        (void)fflush(stdout);
        _exit(0);
    }
    int status = 0;
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static int run_many(struct arguments *arguments)
{
    struct totals *totals =
        mmap(NULL, sizeof *totals, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (totals == MAP_FAILED) {
        return 2;
    }
    double start = now_s();
    uint64_t from = arguments->first;
    (void)fflush(stdout);
    while (!run_child(arguments, totals, from, start + arguments->seconds)) {
        (void)printf("FAILED seed 0x%" PRIx64 " died: the process ended\n", totals->current);
        (void)fflush(stdout);
        totals->failed++;
        totals->seeds++;
        from = totals->current + 1;
    }
    say_totals(totals, now_s() - start);
    return totals->failed > 0 ? 1 : 0;
}

/* ---- a list of seeds ------------------------------------------------------------------------ */

static int run_file(struct arguments *arguments)
{
    char line[512];
    int failed = 0;
    int count = 0;
    FILE *file = fopen(arguments->file, "re");
    if (file == NULL) {
        perror(arguments->file);
        return 66;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        struct sim_report report;
        if (strncmp(line, "0x", 2) != 0) {
            continue;
        }
        arguments->options.seed = strtoull(line, NULL, 0);
        shrink_run(&arguments->options, &report);
        count++;
        if (report.failed) {
            failed++;
            say_failure(&report, arguments->options.seed);
        }
    }
    (void)fclose(file);
    (void)printf("%d seeds that once failed, %d fail now\n", count, failed);
    return failed > 0 ? 1 : 0;
}

/* ---- command line ------------------------------------------------------------------------- */

static bool choose_faults(struct sim_options *options, const char *list)
{
    options->faults = 0;
    for (int fault = 0; fault < FAULT_COUNT; fault++) {
        const char *name = sim_fault_name((enum sim_fault)fault);
        const char *at = list;
        size_t size = strlen(name);
        while ((at = strstr(at, name)) != NULL) {
            bool whole = (at == list || at[-1] == ',') && (at[size] == ',' || at[size] == '\0');
            options->faults |= whole ? UINT32_C(1) << fault : 0;
            at += size;
        }
    }
    return options->faults != 0 || strcmp(list, "none") == 0;
}

static bool take_option(struct arguments *arguments, const char *name, const char *value)
{
    struct sim_options *options = &arguments->options;
    char *end = NULL;
    if (strcmp(name, "--faults") == 0) {
        return choose_faults(options, value);
    }
    if (strcmp(name, "--file") == 0) {
        arguments->file = value;
        return true;
    }
    uint64_t number = strtoull(value, &end, 0);
    if (strcmp(name, "--seeds") == 0) {
        arguments->first = number;
        arguments->last = strncmp(end, "..", 2) == 0 ? strtoull(end + 2, &end, 0) : number;
        return *end == '\0';
    }
    if (strcmp(name, "--seed") == 0) {
        options->seed = number;
    } else if (strcmp(name, "--steps") == 0) {
        options->step_max = number;
    } else if (strcmp(name, "--needs") == 0) {
        options->need_max = (uint32_t)number;
    } else if (strcmp(name, "--faults-max") == 0) {
        options->fault_max = number;
    } else if (strcmp(name, "--seconds") == 0) {
        arguments->seconds = (double)number;
    } else {
        return false;
    }
    return *end == '\0';
}

static bool read_arguments(struct arguments *arguments, int argc, char **argv)
{
    for (int index = 1; index < argc; index++) {
        if (strcmp(argv[index], "--trace") == 0) {
            arguments->options.trace = true;
        } else if (strcmp(argv[index], "--shrink") == 0) {
            arguments->shrinks = true;
        } else if (strcmp(argv[index], "--first-failure") == 0) {
            arguments->first_failure = true;
        } else if (index + 1 < argc && take_option(arguments, argv[index], argv[index + 1])) {
            index++;
        } else {
            (void)fprintf(stderr, "wushe-sim: what is '%s'? See tests/sim/README.md\n",
                          argv[index]);
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {
        .options = {.seed = 1, .faults = UINT32_MAX, .fault_max = UINT64_MAX}};
    if (!read_arguments(&arguments, argc, argv)) {
        return 64;
    }
    (void)snprintf(arguments.folder, sizeof arguments.folder, "%s/wushe-sim-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    if (mkdtemp(arguments.folder) == NULL) {
        perror("wushe-sim: no scratch folder");
        return 74;
    }
    arguments.options.folder = arguments.folder;
    int status = arguments.file != NULL ? run_file(&arguments)
                 : arguments.last > 0   ? run_many(&arguments)
                 : arguments.shrinks    ? shrink(&arguments.options)
                                        : run_one(&arguments);
    disk_clear(arguments.folder);
    (void)rmdir(arguments.folder);
    return status;
}
