#include "services/ctl/trace.h"

#include "common/base/division.h"
#include "common/base/time.h"
#include "common/fold/event.h"
#include "services/coordinator/core/rule.h"
#include "services/ctl/parse.h"
#include "wushe/coordinator/v1/gate.pb-c.h"

#include <stdlib.h>
#include <string.h>

typedef CoordinatorState__HistoryEntry HistoryEntry;
typedef CoordinatorState__LinkageStep LinkageStep;
typedef CharityState__TransferRow TransferRow;

#define WHY(name) COORDINATOR_STATE__HISTORY_WHY__HISTORY_WHY_##name
#define STEP(name) COORDINATOR_STATE__STEP_STATE__STEP_STATE_##name
#define LINKAGE(name) COORDINATOR_STATE__LINKAGE_STATE__LINKAGE_STATE_##name

enum { ORDER_STRIDE = 4 }; /* history entries stand this far apart: bookings go between */

/* ---- small words ----------------------------------------------------------- */

#define SAY(trace, ...) say(wu_arena_printf(&(trace)->the_case->ctl->arena, __VA_ARGS__))

static const char *say(const char *text)
{
    return text != NULL ? text : "";
}

/* A sentence for each value of an enum; "" for one this build does not know. */
struct phrase {
    int value;
    const char *text; /* NULL ends */
};

static const char *phrase_of(const struct phrase *phrases, int value)
{
    for (; phrases->text != NULL; phrases++) {
        if (phrases->value == value) {
            return phrases->text;
        }
    }
    return "";
}

static const struct phrase DECLINES[] = {
    {LINKAGE__DECLINE_REASON__DECLINE_REASON_PROVIDER_UNKNOWN, "it is no longer in the books"},
    {LINKAGE__DECLINE_REASON__DECLINE_REASON_SERVICE_UNKNOWN, "nobody there gives that service"},
    {LINKAGE__DECLINE_REASON__DECLINE_REASON_NO_CAPACITY, "as many cases are open as can be"},
    {LINKAGE__DECLINE_REASON__DECLINE_REASON_NOT_FREE_THEN, "not enough people are free then"},
    {LINKAGE__DECLINE_REASON__DECLINE_REASON_NO_FUNDS, "not that much is left for this purpose"},
    {LINKAGE__DECLINE_REASON__DECLINE_REASON_OUT_OF_STOCK, "not that much is left in stock"},
    {LINKAGE__DECLINE_REASON__DECLINE_REASON_NOT_LICENSED, "nobody there is registered for that"},
    {LINKAGE__DECLINE_REASON__DECLINE_REASON_BY_HAND, "a person said no"},
    {LINKAGE__DECLINE_REASON__DECLINE_REASON_TOO_LATE, "the time to answer was over"},
    {LINKAGE__DECLINE_REASON__DECLINE_REASON_NOBODY_LEFT, "nobody there is left to ask"},
    {LINKAGE__DECLINE_REASON__DECLINE_REASON_NOT_REGISTERED, "it is not registered any more"},
    {LINKAGE__DECLINE_REASON__DECLINE_REASON_SUSPENDED, "it was suspended"},
    {LINKAGE__DECLINE_REASON__DECLINE_REASON_OUT_OF_SCOPE,
     "it is not registered for that work or area"},
    {LINKAGE__DECLINE_REASON__DECLINE_REASON_NOT_OURS, "it is not theirs to do"},
    {0, NULL},
};

static const struct phrase RELEASES[] = {
    {LINKAGE__RELEASE_REASON__RELEASE_REASON_NOT_CHOSEN, "it is not needed"},
    {LINKAGE__RELEASE_REASON__RELEASE_REASON_LINKAGE_UNMET,
     "a required step has nobody left, so everybody else is free again"},
    {LINKAGE__RELEASE_REASON__RELEASE_REASON_REPLY_OVERDUE,
     "no answer within the kind's time: silence counts as no"},
    {LINKAGE__RELEASE_REASON__RELEASE_REASON_DELIVERY_OVERDUE,
     "it was not done within the kind's time"},
    {LINKAGE__RELEASE_REASON__RELEASE_REASON_LINKAGE_CLOSED, "the linkage is over"},
    {LINKAGE__RELEASE_REASON__RELEASE_REASON_DELIVERED_BY_ANOTHER,
     "another, who had been late, has done it"},
    {0, NULL},
};

