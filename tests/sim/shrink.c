/*
 * A failing seed is a long story; most of it does not matter. Because each kind
 * of choice has a stream of its own, a fault that is left out leaves the others
 * as they were, and so they can be left out one after the other.
 */
#include "tests/sim/shrink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUNS_MAX = 600, NEEDS_MOST = 500 };

struct shrinking {
    struct sim_options options; /* the smallest that still fails */
    struct sim_report report;
    uint8_t skip[SIM_SKIP_MAX];
    char checker[32];
    int runs;
};

void shrink_run(const struct sim_options *options, struct sim_report *ret_report)
{
    struct sim_report *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        abort();
    }
    (void)fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        sim_run(options, shared);
        (void)fflush(stdout);
        _exit(0);
    }
    int status = 0;
    bool died = pid < 0 || waitpid(pid, &status, 0) != pid || status != 0;
    *ret_report = *shared;
    if (died) {
        ret_report->failed = true;
        (void)snprintf(ret_report->checker, sizeof ret_report->checker, "died");
    }
    (void)munmap(shared, sizeof *shared);
}

/* Whether it still fails in the same way; then this is the smallest so far. */
static bool still_fails(struct shrinking *shrinking, const struct sim_options *options)
{
    struct sim_report report;
    if (shrinking->runs >= RUNS_MAX) {
        return false;
    }
    shrinking->runs++;
    shrink_run(options, &report);
    if (!report.failed || strcmp(report.checker, shrinking->checker) != 0) {
        return false;
    }
    shrinking->options = *options;
    shrinking->report = report;
    return true;
}

static void fewer_needs(struct shrinking *shrinking)
{
    uint32_t most = NEEDS_MOST;
    for (uint32_t cut = most / 2; cut > 0; cut /= 2) {
        struct sim_options options = shrinking->options;
        while (most > cut) {
            options.need_max = most - cut;
            if (!still_fails(shrinking, &options)) {
                break;
            }
            most = options.need_max;
        }
    }
}

static void fewer_kinds(struct shrinking *shrinking)
{
    for (int fault = 0; fault < FAULT_COUNT; fault++) {
        struct sim_options options = shrinking->options;
        if (shrinking->report.faults[fault] > 0) {
            options.faults &= ~(UINT32_C(1) << fault);
            (void)still_fails(shrinking, &options);
        }
    }
}

/* Leaves out runs of single faults, shorter and shorter ones. */
static void fewer_faults(struct shrinking *shrinking)
{
    uint64_t count = shrinking->report.fault_count;
    count = count < SIM_SKIP_MAX ? count : SIM_SKIP_MAX;
    uint8_t tried[SIM_SKIP_MAX];
    for (uint64_t size = (count + 1) / 2; size > 0; size /= 2) {
        for (uint64_t from = 0; from < count; from += size) {
            struct sim_options options = shrinking->options;
            uint64_t length = from + size <= count ? size : count - from;
            memcpy(tried, shrinking->skip, sizeof tried);
            memset(tried + from, 1, length);
            if (memcmp(tried, shrinking->skip, sizeof tried) == 0) {
                continue;
            }
            options.skip = tried;
            if (still_fails(shrinking, &options)) {
                memcpy(shrinking->skip, tried, sizeof tried);
            }
            shrinking->options.skip = shrinking->skip;
        }
    }
}

static uint64_t faults_left(const struct sim_report *report)
{
    uint64_t sum = 0;
    for (int fault = 0; fault < FAULT_COUNT; fault++) {
        sum += report->faults[fault];
    }
    return sum;
}

int shrink(const struct sim_options *options)
{
    struct shrinking shrinking = {.options = *options};
    shrink_run(options, &shrinking.report);
    if (!shrinking.report.failed) {
        (void)printf("seed 0x%" PRIx64 " does not fail\n", options->seed);
        return 0;
    }
    (void)snprintf(shrinking.checker, sizeof shrinking.checker, "%s", shrinking.report.checker);
    uint64_t faults = faults_left(&shrinking.report);
    uint64_t steps = shrinking.report.step_count;
    fewer_needs(&shrinking);
    fewer_kinds(&shrinking);
    fewer_faults(&shrinking);
    fewer_kinds(&shrinking);
    shrinking.options.trace = true;
    shrink_run(&shrinking.options, &shrinking.report);
    (void)printf("FAILED seed 0x%" PRIx64 " %s: %s\n", options->seed, shrinking.report.checker,
                 shrinking.report.text);
    (void)printf("after %d runs: %" PRIu64 " faults of %" PRIu64 ", %" PRIu64 " steps of %" PRIu64
                 ", %u needs, hash %016" PRIx64 "\n",
                 shrinking.runs, faults_left(&shrinking.report), faults,
                 shrinking.report.step_count, steps, shrinking.options.need_max,
                 shrinking.report.hash);
    return 1;
}
