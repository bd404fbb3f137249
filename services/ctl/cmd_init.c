#include "services/ctl/commands.h"

#include "common/bus/keys.h"
#include "services/ctl/files.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DIVISION_DEFAULT UINT64_C(420100000000)
enum { HUB_NODE = 1, PORT_DEFAULT = 7601, ROSTER_BYTES_MAX = 16 * 1024 * 1024 };

/* What init makes of one node; text fields are borrowed from the command line. */
struct plan {
    const struct wu_core *core; /* of its role; NULL: a whole city */
    uint64_t node;
    uint64_t division;
    uint64_t hub_node; /* 0: none */
    const char *hub_mail;
    const char *hub_public;
    const char *hub_key;
    const char *listen_host; /* "127.0.0.1" or "*" */
    int64_t port;            /* hub: mail; public is the next one */
    char folder[PATH_MAX];
};

/* What was done, for the report at the end. */
struct made {
    bool config;
    bool key;
    bool roster;
    struct wu_keys keys;
};

/* ---- the files of a node --------------------------------------------------------------------- */

static void print_hub(FILE *out, const struct plan *plan)
{
    if (plan->hub_node == 0) {
        return;
    }
    (void)fprintf(out,
                  "\n# The coordinator it dials, and that one's public key.\n"
                  "hub_node: %" PRIu64 "\nhub_mail: \"%s\"\nhub_public: \"%s\"\nhub_key: \"%s\"\n",
                  plan->hub_node, plan->hub_mail, plan->hub_public, plan->hub_key);
}

static void print_listen(FILE *out, const struct plan *plan)
{
    if (!plan->core->is_hub) {
        return;
    }
    (void)fprintf(out,
                  "\n# Where the other nodes dial in, and which of them may.\n"
                  "listen_mail: \"tcp://%s:%" PRId64 "\"\nlisten_public: \"tcp://%s:%" PRId64 "\"\n"
                  "roster_file: roster\n",
                  plan->listen_host, plan->port, plan->listen_host, plan->port + 1);
}

/* From malloc; NULL when there is no memory. */
static char *config_text(const struct plan *plan)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        return NULL;
    }
    (void)fprintf(out,
                  "# One node of a city. Here is what differs from the defaults; paths are taken\n"
                  "# from this folder: state/ is the store, door the socket, node.key the keys.\n"
                  "# Everything in force: wushe-%s --print-config node.yaml\n"
                  "# Every key there is:  wushe-%s --help\n"
                  "node: %" PRIu64 "\nrole: %s\ndivision: %" PRIu64 "\n",
                  plan->core->role, plan->core->role, plan->node, plan->core->role, plan->division);
    print_hub(out, plan);
    print_listen(out, plan);
    (void)fclose(out);
    return text;
}

/* The daemon's own reading of it, before anything is written. */
static bool check_config(const struct plan *plan)
{
    char path[PATH_MAX + 16];
    struct wu_config config;
    struct wu_error error = {"no memory left"};
    (void)snprintf(path, sizeof path, "%s/node.yaml", plan->folder);
    char *text = config_text(plan);
    bool fine = text != NULL && wu_config_parse(path, text, strlen(text), &config, &error) == WU_OK;
    free(text);
    if (!fine) {
        (void)ctl_complain(CTL_USAGE, "nothing was made: %s", error.text);
    }
    return fine;
}

static bool make_keys(const struct plan *plan, struct made *made)
{
    char path[PATH_MAX + 16];
    struct wu_error error = {""};
    (void)snprintf(path, sizeof path, "%s/node.key", plan->folder);
    made->key = access(path, F_OK) != 0;
    enum wu_status status = WU_OK;
    if (made->key) {
        status = wu_keys_make(&made->keys);
        if (status == WU_OK) {
            status = wu_keys_save(path, &made->keys, &error);
        }
    } else {
        status = wu_keys_load(path, &made->keys, &error);
    }
    if (status != WU_OK) {
        (void)ctl_complain(CTL_FAILED, "no key pair for %s: %s", plan->folder,
                           error.text[0] != '\0' ? error.text : wu_status_name(status));
    }
    return status == WU_OK;
}

/* Folder and keys first: the configuration of the others names the hub's key. */
static bool make_folder_and_keys(const struct plan *plan, struct made *made)
{
    bool folder_made = false;
    return ctl_make_folder(plan->folder, &folder_made) && make_keys(plan, made);
}

static bool make_config(const struct plan *plan, struct made *made)
{
    char path[PATH_MAX + 16];
    (void)snprintf(path, sizeof path, "%s/node.yaml", plan->folder);
    char *text = config_text(plan);
    bool fine = text != NULL && ctl_write_new(path, text, 0600, &made->config);
    free(text);
    return fine;
}

