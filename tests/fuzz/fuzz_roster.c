/* A roster as it may be found: it is read or refused with a sentence, and what was read is sound.
 */
#include "common/base/assert.h"
#include "common/bus/roster.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_entry(const struct wu_roster *roster, const struct wu_roster_entry *entry)
{
    WU_ASSERT(entry->node >= 1 && entry->node <= 0x7fffffff);
    WU_ASSERT(entry->role[0] != '\0');
    WU_ASSERT(strlen(entry->key) == WU_KEY_TEXT_BYTES - 1);
    WU_ASSERT(wu_roster_by_node(roster, entry->node) == entry);
    WU_ASSERT(wu_roster_by_key(roster, entry->key) == entry);
    /* every topic of the list is allowed, and the list itself is none */
    char topic[sizeof entry->follow];
    const char *at = entry->follow;
    while (*at != '\0') {
        size_t length = strcspn(at, ",");
        memcpy(topic, at, length);
        topic[length] = '\0';
        WU_ASSERT(length == 0 || wu_roster_may_follow(entry, topic));
        at += length + (at[length] == ',');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wu_roster roster;
    struct wu_error error = {""};
    enum wu_status status = wu_roster_parse("roster", (const char *)data, size, &roster, &error);
    if (status != WU_OK) {
        WU_ASSERT(status == WU_INVALID);
        WU_ASSERT(strncmp(error.text, "roster:", 7) == 0);
        WU_ASSERT(roster.count == 0 && roster.entries == NULL);
        return 0;
    }
    for (size_t i = 0; i < roster.count; i++) {
        check_entry(&roster, &roster.entries[i]);
    }
    wu_roster_free(&roster);
    return 0;
}
