/* The exchange over a wire that loses, doubles, delays and cuts: tests/support/wire.h. */
#include "tests/support/wire.h"

#include "common/base/prng.h"
#include "common/base/time.h"

#include <criterion/criterion.h>

static struct wire *linked(const struct wire_config *config)
{
    struct wire *wire = wire_open(config);
    uint32_t count = config->leaf_count != 0 ? config->leaf_count : 1;
    for (uint32_t leaf = 2; leaf < 2 + count; leaf++) {
        wire_connect(wire, leaf);
    }
    wire_run(wire, 200);
    return wire;
}

static void expect_letters(struct wire *wire, uint32_t from, uint32_t at, uint64_t count)
{
    cr_expect_eq(wire_letter_count(wire, from, at), count, "%u has %llu letters from %u", at,
                 (unsigned long long)wire_letter_count(wire, from, at), from);
    cr_expect_eq(wire_odd_count(wire, at), 0);
    cr_expect_eq(wu_node_info(wire_node(wire, at)).dead_count, 0);
}

static const char *halted(struct wire *wire, uint32_t node)
{
    Bus__PeerStatus status;
    cr_assert_eq(wu_exchange_peer_count(wire_exchange(wire, node)), 1, "%u has %zu", node,
                 wu_exchange_peer_count(wire_exchange(wire, node)));
    wu_exchange_peer_status(wire_exchange(wire, node), 0, &status);
    return status.halted;
}

/* ---- mail ------------------------------------------------------------------------ */

Test(exchange, mail_goes_both_ways_and_is_acknowledged)
{
    struct wire *wire = linked(&(struct wire_config){.leaf_count = 2});
    wire_letters(wire, 1, 2, 3);
    wire_letters(wire, 3, 1, 500);
    wire_letters(wire, 2, 1, 1);
    cr_assert(wire_settle(wire));
    expect_letters(wire, 1, 2, 3);
    expect_letters(wire, 3, 1, 500);
    expect_letters(wire, 2, 1, 1);
    cr_expect(wu_exchange_is_drained(wire_exchange(wire, 1)));
    cr_expect(wu_exchange_is_drained(wire_exchange(wire, 3)));
    Bus__PeerStatus status;
    wu_exchange_peer_status(wire_exchange(wire, 3), 0, &status);
    cr_expect_eq(status.node, 1);
    cr_expect_eq(status.out_head, 500);
    cr_expect_eq(status.out_acked, 500);
    cr_expect_eq(status.in_next, 1);
    cr_expect_str_eq(status.halted, "");
    wire_close(&wire);
}

Test(exchange, what_was_said_before_the_first_connection_arrives_with_it)
{
    struct wire *wire = wire_open(&(struct wire_config){0});
    wire_letters(wire, 1, 2, 40);
    wire_letters(wire, 2, 1, 50);
    wire_connect(wire, 2);
    cr_assert(wire_settle(wire));
    expect_letters(wire, 1, 2, 40);
    expect_letters(wire, 2, 1, 50);
    wire_close(&wire);
}

Test(exchange, a_calm_link_says_little)
{
    struct wire *wire = linked(&(struct wire_config){0});
    wire_letters(wire, 2, 1, 100);
    cr_assert(wire_settle(wire));
    uint64_t hellos = wire_sent_count(wire, BUS__FRAME__BODY_HELLO);
    uint64_t batches = wire_sent_count(wire, BUS__FRAME__BODY_BATCH);
    wire_run(wire, 20 * WU_SECOND_MS);
    cr_expect_eq(wire_sent_count(wire, BUS__FRAME__BODY_HELLO), hellos);
    cr_expect_eq(wire_sent_count(wire, BUS__FRAME__BODY_BATCH), batches);
    wire_close(&wire);
}

/* What may happen between two rounds of a storm. */
static void strike(struct wire *wire, uint32_t leaf, uint64_t what)
{
    switch (what) {
    case 0:
        wire_cut(wire, leaf);
        wire_connect(wire, leaf);
        break;
    case 1:
        wire_turn_lost(wire, leaf);
        wire_connect(wire, leaf);
        break;
    case 2:
        wire_turn_lost(wire, 1);
        wire_connect(wire, 2);
        wire_connect(wire, 3);
        break;
    default:
        break;
    }
}

