#include "common/journal/tables.h"

/* clang-format off */
const struct wu_table WU_META = {
    .name = "node.meta",
    .key_size = sizeof(struct wu_meta_key),
    .key = {WU_KEY(struct wu_meta_key, one)},
    .row = &node__meta_row__descriptor,
};

const struct wu_table WU_JOURNAL = {
    .name = "node.journal",
    .key_size = sizeof(struct wu_journal_key),
    .key = {WU_KEY(struct wu_journal_key, seq)},
    .row = &node__journal_row__descriptor,
};

const struct wu_table WU_STREAMS = {
    .name = "node.streams",
    .key_size = sizeof(struct wu_stream_key),
    .key = {WU_KEY(struct wu_stream_key, stream)},
    .row = &node__stream_row__descriptor,
};

const struct wu_table WU_RECORDS = {
    .name = "node.records",
    .key_size = sizeof(struct wu_record_key),
    .key = {WU_KEY(struct wu_record_key, stream), WU_KEY(struct wu_record_key, number)},
    .row = &node__record_row__descriptor,
};

const struct wu_table WU_CURSORS = {
    .name = "node.cursors",
    .key_size = sizeof(struct wu_cursor_key),
    .key = {WU_KEY(struct wu_cursor_key, node), WU_KEY(struct wu_cursor_key, stream)},
    .row = &node__cursor_row__descriptor,
};

const struct wu_table WU_FOLLOWERS = {
    .name = "node.followers",
    .key_size = sizeof(struct wu_follower_key),
    .key = {WU_KEY(struct wu_follower_key, stream), WU_KEY(struct wu_follower_key, node)},
    .row = &node__follower_row__descriptor,
    .not_derived = true,
};

const struct wu_table WU_COMMANDS = {
    .name = "node.commands",
    .key_size = sizeof(struct wu_command_key),
    .key = {WU_KEY(struct wu_command_key, producer), WU_KEY(struct wu_command_key, number)},
    .row = &node__command_row__descriptor,
};

const struct wu_table WU_TIMERS = {
    .name = "node.timers",
    .key_size = sizeof(struct wu_timer_key),
    .key = {WU_KEY(struct wu_timer_key, due_at_ms), WU_KEY(struct wu_timer_key, type),
            WU_KEY(struct wu_timer_key, subject), WU_KEY(struct wu_timer_key, n)},
    .row = &node__timer_row__descriptor,
};

const struct wu_table WU_DEAD_LETTERS = {
    .name = "node.dead_letters",
    .key_size = sizeof(struct wu_dead_letter_key),
    .key = {WU_KEY(struct wu_dead_letter_key, seq)},
    .row = &node__dead_letter_row__descriptor,
};

const struct wu_table WU_LATEST = {
    .name = "node.latest",
    .key_size = sizeof(struct wu_latest_key),
    .key = {WU_KEY(struct wu_latest_key, stream), WU_KEY(struct wu_latest_key, type),
            WU_KEY(struct wu_latest_key, subject)},
    .row = &node__latest_row__descriptor,
};

const struct wu_table WU_DESTROYED_KEYS = {
    .name = "node.destroyed_keys",
    .key_size = sizeof(struct wu_destroyed_key_key),
    .key = {WU_KEY(struct wu_destroyed_key_key, key_id)},
    .row = &node__destroyed_key_row__descriptor,
};
/* clang-format on */

const struct wu_table *const WU_NODE_TABLES[] = {
    &WU_META,     &WU_JOURNAL, &WU_STREAMS,      &WU_RECORDS, &WU_CURSORS,        &WU_FOLLOWERS,
    &WU_COMMANDS, &WU_TIMERS,  &WU_DEAD_LETTERS, &WU_LATEST,  &WU_DESTROYED_KEYS, NULL,
};
