#include "services/community/core/tables.h"
#include "services/ctl/commands.h"
#include "services/ctl/nodes.h"

#include "common/base/nearest.h"
#include "common/base/time.h"

#include <string.h>

/* ---- which community ------------------------------------------------------- */

struct search {
    const char *wanted;
    uint64_t exact;
    uint64_t part; /* the last one whose name has `wanted` in it */
    size_t exact_count;
    size_t part_count;
    char part_names[256]; /* of the first few */
    char nearest[256];
    int nearest_distance;
};

static void look_at(struct search *search, uint64_t division, const char *name)
{
    if (strcmp(name, search->wanted) == 0) {
        search->exact = division;
        search->exact_count++;
    }
    if (strstr(name, search->wanted) != NULL) {
        size_t used = strlen(search->part_names);
        (void)snprintf(search->part_names + used, sizeof search->part_names - used, "%s%s %llu",
                       used > 0 ? ", " : "", name, (unsigned long long)division);
        search->part = division;
        search->part_count++;
    }
    int distance = wu_word_distance(search->wanted, name);
    if (distance < search->nearest_distance) {
        search->nearest_distance = distance;
        (void)snprintf(search->nearest, sizeof search->nearest, "%s", name);
    }
}

static int search_node(struct ctl *ctl, const struct ctl_node *node, struct search *search)
{
    struct ctl_reader reader = {0};
    int status = ctl_reader_open(ctl, node, &reader);
    if (status != CTL_OK) {
        return status;
    }
    struct community_key key = {0};
    const CommunityRow *row = NULL;
    size_t mark = ctl->arena.used_bytes;
    for (bool found = communities_from(reader.txn, &key, 0, &row); found;
         found = communities_after(reader.txn, &key, 0, &row)) {
        look_at(search, key.division, row->name);
        wu_arena_reset(&ctl->arena, mark);
    }
    ctl_reader_close(&reader);
    return CTL_OK;
}

static int conclude(const struct search *search, uint64_t *ret_division)
{
    if (search->exact_count == 1 || (search->exact_count == 0 && search->part_count == 1)) {
        *ret_division = search->exact_count == 1 ? search->exact : search->part;
        return CTL_OK;
    }
    if (search->part_count > 1) {
        return ctl_complain(CTL_USAGE,
                            "'%s' may be any of %zu communities: %.200s ...; give the "
                            "12 digits",
                            search->wanted, search->part_count, search->part_names);
    }
    if (wu_word_is_near(search->wanted, search->nearest)) {
        return ctl_complain(CTL_USAGE, "no community is called '%s': did you mean '%s'?",
                            search->wanted, search->nearest);
    }
    return ctl_complain(CTL_USAGE, "no community is called '%s': give its name or its 12 digits",
                        search->wanted);
}

/* 12 digits, or a name, or a part of a name that only one community has. */
static int find_community(struct ctl *ctl, const char *text, uint64_t *ret_division)
{
    if (ctl_parse_division(text, ret_division)) {
        return CTL_OK;
    }
    struct search search = {.wanted = text, .nearest_distance = WU_NEAREST_FAR};
    for (size_t i = 0; i < ctl->node_count; i++) {
        if (strcmp(ctl->nodes[i].config.role, "community") != 0) {
            continue;
        }
        int status = search_node(ctl, &ctl->nodes[i], &search);
        if (status != CTL_OK) {
            return status;
        }
    }
    return conclude(&search, ret_division);
}

/* ---- the need -------------------------------------------------------------- */

struct raise_options {
    const char *kind;
    const char *community;
    const char *urgency;
    const char *source;
    const char *from;
    const char *until;
    const char *ref;
    const char *happened;
};

static bool read_word(const char *option, const ProtobufCEnumDescriptor *words, const char *prefix,
                      const char *text, int *ret_value)
{
    char all[160];
    if (ctl_parse_word(words, prefix, text, ret_value)) {
        return true;
    }
    (void)ctl_complain(CTL_USAGE, "%s '%s' is none of %s", option, text,
                       ctl_words(words, prefix, all, sizeof all));
    return false;
}

static bool read_time(const char *option, const struct ctl_clock *clock, const char *text,
                      int64_t *ret_ms)
{
    if (ctl_parse_time(text, clock, ret_ms)) {
        return true;
    }
    (void)ctl_complain(CTL_USAGE,
                       "%s '%s' is not a time: write '2026-11-24 09:30', an ISO 8601 time, or "
                       "+24h",
                       option, text);
    return false;
}

