/* A socket stands in for systemd: what is said is what sd_notify(3) wants to hear. */
#include "common/daemon/notify.h"
#include "tests/support/scratch.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char *folder;
static int manager = -1;

static void listen_as_manager(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    folder = scratch_make();
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/notify", folder);
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(manager, 0);
    cr_assert_eq(bind(manager, (const struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
}

static void stop_listening(void)
{
    (void)close(manager);
    scratch_remove(&folder);
}

TestSuite(notify, .init = listen_as_manager, .fini = stop_listening);

/* The next message, "" when none waits. */
static const char *heard(void)
{
    static char text[512];
    ssize_t size = recv(manager, text, sizeof text - 1, MSG_DONTWAIT);
    text[size > 0 ? size : 0] = '\0';
    return text;
}

Test(notify, readiness_comes_with_a_status)
{
    wu_notify_ready("serving");
    const char *text = heard();
    cr_assert_not_null(strstr(text, "READY=1"), "%s", text);
    cr_assert_not_null(strstr(text, "STATUS=serving"), "%s", text);
}

Test(notify, reloading_stopping_and_status_are_told)
{
    wu_notify_reloading();
    cr_assert_not_null(strstr(heard(), "RELOADING=1"));
    wu_notify_stopping("draining");
    cr_assert_not_null(strstr(heard(), "STOPPING=1"));
    wu_notify_status("%s: %d", "full", 7);
    cr_assert_str_eq(heard(), "STATUS=full: 7");
}

Test(notify, a_watchdog_is_fed_twice_in_its_time)
{
    char pid[16];
    (void)snprintf(pid, sizeof pid, "%d", (int)getpid());
    cr_assert_eq(wu_notify_alive_interval_ms(), 0);
    cr_assert_eq(setenv("WATCHDOG_USEC", "20000000", 1), 0);
    cr_assert_eq(setenv("WATCHDOG_PID", pid, 1), 0);
    cr_assert_eq(wu_notify_alive_interval_ms(), 10000);
    wu_notify_alive();
    cr_assert_str_eq(heard(), "WATCHDOG=1");
}

Test(notify, nobody_listening_is_fine)
{
    cr_assert_eq(unsetenv("NOTIFY_SOCKET"), 0);
    wu_notify_ready("serving");
    wu_notify_alive();
    cr_assert_str_eq(heard(), "");
}
