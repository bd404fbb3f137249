#!/bin/bash
# wushectl at a living city, about its residents: who they are is in no file of any
# node, no log and no answer but the one that was asked for; consent, access log and
# erasure, with the community's daemon killed on the way.
#
#   tests/integration/ctl_residents.sh FOLDER_OF_PROGRAMS
# shellcheck source=tests/integration/ctl_story.sh
. "$(dirname "$0")/ctl_story.sh"
canaries=(CANARY-name-Wang 13877770001 CANARY-address-5-2-301 420106194001019990
    CANARY-health-dialysis CANARY-name-Li 13877770002)

ctl init city --port "$port" >/dev/null || exit 1
start_all
cat >bodies.csv <<END
society,code,name,division,services,answers
community,420106012001,水果湖社区,420106012001,,
END
expect 0 "1 accepted" import organisations bodies.csv

# said TEXT PATTERN WORD ...: TEXT is standard input
said() {
    local text=$1 pattern=$2 answer
    shift 2
    answer=$(printf '%s' "$text" | ctl "$@" 2>&1)
    if ! grep -Eq -- "$pattern" <<<"$answer"; then
        printf 'FAILED: wushectl %s\n  no "%s" in:\n%s\n' "$*" "$pattern" "$answer"
        failed=1
    fi
    number=$(grep -Eo '[0-9]+-[0-9]+' <<<"$answer" | head -n 1)
}

# nothing_open WHEN: no canary in any file of the city or log, free pages and old records too
nothing_open() {
    local canary
    for canary in "${canaries[@]}"; do
        if grep -rlaF -- "$canary" city ./*.log; then
            printf 'FAILED: %s: %s is there in the clear\n' "$1" "$canary"
            failed=1
        fi
    done
}

# kill_community: as a power cut would; it comes back by itself
kill_community() {
    kill -9 "${process[community]}"
    wait "${process[community]}" 2>/dev/null
    start community
    soon "^ +[0-9]+ community +serving" status
}

# ---- registered, found, read ------------------------------------------------------------

said "address: ${canaries[2]}" "household [0-9-]+ registered" \
    household register --community 420106012001
home=$number
said "name: ${canaries[0]}
phone: ${canaries[1]}
id-number: ${canaries[3]}
health: ${canaries[4]}
" "resident [0-9-]+ registered" resident register --community 420106012001 --household "$home"
wang=$number
kill_community
said "name: ${canaries[5]}
phone: ${canaries[6]}
" "resident [0-9-]+ registered" resident register --community 420106012001
li=$number
said "phone: +86 138-7777-0001" "resident $wang has it" resident find --by clerk-1
said "phone: 13800000000" "RESIDENT_UNKNOWN" resident find --by clerk-1
said "nickname: x" "none of name, phone" resident register --community 420106012001
expect 0 "$wang.*$home" resident list
expect 1 "CONSENT_MISSING" resident show "$wang" --by worker-3 --purpose service
expect 0 "agrees" consent record "$wang" --purpose service --recipient community
expect 0 "phone +${canaries[1]}" resident show "$wang" --by worker-3 --purpose service --kind phone
expect 1 "CONSENT_MISSING" resident show "$wang" --by worker-3 --purpose service --kind health
expect 0 "agrees no longer" consent withdraw "$wang" 1
expect 1 "CONSENT_MISSING" resident show "$wang" --by worker-3 --purpose service --kind phone
expect 0 "health +${canaries[4]}" resident show "$wang" --by wang --purpose own-request
expect 0 "service +community" consent list "$wang"
expect 0 "worker-3 +service +phone +1 +given" resident access-log "$wang"
expect 0 "worker-3 +service +health +- +refused" resident access-log "$wang"
nothing_open "after reading"

# ---- changed, erased ----------------------------------------------------------------------

said "phone: 13877770009" "changed" resident change "$wang"
canaries+=(13877770009)
expect 0 "phone +13877770009" resident show "$wang" --by wang --purpose own-request --kind phone
cp -r city/community/state city/community/state.keys . # as a backup would, before the erasure
expect 0 "erased" resident erase "$wang" --by clerk-1
kill_community
expect 1 "RESIDENT_ERASED" resident show "$wang" --by wang --purpose own-request
said "phone: 13877770009" "RESIDENT_UNKNOWN" resident find --by clerk-1
expect 0 "name +${canaries[5]}" resident show "$li" --by li --purpose own-request
expect 0 "worker-3 +service +phone +1 +given" resident access-log "$wang"
nothing_open "after erasing"
expect 0 "" store verify community

# A keystore from before the erasure is put back: the next start destroys the key again.
kill -9 "${process[community]}"
wait "${process[community]}" 2>/dev/null
if cmp -s state.keys city/community/state.keys; then
    printf 'FAILED: erasing changed nothing in the keystore\n'
    failed=1
fi
cp state.keys city/community/state.keys
start community
soon "^ +[0-9]+ community +serving" status
if cmp -s state.keys city/community/state.keys; then
    printf 'FAILED: a key that is erased came back with an old keystore\n'
    failed=1
fi
expect 1 "RESIDENT_ERASED" resident show "$wang" --by wang --purpose own-request

# The keystore of another node, or one that others may read, is not taken.
kill -9 "${process[community]}"
wait "${process[community]}" 2>/dev/null
chmod 644 city/community/state.keys
"$programs/wushe-community" --config city/community/node.yaml >refused.log 2>&1
if ! grep -q "is open to others" refused.log; then
    printf 'FAILED: a keystore open to others was taken\n'
    failed=1
fi
chmod 600 city/community/state.keys
exit "$failed"
