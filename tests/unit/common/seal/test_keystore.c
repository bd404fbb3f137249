#include "common/seal/keystore.h"
#include "tests/support/scratch.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t OURS[WU_KEY_BYTES] = "this node's secret";
static const uint8_t OTHERS[WU_KEY_BYTES] = "another node's secret";

static char *folder;
static char path[512];

static void set_up(void)
{
    folder = scratch_make();
    (void)snprintf(path, sizeof path, "%s/state.keys", folder);
}

static void tear_down(void)
{
    scratch_remove(&folder);
}

TestSuite(keystore, .init = set_up, .fini = tear_down);

static enum wu_status try_open(struct wu_keystore **ret_store, const uint8_t *secret)
{
    const struct wu_keystore_config config = {.path = path, .secret = secret};
    struct wu_error error = {{0}};
    enum wu_status status = wu_keystore_open(ret_store, &config, &error);
    cr_assert(status == WU_OK || error.text[0] != '\0');
    return status;
}

static struct wu_keystore *open_it(void)
{
    struct wu_keystore *store = NULL;
    cr_assert_eq(try_open(&store, OURS), WU_OK);
    return store;
}

static struct wu_id id_of(uint64_t seq)
{
    return wu_id_make(2, 1, seq, 0);
}

static void make(struct wu_keystore *store, uint64_t seq, uint8_t key[WU_KEY_BYTES])
{
    const struct wu_id id = id_of(seq);
    cr_assert_eq(wu_keystore_make(store, &id, key), WU_OK);
    cr_assert_eq(wu_keystore_sync(store), WU_OK);
}

static enum wu_status get(struct wu_keystore *store, uint64_t seq, uint8_t key[WU_KEY_BYTES])
{
    const struct wu_id id = id_of(seq);
    return wu_keystore_get(store, &id, key);
}

static size_t read_file(uint8_t *bytes, size_t size)
{
    FILE *file = fopen(path, "re");
    cr_assert_not_null(file);
    size_t got = fread(bytes, 1, size, file);
    (void)fclose(file);
    return got;
}

Test(keystore, a_key_is_the_same_again_also_after_a_restart)
{
    uint8_t first[WU_KEY_BYTES];
    uint8_t again[WU_KEY_BYTES];
    struct wu_keystore *store = open_it();
    cr_assert_eq(get(store, 7, first), WU_NOT_FOUND);
    make(store, 7, first);
    make(store, 7, again);
    cr_assert_arr_eq(first, again, sizeof first);
    wu_keystore_close(&store);

    store = open_it();
    cr_assert_eq(get(store, 7, again), WU_OK);
    cr_assert_arr_eq(first, again, sizeof first);
    make(store, 8, again);
    cr_assert_arr_neq(first, again, sizeof first);
    wu_keystore_close(&store);
}

/* What the slot held is nowhere in the file afterwards. */
Test(keystore, a_destroyed_key_is_overwritten_and_never_made_again)
{
    enum { SLOT_BYTES = 128, SLOT_SECRET = 17 };
    static uint8_t before[4096];
    static uint8_t after[4096];
    uint8_t key[WU_KEY_BYTES];
    const struct wu_id id = id_of(2);
    struct wu_keystore *store = open_it();
    for (uint64_t seq = 1; seq <= 3; seq++) {
        make(store, seq, key);
    }
    size_t size = read_file(before, sizeof before);
    cr_assert_eq(size, 4 * SLOT_BYTES);
    cr_assert_eq(wu_keystore_destroy(store, &id), WU_OK);
    cr_assert_eq(wu_keystore_destroy(store, &id), WU_OK);
    cr_assert_eq(read_file(after, sizeof after), size);
    const uint8_t *wrapped = before + 2 * SLOT_BYTES + SLOT_SECRET; /* nonce and wrapped key */
    for (size_t at = 0; at < 72; at += 8) {
        cr_assert_null(memmem(after, size, wrapped + at, 8));
    }
    cr_assert_eq(get(store, 2, key), WU_DENIED);
    cr_assert_eq(wu_keystore_make(store, &id, key), WU_DENIED);
    wu_keystore_close(&store);

    store = open_it();
    cr_assert_eq(get(store, 2, key), WU_DENIED);
    cr_assert_eq(get(store, 1, key), WU_OK);
    cr_assert_eq(get(store, 3, key), WU_OK);
    wu_keystore_close(&store);
}

Test(keystore, an_id_that_is_destroyed_before_it_has_a_key_gets_none)
{
    uint8_t key[WU_KEY_BYTES];
    const struct wu_id id = id_of(9);
    struct wu_keystore *store = open_it();
    cr_assert_eq(wu_keystore_destroy(store, &id), WU_OK);
    cr_assert_eq(wu_keystore_make(store, &id, key), WU_DENIED);
    wu_keystore_close(&store);
}

Test(keystore, it_opens_to_its_own_node_only)
{
    uint8_t key[WU_KEY_BYTES];
    struct stat info;
    struct wu_keystore *store = open_it();
    make(store, 1, key);
    wu_keystore_close(&store);
    cr_assert_eq(stat(path, &info), 0);
    cr_assert_eq(info.st_mode & 0777, 0600);
    cr_assert_eq(try_open(&store, OTHERS), WU_INVALID);
    cr_assert_eq(chmod(path, 0640), 0);
    cr_assert_eq(try_open(&store, OURS), WU_INVALID);
}

/* Half a slot at the end was never synced: its command was never journaled. */
Test(keystore, a_slot_cut_short_by_a_power_cut_is_not_there)
{
    uint8_t key[WU_KEY_BYTES];
    struct wu_keystore *store = open_it();
    make(store, 1, key);
    make(store, 2, key);
    wu_keystore_close(&store);
    cr_assert_eq(truncate(path, 2 * 128 + 50), 0);
    store = open_it();
    cr_assert_eq(get(store, 1, key), WU_OK);
    cr_assert_eq(get(store, 2, key), WU_NOT_FOUND);
    make(store, 2, key);
    wu_keystore_close(&store);
    store = open_it();
    cr_assert_eq(get(store, 2, key), WU_OK);
    wu_keystore_close(&store);
}

Test(keystore, a_slot_that_was_touched_gives_no_key)
{
    uint8_t key[WU_KEY_BYTES];
    struct wu_keystore *store = open_it();
    make(store, 1, key);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    uint8_t byte = 0;
    cr_assert_eq(pread(fd, &byte, 1, 128 + 60), 1);
    byte ^= 1;
    cr_assert_eq(pwrite(fd, &byte, 1, 128 + 60), 1);
    (void)close(fd);
    cr_assert_eq(get(store, 1, key), WU_CORRUPT);
    wu_keystore_close(&store);
}
