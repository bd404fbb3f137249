#pragma once

#include "services/socialorg/core/tables.h"
#include "tests/support/providing.h"

/*
 * The offices and people around social organisations, for their tests: commands
 * that are good unless a story changes them.
 */

/* Real credit codes, of GB 32100's own kind; each is somebody's. */
#define CREDIT_CODE_1 "53100000500021676K"
#define CREDIT_CODE_2 "9144030071526726XG"

#define ORGANISING_DIVISION UINT64_C(420106012001)

/* A command of that type; the answer lives until the next one. */
const Bus__Answer *organising_tell(struct world *world, wu_event_type type,
                                   const ProtobufCMessage *body);

/* A filed community group, registered for a year, founded by ten residents. */
RegisterOrganisation organising_group(struct world *world, const char *body);

/* Adds the body and files it; its id. */
struct wu_id organising_add(struct world *world, const struct body *body);

/* Suspends it until it is lifted. */
void organising_suspend(struct world *world, const char *body);

/* Those two are bound, as was declared or found. */
void organising_bind(struct world *world, const char *party, const char *other);

const OrganisationRow *organising_row(struct world *world, struct wu_id provider_id);
