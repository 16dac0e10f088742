#!/usr/bin/env bash
# `make run`: from a bare clone to a server on this machine, and nothing left of it after Ctrl-C.
#
# Read from the environment, all optional:
#   DATABASE_URL         use this Postgres, start none
#   NATS_URL             use this NATS, start none
#   BUS=nats             start a private NATS for the bus (without it the bus is in the process)
#   VECHE_PG_PORT        port of the private Postgres (default: a free one from 15432)
#   VECHE_NATS_PORT      port of the private NATS (default: a free one from 14222)
#   VECHE_*              as the server reads them: VECHE_LISTEN, VECHE_PROFILE …
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

# Where the server listens and keeps its files, unless told otherwise.
choose_settings() {
    export VECHE_PROFILE=${VECHE_PROFILE:-dev}
    export VECHE_LISTEN=${VECHE_LISTEN:-127.0.0.1:8000}
    export VECHE_METRICS_LISTEN=${VECHE_METRICS_LISTEN:-127.0.0.1:9464}
    export VECHE_PUBLIC_URL=${VECHE_PUBLIC_URL:-http://$VECHE_LISTEN}
    export VECHE_DATA_DIR=${VECHE_DATA_DIR:-$LOCAL/data}
    bus=${NATS_URL:-${VECHE_BUS:-${BUS:-memory}}}
}

# Descriptor 9 holds the lock for as long as this script lives.
take_lock() {
    exec 9>>"$LOCK"
    flock --nonblock 9 || die "make run is already running here (process $(<"$LOCK"))" \
        "Use it, or stop it with: make stop"
    echo $$ >"$LOCK"
}

# Arguments: an address, the setting that chooses it.
check_address() {
    local port=${1##*:}
    if port_taken "${1%:*}" "$port"; then
        die "$1 is taken by another process" "Free it, or choose another: $2=127.0.0.1:$((port + 1)) make run"
    fi
}

# Leaves the path of the server in $binary. DATABASE_URL is kept from the build: macros might ask that database.
build() {
    binary=${VECHE_BIN:-}
    if [[ -n $binary ]]; then return; fi
    say "building (the first time takes minutes)"
    attend env -u DATABASE_URL cargo build --release --package veche || die "the build failed"
    binary=${CARGO_TARGET_DIR:-$ROOT/target}/release/veche
}

# Waits for CHECK to succeed while the child lives. Arguments: name, child, where to look if it dies, check.
wait_until_ready() {
    local name=$1 pid=$2 hint=$3
    shift 3
    until "$@"; do
        child_alive "$pid" || die "$name did not start" "$hint"
        sleep 0.1
    done
}

# A port that was asked for, or a free one. Arguments: the wish, where to begin to look, the setting.
choose_port() {
    if [[ -z $1 ]]; then
        free_port "$2"
        return
    fi
    if port_taken 127.0.0.1 "$1"; then die "port $1 is taken by another process" "Choose another: $3"; fi
    echo "$1"
}

start_postgres() {
    local home port log=$LOCAL/postgres.log
    home=$(postgres_home)
    "$here/postgres.sh" stop "$home"
    "$here/postgres.sh" init "$home"
    port=$(choose_port "${VECHE_PG_PORT:-}" 15432 VECHE_PG_PORT)
    start_child INT "$here/postgres.sh" serve "$home" "$port" 200 2>"$log"
    wait_until_ready Postgres "$CHILD" "Its log: $log" postgres_ready "$home" "$CHILD"
    DATABASE_URL=$("$here/postgres.sh" url "$home" "$port")
    (umask 077 && echo "$DATABASE_URL" >"$LOCAL/postgres.url")
    say "Postgres on 127.0.0.1:$port, data in $home, log in .local/postgres.log, address in .local/postgres.url"
}

start_nats() {
    local home=$LOCAL/nats port log=$LOCAL/nats.log
    port=$(choose_port "${VECHE_NATS_PORT:-}" 14222 VECHE_NATS_PORT)
    start_child TERM "$here/nats.sh" serve "$home" "$port" 2>"$log"
    wait_until_ready NATS "$CHILD" "Its log: $log" port_taken 127.0.0.1 "$port"
    bus=$("$here/nats.sh" url "$home" "$port")
    say "NATS on 127.0.0.1:$port, log in .local/nats.log"
}

# Is /readyz answered with 200? Asked by bash itself: a bare machine has no curl.
# shellcheck disable=SC2317,SC2329  # it is called, through wait_until_ready
server_ready() {
    local address=${VECHE_LISTEN/#0.0.0.0:/127.0.0.1:} status
    {
        exec 3<>"/dev/tcp/${address%:*}/${address##*:}" || return 1
    } 2>/dev/null
    printf 'GET /readyz HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$address" >&3
    read -r -t 5 status <&3 || status=''
    exec 3>&-
    [[ $status == 'HTTP/1.'?' 200'* ]]
}

tell_what_to_try() {
    local url=$VECHE_PUBLIC_URL json="-H 'Content-Type: application/json'"
    cat >&2 <<TEXT

  Veche serves $url (profile: $VECHE_PROFILE). Ctrl-C stops everything. Try next:

    docs      $url/docs
    ping      curl $url/api/v3/ping
    log in    curl $json -d '{"phone": "+7 916 666-00-02"}' $url/api/v3/sms-login
              curl $json -d '{"phone": "+7 916 666-00-02", "code": "5555",
                "type": "android", "device_id": "my-device", "name": "My device"}' $url/api/v3/sms-auth
    metrics   http://$VECHE_METRICS_LISTEN/metrics

TEXT
}

serve() {
    local status=0
    ulimit -S -n "$(open_files)"
    # The server refuses settings it does not know, and these are this script's own.
    start_child TERM env -u VECHE_BIN -u VECHE_PG_PORT -u VECHE_NATS_PORT \
        VECHE_LOG="${VECHE_LOG:-$DATABASE_URL}" VECHE_READ="${VECHE_READ:-$DATABASE_URL}" VECHE_BUS="$bus" "$binary" serve
    wait_until_ready Veche "$CHILD" "Its last words are above." server_ready
    tell_what_to_try
    wait "$CHILD" || status=$?
    die "Veche ended by itself (status $status)"
}

# Each socket is an open file: as many as this shell may have, within reason.
open_files() {
    local most
    most=$(ulimit -H -n)
    if [[ $most == unlimited ]] || ((most > 65536)); then most=65536; fi
    echo "$most"
}

cd "$ROOT"
choose_settings
make_local
take_lock
check_address "$VECHE_LISTEN" VECHE_LISTEN
check_address "$VECHE_METRICS_LISTEN" VECHE_METRICS_LISTEN
wanted=()
if [[ -z ${DATABASE_URL:-} ]]; then wanted+=(postgres); fi
if [[ $bus == nats ]]; then wanted+=(nats); fi
"$here/prepare.sh" "${wanted[@]}"
stop_children_at_exit true
build
if [[ -z ${DATABASE_URL:-} ]]; then start_postgres; fi
if [[ $bus == nats ]]; then start_nats; fi
serve
