#pragma once

#include "tests/support/city.h"

/*
 * What must hold when a city under test has come to rest, whatever was done to
 * it: the rules that the simulator checks in its world, read here from the
 * stores of real daemons. A broken rule fails the test with a sentence and the
 * end of every daemon's log.
 *
 *   answers   an acknowledged command is in its node's journal once, under its answer
 *   journals  numbers without a gap, time never back, no dead letter, no linkage's timer left
 *   streams   held records without a gap; what a node folded of a peer's stream is
 *             all of it, in order, and its chain of hashes ends where the peer's does
 *   ids       what is named, is named once
 *   privacy   a number on paper is in no public record and in no offer
 *   needs     each acknowledged need is one linkage, closed on both sides alike
 *   steps     none is open; a delivered one has one holder, whom the coordinator knows
 *   books     sums are zero, nothing is held, what was issued is what was delivered
 *   shifts    no volunteer in two places
 */
struct judge;
struct judge *judge_open(struct city *city);
void judge_close(struct judge **judge_p);

/* Somebody got that answer from the node that folds the command. Kept. */
void judge_heard(struct judge *judge, int node, const Bus__Answer *answer);

/* The same, and it made a need. Every need of the city must come by here. */
void judge_heard_need(struct judge *judge, const Bus__Answer *answer);

/*
 * Kinds whose codes begin with this word have deadlines that pass during the
 * test: their steps may have been delivered by a second provider too.
 */
#define JUDGE_BRIEF "brief"

/* On paper, so that the word is known where it must not come. */
#define JUDGE_CANARY "CANARY"

struct judge_report {
    uint64_t answer_count;
    uint64_t input_count; /* of all journals */
    uint64_t need_count;
    uint64_t met_count;
    uint64_t unmet_count;
    uint64_t delivered_count;   /* steps */
    uint64_t given_twice_count; /* of brief kinds: a report crossed with "too late" */
    uint64_t canary_count;      /* inputs that have it, where it may be */
};

/* Nothing is on its way any more. Daemons may run. Folding again is city_verify_all. */
void judge_city(struct judge *judge, struct judge_report *ret_report);

/* One node's share of it (judge_journal.c): answers, journals, streams, ids, privacy. */
struct judge_answer {
    struct wu_id producer;
    uint64_t number;
    int node;
    int32_t status;
    char code[32];
    struct wu_id id; /* of what was made, or none */
};
struct judge_named {
    struct wu_id id;
    uint64_t content; /* hash of the record under that name */
};
struct judge_names {
    struct judge_named *list;
    size_t count;
    size_t max;
};
void judge_journal(struct city *city, int node, struct wu_txn *txn,
                   const struct judge_answer *answers, size_t answer_count,
                   struct judge_names *names, struct judge_report *report);
void judge_names_are_single(struct city *city, struct judge_names *names);
