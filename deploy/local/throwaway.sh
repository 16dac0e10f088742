#!/usr/bin/env bash
# Runs a command with an empty Postgres of its own, which is gone afterwards, with all the command has left running.
#
#   throwaway.sh VARIABLE COMMAND…   VARIABLE is where the command finds the superuser's URL
#
# The server keeps its promises to the disk (fsync): tests of durability mean it. If VARIABLE is set already, that
# server is used and none is started.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=say.sh
source "$here/say.sh"
# shellcheck source-path=SCRIPTDIR source=places.sh
source "$here/places.sh"
# shellcheck source-path=SCRIPTDIR source=ports.sh
source "$here/ports.sh"
# shellcheck source-path=SCRIPTDIR source=children.sh
source "$here/children.sh"

CONNECTIONS=300

# A fresh folder which the user that runs Postgres can reach.
make_home() {
    local user
    user=$(postgres_user /nowhere)
    home=$(mktemp -d "${TMPDIR:-/tmp}/veche-pg.XXXXXX")
    chown "$user" "$home"
    if ! as_user "$user" test -w "$home"; then
        rmdir "$home"
        home=$(mktemp -d /tmp/veche-pg.XXXXXX)
        chown "$user" "$home"
    fi
}

# Another process may take the port between the look and the start: then the next one is tried.
start_postgres() {
    local try port
    "$here/postgres.sh" init "$home"
    for try in 1 2 3 4 5; do
        port=$(free_port "$(random_port)")
        start_child INT "$here/postgres.sh" serve "$home" "$port" "$CONNECTIONS" 2>"$home.log"
        while child_alive "$CHILD"; do
            if postgres_ready "$home" "$CHILD"; then
                declare -gx "$variable=$("$here/postgres.sh" superuser-url "$home" "$port")"
                return
            fi
            sleep 0.1
        done
    done
    cat "$home.log" >&2
    die "Postgres did not start, tried $try times"
}

# Everything the command has started carries this mark in its environment, and so do orphans.
mark_descendants() {
    read -r mark </proc/sys/kernel/random/uuid
    export VECHE_TEST_RUN=$mark
}

clean_up() {
    local orphan
    rm -rf "$home" "$home.log"
    if [[ -z $mark ]]; then return; fi
    unset VECHE_TEST_RUN
    while read -r orphan; do
        if [[ $orphan == "$$" ]]; then continue; fi
        warn "left running, stopped now: $(tr '\0' ' ' <"/proc/$orphan/cmdline" 2>/dev/null)"
        kill -KILL "$orphan" 2>/dev/null || true
    done < <(grep -lszFx "VECHE_TEST_RUN=$mark" /proc/[0-9]*/environ | cut -d/ -f3)
}

(($# >= 2)) || die "throwaway.sh VARIABLE COMMAND…"
variable=$1
shift
if [[ -n ${!variable:-} ]]; then exec "$@"; fi
home=
make_home
mark=
stop_children_at_exit clean_up
start_postgres
mark_descendants
attend "$@"
