#pragma once

#include "common/fold/table.h"
#include "wushe/community/state/v1/need_row.pb-c.h"
#include "wushe/coordinator/state/v1/linkage_row.pb-c.h"
#include "wushe/linkage/state/v1/step_row.pb-c.h"

#include <stdbool.h>
#include <stdio.h>

/*
 * What integration tests see in the stores of each role: one file per role,
 * since the cores' tables have short names, and the same ones. Rows are good
 * until the call that shows them is over. A visitor that returns false ends the
 * walk.
 */

/* look_community.c */
typedef bool (*look_at_need)(void *context, const struct wu_id *need_id,
                             const CommunityState__NeedRow *need);
void look_needs(struct wu_txn *txn, look_at_need visit, void *context);
/* Only those that wait for the resident's word. */
void look_needs_awaiting(struct wu_txn *txn, look_at_need visit, void *context);
const CommunityState__NeedRow *look_need(struct wu_txn *txn, const struct wu_id *id);
/* Version of a kind as the community knows it; 0: not at all. */
uint32_t look_kind_known(struct wu_txn *txn, const char *code);

/* look_coordinator.c */
typedef bool (*look_at_linkage)(void *context, const struct wu_id *linkage_id,
                                const CoordinatorState__LinkageRow *linkage);
void look_linkages(struct wu_txn *txn, look_at_linkage visit, void *context);
const CoordinatorState__LinkageRow *look_linkage(struct wu_txn *txn, const struct wu_id *id);
/* True when two people have let that step of the linkage pass. */
bool look_step_overridden(struct wu_txn *txn, const struct wu_id *id, uint32_t step_no);
/* Overrides that were confirmed, and how many the counts by month and rule say there are. */
void look_overrides(struct wu_txn *txn, uint64_t *ret_confirmed, uint64_t *ret_counted);
uint64_t look_linkages_open_count(struct wu_txn *txn);
uint64_t look_providers_count(struct wu_txn *txn);

/* look_provider.c: any node that provides */
typedef bool (*look_at_step)(void *context, const struct wu_id *linkage_id, uint32_t step_no,
                             const LinkageState__StepRow *step);
void look_steps(struct wu_txn *txn, look_at_step visit, void *context);
void look_steps_open(struct wu_txn *txn, look_at_step visit, void *context);
/* One step, at each body of the node that was offered it. */
void look_step(struct wu_txn *txn, const struct wu_id *linkage_id, uint32_t step_no,
               look_at_step visit, void *context);

/* look_volunteer.c: a sentence about the first person in two places at once; false: nobody is */
bool look_overlapping_shifts(struct wu_txn *txn, char *why, size_t why_size);
uint64_t look_shifts_count(struct wu_txn *txn);

/* look_socialorg.c: a sentence about an organisation that has work and may not have any; false:
 * none. At rest a suspended one has given back what it had. */
bool look_barred_holder(struct wu_txn *txn, bool is_at_rest, char *why, size_t why_size);

/* look_charity.c: a sentence about the first account that is wrong; false: the books are right */
bool look_wrong_books(struct wu_txn *txn, char *why, size_t why_size);
/* Sum of all ISSUED accounts. */
int64_t look_issued(struct wu_txn *txn);
