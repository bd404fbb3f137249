#!/bin/bash
# What the cores call: purity.sh BUILD_DIR reads the undefined names of every
# core's archive and fails on any that is neither ours, generated, nor one of
# the few functions that only move bytes about. A clock, a file, a socket, a
# lock, memory from outside or a random number would all show here.
#
#   purity.sh --self-test    shows that it can fail
set -euo pipefail

allowed='^(wu_[a-z0-9_]+|mem(cpy|set|cmp|move|chr)|strlen|strn?cmp|__(mem|str)[a-z]+_chk'
allowed+='|__stack_chk_fail|protobuf_c_empty_string|__(asan|ubsan|sanitizer|tsan|msan|sancov|llvm)_[A-Za-z0-9_]*'
allowed+='|__start___sanc[a-z_]*|__stop___sanc[a-z_]*|__gcov[a-z_]*|_GLOBAL_OFFSET_TABLE_)$'

# Names that an archive needs and no archive of its set defines.
# impure ARCHIVE [ARCHIVE_OF_THE_SAME_SET ...]
impure() {
    local defined undefined
    defined=$(nm --defined-only --format=posix "$@" 2>/dev/null | awk 'NF > 1 { print $1 }' | sort -u)
    undefined=$(nm --undefined-only --format=posix "$1" | awk 'NF > 1 { print $1 }' | sort -u)
    comm -23 <(printf '%s\n' "$undefined") <(printf '%s\n' "$defined") | grep -Ev "$allowed" || true
}

check() {
    local build=$1 found=0 seen=0 archive name
    for archive in "$build"/libwushe_provider.a "$build"/libwushe_core_*.a; do
        [[ -f $archive ]] || continue
        seen=$((seen + 1))
        while read -r name; do
            [[ -n $name ]] || continue
            printf '%s: calls %s, which a core must not\n' "$(basename "$archive")" "$name"
            found=$((found + 1))
        done < <(impure "$archive" "$build"/libwushe_provider.a "$build"/libwushe_proto.a)
    done
    if ((seen < 7)); then
        printf 'purity.sh: %d archives in %s, six cores and the provider expected; build first\n' \
            "$seen" "$build"
        return 1
    fi
    printf 'purity.sh: %d archives, %d findings\n' "$seen" "$found"
    ((found == 0))
}

self_test() {
    local folder out name
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' RETURN
    printf '%s\n' '#include <stdlib.h>' '#include <string.h>' '#include <time.h>' \
        'void wu_other(void);' 'int own(void);' \
        'int core(char *at) { wu_other(); memset(at, 0, strlen(at));' \
        '    return (int)time(0) + rand() + own(); }' >"$folder/core.c"
    printf 'int own(void) { return 5; }\n' >"$folder/provider.c"
    for name in core provider; do
        "${CC:-cc}" -O0 -c "$folder/$name.c" -o "$folder/$name.o"
    done
    ar rc "$folder/libwushe_provider.a" "$folder/provider.o"
    ar rc "$folder/libwushe_proto.a"
    for name in community socialorg socialworker volunteer charity; do
        cp "$folder/libwushe_provider.a" "$folder/libwushe_core_$name.a"
    done
    if check "$folder" >/dev/null; then
        echo "self-test failed: a missing core was not noticed"
        return 1
    fi
    ar rc "$folder/libwushe_core_coordinator.a" "$folder/core.o"
    if out=$(check "$folder"); then
        echo "self-test failed: an impure core passed"
        return 1
    fi
    for name in "calls time," "calls rand," "7 archives, 2 findings"; do
        if [[ $out != *"$name"* ]]; then
            printf 'self-test failed, no "%s" in: %s\n' "$name" "$out"
            return 1
        fi
    done
    cp "$folder/libwushe_provider.a" "$folder/libwushe_core_coordinator.a"
    if ! check "$folder" >/dev/null; then
        echo "self-test failed: pure cores did not pass"
        return 1
    fi
    echo "self-test passed"
}

case "${1-}" in
--self-test) self_test ;;
'' | -*)
    echo "usage: purity.sh BUILD_DIR | --self-test" >&2
    exit 2
    ;;
*) check "$1" ;;
esac
