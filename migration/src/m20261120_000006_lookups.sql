-- The only ways past the tenant wall. Each is a named function owned by curfew_lookup, a role nobody connects as, and
-- gives one row about the one thing it was asked for. They are plpgsql because it keeps its plans.

grant usage, create on schema public to curfew_lookup;
grant select on orgs, org_domains, users, api_keys, sign_ins, todos to curfew_lookup;
grant update on users to curfew_lookup;
grant delete on sign_ins to curfew_lookup;
-- The role is named twice: a policy also holds for members of its role, and the owner is one.
create policy lookup on orgs for select to curfew_lookup using (current_user = 'curfew_lookup');
create policy lookup on org_domains for select to curfew_lookup using (current_user = 'curfew_lookup');
create policy lookup on users for select to curfew_lookup using (current_user = 'curfew_lookup');
create policy lookup on api_keys for select to curfew_lookup using (current_user = 'curfew_lookup');
create policy lookup on sign_ins for select to curfew_lookup using (current_user = 'curfew_lookup');
create policy lookup on todos for select to curfew_lookup using (current_user = 'curfew_lookup');
create policy move on users for update to curfew_lookup
    using (current_user = 'curfew_lookup') with check (current_user = 'curfew_lookup');
create policy sweep on sign_ins for delete to curfew_lookup using (current_user = 'curfew_lookup');

-- Whose cookie is this? One row while the sign-in is open and person and org are active, else none.
create function lookup_sign_in(asked_id uuid, asked_now timestamptz)
returns table (
    org_id uuid, org_kind text, org_name text, org_generation bigint,
    user_id uuid, user_name text, user_email text, user_role text, user_generation bigint
)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select o.id, o.kind, o.name, o.generation, u.id, u.name, u.email, u.role, u.generation
    from sign_ins s
    join users u on u.org_id = s.org_id and u.id = s.user_id
    join orgs o on o.id = s.org_id
    where s.id = asked_id and s.ended_at is null and s.expires_at > asked_now and u.active and o.active;
end $$;

-- Who may be signing in with this address? The person in the org that owns the verified domain, else the one without
-- a company.
create function lookup_password(asked_email text, asked_domain text)
returns table (
    org_id uuid, org_generation bigint, user_id uuid, user_generation bigint, password_hash text
)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select o.id, o.generation, u.id, u.generation, u.password_hash
    from users u
    join orgs o on o.id = u.org_id
    where u.email_folded = asked_email and u.active and o.active
      and (o.kind = 'personal' or exists (
          select 1 from org_domains d
          where d.domain = asked_domain and d.org_id = o.id and d.verified_at is not null))
    order by o.kind = 'personal'
    limit 1;
end $$;
create index users_email on users (email_folded);

-- Which org does this key belong to?
create function lookup_api_key(asked_id uuid)
returns table (
    org_id uuid, scopes text[], secret_digest bytea, expires_at timestamptz, revoked_at timestamptz
)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select k.org_id, k.scopes, k.secret_digest, k.expires_at, k.revoked_at
    from api_keys k join orgs o on o.id = k.org_id
    where k.id = asked_id and not k.workshop and o.active;
end $$;

-- The same for the published article's key, which has no id in it.
create function lookup_workshop_key(asked_digest bytea)
returns table (
    id uuid, org_id uuid, scopes text[], secret_digest bytea, expires_at timestamptz, revoked_at timestamptz
)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select k.id, k.org_id, k.scopes, k.secret_digest, k.expires_at, k.revoked_at
    from api_keys k join orgs o on o.id = k.org_id
    where k.secret_digest = asked_digest and k.workshop and o.active;
end $$;

-- Which org owns this verified domain?
create function lookup_domain(asked_domain text)
returns table (org_id uuid)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select o.id
    from org_domains d join orgs o on o.id = d.org_id
    where d.domain = asked_domain and d.verified_at is not null and o.active;
end $$;

-- Opens a tenant for this transaction on behalf of one sign-in, and says whether that sign-in still holds. With
-- `for_writing` the answer stays true until the transaction ends: a revocation waits for it.
create function enter_as(asked_org uuid, asked_sign_in uuid, asked_now timestamptz, for_writing boolean)
returns boolean
language plpgsql volatile as $$
begin
    perform set_config('curfew.org_id', asked_org::text, true);
    if for_writing then
        perform 1 from sign_ins s
        where s.id = asked_sign_in and s.ended_at is null and s.expires_at > asked_now
        for share;
    else
        perform 1 from sign_ins s
        where s.id = asked_sign_in and s.ended_at is null and s.expires_at > asked_now;
    end if;
    return found;
end $$;

-- The operator's, not the API's: every org, and a person's way from a personal org into the company that owns the
-- domain of their address. Their todos and sign-ins follow by the composite keys.
create function list_orgs()
returns table (id uuid, kind text, name text, slug text, active boolean, created_at timestamptz)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query select o.id, o.kind, o.name, o.slug, o.active, o.created_at from orgs o order by o.created_at, o.id;
end $$;

create function list_domain_moves(asked_domain text)
returns table (user_id uuid, org_id uuid, email text, taken boolean, todos bigint)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    return query
    select u.id, u.org_id, u.email,
        exists (
            select 1 from users c join org_domains d on d.org_id = c.org_id
            where d.domain = asked_domain and c.email_folded = u.email_folded),
        (select count(*) from todos t where t.org_id = u.org_id and t.user_id = u.id)
    from users u
    where u.org_kind = 'personal' and split_part(u.email_folded, '@', 2) = asked_domain
    order by u.email_folded;
end $$;

create function move_user(asked_user uuid, asked_domain text)
returns boolean
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
    update users u
    set org_id = d.org_id, org_kind = 'company', password_hash = null, role = 'member'
    from org_domains d join orgs o on o.id = d.org_id
    where u.id = asked_user and u.org_kind = 'personal'
      and d.domain = asked_domain and d.verified_at is not null and o.kind = 'company'
      and split_part(u.email_folded, '@', 2) = asked_domain;
    return found;
end $$;

-- Housekeeping over all orgs: sign-ins nobody can use any more, a bounded number at a time.
create function sweep_sign_ins(before timestamptz, at_most integer)
returns bigint
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    swept bigint;
begin
    delete from sign_ins s where s.id in (
        select x.id from sign_ins x where x.expires_at < before order by x.expires_at limit at_most);
    get diagnostics swept = row_count;
    return swept;
end $$;

-- PostgreSQL lets everybody execute a new function; these are for the named roles only.
do $$
declare
    f text;
    for_the_api constant text[] := array[
        'lookup_sign_in(uuid, timestamptz)', 'lookup_password(text, text)', 'lookup_api_key(uuid)',
        'lookup_workshop_key(bytea)', 'lookup_domain(text)', 'sweep_sign_ins(timestamptz, integer)'];
    for_the_operator constant text[] := array['list_orgs()', 'list_domain_moves(text)', 'move_user(uuid, text)'];
begin
    foreach f in array for_the_api || for_the_operator loop
        execute format('alter function %s owner to curfew_lookup', f);
    end loop;
    set local role curfew_lookup;
    foreach f in array for_the_api || for_the_operator loop
        execute format('revoke all on function %s from public', f);
        execute format('grant execute on function %s to curfew_owner', f);
    end loop;
    foreach f in array for_the_api loop
        execute format('grant execute on function %s to curfew_app', f);
    end loop;
    reset role;
end $$;
revoke create on schema public from curfew_lookup;
