#include "services/coordinator/core/record.h"
#include "services/coordinator/core/rule.h"
#include "services/coordinator/core/tables.h"
#include "services/ctl/case.h"
#include "services/ctl/commands.h"

#include "common/base/division.h"
#include "common/journal/replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Receipts: the lines of a linkage's story that name the rules they were
 * decided by. `linkage why` reads them out; `receipt verify` makes them again.
 */

enum lang { ENGLISH, CHINESE, LANGS };

/* ---- what a receipt says ------------------------------------------------------ */

struct phrase {
    int value;
    const char *text[LANGS];
};

static const struct phrase HAPPENED[] = {
    {WU_TYPE(COORDINATOR_LINKAGE_REFUSED), {"the need was refused", "未受理"}},
    {WU_TYPE(LINKAGE_STEP_CONFIRMED), {"confirmed", "已确认"}},
    {WU_TYPE(LINKAGE_STEP_RELEASED), {"taken back", "已收回"}},
    {WU_TYPE(LINKAGE_STEP_DELIVERED), {"delivered", "已交付"}},
    {WU_TYPE(COORDINATOR_LINKAGE_ESCALATED), {"one level up", "上升一级"}},
    {WU_TYPE(LINKAGE_STEP_DECLINED), {"said no", "已谢绝"}},
    {WU_TYPE(LINKAGE_PLAN_REFUSED), {"the plan was refused", "方案未被采纳"}},
    {WU_TYPE(COORDINATOR_LINKAGE_DISPUTED), {"waits for a ruling", "待裁定"}},
    {WU_TYPE(COORDINATOR_ADJUDICATE), {"ruled", "已裁定"}},
    {WU_TYPE(COORDINATOR_ANSWER_APPROVAL), {"the lead body's approval", "牵头组织审批"}},
    {WU_TYPE(COORDINATOR_APPROVAL_OVERDUE), {"the lead body kept silent", "牵头组织逾期未答复"}},
    {WU_TYPE(COORDINATOR_ADD_STEP), {"a step by hand", "人工增加步骤"}},
    {WU_TYPE(COORDINATOR_CONFIRM_OVERRIDE), {"an override, confirmed", "例外已由第二人确认"}},
    {WU_TYPE(COORDINATOR_OVERRIDE_OVERDUE), {"an override, not confirmed", "例外逾期未确认"}},
    {WU_TYPE(COORDINATOR_EMERGENCY_DECLARED), {"relaxed in an emergency", "应急状态下放宽"}},
    {0, {NULL, NULL}},
};

static const struct phrase FATES[] = {
    {FATE_CHOSEN, {"asked", "被选中"}},
    {FATE_LOWER_SCORE, {"lower score", "得分较低"}},
    {FATE_LATER_TURN, {"same score, its turn is later", "同分，轮次在后"}},
    {FATE_ALREADY_ASKED, {"asked before for this step", "本步骤已问过"}},
    {FATE_COOLING, {"lower score: it cools down", "得分较低：违约降分期内"}},
    {FATE_FULL, {"lower score: it has no room", "得分较低：已无余力"}},
    {0, {NULL, NULL}},
};

static const char *phrase_of(const struct phrase *phrases, int value, enum lang lang)
{
    for (; phrases->text[lang] != NULL; phrases++) {
        if (phrases->value == value) {
            return phrases->text[lang];
        }
    }
    return "";
}

static const char *level_text(int32_t distance, enum lang lang)
{
    static const char *const LEVELS[][LANGS] = {{"province", "省"},
                                                {"city", "市"},
                                                {"district", "区县"},
                                                {"street", "街道"},
                                                {"community", "社区"}};
    int32_t level = distance / 100;
    return level >= 0 && level < (int32_t)(sizeof LEVELS / sizeof LEVELS[0]) ? LEVELS[level][lang]
                                                                             : "";
}

/* ---- what would have changed it ------------------------------------------------- */

struct contest {
    const Candidate *first;
    const Candidate *second; /* NULL: there was none */
    int32_t margin;
};

