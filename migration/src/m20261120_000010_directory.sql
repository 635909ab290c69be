-- What a company's directory says of its people: their names there, their groups, and what they may do here.

-- Forced row-level security shows the owner no rows either. What is moved below is moved before it is forced again.
alter table users no force row level security;
alter table orgs no force row level security;

alter table users
    -- What the directory signs them in as (RFC 7643 §4.1.1): as it writes it, and folded for every comparison. The same
    -- as the address for whoever came another way.
    add column user_name text,
    add column user_name_folded text,
    -- The directory's own id for them, compared letter by letter (RFC 7643 §3.1). It is no provider's subject.
    add column external_id text,
    -- Everything else that RFC 7643 §4.1 and §4.3 know of a person, under their names there.
    add column profile jsonb not null default '{}',
    add column updated_at timestamptz,
    -- Removed people are kept, so that no provider brings them back by a sign-in; to everybody else they are not there.
    add column removed_at timestamptz;

update users u set user_name = u.email, user_name_folded = lower(trim(u.email)), updated_at = u.created_at,
    profile = case when n.name = '' then '{}' else jsonb_strip_nulls(jsonb_build_object(
        'displayName', n.name,
        'name', jsonb_build_object(
            'formatted', n.name,
            'givenName', regexp_replace(n.name, '\s+\S+$', ''),
            'familyName', substring(n.name from '\s(\S+)$')))) end
from (select id, trim(regexp_replace(name, '[[:cntrl:]]', ' ', 'g')) as name from users) n where n.id = u.id;

alter table users
    alter column user_name set not null,
    alter column user_name_folded set not null,
    alter column updated_at set not null,
    add constraint users_removed check (removed_at is null or not active),
    drop constraint users_org_email;
create unique index users_org_email on users (org_id, email_folded) where removed_at is null;
create unique index users_org_user_name on users (org_id, user_name_folded) where removed_at is null;
create unique index users_org_external_id on users (org_id, external_id) where removed_at is null;
-- For lists, the oldest first.
create index users_oldest on users (org_id, created_at, id) where removed_at is null;
create index users_owners on users (org_id) where role = 'owner' and active;

-- All of a person's addresses, of which users.email is the one that we know them by.
create table user_emails (
    org_id uuid not null,
    user_id uuid not null,
    position integer not null,
    value text not null,
    value_folded text not null,
    type text,
    display text,
    is_primary boolean not null,
    constraint user_emails_pkey primary key (org_id, user_id, position),
    constraint user_emails_user foreign key (org_id, user_id) references users (org_id, id)
        on update cascade on delete cascade
);
create index user_emails_value on user_emails (org_id, value_folded);
insert into user_emails (org_id, user_id, position, value, value_folded, type, is_primary)
select org_id, id, 0, email, email_folded, 'work', true from users;

create table groups (
    id uuid primary key,
    org_id uuid not null references orgs (id),
    display_name text not null,
    display_name_folded text not null,
    external_id text,
    -- Raised by every change of the group or of who is in it.
    revision bigint not null default 1,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint groups_org_id unique (org_id, id),
    constraint groups_org_name unique (org_id, display_name_folded)
);
create unique index groups_org_external_id on groups (org_id, external_id);
create index groups_oldest on groups (org_id, created_at, id);

create table group_members (
    org_id uuid not null,
    group_id uuid not null,
    user_id uuid not null,
    created_at timestamptz not null,
    constraint group_members_pkey primary key (org_id, group_id, user_id),
    constraint group_members_group foreign key (org_id, group_id) references groups (org_id, id) on delete cascade,
    constraint group_members_user foreign key (org_id, user_id) references users (org_id, id)
        on update cascade on delete cascade
);
create index group_members_user on group_members (org_id, user_id);

-- What an org can give its people, under names of its own: roles, each of which grants one of ours, and entitlements,
-- which may. users.role is the most that anything given to a person, or to a group they are in, grants them.
create table entitlements (
    id uuid primary key,
    org_id uuid not null references orgs (id),
    kind text not null,
    name text not null,
    name_folded text not null,
    description text not null,
    grants text,
    created_at timestamptz not null,
    constraint entitlements_org_id unique (org_id, id),
    constraint entitlements_org_name unique (org_id, kind, name_folded),
    constraint entitlements_kind check (kind in ('role', 'entitlement')),
    constraint entitlements_grants check (grants in ('owner', 'admin', 'auditor', 'member')),
    constraint entitlements_role_grants check (kind <> 'role' or grants is not null)
);

create table user_entitlements (
    org_id uuid not null,
    user_id uuid not null,
    entitlement_id uuid not null,
    is_primary boolean not null default false,
    constraint user_entitlements_pkey primary key (org_id, user_id, entitlement_id),
    constraint user_entitlements_user foreign key (org_id, user_id) references users (org_id, id)
        on update cascade on delete cascade,
    constraint user_entitlements_entitlement foreign key (org_id, entitlement_id)
        references entitlements (org_id, id) on delete cascade
);
create index user_entitlements_entitlement on user_entitlements (org_id, entitlement_id);

create table group_entitlements (
    org_id uuid not null,
    group_id uuid not null,
    entitlement_id uuid not null,
    constraint group_entitlements_pkey primary key (org_id, group_id, entitlement_id),
    constraint group_entitlements_group foreign key (org_id, group_id) references groups (org_id, id) on delete cascade,
    constraint group_entitlements_entitlement foreign key (org_id, entitlement_id)
        references entitlements (org_id, id) on delete cascade
);
create index group_entitlements_entitlement on group_entitlements (org_id, entitlement_id);

