#pragma once

#include "services/coordinator/core/record.h"

/*
 * Moves the linkage on as far as it will go now: offers what waits, confirms
 * once everything is reserved, asks the resident once everything is delivered,
 * closes unmet once a required step has nobody left. Call it after every change
 * of a step, before linkage_save.
 */
void linkage_advance(struct linkage *linkage);

/* True until everybody is found: nothing is confirmed yet. */
bool is_gathering(const struct linkage *linkage);

/* Nobody will do the step: without it if it is optional, else the linkage ends unmet. */
void linkage_drop_step(struct linkage *linkage, LinkageStep *step);

/* Every required step of a social worker or an organisation has somebody who said yes. */
bool core_three_hold(const struct linkage *linkage);

/* The end, once. missing_service is "" unless the outcome is UNMET. */
void linkage_close(struct linkage *linkage, Outcome outcome, UnmetReason reason,
                   const char *missing_service);

/* To the community that raised the need. */
void emit_to_community(struct linkage *linkage, wu_event_type type, const ProtobufCMessage *body);
