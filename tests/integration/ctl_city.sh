#!/bin/bash
# wushectl at a living city: what is on file goes in, a need is raised, five
# societies work on it, the resident has the last word, and the story of it can
# be read. A node is killed in the middle of an import.
#
#   tests/integration/ctl_city.sh FOLDER_OF_PROGRAMS
# shellcheck source=tests/integration/ctl_story.sh
. "$(dirname "$0")/ctl_story.sh"
seeds=$root/seeds

ctl init city --port "$port" >/dev/null || exit 1
mkdir demo
"$programs/wushe-demo-city" demo --seed 11 >/dev/null 2>&1 || exit 1
start_all

# ---- what is on file -------------------------------------------------------------
expect 0 " 0 refused$" catalogue apply "$seeds/catalogue"
for file in organisations registrations people resources; do
    rows=$(($(wc -l <demo/$file.csv) - 1))
    expect 0 "^$rows $file read in .*: $rows accepted, 0 rejected" import "$file" "demo/$file.csv"
done
expect 0 "known before" import people demo/people.csv
kind_count=$(ctl catalogue check "$seeds/catalogue" --json | sed 's/.*"kinds":\([0-9]*\).*/\1/')
soon "community.kinds +$kind_count " store dump community
rows=$(($(wc -l <demo/needs.csv) - 1))
expect 0 ": $rows accepted, 0 rejected" import needs demo/needs.csv
expect 0 "\"accepted\":$rows,\"known_before\":$rows,\"rejected\":0" import needs demo/needs.csv --json
soon "community.needs +$rows " store dump community

# ---- bad rows end in the rejects, which can be mended and brought again ----------
place=$(grep -m1 ^community demo/organisations.csv | cut -d, -f4)
cat >bad.csv <<END
ref,division,kind
X-1,$place,elderly-meal
X-2,4201,elderly-meal
X-3,$place,no-such-kind
X-4,$place,"elderly-meal
X-5,$place,elderly-meal
END
expect 1 "5 needs read in .*: 2 accepted, 3 rejected" import needs bad.csv
head -1 bad.rejects.csv | grep -q '^ref,division,kind,line,code,reason$' || failed=1
grep -q '^X-2,4201,elderly-meal,3,DIVISION_MALFORMED,' bad.rejects.csv || failed=1
grep -q "^X-3,$place,no-such-kind,4,NEED_KIND_UNKNOWN," bad.rejects.csv || failed=1
grep -q '5,ROW_BAD_QUOTE,' bad.rejects.csv || failed=1
sed -i -e "s/X-2,4201/X-2,$place/" -e 's/no-such-kind/elderly-meal/' -e '/ROW_BAD_QUOTE/d' bad.rejects.csv
expect 0 "2 accepted, 0 rejected" import needs bad.rejects.csv
echo "ref,division,knid" >misnamed.csv
expect 2 "misnamed.csv:1: unknown column 'knid': did you mean 'kind'\?" import needs misnamed.csv
expect 2 "cannot import 'neds'" import neds bad.csv

# ---- the calendar: the State Council's days ------------------------------------------
expect 0 "39 days read in .*: 39 accepted, 0 rejected" import days "$root/seeds/calendar/2026.csv"
expect 0 "2026-10-10 +Saturday +make-up day: works +国庆节调休" calendar show 2026
expect 0 "2026-10-10 .* 3: due at the end of this day" \
    calendar due --from "2026-09-30 17:00" --days 3
expect 0 "2027 has no adopted days" calendar due --from "2026-12-31 09:00" --days 1
expect 2 "1 to 366" calendar due --days 0
printf 'date,day,name\n2026-02-30,rest,x\n2026-10-10,usual,\n' >days.csv
expect 1 "2 days read in .*: 1 accepted, 1 rejected" import days days.csv
grep -q 'DATE_MALFORMED' days.rejects.csv || failed=1
expect 0 "2026-10-12 .* 3: due at the end of this day" \
    calendar due --from "2026-09-30 17:00" --days 3

# ---- a department is summoned --------------------------------------------------------
expect 0 "department added" department add chengguan --name 城管 --division 420100000000 --key 60
expect 1 "DEPARTMENT_UNKNOWN" whistle blow fire --community "$place" --matter smoke
expect 2 "none of general, key or urgent" \
    whistle blow chengguan --community "$place" --matter wall --grade loud
whistle=$(ctl whistle blow chengguan --community "$place" --grade key --matter "违章搭建" --json |
    sed 's/.*"id":"\([^"]*\)".*/\1/')
expect 0 "$whistle +chengguan +$place +key +summoned .*违章搭建" whistle list --open
expect 0 "arrived" whistle arrived "$whistle" --by C-17
expect 0 "rated" whistle rate "$whistle" 4 --text "came at once"
expect 1 "WHISTLE_RATED_ALREADY" whistle rate "$whistle" 5
expect 0 "chengguan +城管 +420100000000 +1 +1 +0 +1 +4.00" department list
expect 0 "$place +1" whistle totals
expect 0 "no disputes" dispute list
expect 0 "no precedents" precedent list
expect 0 "legal-advice +holder-keeps +2-" contention list
expect 1 "DISPUTE_NOT_OPEN" dispute rule 2-1 1 --nobody --by STREET-1 --reason none

