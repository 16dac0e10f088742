#!/usr/bin/env bash
# Sees to it that this machine has what Veche is built and tried with; installs Debian packages that are missing.
#
#   prepare.sh [postgres] [nats] [nginx] [python]
#
# As root or with a sudo that asks no password it installs; otherwise it says what to install, and fails.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR source=say.sh
source "$here/say.sh"
# shellcheck source-path=SCRIPTDIR source=places.sh
source "$here/places.sh"

as_root() { if ((EUID == 0)); then "$@"; else sudo -n -- "$@"; fi; }

may_install() {
    command -v apt-get >/dev/null && { ((EUID == 0)) || sudo -n true 2>/dev/null; }
}

apt() {
    local try
    for try in 1 2 3; do
        if as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 \
            "$@" </dev/null >&2; then return; fi
        warn "apt-get $1 failed (attempt $try of 3)"
        sleep $((try * 3))
    done
    return 1
}

# Debian starts a server with the package that brings it, and would start it at each boot. We want the programs only:
# two files hold the package back while it is installed. A file that was there before is left alone.
hold_servers_back() {
    held=()
    if [[ ! -e /usr/sbin/policy-rc.d ]]; then
        held+=(/usr/sbin/policy-rc.d)
        printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null
        as_root chmod 755 /usr/sbin/policy-rc.d
    fi
    local no_cluster=/etc/postgresql-common/createcluster.d/veche.conf
    if [[ ! -e $no_cluster ]]; then
        held+=("$no_cluster")
        as_root mkdir -p "${no_cluster%/*}"
        echo 'create_main_cluster = false' | as_root tee "$no_cluster" >/dev/null
    fi
    trap release_servers EXIT
}

release_servers() {
    as_root rm -f "${held[@]}"
    local package
    command -v systemctl >/dev/null || return 0
    for package in nats-server nginx; do
        if [[ " $* " == *" $package "* ]]; then as_root systemctl --quiet disable "$package" 2>/dev/null || true; fi
    done
}

missing_packages() {
    local packages=()
    command -v cc >/dev/null || packages+=(gcc libc6-dev)
    if [[ " $* " == *' postgres '* && -z $(postgres_bin "") ]]; then packages+=(postgresql); fi
    if [[ " $* " == *' nats '* ]] && ! command -v nats-server >/dev/null; then packages+=(nats-server); fi
    # The certificates of NATS are made by it (deploy/secrets.sh).
    if [[ " $* " == *' nats '* ]] && ! command -v openssl >/dev/null; then packages+=(openssl); fi
    # Debian has the module that makes environments in a package of its own.
    if [[ " $* " == *' python '* ]] && ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
        packages+=(python3 python3-venv)
    fi
    if [[ " $* " == *' nginx '* && -z $(command -v nginx || command -v /usr/sbin/nginx) ]]; then
        packages+=(nginx)
    fi
    echo "${packages[*]}"
}

command -v cargo >/dev/null || die "cargo is not installed" "Rust comes from https://rustup.rs"
read -ra packages <<<"$(missing_packages "$@")"
if ((${#packages[@]} == 0)); then exit 0; fi
may_install || die "missing on this machine: ${packages[*]}" \
    "Install them and come back:  sudo apt-get install --no-install-recommends ${packages[*]}"
say "installing ${packages[*]}"
hold_servers_back
apt update
apt install --yes --no-install-recommends "${packages[@]}" || die "could not install ${packages[*]}"
trap - EXIT
release_servers "${packages[@]}"
[[ -z $(missing_packages "$@") ]] || die "still missing after installation: $(missing_packages "$@")"
