# shellcheck shell=bash
# Where things lie: this clone, its ignored folder, the programs of Postgres, the folder of the local database.
# To be sourced, after say.sh.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
LOCAL=$ROOT/.local
# shellcheck disable=SC2034  # read by the scripts that source this file
LOCK=$LOCAL/lock

# Makes the ignored folder, readable by its owner alone: there are passwords in it.
# (Others may pass through it: started by root, Postgres runs as another user.)
make_local() {
    (umask 077 && mkdir -p "$LOCAL") || die "cannot make $LOCAL"
    [[ -w $LOCAL ]] || die "$LOCAL belongs to $(stat -c %U "$LOCAL")" "Remove it as that user: make clean-local"
    chmod 711 "$LOCAL"
}

# The folder of the programs of Postgres: of the major version named, or with "" of the newest there is from 15 on.
# Says nothing if there is none.
postgres_bin() {
    local only=$1 folder version found=''
    while read -r folder; do
        [[ -x $folder/initdb && -x $folder/postgres ]] || continue
        version=$("$folder/postgres" --version | sed -E 's/^[^0-9]*([0-9]+).*/\1/')
        ((version >= 15)) || continue
        if [[ -z $only || $only == "$version" ]]; then found=$folder; fi
    done < <(postgres_folders)
    echo "$found"
}

# Candidates, best last.
postgres_folders() {
    if command -v pg_config >/dev/null; then pg_config --bindir; fi
    find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V
}

# Runs COMMAND as USER; as oneself that is a plain call.
as_user() {
    local user=$1
    shift
    if [[ $user == "$(id -un)" ]]; then
        "$@"
    else
        setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups -- "$@"
    fi
}

# Who runs Postgres: oneself, but never root, whom it refuses. Argument: its folder, whose owner wins if it exists.
postgres_user() {
    local owner=''
    if ((EUID != 0)); then
        id -un
        return
    fi
    if [[ -d $1/data ]]; then owner=$(stat -c %U "$1/data"); fi
    if [[ -z $owner || $owner == root || $owner == UNKNOWN ]]; then owner=postgres; fi
    id "$owner" >/dev/null 2>&1 || die "there is no user $owner, and Postgres does not run as root"
    echo "$owner"
}

# The folder of the local database. A clone may lie where only root may look; then it lives under /var/lib.
postgres_home() {
    local elsewhere
    elsewhere=/var/lib/veche-dev-$(sha256sum <<<"$ROOT" | cut -c1-12)
    if ((EUID == 0)) && { [[ -d $elsewhere ]] || ! as_user "$(postgres_user "$LOCAL/postgres")" test -x "$LOCAL"; }; then
        echo "$elsewhere"
    else
        echo "$LOCAL/postgres"
    fi
}

# Does the Postgres of folder HOME take connections, and is it process PID? (The file of a crashed one may still say so.)
postgres_ready() {
    local pid
    { read -r pid <"$1/data/postmaster.pid"; } 2>/dev/null && [[ $pid == "$2" ]] &&
        grep -q '^ready' "$1/data/postmaster.pid"
}
