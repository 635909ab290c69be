-- For pgbench: the statements of GET /api/todos ("dev/bench statements" shows what the API really sends).
\if :known = 0
select session_id, sign_in, org_id, user_id from bench.people where n = :client_id \gset
\set known 1
\endif
select data from "public"."tower_sessions" where id = :session_id and expiry_date > now();
select * from lookup_sign_in(:sign_in, now());
begin;
select enter_as(:org_id, :sign_in, now(), false) as holds;
select "todos"."id", "todos"."org_id", "todos"."user_id", "todos"."task", "todos"."created_at", "todos"."completed_at", "todos"."updated_at" from "todos" where "todos"."org_id" = :org_id and "todos"."user_id" = :user_id order by "todos"."created_at" asc, "todos"."id" asc;
rollback;
