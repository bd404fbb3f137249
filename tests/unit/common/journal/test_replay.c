/* Folding again finds every change of a byte, every row too many and too few. */
#include "common/journal/replay.h"

#include "common/base/time.h"
#include "common/fold/pb.h"
#include "tests/support/answers.h"
#include "tests/support/scratch.h"
#include "tests/support/toy.h"

#include <criterion/criterion.h>
#include <lmdb.h>
#include <stdio.h>
#include <string.h>

static struct world *world;
static char *scratch;
static struct wu_replay_report report;
static struct wu_error error;

static const Bus__Answer *doit(uint32_t n, int64_t due_at_ms)
{
    Toy toy = ENVELOPE__TIMER_FIRED__INIT;
    toy.n = n;
    toy.due_at_ms = due_at_ms;
    return world_command(world, TOY_DO, &toy.base);
}

/* Something in every derived table. */
static void set_up(void)
{
    Toy toy = ENVELOPE__TIMER_FIRED__INIT;
    toy.n = 3;
    toy.due_at_ms = 1;
    world = world_open(&TOY_CORE);
    for (uint32_t n = 1; n <= 20; n++) {
        (void)doit(n, n % 2 == 0 ? world_now_ms(world) + 1000 * n : 0);
        (void)doit(TOY_NEWS + n % 3, 0);
    }
    (void)doit(TOY_FAIL, 0);
    (void)doit(TOY_REFUSE, 0);
    (void)doit(TOY_DESTROY_KEY, 0);
    (void)doit(TOY_FAIL_LATER, world_now_ms(world) + 500);
    world_mail(world, &(struct world_mail){.type = TOY_LETTER}, &toy.base);
    world_public(world, "toy.news",
                 &(struct world_mail){.type = TOY_NEWS_TYPE, .subject = wu_id_make(1, 1, 1, 0)},
                 &toy.base);
    world_advance(world, 5000);
}

static void tear_down(void)
{
    world_close(&world);
}

TestSuite(replay, .init = set_up, .fini = tear_down);

static enum wu_status verify(void)
{
    scratch = scratch_make();
    enum wu_status status =
        wu_replay_verify(world_store_path(world), &TOY_CORE, scratch, &report, &error);
    scratch_remove(&scratch);
    return status;
}

/* ---- damage ---------------------------------------------------------------------- */

enum damage { FLIP_FIRST, FLIP_LAST, DROP_ROW, EXTRA_ROW };

static void damage_value(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, const MDB_val *value, size_t at)
{
    uint8_t bytes[65536];
    cr_assert(value->mv_size > at && value->mv_size <= sizeof bytes);
    memcpy(bytes, value->mv_data, value->mv_size);
    bytes[at] ^= 1;
    MDB_val changed = {value->mv_size, bytes};
    cr_assert_eq(mdb_put(txn, dbi, key, &changed, 0), 0);
}

static void damage_row(MDB_txn *txn, MDB_dbi dbi, MDB_val found, const MDB_val *value,
                       enum damage damage)
{
    uint8_t key_bytes[512];
    memcpy(key_bytes, found.mv_data, found.mv_size);
    MDB_val key = {found.mv_size, key_bytes};
    switch (damage) {
    case FLIP_FIRST:
        damage_value(txn, dbi, &key, value, 1);
        break;
    case FLIP_LAST:
        damage_value(txn, dbi, &key, value, value->mv_size - 1);
        break;
    case DROP_ROW:
        cr_assert_eq(mdb_del(txn, dbi, &key, NULL), 0);
        break;
    case EXTRA_ROW: {
        uint8_t copy[65536];
        memcpy(copy, value->mv_data, value->mv_size);
        MDB_val same = {value->mv_size, copy};
        key_bytes[3] ^= 0x40; /* in the middle of a number or an id: still a key */
        cr_assert_eq(mdb_put(txn, dbi, &key, &same, 0), 0);
        break;
    }
    }
}

