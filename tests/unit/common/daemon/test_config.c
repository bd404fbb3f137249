#include "common/daemon/config.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEY_TEXT "0123456789012345678901234567890123456789"
#define SOCIETY "node: 2\nrole: community\ndivision: 420106012001\n"
#define HUB                                                                    \
    "node: 1\nrole: coordinator\ndivision: 420100000000\n"                     \
    "listen_mail: tcp://127.0.0.1:7601\nlisten_public: tcp://127.0.0.1:7602\n" \
    "roster_file: roster\n"
#define UPLINK                                                                      \
    "hub_node: 1\nhub_mail: tcp://10.1.0.1:7601\nhub_public: tcp://10.1.0.1:7602\n" \
    "hub_key: '" KEY_TEXT "'\n"

static enum wu_status parse_at(const char *name, const char *text, struct wu_config *config,
                               struct wu_error *error)
{
    error->text[0] = '\0';
    return wu_config_parse(name, text, strlen(text), config, error);
}

static struct wu_config parsed(const char *text)
{
    struct wu_config config;
    struct wu_error error;
    enum wu_status status = parse_at("/city/node.yaml", text, &config, &error);
    cr_assert_eq(status, WU_OK, "%s", error.text);
    return config;
}

static char *printed(const struct wu_config *config)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    cr_assert_not_null(out);
    wu_config_print(out, config);
    (void)fclose(out);
    return text;
}

Test(config, three_lines_make_a_node)
{
    struct wu_config config = parsed(SOCIETY);
    cr_expect_eq(config.node, 2);
    cr_expect_str_eq(config.role, "community");
    cr_expect_eq(config.division, 420106012001);
    cr_expect_str_eq(config.state_dir, "/city/state");
    cr_expect_str_eq(config.front_door, "ipc:///city/door");
    cr_expect_str_eq(config.key_file, "/city/node.key");
    cr_expect_str_eq(config.log_level, "info");
    cr_expect_eq(config.front_door_mode, 0600);
    cr_expect_eq(config.utc_offset_min, 480);
    cr_expect_eq(config.map_bytes, 64 << 20);
    cr_expect_eq(config.map_bytes_max, UINT64_C(64) << 30);
    cr_expect_eq(config.batch_count_max, 2048);
    cr_expect_eq(config.drain_ms, 5000);
    cr_expect_eq(config.hub_node, 0);
}

Test(config, values_are_read_as_a_person_writes_them)
{
    static const char text[] = "# a comment\n---\n" SOCIETY "utc_offset_min: -210\n"
                               "map_bytes: 128 MiB\nmap_bytes_max: 1GiB\nbatch_bytes_max: 65536\n"
                               "front_door_mode: \"0660\"\nlog_level: debug # a word\n"
                               "state_dir: ./data/store\nkey_file: /etc/wushe/社区.key\n...\n";
    struct wu_config config = parsed(text);
    cr_expect_eq(config.utc_offset_min, -210);
    cr_expect_eq(config.map_bytes, 128 << 20);
    cr_expect_eq(config.map_bytes_max, 1 << 30);
    cr_expect_eq(config.batch_bytes_max, 65536);
    cr_expect_eq(config.front_door_mode, 0660);
    cr_expect_str_eq(config.log_level, "debug");
    cr_expect_str_eq(config.state_dir, "/city/data/store");
    cr_expect_str_eq(config.key_file, "/etc/wushe/社区.key");
}

Test(config, a_relative_name_counts_from_the_present_folder)
{
    struct wu_config config;
    struct wu_error error;
    cr_assert_eq(chdir("/usr"), 0);
    cr_assert_eq(parse_at("./a/node.yaml", SOCIETY, &config, &error), WU_OK, "%s", error.text);
    cr_expect_str_eq(config.state_dir, "/usr/a/state");
    cr_assert_eq(parse_at("node.yaml", SOCIETY, &config, &error), WU_OK, "%s", error.text);
    cr_expect_str_eq(config.front_door, "ipc:///usr/door");
    cr_assert_eq(parse_at("/node.yaml", SOCIETY, &config, &error), WU_OK, "%s", error.text);
    cr_expect_str_eq(config.state_dir, "/state");
}

Test(config, a_hub_may_have_a_hub_above)
{
    struct wu_config config = parsed("node: 9\nrole: coordinator\ndivision: 420106000000\n"
                                     "listen_mail: tcp://*:7601\nlisten_public: tcp://[::1]:7602\n"
                                     "roster_file: roster\n" UPLINK);
    cr_expect_eq(config.hub_node, 1);
    cr_expect_str_eq(config.hub_key, KEY_TEXT);
    cr_expect_str_eq(config.listen_mail, "tcp://*:7601");
    cr_expect_str_eq(config.roster_file, "/city/roster");
}