-- Every company begins with these, and whoever has been given one keeps it.
insert into entitlements (id, org_id, kind, name, name_folded, description, grants, created_at)
select gen_random_uuid(), o.id, 'role', r.name, lower(r.name), r.description, lower(r.name), o.created_at
from orgs o, (values
    ('Owner', 'Everything, and always at least one person.'),
    ('Admin', 'Runs the org.'),
    ('Auditor', 'Sees what administrators see.'),
    ('Member', 'Uses the product.')) as r (name, description)
where o.kind = 'company';
insert into user_entitlements (org_id, user_id, entitlement_id)
select u.org_id, u.id, e.id
from users u join entitlements e on e.org_id = u.org_id and e.grants = u.role
where u.org_kind = 'company' and u.role <> 'member';

-- How many people there are who were not removed. Counting them is most of what a page of a large org's list would take.
alter table orgs add column people bigint not null default 0;
update orgs o set people = (select count(*) from users u where u.org_id = o.id);

alter table users force row level security;
alter table orgs force row level security;

create function count_added() returns trigger
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
    update orgs o set people = o.people + c.many
    from (select org_id, count(*) as many from added where removed_at is null group by org_id) c where o.id = c.org_id;
    return null;
end $$;
create function count_deleted() returns trigger
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
    update orgs o set people = o.people - c.many
    from (select org_id, count(*) as many from gone where removed_at is null group by org_id) c where o.id = c.org_id;
    return null;
end $$;
create function count_changed() returns trigger
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
    update orgs set people = people - 1 where id = old.org_id and old.removed_at is null;
    update orgs set people = people + 1 where id = new.org_id and new.removed_at is null;
    return null;
end $$;
create trigger users_added after insert on users referencing new table as added
    for each statement execute function count_added();
create trigger users_deleted after delete on users referencing old table as gone
    for each statement execute function count_deleted();
create trigger users_changed after update of removed_at, org_id on users for each row
    when (old.removed_at is distinct from new.removed_at or old.org_id <> new.org_id)
    execute function count_changed();

-- The most that anything given to a person grants them.
create function granted_role(asked_org uuid, asked_user uuid) returns text
    language sql stable
    return coalesce((
        select e.grants
        from entitlements e
        where e.org_id = asked_org and e.grants is not null and (
            exists (
                select 1 from user_entitlements g
                where g.org_id = asked_org and g.user_id = asked_user and g.entitlement_id = e.id)
            or exists (
                select 1 from group_entitlements g join group_members m on m.org_id = g.org_id and m.group_id = g.group_id
                where g.org_id = asked_org and m.user_id = asked_user and g.entitlement_id = e.id))
        order by array_position(array['owner', 'admin', 'auditor', 'member'], e.grants)
        limit 1), 'member');

do $$
declare
    t text;
begin
    foreach t in array array[
        'user_emails', 'groups', 'group_members', 'entitlements', 'user_entitlements', 'group_entitlements'] loop
        execute format('alter table %I enable row level security', t);
        execute format('alter table %I force row level security', t);
        execute format(
            'create policy tenant on %I using (org_id = current_org()) with check (org_id = current_org())', t);
        execute format('grant select, insert, update, delete on %I to curfew_app', t);
    end loop;
end $$;

-- As before, where removed people are not there.
create or replace function list_domain_moves(asked_domain text)
returns table (user_id uuid, org_id uuid, email text, merges_into uuid, target_active boolean, todos bigint)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select u.id, u.org_id, u.email, c.id, c.active,
        (select count(*) from todos t where t.org_id = u.org_id and t.user_id = u.id)
    from users u
    join orgs o on o.id = u.org_id and o.active
    left join org_domains d on d.domain = asked_domain
    left join users c on c.org_id = d.org_id and c.email_folded = u.email_folded and c.removed_at is null
    where u.org_kind = 'personal' and split_part(u.email_folded, '@', 2) = asked_domain
    order by u.email_folded;
end $$;

-- A directory has made somebody anew whom it had removed: what providers called them then refuses them no more.
grant create on schema public to curfew_lookup;
grant select, delete on identities to curfew_lookup;
create policy lookup on identities for select to curfew_lookup using (current_user = 'curfew_lookup');
create policy release on identities for delete to curfew_lookup using (current_user = 'curfew_lookup');
create function release_identities(asked_org uuid, asked_email text, asked_user_name text, asked_external_id text)
returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    released bigint;
begin
    delete from identities i using users u
    where i.org_id = asked_org and asked_org = current_org() and u.org_id = i.org_id and u.id = i.user_id
      and u.removed_at is not null
      and (u.email_folded = asked_email or u.user_name_folded = asked_user_name or u.external_id = asked_external_id);
    get diagnostics released = row_count;
    return released;
end $$;
grant update (people) on orgs to curfew_lookup;
create policy count on orgs for update to curfew_lookup
    using (current_user = 'curfew_lookup') with check (current_user = 'curfew_lookup');
alter function release_identities(uuid, text, text, text) owner to curfew_lookup;
alter function count_added() owner to curfew_lookup;
alter function count_deleted() owner to curfew_lookup;
alter function count_changed() owner to curfew_lookup;
set local role curfew_lookup;
revoke all on function release_identities(uuid, text, text, text), count_added(), count_deleted(), count_changed()
    from public;
grant execute on function release_identities(uuid, text, text, text) to curfew_owner, curfew_app;
reset role;
revoke create on schema public from curfew_lookup;
