#pragma once

#include "services/ctl/nodes.h"
#include "services/ctl/views.h"

/*
 * One linkage as all the stores of the city know it: the need at its
 * community, the linkage at the coordinator, steps, people and bookings at the
 * providers. What a store does not have is NULL.
 */
enum { CTL_CASE_TRANSFERS_MAX = 256 };

struct ctl_case {
    struct ctl *ctl;
    struct ctl_city city;
    struct wu_id id;
    char number[WU_ID_TEXT_MAX];

    const struct ctl_node *community_node; /* NULL: not in this home */
    const struct ctl_node *hub;
    const CommunityState__NeedRow *need;
    const CoordinatorState__LinkageRow *linkage;
    const CoordinatorState__KindRow *kind; /* the version it was opened under, else in force */

    const char *community_name; /* never NULL */
    const char *kind_name;      /* Chinese, else the code; never NULL */
    uint64_t division;
};

/* CTL_OK; CTL_USAGE with a sentence when no store knows the number. Rows live in ctl->arena. */
int ctl_case_open(struct ctl *ctl, const struct wu_id *id, struct ctl_case *ret_case);
void ctl_case_close(struct ctl_case *the_case);

/* The step of that number, or NULL. */
const CoordinatorState__LinkageStep *ctl_case_step(const struct ctl_case *the_case,
                                                   uint32_t step_no);

/* What the provider's own store has of the step, if its last offer is that attempt; or NULL. */
const LinkageState__StepRow *ctl_case_provider_step(struct ctl_case *the_case, uint32_t step_no,
                                                    uint32_t attempt);
const LinkageState__ProviderRow *ctl_case_provider(struct ctl_case *the_case,
                                                   ProtobufCBinaryData provider_id);

/* "2 people for elder-visit", "200.00 元 of money-elderly", "home-care". */
const char *ctl_case_asked(struct ctl_case *the_case, const CoordinatorState__LinkageStep *step);

/* An amount of that step: "2 people", "150.00 元", "1 case". */
const char *ctl_case_amount(struct ctl_case *the_case, const CoordinatorState__LinkageStep *step,
                            int64_t amount);

/* Who does the step, by name and time: "张三 11-25 09:00-11:00, 李四 ..."; "" when nobody is named.
 */
const char *ctl_case_people(struct ctl_case *the_case, const CoordinatorState__LinkageStep *step);

/* The bookings for this linkage, of all charity nodes; node[i] is where row[i] stands. */
struct ctl_case_transfers {
    const CharityState__TransferRow *rows[CTL_CASE_TRANSFERS_MAX];
    const struct ctl_node *nodes[CTL_CASE_TRANSFERS_MAX];
    size_t count;
};
void ctl_case_transfers(struct ctl_case *the_case, struct ctl_case_transfers *ret_transfers);

/* "150.00 元 of money-elderly" */
const char *ctl_case_booked(struct ctl *ctl, const CharityState__TransferRow *row);

/* "2026-11-24 22:15:26"; "-" for 0 and never. From the arena. */
const char *ctl_second_text(struct ctl *ctl, int64_t time_ms);

/* "socialorg" as people say it: "social organisation". */
const char *ctl_role_text(Linkage__Role role);
