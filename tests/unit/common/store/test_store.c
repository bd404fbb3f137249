/* Typed tables over LMDB: walking, failing once, growing, and other processes. */
#include "common/store/store.h"

#include "common/base/bytes.h"
#include "common/journal/tables.h"
#include "tests/support/scratch.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct pair_key {
    uint32_t group;
    uint64_t number;
};
typedef Node__CursorRow Row; /* stream, generation, next, hash */
WU_TABLE_OF(pairs, PAIRS, struct pair_key, Row);
WU_INDEX_OF(marks, MARKS, struct pair_key);
const struct wu_table PAIRS = {
    .name = "test.pairs",
    .key_size = sizeof(struct pair_key),
    .key = {WU_KEY(struct pair_key, group), WU_KEY(struct pair_key, number)},
    .row = &node__cursor_row__descriptor,
};
const struct wu_table MARKS = {
    .name = "test.marks",
    .key_size = sizeof(struct pair_key),
    .key = {WU_KEY(struct pair_key, group), WU_KEY(struct pair_key, number)},
};
static const struct wu_table *const BOTH[] = {&PAIRS, &MARKS, NULL};
static const struct wu_table *const ONE[] = {&PAIRS, NULL};
static const struct wu_table *const *const LISTS[] = {BOTH, NULL};
static const struct wu_table *const *const OLD_LISTS[] = {ONE, NULL};

static char *folder;
static char path[512];
static struct wu_store *store;
static struct wu_txn *txn;
static struct wu_arena arena;
static struct wu_error error;

static enum wu_status open_store(const struct wu_table *const *const *tables, size_t map_bytes_max)
{
    struct wu_store_config config = {
        .path = path,
        .tables = tables,
        .map_bytes = (size_t)256 << 10,
        .map_bytes_max = map_bytes_max,
    };
    error.text[0] = '\0';
    return wu_store_open(&store, &config, &error);
}

static void set_up(void)
{
    folder = scratch_make();
    (void)snprintf(path, sizeof path, "%s/state", folder);
    cr_assert_eq(wu_arena_open(&arena, (size_t)8 << 20), WU_OK);
    cr_assert_eq(open_store(LISTS, (size_t)64 << 20), WU_OK, "%s", error.text);
}

static void tear_down(void)
{
    wu_txn_abort(&txn);
    wu_store_close(&store);
    wu_arena_close(&arena);
    scratch_remove(&folder);
}

TestSuite(store, .init = set_up, .fini = tear_down);

static void begin(void)
{
    cr_assert_eq(wu_txn_begin(store, &arena, &txn), WU_OK);
}

static void commit(void)
{
    cr_assert_eq(wu_txn_commit(&txn), WU_OK);
    cr_assert_null(txn);
}

static void put(uint32_t group, uint64_t number, uint64_t next)
{
    Row row = NODE__CURSOR_ROW__INIT;
    row.next = next;
    pairs_put(txn, &(struct pair_key){group, number}, &row);
}

/* Groups 1 to 3, numbers 10, 20 ... 50 in each; next is group * 1000 + number. */
static void fill(void)
{
    begin();
    for (uint32_t group = 1; group <= 3; group++) {
        for (uint64_t number = 10; number <= 50; number += 10) {
            put(group, number, group * 1000 + number);
            marks_put(txn, &(struct pair_key){group, number});
        }
    }
    commit();
}

/* ---- rows ------------------------------------------------------------------------- */

