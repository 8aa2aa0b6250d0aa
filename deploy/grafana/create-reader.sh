#!/bin/sh
# Runs once, when the database folder of the container is made: the reader of dashboards with its password.
# What it may read is granted by the collector's migrations; here it is only named.
set -eu
psql --set=ON_ERROR_STOP=1 --set=reader_password="$HCC_GRAFANA_DB_PASSWORD" --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE grafana_ro LOGIN NOINHERIT CONNECTION LIMIT 20 PASSWORD :'reader_password';
REVOKE TEMPORARY ON DATABASE :"DBNAME" FROM PUBLIC;
SQL
