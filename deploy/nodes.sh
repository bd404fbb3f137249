# shellcheck shell=bash
# What deploy/up and deploy/down both know of a city's six daemons. Sourced,
# with $root (the repository) and $home (the city's folder) set.

# shellcheck disable=SC2034,SC2154 # used, and set, by the script that sources this
roles=(coordinator community socialorg socialworker volunteer charity)

# The number of the process that runs that role here, or nothing: the pid file
# must name a living process of our own program with this city's node.yaml.
pid_of() {
    local role=$1 pid exe
    [[ -r $home/$role/pid ]] || return 0
    read -r pid <"$home/$role/pid" || return 0
    [[ $pid =~ ^[0-9]+$ ]] || return 0
    exe=$(readlink "/proc/$pid/exe" 2>/dev/null) || return 0
    exe=${exe% (deleted)} # built anew since it was started
    if [[ $exe == "$root/build/wushe-$role" ]] &&
        tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | grep -Fxq "$home/$role/node.yaml"; then
        printf '%s\n' "$pid"
    fi
}
