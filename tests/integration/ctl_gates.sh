#!/bin/bash
# wushectl at a living city, at its gates: a lead body says yes, no, or nothing
# is offered; administrative work is refused to a social worker until two people
# let it pass; an emergency relaxes two gates and is reviewed.
#
#   tests/integration/ctl_gates.sh FOLDER_OF_PROGRAMS
# shellcheck source=tests/integration/ctl_story.sh
. "$(dirname "$0")/ctl_story.sh"

# made WORD ...: the number in the answer
made() {
    ctl "$@" --json | sed -E 's/^\{"[a-z]+":"([^"]*)".*/\1/'
}

ctl init city --port "$port" >/dev/null || exit 1
mkdir demo
"$programs/wushe-demo-city" demo --seed 11 >/dev/null 2>&1 || exit 1
start_all
expect 0 "0 rejected" import organisations demo/organisations.csv
expect 0 "0 rejected" import registrations demo/registrations.csv
expect 0 "0 rejected" import people demo/people.csv
place=$(grep -m1 ^community demo/organisations.csv | cut -d, -f4)

cat >gates.yaml <<END
heading: gates
kinds:
  permit:
    name: {zh: 证明办理, en: A permit}
    class: administrative
    recipe: [socialorg:meal-elderly:1]
    reply: 1h
    deliver: 1d
    confirm: 1d
    legal_basis: test
  hall:
    name: {zh: 活动室借用, en: A room}
    class: autonomy
    approval: true
    recipe: [socialorg:meal-elderly:1, volunteer:elder-visit:1]
    reply: 1h
    deliver: 1d
    confirm: 1d
    legal_basis: test
END
sed -e 's/recipe: .*/recipe: [socialworker:fieldwork-elderly:1]/' gates.yaml >errand.yaml
expect 2 "rule no-errands" catalogue apply errand.yaml
expect 0 "" catalogue apply gates.yaml
soon "community.kinds +2 " store dump community

# ---- the lead body --------------------------------------------------------------------
number=$(made raise --kind hall --community "$place")
soon "state +awaiting-approval" linkage show "$number"
soon "the lead body has the word" linkage trace "$number"
expect 1 "PERSON_INVALID" linkage approve "$number" --by 王书记
expect 1 "REASON_MISSING" linkage refuse "$number" --by sec-1
expect 0 "linkage $number approved" linkage approve "$number" --by sec-1
soon "approved by +sec-1" linkage show "$number"
expect 1 "LINKAGE_NOT_AWAITING_APPROVAL" linkage approve "$number" --by sec-1
number=$(made raise --kind hall --community "$place")
soon "state +awaiting-approval" linkage show "$number"
expect 0 "linkage $number refused" linkage refuse "$number" --by sec-1 --reason "not this week"
soon "unmet: not-approved" linkage show "$number"
soon "the lead body said no.*not this week" linkage trace "$number"

# ---- the firewall, and two people -------------------------------------------------------
number=$(made raise --kind permit --community "$place")
soon "state +(reserving|delivering)" linkage show "$number"
expect 1 "STEP_FORBIDDEN.*rule 100 admin-not-to-socialworker" \
    step add "$number" --role socialworker --service fieldwork-elderly --by p-1
expect 2 "reason is one of nobody-else, harm-if-late, by-law or street-agreed" \
    override request "$number" --role socialworker --service fieldwork-elderly --by p-1
override=$(made override request "$number" --role socialworker --service fieldwork-elderly \
    --reason harm-if-late --by p-1)
expect 0 "$override .*100 admin-not-to-socialworker +harm-if-late +requested +p-1" \
    override list --waiting
expect 1 "OVERRIDE_SAME_PERSON.*rule 120 second-person" override confirm "$override" --by p-1
expect 0 "linkage $number has the step" override confirm "$override" --by street-7
expect 1 "OVERRIDE_SETTLED" override confirm "$override" --by street-8
soon "which two people let pass \(harm-if-late\)" linkage trace "$number"
soon "refused a step by hand: socialworker fieldwork-elderly" linkage trace "$number"
expect 0 "100 admin-not-to-socialworker +1 +1 +0" linkage totals
expect 0 '"overrides":' linkage totals --json

# ---- an emergency -----------------------------------------------------------------------
expect 2 "say where" emergency declare --authority 指挥部 --kinds hall --until +1d --reason flood
expect 1 "EMERGENCY_KIND_UNKNOWN" \
    emergency declare --authority 指挥部 --area "$place" --kinds nil --until +1d --reason flood
emergency=$(made emergency declare --authority 区防汛指挥部 --area "$place" --kinds hall,permit \
    --until +1d --reason flood)
number=$(made raise --kind hall --community "$place")
soon "did without lead-body-first: emergency of 区防汛指挥部" linkage trace "$number"
soon "did without core-three-first: emergency of 区防汛指挥部|the core three have said yes" \
    linkage trace "$number"
expect 0 "standing +区防汛指挥部 .*202 lead-body-first: 1" emergency list --open
expect 0 "$number +202 lead-body-first +hall" emergency review "$emergency"
expect 0 "emergency $emergency ended" emergency end "$emergency" --by chief-1 --reason "water gone"
expect 1 "EMERGENCY_OVER" emergency end "$emergency" --by chief-1 --reason again
expect 0 "water gone" emergency review "$emergency"
number=$(made raise --kind hall --community "$place")
soon "state +awaiting-approval" linkage show "$number"

expect 0 "" store verify coordinator
exit "$failed"
