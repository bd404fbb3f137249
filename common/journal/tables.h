#pragma once

#include "common/fold/table.h"
#include "wushe/node/state/v1/node_row.pb-c.h"

/*
 * The framework's own tables, the same in every node. "Derived" ones come out
 * byte-equal when the journal is folded again.
 */

struct wu_meta_key {
    uint32_t one; /* always 1 */
};
struct wu_journal_key {
    uint64_t seq;
};
struct wu_stream_key {
    uint32_t stream; /* "to/<node>": the node's number; "pub/<topic>": 2^31 + 1, 2, 3 ... */
};
struct wu_record_key {
    uint32_t stream;
    uint64_t number;
};
struct wu_cursor_key {
    uint32_t node;   /* whose stream */
    char stream[96]; /* "to/<this node>" or "pub/<topic>" */
};
struct wu_follower_key {
    uint32_t stream;
    uint32_t node;
};
struct wu_command_key {
    struct wu_id producer;
    uint64_t number;
};
struct wu_timer_key {
    int64_t due_at_ms;
    uint32_t type;
    struct wu_id subject;
    uint32_t n;
};
struct wu_dead_letter_key {
    uint64_t seq;
};
struct wu_latest_key {
    uint32_t stream;
    uint32_t type;
    struct wu_id subject;
};
struct wu_destroyed_key_key {
    struct wu_id key_id;
};

#define WU_STREAM_PUBLIC UINT32_C(0x80000000)

WU_TABLE_OF(wu_meta, WU_META, struct wu_meta_key, Node__MetaRow);
WU_TABLE_OF(wu_journal, WU_JOURNAL, struct wu_journal_key, Node__JournalRow);
WU_TABLE_OF(wu_streams, WU_STREAMS, struct wu_stream_key, Node__StreamRow);
WU_TABLE_OF(wu_records, WU_RECORDS, struct wu_record_key, Node__RecordRow);
WU_TABLE_OF(wu_cursors, WU_CURSORS, struct wu_cursor_key, Node__CursorRow);
WU_TABLE_OF(wu_followers, WU_FOLLOWERS, struct wu_follower_key, Node__FollowerRow);
WU_TABLE_OF(wu_commands, WU_COMMANDS, struct wu_command_key, Node__CommandRow);
WU_TABLE_OF(wu_timers, WU_TIMERS, struct wu_timer_key, Node__TimerRow);
WU_TABLE_OF(wu_dead_letters, WU_DEAD_LETTERS, struct wu_dead_letter_key, Node__DeadLetterRow);
WU_TABLE_OF(wu_latest, WU_LATEST, struct wu_latest_key, Node__LatestRow);
WU_TABLE_OF(wu_destroyed_keys, WU_DESTROYED_KEYS, struct wu_destroyed_key_key,
            Node__DestroyedKeyRow);

extern const struct wu_table *const WU_NODE_TABLES[]; /* ends with NULL */
