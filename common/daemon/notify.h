#pragma once

#include "common/base/status.h"

#include <stdint.h>

/* systemd's readiness protocol, sd_notify(3); silent when nobody listens. */
void wu_notify_ready(const char *status);
void wu_notify_reloading(void);
void wu_notify_stopping(const char *status);
void wu_notify_status(const char *format, ...) WU_PRINTF(1, 2);

/* How often to say wu_notify_alive(), half of what systemd asks for; 0: never. */
int64_t wu_notify_alive_interval_ms(void);
void wu_notify_alive(void);
