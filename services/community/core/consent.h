#pragma once

#include "common/fold/core.h"
#include "services/community/core/tables.h"

/* What a resident agreed to, and took back. */
extern const struct wu_route COMMUNITY_CONSENT_ROUTES[];

/*
 * Number of the consent that lets `recipient` have fields of a resident for that
 * purpose at that time; 0: none does. A consent to UNSPECIFIED is one to any.
 * The rule of every disclosure: Personal Information Protection Law, articles
 * 13, 15 (taken back) and 29 (what is sensitive is agreed to separately).
 */
uint32_t consent_covering(struct wu_step *step, const struct resident_key *resident,
                          Purpose purpose, Role recipient, bool sensitive);