static const struct phrase REFUSALS[] = {
    {COORDINATOR__LINKAGE_REFUSAL__LINKAGE_REFUSAL_KIND_UNKNOWN,
     "the kind is not in the catalogue"},
    {COORDINATOR__LINKAGE_REFUSAL__LINKAGE_REFUSAL_WINDOW_INVALID,
     "the wanted time was over, or ended before it began"},
    {COORDINATOR__LINKAGE_REFUSAL__LINKAGE_REFUSAL_RECIPE_EMPTY, "the kind's recipe has no steps"},
    {COORDINATOR__LINKAGE_REFUSAL__LINKAGE_REFUSAL_KIND_NOT_IN_FORCE,
     "the kind is in the catalogue, and not in force: its day has not come or is over"},
    {0, NULL},
};

static const struct phrase UNMETS[] = {
    {COORDINATOR__UNMET_REASON__UNMET_REASON_NO_PROVIDER, "nobody in reach offers"},
    {COORDINATOR__UNMET_REASON__UNMET_REASON_ALL_DECLINED, "everybody who was asked said no to"},
    {COORDINATOR__UNMET_REASON__UNMET_REASON_NO_ANSWER, "the last one asked kept silent on"},
    {COORDINATOR__UNMET_REASON__UNMET_REASON_NOT_DELIVERED,
     "taken but not done in time, and nobody is left for"},
    {COORDINATOR__UNMET_REASON__UNMET_REASON_NOT_APPROVED, "the lead body said no"},
    {COORDINATOR__UNMET_REASON__UNMET_REASON_APPROVAL_SILENT,
     "the lead body kept silent, and that is no yes"},
    {COORDINATOR__UNMET_REASON__UNMET_REASON_FORBIDDEN, "a rule refuses the only plan there is"},
    {COORDINATOR__UNMET_REASON__UNMET_REASON_NOT_CALLED,
     "its community links three societies and does not call"},
    {COORDINATOR__UNMET_REASON__UNMET_REASON_OUT_OF_REMIT, "it was ruled that nobody here owes"},
    {0, NULL},
};

static const struct phrase OUTCOMES[] = {
    {COORDINATOR__OUTCOME__OUTCOME_MET, "met"},
    {COORDINATOR__OUTCOME__OUTCOME_PARTLY, "partly met"},
    {COORDINATOR__OUTCOME__OUTCOME_NOT_MET, "not met"},
    {COORDINATOR__OUTCOME__OUTCOME_UNCONFIRMED, "delivered, not confirmed"},
    {COORDINATOR__OUTCOME__OUTCOME_UNMET, "unmet"},
    {0, NULL},
};

static const struct phrase SOURCES[] = {
    {COMMUNITY__NEED_SOURCE__NEED_SOURCE_RESIDENT, "a resident asked"},
    {COMMUNITY__NEED_SOURCE__NEED_SOURCE_INSPECTION, "seen at an inspection"},
    {COMMUNITY__NEED_SOURCE__NEED_SOURCE_AGENCY, "passed on by an agency"},
    {0, NULL},
};

static const struct phrase ASSESSMENTS[] = {
    {WHY(PLAN_FOLLOWED), "the social worker's plan is what will be done"},
    {WHY(RECIPE_FOLLOWED), "no plan of its own, so the catalogue's recipe holds"},
    {WHY(PLAN_INVALID), "its plan cannot be followed, so the catalogue's recipe holds"},
    {WHY(LATE_BUT_DONE), "late, but nobody else had done it yet: it counts"},
    {WHY(SURPLUS), "it had been taken back, and another has done it: told, not counted"},
    {0, NULL},
};

static const char *level_word(uint64_t division)
{
    switch (wu_division_level(division)) {
    case WU_DIVISION_COMMUNITY:
        return "community";
    case WU_DIVISION_STREET:
        return "street";
    case WU_DIVISION_DISTRICT:
        return "district";
    case WU_DIVISION_CITY:
        return "city";
    default:
        return "province";
    }
}

/* ---- entries --------------------------------------------------------------- */

static struct ctl_trace_entry *add(struct ctl_trace *trace, int64_t time_ms, int order)
{
    /* The history and the bookings are bounded, so the last place is never needed twice. */
    size_t place = trace->count < CTL_TRACE_ENTRIES_MAX ? trace->count++ : trace->count - 1;
    struct ctl_trace_entry *entry = &trace->entries[place];
    *entry = (struct ctl_trace_entry){
        .time_ms = time_ms, .order = order, .who = "", .what = "", .why = ""};
    return entry;
}

static void by_coordinator(const struct ctl_trace *trace, struct ctl_trace_entry *entry)
{
    entry->who = "coordinator";
    entry->node = trace->the_case->hub;
}

static void by_community(const struct ctl_trace *trace, struct ctl_trace_entry *entry)
{
    entry->who = trace->the_case->community_name;
    entry->node = trace->the_case->community_node;
}

