#!/bin/bash
# wushectl at a city whose nodes do not run: what it makes, what it refuses,
# and what it says.
#
#   tests/integration/ctl_operate.sh WUSHECTL
set -uo pipefail
tools=$(mktemp -d)
work=$(mktemp -d)
trap 'rm -rf "$tools" "$work"' EXIT
cp "$1" "$tools/wushectl" || exit 1 # away from a city that may lie beside it
wushectl=$tools/wushectl
cd "$work" || exit 1
unset WUSHE_HOME
failed=0

# expect STATUS PATTERN WORD ...: exit status, and an extended regular expression in what is said
expect() {
    local status=$1 pattern=$2 said rc
    shift 2
    said=$("$wushectl" "$@" 2>&1)
    rc=$?
    if ((rc != status)) || ! grep -Eq -- "$pattern" <<<"$said"; then
        printf 'FAILED: wushectl %s\n  status %s, expected %s\n  no "%s" in:\n%s\n' \
            "$*" "$rc" "$status" "$pattern" "$said"
        failed=1
    fi
}

# same WHAT ONE OTHER
same() {
    if [[ $2 != "$3" ]]; then
        printf 'FAILED: %s\n  %s\n  %s\n' "$1" "$2" "$3"
        failed=1
    fi
}

json() {
    "$wushectl" "$@" --json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)))'
}

# ---- the command line ----------------------------------------------------------
expect 2 "a command is missing"
expect 0 "^Usage: wushectl \[OPTIONS\] COMMAND" --help
expect 0 "^Usage: wushectl linkage trace" linkage trace --help
expect 0 "^Usage: wushectl linkage trace" --help linkage trace
expect 0 "dead-letters retry" dead-letters --help
expect 0 "^wushectl [0-9]+\.[0-9]+\.[0-9]+$" --version
expect 2 "unknown command 'stauts', did you mean 'status'\?" stauts
expect 2 "unknown command 'linkage trase', did you mean 'linkage trace'\?" linkage trase
expect 2 "'linkage' wants a second word" linkage
expect 2 "unknown option '--jsn', did you mean '--json'\?" --jsn status
expect 2 "unknown option '--jsn' for 'status', did you mean '--json'\?" status --jsn
expect 2 "'now' is one word too many: wushectl status" status now
expect 2 "something is missing: wushectl store dump NODE" store dump
expect 2 "--timeout is '0'" status --timeout 0
expect 2 "--home wants a value" status --home
expect 2 "there is no city here" status
expect 2 "the home '/nowhere' is not there" --home /nowhere status

# ---- a city --------------------------------------------------------------------
expect 0 "made +made +made +$work/city/coordinator" init city --port 7801
same "files of others are closed to all but their owner" "" \
    "$(find city -perm /077)"
same "six nodes" 6 "$(find city -name node.yaml | wc -l)"
before=$(find city -type f -exec md5sum {} + | sort)
expect 0 "was there was there" init city
expect 0 "was there was there" init city --port 7801
expect 2 "there is a city of division 420100000000 on port 7801" init city --port 7901
same "init again changes nothing" "$before" "$(find city -type f -exec md5sum {} + | sort)"
rm city/charity/node.yaml city/coordinator/roster
expect 0 "charity +made +was there" init city
same "init completes what was begun" "$before" "$(find city -type f -exec md5sum {} + | sort)"
rm city/volunteer/node.key
expect 0 "does not know this node, add the line" init city
expect 2 "nothing was made: .*listen_mail has the port '80'" init other --port 80
expect 2 "longer|choose a shorter folder" init "$(printf 'a%.0s' {1..100})"
same "a refused init leaves nothing" "city" "$(ls)"

# ---- one node ------------------------------------------------------------------
key=$(sed -n 's/^public //p' city/coordinator/node.key)
hub=(--hub-node 1 --hub-mail tcp://10.1.0.1:7601 --hub-public tcp://10.1.0.1:7602 --hub-key "$key")
expect 0 "^node=12 role=community key=.{40} state=active follow=[a-z.,]* submit=yes$" \
    init node --role community --node 12 --division 420106012001 "${hub[@]}"
expect 2 "--node is missing" init x --role charity "${hub[@]}"
expect 2 "say which coordinator it dials" init x --role charity --node 3
expect 2 "unknown role 'gardener'" init x --role gardener --node 3
expect 2 "are for one node: add --role" init x --node 3
expect 0 "20 coordinator made +made +made" init district --role coordinator --node 20
expect 3 "12 community down" --home node status

# ---- what is not running -------------------------------------------------------
expect 3 "coordinator +down" status
same "status is one JSON value" 2 "$(json status)"
expect 5 "the door does not answer" doctor
expect 5 "there is no store yet" doctor
expect 0 "no dead letters" dead-letters list
expect 4 "no store to read" store dump coordinator journal
expect 2 "no node of role 'coordinatr'.* did you mean 'coordinator'\?" store dump coordinatr
expect 2 "say why with --reason" generation begin coordinator
expect 2 "say why with --reason" dead-letters drop charity 7
expect 2 "'x' is no number of a dead letter" dead-letters show charity x

expect 5 "volunteer#5" doctor
expect 5 "fail +admission +its coordinator's roster has another key for it" doctor
chmod 640 city/charity/node.key
expect 5 "fail +key +key file .*charity/node.key. is open to others" doctor
chmod 600 city/charity/node.key

# ---- the roster ----------------------------------------------------------------
roster=city/coordinator/roster
lines=$(wc -l <"$roster")
same "five nodes may connect" 5 "$(json roster list)"
expect 1 "NODE_UNKNOWN" roster revoke 77
expect 0 "node 3 is revoked" roster revoke 3
expect 0 "node 3 was revoked already" roster revoke 3
same "one line changed" "node=3" "$(grep "^node.*state=revoked" "$roster" | cut -d' ' -f1)"
same "no line is lost" "$lines" "$(wc -l <"$roster")"
printf 'node=9 role=agency key=%s' "$(printf '9%.0s' {1..40})" >>"$roster"
expect 0 "node 9 is revoked" roster revoke 9
expect 0 "9 agency +revoked" roster list
sed -i 's/node=2 /nodes=2 /' "$roster"
expect 2 "coordinator/roster:3: " roster list
echo 'colour: red' >>city/charity/node.yaml
expect 3 "city/charity/node.yaml:[0-9]+: unknown key 'colour'" status

exit "$failed"