/* ---- the roster ------------------------------------------------------------------------------ */

static const char roster_head[] =
    "# Who may connect to this coordinator, one node per line. A line that begins\n"
    "# with '#' is a comment. state=revoked shuts a node out; SIGHUP reads this again.\n";

/* A node follows what its core folds, and no more. */
static void print_roster_line(FILE *out, const struct plan *plan, const struct made *made)
{
    const char *const *follows = plan->core->follows;
    (void)fprintf(out, "node=%" PRIu64 " role=%s key=%s state=active follow=", plan->node,
                  plan->core->role, made->keys.public_key);
    for (const char *const *topic = follows; topic != NULL && *topic != NULL; topic++) {
        (void)fprintf(out, "%s%s", topic == follows ? "" : ",", *topic);
    }
    (void)fprintf(out, " submit=%s\n", strcmp(plan->core->role, "community") == 0 ? "yes" : "no");
}

/* Of the hub plans[0] for the nodes after it. */
static bool make_roster(const struct plan *plans, struct made *mades, size_t count)
{
    char path[PATH_MAX + 16];
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        return false;
    }
    (void)fputs(roster_head, out);
    for (size_t index = 1; index < count; index++) {
        print_roster_line(out, &plans[index], &mades[index]);
    }
    (void)fclose(out);
    (void)snprintf(path, sizeof path, "%s/roster", plans[0].folder);
    bool fine = ctl_write_new(path, text, 0600, &mades[0].roster);
    free(text);
    return fine;
}

/* A node whose keys are newer than the roster that was kept: says what to add. */
static void check_roster(const struct plan *plans, const struct made *mades, size_t count)
{
    char path[PATH_MAX + 16];
    (void)snprintf(path, sizeof path, "%s/roster", plans[0].folder);
    char *text = mades[0].roster ? NULL : ctl_read_file(path, ROSTER_BYTES_MAX);
    for (size_t index = 1; text != NULL && index < count; index++) {
        if (strstr(text, mades[index].keys.public_key) == NULL) {
            (void)ctl_complain(CTL_OK,
                               "%s was there and does not know this node, add the line:", path);
            print_roster_line(stderr, &plans[index], &mades[index]);
        }
    }
    free(text);
}

/* ---- the report ------------------------------------------------------------------------------ */

static const char *word_of(bool made)
{
    return made ? "made" : "was there";
}

static void print_node_json(const struct plan *plan, const struct made *made)
{
    bool is_hub = plan->core->is_hub;
    (void)printf("{\"node\":%" PRIu64 ",\"role\":\"%s\",\"folder\":", plan->node, plan->core->role);
    wu_json_text(stdout, plan->folder);
    (void)printf(",\"config_made\":%s,\"key_made\":%s", made->config ? "true" : "false",
                 made->key ? "true" : "false");
    if (is_hub) {
        (void)printf(",\"roster_made\":%s", made->roster ? "true" : "false");
    }
    (void)fputs(",\"key\":", stdout);
    wu_json_text(stdout, made->keys.public_key);
    (void)fputs(",\"roster_line\":", stdout);
    char *line = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&line, &size);
    if (out != NULL) {
        print_roster_line(out, plan, made);
        (void)fclose(out);
        line[strcspn(line, "\n")] = '\0';
        wu_json_text(stdout, line);
        free(line);
    } else {
        (void)fputs("null", stdout);
    }
    (void)putchar('}');
}

static void report(struct ctl *ctl, const struct plan *plans, const struct made *mades,
                   size_t count)
{
    if (ctl->json) {
        for (size_t index = 0; index < count; index++) {
            (void)fputs(index == 0 ? "[" : ",\n ", stdout);
            print_node_json(&plans[index], &mades[index]);
        }
        (void)fputs("]\n", stdout);
        return;
    }
    static const char *const columns[] = {"NODE",   "ROLE",   "NODE.YAML", "NODE.KEY",
                                          "ROSTER", "FOLDER", NULL};
    struct ctl_table *table = ctl_table_new(ctl, "nodes", columns);
    for (size_t index = 0; index < count; index++) {
        char number[24];
        bool is_hub = plans[index].core->is_hub;
        (void)snprintf(number, sizeof number, "%" PRIu64, plans[index].node);
        const char *values[] = {number,
                                plans[index].core->role,
                                word_of(mades[index].config),
                                word_of(mades[index].key),
                                is_hub ? word_of(mades[index].roster) : "-",
                                plans[index].folder};
        ctl_table_row(table, values);
    }
    ctl_table_print(&table);
}

/* ---- a city, or one node --------------------------------------------------------------------- */

enum { CITY_NODES_MAX = 16 };