# ---- another system's file ---------------------------------------------------------
cat >theirs.yaml <<END
origin: theirs
columns: {ref: id, kind: what, division: where, community_name: place, raised_at: at}
time_format: "%d.%m.%Y %H:%M"
division: {prefix: "420199009", missing: "999"}
kinds: {Lunch: elderly-meal}
default_kind: elderly-visit
END
printf 'id,where,what,at,place,more\n1,7,Lunch,01.02.2026 10:00,Hill,x\n2,,Chat,,,\n' >theirs.csv
expect 0 "2 needs read in .*: 2 accepted, 0 rejected" import needs theirs.csv --mapping theirs.yaml
expect 0 " Hill " need list --limit 5
sed -i 's/default_kind/defualt_kind/' theirs.yaml
expect 2 "theirs.yaml:6: unknown key 'defualt_kind': did you mean 'default_kind'\?" \
    import needs theirs.csv --mapping theirs.yaml

# ---- one need from the door to the resident's word ---------------------------------
expect 2 "'soon' is none of urgent, difficult, anxious or longing" \
    raise --kind elderly-full-support --community "$place" --urgency soon
number=$(ctl raise --kind elderly-full-support --community "$place" --urgency urgent --json |
    sed 's/.*"need":"\([^"]*\)".*/\1/')
soon "socialworker#4 +took on step 1|socialworker#4 +said yes to step 1" linkage trace "$number"
soon "\"state\":\"confirmed\"" step list --role socialworker --json
expect 1 "STEP_NOT_WAITING" step accept "$number" 1
expect 0 "step 1: delivery .* \+ [0-9]+ (d|h|min)|step 1: delivery .*working days|the wanted time ends then" \
    linkage due "$number"
expect 0 "no escalations" escalation list
expect 0 "no linkages" linkage list --stalled
soon "step 1 delivered" step deliver "$number" 1 --minutes 45 --note visited
for try in $(seq 20); do # some offers wait for a person; then the next societies are asked
    ctl step accept --all >/dev/null 2>&1
    ctl step deliver --all --minutes 60 >/dev/null 2>&1
    ctl linkage show "$number" | grep -Eq 'state +(awaiting-confirmation|closed)' && break
    read -rt 0.1 <>pause
done
if ctl linkage show "$number" | grep -q 'awaiting-confirmation'; then
    expect 0 "need $number confirmed" need confirm "$number" --verdict partly --rating 4
    soon "closed the linkage: partly met" linkage trace "$number"
    story=$(ctl linkage trace "$number")
    for line in "raised the need $number" "of this kind a social worker looks first" \
        "said yes to step 1, fieldwork-elderly: " "its own report|visited" \
        "the core three have said yes" "set aside [0-9]+ 件 of goods-rice-5kg" \
        "issued 200.00 元 of money-elderly" "the resident said: partly, 4 of 5"; do
        grep -Eq "$line" <<<"$story" || {
            printf 'FAILED: no "%s" in the story of %s:\n%s\n' "$line" "$number" "$story"
            failed=1
        }
    done
else
    expect 0 "closed the linkage: unmet" linkage trace "$number" # the seed's providers were full
fi
expect 2 "no linkage 2-1:" linkage trace 2-1

# ---- why, and the same again from the journal ------------------------------------------
expect 0 "304 best-score \(R18\): The highest score is asked" linkage why "$number"
expect 0 "CANDIDATE +SERVES +DISTANCE" linkage why "$number"
expect 0 "304 best-score \(R18\): 得分最高者先问" linkage why "$number" --lang zh
expect 2 "neither zh nor en" linkage why "$number" --lang de
ctl linkage why "$number" --json | python3 -c '
import json, sys
for decision in json.load(sys.stdin)["decisions"]:
    chosen = [c for c in decision["entry"].get("candidates", [])
              if c["fate"] == "CANDIDATE_FATE_CHOSEN"]
    assert len(decision["names"]) == len(decision["entry"].get("candidates", []))
    assert decision["rules"] and all(rule["id"] for rule in decision["rules"])
    assert len(chosen) <= 1
' || failed=1
expect 0 "[0-9]+ receipts made again: each has the same bytes" receipt verify "$number"
expect 0 "[0-9]+ receipts made again: each has the same bytes" receipt verify --all
expect 0 "^\[ *\]$" receipt verify "$number" --json
expect 2 "has no linkage 2-1" receipt verify 2-1
expect 2 "something is missing" receipt verify
expect 0 "need.*confirmed" need confirm --all --verdict met
expect 0 "every sum is zero" ledger show

