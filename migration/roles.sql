-- The three roles of a Curfew database. An administrator runs this once per server, before `api migrate`.
--
--   curfew_owner   owns the tables; `api migrate` and `seed` connect as it
--   curfew_app     what `api serve` connects as: owns nothing and bypasses nothing
--   curfew_lookup  owns the few functions that look something up before a tenant is known; nobody connects as it
--
-- Passwords are not set here. Every statement ends with an empty line, so that `postgres --single -j` reads it too.

CREATE ROLE curfew_owner LOGIN NOSUPERUSER NOCREATEROLE NOBYPASSRLS;

CREATE ROLE curfew_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;

CREATE ROLE curfew_lookup NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;

GRANT curfew_lookup TO curfew_owner;