Test(store, a_row_is_there_until_it_is_deleted)
{
    begin();
    put(1, 2, 77);
    cr_expect_eq(pairs_get(txn, &(struct pair_key){1, 2})->next, 77);
    put(1, 2, 78);
    commit();
    begin();
    cr_expect_eq(pairs_get(txn, &(struct pair_key){1, 2})->next, 78);
    cr_expect_null(pairs_get(txn, &(struct pair_key){1, 3}));
    cr_expect_null(pairs_get(txn, &(struct pair_key){2, 2}));
    cr_expect_eq(wu_table_count(txn, &PAIRS), 1);
    pairs_del(txn, &(struct pair_key){1, 2});
    pairs_del(txn, &(struct pair_key){1, 2}); /* one that is not there is fine */
    cr_expect_null(pairs_get(txn, &(struct pair_key){1, 2}));
    commit();
    begin();
    cr_expect_eq(wu_table_count(txn, &PAIRS), 0);
}

Test(store, a_row_may_be_empty)
{
    begin();
    put(1, 2, 0);
    commit();
    begin();
    const Row *row = pairs_get(txn, &(struct pair_key){1, 2});
    cr_assert_not_null(row);
    cr_expect_eq(row->next, 0);
    cr_expect_str_eq(row->stream, "");
}

Test(store, an_aborted_transaction_never_was)
{
    fill();
    begin();
    put(9, 9, 9);
    pairs_del(txn, &(struct pair_key){1, 10});
    wu_txn_abort(&txn);
    cr_expect_null(txn);
    wu_txn_abort(&txn); /* again is fine */
    begin();
    cr_expect_eq(wu_table_count(txn, &PAIRS), 15);
    cr_expect_null(pairs_get(txn, &(struct pair_key){9, 9}));
}

Test(store, what_is_committed_is_there_after_opening_again)
{
    fill();
    wu_store_close(&store);
    cr_expect_null(store);
    cr_assert_eq(open_store(LISTS, (size_t)64 << 20), WU_OK);
    begin();
    cr_expect_eq(wu_table_count(txn, &PAIRS), 15);
    cr_expect_eq(wu_table_count(txn, &MARKS), 15);
}

/* ---- walking ------------------------------------------------------------------------ */

static void expect_walk(bool found, const struct pair_key *key, uint32_t group, uint64_t number)
{
    cr_expect(found);
    cr_expect_eq(key->group, group);
    cr_expect_eq(key->number, number, "%llu", (unsigned long long)key->number);
}

Test(store, from_finds_the_first_at_or_after)
{
    fill();
    begin();
    const Row *row = NULL;
    struct pair_key key = {2, 20};
    expect_walk(pairs_from(txn, &key, 0, &row), &key, 2, 20);
    cr_expect_eq(row->next, 2020);
    key = (struct pair_key){2, 21};
    expect_walk(pairs_from(txn, &key, 0, &row), &key, 2, 30);
    key = (struct pair_key){2, 51};
    expect_walk(pairs_from(txn, &key, 0, &row), &key, 3, 10);
    key = (struct pair_key){0, 0};
    expect_walk(pairs_from(txn, &key, 0, &row), &key, 1, 10);
    key = (struct pair_key){3, 51};
    cr_expect(!pairs_from(txn, &key, 0, &row));
    cr_expect_null(row);
    cr_expect_eq(key.number, 51); /* untouched */
}

Test(store, from_stays_within_the_same_fields)
{
    fill();
    begin();
    const Row *row = NULL;
    struct pair_key key = {2, 51};
    cr_expect(!pairs_from(txn, &key, 1, &row));
    key = (struct pair_key){2, 0};
    expect_walk(pairs_from(txn, &key, 1, &row), &key, 2, 10);
    key = (struct pair_key){2, 20};
    expect_walk(pairs_from(txn, &key, 2, &row), &key, 2, 20);
    key = (struct pair_key){2, 21};
    cr_expect(!pairs_from(txn, &key, 2, &row));
    key = (struct pair_key){4, 0};
    cr_expect(!pairs_from(txn, &key, 1, &row));
}