static const struct ctl_node *node_of(const struct ctl_trace *trace,
                                      ProtobufCBinaryData provider_id)
{
    struct ctl *ctl = trace->the_case->ctl;
    struct wu_id id;
    for (size_t i = 0; wu_id_from_pb(provider_id, &id) && i < ctl->node_count; i++) {
        if (ctl->nodes[i].config.node == wu_id_node(&id)) {
            return &ctl->nodes[i];
        }
    }
    return NULL;
}

static void by_provider(const struct ctl_trace *trace, struct ctl_trace_entry *entry,
                        const HistoryEntry *event)
{
    entry->who = event->provider;
    entry->node = node_of(trace, event->provider_id);
}

/* "step 2 (optional), 2 people for elder-visit" */
static const char *step_text(struct ctl_trace *trace, uint32_t step_no)
{
    const LinkageStep *step = ctl_case_step(trace->the_case, step_no);
    if (step == NULL) {
        return SAY(trace, "step %u", (unsigned)step_no);
    }
    return SAY(trace, "step %u%s, %s", (unsigned)step_no, step->required ? "" : " (optional)",
               ctl_case_asked(trace->the_case, step));
}

/* ---- what the community knows ---------------------------------------------- */

static void tell_raised(struct ctl_trace *trace)
{
    const struct ctl_case *the_case = trace->the_case;
    const CommunityState__NeedRow *need = the_case->need;
    struct ctl *ctl = the_case->ctl;
    char urgency[40];
    if (need == NULL) {
        return;
    }
    struct ctl_trace_entry *entry = add(trace, need->raised_at_ms, -ORDER_STRIDE);
    by_community(trace, entry);
    entry->what = SAY(trace, "raised the need %s: %s, %s, wanted from %s to %s", the_case->number,
                      the_case->kind_name,
                      ctl_word(&community__need_urgency__descriptor, "NEED_URGENCY_",
                               (int)need->urgency, urgency, sizeof urgency),
                      ctl_time_text(ctl, need->from_ms), ctl_time_text(ctl, need->until_ms));
    const char *ref = need->external_ref[0] != '\0'
                          ? SAY(trace, "; number %s of %s", need->external_ref, need->origin)
                          : "";
    bool late = need->recorded_at_ms - need->raised_at_ms > WU_MINUTE_MS;
    const char *entered =
        late ? SAY(trace, "; entered at %s", ctl_time_text(ctl, need->recorded_at_ms)) : "";
    entry->why = SAY(trace, "%s%s%s", phrase_of(SOURCES, (int)need->source), ref, entered);
}

/* ---- what the coordinator remembers ---------------------------------------- */

typedef void (*teller)(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                       const HistoryEntry *event);

static void tell_opened(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                        const HistoryEntry *event)
{
    const CoordinatorState__KindRow *kind = trace->the_case->kind;
    by_coordinator(trace, entry);
    entry->what = SAY(trace, "opened the linkage under %s (%s), version %u of the catalogue",
                      trace->the_case->kind_name, event->text, (unsigned)event->code);
    bool assess = kind != NULL && kind->kind != NULL && kind->kind->assess;
    entry->why = assess ? SAY(trace, "rule: of this kind a social worker looks first (%s)",
                              kind->kind->assess_field)
                        : "rule: the recipe holds; social workers and organisations are asked "
                          "first, then volunteers and charity";
}

/* The sentence of the rule that made it so. */
static const char *rule_sentence(const struct ctl_trace *trace, const HistoryEntry *event)
{
    const struct rule_text *rule = event->n_rules > 0 ? rule_text(event->rules[0]) : NULL;
    return rule != NULL ? SAY(trace, "rule %s: %s", rule->id, rule->en) : "";
}

static bool names_rule(const HistoryEntry *event, Rule rule)
{
    for (size_t i = 0; i < event->n_rules; i++) {
        if (event->rules[i] == rule) {
            return true;
        }
    }
    return false;
}

static void tell_refused(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                         const HistoryEntry *event)
{
    by_coordinator(trace, entry);
    entry->what = "refused the need";
    const char *rule = rule_sentence(trace, event);
    entry->why = SAY(trace, "%s%s%s", phrase_of(REFUSALS, (int)event->code),
                     rule[0] != '\0' ? "; " : "", rule);
}

