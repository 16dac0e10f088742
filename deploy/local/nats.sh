#!/usr/bin/env bash
# A private NATS on loopback, closed to everybody without its password.
#
#   nats.sh serve HOME PORT   serves until told to stop (SIGTERM); the log goes to stderr
#   nats.sh url HOME PORT     where to connect, with the password
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=say.sh
source "$here/say.sh"

# Made once and kept, so that the address stays the same.
password() {
    if [[ ! -s $home/password ]]; then
        (umask 077 && mkdir -p "$home" && od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$home/password")
    fi
    cat "$home/password"
}

# The password goes into a file: what is on a command line, every user of the machine can read.
serve() {
    (umask 077 && cat >"$home/nats.conf") <<CONF
host: 127.0.0.1
port: $1
authorization { user: veche, password: "$(password)" }
CONF
    exec nats-server --config "$home/nats.conf"
}

url() { echo "nats://veche:$(password)@127.0.0.1:$1"; }

(($# == 3)) || die "what to do?" "nats.sh serve|url HOME PORT"
action=$1 home=$2
case $action in
    serve | url)
        mkdir -p "$home"
        "$action" "$3"
        ;;
    *) die "unknown: $action" ;;
esac