static struct contest contest_of(const HistoryEntry *entry)
{
    struct contest contest = {0};
    for (size_t i = 0; i < entry->n_candidates; i++) {
        const Candidate *candidate = entry->candidates[i];
        if (candidate->fate == FATE_CHOSEN) {
            contest.first = candidate;
        } else if (candidate->fate != FATE_ALREADY_ASKED &&
                   (contest.second == NULL || candidate->total > contest.second->total)) {
            contest.second = candidate;
        }
    }
    if (contest.first != NULL && contest.second != NULL) {
        contest.margin = contest.first->total - contest.second->total;
    }
    return contest;
}

/* The one part that, like the first's, would have made the second the first. */
static const char *change_text(const struct contest *contest, enum lang lang)
{
    const Candidate *first = contest->first;
    const Candidate *second = contest->second;
    const struct {
        int32_t behind;
        const char *text[LANGS];
    } parts[] = {
        {first->cooling - second->cooling, {"without its cool-down", "若不在降分期内"}},
        {first->load - second->load, {"with as much room", "若有同样的余力"}},
        {first->fairness - second->fairness, {"with as few offers of late", "若近来派单同样少"}},
        {first->promises - second->promises, {"with as many kept promises", "若同样守约"}},
        {first->distance - second->distance, {"as near", "若同样近"}},
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].behind > contest->margin) {
            return parts[i].text[lang];
        }
    }
    return NULL;
}

/* ---- why -------------------------------------------------------------------------- */

struct why {
    struct ctl *ctl;
    struct ctl_case *the_case;
    struct wu_txn *hub; /* of the coordinator; NULL when it cannot be read */
    enum lang lang;
};

static const char *provider_name(const struct why *why, ProtobufCBinaryData id)
{
    struct provider_key key;
    const ProviderRow *row = why->hub != NULL && wu_id_from_pb(id, &key.provider_id)
                                 ? providers_get(why->hub, &key)
                                 : NULL;
    return row != NULL ? row->name : "?";
}

static void tell_heading(const struct why *why, const HistoryEntry *entry)
{
    static const char *const ASKED[LANGS] = {"asked", "请其承接"};
    static const char *const NOBODY[LANGS] = {"found nobody", "无人可问"};
    static const char *const STEP[LANGS] = {"step", "步骤"};
    bool offer = entry->type == WU_TYPE(LINKAGE_STEP_OFFERED);
    bool nobody = offer && entry->why == WHY_NOBODY_LEFT;
    const char *what = nobody  ? NOBODY[why->lang]
                       : offer ? ASKED[why->lang]
                               : phrase_of(HAPPENED, (int)entry->type, why->lang);
    (void)printf("\n%s  ", ctl_second_text(why->ctl, entry->time_ms));
    if (entry->step_no != 0) {
        (void)printf("%s %u.%u  ", STEP[why->lang], (unsigned)entry->step_no,
                     (unsigned)entry->attempt);
    }
    (void)printf("%s", what[0] != '\0' ? what : wu_event_type_name(entry->type));
    if (entry->provider[0] != '\0' && !nobody) {
        (void)printf(": %s", entry->provider);
    }
    (void)putchar('\n');
}

static void tell_rules(const struct why *why, const HistoryEntry *entry)
{
    for (size_t i = 0; i < entry->n_rules; i++) {
        const struct rule_text *rule = rule_text(entry->rules[i]);
        if (rule == NULL) {
            (void)printf("    rule %u\n", (unsigned)entry->rules[i]);
            continue;
        }
        (void)printf("    %u %s (%s): %s\n", (unsigned)rule->rule, rule->id, rule->source,
                     why->lang == CHINESE ? rule->zh : rule->en);
    }
}

