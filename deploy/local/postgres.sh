#!/usr/bin/env bash
# One private Postgres in one folder: made, served, stopped.
#
#   postgres.sh init HOME               makes the cluster, the role and the database `veche`; does nothing if there
#   postgres.sh serve HOME PORT CONNS   serves it until told to stop (SIGINT); the log goes to stderr
#   postgres.sh stop HOME               stops a server that was left behind
#   postgres.sh url HOME PORT           where the role `veche` finds its database, over TCP
#   postgres.sh superuser-url HOME PORT where the superuser finds the server, over the unix socket
#
# Nobody but the owner gets in: the socket lies in a folder closed to others, TCP is loopback and asks for a password.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=say.sh
source "$here/say.sh"
# shellcheck source-path=SCRIPTDIR source=places.sh
source "$here/places.sh"

random_password() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# The programs that fit the cluster in $home, or any if there is none yet.
programs() {
    local major='' bin
    if [[ -f $home/data/PG_VERSION ]]; then major=$(<"$home/data/PG_VERSION"); fi
    bin=$(postgres_bin "$major")
    [[ -n $bin ]] || die "Postgres ${major:-15 or later} is not installed" \
        "The data in $home was made by it; make clean-local forgets the data."
    echo "$bin"
}

# Makes the cluster beside its final place, so that an interrupted attempt leaves none that is half made.
init() {
    local new=$home/data.new superuser_password veche_password
    if [[ -d $home/data ]]; then return; fi
    say "making a Postgres cluster in $home"
    superuser_password=$(random_password)
    veche_password=$(random_password)
    mkdir -p "$home"
    chmod 700 "$home"
    rm -rf "$new"
    (umask 077 && printf '%s\n' "$superuser_password" >"$home/superuser.password" &&
        printf '%s\n' "$veche_password" >"$home/veche.password")
    chown -R "$user" "$home"
    as_user "$user" "$bin/initdb" -D "$new" -U postgres --encoding=UTF8 --locale=C.UTF-8 --no-sync \
        --auth-local=trust --auth-host=scram-sha-256 --pwfile="$home/superuser.password" >/dev/null
    as_user "$user" "$bin/postgres" --single -D "$new" -c log_checkpoints=off postgres >/dev/null <<SQL
CREATE ROLE veche LOGIN CREATEROLE PASSWORD '$veche_password'
CREATE DATABASE veche OWNER veche
SQL
    sync -f "$new"
    mv "$new" "$home/data"
}

# Unix socket paths have room for 107 bytes; in a deep folder there is TCP alone.
socket_folder() { if ((${#home} <= 85)); then echo "$home"; fi; }

serve() {
    local port=$1 connections=$2
    init
    cd "$home"
    local command=("$bin/postgres" -D "$home/data"
        -c "port=$port" -c listen_addresses=127.0.0.1
        -c "unix_socket_directories=$(socket_folder)" -c unix_socket_permissions=0700
        -c "max_connections=$connections" -c fsync=on -c synchronous_commit=on
        -c logging_collector=off -c log_line_prefix='%m [%p] %q%u@%d ')
    if [[ $user == "$(id -un)" ]]; then exec "${command[@]}"; fi
    # A change of user forgets the wish to be told of the parent's death, so it is made again, after it.
    exec setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups -- \
        setpriv --pdeathsig INT -- "${command[@]}"
}

stop() {
    if [[ -f $home/data/postmaster.pid ]] && as_user "$user" "$bin/pg_ctl" -D "$home/data" status >/dev/null; then
        say "stopping the Postgres that was left in $home"
        as_user "$user" "$bin/pg_ctl" -D "$home/data" -m fast -w stop >/dev/null
    fi
}

url() { echo "postgres://veche:$(<"$home/veche.password")@127.0.0.1:$1/veche"; }

superuser_url() {
    local socket
    socket=$(socket_folder)
    if [[ -n $socket ]]; then
        echo "postgres://postgres@${socket//\//%2F}:$1/postgres"
    else
        echo "postgres://postgres:$(<"$home/superuser.password")@127.0.0.1:$1/postgres"
    fi
}

(($# >= 2)) || die "what to do with which folder?" "postgres.sh init|serve|stop|url|superuser-url HOME …"
action=$1 home=$2
shift 2
cd /
user=$(postgres_user "$home")
bin=$(programs)
case $action in
    init | serve | stop | url) "$action" "$@" ;;
    superuser-url) superuser_url "$@" ;;
    *) die "unknown: $action" ;;
esac
