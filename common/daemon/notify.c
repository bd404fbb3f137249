#include "common/daemon/notify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>
#include <time.h>

enum { STATUS_MAX = 256 };

void wu_notify_ready(const char *status)
{
    (void)sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

/* systemd 253 and later want to know when the reload began. */
void wu_notify_reloading(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) {
        return;
    }
    uint64_t now_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, now_us);
}

void wu_notify_stopping(const char *status)
{
    (void)sd_notifyf(0, "STOPPING=1\nSTATUS=%s", status);
}

void wu_notify_status(const char *format, ...)
{
    char status[STATUS_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(status, sizeof status, format, args);
    va_end(args);
    (void)sd_notifyf(0, "STATUS=%s", status);
}

int64_t wu_notify_alive_interval_ms(void)
{
    uint64_t interval_us = 0;
    if (sd_watchdog_enabled(0, &interval_us) <= 0) {
        return 0;
    }
    int64_t half_ms = (int64_t)(interval_us / 2000);
    return half_ms > 0 ? half_ms : 1;
}

void wu_notify_alive(void)
{
    (void)sd_notify(0, "WATCHDOG=1");
}