static void tell_candidates(const struct why *why, const HistoryEntry *entry)
{
    static const char *const COLUMNS[LANGS][10] = {
        {"CANDIDATE", "SERVES", "DISTANCE", "LOAD", "PROMISES", "FAIRNESS", "COOLING", "TOTAL",
         "WHAT CAME OF IT", NULL},
        {"候选", "范围", "距离", "余力", "守约", "公平", "降分", "总分", "结果", NULL}};
    if (entry->n_candidates == 0) {
        return;
    }
    struct ctl_table *table = ctl_table_new(why->ctl, "candidates", COLUMNS[why->lang]);
    for (size_t i = 0; i < entry->n_candidates; i++) {
        const Candidate *row = entry->candidates[i];
        const int32_t parts[] = {row->distance, row->load,    row->promises,
                                 row->fairness, row->cooling, row->total};
        const char *texts[6];
        for (size_t part = 0; part < 6; part++) {
            texts[part] = wu_arena_printf(&why->ctl->arena, "%" PRId32, parts[part]);
        }
        const char *values[] = {provider_name(why, row->provider_id),
                                level_text(row->distance, why->lang),
                                texts[0],
                                texts[1],
                                texts[2],
                                texts[3],
                                texts[4],
                                texts[5],
                                phrase_of(FATES, (int)row->fate, why->lang)};
        ctl_table_row(table, values);
    }
    ctl_table_print(&table);
}

static void tell_change(const struct why *why, const HistoryEntry *entry)
{
    static const char *const ALONE[LANGS] = {"Nobody else could be asked.", "别无他人可问。"};
    static const char *const NOBODY[LANGS] = {
        "It would change if somebody else in reach gave this service.",
        "若有其他可及者提供此服务，结果会不同。"};
    static const char *const TURN[LANGS] = {
        " had the same score; its last offer was more recent, or its number is higher.",
        "同分；其上次派单较近，或编号较大。"};
    static const char *const BEHIND[LANGS][2] = {{" was ", " behind; "}, {"差", "分；"}};
    static const char *const INSTEAD[LANGS] = {" it would have been asked.", "，则先问它。"};
    static const char *const NOTHING[LANGS] = {"no single part would have changed it.",
                                               "任一单项改变都不影响结果。"};
    struct contest contest = contest_of(entry);
    (void)fputs("    ", stdout);
    if (contest.first == NULL) {
        (void)puts(NOBODY[why->lang]);
        return;
    }
    if (contest.second == NULL) {
        (void)puts(ALONE[why->lang]);
        return;
    }
    const char *name = provider_name(why, contest.second->provider_id);
    const char *change = change_text(&contest, why->lang);
    if (contest.margin == 0) {
        (void)printf("%s%s\n", name, TURN[why->lang]);
        return;
    }
    (void)printf("%s%s%d%s%s%s\n", name, BEHIND[why->lang][0], (int)contest.margin,
                 BEHIND[why->lang][1], change != NULL ? change : NOTHING[why->lang],
                 change != NULL ? INSTEAD[why->lang] : "");
}

static void tell_people(const struct why *why)
{
    static const char *const VERSION[LANGS] = {"version of the kind", "事项版本"};
    static const char *const DROPPED[LANGS] = {"older lines that only the journal still has",
                                               "更早的条目只在日志中"};
    const struct ctl_case *the_case = why->the_case;
    const LinkageRow *linkage = the_case->linkage;
    (void)printf("%s  %s, %s, %s: %u\n", the_case->number, the_case->kind_name,
                 the_case->community_name, VERSION[why->lang], (unsigned)linkage->kind_version);
    if (linkage->history_dropped > 0) {
        (void)printf("%s: %u\n", DROPPED[why->lang], (unsigned)linkage->history_dropped);
    }
    for (size_t i = 0; i < linkage->n_history; i++) {
        const HistoryEntry *entry = linkage->history[i];
        if (entry->n_rules == 0) {
            continue;
        }
        tell_heading(why, entry);
        tell_rules(why, entry);
        tell_candidates(why, entry);
        bool chosen = entry->n_candidates > 0 || entry->why == WHY_NOBODY_LEFT;
        if (entry->type == WU_TYPE(LINKAGE_STEP_OFFERED) && chosen) { /* not one that is bound */
            tell_change(why, entry);
        }
    }
}