# ---- what was not met, and what goes wrong between societies ----------------------------
soon "(partly|unmet) " unmet list --limit 1000
expect 0 "^all +(partly|unmet|refused) .* [1-9]" unmet totals --together
expect 0 "no unmet" unmet list --kind no-such-kind
expect 2 "'noon' is not a time" unmet list --since noon
expect 0 "^$place +[1-9]" radar show
expect 0 "no radar" radar show --month 2020-01
expect 0 "RESISTANCE" radar show --pairs --community "$place"
expect 2 "'sloth' is none of misinterpretation, substitution" radar cases sloth
expect 2 "'2026-13' is not a month" radar show --month 2026-13
expect 0 "steps +[0-9]+ +[0-9]+ +[0-9]+ +[1-9]" report balance
expect 0 "new partners +[1-9]" report network
expect 0 "repeat cooperation +0" report network
expect 0 "10 to 99|100 and more|few: below 10" report tiers
expect 1 "MODE_REASON_INVALID" community mode "$place" three
expect 1 "MODE_DIVISION_INVALID" community mode 420100000000 three --reason trial
expect 2 "neither three nor five" community mode "$place" four --reason trial
expect 0 "links three from now on" community mode "$place" three --reason "试点前对照"
expect 0 "$place +three .*试点前对照" community mode
visit=$(ctl raise --kind elderly-visit --community "$place" --json |
    sed 's/.*"need":"\([^"]*\)".*/\1/')
soon "three-societies|links three societies" linkage trace "$visit"
soon "$visit +elderly-visit .* unmet +not-called" unmet list --division "$place" --reason not-called
meal=$(ctl raise --kind elderly-meal --community "$place" --json | # its money is optional
    sed 's/.*"need":"\([^"]*\)".*/\1/')
for _ in $(seq 50); do
    ctl step accept --all >/dev/null 2>&1
    ctl step deliver --all >/dev/null 2>&1
    ctl linkage show "$meal" | grep -Eq 'state +(awaiting-confirmation|closed)' && break
    read -rt 0.1 <>pause
done
soon "confirmed" need confirm "$meal" --verdict met
soon "$place +one-society +$meal +1" radar cases misinterpretation --community "$place"
expect 0 "^$place +[1-9][0-9]* +[1-9][0-9]* \(1 of " radar show
expect 0 "no cases" radar cases plan-forbidden
expect 0 "^cases +2 +[1-9]" report modes
expect 0 "links five" community mode "$place" five --reason "试点开始"

# ---- a draft of the catalogue, on trial ----------------------------------------------
cp -r "$seeds/catalogue" draft
expect 0 "^[1-9][0-9]+ needs: [1-9][0-9]+ the same, 0 would .*, 0 would .*, 0 routable$" \
    catalogue rehearse draft
expect 0 "^0 needs: " catalogue rehearse draft --to 2020-01-01
sed -i '/^  elderly-visit:/,/^$/s/volunteer:elder-visit:2/volunteer:moon-visit:2/' draft/elderly.yaml
sed -i '/^  elderly-meal:/,/^$/s/socialorg:meal-elderly:1/socialorg:legal-advice:1/' draft/elderly.yaml
expect 0 "^elderly-visit +[0-9]+ +0 +[1-9][0-9]* +0$" catalogue rehearse draft
expect 0 "^elderly-meal +[0-9]+ +[1-9][0-9]* +0 +[0-9]+$" catalogue rehearse draft
expect 0 "^武汉市江城公益法律服务中心 +[0-9]+ +[0-9]+ +\+[1-9][0-9]*$" catalogue rehearse draft
expect 0 " elderly-visit +[0-9]{12} +unroutable +elder-visit: [^ ]+志愿服务队 +moon-visit: nobody" \
    catalogue rehearse draft --from 2026-01-01 --limit 1000
expect 0 "\"same\":[1-9][0-9]*,\"elsewhere\":[1-9][0-9]*,\"unroutable\":[1-9][0-9]*," \
    catalogue rehearse draft --json
ctl catalogue rehearse draft --json | python3 -m json.tool >/dev/null || failed=1

# ---- a node dies in the middle of an import -----------------------------------------
{
    echo "ref,kind,division"
    for row in $(seq 20000); do
        echo "K-$row,elderly-visit,$place"
    done
} >many.csv
before=$(ctl store dump community | awk '/^community.needs /{print $2}')
ctl import needs many.csv >many.out 2>&1 &
import=$!
for _ in 1 2 3; do
    read -rt 0.2 <>pause
    kill -9 "${process[community]}"
    wait "${process[community]}" 2>/dev/null
    start community
done
wait "$import" || failed=1
grep -q ': 20000 accepted.*, 0 rejected' many.out || {
    echo "FAILED: import over a killed node: $(cat many.out)"
    failed=1
}
after=$(ctl store dump community | awk '/^community.needs /{print $2}')
if ((after - before != 20000)); then
    echo "FAILED: 20000 needs went in, $((after - before)) are there"
    failed=1
fi

# ---- a receipt that somebody changed is found ------------------------------------------
kill -9 "${process[coordinator]}"
wait "${process[coordinator]}" 2>/dev/null
python3 - city/coordinator/state/data.mdb <<'END' || failed=1
import sys
with open(sys.argv[1], "r+b") as store:
    data = store.read()
    told = data.replace(b"\x52\x07visited", b"\x52\x07visitet")  # the text of a story's line
    assert told != data
    store.seek(0)
    store.write(told)
END
expect 5 "$number +[0-9]+ +other bytes when it was folded again" receipt verify "$number"
exit "$failed"
