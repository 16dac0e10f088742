#!/usr/bin/env bash
# `make test`: the format is checked, every test of the workspace runs, against a Postgres of its own.
#
# Arguments go to the test runner. VECHE_TEST_DATABASE_URL, if set, names a server to use instead; its user must be
# a superuser.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=say.sh
source "$here/say.sh"
# shellcheck source-path=SCRIPTDIR source=places.sh
source "$here/places.sh"

format_differs() { cargo fmt --version >/dev/null 2>&1 && ! cargo fmt --all --check; }

# All packages, unless some are named.
selection=(--workspace)
case " $* " in *' -p '* | *' --package'*) selection=() ;; esac
# A runner that counts at the end is worth having; the one that comes with cargo will do.
if cargo nextest --version >/dev/null 2>&1; then
    runner=(cargo nextest run "${selection[@]}")
else
    say "cargo-nextest is not installed: running cargo test"
    runner=(cargo test "${selection[@]}" --lib --bins --tests --no-fail-fast)
fi

cd "$ROOT"
"$here/prepare.sh" postgres nats nginx python
"$here/python.sh"
unset DATABASE_URL
formatted=true
if format_differs; then formatted=false; fi
"$here/throwaway.sh" VECHE_TEST_DATABASE_URL "${runner[@]}" "$@"
$formatted || die "the tests pass, but the format differs, see the top" "cargo fmt --all puts it right."
