/*
 * A node's store is put back as it was some time ago. What it has said since
 * then is known to others, so it must notice, stop, and say so; after
 * `wushectl generation begin` the city works again and no number means two
 * things.
 */
#include "common/journal/tables.h"
#include "tests/support/crowd.h"
#include "tests/support/demo.h"
#include "tests/support/look.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { EARLIER = 20, LATER = 30 };

struct story {
    struct city *city;
    struct crowd *crowd;
};

static unsigned generation_of(const struct wu_id *id)
{
    return (unsigned)id->bytes[4] << 8 | id->bytes[5];
}

static void raise_many(struct city *city, int count)
{
    for (int index = 0; index < count; index++) {
        (void)demo_raise(city, "meal");
    }
}

/* Works, copies that node's store aside, works on, puts the copy back and starts the node. */
static struct story go_back(int node, bool witness)
{
    struct story story = {.city = city_make()};
    city_start_all(story.city);
    demo_fill_street(story.city);
    story.crowd = crowd_open(story.city, 7);
    raise_many(story.city, EARLIER);
    crowd_finish(story.crowd);

    city_stop(story.city, node);
    city_store_save(story.city, node);
    city_start(story.city, node);
    city_wait_ready(story.city, node);
    demo_adopt(story.city, "snack", 3600000);
    raise_many(story.city, LATER);
    crowd_finish(story.crowd);

    city_stop(story.city, node);
    city_store_restore(story.city, node);
    if (!witness) {
        (void)unlink(city_path(story.city, node, "state.witness").text);
    }
    city_start(story.city, node);
    city_wait_ready(story.city, node);
    return story;
}

static void end_story(struct story *story)
{
    crowd_close(&story->crowd);
    city_stop_all(story->city);
    city_verify_all(story->city);
    city_remove(&story->city);
}

static bool is_halted(struct city *city, int node, uint32_t peer, const char *word)
{
    const Bus__PeerStatus *status = city_peer(city, node, peer);
    return status != NULL && strstr(status->halted, word) != NULL;
}

static bool is_resumed(struct city *city, int node, uint32_t peer)
{
    const Bus__PeerStatus *status = city_peer(city, node, peer);
    return status != NULL && status->connected && status->halted[0] == '\0';
}

/* A need, asked once: whatever the answer, it is not asked again. */
static Bus__AnswerStatus ask_once(struct city *city)
{
    struct wu_client *client = city_client(city, CITY_COMMUNITY);
    struct wu_arena arena;
    Community__RaiseNeed raise;
    const Bus__Answer *answer = NULL;
    uint64_t number = 0;
    demo_need_init(&raise, "meal", 0);
    const struct wu_command command = {.type = WU_TYPE(COMMUNITY_RAISE_NEED), .body = &raise.base};
    cr_assert_eq(wu_arena_open(&arena, (size_t)1 << 20), WU_OK);
    cr_assert_eq(wu_client_send(client, &command, &number), WU_OK);
    /* busy is not an answer to a client: it asks again until the time is up */
    enum wu_status status = wu_client_answer(client, 1000, &arena, &answer);
    Bus__AnswerStatus said =
        status == WU_OK ? answer->status : BUS__ANSWER_STATUS__ANSWER_STATUS_BUSY;
    wu_arena_close(&arena);
    wu_client_close(&client);
    return said;
}

static void begin_generation(struct city *city, const char *role, int node)
{
    const char *said = NULL;
    int status =
        city_ctl(city, &said, "generation", "begin", role, "--reason", "an old copy", NULL);
    if (status != 0) {
        city_fail(city, "generation begin %s: %s", role, said);
    }
    CITY_WAIT(city, city_state_is(city, node, "serving"));
}

static void expect_full_linkage(struct story *story)
{
    struct wu_id id = demo_raise(story->city, "care");
    crowd_finish(story->crowd);
    struct city_view hub;
    cr_assert(city_view_open(story->city, CITY_COORDINATOR, &hub));
    const CoordinatorState__LinkageRow *linkage = look_linkage(hub.txn, &id);
    cr_assert_not_null(linkage);
    cr_assert_eq(linkage->outcome, COORDINATOR__OUTCOME__OUTCOME_MET);
    cr_assert_eq(linkage->n_steps, 4);
    city_view_close(&hub);
}