/* One node per role, numbered in the order of CTL_CORES; the first is the hub. */
struct city {
    struct plan plans[CITY_NODES_MAX];
    struct made mades[CITY_NODES_MAX];
    size_t count;
    uint64_t division;
    int64_t port;
    char hub_mail[64];
    char hub_public[64];
};

/*
 * A city that was begun before goes on as it was begun: what is new must fit
 * what is kept. False with a sentence when the person now says otherwise.
 */
static bool agree_with_kept(struct city *city, const char *folder, const struct plan *wish)
{
    char path[PATH_MAX + 32];
    struct wu_config kept;
    struct wu_error error = {""};
    city->division = wish->division != 0 ? wish->division : DIVISION_DEFAULT;
    city->port = wish->port != 0 ? wish->port : PORT_DEFAULT;
    (void)snprintf(path, sizeof path, "%s/%s/node.yaml", folder, CTL_CORES[0]->role);
    if (access(path, F_OK) != 0) {
        return true;
    }
    if (wu_config_load(path, &kept, &error) != WU_OK) {
        (void)ctl_complain(CTL_USAGE, "%s", error.text);
        return false;
    }
    const char *colon = strrchr(kept.listen_mail, ':');
    int64_t port = colon != NULL ? strtoll(colon + 1, NULL, 10) : 0;
    if ((wish->port != 0 && wish->port != port) ||
        (wish->division != 0 && wish->division != kept.division)) {
        (void)ctl_complain(CTL_USAGE,
                           "there is a city of division %" PRIu64 " on port %" PRId64
                           " in '%s': leave --port and --division out to complete it, "
                           "or name another folder",
                           kept.division, port, folder);
        return false;
    }
    city->port = port;
    city->division = kept.division;
    return true;
}

static bool plan_city(struct city *city, const char *folder)
{
    (void)snprintf(city->hub_mail, sizeof city->hub_mail, "tcp://127.0.0.1:%" PRId64, city->port);
    (void)snprintf(city->hub_public, sizeof city->hub_public, "tcp://127.0.0.1:%" PRId64,
                   city->port + 1);
    for (size_t index = 0; CTL_CORES[index] != NULL && index < CITY_NODES_MAX; index++) {
        struct plan *plan = &city->plans[index];
        *plan = (struct plan){.core = CTL_CORES[index],
                              .node = HUB_NODE + index,
                              .division = city->division,
                              .hub_node = index == 0 ? 0 : HUB_NODE,
                              .hub_mail = city->hub_mail,
                              .hub_public = city->hub_public,
                              .hub_key = "0000000000000000000000000000000000000000",
                              .listen_host = "127.0.0.1",
                              .port = city->port};
        int length =
            snprintf(plan->folder, sizeof plan->folder, "%s/%s", folder, CTL_CORES[index]->role);
        if (length < 0 || (size_t)length >= sizeof plan->folder) {
            (void)ctl_complain(CTL_USAGE, "the path '%s' is too long", folder);
            return false;
        }
        if (!check_config(plan)) { /* under a made-up key: the real one has the same length */
            return false;
        }
        city->count = index + 1;
    }
    return true;
}

static int make_city(struct ctl *ctl, const struct plan *wish)
{
    static struct city city;
    if (!agree_with_kept(&city, wish->folder, wish) || !plan_city(&city, wish->folder)) {
        return CTL_USAGE;
    }
    for (size_t index = 0; index < city.count; index++) {
        city.plans[index].hub_key = city.mades[0].keys.public_key;
        if (!make_folder_and_keys(&city.plans[index], &city.mades[index]) ||
            !make_config(&city.plans[index], &city.mades[index])) {
            return CTL_FAILED;
        }
    }
    if (!make_roster(city.plans, city.mades, city.count)) {
        return CTL_FAILED;
    }
    report(ctl, city.plans, city.mades, city.count);
    check_roster(city.plans, city.mades, city.count);
    return CTL_OK;
}

static int make_node(struct ctl *ctl, struct plan *plan)
{
    struct made made = {.config = false};
    plan->division = plan->division != 0 ? plan->division : DIVISION_DEFAULT;
    plan->port = plan->port != 0 ? plan->port : PORT_DEFAULT;
    if (!check_config(plan)) {
        return CTL_USAGE;
    }
    bool is_hub = plan->core->is_hub;
    if (!make_folder_and_keys(plan, &made) || !make_config(plan, &made) ||
        (is_hub && !make_roster(plan, &made, 1))) {
        return CTL_FAILED;
    }
    report(ctl, plan, &made, 1);
    if (plan->hub_node != 0 && !ctl->json) {
        (void)printf("\nAdd this line to the roster of coordinator %" PRIu64 ", and send it "
                     "SIGHUP:\n",
                     plan->hub_node);
        print_roster_line(stdout, plan, &made);
    }
    return CTL_OK;
}

