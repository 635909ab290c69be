-- For pgbench: the statements of POST /api/todos ("dev/bench statements" shows what the API really sends).
\if :known = 0
select session_id, sign_in, org_id, user_id from bench.people where n = :client_id \gset
\set known 1
\endif
select data from "public"."tower_sessions" where id = :session_id and expiry_date > now();
select * from lookup_sign_in(:sign_in, now());
begin;
select enter_as(:org_id, :sign_in, now(), true) as holds;
insert into "todos" ("id", "org_id", "user_id", "task", "created_at", "completed_at", "updated_at") values (gen_random_uuid(), :org_id, :user_id, 'Follow the white rabbit', now(), null, now()) returning "id", "org_id", "user_id", "task", "created_at", "completed_at", "updated_at";
commit;
