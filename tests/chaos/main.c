/*
 * A city of real daemons that are killed, stopped, cut off, and whose disks fill
 * and forget, from one seed; afterwards everything must come to its end, and all
 * of judge.h must hold. Criterion runs it, so that an assertion of the support
 * code ends it with a report; the command line reaches the test by a variable.
 */
#include "tests/chaos/chaos.h"
#include "tests/support/demo.h"

#include <criterion/criterion.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char VARIABLE[] = "WUSHE_CHAOS_OPTIONS";
static const uint64_t NEEDS_PER_SECOND = 60;
static const int64_t REST_MS = 2 * (int64_t)CITY_WAIT_MS;

struct ending {
    struct judge_report report;
    int64_t chaos_ms;
    int64_t rest_ms;
};

/* ---- one run ------------------------------------------------------------------------------ */

static bool goes_on(const struct chaos *chaos, int64_t spent_ms)
{
    const struct chaos_options *options = chaos->options;
    return (options->kills == 0 || chaos_kill_count(chaos) < options->kills) &&
           (options->seconds == 0 || spent_ms < (int64_t)options->seconds * 1000);
}

static int64_t make_chaos(struct chaos *chaos)
{
    int64_t begun_ms = city_now_ms();
    int64_t spent_ms = 0;
    while (goes_on(chaos, spent_ms)) {
        crowd_raise(chaos->crowd, 20 + (uint64_t)spent_ms * NEEDS_PER_SECOND / 1000);
        crowd_turn(chaos->crowd);
        chaos_turn(chaos, true);
        city_pause();
        spent_ms = city_now_ms() - begun_ms;
    }
    return spent_ms;
}

/* All that was raised is acknowledged and has ended, and nothing is on its way. */
static int64_t come_to_rest(struct chaos *chaos)
{
    char why[300] = "needs are open";
    int64_t begun_ms = city_now_ms();
    chaos_heal(chaos);
    while (crowd_unanswered_count(chaos->crowd) > 0 || !crowd_is_done(chaos->crowd)) {
        if (city_now_ms() - begun_ms > REST_MS) {
            (void)city_is_settled(chaos->city, why, sizeof why);
            city_fail(chaos->city, "the city does not come to rest: %s", why);
        }
        crowd_raise(chaos->crowd, 0);
        crowd_turn(chaos->crowd);
        chaos_turn(chaos, false);
        city_pause();
    }
    return city_now_ms() - begun_ms;
}

static void run(struct chaos *chaos, struct ending *ret_ending)
{
    chaos->city = city_make();
    chaos_prepare(chaos);
    chaos_first_lives(chaos);
    city_start_all(chaos->city);
    demo_fill(chaos->city);
    demo_adopt_brief(chaos->city);
    chaos->crowd = crowd_open(chaos->city, chaos->options->seed + 1);
    crowd_decline_one_in(chaos->crowd, 20);
    crowd_brief_one_in(chaos->crowd, 10);
    ret_ending->chaos_ms = make_chaos(chaos);
    ret_ending->rest_ms = come_to_rest(chaos);
    crowd_judge(chaos->crowd, &ret_ending->report);
    city_stop_all(chaos->city);
    city_verify_all(chaos->city);
    crowd_close(&chaos->crowd);
    chaos_end(chaos);
    city_remove(&chaos->city);
}

/* ---- the report ----------------------------------------------------------------------------- */

static void tell(const struct chaos *chaos, const struct ending *ending)
{
    bool json = chaos->options->json != 0;
    const struct judge_report *report = &ending->report;
    (void)printf(json ? "{\"seed\":%" PRIu64 ",\"kills\":%" PRIu64 ",\"seconds\":%.1f"
                        ",\"rest_ms\":%" PRId64 ",\"needs\":%" PRIu64 ",\"met\":%" PRIu64
                        ",\"unmet\":%" PRIu64 ",\"delivered\":%" PRIu64 ",\"given_twice\":%" PRIu64
                        ",\"answers\":%" PRIu64 ",\"inputs\":%" PRIu64
                      : "seed %" PRIu64 ": %" PRIu64 " kills in %.1f s, at rest after %" PRId64
                        " ms; %" PRIu64 " needs, %" PRIu64 " met, %" PRIu64 " unmet, %" PRIu64
                        " steps delivered, %" PRIu64 " twice; %" PRIu64 " answers, %" PRIu64
                        " inputs\n ",
                 chaos->options->seed, chaos_kill_count(chaos), (double)ending->chaos_ms / 1000,
                 ending->rest_ms, report->need_count, report->met_count, report->unmet_count,
                 report->delivered_count, report->given_twice_count, report->answer_count,
                 report->input_count);
    for (int count = 0; count < COUNTS; count++) {
        (void)printf(json ? ",\"%s\":%" PRIu64 : " %s %" PRIu64, CHAOS_COUNT_NAMES[count],
                     chaos->counts[count]);
    }
    (void)printf(json ? "}\n" : "\n");
    (void)fflush(stdout);
}

