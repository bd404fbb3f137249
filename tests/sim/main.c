/*
 * wushe-sim: one seed, or many, of the made-up city.
 *
 *   wushe-sim --seed N [--steps M] [--needs N] [--faults LIST] [--trace | --shrink]
 *   wushe-sim --seeds A..B [--seconds S] [--first-failure] [--faults LIST] [--json]
 *   wushe-sim --file FILE        the seeds that are the first word of its lines
 *
 * README.md tells more.
 */
#include "tests/sim/shrink.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
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
    bool json;
    const char *file;
    char folder[128];
};

static double now_s(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Ended from outside: the scratch folder goes all the same. */
static volatile sig_atomic_t ended_by;

static void end(int signal_number)
{
    ended_by = signal_number;
}

static void say_failure(const struct sim_report *report, uint64_t seed)
{
    (void)printf("FAILED seed 0x%" PRIx64 " %s: %s\n", seed, report->checker, report->text);
    (void)fflush(stdout);
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
    totals->sum.command_count += report->command_count;
    totals->sum.snapshot_count += report->snapshot_count;
    totals->sum.diverged_count += report->diverged_count;
    totals->sum.late_confirm_count += report->late_confirm_count;
    totals->sum.replay_count += report->replay_count;
    totals->sum.given_twice_count += report->given_twice_count;
    totals->sum.virtual_us += report->virtual_us;
    for (int end = 0; end < SIM_ENDS; end++) {
        totals->sum.ended[end] += report->ended[end];
    }
    for (int role = 0; role < SIM_ROLES; role++) {
        totals->sum.folded[role] += report->folded[role];
    }
    for (int fault = 0; fault < FAULT_COUNT; fault++) {
        totals->sum.faults[fault] += report->faults[fault];
    }
}

/* Processor time of this process and its children. */
static double cpu_s(void)
{
    double sum = 0;
    static const int WHO[] = {RUSAGE_SELF, RUSAGE_CHILDREN};
    for (size_t n = 0; n < sizeof WHO / sizeof WHO[0]; n++) {
        struct rusage used;
        (void)getrusage(WHO[n], &used);
        sum += (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
               (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    }
    return sum;
}

struct figure {
    const char *name;
    double value;
};

static size_t figures_of(const struct totals *totals, double seconds, struct figure *list)
{
    const struct sim_report *sum = &totals->sum;
    double cpu = cpu_s();
    const struct figure figures[] = {
        {"histories", (double)totals->seeds},
        {"failed", (double)totals->failed},
        {"seconds", seconds},
        {"cpu_seconds", cpu},
        {"linkages", (double)sum->linkage_count},
        {"linkages_per_cpu_second", (double)sum->linkage_count / cpu},
        {"events", (double)sum->event_count},
        {"events_per_cpu_second", (double)sum->event_count / cpu},
        {"commits", (double)sum->commit_count},
        {"commands", (double)sum->command_count},
        {"world_events", (double)sum->step_count},
        {"choices", (double)sum->choice_count},
        {"virtual_hours", (double)sum->virtual_us / (double)SIM_HOUR},
        {"snapshots", (double)sum->snapshot_count},
        {"diverged", (double)sum->diverged_count},
        {"late_confirmations", (double)sum->late_confirm_count},
        {"steps_delivered_twice", (double)sum->given_twice_count},
        {"journals_folded_again", (double)sum->replay_count},
    };
    memcpy(list, figures, sizeof figures);
    return sizeof figures / sizeof figures[0];
}

static void say_group(const char *name, bool json, size_t count, const struct figure *list)
{
    if (json) {
        (void)printf("\"%s\":{", name);
    } else {
        (void)printf("%s\n", name);
    }
    for (size_t n = 0; n < count; n++) {
        if (json) {
            (void)printf("%s\"%s\":%.0f", n > 0 ? "," : "", list[n].name, list[n].value);
        } else {
            (void)printf("  %-24s %.0f\n", list[n].name, list[n].value);
        }
    }
    (void)fputs(json ? "}" : "", stdout);
}

/* A line of JSON, or a table to read. */
static void say_totals(const struct totals *totals, double seconds, bool json)
{
    struct figure list[FAULT_COUNT];
    const char *comma = json ? "," : "";
    (void)fputs(json ? "{" : "", stdout);
    say_group("figures", json, figures_of(totals, seconds, list), list);
    for (int end = 0; end < SIM_ENDS; end++) {
        list[end] = (struct figure){SIM_END_NAMES[end], (double)totals->sum.ended[end]};
    }
    (void)fputs(comma, stdout);
    say_group("linkages ended", json, SIM_ENDS, list);
    for (int role = 0; role < SIM_ROLES; role++) {
        list[role] = (struct figure){SIM_CORES[role]->role, (double)totals->sum.folded[role]};
    }
    (void)fputs(comma, stdout);
    say_group("events folded, by role", json, SIM_ROLES, list);
    for (int fault = 0; fault < FAULT_COUNT; fault++) {
        list[fault] = (struct figure){sim_fault_name((enum sim_fault)fault),
                                      (double)totals->sum.faults[fault]};
    }
    (void)fputs(comma, stdout);
    say_group("faults", json, FAULT_COUNT, list);
    (void)fputs(json ? "}\n" : "", stdout);
    if (!json) {
        (void)printf("%" PRIu64 " seeds, %" PRIu64 " failed\n", totals->seeds, totals->failed);
    }
}

static void clear_scratch(const struct arguments *arguments)
{
    disk_clear(arguments->folder);
    (void)rmdir(arguments->folder);
}

static void say_progress(const struct totals *totals)
{
    enum { EVERY = 1000 };
    if (totals->seeds % EVERY == 0) {
        (void)printf("%" PRIu64 " seeds, %" PRIu64 " linkages, %" PRIu64 " failed so far\n",
                     totals->seeds, totals->sum.linkage_count, totals->failed);
        (void)fflush(stdout);
    }
}

/* In a child, so that an assertion of the code under test is a failed seed and not the end. */
static bool run_child(struct arguments *arguments, struct totals *totals, uint64_t from,
                      double until)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
        for (uint64_t seed = from; seed <= arguments->last; seed++) {
            struct sim_report report;
            bool enough = arguments->first_failure && totals->failed > 0;
            if (enough || ended_by != 0 || (arguments->seconds > 0 && now_s() > until)) {
                break;
            }
            totals->current = seed;
            arguments->options.seed = seed;
            sim_run(&arguments->options, &report);
            if (report.failed) {
                say_failure(&report, seed);
            }
            add(totals, &report);
            say_progress(totals);
        }
        (void)fflush(stdout);
        if (getppid() != parent) { /* nobody else is left to clear up */
            clear_scratch(arguments);
        }
        _exit(0);
    }
    int status = 0;
    while (pid > 0 && waitpid(pid, &status, 0) != pid) {
        (void)kill(pid, ended_by != 0 ? SIGTERM : 0); /* it ends after the seed that it is at */
    }
    return ended_by != 0 || (pid > 0 && status == 0);
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
    say_totals(totals, now_s() - start, arguments->json);
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
        } else if (strcmp(argv[index], "--json") == 0) {
            arguments->json = true;
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
    const struct sigaction ends = {.sa_handler = end};
    (void)sigaction(SIGTERM, &ends, NULL);
    (void)sigaction(SIGINT, &ends, NULL);
    (void)signal(SIGPIPE, SIG_IGN); /* who reads the story may have had enough of it */
    int status = arguments.file != NULL ? run_file(&arguments)
                 : arguments.last > 0   ? run_many(&arguments)
                 : arguments.shrinks    ? shrink(&arguments.options)
                                        : run_one(&arguments);
    clear_scratch(&arguments);
    return status;
}
