-- Who pgbench acts as: the people who have signed in through the API, numbered from 0.
create schema bench;
create table bench.people as
select row_number() over (order by s.user_id) - 1 as n, t.id as session_id, s.id as sign_in, s.org_id, s.user_id
from tower_sessions t join sign_ins s on s.id = t.sign_in_id;
create index on bench.people (n);
grant usage on schema bench to curfew_app;
grant select on bench.people to curfew_app;
vacuum analyze;
