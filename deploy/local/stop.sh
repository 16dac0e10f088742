#!/usr/bin/env bash
# `make stop`: ends a `make run` of this clone from elsewhere, and whatever one that was killed has left behind.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=say.sh
source "$here/say.sh"
# shellcheck source-path=SCRIPTDIR source=places.sh
source "$here/places.sh"

if [[ ! -e $LOCK ]]; then exit 0; fi
exec 9<"$LOCK"
if ! flock --nonblock 9; then
    runner=$(<"$LOCK")
    say "stopping make run (process $runner)"
    kill "$runner" || die "process $runner cannot be stopped" "It belongs to $(stat -c %U "/proc/$runner")."
    flock --timeout 120 9 || die "make run (process $runner) does not stop"
fi
home=$(postgres_home)
if [[ -d $home/data ]]; then "$here/postgres.sh" stop "$home" 9<&-; fi