Test(store, after_goes_on_strictly_behind)
{
    fill();
    begin();
    const Row *row = NULL;
    struct pair_key key = {2, 0};
    uint64_t expected = 10;
    for (bool found = pairs_from(txn, &key, 1, &row); found;
         found = pairs_after(txn, &key, 1, &row)) {
        cr_expect_eq(key.number, expected);
        cr_expect_eq(row->next, 2000 + expected);
        expected += 10;
    }
    cr_expect_eq(expected, 60);
    key = (struct pair_key){2, 25}; /* one that is not there */
    expect_walk(pairs_after(txn, &key, 0, &row), &key, 2, 30);
    key = (struct pair_key){3, 50};
    cr_expect(!pairs_after(txn, &key, 0, &row));
}

Test(store, last_goes_backwards)
{
    fill();
    begin();
    struct wu_bytes value;
    struct pair_key key = {2, 30};
    expect_walk(wu_table_last_raw(txn, &PAIRS, &key, 0, &value), &key, 2, 30);
    key = (struct pair_key){2, 29};
    expect_walk(wu_table_last_raw(txn, &PAIRS, &key, 0, &value), &key, 2, 20);
    key = (struct pair_key){2, UINT64_MAX};
    expect_walk(wu_table_last_raw(txn, &PAIRS, &key, 1, &value), &key, 2, 50);
    key = (struct pair_key){UINT32_MAX, UINT64_MAX};
    expect_walk(wu_table_last_raw(txn, &PAIRS, &key, 0, &value), &key, 3, 50);
    key = (struct pair_key){2, 9};
    cr_expect(!wu_table_last_raw(txn, &PAIRS, &key, 1, &value));
    expect_walk(wu_table_last_raw(txn, &PAIRS, &key, 0, &value), &key, 1, 50);
    key = (struct pair_key){1, 9};
    cr_expect(!wu_table_last_raw(txn, &PAIRS, &key, 0, &value));
}

Test(store, walking_an_empty_table_finds_nothing)
{
    begin();
    const Row *row = NULL;
    struct wu_bytes value;
    struct pair_key key = {0, 0};
    cr_expect(!pairs_from(txn, &key, 0, &row));
    cr_expect(!pairs_after(txn, &key, 0, &row));
    cr_expect(!wu_table_last_raw(txn, &PAIRS, &key, 0, &value));
    cr_expect_eq(wu_txn_status(txn), WU_OK);
}

Test(store, a_table_may_change_under_a_walk)
{
    fill();
    begin();
    const Row *row = NULL;
    struct pair_key key = {0, 0};
    int count = 0;
    for (bool found = pairs_from(txn, &key, 0, &row); found;
         found = pairs_after(txn, &key, 0, &row)) {
        pairs_del(txn, &key);
        put(key.group, key.number - 1, 0); /* behind the walk */
        marks_del(txn, &key);
        count++;
    }
    cr_expect_eq(count, 15);
    cr_expect_eq(wu_table_count(txn, &PAIRS), 15);
    cr_expect_eq(wu_table_count(txn, &MARKS), 0);
    commit();
}

Test(store, an_index_has_keys_only)
{
    fill();
    begin();
    struct pair_key key = {2, 15};
    expect_walk(marks_from(txn, &key, 1), &key, 2, 20);
    expect_walk(marks_after(txn, &key, 1), &key, 2, 30);
    marks_del(txn, &(struct pair_key){2, 40});
    expect_walk(marks_after(txn, &key, 1), &key, 2, 50);
    cr_expect(!marks_after(txn, &key, 1));
}

/* ---- failing ---------------------------------------------------------------------------- */