static void tell_nobody_left(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                             const HistoryEntry *event)
{
    const LinkageStep *step = ctl_case_step(trace->the_case, event->step_no);
    entry->what = SAY(trace, "found nobody for %s", step_text(trace, event->step_no));
    const char *looked =
        event->looked_at_count == 0
            ? "nobody in reach offers it"
            : SAY(trace, "%u in reach, %u of them asked before", (unsigned)event->looked_at_count,
                  (unsigned)event->excluded_count);
    bool optional = step != NULL && !step->required;
    entry->why = SAY(trace, "%s; %s", looked,
                     optional ? "it is optional, so it is left out"
                              : "it is required, so the linkage cannot be met");
}

/* What set the chosen one apart; older stories told it by two rules of their own. */
static const char *decided_text(const struct ctl_trace *trace, const HistoryEntry *event)
{
    if (event->why != WHY(BEST_SCORE)) {
        return "the nearest place that offers it, there the longest without an offer";
    }
    bool compared = event->n_rules > 1 && event->rules[1] != RULE(CORE_THREE_FIRST);
    const struct rule_text *decided = compared ? rule_text(event->rules[1]) : NULL;
    return decided != NULL ? SAY(trace, "the best score (%s)", decided->id)
                           : "the only one who can be asked";
}

static void tell_offered(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                         const HistoryEntry *event)
{
    by_coordinator(trace, entry);
    if (event->why == WHY(NOBODY_LEFT)) {
        tell_nobody_left(trace, entry, event);
        return;
    }
    if (event->why == WHY(REFERRED_HERE)) {
        entry->what = SAY(trace, "took on a step of case %s for another coordinator", event->text);
        entry->why = SAY(trace, "nobody there could do it; %u asked before", (unsigned)event->code);
        return;
    }
    const char *again =
        event->attempt > 1 ? SAY(trace, " (offer %u)", (unsigned)event->attempt) : "";
    entry->what =
        SAY(trace, "asked %s for %s%s", event->provider, step_text(trace, event->step_no), again);
    if (event->why == WHY(WENT_UP)) {
        entry->why = SAY(trace, "rule: nobody is left here, so it goes one level up; %u looked at",
                         (unsigned)event->looked_at_count);
        return;
    }
    const char *before = event->excluded_count > 0 ? SAY(trace, ", %u of them asked before",
                                                         (unsigned)event->excluded_count)
                                                   : "";
    const LinkageStep *step = ctl_case_step(trace->the_case, event->step_no);
    const char *core = step != NULL && step->wave > 1 && names_rule(event, RULE(CORE_THREE_FIRST))
                           ? "the core three have said yes; "
                           : "";
    entry->why = SAY(trace, "rule: %s%s, of %s %llu; %u looked at%s", core,
                     decided_text(trace, event), level_word(event->division),
                     (unsigned long long)event->division, (unsigned)event->looked_at_count, before);
}

static void tell_reserved(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                          const HistoryEntry *event)
{
    struct ctl_case *the_case = trace->the_case;
    const LinkageStep *step = ctl_case_step(the_case, event->step_no);
    by_provider(trace, entry, event);
    bool stands = step != NULL && step->attempt == event->attempt && step->provider_id.len > 0;
    const char *people = stands ? ctl_case_people(the_case, step) : "";
    entry->what = SAY(trace, "said yes to %s%s%s", step_text(trace, event->step_no),
                      people[0] != '\0' ? ": " : "", people);
    const LinkageState__ProviderRow *body = ctl_case_provider(the_case, event->provider_id);
    const char *how = body != NULL && body->by_hand ? "a person accepted"
                                                    : "rule: it had room, so it is reserved";
    const char *until =
        stands && step->held_until_ms != 0
            ? SAY(trace, "; held until %s", ctl_time_text(the_case->ctl, step->held_until_ms))
            : "";
    entry->why = SAY(trace, "%s%s", how, until);
}

static void tell_declined(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                          const HistoryEntry *event)
{
    by_provider(trace, entry, event);
    entry->what = SAY(trace, "said no to %s", step_text(trace, event->step_no));
    const char *reason = phrase_of(DECLINES, (int)event->code);
    entry->why = event->text[0] != '\0' ? SAY(trace, "%s: \"%s\"", reason, event->text) : reason;
}

static void tell_confirmed(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                           const HistoryEntry *event)
{
    const LinkageStep *step = ctl_case_step(trace->the_case, event->step_no);
    by_coordinator(trace, entry);
    entry->what =
        SAY(trace, "confirmed %s with %s", step_text(trace, event->step_no), event->provider);
    bool stands = step != NULL && step->attempt == event->attempt && step->deliver_by_ms != 0;
    const char *by = stands ? SAY(trace, "; to be done by %s",
                                  ctl_time_text(trace->the_case->ctl, step->deliver_by_ms))
                            : "";
    entry->why = SAY(trace,
                     "rule: everything that is needed is reserved, so it is confirmed "
                     "together%s",
                     by);
}