struct wrong_input {
    const char *text;
    const char *sentence; /* a part of it */
};

static const struct wrong_input wrong_inputs[] = {
    /* the file */
    {"", "node.yaml: the file is empty"},
    {"# nothing but a comment\n", "the file is empty"},
    {"just words\n", "node.yaml:1: this is no mapping"},
    {"- node: 1\n", "node.yaml:1: this is no mapping"},
    {"node: 1: 2\n", "node.yaml:1: this is not YAML"},
    {"node: 'x\n", "this is not YAML"},
    {"node: \xff\n", "this is not YAML"},
    {"node: \x01\n", "this is not YAML"},
    {SOCIETY "--- \nnode: 2\n", "node.yaml:4: a second document begins here"},
    {"*alias : 2\n", "node.yaml:1: the key is an alias"},
    /* keys */
    {SOCIETY "hub_mial: tcp://h:7601\n",
     "node.yaml:4: unknown key 'hub_mial', did you mean 'hub_mail'?"},
    {SOCIETY "Log_level: info\n", "did you mean 'log_level'?"},
    {SOCIETY "colour: red\n", "node.yaml:4: unknown key 'colour'; --help lists every key"},
    {SOCIETY "<<: {node: 1}\n", "unknown key '<<'"},
    {SOCIETY "\nnode: 3\n", "node.yaml:5: node is already set in line 1"},
    {SOCIETY "? [a]\n: b\n", "node.yaml:4: the key is a list or a mapping"},
    {SOCIETY "&a log_level: info\n", "the key has an anchor or a tag"},
    /* kinds of values */
    {SOCIETY "log_level: [info]\n", "node.yaml:4: log_level is a list or a mapping"},
    {SOCIETY "log_level:\n  deep: info\n", "log_level is a list or a mapping"},
    {SOCIETY "log_level: &x info\n", "log_level has an anchor or a tag"},
    {SOCIETY "log_level: !!str info\n", "log_level has an anchor or a tag"},
    {SOCIETY "state_dir: \"a\\tb\"\n", "state_dir has a control character"},
    {SOCIETY "state_dir: \"a\\0b\"\n", "state_dir has a control character"},
    {SOCIETY "state_dir: \"a\\Nb\"\n", "state_dir has a control character"},
    {SOCIETY "state_dir: \"a\\Lb\"\n", "state_dir has a control character"},
    {SOCIETY "state_dir:\n", "node.yaml:4: state_dir has no value"},
    {SOCIETY "state_dir: ''\n", "state_dir has no value"},
    {SOCIETY "hub_key: ~\n", "hub_key has no value"},
    {SOCIETY "drain_ms: null\n", "drain_ms has no value"},
    /* numbers */
    {SOCIETY "drain_ms: soon\n", "node.yaml:4: drain_ms is 'soon': write a whole number"},
    {SOCIETY "drain_ms: 1.5\n", "drain_ms is '1.5'"},
    {SOCIETY "drain_ms: 0x10\n", "drain_ms is '0x10'"},
    {SOCIETY "drain_ms: 010\n", "drain_ms is '010'"},
    {SOCIETY "drain_ms: +5\n", "drain_ms is '+5'"},
    {SOCIETY "drain_ms: -\n", "node.yaml"},
    {SOCIETY "drain_ms: -1\n", "drain_ms is out of range: write a value from 0 to 600000"},
    {SOCIETY "drain_ms: 99999999999999999999\n", "drain_ms is '99999999999999999999'"},
    {"node: 0\nrole: community\ndivision: 420106012001\n", "node.yaml:1: node is out of range"},
    {"node: 2147483648\n", "node is out of range: write a value from 1 to 2147483647"},
    {"node: 1\ndivision: 42\n", "node.yaml:2: division is out of range"},
    {SOCIETY "utc_offset_min: 841\n", "from -720 to 840 minutes"},
    /* sizes */
    {SOCIETY "map_bytes: 64MB\n", "map_bytes is '64MB': write a number of bytes"},
    {SOCIETY "map_bytes: MiB\n", "map_bytes is 'MiB'"},
    {SOCIETY "map_bytes: 1.5GiB\n", "map_bytes is '1.5GiB'"},
    {SOCIETY "map_bytes: 1\n", "map_bytes is out of range: write a value from 1MiB to 1024GiB"},
    {SOCIETY "map_bytes: 99999999999GiB\n", "map_bytes"},
    {SOCIETY "map_bytes: 2GiB\nmap_bytes_max: 1GiB\n", "map_bytes is above map_bytes_max"},
    {SOCIETY "batch_bytes_max: 32MiB\n", "arena_bytes is less than 8 times batch_bytes_max"},
    /* words */
    {"node: 1\nrole: Community\n", "node.yaml:2: role is 'Community': write one lower-case word"},
    {"node: 1\nrole: abcdefghijklmnopqrstuvwxyzabcdefgh\n", "role is longer than 31 bytes"},
    {SOCIETY "log_level: warn\n", "the nearest is warning"},
    {SOCIETY "front_door_mode: 0777\n", "front_door_mode is '0777': write 0600"},
    {SOCIETY "front_door_mode: 384\n", "front_door_mode is '384'"},
    /* endpoints */
    {SOCIETY "front_door: /city/door\n", "front_door is '/city/door': write ipc:// and a path"},
    {SOCIETY "front_door: ipc://\n", "front_door is 'ipc://'"},
    {SOCIETY "hub_node: 1\nhub_mail: 10.1.0.1:7601\n", "node.yaml:5: hub_mail is '10.1.0.1:7601'"},
    {SOCIETY "hub_mail: tcp://:7601\n", "hub_mail is 'tcp://:7601'"},
    {SOCIETY "hub_mail: tcp://*:7601\n", "hub_mail is 'tcp://*:7601'"},
    {SOCIETY "hub_mail: tcp://host\n", "hub_mail is 'tcp://host'"},
    {SOCIETY "hub_mail: tcp\n", "hub_mail is 'tcp'"},
    {SOCIETY "hub_mail: \"tcp://a b:7601\"\n", "hub_mail is 'tcp://a b:7601'"},
    {SOCIETY "hub_mail: tcp://host:80\n", "hub_mail has the port '80': choose one from 1024 to"},
    {SOCIETY "hub_mail: tcp://host:40000\n", "hub_mail has the port '40000'"},
    {SOCIETY "hub_mail: 'tcp://host:'\n", "hub_mail has the port ''"},
    {SOCIETY "hub_key: short\n", "hub_key is no public key (5 characters)"},
    {SOCIETY "hub_key: \"012345678901234567890123456789012345678'\"\n", "is no public key"},
    /* keys that belong together */
    {"role: community\ndivision: 420106012001\n", "node.yaml: node is missing, every node"},
    {"node: 2\ndivision: 420106012001\n", "role is missing"},
    {"node: 2\nrole: community\n", "division is missing"},
    {SOCIETY "hub_node: 1\n", "hub_mail is missing, a node with a hub_node needs it"},
    {SOCIETY "hub_mail: tcp://host:7601\n", "node.yaml:4: hub_mail has no use here: hub_node is 0"},
    {SOCIETY "listen_mail: tcp://*:7601\n", "listen_mail has no use here: only a coordinator"},
    {SOCIETY "roster_file: roster\n", "roster_file has no use here"},
    {"node: 1\nrole: coordinator\ndivision: 420100000000\n", "listen_mail is missing"},
    {"node: 1\nrole: coordinator\ndivision: 420100000000\nlisten_mail: tcp://*:7601\n"
     "listen_public: tcp://*:7602\n",
     "roster_file is missing, a coordinator needs it"},
    {"node: 1\nrole: coordinator\ndivision: 420100000000\nlisten_mail: tcp://*:7601\n"
     "listen_public: tcp://*:7601\nroster_file: r\n",
     "listen_mail and listen_public are the same"},
    {"node: 1\nrole: community\ndivision: 420106012001\n" UPLINK, "hub_node is this node's own"},
};

