# Run once by the PostgreSQL container, after migration/roles.sql: passwords for the roles, and the database.
# shellcheck shell=sh
psql -v ON_ERROR_STOP=1 -v password="$POSTGRES_PASSWORD" --username "$POSTGRES_USER" <<'SQL'
ALTER ROLE curfew_owner PASSWORD :'password';
ALTER ROLE curfew_app PASSWORD :'password';
CREATE DATABASE curfew OWNER curfew_owner;
SQL
