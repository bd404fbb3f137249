#include "common/base/assert.h"
#include "common/daemon/config.h"

#include <stdlib.h>
#include <string.h>

/*
 * Any bytes as a node's configuration: a sentence that names the file, or a
 * config that prints, reads back the same, and may be reloaded over itself.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_accepted(const struct wu_config *config)
{
    char *text = NULL;
    size_t text_size = 0;
    FILE *out = open_memstream(&text, &text_size);
    WU_ASSERT(out != NULL);
    wu_config_print(out, config);
    (void)fclose(out);

    struct wu_config again;
    struct wu_error error = {""};
    enum wu_status status = wu_config_parse("/f/node.yaml", text, text_size, &again, &error);
    free(text);
    WU_ASSERT(status == WU_OK);
    WU_ASSERT(memcmp(config, &again, sizeof again) == 0);
    WU_ASSERT(wu_config_reload(&again, config, &error) == WU_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wu_config config;
    struct wu_error error = {""};
    enum wu_status status =
        wu_config_parse("/f/node.yaml", (const char *)data, size, &config, &error);
    if (status == WU_OK) {
        check_accepted(&config);
    } else {
        WU_ASSERT(strncmp(error.text, "/f/node.yaml:", 13) == 0);
    }
    return 0;
}
