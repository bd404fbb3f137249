#pragma once

#include "common/fold/table.h"
#include "services/coordinator/core/names.h"

enum { DEPARTMENT_CODE_SIZE = 32 };
enum { KIND_CODE_SIZE = 32, SERVICE_SIZE = 32 }; /* with the zero behind */

extern const struct wu_table *const COORDINATOR_TABLES[];

/* The catalogue: of every kind the version in force, before its first day the one adopted first. */
struct kind_key {
    char code[KIND_CODE_SIZE];
};
extern const struct wu_table COORDINATOR_KINDS;
WU_TABLE_OF(kinds, COORDINATOR_KINDS, struct kind_key, KindRow);

/* Every version there ever was: a case keeps the one it was opened under. */
struct kind_version_key {
    char code[KIND_CODE_SIZE];
    uint32_t version;
};
extern const struct wu_table COORDINATOR_KIND_VERSIONS;
WU_TABLE_OF(kind_versions, COORDINATOR_KIND_VERSIONS, struct kind_version_key, KindRow);

/* Versions whose day has not come, soonest first; each has its timer. */
struct kind_waiting_key {
    int64_t from_ms;
    char code[KIND_CODE_SIZE];
    uint32_t version;
};
extern const struct wu_table COORDINATOR_KINDS_WAITING;
WU_INDEX_OF(kinds_waiting, COORDINATOR_KINDS_WAITING, struct kind_waiting_key);

/* Everybody who can be offered steps, or once could. */
struct provider_key {
    struct wu_id provider_id;
};
extern const struct wu_table COORDINATOR_PROVIDERS;
WU_TABLE_OF(providers, COORDINATOR_PROVIDERS, struct provider_key, ProviderRow);

/*
 * Open providers by what they offer and where, the best score first, of equals
 * the longest without an offer. Follows from the provider's row, and is written
 * together with it.
 */
struct candidate_key {
    uint32_t role;
    char service[SERVICE_SIZE];
    uint64_t division;
    uint32_t rank;         /* 1000 less the provider's own parts of its score */
    uint64_t last_offered; /* journal number of that offer, 0: never */
    struct wu_id provider_id;
};
enum {
    CANDIDATE_SERVICE_FIELDS = 2, /* role, service */
    CANDIDATE_PLACE_FIELDS = 3,   /* and division */
};
extern const struct wu_table COORDINATOR_CANDIDATES;
WU_TABLE_OF(candidates, COORDINATOR_CANDIDATES, struct candidate_key, CandidateRow);

/* All linkages, open and ended, refused ones too. */
struct linkage_key {
    struct wu_id linkage_id;
};
extern const struct wu_table COORDINATOR_LINKAGES;
WU_TABLE_OF(linkages, COORDINATOR_LINKAGES, struct linkage_key, LinkageRow);

/* The stories of linkages, line by line. */
struct history_key {
    struct wu_id linkage_id;
    uint32_t line; /* 0, 1, 2 ... */
};
extern const struct wu_table COORDINATOR_HISTORY;
WU_TABLE_OF(history, COORDINATOR_HISTORY, struct history_key, HistoryEntry);

/* The open ones, so that they can be listed without walking through the past. */
extern const struct wu_table COORDINATOR_LINKAGES_OPEN;
WU_INDEX_OF(linkages_open, COORDINATOR_LINKAGES_OPEN, struct linkage_key);

/* Days that are not what their weekday says. */
struct day_key {
    uint32_t date; /* 20261001 */
};
extern const struct wu_table COORDINATOR_DAYS;
WU_TABLE_OF(days, COORDINATOR_DAYS, struct day_key, DayRow);

/* Open linkages whose clocks ran out, by the level they have come up to. */
struct escalation_key {
    uint64_t division;
    struct wu_id linkage_id;
};
extern const struct wu_table COORDINATOR_ESCALATIONS;
WU_TABLE_OF(escalations, COORDINATOR_ESCALATIONS, struct escalation_key, EscalationRow);

/* Steps that were passed back, for ever. */
struct dispute_key {
    struct wu_id linkage_id;
    uint32_t step_no;
};
extern const struct wu_table COORDINATOR_DISPUTES;
WU_TABLE_OF(disputes, COORDINATOR_DISPUTES, struct dispute_key, DisputeRow);

/* Those that wait for a ruling. */
extern const struct wu_table COORDINATOR_DISPUTES_OPEN;
WU_INDEX_OF(disputes_open, COORDINATOR_DISPUTES_OPEN, struct dispute_key);

/* What was ruled, for the next step like it. */
struct precedent_key {
    uint64_t division; /* of a district */
    char kind[KIND_CODE_SIZE];
    uint32_t role;
    char service[SERVICE_SIZE];
};
extern const struct wu_table COORDINATOR_PRECEDENTS;
WU_TABLE_OF(precedents, COORDINATOR_PRECEDENTS, struct precedent_key, PrecedentRow);

/* What several linkages wanted and not all got. */
struct contention_key {
    struct wu_id provider_id;
    char service[SERVICE_SIZE];
};
extern const struct wu_table COORDINATOR_CONTENTIONS;
WU_TABLE_OF(contentions, COORDINATOR_CONTENTIONS, struct contention_key, ContentionRow);

