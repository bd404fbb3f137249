#include "services/coordinator/core/tables.h"
#include "services/ctl/commands.h"
#include "services/ctl/nodes.h"

#include <inttypes.h>

static const char *const COLUMNS[] = {"CODE",     "NAME",   "ENGLISH", "VERSION",
                                      "ASSESSED", "RECIPE", NULL};

/* The words of a recipe in a CSV file. */
static const char *const ROLE_WORDS[] = {
    [LINKAGE__ROLE__ROLE_SOCIALORG] = "socialorg",
    [LINKAGE__ROLE__ROLE_SOCIALWORKER] = "socialworker",
    [LINKAGE__ROLE__ROLE_VOLUNTEER] = "volunteer",
    [LINKAGE__ROLE__ROLE_CHARITY] = "charity",
};

static const char *role_word(Linkage__Role role)
{
    size_t index = (size_t)role;
    bool known = index < sizeof ROLE_WORDS / sizeof ROLE_WORDS[0] && ROLE_WORDS[index] != NULL;
    return known ? ROLE_WORDS[index] : "?";
}

/* As `import kinds` reads it: "socialorg:home-care:1;volunteer:elder-visit:2?". */
static const char *recipe_text(struct ctl *ctl, const Coordinator__AdoptKind *kind)
{
    const char *text = "";
    for (size_t i = 0; i < kind->n_recipe && text != NULL; i++) {
        const Linkage__PlanStep *step = kind->recipe[i];
        text = wu_arena_printf(&ctl->arena, "%s%s%s:%s:%" PRId64 "%s", text, i > 0 ? ";" : "",
                               role_word(step->role), step->service, step->quantity,
                               step->required ? "" : "?");
    }
    return text != NULL ? text : "";
}

static void print_kind(struct ctl *ctl, struct ctl_table *table, const KindRow *row)
{
    const Coordinator__AdoptKind *kind = row->kind;
    const char *version = wu_arena_printf(&ctl->arena, "%" PRIu32, row->version);
    const char *values[] = {kind->code,
                            kind->name_zh,
                            kind->name_en,
                            version,
                            kind->assess ? kind->assess_field : NULL,
                            recipe_text(ctl, kind)};
    ctl_table_row(table, values);
}

int cmd_kind_list(struct ctl *ctl, int argc, char **argv)
{
    if (!ctl_arguments(ctl, argc, argv, 0, 0) || !ctl_load_home(ctl)) {
        return CTL_USAGE;
    }
    const struct ctl_node *node = ctl_node_of_role(ctl, "coordinator");
    struct ctl_reader reader = {0};
    int status = node != NULL ? ctl_reader_open(ctl, node, &reader) : CTL_USAGE;
    if (status != CTL_OK) {
        return status;
    }
    struct ctl_table *table = ctl_table_new(ctl, "kinds", COLUMNS);
    struct kind_key key = {{0}};
    const KindRow *row = NULL;
    for (bool found = kinds_from(reader.txn, &key, 0, &row); found;
         found = kinds_after(reader.txn, &key, 0, &row)) {
        print_kind(ctl, table, row);
    }
    ctl_reader_close(&reader);
    ctl_table_print(&table);
    return CTL_OK;
}