static void check_that_it_was_something(const struct ending *ending)
{
    const struct judge_report *report = &ending->report;
    cr_assert_gt(report->met_count, report->need_count / 2);
    cr_assert_geq(report->canary_count, report->need_count); /* it was there to be told */
}

Test(chaos, what_is_acknowledged_stays_and_everything_ends)
{
    struct chaos_options options = {0};
    const char *text = getenv(VARIABLE);
    cr_assert(text != NULL && sscanf(text,
                                     "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
                                     " %" SCNu64 " %" SCNu64,
                                     &options.seed, &options.kills, &options.seconds, &options.runs,
                                     &options.faults, &options.lies, &options.json) == 7);
    for (uint64_t count = 0; count < options.runs; count++) {
        struct chaos chaos = {.options = &options, .prng = {options.seed}};
        struct ending ending = {.chaos_ms = 0};
        (void)fprintf(stderr, "seed %" PRIu64 "\n", options.seed);
        run(&chaos, &ending);
        tell(&chaos, &ending);
        check_that_it_was_something(&ending);
        options.seed++;
    }
}

/* ---- the command line -------------------------------------------------------------------------
 */

static int usage(void)
{
    (void)fprintf(stderr,
                  "wushe-chaos [--seed N] [--kills K] [--seconds S] [--runs R] [--json] [--lies]\n"
                  "            [--faults kill,stop,cut,full,unsynced]\n\n"
                  "Ends after K kills or S seconds (10 when neither is said), then heals, waits\n"
                  "and checks. R runs, each with the next seed. --lies: the disk forgets what it\n"
                  "had synced, which must be found out. See tests/chaos/README.md.\n");
    return 64;
}

static uint64_t faults_of(char *words)
{
    uint64_t faults = 0;
    char *rest = NULL;
    for (char *word = strtok_r(words, ",", &rest); word != NULL;
         word = strtok_r(NULL, ",", &rest)) {
        uint64_t known = faults;
        for (int fault = 0; fault < CHAOS_FAULTS; fault++) {
            faults |= strcmp(word, CHAOS_FAULT_NAMES[fault]) == 0 ? UINT64_C(1) << fault : 0;
        }
        if (faults == known) {
            return 0;
        }
    }
    return faults;
}

static bool parse(int argc, char **argv, struct chaos_options *options)
{
    static const struct option NAMES[] = {
        {"seed", required_argument, NULL, 's'},    {"kills", required_argument, NULL, 'k'},
        {"seconds", required_argument, NULL, 't'}, {"runs", required_argument, NULL, 'r'},
        {"faults", required_argument, NULL, 'f'},  {"lies", no_argument, NULL, 'l'},
        {"json", no_argument, NULL, 'j'},          {0}};
    for (int name = 0; (name = getopt_long(argc, argv, "", NAMES, NULL)) != -1;) {
        uint64_t number = optarg != NULL ? strtoull(optarg, NULL, 0) : 0;
        switch (name) {
        case 's':
            options->seed = number;
            break;
        case 'k':
            options->kills = number;
            break;
        case 't':
            options->seconds = number;
            break;
        case 'r':
            options->runs = number;
            break;
        case 'f':
            options->faults = faults_of(optarg);
            break;
        case 'l':
            options->lies = 1;
            break;
        case 'j':
            options->json = 1;
            break;
        default:
            return false;
        }
    }
    options->seconds = options->kills == 0 && options->seconds == 0 ? 10 : options->seconds;
    return optind == argc && options->faults != 0 && options->runs > 0;
}

int main(int argc, char **argv)
{
    struct chaos_options options = {
        .seed = 1, .runs = 1, .faults = (UINT64_C(1) << CHAOS_FAULTS) - 1};
    char text[200];
    if (!parse(argc, argv, &options)) {
        return usage();
    }
    (void)snprintf(text, sizeof text,
                   "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
                   " %" PRIu64,
                   options.seed, options.kills, options.seconds, options.runs, options.faults,
                   options.lies, options.json);
    (void)setenv(VARIABLE, text, 1);
    struct criterion_test_set *tests = criterion_initialize();
    bool fine = criterion_run_all_tests(tests) != 0;
    criterion_finalize(tests);
    return fine ? 0 : 1;
}
