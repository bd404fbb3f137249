#include "services/coordinator/core/standing.h"
#include "tests/support/linking.h"

#include "common/base/division.h"
#include "common/base/prng.h"

#include <stdio.h>
#include <string.h>

static void set_up(void)
{
    linking_set_up();
    adopt_kinds();
}

TestSuite(candidate, .init = set_up, .fini = linking_tear_down);

/* ---- by hand --------------------------------------------------------------------- */

static struct score score_of(const char *name)
{
    return standing_score(provider_row(name));
}

static void announce_visitor(const char *name, uint64_t division, int64_t capacity)
{
    announce(PARTY(.name = name, .role = ROLE_SOCIALORG, .service = "visiting",
                   .division = division, .capacity = capacity));
}

/* The n-th need goes to `who`, which does it. */
static void do_visit(uint64_t n, const char *who)
{
    raise_plain(n, "visit");
    cr_assert_str_eq(linkage_row(n)->steps[0]->provider, who);
    reserve(BY(.need = n, .who = who));
    deliver(BY(.need = n, .who = who));
}

/* 64 * 5 / 6 kept is 53 steps of 64: 160 * 53 / 64. One offer of 10 at once: 58 of 64. */
Test(candidate, the_score_is_what_the_readme_says)
{
    announce_visitor("a", STREET, 10);
    cr_assert_eq(score_of("a").load, 280);
    cr_assert_eq(score_of("a").promises, 127); /* 51 of 64 */
    cr_assert_eq(score_of("a").fairness, 160);
    raise_plain(1, "visit");
    cr_assert_eq(score_of("a").load, 249);     /* 57 of 64: 9 of 10 are free */
    cr_assert_eq(score_of("a").fairness, 145); /* 58 of 64: 10 of 11 */
    reserve(BY(.who = "a"));
    deliver(BY(.who = "a"));
    cr_assert_eq(score_of("a").load, 280);
    cr_assert_eq(score_of("a").promises, 132); /* 53 of 64: 5 of 6 */
    cr_assert_eq(score_of("a").cooling, 0);
}

Test(candidate, one_without_announced_capacity_counts_as_one_of_32)
{
    announce_visitor("a", STREET, 0);
    raise_plain(1, "visit");
    cr_assert_eq(score_of("a").load, 271);     /* 62 of 64: 32 of 33 */
    cr_assert_eq(score_of("a").fairness, 155); /* the same */
}

Test(candidate, the_receipt_shows_each_part_and_why_the_second_lost)
{
    announce_visitor("near", COMMUNITY, 10);
    announce_visitor("far", CITY, 10);
    raise_plain(1, "visit");
    const HistoryEntry *told = last_note(1, WU_TYPE(LINKAGE_STEP_OFFERED));
    cr_assert_eq(told->n_candidates, 2);
    cr_assert_eq(told->candidates[0]->fate, FATE_CHOSEN);
    cr_assert_eq(told->candidates[0]->distance, 400);
    cr_assert_eq(told->candidates[0]->total, 400 + 280 + 127 + 160);
    cr_assert_eq(told->candidates[1]->fate, FATE_LOWER_SCORE);
    cr_assert_eq(told->candidates[1]->total, 100 + 280 + 127 + 160);
    cr_assert_eq(told->n_rules, 2);
    cr_assert_eq(told->rules[0], RULE(BEST_SCORE));
    cr_assert_eq(told->rules[1], RULE(NEAREST_FIRST));
}

Test(candidate, who_is_alone_has_no_second_to_be_set_apart_from)
{
    announce_visitor("a", STREET, 0);
    raise_plain(1, "visit");
    const HistoryEntry *told = last_note(1, WU_TYPE(LINKAGE_STEP_OFFERED));
    cr_assert_eq(told->n_rules, 1);
    cr_assert_eq(told->rules[0], RULE(BEST_SCORE));
}

Test(candidate, a_full_one_gives_way_to_a_farther_one)
{
    announce_visitor("near", COMMUNITY, 1);
    announce_visitor("far", STREET, 1);
    raise_plain(1, "visit");
    raise_plain(2, "visit");
    assert_said("opened under 1", "offer 1.1 to near", "opened under 1", "offer 1.1 to far");
    cr_assert_eq(score_of("near").load, -300);
    const HistoryEntry *told = last_note(2, WU_TYPE(LINKAGE_STEP_OFFERED));
    cr_assert_eq(told->candidates[0]->fate, FATE_FULL);
    cr_assert_eq(told->candidates[1]->fate, FATE_CHOSEN);
    cr_assert_eq(told->rules[1], RULE(LESS_BUSY));
}