static void tell_taken(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                       const HistoryEntry *event)
{
    by_provider(trace, entry, event);
    entry->what = SAY(trace, "took on %s", step_text(trace, event->step_no));
    entry->why = "its reservation still held";
}

static void tell_lapsed(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                        const HistoryEntry *event)
{
    by_provider(trace, entry, event);
    entry->what = SAY(trace, "gave %s back", step_text(trace, event->step_no));
    entry->why = "its reservation ran out before it was confirmed";
}

static void tell_released(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                          const HistoryEntry *event)
{
    by_coordinator(trace, entry);
    entry->what =
        SAY(trace, "took %s back from %s", step_text(trace, event->step_no), event->provider);
    entry->why = event->why == WHY(HOLD_TOO_SHORT)
                     ? "its reservation would not have lasted to the confirmation; it is asked anew"
                     : phrase_of(RELEASES, (int)event->code);
}

static void tell_delivered(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                           const HistoryEntry *event)
{
    const LinkageStep *step = ctl_case_step(trace->the_case, event->step_no);
    by_provider(trace, entry, event);
    const char *part = "";
    const char *minutes = "";
    if (step != NULL && step->quantity_done != step->quantity) {
        part = SAY(trace, ", in part: %s",
                   ctl_case_amount(trace->the_case, step, step->quantity_done));
    }
    if (step != NULL && step->minutes > 0) {
        minutes = SAY(trace, ", %lld minutes", (long long)step->minutes);
    }
    entry->what = SAY(trace, "delivered %s%s%s", step_text(trace, event->step_no), part, minutes);
    const char *assessment = phrase_of(ASSESSMENTS, (int)event->why);
    const char *note = event->text[0] != '\0' ? SAY(trace, "\"%s\"", event->text) : "";
    entry->why = SAY(trace, "%s%s%s", assessment,
                     assessment[0] != '\0' && note[0] != '\0' ? "; " : "", note);
    if (entry->why[0] == '\0') {
        entry->why = "its own report";
    }
}

static void tell_asked(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                       const HistoryEntry *event)
{
    (void)event;
    by_coordinator(trace, entry);
    entry->what = SAY(trace, "asked the resident, through %s, whether it helped",
                      trace->the_case->community_name);
    entry->why = "rule: every step has ended, so the resident has the word";
}

static void tell_word(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                      const HistoryEntry *event)
{
    char verdict[40];
    by_community(trace, entry);
    if (event->code == 0) {
        entry->what = "the resident kept silent";
        entry->why = "the time to speak was up; silence is never counted as a yes";
        return;
    }
    uint32_t rating = trace->the_case->linkage->rating;
    const char *stars = rating > 0 ? SAY(trace, ", %u of 5", (unsigned)rating) : "";
    entry->what = SAY(trace, "the resident said: %s%s",
                      ctl_word(&community__verdict__descriptor, "VERDICT_", (int)event->code,
                               verdict, sizeof verdict),
                      stars);
    entry->why = "the resident has the last word";
}

static void tell_closed(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                        const HistoryEntry *event)
{
    const CoordinatorState__LinkageRow *linkage = trace->the_case->linkage;
    by_coordinator(trace, entry);
    entry->what = SAY(trace, "closed the linkage: %s", phrase_of(OUTCOMES, (int)event->code));
    switch (event->code) {
    case COORDINATOR__OUTCOME__OUTCOME_UNMET:
        entry->why =
            SAY(trace, "%s %s", phrase_of(UNMETS, (int)linkage->reason), linkage->missing_service);
        break;
    case COORDINATOR__OUTCOME__OUTCOME_UNCONFIRMED:
        entry->why = "the resident kept silent";
        break;
    default:
        entry->why = "the resident said so";
        break;
    }
}

static void tell_escalated(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                           const HistoryEntry *event)
{
    by_coordinator(trace, entry);
    entry->what = SAY(trace, "brought the case before %s %llu", level_word(event->division),
                      (unsigned long long)event->division);
    entry->why = rule_sentence(trace, event);
}

static void tell_disputed(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                          const HistoryEntry *event)
{
    by_coordinator(trace, entry);
    entry->what = SAY(trace, "asked for a ruling on %s", step_text(trace, event->step_no));
    entry->why = rule_sentence(trace, event);
}

static const char *ruling_words(uint32_t ruling)
{
    switch (ruling) {
    case COORDINATOR__RULING__RULING_BINDING:
        return "belongs to the one it is offered to next";
    case COORDINATOR__RULING__RULING_OUT_OF_REMIT:
        return "belongs to nobody here";
    default:
        return "is no precedent any more";
    }
}