/* Outside parties that communities may summon. */
struct department_key {
    char code[DEPARTMENT_CODE_SIZE];
};
extern const struct wu_table COORDINATOR_DEPARTMENTS;
WU_TABLE_OF(departments, COORDINATOR_DEPARTMENTS, struct department_key, DepartmentRow);

/* Every whistle ever blown. */
struct whistle_key {
    struct wu_id whistle_id;
};
extern const struct wu_table COORDINATOR_WHISTLES;
WU_TABLE_OF(whistles, COORDINATOR_WHISTLES, struct whistle_key, WhistleRow);

/* How often each community did. */
struct whistler_key {
    uint64_t division;
};
extern const struct wu_table COORDINATOR_WHISTLERS;
WU_TABLE_OF(whistlers, COORDINATOR_WHISTLERS, struct whistler_key, WhistlerRow);

/* Closed linkages, counted. */
struct outcome_key {
    uint32_t outcome;
    uint32_t reason;
};
extern const struct wu_table COORDINATOR_OUTCOMES;
WU_TABLE_OF(outcomes, COORDINATOR_OUTCOMES, struct outcome_key, OutcomeRow);

/* What a rule forbids and two people let pass, or did not. */
struct override_key {
    struct wu_id override_id;
};
extern const struct wu_table COORDINATOR_OVERRIDES;
WU_TABLE_OF(overrides, COORDINATOR_OVERRIDES, struct override_key, OverrideRow);

/* Overrides, counted in the month in which they were asked for, confirmed or expired. */
struct override_count_key {
    uint32_t month; /* 202611, of the city's time */
    uint32_t rule;
};
extern const struct wu_table COORDINATOR_OVERRIDE_COUNTS;
WU_TABLE_OF(override_counts, COORDINATOR_OVERRIDE_COUNTS, struct override_count_key,
            OverrideCountRow);

/* All emergencies, those that are over too. */
struct emergency_key {
    struct wu_id emergency_id;
};
extern const struct wu_table COORDINATOR_EMERGENCIES;
WU_TABLE_OF(emergencies, COORDINATOR_EMERGENCIES, struct emergency_key, EmergencyRow);

/* The standing ones: at most EMERGENCIES_MAX, looked through when a linkage is opened. */
extern const struct wu_table COORDINATOR_EMERGENCIES_OPEN;
WU_INDEX_OF(emergencies_open, COORDINATOR_EMERGENCIES_OPEN, struct emergency_key);

/* Every gate an emergency relaxed: its review. */
struct relaxation_key {
    struct wu_id emergency_id;
    struct wu_id linkage_id;
    uint32_t rule;
};
extern const struct wu_table COORDINATOR_RELAXATIONS;
WU_TABLE_OF(relaxations, COORDINATOR_RELAXATIONS, struct relaxation_key, RelaxationRow);

/* Needs that were not met or not wholly, refused ones too, as they ended. */
struct unmet_key {
    int64_t ended_at_ms;
    struct wu_id linkage_id;
};
extern const struct wu_table COORDINATOR_UNMET;
WU_TABLE_OF(unmet, COORDINATOR_UNMET, struct unmet_key, UnmetRow);

/* Communities that were told to link three societies or five; any other links five. */
struct mode_key {
    uint64_t division;
};
extern const struct wu_table COORDINATOR_MODES;
WU_TABLE_OF(modes, COORDINATOR_MODES, struct mode_key, ModeRow);

/* What ended in a month, by community and by the mode it was opened in. */
struct month_key {
    uint32_t month; /* 202611, local time */
    uint64_t division;
    uint32_t mode; /* LinkageMode, never 0 */
};
extern const struct wu_table COORDINATOR_MONTHS;
WU_TABLE_OF(months, COORDINATOR_MONTHS, struct month_key, MonthRow);

/* The same, by who was asked. */
struct pair_key {
    uint64_t division;
    struct wu_id provider_id;
    uint32_t month;
};
extern const struct wu_table COORDINATOR_PAIRS;
WU_TABLE_OF(pairs, COORDINATOR_PAIRS, struct pair_key, PairRow);

/* The cases behind the deviations that are counted there. */
struct deviation_key {
    uint32_t month;
    uint64_t division;
    uint32_t deviation;
    struct wu_id linkage_id;
    uint32_t step_no;         /* 0: the case as a whole */
    struct wu_id provider_id; /* zero: nobody's in particular */
};
extern const struct wu_table COORDINATOR_DEVIATIONS;
WU_TABLE_OF(deviations, COORDINATOR_DEVIATIONS, struct deviation_key, DeviationRow);
/* The last referral of each step that other coordinators asked for, by their own number of it. */
struct referred_key {
    struct wu_id linkage_id;
    uint32_t step_no;
};
extern const struct wu_table COORDINATOR_REFERRED;
WU_TABLE_OF(referred, COORDINATOR_REFERRED, struct referred_key, ReferredRow);

/* What is offered here by anybody, of a coordinator that has one above it. */
struct service_key {
    uint32_t role;
    char service[SERVICE_SIZE];
};
extern const struct wu_table COORDINATOR_SERVICES;
WU_TABLE_OF(services, COORDINATOR_SERVICES, struct service_key, ServiceRow);
