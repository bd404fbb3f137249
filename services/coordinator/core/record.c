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
    linkage->row.history = linkage->history;
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
    WU_ASSERT(stored->n_steps <= LINKAGE_STEPS_MAX && stored->n_history <= LINKAGE_HISTORY_MAX);
    linkage->fold = fold;
    linkage->id = *id;
    linkage->row = *stored;
    for (size_t i = 0; i < stored->n_steps; i++) {
        linkage->steps[i] = *stored->steps[i];
    }
    for (size_t i = 0; i < stored->n_history; i++) {
        linkage->history[i] = stored->history[i];
    }
    point_to_arrays(linkage);
    return true;
}

void linkage_save(struct linkage *linkage)
{
    linkages_put(wu_step_txn(linkage->fold), &(struct linkage_key){linkage->id}, &linkage->row);
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

/* Room for one more line; NULL if there is no memory. */
static HistoryEntry *next_entry(struct linkage *linkage)
{
    HistoryEntry *entry = wu_arena_take(wu_step_arena(linkage->fold), sizeof *entry);
    if (entry == NULL) {
        return NULL;
    }
    coordinator_state__history_entry__init(entry);
    if (linkage->row.n_history == LINKAGE_HISTORY_MAX) {
        memmove(linkage->history, linkage->history + 1,
                (LINKAGE_HISTORY_MAX - 1) * sizeof linkage->history[0]);
        linkage->row.n_history--;
        linkage->row.history_dropped++;
    }
    linkage->history[linkage->row.n_history++] = entry;
    return entry;
}

void linkage_note(struct linkage *linkage, const struct note *note)
{
    HistoryEntry *entry = next_entry(linkage);
    if (entry == NULL) {
        return;
    }
    entry->time_ms = wu_step_event(linkage->fold)->time_ms;
    entry->seq = wu_step_event(linkage->fold)->seq;
    entry->type = note->type;
    entry->code = note->code;
    entry->why = note->why;
    if (note->text != NULL) {
        entry->text = linkage_text(linkage, note->text);
    }
    if (note->step != NULL) {
        entry->step_no = note->step->step_no;
        entry->attempt = note->step->attempt;
        entry->provider_id = note->step->provider_id;
        entry->provider = note->step->provider;
    }
    if (note->choice != NULL) {
        entry->division = note->choice->division;
        entry->looked_at_count = note->choice->looked_at_count;
        entry->excluded_count = note->choice->excluded_count;
    }
}