Test(store, the_first_failure_sticks_and_nothing_is_written)
{
    fill();
    begin();
    put(7, 7, 7);
    wu_txn_fail(txn, WU_CORRUPT);
    wu_txn_fail(txn, WU_IO);
    cr_expect_eq(wu_txn_status(txn), WU_CORRUPT);
    struct pair_key key = {1, 10};
    const Row *row = NULL;
    struct wu_bytes value;
    cr_expect_null(pairs_get(txn, &key));
    cr_expect(!pairs_from(txn, &key, 0, &row));
    cr_expect(!wu_table_get_raw(txn, &PAIRS, &key, &value));
    cr_expect(!wu_table_last_raw(txn, &PAIRS, &key, 0, &value));
    cr_expect_eq(wu_table_count(txn, &PAIRS), 0);
    put(8, 8, 8);
    pairs_del(txn, &key);
    cr_expect_eq(wu_txn_commit(&txn), WU_CORRUPT);
    cr_expect_null(txn);
    begin();
    cr_expect_eq(wu_table_count(txn, &PAIRS), 15);
}

Test(store, an_arena_that_is_too_small_is_no_corruption)
{
    struct wu_arena small;
    fill();
    cr_assert_eq(wu_arena_open(&small, 32), WU_OK);
    cr_assert_eq(wu_txn_begin(store, &small, &txn), WU_OK);
    cr_expect_null(pairs_get(txn, &(struct pair_key){1, 10}));
    cr_expect_eq(wu_txn_status(txn), WU_NO_MEMORY);
    cr_expect_eq(wu_txn_commit(&txn), WU_NO_MEMORY);
    wu_arena_close(&small);
}

Test(store, a_full_map_is_told_grown_and_done_again)
{
    enum wu_status status = WU_OK;
    int grown = 0;
    uint8_t hash[1000] = {1};
    for (uint64_t number = 1; number <= 40;) {
        begin();
        for (int i = 0; i < 100; i++) {
            Row row = NODE__CURSOR_ROW__INIT;
            row.hash = (ProtobufCBinaryData){sizeof hash, hash};
            pairs_put(txn, &(struct pair_key){(uint32_t)number, (uint64_t)i}, &row);
        }
        status = wu_txn_commit(&txn);
        if (status == WU_FULL) {
            cr_assert_eq(wu_store_grow(store), WU_OK);
            grown++;
            continue;
        }
        cr_assert_eq(status, WU_OK);
        number++;
    }
    cr_expect_gt(grown, 2);
    begin();
    cr_expect_eq(wu_table_count(txn, &PAIRS), 4000);
    size_t used_bytes = 0;
    size_t map_bytes = 0;
    wu_store_usage(store, &used_bytes, &map_bytes);
    cr_expect_gt(used_bytes, (size_t)4000 << 10);
    cr_expect_leq(used_bytes, map_bytes);
}

Test(store, a_map_grows_to_its_bound_and_no_further)
{
    wu_store_close(&store);
    cr_assert_eq(open_store(LISTS, (size_t)600 << 10), WU_OK);
    cr_expect_eq(wu_store_grow(store), WU_OK);
    cr_expect_eq(wu_store_grow(store), WU_OK);
    size_t used_bytes = 0;
    size_t map_bytes = 0;
    wu_store_usage(store, &used_bytes, &map_bytes);
    cr_expect_leq(map_bytes, (size_t)600 << 10);
    cr_expect_eq(wu_store_grow(store), WU_FULL);
}

Test(store, a_row_of_another_type_is_a_bug, .signal = SIGABRT)
{
    begin();
    Node__MetaRow wrong = NODE__META_ROW__INIT;
    wu_table_put(txn, &PAIRS, &(struct pair_key){1, 1}, &wrong.base);
}

Test(store, a_table_that_was_not_listed_is_a_bug, .signal = SIGABRT)
{
    begin();
    (void)wu_table_count(txn, &WU_META);
}

