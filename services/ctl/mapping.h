#pragma once

#include "common/base/arena.h"
#include "services/ctl/rows.h"

/*
 * How a foreign CSV of requests becomes needs: a small YAML file that says
 * which of their columns is which of ours, and what their words mean.
 *
 *   origin: city-requests          whose numbering `ref` is, at most 15 bytes
 *   columns: {ref: request_id}     our column: theirs; also community_name
 *   time_format: "%Y-%m-%d"        strptime(3), of raised_at; without it ours
 *   utc_offset_min: 480            of their times; 0 unless given
 *   division: {prefix: "420199001", missing: "999"}
 *   kinds: {Theirs: ours}          default_kind: for every other word
 *   urgencies: {word: urgency}     their word, else our kind, else their kind
 *   default_urgency: longing
 *   sources: {Theirs: ours}        default_source: resident
 *   wanted: {from: "+1h", until: "+14d"}
 */
struct ctl_mapping_pair {
    const char *theirs;
    const char *ours;
};

struct ctl_mapping_list {
    const struct ctl_mapping_pair *pairs;
    size_t count;
};

struct ctl_mapping {
    const char *origin;
    struct ctl_csv_column
        columns[CTL_NEED_COLUMNS + 1];           /* theirs, of ours that are mapped; NULL ends */
    enum ctl_need_column ours[CTL_NEED_COLUMNS]; /* which of ours each of them is */
    size_t column_count;

    const char *time_format;
    int64_t utc_offset_min;
    const char *division_prefix;
    const char *division_missing;
    struct ctl_mapping_list kinds;
    const char *default_kind;
    struct ctl_mapping_list urgencies;
    const char *default_urgency;
    struct ctl_mapping_list sources;
    const char *default_source;
    const char *wanted_from;
    const char *wanted_until;
};

/*
 * Reads a mapping into the arena; name stands for the file in sentences.
 * WU_INVALID with file, line, what is wrong (for an unknown key the nearest
 * name), and the remedy.
 */
WU_CHECKED enum wu_status ctl_mapping_parse(const char *name, const char *text, size_t size_bytes,
                                            struct wu_arena *arena, struct ctl_mapping *ret_mapping,
                                            struct wu_error *reterr);

WU_CHECKED enum wu_status ctl_mapping_load(const char *path, struct wu_arena *arena,
                                           struct ctl_mapping *ret_mapping,
                                           struct wu_error *reterr);

/*
 * Their cells, in the order of mapping->columns, to the cells that
 * CTL_ROW_NEEDS reads; in the arena. False with a fault.
 */
bool ctl_mapping_apply(const struct ctl_mapping *mapping, const char *const *theirs,
                       struct wu_arena *arena, const char *ret_ours[CTL_NEED_COLUMNS],
                       struct ctl_row_fault *ret_fault);