Test(candidate, small_and_large_are_loaded_alike)
{
    announce_visitor("small", STREET, 10);
    announce_visitor("large", STREET, 30);
    for (uint64_t n = 1; n <= 20; n++) {
        raise_plain(n, "visit");
    }
    cr_assert_eq(provider_row("small")->open_steps, 5);
    cr_assert_eq(provider_row("large")->open_steps, 15);
}

Test(candidate, of_equals_the_longest_without_an_offer_then_the_smaller_id)
{
    announce_visitor("a", STREET, 0);
    announce_visitor("b", STREET, 0);
    raise_plain(1, "visit");
    const HistoryEntry *told = last_note(1, WU_TYPE(LINKAGE_STEP_OFFERED));
    cr_assert_str_eq(told->provider, "a");
    cr_assert_eq(told->rules[1], RULE(LONGEST_WITHOUT_OFFER));
    cr_assert_eq(told->candidates[1]->fate, FATE_LATER_TURN);
    reserve(BY(.who = "a"));
    deliver(BY(.who = "a"));
    do_visit(2, "b");
    do_visit(3, "a"); /* both kept one promise and had one offer: a waits longer */
}

Test(candidate, a_broken_promise_cools_down_for_two_days)
{
    announce_visitor("near", COMMUNITY, 0);
    announce_visitor("far", STREET, 0);
    raise_plain(1, "visit");
    reserve(BY(.who = "near"));
    wait_ms(DELIVER_MS);
    cr_assert_eq(score_of("near").cooling, -200);
    cr_assert_eq(score_of("near").promises, 105); /* 42 of 64: 4 of 6 */
    raise_plain(2, "visit");
    const HistoryEntry *told = last_note(2, WU_TYPE(LINKAGE_STEP_OFFERED));
    cr_assert_str_eq(told->provider, "far");
    cr_assert_eq(told->candidates[0]->fate, FATE_COOLING);
    cr_assert_eq(told->rules[1], RULE(COOL_DOWN));
    wait_ms(2 * WU_DAY_MS - 1);
    cr_assert_eq(score_of("near").cooling, -200);
    wait_ms(1);
    cr_assert_eq(score_of("near").cooling, 0);
    raise_plain(3, "visit");
    cr_assert_str_eq(last_note(3, WU_TYPE(LINKAGE_STEP_OFFERED))->provider, "near");
}

Test(candidate, what_is_long_ago_counts_for_less_and_in_the_end_for_nothing)
{
    announce_visitor("a", STREET, 0);
    raise_plain(1, "visit");
    reserve(BY(.who = "a"));
    decline(BY(.who = "a"));
    cr_assert_eq(provider_row("a")->recent_offers, 256);
    cr_assert_eq(provider_row("a")->broken, 256);
    cr_assert_eq(score_of("a").cooling, 0, "it said so itself");
    wait_ms(7 * WU_DAY_MS);
    cr_assert_eq(provider_row("a")->recent_offers, 128);
    cr_assert_eq(provider_row("a")->broken, 224);
    wait_ms(365 * WU_DAY_MS);
    cr_assert_eq(provider_row("a")->recent_offers, 0);
    cr_assert_eq(provider_row("a")->broken, 0);
    cr_assert_eq(provider_row("a")->weigh_at_ms, 0, "nothing is left to become less");
    cr_assert_eq(score_of("a").promises, 127);
}

Test(candidate, silence_is_a_quarter_of_a_broken_promise)
{
    announce_visitor("a", STREET, 0);
    raise_plain(1, "visit");
    wait_ms(REPLY_MS);
    cr_assert_eq(provider_row("a")->broken, 64);
    cr_assert_eq(score_of("a").cooling, 0);
}

Test(candidate, no_promise_no_blame)
{
    announce_visitor("a", STREET, 0);
    raise_plain(1, "visit");
    decline(BY(.who = "a"));
    cr_assert_eq(provider_row("a")->broken, 0);
    cr_assert_eq(provider_row("a")->open_steps, 0);
}

Test(candidate, a_new_announcement_is_no_new_beginning)
{
    announce_visitor("a", STREET, 0);
    raise_plain(1, "visit");
    reserve(BY(.who = "a"));
    wait_ms(DELIVER_MS);
    announce_visitor("a", DISTRICT, 40);
    cr_assert_eq(score_of("a").cooling, -200);
    cr_assert_eq(provider_row("a")->recent_offers, 256);
    cr_assert_eq(provider_row("a")->capacity, 40);
    wait_ms(2 * WU_DAY_MS);
    cr_assert_eq(score_of("a").cooling, 0);
}