static void print_rules_json(const HistoryEntry *entry)
{
    (void)fputs(",\"rules\":[", stdout);
    for (size_t i = 0; i < entry->n_rules; i++) {
        const struct rule_text *rule = rule_text(entry->rules[i]);
        (void)printf("%s{\"number\":%u,\"id\":", i > 0 ? "," : "", (unsigned)entry->rules[i]);
        wu_json_text(stdout, rule != NULL ? rule->id : "");
        (void)fputs(",\"source\":", stdout);
        wu_json_text(stdout, rule != NULL ? rule->source : "");
        (void)fputs(",\"zh\":", stdout);
        wu_json_text(stdout, rule != NULL ? rule->zh : "");
        (void)fputs(",\"en\":", stdout);
        wu_json_text(stdout, rule != NULL ? rule->en : "");
        (void)putchar('}');
    }
    (void)putchar(']');
}

static void print_decision_json(const struct why *why, const HistoryEntry *entry)
{
    (void)fputs("{\"entry\":", stdout);
    wu_json_message(stdout, &entry->base);
    print_rules_json(entry);
    (void)fputs(",\"names\":[", stdout);
    for (size_t i = 0; i < entry->n_candidates; i++) {
        (void)fputs(i > 0 ? "," : "", stdout);
        wu_json_text(stdout, provider_name(why, entry->candidates[i]->provider_id));
    }
    (void)putchar(']');
    struct contest contest = contest_of(entry);
    if (contest.first != NULL && contest.second != NULL) {
        const char *change = contest.margin > 0 ? change_text(&contest, ENGLISH) : NULL;
        (void)fputs(",\"second\":{\"name\":", stdout);
        wu_json_text(stdout, provider_name(why, contest.second->provider_id));
        (void)printf(",\"margin\":%d,\"would_change\":", (int)contest.margin);
        if (change != NULL) {
            wu_json_text(stdout, change);
        } else {
            (void)fputs("null", stdout);
        }
        (void)putchar('}');
    }
    (void)putchar('}');
}

static void print_json(const struct why *why)
{
    const LinkageRow *linkage = why->the_case->linkage;
    const char *before = "";
    (void)printf("{\"linkage\":\"%s\",\"kind\":", why->the_case->number);
    wu_json_text(stdout, linkage->kind);
    (void)printf(",\"kind_version\":%u,\"dropped\":%u,\"decisions\":[",
                 (unsigned)linkage->kind_version, (unsigned)linkage->history_dropped);
    for (size_t i = 0; i < linkage->n_history; i++) {
        if (linkage->history[i]->n_rules > 0) {
            (void)fputs(before, stdout);
            print_decision_json(why, linkage->history[i]);
            before = ",\n ";
        }
    }
    (void)fputs("]}\n", stdout);
}

int cmd_linkage_why(struct ctl *ctl, int argc, char **argv)
{
    struct wu_id id;
    struct ctl_case the_case;
    const char *lang = ctl_option(&argc, argv, "lang");
    if (lang != NULL && strcmp(lang, "zh") != 0 && strcmp(lang, "en") != 0) {
        return ctl_complain(CTL_USAGE, "--lang '%s' is neither zh nor en", lang);
    }
    if (!ctl_arguments(ctl, argc, argv, 1, 1) || !ctl_parse_id(argv[0], "linkage", &id) ||
        !ctl_load_home(ctl)) {
        return CTL_USAGE;
    }
    int status = ctl_case_open(ctl, &id, &the_case);
    if (status != CTL_OK) {
        return status;
    }
    struct why why = {.ctl = ctl,
                      .the_case = &the_case,
                      .hub =
                          the_case.hub != NULL ? ctl_city_txn(&the_case.city, the_case.hub) : NULL,
                      .lang = lang != NULL && strcmp(lang, "zh") == 0 ? CHINESE : ENGLISH};
    if (the_case.linkage == NULL) {
        status = ctl_complain(CTL_USAGE, "%s is on its way to the coordinator: nothing is decided",
                              the_case.number);
    } else if (ctl->json) {
        print_json(&why);
    } else {
        tell_people(&why);
    }
    ctl_case_close(&the_case);
    return status;
}

/* ---- verify ------------------------------------------------------------------------- */