static void storm(const struct wire_config *config)
{
    struct wire *wire = linked(config);
    struct wu_prng prng = {config->seed * 7919};
    uint64_t told[4][4] = {{0}};
    wire_weather(wire, true);
    for (int round = 0; round < 60; round++) {
        uint32_t leaf = 2 + (uint32_t)wu_prng_below(&prng, 2);
        uint32_t count = 1 + (uint32_t)wu_prng_below(&prng, 120);
        bool down = wu_prng_below(&prng, 2) == 0;
        wire_letters(wire, down ? 1 : leaf, down ? leaf : 1, count);
        told[down ? 1 : leaf][down ? leaf : 1] += count;
        wire_news(wire, 1 + (uint32_t)wu_prng_below(&prng, 30));
        wire_run(wire, (int64_t)wu_prng_below(&prng, 300));
        strike(wire, leaf, wu_prng_below(&prng, 8));
    }
    cr_assert(wire_settle(wire), "seed %llu does not settle", (unsigned long long)config->seed);
    for (uint32_t leaf = 2; leaf <= 3; leaf++) {
        expect_letters(wire, 1, leaf, told[1][leaf]);
        expect_letters(wire, leaf, 1, told[leaf][1]);
        cr_expect(wire_news_are_equal(wire, leaf));
        cr_expect_null(wire_report(wire, leaf, "link-halted"), "seed %llu: %s",
                       (unsigned long long)config->seed, wire_report(wire, leaf, "link-halted"));
    }
    cr_expect_null(wire_report(wire, 1, "link-halted"), "seed %llu: %s",
                   (unsigned long long)config->seed, wire_report(wire, 1, "link-halted"));
    wire_close(&wire);
}

Test(exchange, nothing_is_lost_or_doubled_when_frames_are_lost_and_links_cut)
{
    for (uint64_t seed = 1; seed <= 12; seed++) { /* nothing acknowledged is kept */
        storm(
            &(struct wire_config){.seed = seed, .leaf_count = 2, .drop = 100, .window_count = 300});
    }
}

Test(exchange, nothing_is_lost_or_doubled_when_frames_overtake_each_other)
{
    for (uint64_t seed = 101; seed <= 112; seed++) {
        storm(&(struct wire_config){.seed = seed,
                                    .leaf_count = 2,
                                    .drop = 60,
                                    .duplicate = 60,
                                    .delay = 200,
                                    .window_count = 300,
                                    .stream_keep_count = 100000});
    }
}

Test(exchange, a_lost_acknowledgement_is_made_good_by_the_next_tick)
{
    struct wire *wire = linked(&(struct wire_config){.drop = 1000, .window_count = 10});
    wire_letters(wire, 2, 1, 10);
    wire_weather(wire, true);
    (void)wire_turn(wire, 1); /* the hub takes them, its word is lost */
    wire_weather(wire, false);
    expect_letters(wire, 2, 1, 10);
    cr_expect_eq(wu_node_acked_next(wire_node(wire, 2), 1, 1), 1);
    wire_letters(wire, 2, 1, 10); /* the window is full: waits */
    cr_expect(!wu_exchange_is_drained(wire_exchange(wire, 2)));
    wire_run(wire, 1500);
    expect_letters(wire, 2, 1, 20);
    cr_expect_eq(wu_node_acked_next(wire_node(wire, 2), 1, 1), 21);
    wire_close(&wire);
}

Test(exchange, a_lost_batch_is_sent_again_when_acknowledgements_stand_still)
{
    struct wire *wire = linked(&(struct wire_config){.drop = 1000});
    wire_weather(wire, true);
    wire_letters(wire, 2, 1, 25);
    wire_weather(wire, false);
    wire_run(wire, 2 * WU_SECOND_MS);
    expect_letters(wire, 2, 1, 0);
    wire_run(wire, 4 * WU_SECOND_MS);
    expect_letters(wire, 2, 1, 25);
    wire_close(&wire);
}

Test(exchange, a_hole_is_asked_for_at_once)
{
    struct wire *wire = linked(&(struct wire_config){.drop = 1000});
    wire_weather(wire, true);
    wire_letters(wire, 2, 1, 25);
    wire_weather(wire, false);
    wire_letters(wire, 2, 1, 5);
    wire_run(wire, 200);
    expect_letters(wire, 2, 1, 30);
    wire_close(&wire);
}

Test(exchange, a_window_holds_back_what_is_not_acknowledged)
{
    struct wire *wire = linked(&(struct wire_config){.window_count = 50});
    for (int round = 0; round < 30; round++) {
        wire_letters(wire, 2, 1, 40);
        wire_letters(wire, 1, 2, 700);
    }
    cr_assert(wire_settle(wire));
    expect_letters(wire, 2, 1, 1200);
    expect_letters(wire, 1, 2, 21000);
    cr_expect_leq(wire_in_flight_max(wire), 50 + 256); /* one batch above it at most */
    wire_close(&wire);
}

