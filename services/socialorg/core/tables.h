#pragma once

#include "common/fold/table.h"
#include "services/socialorg/core/names.h"

struct organisation_key {
    struct wu_id provider_id;
};

/* What a body is registered for and how it stands; a body without a row takes nothing. */
extern const struct wu_table SOCIALORG_ORGANISATIONS;
WU_TABLE_OF(organisations, SOCIALORG_ORGANISATIONS, struct organisation_key, OrganisationRow);

struct credit_code_key {
    char credit_code[24];
};

/* Which body has that credit code. */
extern const struct wu_table SOCIALORG_CREDIT_CODES;
WU_TABLE_OF(credit_codes, SOCIALORG_CREDIT_CODES, struct credit_code_key, CreditCodeRow);

/* New organisations on their way to stand alone. */
extern const struct wu_table SOCIALORG_INCUBATIONS;
WU_TABLE_OF(incubations, SOCIALORG_INCUBATIONS, struct organisation_key, IncubationRow);

struct policy_key {
    uint32_t zero;
};

/* One row: the rules the city set for itself. */
extern const struct wu_table SOCIALORG_POLICIES;
WU_TABLE_OF(policies, SOCIALORG_POLICIES, struct policy_key, PolicyRow);

struct interest_key {
    char party[32];
    char other[32];
};

/* Who is bound to whom; each interest stands here twice, from both ends. */
extern const struct wu_table SOCIALORG_INTERESTS;
WU_TABLE_OF(interests, SOCIALORG_INTERESTS, struct interest_key, InterestRow);

struct party_key {
    char party[32];
};

/* Who has declared its interests, or that it has none. */
extern const struct wu_table SOCIALORG_DECLARATIONS;
WU_TABLE_OF(declarations, SOCIALORG_DECLARATIONS, struct party_key, DeclarationRow);

struct decision_key {
    char body[24];
    uint32_t kind; /* DecisionKind */
};

/* What was decided about an organisation and by whom, so that a later interest finds it. */
extern const struct wu_table SOCIALORG_DECISIONS;
WU_TABLE_OF(decisions, SOCIALORG_DECISIONS, struct decision_key, DecisionRow);
