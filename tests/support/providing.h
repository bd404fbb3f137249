#pragma once

#include "services/provider/tables.h"
#include "tests/support/world.h"

/*
 * The coordinator's and the people's side of a providing society, for its
 * tests. Every call forgets the outputs of the call before, so that what is
 * found afterwards is what this call made.
 */

/* A society whose bodies are limited by nothing but their own capacity. */
extern const struct wu_core PLAIN_PROVIDER_CORE;

/* A body of one service, or of two; capacity 0 is none. */
struct body {
    const char *code;
    const char *service;
    const char *second_service;
    int64_t capacity_cases;
    bool by_hand;
    bool closed;
};

/* Adds or changes the body; its id. */
struct wu_id providing_add(struct world *world, const struct body *body);

/* An offer of a step. Zero means: linkage 1, step 1, attempt 1, one piece, 24 hours from now. */
struct offered {
    uint64_t linkage;
    uint32_t step_no;
    uint32_t attempt;
    struct wu_id provider_id;
    const char *service;
    int64_t quantity;
    int64_t from_ms;
    int64_t until_ms;
    int64_t reply_by_ms;   /* 0: in an hour */
    int64_t hold_until_ms; /* 0: in two hours */
    uint32_t from_node;    /* 0: the coordinator */
    uint32_t level_min;
    const char *licence_field; /* NULL: any */
    bool by_provider;          /* people say which body they speak for */
};

void providing_offer(struct world *world, const struct offered *offered);
void providing_confirm(struct world *world, const struct offered *offered);
void providing_release(struct world *world, const struct offered *offered);
const Bus__Answer *providing_answer(struct world *world, const struct offered *offered,
                                    bool accept);

/* quantity 0: as offered */
const Bus__Answer *providing_report(struct world *world, const struct offered *offered,
                                    int64_t quantity, int64_t minutes);

/* Offered and confirmed; ends the test when that fails. */
void providing_take(struct world *world, const struct offered *offered);

/* The step's row; UNSPECIFIED when there is none. */
const StepRow *providing_step(struct world *world, const struct offered *offered);
StepState providing_state(struct world *world, const struct offered *offered);
const ProviderRow *providing_body(struct world *world, struct wu_id provider_id);

/* How many steps are listed as open for the body. */
size_t providing_open_count(struct world *world, struct wu_id provider_id);

/* The reason of the decline just sent, UNSPECIFIED when none was. */
DeclineReason providing_declined(struct world *world);

struct wu_id providing_linkage_id(const struct offered *offered);

#define assert_accepted(answer)                                                         \
    do {                                                                                \
        const Bus__Answer *answer_ = (answer);                                          \
        cr_assert_eq(answer_->status, BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED, "%s", \
                     world_answer_text(answer_));                                       \
    } while (0)

#define assert_refused(answer, expected)                                          \
    do {                                                                          \
        const Bus__Answer *answer_ = (answer);                                    \
        cr_assert_eq(answer_->status, BUS__ANSWER_STATUS__ANSWER_STATUS_REFUSED); \
        cr_assert_str_eq(answer_->code, expected);                                \
        cr_assert_gt(strlen(answer_->text), 0);                                   \
    } while (0)