Test(exchange, a_silent_peer_gets_no_more_than_a_window)
{
    struct wire *wire = linked(&(struct wire_config){.window_count = 50});
    uint64_t before = wire_sent_count(wire, BUS__FRAME__BODY_BATCH);
    for (int round = 0; round < 200; round++) {
        wire_letters(wire, 2, 1, 10);
    }
    cr_expect_leq(wire_sent_count(wire, BUS__FRAME__BODY_BATCH) - before, 5);
    cr_assert(wire_settle(wire));
    expect_letters(wire, 2, 1, 2000);
    wire_close(&wire);
}

Test(exchange, a_hub_that_starts_again_goes_on_where_it_stood)
{
    struct wire *wire = linked(&(struct wire_config){.leaf_count = 2});
    wire_letters(wire, 2, 1, 100);
    wire_letters(wire, 1, 3, 100);
    wire_run(wire, 40);
    wire_restart(wire, 1);
    wire_letters(wire, 2, 1, 7);
    wire_letters(wire, 1, 3, 7);
    wire_connect(wire, 2);
    wire_connect(wire, 3);
    cr_assert(wire_settle(wire));
    expect_letters(wire, 2, 1, 107);
    expect_letters(wire, 1, 3, 107);
    wire_close(&wire);
}

Test(exchange, nothing_is_acknowledged_before_it_is_on_disk)
{
    /* record by record, and one is missing: the receiver asks again while its batch is open */
    struct wire *wire = linked(&(struct wire_config){.drop = 1000});
    wire_letters(wire, 2, 1, 5);
    wire_weather(wire, true);
    wire_letters(wire, 2, 1, 5);
    wire_weather(wire, false);
    wire_letters(wire, 2, 1, 5);
    wire_turn_lost(wire, 1); /* took 5, saw the hole, and died */
    (void)wire_turn(wire, 2);
    cr_expect_eq(wu_node_acked_next(wire_node(wire, 2), 1, 1), 1);
    wire_connect(wire, 2);
    cr_assert(wire_settle(wire));
    expect_letters(wire, 2, 1, 15);
    wire_close(&wire);
}

Test(exchange, a_question_about_a_hole_acknowledges_nothing)
{
    struct wire *wire = linked(&(struct wire_config){.drop = 1000});
    wire_letters(wire, 2, 1, 5);
    wire_weather(wire, true);
    wire_letters(wire, 2, 1, 5);
    wire_weather(wire, false);
    wire_letters(wire, 2, 1, 5);
    /* the hub's batch is open: five records taken, none on disk */
    struct wu_node *hub = wire_node(wire, 1);
    uint64_t hellos = wire_sent_count(wire, BUS__FRAME__BODY_HELLO);
    wire_turn_open(wire, 1);
    cr_assert_gt(wire_sent_count(wire, BUS__FRAME__BODY_HELLO), hellos);
    cr_assert_eq(wu_node_cursor(hub, 2, "to/1").next, 1);
    (void)wire_turn(wire, 2);
    cr_expect_eq(wu_node_acked_next(wire_node(wire, 2), 1, 1), 1);
    wire_close(&wire);
}

/* ---- other pasts ------------------------------------------------------------------- */

Test(exchange, a_node_that_lost_its_tail_is_stopped_and_begins_a_generation)
{
    struct wire *wire = linked(&(struct wire_config){.stream_keep_count = 1000});
    wire_letters(wire, 2, 1, 10);
    cr_assert(wire_settle(wire));
    wire_backup(wire, 2);
    wire_letters(wire, 2, 1, 5);
    cr_assert(wire_settle(wire));
    wire_restore(wire, 2);
    wire_connect(wire, 2);
    wire_run(wire, 3 * WU_SECOND_MS);
    cr_expect(wu_exchange_is_diverged(wire_exchange(wire, 2)));
    cr_expect(!wu_exchange_is_diverged(wire_exchange(wire, 1)));
    cr_expect_not_null(strstr(halted(wire, 2), "older than what was sent"), "%s", halted(wire, 2));
    cr_expect_not_null(strstr(halted(wire, 1), "node 2 halted it"), "%s", halted(wire, 1));
    cr_expect_eq(wire_report_count(wire, 2, "link-halted"), 1);

    wire_begin_generation(wire, 2, 1, 11);
    wire_letters(wire, 2, 1, 3);
    cr_assert(wire_settle(wire));
    wire_run(wire, 2 * WU_SECOND_MS);
    cr_expect(!wu_exchange_is_diverged(wire_exchange(wire, 2)));
    cr_expect_str_eq(halted(wire, 2), "");
    cr_expect_str_eq(halted(wire, 1), "");
    cr_expect_eq(wire_letter_count(wire, 2, 1), 18);
    cr_expect_eq(wu_node_cursor(wire_node(wire, 1), 2, "to/1").generation, 2);
    cr_expect_eq(wu_node_cursor(wire_node(wire, 1), 2, "to/1").next, 4);
    wire_close(&wire);
}