static bool read_need(struct ctl *ctl, const struct raise_options *options,
                      Community__RaiseNeed *raise, int64_t *ret_happened_at_ms)
{
    const struct ctl_clock clock = ctl_clock_now(ctl);
    int urgency = 0;
    int source = 0;
    *ret_happened_at_ms = 0;
    if (!read_word("--urgency", &community__need_urgency__descriptor, "NEED_URGENCY_",
                   options->urgency != NULL ? options->urgency : "longing", &urgency) ||
        !read_word("--source", &community__need_source__descriptor, "NEED_SOURCE_",
                   options->source != NULL ? options->source : "resident", &source) ||
        !read_time("--from", &clock, options->from != NULL ? options->from : "+1h",
                   &raise->from_ms) ||
        !read_time("--until", &clock, options->until != NULL ? options->until : "+7d",
                   &raise->until_ms)) {
        return false;
    }
    if (options->happened != NULL &&
        !read_time("--happened", &clock, options->happened, ret_happened_at_ms)) {
        return false;
    }
    if (*ret_happened_at_ms > clock.now_ms) {
        (void)ctl_complain(CTL_USAGE, "--happened '%s' is yet to come: say when it was said",
                           options->happened);
        return false;
    }
    raise->kind = options->kind;
    raise->urgency = (Community__NeedUrgency)urgency;
    raise->source = (Community__NeedSource)source;
    if (options->ref != NULL) {
        raise->origin = "ctl";
        raise->external_ref = options->ref;
    }
    return true;
}

/* Whether the node has a need under the same number already; the need raised then is that one. */
static int look_up_ref(struct ctl *ctl, const struct ctl_node *node,
                       const Community__RaiseNeed *raise, bool *ret_known)
{
    struct need_ref_key key = {0};
    struct ctl_reader reader = {0};
    *ret_known = false;
    if (raise->external_ref[0] == '\0' ||
        !wu_key_text(key.origin, sizeof key.origin, raise->origin) ||
        !wu_key_text(key.external_ref, sizeof key.external_ref, raise->external_ref)) {
        return CTL_OK;
    }
    int status = ctl_reader_open(ctl, node, &reader);
    if (status == CTL_OK) {
        *ret_known = needs_by_ref_get(reader.txn, &key) != NULL;
    }
    ctl_reader_close(&reader);
    return status;
}

static int send_need(struct ctl *ctl, const Community__RaiseNeed *raise, int64_t happened_at_ms)
{
    const struct ctl_node *node = ctl_node_for(ctl, "community", raise->division);
    if (node == NULL) {
        return CTL_USAGE;
    }
    const struct wu_command command = {.type = WU_TYPE(COMMUNITY_RAISE_NEED),
                                       .body = &raise->base,
                                       .happened_at_ms = happened_at_ms};
    const Bus__Answer *answer = NULL;
    bool known = false;
    int status = look_up_ref(ctl, node, raise, &known);
    if (status == CTL_OK) {
        status = ctl_call(ctl, node, &command, &answer);
    }
    struct wu_id id;
    char text[WU_ID_TEXT_MAX];
    if (status != CTL_OK || !wu_id_from_pb(answer->id, &id)) {
        return status;
    }
    (void)wu_id_to_text(&id, text);
    if (ctl->json) {
        (void)printf("{\"need\":\"%s\",\"division\":\"%llu\",\"known_before\":%s}\n", text,
                     (unsigned long long)raise->division, known ? "true" : "false");
    } else if (known) {
        (void)printf("need %s has the number '%s' already: nothing new was raised\n", text,
                     raise->external_ref);
    } else {
        (void)printf("need %s raised\n", text);
    }
    return CTL_OK;
}

int cmd_raise(struct ctl *ctl, int argc, char **argv)
{
    const struct raise_options options = {
        .kind = ctl_option(&argc, argv, "kind"),
        .community = ctl_option(&argc, argv, "community"),
        .urgency = ctl_option(&argc, argv, "urgency"),
        .source = ctl_option(&argc, argv, "source"),
        .from = ctl_option(&argc, argv, "from"),
        .until = ctl_option(&argc, argv, "until"),
        .ref = ctl_option(&argc, argv, "ref"),
        .happened = ctl_option(&argc, argv, "happened"),
    };
    if (!ctl_arguments(ctl, argc, argv, 0, 0)) {
        return CTL_USAGE;
    }
    if (options.kind == NULL || options.community == NULL) {
        return ctl_complain(CTL_USAGE, "say what and where: --kind KIND --community NAME or 12 "
                                       "digits");
    }
    Community__RaiseNeed raise = COMMUNITY__RAISE_NEED__INIT;
    int64_t happened_at_ms = 0;
    if (!ctl_load_home(ctl) || !read_need(ctl, &options, &raise, &happened_at_ms)) {
        return CTL_USAGE;
    }
    int status = find_community(ctl, options.community, &raise.division);
    return status == CTL_OK ? send_need(ctl, &raise, happened_at_ms) : status;
}
