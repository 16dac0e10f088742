#!/usr/bin/env bash
# Installs the Python tools of the tests into .local/python, in the versions that tests/schemathesis/requirements.txt pins.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=say.sh
source "$here/say.sh"
# shellcheck source-path=SCRIPTDIR source=places.sh
source "$here/places.sh"

wanted=$ROOT/tests/schemathesis/requirements.txt
home=$LOCAL/python
# A copy of what was installed: another version of the list, or an installation that broke off, starts again.
installed=$home/requirements.txt
if cmp -s "$wanted" "$installed"; then exit 0; fi
make_local
say "installing schemathesis into $home"
rm -rf "$home"
python3 -m venv "$home"
for try in 1 2 3; do
    if "$home/bin/pip" --quiet --disable-pip-version-check --no-input install --requirement "$wanted"; then
        cp "$wanted" "$installed"
        exit 0
    fi
    warn "pip failed (attempt $try of 3)"
    sleep $((try * 3))
done
die "could not install $(grep -v '^#' "$wanted" | tr '\n' ' ')"
