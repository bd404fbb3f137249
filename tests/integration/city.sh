#!/bin/bash
# From nothing to a city, as a newcomer does it, and what must hold then: a
# daemon killed at once comes back, another city's file becomes needs, journals
# fold to the same rows, no sum is off, and everything stops.
#
#   tests/integration/city.sh    in a folder of its own, which it removes
set -euo pipefail
root=$(realpath "$(dirname "$0")/../..")
folder=$(mktemp -d)
home=$folder/city
trap '"$root/deploy/down" "$home" >/dev/null 2>&1 || true; rm -rf "$folder"' EXIT

say() {
    printf -- '-- %s\n' "$*"
}

wrong() {
    printf 'city.sh: %s\n' "$*" >&2
    exit 1
}

ctl() {
    "$root/build/wushectl" --home "$home" "$@"
}

# Two neighbours that nobody listens at, below those given out to clients.
free_port() {
    local port
    for ((port = 4000 + $$ % 3000 * 2; port < 12000; port += 2)); do # the C tests begin at 12000
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null &&
            ! (exec 3<>"/dev/tcp/127.0.0.1/$((port + 1))") 2>/dev/null; then
            printf '%s\n' "$port"
            return
        fi
    done
}

say "up"
"$root/deploy/up" "$home" --port "$(free_port)" >"$folder/up.log" 2>&1 || {
    tail -n 30 "$folder/up.log"
    wrong "deploy/up failed"
}
number=$(<"$home/demo/linkage")
for word in "closed the linkage: met" "unmet   no-provider" "unmet   all-declined"; do
    grep -qF "$word" "$folder/up.log" || wrong "deploy/up does not show: $word"
done

say "killed, and up again"
for role in coordinator volunteer charity; do
    kill -9 "$(<"$home/$role/pid")"
done
"$root/deploy/up" "$home" >"$folder/up.log" 2>&1 || {
    tail -n 30 "$folder/up.log"
    wrong "the second deploy/up failed"
}
[[ $(<"$home/demo/linkage") == "$number" ]] || wrong "the second deploy/up raised another need"

say "another city's requests"
bring() {
    ctl import needs "$root/tests/integration/requests.csv" --rejects "$folder/rejects.csv" \
        --mapping "$root/seeds/mappings/service-requests.yaml" 2>&1
}
first=$(bring) && wrong "a row with a time that is none passed: $first"
[[ $first == *"6 accepted"*"1 rejected"* ]] || wrong "expected 6 accepted, 1 rejected: $first"
grep -q '^T-5,' "$folder/rejects.csv" || wrong "T-5 is not among the rejects"
again=$(bring) || true
[[ $again == *"6 accepted (6 of them known before)"* ]] || wrong "brought twice: $again"

say "what must always hold"
ctl store verify
ctl ledger show >/dev/null
ctl doctor >"$folder/doctor.log" || {
    cat "$folder/doctor.log"
    wrong "the doctor found something"
}

say "down"
"$root/deploy/down" "$home"
if pgrep -f "$home/[a-z]*/node.yaml" >"$folder/left"; then
    wrong "still running: $(xargs <"$folder/left")"
fi
"$root/deploy/down" "$home" >/dev/null || wrong "down twice"
say "passed"