Test(exchange, a_node_that_wrote_another_tail_is_found_by_its_hash)
{
    struct wire *wire = linked(&(struct wire_config){.stream_keep_count = 1000});
    wire_letters(wire, 2, 1, 10);
    cr_assert(wire_settle(wire));
    wire_backup(wire, 2);
    wire_letters(wire, 2, 1, 5);
    cr_assert(wire_settle(wire));
    wire_restore(wire, 2);
    wire_letters(wire, 2, 1, 5); /* the same numbers, another time */
    wire_letters(wire, 2, 1, 5);
    wire_connect(wire, 2);
    wire_run(wire, 3 * WU_SECOND_MS);
    cr_expect(wu_exchange_is_diverged(wire_exchange(wire, 2)));
    cr_expect_eq(wire_letter_count(wire, 2, 1), 15);

    wire_begin_generation(wire, 2, 1, 16); /* 11 to 15 are lost with the past they were in */
    cr_assert(wire_settle(wire));
    cr_expect_eq(wire_letter_count(wire, 2, 1), 20);
    wire_close(&wire);
}

Test(exchange, a_batch_that_overlaps_must_agree_with_what_is_held)
{
    struct wire *wire = linked(&(struct wire_config){0});
    wire_letters(wire, 2, 1, 2);
    cr_assert(wire_settle(wire));
    uint8_t zero[WU_HASH_BYTES] = {0};
    uint8_t other[] = {0x10, 0x02};
    ProtobufCBinaryData records[3];
    for (size_t i = 0; i < 3; i++) {
        records[i] = (ProtobufCBinaryData){sizeof other, other};
    }
    Bus__Batch batch = BUS__BATCH__INIT;
    batch.stream = (char *)(uintptr_t) "to/1";
    batch.generation = 1;
    batch.first = 1;
    batch.n_records = 3;
    batch.records = records;
    batch.node = 2;
    (void)zero;
    wire_forge(wire, 2, 1, BUS__FRAME__BODY_BATCH, &batch.base);
    (void)wire_turn(wire, 1);
    cr_expect_eq(wu_node_cursor(wire_node(wire, 1), 2, "to/1").next, 3);
    cr_expect_not_null(wire_report(wire, 1, "link-halted"));
    wire_close(&wire);
}

/* An Ack of the hub for mail of node 2, by hand. */
static void forge_ack(struct wire *wire, uint64_t next)
{
    uint8_t other[WU_HASH_BYTES] = {7};
    Bus__Position position = BUS__POSITION__INIT;
    Bus__Ack ack = BUS__ACK__INIT;
    position.stream = (char *)(uintptr_t) "to/1";
    position.generation = 1;
    position.next = next;
    position.hash = (ProtobufCBinaryData){sizeof other, other};
    ack.position = &position;
    wire_forge(wire, 1, 2, BUS__FRAME__BODY_ACK, &ack.base);
    (void)wire_turn(wire, 2);
}

Test(exchange, an_acknowledgement_of_another_past_does_not_count)
{
    static const uint64_t next[] = {4, 6, 9}; /* within, at and beyond what was sent */
    for (size_t i = 0; i < sizeof next / sizeof next[0]; i++) {
        struct wire *wire = linked(&(struct wire_config){.stream_keep_count = 1000});
        wire_letters(wire, 2, 1, 5);
        uint64_t hellos = wire_sent_count(wire, BUS__FRAME__BODY_HELLO);
        forge_ack(wire, next[i]);
        cr_expect_eq(wu_node_acked_next(wire_node(wire, 2), 1, 1), 1);
        cr_expect_eq(wire_sent_count(wire, BUS__FRAME__BODY_HELLO), hellos + 1, "it asks");
        cr_assert(wire_settle(wire));
        expect_letters(wire, 2, 1, 5);
        cr_expect_str_eq(halted(wire, 2), "");
        wire_close(&wire);
    }
}

