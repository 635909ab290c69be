-- How PostgreSQL finds one person's sign-ins. (The test of the plan uses the store's own statement.)
explain (costs off)
update sign_ins set ended_at = now(), ended_cause = 'demanded'
where org_id = (select org_id from users where email = 'person0@bench.fake')
  and user_id = (select id from users where email = 'person0@bench.fake') and ended_at is null;