Test(candidate, a_nonsense_capacity_is_unknown_or_the_most)
{
    announce_visitor("a", STREET, -5);
    announce_visitor("b", STREET, INT64_MAX);
    cr_assert_eq(provider_row("a")->capacity, 0);
    cr_assert_eq(provider_row("b")->capacity, 1000000000);
}

Test(candidate, who_was_asked_is_told_apart)
{
    announce_visitor("a", STREET, 0);
    raise_plain(1, "visit");
    decline(BY(.who = "a"));
    const HistoryEntry *told = last_note(1, WU_TYPE(LINKAGE_STEP_OFFERED));
    cr_assert_eq(told->why, WHY_NOBODY_LEFT);
    cr_assert_eq(told->n_candidates, 1);
    cr_assert_eq(told->candidates[0]->fate, FATE_ALREADY_ASKED);
    cr_assert_eq(told->rules[1], RULE(NOT_ASKED_TWICE));
}

Test(candidate, of_a_long_line_the_best_three_are_told)
{
    for (int i = 0; i < 20; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "p%02d", i);
        announce_visitor(name, STREET, 0);
    }
    raise_plain(1, "visit");
    cr_assert_eq(last_note(1, WU_TYPE(LINKAGE_STEP_OFFERED))->n_candidates, 3);
}

/* ---- against counting everybody --------------------------------------------------- */

enum { PROVIDERS = 40, NEEDS = 120 };

static const uint64_t PLACES[] = {PROVINCE, CITY, DISTRICT, STREET, OTHER_STREET, COMMUNITY};
static const Role ROLES[] = {ROLE_SOCIALORG, ROLE_CHARITY};

static void announce_any(struct wu_prng *prng, uint64_t n)
{
    char name[16];
    (void)snprintf(name, sizeof name, "p%02u", (unsigned)n);
    announce(PARTY(.name = name, .role = ROLES[wu_prng_below(prng, 4) == 0],
                   .service = wu_prng_below(prng, 8) == 0 ? "kitchen" : "visiting",
                   .second_service = wu_prng_below(prng, 3) == 0 ? "carrying" : NULL,
                   .division = PLACES[wu_prng_below(prng, 6)],
                   .closed = wu_prng_below(prng, 10) == 0,
                   .capacity = (int64_t)wu_prng_below(prng, 6)));
}

struct champion {
    bool any;
    int32_t total;
    uint64_t last_offered;
    struct wu_id id;
};

static bool beats(const struct champion *a, const struct champion *b)
{
    if (!b->any || a->total != b->total) {
        return !b->any || a->total > b->total;
    }
    if (a->last_offered != b->last_offered) {
        return a->last_offered < b->last_offered;
    }
    return memcmp(a->id.bytes, b->id.bytes, sizeof a->id.bytes) < 0;
}

/* Whoever is not to be asked: a copy, as rows live until the next look only. */
struct asked {
    struct wu_id ids[PROVIDERS];
    size_t count;
};

static bool was_asked(const struct asked *asked, const struct wu_id *id)
{
    for (size_t i = 0; i < asked->count; i++) {
        if (memcmp(asked->ids[i].bytes, id->bytes, sizeof id->bytes) == 0) {
            return true;
        }
    }
    return false;
}

static const struct asked NOBODY;

/* Everybody is looked at, from the providers' own rows. */
static struct champion best_of_all(const struct asked *asked, uint64_t division)
{
    struct champion best = {.any = false};
    struct provider_key key = {{{0}}};
    const ProviderRow *row = NULL;
    struct wu_txn *txn = world_txn(linking_world());
    for (bool found = providers_from(txn, &key, 0, &row); found;
         found = providers_after(txn, &key, 0, &row)) {
        struct score score = standing_score(row);
        score.distance = score_distance(row->division);
        for (size_t i = 0; i < row->n_services; i++) {
            struct champion candidate = {true, score_total(&score), row->services[i]->last_offered,
                                         key.provider_id};
            if (row->open && row->role == ROLE_SOCIALORG &&
                strcmp(row->services[i]->service, "visiting") == 0 &&
                wu_division_holds(row->division, division) && !was_asked(asked, &key.provider_id) &&
                beats(&candidate, &best)) {
                best = candidate;
            }
        }
    }
    return best;
}

