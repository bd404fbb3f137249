#pragma once

#include "common/fold/table.h"
#include "wushe/charity/state/v1/ledger_row.pb-c.h"
#include "wushe/community/state/v1/need_row.pb-c.h"
#include "wushe/coordinator/state/v1/linkage_row.pb-c.h"
#include "wushe/linkage/state/v1/step_row.pb-c.h"
#include "wushe/socialworker/state/v1/worker_row.pb-c.h"
#include "wushe/volunteer/state/v1/volunteer_row.pb-c.h"

#include <stdbool.h>

/*
 * Single rows of each role's store, for what shows several roles at once. One
 * file per role: the cores' own tables have short names, and the same ones.
 * Rows live in the arena of the snapshot; NULL when there is none.
 */

/* view_community.c */
const CommunityState__NeedRow *ctl_view_need(struct wu_txn *txn, const struct wu_id *need_id);
const char *ctl_view_community_name(struct wu_txn *txn, uint64_t division);

/* view_coordinator.c: version 0 is the one in force */
const CoordinatorState__KindRow *ctl_view_kind(struct wu_txn *txn, const char *code,
                                               uint32_t version);
const CoordinatorState__LinkageRow *ctl_view_linkage(struct wu_txn *txn,
                                                     const struct wu_id *linkage_id);

/* view_provider.c: any node that provides */
struct ctl_view_offer {
    struct wu_id linkage_id;
    uint32_t step_no;
    struct wu_id provider_id;
};
const LinkageState__StepRow *ctl_view_step(struct wu_txn *txn, const struct ctl_view_offer *offer);
const LinkageState__ProviderRow *ctl_view_provider(struct wu_txn *txn,
                                                   const struct wu_id *provider_id);

/* view_socialworker.c: whose case a step is */
const SocialworkerState__WorkerRow *ctl_view_case_worker(struct wu_txn *txn,
                                                         const struct ctl_view_offer *offer);

/* view_volunteer.c: the n-th person of a step, 0, 1, 2 ... and when; false behind the last */
struct ctl_view_place {
    const VolunteerState__VolunteerRow *person; /* NULL: the person is not in the books */
    int64_t from_ms;
    int64_t until_ms;
};
bool ctl_view_place(struct wu_txn *txn, const struct ctl_view_offer *offer, uint32_t n,
                    struct ctl_view_place *ret_place);

/*
 * view_charity.c: the bookings of a linkage, oldest first; only those from
 * since_ms to until_ms are looked at. At most `room` are written; returns how
 * many.
 */
struct ctl_view_span {
    int64_t since_ms;
    int64_t until_ms;
};
size_t ctl_view_transfers(struct wu_txn *txn, const struct wu_id *linkage_id,
                          const struct ctl_view_span *span,
                          const CharityState__TransferRow **ret_rows, size_t room);

/* What a fund's service is counted in; UNSPECIFIED when nothing was ever given. */
Charity__ResourceClass ctl_view_resource_class(struct wu_txn *txn, const struct wu_id *provider_id,
                                               const char *service);
