#include "services/coordinator/core/tables.h"

const struct wu_table COORDINATOR_KINDS = {
    .name = "coordinator.kinds",
    .key_size = sizeof(struct kind_key),
    .key = {WU_KEY(struct kind_key, code)},
    .row = &coordinator_state__kind_row__descriptor,
};

const struct wu_table COORDINATOR_KIND_VERSIONS = {
    .name = "coordinator.kind_versions",
    .key_size = sizeof(struct kind_version_key),
    .key = {WU_KEY(struct kind_version_key, code), WU_KEY(struct kind_version_key, version)},
    .row = &coordinator_state__kind_row__descriptor,
};

const struct wu_table COORDINATOR_KINDS_WAITING = {
    .name = "coordinator.kinds_waiting",
    .key_size = sizeof(struct kind_waiting_key),
    .key = {WU_KEY(struct kind_waiting_key, from_ms), WU_KEY(struct kind_waiting_key, code),
            WU_KEY(struct kind_waiting_key, version)},
};

const struct wu_table COORDINATOR_PROVIDERS = {
    .name = "coordinator.providers",
    .key_size = sizeof(struct provider_key),
    .key = {WU_KEY(struct provider_key, provider_id)},
    .row = &coordinator_state__provider_row__descriptor,
};

const struct wu_table COORDINATOR_CANDIDATES = {
    .name = "coordinator.candidates_by_score",
    .key_size = sizeof(struct candidate_key),
    .key = {WU_KEY(struct candidate_key, role), WU_KEY(struct candidate_key, service),
            WU_KEY(struct candidate_key, division), WU_KEY(struct candidate_key, rank),
            WU_KEY(struct candidate_key, last_offered), WU_KEY(struct candidate_key, provider_id)},
    .row = &coordinator_state__candidate_row__descriptor,
};

const struct wu_table COORDINATOR_LINKAGES = {
    .name = "coordinator.linkages",
    .key_size = sizeof(struct linkage_key),
    .key = {WU_KEY(struct linkage_key, linkage_id)},
    .row = &coordinator_state__linkage_row__descriptor,
};

const struct wu_table COORDINATOR_HISTORY = {
    .name = "coordinator.history",
    .key_size = sizeof(struct history_key),
    .key = {WU_KEY(struct history_key, linkage_id), WU_KEY(struct history_key, line)},
    .row = &coordinator_state__history_entry__descriptor,
};

const struct wu_table COORDINATOR_LINKAGES_OPEN = {
    .name = "coordinator.linkages_open",
    .key_size = sizeof(struct linkage_key),
    .key = {WU_KEY(struct linkage_key, linkage_id)},
};

const struct wu_table COORDINATOR_OUTCOMES = {
    .name = "coordinator.outcomes",
    .key_size = sizeof(struct outcome_key),
    .key = {WU_KEY(struct outcome_key, outcome), WU_KEY(struct outcome_key, reason)},
    .row = &coordinator_state__outcome_row__descriptor,
};

const struct wu_table COORDINATOR_DAYS = {
    .name = "coordinator.days",
    .key_size = sizeof(struct day_key),
    .key = {WU_KEY(struct day_key, date)},
    .row = &coordinator_state__day_row__descriptor,
};

const struct wu_table COORDINATOR_ESCALATIONS = {
    .name = "coordinator.escalations",
    .key_size = sizeof(struct escalation_key),
    .key = {WU_KEY(struct escalation_key, division), WU_KEY(struct escalation_key, linkage_id)},
    .row = &coordinator_state__escalation_row__descriptor,
};

const struct wu_table COORDINATOR_OVERRIDES = {
    .name = "coordinator.overrides",
    .key_size = sizeof(struct override_key),
    .key = {WU_KEY(struct override_key, override_id)},
    .row = &coordinator_state__override_row__descriptor,
};

const struct wu_table COORDINATOR_OVERRIDE_COUNTS = {
    .name = "coordinator.override_counts",
    .key_size = sizeof(struct override_count_key),
    .key = {WU_KEY(struct override_count_key, month), WU_KEY(struct override_count_key, rule)},
    .row = &coordinator_state__override_count_row__descriptor,
};

const struct wu_table COORDINATOR_EMERGENCIES = {
    .name = "coordinator.emergencies",
    .key_size = sizeof(struct emergency_key),
    .key = {WU_KEY(struct emergency_key, emergency_id)},
    .row = &coordinator_state__emergency_row__descriptor,
};

const struct wu_table COORDINATOR_EMERGENCIES_OPEN = {
    .name = "coordinator.emergencies_open",
    .key_size = sizeof(struct emergency_key),
    .key = {WU_KEY(struct emergency_key, emergency_id)},
};

const struct wu_table COORDINATOR_RELAXATIONS = {
    .name = "coordinator.relaxations",
    .key_size = sizeof(struct relaxation_key),
    .key = {WU_KEY(struct relaxation_key, emergency_id), WU_KEY(struct relaxation_key, linkage_id),
            WU_KEY(struct relaxation_key, rule)},
    .row = &coordinator_state__relaxation_row__descriptor,
};

const struct wu_table COORDINATOR_REFERRED = {
    .name = "coordinator.referred",
    .key_size = sizeof(struct referred_key),
    .key = {WU_KEY(struct referred_key, linkage_id), WU_KEY(struct referred_key, step_no)},
    .row = &coordinator_state__referred_row__descriptor,
};

const struct wu_table COORDINATOR_SERVICES = {
    .name = "coordinator.services",
    .key_size = sizeof(struct service_key),
    .key = {WU_KEY(struct service_key, role), WU_KEY(struct service_key, service)},
    .row = &coordinator_state__service_row__descriptor,
};

