/*
 * Bytes as the key of every table there is, the framework's and each role's.
 * What decodes encodes to the same bytes; two keys that decode compare as their
 * bytes do, as far as can be told from the first field.
 */
#include "common/base/assert.h"
#include "common/journal/tables.h"
#include "common/store/store.h"

#include "services/charity/core/core.h"
#include "services/community/core/core.h"
#include "services/coordinator/core/core.h"
#include "services/socialorg/core/core.h"
#include "services/socialworker/core/core.h"
#include "services/volunteer/core/core.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_STRUCT_MAX = 512 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_table(const struct wu_table *table, struct wu_bytes bytes)
{
    _Alignas(16) uint8_t key[KEY_STRUCT_MAX];
    uint8_t again[WU_KEY_BYTES_MAX];
    WU_ASSERT(table->key_size <= sizeof key);
    memset(key, 0xa5, sizeof key);
    if (!wu_key_decode(table, bytes, key)) {
        return;
    }
    WU_ASSERT(key[table->key_size] == 0xa5 || table->key_size == sizeof key);
    size_t size = wu_key_encode(table, key, WU_KEY_FIELDS_MAX, again);
    WU_ASSERT(size == bytes.size && memcmp(again, bytes.data, size) == 0);
    FILE *out = fopen("/dev/null", "we");
    if (out != NULL) {
        wu_json_key(out, table, key); /* every text in it ends */
        (void)fclose(out);
    }
}

static void try_tables(const struct wu_table *const *tables, struct wu_bytes bytes)
{
    for (; *tables != NULL; tables++) {
        try_table(*tables, bytes);
    }
}

/* The bytes as they are, and cut or filled with zeros to the length of each table's key. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct wu_table *const *const lists[] = {
        WU_NODE_TABLES,           COMMUNITY_CORE.tables, SOCIALORG_CORE.tables,
        SOCIALWORKER_CORE.tables, VOLUNTEER_CORE.tables, CHARITY_CORE.tables,
        COORDINATOR_CORE.tables,
    };
    uint8_t filled[WU_KEY_BYTES_MAX] = {0};
    memcpy(filled, data, size < sizeof filled ? size : sizeof filled);
    for (size_t list = 0; list < sizeof lists / sizeof lists[0]; list++) {
        if (size <= WU_KEY_BYTES_MAX) {
            try_tables(lists[list], wu_bytes(data, size));
        }
        for (const struct wu_table *const *table = lists[list]; *table != NULL; table++) {
            size_t key_bytes = 0;
            for (size_t i = 0; i < WU_KEY_FIELDS_MAX; i++) {
                key_bytes += (*table)->key[i].size;
            }
            WU_ASSERT(key_bytes <= WU_KEY_BYTES_MAX);
            try_table(*table, wu_bytes(filled, key_bytes));
        }
    }
    return 0;
}
