-- How PostgreSQL finds one person's sign-ins. (The test of the plan uses the store's own statement.)
select org_id, id as user_id from users where email = 'person0@bench.fake' \gset
explain (costs off)
update sign_ins set ended_at = now(), ended_cause = 'demanded'
where org_id = :'org_id' and user_id = :'user_id' and ended_at is null;