Test(store, a_bad_row_is_corrupt)
{
    static const struct wu_table as_index = {
        .name = "test.pairs",
        .key_size = sizeof(struct pair_key),
        .key = {WU_KEY(struct pair_key, group), WU_KEY(struct pair_key, number)},
        .row = &node__meta_row__descriptor,
    };
    static const struct wu_table *const tables[] = {&as_index, NULL};
    static const struct wu_table *const *const lists[] = {tables, NULL};
    Row row = NODE__CURSOR_ROW__INIT;
    begin();
    row.stream = (char *)(uintptr_t) "text where a number is wanted";
    pairs_put(txn, &(struct pair_key){1, 1}, &row);
    commit();
    wu_store_close(&store);
    cr_assert_eq(open_store(lists, (size_t)64 << 20), WU_OK);
    begin();
    cr_expect_null(wu_table_get(txn, &as_index, &(struct pair_key){1, 1}));
    cr_expect_eq(wu_txn_status(txn), WU_CORRUPT);
}

/* ---- opening ------------------------------------------------------------------------------- */

Test(store, its_folder_is_for_its_owner_only)
{
    struct stat info;
    cr_assert_eq(stat(path, &info), 0);
    cr_expect_eq(info.st_mode & 0777, 0700);
}

static void leave(const char *name, const char *text)
{
    char file[600];
    (void)snprintf(file, sizeof file, "%s/%s", path, name);
    FILE *out = fopen(file, "we");
    cr_assert_not_null(out);
    (void)fputs(text, out);
    cr_assert_eq(fclose(out), 0);
}

Test(store, what_a_power_cut_left_of_a_new_one_is_no_hindrance)
{
    wu_store_close(&store);
    (void)snprintf(path, sizeof path, "%s/half-made", folder);
    cr_assert_eq(mkdir(path, 0700), 0);
    leave("data.mdb", "");
    leave("data.mdb.new", "half a page");
    cr_assert_eq(open_store(LISTS, (size_t)1 << 20), WU_OK, "%s", error.text);
    wu_store_close(&store);
    cr_assert_eq(open_store(LISTS, (size_t)1 << 20), WU_OK, "%s", error.text);
    char file[600];
    (void)snprintf(file, sizeof file, "%s/data.mdb.new", path);
    cr_assert_neq(access(file, F_OK), 0);
}

Test(store, a_second_writer_is_refused)
{
    struct wu_store *first = store;
    cr_expect_eq(open_store(LISTS, (size_t)64 << 20), WU_BUSY);
    cr_expect_not_null(strstr(error.text, "in use by another daemon"), "%s", error.text);
    store = first;
}

Test(store, a_writer_in_another_process_is_refused_too)
{
    wu_store_close(&store);
    int ready[2];
    cr_assert_eq(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        char byte = (char)(open_store(LISTS, (size_t)64 << 20) == WU_OK);
        (void)!write(ready[1], &byte, 1);
        (void)pause();
        _exit(0);
    }
    char byte = 0;
    cr_assert_eq(read(ready[0], &byte, 1), 1);
    cr_assert_eq(byte, 1);
    cr_expect_eq(open_store(LISTS, (size_t)64 << 20), WU_BUSY);
    cr_assert_eq(kill(child, SIGKILL), 0);
    cr_assert_eq(waitpid(child, NULL, 0), child);
    cr_expect_eq(open_store(LISTS, (size_t)64 << 20), WU_OK, "%s",
                 error.text); /* the dead hold none */
    (void)close(ready[0]);
    (void)close(ready[1]);
}

Test(store, a_folder_that_cannot_be_made_is_told)
{
    wu_store_close(&store);
    (void)snprintf(path, sizeof path, "%s/no/such/folder", folder);
    cr_expect_eq(open_store(LISTS, (size_t)64 << 20), WU_IO);
    cr_expect_not_null(strstr(error.text, "No such file or directory"), "%s", error.text);
}

static enum wu_status open_reader(const struct wu_table *const *const *tables)
{
    struct wu_store_config config = {.path = path, .tables = tables, .read_only = true};
    return wu_store_open(&store, &config, &error);
}

Test(store, a_store_that_is_not_there_cannot_be_read)
{
    wu_store_close(&store);
    (void)snprintf(path, sizeof path, "%s/nothing", folder);
    cr_expect_eq(open_reader(LISTS), WU_INVALID);
    cr_expect_not_null(strstr(error.text, "no store to read"), "%s", error.text);
}

