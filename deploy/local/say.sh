# shellcheck shell=bash
# How the scripts of this folder speak: short lines, on stderr, so that stdout stays for answers.
# To be sourced.

say() { printf '▸ %s\n' "$*" >&2; }

warn() { printf '! %s\n' "$*" >&2; }

# Ends the script. Arguments: what is wrong, then what to do about it, one line each.
die() {
    printf '✗ %s\n' "$1" >&2
    shift
    if (($#)); then printf '  %s\n' "$@" >&2; fi
    exit 1
}
