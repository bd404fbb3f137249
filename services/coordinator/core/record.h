#pragma once

#include "common/fold/step.h"
#include "services/coordinator/core/candidate.h"
#include "services/coordinator/core/kind.h"
#include "services/coordinator/core/names.h"
#include "services/coordinator/core/rule.h"

/*
 * A linkage while one event is folded: its row, unpacked once, changed in
 * place and written once. Its story lies beside it, line by line, and is only
 * ever added to.
 */
enum {
    LINKAGE_STEPS_MAX = KIND_STEPS_MAX + 1, /* the assessment and a plan */
    LINKAGE_HISTORY_MAX = 200,
    LINKAGE_TEXT_BYTES_MAX = 240,
};

struct linkage {
    struct wu_step *fold; /* of the event; "step" is a linkage's own word here */
    struct wu_id id;
    LinkageRow row; /* its lists are the arrays below */
    LinkageStep steps[LINKAGE_STEPS_MAX];
    LinkageStep *step_list[LINKAGE_STEPS_MAX];
};

/* A linkage that is not in the store yet. */
void linkage_begin(struct linkage *linkage, struct wu_step *fold, const struct wu_id *id);

/* False, and *linkage is not to be used, if there is none. */
bool linkage_load(struct linkage *linkage, struct wu_step *fold, const struct wu_id *id);

void linkage_save(struct linkage *linkage);

/* For readers: the row with its whole story in `history`, or NULL. Lives in the txn's arena. */
const LinkageRow *linkage_whole(struct wu_txn *txn, struct wu_arena *arena, const struct wu_id *id);

/* NULL if the linkage has no step of that number. */
LinkageStep *linkage_step(struct linkage *linkage, uint32_t step_no);

/* Appends a step that waits to be offered; service is borrowed. */
void linkage_add_step(struct linkage *linkage, const PlanStep *asked);

/* What the story says: only `type` must be set. */
enum { NOTE_RULES_MAX = 4 };
struct note {
    wu_event_type type;
    const LinkageStep *step; /* brings its number, attempt and provider */
    uint32_t code;
    HistoryWhy why;
    const char *text;
    const struct choice *choice; /* brings its division */
    uint64_t division;
    Rule rules[NOTE_RULES_MAX]; /* that made it so, the first asked first; the first 0 ends them */
};

/* Adds a line to the story; beyond the bound the oldest line goes, and is counted. */
void linkage_note(struct linkage *linkage, const struct note *note);

/* The text, cut between two characters if it is too long to be kept. */
const char *linkage_text(struct linkage *linkage, const char *text);

/* A copy of the id that lives as long as the batch; empty if there is no memory, and the batch
 * fails. */
ProtobufCBinaryData linkage_keep_id(struct linkage *linkage, const struct wu_id *id);
