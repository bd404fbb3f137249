#!/bin/bash
# What the stories of wushectl at a living city share; sourced, with the folder of
# programs as the first word:
#
#   . "$(dirname "$0")/ctl_story.sh"
#
# Gives: programs, root, work (a scratch folder, entered), port (free, and the one
# after it), process (by role, killed at the end), failed, and the functions below.
# shellcheck disable=SC2034 # whoever sources this uses them
set -uo pipefail
programs=$(realpath "$1") || exit 1
root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..") || exit 1
work=$(mktemp -d)
declare -A process
failed=0

# shellcheck disable=SC2317 # the trap calls it
stop_all() {
    local role
    for role in "${!process[@]}"; do
        kill -9 "${process[$role]}" 2>/dev/null
    done
    wait 2>/dev/null
    rm -rf "$work"
}
trap stop_all EXIT
cd "$work" || exit 1
unset WUSHE_HOME
mkfifo pause
port=$((4000 + $$ % 3000 * 2)) # the C tests take theirs from 12000 on
while (exec 3<>"/dev/tcp/127.0.0.1/$port" || exec 3<>"/dev/tcp/127.0.0.1/$((port + 1))") 2>/dev/null; do
    port=$((port + 2))
done

ctl() {
    "$programs/wushectl" --quiet "$@"
}

# expect STATUS PATTERN WORD ...: exit status, and an extended regular expression in what is said
expect() {
    local status=$1 pattern=$2 said rc
    shift 2
    said=$(ctl "$@" 2>&1)
    rc=$?
    if ((rc != status)) || ! grep -Eq -- "$pattern" <<<"$said"; then
        printf 'FAILED: wushectl %s\n  status %s, expected %s\n  no "%s" in:\n%s\n' \
            "$*" "$rc" "$status" "$pattern" "$said"
        failed=1
    fi
}

# soon PATTERN WORD ...: the same answer within ten seconds, for what a second node has to hear first
soon() {
    local pattern=$1 said try
    shift
    for try in $(seq 100); do
        said=$(ctl "$@" 2>&1)
        grep -Eq -- "$pattern" <<<"$said" && return
        read -rt 0.1 <>"$work/pause"
    done
    printf 'FAILED: wushectl %s\n  after %s tries no "%s" in:\n%s\n' "$*" "$try" "$pattern" "$said"
    failed=1
}

# start ROLE: its daemon, of the city in ./city
start() {
    "$programs/wushe-$1" --config "city/$1/node.yaml" >>"$1.log" 2>&1 &
    process[$1]=$!
}

# start_all [ROLE ...]: these, or one of each, until all serve
start_all() {
    local role
    (($# > 0)) || set -- coordinator community socialorg socialworker volunteer charity
    for role in "$@"; do
        start "$role"
    done
    for role in "$@"; do
        soon "^ +[0-9]+ $role +serving" status
    done
}