Test(exchange, a_hello_within_a_batch_does_not_forget_what_the_batch_has_taken)
{
    struct wire *wire = linked(&(struct wire_config){0});
    Bus__Position mine = BUS__POSITION__INIT;
    Bus__Position yours = BUS__POSITION__INIT;
    Bus__Hello hello = BUS__HELLO__INIT;
    mine.stream = (char *)(uintptr_t) "to/1";
    yours.stream = (char *)(uintptr_t) "to/2";
    mine.next = yours.next = 1;
    hello.protocol = WU_PROTOCOL;
    hello.node = 2;
    hello.generation = 1;
    hello.mine = &mine;
    hello.yours = &yours;
    uint8_t other[] = {0x10, 0x02};
    ProtobufCBinaryData records[] = {{sizeof other, other}, {sizeof other, other}};
    Bus__Batch batch = BUS__BATCH__INIT;
    batch.stream = (char *)(uintptr_t) "to/1";
    batch.generation = 1;
    batch.first = 1;
    batch.n_records = 2;
    batch.records = records;
    batch.node = 2;
    wire_letters(wire, 2, 1, 1); /* one past, and right behind it two records of another */
    wire_forge(wire, 2, 1, BUS__FRAME__BODY_HELLO, &hello.base);
    wire_forge(wire, 2, 1, BUS__FRAME__BODY_BATCH, &batch.base);
    (void)wire_turn(wire, 1);
    expect_letters(wire, 2, 1, 1);
    cr_expect_eq(wu_node_cursor(wire_node(wire, 1), 2, "to/1").next, 2);
    cr_expect_not_null(wire_report(wire, 1, "link-halted"));
    wire_close(&wire);
}

static uint64_t halted_head(struct wire *wire, uint32_t node, uint32_t peer)
{
    struct wu_arena arena;
    struct wu_txn *txn = NULL;
    cr_assert_eq(wu_arena_open(&arena, (size_t)1 << 20), WU_OK);
    cr_assert_eq(wu_txn_begin_read(wu_node_store(wire_node(wire, node)), &arena, &txn), WU_OK);
    struct wu_follower_key key = {.stream = peer, .node = peer};
    const Node__FollowerRow *row = wu_followers_get(txn, &key);
    uint64_t head = row != NULL ? row->halted_head : UINT64_MAX;
    wu_txn_abort(&txn);
    wu_arena_close(&arena);
    return head;
}

Test(exchange, a_mark_does_not_outlive_the_generation_whose_number_it_is)
{
    struct wire *wire = linked(&(struct wire_config){.stream_keep_count = 1000});
    wire_letters(wire, 2, 1, 10);
    cr_assert(wire_settle(wire));
    wire_backup(wire, 2);
    wire_letters(wire, 2, 1, 5);
    cr_assert(wire_settle(wire));
    wire_restore(wire, 2);
    wire_connect(wire, 2);
    wire_run(wire, 3 * WU_SECOND_MS);
    cr_expect_eq(halted_head(wire, 2, 1), 10);
    wire_cut(wire, 2);
    wire_begin_generation(wire, 2, 1, 11);
    cr_expect_eq(halted_head(wire, 2, 1), 0, "begun again, nothing of it may stay behind");
    wire_close(&wire);
}

Test(exchange, a_follower_behind_what_is_held_is_parked_not_skipped)
{
    struct wire *wire = linked(&(struct wire_config){.stream_keep_count = 0});
    wire_backup(wire, 1);
    wire_letters(wire, 2, 1, 300);
    cr_assert(wire_settle(wire));
    wire_letters(wire, 2, 1, 300); /* one more batch, so that the first is trimmed */
    cr_assert(wire_settle(wire));
    wire_run(wire, WU_SECOND_MS);
    cr_assert_gt(wu_node_mail_stream(wire_node(wire, 2), 1).first, 1);
    wire_restore(wire, 1);
    wire_connect(wire, 2);
    wire_run(wire, 2 * WU_SECOND_MS);
    cr_expect_not_null(strstr(halted(wire, 2), "it is parked"), "%s", halted(wire, 2));
    cr_expect(!wu_exchange_is_diverged(wire_exchange(wire, 2)));
    expect_letters(wire, 2, 1, 0);
    wire_close(&wire);
}

Test(exchange, a_receiver_that_comes_back_from_a_backup_gets_what_is_kept)
{
    struct wire *wire = linked(&(struct wire_config){.stream_keep_count = 1000});
    wire_letters(wire, 2, 1, 100);
    cr_assert(wire_settle(wire));
    wire_backup(wire, 1);
    wire_letters(wire, 2, 1, 100);
    cr_assert(wire_settle(wire));
    wire_restore(wire, 1);
    expect_letters(wire, 2, 1, 100);
    wire_connect(wire, 2);
    cr_assert(wire_settle(wire));
    expect_letters(wire, 2, 1, 200);
    wire_close(&wire);
}

