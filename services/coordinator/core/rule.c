#include "services/coordinator/core/rule.h"

#include <stddef.h>

const struct rule_text RULE_TEXTS[] = {
    {RULE(LISTED_WORK), "listed-work", "R02", "事项须在目录中。",
     "The kind must be in the catalogue."},
    {RULE(WANTED_TIME), "wanted-time", "R02", "期望时间须有先后且尚未过去。",
     "The wanted time must end after it begins, and not be over."},
    {RULE(SOMETHING_TO_DO), "something-to-do", "R02", "事项须先评估，或有至少一个步骤。",
     "A kind needs an assessment or a step in its recipe."},
    {RULE(PLAN_USABLE), "plan-usable", "R06", "评估方案须可执行，否则按目录的步骤办理。",
     "An assessment's plan must be one that can be followed; else the recipe holds."},
    {RULE(KIND_IN_FORCE), "kind-in-force", "R12", "事项须在有效期内。",
     "The kind must be in force: begun, and not ended."},
    {RULE(KIND_COMPLETE), "kind-complete", "R12", "目录须写明事项、办理步骤与时限。",
     "The catalogue says what a kind is, what has to be done, and by when."},
    {RULE(DUTIES_AGREE), "duties-agree", "R12", "应办者须在步骤中，不得办者不得出现在步骤中。",
     "Who must is asked, and who must not is never asked."},
    {RULE(NO_ERRANDS), "no-errands", "R21", "行政事务不得列为社会工作者的步骤。",
     "An administrative kind has no step for a social worker."},
    {RULE(LICENCE_SAID), "licence-said", "R19", "专业事项须写明最低等级或专业领域。",
     "A professional kind says the least level or the field of the licence."},
    {RULE(CORE_THREE_FIRST), "core-three-first", "R45",
     "社区、社工、社会组织先行，再召集志愿者与慈善资源。",
     "Community, social worker and organisation first; volunteers and charity after them."},
    {RULE(RESERVE_TOGETHER), "reserve-together", "N6", "所有必要步骤都预留后才一并确认。",
     "All required steps are reserved before any is confirmed."},
    {RULE(NEAREST_FIRST), "nearest-first", "R36", "由近及远：社区、街道、区县、市、省。",
     "From near to far: community, street, district, city, province."},
    {RULE(LONGEST_WITHOUT_OFFER), "longest-without-offer", "R16", "同等条件下，久未派单者优先。",
     "Among equals, whoever has been longest without an offer."},
    {RULE(NOT_ASKED_TWICE), "not-asked-twice", "N4", "拒绝、沉默或逾期者不再被问同一步骤。",
     "Who said no, kept silent or was late is not asked for the same step again."},
    {RULE(NOBODY_LEFT), "nobody-left", "R41", "再无可问之人。", "Nobody is left to ask."},
    {RULE(BEST_SCORE), "best-score", "R18", "得分最高者先问。", "The highest score is asked."},
    {RULE(LESS_BUSY), "less-busy", "R18", "按容量计，余力多者得分高。",
     "More room, measured by one's own capacity, scores higher."},
    {RULE(KEPT_PROMISES), "kept-promises", "R36", "守约多者得分高，旧事渐淡。",
     "Kept promises score higher; what is long ago counts less."},
    {RULE(FAIR_SHARE), "fair-share", "R33", "按容量计，近来派单少者得分高。",
     "Fewer offers of late, measured by one's own capacity, score higher."},
    {RULE(COOL_DOWN), "cool-down", "R36", "违约逾期者两日内降分。",
     "Who let a confirmed step go or was late scores lower for two days."},
    {RULE(ASKED_OFTEN_ENOUGH), "asked-often-enough", "N4", "同一步骤最多问六十四次。",
     "One step is offered at most 64 times."},
    {RULE(ONE_DELIVERY), "one-delivery", "N6", "一个步骤只计一次交付，先到者算。",
     "One step has one counted delivery: the first reported."},
    {RULE(SILENCE_IS_NO), "silence-is-no", "N4", "限时内未答复视为拒绝。",
     "No answer in time counts as no."},
    {RULE(DELIVERY_IN_TIME), "delivery-in-time", "N22", "逾期未完成，转由他人承接。",
     "What is not done in time goes to somebody else."},
    {RULE(FOUND_IN_TIME), "found-in-time", "N22", "限时内须找齐所有承接方。",
     "Everybody a case needs is found within the time its urgency gives."},
    {RULE(CLOSED_IN_TIME), "closed-in-time", "N22", "办结后须按时确认并结案。",
     "A delivered case is confirmed and closed in its time."},
    {RULE(ONE_LEVEL_UP), "one-level-up", "R11", "超时逐级上报，每次一级，不影响其他事项。",
     "A broken clock takes its case one level up, and no other case with it."},
    {RULE(TWO_PASS_BACKS), "two-pass-backs", "R35", "同一步骤至多退回两次，随后裁决。",
     "At most two may pass a step back as not theirs; then it is ruled on."},
    {RULE(PRECEDENT), "precedent", "N4", "同类争议依前例处理。",
     "What was ruled holds for the next step like it."},
    {RULE(RULING_BINDS), "ruling-binds", "N4", "裁决一经作出即为定论。",
     "A ruling holds: the step is not passed back again."},
    {RULE(RULED_IN_TIME), "ruled-in-time", "N4", "争议须在规定工作日内裁决。",
     "A dispute is ruled on within its working days."},
    {0},
};

const struct rule_text *rule_text(Rule rule)
{
    for (const struct rule_text *text = RULE_TEXTS; text->rule != 0; text++) {
        if (text->rule == rule) {
            return text;
        }
    }
    return NULL;
}