static void assert_went_to(uint64_t n, const struct champion *best)
{
    const LinkageStep *step = linkage_row(n)->steps[0];
    cr_assert_eq(step->state == STEP_OFFERED, best->any);
    if (best->any) {
        cr_assert_arr_eq(step->provider_id.data, best->id.bytes, sizeof best->id.bytes);
    }
}

/* Each line of the receipt adds up, and exactly one was chosen: the first of all. */
static void assert_receipt_holds(uint64_t n)
{
    const HistoryEntry *told = last_note(n, WU_TYPE(LINKAGE_STEP_OFFERED));
    const Candidate *chosen = NULL;
    for (size_t i = 0; i < told->n_candidates; i++) {
        const Candidate *told_of = told->candidates[i];
        cr_assert_eq(told_of->total, told_of->distance + told_of->load + told_of->promises +
                                         told_of->fairness + told_of->cooling);
        if (told_of->fate == FATE_CHOSEN) {
            cr_assert_null(chosen);
            chosen = told_of;
        }
    }
    cr_assert_eq(chosen != NULL, told->why == WHY_BEST_SCORE);
    for (size_t i = 0; chosen != NULL && i < told->n_candidates; i++) {
        cr_assert(told->candidates[i]->fate == FATE_ALREADY_ASKED ||
                  told->candidates[i]->total <= chosen->total);
    }
}

/* A no: the next best is asked. */
static void decline_and_check(const struct answer *answer, uint64_t division)
{
    struct asked asked = {.count = 1, .ids = {party_id(answer->who)}};
    struct champion next = best_of_all(&asked, division);
    decline(answer);
    assert_went_to(answer->need, &next);
}

/* Whoever has it now does something with it, or nothing for a long time. */
static void answer_any(struct wu_prng *prng, uint64_t n, uint64_t division)
{
    char who[16];
    (void)snprintf(who, sizeof who, "%s", linkage_row(n)->steps[0]->provider);
    const struct answer answer = {.need = n, .who = who};
    uint64_t what = wu_prng_below(prng, 6);
    if (what == 0) {
        decline_and_check(&answer, division);
        return;
    }
    if (what > 1) {
        reserve(&answer);
    }
    if (what == 2) {
        lapse(&answer);
    }
    if (what > 3) {
        deliver(&answer);
    }
}

static void assert_best_is_chosen(uint64_t seed)
{
    struct wu_prng prng = {seed};
    for (uint64_t i = 0; i < PROVIDERS; i++) {
        announce_any(&prng, i);
    }
    for (uint64_t n = 1; n <= NEEDS; n++) {
        uint64_t division = wu_prng_below(&prng, 4) == 0 ? STREET : COMMUNITY;
        struct champion best = best_of_all(&NOBODY, division);
        raise_need(NEED(.n = n, .kind = "visit", .division = division));
        assert_went_to(n, &best);
        assert_receipt_holds(n);
        world_clear(linking_world());
        if (best.any) {
            answer_any(&prng, n, division);
        }
        if (wu_prng_below(&prng, 5) == 0) {
            announce_any(&prng, wu_prng_below(&prng, PROVIDERS));
        }
        if (wu_prng_below(&prng, 10) == 0) {
            wait_ms((int64_t)wu_prng_below(&prng, 3 * WU_DAY_MS));
        }
    }
}

Test(candidate, the_first_of_the_lines_is_the_best_of_all)
{
    assert_best_is_chosen(1);
}

Test(candidate, the_first_of_the_lines_is_the_best_of_all_again)
{
    assert_best_is_chosen(20260731);
}

/* A newcomer that scores less, anywhere, takes no need from anybody. */
Test(candidate, a_worse_one_more_never_changes_the_choice)
{
    struct wu_prng prng = {7};
    for (uint64_t i = 0; i < PROVIDERS / 2; i++) {
        announce_any(&prng, i);
    }
    for (uint64_t n = 1; n <= NEEDS / 2; n++) {
        struct champion best = best_of_all(&NOBODY, COMMUNITY);
        char name[16];
        (void)snprintf(name, sizeof name, "w%02u", (unsigned)n);
        announce_visitor(name, PLACES[wu_prng_below(&prng, 6)], (int64_t)wu_prng_below(&prng, 3));
        struct score score = score_of(name);
        score.distance = score_distance(provider_row(name)->division);
        bool in_reach = wu_division_holds(provider_row(name)->division, COMMUNITY);
        bool worse = best.any && score_total(&score) < best.total;
        raise_need(NEED(.n = n, .kind = "visit", .division = COMMUNITY));
        if (worse || !in_reach) {
            assert_went_to(n, &best);
        }
    }
}
