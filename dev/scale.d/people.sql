-- :many people of the org :org, each with an address and a profile, and two groups.
insert into users (id, org_id, org_kind, email, email_folded, user_name, user_name_folded, external_id, name, role,
    profile, created_at, updated_at)
select gen_random_uuid(), o.id, 'company', p.email, p.email, p.email, p.email, 'E' || p.n, 'Person ' || p.n, 'member',
    jsonb_build_object('displayName', 'Person ' || p.n, 'title', 'Title ' || p.n % 100,
        'name', jsonb_build_object('givenName', 'Person', 'familyName', p.n::text)),
    now() + p.n * interval '1 millisecond', now()
from orgs o, (select n, 'person' || n || '@' || :'org' as email from generate_series(1, :many) n) p
where o.slug = :'org';
insert into user_emails (org_id, user_id, position, value, value_folded, type, is_primary)
select u.org_id, u.id, 0, u.email, u.email_folded, 'work', true
from users u join orgs o on o.id = u.org_id where o.slug = :'org';
insert into groups (id, org_id, display_name, display_name_folded, created_at, updated_at)
select gen_random_uuid(), o.id, g.name, lower(g.name), now(), now()
from orgs o, (values ('Everybody'), ('Few')) as g (name) where o.slug = :'org';
insert into group_members (org_id, group_id, user_id, created_at)
select u.org_id, g.id, u.id, now()
from users u join orgs o on o.id = u.org_id join groups g on g.org_id = o.id
where o.slug = :'org' and (g.display_name = 'Everybody' or u.external_id like '%00');
vacuum analyze;
