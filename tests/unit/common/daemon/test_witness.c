#include "common/daemon/witness.h"
#include "tests/support/scratch.h"

#include <criterion/criterion.h>
#include <stdio.h>

static char *folder;
static char state[512];

static void setup(void)
{
    folder = scratch_make();
    (void)snprintf(state, sizeof state, "%s/state/", folder);
}

static void teardown(void)
{
    scratch_remove(&folder);
}

TestSuite(witness, .init = setup, .fini = teardown);

static void write_note(const char *text)
{
    char path[600];
    (void)snprintf(path, sizeof path, "%s/state.witness", folder);
    FILE *file = fopen(path, "we");
    cr_assert_not_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

Test(witness, what_was_saved_is_loaded)
{
    struct wu_error error = {{0}};
    cr_assert_eq(wu_witness_save(state, (struct wu_witness){3, 1042}, &error), WU_OK, "%s",
                 error.text);
    struct wu_witness witness = wu_witness_load(state);
    cr_assert_eq(witness.generation, 3);
    cr_assert_eq(witness.journal_seq, 1042);
}

Test(witness, no_note_or_a_torn_one_witnesses_nothing)
{
    static const char *const torn[] = {"",
                                       "generation",
                                       "generation 1 journal 12",
                                       "generation 1 jour",
                                       "generation x journal 1\n",
                                       "generation 4294967296 journal 1\n"};
    cr_assert_eq(wu_witness_load(state).journal_seq, 0);
    for (size_t index = 0; index < sizeof torn / sizeof torn[0]; index++) {
        write_note(torn[index]);
        cr_assert_eq(wu_witness_load(state).generation, 0, "%s", torn[index]);
    }
}

Test(witness, a_store_behind_its_witness_was_restored)
{
    const struct wu_witness store = {2, 100};
    cr_assert(wu_witness_is_ahead((struct wu_witness){2, 101}, store));
    cr_assert(wu_witness_is_ahead((struct wu_witness){3, 1}, store));
    cr_assert_not(wu_witness_is_ahead((struct wu_witness){2, 100}, store));
    cr_assert_not(wu_witness_is_ahead((struct wu_witness){1, 500}, store));
    cr_assert_not(wu_witness_is_ahead((struct wu_witness){0, 0}, store));
}