struct verify {
    struct ctl *ctl;
    struct ctl_table *table; /* of differences; NULL before the first */
    struct wu_id id;         /* none: every linkage */
    uint64_t until_seq;      /* nothing later is looked at */
    uint64_t receipt_count;
    uint64_t different_count;
};

static void open_table(struct verify *verify)
{
    static const char *const COLUMNS[] = {"LINKAGE", "LINE", "WHAT DIFFERS", NULL};
    if (verify->table == NULL) {
        verify->table = ctl_table_new(verify->ctl, "differences", COLUMNS);
    }
}

static void differs(struct verify *verify, const struct history_key *key, const char *what)
{
    char number[WU_ID_TEXT_MAX];
    size_t mark = verify->ctl->arena.used_bytes;
    const char *values[] = {
        wu_id_to_text(&key->linkage_id, number),
        wu_arena_printf(&verify->ctl->arena, "%u", (unsigned)key->line),
        what,
    };
    open_table(verify);
    ctl_table_row(verify->table, values);
    wu_arena_reset(&verify->ctl->arena, mark);
    verify->different_count++;
}

/* The published formula: the parts make the sum, and the best that could be asked was asked. */
static const char *sum_fault(const HistoryEntry *entry)
{
    struct contest contest = contest_of(entry);
    for (size_t i = 0; i < entry->n_candidates; i++) {
        const Candidate *row = entry->candidates[i];
        if (row->total !=
            row->distance + row->load + row->promises + row->fairness + row->cooling) {
            return "a score is not the sum of its parts";
        }
    }
    return contest.margin < 0 ? "the best score was not asked" : NULL;
}