const struct wu_table COORDINATOR_DISPUTES = {
    .name = "coordinator.disputes",
    .key_size = sizeof(struct dispute_key),
    .key = {WU_KEY(struct dispute_key, linkage_id), WU_KEY(struct dispute_key, step_no)},
    .row = &coordinator_state__dispute_row__descriptor,
};

const struct wu_table COORDINATOR_DISPUTES_OPEN = {
    .name = "coordinator.disputes_open",
    .key_size = sizeof(struct dispute_key),
    .key = {WU_KEY(struct dispute_key, linkage_id), WU_KEY(struct dispute_key, step_no)},
};

const struct wu_table COORDINATOR_PRECEDENTS = {
    .name = "coordinator.precedents",
    .key_size = sizeof(struct precedent_key),
    .key = {WU_KEY(struct precedent_key, division), WU_KEY(struct precedent_key, kind),
            WU_KEY(struct precedent_key, role), WU_KEY(struct precedent_key, service)},
    .row = &coordinator_state__precedent_row__descriptor,
};

const struct wu_table COORDINATOR_CONTENTIONS = {
    .name = "coordinator.contentions",
    .key_size = sizeof(struct contention_key),
    .key = {WU_KEY(struct contention_key, provider_id), WU_KEY(struct contention_key, service)},
    .row = &coordinator_state__contention_row__descriptor,
};

const struct wu_table COORDINATOR_DEPARTMENTS = {
    .name = "coordinator.departments",
    .key_size = sizeof(struct department_key),
    .key = {WU_KEY(struct department_key, code)},
    .row = &coordinator_state__department_row__descriptor,
};

const struct wu_table COORDINATOR_WHISTLES = {
    .name = "coordinator.whistles",
    .key_size = sizeof(struct whistle_key),
    .key = {WU_KEY(struct whistle_key, whistle_id)},
    .row = &coordinator_state__whistle_row__descriptor,
};

const struct wu_table COORDINATOR_WHISTLERS = {
    .name = "coordinator.whistlers",
    .key_size = sizeof(struct whistler_key),
    .key = {WU_KEY(struct whistler_key, division)},
    .row = &coordinator_state__whistler_row__descriptor,
};

const struct wu_table COORDINATOR_UNMET = {
    .name = "coordinator.unmet",
    .key_size = sizeof(struct unmet_key),
    .key = {WU_KEY(struct unmet_key, ended_at_ms), WU_KEY(struct unmet_key, linkage_id)},
    .row = &coordinator_state__unmet_row__descriptor,
};

const struct wu_table COORDINATOR_MODES = {
    .name = "coordinator.modes",
    .key_size = sizeof(struct mode_key),
    .key = {WU_KEY(struct mode_key, division)},
    .row = &coordinator_state__mode_row__descriptor,
};

const struct wu_table COORDINATOR_MONTHS = {
    .name = "coordinator.months",
    .key_size = sizeof(struct month_key),
    .key = {WU_KEY(struct month_key, month), WU_KEY(struct month_key, division),
            WU_KEY(struct month_key, mode)},
    .row = &coordinator_state__month_row__descriptor,
};

const struct wu_table COORDINATOR_PAIRS = {
    .name = "coordinator.pairs",
    .key_size = sizeof(struct pair_key),
    .key = {WU_KEY(struct pair_key, division), WU_KEY(struct pair_key, provider_id),
            WU_KEY(struct pair_key, month)},
    .row = &coordinator_state__pair_row__descriptor,
};

const struct wu_table COORDINATOR_DEVIATIONS = {
    .name = "coordinator.deviations",
    .key_size = sizeof(struct deviation_key),
    .key = {WU_KEY(struct deviation_key, month), WU_KEY(struct deviation_key, division),
            WU_KEY(struct deviation_key, deviation), WU_KEY(struct deviation_key, linkage_id),
            WU_KEY(struct deviation_key, step_no), WU_KEY(struct deviation_key, provider_id)},
    .row = &coordinator_state__deviation_row__descriptor,
};

/* clang-format off */
const struct wu_table *const COORDINATOR_TABLES[] = {
    &COORDINATOR_KINDS,
    &COORDINATOR_KIND_VERSIONS,
    &COORDINATOR_KINDS_WAITING,
    &COORDINATOR_PROVIDERS,
    &COORDINATOR_CANDIDATES,
    &COORDINATOR_LINKAGES,
    &COORDINATOR_LINKAGES_OPEN,
    &COORDINATOR_HISTORY,
    &COORDINATOR_OUTCOMES,
    &COORDINATOR_DAYS,
    &COORDINATOR_ESCALATIONS,
    &COORDINATOR_DISPUTES,
    &COORDINATOR_DISPUTES_OPEN,
    &COORDINATOR_PRECEDENTS,
    &COORDINATOR_OVERRIDES,
    &COORDINATOR_OVERRIDE_COUNTS,
    &COORDINATOR_EMERGENCIES,
    &COORDINATOR_EMERGENCIES_OPEN,
    &COORDINATOR_RELAXATIONS,
    &COORDINATOR_CONTENTIONS,
    &COORDINATOR_DEPARTMENTS,
    &COORDINATOR_WHISTLES,
    &COORDINATOR_WHISTLERS,
    &COORDINATOR_UNMET,
    &COORDINATOR_MODES,
    &COORDINATOR_MONTHS,
    &COORDINATOR_PAIRS,
    &COORDINATOR_DEVIATIONS,
    &COORDINATOR_REFERRED,
    &COORDINATOR_SERVICES,
    NULL,
};
/* clang-format on */