Test(store, an_older_store_without_a_table_reads_as_an_empty_one)
{
    wu_store_close(&store);
    (void)snprintf(path, sizeof path, "%s/old", folder);
    cr_assert_eq(open_store(OLD_LISTS, (size_t)64 << 20), WU_OK);
    begin();
    put(1, 1, 1);
    commit();
    wu_store_close(&store);
    cr_assert_eq(open_reader(LISTS), WU_OK, "%s", error.text);
    cr_assert_eq(wu_txn_begin_read(store, &arena, &txn), WU_OK);
    struct pair_key key = {0, 0};
    struct wu_bytes value;
    cr_expect_eq(wu_table_count(txn, &PAIRS), 1);
    cr_expect_eq(wu_table_count(txn, &MARKS), 0);
    cr_expect(!marks_from(txn, &key, 0));
    cr_expect(!wu_table_get_raw(txn, &MARKS, &key, &value));
    cr_expect(!wu_table_last_raw(txn, &MARKS, &key, 0, &value));
    cr_expect_eq(wu_txn_status(txn), WU_OK);
    wu_txn_abort(&txn);
    wu_store_close(&store);
    cr_assert_eq(open_store(LISTS, (size_t)64 << 20), WU_OK); /* a writer makes it */
    begin();
    marks_put(txn, &(struct pair_key){1, 1});
    commit();
}

/* ---- a reader in another process --------------------------------------------------------------
 */

static int ask[2];
static int tell[2];

/* Counts the rows each time it is asked. */
static void be_reader(void)
{
    char byte = 0;
    if (open_reader(LISTS) != WU_OK) {
        _exit(1);
    }
    while (read(ask[0], &byte, 1) == 1) {
        uint64_t count = UINT64_MAX;
        if (wu_txn_begin_read(store, &arena, &txn) == WU_OK) {
            count = wu_table_count(txn, &PAIRS);
            wu_txn_abort(&txn);
        }
        (void)!write(tell[1], &count, sizeof count);
    }
    _exit(0);
}

static uint64_t count_in_reader(void)
{
    uint64_t count = 0;
    cr_assert_eq(write(ask[1], "?", 1), 1);
    cr_assert_eq(read(tell[0], &count, sizeof count), (ssize_t)sizeof count);
    return count;
}

Test(store, a_reader_in_another_process_sees_each_commit_and_a_grown_map)
{
    fill();
    wu_store_close(&store); /* never across a fork */
    cr_assert(pipe(ask) == 0 && pipe(tell) == 0);
    pid_t child = fork();
    if (child == 0) {
        (void)close(ask[1]);
        be_reader();
    }
    cr_assert_eq(open_store(LISTS, (size_t)64 << 20), WU_OK);
    cr_expect_eq(count_in_reader(), 15);
    begin();
    put(8, 8, 8);
    cr_expect_eq(count_in_reader(), 15); /* not yet */
    commit();
    cr_expect_eq(count_in_reader(), 16);
    uint8_t hash[60000] = {1};
    for (uint64_t number = 0; number < 40;) {
        Row row = NODE__CURSOR_ROW__INIT;
        row.hash = (ProtobufCBinaryData){sizeof hash, hash};
        begin();
        pairs_put(txn, &(struct pair_key){9, number}, &row);
        enum wu_status status = wu_txn_commit(&txn);
        cr_assert(status == WU_OK || status == WU_FULL);
        if (status == WU_FULL) {
            cr_assert_eq(wu_store_grow(store), WU_OK);
        } else {
            number++;
        }
    }
    cr_expect_eq(count_in_reader(), 56);
    (void)close(ask[1]);
    int result = 1;
    cr_assert_eq(waitpid(child, &result, 0), child);
    cr_expect_eq(result, 0);
}