static bool same_bytes(struct wu_bytes a, struct wu_bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* The first thing in which the two lines are not the same. */
static const char *line_fault(struct wu_bytes stored, struct wu_bytes again, struct wu_arena *arena)
{
    const HistoryEntry *before =
        coordinator_state__history_entry__unpack(&arena->pb, stored.size, stored.data);
    const HistoryEntry *after =
        coordinator_state__history_entry__unpack(&arena->pb, again.size, again.data);
    if (before == NULL || after == NULL) {
        return "cannot be decoded";
    }
    if (before->type != after->type) {
        return "something else happened when it was folded again";
    }
    if (before->provider_id.len != after->provider_id.len ||
        (before->provider_id.len > 0 &&
         memcmp(before->provider_id.data, after->provider_id.data, before->provider_id.len) != 0)) {
        return "another provider when it was folded again";
    }
    if (before->n_candidates != after->n_candidates) {
        return "other candidates when it was folded again";
    }
    for (size_t i = 0; i < before->n_candidates; i++) {
        if (before->candidates[i]->total != after->candidates[i]->total) {
            return "another score when it was folded again";
        }
    }
    return "other bytes when it was folded again";
}

static void verify_line(struct verify *verify, struct wu_txn *again, const struct history_key *key,
                        struct wu_bytes stored)
{
    struct wu_arena *arena = &verify->ctl->arena;
    size_t mark = arena->used_bytes;
    struct wu_bytes made = {0};
    const HistoryEntry *entry =
        coordinator_state__history_entry__unpack(&arena->pb, stored.size, stored.data);
    const char *fault = NULL;
    if (entry == NULL) {
        fault = "cannot be decoded";
    } else if (entry->seq <= verify->until_seq) {
        verify->receipt_count += entry->n_rules > 0;
        if (!wu_table_get_raw(again, &COORDINATOR_HISTORY, key, &made)) {
            fault = "not made when it was folded again";
        } else if (!same_bytes(stored, made)) {
            fault = line_fault(stored, made, arena);
        } else {
            fault = sum_fault(entry);
        }
    }
    if (fault != NULL) {
        differs(verify, key, fault);
    }
    wu_arena_reset(arena, mark);
}

static void verify_lines(void *context, struct wu_txn *stored, struct wu_txn *again)
{
    struct verify *verify = context;
    struct history_key key = {.linkage_id = verify->id};
    struct wu_bytes line;
    int same_fields = wu_id_is_none(&verify->id) ? 0 : 1;
    bool found = wu_table_from_raw(stored, &COORDINATOR_HISTORY, &key, same_fields, &line);
    while (found) {
        verify_line(verify, again, &key, line);
        found = wu_table_after_raw(stored, &COORDINATOR_HISTORY, &key, same_fields, &line);
    }
}

static void remove_scratch(const char *folder)
{
    static const char *const files[] = {"data.mdb", "lock.mdb", "writer.lock"};
    for (size_t index = 0; index < sizeof files / sizeof files[0]; index++) {
        char path[WU_CONFIG_TEXT_MAX + 64];
        (void)snprintf(path, sizeof path, "%s/%s", folder, files[index]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

/* The number of the last event of that linkage's story: what came later says nothing of it. */
static int last_seq(struct ctl *ctl, const struct ctl_node *node, const struct wu_id *id,
                    uint64_t *ret_seq)
{
    *ret_seq = UINT64_MAX;
    if (wu_id_is_none(id)) {
        return CTL_OK;
    }
    struct ctl_reader reader = {0};
    int status = ctl_reader_open(ctl, node, &reader);
    if (status != CTL_OK) {
        return status;
    }
    const LinkageRow *linkage = linkage_whole(reader.txn, wu_txn_arena(reader.txn), id);
    if (linkage == NULL || linkage->n_history == 0) {
        char number[WU_ID_TEXT_MAX];
        status =
            ctl_complain(CTL_USAGE, "the coordinator has no linkage %s", wu_id_to_text(id, number));
    } else {
        *ret_seq = linkage->history[linkage->n_history - 1]->seq;
    }
    ctl_reader_close(&reader);
    return status;
}

/* In the node's folder: the copy may become as large as the store, /tmp may be small. */
static int verify_node(struct verify *verify, const struct ctl_node *node)
{
    char scratch[WU_CONFIG_TEXT_MAX + 32];
    struct wu_error error = {{0}};
    int status = last_seq(verify->ctl, node, &verify->id, &verify->until_seq);
    if (status != CTL_OK) {
        return status;
    }
    (void)snprintf(scratch, sizeof scratch, "%s/verify-XXXXXX", node->folder);
    if (mkdtemp(scratch) == NULL) {
        return ctl_complain(CTL_FAILED, "cannot make a folder for the copy in '%s': %s",
                            node->folder, strerror(errno));
    }
    enum wu_status folded = wu_replay_look(node->config.state_dir, ctl_core_of(node), scratch,
                                           verify->until_seq, verify_lines, verify, &error);
    remove_scratch(scratch);
    if (folded == WU_DIVERGED) {
        return ctl_complain(CTL_FOUND, "%s", error.text);
    }
    return folded == WU_OK ? CTL_OK : ctl_complain(CTL_FAILED, "%s", error.text);
}

static void tell_verified(const struct verify *verify)
{
    if (verify->ctl->json) {
        return;
    }
    (void)printf("%" PRIu64 " receipts made again: %s\n", verify->receipt_count,
                 verify->different_count == 0 ? "each has the same bytes, and its scores add up"
                                              : "see above what differs");
}

int cmd_receipt_verify(struct ctl *ctl, int argc, char **argv)
{
    struct verify verify = {.ctl = ctl};
    bool all = ctl_flag(&argc, argv, "all");
    if (!ctl_arguments(ctl, argc, argv, all ? 0 : 1, all ? 0 : 1) ||
        (!all && !ctl_parse_id(argv[0], "linkage", &verify.id)) || !ctl_load_home(ctl)) {
        return CTL_USAGE;
    }
    const struct ctl_node *node = ctl_node_of_role(ctl, "coordinator");
    if (node == NULL) {
        return CTL_USAGE;
    }
    int status = verify_node(&verify, node);
    if (ctl->json) {
        open_table(&verify);
    }
    if (verify.table != NULL) {
        ctl_table_print(&verify.table);
    }
    if (status == CTL_OK) {
        tell_verified(&verify);
    }
    return status == CTL_OK && verify.different_count > 0 ? CTL_FOUND : status;
}
