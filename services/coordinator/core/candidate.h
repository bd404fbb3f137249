#pragma once

#include "common/fold/step.h"
#include "services/coordinator/core/names.h"

/* The line of providers for each service and place, and whose turn it is. */

/* An open provider stands in the line of each of its services; a closed one in none. */
void candidates_add(struct wu_step *fold, const struct wu_id *provider_id, const ProviderRow *row);
void candidates_remove(struct wu_step *fold, const struct wu_id *provider_id,
                       const ProviderRow *row);

struct choice {
    struct wu_id provider_id;
    uint32_t node;
    const char *name;
    uint64_t division;        /* in whose line it stood */
    uint32_t looked_at_count; /* over all lines, the chosen one included */
    uint32_t excluded_count;  /* of these, already tried */
};

/*
 * The provider whose turn it is: from the line nearest to where the step is
 * (community, street, district, city, province) the one longest without an
 * offer, unless the step tried it. It goes to the end of its line. Each line
 * is looked at for a bounded length. False when there is nobody; the counts are
 * filled in all the same.
 */
bool candidate_choose(struct wu_step *fold, const LinkageStep *step, uint64_t division,
                      struct choice *ret_choice);
