#pragma once

#include "common/fold/core.h"
#include "services/socialorg/core/names.h"

/*
 * A decision about an organisation. Whoever is bound to the organisation does
 * not take it; when the two parties of a dealing are bound to each other, it is
 * disclosed within the days the policy gives. An interest that is found later
 * opens it again, for another person to look at.
 *
 *   STANDS -> REOPENED -> UPHELD (by another person) | VOID
 */
extern const struct wu_route SOCIALORG_DECISION_ROUTES[];

struct decision {
    const char *body; /* code of the organisation */
    DecisionKind kind;
    const char *by;      /* code of the person */
    const char *partner; /* code of the other party of a dealing; "" for none */
};

/* True, and the command is refused with the path, when that person is bound to the body. */
bool decision_is_conflicted(struct wu_step *step, const char *by, const char *body);

/* Puts it on record; a dealing of related parties starts the clock of its disclosure. */
void decision_record(struct wu_step *step, const struct decision *decision);

/* It was opened again and not upheld: nothing may follow from it. */
bool decision_is_open_again(struct wu_step *step, const char *body, DecisionKind kind);

/* That party is bound to one more: looks again at what was decided about whom it reaches now. */
void decision_interest_came(struct wu_step *step, const char *party);
