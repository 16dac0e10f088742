#!/usr/bin/env bash
# `make clean-local`: stops what runs and forgets the local database, the files and the logs. The build stays.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=say.sh
source "$here/say.sh"
# shellcheck source-path=SCRIPTDIR source=places.sh
source "$here/places.sh"

"$here/stop.sh"
home=$(postgres_home)
for folder in "$home" "$LOCAL"; do
    if [[ -e $folder ]]; then
        say "removing $folder"
        rm -rf "$folder"
    fi
done