static void tell_ruled(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                       const HistoryEntry *event)
{
    by_coordinator(trace, entry);
    entry->what =
        SAY(trace, "ruled: %s %s", step_text(trace, event->step_no), ruling_words(event->code));
    entry->why = rule_sentence(trace, event);
}

static void tell_approval(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                          const HistoryEntry *event)
{
    static const char *const WHATS[] = {"asked the lead body for its yes", "the lead body said yes",
                                        "the lead body said no"};
    if (event->code == 0) {
        by_coordinator(trace, entry);
    } else {
        by_community(trace, entry);
    }
    entry->what = WHATS[event->code < 3 ? event->code : 0];
    entry->why =
        event->text[0] != '\0' ? SAY(trace, "\"%s\"", event->text) : rule_sentence(trace, event);
}

static void tell_approval_silent(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                                 const HistoryEntry *event)
{
    by_community(trace, entry);
    entry->what = "the lead body kept silent";
    entry->why = rule_sentence(trace, event);
}

static void tell_by_hand(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                         const HistoryEntry *event)
{
    by_coordinator(trace, entry);
    switch (event->code) {
    case COORDINATOR_STATE__STEP_BY_HAND__STEP_BY_HAND_ADDED:
        entry->what =
            SAY(trace, "took in %s, by hand of %s", step_text(trace, event->step_no), event->text);
        entry->why = "no rule forbids it";
        return;
    case COORDINATOR_STATE__STEP_BY_HAND__STEP_BY_HAND_OVERRIDE_ASKED:
        entry->what = SAY(trace, "heard that an override is asked for, for %s", event->text);
        break;
    default:
        entry->what = SAY(trace, "refused a step by hand: %s", event->text);
        break;
    }
    entry->why = rule_sentence(trace, event);
}

static void tell_overridden(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                            const HistoryEntry *event)
{
    char reason[40];
    by_coordinator(trace, entry);
    entry->what =
        SAY(trace, "took in %s, which two people let pass (%s)", step_text(trace, event->step_no),
            ctl_word(&coordinator__override_reason__descriptor, "OVERRIDE_REASON_",
                     (int)event->code, reason, sizeof reason));
    entry->why = SAY(trace, "against %s", rule_sentence(trace, event));
}

static void tell_override_over(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                               const HistoryEntry *event)
{
    by_coordinator(trace, entry);
    entry->what = SAY(trace, "let the override for %s expire: no second person", event->text);
    entry->why = rule_sentence(trace, event);
}

static void tell_plan_refused(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                              const HistoryEntry *event)
{
    by_coordinator(trace, entry);
    entry->what = event->code > 0
                      ? SAY(trace, "refused the plan, for its step %u", (unsigned)event->code)
                      : "refused the plan";
    entry->why = rule_sentence(trace, event);
}

static void tell_relaxed(struct ctl_trace *trace, struct ctl_trace_entry *entry,
                         const HistoryEntry *event)
{
    const struct rule_text *gate = event->n_rules > 1 ? rule_text(event->rules[1]) : NULL;
    by_coordinator(trace, entry);
    entry->what = SAY(trace, "did without %s: emergency of %s", gate != NULL ? gate->id : "a gate",
                      event->text);
    entry->why = rule_sentence(trace, event);
}

static const struct {
    wu_event_type type;
    teller tell;
} TELLERS[] = {
    {WU_TYPE(COORDINATOR_ANSWER_APPROVAL), tell_approval},
    {WU_TYPE(COORDINATOR_APPROVAL_OVERDUE), tell_approval_silent},
    {WU_TYPE(COORDINATOR_ADD_STEP), tell_by_hand},
    {WU_TYPE(COORDINATOR_CONFIRM_OVERRIDE), tell_overridden},
    {WU_TYPE(COORDINATOR_OVERRIDE_OVERDUE), tell_override_over},
    {WU_TYPE(LINKAGE_PLAN_REFUSED), tell_plan_refused},
    {WU_TYPE(COORDINATOR_EMERGENCY_DECLARED), tell_relaxed},
    {WU_TYPE(COORDINATOR_LINKAGE_OPENED), tell_opened},
    {WU_TYPE(COORDINATOR_LINKAGE_REFUSED), tell_refused},
    {WU_TYPE(LINKAGE_STEP_OFFERED), tell_offered},
    {WU_TYPE(LINKAGE_STEP_RESERVED), tell_reserved},
    {WU_TYPE(LINKAGE_STEP_DECLINED), tell_declined},
    {WU_TYPE(LINKAGE_STEP_CONFIRMED), tell_confirmed},
    {WU_TYPE(LINKAGE_STEP_TAKEN), tell_taken},
    {WU_TYPE(LINKAGE_STEP_LAPSED), tell_lapsed},
    {WU_TYPE(LINKAGE_STEP_RELEASED), tell_released},
    {WU_TYPE(LINKAGE_STEP_DELIVERED), tell_delivered},
    {WU_TYPE(COORDINATOR_LINKAGE_DELIVERED), tell_asked},
    {WU_TYPE(COMMUNITY_NEED_CONFIRMED), tell_word},
    {WU_TYPE(COORDINATOR_LINKAGE_CLOSED), tell_closed},
    {WU_TYPE(COORDINATOR_LINKAGE_ESCALATED), tell_escalated},
    {WU_TYPE(COORDINATOR_LINKAGE_DISPUTED), tell_disputed},
    {WU_TYPE(COORDINATOR_ADJUDICATE), tell_ruled},
};

