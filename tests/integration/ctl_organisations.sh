#!/bin/bash
# wushectl at a living city, at its organisations: who is not registered is asked
# for nothing; a suspension gives back what was held; who is bound does not decide.
#
#   tests/integration/ctl_organisations.sh FOLDER_OF_PROGRAMS
# shellcheck source=tests/integration/ctl_story.sh
. "$(dirname "$0")/ctl_story.sh"

ctl init city --port "$port" >/dev/null || exit 1
start_all
cat >bodies.csv <<END
society,code,name,division,services,answers
community,420106012001,水果湖社区,420106012001,,
socialorg,ORG-1,江城助老服务中心,420106012000,meals,by_hand
socialorg,ORG-2,长江互助协会,420106012000,meals,by_hand
socialorg,ORG-3,惠民超市,420106012000,shopping,by_hand
END
cat >meals.yaml <<END
heading: meals
kinds:
  meal:
    name: {zh: 送餐, en: Meals}
    class: purchasable
    recipe: [socialorg:meals:1]
    reply: 1h
    deliver: 1d
    confirm: 1d
    legal_basis: test
END
expect 0 "4 accepted" import organisations bodies.csv
expect 0 "" catalogue apply meals.yaml
soon "community.kinds +1 " store dump community

# ---- who is not registered ------------------------------------------------------------
number=$(ctl raise --kind meal --community 水果湖社区 --json | sed -E 's/.*"need":"([^"]*)".*/\1/')
soon "state +closed" linkage show "$number"
expect 1 "CREDIT_CODE_INVALID.*GB 32100" org register ORG-1 service-agency \
    --credit-code 53100000500021676L --registered-until 2099-12-31 --founder-count 9 --by office-1
expect 2 "kind 'club' is none of association, service-agency" org register ORG-1 club --by office-1
expect 0 "ORG-1 is on record" org register ORG-1 service-agency --credit-code 53100000500021676K \
    --registered-until 2099-12-31 --founder-count 9 --resident-founder-count 3 --rating 4 \
    --rated-until 2098-12-31 --scope "meals;visits" --by office-1
expect 1 "CREDIT_CODE_TAKEN" org register ORG-2 association --credit-code 53100000500021676K \
    --registered-until 2099-12-31 --founder-count 9 --by office-1
expect 0 "" org register ORG-2 community-group --filing-number F-7 --registered-until 2099-12-31 \
    --founder-count 9 --resident-founder-count 9 --by office-1
expect 0 "ORG-1 +江城助老服务中心 +service-agency +registered +53100000500021676K .*4A +3/9 +not resident-led" org list
expect 0 '"body":"ORG-2","name":"长江互助协会","kind":"community-group","status":"filed"' org list --json

# ---- an enterprise declares its interests first -----------------------------------------
expect 1 "CHECKS_MISSING" org register ORG-3 enterprise --credit-code 9144030071526726XG \
    --registered-until 2099-12-31 --founder-count 1 --by office-1
expect 1 "INTERESTS_UNDECLARED" org register ORG-3 enterprise --credit-code 9144030071526726XG \
    --registered-until 2099-12-31 --founder-count 1 --checks "licence;credit-record" --by office-1
expect 0 "" interest declare ORG-3 --kind none --by ORG-3
expect 0 "" org register ORG-3 enterprise --credit-code 9144030071526726XG \
    --registered-until 2099-12-31 --founder-count 1 --checks "licence;credit-record" --by office-1

# ---- a suspension gives back what is held -------------------------------------------------
number=$(ctl raise --kind meal --community 水果湖社区 --json | sed -E 's/.*"need":"([^"]*)".*/\1/')
soon "waiting" step list
holder=$(ctl step list --json | sed -E 's/.*"body":"([^"]*)".*/\1/')
body=ORG-1 other=长江互助协会
if [[ $holder == 长江互助协会 ]]; then
    body=ORG-2 other=江城助老服务中心
fi
expect 0 "" step accept "$number" 1
soon "confirmed" step list
expect 1 "REASON_MISSING" org suspend "$body" --by office-1
expect 0 "$body is suspended" org suspend "$body" --reason "accounts not kept" --by office-1
soon "waiting +$other" step list
expect 0 "it was suspended" linkage trace "$number"
expect 0 "$body .* suspended " org list
expect 1 "SAME_PERSON" org lift "$body" --reason "in order" --by office-1
expect 0 "" interest declare p-9 --other "$body" --kind family --by p-9
expect 1 "CONFLICT_OF_INTEREST.*p-9 - $body" org lift "$body" --reason "in order" --by p-9
expect 0 "is suspended no longer" org lift "$body" --reason "in order" --by office-2

# ---- an interest found later ------------------------------------------------------------
expect 0 "$body +p-9 +family" interest list "$body"
expect 0 "" interest declare office-2 --other p-9 --kind other --found --by p-1
expect 0 "$body +lift +reopened +office-2" decision list --reopened
expect 1 "REVIEW_SAME_PERSON" decision review "$body" lift --uphold --reason fine --by office-2
expect 0 "" decision review "$body" lift --uphold --reason "looked at it" --by office-3
expect 0 "$body +lift +upheld .*office-3" decision list

# ---- a new one grows up -------------------------------------------------------------------
expect 0 "" incubation advance ORG-1 seed --mentor ORG-2 --evidence "八位居民" --by office-4
expect 0 "ORG-1 +江城助老服务中心 +seed .*ORG-2 +八位居民" incubation list
expect 1 "DECISION_UNKNOWN" decision disclose ORG-2 incubation --where board --by office-4
expect 0 "policy set" org policy --disclosure-days 20 --by city-1
expect 0 "" store verify socialorg
exit "$failed"