Test(exchange, another_version_of_the_protocol_is_told_so)
{
    struct wire *wire = linked(&(struct wire_config){0});
    Bus__Position position = BUS__POSITION__INIT;
    Bus__Hello hello = BUS__HELLO__INIT;
    hello.protocol = 2;
    hello.node = 2;
    hello.mine = &position;
    hello.yours = &position;
    wire_forge(wire, 2, 1, BUS__FRAME__BODY_HELLO, &hello.base);
    (void)wire_turn(wire, 1);
    (void)wire_turn(wire, 2);
    cr_expect_not_null(strstr(wire_report(wire, 1, "link-halted"), "version of the protocol"));
    cr_expect_not_null(strstr(wire_report(wire, 2, "link-halted"), "version of the protocol"));
    wire_close(&wire);
}

/* ---- public topics ------------------------------------------------------------------ */

Test(exchange, news_reach_every_follower)
{
    struct wire *wire = linked(&(struct wire_config){.leaf_count = 3});
    wire_news(wire, 20);
    wire_run(wire, WU_SECOND_MS);
    wire_news(wire, 600);
    cr_assert(wire_settle(wire));
    for (uint32_t leaf = 2; leaf <= 4; leaf++) {
        cr_expect(wire_news_are_equal(wire, leaf));
    }
    wire_close(&wire);
}

Test(exchange, news_that_were_missed_are_fetched)
{
    struct wire *wire = linked(&(struct wire_config){.drop = 1000});
    wire_news(wire, 20);
    cr_assert(wire_settle(wire));
    wire_weather(wire, true);
    wire_news(wire, 20);
    cr_expect(!wire_news_are_equal(wire, 2));
    wire_weather(wire, false);
    wire_run(wire, 2 * WU_SECOND_MS); /* the heads come each second */
    cr_expect(wire_news_are_equal(wire, 2));
    cr_expect_null(wire_report(wire, 2, "snapshot-taken"));
    wire_close(&wire);
}

Test(exchange, a_follower_too_far_behind_gets_a_snapshot)
{
    struct wire *wire = linked(&(struct wire_config){.public_keep_count = 50});
    wire_news(wire, 20);
    cr_assert(wire_settle(wire));
    wire_cut(wire, 2);
    for (int round = 0; round < 20; round++) {
        wire_news(wire, 20);
        wire_run(wire, 40);
    }
    wire_connect(wire, 2);
    cr_assert(wire_settle(wire));
    cr_expect(wire_news_are_equal(wire, 2));
    cr_expect_not_null(wire_report(wire, 2, "snapshot-taken"));
    wire_news(wire, 20);
    cr_assert(wire_settle(wire));
    cr_expect_eq(wire_report_count(wire, 2, "snapshot-taken"), 1);
    wire_close(&wire);
}

/* A hub with more news than a follower can get one by one, and more subjects than a frame holds. */
static struct wire *far_behind(uint64_t drop)
{
    struct wire *wire = linked(&(struct wire_config){
        .seed = drop + 1, .public_keep_count = 50, .subject_count = 40000, .drop = drop});
    wire_news(wire, 20);
    cr_assert(wire_settle(wire));
    wire_cut(wire, 2);
    for (int round = 0; round < 5; round++) {
        wire_news(wire, 9000);
    }
    wire_run(wire, 40);
    wire_connect(wire, 2);
    return wire;
}

Test(exchange, a_large_snapshot_comes_in_pieces)
{
    struct wire *wire = far_behind(0);
    uint64_t before = wire_sent_count(wire, BUS__FRAME__BODY_SNAPSHOT);
    cr_assert(wire_settle(wire));
    cr_expect(wire_news_are_equal(wire, 2));
    cr_expect_gt(wire_sent_count(wire, BUS__FRAME__BODY_SNAPSHOT), before + 2);
    cr_expect_eq(wire_report_count(wire, 2, "snapshot-taken"), 1);
    wire_close(&wire);
}

Test(exchange, pieces_that_were_lost_with_their_batch_come_again)
{
    struct wire *wire = far_behind(0);
    while (wire_sent_count(wire, BUS__FRAME__BODY_SNAPSHOT) == 0) {
        wire_run(wire, 20); /* the last turn takes some of them */
    }
    wire_turn_dropped(wire, 2);
    cr_assert(wire_settle(wire));
    cr_expect(wire_news_are_equal(wire, 2));
    wire_close(&wire);
}

Test(exchange, pieces_of_two_snapshots_are_not_mixed)
{
    for (uint64_t drop = 200; drop <= 400; drop += 50) {
        struct wire *wire = far_behind(drop);
        wire_weather(wire, true);
        for (int round = 0; round < 20; round++) {
            wire_news(wire, 5);
            wire_run(wire, 500);
        }
        cr_assert(wire_settle(wire));
        cr_expect(wire_news_are_equal(wire, 2), "mixed when %llu of 1000 are lost",
                  (unsigned long long)drop);
        wire_close(&wire);
    }
}