static void tell_event(struct ctl_trace *trace, const HistoryEntry *event, int order)
{
    struct ctl_trace_entry *entry = add(trace, event->time_ms, order);
    entry->step_no = event->step_no;
    for (size_t i = 0; i < sizeof TELLERS / sizeof TELLERS[0]; i++) {
        if (TELLERS[i].type == event->type) {
            TELLERS[i].tell(trace, entry, event);
            return;
        }
    }
    by_coordinator(trace, entry);
    entry->what = wu_event_type_name(event->type);
}

/* ---- the charity's books --------------------------------------------------- */

/* The event a booking belongs to: it holds before the yes, and issues before the delivery is told.
 */
static int order_of(const struct ctl_trace *trace, const TransferRow *row)
{
    const CoordinatorState__LinkageRow *linkage = trace->the_case->linkage;
    wu_event_type type = WU_TYPE(LINKAGE_STEP_DELIVERED);
    int side = -1;
    if (row->kind == CHARITY_STATE__TRANSFER_KIND__TRANSFER_KIND_HOLD) {
        type = WU_TYPE(LINKAGE_STEP_RESERVED);
    } else if (row->kind == CHARITY_STATE__TRANSFER_KIND__TRANSFER_KIND_RELEASE) {
        type = WU_TYPE(LINKAGE_STEP_RELEASED);
        side = 1;
    }
    for (size_t i = 0; i < linkage->n_history; i++) {
        const HistoryEntry *event = linkage->history[i];
        if (event->type == type && event->step_no == row->step_no &&
            event->attempt == row->attempt) {
            return (int)i * ORDER_STRIDE + side;
        }
    }
    return (int)linkage->n_history * ORDER_STRIDE;
}

static const struct phrase BOOKING_WHYS[] = {
    {CHARITY_STATE__TRANSFER_KIND__TRANSFER_KIND_HOLD, "out of what is free for that purpose"},
    {CHARITY_STATE__TRANSFER_KIND__TRANSFER_KIND_RELEASE, "free for that purpose again"},
    {CHARITY_STATE__TRANSFER_KIND__TRANSFER_KIND_ISSUE, "out of what was set aside"},
    {CHARITY_STATE__TRANSFER_KIND__TRANSFER_KIND_RETURN, "free for that purpose again"},
    {0, NULL},
};

static const struct phrase BOOKINGS[] = {
    {CHARITY_STATE__TRANSFER_KIND__TRANSFER_KIND_HOLD, "set aside"},
    {CHARITY_STATE__TRANSFER_KIND__TRANSFER_KIND_RELEASE, "freed again"},
    {CHARITY_STATE__TRANSFER_KIND__TRANSFER_KIND_ISSUE, "issued"},
    {CHARITY_STATE__TRANSFER_KIND__TRANSFER_KIND_RETURN, "took back, not needed,"},
    {0, NULL},
};

static void tell_bookings(struct ctl_trace *trace)
{
    struct ctl_case *the_case = trace->the_case;
    struct ctl_case_transfers transfers;
    ctl_case_transfers(the_case, &transfers);
    for (size_t i = 0; i < transfers.count; i++) {
        const TransferRow *row = transfers.rows[i];
        struct ctl_trace_entry *entry = add(trace, row->time_ms, order_of(trace, row));
        const LinkageState__ProviderRow *fund = ctl_case_provider(the_case, row->provider_id);
        entry->who = fund != NULL ? fund->name : "a fund";
        entry->node = transfers.nodes[i];
        entry->step_no = row->step_no;
        entry->what = SAY(trace, "%s %s", phrase_of(BOOKINGS, (int)row->kind),
                          ctl_case_booked(the_case->ctl, row));
        entry->why = SAY(trace, "for step %u, %s", (unsigned)row->step_no,
                         phrase_of(BOOKING_WHYS, (int)row->kind));
    }
}