/* ---- the command line ------------------------------------------------------------------------ */

/* A whole number of an option, 0 when the option is not there. */
static bool read_number(const char *name, const char *text, uint64_t max, uint64_t *ret_number)
{
    *ret_number = 0;
    if (text == NULL) {
        return true;
    }
    size_t length = strlen(text);
    bool digits = length > 0 && length <= 18 && strspn(text, "0123456789") == length;
    *ret_number = digits ? strtoull(text, NULL, 10) : 0;
    if (!digits || *ret_number > max) {
        (void)ctl_complain(CTL_USAGE, "--%s is '%s': write a whole number up to %" PRIu64, name,
                           text, max);
        return false;
    }
    return true;
}

static bool set_role(struct plan *plan, const char *role)
{
    for (const struct wu_core *const *core = CTL_CORES; role != NULL && *core != NULL; core++) {
        if (strcmp((*core)->role, role) == 0) {
            plan->core = *core;
            return true;
        }
    }
    if (role != NULL) {
        (void)ctl_complain(CTL_USAGE,
                           "unknown role '%s': choose community, socialorg, socialworker, "
                           "volunteer, charity or coordinator",
                           role);
    }
    return role == NULL;
}

static bool set_folder(struct plan *plan, const char *folder)
{
    char here[PATH_MAX] = "";
    if (folder[0] != '/' && getcwd(here, sizeof here) == NULL) {
        (void)ctl_complain(CTL_FAILED, "the present folder has no name");
        return false;
    }
    while (folder[0] == '.' && folder[1] == '/') {
        folder += 2 + strspn(folder + 2, "/");
    }
    size_t size = strlen(folder);
    while (size > 1 && folder[size - 1] == '/') {
        size--;
    }
    int length = snprintf(plan->folder, sizeof plan->folder, "%s%s%.*s", here,
                          here[0] != '\0' ? "/" : "", (int)size, folder);
    if (length < 0 || (size_t)length >= sizeof plan->folder || folder[0] == '\0') {
        (void)ctl_complain(CTL_USAGE, "'%s' is no name for a folder", folder);
        return false;
    }
    return true;
}

/* For one node: what it must be told, and nothing of it for a city. */
static bool check_options(const struct plan *plan, bool has_node_options)
{
    if (plan->core == NULL && has_node_options) {
        (void)ctl_complain(CTL_USAGE, "--node and --hub-... are for one node: add --role ROLE");
        return false;
    }
    if (plan->core != NULL && plan->node == 0) {
        (void)ctl_complain(CTL_USAGE, "--node is missing: a number no other node of the tree has");
        return false;
    }
    bool is_hub = plan->core != NULL && plan->core->is_hub;
    bool has_hub = plan->hub_mail != NULL && plan->hub_public != NULL && plan->hub_key != NULL;
    if (plan->core != NULL && (plan->hub_node != 0 ? !has_hub : !is_hub)) {
        (void)ctl_complain(CTL_USAGE, "say which coordinator it dials: --hub-node, --hub-mail, "
                                      "--hub-public and --hub-key, all four");
        return false;
    }
    return true;
}

int cmd_init(struct ctl *ctl, int argc, char **argv)
{
    struct plan plan = {.listen_host = "*"};
    uint64_t port = 0;
    const char *division = ctl_option(&argc, argv, "division");
    const char *port_text = ctl_option(&argc, argv, "port");
    const char *node = ctl_option(&argc, argv, "node");
    const char *hub_node = ctl_option(&argc, argv, "hub-node");
    const char *role = ctl_option(&argc, argv, "role");
    plan.hub_mail = ctl_option(&argc, argv, "hub-mail");
    plan.hub_public = ctl_option(&argc, argv, "hub-public");
    plan.hub_key = ctl_option(&argc, argv, "hub-key");
    if (!ctl_arguments(ctl, argc, argv, 1, 1) ||
        !read_number("division", division, UINT64_C(999999999999), &plan.division) ||
        !read_number("port", port_text, 32766, &port) ||
        !read_number("node", node, INT32_MAX, &plan.node) ||
        !read_number("hub-node", hub_node, INT32_MAX, &plan.hub_node) || !set_role(&plan, role) ||
        !set_folder(&plan, argv[0])) {
        return CTL_USAGE;
    }
    plan.port = (int64_t)port;
    bool has_node_options = node != NULL || hub_node != NULL || plan.hub_mail != NULL ||
                            plan.hub_public != NULL || plan.hub_key != NULL;
    if (!check_options(&plan, has_node_options)) {
        return CTL_USAGE;
    }
    if (plan.core != NULL) {
        return make_node(ctl, &plan);
    }
    return make_city(ctl, &plan);
}