Test(exchange, a_follower_at_the_very_edge_of_what_is_held_is_not_stuck)
{
    for (uint32_t behind = 45; behind <= 55; behind++) {
        struct wire *wire = linked(&(struct wire_config){.public_keep_count = 50});
        wire_news(wire, 20);
        cr_assert(wire_settle(wire));
        wire_cut(wire, 2);
        wire_news(wire, behind);
        wire_run(wire, 40);
        wire_connect(wire, 2);
        cr_assert(wire_settle(wire), "stuck when %u behind", behind);
        cr_expect(wire_news_are_equal(wire, 2));
        wire_close(&wire);
    }
}

Test(exchange, a_hub_that_comes_back_from_a_backup_gives_its_followers_a_snapshot)
{
    struct wire *wire = linked(&(struct wire_config){0});
    wire_news(wire, 14);
    cr_assert(wire_settle(wire));
    wire_backup(wire, 1);
    wire_news(wire, 7);
    cr_assert(wire_settle(wire));
    wire_restore(wire, 1);
    wire_connect(wire, 2);
    wire_run(wire, WU_SECOND_MS);
    wire_news(wire, 14);
    cr_assert(wire_settle(wire));
    cr_expect(wire_news_are_equal(wire, 2));
    cr_expect_not_null(wire_report(wire, 2, "snapshot-taken"));
    wire_close(&wire);
}

Test(exchange, another_past_of_the_same_length_is_noticed)
{
    struct wire *wire = linked(&(struct wire_config){0});
    wire_news(wire, 14);
    cr_assert(wire_settle(wire));
    wire_backup(wire, 1);
    wire_news(wire, 7);
    cr_assert(wire_settle(wire));
    wire_restore(wire, 1);
    wire_news(wire, 7); /* nobody hears them */
    wire_connect(wire, 2);
    wire_run(wire, 3 * WU_SECOND_MS);
    cr_expect_not_null(wire_report(wire, 2, "snapshot-taken"));
    cr_expect(wire_news_are_equal(wire, 2));
    wire_close(&wire);
}

Test(exchange, a_snapshot_that_answers_an_old_question_takes_nobody_back)
{
    static char name[] = "pub/wushe.v1.42.01.00.000.000.coordinator.news";
    struct wire *wire = linked(&(struct wire_config){0});
    wire_news(wire, 5);
    cr_assert(wire_settle(wire));
    struct wu_cursor at = wu_node_cursor(wire_node(wire, 2), 1, name);
    uint8_t hash[WU_HASH_BYTES] = {7};
    Bus__Position upto = BUS__POSITION__INIT;
    Bus__Position asked = BUS__POSITION__INIT;
    Bus__Snapshot snapshot = BUS__SNAPSHOT__INIT;
    upto.stream = asked.stream = name;
    upto.generation = asked.generation = 1;
    upto.hash = asked.hash = (ProtobufCBinaryData){sizeof hash, hash};
    upto.next = 4;
    asked.next = 2;
    snapshot.upto = &upto;
    snapshot.asked = &asked;
    wire_forge(wire, 1, 2, BUS__FRAME__BODY_SNAPSHOT, &snapshot.base);
    (void)wire_turn(wire, 2);
    cr_expect_eq(wu_node_cursor(wire_node(wire, 2), 1, name).next, at.next);

    asked.next = at.next;
    asked.hash = (ProtobufCBinaryData){sizeof at.hash, at.hash};
    wire_forge(wire, 1, 2, BUS__FRAME__BODY_SNAPSHOT, &snapshot.base);
    (void)wire_turn(wire, 2);
    cr_expect_eq(wu_node_cursor(wire_node(wire, 2), 1, name).next, 4, "the hub's word counts");
    wire_close(&wire);
}

Test(exchange, a_fetch_acknowledges_nothing)
{
    struct wire *wire = linked(&(struct wire_config){.drop = 1000});
    wire_news(wire, 5);
    cr_assert(wire_settle(wire));
    struct wu_stream stream;
    static const char name[] = "pub/wushe.v1.42.01.00.000.000.coordinator.news";
    cr_assert(wu_node_find_public(wire_node(wire, 1), name, &stream));
    wire_news(wire, 5);
    wire_weather(wire, true);
    wire_news(wire, 5);
    wire_weather(wire, false);
    wire_news(wire, 5);
    wire_turn_open(wire, 2); /* takes five, sees the hole, asks */
    (void)wire_turn(wire, 1);
    cr_expect_eq(wu_node_acked_next(wire_node(wire, 1), stream.stream, 2), 6);
    wire_close(&wire);
}

