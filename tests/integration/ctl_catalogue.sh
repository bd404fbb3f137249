#!/bin/bash
# A catalogue's way from files into a city: checked without one, applied, applied
# again, changed for a day to come, compared, and in force when that day is here.
#
#   tests/integration/ctl_catalogue.sh FOLDER_OF_PROGRAMS
# shellcheck source=tests/integration/ctl_story.sh
. "$(dirname "$0")/ctl_story.sh"
seeds=$root/seeds/catalogue

cp -r "$seeds" files
count=$(ctl catalogue check files --json | sed 's/.*"kinds":\([0-9]*\).*/\1/')

# ---- without a city ----------------------------------------------------------------
expect 0 "^files: $count kinds in [0-9]+ files, 0 faults$" catalogue check files
expect 0 "^files/wishes.yaml: [0-9]+ kinds in 1 files, 0 faults$" catalogue check files/wishes.yaml
cat >bad.yaml <<END
heading: bad
kinds:
  errand:
    name: {zh: 跑腿, en: An errand}
    class: administrative
    must: [socialworker]
    recipe: ["socialworker:running:1"]
    reply: 1h
    deliver: 1d
    confirm: 1d
    legal_basis: none
  half:
    name: {zh: 一半}
    clas: autonomy
END
expect 5 "^bad.yaml:3: kind 'errand' is administrative and asks a social worker: .*no-errands, R21" \
    catalogue check bad.yaml
expect 5 "^bad.yaml:14: unknown key 'clas': did you mean 'class'\?$" catalogue check bad.yaml
expect 5 "^bad.yaml:13: name has no 'en': add it$" catalogue check bad.yaml
expect 5 "\"file\":\"bad.yaml\",\"line\":13,\"what\":\"name has no 'en': add it\"" \
    catalogue check bad.yaml --json
expect 2 "no catalogue at 'nowhere'" catalogue check nowhere

# ---- a city that has none -----------------------------------------------------------
ctl init city --port "$port" >/dev/null || exit 1
start_all coordinator community
expect 5 "^elderly-meal +not there +new" catalogue diff files
expect 2 "bad.yaml:13: name has no 'en'" catalogue apply bad.yaml
expect 2 "node 'community' is a community: a catalogue is a coordinator's" \
    catalogue apply files --node community
expect 0 "^$count kinds: $count new, 0 changed, 0 the same, 0 over; $count adopted, 0 refused$" \
    catalogue apply files
expect 0 "^$count kinds: 0 new, 0 changed, $count the same, 0 over; 0 adopted, 0 refused$" \
    catalogue apply files
expect 0 "" catalogue diff files
expect 0 "^elderly +elderly-meal +老人助餐 +Meals for an elder +purchasable +1 " catalogue show
expect 0 "\"field\": *\"name.zh\",\s*" catalogue show elderly-meal --json
expect 0 "^legal_basis +五社联动论文" catalogue show elderly-meal
expect 2 "no such version of kind 'elderly-meel'" catalogue show elderly-meel
soon "community.kinds +$count " store dump community

# ---- changed for a day to come --------------------------------------------------------
sed -i '/^  elderly-meal:/,/^$/s/deliver: 7d/deliver: 8d/' files/elderly.yaml
rm files/wishes.yaml
expect 5 "^elderly-meal +deliver +7d +8d" catalogue diff files
expect 5 "^wish-company +in force +in no file" catalogue diff files
left=$(ctl catalogue check files --json | sed 's/.*"kinds":\([0-9]*\).*/\1/')
expect 2 "'soon' is not a day" catalogue apply files --from soon
expect 0 "^$left kinds: 0 new, 1 changed, $((left - 1)) the same, 0 over; 1 adopted, 0 refused$" \
    catalogue apply files --from 2099-01-01
expect 0 ": 0 new, 0 changed, $left the same" catalogue apply files --from 2099-01-01
expect 0 "^version +1$" catalogue show elderly-meal
expect 0 "^deliver +8d$" catalogue show elderly-meal --at 2099-01-01
expect 0 "^state +from 2099-01-01 00:00" catalogue show elderly-meal --version 2
expect 5 "^elderly-meal +deliver +7d +8d" catalogue diff files

# ---- and in force when it is here -------------------------------------------------------
sed -i '/^  elderly-meal:/,/^$/s/deliver: 8d/deliver: 9d/' files/elderly.yaml
expect 0 "1 changed, .* 1 adopted" catalogue apply files --from "$(date -u -d '+2 seconds' +%FT%TZ)"
expect 0 "^deliver +9d$" catalogue show elderly-meal --version 3
soon '"code":"elderly-meal"},"row":\{"version":3,' store dump community kinds
expect 0 "^state +in force$" catalogue show elderly-meal --version 3
expect 0 "^state +over$" catalogue show elderly-meal --version 1
expect 0 "^state +replaced before its day$" catalogue show elderly-meal --version 2
expect 0 "^coordinator#1 +same" store verify coordinator

exit $failed
