#pragma once

#include "services/ctl/ctl.h"

/* One function per command; CTL_COMMANDS in commands.c is the table that names them. */

/* cmd_init.c, cmd_status.c, cmd_doctor.c, cmd_store.c, cmd_dead_letters.c, cmd_roster.c,
 * cmd_generation.c */
int cmd_init(struct ctl *ctl, int argc, char **argv);
int cmd_status(struct ctl *ctl, int argc, char **argv);
int cmd_doctor(struct ctl *ctl, int argc, char **argv);
int cmd_store_dump(struct ctl *ctl, int argc, char **argv);
int cmd_store_verify(struct ctl *ctl, int argc, char **argv);
int cmd_dead_letters_list(struct ctl *ctl, int argc, char **argv);
int cmd_dead_letters_show(struct ctl *ctl, int argc, char **argv);
int cmd_dead_letters_retry(struct ctl *ctl, int argc, char **argv);
int cmd_dead_letters_drop(struct ctl *ctl, int argc, char **argv);
int cmd_roster_list(struct ctl *ctl, int argc, char **argv);
int cmd_roster_revoke(struct ctl *ctl, int argc, char **argv);
int cmd_generation_begin(struct ctl *ctl, int argc, char **argv);

/* One file per noun: cmd_raise.c, cmd_linkage.c, cmd_need.c ... */
int cmd_raise(struct ctl *ctl, int argc, char **argv);
int cmd_linkage_list(struct ctl *ctl, int argc, char **argv);
int cmd_linkage_show(struct ctl *ctl, int argc, char **argv);
int cmd_linkage_trace(struct ctl *ctl, int argc, char **argv);
int cmd_linkage_why(struct ctl *ctl, int argc, char **argv);
int cmd_receipt_verify(struct ctl *ctl, int argc, char **argv);
int cmd_linkage_due(struct ctl *ctl, int argc, char **argv);
int cmd_escalation_list(struct ctl *ctl, int argc, char **argv);
int cmd_linkage_approve(struct ctl *ctl, int argc, char **argv); /* cmd_gate.c */
int cmd_linkage_refuse(struct ctl *ctl, int argc, char **argv);
int cmd_step_add(struct ctl *ctl, int argc, char **argv);
int cmd_override_list(struct ctl *ctl, int argc, char **argv);
int cmd_override_request(struct ctl *ctl, int argc, char **argv);
int cmd_override_confirm(struct ctl *ctl, int argc, char **argv);
int cmd_emergency_declare(struct ctl *ctl, int argc, char **argv); /* cmd_emergency.c */
int cmd_emergency_end(struct ctl *ctl, int argc, char **argv);
int cmd_emergency_list(struct ctl *ctl, int argc, char **argv);
int cmd_emergency_review(struct ctl *ctl, int argc, char **argv);
int cmd_dispute_list(struct ctl *ctl, int argc, char **argv);
int cmd_dispute_rule(struct ctl *ctl, int argc, char **argv);
int cmd_precedent_list(struct ctl *ctl, int argc, char **argv);
int cmd_department_add(struct ctl *ctl, int argc, char **argv);
int cmd_department_list(struct ctl *ctl, int argc, char **argv);
int cmd_whistle_blow(struct ctl *ctl, int argc, char **argv);
int cmd_whistle_arrived(struct ctl *ctl, int argc, char **argv);
int cmd_whistle_rate(struct ctl *ctl, int argc, char **argv);
int cmd_whistle_list(struct ctl *ctl, int argc, char **argv);
int cmd_whistle_totals(struct ctl *ctl, int argc, char **argv);
int cmd_contention_list(struct ctl *ctl, int argc, char **argv);
int cmd_contention_dissent(struct ctl *ctl, int argc, char **argv);
int cmd_unmet_list(struct ctl *ctl, int argc, char **argv);
int cmd_unmet_totals(struct ctl *ctl, int argc, char **argv);
int cmd_radar_show(struct ctl *ctl, int argc, char **argv);
int cmd_radar_cases(struct ctl *ctl, int argc, char **argv);
int cmd_report_balance(struct ctl *ctl, int argc, char **argv);
int cmd_report_network(struct ctl *ctl, int argc, char **argv);
int cmd_report_tiers(struct ctl *ctl, int argc, char **argv);
int cmd_report_modes(struct ctl *ctl, int argc, char **argv);
int cmd_community_mode(struct ctl *ctl, int argc, char **argv); /* cmd_radar.c */
int cmd_calendar_show(struct ctl *ctl, int argc, char **argv);
int cmd_calendar_due(struct ctl *ctl, int argc, char **argv);
int cmd_linkage_totals(struct ctl *ctl, int argc, char **argv);
int cmd_catalogue_check(struct ctl *ctl, int argc, char **argv);
int cmd_catalogue_apply(struct ctl *ctl, int argc, char **argv);
int cmd_catalogue_show(struct ctl *ctl, int argc, char **argv);
int cmd_catalogue_diff(struct ctl *ctl, int argc, char **argv);
int cmd_catalogue_rehearse(struct ctl *ctl, int argc, char **argv);
int cmd_step_list(struct ctl *ctl, int argc, char **argv);
int cmd_step_accept(struct ctl *ctl, int argc, char **argv);
int cmd_step_decline(struct ctl *ctl, int argc, char **argv);
int cmd_step_deliver(struct ctl *ctl, int argc, char **argv);
int cmd_household_register(struct ctl *ctl, int argc, char **argv); /* cmd_resident.c */
int cmd_resident_register(struct ctl *ctl, int argc, char **argv);
int cmd_resident_change(struct ctl *ctl, int argc, char **argv);
int cmd_resident_find(struct ctl *ctl, int argc, char **argv);
int cmd_resident_show(struct ctl *ctl, int argc, char **argv);
int cmd_resident_list(struct ctl *ctl, int argc, char **argv);
int cmd_resident_access_log(struct ctl *ctl, int argc, char **argv);
int cmd_resident_erase(struct ctl *ctl, int argc, char **argv);
int cmd_consent_record(struct ctl *ctl, int argc, char **argv);
int cmd_consent_withdraw(struct ctl *ctl, int argc, char **argv);
int cmd_consent_list(struct ctl *ctl, int argc, char **argv);
int cmd_need_list(struct ctl *ctl, int argc, char **argv);
int cmd_need_confirm(struct ctl *ctl, int argc, char **argv);
int cmd_ledger_show(struct ctl *ctl, int argc, char **argv);
int cmd_org_register(struct ctl *ctl, int argc, char **argv); /* cmd_organisation.c */
int cmd_org_suspend(struct ctl *ctl, int argc, char **argv);
int cmd_org_lift(struct ctl *ctl, int argc, char **argv);
int cmd_org_list(struct ctl *ctl, int argc, char **argv);
int cmd_org_policy(struct ctl *ctl, int argc, char **argv);
int cmd_incubation_advance(struct ctl *ctl, int argc, char **argv);
int cmd_incubation_list(struct ctl *ctl, int argc, char **argv);
int cmd_interest_declare(struct ctl *ctl, int argc, char **argv);
int cmd_interest_list(struct ctl *ctl, int argc, char **argv);
int cmd_decision_list(struct ctl *ctl, int argc, char **argv);
int cmd_decision_review(struct ctl *ctl, int argc, char **argv);
int cmd_decision_disclose(struct ctl *ctl, int argc, char **argv);
int cmd_import(struct ctl *ctl, int argc,
               char **argv); /* needs|people|organisations|resources|kinds|days */
