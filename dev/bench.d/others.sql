-- So many open sign-ins of somebody else, with their session records.
delete from sign_ins where user_id in (select id from users where email = 'person1@bench.fake');
insert into sign_ins (id, org_id, user_id, auth_time, created_at, last_seen_at, expires_at)
select gen_random_uuid(), org_id, id, now(), now(), now(), now() + interval '12 hours'
from users, generate_series(1, :others) where email = 'person1@bench.fake';
insert into tower_sessions (id, data, expiry_date, sign_in_id)
select s.id::text, '', s.expires_at, s.id
from sign_ins s join users u on u.id = s.user_id where u.email = 'person1@bench.fake';
vacuum analyze sign_ins, tower_sessions;
