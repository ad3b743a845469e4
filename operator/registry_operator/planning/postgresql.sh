#!/bin/sh
# Starts PostgreSQL in a folder of its own, for any user id: makes the cluster if there is none, gives the role the
# password of the mounted Secret, serves. Needs `initdb` and `postgres` on PATH or in /usr/lib/postgresql/*/bin.
set -eu
umask 077

data=/var/lib/postgresql/data/pgdata
password_file=/etc/registry/credentials/password

# The version that made the data, where the image has several.
made_by=
if [ -s "$data/PG_VERSION" ]; then
    made_by=$(cat "$data/PG_VERSION")
    PATH="/usr/lib/postgresql/$made_by/bin:$PATH"
fi
for folder in /usr/lib/postgresql/*/bin; do
    PATH="$PATH:$folder"
done
for program in initdb postgres; do
    command -v "$program" >/dev/null || {
        echo "the image has no $program on PATH or in /usr/lib/postgresql/*/bin" >&2
        exit 1
    }
done

version=$(postgres --version)
case "$made_by,$version" in
    ,* | *,*") $made_by"[!0-9]*) ;;
    *)
        echo "PostgreSQL $made_by made this data, and the image has $version. Set spec.database.managed.image to one" \
            "of version $made_by; another version takes a backup and a restore, see examples/operations." |
            tee /dev/termination-log >&2
        exit 1
        ;;
esac

# Runs the statements on standard input, one a line, with no server and no password; stops at the first error.
single_user() {
    postgres --single -c exit_on_error=on -c password_encryption=scram-sha-256 -D "$1" postgres >/dev/null
}

# A cluster is made under another name and renamed when it is whole: a killed initdb leaves nothing behind.
if [ ! -s "$data/PG_VERSION" ]; then
    rm -rf "$data" "$data.new"
    initdb --pgdata="$data.new" --username=postgres --encoding=UTF8 --locale=C.UTF-8 \
        --auth-local=peer --auth-host=scram-sha-256 >/dev/null
    echo "host all all all scram-sha-256" >>"$data.new/pg_hba.conf"
    single_user "$data.new" <<SQL
CREATE ROLE "$ROLE" LOGIN
CREATE DATABASE "$DATABASE" OWNER "$ROLE"
SQL
    mv "$data.new" "$data"
fi

# A volume that is shared with a group comes with the group's bits set, which PostgreSQL refuses.
chmod 0700 "$data"

# At each start, so that a regenerated Secret heals.
password=$(tr -d '\n' <"$password_file" | sed "s/'/''/g")
single_user "$data" <<SQL
ALTER ROLE "$ROLE" LOGIN PASSWORD '$password'
SQL

exec postgres -D "$data" -c listen_addresses='*' -c port=5432 -c unix_socket_directories=/tmp \
    -c password_encryption=scram-sha-256