static bool count_need(void *context, const struct wu_id *need_id,
                       const CommunityState__NeedRow *need)
{
    uint64_t *counts = context;
    (void)need;
    counts[generation_of(need_id)]++;
    return true;
}

static bool count_linkage(void *context, const struct wu_id *linkage_id,
                          const CoordinatorState__LinkageRow *linkage)
{
    uint64_t *count = context;
    (void)linkage_id;
    (void)linkage;
    (*count)++;
    return true;
}

static void community_story(bool witness)
{
    struct story story = go_back(CITY_COMMUNITY, witness);
    struct city *city = story.city;
    CITY_WAIT(city, city_state_is(city, CITY_COMMUNITY, "diverged"));
    CITY_WAIT(city, is_halted(city, CITY_COMMUNITY, CITY_COORDINATOR, "older"));
    CITY_WAIT(city, is_halted(city, CITY_COORDINATOR, CITY_COMMUNITY, "older"));
    cr_assert_eq(ask_once(city), BUS__ANSWER_STATUS__ANSWER_STATUS_BUSY);
    const char *said = NULL;
    cr_assert_neq(city_ctl(city, &said, "status", NULL), 0);
    cr_assert_not_null(strstr(said, "diverged"), "%s", said);

    begin_generation(city, "community", CITY_COMMUNITY);
    CITY_WAIT(city, is_resumed(city, CITY_COMMUNITY, CITY_COORDINATOR));
    CITY_WAIT(city, is_resumed(city, CITY_COORDINATOR, CITY_COMMUNITY));
    struct wu_id id = demo_raise(city, "meal");
    cr_assert_eq(generation_of(&id), 2);
    crowd_finish(story.crowd);
    expect_full_linkage(&story);

    struct city_view view;
    uint64_t counts[4] = {0};
    cr_assert(city_view_open(city, CITY_COMMUNITY, &view));
    look_needs(view.txn, count_need, counts);
    city_view_close(&view);
    cr_assert_eq(counts[1], EARLIER);
    cr_assert_eq(counts[2], 2);
    end_story(&story);
}

Test(restore, a_community_from_an_older_copy_stops_and_comes_back)
{
    community_story(true);
}

Test(restore, a_community_whose_witness_is_lost_too_learns_it_from_its_hub)
{
    community_story(false);
}

static void coordinator_story(bool witness)
{
    struct story story = go_back(CITY_COORDINATOR, witness);
    struct city *city = story.city;
    CITY_WAIT(city, city_state_is(city, CITY_COORDINATOR, "diverged"));
    CITY_WAIT(city, is_halted(city, CITY_COORDINATOR, CITY_COMMUNITY, "older"));
    CITY_WAIT(city, is_halted(city, CITY_COMMUNITY, CITY_COORDINATOR, "older"));
    CITY_WAIT(city, is_halted(city, CITY_SOCIALORG, CITY_COORDINATOR, "older"));

    begin_generation(city, "coordinator", CITY_COORDINATOR);
    for (int node = CITY_COMMUNITY; node < CITY_END; node++) {
        CITY_WAIT(city, is_resumed(city, node, CITY_COORDINATOR));
        CITY_WAIT(city, is_resumed(city, CITY_COORDINATOR, (uint32_t)node));
    }
    expect_full_linkage(&story);

    /* what the others had sent since the copy was read again */
    struct city_view view;
    cr_assert(city_view_open(city, CITY_COORDINATOR, &view));
    cr_assert_eq(look_linkages_open_count(view.txn), 0);
    struct city_view community;
    uint64_t counts[4] = {0};
    cr_assert(city_view_open(city, CITY_COMMUNITY, &community));
    look_needs(community.txn, count_need, counts);
    cr_assert_eq(counts[1], EARLIER + LATER + 1);
    city_view_close(&community);
    city_view_close(&view);
    end_story(&story);
}

Test(restore, a_coordinator_from_an_older_copy_stops_and_comes_back)
{
    coordinator_story(true);
}

Test(restore, a_coordinator_whose_witness_is_lost_too_learns_it_from_its_nodes)
{
    coordinator_story(false);
}

