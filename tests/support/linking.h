#pragma once

#include "common/base/time.h"
#include "services/coordinator/core/tables.h"
#include "tests/support/answers.h"

/*
 * Everybody else's side of a coordinator, for its tests: a catalogue, providers
 * by name, and one community (node 20). What the coordinator says is compared
 * as a transcript:
 *
 *   opened under 1
 *   offer 1.1 to kitchen          step 1, attempt 1
 *   release 1.1 at kitchen: REPLY_OVERDUE
 */
enum { COMMUNITY_NODE = 20, NEIGHBOUR_NODE = 21, STRANGER_NODE = 666 };

#define REPLY_MS WU_HOUR_MS
#define DELIVER_MS WU_DAY_MS

#define PROVINCE UINT64_C(420000000000)
#define CITY UINT64_C(420100000000)
#define DISTRICT UINT64_C(420106000000)
#define STREET UINT64_C(420106012000)
#define COMMUNITY UINT64_C(420106012001)
#define OTHER_STREET UINT64_C(420106013000)

/* For TestSuite(.init, .fini); the end folds the journal again and compares. */
void linking_set_up(void);
void linking_set_up_below(uint32_t hub); /* with that coordinator above it */
void linking_tear_down(void);
struct world *linking_world(void);

/* ---- the catalogue --------------------------------------------------------- */

/* A kind with spans of an hour, a day and three days, and that recipe (NULL-ended). */
AdoptKind kind_of(const char *code, PlanStep **recipe);
PlanStep plan_step(Role role, const char *service, bool required);
const Bus__Answer *adopt(const AdoptKind *kind);

/*
 * The kinds of most stories:
 *   visit   socialorg "visiting"
 *   meals   socialorg "kitchen", two volunteers "carrying", optional charity "rice"
 *   grief   assessed by a social worker of "counselling", then as visit
 */
void adopt_kinds(void);

/* ---- providers ------------------------------------------------------------- */

struct party {
    const char *name;
    Role role;
    const char *service;
    const char *second_service;
    uint64_t division; /* 0: STREET */
    bool closed;
    int64_t capacity;
    uint32_t from_node; /* 0: its own, one node for each name */
};
void announce(const struct party *party);

/* Of one service, open. */
void join(const char *name, Role role, const char *service, uint64_t division);
#define PARTY(...) (&(struct party){__VA_ARGS__})

struct wu_id party_id(const char *name);
const ProviderRow *provider_row(const char *name);

/* ---- the community --------------------------------------------------------- */

/* The number of the community's n-th need. */
struct wu_id need_id(uint64_t n);

struct need {
    uint64_t n;                     /* 0: 1 */
    Community__NeedUrgency urgency; /* 0: difficult */
    const char *kind;
    uint64_t division; /* 0: COMMUNITY */
    int64_t from_ms;   /* 0: in an hour */
    int64_t until_ms;  /* 0: in five */
    uint32_t from_node;
};
void raise_need(const struct need *need);
void raise_plain(uint64_t n, const char *kind);
#define NEED(...) (&(struct need){__VA_ARGS__})

void confirm_need(uint64_t n, Community__Verdict verdict, uint32_t from_node);

/* ---- answers --------------------------------------------------------------- */

struct answer {
    uint64_t need;    /* 0: 1 */
    uint32_t step_no; /* 0: 1 */
    uint32_t attempt; /* 0: 1 */
    const char *who;
    uint32_t from_node;    /* 0: the node of who */
    int64_t held_until_ms; /* reserved; 0: as long as was asked for: three hours and one */
    int64_t quantity;      /* delivered; 0: 1 */
    bool nothing;          /* delivered: a quantity of 0 */
    int64_t minutes;       /* delivered; 0: 30 */
    DeclineReason reason;  /* declined; 0: no capacity */
    const char *text;      /* declined, delivered */
    bool not_ours;         /* declined */
    uint64_t held_by;      /* declined: the need that has it; 0: nobody */
    PlanStep **plan;       /* delivered; NULL-ended */
};
void reserve(const struct answer *answer);
void decline(const struct answer *answer);
void lapse(const struct answer *answer);
void take(const struct answer *answer);
void deliver(const struct answer *answer);
#define BY(...) (&(struct answer){__VA_ARGS__})

/* ---- looking --------------------------------------------------------------- */

/* What was said since the last look, one line each, oldest first. */
#define assert_said(...) \
    cr_assert_str_eq(said(), linking_lines((const char *const[]){__VA_ARGS__, NULL}))
#define assert_nothing_said() cr_assert_str_eq(said(), "")
const char *said(void);
const char *linking_lines(const char *const *lines);

/* Moves time; timers fire. */
void wait_ms(int64_t span_ms);
/* Those that run for linkages: an open one has its own beside those of its steps. */
size_t timer_count(void);

const LinkageRow *linkage_row(uint64_t n);
/* State of a step; UNSPECIFIED if there is none. */
CoordinatorState__StepState step_state(uint64_t n, uint32_t step_no);
/* Last line of the story of that type, or NULL. */
const HistoryEntry *last_note(uint64_t n, wu_event_type type);
uint64_t outcome_count(Outcome outcome, UnmetReason reason);
bool is_open(uint64_t n);
