#!/usr/bin/env bash
# Makes the database and its roles, or brings them up to date; safe to run again. Run by a superuser of the server: by the image
# of Postgres at its first start (from /docker-entrypoint-initdb.d), or by hand:
#
#   PASSWORDS=deploy/secrets roles.sh postgres://postgres@db.example.org/postgres
#
# | role | whose | may |
# | --- | --- | --- |
# | veche_owner   | `veche migrate`, `rebuild`, `audit`, `log copy` | owns the database and its schemas |
# | veche_append  | `veche command` | append to the log, make and destroy keys, remember answers |
# | veche_read    | `veche query` | read; note in the log who looked into history; make schemas of the past |
# | veche_live    | `veche gateway` | read; remember who was seen and what was confirmed |
# | veche_project | `veche projection` | read the log; own and write the read model, the effects, the chain of the audit |
# | veche_serve   | `veche serve` | what the four may together; it does not own the log either |
#
# What each may is granted by `veche migrate`, which knows the tables; here are only names, passwords, and who is a member of
# whom. Each role has its password in a file `postgres_append`, `postgres_read` and so on in the folder PASSWORDS; a role without one
# keeps the password it has.
#
# ROLES is the beginning of the roles' names (veche), DATABASE the database's name (veche), PSQL the client's command line (psql),
# such as `sudo -u postgres psql`.
set -euo pipefail
read -ra psql <<<"${PSQL:-psql}"
prefix=${ROLES:-veche} database=${DATABASE:-veche} passwords=${PASSWORDS:-/run/secrets}
server=("$@")
if [[ ${#server[@]} == 0 ]]; then server=(--username "${POSTGRES_USER:-postgres}" --dbname postgres); fi

run() {
    "${psql[@]}" --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set prefix="$prefix" --set database="$database" "$@" "${server[@]}"
}

for role in owner append read live project serve; do
    run --set role="${prefix}_$role" <<'SQL'
SELECT format('CREATE ROLE %I LOGIN', :'role')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SQL
    file=$passwords/postgres_$role
    if [[ -r $file ]]; then
        # Through standard input: what is on a command line, every user of the machine can read.
        { printf "\\\\set password '%s'\n" "$(<"$file")"; cat <<'SQL'; } | run --set role="${prefix}_$role"
ALTER ROLE :"role" PASSWORD :'password';
SQL
    fi
done

run <<'SQL'
SELECT format('GRANT %I TO %I', :'prefix' || '_' || member, :'prefix' || '_' || whom)
FROM (VALUES
    -- Who migrates makes and drops schemas that belong to these.
    ('project', 'owner'), ('read', 'owner'),
    -- Who erases drops schemas of the past.
    ('read', 'append'),
    ('append', 'serve'), ('read', 'serve'), ('live', 'serve'), ('project', 'serve')
) memberships (member, whom) \gexec
-- The order of names must not depend on the machine.
SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING UTF8 LOCALE %L', :'database', :'prefix' || '_owner', 'C.UTF-8')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
SELECT format('ALTER DATABASE %I OWNER TO %I', :'database', :'prefix' || '_owner') \gexec
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'database') \gexec
SQL
