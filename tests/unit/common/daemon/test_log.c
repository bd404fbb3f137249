/* One event, one line; what somebody else wrote does not become a line of its own. */
#include "common/daemon/log.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int pipe_fds[2];
static int kept_stderr;

static void set_up(void)
{
    cr_assert_eq(pipe(pipe_fds), 0);
    kept_stderr = dup(STDERR_FILENO);
    cr_assert_neq(dup2(pipe_fds[1], STDERR_FILENO), -1);
    (void)close(pipe_fds[1]);
    (void)unsetenv("JOURNAL_STREAM");
    wu_log_open("community#1", WU_LOG_INFO);
}

TestSuite(log, .init = set_up);

/* All that was said; standard error is as before then. */
static const char *said(void)
{
    static char text[16384];
    size_t size = 0;
    cr_assert_neq(dup2(kept_stderr, STDERR_FILENO), -1);
    for (ssize_t got = 1; got > 0; size += (size_t)got) {
        got = read(pipe_fds[0], text + size, sizeof text - 1 - size);
        cr_assert_geq(got, 0);
    }
    text[size] = '\0';
    return text;
}

/* "2026-11-24T22:15:26.123Z " */
static bool begins_with_time(const char *line)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:dd.dddZ ";
    for (size_t i = 0; shape[i] != '\0'; i++) {
        bool digit = line[i] >= '0' && line[i] <= '9';
        if (shape[i] == 'd' ? !digit : line[i] != shape[i]) {
            return false;
        }
    }
    return true;
}

static size_t line_count(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++) {
        count += *text == '\n';
    }
    return count;
}

Test(log, a_line_has_time_level_speaker_event_and_pairs)
{
    wu_log(WU_LOG_WARNING, "link-halted", "peer=%d text=\"%s\"", 6, "two pasts");
    const char *text = said();
    cr_expect(begins_with_time(text), "%s", text);
    cr_expect_str_eq(text + 25, "warning community#1 link-halted peer=6 text=\"two pasts\"\n");
}

Test(log, an_event_may_have_nothing_to_add)
{
    wu_log(WU_LOG_ERROR, "stopping", "%s", "");
    cr_expect_str_eq(said() + 25, "error community#1 stopping\n");
}

Test(log, what_is_below_the_level_is_not_said)
{
    wu_log(WU_LOG_DEBUG, "hidden", "n=%d", 1);
    wu_log(WU_LOG_INFO, "shown", "n=%d", 2);
    wu_log_set_level(WU_LOG_ERROR);
    wu_log(WU_LOG_WARNING, "hidden", "n=%d", 3);
    wu_log_set_level(WU_LOG_DEBUG);
    wu_log(WU_LOG_DEBUG, "shown", "n=%d", 4);
    const char *text = said();
    cr_expect_eq(line_count(text), 2);
    cr_expect_null(strstr(text, "hidden"));
}

Test(log, a_peer_cannot_begin_another_line)
{
    wu_log(WU_LOG_INFO, "denied", "text=\"%s\"", "a\nb\r\n2026 error forged\x1b[31m\x7f\tend");
    const char *text = said();
    cr_expect_eq(line_count(text), 1);
    for (const char *at = text; at[1] != '\0'; at++) {
        cr_expect((unsigned char)*at >= 0x20 && *at != 0x7f);
    }
}

Test(log, what_is_too_long_is_cut_and_stays_one_line)
{
    char *long_text = malloc(10001);
    cr_assert_not_null(long_text);
    memset(long_text, 'x', 10000);
    long_text[10000] = '\0';
    wu_log(WU_LOG_INFO, "long", "text=\"%s\"", long_text);
    wu_log(WU_LOG_INFO, "next", "n=%d", 1);
    free(long_text);
    const char *text = said();
    cr_expect_eq(line_count(text), 2);
    cr_expect_lt(strlen(text), 2200);
}

Test(log, text_beyond_ascii_passes)
{
    wu_log(WU_LOG_INFO, "told", "text=\"%s\"", "五社联动");
    cr_expect_not_null(strstr(said(), "五社联动"));
}

Test(log, levels_have_names)
{
    enum wu_log_level level = WU_LOG_INFO;
    cr_expect(wu_log_level_from_name("error", &level) && level == WU_LOG_ERROR);
    cr_expect(wu_log_level_from_name("warning", &level) && level == WU_LOG_WARNING);
    cr_expect(wu_log_level_from_name("info", &level) && level == WU_LOG_INFO);
    cr_expect(wu_log_level_from_name("debug", &level) && level == WU_LOG_DEBUG);
    cr_expect(!wu_log_level_from_name("warn", &level));
    cr_expect(!wu_log_level_from_name("", &level));
    cr_expect(!wu_log_level_from_name("INFO", &level));
    cr_expect_eq(level, WU_LOG_DEBUG);
    (void)said();
}

Test(log, a_stream_that_is_not_the_journals_gets_lines)
{
    cr_assert_eq(setenv("JOURNAL_STREAM", "1:2", 1), 0);
    wu_log_open("charity#5", WU_LOG_INFO);
    wu_log(WU_LOG_INFO, "serving", "n=%d", 1);
    cr_expect_str_eq(said() + 25, "info charity#5 serving n=1\n");
}
