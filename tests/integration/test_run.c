/* A daemon's own life: stopping, reading its files again, a second one, a full disk. */
#include "tests/support/demo.h"
#include "tests/support/look.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { IN_USE = 75, WRONG_CONFIG = 78, DRAIN_MS = 5000, SLACK_MS = 3000 };

static int stop_within(struct city *city, int node, int timeout_ms)
{
    city_signal(city, node, SIGTERM);
    return city_wait_exit(city, node, timeout_ms);
}

Test(run, sigterm_lets_mail_out_first_and_ends_with_zero)
{
    struct city *city = city_make();
    city_start_all(city);
    demo_fill_street(city);
    for (int count = 0; count < 50; count++) {
        (void)demo_raise(city, "meal");
    }
    cr_assert_eq(stop_within(city, CITY_COMMUNITY, DRAIN_MS + SLACK_MS), 0);
    cr_assert(city_log_has(city, CITY_COMMUNITY, "every record is on its peer's disk"));
    struct city_view view;
    cr_assert(city_view_open(city, CITY_COORDINATOR, &view));
    cr_assert_eq(look_linkages_open_count(view.txn), 50);
    city_view_close(&view);
    city_stop_all(city);
    city_remove(&city);
}

Test(run, sigterm_ends_with_zero_when_its_time_is_up_and_nothing_is_lost)
{
    struct city *city = city_make();
    city_configure(city, CITY_COMMUNITY, "drain_ms: 300\n");
    city_start_all(city);
    demo_fill_street(city);
    city_signal(city, CITY_COORDINATOR, SIGSTOP); /* takes nothing, and is not gone */
    for (int count = 0; count < 50; count++) {
        (void)demo_raise(city, "meal");
    }
    cr_assert_eq(stop_within(city, CITY_COMMUNITY, 300 + SLACK_MS), 0);
    cr_assert(city_log_has(city, CITY_COMMUNITY, "goes out after the next start"));
    city_signal(city, CITY_COORDINATOR, SIGCONT);
    city_start(city, CITY_COMMUNITY);
    city_wait_ready(city, CITY_COMMUNITY);
    city_wait_linked(city, CITY_COMMUNITY);
    city_wait_settled(city);
    struct city_view view;
    cr_assert(city_view_open(city, CITY_COORDINATOR, &view));
    cr_assert_eq(look_linkages_open_count(view.txn), 50);
    city_view_close(&view);
    city_stop_all(city);
    city_remove(&city);
}

static void append(const struct city *city, const char *file, const char *line)
{
    FILE *out = fopen(city_path(city, CITY_COORDINATOR, file).text, "ae");
    cr_assert_not_null(out);
    (void)fprintf(out, "%s", line);
    (void)fclose(out);
}

Test(run, sighup_with_a_wrong_file_keeps_the_old_and_says_why)
{
    struct city *city = city_make();
    city_start_all(city);
    append(city, "node.yaml", "colour: red\n");
    city_signal(city, CITY_COORDINATOR, SIGHUP);
    CITY_WAIT(city, city_log_has(city, CITY_COORDINATOR, "unknown key 'colour'"));
    cr_assert(city_log_has(city, CITY_COORDINATOR, "the old configuration stays"));
    append(city, "roster", "node=9 role=community\n");
    city_signal(city, CITY_COORDINATOR, SIGHUP);
    CITY_WAIT(city, city_log_has(city, CITY_COORDINATOR, "the old roster stays"));
    cr_assert(city_log_has(city, CITY_COORDINATOR, "a line needs at least"));
    for (int node = CITY_COMMUNITY; node < CITY_END; node++) {
        city_wait_linked(city, node);
    }
    demo_fill_street(city); /* and all of it still works */
    city_stop_all(city);
    city_remove(&city);
}

