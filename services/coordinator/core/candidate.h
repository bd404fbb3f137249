#pragma once

#include "common/fold/step.h"
#include "services/coordinator/core/names.h"

/* The lines of providers for each service and place, and who of them is asked. */

/* An open provider stands in the line of each of its services; a closed one in none. */
void candidates_add(struct wu_step *fold, const struct wu_id *provider_id, const ProviderRow *row);
void candidates_remove(struct wu_step *fold, const struct wu_id *provider_id,
                       const ProviderRow *row);

/* Its standing or its turn changed, its services did not: writes what is not the same. */
void candidates_move(struct wu_step *fold, const struct wu_id *provider_id,
                     const ProviderRow *before, const ProviderRow *after);

enum {
    CANDIDATE_LINES = 5,     /* community, street, district, city, province */
    CANDIDATES_PER_LINE = 3, /* told of those who could be asked, and of those asked before */
    CANDIDATES_TOLD_MAX = CANDIDATE_LINES * CANDIDATES_PER_LINE * 2,
};

/* A choice and how it came about; ids and texts live in the batch's arena. */
struct choice {
    struct wu_id provider_id;
    const ProviderRow *provider;
    uint64_t division;        /* in whose line it stood */
    uint32_t looked_at_count; /* over all lines, the chosen one included */
    uint32_t excluded_count;  /* of these, already tried */
    Rule decided_by;          /* what set it apart from the second; 0: there was no second */
    Candidate candidates[CANDIDATES_TOLD_MAX];
    Candidate *list[CANDIDATES_TOLD_MAX];
    size_t candidate_count;
};

/*
 * The best score among all open providers of the step's service that serve the
 * place or anything above it, and were not tried for this step; of equals the
 * one longest without an offer, then the smaller id. Exact, and without a scan:
 * each line is in order of score, so its first one not tried is its best.
 * Nothing is changed. False when there is nobody; what was looked at is filled
 * in all the same.
 */
bool candidate_choose(struct wu_step *fold, const LinkageStep *step, uint64_t division,
                      struct choice *ret_choice);