static uint64_t cursor_of_community(const struct city *city)
{
    struct city_view view;
    struct wu_cursor_key key = {.node = CITY_COORDINATOR};
    cr_assert(city_view_open(city, CITY_COMMUNITY, &view));
    cr_assert(wu_key_text(key.stream, sizeof key.stream, "to/2"));
    const Node__CursorRow *row = wu_cursors_get(view.txn, &key);
    uint64_t next = row != NULL ? row->next : 0;
    city_view_close(&view);
    return next;
}

Test(restore, mail_that_the_hub_holds_no_more_parks_the_link_and_skips_nothing)
{
    struct story story = {.city = city_make()};
    struct city *city = story.city;
    city_configure(city, CITY_COORDINATOR, "stream_keep_count: 5\n");
    city_start_all(city);
    demo_fill_street(city);
    story.crowd = crowd_open(city, 7);
    raise_many(city, EARLIER);
    crowd_finish(story.crowd);
    city_stop(city, CITY_COMMUNITY);
    city_store_save(city, CITY_COMMUNITY);
    uint64_t next = cursor_of_community(city);
    city_start(city, CITY_COMMUNITY);
    city_wait_ready(city, CITY_COMMUNITY);
    raise_many(city, LATER);
    crowd_finish(story.crowd);
    cr_assert_gt(cursor_of_community(city), next + 5);

    city_stop(city, CITY_COMMUNITY);
    city_store_restore(city, CITY_COMMUNITY);
    city_start(city, CITY_COMMUNITY);
    city_wait_ready(city, CITY_COMMUNITY);
    CITY_WAIT(city, is_halted(city, CITY_COORDINATOR, CITY_COMMUNITY, "parked"));
    cr_assert(city_log_has(city, CITY_COORDINATOR, "parked"));
    cr_assert_eq(cursor_of_community(city), next, "mail was skipped");
    crowd_close(&story.crowd);
    city_remove(&story.city);
}

/*
 * The worst case: nobody can tell the community that its store is old, so it
 * takes needs, and gives out numbers, that others know with another meaning.
 */
Test(restore, needs_taken_before_anybody_could_tell_are_not_lost)
{
    enum { BETWEEN = 5 };
    struct story story = {.city = city_make()};
    struct city *city = story.city;
    city_start_all(city);
    demo_fill_street(city);
    story.crowd = crowd_open(city, 7);
    raise_many(city, EARLIER);
    crowd_finish(story.crowd);
    city_stop(city, CITY_COMMUNITY);
    city_store_save(city, CITY_COMMUNITY);
    city_start(city, CITY_COMMUNITY);
    city_wait_ready(city, CITY_COMMUNITY);
    raise_many(city, LATER);
    crowd_finish(story.crowd);
    city_stop(city, CITY_COMMUNITY);
    city_stop(city, CITY_COORDINATOR);

    city_store_restore(city, CITY_COMMUNITY);
    (void)unlink(city_path(city, CITY_COMMUNITY, "state.witness").text);
    city_start(city, CITY_COMMUNITY);
    city_wait_ready(city, CITY_COMMUNITY);
    uint64_t taken = 0;
    for (int index = 0; index < BETWEEN; index++) {
        taken += ask_once(city) == BUS__ANSWER_STATUS__ANSWER_STATUS_ACCEPTED;
    }
    city_start(city, CITY_COORDINATOR);
    city_wait_ready(city, CITY_COORDINATOR);
    CITY_WAIT(city, city_state_is(city, CITY_COMMUNITY, "diverged"));
    CITY_WAIT(city, is_halted(city, CITY_COMMUNITY, CITY_COORDINATOR, "older"));
    begin_generation(city, "community", CITY_COMMUNITY);
    crowd_finish(story.crowd);

    struct city_view view;
    uint64_t counts[4] = {0};
    uint64_t linkages = 0;
    cr_assert(city_view_open(city, CITY_COMMUNITY, &view));
    look_needs(view.txn, count_need, counts);
    city_view_close(&view);
    cr_assert_eq(counts[1], EARLIER + taken);
    cr_assert(city_view_open(city, CITY_COORDINATOR, &view));
    look_linkages(view.txn, count_linkage, &linkages);
    city_view_close(&view);
    cr_assert_eq(linkages, EARLIER + LATER + taken);
    end_story(&story);
}