Test(run, a_second_daemon_on_a_store_ends_with_75_and_hurts_nobody)
{
    struct city *city = city_make();
    city_start_all(city);
    city_start_twin(city, CITY_COMMUNITY);
    cr_assert_eq(city_wait_twin(city), IN_USE);
    demo_fill_street(city);
    (void)demo_raise(city, "meal");
    city_wait_settled(city);
    city_stop_all(city);
    city_verify_all(city);
    city_remove(&city);
}

Test(run, a_wrong_configuration_ends_with_78_and_a_sentence)
{
    struct city *city = city_make();
    city_configure(city, CITY_COMMUNITY, "hub_mail: \"tcp://127.0.0.1\"\n");
    city_start(city, CITY_COMMUNITY);
    cr_assert_eq(city_wait_exit(city, CITY_COMMUNITY, CITY_WAIT_MS), WRONG_CONFIG);
    cr_assert(city_log_has(city, CITY_COMMUNITY, "hub_mail"));
    city_remove(&city);
}

/* ---- a full disk -------------------------------------------------------------------------- */

static void fill_disk(const struct city *city, const char *name, off_t size)
{
    int fd = open(city_path(city, CITY_COMMUNITY, name).text, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0);
    cr_assert_eq(posix_fallocate(fd, 0, size), 0);
    (void)close(fd);
}

/* In a namespace of its own, so that the mount ends with this process whatever happens. */
static bool mount_small(const struct city *city)
{
    struct city_path state = city_path(city, CITY_COMMUNITY, "state");
    cr_assert_eq(mkdir(state.text, 0700), 0);
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("wushe-test", state.text, "tmpfs", 0, "size=160m,mode=0700") == 0;
}

Test(run, a_full_disk_stops_intake_says_so_and_loses_nothing)
{
    struct city *city = city_make();
    if (!mount_small(city)) {
        struct city_path state = city_path(city, CITY_COMMUNITY, "state");
        (void)rmdir(state.text);
        city_remove(&city);
        cr_skip_test("skipped: only root may mount a small disk (%s)", strerror(errno));
    }
    city_start_all(city);
    demo_fill_street(city);
    struct wu_id before = demo_raise(city, "meal");
    fill_disk(city, "state/ballast", (off_t)120 << 20);
    CITY_WAIT(city, city_state_is(city, CITY_COMMUNITY, "full"));

    /* busy is said, and a client that goes on asking gets its answer when there is room again */
    struct wu_client *client = city_client(city, CITY_COMMUNITY);
    struct wu_arena arena;
    Community__RaiseNeed raise;
    const Bus__Answer *answer = NULL;
    uint64_t number = 0;
    demo_need_init(&raise, "meal", 0);
    const struct wu_command command = {.type = WU_TYPE(COMMUNITY_RAISE_NEED), .body = &raise.base};
    cr_assert_eq(wu_arena_open(&arena, (size_t)1 << 20), WU_OK);
    cr_assert_eq(wu_client_send(client, &command, &number), WU_OK);
    cr_assert_eq(wu_client_answer(client, 1000, &arena, &answer), WU_BUSY);
    cr_assert_eq(unlink(city_path(city, CITY_COMMUNITY, "state/ballast").text), 0);
    CITY_WAIT(city, city_state_is(city, CITY_COMMUNITY, "serving"));
    cr_assert_eq(wu_client_answer(client, CITY_WAIT_MS, &arena, &answer), WU_OK);
    cr_assert_eq(answer->status, BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED);
    city_wait_settled(city);

    struct city_view view;
    cr_assert(city_view_open(city, CITY_COORDINATOR, &view));
    cr_assert_not_null(look_linkage(view.txn, &before));
    cr_assert_eq(look_linkages_open_count(view.txn), 2);
    city_view_close(&view);
    wu_client_close(&client);
    wu_arena_close(&arena);
    city_stop_all(city);
    city_verify_all(city);
    if (umount(city_path(city, CITY_COMMUNITY, "state").text) != 0) {
        city_fail(city, "cannot unmount: %s", strerror(errno));
    }
    city_remove(&city);
}
