#pragma once

#include "common/base/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/*
 * A node's configuration: a flat YAML mapping, one table of keys. The same
 * table serves parser, --check-config, --print-config and help. Paths that do
 * not begin with "/" are taken from the folder the file lies in (also inside
 * "ipc://").
 */
enum { WU_CONFIG_TEXT_MAX = 256 };

struct wu_config {
    uint64_t node;     /* 1 to 2147483647: above begin the public streams */
    char role[32];     /* must be the daemon's own */
    uint64_t division; /* 12 digits */
    int64_t utc_offset_min;
    char state_dir[WU_CONFIG_TEXT_MAX];  /* the LMDB store */
    char front_door[WU_CONFIG_TEXT_MAX]; /* "ipc://..." for local commands */
    uint64_t front_door_mode;            /* octal, of the socket's file: 0600 or 0660 */
    char key_file[WU_CONFIG_TEXT_MAX];

    uint64_t hub_node;                 /* coordinator this node dials; 0: none (top of the tree) */
    char hub_mail[WU_CONFIG_TEXT_MAX]; /* "tcp://host:port" */
    char hub_public[WU_CONFIG_TEXT_MAX];
    char hub_key[WU_CONFIG_TEXT_MAX]; /* its public key, 40 characters */

    char listen_mail[WU_CONFIG_TEXT_MAX]; /* hub only */
    char listen_public[WU_CONFIG_TEXT_MAX];
    char roster_file[WU_CONFIG_TEXT_MAX]; /* hub only: who may connect */

    uint64_t map_bytes;
    uint64_t map_bytes_max;
    uint64_t batch_count_max; /* inputs in one transaction */
    uint64_t batch_bytes_max;
    uint64_t arena_bytes;
    uint64_t window_count;      /* unacknowledged records to one peer */
    uint64_t stream_keep_count; /* acknowledged records kept, so that a peer restored from a backup
                                   can read them again */
    uint64_t
        public_keep_count; /* records of a public topic before the slowest follower is parked */
    uint64_t drain_ms;     /* SIGTERM: how long unsent mail may still go out */
    char log_level[16];    /* "error", "warning", "info", "debug" */
};

/*
 * Reads the file over the defaults. WU_INVALID with file, line, what is wrong
 * (for an unknown key the nearest name), and the remedy.
 */
WU_CHECKED enum wu_status wu_config_load(const char *path, struct wu_config *ret_config,
                                         struct wu_error *reterr);

/* From memory; name stands for the file in sentences. The fuzzer's door. */
WU_CHECKED enum wu_status wu_config_parse(const char *name, const char *text, size_t size_bytes,
                                          struct wu_config *ret_config, struct wu_error *reterr);

/*
 * What SIGHUP may change: the keys marked so are copied from fresh to config.
 * Another difference is WU_INVALID, nothing is changed and the sentence names
 * the key that wants a restart.
 */
WU_CHECKED enum wu_status wu_config_reload(struct wu_config *config, const struct wu_config *fresh,
                                           struct wu_error *reterr);

/* Every key with its value and where it comes from, as YAML that reads back the same. */
void wu_config_print(FILE *out, const struct wu_config *config);

/* Every key with type, unit, limits, default and meaning. */
void wu_config_help(FILE *out);