/* ---- what is still waited for ---------------------------------------------- */

static void tell_pending_step(struct ctl_trace *trace, const LinkageStep *step)
{
    struct ctl *ctl = trace->the_case->ctl;
    const char *what = NULL;
    const char *why = "";
    switch (step->state) {
    case STEP(OFFERED):
        what = "has to answer for";
        why = SAY(trace, "until %s; then the next is asked", ctl_time_text(ctl, step->reply_by_ms));
        break;
    case STEP(RESERVED):
        what = "holds";
        why = SAY(trace, "until %s; others are still being asked",
                  ctl_time_text(ctl, step->held_until_ms));
        break;
    case STEP(CONFIRMED):
    case STEP(TAKEN):
        what = "has to deliver";
        why = SAY(trace, "by %s; then the next is asked", ctl_time_text(ctl, step->deliver_by_ms));
        break;
    case STEP(DISPUTED):
        what = "waits for a ruling on";
        why = SAY(trace, "until %s; then it goes one level up",
                  ctl_time_text(ctl, step->adjudicate_by_ms));
        break;
    default:
        return;
    }
    struct ctl_trace_entry *entry = add(trace, 0, (int)step->step_no);
    if (step->state == STEP(DISPUTED)) {
        by_coordinator(trace, entry);
    } else {
        entry->who = step->provider;
        entry->node = node_of(trace, step->provider_id);
    }
    entry->step_no = step->step_no;
    entry->what = SAY(trace, "%s %s", what, step_text(trace, step->step_no));
    entry->why = why;
}

static void tell_pending_resident(struct ctl_trace *trace)
{
    const CommunityState__NeedRow *need = trace->the_case->need;
    struct ctl_trace_entry *entry = add(trace, 0, 0);
    by_community(trace, entry);
    entry->what = "the resident has the word";
    if (need != NULL && need->confirm_by_ms != 0) {
        entry->why = SAY(trace, "until %s; then silence is the outcome",
                         ctl_time_text(trace->the_case->ctl, need->confirm_by_ms));
    }
}

static void tell_pending(struct ctl_trace *trace)
{
    const CoordinatorState__LinkageRow *linkage = trace->the_case->linkage;
    if (linkage == NULL) {
        struct ctl_trace_entry *entry = add(trace, 0, 0);
        by_coordinator(trace, entry);
        entry->what = "has to open the linkage";
        entry->why = "the need is on its way, or the coordinator is not reached";
        return;
    }
    for (size_t i = 0; i < linkage->n_steps; i++) {
        tell_pending_step(trace, linkage->steps[i]);
    }
    if (linkage->state == LINKAGE(AWAITING_APPROVAL)) {
        struct ctl_trace_entry *entry = add(trace, 0, 0);
        by_community(trace, entry);
        entry->what = "the lead body has the word";
        entry->why = SAY(trace, "until %s; silence is no yes",
                         ctl_time_text(trace->the_case->ctl, linkage->approve_by_ms));
    }
    if (linkage->state == LINKAGE(AWAITING_CONFIRMATION)) {
        tell_pending_resident(trace);
    }
}

/* ---- the whole ------------------------------------------------------------- */

static int compare_entries(const void *a, const void *b)
{
    const struct ctl_trace_entry *first = a;
    const struct ctl_trace_entry *second = b;
    int64_t first_ms = first->time_ms != 0 ? first->time_ms : WU_TIME_NEVER;
    int64_t second_ms = second->time_ms != 0 ? second->time_ms : WU_TIME_NEVER;
    if (first_ms != second_ms) {
        return first_ms < second_ms ? -1 : 1;
    }
    return (first->order > second->order) - (first->order < second->order);
}

void ctl_trace_make(struct ctl_case *the_case, struct ctl_trace *ret_trace)
{
    const CoordinatorState__LinkageRow *linkage = the_case->linkage;
    ret_trace->the_case = the_case;
    ret_trace->count = 0;
    ret_trace->dropped_count = linkage != NULL ? linkage->history_dropped : 0;
    tell_raised(ret_trace);
    for (size_t i = 0; linkage != NULL && i < linkage->n_history; i++) {
        tell_event(ret_trace, linkage->history[i], (int)i * ORDER_STRIDE);
    }
    tell_bookings(ret_trace);
    tell_pending(ret_trace);
    qsort(ret_trace->entries, ret_trace->count, sizeof ret_trace->entries[0], compare_entries);
}