Test(exchange, a_society_publishes_through_its_hub_on_its_own_topics_only)
{
    struct wire *wire = linked(&(struct wire_config){0});
    struct wu_stream stream;
    wire_publish(wire, 2, true);
    cr_assert(wire_settle(wire));
    cr_expect(wu_node_find_public(wire_node(wire, 1),
                                  "pub/wushe.v1.42.01.00.000.000.volunteer.news", &stream));
    wire_publish(wire, 2, false);
    wire_run(wire, 3 * WU_SECOND_MS);
    cr_expect(!wu_node_find_public(wire_node(wire, 1), "pub/wushe.v1.42.01.00.000.000.charity.news",
                                   &stream));
    cr_expect_not_null(strstr(wire_report(wire, 1, "link-halted"), "not its role's own"));
    cr_expect_not_null(wire_report(wire, 2, "denied"));
    cr_expect_eq(wu_node_cursor(wire_node(wire, 1), 2, "to/1").next, 2);
    wire_close(&wire);
}

Test(exchange, a_follower_without_the_right_is_denied)
{
    struct wire *wire = linked(&(struct wire_config){.follow = "coordinator.other"});
    wire_news(wire, 5);
    wire_run(wire, 3 * WU_SECOND_MS);
    cr_expect_not_null(strstr(wire_report(wire, 2, "denied"), "does not let you follow"));
    cr_expect_eq(wire_report_count(wire, 2, "snapshot-taken"), 0);
    wire_letters(wire, 2, 1, 5); /* mail goes on */
    wire_run(wire, 200);
    expect_letters(wire, 2, 1, 5);
    wire_close(&wire);
}

/* ---- frames that make no sense -------------------------------------------------------- */

Test(exchange, what_is_not_between_nodes_is_refused)
{
    struct wire *wire = linked(&(struct wire_config){0});
    Bus__Ping ping = BUS__PING__INIT;
    Bus__Frame frame = BUS__FRAME__INIT;
    frame.body_case = BUS__FRAME__BODY_PING;
    frame.ping = &ping;
    (void)wu_node_begin(wire_node(wire, 1));
    cr_expect_eq(wu_exchange_receive(wire_exchange(wire, 1), 2, &frame, wire_now_ms(wire)),
                 WU_CORRUPT);
    wire_close(&wire);
}

Test(exchange, a_snapshot_that_ends_nowhere_makes_no_input)
{
    struct wire *wire = linked(&(struct wire_config){0});
    wire_news(wire, 5);
    cr_assert(wire_settle(wire));
    Bus__Position upto = BUS__POSITION__INIT;
    Bus__Snapshot snapshot = BUS__SNAPSHOT__INIT;
    Bus__Frame frame = BUS__FRAME__INIT;
    upto.stream = (char *)(uintptr_t) "pub/wushe.v1.42.01.00.000.000.coordinator.news";
    upto.generation = 1;
    upto.next = 9;
    snapshot.upto = &upto;
    frame.body_case = BUS__FRAME__BODY_SNAPSHOT;
    frame.snapshot = &snapshot;
    (void)wu_node_begin(wire_node(wire, 2));
    cr_expect_eq(wu_exchange_receive(wire_exchange(wire, 2), 1, &frame, wire_now_ms(wire)),
                 WU_CORRUPT);
    uint8_t hash[WU_HASH_BYTES] = {1};
    upto.hash = (ProtobufCBinaryData){sizeof hash, hash};
    upto.next = 1; /* of nothing: it has no hash */
    cr_expect_eq(wu_exchange_receive(wire_exchange(wire, 2), 1, &frame, wire_now_ms(wire)),
                 WU_CORRUPT);
    upto.next = 0;
    cr_expect_eq(wu_exchange_receive(wire_exchange(wire, 2), 1, &frame, wire_now_ms(wire)),
                 WU_CORRUPT);
    cr_expect_eq(wu_node_input_count(wire_node(wire, 2)), 0);
    wire_close(&wire);
}

Test(exchange, a_stream_that_is_nobodys_mail_and_not_followed_is_passed_over)
{
    struct wire *wire = linked(&(struct wire_config){0});
    uint8_t record[] = {0x10, 0x02};
    ProtobufCBinaryData records[] = {{sizeof record, record}};
    Bus__Batch batch = BUS__BATCH__INIT;
    batch.generation = 1;
    batch.first = 1;
    batch.n_records = 1;
    batch.records = records;
    static const char *const streams[] = {"to/9", "", "pub/", "pub/a.b", "mail"};
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
        batch.stream = (char *)(uintptr_t)streams[i];
        wire_forge(wire, 1, 2, BUS__FRAME__BODY_BATCH, &batch.base);
        (void)wire_turn(wire, 2);
    }
    cr_expect_eq(wu_node_info(wire_node(wire, 2)).journal_seq, 0);
    wire_close(&wire);
}