/* Behind the engine's back: the n-th row of a table. */
static void damage(const char *table, size_t n, enum damage damage)
{
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    MDB_dbi dbi = 0;
    MDB_cursor *cursor = NULL;
    MDB_val key;
    MDB_val value;
    cr_assert_eq(mdb_env_create(&env), 0);
    cr_assert_eq(mdb_env_set_maxdbs(env, 64), 0);
    cr_assert_eq(mdb_env_set_mapsize(env, (size_t)64 << 20), 0);
    cr_assert_eq(mdb_env_open(env, world_store_path(world), 0, 0600), 0);
    cr_assert_eq(mdb_txn_begin(env, NULL, 0, &txn), 0);
    cr_assert_eq(mdb_dbi_open(txn, table, 0, &dbi), 0, "%s", table);
    cr_assert_eq(mdb_cursor_open(txn, dbi, &cursor), 0);
    cr_assert_eq(mdb_cursor_get(cursor, &key, &value, MDB_FIRST), 0, "%s is empty", table);
    for (; n > 0; n--) {
        (void)mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    damage_row(txn, dbi, key, &value, damage);
    mdb_cursor_close(cursor);
    cr_assert_eq(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

static void expect_found(const char *table)
{
    enum wu_status status = verify();
    cr_expect_eq(status, WU_DIVERGED, "%s: %s %s", table, wu_status_name(status), error.text);
    cr_expect_gt(report.different_count, 0);
    cr_expect_eq(strncmp(report.first_difference, table, strlen(table)), 0, "%s: %s", table,
                 report.first_difference);
}

static void close_node(void)
{
    world_stop(world); /* one environment per path per process */
}

Test(replay, an_untouched_store_is_the_same)
{
    close_node();
    cr_expect_eq(verify(), WU_OK, "%s %s", error.text, report.first_difference);
    cr_expect_eq(report.different_count, 0);
    cr_expect_gt(report.event_count, 45);
    cr_expect_gt(report.row_count, report.event_count);
    cr_expect_eq(report.stream_count, 2); /* to the peer, and to the hub what it shall publish */
    cr_expect_gt(report.record_count, 40);
    cr_expect_eq(report.table_count, 13); /* ten of the framework and three of the toy */
}

static const char *const damaged_tables[] = {
    "node.meta",   "node.streams",      "node.records", "node.cursors", "node.commands",
    "node.timers", "node.dead_letters", "toy.toys",     "toy.named",    "node.destroyed_keys",
};

Test(replay, a_flipped_bit_is_found_in_every_derived_table)
{
    close_node();
    for (size_t i = 0; i < sizeof damaged_tables / sizeof damaged_tables[0]; i++) {
        damage(damaged_tables[i], 0, FLIP_FIRST);
        enum wu_status status = verify();
        cr_expect_neq(status, WU_OK, "%s", damaged_tables[i]);
        damage(damaged_tables[i], 0, FLIP_FIRST); /* and back */
        cr_assert_eq(verify(), WU_OK, "%s: %s", damaged_tables[i], report.first_difference);
    }
}

Test(replay, a_flipped_last_bit_is_found_too)
{
    static const char *const tables[] = {"node.records", "node.commands", "node.cursors",
                                         "toy.toys", "toy.named"};
    close_node();
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        damage(tables[i], 0, FLIP_LAST);
        expect_found(tables[i]);
        damage(tables[i], 0, FLIP_LAST);
    }
}

Test(replay, a_missing_row_is_found_in_every_derived_table)
{
    for (size_t i = 1; i < sizeof damaged_tables / sizeof damaged_tables[0]; i++) {
        close_node();
        damage(damaged_tables[i], 0, DROP_ROW);
        expect_found(damaged_tables[i]);
        tear_down();
        set_up();
    }
}

Test(replay, a_missing_index_entry_is_found)
{
    close_node();
    damage("toy.index", 3, DROP_ROW);
    expect_found("toy.index");
}

Test(replay, a_row_that_should_not_be_there_is_found)
{
    static const char *const tables[] = {"node.commands", "toy.toys", "toy.named", "toy.index",
                                         "node.timers"};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        close_node();
        damage(tables[i], 0, EXTRA_ROW);
        expect_found(tables[i]);
        tear_down();
        set_up();
    }
}

Test(replay, a_hole_in_a_stream_is_found)
{
    close_node();
    damage("node.records", 10, DROP_ROW);
    enum wu_status status = verify();
    cr_expect_eq(status, WU_DIVERGED);
    cr_expect_not_null(strstr(report.first_difference, "node.records"), "%s",
                       report.first_difference);
}

Test(replay, a_hole_in_the_journal_is_found)
{
    close_node();
    damage("node.journal", 10, DROP_ROW);
    cr_expect_eq(verify(), WU_DIVERGED);
    cr_expect_not_null(strstr(report.first_difference, "node.journal"), "%s",
                       report.first_difference);
}

Test(replay, a_journal_without_its_end_is_found)
{
    uint64_t last = wu_node_info(world_node(world)).journal_seq;
    close_node();
    damage("node.journal", (size_t)last - 1, DROP_ROW);
    cr_expect_eq(verify(), WU_DIVERGED);
}

Test(replay, a_changed_journal_entry_is_found_by_what_it_would_have_done)
{
    close_node();
    damage("node.journal", 0, FLIP_LAST);
    enum wu_status status = verify();
    cr_expect_neq(status, WU_OK);
}

Test(replay, what_followers_said_is_not_derived)
{
    struct wu_node *node = world_node(world);
    wu_node_acked(node, TOY_PEER, TOY_PEER, 3);
    (void)doit(1, 0);
    close_node();
    cr_expect_eq(verify(), WU_OK, "%s", report.first_difference);
}

Test(replay, retries_generations_and_forwarded_commands_fold_again)
{
    Toy toy = ENVELOPE__TIMER_FIRED__INIT;
    Node__RetryDeadLetter retry = NODE__RETRY_DEAD_LETTER__INIT;
    retry.seq = 41;
    (void)world_command(world, WU_TYPE(NODE_RETRY_DEAD_LETTER), &retry.base); /* fails again */
    assert_accepted(world_command(world, TOY_CURE, &toy.base));
    assert_accepted(world_command(world, WU_TYPE(NODE_RETRY_DEAD_LETTER), &retry.base));
    Node__RestartStream stream = NODE__RESTART_STREAM__INIT;
    Node__RestartStream *list[] = {&stream};
    Node__BeginGeneration begin = NODE__BEGIN_GENERATION__INIT;
    stream.stream = TOY_PEER;
    stream.keep_from = 5;
    begin.n_streams = 1;
    begin.streams = list;
    assert_accepted(world_command(world, WU_TYPE(NODE_BEGIN_GENERATION), &begin.base));
    (void)doit(8, 0);
    static uint8_t producer[16] = "elsewhere";
    uint8_t data[64];
    Bus__Submit submit = BUS__SUBMIT__INIT;
    for (uint32_t n = 1; n <= 3; n++) { /* done, done and poison; and one a second time */
        toy.n = n == 3 ? TOY_ASSERT : n;
        submit.producer = (ProtobufCBinaryData){sizeof producer, producer};
        submit.number = n;
        submit.type = TOY_DO;
        submit.data = (ProtobufCBinaryData){envelope__timer_fired__pack(&toy, data), data};
        if (n < 3) {
            world_mail(world, &(struct world_mail){.type = WU_TYPE(NODE_FORWARDED_COMMAND)},
                       &submit.base);
            world_mail(world, &(struct world_mail){.type = WU_TYPE(NODE_FORWARDED_COMMAND)},
                       &submit.base);
        }
    }
    cr_expect_eq(world_count(world, WU_TYPE(NODE_COMMAND_ANSWERED)), 4);
    close_node();
    cr_expect_eq(verify(), WU_OK, "%s %s", error.text, report.first_difference);
}

/* What was trimmed cannot go along, and how far that was is in the journal. */
Test(replay, a_generation_that_begins_behind_what_was_trimmed_folds_again)
{
    world_keep_nothing(world);
    wu_node_acked(world_node(world), TOY_PEER, TOY_PEER, 6);
    (void)doit(30, 0);
    cr_assert_gt(wu_node_mail_stream(world_node(world), TOY_PEER).first, 1, "or the test is void");
    Node__RestartStream stream = NODE__RESTART_STREAM__INIT;
    Node__RestartStream *list[] = {&stream, &stream};
    Node__BeginGeneration begin = NODE__BEGIN_GENERATION__INIT;
    stream.stream = TOY_PEER;
    stream.keep_from = 1;
    begin.n_streams = 2;
    begin.streams = list;
    assert_accepted(world_command(world, WU_TYPE(NODE_BEGIN_GENERATION), &begin.base));
    (void)doit(31, 0);
    close_node();
    cr_expect_eq(verify(), WU_OK, "%s %s", error.text, report.first_difference);
}

/* Who lost its store has no stream to a peer that remembers one: it is kept all the same. */
Test(replay, a_generation_of_a_stream_without_records_outlives_a_restart)
{
    world_close(&world);
    world = world_open(&TOY_CORE);
    Node__RestartStream stream = NODE__RESTART_STREAM__INIT;
    Node__RestartStream *list[] = {&stream};
    Node__BeginGeneration begin = NODE__BEGIN_GENERATION__INIT;
    stream.stream = TOY_PEER;
    stream.keep_from = 1;
    begin.n_streams = 1;
    begin.streams = list;
    assert_accepted(world_command(world, WU_TYPE(NODE_BEGIN_GENERATION), &begin.base));
    world_restart(world);
    begin.n_streams = 0;
    assert_accepted(world_command(world, WU_TYPE(NODE_BEGIN_GENERATION), &begin.base));
    (void)doit(1, 0);
    cr_expect_eq(wu_node_mail_stream(world_node(world), TOY_PEER).generation, 2);
    close_node();
    cr_expect_eq(verify(), WU_OK, "%s %s", error.text, report.first_difference);
}

Test(replay, a_store_of_another_role_is_refused)
{
    close_node();
    scratch = scratch_make();
    cr_expect_eq(wu_replay_verify(world_store_path(world), &TOY_HUB_CORE, scratch, &report, &error),
                 WU_INVALID);
    cr_expect_not_null(strstr(error.text, "no store of a toyhub node"), "%s", error.text);
    cr_expect_eq(wu_replay_verify("/nowhere/at/all", &TOY_CORE, scratch, &report, &error),
                 WU_INVALID);
    scratch_remove(&scratch);
}
