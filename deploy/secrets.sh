#!/usr/bin/env bash
# Makes the secrets that the compose files mount, and leaves alone those that are there: safe to run again.
#
#   secrets.sh [FOLDER]   FOLDER is deploy/secrets unless named
#
# Keep the folder: the data cannot be read without `master_key`. It is closed to everybody but its owner; the files in it can be
# read by anybody who is let in, since each container, which sees only its own, has another user.
#
# To be written by hand before the start: `sms_url`, the address of the gateway that sends login codes, and `sms_secret`, the
# `Authorization` header for it (empty for none).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:-$here/secrets}
mkdir -p "$folder"
chmod 700 "$folder"
cd "$folder"

# Writes standard input to a file that is not there yet, whole or not at all.
keep() {
    if [[ -e $1 ]]; then cat >/dev/null; return; fi
    cat >"$1.new"
    chmod 444 "$1.new"
    mv "$1.new" "$1"
}

random() { openssl rand -hex "$1"; }

random 32 | keep master_key
random 24 | keep postgres_password

# A password for each database role, and the address that the service with this role is given.
for role in owner append read live project serve; do
    random 24 | keep "postgres_$role"
    printf 'postgres://veche_%s:%s@postgres:5432/veche\n' "$role" "$(<"postgres_$role")" | keep "database_$role"
done

# A password for each role at NATS; the server reads them all from one file.
for role in command query projection gateway; do random 24 | keep "nats_$role"; done
for role in command query projection gateway; do
    printf '%s_password: "%s"\n' "$role" "$(<"nats_$role")"
done | keep nats_passwords

# An authority for the servers of NATS alone, and a certificate by it for the names they have in the compose files; servers of a
# cluster know each other by it. The authority's key is not kept: where another certificate is wanted, remove nats_ca and nats_certificate and run this again.
if [[ ! -e nats_ca || ! -e nats_certificate ]]; then
    rm -f nats_ca nats_certificate nats_key
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj '/CN=Veche NATS' \
        -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign \
        -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=nats' \
        -keyout "$work/key" -out "$work/request" 2>/dev/null
    names=DNS:nats,DNS:nats1,DNS:nats2,DNS:nats3,DNS:localhost,IP:127.0.0.1
    printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$names" >"$work/extensions"
    openssl x509 -req -in "$work/request" -CA "$work/ca.pem" -CAkey "$work/ca.key" -CAcreateserial -days 3650 \
        -extfile "$work/extensions" -out "$work/certificate" 2>/dev/null
    keep nats_key <"$work/key"
    keep nats_certificate <"$work/certificate"
    keep nats_ca <"$work/ca.pem"
fi

for file in sms_url sms_secret; do
    if [[ ! -e $file ]]; then printf 'to be written: %s/%s\n' "$folder" "$file" >&2; fi
done