Test(config, what_is_wrong_is_said_with_its_line)
{
    for (size_t index = 0; index < sizeof wrong_inputs / sizeof wrong_inputs[0]; index++) {
        const struct wrong_input *input = &wrong_inputs[index];
        struct wu_config config = {.node = 77};
        struct wu_error error;
        enum wu_status status = parse_at("/city/node.yaml", input->text, &config, &error);
        cr_expect_eq(status, WU_INVALID, "taken: %s", input->text);
        cr_expect_not_null(strstr(error.text, input->sentence), "for: %s\nexpected: %s\nsaid: %s",
                           input->text, input->sentence, error.text);
        cr_expect_eq(strncmp(error.text, "/city/node.yaml:", 16), 0, "%s", error.text);
        cr_expect_eq(config.node, 77, "written to in spite of: %s", error.text);
    }
}

Test(config, a_socket_path_is_at_most_100_bytes)
{
    char name[128] = "/";
    struct wu_config config;
    struct wu_error error;
    memset(name + 1, 'a', 94);
    memcpy(name + 95, "/node.yaml", sizeof "/node.yaml");
    cr_expect_eq(parse_at(name, SOCIETY, &config, &error), WU_OK, "%s", error.text);
    memset(name + 1, 'a', 95);
    memcpy(name + 96, "/node.yaml", sizeof "/node.yaml");
    cr_expect_eq(parse_at(name, SOCIETY, &config, &error), WU_INVALID);
    cr_expect_not_null(strstr(error.text, "of 101 bytes"), "%s", error.text);
    cr_expect_eq(parse_at(name, SOCIETY "front_door: ipc:///run/door\n", &config, &error), WU_OK,
                 "%s", error.text);
}

