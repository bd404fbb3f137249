#pragma once

#include "wushe/coordinator/v1/rule.pb-c.h"

typedef Coordinator__Rule Rule;

/* RULE(LISTED_WORK): the schema says it at length. */
#define RULE(name) COORDINATOR__RULE__RULE_##name

/*
 * What a rule is called and says. Receipts hold the number; people read this.
 * `source` names the requirement (R..) or feature (N..) it comes from.
 */
struct rule_text {
    Rule rule;
    const char *id; /* "core-three-first": stable */
    const char *source;
    const char *zh; /* whole sentences */
    const char *en;
};

/* All of them, by number; ends with rule 0. */
extern const struct rule_text RULE_TEXTS[];

/* NULL for a number this build does not know. */
const struct rule_text *rule_text(Rule rule);
