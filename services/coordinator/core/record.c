#include "services/coordinator/core/record.h"

#include "common/base/assert.h"
#include "services/coordinator/core/tables.h"

#include <string.h>

static void point_to_arrays(struct linkage *linkage)
{
    for (size_t i = 0; i < LINKAGE_STEPS_MAX; i++) {
        linkage->step_list[i] = &linkage->steps[i];
    }
    linkage->row.steps = linkage->step_list;
}

void linkage_begin(struct linkage *linkage, struct wu_step *fold, const struct wu_id *id)
{
    linkage->fold = fold;
    linkage->id = *id;
    coordinator_state__linkage_row__init(&linkage->row);
    point_to_arrays(linkage);
}

bool linkage_load(struct linkage *linkage, struct wu_step *fold, const struct wu_id *id)
{
    const LinkageRow *stored = linkages_get(wu_step_txn(fold), &(struct linkage_key){*id});
    if (stored == NULL) {
        return false;
    }
    WU_ASSERT(stored->n_steps <= LINKAGE_STEPS_MAX && stored->n_history == 0);
    linkage->fold = fold;
    linkage->id = *id;
    linkage->row = *stored;
    for (size_t i = 0; i < stored->n_steps; i++) {
        linkage->steps[i] = *stored->steps[i];
    }
    point_to_arrays(linkage);
    return true;
}

void linkage_save(struct linkage *linkage)
{
    linkages_put(wu_step_txn(linkage->fold), &(struct linkage_key){linkage->id}, &linkage->row);
}

const LinkageRow *linkage_whole(struct wu_txn *txn, struct wu_arena *arena, const struct wu_id *id)
{
    const LinkageRow *stored = linkages_get(txn, &(struct linkage_key){*id});
    LinkageRow *whole = stored != NULL ? wu_arena_take(arena, sizeof *whole) : NULL;
    HistoryEntry **lines =
        whole != NULL ? wu_arena_take(arena, LINKAGE_HISTORY_MAX * sizeof *lines) : NULL;
    if (lines == NULL) {
        return NULL;
    }
    *whole = *stored;
    whole->history = lines;
    whole->n_history = 0;
    struct history_key key = {.linkage_id = *id};
    const HistoryEntry *entry = NULL;
    for (bool found = history_from(txn, &key, 1, &entry);
         found && whole->n_history < LINKAGE_HISTORY_MAX;
         found = history_after(txn, &key, 1, &entry)) {
        /* a list of messages is of writable ones; nobody writes */
        lines[whole->n_history++] = (HistoryEntry *)(uintptr_t)entry;
    }
    return whole;
}

LinkageStep *linkage_step(struct linkage *linkage, uint32_t step_no)
{
    return step_no >= 1 && step_no <= linkage->row.n_steps ? &linkage->steps[step_no - 1] : NULL;
}

/* The core three go first; the community, third of them, has opened the case. */
static uint32_t wave_of(Role role)
{
    return role == ROLE_SOCIALWORKER || role == ROLE_SOCIALORG ? 1 : 2;
}

void linkage_add_step(struct linkage *linkage, const PlanStep *asked)
{
    WU_ASSERT(linkage->row.n_steps < LINKAGE_STEPS_MAX);
    LinkageStep *step = &linkage->steps[linkage->row.n_steps++];
    coordinator_state__linkage_step__init(step);
    step->step_no = (uint32_t)linkage->row.n_steps;
    step->role = asked->role;
    step->service = asked->service;
    step->quantity = asked->quantity;
    step->required = asked->required;
    step->wave = wave_of(asked->role);
    step->state = STEP_WAITING;
}

const char *linkage_text(struct linkage *linkage, const char *text)
{
    size_t size = strlen(text);
    if (size <= LINKAGE_TEXT_BYTES_MAX) {
        return text;
    }
    size = LINKAGE_TEXT_BYTES_MAX;
    while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80) {
        size--; /* not inside a character */
    }
    const char *cut = wu_arena_copy(wu_step_arena(linkage->fold), text, size);
    return cut != NULL ? cut : "";
}

ProtobufCBinaryData linkage_keep_id(struct linkage *linkage, const struct wu_id *id)
{
    uint8_t *copy = wu_arena_copy(wu_step_arena(linkage->fold), id->bytes, sizeof id->bytes);
    return (ProtobufCBinaryData){copy != NULL ? sizeof id->bytes : 0, copy};
}

/* Writes the line; beyond the bound the oldest line goes. */
static void tell(struct linkage *linkage, const HistoryEntry *entry)
{
    struct wu_txn *txn = wu_step_txn(linkage->fold);
    LinkageRow *row = &linkage->row;
    if (row->history_count - row->history_dropped == LINKAGE_HISTORY_MAX) {
        history_del(txn, &(struct history_key){linkage->id, row->history_dropped++});
    }
    history_put(txn, &(struct history_key){linkage->id, row->history_count++}, entry);
}

void linkage_note(struct linkage *linkage, const struct note *note)
{
    HistoryEntry entry = COORDINATOR_STATE__HISTORY_ENTRY__INIT;
    entry.time_ms = wu_step_event(linkage->fold)->time_ms;
    entry.seq = wu_step_event(linkage->fold)->seq;
    entry.type = note->type;
    entry.code = note->code;
    entry.why = note->why;
    if (note->text != NULL) {
        entry.text = linkage_text(linkage, note->text);
    }
    if (note->step != NULL) {
        entry.step_no = note->step->step_no;
        entry.attempt = note->step->attempt;
        entry.provider_id = note->step->provider_id;
        entry.provider = note->step->provider;
    }
    entry.division = note->division;
    if (note->choice != NULL) {
        entry.division = note->choice->division;
        entry.looked_at_count = note->choice->looked_at_count;
        entry.excluded_count = note->choice->excluded_count;
        entry.n_candidates = note->choice->candidate_count;
        entry.candidates = (Candidate **)(uintptr_t)note->choice->list;
    }
    Rule rules[NOTE_RULES_MAX];
    memcpy(rules, note->rules, sizeof rules);
    entry.rules = rules;
    while (entry.n_rules < NOTE_RULES_MAX && rules[entry.n_rules] != 0) {
        entry.n_rules++;
    }
    tell(linkage, &entry);
}