Test(config, what_is_too_long_is_refused_not_cut)
{
    char text[1024];
    struct wu_config config;
    struct wu_error error;
    (void)snprintf(text, sizeof text, SOCIETY "state_dir: /%0254d\n", 0);
    cr_expect_eq(parse_at("/city/node.yaml", text, &config, &error), WU_OK, "%s", error.text);
    (void)snprintf(text, sizeof text, SOCIETY "state_dir: /%0255d\n", 0);
    cr_expect_eq(parse_at("/city/node.yaml", text, &config, &error), WU_INVALID);
    cr_expect_not_null(strstr(error.text, "state_dir is longer than 255 bytes"), "%s", error.text);
    (void)snprintf(text, sizeof text, SOCIETY "state_dir: %0252d\n", 0);
    cr_expect_eq(parse_at("/city/node.yaml", text, &config, &error), WU_INVALID);
    cr_expect_not_null(strstr(error.text, "state_dir is longer than 255 bytes"), "%s", error.text);
}

Test(config, a_file_of_more_than_64_kib_is_none_of_ours)
{
    static char text[70000];
    struct wu_config config;
    struct wu_error error;
    memset(text, '#', sizeof text - 1);
    cr_expect_eq(parse_at("/city/node.yaml", text, &config, &error), WU_INVALID);
    cr_expect_not_null(strstr(error.text, "longer than 65536 bytes"), "%s", error.text);
}

Test(config, print_reads_back_the_same)
{
    static const char *const texts[] = {
        SOCIETY,
        SOCIETY UPLINK,
        HUB,
        HUB "map_bytes: 1048577\nutc_offset_min: -1\nfront_door_mode: 0660\n",
        SOCIETY "state_dir: \"/a 'quoted' \\\"place\\\" # with \\\\ in it\"\nlog_level: error\n",
    };
    for (size_t index = 0; index < sizeof texts / sizeof texts[0]; index++) {
        struct wu_config config = parsed(texts[index]);
        char *text = printed(&config);
        struct wu_config again = parsed(text);
        cr_expect_eq(memcmp(&config, &again, sizeof config), 0, "%s", text);
        free(text);
    }
}

Test(config, reload_takes_what_may_change_and_nothing_else)
{
    struct wu_config config = parsed(SOCIETY);
    struct wu_config fresh = parsed(SOCIETY "log_level: debug\ndrain_ms: 1\nwindow_count: 7\n");
    struct wu_error error = {""};
    cr_expect_eq(wu_config_reload(&config, &fresh, &error), WU_OK, "%s", error.text);
    cr_expect_eq(memcmp(&config, &fresh, sizeof config), 0);

    struct wu_config moved = parsed(SOCIETY "log_level: error\nstate_dir: /elsewhere\n");
    cr_expect_eq(wu_config_reload(&config, &moved, &error), WU_INVALID);
    cr_expect_not_null(strstr(error.text, "state_dir was '/city/state' and is now '/elsewhere'"),
                       "%s", error.text);
    cr_expect_str_eq(config.log_level, "debug");
}

Test(config, help_names_every_key_that_print_names)
{
    struct wu_config config = parsed(HUB);
    char *text = printed(&config);
    char *help = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&help, &size);
    wu_config_help(out);
    (void)fclose(out);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        line[strcspn(line, ":")] = '\0';
        cr_expect_not_null(strstr(help, line), "%s", line);
    }
    free(text);
    free(help);
}

Test(config, a_file_that_is_not_there_is_named)
{
    struct wu_config config;
    struct wu_error error;
    cr_expect_eq(wu_config_load("/nowhere/node.yaml", &config, &error), WU_INVALID);
    cr_expect_not_null(strstr(error.text, "/nowhere/node.yaml: cannot be opened (No such file"),
                       "%s", error.text);
}
